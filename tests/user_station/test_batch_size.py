"""Tests of how many states a request has."""

import pytest

from custom_components.anavi_weather.user_station.batch_size import (
    FIRST_COUNT,
    MAX_COUNT,
    MIN_COUNT,
    QUICK,
    SLOW,
    BatchSize,
)


@pytest.fixture
def size() -> BatchSize:
    """Return the size that a forwarder begins with."""
    return BatchSize()


def test_the_size_doubles_while_answers_are_quick_up_to_a_limit(size: BatchSize) -> None:
    counts = []
    for _ in range(4):
        size.record_answer(size.count, QUICK, is_busy=False)
        counts.append(size.count)
    assert counts == [2 * FIRST_COUNT, MAX_COUNT, MAX_COUNT, MAX_COUNT]


def test_a_quick_answer_to_less_than_half_a_batch_says_nothing(size: BatchSize) -> None:
    size.record_answer(FIRST_COUNT // 2 - 1, 0, is_busy=False)
    assert size.count == FIRST_COUNT
    size.record_answer(FIRST_COUNT // 2, 0, is_busy=False)
    assert size.count == 2 * FIRST_COUNT


@pytest.mark.parametrize(
    ("duration", "is_busy", "expected"),
    [
        (QUICK + 0.1, False, FIRST_COUNT),
        (SLOW - 0.1, False, FIRST_COUNT),
        (SLOW, False, FIRST_COUNT // 2),
        (0.0, True, FIRST_COUNT // 2),
    ],
)
def test_slow_and_busy_servers_get_less(size: BatchSize, duration: float, is_busy: bool, expected: int) -> None:
    size.record_answer(FIRST_COUNT, duration, is_busy=is_busy)
    assert size.count == expected


def test_a_failed_batch_is_halved_to_the_minimum(size: BatchSize) -> None:
    counts = []
    for count in (401, 200, 100, 99, 1):
        size.record_failure(count)
        counts.append(size.count)
    assert counts == [200, 100, 50, 50, 50]


def test_a_batch_for_a_busy_server_is_halved_to_one_state_at_least(size: BatchSize) -> None:
    """An indexing pressure of 20 kB rejects 50 documents whenever they come."""
    counts = []
    for count in (51, 25, 3, 1):
        size.record_busy(count)
        counts.append(size.count)
    assert counts == [25, 12, 1, 1]
    size.record_answer(40, 0.0, is_busy=True)
    assert size.count == 20


def test_a_failure_does_not_raise_a_size_below_the_minimum(size: BatchSize) -> None:
    size.record_too_large(20)
    size.record_failure(10)
    assert size.count == 10
    size.record_answer(10, SLOW, is_busy=False)
    assert size.count == 10


def drain(size: BatchSize, count: int, latency: float, per_state: float) -> float:
    """Return the seconds in which a server stores so many states."""
    seconds = 0.0
    while count > 0:
        batch = min(size.count, count)
        duration = latency + batch * per_state
        seconds += duration
        size.record_answer(batch, duration, is_busy=False)
        count -= batch
    return seconds


def test_a_latency_alone_does_not_make_batches_smaller(size: BatchSize) -> None:
    """Case 27: every answer takes 9 s."""
    seconds = drain(size, 20_000, latency=9, per_state=0.0001)
    assert seconds < 15 * 10, "10 requests of the largest size, and some to find that out"
    assert size.count == MAX_COUNT
    drain(size, 30, latency=9, per_state=0.0001)
    assert size.count == MAX_COUNT, "a small batch that is slow says nothing of larger ones"


def test_a_server_that_needs_its_time_for_each_state_gets_less(size: BatchSize) -> None:
    drain(size, 5000, latency=1, per_state=0.1)
    assert 2 * MIN_COUNT > size.count >= MIN_COUNT
    size.record_answer(size.count, 0.5, is_busy=False)
    assert size.count > MIN_COUNT


def test_a_latency_that_ends_is_forgotten(size: BatchSize) -> None:
    drain(size, 5000, latency=9, per_state=0)
    drain(size, 2000, latency=0, per_state=0)
    size.record_answer(MAX_COUNT, SLOW, is_busy=False)
    assert size.count == MAX_COUNT // 2


def test_a_batch_that_is_too_large_is_halved_to_one_state_at_least(size: BatchSize) -> None:
    counts = []
    for count in (7, 3, 1):
        size.record_too_large(count)
        counts.append(size.count)
    assert counts == [3, 1, 1]


def test_a_size_that_was_too_large_is_approached_slowly(size: BatchSize) -> None:
    size.record_too_large(64)
    counts = []
    for _ in range(4):
        size.record_answer(size.count, 0, is_busy=False)
        counts.append(size.count)
    assert counts == [37, 42, 48, 55]
