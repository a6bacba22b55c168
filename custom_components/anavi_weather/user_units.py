"""Conversion of options between the unit in which they are stored and the user's unit."""

from dataclasses import dataclass

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import UnitOfLength, UnitOfTemperature
from homeassistant.core import HomeAssistant
from homeassistant.util.unit_conversion import BaseUnitConverter, DistanceConverter, TemperatureDeltaConverter

STORED_DECIMALS = 6  # removes the noise of a conversion


@dataclass(frozen=True, slots=True)
class UserUnit:
    """The unit in which a number is stored, and the one in which users see it and enter it."""

    converter: type[BaseUnitConverter]
    stored: str
    shown: str
    decimals: int
    """Decimals that are shown."""

    def show(self, value: float) -> float:
        """Return a stored number in the user's unit."""
        return round(self.converter.convert(value, self.stored, self.shown), self.decimals)

    def store(self, entered: float, current: float | None) -> float:
        """Return the number to store. The current one stays exactly as it is unless the user changed it."""
        if current is not None and entered == self.show(current):
            return current
        return round(self.converter.convert(entered, self.shown, self.stored), STORED_DECIMALS)


def altitude_unit(hass: HomeAssistant) -> UserUnit:
    """Return the unit of an altitude: m or ft."""
    shown = hass.config.units.get_converted_unit(SensorDeviceClass.DISTANCE, UnitOfLength.METERS)
    return UserUnit(DistanceConverter, UnitOfLength.METERS, shown or UnitOfLength.METERS, 0)


def temperature_offset_unit(hass: HomeAssistant) -> UserUnit:
    """Return the unit of a difference between temperatures: °C or °F, where 1 °C is 1.8 °F."""
    return UserUnit(TemperatureDeltaConverter, UnitOfTemperature.CELSIUS, hass.config.units.temperature_unit, 1)
