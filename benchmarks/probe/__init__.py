"""Probe in Home Assistant that measures its event loop, memory and CPU time while states are forwarded.

`benchmarks/forward.py` links it into the config folder. It wakes at an interval, and records how late it was and how far the
forwarder is. It makes no requests. Short intervals show stalls, but waking while a thread computes takes CPU time of its own.
"""

import asyncio
import gc
from pathlib import Path
import random
import time
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session
import voluptuous as vol

from homeassistant.components import websocket_api
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.recorder import get_instance
from homeassistant.helpers.typing import ConfigType

DOMAIN = "benchmark_probe"
FORWARDING = "anavi_weather"
PROBE_ID = "sensor.benchmark_probe"
TIMEOUT = 60  # seconds
QUEUED = 0.2  # seconds until the recorder has a state in its session, so that a commit includes it
RESET_PEAK = "5"  # see proc_pid_clear_refs(5)


def memory(name: str) -> int:
    """Return a figure of this process's memory, in bytes."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) * 1024


class Probe:
    """Measurements since the last `begin`."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Initialize the probe."""
        self._hass = hass
        self._target = 0
        self._collecting_since = 0.0
        self.begin(0, tick=1.0)

    def begin(self, target: int, *, tick: float) -> None:
        """Start over, and wake every `tick` seconds; end when this number of states is settled."""
        self._target = target
        self._tick = tick
        self._lateness: list[float] = []
        self._own = 0.0
        self._collection = 0.0
        self._started: tuple[float, float] | None = None
        self._before = memory("VmRSS")
        Path("/proc/self/clear_refs").write_text(RESET_PEAK, encoding="ascii")
        self._began = (time.perf_counter(), time.process_time())
        self.done: dict[str, float] | None = None

    def collecting(self, phase: str, _: dict[str, int]) -> None:
        """Measure the time of Python's garbage collector, which stops everything else."""
        if phase == "start":
            self._collecting_since = time.perf_counter()
        else:
            self._collection = max(self._collection, time.perf_counter() - self._collecting_since)

    async def run(self) -> None:
        """Measure until canceled."""
        due = time.perf_counter()
        while True:
            due = max(due, time.perf_counter()) + self._tick
            cpu = time.process_time()
            await asyncio.sleep(due - time.perf_counter())
            late = time.perf_counter() - due
            # While other programs use the processor, this process uses none: the CPU time used is its own part of the delay
            self._own = max(self._own, min(late, time.process_time() - cpu))
            self._lateness.append(late)
            self._look()

    def _look(self) -> None:
        if not self._target or self.done or (checkpoint := self.checkpoint()) is None:
            return
        if self._started is None:
            # Exclude the reload of the integration
            self._lateness.clear()
            self._own = self._collection = 0.0
            self._started = (time.perf_counter(), time.process_time())
        if checkpoint.stored_count + checkpoint.refused_count >= self._target:
            self.done = self.report(self._started) | {
                "stored": checkpoint.stored_count,
                "refused": checkpoint.refused_count,
            }

    def checkpoint(self) -> Any:
        """Return the checkpoint of the only user station, if it exists."""
        for entry in self._hass.config_entries.async_entries(FORWARDING):
            if entry.state is ConfigEntryState.LOADED:
                for forwarder in entry.runtime_data.forwarders.values():
                    return forwarder.checkpoint
        return None

    def report(self, since: tuple[float, float] | None = None) -> dict[str, float]:
        """Return the seconds, CPU seconds, lateness in seconds, and memory in bytes, before and at its peak."""
        wall, cpu = since or self._began
        ordered = sorted(self._lateness)
        return {
            "seconds": time.perf_counter() - wall,
            "cpu": time.process_time() - cpu,
            "stall": ordered[-1],
            "stall_own": self._own,
            "collection": self._collection,
            "stall_p99": ordered[len(ordered) * 99 // 100],
            "before": self._before,
            "peak": memory("VmHWM"),
            "after": memory("VmRSS"),
        }


class Commits:
    """Observer of the recorder's commits."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Listen for commits."""
        self._instance = get_instance(hass)
        self._last = 0.0
        event.listen(Session, "after_commit", self._committed)

    def _committed(self, session: Session) -> None:
        if session is self._instance.event_session:
            self._last = time.perf_counter()

    async def async_commit(self, since: float) -> float:
        """Let the recorder commit; return when it did for the first time since then."""
        await asyncio.sleep(QUEUED)
        # None also while the recorder handles the only state. It then commits after its interval
        if future := self._instance.async_get_commit_future():
            await future
        while self._last < since:
            await asyncio.sleep(0.001)
        return self._last


async def async_latency(hass: HomeAssistant, probe: Probe, commits: Commits, number: int) -> float:
    """Return the seconds from a state's commit until Elasticsearch has acknowledged it."""
    since = time.perf_counter()
    hass.states.async_set(PROBE_ID, str(number), {"friendly_name": "Probe"})
    state = hass.states.get(PROBE_ID)
    assert state
    commit = await commits.async_commit(since)
    async with asyncio.timeout(TIMEOUT):
        while (probe.checkpoint().last_stored_ts or 0.0) < state.last_updated_timestamp:
            await asyncio.sleep(0.001)
    return time.perf_counter() - commit


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Start measuring, and register the commands."""
    probe = Probe(hass)
    commits = Commits(hass)
    gc.callbacks.append(probe.collecting)
    hass.async_create_background_task(probe.run(), DOMAIN)

    @websocket_api.websocket_command(
        {vol.Required("type"): f"{DOMAIN}/begin", vol.Required("target"): int, vol.Required("tick"): float}
    )
    @callback
    def begin(hass: HomeAssistant, connection: websocket_api.ActiveConnection, message: dict[str, Any]) -> None:
        probe.begin(message["target"], tick=message["tick"])
        connection.send_result(message["id"])

    @websocket_api.websocket_command({vol.Required("type"): f"{DOMAIN}/report"})
    @callback
    def report(hass: HomeAssistant, connection: websocket_api.ActiveConnection, message: dict[str, Any]) -> None:
        connection.send_result(message["id"], probe.report())

    @websocket_api.websocket_command({vol.Required("type"): f"{DOMAIN}/done"})
    @callback
    def done(hass: HomeAssistant, connection: websocket_api.ActiveConnection, message: dict[str, Any]) -> None:
        connection.send_result(message["id"], probe.done)

    @websocket_api.websocket_command({vol.Required("type"): f"{DOMAIN}/latency", vol.Required("count"): int})
    @websocket_api.async_response
    async def latency(hass: HomeAssistant, connection: websocket_api.ActiveConnection, message: dict[str, Any]) -> None:
        latencies = []
        for number in range(message["count"]):
            await asyncio.sleep(random.uniform(0.5, 1.5))
            latencies.append(await async_latency(hass, probe, commits, number))
        connection.send_result(message["id"], latencies)

    for command in (begin, report, done, latency):
        websocket_api.async_register_command(hass, command)
    return True
