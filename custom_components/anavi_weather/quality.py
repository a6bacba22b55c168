"""Quality control of readings at the station. A suspect reading is flagged, and neither hidden nor changed.

Sources: WMO, *Guide to Instruments and Methods of Observation* (WMO-No. 8), on quality control of automatic weather
stations; NOAA MADIS, *Meteorological Surface Quality Control Checks*. docs/quality.md has the measured false alarms.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from math import inf
from typing import NamedTuple

from . import meteorology
from .phat import ChipId, Measurement, Quantity, accuracy

type Flags = Mapping[Quantity, tuple[Check, ...]]

HOUR = 3600.0  # seconds


class Check(StrEnum):
    """A check that a reading has failed, the most telling one first."""

    STEP = "step"
    """It changed faster than air can."""
    PERSISTENCE = "persistence"
    """It does not change, not even by the noise of a chip."""
    DEW_POINT = "dew_point"
    """The dew point is above the temperature."""
    SUN = "sun"
    """The temperature rises with the light, as it does if the sun shines on the chip."""
    CHIPS = "chips"
    """The chip has differed from every other one for an hour, by more than their accuracies."""


class StepLimit(NamedTuple):
    """Largest credible change, in the quantity's unit."""

    step: float  # within a minute
    per_hour: float  # in addition


class PersistenceLimit(NamedTuple):
    """Smallest credible change, in the quantity's unit."""

    band: float
    period: float  # seconds
    saturation: float = inf  # at which air stays the same for long


# Of a minute: WMO-No. 8. Gusts change the pressure in a building by more than WMO's 0.5 hPa, so it is the limit of an
# erroneous pressure, 2 hPa. Of an hour: MADIS.
STEPS = {
    Quantity.TEMPERATURE: StepLimit(3.0, 16.0),
    Quantity.HUMIDITY: StepLimit(10.0, 50.0),
    Quantity.PRESSURE: StepLimit(2.0, 15.0),
}
STEP_SPACING = 60.0  # seconds; small steps of short intervals must not add up to a large one
# WMO's limits of an hour are for the air outdoors. Indoors it changes less, but the noise of chips remains.
PERSISTENCE = {
    Quantity.TEMPERATURE: PersistenceLimit(0.02, 12 * HOUR),
    Quantity.HUMIDITY: PersistenceLimit(0.1, 12 * HOUR, 95.0),
    Quantity.PRESSURE: PersistenceLimit(0.05, 6 * HOUR),
}
HISTORY_PERIOD = 12 * HOUR

COMPARED = (Quantity.TEMPERATURE, Quantity.HUMIDITY, Quantity.PRESSURE)  # the light depends on where the chips point
TOLERANCE = 3.0  # × the sum of two chips' typical errors
DISAGREEMENT_PERIOD = HOUR

SUNLIGHT = 25_000.0  # lx; the shade of a clear day has less
SHADE_PERIOD = 900.0  # seconds after which a board in the shade has cooled down
SUN_RISE = 3.0  # °C in direct sunlight, which are no longer those of the air
SUN_RISE_PER_HOUR = 3.0  # °C in addition
SUN_EXCESS = 2.0  # °C that a chip rises more than another


class StepCheck:
    """Check of one quantity against the last reading that passed.

    A spike is flagged alone. A change that remains is flagged until air could have made it.
    """

    def __init__(self, limit: StepLimit) -> None:
        """Initialize the check with the largest credible change."""
        self._limit = limit
        self._passed: tuple[float, ChipId, float] | None = None

    def fails(self, timestamp: float, chip: ChipId, value: float) -> bool:
        """Return whether a value is too far from the last one that passed."""
        if self._passed is None or self._passed[1] != chip or self._passed[0] > timestamp:
            self._passed = timestamp, chip, value
            return False
        passed_at, _, passed = self._passed
        elapsed = timestamp - passed_at
        if abs(value - passed) > self._limit.step + self._limit.per_hour * elapsed / HOUR:
            return True
        if elapsed >= STEP_SPACING:
            self._passed = timestamp, chip, value
        return False


class PersistenceCheck:
    """Check of one quantity for a chip that repeats itself."""

    def __init__(self, quantity: Quantity) -> None:
        """Initialize the check without a reading."""
        self._quantity = quantity
        self._limit = PERSISTENCE[quantity]
        self._run: tuple[float, ChipId, float, float] | None = None  # begin, chip, lowest, highest

    def fails(self, timestamp: float, chip: ChipId, value: float) -> bool:
        """Return whether the values have stayed within the band for the whole period.

        Chips with a coarse resolution are not checked, because they hide their noise.
        """
        limit = self._limit
        if accuracy(chip, self._quantity)[1] > limit.band or value >= limit.saturation:
            self.reset()
            return False
        begin, former, low, high = self._run or (timestamp, chip, value, value)
        low, high = min(low, value), max(high, value)
        if former != chip or begin > timestamp or round(high - low, 3) > limit.band:
            begin, low, high = timestamp, value, value
        self._run = begin, chip, low, high
        return timestamp - begin >= limit.period

    def reset(self) -> None:
        """Forget the readings: one is missing, or says nothing."""
        self._run = None


class ChipsCheck:
    """Check of one quantity of the station against all other chips."""

    def __init__(self, quantity: Quantity) -> None:
        """Initialize the check without a disagreement."""
        self._quantity = quantity
        self._since: float | None = None

    def fails(self, timestamp: float, chip: ChipId, values: Mapping[ChipId, float]) -> bool:
        """Return whether the station's chip has differed from every other one for long.

        One chip that agrees is enough, because then another one is wrong.
        """
        others = values.keys() - {chip}
        agrees = any(abs(values[chip] - values[other]) <= tolerance(chip, other, self._quantity) for other in others)
        if agrees or not others:
            self._since = None
            return False
        if self._since is None or self._since > timestamp:
            self._since = timestamp
        return timestamp - self._since >= DISAGREEMENT_PERIOD


class SunCheck:
    """Check whether the sun heats a thermometer, from the light on the board.

    The reference are the temperatures after the last quarter of an hour in the shade, so that clouds which pass by do not
    hide how much the board was heated before.
    """

    def __init__(self) -> None:
        """Initialize the check without a reference."""
        self._reference: tuple[float, Mapping[ChipId, float]] | None = None
        self._shaded_since: float | None = None
        self._is_heated = False

    def fails(self, timestamp: float, chip: ChipId, temperatures: Mapping[ChipId, float], light: float) -> bool:
        """Return whether the chip became warmer in sunlight than the air, or than another chip, can have become.

        Args:
            timestamp: The time of the reading.
            chip: The station's thermometer.
            temperatures: The temperatures of all chips, in °C.
            light: The illuminance in lx, infinite if it is above the range.
        """
        if self._reference and self._reference[0] > timestamp:
            self.reset()
        if light < SUNLIGHT:
            if self._shaded_since is None or self._shaded_since > timestamp:
                self._shaded_since = timestamp
            if self._reference is None or timestamp - self._shaded_since >= SHADE_PERIOD:
                self._reference = timestamp, temperatures
                self._is_heated = False
            return self._is_heated
        self._shaded_since = None
        self._is_heated = self._is_heated or self._has_risen(timestamp, chip, temperatures)
        return self._is_heated

    def reset(self) -> None:
        """Forget the reference, because the clock was set back."""
        self._reference = self._shaded_since = None
        self._is_heated = False

    def _has_risen(self, timestamp: float, chip: ChipId, temperatures: Mapping[ChipId, float]) -> bool:
        if self._reference is None or chip not in self._reference[1]:
            return False
        shaded_at, shaded = self._reference
        rises = {one: temperatures[one] - shaded[one] for one in temperatures if one in shaded}
        possible = SUN_RISE + SUN_RISE_PER_HOUR * (timestamp - shaded_at) / HOUR
        return rises[chip] > possible or rises[chip] - min(rises.values()) > SUN_EXCESS


class QualityControl:
    """All checks of one station, with as much memory as they need: a few numbers for each quantity."""

    def __init__(self) -> None:
        """Initialize the checks without a reading."""
        self._steps = {quantity: StepCheck(limit) for quantity, limit in STEPS.items()}
        self._persistence = {quantity: PersistenceCheck(quantity) for quantity in PERSISTENCE}
        self._chips = {quantity: ChipsCheck(quantity) for quantity in COMPARED}
        self._sun = SunCheck()

    def load(self, readings: Iterable[tuple[float, Quantity, ChipId, float]]) -> None:
        """Continue with earlier readings of the station: the time, quantity, chip and value of each."""
        measured: dict[Quantity, tuple[ChipId, float]] = {}
        for timestamp, quantity, chip, value in sorted(readings):
            measured[quantity] = chip, value
            sources = {one: source for one, (source, _) in measured.items()}
            values: dict[ChipId, dict[Quantity, float]] = {source: {} for source in sources.values()}
            for one, (source, latest) in measured.items():
                values[source][one] = latest
            self.check(timestamp, {source: Measurement(found) for source, found in values.items()}, sources)

    def check(
        self, timestamp: float, measurements: Mapping[ChipId, Measurement], sources: Mapping[Quantity, ChipId]
    ) -> Flags:
        """Return the checks that each quantity of the station has failed. One that passed them all is missing.

        Args:
            timestamp: The time of the reading, in seconds since the epoch.
            measurements: The measurements of all chips.
            sources: The chip that provides each quantity.
        """
        failed: dict[Quantity, set[Check]] = {quantity: set() for quantity in Quantity}
        for quantity in COMPARED:
            values = _values(measurements, quantity)
            if (chip := sources.get(quantity)) is None or chip not in values:
                self._persistence[quantity].reset()
                continue
            if self._steps[quantity].fails(timestamp, chip, values[chip]):
                failed[quantity].add(Check.STEP)
            if self._persistence[quantity].fails(timestamp, chip, values[chip]):
                failed[quantity].add(Check.PERSISTENCE)
            if self._chips[quantity].fails(timestamp, chip, values):
                failed[quantity].add(Check.CHIPS)
        if _dew_point_is_above_temperature(measurements, sources):
            failed[Quantity.TEMPERATURE].add(Check.DEW_POINT)
            failed[Quantity.HUMIDITY].add(Check.DEW_POINT)
        if self._is_in_the_sun(timestamp, measurements, sources):
            failed[Quantity.TEMPERATURE].add(Check.SUN)
        return {
            quantity: tuple(check for check in Check if check in checks)
            for quantity, checks in failed.items()
            if checks
        }

    def _is_in_the_sun(
        self, timestamp: float, measurements: Mapping[ChipId, Measurement], sources: Mapping[Quantity, ChipId]
    ) -> bool:
        temperatures = _values(measurements, Quantity.TEMPERATURE)
        chip, photometer = sources.get(Quantity.TEMPERATURE), sources.get(Quantity.ILLUMINANCE)
        if chip not in temperatures or photometer is None:
            return False
        light = measurements[photometer].values.get(Quantity.ILLUMINANCE, inf)
        return self._sun.fails(timestamp, chip, temperatures, light)


def tolerance(one: ChipId, other: ChipId, quantity: Quantity) -> float:
    """Return the difference of two chips that their accuracies explain, in the quantity's unit."""
    return TOLERANCE * (accuracy(one, quantity)[0] + accuracy(other, quantity)[0])


def is_checked(sources: Mapping[Quantity, ChipId]) -> bool:
    """Return whether a station has a quantity to check."""
    return any(quantity in sources for quantity in COMPARED)


def _values(measurements: Mapping[ChipId, Measurement], quantity: Quantity) -> dict[ChipId, float]:
    return {
        chip: measurement.values[quantity]
        for chip, measurement in measurements.items()
        if quantity in measurement.values
    }


def _dew_point_is_above_temperature(
    measurements: Mapping[ChipId, Measurement], sources: Mapping[Quantity, ChipId]
) -> bool:
    """Return whether the air around the hygrometer has more water than the air around the thermometer can hold."""
    hygrometer, thermometer = sources.get(Quantity.HUMIDITY), sources.get(Quantity.TEMPERATURE)
    temperatures = _values(measurements, Quantity.TEMPERATURE)
    if hygrometer not in temperatures or thermometer not in temperatures:
        return False
    humidity = measurements[hygrometer].values.get(Quantity.HUMIDITY)
    if humidity is None or (dew_point := meteorology.dew_point(temperatures[hygrometer], humidity)) is None:
        return False
    return dew_point > temperatures[thermometer] + tolerance(hygrometer, thermometer, Quantity.TEMPERATURE)
