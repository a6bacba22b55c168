"""Tests of forwarding: on a real recorder, to a server that can be made to do what a real one rarely does."""

import asyncio
from typing import Any
from unittest.mock import patch

from aiohttp import web
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.anavi_weather.user_station import batch_size, forwarder
from custom_components.anavi_weather.user_station.checkpoint import Checkpoint, CheckpointStore
from custom_components.anavi_weather.user_station.documents import Encoder
from custom_components.anavi_weather.user_station.entities import Selection
from custom_components.anavi_weather.user_station.errors import DefectError
from custom_components.anavi_weather.user_station.recorder_log import RecorderLog
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from .feed import KEY, Clock, Feed, Logged, until
from .server import Document, elastic, refusing

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
    assert feed.forwarder.status.backlog == 0
    last = feed.hass.states.get("sensor.t")
    assert last
    assert feed.checkpoint["last_stored_ts"] == last.last_updated_timestamp
    assert feed.server.documents[0]["station"] == {
        "id": "0123",
        "name": "Farol",
        "version": "1",
        "home_assistant": "2",
    }


async def test_history_is_sent_in_batches(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_size, "FIRST_COUNT", 2)
    monkeypatch.setattr(batch_size, "MAX_COUNT", 5)
    states = [str(number) for number in range(20)]
    await feed.record(*states)
    await feed.start()
    await feed.stored(*states)
    assert [len(bulk) for bulk in feed.server.bulks] == [2, 2, 4, 5, 5, 2], "the next is read while one is sent"


async def test_nothing_is_read_while_nothing_is_recorded(feed: Feed) -> None:
    await feed.record("1")
    await feed.start()
    await feed.stored("1")
    with patch.object(RecorderLog, "read", autospec=True, side_effect=RecorderLog.read) as read:
        await asyncio.sleep(0.1)
    assert read.call_count <= 1


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
    monkeypatch.setattr(batch_size, "FIRST_COUNT", 2)
    monkeypatch.setattr(batch_size, "MAX_COUNT", 2)
    written: list[tuple[int, int]] = []
    save = CheckpointStore.async_save

    async def note(store: CheckpointStore, checkpoint: Checkpoint) -> None:
        await save(store, checkpoint)
        assert checkpoint.position
        written.append((checkpoint.stored_count, len(feed.server.bulks)))

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
    monkeypatch.setattr(batch_size, "FIRST_COUNT", 1)
    await feed.record("1", "2")
    feed.server.always = refusing(503)
    await feed.start()
    await until(lambda: feed.forwarder.status.failures > 0)
    await feed.stop()
    await feed.hass.async_block_till_done(wait_background_tasks=True)
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "Farol: read"]


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
    waits = feed.forwarder.status.waiting
    assert waits
    assert (waits.count, waits.horizon) == (3, 864000)
    assert 864000 - 60 < waits.purge_in <= 864000
    assert feed.forwarder.status.backlog == 3

    feed.server.always = None
    await clock.wake()
    await feed.stored("1", "2", "3")
    await until(lambda: feed.forwarder.status.waiting is None)
    assert feed.forwarder.status.backlog == 0


async def test_progress_of_history_is_told(feed: Feed, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_size, "FIRST_COUNT", 1)
    monkeypatch.setattr(batch_size, "MAX_COUNT", 1)
    backlogs: list[int | None] = []

    async def take_a_minute(_: web.Request, documents: list[Document]) -> web.StreamResponse:
        clock.now += 60
        return elastic({"items": feed.server.store(documents)})

    feed.server.always = take_a_minute
    await feed.record("1", "2", "3")
    await feed.start()
    feed.forwarder.async_subscribe(lambda: backlogs.append(feed.forwarder.status.backlog))
    await feed.stored("1", "2", "3")
    await until(lambda: feed.forwarder.status.waiting is None)
    told = [count for count in backlogs if count is not None]
    assert told[told.index(2) :][:3] == [2, 1, 0]


async def test_an_empty_backlog_has_no_horizon_to_fear(feed: Feed, clock: Clock) -> None:
    feed.server.streams = None
    await feed.start()
    await clock.asleep()
    waits = feed.forwarder.status.waiting
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
    monkeypatch.setattr(batch_size, "FIRST_COUNT", 1)
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
