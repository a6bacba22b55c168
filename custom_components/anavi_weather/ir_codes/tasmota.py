"""Codes of Tasmota: what it receives, and what its command `IRSend` sends.

    {"Protocol": "NEC", "Bits": 32, "Data": "0x20DF10EF"}   or {"IrReceived": {…}}; unknown protocols have RawData
    0,926,844,958,832,…                                     carrier (0: 38 kHz), then timings
    0,+9000-4500+560-1690C-565CdC…                          the same; the n-th letter stands for the n-th number

An upper-case letter is a pulse, a lower-case one a space.

Source: Tasmota's documentation; IRremoteESP8266's encoders define what the data mean.
"""

from collections.abc import Callable, Mapping
import re
from typing import Any

from infrared_protocols.commands import Command

from .command import DEFAULT_CARRIER, CodeError, RawCommand, check_repeat_count
from .esphome_protocols import PROTOCOLS as ESPHOME, Action
from .irp import MCE_VENDOR, nec, reversed_bits
from .json_file import load_json
from .named import build
from .raw import complete, joined, numbers
from .text import c_integer, excerpt

PANASONIC = 0x4004  # the manufacturer, which old versions of Tasmota left out

_COMMAND = re.compile(r"(?:Backlog\s+)?IRSend[0-9]?\s+(?:raw,\s*)?", re.IGNORECASE)
_COMPACT = re.compile(r"(?:([0-9]{1,6}),)?(\+[0-9]{1,7}(?:[+-][0-9]{1,7}|[A-Za-z]){2,})")
_LIST = re.compile(r"([0-9]{1,6})\s*,([-+0-9,\s]+)")
_TOKEN = re.compile(r"[+-][0-9]+|[A-Za-z]")
_BARE_HEX = re.compile(r"(:\s*)(0x[0-9a-f]{1,32})(?=\s*[,}])", re.IGNORECASE)  # in Tasmota's examples


def parse_tasmota(text: str) -> Command | None:
    """Return the command of a text, or None if it has none of Tasmota's forms.

    Raises:
        CodeError: if it has one, but is malformed, or its protocol is unknown.
    """
    code = _COMMAND.sub("", text, count=1)
    if code.startswith("{"):
        message = load_json(_BARE_HEX.sub(r'\1"\2"', code))
        return message_command(message) if isinstance(message, dict) else None
    if found := _COMPACT.fullmatch(code):
        return _timings(_expanded(found[2]), found[1])
    # Only the command before a list, or a zero at its beginning, shows that it begins with a carrier
    if (found := _LIST.fullmatch(code)) and (code != text or not int(found[1])):
        return _timings(numbers(found[2]), found[1])
    return None


def message_command(message: Mapping[str, Any]) -> Command:
    """Return the command of a JSON message.

    Raises:
        CodeError: if it is malformed, or its protocol is unknown.
    """
    received = message.get("IrReceived")
    values = {str(key).lower(): value for key, value in (received if isinstance(received, dict) else message).items()}
    protocol, raw = str(values.get("protocol", "")), values.get("rawdata")
    encode = _PROTOCOLS.get(protocol.upper())
    if encode is None and isinstance(raw, str) and (found := _COMPACT.fullmatch(raw)):
        return _timings(_expanded(found[2]), found[1])
    if encode is None:
        raise CodeError("protocol_unknown", name=excerpt(protocol))
    command = encode(_integer(protocol, values, "bits"), _integer(protocol, values, "data"))
    # In what was received, this is only whether it was a repeat
    repeats = 0 if isinstance(received, dict) else _integer(protocol, {"repeat": 0} | values, "repeat")
    return _repeated(command, check_repeat_count(repeats)) if repeats > command.repeat_count else command


def _repeated(command: Command, repeats: int) -> Command:
    if isinstance(command, RawCommand) and not command.repeat:
        return RawCommand((), command.once, modulation=command.modulation, repeat_count=repeats)
    command.repeat_count = repeats
    return command


def _integer(protocol: str, values: Mapping[str, Any], field: str) -> int:
    value = values.get(field)
    number = c_integer(value.strip()) if isinstance(value, str) else value
    if number.__class__ is not int or number < 0:
        raise CodeError("value_invalid", protocol=excerpt(protocol), field=field, value=excerpt(str(value)))
    return int(number)


def _expanded(text: str) -> list[int]:
    """Return the timings of the compact form."""
    known: list[int] = []
    timings = []
    for token in _TOKEN.findall(text):
        if token.isalpha():
            place = ord(token.lower()) - ord("a")
            if place >= len(known):
                raise CodeError("number_invalid", value=token)
            timings.append(known[place] if token.isupper() else -known[place])
        else:
            timings.append(int(token))
            known.append(abs(timings[-1]))
    return timings


def _timings(timings: list[int], carrier: str | None) -> RawCommand:
    return RawCommand(complete(joined(timings)), modulation=int(carrier or 0) or DEFAULT_CARRIER)


def _nec(bits: int, data: int) -> Command:
    _expect("NEC", bits, 32, data)
    first, second, third, fourth = (reversed_bits(byte, 8) for byte in data.to_bytes(4))
    return nec(first, second, third, fourth)


def _panasonic(_bits: int, data: int) -> Command:
    return build("panasonic", address=data >> 32 or PANASONIC, command=data & 0xFFFF_FFFF)


def _rc5(_bits: int, data: int) -> Command:
    """Return the command of RC5 or RC5X, whose highest bit is the seventh of the command."""
    command = data & 0x3F | (data >> 12 & 1) << 6
    return build("rc5", address=data >> 6 & 0x1F, command=command, toggle=data >> 11 & 1)


def _rc6(bits: int, data: int) -> Command:
    if bits == 36:
        name = "rc6_mce" if data >> 24 & 0xFF == MCE_VENDOR else "rc6_6a_32"
        return build(name, address=data >> 8 & 0xFF_FF7F, command=data & 0xFF, toggle=data >> 15 & 1)
    _expect("RC6", bits, 20, data)
    return build("rc6", address=data >> 8 & 0xFF, command=data & 0xFF, toggle=data >> 16 & 1)


def _expect(protocol: str, bits: int, expected: int, data: int) -> None:
    if bits != expected or data >> bits:
        raise CodeError("value_invalid", protocol=protocol, field="bits", value=str(bits))


def _as_esphome(protocol: str, field: str = "data") -> Callable[[int, int], Command]:
    """Return the encoder of a protocol whose data are the same for ESPHome."""
    return lambda bits, data: ESPHOME[protocol](Action(protocol, {"nbits": str(bits), field: hex(data)}))


_PROTOCOLS: Mapping[str, Callable[[int, int], Command]] = {
    "COOLIX": _as_esphome("coolix", "first"),
    "JVC": _as_esphome("jvc"),
    "LG": _as_esphome("lg"),
    "NEC": _nec,
    "PANASONIC": _panasonic,
    "RC5": _rc5,
    "RC5X": _rc5,
    "RC6": _rc6,
    "SAMSUNG": _as_esphome("samsung"),
    "SONY": _as_esphome("sony"),
}
