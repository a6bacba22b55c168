"""Tests of ranges of state ids."""

from itertools import pairwise

from hypothesis import given, strategies as st
import pytest

from custom_components.anavi_weather.user_station import ranges
from custom_components.anavi_weather.user_station.ranges import MAX_RANGES, Range, ordered, pending_count, runs


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


def test_neighbors_are_joined_if_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "MAX_RANGES", 2)
    parts = [Range(20, 29, 3), Range(1, 9, 4), Range(12, 14, 1)]
    assert ordered(parts) == (Range(1, 14, 5), Range(20, 29, 3))


@given(st.sets(st.integers(min_value=1, max_value=2000)))
def test_no_state_is_forgotten(meant: set[int]) -> None:
    parts = ordered(runs((number, number in meant) for number in range(1, 2001)))
    assert len(parts) <= MAX_RANGES
    assert pending_count(parts) == len(meant)
    assert all(any(part.first <= number <= part.last for part in parts) for number in meant)
    assert all(before.last < after.first for before, after in pairwise(parts))
