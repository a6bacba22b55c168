"""Broadlink packets in base64 (`b64:…`), the most common form in SmartIR's library.

    26 | repeats | length, 16 bits, low byte first | durations
    b2, b4 (433 MHz) or d7 (315 MHz) in place of 26: radio

A duration counts units of 32.84 µs: one byte, or from 256 on 00 and two bytes, high byte first. Pulses and spaces take
turns; 00 0d 05 is the pause at the end.
"""

import base64
import binascii
import re
import struct

from infrared_protocols.commands import Command

from .command import CodeError, RawCommand
from .raw import as_raw, complete

INFRARED = 0x26
RADIO = {0xB2: "433 MHz", 0xB4: "433 MHz", 0xD7: "315 MHz"}
UNIT = 269_000 / 8192  # µs
END = 0x0D05  # units; the pause that ends a packet, 109 ms

_BLANK = re.compile(r"\s+")


def from_base64(text: str) -> bytes:
    """Return the bytes of base64, with or without padding, in the usual or the URL-safe alphabet.

    What follows the padding is ignored because Broadlink's integration ignores it too.

    Raises:
        CodeError: if the text is not base64.
    """
    text = _BLANK.sub("", text).partition("=")[0].replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as err:
        raise CodeError("base64_invalid") from err


def parse_broadlink(packet: bytes) -> RawCommand:
    """Return the command of a packet; bytes beyond its stated length are padding.

    Raises:
        CodeError: if the packet is cut short, or not an infrared one.
    """
    if len(packet) < 4:
        raise CodeError("broadlink_length", expected="4", actual=str(len(packet)))
    kind, repeat_count, length = struct.unpack_from("<BBH", packet)
    if kind in RADIO:
        raise CodeError("broadlink_radio", band=RADIO[kind])
    if kind != INFRARED:
        raise CodeError("broadlink_type", value=f"0x{kind:02X}")
    data = packet[4 : 4 + length]
    units, whole = _units(data)
    if len(data) < length and whole:
        raise CodeError("broadlink_length", expected=str(4 + length), actual=str(len(packet)))
    timings = complete([round(unit * UNIT) for unit in units], gap=round(END * UNIT))
    return RawCommand((), timings, repeat_count=repeat_count) if repeat_count else RawCommand(timings)


def _units(data: bytes) -> tuple[list[int], bool]:
    """Return the durations, and whether the last one is complete; many files lack the end of the pause, or all of it."""
    units: list[int] = []
    at = 0
    while at < len(data):
        unit, at = data[at], at + 1
        if not unit:
            if at + 2 > len(data):
                return units, False
            unit, at = int.from_bytes(data[at : at + 2], "big"), at + 2
        units.append(unit)
    # Some converters write the pause without the zero, which makes it look like a pulse and a space
    if units[-2:] == [END >> 8, END & 0xFF] and data[-2:] == END.to_bytes(2):
        del units[-2:]
    return units, True


def to_broadlink(command: Command) -> str:
    """Return a command as `b64:…`, precise to 16 µs; the repeats of a command with a once part are written out.

    Raises:
        CodeError: if the carrier is far from Broadlink's 38 kHz, or the command is too long for a packet.
    """
    if not 36_000 <= command.modulation <= 40_000:
        raise CodeError("broadlink_carrier", value=str(command.modulation))
    raw = as_raw(command)
    repeat_count, timings = raw.repeat_count, raw.repeat
    if raw.once:
        repeat_count, timings = 0, raw.once + raw.repeat * raw.repeat_count
    data = bytearray()
    for duration in timings:
        unit = min(max(round(abs(duration) / UNIT), 1), 0xFFFF)
        data += struct.pack(">B", unit) if unit < 256 else struct.pack(">BH", 0, unit)
    if len(data) > 0xFFFF:
        raise CodeError("too_many_timings", maximum=str(0xFFFF))
    packet = struct.pack("<BBH", INFRARED, repeat_count, len(data)) + data
    return "b64:" + base64.b64encode(packet).decode()
