"""Tests of states that cannot be stored now, while others can: they are set aside and sent again."""

from collections.abc import Callable
from itertools import pairwise
import time

import pytest

from custom_components.anavi_weather.user_station import batch_size, delays
from custom_components.anavi_weather.user_station.entities import Selection
from custom_components.anavi_weather.user_station.errors import (
    BusyError,
    ElasticsearchError,
    IndexBlockedError,
    ServerBehindError,
)

from .harness import KEY, Clock, Harness, Logged, problem, until
from .server import Document, Item, bad, item, once, out_of_range

BLOCKED = item(403, "index [old] blocked by: [FORBIDDEN/8/index write (api)];", "cluster_block_exception")


def answering(result: Item) -> Callable[[Document], Item | None]:
    """Return the same result for each old state."""
    return lambda document: result if document["state"].get("value", "").startswith("old") else None


def aside_problem(harness: Harness) -> ElasticsearchError | None:
    """Return why states are set aside. A function, because mypy would keep what was asserted of an attribute."""
    return harness.forwarder.status.aside_problem


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_size, "FIRST_COUNT", 2)
    monkeypatch.setattr(batch_size, "MAX_COUNT", 2)
    monkeypatch.setattr(batch_size, "MIN_COUNT", 2)


async def set_aside(harness: Harness) -> None:
    """Set three old states aside, and store two new ones."""
    harness.server.items = answering(BLOCKED)
    await harness.record("old 1", "old 2", "old 3", "new 1", "new 2")
    await harness.start()
    await until(lambda: KEY in harness.storage and (harness.checkpoint["position"] or (0, 0))[1] == 5)


async def retry(harness: Harness, clock: Clock) -> None:
    """Let the time pass until the states are sent again with the next commit."""
    clock.now += delays.MAX_RETRY_DELAY
    await harness.record("next")


async def test_states_of_a_blocked_index_do_not_hold_up_the_others(
    harness: Harness, clock: Clock, logged: Logged
) -> None:
    """Cases 5 and 6."""
    await set_aside(harness)
    assert harness.server.values() == ["new 2", "new 1"], "the newest was tried when none of a batch was accepted"
    assert [tuple(part) for part in harness.checkpoint["aside"]] == [(1, 2, 2, 0), (3, 3, 1, 0)]
    assert (harness.checkpoint["stored"], harness.checkpoint["refused"]) == (2, 0)
    status = harness.forwarder.status
    await until(lambda: status.connected)
    assert isinstance(aside_problem(harness), IndexBlockedError)
    assert status.backlog == 3
    assert problem(harness) is None

    harness.server.items = lambda _: None
    await retry(harness, clock)
    await until(lambda: harness.checkpoint["stored"] == 6)
    assert harness.checkpoint["aside"] == []
    assert sorted(map(str, harness.server.values())) == ["new 1", "new 2", "next", "old 1", "old 2", "old 3"]
    assert (status.aside_count, status.backlog) == (0, 0)
    assert aside_problem(harness) is None
    first, last = (message for _, message in logged())
    assert first.startswith("Farol: 2 states are set aside: IndexBlockedError: cluster_block_exception: index [old]")
    assert last == "Farol: no more states are set aside"


async def test_states_that_are_set_aside_are_sent_again_at_once_after_a_reload(harness: Harness) -> None:
    await set_aside(harness)
    await harness.stop()
    harness.server.items = lambda _: None
    await harness.start()
    assert harness.forwarder.status.aside_count == 3
    await until(lambda: harness.checkpoint["stored"] == 5)
    assert harness.checkpoint["aside"] == []


async def test_the_wait_between_two_tries_doubles(harness: Harness, clock: Clock) -> None:
    await set_aside(harness)
    await harness.stop()
    await harness.start()
    clock.now += 100_000
    tries = []
    for _ in range(40):
        before = len(harness.server.bulks)
        await harness.record("new")
        await until(lambda: harness.checkpoint["stored"] == len(harness.server.documents) > 0)
        await until(lambda: harness.forwarder._commits._committed.is_set() is False)
        if any(document["state"]["value"] == "old 1" for bulk in harness.server.bulks[before:] for document in bulk):
            tries.append(clock.now)
        clock.now += 30
    waits = [after - before for before, after in pairwise(tries)]
    assert waits == sorted(waits)
    assert waits[-1] > 3 * waits[0]


async def test_the_wait_is_short_again_once_a_state_is_stored(harness: Harness, clock: Clock) -> None:
    await set_aside(harness)
    await harness.stop()
    clock.now += delays.MAX_RETRY_DELAY
    retry_now = harness.forwarder._retrier.async_retry

    async def seconds_until_tried() -> float:
        start = clock.now
        while not await retry_now():
            clock.now += 10
        return clock.now - start

    waits = [await seconds_until_tried() for _ in range(4)]
    assert waits == sorted(waits)
    assert waits[-1] > delays.FIRST_RETRY_DELAY
    blocked = harness.server.items
    harness.server.items = lambda document: None if document["state"]["value"] == "old 3" else BLOCKED
    await seconds_until_tried()
    assert "old 3" in harness.server.values()
    harness.server.items = blocked
    assert await seconds_until_tried() == delays.FIRST_RETRY_DELAY


async def test_a_busy_server_leaves_the_rest_of_a_range_for_later(harness: Harness, clock: Clock) -> None:
    await set_aside(harness)
    harness.server.items = once("old 2", item(503, "busy"))
    await retry(harness, clock)
    await until(lambda: isinstance(problem(harness), BusyError))
    assert [tuple(part) for part in harness.checkpoint["aside"]] == [(2, 2, 1, 0), (3, 3, 1, 0)]
    clock.now += delays.MAX_RETRY_DELAY
    await clock.wake()
    await until(lambda: harness.checkpoint["stored"] == 6)
    assert harness.checkpoint["aside"] == []


async def test_a_server_that_is_busy_at_once_changes_nothing(harness: Harness, clock: Clock) -> None:
    await set_aside(harness)
    harness.server.items = once("old 1", item(503, "busy"))
    before = harness.checkpoint["aside"]
    await retry(harness, clock)
    await until(lambda: isinstance(problem(harness), BusyError))
    assert harness.checkpoint["aside"] == before


async def test_states_that_turn_out_to_be_bad_are_refused(harness: Harness, clock: Clock) -> None:
    await set_aside(harness)
    harness.server.items = answering(bad("odd"))
    await retry(harness, clock)
    await until(lambda: harness.checkpoint["refused"] == 3)
    assert harness.checkpoint["aside"] == []
    assert harness.checkpoint["stored"] == 3


async def test_states_that_are_purged_meanwhile_are_counted(harness: Harness, clock: Clock) -> None:
    await set_aside(harness)
    await harness.run_sql("UPDATE states SET old_state_id = NULL")
    await harness.run_sql("DELETE FROM states WHERE state_id <= 3")
    await retry(harness, clock)
    await until(lambda: harness.checkpoint["purged"] == 3)
    assert harness.checkpoint["aside"] == []


async def test_all_states_wait_if_none_is_accepted(harness: Harness, clock: Clock) -> None:
    """Case 1."""
    harness.server.items = lambda _: BLOCKED
    await harness.record("1", "2", "3", "4", "5")
    await harness.start()
    await clock.wake()
    await clock.asleep()
    assert isinstance(problem(harness), IndexBlockedError)
    assert harness.stored_position is None
    assert [[document["state"]["value"] for document in bulk] for bulk in harness.server.bulks[:2]] == [
        ["1", "2"],
        ["5"],
    ]
    harness.server.items = lambda _: None
    await clock.wake()
    await harness.stored("1", "2", "3", "4", "5")


async def test_states_of_a_clock_that_was_ahead_wait(harness: Harness, clock: Clock) -> None:
    """Case 16."""
    end = time.time() + 7200
    iso = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(end))
    harness.server.items = answering(out_of_range(iso))
    await harness.record("old 1", "new 1")
    await harness.run_sql("UPDATE states SET last_updated_ts = last_updated_ts + 10800 WHERE state = 'old 1'")
    await harness.start()
    await harness.stored("new 1")
    await until(lambda: isinstance(harness.forwarder.status.aside_problem, ServerBehindError))
    assert harness.checkpoint["refused"] == 0
    harness.server.items = lambda _: None
    await retry(harness, clock)
    await until(lambda: harness.checkpoint["stored"] == 3)


async def test_only_selected_entities_are_sent_again(harness: Harness, clock: Clock) -> None:
    harness.server.items = answering(BLOCKED)
    await harness.record("old 1", "old 2")
    await harness.record("other", entity_id="sensor.u")
    await harness.record("new 1")
    await harness.start(selection=Selection.CHOSEN, chosen=("sensor.t",))
    await until(lambda: KEY in harness.storage and (harness.checkpoint["position"] or (0, 0))[1] == 4)
    harness.server.items = lambda _: None
    clock.now += delays.MAX_RETRY_DELAY
    await harness.record("next")
    await until(lambda: harness.checkpoint["stored"] == 4)
    assert "other" not in harness.server.values()
