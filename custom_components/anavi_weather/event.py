"""Event entity for the keys of remote controls."""

from typing import override

from homeassistant.components.event import EventEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AnaviWeatherConfigEntry
from .entity import ReceivingEntity, async_add_pair_entities
from .key_tracker import KeyTracker, PressedKey
from .transceiver import Transceiver

PARALLEL_UPDATES = 0

EVENT_PRESSED = "pressed"
EVENT_HELD = "held"


async def async_setup_entry(
    hass: HomeAssistant, entry: AnaviWeatherConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the key event."""
    async_add_pair_entities(hass, entry, async_add_entities, AnaviWeatherKeyEvent)


class AnaviWeatherKeyEvent(ReceivingEntity, EventEntity):
    """The event that a key was pressed or is held."""

    _attr_translation_key = "key"

    def __init__(self, entry: AnaviWeatherConfigEntry, transceiver: Transceiver) -> None:
        """Initialize the event before the first key."""
        super().__init__(entry, transceiver, "key")
        self._attr_event_types = [EVENT_PRESSED, EVENT_HELD]
        self._tracker = KeyTracker()
        self._attributes: dict[str, str | int | None] = {}

    @callback
    @override
    def _on_message(self, timings: list[int]) -> None:
        key = self._tracker.add_message(timings, self.hass.loop.time())
        if key is None:
            return
        if key.repeats:
            self._trigger_event(EVENT_HELD, self._attributes | {"repeats": key.repeats})
        else:
            self._attributes = self._describe(key)
            self._trigger_event(EVENT_PRESSED, self._attributes)
        self.async_write_ha_state()

    def _describe(self, key: PressedKey) -> dict[str, str | int | None]:
        decoded = key.decoded
        match = self.codes.match(decoded, key.timings)
        return {
            "protocol": decoded.protocol if decoded else None,
            "address": decoded.address if decoded else None,
            "command": decoded.command if decoded else None,
            "code": decoded.text if decoded else None,
            "device": match.device if match else None,
            "name": match.name if match else None,
        }
