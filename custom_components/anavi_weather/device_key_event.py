"""Events of the keys of each remote control."""

from typing import override

from homeassistant.components.event import DOMAIN as EVENT_DOMAIN, EventEntity
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN
from .coordinator import AnaviWeatherConfigEntry, RemoteStation
from .infrared_devices import Kind, device_identifiers, infrared_devices, kind, stored_name
from .received_keys import KeyReceiver, ReceivedKey
from .unique_ids import device_unique_id

EVENT_PRESSED = "pressed"
EVENT_HELD = "held"


class DeviceKeyEvent(EventEntity):
    """The event that a key of one remote control was pressed, or that it is held. The type of the event is the key.

    So an automation can choose the key from a list, with Home Assistant's own trigger for events.
    """

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(
        self, station: RemoteStation, keys: KeyReceiver, subentry: ConfigSubentry, *, held: bool = False
    ) -> None:
        """Initialize the event before the first key."""
        key = f"key_{EVENT_HELD if held else EVENT_PRESSED}"
        self._station = station
        self._keys = keys
        self._subentry = subentry
        self._held = held
        if held:
            # Targets such as the device do not include it: a trigger for the device would fire for each repetition too
            self._attr_entity_category = EntityCategory.DIAGNOSTIC
        self._attr_translation_key = key
        self._attr_unique_id = device_unique_id(subentry, key)
        self._attr_device_info = DeviceInfo(identifiers=device_identifiers(subentry))
        self._attr_event_types = list(station.devices.commands(subentry))

    @property
    @override
    def available(self) -> bool:
        return self._keys.transceiver.can_receive

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._keys.async_subscribe(self._on_key))
        self.async_on_remove(self._station.devices.async_subscribe(self._follow_commands))
        self.async_on_remove(self._keys.transceiver.async_subscribe_state(self.async_write_ha_state))

    @callback
    def _on_key(self, received: ReceivedKey) -> None:
        if received.is_for_learning or bool(received.key.repeats) is not self._held:
            return
        device = stored_name(self._subentry)
        name = next((match.name for match in received.matches if match.device == device), None)
        if name in self.event_types:
            self._trigger_event(name, {"repeats": received.key.repeats} if self._held else None)
            self.async_write_ha_state()

    @callback
    def _follow_commands(self) -> None:
        event_types = list(self._station.devices.commands(self._subentry))
        if event_types != self.event_types:
            self._attr_event_types = event_types
            self.async_write_ha_state()


@callback
def async_add_device_key_events(
    hass: HomeAssistant,
    entry: AnaviWeatherConfigEntry,
    keys: KeyReceiver,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the events of each remote control, and follow those that are added or become another kind of device."""
    station = entry.runtime_data
    registry = er.async_get(hass)
    added: set[str] = set()

    @callback
    def follow() -> None:
        for subentry in infrared_devices(entry):
            events = [DeviceKeyEvent(station, keys, subentry, held=held) for held in (False, True)]
            if kind(subentry) is not Kind.REMOTE_CONTROL:
                added.discard(subentry.subentry_id)
                for event in events:
                    if entity_id := registry.async_get_entity_id(EVENT_DOMAIN, DOMAIN, event.unique_id or ""):
                        registry.async_remove(entity_id)
            elif subentry.subentry_id not in added:
                added.add(subentry.subentry_id)
                async_add_entities(events, config_subentry_id=subentry.subentry_id)

    follow()
    entry.async_on_unload(station.devices.async_subscribe(follow))
