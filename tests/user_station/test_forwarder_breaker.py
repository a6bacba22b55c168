"""Tests of forwarding to a server that rejects one state after another for the same reason."""

import asyncio
from itertools import count
import time
from unittest.mock import patch

import pytest

from custom_components.anavi_weather.user_station import batch_size, delays
from custom_components.anavi_weather.user_station.backlog import BacklogCounter
from custom_components.anavi_weather.user_station.breaker import HANDFUL, PROBE_COUNT
from custom_components.anavi_weather.user_station.errors import RejectedError

from .harness import KEY, WAIT_SECONDS, Clock, Harness, Logged, problem, until
from .server import Document, Item, bad, item, once

MANY = [str(number) for number in range(3 * HANDFUL)]


def numbers(document: Document) -> Item | None:
    """Reject numbers, as a wrong mapping does."""
    return bad("odd") if document["state"]["value"].isdecimal() else None


def entity_t(document: Document) -> Item | None:
    """Reject the states of one entity."""
    return bad("odd") if document["entity"]["id"] == "sensor.t" else None


def sizes(harness: Harness) -> list[int]:
    """Return the numbers of documents in the requests."""
    return [len(bulk) for bulk in harness.server.bulks]


async def all_settled(harness: Harness, position: int) -> None:
    """Wait until the checkpoint is at a position."""
    await until(lambda: KEY in harness.storage and harness.checkpoint["position"] is not None)
    await until(lambda: harness.checkpoint["position"][1] == position)


async def test_a_whole_batch_that_is_rejected_waits(harness: Harness, clock: Clock, logged: Logged) -> None:
    harness.server.items = lambda _: bad("odd")
    await harness.record(*MANY)
    await harness.start()
    await clock.wake()
    await clock.wake()
    await clock.asleep()
    assert isinstance(problem(harness), RejectedError)
    assert (harness.checkpoint["refused"], harness.checkpoint["position"]) == (0, None)
    assert sizes(harness) == [len(MANY), PROBE_COUNT, 1, PROBE_COUNT, 1], "it is tried with a few, and with the newest"
    status = harness.forwarder.status
    assert (status.connected, status.backlog) == (False, len(MANY))
    assert [message for _, message in logged()] == [
        "Farol: rejected states wait, like one of sensor.t: document_parsing_exception: odd",
        "Farol: states wait in the recorder: RejectedError: document_parsing_exception: odd",
    ]

    harness.server.items = lambda _: None
    await clock.wake()
    await harness.stored(*MANY)
    assert harness.checkpoint["refused"] == 0
    assert harness.checkpoint["breaker"] == {"counts": {}, "held": {}, "skipped": [], "affected": {}}
    assert [message for _, message in logged()][2:] == [
        "Farol: no more rejected states wait",
        "Farol: connected again",
    ]


async def test_it_also_waits_after_a_restart(harness: Harness, clock: Clock) -> None:
    harness.server.items = lambda _: bad("odd")
    await harness.record(*MANY)
    await harness.start()
    await clock.asleep()
    await harness.stop()
    harness.server.bulks.clear()
    await harness.start()
    await clock.asleep()
    assert sizes(harness) == [PROBE_COUNT, 1]
    assert harness.checkpoint["refused"] == 0
    await harness.stop()
    harness.server.items = lambda _: None
    await harness.start()
    await harness.stored(*MANY)


async def test_that_states_wait_is_stored_at_once(harness: Harness, clock: Clock) -> None:
    """A restart comes before the states that wait are counted, which stores the checkpoint too."""
    harness.server.items = lambda _: bad("odd")
    await harness.record(*MANY)
    with patch.object(BacklogCounter, "async_count"):
        await harness.start()
        await clock.asleep()
    assert harness.checkpoint["breaker"]["held"] == {
        "document_parsing_exception: odd": ["sensor.t", "document_parsing_exception: odd"]
    }
    await harness.stop()


async def test_half_of_a_batch_does_not_wait(harness: Harness) -> None:
    """Case 22."""
    harness.server.items = numbers
    await harness.record(*(text for number in range(20) for text in (str(number), f"text {number}")))
    await harness.start()
    await all_settled(harness, 40)
    assert (harness.checkpoint["stored"], harness.checkpoint["refused"]) == (20, 20)


async def test_live_states_wait_after_a_handful_of_rejections(harness: Harness, clock: Clock) -> None:
    """A batch has one state."""
    harness.server.items = lambda _: bad("odd")
    await harness.start()
    for number in range(HANDFUL):
        await harness.record(str(number))
        await all_settled(harness, number + 1)
    assert harness.checkpoint["refused"] == HANDFUL
    await harness.record("waits")
    await clock.wake()
    await clock.asleep()
    assert isinstance(problem(harness), RejectedError)
    assert harness.checkpoint["refused"] == HANDFUL
    harness.server.items = lambda _: None
    await clock.wake()
    await until(lambda: "waits" in harness.server.values())
    # Those that were refused before are sent again
    await until(lambda: len(harness.server.values()) == HANDFUL + 1)
    await until(lambda: harness.checkpoint["again"] == harness.checkpoint["rejected"] == [])
    assert (harness.checkpoint["stored"], harness.checkpoint["refused"]) == (HANDFUL + 1, HANDFUL)


async def test_one_bad_entity_does_not_hold_up_the_others(
    harness: Harness, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its states are set aside until the administrator decides, although the newest state is one of them."""
    monkeypatch.setattr(batch_size, "FIRST_COUNT", 2 * HANDFUL)
    harness.server.items = entity_t
    await harness.record(*MANY)
    await harness.record("good", entity_id="sensor.u")
    await harness.record("newest")
    await harness.start()
    await all_settled(harness, len(MANY) + 2)
    assert harness.server.values() == ["good"]
    assert harness.checkpoint["refused"] == 0
    status = harness.forwarder.status
    await until(lambda: status.connected)
    assert status.aside_count == len(MANY) + 1
    assert isinstance(status.aside_problem, RejectedError)
    assert [len(bulk) for bulk in harness.server.bulks[:2]] == [2 * HANDFUL, 2], "the newest of each kind is tried"


async def test_states_of_an_older_index_do_not_hold_up_those_of_the_newest(
    harness: Harness, clock: Clock, monkeypatch: pytest.MonkeyPatch, logged: Logged
) -> None:
    """The mapping of the older index is wrong. Its states are tried a few at a time, and then sent at once."""
    monkeypatch.setattr(batch_size, "FIRST_COUNT", 2 * HANDFUL)
    harness.server.items = numbers
    await harness.record(*MANY, "new 1", "new 2")
    await harness.start()
    await all_settled(harness, len(MANY) + 2)
    status = harness.forwarder.status
    await until(lambda: status.connected)
    assert status.aside_count == len(MANY)
    assert isinstance(status.aside_problem, RejectedError)
    assert harness.checkpoint["refused"] == 0
    harness.server.bulks.clear()

    clock.now += delays.MAX_RETRY_DELAY
    await harness.record("new 3")
    await until(lambda: len(harness.server.bulks) >= 3)
    assert max(sizes(harness)) == PROBE_COUNT
    await until(lambda: status.aside_waiting is not None and status.aside_waiting.count == len(MANY))
    assert status.aside_waiting
    assert 864000 - 60 < status.aside_waiting.purge_in <= 864000

    closed = ("INFO", "Farol: no more rejected states wait")
    assert closed not in logged(), "although newer states were accepted"
    harness.server.items = lambda _: None
    clock.now += 2 * delays.MAX_RETRY_DELAY
    await harness.record("new 4")
    await until(lambda: harness.checkpoint["stored"] == len(MANY) + 4)
    assert harness.checkpoint["aside"] == []
    await until(lambda: not harness.checkpoint["breaker"]["held"])
    assert harness.checkpoint["refused"] == 0
    assert logged().count(closed) == 1
    assert status.aside_waiting is None


async def skip_many(harness: Harness, clock: Clock) -> None:
    """Let the breaker hold states, and an administrator skip them."""
    harness.server.items = numbers
    await harness.record(*MANY)
    await harness.start()
    await clock.asleep()
    await harness.forwarder.async_skip_held()
    await clock.wake()
    await all_settled(harness, len(MANY))


async def test_states_that_wait_are_refused_if_an_administrator_confirms(
    harness: Harness, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await skip_many(harness, clock)
    assert harness.checkpoint["refused"] == len(MANY)
    assert harness.forwarder.status.connected

    await harness.record(*(str(number) for number in range(HANDFUL)))
    await harness.record("1")
    await all_settled(harness, len(MANY) + HANDFUL + 1)
    assert harness.checkpoint["refused"] == len(MANY) + HANDFUL + 1, "it was confirmed once and for all"


async def test_states_that_are_set_aside_are_refused_if_an_administrator_confirms(
    harness: Harness, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_size, "FIRST_COUNT", 2 * HANDFUL)
    harness.server.items = numbers
    await harness.record(*MANY, "new 1", "new 2")
    await harness.start()
    await until(lambda: harness.forwarder.status.connected and harness.forwarder.status.aside_count == len(MANY))
    await harness.forwarder.async_skip_held()
    await harness.record("new 3")
    await until(lambda: harness.checkpoint["refused"] == len(MANY))
    assert harness.checkpoint["aside"] == []


async def test_states_wait_for_the_same_mistake_after_it_was_fixed(harness: Harness, clock: Clock) -> None:
    await skip_many(harness, clock)
    assert harness.checkpoint["breaker"]["skipped"]

    await harness.stop()
    await harness.start()
    harness.server.items = lambda _: None
    await harness.record("1")
    await until(lambda: harness.checkpoint["stored"] == 1)
    assert not harness.checkpoint["breaker"]["skipped"]
    assert not harness.checkpoint["breaker"]["affected"]

    harness.server.items = numbers
    await harness.record(*MANY)
    await until(lambda: harness.checkpoint["breaker"]["held"])
    assert harness.checkpoint["refused"] <= len(MANY) + HANDFUL


async def test_a_busy_server_does_not_open_the_breaker(harness: Harness, clock: Clock) -> None:
    busy = once("busy", *[item(503, "no shard")] * 2 * HANDFUL)
    harness.server.items = lambda document: (
        busy(document) or (bad("odd") if document["state"]["value"] == "bad" else None)
    )
    await harness.record("busy", "bad", "good")
    await harness.start()
    for _ in range(2 * HANDFUL):
        await clock.wake()
    await until(lambda: KEY in harness.storage and harness.checkpoint["stored"] == 2)
    assert harness.checkpoint["refused"] == 1


async def test_states_of_a_range_that_were_rejected_before_do_not_hold_up_its_others(
    harness: Harness, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each try examines more of the range."""
    monkeypatch.setattr(batch_size, "FIRST_COUNT", 2 * HANDFUL)
    await harness.record(*MANY, *(f"old {text}" for text in MANY), "new 1", "new 2")
    harness.server.items = lambda document: None if document["state"]["value"].startswith("new") else bad("odd")
    await harness.start()
    await until(lambda: harness.forwarder.status.connected and harness.forwarder.status.aside_count == 2 * len(MANY))
    harness.server.items = numbers
    async with asyncio.timeout(WAIT_SECONDS):
        for number in count():
            if harness.forwarder.status.aside_count == len(MANY):
                break
            clock.now += 2 * delays.MAX_RETRY_DELAY
            await harness.record(f"new next {number}")
            await until(lambda number=number: f"new next {number}" in harness.server.values())  # type: ignore[misc]
    assert {f"old {text}" for text in MANY} <= set(harness.server.values())


async def test_states_older_than_the_stream_are_no_mistake(harness: Harness) -> None:
    """A new station sends ten days of history to a stream that takes seven."""
    end = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + 7200))
    reason = f"the document timestamp [old] is outside of ranges of currently writable indices [[{end},{end}]]"
    harness.server.items = lambda document: (
        item(400, reason, "illegal_argument_exception") if document["state"]["value"].isdecimal() else None
    )
    await harness.record(*MANY)
    await harness.start()
    await all_settled(harness, len(MANY))
    assert harness.checkpoint["refused"] == len(MANY)
