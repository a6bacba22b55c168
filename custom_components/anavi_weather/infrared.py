"""Infrared emitter and receiver entities, for use by other integrations."""

from typing import override

from homeassistant.components.infrared import (
    InfraredCommand,
    InfraredEmitterEntity,
    InfraredReceivedSignal,
    InfraredReceiverEntity,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AnaviWeatherConfigEntry
from .entity import InfraredPairEntity, ReceivingEntity, async_add_pair_entities
from .transceiver import Transceiver
from .unique_ids import EMITTER, RECEIVER

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant, entry: AnaviWeatherConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the infrared emitter and receiver."""
    async_add_pair_entities(hass, entry, async_add_entities, AnaviWeatherEmitter, AnaviWeatherReceiver)


class AnaviWeatherEmitter(InfraredPairEntity, InfraredEmitterEntity):
    """The board's infrared LEDs."""

    def __init__(self, entry: AnaviWeatherConfigEntry, transceiver: Transceiver) -> None:
        """Initialize the emitter."""
        super().__init__(entry, transceiver, EMITTER)

    @property
    @override
    def available(self) -> bool:
        return self.transceiver.can_send

    @override
    async def async_send_command(self, command: InfraredCommand) -> None:
        await self.transceiver.async_send(command)


class AnaviWeatherReceiver(ReceivingEntity, InfraredReceiverEntity):
    """The board's infrared receiver."""

    # Home Assistant's own name is not translated into Portuguese
    _attr_translation_key = "receiver"

    def __init__(self, entry: AnaviWeatherConfigEntry, transceiver: Transceiver) -> None:
        """Initialize the receiver."""
        super().__init__(entry, transceiver, RECEIVER)

    @callback
    @override
    def _on_message(self, timings: list[int]) -> None:
        self._handle_received_signal(InfraredReceivedSignal(timings))
