"""The infrared devices of a station: each has a subentry, and commands under its name in the code store."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from itertools import chain, count
from types import MappingProxyType
from typing import Any

from homeassistant.components.button import DOMAIN as BUTTON_DOMAIN
from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_NAME
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir

from .code_store import CodeStore, async_get_code_store, async_remove_code_store, check_name
from .const import (
    CONF_DATA,
    CONF_INFRARED_DEVICES,
    CONF_KIND,
    DOMAIN,
    LOGGER,
    NAME_ISSUE_PREFIX,
    SUBENTRY_INFRARED_DEVICE,
)
from .deleted_codes import DeletedDevice, async_get_deleted_codes
from .exceptions import InvalidActionError, StorageError, TranslatedError, async_message
from .ir_codes import Command
from .ir_codes.climate import AirConditioner
from .unique_ids import command_unique_id


class Kind(StrEnum):
    """Kind of an infrared device."""

    REMOTE_CONTROL = "remote_control"
    AIR_CONDITIONER = "air_conditioner"


def infrared_devices(entry: ConfigEntry) -> list[ConfigSubentry]:
    """Return the infrared devices of a station."""
    return entry.get_subentries_of_type(SUBENTRY_INFRARED_DEVICE)


def device_identifiers(subentry: ConfigSubentry) -> set[tuple[str, str]]:
    """Return the identifiers of the Home Assistant device of an infrared device."""
    return {(DOMAIN, subentry.subentry_id)}


def kind(subentry: ConfigSubentry) -> Kind:
    """Return the kind of an infrared device: a remote control if only a newer version knows it."""
    stored = subentry.data.get(CONF_KIND)
    return Kind(stored) if stored in list(Kind) else Kind.REMOTE_CONTROL


def stored_name(subentry: ConfigSubentry) -> str:
    """Return the name of an infrared device in the code store. A new title becomes this name later."""
    return (subentry.unique_id or "").removeprefix(_unique_id(""))


def likely_kind(commands: Iterable[str]) -> Kind:
    """Return the kind of a device with these commands: an air conditioner if most of them set a temperature."""
    names = list(commands)
    states = AirConditioner({name: [] for name in names}).commands
    has_temperature = [state.temperature is not None for state in states]
    return Kind.AIR_CONDITIONER if sum(has_temperature) * 2 > len(names) else Kind.REMOTE_CONTROL


def _likely_data(commands: Iterable[str]) -> dict[str, str]:
    """Return the data of the subentry of a device that was learned or imported by an action."""
    return {CONF_KIND: likely_kind(commands).value}


def _unique_id(name: str) -> str:
    return f"{SUBENTRY_INFRARED_DEVICE} {name}"


class InfraredDevices:
    """The infrared devices of a loaded station. Keeps their subentries, stored commands and Home Assistant devices alike."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, codes: CodeStore, station_id: str) -> None:
        """Initialize the devices of a station, given by its Home Assistant device, whose commands are loaded."""
        self._hass = hass
        self._entry = entry
        self._codes = codes
        self._station_id = station_id
        self._known = _stored_devices(entry)  # by subentry id
        self._lock = asyncio.Lock()
        self._listeners: set[CALLBACK_TYPE] = set()

    async def async_start(self) -> CALLBACK_TYPE:
        """Add a subentry for each device with commands, and follow their changes. Return a function to stop."""
        await self.async_follow()
        return self._codes.async_subscribe(self._schedule_follow)

    @callback
    def async_subscribe(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call a listener when devices or commands may have changed. Return a function to unsubscribe."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    def commands(self, subentry: ConfigSubentry) -> Mapping[str, Sequence[str]]:
        """Return the texts of a device's commands by name."""
        return self._codes.codes.get(stored_name(subentry), {})

    async def async_follow(self) -> None:
        """Follow changes of the stored commands, and of the subentries that users rename or delete."""
        if self._codes.error is not None:
            return  # later, when the commands are known
        async with self._lock:
            await self._async_follow_deletions()
            for subentry in infrared_devices(self._entry):
                if subentry.title != stored_name(subentry):
                    await self._async_follow_title(subentry)
            self._add_missing()
        for listener in tuple(self._listeners):
            listener()

    async def async_add(self, name: str, data: Mapping[str, Any]) -> ConfigSubentry:
        """Add a device without commands.

        Raises:
            InvalidActionError: if there is a device with this name, or it cannot be a name.
            StorageError: if the names are not known, because their file cannot be opened.
        """
        async with self._lock:
            self._check_new(name)
            subentry = self._add(name, data)
            self._add_missing()
            return subentry

    async def async_add_commands(self, subentry: ConfigSubentry, commands: Mapping[str, Sequence[Command]]) -> None:
        """Add commands to a device, under the name that it has when it is their turn to be saved.

        Raises:
            InvalidActionError: if there would be too many commands, or the device was deleted.
            StorageError: if they cannot be saved.
        """
        async with self._lock:
            if not self._is_present(subentry):
                raise InvalidActionError("device_unknown", device=stored_name(subentry))
            await self._codes.async_add({stored_name(subentry): commands})

    async def async_rename(self, subentry: ConfigSubentry, name: str) -> None:
        """Rename a device and its stored commands.

        Raises:
            InvalidActionError: if another device has the name, or it cannot be a name.
            StorageError: if that cannot be saved.
        """
        async with self._lock:
            await self._async_rename(subentry, name)
        await self.async_follow()

    async def async_rename_command(self, subentry: ConfigSubentry, command: str, name: str) -> None:
        """Rename a command of a device, which keeps its button.

        Raises:
            InvalidActionError: if another command has the name, it cannot be a name, or the command does not exist.
            StorageError: if that cannot be saved.
        """
        device = stored_name(subentry)
        async with self._lock:
            if command not in self.commands(subentry):
                raise InvalidActionError("command_unknown", device=device, command=command)
            unique_ids = command_unique_id(subentry, command), command_unique_id(subentry, name)
            # Before the buttons follow, which remove those of unknown commands from the registry
            is_button_renamed = self._rename_button(*unique_ids)
            try:
                await self._codes.async_rename_command(device, command, name)
            except TranslatedError:
                if is_button_renamed:
                    self._rename_button(*reversed(unique_ids))
                raise

    async def async_restore(self, deleted: DeletedDevice) -> None:
        """Restore a device that was deleted, under another name if its own is taken.

        Raises:
            InvalidActionError: if there would be too many commands.
            StorageError: if they cannot be saved.
        """
        async with self._lock:
            name = self._free_name(deleted["device"])
            await self._codes.async_restore(name, deleted["commands"])
            self._add(name, deleted["data"])
        await self.async_follow()

    @callback
    def async_remove(self, name: str) -> None:
        """Remove a device whose commands were deleted."""
        for subentry in infrared_devices(self._entry):
            if stored_name(subentry) == name:
                self._hass.config_entries.async_remove_subentry(self._entry, subentry.subentry_id)

    @callback
    def _schedule_follow(self) -> None:
        self._entry.async_create_task(self._hass, self.async_follow(), f"{DOMAIN} infrared devices")

    def _rename_button(self, old: str, new: str) -> bool:
        """Return whether the button with a unique id has a new one."""
        registry = er.async_get(self._hass)
        entity_id = registry.async_get_entity_id(BUTTON_DOMAIN, DOMAIN, old)
        if entity_id is None or registry.async_get_entity_id(BUTTON_DOMAIN, DOMAIN, new):
            return False
        registry.async_update_entity(entity_id, new_unique_id=new)
        return True

    async def _async_follow_deletions(self) -> None:
        """Keep the commands of devices whose subentries were deleted, and delete them from the stored commands."""
        present = {subentry.subentry_id: stored_name(subentry) for subentry in infrared_devices(self._entry)}
        for subentry_id in self._known.keys() - present.keys():
            subentry = self._known.pop(subentry_id)
            name = stored_name(subentry)
            ir.async_delete_issue(self._hass, DOMAIN, NAME_ISSUE_PREFIX + subentry_id)
            if name not in self._codes.codes or name in present.values():
                continue
            try:
                await async_get_deleted_codes(self._hass).async_keep(
                    self._entry, {name: (subentry.data, self._codes.codes[name])}
                )
                await self._codes.async_delete(name, list(self._codes.codes[name]))
            except TranslatedError as err:  # the commands are still stored, so the device is added again
                LOGGER.error("Cannot delete %s: %s", name, await async_message(self._hass, err))

    async def _async_follow_title(self, subentry: ConfigSubentry) -> None:
        """Rename the stored commands like a subentry, or the subentry like these if that is impossible."""
        issue_id = NAME_ISSUE_PREFIX + subentry.subentry_id
        title, name = subentry.title, stored_name(subentry)
        try:
            await self._async_rename(subentry, title)
        except (InvalidActionError, StorageError) as err:
            if not self._is_present(subentry):
                return
            self._hass.config_entries.async_update_subentry(self._entry, subentry, title=name)
            ir.async_create_issue(
                self._hass,
                DOMAIN,
                issue_id,
                is_fixable=False,
                severity=ir.IssueSeverity.WARNING,
                translation_key="infrared_device_name",
                translation_placeholders={
                    "device": name,
                    "name": title,
                    "reason": await async_message(self._hass, err),
                },
            )
        else:
            ir.async_delete_issue(self._hass, DOMAIN, issue_id)

    async def _async_rename(self, subentry: ConfigSubentry, name: str) -> None:
        old = stored_name(subentry)
        if name != old:
            self._check_new(name)
            if old in self._codes.codes:
                await self._codes.async_rename(old, name)
        if not self._is_present(subentry):  # deleted meanwhile: its commands are kept under the new name
            self._known[subentry.subentry_id] = replace(subentry, title=name, unique_id=_unique_id(name))
            return
        self._hass.config_entries.async_update_subentry(self._entry, subentry, title=name, unique_id=_unique_id(name))

    def _is_present(self, subentry: ConfigSubentry) -> bool:
        return subentry.subentry_id in self._entry.subentries

    def _check_new(self, name: str) -> None:
        self._codes.check_readable()
        check_name(name)
        if name in self._all_names():
            raise InvalidActionError("device_exists", name=name)

    def _all_names(self) -> set[str]:
        return {*self._codes.codes, *(stored_name(subentry) for subentry in infrared_devices(self._entry))}

    def _add_missing(self) -> None:
        """Add the devices that have commands and no subentry, and the Home Assistant devices of all."""
        # Those that were deleted during another change are still known: their commands are kept next
        names = {stored_name(subentry) for subentry in (*infrared_devices(self._entry), *self._known.values())}
        for name, commands in self._codes.codes.items():
            if name not in names:
                self._add(name, _likely_data(commands))
        registry = dr.async_get(self._hass)
        for subentry in infrared_devices(self._entry):
            self._known[subentry.subentry_id] = subentry
            registry.async_get_or_create(
                config_entry_id=self._entry.entry_id,
                config_subentry_id=subentry.subentry_id,
                identifiers=device_identifiers(subentry),
                name=subentry.title,
                via_device_id=self._station_id,
            )
        self._store_known()

    def _store_known(self) -> None:
        """Store the known devices with the entry, which may be deleted while the station is not loaded."""
        known = {
            subentry_id: {CONF_NAME: stored_name(subentry), CONF_DATA: dict(subentry.data)}
            for subentry_id, subentry in self._known.items()
        }
        if known != self._entry.data.get(CONF_INFRARED_DEVICES, {}):
            self._hass.config_entries.async_update_entry(
                self._entry, data={**self._entry.data, CONF_INFRARED_DEVICES: known}
            )

    def _add(self, name: str, data: Mapping[str, Any]) -> ConfigSubentry:
        subentry = _subentry(name, data)
        self._hass.config_entries.async_add_subentry(self._entry, subentry)
        return subentry

    def _free_name(self, name: str) -> str:
        names = self._all_names()
        candidates = chain((name,), (f"{name} {number}" for number in count(2)))
        return next(candidate for candidate in candidates if candidate not in names)


def _subentry(name: str, data: Mapping[str, Any], **more: str) -> ConfigSubentry:
    return ConfigSubentry(
        data=MappingProxyType(dict(data)),
        subentry_type=SUBENTRY_INFRARED_DEVICE,
        title=name,
        unique_id=_unique_id(name),
        **more,
    )


def _stored_devices(entry: ConfigEntry) -> dict[str, ConfigSubentry]:
    """Return the devices that were known when the station was loaded last."""
    stored: Mapping[str, Mapping[str, Any]] = entry.data.get(CONF_INFRARED_DEVICES, {})
    return {
        subentry_id: _subentry(device[CONF_NAME], device[CONF_DATA], subentry_id=subentry_id)
        for subentry_id, device in stored.items()
    }


async def async_delete_all(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Delete the stored commands of a station that was removed. They are kept until a user restores or deletes them."""
    codes = async_get_code_store(hass, entry.entry_id)
    if not codes.codes:  # the station was not loaded
        await codes.async_load()
    data = {stored_name(subentry): subentry.data for subentry in infrared_devices(entry)}
    devices = {name: (data.get(name) or _likely_data(commands), commands) for name, commands in codes.codes.items()}
    try:
        if devices:
            await async_get_deleted_codes(hass).async_keep(entry, devices)
        await async_remove_code_store(hass, entry.entry_id)
    except StorageError as err:
        LOGGER.error("Cannot delete the commands of %s: %s", entry.title, await async_message(hass, err))
