"""Tests of forwarding from a real recorder to a simulated server."""

import asyncio
from collections.abc import Sequence
import time
from typing import Any
from unittest.mock import patch

from aiohttp import web
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.anavi_weather.user_station import batch_size, forwarder, recorder_commits
from custom_components.anavi_weather.user_station.checkpoint import Checkpoint
from custom_components.anavi_weather.user_station.checkpoint_store import CheckpointStore
from custom_components.anavi_weather.user_station.documents import Encoder
from custom_components.anavi_weather.user_station.entities import Selection
from custom_components.anavi_weather.user_station.errors import DefectError
from custom_components.anavi_weather.user_station.recorder_commits import Commits
from custom_components.anavi_weather.user_station.recorder_log import RecorderLog
from custom_components.anavi_weather.user_station.recorder_rows import Row
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from .harness import KEY, Clock, Harness, Logged, until
from .server import Document, elastic, refusing

# History, then live


async def test_history_is_sent_oldest_first_and_then_new_states(harness: Harness) -> None:
    await harness.record("1", "2", "3")
    await harness.start()
    await harness.stored("1", "2", "3")
    assert len(harness.server.bulks) == 1
    assert harness.server.headers[-1]["Content-Encoding"] == "gzip"
    await harness.record("4")
    await harness.stored("1", "2", "3", "4")
    assert len(harness.server.bulks) == 2
    assert harness.forwarder.status.connected is True
    assert harness.forwarder.status.backlog == 0
    last = harness.hass.states.get("sensor.t")
    assert last
    assert harness.checkpoint["last_stored_ts"] == last.last_updated_timestamp
    assert harness.server.documents[0]["station"] == {
        "id": "0123",
        "name": "Farol",
        "version": "1",
        "home_assistant": "2",
    }


async def test_history_is_sent_in_batches(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_size, "FIRST_COUNT", 2)
    monkeypatch.setattr(batch_size, "MAX_COUNT", 5)
    states = [str(number) for number in range(20)]
    await harness.record(*states)
    await harness.start()
    await harness.stored(*states)
    assert [len(bulk) for bulk in harness.server.bulks] == [2, 2, 4, 5, 5, 2], "the next is read while one is sent"


async def test_nothing_is_read_while_nothing_is_recorded(harness: Harness) -> None:
    is_waiting, is_committed = asyncio.Event(), asyncio.Event()

    async def wait(_: Commits) -> None:
        is_waiting.set()
        await is_committed.wait()

    await harness.record("1")
    with (
        patch.object(Commits, "async_wait", wait),
        patch.object(RecorderLog, "read", autospec=True, side_effect=RecorderLog.read) as read,
    ):
        await harness.start()
        await is_waiting.wait()
        assert harness.server.values() == ["1"]
        count = read.call_count
        await harness.hass.async_block_till_done()
        assert read.call_count == count
        await harness.record("2")
        is_committed.set()
        await harness.stored("1", "2")


async def test_a_state_in_each_commit_does_not_cause_a_request_for_each(harness: Harness) -> None:
    """Case 18. The recorder of the tests has `commit_interval: 0`; a second passes within 0.1 s."""
    interval = 0.1
    assert harness.instance.commit_interval == 0
    with (
        patch.object(recorder_commits, "MIN_INTERVAL", interval),
        patch.object(CheckpointStore, "async_save", autospec=True, side_effect=CheckpointStore.async_save) as saved,
    ):
        await harness.start()
        started = time.monotonic()
        for number in range(50):
            await harness.record(str(number))
        duration = time.monotonic() - started
        await harness.stored(*map(str, range(50)))
    # A few reads pass without a pause
    assert len(harness.server.bulks) <= duration / interval + 10
    assert saved.call_count <= duration / interval + 10


async def test_without_history_only_new_states_are_sent(harness: Harness) -> None:
    await harness.record("old")
    await harness.start(send_history=False)
    await until(lambda: KEY in harness.storage)
    assert harness.checkpoint["since"] == harness.checkpoint["position"]
    await harness.record("new")
    await harness.stored("new")
    await harness.stop()
    await harness.record("newer")
    await harness.start(send_history=False)
    await harness.stored("new", "newer")


async def test_forwarding_continues_after_a_restart(harness: Harness) -> None:
    await harness.record("1", "2")
    await harness.start()
    await harness.stored("1", "2")
    await harness.stop()
    await harness.record("3")
    await harness.start()
    await harness.stored("1", "2", "3")
    assert [len(bulk) for bulk in harness.server.bulks] == [2, 1]


async def test_states_stored_without_a_checkpoint_are_counted_and_not_doubled(harness: Harness) -> None:
    await harness.record("1", "2")
    await harness.start()
    await harness.stored("1", "2")
    await harness.stop()
    del harness.storage[KEY]
    await harness.start()
    await until(lambda: KEY in harness.storage)
    await until(lambda: harness.checkpoint["stored"] == 2)
    assert harness.server.values() == ["1", "2"]
    assert len(harness.server.bulks) == 2


async def test_only_chosen_entities_are_sent(harness: Harness) -> None:
    await harness.record("1")
    await harness.record("on", entity_id="light.x")
    await harness.start(selection=Selection.CHOSEN, chosen=("light.x",))
    await harness.stored("on")
    await harness.record("2")
    await harness.record("off", entity_id="light.x")
    await harness.stored("on", "off")
    assert harness.checkpoint["entity_ids"] == ["light.x"]


async def test_documents_follow_the_entity_registry(harness: Harness) -> None:
    await harness.start()
    await harness.record("1")
    await harness.stored("1")
    er.async_get(harness.hass).async_get_or_create("sensor", "mqtt", "1", suggested_object_id="u")
    await harness.hass.async_block_till_done()
    await harness.record("2", entity_id="sensor.u")
    await harness.stored("1", "2")
    await harness.record("3", entity_id="sensor.u")  # a read that began before the change may have found 2
    await harness.stored("1", "2", "3")
    platforms = [document["entity"].get("platform") for document in harness.server.documents]
    assert (platforms[0], platforms[-1]) == (None, "mqtt")


# The checkpoint


async def test_the_checkpoint_is_written_after_each_batch(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_size, "FIRST_COUNT", 2)
    monkeypatch.setattr(batch_size, "MAX_COUNT", 2)
    written: list[tuple[int, int]] = []
    save = CheckpointStore.async_save

    async def record(store: CheckpointStore, checkpoint: Checkpoint) -> None:
        await save(store, checkpoint)
        assert checkpoint.position
        written.append((checkpoint.stored_count, len(harness.server.bulks)))

    await harness.record("1", "2", "3", "4", "5")
    with patch.object(CheckpointStore, "async_save", record):
        await harness.start()
        await harness.stored("1", "2", "3", "4", "5")
    assert written == [(2, 1), (4, 2), (5, 3)], "before the next is sent"


async def test_nothing_is_written_when_nothing_is_sent(harness: Harness) -> None:
    await harness.start(selection=Selection.CHOSEN)
    await until(lambda: harness.forwarder.status.connected)
    position = harness.forwarder.checkpoint.position
    await harness.record("1")
    await until(lambda: harness.forwarder.checkpoint.position != position)
    assert harness.stored_position is None
    assert harness.server.bulks == []


@pytest.mark.parametrize("when", ["answering", "saving"])
async def test_the_forwarder_can_be_stopped_at_any_time(harness: Harness, when: str) -> None:
    await harness.record("1", "2")
    reached, released = asyncio.Event(), asyncio.Event()

    async def pause(_: web.Request, documents: list[Document]) -> web.StreamResponse:
        items = harness.server.store(documents)
        reached.set()
        await released.wait()
        return elastic({"items": items})

    async def pause_saving(*_: object) -> None:
        reached.set()
        await released.wait()

    if when == "answering":
        harness.server.always = pause
        await harness.start()
        await reached.wait()
        await harness.stop()
    else:
        with patch.object(CheckpointStore, "async_save", pause_saving):
            await harness.start()
            await reached.wait()
            await harness.stop()
    released.set()
    harness.server.always = None
    assert harness.stored_position is None

    await harness.start()
    await harness.stored("1", "2")
    assert harness.checkpoint["stored"] == 2


async def test_reading_ahead_ends_with_the_forwarder(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_size, "FIRST_COUNT", 1)
    await harness.record("1", "2")
    harness.server.always = refusing(503)
    await harness.start()
    await until(lambda: harness.forwarder.status.failures > 0)
    await harness.stop()
    await harness.hass.async_block_till_done(wait_background_tasks=True)
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "Farol: read"]


# Status


async def test_waiting_states_are_counted_but_not_too_often(harness: Harness, clock: Clock) -> None:
    await harness.record("1", "2", "3")
    harness.server.always = refusing(503)
    with patch.object(RecorderLog, "backlog", autospec=True, side_effect=RecorderLog.backlog) as count:
        await harness.start()
        for _ in range(5):  # 31 s
            await clock.wake()
        await clock.asleep()
        assert count.call_count == 1 + 2
    waits = harness.forwarder.status.waiting
    assert waits
    assert (waits.count, waits.horizon) == (3, 864000)
    assert 864000 - 60 < waits.purge_in <= 864000
    assert harness.forwarder.status.backlog == 3

    harness.server.always = None
    await clock.wake()
    await harness.stored("1", "2", "3")
    await until(lambda: harness.forwarder.status.waiting is None)
    assert harness.forwarder.status.backlog == 0


async def test_listeners_see_the_backlog_shrink(
    harness: Harness, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_size, "FIRST_COUNT", 1)
    monkeypatch.setattr(batch_size, "MAX_COUNT", 1)
    backlogs: list[int | None] = []

    async def take_a_minute(_: web.Request, documents: list[Document]) -> web.StreamResponse:
        clock.now += 60
        return elastic({"items": harness.server.store(documents)})

    harness.server.always = take_a_minute
    await harness.record("1", "2", "3")
    await harness.start()
    harness.forwarder.async_subscribe(lambda: backlogs.append(harness.forwarder.status.backlog))
    await harness.stored("1", "2", "3")
    await until(lambda: harness.forwarder.status.waiting is None)
    counts = [count for count in backlogs if count is not None]
    assert counts[counts.index(2) :][:3] == [2, 1, 0]


async def test_an_empty_backlog_is_not_near_the_horizon(harness: Harness, clock: Clock) -> None:
    harness.server.streams = None
    await harness.start()
    await clock.asleep()
    waits = harness.forwarder.status.waiting
    assert waits
    assert (waits.count, waits.purge_in) == (0, waits.horizon)


async def test_listeners_are_notified_every_minute(harness: Harness) -> None:
    await harness.start()
    await until(lambda: harness.forwarder.status.connected)
    before = harness.notified_count
    async_fire_time_changed(harness.hass, dt_util.utcnow() + forwarder.STATUS_INTERVAL)
    assert harness.notified_count == before + 1
    await harness.record("1")
    await harness.stored("1")
    assert harness.notified_count == before + 1, "not for each batch: the status is recorded itself"
    await harness.stop()
    async_fire_time_changed(harness.hass, dt_util.utcnow() + 3 * forwarder.STATUS_INTERVAL)
    assert harness.notified_count == before + 1


async def test_unsubscribed_listeners_are_not_notified(harness: Harness) -> None:
    await harness.start()
    notifications: list[None] = []
    stop = harness.forwarder.async_subscribe(lambda: notifications.append(None))
    stop()
    await until(lambda: harness.forwarder.status.connected)
    assert notifications == []


# Defects


async def test_a_defect_is_logged_once_and_retried(
    harness: Harness, clock: Clock, logged: Logged, caplog: pytest.LogCaptureFixture
) -> None:
    await harness.record("1")
    with patch.object(Encoder, "encode_compressed", side_effect=RuntimeError("odd")):
        await harness.start()
        for _ in range(3):
            await clock.wake()
        await clock.asleep()
    assert isinstance(harness.forwarder.status.problem, DefectError)
    assert harness.forwarder.status.connected is False
    assert clock.slept == [1, 2, 4, 8]
    assert logged() == [("ERROR", "Farol: states wait in the recorder: RuntimeError: odd")]
    assert caplog.text.count("Traceback") == 1
    await clock.wake()
    await harness.stored("1")
    assert logged()[1:] == [("INFO", "Farol: connected again")]


async def test_a_defect_while_reading_ahead(harness: Harness, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_size, "FIRST_COUNT", 1)
    encode = Encoder.encode_compressed
    broken = True

    def sometimes(self: Encoder, rows: Sequence[Row]) -> Any:
        if broken and rows[0].state == "2":
            raise RuntimeError("odd")
        return encode(self, rows)

    await harness.record("1", "2")
    with patch.object(Encoder, "encode_compressed", sometimes):
        await harness.start()
        await clock.asleep()
        assert isinstance(harness.forwarder.status.problem, DefectError)
        assert harness.server.values() == ["1"]
        broken = False
        await clock.wake()
        await harness.stored("1", "2")


async def test_a_defect_while_counting_does_not_stop_forwarding(harness: Harness, clock: Clock) -> None:
    await harness.record("1")
    harness.server.answers.append(refusing(503))
    with patch.object(RecorderLog, "backlog", side_effect=RuntimeError("odd")):
        await harness.start()
        await clock.asleep()
    assert isinstance(harness.forwarder.status.problem, DefectError)
    await clock.wake()
    await clock.wake()
    await harness.stored("1")
