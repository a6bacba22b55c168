"""Tests of sending settled states again."""

import asyncio
from unittest.mock import patch

import pytest

from custom_components.anavi_weather.user_station import batch_size, delays, recorder_log, resender
from custom_components.anavi_weather.user_station.entities import Selection
from custom_components.anavi_weather.user_station.errors import BusyError
from custom_components.anavi_weather.user_station.recorder_commits import Commits
from custom_components.anavi_weather.user_station.recorder_log import RecorderLog

from .harness import KEY, Clock, Harness, Logged, problem, until
from .server import Document, Item, bad, item, once

BLOCKED = item(403, "index [old] blocked by: [FORBIDDEN/8/index write (api)];", "cluster_block_exception")


def bad_ones(document: Document) -> Item | None:
    """Reject the states that begin so."""
    return bad("odd") if document["state"]["value"].startswith("bad") else None


def forget(harness: Harness) -> None:
    """Delete the stream, and create an empty one."""
    harness.server.documents.clear()
    harness.server._known.clear()


async def settled(harness: Harness, stored: int, refused: int) -> None:
    """Wait until the checkpoint has counted states."""
    await until(lambda: KEY in harness.storage)
    await until(lambda: (harness.checkpoint["stored"], harness.checkpoint["refused"]) == (stored, refused))


async def start_with_rejected(harness: Harness) -> None:
    """Send states of which two are rejected."""
    harness.server.items = bad_ones
    await harness.record("1", "bad 1", "2", "bad 2", "3")
    await harness.start()
    await settled(harness, 3, 2)


async def nothing_to_do(harness: Harness) -> None:
    """Wait until nothing is to be sent again."""
    await until(lambda: harness.checkpoint["again"] == [])


async def test_rejected_states_are_sent_again_after_the_server_was_fixed(harness: Harness) -> None:
    """Case 22."""
    await start_with_rejected(harness)
    assert harness.checkpoint["rejected"] == [[2, 2, 1, 0], [4, 4, 1, 0]]
    harness.server.items = lambda _: None
    harness.server.bulks.clear()
    assert await harness.forwarder.async_send_rejected_again()
    await settled(harness, 5, 2)
    await nothing_to_do(harness)
    assert harness.checkpoint["rejected"] == []
    assert sorted(map(str, harness.server.values())) == ["1", "2", "3", "bad 1", "bad 2"]
    sent = [document["state"]["value"] for bulk in harness.server.bulks for document in bulk]
    assert sent == ["bad 1", "bad 2"], "no others are sent"
    assert not await harness.forwarder.async_send_rejected_again()


async def test_rejected_states_are_stored_although_an_answer_was_lost(harness: Harness) -> None:
    await start_with_rejected(harness)
    harness.server.items = lambda _: None
    answers = iter([True])
    harness.server.loses = lambda: next(answers, False)
    assert await harness.forwarder.async_send_rejected_again()
    await settled(harness, 5, 2)
    await nothing_to_do(harness)
    assert harness.checkpoint["refused_noted"] == 2
    assert sorted(map(str, harness.server.values())) == ["1", "2", "3", "bad 1", "bad 2"]


async def test_states_that_are_rejected_again_can_be_sent_once_more(harness: Harness) -> None:
    await start_with_rejected(harness)
    for _ in range(2):
        assert await harness.forwarder.async_send_rejected_again()
        await nothing_to_do(harness)
        assert harness.checkpoint["rejected"] == [[2, 2, 1, 0], [4, 4, 1, 0]]
    assert (harness.checkpoint["stored"], harness.checkpoint["refused"]) == (3, 2)


async def test_dropped_states_are_sent_again(harness: Harness) -> None:
    """Case 8."""
    harness.server.items = lambda document: item(200) if document["state"]["value"] == "dropped" else None
    await harness.record("1", "dropped", "2")
    await harness.start()
    await settled(harness, 2, 0)
    harness.server.items = lambda _: None
    assert await harness.forwarder.async_send_rejected_again()
    await settled(harness, 3, 0)
    assert harness.checkpoint["dropped"] == 1
    assert "dropped" in harness.server.values()


async def test_states_that_are_sent_again_survive_a_restart(
    harness: Harness, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await start_with_rejected(harness)
    harness.server.items = once("bad 2", item(503, "no shard"))
    assert await harness.forwarder.async_send_rejected_again()
    await until(lambda: isinstance(problem(harness), BusyError))
    assert harness.checkpoint["again"] == [[4, 4, 1, 0]]
    assert "bad 1" in harness.server.values()
    await harness.stop()
    await harness.start()
    await settled(harness, 5, 2)
    await nothing_to_do(harness)


async def test_all_states_since_a_time_are_sent_again(harness: Harness, clock: Clock) -> None:
    """Case 10: the stream was deleted."""
    await start_with_rejected(harness)
    await harness.run_sql("UPDATE states SET last_updated_ts = last_updated_ts - 1000 WHERE state_id < 3")
    forget(harness)
    state = harness.hass.states.get("sensor.t")
    assert state
    assert await harness.forwarder.async_send_again(state.last_updated_timestamp - 500)
    await until(lambda: harness.server.values() == ["2", "3"])
    await nothing_to_do(harness)
    assert (harness.checkpoint["stored"], harness.checkpoint["refused"]) == (5, 2)
    assert not await harness.forwarder.async_send_again(state.last_updated_timestamp + 500)


async def test_states_that_the_server_has_are_not_counted(harness: Harness) -> None:
    await start_with_rejected(harness)
    assert await harness.forwarder.async_send_again(0)
    await nothing_to_do(harness)
    assert (harness.checkpoint["stored"], harness.checkpoint["refused"]) == (3, 2)
    assert harness.server.values() == ["1", "2", "3"]
    assert harness.checkpoint["rejected"] == [[2, 2, 1, 0], [4, 4, 1, 0]]


async def test_nothing_is_sent_again_before_the_first_state_is_sent(harness: Harness, clock: Clock) -> None:
    await harness.server.stop()
    await harness.record("1")
    await harness.start()
    await clock.asleep()
    assert not await harness.forwarder.async_send_again(0)


async def test_rejected_states_that_were_purged_are_counted(harness: Harness, logged: Logged) -> None:
    await start_with_rejected(harness)
    await harness.run_sql("UPDATE states SET old_state_id = NULL")
    await harness.run_sql("DELETE FROM states WHERE state_id <= 2")
    harness.server.items = lambda _: None
    assert await harness.forwarder.async_send_rejected_again()
    await settled(harness, 4, 2)
    await nothing_to_do(harness)
    assert harness.checkpoint["purged"] == 1
    assert logged()[-1] == ("ERROR", "Farol: about 1 states were lost from the recorder before they were sent")


async def test_states_of_a_blocked_index_are_sent_again_later(
    harness: Harness, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_size, "FIRST_COUNT", 2)
    monkeypatch.setattr(batch_size, "MAX_COUNT", 2)
    await start_with_rejected(harness)
    harness.server.items = lambda document: BLOCKED if document["state"]["value"] in {"1", "bad 1"} else None
    forget(harness)
    assert await harness.forwarder.async_send_again(0)
    await until(lambda: harness.server.values() == ["2", "bad 2", "3"])
    await until(lambda: harness.checkpoint["again"] == [[1, 2, 2, 0]])
    harness.server.items = lambda _: None
    for number in range(3):
        await harness.record(f"next {number}")
        await until(lambda number=number: f"next {number}" in harness.server.values())  # type: ignore[misc]
    assert "1" not in harness.server.values(), "they are not tried all the time"
    clock.now += delays.MAX_RETRY_DELAY
    await harness.record("next")
    await until(lambda: "1" in harness.server.values())
    await nothing_to_do(harness)
    assert "bad 1" in harness.server.values()


async def test_the_wait_before_states_are_sent_once_more_doubles(harness: Harness, clock: Clock) -> None:
    await start_with_rejected(harness)
    await harness.stop()
    harness.server.items = lambda _: BLOCKED
    harness.forwarder.checkpoint.send_rejected_again()
    resend = harness.forwarder._resender.async_send

    async def seconds_until_sent() -> float:
        before, start = len(harness.server.bulks), clock.now
        while len(harness.server.bulks) == before:
            clock.now += 0 if await resend() else 10
        while await resend():  # the other states
            pass
        return clock.now - start

    await seconds_until_sent()
    assert [await seconds_until_sent() for _ in range(6)] == [30, 60, 120, 240, 480, 600]
    harness.forwarder._resender.async_send_soon()
    assert [await seconds_until_sent() for _ in range(2)] == [0, 30]


async def test_new_states_are_sent_first(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_size, "FIRST_COUNT", 2)
    monkeypatch.setattr(batch_size, "MAX_COUNT", 2)
    monkeypatch.setattr(recorder_log, "WINDOW", 3)
    monkeypatch.setattr(resender, "WINDOW", 3)
    await harness.record(*map(str, range(10)))
    await harness.start()
    await harness.stored(*map(str, range(10)))
    await harness.stop()
    await harness.record("a", "b", "c", "d")
    forget(harness)
    await harness.start()
    assert await harness.forwarder.async_send_again(0)
    await until(lambda: len(harness.server.documents) == 14)
    assert harness.server.values() == ["a", "b", "c", "d", *map(str, range(10))]
    await nothing_to_do(harness)
    assert harness.checkpoint["stored"] == 24


async def test_states_are_read_in_windows_and_sent_without_a_pause(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resender, "WINDOW", 3)
    states = [str(number) for number in range(10)]
    await harness.record(*states)
    await harness.start()
    await harness.stored(*states)
    forget(harness)
    assert await harness.forwarder.async_send_again(0)
    with (
        patch.object(RecorderLog, "read_range", autospec=True, side_effect=RecorderLog.read_range) as read,
        patch.object(Commits, "async_wait", side_effect=asyncio.Event().wait),  # there are no more commits
    ):
        await until(lambda: harness.server.values() == states)
        await nothing_to_do(harness)
    parts = [call.args[1] for call in read.call_args_list]
    assert [(part.first, part.last) for part in parts] == [(1, 3), (4, 6), (7, 9), (10, 10)]


async def test_only_selected_entities_are_sent_again(harness: Harness) -> None:
    await harness.record("1")
    await harness.record("other", entity_id="sensor.u")
    await harness.record("2")
    await harness.start(selection=Selection.CHOSEN, chosen=("sensor.t",))
    await harness.stored("1", "2")
    forget(harness)
    assert await harness.forwarder.async_send_again(0)
    await until(lambda: harness.server.values() == ["1", "2"])
    await nothing_to_do(harness)
    assert "other" not in harness.server.values()


async def test_a_user_learns_that_no_selected_entity_has_states_to_send_again(harness: Harness) -> None:
    await harness.record("1")
    await harness.record("other", entity_id="sensor.u")
    await harness.start(selection=Selection.CHOSEN, chosen=("sensor.t",))
    await harness.stored("1")
    other = harness.hass.states.get("sensor.u")
    assert other
    await harness.record("2")
    await harness.stored("1", "2")
    await harness.run_sql("UPDATE states SET last_updated_ts = last_updated_ts - 1000 WHERE state_id IN (1, 3)")
    assert not await harness.forwarder.async_send_again(other.last_updated_timestamp)
    assert harness.forwarder.checkpoint.again == ()
