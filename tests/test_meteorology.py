"""Tests of the values derived from readings."""

from __future__ import annotations

from itertools import groupby
from random import Random

from hypothesis import assume, given, strategies as st
import pytest

from custom_components.anavi_weather.meteorology import (
    FALLING,
    LETTERS,
    RISING,
    STEADY,
    Forecast,
    absolute_humidity,
    apparent_temperature,
    dew_point,
    forecast,
    frost_point,
    humidity_at,
    pressure_tendency,
    saturation_vapor_pressure,
    sea_level_pressure,
    wet_bulb_temperature,
)

# Ranges of the board's chips
temperatures = st.floats(-40, 85)
humidities = st.floats(0, 100)
pressures = st.floats(300, 1100)
# From the shore of the Dead Sea to the highest settlement
altitudes = st.floats(-430, 5100)
months = st.integers(1, 12)
finite = st.floats(allow_nan=False, allow_infinity=False)

ALL_FORECASTS = list(Forecast)


# Smithsonian Meteorological Tables (6th edition, 1951), table 94, over water: by Goff and Gratch's formula, hPa.
# The Magnus formula is specified to be within 0.6 % of it.
@pytest.mark.parametrize(
    ("temperature", "expected"),
    [
        (-40, 0.1891),
        (-30, 0.5088),
        (-20, 1.2540),
        (-10, 2.8627),
        (0, 6.1078),
        (10, 12.272),
        (20, 23.373),
        (25, 31.671),
        (30, 42.430),
        (40, 73.777),
        (50, 123.40),
    ],
)
def test_saturation_vapor_pressure_matches_the_tables(temperature: float, expected: float) -> None:
    assert saturation_vapor_pressure(temperature) == pytest.approx(expected, rel=0.006)


def test_saturation_vapor_pressure_matches_its_formula() -> None:
    # WMO-No. 8, annex 4.B, by hand: exp(0) and exp(17.62 * 20 / 263.12) = exp(1.33931)
    assert saturation_vapor_pressure(0) == 6.112
    assert saturation_vapor_pressure(20) == pytest.approx(23.326, abs=0.0005)


@given(temperatures, temperatures)
def test_saturation_vapor_pressure_rises_with_temperature(one: float, other: float) -> None:
    lower, higher = sorted((one, other))
    assert saturation_vapor_pressure(lower) <= saturation_vapor_pressure(higher)


# DIN 4108-3's table of dew points, °C to one decimal
@pytest.mark.parametrize(
    ("temperature", "relative_humidity", "expected"),
    [
        (10, 60, 2.6),
        (10, 70, 4.8),
        (10, 90, 8.4),
        (20, 30, 1.9),
        (20, 40, 6.0),
        (20, 50, 9.3),
        (20, 60, 12.0),
        (20, 70, 14.4),
        (20, 80, 16.4),
        (20, 90, 18.3),
        (25, 50, 13.9),
        (25, 60, 16.7),
        (30, 30, 10.5),
        (30, 50, 18.4),
        (30, 80, 26.2),
    ],
)
def test_dew_point_matches_the_table(temperature: float, relative_humidity: float, expected: float) -> None:
    assert dew_point(temperature, relative_humidity) == pytest.approx(expected, abs=0.06)


@given(temperatures)
def test_dry_air_has_no_dew_point(temperature: float) -> None:
    assert dew_point(temperature, 0) is None


@given(temperatures, st.floats(100, 120))
def test_dew_point_is_the_temperature_at_saturation(temperature: float, relative_humidity: float) -> None:
    assert dew_point(temperature, relative_humidity) == temperature


@given(temperatures, humidities)
def test_dew_point_is_never_above_the_temperature(temperature: float, relative_humidity: float) -> None:
    assume(relative_humidity > 0)
    result = dew_point(temperature, relative_humidity)
    assert result is not None
    assert result <= temperature


@given(temperatures, humidities, humidities)
def test_dew_point_rises_with_humidity(temperature: float, one: float, other: float) -> None:
    lower, higher = sorted((one, other))
    assume(lower > 0)
    low, high = dew_point(temperature, lower), dew_point(temperature, higher)
    assert low is not None
    assert high is not None
    assert low <= high + 1e-9


@given(temperatures, temperatures, humidities)
def test_dew_point_rises_with_temperature(one: float, other: float, relative_humidity: float) -> None:
    assume(relative_humidity > 0)
    lower, higher = sorted((one, other))
    low, high = dew_point(lower, relative_humidity), dew_point(higher, relative_humidity)
    assert low is not None
    assert high is not None
    assert low <= high + 1e-9


@given(temperatures, st.floats(1, 100))
def test_air_is_saturated_at_its_dew_point(temperature: float, relative_humidity: float) -> None:
    result = dew_point(temperature, relative_humidity)
    assert result is not None
    assert humidity_at(relative_humidity, temperature, result) == pytest.approx(100)


# Smithsonian Meteorological Tables (6th edition, 1951), tables 94 and 96: air that is saturated over ice has this humidity
@pytest.mark.parametrize(
    ("frost", "over_water", "over_ice"), [(-5, 4.2148, 4.0150), (-10, 2.8627, 2.5970), (-20, 1.2540, 1.0320)]
)
def test_frost_point_matches_the_tables(frost: float, over_water: float, over_ice: float) -> None:
    assert frost_point(frost, over_ice / over_water * 100) == pytest.approx(frost, abs=0.05)


@pytest.mark.parametrize(("temperature", "relative_humidity"), [(20, 50), (0, 100), (0.5, 99), (20, 0)])
def test_without_frost_there_is_no_frost_point(temperature: float, relative_humidity: float) -> None:
    assert frost_point(temperature, relative_humidity) is None


@given(st.floats(-40, 40), st.floats(1, 100))
def test_frost_point_is_above_the_dew_point(temperature: float, relative_humidity: float) -> None:
    frost, dew = frost_point(temperature, relative_humidity), dew_point(temperature, relative_humidity)
    assume(frost is not None and dew is not None)
    assert frost is not None
    assert dew is not None
    assert dew <= frost <= 0
    assert (frost - dew) < 5


# The first is the example of Stull (2011), the others are from PsychroLib 2.5.0 (ASHRAE), which solves the energy balance
@pytest.mark.parametrize(
    ("temperature", "relative_humidity", "pressure", "expected"),
    [
        (20, 50, 1013.25, 13.7),
        (20, 50, 1013.25, 13.78),
        (30, 70, 1013.25, 25.50),
        (35, 20, 900, 18.25),
        (5, 80, 1013.25, 3.59),
    ],
)
def test_wet_bulb_temperature(temperature: float, relative_humidity: float, pressure: float, expected: float) -> None:
    assert wet_bulb_temperature(temperature, relative_humidity, pressure) == pytest.approx(expected, abs=0.2)


@given(temperatures, humidities, pressures)
def test_wet_bulb_temperature_is_between_dew_point_and_temperature(
    temperature: float, relative_humidity: float, pressure: float
) -> None:
    wet = wet_bulb_temperature(temperature, relative_humidity, pressure)
    assert (dew_point(temperature, relative_humidity) or -100) - 0.01 <= wet <= temperature


@given(temperatures, pressures)
def test_wet_bulb_temperature_is_the_temperature_at_saturation(temperature: float, pressure: float) -> None:
    assert wet_bulb_temperature(temperature, 100, pressure) == pytest.approx(temperature, abs=0.001)


# By the formula of the Bureau of Meteorology, whose vapor pressure is within 0.1 % of ours in this range
@pytest.mark.parametrize(
    ("temperature", "relative_humidity", "expected"),
    [(25, 50, 26.2), (35, 60, 42.1), (10, 40, 7.6), (0, 80, -2.4)],
)
def test_apparent_temperature(temperature: float, relative_humidity: float, expected: float) -> None:
    assert apparent_temperature(temperature, relative_humidity) == pytest.approx(expected, abs=0.06)


# "Climate/humidity table" (scribd.com/doc/39380596), g/m³ to one decimal. Values below 100 % are multiples of these.
@pytest.mark.parametrize(
    ("temperature", "expected"),
    [(0, 4.8), (5, 6.8), (10, 9.4), (15, 12.8), (20, 17.3), (25, 23.0), (30, 30.4), (40, 51.1), (50, 83.0)],
)
def test_absolute_humidity_at_saturation_matches_the_table(temperature: float, expected: float) -> None:
    assert absolute_humidity(temperature, 100) == pytest.approx(expected, rel=0.005, abs=0.06)


@given(temperatures, humidities)
def test_absolute_humidity_is_proportional_to_relative_humidity(temperature: float, relative_humidity: float) -> None:
    saturated = absolute_humidity(temperature, 100)
    assert absolute_humidity(temperature, relative_humidity) == pytest.approx(saturated * relative_humidity / 100)


# From the vapor pressures above: 50 % * 23.373 / 42.430, 50 % * 42.430 / 31.671, 80 % * 42.430 / 23.373 > 100 %
@pytest.mark.parametrize(
    ("relative_humidity", "measured_temperature", "temperature", "expected"),
    [(50, 20, 30, 27.5), (50, 30, 25, 67.0), (80, 30, 20, 100), (0, 30, 20, 0), (-1, 20, 20, 0), (101, 20, 20, 100)],
)
def test_humidity_at_another_temperature(
    relative_humidity: float, measured_temperature: float, temperature: float, expected: float
) -> None:
    assert humidity_at(relative_humidity, measured_temperature, temperature) == pytest.approx(expected, abs=0.1)


@given(humidities, temperatures)
def test_humidity_at_the_same_temperature_is_the_same(relative_humidity: float, temperature: float) -> None:
    assert humidity_at(relative_humidity, temperature, temperature) == relative_humidity


@given(humidities, temperatures, temperatures)
def test_humidity_at_is_its_own_inverse_where_not_clamped(
    relative_humidity: float, measured_temperature: float, temperature: float
) -> None:
    result = humidity_at(relative_humidity, measured_temperature, temperature)
    assert 0 <= result <= 100
    if result < 100:
        assert humidity_at(result, temperature, measured_temperature) == pytest.approx(relative_humidity)
    else:
        assert temperature <= measured_temperature + 1e-9


# ICAO standard atmosphere (Doc 7488): the pressure at any height is 1013.25 hPa at sea level
@pytest.mark.parametrize(
    ("altitude", "pressure", "temperature"),
    [
        (0, 1013.25, 15.0),
        (500, 954.61, 11.75),
        (1000, 898.75, 8.5),
        (1500, 845.56, 5.25),
        (2000, 794.95, 2.0),
        (3000, 701.08, -4.5),
        (5000, 540.20, -17.5),
    ],
)
def test_sea_level_pressure_of_the_standard_atmosphere(altitude: float, pressure: float, temperature: float) -> None:
    assert sea_level_pressure(pressure, altitude, temperature) == pytest.approx(1013.25, abs=0.01)


@given(pressures, st.floats(0, 5100), temperatures)
def test_sea_level_pressure_matches_the_common_formula(pressure: float, altitude: float, temperature: float) -> None:
    kelvins = temperature + 0.0065 * altitude + 273.15
    widespread = pressure * (1 - 0.0065 * altitude / kelvins) ** -5.257
    assert sea_level_pressure(pressure, altitude, temperature) == pytest.approx(widespread, rel=2e-4)


def test_sea_level_pressure_of_a_published_example() -> None:
    # keisoku.magicgifted.com/en/sea-level-pressure-correction-calculator
    assert sea_level_pressure(1003, 150, 15) == pytest.approx(1020.970, abs=0.01)


@given(pressures, altitudes, temperatures)
def test_sea_level_pressure_is_above_station_pressure_above_sea_level(
    pressure: float, altitude: float, temperature: float
) -> None:
    result = sea_level_pressure(pressure, altitude, temperature)
    if altitude >= 0:
        assert result >= pressure
    else:
        assert result <= pressure


@given(pressures, temperatures)
def test_sea_level_pressure_at_altitude_0_is_station_pressure(pressure: float, temperature: float) -> None:
    assert sea_level_pressure(pressure, 0, temperature) == pressure


# Seconds
HOUR = 3600.0
PERIOD = 3 * HOUR
LONGEST_GAP = 1.5 * HOUR
GREATEST_AGE = 300


@given(
    slope=st.floats(-5e-3, 5e-3),
    # One second within the limits, so that rounding of the times cannot exceed them
    spacing=st.floats(5, LONGEST_GAP - 1),
    age=st.floats(0, GREATEST_AGE - 1),
    now=st.floats(0, 2e9),
    seed=st.integers(),
)
def test_tendency_of_a_ramp_is_its_slope(slope: float, spacing: float, age: float, now: float, seed: int) -> None:
    newest = now - age
    count = int(PERIOD // spacing) + 2
    samples = [(newest - spacing * index, 1013.25 - slope * spacing * index) for index in range(count)]
    result = pressure_tendency(samples, now)
    assert result == pytest.approx(slope * PERIOD, abs=1e-5)

    Random(seed).shuffle(samples)
    future = (now + 1, 900.0)
    assert pressure_tendency([future, *samples], now) == result


@given(
    st.lists(st.tuples(st.floats(-1e5, 1e5), pressures), max_size=20),
    st.floats(-1e5, 1e5),
    st.integers(),
)
def test_tendency_does_not_depend_on_the_order_of_samples(
    samples: list[tuple[float, float]], now: float, seed: int
) -> None:
    result = pressure_tendency(iter(samples), now, max_age=1e5, max_gap=1e5)
    shuffled = samples.copy()
    Random(seed).shuffle(shuffled)
    assert pressure_tendency(shuffled, now, max_age=1e5, max_gap=1e5) == result
    past = [pressure for time, pressure in samples if time <= now]
    if result is not None:
        assert abs(result) <= max(past) - min(past) + 1e-9


@pytest.mark.parametrize(
    ("samples", "now", "expected"),
    [
        pytest.param([], 0, None, id="no sample"),
        pytest.param([(0, 1000)], 0, None, id="one sample"),
        pytest.param([(1, 1000), (PERIOD + 1, 1001)], 0, None, id="only the future"),
        pytest.param([(0, 1000), (PERIOD - 1, 1002)], PERIOD - 1, None, id="too short"),
        pytest.param([(0, 1000), (PERIOD, 1002)], PERIOD, 2, id="just long enough"),
        pytest.param([(0, 1000), (PERIOD, 1002)], PERIOD + GREATEST_AGE, 2, id="of the newest sample's 3 hours"),
        pytest.param([(0, 1000), (PERIOD, 1002)], PERIOD + GREATEST_AGE + 1, None, id="too old"),
        pytest.param([(0, 1000), (PERIOD, 1002), (PERIOD + 1, 900)], PERIOD, 2, id="a clock that was set back"),
        pytest.param([(0, 1000), (HOUR, 1003), (PERIOD + HOUR / 3, 1011)], PERIOD + HOUR / 3, 10, id="interpolated"),
        pytest.param(
            [(0, 1000), (LONGEST_GAP, 1004), (PERIOD + LONGEST_GAP / 2, 1000)],
            PERIOD + LONGEST_GAP / 2,
            -2,
            id="the longest gap",
        ),
        pytest.param(
            [(0, 1000), (LONGEST_GAP + 1, 1004), (PERIOD + LONGEST_GAP / 2, 1000)],
            PERIOD + LONGEST_GAP / 2,
            None,
            id="an outage 3 hours ago",
        ),
        pytest.param([(0, 1000), (60, 1001), (PERIOD + 30, 1002)], PERIOD + 30, 1.5, id="an outage since"),
        pytest.param([(0, 1000), (0, 1001), (PERIOD, 1002), (PERIOD, 1003)], PERIOD, 2, id="two samples at a time"),
        pytest.param([(HOUR * hour, 1000 + hour) for hour in range(5)], 4 * HOUR, 3, id="each hour"),
        pytest.param(
            [(HOUR * hour + hour % 2, 1000 + hour) for hour in range(5)],
            4 * HOUR,
            3 + 1 / (HOUR + 1),
            id="each hour, and late",
        ),
    ],
)
def test_tendency(samples: list[tuple[float, float]], now: float, expected: float | None) -> None:
    result = pressure_tendency(samples, now)
    assert result == (None if expected is None else pytest.approx(expected))


def test_callers_set_the_limits_of_the_tendency() -> None:
    samples = [(0.0, 1000.0), (60.0, 1001.0), (PERIOD + 30, 1002.0)]
    assert pressure_tendency(samples, PERIOD + 40, max_age=10, max_gap=60) == pytest.approx(1.5)
    assert pressure_tendency(samples, PERIOD + 40, max_age=9, max_gap=60) is None
    assert pressure_tendency(samples, PERIOD + 40, max_age=10, max_gap=59) is None


def test_forecasts_are_the_26_texts() -> None:
    assert len(ALL_FORECASTS) == 26
    assert all(text == text.name.lower() for text in Forecast)
    assert ALL_FORECASTS[0] is Forecast.SETTLED_FINE
    assert ALL_FORECASTS[-1] is Forecast.STORMY_MUCH_RAIN


# Letters in the instrument's windows as the pressure rises, and the number of beteljuice's 22 steps for each.
# pywws divides the scale differently but has the same letters in the same order, except at the ends of the scale.
@pytest.mark.parametrize(
    ("trend", "expected"),
    [
        (RISING, "Z3 Y2 T1 Q1 M1 L1 J1 I1 G1 F1 C1 B2 A6"),
        (STEADY, "Z6 X2 W1 S1 P1 N1 K1 E1 B2 A6"),
        (FALLING, "Z8 X2 V1 U1 R1 O1 H1 D1 B3 A3"),
    ],
)
def test_the_windows_have_all_letters(trend: int, expected: str) -> None:
    assert len(LETTERS[trend]) == 22
    assert " ".join(f"{letter}{len(list(steps))}" for letter, steps in groupby(LETTERS[trend])) == expected


# Computed by hand from the windows: a step is 100 hPa / 22, and in summer a trend adds or subtracts 7 hPa
@pytest.mark.parametrize(
    ("pressure", "tendency", "month", "southern_hemisphere", "expected"),
    [
        (1050, 0, 1, False, Forecast.SETTLED_FINE),
        (1030, 0, 1, False, Forecast.SETTLED_FINE),
        (1020, 0, 1, False, Forecast.FINE_WEATHER),
        (1013.25, 0, 1, False, Forecast.FINE_POSSIBLE_SHOWERS),
        (1013.25, 2, 1, False, Forecast.BECOMING_FINE),
        (1013.25, 2, 7, False, Forecast.FINE_WEATHER),
        (1013.25, -2, 1, False, Forecast.SHOWERY_BECOMING_LESS_SETTLED),
        (1013.25, -2, 7, False, Forecast.UNSETTLED_RAIN_LATER),
        (1013.25, -2, 7, True, Forecast.SHOWERY_BECOMING_LESS_SETTLED),
        (1013.25, -2, 1, True, Forecast.UNSETTLED_RAIN_LATER),
        (1000, 0, 1, False, Forecast.SHOWERY_BRIGHT_INTERVALS),
        (980, 0, 1, False, Forecast.RAIN_VERY_UNSETTLED),
        (980, 3, 1, False, Forecast.UNSETTLED_SHORT_FINE_INTERVALS),
        (965, 3, 1, False, Forecast.STORMY_MAY_IMPROVE),
        (950, 0, 1, False, Forecast.STORMY_MUCH_RAIN),
        (870, 0, 1, False, Forecast.STORMY_MUCH_RAIN),
        (1084, 0, 1, False, Forecast.SETTLED_FINE),
    ],
)
def test_forecast(pressure: float, tendency: float, month: int, southern_hemisphere: bool, expected: Forecast) -> None:
    assert forecast(pressure, tendency, month, southern_hemisphere) is expected


# The Met Office's "rising slowly" ends, and "rising" starts, at 1.6 hPa in 3 hours
@pytest.mark.parametrize(
    ("tendency", "expected"),
    [
        (1.6, Forecast.BECOMING_FINE),
        (1.59, Forecast.FINE_POSSIBLE_SHOWERS),
        (-1.59, Forecast.FINE_POSSIBLE_SHOWERS),
        (-1.6, Forecast.SHOWERY_BECOMING_LESS_SETTLED),
    ],
)
def test_a_trend_starts_at_its_threshold(tendency: float, expected: Forecast) -> None:
    assert forecast(1013.25, tendency, 1, southern_hemisphere=False) is expected


# "S" of the forecaster's instruction card: April to September inclusive
@pytest.mark.parametrize("month", range(1, 13))
def test_summer_depends_on_the_hemisphere(month: int) -> None:
    summer, winter = Forecast.UNSETTLED_RAIN_LATER, Forecast.SHOWERY_BECOMING_LESS_SETTLED
    north, south = (summer, winter) if month in {4, 5, 6, 7, 8, 9} else (winter, summer)
    assert forecast(1013.25, -2, month, southern_hemisphere=False) is north
    assert forecast(1013.25, -2, month, southern_hemisphere=True) is south


@given(st.floats(900, 1100), st.floats(-10, 10), months)
def test_hemispheres_are_half_a_year_apart(pressure: float, tendency: float, month: int) -> None:
    opposite = (month + 5) % 12 + 1
    assert forecast(pressure, tendency, month, southern_hemisphere=True) is forecast(
        pressure, tendency, opposite, southern_hemisphere=False
    )


@given(finite, finite, months, st.booleans())
def test_every_pressure_has_a_forecast(pressure: float, tendency: float, month: int, southern_hemisphere: bool) -> None:
    assert forecast(pressure, tendency, month, southern_hemisphere) in ALL_FORECASTS


@given(finite | st.floats(900, 1100), finite | st.floats(900, 1100), st.floats(-10, 10), months, st.booleans())
def test_higher_pressure_never_makes_the_forecast_worse(
    one: float, other: float, tendency: float, month: int, southern_hemisphere: bool
) -> None:
    lower, higher = sorted((one, other))
    worse, better = (
        ALL_FORECASTS.index(forecast(pressure, tendency, month, southern_hemisphere)) for pressure in (lower, higher)
    )
    assert better <= worse


@pytest.mark.parametrize("month", [-1, 0, 13])
def test_an_invalid_month_raises_an_error(month: int) -> None:
    with pytest.raises(ValueError, match=f"Not a month: {month}"):
        forecast(1013.25, 0, month, southern_hemisphere=False)
