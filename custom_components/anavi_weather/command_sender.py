"""Sending of a station's stored commands."""

from collections.abc import Callable, Mapping, Sequence

from infrared_protocols.commands import Command

from homeassistant.components.infrared import DOMAIN as INFRARED_DOMAIN, async_send_command
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, Context, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .const import DOMAIN
from .transceiver import Transceiver
from .unique_ids import EMITTER, infrared_unique_id


class CommandSender:
    """Sender that remembers whose turn it is among the codes of a command."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, transceiver: Transceiver) -> None:
        """Initialize the sender, which sends the first code of each command first."""
        self.transceiver = transceiver
        self._hass = hass
        self._entry = entry
        self._turns: dict[tuple[str, ...], int] = {}
        self._listeners: set[Callable[[Sequence[str]], None]] = set()

    @callback
    def async_subscribe(self, listener: Callable[[Sequence[str]], None]) -> CALLBACK_TYPE:
        """Call a listener with the texts of each command that was sent. Return a function to unsubscribe."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    async def async_send(self, alternatives: Mapping[str, Command], context: Context | None) -> Command:
        """Send one of the codes of a command, given by their texts: the next in turn. Return the code that was sent.

        Raises:
            InfraredError: if it could not be sent.
        """
        texts = tuple(alternatives)
        turn = self._turns.get(texts, 0) % len(texts)
        command = alternatives[texts[turn]]
        await self._async_send(command, context)
        if len(texts) > 1:
            self._turns[texts] = turn + 1
        for listener in tuple(self._listeners):
            listener(texts)
        return command

    async def _async_send(self, command: Command, context: Context | None) -> None:
        """Send a command by the emitter entity, which updates its state, or directly if a user disabled it."""
        emitter = er.async_get(self._hass).async_get_entity_id(
            INFRARED_DOMAIN, DOMAIN, infrared_unique_id(self._entry, EMITTER)
        )
        if emitter and self._hass.states.get(emitter):
            await async_send_command(self._hass, emitter, command, context)
        else:
            await self.transceiver.async_send(command)
