"""Values derived from the readings: humidity, sea-level pressure, pressure tendency and forecast."""

from collections.abc import Iterable
from enum import StrEnum
from math import exp, log
from string import ascii_uppercase

ZERO_CELSIUS = 273.15  # K
PASCALS_PER_HECTOPASCAL = 100
GRAMS_PER_KILOGRAM = 1000

# Magnus formula over water, Sonntag (1990): WMO's Guide to Instruments and Methods of Observation (No. 8), annex 4.B
MAGNUS_PRESSURE = 6.112  # hPa, at 0 °C
MAGNUS_FACTOR = 17.62
MAGNUS_TEMPERATURE = 243.12  # °C

# The same over ice
MAGNUS_ICE_FACTOR = 22.46
MAGNUS_ICE_TEMPERATURE = 272.62  # °C

# Coefficients of the aspirated psychrometer, WMO's Guide (No. 8), annex 4.B
PSYCHROMETER = 6.53e-4  # 1/K
PSYCHROMETER_SLOPE = 0.000944  # 1/°C
COLDEST = -100.0  # °C, below every wet-bulb temperature

GAS_CONSTANT_OF_WATER_VAPOR = 461.52  # J/(kg K)

# ICAO standard atmosphere (Doc 7488)
STANDARD_PRESSURE = 1013.25  # hPa
STANDARD_GRAVITY = 9.80665  # m/s²
GAS_CONSTANT_OF_DRY_AIR = 287.05287  # J/(kg K)
LAPSE_RATE = 0.0065  # K/m

TENDENCY_PERIOD = 3 * 3600.0  # s
# Readings may be an hour apart and late. Atmospheric tides bend the pressure curve by 0.1 hPa in this time.
MAX_GAP = 1.5 * 3600.0  # s
MAX_AGE = 300.0  # s


def saturation_vapor_pressure(temperature: float) -> float:
    """Return the saturation vapor pressure over water, in hPa.

    Over water below 0 °C too, as hygrometers and weather services refer to it. Within 0.6 % from -45 to 60 °C, of the
    pure phase: without the enhancement factor of moist air (0.4 % at sea level). Magnus formula, Sonntag (1990).
    """
    return MAGNUS_PRESSURE * exp(MAGNUS_FACTOR * temperature / (MAGNUS_TEMPERATURE + temperature))


def dew_point(temperature: float, relative_humidity: float) -> float | None:
    """Return the dew point, in °C, or None at 0 %, where it is undefined.

    Never above the temperature: supersaturation, reported by a wet hygrometer, counts as saturation.
    Magnus formula, inverted.
    """
    if relative_humidity <= 0:
        return None
    if relative_humidity >= 100:
        return temperature
    # Not log(relative_humidity / 100): the quotient may underflow to 0.
    exponent = log(relative_humidity) - log(100) + MAGNUS_FACTOR * temperature / (MAGNUS_TEMPERATURE + temperature)
    return min(MAGNUS_TEMPERATURE * exponent / (MAGNUS_FACTOR - exponent), temperature)


def frost_point(temperature: float, relative_humidity: float) -> float | None:
    """Return the frost point, in °C, or None if it is not below 0 °C, where water condenses as dew.

    Hoarfrost forms on what is colder. The relative humidity is over water, as hygrometers and weather services give it.
    In cold fog the frost point is above the temperature. Magnus formula over ice, inverted; Sonntag (1990).
    """
    if relative_humidity <= 0:
        return None
    exponent = log(min(relative_humidity, 100)) - log(100)
    exponent += MAGNUS_FACTOR * temperature / (MAGNUS_TEMPERATURE + temperature)
    return MAGNUS_ICE_TEMPERATURE * exponent / (MAGNUS_ICE_FACTOR - exponent) if exponent < 0 else None


def wet_bulb_temperature(temperature: float, relative_humidity: float, pressure: float) -> float:
    """Return the wet-bulb temperature, in °C: the lowest one to which air can be cooled by evaporating water.

    The temperature at which the psychrometer formula in WMO's Guide (No. 8, annex 4.B) gives the vapor pressure of the
    air. Over water below 0 °C too. The pressure is that at the station, in hPa.
    """
    vapor_pressure = min(relative_humidity, 100) / 100 * saturation_vapor_pressure(temperature)
    low, high = COLDEST, temperature
    while high - low > 0.001:
        middle = (low + high) / 2
        evaporated = PSYCHROMETER * (1 + PSYCHROMETER_SLOPE * middle) * pressure * (temperature - middle)
        if saturation_vapor_pressure(middle) - evaporated < vapor_pressure:
            low = middle
        else:
            high = middle
    return high


def apparent_temperature(temperature: float, relative_humidity: float) -> float:
    """Return how warm the air feels in the shade without wind, in °C.

    Steadman's apparent temperature (1994) with a wind speed of 0, as the Australian Bureau of Meteorology uses it: an
    adult who walks outdoors. The board has no anemometer, so wind chill is not included.
    """
    return temperature + 0.33 * relative_humidity / 100 * saturation_vapor_pressure(temperature) - 4.0


def absolute_humidity(temperature: float, relative_humidity: float) -> float:
    """Return the mass of water vapor per volume of air, in g/m³, by the equation of state of an ideal gas."""
    vapor_pressure = relative_humidity / 100 * saturation_vapor_pressure(temperature) * PASCALS_PER_HECTOPASCAL
    density = vapor_pressure / (GAS_CONSTANT_OF_WATER_VAPOR * (temperature + ZERO_CELSIUS))
    return density * GRAMS_PER_KILOGRAM


def humidity_at(relative_humidity: float, measured_temperature: float, temperature: float) -> float:
    """Return the relative humidity, in %, of the same air at another temperature; from 0 to 100.

    A hygrometer that is warmed by the board measures the relative humidity at its own temperature. The surrounding air
    has the same vapor pressure, so its relative humidity follows from its temperature.
    """
    ratio = saturation_vapor_pressure(measured_temperature) / saturation_vapor_pressure(temperature)
    return min(max(relative_humidity * ratio, 0.0), 100.0)


def sea_level_pressure(pressure: float, altitude: float, temperature: float) -> float:
    """Return the pressure reduced to mean sea level, in hPa.

    The barometric formula of the ICAO standard atmosphere (Doc 7488), from the station's temperature instead of 15 °C:
    p (1 + L h / T)^(g / (R L)), which is the widespread p (1 - L h / (T + L h))^-5.257 with the exponent unrounded. The
    column of air is assumed to be dry: in the tropics the result is about 1 hPa too high at 750 m. The temperature is
    that of the outdoor air: if it is 10 °C too high, like indoors, the result is 2 hPa too low at 500 m. It should be
    the mean of now and 12 hours ago, because the column of air hardly follows the day (Smithsonian Meteorological
    Tables; ASOS User's Guide). The altitude is in m and may be negative.
    """
    exponent = STANDARD_GRAVITY / (GAS_CONSTANT_OF_DRY_AIR * LAPSE_RATE)
    factor: float = (1 + LAPSE_RATE * altitude / (temperature + ZERO_CELSIUS)) ** exponent
    return pressure * factor


def pressure_tendency(
    samples: Iterable[tuple[float, float]],
    now: float,
    *,
    max_age: float = MAX_AGE,
    max_gap: float = MAX_GAP,
) -> float | None:
    """Return the pressure change over the 3 hours before the newest sample, in hPa (WMO's pressure tendency).

    The pressure 3 hours earlier is a sample of that time, or interpolated between two samples at most max_gap apart.

    Every sample is read, so callers should keep few: one a minute for TENDENCY_PERIOD + max_gap is enough, plus the
    newest. If the clock is set forward, the samples have a gap. If the clock is set back, later samples are ignored
    until their time comes again, and then they are mixed with newer ones, so callers should drop them.

    Args:
        samples: Pairs of the time in s and the station pressure in hPa, in any order.
        now: The current time in s. Later samples are ignored.
        max_age: The age in s up to which the newest sample counts as current.
        max_gap: The longest time in s to interpolate over.

    Returns:
        The change, or None if the newest sample is too old or the earlier pressure is unknown.
    """
    past = [sample for sample in samples if sample[0] <= now]
    if not past:
        return None
    newest, newest_pressure = max(past)
    if now - newest > max_age:
        return None
    then = newest - TENDENCY_PERIOD
    before, pressure_before = max((sample for sample in past if sample[0] <= then), default=(None, 0.0))
    if before is None:
        return None
    after, pressure_after = min(sample for sample in past if sample[0] >= then)
    if after - before > max_gap:
        return None
    share = (then - before) / (after - before) if after > before else 0.0
    return newest_pressure - (pressure_before + share * (pressure_after - pressure_before))


class Forecast(StrEnum):
    """Forecasts of the Zambretti forecaster, from A (best weather) to Z (worst)."""

    SETTLED_FINE = "settled_fine"
    FINE_WEATHER = "fine_weather"
    BECOMING_FINE = "becoming_fine"
    FINE_BECOMING_LESS_SETTLED = "fine_becoming_less_settled"
    FINE_POSSIBLE_SHOWERS = "fine_possible_showers"
    FAIRLY_FINE_IMPROVING = "fairly_fine_improving"
    FAIRLY_FINE_POSSIBLE_SHOWERS_EARLY = "fairly_fine_possible_showers_early"
    FAIRLY_FINE_SHOWERY_LATER = "fairly_fine_showery_later"
    SHOWERY_EARLY_IMPROVING = "showery_early_improving"
    CHANGEABLE_MENDING = "changeable_mending"
    FAIRLY_FINE_SHOWERS_LIKELY = "fairly_fine_showers_likely"
    RATHER_UNSETTLED_CLEARING_LATER = "rather_unsettled_clearing_later"
    UNSETTLED_PROBABLY_IMPROVING = "unsettled_probably_improving"
    SHOWERY_BRIGHT_INTERVALS = "showery_bright_intervals"
    SHOWERY_BECOMING_LESS_SETTLED = "showery_becoming_less_settled"
    CHANGEABLE_SOME_RAIN = "changeable_some_rain"
    UNSETTLED_SHORT_FINE_INTERVALS = "unsettled_short_fine_intervals"
    UNSETTLED_RAIN_LATER = "unsettled_rain_later"
    UNSETTLED_SOME_RAIN = "unsettled_some_rain"
    MOSTLY_VERY_UNSETTLED = "mostly_very_unsettled"
    OCCASIONAL_RAIN_WORSENING = "occasional_rain_worsening"
    RAIN_AT_TIMES_VERY_UNSETTLED = "rain_at_times_very_unsettled"
    RAIN_AT_FREQUENT_INTERVALS = "rain_at_frequent_intervals"
    RAIN_VERY_UNSETTLED = "rain_very_unsettled"
    STORMY_MAY_IMPROVE = "stormy_may_improve"
    STORMY_MUCH_RAIN = "stormy_much_rain"


FORECAST_OF_LETTER = dict(zip(ascii_uppercase, Forecast, strict=True))

# Letters in the forecaster's three windows, in equal steps from the lowest to the highest pressure of its scale
RISING, STEADY, FALLING = 1, 0, -1
LETTERS = {
    RISING: "ZZZYYTQMLJIGFCBBAAAAAA",
    STEADY: "ZZZZZZXXWSPNKEBBAAAAAA",
    FALLING: "ZZZZZZZZXXVUROHDBBBAAA",
}
LOWEST_PRESSURE, HIGHEST_PRESSURE = 950.0, 1050.0  # hPa, the range in the British Isles
SUMMER_CORRECTION = 0.07 * (HIGHEST_PRESSURE - LOWEST_PRESSURE)
NORTHERN_SUMMER = range(4, 10)  # April to September, according to the forecaster's instructions

# The Met Office calls a faster change "rising" or "falling", a slower one "rising slowly" or "falling slowly"
TREND_THRESHOLD = 1.6  # hPa in 3 hours


# pylint: disable-next=redefined-outer-name
def forecast(sea_level_pressure: float, tendency: float, month: int, southern_hemisphere: bool) -> Forecast:
    """Return the Zambretti forecast for the next 12 hours or so.

    The pocket forecaster of Negretti & Zambra (1915, sold from 1920) in beteljuice's formulation (2008), without the
    wind correction because the station has no anemometer. It was designed for the British Isles and is suitable for
    temperate zones. In the tropics pressure says little about the weather, and its daily tides can look like a trend.

    Args:
        sea_level_pressure: The pressure in hPa, limited to 950 to 1050.
        tendency: The pressure change over 3 hours in hPa.
        month: The month, from 1 to 12.
        southern_hemisphere: Whether the station is in the southern hemisphere.

    Raises:
        ValueError: if the month is not from 1 to 12.
    """
    if not 1 <= month <= 12:
        raise ValueError(f"Not a month: {month}")
    if tendency >= TREND_THRESHOLD:
        trend = RISING
    elif tendency <= -TREND_THRESHOLD:
        trend = FALLING
    else:
        trend = STEADY
    is_summer = (month in NORTHERN_SUMMER) != southern_hemisphere
    corrected = sea_level_pressure + (trend * SUMMER_CORRECTION if is_summer else 0)
    letters = LETTERS[trend]
    steps = (corrected - LOWEST_PRESSURE) / (HIGHEST_PRESSURE - LOWEST_PRESSURE) * len(letters)
    return FORECAST_OF_LETTER[letters[int(min(max(steps, 0), len(letters) - 1))]]
