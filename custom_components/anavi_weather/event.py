"""Keys of any remote control that is pointed at the board."""

from typing import override

from homeassistant.components.event import EventEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AnaviWeatherConfigEntry
from .entity import ReceivingEntity, async_add_pair_entities
from .ir_codes.capture import alike
from .ir_codes.decode import Decoded, decode
from .transceiver import Transceiver

PARALLEL_UPDATES = 0

EVENT_PRESSED = "pressed"
EVENT_HELD = "held"

HELD_WITHIN = 0.25  # seconds from frame to frame: protocols repeat theirs every 45 to 120 ms


async def async_setup_entry(
    hass: HomeAssistant, entry: AnaviWeatherConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the keys."""
    async_add_pair_entities(hass, entry, async_add_entities, Key)


class Key(ReceivingEntity, EventEntity):
    """A key was pressed, or is held."""

    _attr_translation_key = "key"

    def __init__(self, entry: AnaviWeatherConfigEntry, transceiver: Transceiver) -> None:
        """Wait for the first key."""
        super().__init__(entry, transceiver, "key")
        self._attr_event_types = [EVENT_PRESSED, EVENT_HELD]
        self._timings: list[int] = []
        self._decoded: Decoded | None = None
        self._attributes: dict[str, str | int | None] = {}
        self._repeats = 0
        self._last = float("-inf")

    @callback
    @override
    def _on_frame(self, timings: list[int]) -> None:
        now = self.hass.loop.time()
        lately = now - self._last < HELD_WITHIN
        decoded = decode(timings)
        ditto = decoded is not None and decoded.repeat
        if ditto and not lately:
            return  # the press itself was not heard: it cannot be told which key it is
        self._last = now
        if lately and decoded is not None and decoded.second and decoded == self._decoded:
            return  # one press, told twice
        if lately and (ditto or self._is_same(decoded, timings)):
            self._repeats += 1
            self._trigger_event(EVENT_HELD, self._attributes | {"repeats": self._repeats})
        else:
            self._press(decoded, timings)
        self.async_write_ha_state()

    def _press(self, decoded: Decoded | None, timings: list[int]) -> None:
        match = self.codes.match(decoded, timings)
        self._timings, self._decoded, self._repeats = timings, decoded, 0
        self._attributes = {
            "protocol": decoded.protocol if decoded else None,
            "address": decoded.address if decoded else None,
            "command": decoded.command if decoded else None,
            "code": decoded.text if decoded else None,
            "device": match.device if match else None,
            "name": match.name if match else None,
        }
        self._trigger_event(EVENT_PRESSED, self._attributes)

    def _is_same(self, decoded: Decoded | None, timings: list[int]) -> bool:
        """Return whether a frame repeats the last one; a toggle bit tells a second press from a held key."""
        if decoded is None:
            return self._decoded is None and alike(self._timings, timings)
        return self._decoded is not None and (decoded.key, decoded.toggle) == (self._decoded.key, self._decoded.toggle)
