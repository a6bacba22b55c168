"""Sensors for readings, values derived from them, and forwarding."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription, SensorStateClass
from homeassistant.const import (
    LIGHT_LUX,
    PERCENTAGE,
    EntityCategory,
    UnitOfDensity,
    UnitOfPressure,
    UnitOfTemperature,
    UnitOfTime,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from . import meteorology
from .const import ATTR_CHIP
from .coordinator import AnaviWeatherConfigEntry, AnaviWeatherCoordinator, Climate, StationData
from .entity import AnaviWeatherEntity, QuantityEntity, async_follow_chips
from .fleet_sensor import add_fleet_sensors
from .forwarding import loaded_user_stations
from .phat import ChipId, Measurement, Quantity, quantities
from .pressure_unit import async_follow_pressure_unit, async_pressure_unit, async_replace_default_unit, precision_in
from .quality import Check
from .quality_sensor import QUALITY, QualitySensor, flag_attributes
from .unique_ids import chip_sensor_key, station_unique_id
from .user_station_sensor import USER_STATION_SENSORS, UserStationSensor

PARALLEL_UPDATES = 0

MAIN_SENSORS: dict[Quantity, SensorEntityDescription] = {
    Quantity.TEMPERATURE: SensorEntityDescription(
        key="temperature",
        device_class=SensorDeviceClass.TEMPERATURE,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
    ),
    Quantity.HUMIDITY: SensorEntityDescription(
        key="humidity",
        device_class=SensorDeviceClass.HUMIDITY,
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
    ),
    Quantity.PRESSURE: SensorEntityDescription(
        key="pressure",
        device_class=SensorDeviceClass.ATMOSPHERIC_PRESSURE,
        native_unit_of_measurement=UnitOfPressure.HPA,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
    ),
    Quantity.ILLUMINANCE: SensorEntityDescription(
        key="illuminance",
        device_class=SensorDeviceClass.ILLUMINANCE,
        native_unit_of_measurement=LIGHT_LUX,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
    ),
}


@dataclass(frozen=True, kw_only=True)
class ClimateSensorEntityDescription(SensorEntityDescription):
    """Description of a sensor derived from temperature and humidity."""

    value_fn: Callable[[Climate], float | None]


CLIMATE_SENSORS = (
    ClimateSensorEntityDescription(
        key="dew_point",
        translation_key="dew_point",
        device_class=SensorDeviceClass.TEMPERATURE,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        value_fn=lambda air: meteorology.dew_point(air.temperature, air.humidity),
    ),
    ClimateSensorEntityDescription(
        key="absolute_humidity",
        translation_key="absolute_humidity",
        device_class=SensorDeviceClass.ABSOLUTE_HUMIDITY,
        native_unit_of_measurement=UnitOfDensity.GRAMS_PER_CUBIC_METER,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        entity_registry_enabled_default=False,
        value_fn=lambda air: meteorology.absolute_humidity(air.temperature, air.humidity),
    ),
    ClimateSensorEntityDescription(
        key="feels_like",
        translation_key="feels_like",
        device_class=SensorDeviceClass.TEMPERATURE,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        value_fn=lambda air: meteorology.apparent_temperature(air.temperature, air.humidity),
    ),
    ClimateSensorEntityDescription(
        key="frost_point",
        translation_key="frost_point",
        device_class=SensorDeviceClass.TEMPERATURE,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        entity_registry_enabled_default=False,
        value_fn=lambda air: meteorology.frost_point(air.temperature, air.humidity),
    ),
    ClimateSensorEntityDescription(
        key="wet_bulb",
        translation_key="wet_bulb",
        device_class=SensorDeviceClass.TEMPERATURE,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        entity_registry_enabled_default=False,
        value_fn=lambda air: meteorology.wet_bulb_temperature(air.temperature, air.humidity, air.pressure),
    ),
)


@dataclass(frozen=True, kw_only=True)
class StationSensorEntityDescription(SensorEntityDescription):
    """Description of a sensor of the station as a whole."""

    value_fn: Callable[[StationData], StateType]


PRESSURE_SENSORS = (
    StationSensorEntityDescription(
        key="sea_level_pressure",
        translation_key="sea_level_pressure",
        device_class=SensorDeviceClass.ATMOSPHERIC_PRESSURE,
        native_unit_of_measurement=UnitOfPressure.HPA,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        value_fn=lambda data: data.sea_level_pressure,
    ),
    StationSensorEntityDescription(
        key="forecast",
        translation_key="forecast",
        device_class=SensorDeviceClass.ENUM,
        options=list(meteorology.Forecast),
        value_fn=lambda data: data.forecast,
    ),
)

RAIN_PROBABILITY = StationSensorEntityDescription(
    key="rain_probability",
    translation_key="rain_probability",
    native_unit_of_measurement=PERCENTAGE,
    state_class=SensorStateClass.MEASUREMENT,
    suggested_display_precision=0,
    value_fn=lambda data: None if data.rain_probability is None else round(100 * data.rain_probability),
)
RAIN_ACCURACY = SensorEntityDescription(
    key="rain_accuracy",
    translation_key="rain_accuracy",
    native_unit_of_measurement=PERCENTAGE,
    entity_category=EntityCategory.DIAGNOSTIC,
    suggested_display_precision=1,
)
PRESSURE_TENDENCY = StationSensorEntityDescription(
    key="pressure_tendency",
    translation_key="pressure_tendency",
    device_class=SensorDeviceClass.PRESSURE,
    native_unit_of_measurement=UnitOfPressure.HPA,
    state_class=SensorStateClass.MEASUREMENT,
    value_fn=lambda data: data.pressure_tendency,
)
ATTR_NEVER_RAIN, ATTR_SKILL, ATTR_HOURS = "never_rain", "skill", "hours"
TENDENCY_DECIMALS = 1  # in hPa
STEADY_BELOW = 0.5  # hPa in 3 hours

DIAGNOSTIC_SENSORS = (
    StationSensorEntityDescription(
        key="read_time",
        translation_key="read_time",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.MILLISECONDS,
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        suggested_display_precision=0,
        value_fn=lambda data: data.reading.duration * 1000,
    ),
    StationSensorEntityDescription(
        key="errors",
        translation_key="errors",
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda data: data.errors,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: AnaviWeatherConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the sensors of the station's chips and of its user stations."""
    coordinator = entry.runtime_data.coordinator
    async_follow_chips(coordinator, async_add_entities, partial(_station_sensors, coordinator))
    for fleet in entry.runtime_data.fleets.values():
        add_fleet_sensors(fleet, async_add_entities)
    for subentry, forwarder in loaded_user_stations(entry):
        async_add_entities(
            [UserStationSensor(subentry, forwarder, description) for description in USER_STATION_SENSORS],
            config_subentry_id=subentry.subentry_id,
        )


def _station_sensors(coordinator: AnaviWeatherCoordinator) -> Iterator[AnaviWeatherEntity]:
    """Yield the sensors of a station with its present chips."""
    measured = {quantity for chip in coordinator.chips for quantity in quantities(chip)}
    for quantity in Quantity:
        if quantity in measured:
            yield MainSensor(coordinator, MAIN_SENSORS[quantity], quantity)
    if Quantity.HUMIDITY in measured:
        for climate in CLIMATE_SENSORS:
            yield ClimateSensor(coordinator, climate, Quantity.HUMIDITY)
    if Quantity.PRESSURE in measured:
        for derived in PRESSURE_SENSORS:
            yield PressureSensor(coordinator, derived, Quantity.PRESSURE)
        yield PressureTendencySensor(coordinator)
    if measured >= {Quantity.PRESSURE, Quantity.HUMIDITY}:
        yield PressureSensor(coordinator, RAIN_PROBABILITY, Quantity.PRESSURE)
        if coordinator.rain.is_verified:
            yield RainAccuracySensor(coordinator, RAIN_ACCURACY)
    for diagnostic in DIAGNOSTIC_SENSORS:
        yield StationSensor(coordinator, diagnostic)
    yield QualitySensor(coordinator, QUALITY)
    for chip in coordinator.chips:
        for quantity in quantities(chip):
            yield ChipSensor(coordinator, chip, quantity)


class MainSensor(QuantityEntity, SensorEntity):
    """A quantity of the station, whichever chip provides it."""

    @property
    @override
    def native_value(self) -> float | None:
        """Return the value, or None above the range."""
        return _rounded(self.coordinator.data.value(self._quantity))

    @property
    @override
    def extra_state_attributes(self) -> dict[str, str | list[Check]]:
        """Return the chip in use, which the histories need when they are loaded, and the failed checks."""
        data = self.coordinator.data
        return {ATTR_CHIP: str(data.sources[self._quantity]), **flag_attributes(data, self._quantity)}


class ChipSensor(AnaviWeatherEntity, SensorEntity):
    """A chip's own reading of a quantity."""

    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_entity_registry_enabled_default = False

    def __init__(self, coordinator: AnaviWeatherCoordinator, chip: ChipId, quantity: Quantity) -> None:
        """Initialize the sensor of a chip."""
        super().__init__(coordinator, MAIN_SENSORS[quantity], chip_sensor_key(chip, quantity))
        self._chip = chip
        self._quantity = quantity
        kinds = Counter(other.kind for other in coordinator.chips)
        self._attr_translation_key = f"chip_{quantity}"
        self._attr_translation_placeholders = {"chip": str(chip) if kinds[chip.kind] > 1 else chip.kind}

    @property
    @override
    def available(self) -> bool:
        if not super().available or (measurement := self._measurement) is None:
            return False
        return self._quantity in measurement.values or self._quantity in measurement.above_range

    @property
    @override
    def native_value(self) -> float | None:
        """Return the value, or None above the range."""
        return _rounded(self._measurement.values.get(self._quantity) if self._measurement else None)

    @property
    def _measurement(self) -> Measurement | None:
        return self.coordinator.data.measurements.get(self._chip)


class ClimateSensor(QuantityEntity, SensorEntity):
    """A value derived from temperature and humidity."""

    entity_description: ClimateSensorEntityDescription

    @property
    @override
    def native_value(self) -> float | None:
        air = self.coordinator.data.climate
        return _rounded(self.entity_description.value_fn(air)) if air else None

    @property
    @override
    def extra_state_attributes(self) -> dict[str, list[Check]]:
        return flag_attributes(self.coordinator.data, Quantity.TEMPERATURE, Quantity.HUMIDITY)


class StationSensor(AnaviWeatherEntity, SensorEntity):
    """A sensor of the station as a whole."""

    entity_description: StationSensorEntityDescription

    @property
    @override
    def native_value(self) -> StateType:
        value = self.entity_description.value_fn(self.coordinator.data)
        return _rounded(value) if isinstance(value, float) else value


class PressureSensor(QuantityEntity, StationSensor):
    """A value derived from the pressure."""

    @property
    @override
    def extra_state_attributes(self) -> dict[str, list[Check]]:
        return flag_attributes(self.coordinator.data, Quantity.PRESSURE)


class RainAccuracySensor(AnaviWeatherEntity, SensorEntity):
    """How often the station was right about rain here, compared with "never rain"."""

    @property
    @override
    def native_value(self) -> float | None:
        return _percentage(self.coordinator.rain.verification.accuracy)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, float | None]:
        """Return what "never rain" would have been, the Brier skill score, and the hours that were verified."""
        verification = self.coordinator.rain.verification
        return {
            ATTR_NEVER_RAIN: _percentage(verification.never_rain_accuracy),
            ATTR_SKILL: _rounded(verification.skill),
            ATTR_HOURS: verification.hours,
        }


class PressureTendencySensor(PressureSensor):
    """The pressure tendency, in the unit of the station's pressure.

    In US units, Home Assistant would show the device class in psi. The device class of the air pressure itself would be
    shown in inHg, but areas and voice assistants would take the tendency for the air pressure.
    """

    def __init__(self, coordinator: AnaviWeatherCoordinator) -> None:
        """Initialize the sensor."""
        super().__init__(coordinator, PRESSURE_TENDENCY, Quantity.PRESSURE)
        self._pressure_unique_id = station_unique_id(coordinator.config_entry, Quantity.PRESSURE)
        async_replace_default_unit(coordinator.hass, self.unique_id or "", self._pressure_unique_id)

    @property
    @override
    def icon(self) -> str | None:
        """Return the icon of a change. The ranges of icon translations would compare hPa with numbers in any unit."""
        tendency = self.coordinator.data.pressure_tendency or 0.0
        if abs(tendency) < STEADY_BELOW:
            return None
        return "mdi:trending-up" if tendency > 0 else "mdi:trending-down"

    @property
    @override
    def suggested_unit_of_measurement(self) -> str | None:
        return async_pressure_unit(self.hass, self._pressure_unique_id)

    @property
    @override
    def suggested_display_precision(self) -> int:
        return precision_in(self.suggested_unit_of_measurement, TENDENCY_DECIMALS)

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(async_follow_pressure_unit(self.hass, self.entity_id, self._pressure_unique_id))


def _percentage(part: float | None) -> float | None:
    return None if part is None else round(100 * part, 1)


def _rounded(value: float | None) -> float | None:
    """Return a value rounded to the chips' resolution. More decimals would fill the recorder with noise."""
    return None if value is None else round(value, 2)
