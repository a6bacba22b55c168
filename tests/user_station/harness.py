"""Harness for the tests of forwarding: a recorder, a forwarder, a user station, and a clock that the tests control."""

import asyncio
from collections.abc import Callable
from typing import Any

from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done
from sqlalchemy import text
from yarl import URL

from custom_components.anavi_weather.user_station import Forwarder
from custom_components.anavi_weather.user_station.checkpoint import Checkpoint
from custom_components.anavi_weather.user_station.checkpoint_store import CheckpointStore
from custom_components.anavi_weather.user_station.documents import Station
from custom_components.anavi_weather.user_station.elasticsearch import Destination, Elasticsearch
from custom_components.anavi_weather.user_station.entities import Entities, Selection
from custom_components.anavi_weather.user_station.errors import ElasticsearchError
from custom_components.anavi_weather.user_station.filters import NO_RULES, Rules
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from .server import API_KEY, Server

KEY = "anavi_weather.01USER.checkpoint"
LOGGER = "custom_components.anavi_weather.user_station"
WAIT_SECONDS = 60  # a busy machine can be many times slower
# What a condition raises that looks up what does not exist yet
NOT_YET = (AssertionError, AttributeError, LookupError, TypeError, ValueError)


async def until(condition: Callable[[], object]) -> None:
    """Wait until a condition is met. What it looks up may be missing for a while."""
    error: Exception | None = None
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                try:
                    if condition():
                        return
                except NOT_YET as err:
                    error = err
                await asyncio.sleep(0.002)
    except TimeoutError as late:
        raise late from error


class Clock:
    """Clock of the forwarder, which sleeps until a test wakes it."""

    def __init__(self) -> None:
        """Initialize the clock."""
        self.now = 1000.0
        self.slept: list[float] = []
        self._sleeper: asyncio.Future[None] | None = None

    async def sleep(self, seconds: float) -> None:
        """Sleep until woken."""
        self.slept.append(seconds)
        self._sleeper = asyncio.get_running_loop().create_future()
        await self._sleeper

    async def asleep(self) -> None:
        """Wait until the forwarder sleeps."""
        await until(lambda: self._sleeper is not None and not self._sleeper.done())

    async def wake(self) -> None:
        """Wait until the forwarder sleeps, and let the time pass that it sleeps for."""
        await self.asleep()
        assert self._sleeper
        self.now += self.slept[-1]
        self._sleeper.set_result(None)

    async def keep_waking(self) -> None:
        """Let all time pass that the forwarder sleeps for, until canceled."""
        while True:
            await self.wake()


class Harness:
    """A recorder, a forwarder and a user station."""

    def __init__(self, hass: HomeAssistant, instance: Recorder, server: Server, storage: dict[str, Any]) -> None:
        """Initialize the harness."""
        self.hass = hass
        self.instance = instance
        self.server = server
        self.storage = storage
        self.notified_count = 0
        self.forwarder: Forwarder
        self._task: asyncio.Task[None] | None = None

    async def start(
        self,
        *,
        send_history: bool = True,
        selection: Selection = Selection.ALL,
        chosen: tuple[str, ...] = (),
        begin_ts: float = 1e11,
        include: Rules = NO_RULES,
        exclude: Rules = NO_RULES,
    ) -> None:
        """Start a forwarder from the stored checkpoint."""
        store = CheckpointStore(self.hass, KEY)
        checkpoint = await store.async_load() or Checkpoint("task")
        self.forwarder = Forwarder(
            self.hass,
            name="Farol",
            station=Station("0123", "Farol", "1", "2"),
            entities=Entities(
                self.hass, "01STATION", selection, chosen, checkpoint.names, include=include, exclude=exclude
            ),
            elasticsearch=Elasticsearch(
                async_get_clientsession(self.hass), Destination(URL(self.server.url), API_KEY, "default"), trusted=True
            ),
            store=store,
            checkpoint=checkpoint,
            send_history=send_history,
            begin_ts=begin_ts,
        )
        self.forwarder.async_subscribe(self._count)
        self._task = self.hass.async_create_background_task(self.forwarder.async_run(), "forwarder")

    async def stop(self) -> None:
        """Cancel the forwarder, whatever it is doing."""
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])
            assert self._task.cancelled()
        self._task = None

    def _count(self) -> None:
        self.notified_count += 1

    @property
    def checkpoint(self) -> dict[str, Any]:
        """Return the stored checkpoint."""
        data: dict[str, Any] = self.storage[KEY]["data"]
        return data

    @property
    def stored_position(self) -> list[Any] | None:
        """Return the position of the stored checkpoint, if there is one."""
        return self.checkpoint["position"] if KEY in self.storage else None

    async def record(self, *states: str, entity_id: str = "sensor.t", **attributes: Any) -> None:
        """Record states."""
        for state in states:
            self.hass.states.async_set(entity_id, state, attributes, force_update=True)
        await async_wait_recording_done(self.hass)

    async def stored(self, *states: str) -> None:
        """Wait until exactly these states are stored, and the checkpoint has counted them."""
        await until(lambda: len(self.server.documents) >= len(states))
        await until(lambda: self.forwarder.status.connected and KEY in self.storage)
        await until(lambda: self.checkpoint["stored"] + self.checkpoint["refused"] >= len(states))
        assert self.server.values() == list(states)

    async def run_sql(self, statement: str, **values: float) -> None:
        """Change the database without the recorder's knowledge."""

        def run() -> None:
            assert self.instance.engine
            with self.instance.engine.begin() as connection:
                connection.execute(text(statement), values)

        await self.instance.async_add_executor_job(run)


def problem(harness: Harness) -> ElasticsearchError | None:
    """Return the server's problem. A function, because mypy would keep what was asserted of an attribute."""
    return harness.forwarder.status.problem


def recorder_problem(harness: Harness) -> str | None:
    """Return the recorder's problem."""
    return harness.forwarder.status.recorder_problem


type Logged = Callable[[], list[tuple[str, str]]]
