"""Tests of the temperature history."""

from hypothesis import given, strategies as st
import pytest

from custom_components.anavi_weather.temperature_history import (
    HALF_DAY,
    HISTORY_PERIOD,
    HISTORY_SPACING,
    TOLERANCE,
    TemperatureHistory,
)

START = 1_800_000_000.0


def history_of(*samples: tuple[float, float]) -> TemperatureHistory:
    """Return a history to which temperatures were added: seconds after START, °C."""
    history = TemperatureHistory()
    for seconds, temperature in samples:
        history.add(START + seconds, temperature)
    return history


def test_the_mean_is_that_of_now_and_12_hours_before() -> None:
    assert history_of((0, 10), (12 * 3600, 20)).mean(START + 12 * 3600, 20) == 15


def test_without_a_past_the_mean_is_the_current_temperature() -> None:
    assert TemperatureHistory().mean(START, 20) == 20
    assert history_of((0, 10)).mean(START, 20) == 20


@pytest.mark.parametrize(
    ("seconds", "expected"), [(TOLERANCE, 15), (TOLERANCE + 1, 20), (-TOLERANCE, 15), (-TOLERANCE - 1, 20)]
)
def test_a_temperature_too_far_from_12_hours_before_does_not_count(seconds: float, expected: float) -> None:
    assert history_of((0, 10)).mean(START + HALF_DAY + seconds, 20) == expected


def test_the_nearest_temperature_counts() -> None:
    history = history_of((0, 10), (HISTORY_SPACING, 11), (2 * HISTORY_SPACING, 12))
    assert history.at(START + 1.4 * HISTORY_SPACING) == 11


def test_temperatures_are_kept_as_long_as_they_are_needed() -> None:
    assert len(history_of((0, 10), (1, 10), (HISTORY_SPACING, 11))) == 2
    assert len(history_of((0, 10), (HISTORY_PERIOD, 11))) == 2
    assert len(history_of((0, 10), (HISTORY_PERIOD + 1, 11))) == 1


def test_a_clock_that_is_set_back_drops_the_time_that_it_repeats() -> None:
    history = history_of((0, 10), (7200, 20), (3600, 15))
    assert (len(history), history.at(START + 3600)) == (2, 15)
    assert history.at(START + 7200) is None


@given(st.lists(st.floats(-1e6, 1e6) | st.floats(0, 100) | st.floats(0, 2 * HISTORY_PERIOD), max_size=200))
def test_it_is_bounded_whatever_the_clock_does(steps: list[float]) -> None:
    history = TemperatureHistory()
    now = START
    for step in steps:
        now += step
        history.add(now, 20)
        assert 1 <= len(history) <= HISTORY_PERIOD / HISTORY_SPACING + 1
