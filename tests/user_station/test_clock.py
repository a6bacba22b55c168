"""Tests of comparing the clocks."""

import pytest

from custom_components.anavi_weather.user_station.clock import TOLERANCE, compare_clock
from custom_components.anavi_weather.user_station.errors import ClockBehindError

CREATED = 1_790_000_000_000
AGES = {"673ms": 0.673, "43.9s": 43.9, "5.2m": 312, "1.39h": 5004, "18d": 1_555_200, "18.25d": 1_576_800}


@pytest.mark.parametrize("age", AGES)
def test_a_clock_may_be_a_little_behind(age: str) -> None:
    server = CREATED / 1000 + AGES[age]
    compare_clock(server - TOLERANCE + 1, CREATED, age)
    with pytest.raises(ClockBehindError):
        compare_clock(server - TOLERANCE - 1, CREATED, age)


def test_a_clock_may_be_ahead() -> None:
    """Elasticsearch itself rejects the states that are too far ahead."""
    compare_clock(CREATED / 1000 + 86_400, CREATED, "1s")


def test_both_times_are_told() -> None:
    with pytest.raises(ClockBehindError, match=r"^2026-09-03 13:53 UTC < 2026-09-21 14:33 UTC$"):
        compare_clock(1_788_443_600, CREATED, "20m")


@pytest.mark.parametrize(
    ("created", "age"), [(None, "1d"), ("1", "1d"), (CREATED, None), (CREATED, 5), (CREATED, "1 week"), (CREATED, ".d")]
)
def test_unknown_ages_are_ignored(created: str | int | None, age: str | int | None) -> None:
    compare_clock(0, created, age)
