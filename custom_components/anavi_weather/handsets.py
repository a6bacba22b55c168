"""Follows the handsets of the air conditioners: what the receiver hears, and what other entities of the station send."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from homeassistant.components.climate import DOMAIN as CLIMATE_DOMAIN
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .command_sender import CommandSender
from .const import DOMAIN
from .coordinator import AnaviWeatherConfigEntry
from .infrared_devices import Kind, infrared_devices, kind, stored_name
from .ir_codes.climate_protocols import CLIMATE_PROTOCOLS
from .ir_codes.decode import Decoded
from .received_keys import KeyReceiver, ReceivedKey
from .unique_ids import climate_unique_id


class Follower(Protocol):
    """An air conditioner that follows its handset."""

    def async_follow(self) -> None:
        """Follow a change of the stored commands or of the settings."""

    def async_receive(self, names: Collection[str]) -> None:
        """Follow a message that one of these commands sends."""


class Handsets:
    """The handsets of a station's air conditioners."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: AnaviWeatherConfigEntry,
        sender: CommandSender,
        keys: KeyReceiver,
        create: Callable[[ConfigSubentry], Follower],
    ) -> None:
        """Initialize the handsets. `create` adds the entity of an air conditioner."""
        self._hass = hass
        self._entry = entry
        self._sender = sender
        self._keys = keys
        self._create = create
        self._followers: dict[str, Follower] = {}  # by the id of the subentry

    @callback
    def async_start(self) -> CALLBACK_TYPE:
        """Add the air conditioners, and follow what changes them. Return a function to stop."""
        self._follow()
        unsubscribes = (
            self._entry.runtime_data.devices.async_subscribe(self._follow),
            self._sender.async_subscribe(self._on_sent),
            self._keys.async_subscribe(self._on_key),
        )

        def stop() -> None:
            for unsubscribe in unsubscribes:
                unsubscribe()

        return stop

    @callback
    def _follow(self) -> None:
        """Add and remove air conditioners. Home Assistant removes the entities of a device that was deleted."""
        present = {
            subentry.subentry_id: subentry
            for subentry in infrared_devices(self._entry)
            if kind(subentry) is Kind.AIR_CONDITIONER
        }
        registry = er.async_get(self._hass)
        for subentry_id in self._followers.keys() - present.keys():
            del self._followers[subentry_id]
            if entity_id := registry.async_get_entity_id(CLIMATE_DOMAIN, DOMAIN, climate_unique_id(subentry_id)):
                registry.async_remove(entity_id)
        for subentry_id, subentry in present.items():
            if follower := self._followers.get(subentry_id):
                follower.async_follow()
            else:
                self._followers[subentry_id] = self._create(subentry)

    @callback
    def _on_key(self, received: ReceivedKey) -> None:
        """Follow a press, but not its repeats, which would toggle the power again."""
        pressed = received.key
        if pressed.repeats or not self._followers:
            return
        found = self._entry.runtime_data.codes.find(pressed.decoded, pressed.timings)
        for subentry, follower, commands in self._devices():
            names = [match.name for match in found if match.device == stored_name(subentry)]
            if not names and pressed.decoded is not None:
                names = _decoded_names(pressed.decoded, commands)
            if names:
                follower.async_receive(names)

    @callback
    def _on_sent(self, texts: Sequence[str]) -> None:
        """Follow a command that the remote control or a button has sent."""
        for _, follower, commands in self._devices():
            if names := [name for name, known in commands.items() if tuple(known) == tuple(texts)]:
                follower.async_receive(names)

    def _devices(self) -> list[tuple[ConfigSubentry, Follower, Mapping[str, Sequence[str]]]]:
        devices = self._entry.runtime_data.devices
        return [
            (subentry, self._followers[subentry.subentry_id], devices.commands(subentry))
            for subentry in infrared_devices(self._entry)
            if subentry.subentry_id in self._followers
        ]


def _decoded_names(decoded: Decoded, commands: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the command of the state that a message sets, whatever else it sets, if the device has this protocol."""
    for protocol in CLIMATE_PROTOCOLS.values():
        if (name := protocol.command_name(decoded)) is None:
            continue
        prefix = f"{protocol.name}:"
        if any(text.startswith(prefix) for texts in commands.values() for text in texts):
            return [name]
    return []
