"""Tests of how many states a request has."""

import pytest

from custom_components.anavi_weather.user_station.batch_size import FIRST_COUNT, MAX_COUNT, QUICK, SLOW, BatchSize


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
