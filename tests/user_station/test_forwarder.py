"""Tests of forwarding: on a real recorder, to a server that can be made to do what a real one rarely does."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
import logging
import random
import time
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from aiohttp import ClientTimeout, web
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done
from sqlalchemy import Connection, exc, text
from yarl import URL

from custom_components.anavi_weather.user_station import Forwarder, batch, elasticsearch, forwarder
from custom_components.anavi_weather.user_station.checkpoint import Checkpoint, CheckpointStore
from custom_components.anavi_weather.user_station.documents import Encoder, Station
from custom_components.anavi_weather.user_station.elasticsearch import (
    BusyError,
    CannotConnectError,
    Destination,
    Elasticsearch,
    ElasticsearchError,
    KeyRefusedError,
    NotTimeSeriesError,
    PrivilegeMissingError,
)
from custom_components.anavi_weather.user_station.entities import Entities, Selection
from custom_components.anavi_weather.user_station.forwarder import DefectError
from custom_components.anavi_weather.user_station.outcome import ServerBehindError
from custom_components.anavi_weather.user_station.recorder_log import RecorderLog
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util import dt as dt_util

from .conftest import until
from .server import API_KEY, Document, Item, Server, elastic, item, out_of_range, refusing

KEY = "anavi_weather.01USER.checkpoint"
LOGGER = "custom_components.anavi_weather.user_station.forwarder"


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


class Feed:
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
        self._task = self.hass.async_create_background_task(self.forwarder.async_run(), "feed")

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


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Return the forwarder's time; of the jitter, the longest is drawn."""
    clock = Clock()
    with (
        patch.object(forwarder, "asyncio", SimpleNamespace(sleep=clock.sleep)),
        patch.object(forwarder, "random", SimpleNamespace(uniform=lambda _, longest: longest)),
        patch.object(forwarder, "time", SimpleNamespace(monotonic=lambda: clock.now, time=time.time)),
    ):
        yield clock


@pytest.fixture
async def feed(
    hass: HomeAssistant, recorder_mock: Recorder, server: Server, hass_storage: dict[str, Any], clock: Clock
) -> AsyncIterator[Feed]:
    """Return a feed that is stopped in the end."""
    feed = Feed(hass, recorder_mock, server, hass_storage)
    yield feed
    await feed.stop()


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[[], list[tuple[str, str]]]:
    """Return what the forwarder has logged."""
    caplog.set_level(logging.INFO, LOGGER)

    def logged() -> list[tuple[str, str]]:
        return [(record.levelname, record.getMessage()) for record in caplog.records if record.name == LOGGER]

    return logged


def problem(feed: Feed) -> ElasticsearchError | None:
    """Return what is wrong: a function, because to mypy what was asserted stays."""
    return feed.forwarder.status.problem


def recorder_problem(feed: Feed) -> str | None:
    """Return what is wrong with the recorder."""
    return feed.forwarder.status.recorder_problem


type Logged = Callable[[], list[tuple[str, str]]]


# History, then live


async def test_history_is_sent_oldest_first_and_then_what_is_recorded(feed: Feed) -> None:
    await feed.record("1", "2", "3")
    await feed.start()
    await feed.stored("1", "2", "3")
    assert len(feed.server.bulks) == 1
    assert feed.server.headers[-1]["Content-Encoding"] == "gzip"
    await feed.record("4")
    await feed.stored("1", "2", "3", "4")
    assert len(feed.server.bulks) == 2
    assert feed.forwarder.status.connected is True
    assert feed.forwarder.backlog == 0
    assert feed.server.documents[0]["station"] == {
        "id": "0123",
        "name": "Farol",
        "version": "1",
        "home_assistant": "2",
    }


async def test_history_is_sent_in_batches(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarder, "FIRST_COUNT", 2)
    monkeypatch.setattr(forwarder, "MAXIMUM_COUNT", 5)
    states = [str(number) for number in range(20)]
    await feed.record(*states)
    await feed.start()
    await feed.stored(*states)
    assert [len(bulk) for bulk in feed.server.bulks] == [2, 2, 4, 5, 5, 2], "the next is read while one is sent"


async def test_without_history_only_what_is_new_is_sent(feed: Feed) -> None:
    await feed.record("old")
    await feed.start(send_history=False)
    await until(lambda: KEY in feed.storage)
    assert feed.checkpoint["since"] == feed.checkpoint["position"]
    await feed.record("new")
    await feed.stored("new")
    await feed.stop()
    await feed.record("newer")
    await feed.start(send_history=False)
    await feed.stored("new", "newer")


async def test_it_goes_on_after_a_restart(feed: Feed) -> None:
    await feed.record("1", "2")
    await feed.start()
    await feed.stored("1", "2")
    await feed.stop()
    await feed.record("3")
    await feed.start()
    await feed.stored("1", "2", "3")
    assert [len(bulk) for bulk in feed.server.bulks] == [2, 1]


async def test_what_was_stored_without_our_knowledge_is_counted_and_not_doubled(feed: Feed) -> None:
    await feed.record("1", "2")
    await feed.start()
    await feed.stored("1", "2")
    await feed.stop()
    del feed.storage[KEY]
    await feed.start()
    await until(lambda: KEY in feed.storage)
    await until(lambda: feed.checkpoint["stored"] == 2)
    assert feed.server.values() == ["1", "2"]
    assert len(feed.server.bulks) == 2


async def test_only_what_is_chosen_is_sent(feed: Feed) -> None:
    await feed.record("1")
    await feed.record("on", entity_id="light.x")
    await feed.start(selection=Selection.CHOSEN, chosen=("light.x",))
    await feed.stored("on")
    await feed.record("2")
    await feed.record("off", entity_id="light.x")
    await feed.stored("on", "off")
    assert feed.checkpoint["entity_ids"] == ["light.x"]


async def test_documents_follow_the_entity_registry(feed: Feed) -> None:
    await feed.start()
    await feed.record("1")
    await feed.stored("1")
    er.async_get(feed.hass).async_get_or_create("sensor", "mqtt", "1", suggested_object_id="u")
    await feed.hass.async_block_till_done()
    await feed.record("2", entity_id="sensor.u")
    await feed.stored("1", "2")
    assert [document["entity"].get("platform") for document in feed.server.documents] == [None, "mqtt"]


# The checkpoint


async def test_the_checkpoint_is_written_after_each_batch(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarder, "FIRST_COUNT", 2)
    monkeypatch.setattr(forwarder, "MAXIMUM_COUNT", 2)
    written: list[tuple[int, int]] = []
    save = CheckpointStore.async_save

    async def note(store: CheckpointStore, checkpoint: Checkpoint) -> None:
        await save(store, checkpoint)
        assert checkpoint.position
        written.append((checkpoint.stored, len(feed.server.bulks)))

    await feed.record("1", "2", "3", "4", "5")
    with patch.object(CheckpointStore, "async_save", note):
        await feed.start()
        await feed.stored("1", "2", "3", "4", "5")
    assert written == [(2, 1), (4, 2), (5, 3)], "before the next is sent"


async def test_nothing_is_written_when_nothing_is_sent(feed: Feed) -> None:
    await feed.start(selection=Selection.CHOSEN)
    await until(lambda: feed.forwarder.status.connected)
    position = feed.forwarder.checkpoint.position
    await feed.record("1")
    await until(lambda: feed.forwarder.checkpoint.position != position)
    assert KEY not in feed.storage
    assert feed.server.bulks == []


@pytest.mark.parametrize("when", ["answering", "saving"])
async def test_it_can_be_stopped_in_the_middle(feed: Feed, when: str) -> None:
    await feed.record("1", "2")
    reached, released = asyncio.Event(), asyncio.Event()

    async def pause(_: web.Request, documents: list[Document]) -> web.StreamResponse:
        items = feed.server.store(documents)
        reached.set()
        await released.wait()
        return elastic({"items": items})

    async def pause_saving(*_: object) -> None:
        reached.set()
        await released.wait()

    if when == "answering":
        feed.server.always = pause
        await feed.start()
        await reached.wait()
        await feed.stop()
    else:
        with patch.object(CheckpointStore, "async_save", pause_saving):
            await feed.start()
            await reached.wait()
            await feed.stop()
    released.set()
    feed.server.always = None
    assert KEY not in feed.storage

    await feed.start()
    await feed.stored("1", "2")
    assert feed.checkpoint["stored"] == 2


async def test_what_is_read_ahead_ends_with_the_forwarder(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarder, "FIRST_COUNT", 1)
    await feed.record("1", "2")
    feed.server.always = refusing(503)
    await feed.start()
    await until(lambda: feed.forwarder.status.failures > 0)
    await feed.stop()
    await feed.hass.async_block_till_done(wait_background_tasks=True)
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "Farol: read"]


# Outages


async def test_an_outage_is_logged_once_and_so_is_its_end(feed: Feed, clock: Clock, logged: Logged) -> None:
    await feed.record("1")
    await feed.server.stop()
    await feed.start()
    for _ in range(10):
        await clock.wake()
    await clock.asleep()
    assert feed.forwarder.status.connected is False
    assert feed.forwarder.status.failures == 11
    assert isinstance(feed.forwarder.status.problem, CannotConnectError)
    assert clock.slept == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]
    ((level, message),) = logged()
    assert level == "WARNING"
    assert message.startswith("Farol: states wait in the recorder: CannotConnectError: ")
    assert feed.forwarder.backlog == 1

    await feed.server.start()
    await clock.wake()
    await feed.stored("1")
    assert logged()[1:] == [("INFO", "Farol: connected again")]
    assert (feed.forwarder.status.failures, problem(feed)) == (0, None)
    assert feed.forwarder.backlog == 0


async def test_the_first_connection_is_not_logged(feed: Feed, logged: Logged) -> None:
    await feed.start()
    await until(lambda: feed.forwarder.status.connected)
    assert logged() == []


async def test_stations_do_not_come_back_at_the_same_time(feed: Feed, clock: Clock) -> None:
    await feed.server.stop()
    with patch.object(forwarder, "random", random.Random(5)):
        await feed.start()
        for _ in range(20):
            await clock.wake()
        await clock.asleep()
    longest = [min(2**number, 60) for number in range(21)]
    assert all(limit / 2 <= delay <= limit for delay, limit in zip(clock.slept, longest, strict=True))
    assert len({delay / limit for delay, limit in zip(clock.slept, longest, strict=True)}) == 21


async def test_a_server_that_is_busy_for_a_moment_is_no_outage(feed: Feed, clock: Clock, logged: Logged) -> None:
    feed.server.answers.extend([refusing(429)] * 2)
    await feed.record("1")
    await feed.start()
    await clock.wake()
    await clock.wake()
    await feed.stored("1")
    assert logged() == []


async def test_a_server_that_stays_busy_is_an_outage(feed: Feed, clock: Clock, logged: Logged) -> None:
    feed.server.always = refusing(429)
    await feed.record("1")
    await feed.start()
    while clock.now < 1000 + forwarder.BUSY_PATIENCE:
        await clock.asleep()
        assert logged() == []
        await clock.wake()
    await clock.asleep()
    feed.server.always = None
    await clock.wake()
    await feed.stored("1")
    assert logged() == [
        ("WARNING", "Farol: states wait in the recorder: BusyError: 429"),
        ("INFO", "Farol: connected again"),
    ]


async def test_a_server_that_answers_again_is_not_waited_for_as_long_as_before(feed: Feed, clock: Clock) -> None:
    await feed.record("1")
    await feed.server.stop()
    await feed.start()
    for _ in range(6):
        await clock.wake()
    await clock.asleep()
    feed.server.answers.extend([refusing(429)] * 2)
    await feed.server.start()
    for _ in range(3):
        await clock.wake()
    await feed.stored("1")
    assert clock.slept == [1, 2, 4, 8, 16, 32, 60, 1, 2]


async def test_a_server_that_hangs_is_an_outage(feed: Feed, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elasticsearch, "BULK_TIMEOUT", ClientTimeout(total=0.05))
    released = asyncio.Event()

    async def hang(_: web.Request, __: list[Document]) -> web.StreamResponse:
        await released.wait()
        return web.Response()

    feed.server.answers.append(hang)
    await feed.record("1")
    await feed.start()
    await clock.asleep()
    assert str(feed.forwarder.status.problem) == "no answer in time"
    released.set()
    await clock.wake()
    await feed.stored("1")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, ElasticsearchError),
        (401, KeyRefusedError),
        (403, PrivilegeMissingError),
        (404, ElasticsearchError),
        (429, BusyError),
        (503, BusyError),
    ],
)
async def test_a_bulk_that_is_refused_as_a_whole_is_sent_again(
    feed: Feed, clock: Clock, status: int, error: type[ElasticsearchError]
) -> None:
    feed.server.answers.extend([refusing(status)] * 2)
    await feed.record("1", "2")
    await feed.start()
    await clock.wake()
    await clock.asleep()
    assert type(feed.forwarder.status.problem) is error
    assert feed.forwarder.status.failures == 2
    assert KEY not in feed.storage
    await clock.wake()
    await feed.stored("1", "2")


async def test_a_server_that_is_not_ready_gets_no_bulk(feed: Feed, clock: Clock) -> None:
    feed.server.streams = None
    await feed.record("1")
    await feed.start()
    await clock.asleep()
    assert isinstance(feed.forwarder.status.problem, NotTimeSeriesError)
    assert feed.server.bulks == []
    feed.server.streams = [{"time_series": {}}]
    await clock.wake()
    await feed.stored("1")


async def test_an_answer_without_an_item_stores_nothing_for_certain(feed: Feed, clock: Clock) -> None:
    async def forget(_: web.Request, documents: list[Document]) -> web.StreamResponse:
        return elastic({"items": feed.server.store(documents)[:-1]})

    feed.server.answers.append(forget)
    await feed.record("1", "2", "3")
    await feed.start()
    await clock.asleep()
    assert KEY not in feed.storage
    await clock.wake()
    await feed.stored("1", "2", "3")


# Parts of a batch


def once(failing: str, *results: Item) -> Callable[[Document], Item | None]:
    """Return what becomes of a state: these, one after another, before it is stored."""
    left = list(results)
    return lambda document: left.pop(0) if left and document["state"].get("value") == failing else None


@pytest.mark.parametrize(
    ("result", "error"),
    [
        (item(429, "full"), BusyError),
        (item(503, "no shard"), BusyError),
        (item(401, "expired"), KeyRefusedError),
        (item(403, "revoked"), PrivilegeMissingError),
        (item(404, "no stream"), NotTimeSeriesError),
        (item(413, "large"), ElasticsearchError),
        ({"create": {}}, ElasticsearchError),
    ],
)
async def test_the_checkpoint_stops_before_what_was_not_stored(
    feed: Feed, clock: Clock, result: Item, error: type[ElasticsearchError]
) -> None:
    feed.server.items = once("3", result)
    await feed.record("1", "2", "3", "4")
    await feed.start()
    await clock.asleep()
    assert type(feed.forwarder.status.problem) is error
    assert feed.server.values() == ["1", "2", "4"]
    assert feed.checkpoint["stored"] == 2
    assert feed.checkpoint["position"][1] == 2

    await clock.wake()
    await until(lambda: feed.checkpoint["stored"] == 4)

    assert feed.server.values() == ["1", "2", "4", "3"], "what follows is recognised"
    assert [[document["state"]["value"] for document in bulk] for bulk in feed.server.bulks] == [
        ["1", "2", "3", "4"],
        ["3", "4"],
    ]


async def test_a_first_document_that_was_not_stored_moves_nothing(feed: Feed, clock: Clock) -> None:
    feed.server.items = once("1", item(503, "no shard"))
    await feed.record("1", "2")
    await feed.start()
    await clock.asleep()
    assert KEY not in feed.storage
    assert feed.forwarder.checkpoint == Checkpoint("task")
    await clock.wake()
    await until(lambda: KEY in feed.storage)
    assert feed.checkpoint["stored"] == 2


async def test_refused_states_are_set_aside_and_counted(feed: Feed, logged: Logged) -> None:
    feed.server.items = lambda document: (
        item(400, "odd", "mapper_exception") if document["state"]["value"].startswith("bad") else None
    )
    await feed.record("1", "bad", "2")
    await feed.start()
    await feed.stored("1", "2")
    await until(lambda: feed.checkpoint["refused"] == 1)
    assert feed.checkpoint["stored"] == 2
    assert feed.checkpoint["position"][1] == 3
    (refused,) = feed.forwarder.status.refused
    assert (refused.entity_id, refused.refused) == ("sensor.t", "mapper_exception: odd")
    ((level, message),) = logged()
    assert level == "ERROR"
    assert message.startswith("Farol: sensor.t of ")
    assert message.endswith(" can never be stored: mapper_exception: odd")
    assert feed.forwarder.status.connected is True

    await feed.record(*(f"bad {number}" for number in range(10)))
    await until(lambda: feed.checkpoint["refused"] == 11)
    assert len(feed.forwarder.status.refused) == forwarder.SAMPLES
    assert len(logged()) == forwarder.SAMPLES, "the log is not flooded"


async def test_states_that_have_no_document_are_counted(feed: Feed) -> None:
    await feed.record("1", "2", "3")
    await feed.run_sql("UPDATE states SET last_updated_ts = NULL WHERE state_id = 2")
    await feed.start()
    await feed.stored("1", "3")
    await until(lambda: feed.checkpoint["refused"] == 1)
    assert feed.checkpoint["stored"] == 2
    assert feed.server.bulks[0][1]["state"]["value"] == "3"


async def test_a_batch_without_any_document_moves_on(feed: Feed) -> None:
    await feed.record("1")
    await feed.run_sql("UPDATE states SET last_updated_ts = NULL")
    await feed.start()
    await until(lambda: KEY in feed.storage)
    assert (feed.checkpoint["refused"], feed.checkpoint["stored"]) == (1, 0)
    assert feed.server.bulks == []


async def test_what_is_refused_before_what_has_to_wait_is_counted_once(feed: Feed, clock: Clock) -> None:
    feed.server.items = lambda document: {"bad": item(400, "odd"), "busy": item(429)}.get(document["state"]["value"])
    await feed.record("bad", "busy")
    await feed.start()
    await clock.asleep()
    assert feed.checkpoint["refused"] == 1
    feed.server.items = lambda _: None
    await clock.wake()
    await until(lambda: feed.checkpoint["stored"] == 1)
    assert feed.checkpoint["refused"] == 1


async def test_a_server_that_takes_a_little_at_a_time_is_no_outage(feed: Feed, clock: Clock, logged: Logged) -> None:
    """However long that goes on, and it is not waited for longer each time."""
    busy = {str(number) for number in range(1, 200)}
    feed.server.items = lambda document: item(429) if document["state"]["value"] in busy else None
    await feed.record(*(str(number) for number in range(200)))
    await feed.start()
    for number in range(1, 200):
        await clock.asleep()
        busy.discard(str(number))
        await clock.wake()
    await until(lambda: feed.checkpoint["stored"] == 200)
    assert clock.now - 1000 > 2 * forwarder.BUSY_PATIENCE
    assert set(clock.slept) == {forwarder.FIRST_DELAY}
    assert logged() == []


# Times that the stream does not take


async def test_a_stream_that_is_behind_is_waited_for(feed: Feed, clock: Clock) -> None:
    feed.server.items = once("1", out_of_range("2020-01-01T00:00:00.000Z", "2021-01-01T00:00:00.000Z"))
    await feed.record("1")
    await feed.start()
    await clock.asleep()
    assert isinstance(feed.forwarder.status.problem, ServerBehindError)
    assert str(feed.forwarder.status.problem) == "2021-01-01T00:00:00.000Z"
    await clock.wake()
    await feed.stored("1")
    assert feed.checkpoint["refused"] == 0


@pytest.mark.parametrize(
    ("seconds", "end"),
    [(-10_000_000, "2999-01-01T00:00:00.000Z"), (3600, "2021-01-01T00:00:00.000Z")],
    ids=["older than the stream takes", "of a clock that was wrong"],
)
async def test_a_state_that_no_stream_will_ever_take_is_refused(feed: Feed, seconds: float, end: str) -> None:
    feed.server.items = lambda _: out_of_range(end)
    await feed.record("1")
    await feed.run_sql("UPDATE states SET last_updated_ts = last_updated_ts + :seconds", seconds=seconds)
    await feed.start()
    await until(lambda: KEY in feed.storage)
    assert feed.checkpoint["refused"] == 1


# How much is sent


async def test_a_batch_that_is_too_large_is_halved_until_it_is_not(
    feed: Feed, clock: Clock, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def limited(request: web.Request, documents: list[Document]) -> web.StreamResponse:
        if len(documents) > 5:
            return await refusing(413)(request, documents)
        return elastic({"items": feed.server.store(documents)})

    monkeypatch.setattr(forwarder, "FIRST_COUNT", 16)
    states = [str(number) for number in range(100)]
    await feed.record(*states)
    feed.server.always = limited
    await feed.start()
    await feed.stored(*states)
    assert [len(bulk) for bulk in feed.server.bulks[:3]] == [16, 8, 4]
    refused = sum(len(bulk) > 5 for bulk in feed.server.bulks)
    assert refused <= len(feed.server.bulks) / 3, "what it takes is remembered"
    assert clock.slept == []
    assert logged() == []


async def test_a_document_that_is_too_large_by_itself_is_refused(feed: Feed) -> None:
    async def limited(request: web.Request, documents: list[Document]) -> web.StreamResponse:
        if any(document["state"]["value"] == "large" for document in documents):
            return await refusing(413)(request, documents)
        return elastic({"items": feed.server.store(documents)})

    feed.server.always = limited
    await feed.record("1", "large", "2", "3")
    await feed.start()
    await feed.stored("1", "2", "3")
    await until(lambda: feed.checkpoint["stored"] == 3)
    assert feed.checkpoint["refused"] == 1
    assert feed.forwarder.status.refused[0].refused == "larger than the server takes (413)"


@pytest.mark.parametrize("status", [429, 503, 200])
async def test_a_batch_that_fails_is_halved(
    feed: Feed, clock: Clock, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(forwarder, "FIRST_COUNT", 8)
    feed.server.answers.append(refusing(status))
    states = [str(number) for number in range(8)]
    await feed.record(*states)
    await feed.start()
    await clock.wake()
    await feed.stored(*states)
    assert [len(bulk) for bulk in feed.server.bulks[:2]] == [8, 4]


async def test_answers_that_are_slow_make_batches_smaller(
    feed: Feed, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarder, "FIRST_COUNT", 16)
    durations = [10.0, 10.0, 10.0, 5.0, 5.0, 1.0, 1.0, 1.0]

    async def slowly(_: web.Request, documents: list[Document]) -> web.StreamResponse:
        clock.now += durations.pop(0) if durations else 1
        return elastic({"items": feed.server.store(documents)})

    feed.server.always = slowly
    states = [str(number) for number in range(60)]
    await feed.record(*states)
    await feed.start()
    await feed.stored(*states)
    # A batch is read while the one before it is sent, so what is learned of a batch is for the next but one
    assert [len(bulk) for bulk in feed.server.bulks] == [16, 16, 8, 8, 4, 4, 4]


async def test_items_that_are_refused_for_now_make_batches_smaller(
    feed: Feed, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarder, "FIRST_COUNT", 8)
    feed.server.items = once("4", item(429, "full"))
    states = [str(number) for number in range(12)]
    await feed.record(*states)
    await feed.start()
    await clock.wake()
    await until(lambda: len(feed.server.documents) == 12)
    assert [len(bulk) for bulk in feed.server.bulks[:2]] == [8, 4]


async def test_what_is_in_memory_is_bounded(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MAXIMUM_SIZE", 10_000)
    for number in range(30):
        await feed.record(str(number), text="x" * 1000, number=number)
    await feed.start()
    await feed.stored(*map(str, range(30)))
    assert [len(bulk) for bulk in feed.server.bulks] == [10, 10, 10]


# The recorder


async def test_a_recorder_that_begins_again_is_sent_again(feed: Feed, logged: Logged) -> None:
    await feed.record("1", "2")
    await feed.start()
    await feed.stored("1", "2")
    await feed.stop()
    feed.storage[KEY]["data"]["position"][0] = "sqlite before"
    feed.storage[KEY]["data"]["refused"] = 5

    await feed.start()
    await until(lambda: feed.checkpoint["position"][0] != "sqlite before")

    assert logged() == [("WARNING", "Farol: the recorder's database has begun again; all of its states are sent")]
    assert (feed.checkpoint["stored"], feed.checkpoint["refused"]) == (2, 0)
    assert feed.server.values() == ["1", "2"]


async def test_what_was_purged_unsent_is_counted_even_if_ids_are_used_again(feed: Feed, clock: Clock) -> None:
    await feed.record("1", "2")
    await feed.start()
    await feed.stored("1", "2")
    await feed.server.stop()
    await feed.record("3", "4", "5")
    await clock.wake()
    await clock.asleep()
    assert feed.forwarder.backlog == 3
    await feed.run_sql("UPDATE states SET old_state_id = NULL")
    await feed.run_sql("DELETE FROM states")
    await feed.record("6", entity_id="sensor.u")
    await feed.server.start()
    await clock.wake()
    await until(lambda: feed.server.values() == ["1", "2", "6"])
    await until(lambda: feed.checkpoint["purged"] == 3)


async def test_what_waits_is_not_counted_as_purged_while_it_is_there(feed: Feed, clock: Clock) -> None:
    await feed.record("1", "2")
    await feed.start()
    await feed.stored("1", "2")
    await feed.server.stop()
    await feed.record("3")
    await clock.wake()
    await clock.asleep()
    await feed.run_sql("UPDATE states SET old_state_id = NULL")
    await feed.run_sql("DELETE FROM states WHERE state = '2'")
    await feed.server.start()
    await clock.wake()
    await until(lambda: feed.server.values() == ["1", "2", "3"])
    await until(lambda: feed.forwarder.status.connected is True)
    assert feed.checkpoint["purged"] == 0


async def test_a_user_takes_note_of_what_is_missing(feed: Feed) -> None:
    feed.server.items = lambda document: item(400, "no") if document["state"].get("value") == "2" else None
    await feed.record("1", "2", "3")
    await feed.start()
    await until(lambda: KEY in feed.storage and feed.checkpoint["refused"] == 1)
    assert feed.checkpoint["refused_noted"] == 0
    assert list(feed.checkpoint["last_refused"]) == ["sensor.t", "some_exception: no"]
    told = feed.told
    await feed.forwarder.async_take_note()
    assert feed.checkpoint["refused_noted"] == 1
    assert feed.told == told + 1


async def test_a_recorder_that_begins_again_while_the_server_is_busy(feed: Feed, clock: Clock) -> None:
    await feed.record("1", "2")
    await feed.start()
    await feed.stored("1", "2")
    await feed.stop()
    feed.storage[KEY]["data"]["position"][0] = "sqlite before"
    feed.server.items = once("1", item(429))

    await feed.start()
    await clock.wake()
    await until(lambda: feed.checkpoint["position"][0] != "sqlite before")
    await until(lambda: feed.checkpoint["position"][1] == 2)

    assert feed.checkpoint["stored"] == 2


async def test_states_that_were_purged_before_they_were_sent_are_counted(
    feed: Feed, clock: Clock, logged: Logged
) -> None:
    await feed.record("1")
    await feed.start()
    await feed.stored("1")
    await feed.stop()
    await feed.record("2", "3", "4")
    await feed.run_sql("UPDATE states SET old_state_id = NULL")
    await feed.run_sql("DELETE FROM states WHERE state_id < 4")
    feed.server.answers.append(refusing(503))

    await feed.start()
    await clock.wake()
    await feed.stored("1", "4")

    assert feed.checkpoint["purged"] == 2
    assert ("ERROR", "Farol: the recorder purged about 2 states before they were sent") in logged()
    await feed.record("5")
    await feed.stored("1", "4", "5")
    assert feed.checkpoint["purged"] == 2


async def test_a_recorder_that_migrates_is_waited_for(feed: Feed, clock: Clock, logged: Logged) -> None:
    await feed.record("1")
    feed.instance.migration_in_progress = True
    await feed.start()
    await clock.wake()
    await clock.asleep()
    assert clock.slept == [forwarder.RECORDER_DELAY] * 2
    assert logged() == []
    assert feed.forwarder.status.connected is None
    assert feed.forwarder.backlog is None
    feed.instance.migration_in_progress = False
    await clock.wake()
    await feed.stored("1")


async def test_a_database_that_is_away_for_a_moment_is_not_told(feed: Feed, clock: Clock, logged: Logged) -> None:
    await feed.record("1")
    away = patch.object(Connection, "execute", side_effect=exc.OperationalError("", [], Exception("gone")))
    with away:
        await feed.start()
        for _ in range(5):
            await clock.wake()
        await clock.asleep()
    assert recorder_problem(feed) is None
    await clock.wake()
    await feed.stored("1")
    assert logged() == []
    await feed.stop()

    clock.now += 1000
    with away:
        await feed.start()
        await clock.asleep()
    assert recorder_problem(feed) is None, "an earlier moment does not count"


async def test_a_database_that_stays_away_is_told_once(feed: Feed, clock: Clock, logged: Logged) -> None:
    await feed.record("1")
    with patch.object(Connection, "execute", side_effect=exc.OperationalError("", [], Exception("gone"))):
        await feed.start()
        while clock.now < 1000 + 2 * forwarder.RECORDER_PATIENCE:
            await clock.wake()
        await clock.asleep()
        assert recorder_problem(feed) == "OperationalError"
        assert set(clock.slept) == {forwarder.RECORDER_DELAY}
        assert logged() == [("ERROR", "Farol: the recorder's database cannot be read: OperationalError")]
    await clock.wake()
    await feed.stored("1")
    assert recorder_problem(feed) is None
    assert logged()[1:] == [("INFO", "Farol: the recorder's database can be read again")]


async def test_a_database_that_is_back_while_the_server_is_away(feed: Feed, clock: Clock) -> None:
    await feed.record("1")
    feed.server.always = refusing(401)
    with patch.object(Connection, "execute", side_effect=exc.OperationalError("", [], Exception("gone"))):
        await feed.start()
        while clock.now < 1000 + 2 * forwarder.RECORDER_PATIENCE:
            await clock.wake()
        await clock.asleep()
    assert recorder_problem(feed)
    await clock.wake()
    await until(lambda: feed.forwarder.status.failures)
    assert recorder_problem(feed) is None
    assert feed.forwarder.status.connected is False


async def test_a_table_that_is_not_as_expected_is_told_at_once(feed: Feed, clock: Clock, logged: Logged) -> None:
    await feed.record("1")
    await feed.run_sql("ALTER TABLE states RENAME COLUMN last_changed_ts TO other")
    await feed.start()
    await clock.wake()
    await clock.asleep()
    assert recorder_problem(feed) == "states has no last_changed_ts"
    assert len(logged()) == 1
    await feed.run_sql("ALTER TABLE states RENAME COLUMN other TO last_changed_ts")
    await clock.wake()
    await feed.stored("1")
    assert recorder_problem(feed) is None


# Defects


async def test_what_nobody_thought_of_is_logged_once_and_tried_again(
    feed: Feed, clock: Clock, logged: Logged, caplog: pytest.LogCaptureFixture
) -> None:
    await feed.record("1")
    with patch.object(Encoder, "encode", side_effect=RuntimeError("odd")):
        await feed.start()
        for _ in range(3):
            await clock.wake()
        await clock.asleep()
    assert isinstance(feed.forwarder.status.problem, DefectError)
    assert feed.forwarder.status.connected is False
    assert clock.slept == [1, 2, 4, 8]
    assert logged() == [("ERROR", "Farol: states wait in the recorder: RuntimeError: odd")]
    assert caplog.text.count("Traceback") == 1
    await clock.wake()
    await feed.stored("1")
    assert logged()[1:] == [("INFO", "Farol: connected again")]


async def test_a_defect_in_what_is_read_ahead_is_one_as_well(
    feed: Feed, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarder, "FIRST_COUNT", 1)
    encode = Encoder.encode
    broken = True

    def sometimes(self: Encoder, rows: list[Any]) -> Any:
        if broken and rows[0].state == "2":
            raise RuntimeError("odd")
        return encode(self, rows)

    await feed.record("1", "2")
    with patch.object(Encoder, "encode", sometimes):
        await feed.start()
        await clock.asleep()
        assert isinstance(feed.forwarder.status.problem, DefectError)
        assert feed.server.values() == ["1"]
        broken = False
        await clock.wake()
        await feed.stored("1", "2")


async def test_a_defect_while_counting_does_not_end_it(feed: Feed, clock: Clock) -> None:
    await feed.record("1")
    feed.server.answers.append(refusing(503))
    with patch.object(RecorderLog, "backlog", side_effect=RuntimeError("odd")):
        await feed.start()
        await clock.asleep()
    assert isinstance(feed.forwarder.status.problem, DefectError)
    await clock.wake()
    await feed.stored("1")


# What a user may know


async def test_what_waits_is_counted_but_not_too_often(feed: Feed, clock: Clock) -> None:
    await feed.record("1", "2", "3")
    feed.server.always = refusing(503)
    with patch.object(RecorderLog, "backlog", autospec=True, side_effect=RecorderLog.backlog) as count:
        await feed.start()
        for _ in range(5):  # 31 s
            await clock.wake()
        await clock.asleep()
        assert count.call_count == 2
    waits = feed.forwarder.status.waits
    assert waits
    assert (waits.count, waits.horizon) == (3, 864000)
    assert 864000 - 60 < waits.purge_in <= 864000
    assert feed.forwarder.backlog == 3

    feed.server.always = None
    await clock.wake()
    await feed.stored("1", "2", "3")
    await until(lambda: feed.forwarder.status.waits is None)
    assert feed.forwarder.backlog == 0


async def test_progress_of_history_is_told(feed: Feed, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarder, "FIRST_COUNT", 1)
    monkeypatch.setattr(forwarder, "MAXIMUM_COUNT", 1)
    backlogs: list[int | None] = []

    async def take_a_minute(_: web.Request, documents: list[Document]) -> web.StreamResponse:
        clock.now += 60
        return elastic({"items": feed.server.store(documents)})

    feed.server.always = take_a_minute
    await feed.record("1", "2", "3")
    await feed.start()
    feed.forwarder.async_subscribe(lambda: backlogs.append(feed.forwarder.backlog))
    await feed.stored("1", "2", "3")
    await until(lambda: feed.forwarder.status.waits is None)
    assert [count for count in backlogs if count] == [2, 1]
    assert backlogs[-1] == 0


async def test_an_empty_backlog_has_no_horizon_to_fear(feed: Feed, clock: Clock) -> None:
    feed.server.streams = None
    await feed.start()
    await clock.asleep()
    waits = feed.forwarder.status.waits
    assert waits
    assert (waits.count, waits.purge_in) == (0, waits.horizon)


async def test_listeners_are_told_every_minute(feed: Feed) -> None:
    await feed.start()
    await until(lambda: feed.forwarder.status.connected)
    before = feed.told
    async_fire_time_changed(feed.hass, dt_util.utcnow() + forwarder.STATUS_INTERVAL)
    assert feed.told == before + 1
    await feed.record("1")
    await feed.stored("1")
    assert feed.told == before + 1, "not for each batch: the status is recorded itself"
    await feed.stop()
    async_fire_time_changed(feed.hass, dt_util.utcnow() + 3 * forwarder.STATUS_INTERVAL)
    assert feed.told == before + 1


async def test_who_does_not_listen_any_more_is_not_told(feed: Feed) -> None:
    await feed.start()
    told: list[None] = []
    stop = feed.forwarder.async_subscribe(lambda: told.append(None))
    stop()
    await until(lambda: feed.forwarder.status.connected)
    assert told == []
