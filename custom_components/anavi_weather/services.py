"""Actions to import, list and export infrared codes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import voluptuous as vol

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.helpers import config_validation as cv, selector
from homeassistant.util.json import JsonObjectType, JsonValueType

from .code_files import read_code_file, remote_name
from .code_store import CodeStore, check_name
from .common_keys import shown_keys_of_devices
from .const import DOMAIN
from .coordinator import AnaviWeatherConfigEntry
from .exceptions import InvalidActionError, InvalidCodeError
from .ir_codes import CodeError, parse, to_pronto
from .ir_codes.files import parse_file
from .ir_codes.remote_file import FileRemote
from .permissions import async_require_admin, async_require_remote
from .unreadable_commands import async_reasons, listed

ATTR_DEVICE = "device"
ATTR_PATH = "path"
ATTR_SKIP_UNREADABLE = "skip_unreadable"
ATTR_TEXT = "text"

ENTRY_SCHEMA = {vol.Required(ATTR_CONFIG_ENTRY_ID): selector.ConfigEntrySelector({"integration": DOMAIN})}
IMPORT_SCHEMA = vol.All(
    vol.Schema(
        {
            **ENTRY_SCHEMA,
            vol.Optional(ATTR_DEVICE): cv.string,
            vol.Optional(ATTR_SKIP_UNREADABLE, default=False): cv.boolean,
            vol.Exclusive(ATTR_TEXT, "source"): cv.string,
            vol.Exclusive(ATTR_PATH, "source"): cv.string,
        }
    ),
    cv.has_at_least_one_key(ATTR_TEXT, ATTR_PATH),
)
LIST_SCHEMA = vol.Schema(ENTRY_SCHEMA)
EXPORT_SCHEMA = vol.Schema({**ENTRY_SCHEMA, vol.Optional(ATTR_DEVICE): cv.string})


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    hass.services.async_register(
        DOMAIN, "import_codes", _async_import, IMPORT_SCHEMA, supports_response=SupportsResponse.OPTIONAL
    )
    hass.services.async_register(
        DOMAIN, "list_commands", _async_list, LIST_SCHEMA, supports_response=SupportsResponse.ONLY
    )
    hass.services.async_register(
        DOMAIN, "export_codes", _async_export, EXPORT_SCHEMA, supports_response=SupportsResponse.ONLY
    )


async def _async_import(call: ServiceCall) -> ServiceResponse:
    """Import the commands of a file. If some cannot be read, import none, unless the user wants the others."""
    codes = await _async_codes(call)
    device = call.data.get(ATTR_DEVICE)
    if device is not None and device not in codes.codes:
        check_name(device)
    if (path := call.data.get(ATTR_PATH)) is not None:
        await async_require_admin(call.hass, call.context)
        text = await call.hass.async_add_executor_job(_read, call.hass, path)
        file_name = device or remote_name(Path(path))
    else:
        text, file_name = call.data[ATTR_TEXT], device
    try:
        remotes = await call.hass.async_add_executor_job(parse_file, text, file_name)
    except CodeError as err:
        raise InvalidCodeError(err) from err
    if device is not None:
        single = len(remotes) == 1
        remotes = {device if single else f"{device} {name}": remote for name, remote in remotes.items()}
    readable = {name: remote.commands for name, remote in remotes.items() if remote.commands}
    unreadable = await _async_reasons(call.hass, remotes)
    if unreadable and not (readable and call.data[ATTR_SKIP_UNREADABLE]):
        raise _unreadable(readable, unreadable)
    replaced = await codes.async_add(readable)
    return {
        "devices": _names(readable),
        "replaced": _names(replaced),
        "unreadable": {device: dict[str, JsonValueType](reasons) for device, reasons in unreadable.items()},
    }


async def _async_reasons(hass: HomeAssistant, remotes: Mapping[str, FileRemote]) -> dict[str, dict[str, str]]:
    """Return by device and command why commands cannot be read, in the language of Home Assistant."""
    return {
        device: await async_reasons(hass, remote.unreadable) for device, remote in remotes.items() if remote.unreadable
    }


def _unreadable(
    readable: Mapping[str, Collection[str]], reasons: Mapping[str, Mapping[str, str]]
) -> InvalidActionError:
    """Return the error that lists the first commands that cannot be read."""
    items = [f"{name}: {reason}" for device in reasons.values() for name, reason in device.items()]
    total = len(items) + sum(map(len, readable.values()))
    return InvalidActionError("commands_unreadable", count=str(len(items)), total=str(total), commands=listed(items))


async def _async_list(call: ServiceCall) -> ServiceResponse:
    """Return all devices, the names of their commands, and the key that each command is."""
    codes = (await _async_codes(call)).codes
    keys = await call.hass.async_add_executor_job(shown_keys_of_devices, codes)
    return {
        "devices": _names(codes),
        "keys": {device: dict[str, JsonValueType](shown) for device, shown in keys.items()},
    }


async def _async_export(call: ServiceCall) -> ServiceResponse:
    """Return the stored commands as Pronto hex."""
    codes = (await _async_codes(call)).codes
    device = call.data.get(ATTR_DEVICE)
    if device is not None and device not in codes:
        raise InvalidActionError("device_unknown", device=device)
    wanted = codes if device is None else {device: codes[device]}
    return await call.hass.async_add_executor_job(_pronto, wanted)


async def _async_codes(call: ServiceCall) -> CodeStore:
    """Return the commands of a station whose remote control the user may control.

    Raises:
        InvalidActionError: if the station is not loaded.
        StorageError: if the file of the commands cannot be opened.
        Unauthorized: if the user may not.
    """
    entry: AnaviWeatherConfigEntry | None = call.hass.config_entries.async_get_entry(call.data[ATTR_CONFIG_ENTRY_ID])
    if entry is None or entry.domain != DOMAIN or entry.state is not ConfigEntryState.LOADED:
        raise InvalidActionError("station_not_loaded")
    await async_require_remote(call.hass, call.context, entry)
    entry.runtime_data.codes.check_readable()
    return entry.runtime_data.codes


def _read(hass: HomeAssistant, path: str) -> str:
    """Return the text of a file in a folder that Home Assistant allows.

    Raises:
        InvalidActionError: if the file is not allowed or cannot be read.
    """
    try:
        file = Path(path).resolve()  # follow links before checking the path
    except ValueError as err:  # the path contains a null character
        raise InvalidActionError("path_not_allowed", path=path) from err
    if not hass.config.is_allowed_path(str(file)):
        raise InvalidActionError("path_not_allowed", path=path)
    try:
        return read_code_file(file)
    except OSError as err:
        raise InvalidActionError("path_not_readable", path=path, error=err.strerror or str(err)) from err


def _names(codes: Mapping[str, Iterable[str]]) -> JsonObjectType:
    return {device: list[JsonValueType](sorted(commands)) for device, commands in codes.items()}


def _pronto(codes: Mapping[str, Mapping[str, Sequence[str]]]) -> JsonObjectType:
    """Return commands as Pronto hex, and the names of the commands that it cannot represent."""
    devices: dict[str, JsonValueType] = {}
    refused: dict[str, JsonValueType] = {}
    for device, commands in codes.items():
        exported: dict[str, JsonValueType] = {}
        failed: list[JsonValueType] = []
        for name, texts in commands.items():
            try:
                exported[name] = [to_pronto(parse(text)) for text in texts]
            except CodeError:
                failed.append(name)
        devices[device] = exported
        if failed:
            refused[device] = failed
    return {"devices": devices, "refused": refused}
