"""Binary sensors for light above the range, connections to user stations, and the alerts of fleets."""

from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AnaviWeatherConfigEntry
from .entity import AnaviWeatherEntity, QuantityEntity, UserStationEntity, async_follow_chips
from .fleet_binary_sensor import add_fleet_binary_sensors
from .forwarding import loaded_user_stations
from .phat import Quantity
from .roles import best_chip

PARALLEL_UPDATES = 0

ABOVE_RANGE = BinarySensorEntityDescription(
    key="illuminance_above_range",
    translation_key="illuminance_above_range",
    device_class=BinarySensorDeviceClass.PROBLEM,
    entity_category=EntityCategory.DIAGNOSTIC,
)

CONNECTED = BinarySensorEntityDescription(
    key="connected",
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
    entity_category=EntityCategory.DIAGNOSTIC,
)


async def async_setup_entry(
    hass: HomeAssistant, entry: AnaviWeatherConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the above-range sensor, a connectivity sensor for each user station, and the alerts of each fleet."""
    coordinator = entry.runtime_data.coordinator

    def create() -> list[AnaviWeatherEntity]:
        has_photometer = best_chip(coordinator.chips, Quantity.ILLUMINANCE)
        return [AboveRangeBinarySensor(coordinator, ABOVE_RANGE, Quantity.ILLUMINANCE)] if has_photometer else []

    async_follow_chips(coordinator, async_add_entities, create)
    for fleet in entry.runtime_data.fleets.values():
        add_fleet_binary_sensors(fleet, async_add_entities)
    for subentry, forwarder in loaded_user_stations(entry):
        async_add_entities(
            [ConnectedBinarySensor(subentry, forwarder, CONNECTED)], config_subentry_id=subentry.subentry_id
        )


class AboveRangeBinarySensor(QuantityEntity, BinarySensorEntity):
    """A sensor that is on while the light is too bright to measure, so that the illuminance is unknown."""

    @property
    @override
    def is_on(self) -> bool:
        return self.coordinator.data.value(self._quantity) is None


class ConnectedBinarySensor(UserStationEntity, BinarySensorEntity):
    """A sensor that is on while the user station stores states."""

    @property
    @override
    def is_on(self) -> bool | None:
        return self.forwarder.status.connected
