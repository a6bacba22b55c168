"""Base classes of the entities."""

from abc import abstractmethod
from collections.abc import Callable, Iterable
from typing import override

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback, async_get_current_platform
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .code_store import CodeStore
from .const import DOMAIN
from .coordinator import AnaviWeatherConfigEntry, AnaviWeatherCoordinator
from .phat import Quantity
from .phat.board import PRODUCT
from .transceiver import Transceiver
from .unique_ids import infrared_unique_id, station_unique_id, user_station_unique_id
from .user_station.forwarder import Forwarder


def device_info(entry: AnaviWeatherConfigEntry) -> DeviceInfo:
    """Return the station's device."""
    return DeviceInfo(
        identifiers={(DOMAIN, entry.entry_id)}, manufacturer="ANAVI Technology", model=PRODUCT, name=entry.title
    )


class AnaviWeatherEntity(CoordinatorEntity[AnaviWeatherCoordinator]):
    """An entity of the remote station."""

    _attr_has_entity_name = True

    def __init__(self, coordinator: AnaviWeatherCoordinator, description: EntityDescription, key: str = "") -> None:
        """Initialize the entity.

        Args:
            coordinator: The station's coordinator.
            description: The entity's description.
            key: The key in the unique id, if it is not that of the description.
        """
        super().__init__(coordinator)
        self.entity_description = description
        self._attr_unique_id = station_unique_id(coordinator.config_entry, key or description.key)
        self._attr_device_info = device_info(coordinator.config_entry)


class QuantityEntity(AnaviWeatherEntity):
    """An entity that depends on a quantity of the station, and is available while any chip provides it."""

    def __init__(
        self, coordinator: AnaviWeatherCoordinator, description: EntityDescription, quantity: Quantity
    ) -> None:
        """Initialize the entity.

        Args:
            coordinator: The station's coordinator.
            description: The entity's description.
            quantity: The quantity that the entity depends on.
        """
        super().__init__(coordinator, description)
        self._quantity = quantity

    @property
    @override
    def available(self) -> bool:
        return super().available and self._quantity in self.coordinator.data.sources


class InfraredPairEntity(Entity):
    """An entity of the board's infrared pair."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, entry: AnaviWeatherConfigEntry, transceiver: Transceiver, key: str) -> None:
        """Initialize the entity as part of the station's device."""
        self.entry = entry
        self.transceiver = transceiver
        self._attr_unique_id = infrared_unique_id(entry, key)
        self._attr_device_info = device_info(entry)

    @property
    def codes(self) -> CodeStore:
        """The station's stored commands."""
        return self.entry.runtime_data.codes

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self.transceiver.async_subscribe_state(self.async_write_ha_state))


class ReceivingEntity(InfraredPairEntity):
    """An infrared entity that handles received messages."""

    @property
    @override
    def available(self) -> bool:
        return self.transceiver.can_receive

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self.transceiver.async_subscribe_messages(self._on_message))

    @abstractmethod
    def _on_message(self, timings: list[int]) -> None:
        """Handle a received message, in signed µs."""


class UserStationEntity(Entity):
    """An entity of a user station."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, subentry: ConfigSubentry, forwarder: Forwarder, description: EntityDescription) -> None:
        """Initialize the entity as part of the user station's device."""
        self.entity_description = description
        self.forwarder = forwarder
        self._attr_unique_id = user_station_unique_id(subentry, description.key)
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, subentry.subentry_id)},
            entry_type=DeviceEntryType.SERVICE,
            translation_key="user_station",
            translation_placeholders={"title": subentry.title},
        )

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self.forwarder.async_subscribe(self.async_write_ha_state))


@callback
def async_add_pair_entities(
    hass: HomeAssistant,
    entry: AnaviWeatherConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    *kinds: Callable[[AnaviWeatherConfigEntry, Transceiver], InfraredPairEntity],
) -> None:
    """Add each entity of the infrared pair once its device is found, or at once if the entity is already registered."""
    if (transceiver := entry.runtime_data.transceiver) is None:
        return
    domain = async_get_current_platform().domain
    registry = er.async_get(hass)
    waiting = [kind(entry, transceiver) for kind in kinds]

    @callback
    def add() -> None:
        for entity in tuple(waiting):
            if entity.available or registry.async_get_entity_id(domain, DOMAIN, entity.unique_id or ""):
                waiting.remove(entity)
                async_add_entities([entity])

    add()
    entry.async_on_unload(transceiver.async_subscribe_state(add))


@callback
def async_follow_chips(
    coordinator: AnaviWeatherCoordinator,
    async_add_entities: AddConfigEntryEntitiesCallback,
    create: Callable[[], Iterable[AnaviWeatherEntity]],
) -> None:
    """Add a platform's entities for the station's chips, and follow the changes of these without a reload.

    Entities that are created no more, because a chip was removed, are removed from the entity registry.
    """
    registry = er.async_get(coordinator.hass)
    domain = async_get_current_platform().domain
    entry_id = coordinator.config_entry.entry_id
    added: set[str | None] = set()

    @callback
    def update() -> None:
        entities = {entity.unique_id: entity for entity in create()}
        for registered in er.async_entries_for_config_entry(registry, entry_id):
            is_of_station = registered.domain == domain and not registered.config_subentry_id
            if is_of_station and registered.unique_id not in entities:
                registry.async_remove(registered.entity_id)
        async_add_entities([entity for unique_id, entity in entities.items() if unique_id not in added])
        added.clear()
        added.update(entities)

    update()
    coordinator.config_entry.async_on_unload(coordinator.async_subscribe_chips(update))
