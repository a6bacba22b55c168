"""A recorder, a forwarder and a user station, for the tests of forwarding; and time that passes when they say so."""

import asyncio
from collections.abc import Callable
from typing import Any

from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done
from sqlalchemy import text
from yarl import URL

from custom_components.anavi_weather.user_station import Forwarder
from custom_components.anavi_weather.user_station.checkpoint import Checkpoint, CheckpointStore
from custom_components.anavi_weather.user_station.documents import Station
from custom_components.anavi_weather.user_station.elasticsearch import Destination, Elasticsearch
from custom_components.anavi_weather.user_station.entities import Entities, Selection
from custom_components.anavi_weather.user_station.errors import ElasticsearchError
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from .server import API_KEY, Server

KEY = "anavi_weather.01USER.checkpoint"
LOGGER = "custom_components.anavi_weather.user_station.forwarder"


async def until(condition: Callable[[], object]) -> None:
    """Wait for what comes by itself."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.002)


class Clock:
    """Time that passes when a test says so: the forwarder sleeps until it is woken."""

    def __init__(self) -> None:
        """Begin."""
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
        """Let the time pass that it sleeps for, as soon as it does."""
        await self.asleep()
        assert self._sleeper
        self.now += self.slept[-1]
        self._sleeper.set_result(None)


class Harness:
    """A recorder, a forwarder and a user station."""

    def __init__(self, hass: HomeAssistant, instance: Recorder, server: Server, storage: dict[str, Any]) -> None:
        """Have nothing recorded."""
        self.hass = hass
        self.instance = instance
        self.server = server
        self.storage = storage
        self.told = 0
        self.forwarder: Forwarder
        self._task: asyncio.Task[None] | None = None

    async def start(
        self, *, send_history: bool = True, selection: Selection = Selection.ALL, chosen: tuple[str, ...] = ()
    ) -> None:
        """Start from the checkpoint."""
        store = CheckpointStore(self.hass, KEY)
        self.forwarder = Forwarder(
            self.hass,
            name="Farol",
            station=Station("0123", "Farol", "1", "2"),
            entities=Entities(self.hass, "01STATION", selection, chosen),
            elasticsearch=Elasticsearch(
                async_get_clientsession(self.hass), Destination(URL(self.server.url), API_KEY, "default"), trusted=True
            ),
            store=store,
            checkpoint=await store.async_load() or Checkpoint("task"),
            send_history=send_history,
        )
        self.forwarder.async_subscribe(self._count)
        self._task = self.hass.async_create_background_task(self.forwarder.async_run(), "forwarder")

    async def stop(self) -> None:
        """Cancel it, wherever it is."""
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])
            assert self._task.cancelled()
        self._task = None

    def _count(self) -> None:
        self.told += 1

    @property
    def checkpoint(self) -> dict[str, Any]:
        """Return what is on the disk."""
        data: dict[str, Any] = self.storage[KEY]["data"]
        return data

    async def record(self, *states: str, entity_id: str = "sensor.t", **attributes: Any) -> None:
        """Record states."""
        for state in states:
            self.hass.states.async_set(entity_id, state, attributes, force_update=True)
        await async_wait_recording_done(self.hass)

    async def stored(self, *states: str) -> None:
        """Wait until these are stored, all and each once, and the checkpoint says so."""
        await until(lambda: len(self.server.documents) >= len(states))
        await until(lambda: self.forwarder.status.connected and KEY in self.storage)
        await until(lambda: self.checkpoint["stored"] + self.checkpoint["refused"] >= len(states))
        assert self.server.values() == list(states)

    async def run_sql(self, statement: str, **values: float) -> None:
        """Change the database behind the recorder's back."""

        def run() -> None:
            assert self.instance.engine
            with self.instance.engine.begin() as connection:
                connection.execute(text(statement), values)

        await self.instance.async_add_executor_job(run)


def problem(harness: Harness) -> ElasticsearchError | None:
    """Return what is wrong: a function, because to mypy what was asserted stays."""
    return harness.forwarder.status.problem


def recorder_problem(harness: Harness) -> str | None:
    """Return what is wrong with the recorder."""
    return harness.forwarder.status.recorder_problem


type Logged = Callable[[], list[tuple[str, str]]]
