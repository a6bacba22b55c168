"""Event entity for the keys of remote controls."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import override

from homeassistant.components.event import EventEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .common_keys import shown_key
from .coordinator import AnaviWeatherConfigEntry
from .device_key_event import EVENT_HELD, EVENT_PRESSED, async_add_device_key_events
from .entity import InfraredPairEntity, async_add_pair_entities
from .received_keys import KeyReceiver, ReceivedKey
from .transceiver import Transceiver

PARALLEL_UPDATES = 0

UNKNOWN_KEY = "unknown"

type Codes = Mapping[str, Mapping[str, Sequence[str]]]
"""Device → command → texts of its codes."""


async def async_setup_entry(
    hass: HomeAssistant, entry: AnaviWeatherConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the key event."""
    if keys := entry.runtime_data.keys:
        async_add_pair_entities(hass, entry, async_add_entities, partial(AnaviWeatherKeyEvent, keys))
        if entry.runtime_data.codes.error is None:
            async_add_device_key_events(hass, entry, keys, async_add_entities)


class AnaviWeatherKeyEvent(InfraredPairEntity, EventEntity):
    """The event that a key was pressed or is held."""

    _attr_translation_key = "key"

    def __init__(self, keys: KeyReceiver, entry: AnaviWeatherConfigEntry, transceiver: Transceiver) -> None:
        """Initialize the event before the first key."""
        super().__init__(entry, transceiver, "key")
        self._attr_event_types = [EVENT_PRESSED, EVENT_HELD]
        self._keys = keys

    @property
    @override
    def available(self) -> bool:
        return self.transceiver.can_receive

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._keys.async_subscribe(self._on_key))

    @callback
    def _on_key(self, received: ReceivedKey) -> None:
        if received.is_for_learning:
            return
        repeats = received.key.repeats
        more = {"repeats": repeats} if repeats else {}
        self._trigger_event(EVENT_HELD if repeats else EVENT_PRESSED, {**_describe(received, self.codes.codes), **more})
        self.async_write_ha_state()


def _describe(received: ReceivedKey, codes: Codes) -> dict[str, str | int | list[str] | None]:
    """Return the attributes of a key. `device` and `name` are those of the first device. `key` is shown in the user's language."""
    decoded, match = received.key.decoded, received.match
    return {
        "protocol": decoded.protocol if decoded else None,
        "address": decoded.address if decoded else None,
        "command": decoded.command if decoded else None,
        "code": decoded.text if decoded else None,
        "device": match.device if match else None,
        "devices": [found.device for found in received.matches],
        "name": match.name if match else None,
        "key": shown_key(match.name, codes.get(match.device, ())) if match else UNKNOWN_KEY,
        "fingerprint": received.fingerprint,
    }
