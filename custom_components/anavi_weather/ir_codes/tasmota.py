"""Codes of Tasmota: what it receives, and what its command `IRSend` sends.

    {"Protocol": "NEC", "Bits": 32, "Data": "0x20DF10EF"}   or {"IrReceived": {…}}; unknown protocols have RawData
    0,926,844,958,832,…                                     carrier in kHz or Hz (0: 38 kHz), then timings
    0,+9000-4500+560-1690C-565CdC…                          the same; the n-th letter stands for the n-th number
    raw,0,889,0100…                                         a bit stream, see `tasmota_bits.py`
    {"protocol_name": "NEC", "bits": 32, "hex": "0x20DF10EF"}   OpenMQTTGateway; unknown protocols have "raw"
    20DF10EF:NEC:32                                         ESP8266-HTTP-IR-Blaster

`IRSend3` before a code sends it three times. An upper-case letter is a pulse, a lower-case one a space.

Source: Tasmota's documentation.
"""

from collections.abc import Mapping
import re
from typing import Any

from infrared_protocols.commands import Command

from .command import CodeError, RawCommand
from .irp import reversed_bits
from .json_file import load_json
from .raw import complete, joined, numbers
from .tasmota_bits import carrier_hz, parse_bits
from .tasmota_protocols import PROTOCOLS, Message, repeated
from .text import c_integer, excerpt

MIN_RAW_TIMINGS = 3
MAX_DATA_BYTES = 16  # more than any protocol here has

_COMMAND = re.compile(r"(?:Backlog\s+)?IRSend([0-9]{0,3})\s+", re.IGNORECASE)
_RAW = re.compile(r"raw\s*,\s*", re.IGNORECASE)
_COMPACT = re.compile(r"(?:([0-9]{1,6}),)?(\+[0-9]{1,7}(?:[+-][0-9]{1,7}|[A-Za-z]){2,})")
_LIST = re.compile(r"([0-9]{1,6})\s*,([-+0-9,\s]+)")
_NUMBERS = re.compile(r"[0-9]{1,7}(?:\s*,\s*[0-9]{1,7})+")
_TOKEN = re.compile(r"[+-][0-9]+|[A-Za-z]")
_BLASTER = re.compile(r"(?:0x)?([0-9A-Fa-f]{1,16}):([A-Za-z]\w{1,19}):([0-9]{1,3})", re.ASCII)
_BARE_HEX = re.compile(r"(:\s*)(0x[0-9a-f]{1,32})(?=\s*[,}])", re.IGNORECASE)  # in Tasmota's examples


def parse_tasmota(text: str) -> Command | None:
    """Return the command of a text, or None if it has none of Tasmota's forms.

    Raises:
        CodeError: if it has one, but is malformed, or its protocol is unknown.
    """
    command = _COMMAND.match(text)
    code = text[command.end() :] if command else text
    # IRSend2 sends a message twice
    repeats = max(int(command[1] or 1) - 1, 0) if command else 0
    if code.startswith("{"):
        message = load_json(_BARE_HEX.sub(r'\1"\2"', code))
        return message_command(message, repeats) if isinstance(message, dict) else None
    if found := _BLASTER.fullmatch(code):
        return message_command({"protocol": found[2], "bits": int(found[3]), "data": f"0x{found[1]}"}, repeats)
    if found := _COMPACT.fullmatch(code):
        return _timings(_expanded(found[2]), found[1], repeats)
    if raw := _RAW.match(code):
        code = code[raw.end() :]
        if bits := parse_bits(code):
            return repeated(bits, repeats)
    # Only the command before a list, or a zero at its beginning, shows that it begins with a carrier
    if (found := _LIST.fullmatch(code)) and (command or raw or not int(found[1])):
        return _timings(numbers(found[2]), found[1], repeats)
    return None


def message_command(message: Mapping[str, Any], repeats: int = 0) -> Command:
    """Return the command of a JSON message, which is sent at least once more than `repeats`.

    Raises:
        CodeError: if it is malformed, or its protocol is unknown.
    """
    values = _with_lower_keys(message)
    received = values.get("irreceived")
    if isinstance(received, dict):
        values = _with_lower_keys(received)
    if isinstance(name := values.get("protocol_name"), str):  # of OpenMQTTGateway, whose `protocol` is a number
        values |= {"protocol": name, "data": values.get("hex", values.get("value")), "rawdata": values.get("raw")}
    protocol, raw = str(values.get("protocol", values.get("vendor", ""))), values.get("rawdata")
    encode = PROTOCOLS.get(protocol.upper())
    if encode is None and (timings := _raw_data(raw)) is not None:
        return _timings(*timings, repeats)
    if encode is None:
        raise CodeError("protocol_unknown", name=excerpt(protocol))
    # In what was received, this is only whether it was a repeat
    if not isinstance(received, dict):
        repeats = max(repeats, _integer(protocol, {"repeat": 0} | values, "repeat"))
    return encode(Message(_integer(protocol, values, "bits"), _data(protocol, values), repeats))


def _raw_data(raw: Any) -> tuple[list[int], str | None] | None:
    """Return the timings of an unknown protocol and their carrier: in the compact form, or as a list."""
    if isinstance(raw, str) and (found := _COMPACT.fullmatch(raw)):
        return _expanded(found[2]), found[1]
    if isinstance(raw, str) and _NUMBERS.fullmatch(raw):
        raw = numbers(raw)
    is_list = isinstance(raw, list) and all(item.__class__ is int and item > 0 for item in raw)
    return (raw, None) if is_list and len(raw) >= MIN_RAW_TIMINGS else None


def _with_lower_keys(message: Mapping[str, Any]) -> dict[str, Any]:
    return {key.lower(): value for key, value in message.items()}


def _data(protocol: str, values: Mapping[str, Any]) -> int:
    """Return the data, which some messages have only with the lowest bit of each byte first."""
    if "data" in values or "datalsb" not in values:
        return _integer(protocol, values, "data")
    swapped = _integer(protocol, values, "datalsb")
    return int.from_bytes(reversed_bits(byte, 8) for byte in swapped.to_bytes(MAX_DATA_BYTES))


def _integer(protocol: str, values: Mapping[str, Any], field: str) -> int:
    value = values.get(field)
    number = c_integer(value.strip()) if isinstance(value, str) else value
    if number.__class__ is not int or number < 0 or number.bit_length() > 8 * MAX_DATA_BYTES:
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


def _timings(timings: list[int], carrier: str | None, repeats: int) -> Command:
    command = RawCommand(complete(joined(timings)), modulation=carrier_hz(int(carrier or 0)))
    return repeated(command, repeats)
