"""Actions to import, list and export infrared codes."""

from collections.abc import Iterable, Mapping, Sequence
import errno
import os
from pathlib import Path

import voluptuous as vol

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.helpers import config_validation as cv, selector
from homeassistant.util.json import JsonObjectType, JsonValueType

from .code_store import CodeStore
from .const import DOMAIN
from .coordinator import AnaviWeatherConfigEntry
from .exceptions import InvalidActionError, InvalidCodeError
from .ir_codes import CodeError, parse, to_pronto
from .ir_codes.files import MAX_FILE_LENGTH, parse_file
from .permissions import async_require_admin, async_require_remote

ATTR_DEVICE = "device"
ATTR_PATH = "path"
ATTR_TEXT = "text"

ENTRY_SCHEMA = {vol.Required(ATTR_CONFIG_ENTRY_ID): selector.ConfigEntrySelector({"integration": DOMAIN})}
IMPORT_SCHEMA = vol.All(
    vol.Schema(
        {
            **ENTRY_SCHEMA,
            vol.Optional(ATTR_DEVICE): vol.All(cv.string, vol.Length(min=1, max=100)),
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
    """Import all commands of a file, or none if one of them is invalid."""
    codes = await _async_codes(call)
    device = call.data.get(ATTR_DEVICE)
    if (path := call.data.get(ATTR_PATH)) is not None:
        await async_require_admin(call.hass, call.context)
        text = await call.hass.async_add_executor_job(_read, call.hass, path)
        name = device or Path(path).stem
    else:
        text, name = call.data[ATTR_TEXT], device
    try:
        remotes = await call.hass.async_add_executor_job(parse_file, text, name)
    except CodeError as err:
        raise InvalidCodeError(err) from err
    if device is not None:
        single = len(remotes) == 1
        remotes = {device if single else f"{device} {name}": commands for name, commands in remotes.items()}
    replaced = await codes.async_add(remotes)
    return {"devices": _names(remotes), "replaced": _names(replaced)}


async def _async_list(call: ServiceCall) -> ServiceResponse:
    """Return all devices and the names of their commands."""
    return {"devices": _names((await _async_codes(call)).codes)}


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
        Unauthorized: if the user may not.
    """
    entry: AnaviWeatherConfigEntry | None = call.hass.config_entries.async_get_entry(call.data[ATTR_CONFIG_ENTRY_ID])
    if entry is None or entry.domain != DOMAIN or entry.state is not ConfigEntryState.LOADED:
        raise InvalidActionError("station_not_loaded")
    await async_require_remote(call.hass, call.context, entry)
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
        if not file.is_file():  # reading a pipe would block
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        try:
            return _text(file, "utf-8")
        except UnicodeDecodeError:  # many old lircd.conf files are Latin-1
            return _text(file, "latin-1")
    except OSError as err:
        raise InvalidActionError("path_not_readable", path=path, error=err.strerror or str(err)) from err


def _text(file: Path, encoding: str) -> str:
    with file.open(encoding=encoding) as stream:
        return stream.read(MAX_FILE_LENGTH + 1)


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
