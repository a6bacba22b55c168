"""Corrections that the user determined by comparison: offsets of temperature, humidity and pressure, a factor of light."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from homeassistant.util import dt as dt_util

from . import meteorology
from .const import CONF_CALIBRATED, CONF_CALIBRATED_BEFORE, CONF_CORRECTIONS, CONF_TEMPERATURE_OFFSET
from .phat import ChipId, Measurement, Quantity
from .roles import value

EARLIER_CHANGES = timedelta(days=1)  # longer than the recorded readings that a station continues from


@dataclass(frozen=True, slots=True)
class Target:
    """What a correction applies to: a quantity of all chips, or of one chip in addition."""

    quantity: Quantity
    chip: ChipId | None = None

    @property
    def key(self) -> str:
        """The key in the entry's options."""
        return f"{self.quantity} {self.chip}" if self.chip else self.quantity.value

    @property
    def is_factor(self) -> bool:
        """Whether the correction is a factor, because light is measured over several orders of magnitude."""
        return self.quantity is Quantity.ILLUMINANCE

    @property
    def neutral(self) -> float:
        """The correction that changes nothing."""
        return 1.0 if self.is_factor else 0.0


STATION_TEMPERATURE = Target(Quantity.TEMPERATURE)


class Calibration:
    """The corrections in an entry's options."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        """Initialize the calibration from an entry's options."""
        self._options = options

    def correction(self, target: Target) -> float:
        """Return a correction."""
        if target == STATION_TEMPERATURE:
            return float(self._options.get(CONF_TEMPERATURE_OFFSET, target.neutral))
        return float(self._options.get(CONF_CORRECTIONS, {}).get(target.key, target.neutral))

    def changed_at(self, target: Target) -> datetime | None:
        """Return when a correction was changed, or None if it never was or that is unknown."""
        at = self._options.get(CONF_CALIBRATED, {}).get(target.key)
        return dt_util.parse_datetime(at) if at else None

    def last_change(self, *quantities: Quantity) -> datetime | None:
        """Return when a correction of these quantities was changed last, of all chips or of one, or None."""
        return max(self._times(CONF_CALIBRATED, *quantities), default=None)

    def changes(self, quantity: Quantity) -> list[datetime]:
        """Return when corrections of a quantity were changed, of all chips or of one: all of the last day, and the last."""
        return self._times(CONF_CALIBRATED, quantity) + self._times(CONF_CALIBRATED_BEFORE, quantity)

    def _times(self, option: str, *quantities: Quantity) -> list[datetime]:
        """Return the times of these quantities in an option, which has one or several for each target."""
        return [
            dt_util.parse_datetime(at, raise_on_error=True)
            for key, times in self._options.get(option, {}).items()
            if key.split(" ")[0] in quantities
            for at in ([times] if isinstance(times, str) else times)
        ]

    def changed(self, target: Target, correction: float) -> dict[str, Any]:
        """Return the options with another correction, and the current time as its date."""
        options = dict(self._options)
        corrections = dict(options.get(CONF_CORRECTIONS, {}))
        if target == STATION_TEMPERATURE:
            options[CONF_TEMPERATURE_OFFSET] = correction
        elif correction == target.neutral:
            corrections.pop(target.key, None)
        else:
            corrections[target.key] = correction
        # A removed correction has its date too: the history before has a different scale
        calibrated = {**options.get(CONF_CALIBRATED, {}), target.key: dt_util.utcnow().isoformat()}
        options.pop(CONF_CALIBRATED_BEFORE, None)
        if earlier := self._earlier_changes(target):
            options[CONF_CALIBRATED_BEFORE] = earlier
        return {**options, CONF_CORRECTIONS: corrections, CONF_CALIBRATED: calibrated}

    def _earlier_changes(self, target: Target) -> dict[str, list[str]]:
        """Return the recent changes of each target before its last one, of which this target has another now."""
        changes = {key: list(times) for key, times in self._options.get(CONF_CALIBRATED_BEFORE, {}).items()}
        if last := self._options.get(CONF_CALIBRATED, {}).get(target.key):
            changes.setdefault(target.key, []).append(last)
        start = dt_util.utcnow() - EARLIER_CHANGES
        recent = {
            key: [at for at in times if dt_util.parse_datetime(at, raise_on_error=True) > start]
            for key, times in changes.items()
        }
        return {key: times for key, times in recent.items() if times}

    def correct(
        self, measurements: Mapping[ChipId, Measurement], sources: Mapping[Quantity, ChipId]
    ) -> dict[ChipId, Measurement]:
        """Return corrected measurements.

        Humidity follows the correction of the temperature, because the air stays the same. A hygrometer whose own
        thermometer fails has the station's temperature.
        """
        station = value(measurements, sources, Quantity.TEMPERATURE)
        return {
            chip: Measurement(
                self._correct_values(chip, measurement.values, station, sources.get(Quantity.TEMPERATURE, chip)),
                measurement.above_range,
            )
            for chip, measurement in measurements.items()
        }

    def _correct_values(
        self, chip: ChipId, measured: Mapping[Quantity, float], station: float | None, thermometer: ChipId
    ) -> dict[Quantity, float]:
        values = dict(measured)
        if Quantity.TEMPERATURE in values:
            thermometer, station = chip, values[Quantity.TEMPERATURE]
        offset = self._total(Quantity.TEMPERATURE, thermometer)
        if Quantity.TEMPERATURE in values:
            values[Quantity.TEMPERATURE] += offset
        if Quantity.HUMIDITY in values:
            humidity = values[Quantity.HUMIDITY]
            if station is not None:
                humidity = meteorology.humidity_at(humidity, station, station + offset)
            values[Quantity.HUMIDITY] = min(max(humidity + self._total(Quantity.HUMIDITY, chip), 0.0), 100.0)
        if Quantity.PRESSURE in values:
            values[Quantity.PRESSURE] += self._total(Quantity.PRESSURE, chip)
        if Quantity.ILLUMINANCE in values:
            values[Quantity.ILLUMINANCE] *= self._total(Quantity.ILLUMINANCE, chip)
        return values

    def _total(self, quantity: Quantity, chip: ChipId) -> float:
        """Return the station's and the chip's correction together."""
        station, own = Target(quantity), Target(quantity, chip)
        if station.is_factor:
            return self.correction(station) * self.correction(own)
        return self.correction(station) + self.correction(own)
