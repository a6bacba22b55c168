"""Protocols of Tasmota's messages, mapped to the protocols here.

Source: the encoders of IRremoteESP8266, which define what the data mean.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from infrared_protocols.commands import Command

from .command import CodeError, RawCommand, check_repeat_count
from .esphome_protocols import COOLIX, LG, PROTOCOLS as ESPHOME, Action, swapped_bytes
from .irp import MCE_VENDOR, nec
from .named import build
from .raw import complete

PANASONIC = 0x4004  # the manufacturer, which old versions of Tasmota left out
RC6_MODE_6 = 0b110
COOLIX_PAUSE = 5244  # µs, between the frames of a press

_COOLIX = replace(COOLIX, header=(4692, 4416), zero=(552, 552), one=(552, 1656))
_LG_PERIOD = 108_050  # µs, from frame to frame
_LG = replace(LG, header=(8500, 4250), zero=(550, 550), one=(550, 1600), period=_LG_PERIOD)
_LG32 = replace(LG, layout="data:32", header=(4480, 4480), zero=(560, 560), one=(560, 1680), period=108_080)
_LG_DITTO = (8500, -2250, 550)
_LG32_DITTO = (8950, -2250, 550)


class Message(NamedTuple):
    """What a message sends."""

    bits: int
    data: int
    repeats: int  # of the frame


def repeated(command: Command, repeats: int) -> Command:
    """Return a command that is sent once more than `repeats`, or more often if its protocol demands it.

    Raises:
        CodeError: if there are too many repeats, or they take too long.
    """
    if check_repeat_count(repeats) <= command.repeat_count:
        return command
    if isinstance(command, RawCommand):
        once, repeat = (command.once, command.repeat) if command.repeat else ((), command.once)
        return RawCommand(once, repeat, modulation=command.modulation, repeat_count=repeats)
    command.repeat_count = repeats
    return command


def _plain(encode: Callable[[int, int], Command]) -> Callable[[Message], Command]:
    """Return the encoder of a protocol that repeats its frame, or a ditto, in the usual way."""
    return lambda message: repeated(encode(message.bits, message.data), message.repeats)


def _nec(bits: int, data: int) -> Command:
    _expect("NEC", bits, 32, data)
    return nec(*swapped_bytes(data))


def _panasonic(_bits: int, data: int) -> Command:
    return build("panasonic", address=data >> 32 or PANASONIC, command=data & 0xFFFF_FFFF)


def _rc5(_bits: int, data: int) -> Command:
    """Return the command of RC5 or RC5X, whose highest bit is the seventh of the command."""
    command = data & 0x3F | (data >> 12 & 1) << 6
    return build("rc5", address=data >> 6 & 0x1F, command=command, toggle=data >> 11 & 1)


def _rc6(bits: int, data: int) -> Command:
    """Return the command of RC6, whose data begin with the mode (3 bits) and the trailer, which is twice as long."""
    _expect("RC6", bits, 36 if bits == 36 else 20, data)
    mode, trailer = data >> (bits - 3), data >> (bits - 4) & 1
    if mode != (RC6_MODE_6 if bits == 36 else 0):
        raise CodeError("value_invalid", protocol="RC6", field="data", value=hex(data))
    address, command = data >> 8 & 0xFF_FFFF, data & 0xFF
    if bits == 20:
        return build("rc6", address=address & 0xFF, command=command, toggle=trailer)
    if address >> 16 == MCE_VENDOR and not trailer:
        return build("rc6_mce", address=address, command=command, toggle=address >> 7 & 1)
    return build("rc6_6a_32", address=address, command=command, toggle=trailer)


def _expect(protocol: str, bits: int, expected: int, data: int) -> None:
    if bits != expected or data >> bits:
        raise CodeError("value_invalid", protocol=protocol, field="bits", value=str(bits))


def _coolix(message: Message) -> Command:
    """Return the command of Coolix, which sends each frame at least twice."""
    _expect("COOLIX", message.bits, 24, message.data)
    frame = _COOLIX.frame({"data": message.data})
    frames = max(check_repeat_count(message.repeats), 1) + 1
    timings = [*frame, -COOLIX_PAUSE] * frames
    return RawCommand(complete(timings[:-1]), modulation=_COOLIX.carrier)


def _lg(message: Message) -> Command:
    """Return the command of LG, which repeats a ditto. With 32 bits, a ditto follows each frame."""
    is_long = message.bits == 32
    _expect("LG", message.bits, 32 if is_long else 28, message.data)
    protocol, ditto = (_LG32, _LG32_DITTO) if is_long else (_LG, _LG_DITTO)
    frame = protocol.closed(protocol.frame({"data": message.data}))
    repeat = (*ditto, sum(map(abs, ditto)) - _LG_PERIOD)
    return RawCommand(frame, repeat, repeat_count=check_repeat_count(message.repeats) + is_long)


def _as_esphome(protocol: str) -> Callable[[Message], Command]:
    """Return the encoder of a protocol whose data are the same for ESPHome."""
    return _plain(lambda bits, data: ESPHOME[protocol](Action(protocol, {"nbits": str(bits), "data": hex(data)})))


PROTOCOLS: Mapping[str, Callable[[Message], Command]] = {
    "COOLIX": _coolix,
    "JVC": _as_esphome("jvc"),
    "LG": _lg,
    "NEC": _plain(_nec),
    "PANASONIC": _plain(_panasonic),
    "RC5": _plain(_rc5),
    "RC5X": _plain(_rc5),
    "RC6": _plain(_rc6),
    "SAMSUNG": _as_esphome("samsung"),
    "SONY": _as_esphome("sony"),
}
