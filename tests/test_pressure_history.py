"""Tests of the pressure history."""

from hypothesis import given, strategies as st
import pytest

from custom_components.anavi_weather.meteorology import MAX_GAP, TENDENCY_PERIOD
from custom_components.anavi_weather.pressure_history import HISTORY_PERIOD, PressureHistory

START = 1_800_000_000.0
MINUTE = 60.0
MAX_LENGTH = HISTORY_PERIOD / MINUTE + 1


def history_of(*samples: tuple[float, float]) -> PressureHistory:
    """Return a history to which pressures were added: seconds after START, hPa."""
    history = PressureHistory()
    for seconds, pressure in samples:
        history.add(START + seconds, pressure)
    return history


def test_without_pressures_the_tendency_is_unknown() -> None:
    assert PressureHistory().tendency() is None


def test_the_tendency_is_the_change_over_three_hours() -> None:
    assert history_of((0, 1010)).tendency() is None
    assert history_of((0, 1010), (TENDENCY_PERIOD - 1, 1012)).tendency() is None
    assert history_of((0, 1010), (TENDENCY_PERIOD, 1012)).tendency() == 2
    assert history_of((0, 1010), (600, 1011), (TENDENCY_PERIOD + 300, 1015)).tendency() == pytest.approx(4.5)


def test_the_newest_pressure_counts_although_it_is_too_early_to_be_kept() -> None:
    history = history_of((0, 1010), (120, 1012), (TENDENCY_PERIOD, 1012), (TENDENCY_PERIOD + 30, 1013))

    assert len(history) == 3
    assert history.tendency() == pytest.approx(1013 - 1010.5)


@pytest.mark.parametrize("spacing", [MINUTE / 10, MINUTE, MINUTE * 1.5])
def test_one_pressure_a_minute_is_kept_for_as_long_as_the_tendency_needs(spacing: float) -> None:
    history = PressureHistory()
    count = round(2 * HISTORY_PERIOD / spacing)
    for number in range(count):
        history.add(START + number * spacing, 1000)

    assert len(history) == pytest.approx(HISTORY_PERIOD / max(spacing, MINUTE), abs=1.1)


def test_a_pressure_is_kept_until_it_is_older_than_the_longest_gap_allows() -> None:
    late = TENDENCY_PERIOD + MAX_GAP
    assert len(history_of((0, 1010), (late, 1012))) == 2
    assert len(history_of((0, 1010), (late + 1, 1012))) == 1


def test_a_clock_that_is_set_back_drops_the_time_that_it_repeats() -> None:
    history = history_of((0, 1010), (7200, 1020), (10_800, 1030))

    history.add(START + 3600, 1011)

    assert len(history) == 2
    history.add(START + TENDENCY_PERIOD, 1013)
    assert history.tendency() == 3


def test_a_clock_that_is_set_forward_leaves_a_gap() -> None:
    history = history_of((0, 1010), (10 * HISTORY_PERIOD, 1012))

    assert len(history) == 1
    assert history.tendency() is None


@given(st.lists(st.floats(-1e6, 1e6) | st.floats(0, 100) | st.floats(0, 2 * HISTORY_PERIOD), max_size=400))
def test_it_is_bounded_whatever_the_clock_does(steps: list[float]) -> None:
    history = PressureHistory()
    now = START
    for step in steps:
        now += step
        history.add(now, 1000)
        assert 1 <= len(history) <= MAX_LENGTH
