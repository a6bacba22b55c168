"""Sensors of the stations of a fleet: their newest readings.

Their translation keys differ from those of a station's own sensors, because documents identify readings by these.
"""

from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription, SensorStateClass
from homeassistant.const import (
    ATTR_LATITUDE,
    ATTR_LONGITUDE,
    LIGHT_LUX,
    PERCENTAGE,
    EntityCategory,
    UnitOfPressure,
    UnitOfTemperature,
)
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .fleet_coordinator import FleetCoordinator
from .fleet_entity import FleetStationEntity, async_follow_fleet

ATTR_ELEVATION = "elevation"

READINGS = (
    SensorEntityDescription(
        key="temperature",
        translation_key="fleet_temperature",
        device_class=SensorDeviceClass.TEMPERATURE,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
    ),
    SensorEntityDescription(
        key="humidity",
        translation_key="fleet_humidity",
        device_class=SensorDeviceClass.HUMIDITY,
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
    ),
    SensorEntityDescription(
        key="sea_level_pressure",
        translation_key="fleet_sea_level_pressure",
        device_class=SensorDeviceClass.ATMOSPHERIC_PRESSURE,
        native_unit_of_measurement=UnitOfPressure.HPA,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
    ),
    SensorEntityDescription(
        key="illuminance",
        translation_key="fleet_illuminance",
        device_class=SensorDeviceClass.ILLUMINANCE,
        native_unit_of_measurement=LIGHT_LUX,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
    ),
    SensorEntityDescription(
        key="pressure_tendency",
        translation_key="fleet_pressure_tendency",
        device_class=SensorDeviceClass.ATMOSPHERIC_PRESSURE,
        native_unit_of_measurement=UnitOfPressure.HPA,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
    ),
)

LAST_SEEN = SensorEntityDescription(
    key="last_seen",
    translation_key="fleet_last_seen",
    device_class=SensorDeviceClass.TIMESTAMP,
    entity_category=EntityCategory.DIAGNOSTIC,
)


def add_fleet_sensors(coordinator: FleetCoordinator, async_add_entities: AddConfigEntryEntitiesCallback) -> None:
    """Add the sensors of the stations of a fleet once they are known."""
    async_follow_fleet(
        coordinator,
        async_add_entities,
        lambda station: [
            *(FleetReadingSensor(coordinator, station, description) for description in READINGS),
            FleetLastSeenSensor(coordinator, station, LAST_SEEN),
        ],
    )


class FleetReadingSensor(FleetStationEntity, SensorEntity):
    """A sensor of the newest reading of a station."""

    @property
    @override
    def native_value(self) -> float | None:
        return self.summary.readings.get(self.entity_description.key)


class FleetLastSeenSensor(FleetStationEntity, SensorEntity):
    """A sensor of the time of a station's newest state, which shows the station on maps if it sends its location."""

    _unrecorded_attributes = frozenset({ATTR_LATITUDE, ATTR_LONGITUDE, ATTR_ELEVATION})

    @property
    @override
    def native_value(self) -> datetime:
        return self.summary.last_seen

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        if not self.available or self.summary.location is None:
            return {}
        latitude, longitude = self.summary.location
        return {ATTR_LATITUDE: latitude, ATTR_LONGITUDE: longitude, ATTR_ELEVATION: self.summary.elevation}
