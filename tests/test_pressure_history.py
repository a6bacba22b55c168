"""Tests of the pressure history."""

from hypothesis import given, strategies as st
import pytest

from custom_components.anavi_weather.meteorology import MAX_GAP, TENDENCY_PERIOD
from custom_components.anavi_weather.pressure_history import HISTORY_PERIOD, PressureHistory

START = 1_800_000_000.0
MINUTE = 60.0
MAX_LENGTH = HISTORY_PERIOD / MINUTE + 1


def add(history: PressureHistory, seconds: float, pressure: float) -> None:
    """Add a pressure of the only source: seconds after START, hPa."""
    history.add(START + seconds, "A", {"A": pressure})


def history_of(*samples: tuple[float, float]) -> PressureHistory:
    """Return a history to which pressures were added: seconds after START, hPa."""
    history = PressureHistory()
    for seconds, pressure in samples:
        add(history, seconds, pressure)
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
        add(history, number * spacing, 1000)

    assert len(history) == pytest.approx(HISTORY_PERIOD / max(spacing, MINUTE), abs=1.1)


def test_a_pressure_is_kept_until_it_is_older_than_the_longest_gap_allows() -> None:
    late = TENDENCY_PERIOD + MAX_GAP
    assert len(history_of((0, 1010), (late, 1012))) == 2
    assert len(history_of((0, 1010), (late + 1, 1012))) == 1


def test_a_clock_that_is_set_back_drops_the_time_that_it_repeats() -> None:
    history = history_of((0, 1010), (7200, 1013), (10_800, 1014))

    add(history, 3600, 1011)

    assert len(history) == 2
    add(history, TENDENCY_PERIOD, 1013)
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
        add(history, now - START, 1000)
        assert 1 <= len(history) <= MAX_LENGTH


HOUR = 3600.0
FALLING = -1 / HOUR  # hPa/s


def falling(*, until: float = TENDENCY_PERIOD) -> PressureHistory:
    """Return a history of a source whose pressure falls by 1 hPa in an hour."""
    history = PressureHistory()
    for number in range(int(until / MINUTE) + 1):
        add(history, number * MINUTE, 1010 + FALLING * number * MINUTE)
    return history


def test_the_offset_of_a_better_source_is_not_a_tendency() -> None:
    history = falling()
    for seconds in (MINUTE, 2 * MINUTE, 3 * MINUTE):
        pressure = 1010 + FALLING * (TENDENCY_PERIOD + seconds)
        history.add(START + TENDENCY_PERIOD + seconds, "B", {"A": pressure, "B": pressure + 2})

        assert history.tendency() == pytest.approx(-3)


def test_the_offset_of_a_substitute_is_not_a_tendency() -> None:
    history = PressureHistory()
    for number in range(181):
        pressure = 1010 + FALLING * number * MINUTE
        # A fails in every second reading
        both = {"A": pressure, "B": pressure + 2}
        history.add(START + number * MINUTE, "AB"[number % 2], both if number % 2 == 0 else {"B": pressure + 2})

    assert history.tendency() == pytest.approx(-3)


@pytest.mark.parametrize("gap", [MINUTE, HOUR])
def test_a_replacement_continues_the_tendency(gap: float) -> None:
    history = falling()

    history.add(START + TENDENCY_PERIOD + gap, "B", {"B": 1008})

    assert history.tendency() == pytest.approx(-3)


def test_a_replacement_of_a_source_without_a_tendency_continues_its_pressure() -> None:
    history = falling(until=HOUR)

    history.add(START + HOUR + MINUTE, "B", {"B": 1008})
    history.add(START + TENDENCY_PERIOD, "B", {"B": 1007})

    assert history.tendency() == pytest.approx(-2)


def test_a_replacement_after_a_long_time_begins_again() -> None:
    history = falling()

    history.add(START + TENDENCY_PERIOD + MAX_GAP + 1, "B", {"B": 1008})

    assert (len(history), history.tendency()) == (1, None)


@pytest.mark.parametrize("step", [-600, -6.5, 6.5, 100])
def test_a_step_that_is_no_weather_is_not_a_tendency(step: float) -> None:
    """A station was carried upstairs, or its altitude was corrected."""
    history = falling()
    for seconds in (MINUTE, 2 * MINUTE):
        add(history, TENDENCY_PERIOD + seconds, 1010 + FALLING * (TENDENCY_PERIOD + seconds) + step)

        assert history.tendency() == pytest.approx(-3)


@pytest.mark.parametrize("step", [-5.9, 5.9])
def test_a_gust_front_is_weather(step: float) -> None:
    history = falling()

    add(history, TENDENCY_PERIOD + MINUTE, 1010 + FALLING * (TENDENCY_PERIOD + MINUTE) + step)

    assert history.tendency() == pytest.approx(-3 + step)


def test_a_typhoon_that_was_missed_is_weather() -> None:
    history = falling()

    add(history, TENDENCY_PERIOD + HOUR, 1006 - 18)

    assert history.tendency() == pytest.approx(1006 - 18 - 1009)
