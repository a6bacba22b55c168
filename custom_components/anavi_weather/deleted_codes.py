"""Commands of deleted infrared devices, which are kept until a user restores or deletes them in a repair."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

import voluptuous as vol

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.ulid import ulid_now

from .const import DELETED_ISSUE_PREFIX, DOMAIN, LOGGER
from .exceptions import StorageError, async_message
from .storage import DAMAGES, async_save, async_set_aside, unreadable

VERSION = 1
KEY = f"{DOMAIN}.deleted_codes"
SCHEMA = vol.Schema(
    {
        "devices": [
            {
                **dict.fromkeys(("id", "deleted_at", "entry_id", "station", "device"), str),
                "data": {str: object},
                "commands": {str: [str]},
            }
        ]
    },
    required=True,
)


class DeletedDevice(TypedDict):
    """An infrared device that was deleted."""

    id: str
    deleted_at: str
    entry_id: str
    station: str
    device: str
    data: dict[str, Any]
    """Data of the subentry."""
    commands: dict[str, list[str]]


class DeletedCodes:
    """The commands of deleted devices of all stations, on the disk."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Initialize the store."""
        self._hass = hass
        self._store = self._open()
        self._devices: list[DeletedDevice] | None = None
        self._lock = asyncio.Lock()

    async def async_load(self) -> None:
        """Load the devices, and create an issue for each. A file that cannot be opened is tried again when it is needed."""
        async with self._lock:
            try:
                devices = await self._async_devices()
            except StorageError as err:
                LOGGER.error("%s", await async_message(self._hass, err))
                return
        for device in devices:
            self._create_issue(device)

    async def async_get(self, device_id: str) -> DeletedDevice | None:
        """Return a deleted device, or None if it was restored or deleted for good.

        Raises:
            StorageError: if the file cannot be opened.
        """
        async with self._lock:
            devices = await self._async_devices()
            return next((device for device in devices if device["id"] == device_id), None)

    async def async_keep(
        self, entry: ConfigEntry, devices: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Sequence[str]]]]
    ) -> None:
        """Keep devices of a station, each by its name with the data of its subentry and its commands.

        Raises:
            StorageError: if they cannot be saved.
        """
        deleted = [
            DeletedDevice(
                id=ulid_now(),
                deleted_at=dt_util.utcnow().isoformat(),
                entry_id=entry.entry_id,
                station=entry.title,
                device=name,
                data=dict(data),
                commands={command: list(texts) for command, texts in commands.items()},
            )
            for name, (data, commands) in devices.items()
        ]
        async with self._lock:
            await self._async_save([*await self._async_devices(), *deleted])
        for device in deleted:
            self._create_issue(device)

    async def async_forget(self, device_id: str) -> None:
        """Delete a device for good.

        Raises:
            StorageError: if that cannot be saved.
        """
        async with self._lock:
            await self._async_save([device for device in await self._async_devices() if device["id"] != device_id])
        ir.async_delete_issue(self._hass, DOMAIN, DELETED_ISSUE_PREFIX + device_id)

    async def _async_devices(self) -> list[DeletedDevice]:
        """Return all devices, which are loaded at the first time.

        Raises:
            StorageError: if the file cannot be opened.
        """
        if self._devices is None:
            try:
                self._devices = SCHEMA(await self._store.async_load() or {"devices": []})["devices"]
            except (OSError, *DAMAGES) as err:
                path = Path(self._store.path)
                if (error := unreadable(path, err)) is not None:
                    raise error from err
                await async_set_aside(self._hass, path, err)
                self._devices = []
        return self._devices

    async def _async_save(self, devices: list[DeletedDevice]) -> None:
        await async_save(self._hass, self._store, self._open(), {"devices": devices})
        self._devices = devices

    def _open(self) -> Store[dict[str, list[DeletedDevice]]]:
        return Store(self._hass, VERSION, KEY, atomic_writes=True)

    @callback
    def _create_issue(self, device: DeletedDevice) -> None:
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            DELETED_ISSUE_PREFIX + device["id"],
            is_fixable=True,
            severity=ir.IssueSeverity.WARNING,
            translation_key="infrared_device_deleted",
            translation_placeholders={
                "station": device["station"],
                "device": device["device"],
                "count": str(len(device["commands"])),
            },
        )


DELETED_CODES: HassKey[DeletedCodes] = HassKey(KEY)


@callback
def async_get_deleted_codes(hass: HomeAssistant) -> DeletedCodes:
    """Return the commands of deleted devices."""
    if DELETED_CODES not in hass.data:
        hass.data[DELETED_CODES] = DeletedCodes(hass)
    return hass.data[DELETED_CODES]
