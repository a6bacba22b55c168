"""Tests of ranges of state ids."""

from itertools import pairwise

from hypothesis import given, strategies as st
import pytest

from custom_components.anavi_weather.user_station import ranges
from custom_components.anavi_weather.user_station.ranges import MAX_RANGES, Range, ordered, pending_count, runs, without


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], []),
        ([(1, False)], []),
        ([(1, True), (5, True), (6, False), (7, True)], [Range(1, 5, 2), Range(7, 7, 1)]),
    ],
)
def test_runs(states: list[tuple[int, bool]], expected: list[Range]) -> None:
    assert runs(states) == expected


def test_ranges_that_overlap_are_joined() -> None:
    """States that are meant by both are counted once."""
    assert ordered([Range(5, 9, 3), Range(1, 5, 2), Range(2, 3, 1), Range(10, 10, 1)]) == (
        Range(1, 9, 3),
        Range(10, 10, 1),
    )
    assert ordered([Range(5, 9, 3, 1), Range(1, 5, 2, 4)]) == (Range(1, 9, 3, 4),)


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([], [(5, 9)]),
        ([(1, 4), (10, 12)], [(5, 9)]),
        ([(1, 5), (9, 12)], [(6, 8)]),
        ([(6, 6), (8, 8), (20, 30)], [(5, 5), (7, 7), (9, 9)]),
        ([(4, 10)], []),
        ([(20, 30), (40, 50)], [(5, 9)]),
    ],
)
def test_a_range_without_others(others: list[tuple[int, int]], expected: list[tuple[int, int]]) -> None:
    remaining = without(Range(5, 9, 3), tuple(Range(first, last, 1) for first, last in others))
    assert remaining == [Range(first, last, 0) for first, last in expected]


def test_neighbors_are_joined_if_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "MAX_RANGES", 2)
    parts = [Range(20, 29, 3), Range(1, 9, 4, 1), Range(12, 14, 1, 2)]
    assert ordered(parts) == (Range(1, 14, 5, 3), Range(20, 29, 3))


@given(st.sets(st.integers(min_value=1, max_value=2000)))
def test_no_state_is_forgotten(meant: set[int]) -> None:
    parts = ordered(runs((number, number in meant) for number in range(1, 2001)))
    assert len(parts) <= MAX_RANGES
    assert pending_count(parts) == len(meant)
    assert all(any(part.first <= number <= part.last for part in parts) for number in meant)
    assert all(before.last < after.first for before, after in pairwise(parts))
