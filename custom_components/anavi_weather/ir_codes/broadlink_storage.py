"""Remote controls from files in `.storage`, where Home Assistant's Broadlink integration and this one keep what they learned.

    {"version": 1, "key": "broadlink_remote_…_codes", "data": {DEVICE: {COMMAND: BASE64 or [BASE64, BASE64]}}}
    {"version": 1, "key": "anavi_weather.….codes", "data": {DEVICE: {COMMAND: [TEXT, TEXT]}}}

A list has the codes of a command that are sent in turn. The second form is also that of exported files.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
import json
import re
from typing import Any

from infrared_protocols.commands import Command

from . import parse
from .broadlink import from_base64, parse_broadlink
from .command import CodeError
from .json_file import load_json
from .remote_file import MAX_NAME, FileRemote, Names, shown_name
from .text import excerpt

MAX_COMMANDS = 20_000
MAX_CODES = 16  # of one command


OWN_KEY = "anavi_weather."

is_broadlink_storage = re.compile(r'"key"\s{0,9}:\s{0,9}"(?:broadlink_remote_|anavi_weather\.)').search


def to_file(devices: Mapping[str, Mapping[str, Sequence[str]]]) -> str:
    """Return a file with devices, each with the texts of the codes of its commands."""
    return json.dumps({"version": 1, "key": f"{OWN_KEY}codes", "data": devices}, ensure_ascii=False, indent=2)


def parse_broadlink_storage(text: str) -> dict[str, FileRemote]:
    """Return the devices of a storage by name.

    Raises:
        CodeError: if the storage is malformed other than in single codes.
    """
    data = load_json(text)
    devices = data.get("data") if isinstance(data, dict) else None
    if not isinstance(devices, dict) or not all(isinstance(commands, dict) for commands in devices.values()):
        raise CodeError("broadlink_storage")
    if sum(map(len, devices.values())) > MAX_COMMANDS:
        raise CodeError("too_many_commands", maximum=str(MAX_COMMANDS))
    decode = parse if str(data.get("key")).startswith(OWN_KEY) else _broadlink
    shown = _shown(devices)
    remotes = {shown[device]: _remote(device, commands, decode) for device, commands in devices.items() if commands}
    if not remotes:
        raise CodeError("file_empty")
    return remotes


def _shown(names: Iterable[str]) -> dict[str, str]:
    """Return each name as lists show it. A bad name gets a number if it looks like another one."""
    distinct = Names()
    bad_last = sorted(names, key=lambda name: shown_name(name) != name)
    return {name: distinct.distinct(shown_name(name)) for name in bad_last}


def _remote(device: str, commands: dict[str, Any], decode: Callable[[str], Command]) -> FileRemote:
    remote = FileRemote()
    shown = _shown(commands)
    for name, codes in commands.items():
        try:
            _name(device)
            remote.commands[_name(name)] = _commands(codes if isinstance(codes, list) else [codes], decode)
        except CodeError as err:
            remote.add_unreadable(shown[name], err)
    return remote


def _name(name: str) -> str:
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise CodeError("name_invalid", name=excerpt(name))
    return name


def _commands(codes: list[Any], decode: Callable[[str], Command]) -> tuple[Command, ...]:
    if not 1 <= len(codes) <= MAX_CODES or not all(isinstance(code, str) for code in codes):
        raise CodeError("broadlink_storage_code")
    return tuple(decode(code) for code in codes)


def _broadlink(code: str) -> Command:
    return parse_broadlink(from_base64(code.removeprefix("b64:")))
