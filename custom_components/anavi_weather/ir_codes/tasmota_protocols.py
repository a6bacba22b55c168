"""Protocols of Tasmota's messages, mapped to the protocols here.

Source: the encoders of IRremoteESP8266, which define what the data mean.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from infrared_protocols.commands import Command

from .command import CodeError, RawCommand, check_repeat_count
from .esphome_action import Action
from .esphome_protocols import COOLIX, LG, MIDEA, PROTOCOLS as ESPHOME, midea_timings, swapped_bytes
from .irp import MCE_VENDOR, irp_commands, nec, nec2, reversed_bits
from .named import build
from .protocols import PulseProtocol
from .raw import as_raw, complete

PANASONIC = 0x4004  # the manufacturer, which old versions of Tasmota left out
RC6_MODE_6 = 0b110
COOLIX_PAUSE = 5244  # µs, between the frames of a press

_COOLIX = replace(COOLIX, header=(4692, 4416), zero=(552, 552), one=(552, 1656))
_LG_PERIOD = 108_050  # µs, from frame to frame
_LG = replace(LG, header=(8500, 4250), zero=(550, 550), one=(550, 1600), period=_LG_PERIOD)
_LG32 = replace(LG, layout="data:32", header=(4480, 4480), zero=(560, 560), one=(560, 1680), period=108_080)
_LG2 = replace(_LG, header=(3200, 9900), zero=(480, 550), one=(480, 1600))
_LG2_DITTO = (3200, -2250, 550)
_LG_DITTO = (8500, -2250, 550)
_LG32_DITTO = (8950, -2250, 550)


_AIWA = (0x1D8113F, 1)  # the bits before and after those of the data
_EPSON_REPEATS = 2  # at least
_SYMPHONY = (400, 1250)  # µs, of a short and a long pulse or space
_MIDEA_GAP = 105_600  # µs, between two messages


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


def _jvc(bits: int, data: int) -> Command:
    _expect("JVC", bits, 16, data)
    return ESPHOME["jvc"](Action("jvc", {"data": hex(data)}))


def _panasonic(bits: int, data: int) -> Command:
    _expect("PANASONIC", bits, 48, data)
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
    return _lg_frames(message, _LG, _LG_DITTO)


def _lg2(message: Message) -> Command:
    return _lg_frames(message, _LG2, _LG2_DITTO)


def _lg_frames(message: Message, protocol: PulseProtocol, ditto: tuple[int, int, int]) -> Command:
    is_long = message.bits == 32
    _expect("LG", message.bits, 32 if is_long else 28, message.data)
    if is_long:
        protocol, ditto = _LG32, _LG32_DITTO
    frame = protocol.closed(protocol.frame({"data": message.data}))
    repeat = (*ditto, sum(map(abs, ditto)) - _LG_PERIOD)
    return RawCommand(frame, repeat, repeat_count=check_repeat_count(message.repeats) + is_long)


def _epson(message: Message) -> Command:
    """Return the command of Epson: NEC's frame, which is sent at least three times."""
    _expect("EPSON", message.bits, 32, message.data)
    return repeated(nec2(*swapped_bytes(message.data)), max(message.repeats, _EPSON_REPEATS))


def _samsung36(bits: int, data: int) -> Command:
    _expect("SAMSUNG36", bits, 36, data)
    return ESPHOME["samsung36"](Action("samsung36", {"address": hex(data >> 20), "command": hex(data & 0xF_FFFF)}))


def _sharp(message: Message) -> Command:
    """Return the command of Sharp or Denon: the bits of its first frame, in the order they are sent."""
    bits, data, repeats = message
    _expect("SHARP", bits, 15, data)
    if data & 1:
        raise CodeError("value_invalid", protocol="SHARP", field="data", value=hex(data))
    address, command = reversed_bits(data >> 10, 5), reversed_bits(data >> 2 & 0xFF, 8)
    press = build("sharp", address=address, command=command, extension=data >> 1 & 1)
    return repeated(as_raw(press), repeats) if repeats else press


def _denon(message: Message) -> Command:
    if message.bits == 48:
        return _plain(_panasonic)(message)
    if message.bits == 14:  # lacks the first bit of the address
        message = message._replace(bits=15, data=message.data & ~0x2000)
    return _sharp(message)


def _rcmm(bits: int, data: int) -> Command:
    _expect("RCMM", bits, bits if bits in (12, 24, 32) else 24, data)
    toggle = {"toggle": data >> 15 & 1} if bits == 32 else {}
    return build(f"rcmm{bits}", address=data >> 8, command=data & 0xFF, **toggle)


def _pioneer(bits: int, data: int) -> Command:
    """Return the command of Pioneer, whose message may have two frames."""
    _expect("PIONEER", bits, 32 if bits == 32 else 64, data)
    frames = [swapped_bytes(data >> place & 0xFFFF_FFFF) for place in ((32, 0) if bits == 64 else (0,))]
    for address, inverse, command, other in frames:
        if address ^ inverse != 0xFF or command ^ other != 0xFF:
            raise CodeError("value_invalid", protocol="PIONEER", field="data", value=hex(data))
    (first, _, second, _), *others = frames
    if not others:
        return build("pioneer", address=first, command=second)
    ((address, _, command, _),) = others
    return build("pioneer", address=address, command=command, preamble_address=first, preamble_command=second)


def _dish(bits: int, data: int) -> Command:
    _expect("DISH", bits, 16, data)
    unit, device = reversed_bits(data >> 5 & 0x1F, 5), reversed_bits(data & 0x1F, 5)
    (command,) = irp_commands("dish_network", {"F": data >> 10, "S": unit, "D": device})
    return command


def _sanyo(bits: int, data: int) -> Command:
    """Return the command of 42 bits with NEC's timings."""
    _expect("SANYO_LC7461", bits, 42, data)
    address, command = reversed_bits(data >> 16, 26), reversed_bits(data & 0xFFFF, 16)
    if address & 0x1FFF ^ address >> 13 == 0x1FFF and command & 0xFF ^ command >> 8 == 0xFF:
        return build("nec42", address=address & 0x1FFF, command=command & 0xFF)
    return build("nec42ext", address=address, command=command)


def _aiwa(message: Message) -> Command:
    _expect("AIWA_RC_T501", message.bits, 15, message.data)
    first, last = _AIWA
    return repeated(_sanyo(42, first << 16 | message.data << 1 | last), max(message.repeats, 1))


def _mitsubishi(message: Message) -> Command:
    """Return the command of Mitsubishi, which is sent at least twice."""
    _expect("MITSUBISHI", message.bits, 16, message.data)
    device, function = (reversed_bits(byte, 8) for byte in message.data.to_bytes(2))
    (command,) = irp_commands("mitsubishi", {"D": device, "F": function})
    return repeated(command, max(message.repeats, 1))


def _gicable(message: Message) -> Command:
    """Return the command of G.I.Cable, which sends at least one ditto. The last four bits are a checksum."""
    _expect("GICABLE", message.bits, 16, message.data)
    data = reversed_bits(message.data, 16)
    command, device = data & 0xFF, data >> 8 & 0xF
    if -(command + (command >> 4) + device) & 0xF != data >> 12:
        raise CodeError("value_invalid", protocol="GICABLE", field="data", value=hex(message.data))
    (found,) = irp_commands("g.i.cable", {"F": command, "D": device})
    return repeated(found, max(message.repeats, 1))


def _midea(message: Message) -> Command:
    """Return the command of Midea, which sends each frame, then its inverse."""
    _expect("MIDEA", message.bits, 48, message.data)
    timings = complete(midea_timings(message.data), _MIDEA_GAP)
    return repeated(RawCommand(timings, modulation=MIDEA.carrier), message.repeats)


def _symphony(message: Message) -> Command:
    """Return the command of Symphony, which is sent at least four times."""
    _expect("SYMPHONY", message.bits, message.bits if message.bits in (11, 12) else 12, message.data)
    short, long = _SYMPHONY
    timings: list[int] = []
    for place in reversed(range(message.bits)):
        timings += (long, -short) if message.data >> place & 1 else (short, -long)
    timings[-1] -= 4 * (short + long)
    return RawCommand((), tuple(timings), repeat_count=max(check_repeat_count(message.repeats), 3))


def _as_esphome(protocol: str) -> Callable[[Message], Command]:
    """Return the encoder of a protocol whose data are the same for ESPHome."""
    return _plain(lambda bits, data: ESPHOME[protocol](Action(protocol, {"nbits": str(bits), "data": hex(data)})))


PROTOCOLS: Mapping[str, Callable[[Message], Command]] = {
    "AIWA_RC_T501": _aiwa,
    "COOLIX": _coolix,
    "DENON": _denon,
    "DISH": _plain(_dish),
    "EPSON": _epson,
    "GICABLE": _gicable,
    "JVC": _plain(_jvc),
    "LG": _lg,
    "LG2": _lg2,
    "MIDEA": _midea,
    "MITSUBISHI": _mitsubishi,
    **dict.fromkeys(("NEC", "NEC_LIKE", "NEC (NON-STRICT)"), _plain(_nec)),
    "PANASONIC": _plain(_panasonic),
    "PIONEER": _plain(_pioneer),
    "RC5": _plain(_rc5),
    "RC5X": _plain(_rc5),
    "RC6": _plain(_rc6),
    "RCMM": _plain(_rcmm),
    "SAMSUNG": _as_esphome("samsung"),
    "SAMSUNG36": _plain(_samsung36),
    "SANYO_LC7461": _plain(_sanyo),
    "SHARP": _sharp,
    "SONY": _as_esphome("sony"),
    "SYMPHONY": _symphony,
}
