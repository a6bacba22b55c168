"""Conversion of numbers between the unit in which they are stored and the user's unit."""

from dataclasses import dataclass

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import LIGHT_LUX, PERCENTAGE, UnitOfLength, UnitOfPressure, UnitOfTemperature
from homeassistant.core import HomeAssistant
from homeassistant.util.unit_conversion import (
    BaseUnitConverter,
    DistanceConverter,
    PressureConverter,
    TemperatureConverter,
    TemperatureDeltaConverter,
    UnitlessRatioConverter,
)

from .phat import Quantity
from .pressure_unit import precision_in

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


@dataclass(frozen=True, slots=True)
class QuantityUnit:
    """The unit of a quantity's readings, and how its corrections convert."""

    native: str
    converter: type[BaseUnitConverter]
    offset_converter: type[BaseUnitConverter]
    decimals: int
    """Decimals of a correction."""

    def to_native(self, number: float, unit: str | None) -> float:
        """Return a reading in the native unit.

        Raises:
            HomeAssistantError: if the unit has another dimension.
        """
        return self.converter.convert(number, unit, self.native)


QUANTITY_UNITS = {
    Quantity.TEMPERATURE: QuantityUnit(
        UnitOfTemperature.CELSIUS, TemperatureConverter, TemperatureDeltaConverter, decimals=1
    ),
    Quantity.HUMIDITY: QuantityUnit(PERCENTAGE, UnitlessRatioConverter, UnitlessRatioConverter, decimals=1),
    Quantity.PRESSURE: QuantityUnit(UnitOfPressure.HPA, PressureConverter, PressureConverter, decimals=2),
    # Home Assistant has no other unit of illuminance, so that every converter accepts this one only
    Quantity.ILLUMINANCE: QuantityUnit(LIGHT_LUX, UnitlessRatioConverter, UnitlessRatioConverter, decimals=0),
}


def reading_unit(quantity: Quantity, shown: str) -> UserUnit:
    """Return the unit in which a quantity is shown."""
    unit = QUANTITY_UNITS[quantity]
    return UserUnit(unit.converter, unit.native, shown, _decimals(unit, shown))


def correction_unit(quantity: Quantity, shown: str) -> UserUnit:
    """Return the unit of a quantity's offset, or of the factor, which has none."""
    unit = QUANTITY_UNITS[quantity]
    if quantity is Quantity.ILLUMINANCE:
        return UserUnit(unit.offset_converter, "", "", 3)
    return UserUnit(unit.offset_converter, unit.native, shown, _decimals(unit, shown))


def _decimals(unit: QuantityUnit, shown: str) -> int:
    return precision_in(shown, unit.decimals) if unit.converter is PressureConverter else unit.decimals
