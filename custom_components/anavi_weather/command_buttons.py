"""Buttons that send the commands of infrared devices."""

import asyncio
from collections.abc import Sequence, Set as AbstractSet
from typing import override

from homeassistant.components.button import DOMAIN as BUTTON_DOMAIN, ButtonEntity
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .command_sender import CommandSender
from .common_keys import NAMED_KEYS, common_keys, readable
from .const import DOMAIN
from .coordinator import AnaviWeatherConfigEntry
from .exceptions import InvalidCodeError
from .infrared_devices import Kind, device_identifiers, infrared_devices, kind
from .ir_codes import CodeError, parse
from .unique_ids import command_unique_id

# More than any remote control has. The states of an air conditioner that was imported as a remote control would fill pages.
MAX_BUTTONS = 200  # of a device
# More than a home needs. Adding 12,000 buttons of an imported collection took 35 s on a PC.
MAX_STATION_BUTTONS = 1000


class CommandButton(ButtonEntity):
    """A button that sends a command."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(
        self,
        sender: CommandSender,
        subentry: ConfigSubentry,
        command: str,
        texts: Sequence[str],
        key: str | None,
    ) -> None:
        """Initialize the button with the texts of the command's codes, and the common key that it is."""
        self.texts = texts
        """Texts of the codes that successive presses send in turn."""
        self._sender = sender
        if key in NAMED_KEYS:
            self._attr_translation_key = key
        else:
            self._attr_name = readable(command)
        self._attr_unique_id = command_unique_id(subentry, command)
        self._attr_device_info = DeviceInfo(identifiers=device_identifiers(subentry))

    @property
    @override
    def available(self) -> bool:
        return self._sender.transceiver.can_send

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._sender.transceiver.async_subscribe_state(self.async_write_ha_state))

    @override
    async def async_press(self) -> None:
        try:
            alternatives = {text: parse(text) for text in self.texts}
        except CodeError as err:
            raise InvalidCodeError(err) from err
        await self._sender.async_send(alternatives, self._context)


class CommandButtons:
    """The buttons of a station's remote controls. They come and go with the commands."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: AnaviWeatherConfigEntry,
        sender: CommandSender,
        async_add_entities: AddConfigEntryEntitiesCallback,
    ) -> None:
        """Initialize the buttons before the first is added."""
        self._hass = hass
        self._entry = entry
        self._sender = sender
        self._async_add_entities = async_add_entities
        self._buttons: dict[str | None, CommandButton] = {}  # by unique id
        self._lock = asyncio.Lock()

    async def async_start(self) -> CALLBACK_TYPE:
        """Add the buttons, and follow changes of the commands. Return a function to stop."""
        await self._async_follow()
        return self._entry.runtime_data.devices.async_subscribe(self._schedule_follow)

    @callback
    def _schedule_follow(self) -> None:
        self._entry.async_create_task(self._hass, self._async_follow(), f"{DOMAIN} command buttons")

    async def _async_follow(self) -> None:
        async with self._lock:
            wanted: dict[str, dict[str | None, CommandButton]] = {}
            free = MAX_STATION_BUTTONS
            for subentry in infrared_devices(self._entry):
                created = self._create(subentry, min(free, MAX_BUTTONS))
                wanted[subentry.subentry_id] = {button.unique_id: button for button in created}
                free -= len(created)
            all_wanted = {unique_id: button for buttons in wanted.values() for unique_id, button in buttons.items()}
            await self._async_remove_others(all_wanted.keys())
            for subentry_id, buttons in wanted.items():
                new = [button for unique_id, button in buttons.items() if unique_id not in self._buttons]
                if new:
                    self._async_add_entities(new, config_subentry_id=subentry_id)
            for unique_id, button in all_wanted.items():
                self._buttons.setdefault(unique_id, button).texts = button.texts

    def _create(self, subentry: ConfigSubentry, limit: int) -> list[CommandButton]:
        """Return the buttons of a device, or none if there would be more than the limit."""
        commands = self._entry.runtime_data.devices.commands(subentry)
        if kind(subentry) is not Kind.REMOTE_CONTROL or len(commands) > limit:
            return []
        keys = common_keys(commands)
        return [
            CommandButton(self._sender, subentry, command, texts, keys.get(command))
            for command, texts in commands.items()
        ]

    async def _async_remove_others(self, wanted: AbstractSet[str | None]) -> None:
        """Remove the buttons of commands that were deleted or renamed, and those of earlier runs from the registry."""
        registry = er.async_get(self._hass)
        for unique_id in self._buttons.keys() - wanted:
            button = self._buttons.pop(unique_id)
            is_renamed = not registry.async_get_entity_id(BUTTON_DOMAIN, DOMAIN, unique_id or "")
            if is_renamed and self._hass.states.get(button.entity_id):
                await button.async_remove(force_remove=True)
        devices = {subentry.subentry_id for subentry in infrared_devices(self._entry)}
        for registered in er.async_entries_for_config_entry(registry, self._entry.entry_id):
            is_button = registered.domain == BUTTON_DOMAIN and registered.config_subentry_id in devices
            if is_button and registered.unique_id not in wanted:
                registry.async_remove(registered.entity_id)
