"""Remote controls from SmartIR's device files: JSON with codes for Broadlink, ESPHome, LOOKin, Xiaomi, and Tuya's blasters.

Source: SmartIR's controllers.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
import re
from typing import Any

from infrared_protocols.commands import Command

from .broadlink import INFRARED, RADIO, from_base64, parse_broadlink
from .command import CodeError, RawCommand
from .json_file import MAX_DEPTH, load_json
from .pronto import parse_pronto
from .raw import as_raw, complete, joined, numbers
from .remote_file import MAX_NAME, FileRemote, shown_name
from .tasmota import message_command, parse_tasmota
from .text import excerpt
from .tuya import parse_tuya
from .xiaomi import parse_xiaomi

MAX_COMMANDS = 20_000  # an air conditioner has one for each mode, fan speed, swing and temperature
MAX_FILE_TIMINGS = 2_000_000  # the longest of SmartIR's files has 1.6 million
MAX_SEQUENCE = 16  # codes that one command sends one after another
PAUSE = 500_000  # µs, SmartIR's pause between the codes of a sequence

TASMOTA_KEYS = ("protocol", "vendor", "irreceived")  # of a message to its blasters, in lower case
TUYA_KEY = "ir_code_to_send"
BLASTERS = ("mqtt", "ufor11", "zha")
BROADLINK_TYPES = tuple(bytes([kind]) for kind in (INFRARED, *RADIO))
COMMENTS = ("_", "$")  # first characters of keys without a code

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")


def parse_smartir(text: str) -> dict[str, FileRemote]:
    """Return the device of a file by its name, with commands such as `cool_high_24`.

    Raises:
        CodeError: if the file is malformed other than in single codes.
    """
    data = load_json(text)
    if not isinstance(data, dict) or not isinstance(commands := data.get("commands"), dict):
        raise CodeError("smartir_no_commands")
    decode = _decoder(data.get("commandsEncoding"), data.get("supportedController"))
    remote = FileRemote()
    timings_left = MAX_FILE_TIMINGS
    for name, code in _leaves(commands, ""):
        if len(remote.commands) + len(remote.unreadable) == MAX_COMMANDS:
            raise CodeError("too_many_commands", maximum=str(MAX_COMMANDS))
        is_known = name in remote.commands or name in remote.unreadable
        if not 1 <= len(name) <= MAX_NAME or not name.isprintable() or is_known:
            remote.commands.pop(name, None)  # because it is unknown which of two codes is meant
            remote.add_unreadable(shown_name(name), CodeError("name_invalid", name=excerpt(name)))
            continue
        try:
            command = _command(code, decode)
        except CodeError as err:
            error = CodeError(err.key, line=err.line, **{"command": excerpt(name), **err.placeholders})
            remote.add_unreadable(name, error)
            continue
        remote.commands[name] = (command,)
        # A small compressed code may have many timings
        timings_left -= len(command.once) + len(command.repeat) if isinstance(command, RawCommand) else 1
        if timings_left < 0:
            raise CodeError("file_too_long", maximum=str(MAX_FILE_TIMINGS))
    if not (remote.commands or remote.unreadable):
        raise CodeError("file_empty")
    return {_device(data): remote}


def _device(data: dict[str, Any]) -> str:
    models = data.get("supportedModels")
    model = models[0] if isinstance(models, list) and models else ""
    words = [word for word in (data.get("manufacturer"), model) if isinstance(word, str)]
    name = "".join(character if character.isprintable() else " " for character in " ".join(words))[:MAX_NAME].strip()
    return name or "SmartIR"


def _leaves(commands: dict[str, Any], prefix: str, depth: int = 1) -> Iterator[tuple[str, Any]]:
    """Yield all codes that are not empty with their names: the joined keys of the path to the code, without comments."""
    if depth > MAX_DEPTH:
        raise CodeError("json_too_deep", maximum=str(MAX_DEPTH))
    for key, value in commands.items():
        name = f"{prefix}{key.strip()}"
        if key.startswith(COMMENTS):
            continue
        if isinstance(value, dict) and not _is_message(value):
            yield from _leaves(value, f"{name}_", depth + 1)
        elif not _is_empty(value):
            yield name, value


def _is_empty(value: Any) -> bool:
    """Return whether there is no code: `""`, `[]`, `"[]"`, or the padding of base64 alone."""
    items = value if isinstance(value, list) else [value]
    return not any(item.strip(" []=") if isinstance(item, str) else item for item in items)


def _command(code: Any, decode: Callable[[Any], Command]) -> Command:
    if not isinstance(code, list) or all(isinstance(item, int | float) for item in code):
        return decode(code)
    if len(code) > MAX_SEQUENCE:
        raise CodeError("smartir_sequence", maximum=str(MAX_SEQUENCE))
    commands = [decode(item) for item in code]
    if len(commands) == 1:
        return commands[0]
    if len({command.modulation for command in commands}) > 1:
        raise CodeError("smartir_carriers")
    timings: list[int] = []
    for raw in map(as_raw, commands):
        sent = [*(raw.once or raw.repeat), *raw.repeat * raw.repeat_count]
        timings += (*sent[:-1], min(sent[-1], -PAUSE))
    return RawCommand(complete(timings), modulation=commands[0].modulation)


def _decoder(encoding: Any, controller: Any) -> Callable[[Any], Command]:
    """Return the function that decodes a code in the file's encoding; the meaning of `Raw` depends on the controller."""
    kind = (str(encoding).lower(), str(controller).lower())
    if kind[0] == "base64":
        return _text(partial(_base64, tuya=kind[1] in BLASTERS))
    if kind[0] == "hex":
        return _text(_hex)
    if kind[0] == "pronto":
        return _text(parse_pronto)
    if kind[0] == "raw" and kind[1] in ("esphome", "lookin"):
        return _timings
    if kind == ("raw", "xiaomi"):
        return _text(parse_xiaomi)
    if kind[0] == "raw" and kind[1] in BLASTERS:
        return lambda code: _message(code) if isinstance(code, dict) else _text(_blaster)(code)
    raise CodeError("smartir_encoding", encoding=excerpt(str(encoding)), controller=excerpt(str(controller)))


def _text(decode: Callable[[str], Command]) -> Callable[[Any], Command]:
    def checked(code: Any) -> Command:
        if not isinstance(code, str):
            raise CodeError("smartir_code")
        return decode(code)

    return checked


def _hex(code: str) -> Command:
    code = "".join(code.split())
    if not _HEX.fullmatch(code):
        raise CodeError("hex_invalid")
    return parse_broadlink(bytes.fromhex(code))


def _timings(code: Any) -> Command:
    if isinstance(code, str):
        return RawCommand(complete(joined(numbers(code))))
    if not isinstance(code, Sequence) or not all(map(_is_whole, code)):
        raise CodeError("smartir_code")
    return RawCommand(complete(joined(list(map(int, code)))))


def _is_whole(item: Any) -> bool:
    return item.__class__ is int or (isinstance(item, float) and item.is_integer())


def _base64(code: str, *, tuya: bool) -> Command:
    """Return the command of Broadlink's base64, or of Tuya's, whose first byte is never that of a Broadlink packet."""
    data = from_base64(code.removeprefix("b64:"))
    return parse_tuya(data) if tuya and data[:1] not in BROADLINK_TYPES else parse_broadlink(data)


def _is_message(value: dict[str, Any]) -> bool:
    """Return whether an object is a message to a blaster rather than named commands."""
    keys = {key.lower() for key in value}
    return keys == {TUYA_KEY} or {"protocol", "bits"} <= keys


def _message(message: dict[str, Any]) -> Command:
    """Return the command of a message to a blaster, which has a code of Tuya or the fields of Tasmota."""
    if any(key.lower() in TASMOTA_KEYS for key in message):
        return message_command(message)
    code = next((message[key] for key in (TUYA_KEY, "ir_code", "code") if isinstance(message.get(key), str)), "")
    if not code:
        raise CodeError("smartir_code")
    return _base64(code, tuya=True)


def _blaster(code: str) -> Command:
    """Return the command of a text for a blaster: a message in JSON, or a code of Tasmota, Tuya or Broadlink."""
    if code.lstrip().startswith("{"):
        return _message(load_json(code))
    if (command := parse_tasmota(code.strip())) is not None:
        return command
    if code.lstrip().startswith(("[", "+")):
        return _timings(code)
    return _base64(code, tuya=True)
