"""Base classes of the entities of a fleet, and of its stations."""

from collections.abc import Callable, Iterable
from typing import override

from homeassistant.core import callback
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN
from .fleet_coordinator import FleetCoordinator
from .unique_ids import fleet_unique_id
from .user_station.fleet import Summary


class FleetEntity(CoordinatorEntity[FleetCoordinator]):
    """An entity of the server of a fleet."""

    _attr_has_entity_name = True

    def __init__(self, coordinator: FleetCoordinator, description: EntityDescription) -> None:
        """Initialize the entity as part of the fleet's device."""
        super().__init__(coordinator)
        self.entity_description = description
        self._attr_unique_id = fleet_unique_id(coordinator.subentry, description.key)
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, coordinator.subentry.subentry_id)},
            entry_type=DeviceEntryType.SERVICE,
            translation_key="fleet",
            translation_placeholders={"title": coordinator.subentry.title},
        )


class FleetStationEntity(CoordinatorEntity[FleetCoordinator]):
    """An entity of a station of a fleet."""

    _attr_has_entity_name = True

    def __init__(self, coordinator: FleetCoordinator, station: str, description: EntityDescription) -> None:
        """Initialize the entity as part of a device of the station."""
        super().__init__(coordinator)
        self.entity_description = description
        self._station = station
        key = fleet_unique_id(coordinator.subentry, station)
        self._attr_unique_id = f"{key}_{description.key}"
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, key)}, name=self.summary.name)

    @property
    def summary(self) -> Summary:
        """The summary of the station."""
        return self.coordinator.data.stations[self._station]

    @property
    @override
    def available(self) -> bool:
        return super().available and self._station in self.coordinator.data.stations


@callback
def async_follow_fleet(
    coordinator: FleetCoordinator,
    async_add_entities: AddConfigEntryEntitiesCallback,
    create: Callable[[str], Iterable[Entity]],
) -> None:
    """Add a platform's entities of each station when the fleet first has it."""
    added: set[str] = set()

    @callback
    def update() -> None:
        new = coordinator.data.stations.keys() - added
        added.update(new)
        entities = [entity for station in sorted(new) for entity in create(station)]
        async_add_entities(entities, config_subentry_id=coordinator.subentry.subentry_id)

    update()
    coordinator.config_entry.async_on_unload(coordinator.async_add_listener(update))
