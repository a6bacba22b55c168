"""Buttons of a simulated remote control, whose keys send to the simulated receiver."""

from typing import override

from homeassistant.components.button import ButtonEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AnaviWeatherConfigEntry
from .entity import InfraredPairEntity
from .ir_codes import parse
from .phat.simulated_lirc import SimulatedLirc
from .transceiver import Transceiver

PARALLEL_UPDATES = 0

KEYS = {
    "power": "samsung32:0x07,0x02",
    "volume_up": "samsung32:0x07,0x07",
    "volume_down": "samsung32:0x07,0x0b",
}


async def async_setup_entry(
    hass: HomeAssistant, entry: AnaviWeatherConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the keys of the simulated pHAT. A real board receives real remote controls."""
    station = entry.runtime_data
    if station.transceiver and station.simulated_pair:
        async_add_entities(
            SimulatedKey(entry, station.transceiver, station.simulated_pair, key, code) for key, code in KEYS.items()
        )


class SimulatedKey(InfraredPairEntity, ButtonEntity):
    """A key of a television's remote control."""

    def __init__(
        self, entry: AnaviWeatherConfigEntry, transceiver: Transceiver, pair: SimulatedLirc, key: str, code: str
    ) -> None:
        """Initialize the button with the code it sends."""
        super().__init__(entry, transceiver, f"simulated_{key}")
        self._attr_translation_key = f"simulated_{key}"
        self._pair = pair
        self._command = parse(code)

    @override
    async def async_press(self) -> None:
        self._pair.press(self._command.get_raw_timings(), self._command.modulation)
