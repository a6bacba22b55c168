"""Protocols by the names that IrpTransmogrifier gives them, which IRDB and Girr use.

Each name is mapped to a protocol here. D is the device, S the subdevice, F the function, E a second byte of the function.
The carrier and the pulses are those of the protocol here, which differ from IrpTransmogrifier's by at most 4 %. RCA's pulses
and the pauses between frames may differ more.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from infrared_protocols.commands import Command

from .command import CodeError, RawCommand
from .irp_frames import FRAMES, Parameters, bits_of, directv, dish_network, framed, recs80
from .named import build
from .protocols import PROTOCOLS, PulseProtocol
from .raw import as_raw, in_turn
from .text import excerpt

MCE_VENDOR = 0x80
PANASONIC = (2, 32)
JVC = (3, 1)
DENON = (84, 50)
FUJITSU = (20, 99)
TIVO = 0x3085
APPLE = 0x87
ROKU_HELD = 0x80
RCA_38_CARRIER = 38_700  # Hz


class IrpProtocol(NamedTuple):
    """A protocol of IrpTransmogrifier."""

    parameters: str
    """Names and bits; those with a question mark are optional."""
    encode: Callable[[Parameters], Command | tuple[Command, ...]]


def irp_commands(name: str, parameters: Parameters) -> tuple[Command, ...]:
    """Return the commands of a protocol by its parameters: two that are sent in turn if it has a toggle bit.

    Parameters that the protocol does not have, such as a toggle bit, are ignored.

    Raises:
        CodeError: if the protocol is unknown, or a parameter is missing or out of range.
    """
    protocol = IRP_PROTOCOLS.get(name.lower())
    if protocol is None:
        raise CodeError("protocol_unknown", name=excerpt(name))
    values: dict[str, int] = {}
    for part in protocol.parameters.split():
        parameter, bits = part.split(":")
        maximum = (1 << int(bits.rstrip("?"))) - 1
        if parameter not in parameters:
            if bits.endswith("?"):
                continue
            raise CodeError("field_missing", protocol=excerpt(name), field=parameter)
        if not 0 <= parameters[parameter] <= maximum:
            raise CodeError("value_out_of_range", protocol=excerpt(name), field=parameter, maximum=hex(maximum))
        values[parameter] = parameters[parameter]
    encoded = protocol.encode(values)
    return encoded if isinstance(encoded, tuple) else in_turn(encoded)


def reversed_bits(value: int, bits: int) -> int:
    """Return a value with the order of its bits reversed."""
    return int(f"{value:0{bits}b}"[::-1], 2)


def nec(low: int, high: int, command: int, second: int) -> Command:
    """Return the command of NEC's four bytes."""
    if command ^ second == 0xFF:
        if low ^ high == 0xFF:
            return build("nec", address=low, command=command)
        if high:  # infrared_protocols adds the inverse to an address below 256
            return build("nec", address=low | high << 8, command=command)
    return build("necext", address=low | high << 8, command=command | second << 8)


def sent_once(protocol: PulseProtocol, **values: int) -> RawCommand:
    """Return the command that sends a frame of a protocol once."""
    return RawCommand(protocol.closed(protocol.frame(values)), modulation=protocol.carrier)


def nec2(low: int, high: int, command: int, second: int) -> Command:
    """Return the command of NEC's four bytes that repeats them while a key is held, instead of a ditto."""
    return build("nec2", address=low | high << 8, command=command | second << 8)


def samsung(low: int, high: int, command: int) -> Command:
    """Return the command of Samsung's protocol, whose last byte is the inverse of the third."""
    if high or not low:
        return build("samsung32", address=low if low == high else low | high << 8, command=command)
    # infrared_protocols sends an address below 256 twice
    protocol = PROTOCOLS["samsung32"]
    return RawCommand(*protocol.sent({"address": low, "command": command}), modulation=protocol.carrier)


def _nec(of: Parameters) -> Command:
    return nec(*_nec_bytes(of))


def _nec2(of: Parameters) -> Command:
    return nec2(*_nec_bytes(of))


def _nec_bytes(of: Parameters) -> tuple[int, int, int, int]:
    return of["D"], _subdevice(of), of["F"], of.get("E", 0xFF - of["F"])


def _roku(of: Parameters) -> Command:
    """Return the command of Roku: a held key repeats the frame with the highest bit of the function inverted."""
    press, repeat = (as_raw(nec2(*_nec_bytes({**of, "F": of["F"] ^ held}))) for held in (0, ROKU_HELD))
    return RawCommand(press.repeat, repeat.repeat, modulation=press.modulation)


def _necx1(of: Parameters) -> Command:
    """Return the command of NECx1, whose ditto has the inverse of the first bit that the frame has."""
    protocol = PROTOCOLS["samsung32"]
    values = {"address": of["D"] | _subdevice(of) << 8, "command": of["F"]}
    bit = protocol.zero if of["D"] & 1 else protocol.one
    ditto = (protocol.header[0], -protocol.header[1], bit[0], -bit[1], protocol.zero[0])
    return RawCommand(protocol.closed(protocol.frame(values)), protocol.closed(ditto), modulation=protocol.carrier)


def _nec_yamaha(flipped: int) -> Callable[[Parameters], Command]:
    """Return the encoder of NEC with bits of the last byte that are not inverted."""
    return lambda of: nec(of["D"], _subdevice(of), of["F"], 0xFF - of["F"] ^ flipped)


def _nec_nibbles(of: Parameters) -> Command:
    """Return the command of NEC whose last byte has the inverted nibbles of the function in reverse order."""
    return nec(of["D"], _subdevice(of), of["F"], 0xFF - (of["F"] >> 4 | (of["F"] & 0xF) << 4))


def _subdevice(of: Parameters) -> int:
    return of.get("S", 0xFF - of["D"])


def _tivo(of: Parameters) -> Command:
    return build("necext", address=TIVO, command=of["F"] | of["U"] << 8 | (0xF - (of["F"] >> 4)) << 12)


def _apple(of: Parameters) -> Command:
    device, pair = of.get("D", 0xEE), of["PairID"]
    ones = device.bit_count() + APPLE.bit_count() + of["F"].bit_count() + pair.bit_count()
    parity = 1 - ones % 2
    return build("necext", address=device | APPLE << 8, command=parity | of["F"] << 1 | pair << 8)


def _pioneer(of: Parameters) -> Command:
    if of["D"] ^ _subdevice(of) != 0xFF:
        raise CodeError("value_invalid", protocol="pioneer", field="S", value=str(of["S"]))
    # Two frames, as Flipper sends them
    return build("pioneer", address=of["D"], command=of["F"], repeat_count=1)


def _pioneer_pair(of: Parameters) -> Command:
    """Return the command of two frames, of which a held key repeats the second."""
    pairs = ((of["D0"], of["F0"]), (of.get("D", of["D0"]), of.get("F", of["F0"])))
    first, second = (as_raw(build("pioneer", address=device, command=function)) for device, function in pairs)
    return RawCommand((*first.repeat, *second.repeat), second.repeat, modulation=second.modulation)


def _kaseikyo(*data: int) -> Command:
    first, second, *others = (reversed_bits(byte, 8) for byte in data)
    return build("panasonic", address=first << 8 | second, command=int.from_bytes(bytes(others)))


def _panasonic(vendor: tuple[int, int]) -> Callable[[Parameters], Command]:
    return lambda of: _kaseikyo(*vendor, of["D"], of["S"], of["F"], of["D"] ^ of["S"] ^ of["F"])


def _denon_k(of: Parameters) -> Command:
    device, subdevice, function = of["D"], of["S"], of["F"]
    checksum = (device << 4 ^ subdevice ^ function << 4 ^ function >> 4) & 0xFF
    return _kaseikyo(*DENON, device << 4, subdevice | (function & 0xF) << 4, function >> 4, checksum)


def _any_kaseikyo(of: Parameters) -> Command:
    parity = (of["M"] ^ of["N"]) >> 4 ^ of["M"] ^ of["N"]
    total = of["D"] ^ of["S"] ^ of["F"] ^ of["E"] << 4
    checksum = total >> 4 ^ total
    return _kaseikyo(of["M"], of["N"], parity & 0xF | of["D"] << 4, of["S"], of["F"], of["E"] | (checksum & 0xF) << 4)


def _rca(of: Parameters) -> Command:
    return build("rca", address=reversed_bits(of["D"], 4), command=reversed_bits(of["F"], 8))


def _rca_38(of: Parameters) -> Command:
    protocol = PROTOCOLS["rca"]
    values = {"address": reversed_bits(of["D"], 4), "command": reversed_bits(of["F"], 8)}
    return RawCommand((), protocol.closed(protocol.frame(values)), modulation=RCA_38_CARRIER)


def _named(name: str, **constants: int) -> Callable[[Parameters], Command]:
    """Return the encoder of a protocol whose address is the device and whose command is the function."""
    return lambda of: build(name, address=of["D"], command=of["F"], **constants)


def _with_subdevice(name: str, shift: int) -> Callable[[Parameters], Command]:
    """Return the encoder of a protocol whose address is the device, and from the bit `shift` on the subdevice."""
    return lambda of: build(name, address=of["D"] | of["S"] << shift, command=of["F"])


def _below_device(name: str, bits: int) -> Callable[[Parameters], Command]:
    """Return the encoder of a protocol whose address is the device, and below it the subdevice."""
    return lambda of: build(name, address=of["D"] << bits | of["S"], command=of["F"])


_NEC = IrpProtocol("D:8 S:8? F:8", _nec)
_NEC_F16 = IrpProtocol("D:8 S:8? F:8 E:8?", _nec)
_NECX = IrpProtocol("D:8 S:8? F:8", lambda of: samsung(of["D"], _subdevice(of), of["F"]))
_DENON = IrpProtocol("D:5 F:8", _named("sharp", extension=0))
_SHARP = IrpProtocol("D:5 F:8", _named("sharp", extension=1))
_PIONEER_PAIR = IrpProtocol("D0:8 F0:8 D:8? F:8?", _pioneer_pair)

IRP_PROTOCOLS: Mapping[str, IrpProtocol] = {
    # The names without a number are of presses that were too short for a repeat
    **dict.fromkeys(("nec", "nec1"), _NEC),
    "nec2": IrpProtocol(_NEC.parameters, _nec2),
    **dict.fromkeys(("nec-f16", "nec1-f16"), _NEC_F16),
    "nec2-f16": IrpProtocol(_NEC_F16.parameters, _nec2),
    "nec1-y1": IrpProtocol("D:8 S:8? F:8", _nec_yamaha(0x80)),
    "nec1-y2": IrpProtocol("D:8 S:8? F:8", _nec_yamaha(0x01)),
    "nec1-y3": IrpProtocol("D:8 S:8? F:8", _nec_yamaha(0x81)),
    "nec1-rnc": IrpProtocol("D:8 S:8? F:8", _nec_nibbles),
    "roku": IrpProtocol("D:8 S:8? F:7", _roku),
    "roku-8bit": IrpProtocol("D:8 S:8? F:8", _roku),
    **dict.fromkeys(("necx", "necx2"), _NECX),
    "necx1": IrpProtocol(_NECX.parameters, _necx1),
    "apple": IrpProtocol("D:8? F:7 PairID:8", _apple),
    "tivo": IrpProtocol("F:8 U:4", _tivo),
    "pioneer": IrpProtocol("D:8 S:8? F:8", _pioneer),
    **dict.fromkeys(("pioneer-2part", "pioneer-mix"), _PIONEER_PAIR),
    "jvc": IrpProtocol("D:8 F:8", _named("jvc")),
    "sony12": IrpProtocol("D:5 F:7", _named("sony")),
    "sony15": IrpProtocol("D:8 F:7", _named("sony15")),
    "sony20": IrpProtocol("D:5 S:8 F:7", _with_subdevice("sony20", 5)),
    # The first frame of a press, the second one, or both
    **dict.fromkeys(("denon", "denon{1}", "denon{2}"), _DENON),
    **dict.fromkeys(("sharp", "sharp{1}", "sharp{2}"), _SHARP),
    "proton": IrpProtocol("D:8 F:8", _named("proton")),
    "proton-40": IrpProtocol("D:8 F:8", _named("proton", modulation=40_500)),
    "audiovox": IrpProtocol("D:8 F:8", _named("proton", modulation=40_000)),
    "rca": IrpProtocol("D:4 F:8", _rca),
    "rca-38": IrpProtocol("D:4 F:8", _rca_38),
    "panasonic": IrpProtocol("D:8 S:8 F:8", _panasonic(PANASONIC)),
    "jvc-48": IrpProtocol("D:8 S:8 F:8", _panasonic(JVC)),
    "denon-k": IrpProtocol("D:4 S:4 F:12", _denon_k),
    "fujitsu": IrpProtocol(
        "D:8 S:8? F:8 E:4?",
        lambda of: _kaseikyo(*FUJITSU, of.get("E", 0) << 4, of["D"], of.get("S", of["D"]), of["F"]),
    ),
    "kaseikyo": IrpProtocol("M:8 N:8 D:4 S:8 F:8 E:4", _any_kaseikyo),
    "rc5": IrpProtocol("D:5 F:7", _named("rc5")),
    "rc5x": IrpProtocol(
        "D:5 S:7 F:6",
        lambda of: build("marantz_extended", address=of["D"], command=of["S"], extension=of["F"]),
    ),
    "streamzap": IrpProtocol("D:6 F:7", _named("rc5_sz")),
    "rc6": IrpProtocol("D:8 F:8", _named("rc6")),
    "rc6-6-20": IrpProtocol("D:8 S:4 F:8", _below_device("rc6_6a_20", 4)),
    **dict.fromkeys(("replay", "rc6-6-24"), IrpProtocol("D:8 S:8 F:8", _below_device("rc6_6a_24", 8))),
    **dict.fromkeys(
        ("mce", "rc6-6-32"),
        IrpProtocol(
            "D:7 S:8 F:8",
            lambda of: build("rc6_mce", address=MCE_VENDOR << 16 | of["S"] << 8 | of["D"], command=of["F"]),
        ),
    ),
    **{name: IrpProtocol(bits_of(name), framed(name)) for name in FRAMES},
    "recs80": IrpProtocol("D:3 F:6", recs80),
    "directv": IrpProtocol("D:4 F:8", directv),
    "dish_network": IrpProtocol("D:5? S:5? F:6", dish_network),
    "nokia12": IrpProtocol("D:4 F:8", _named("rcmm12")),
    "nokia": IrpProtocol("D:8 S:8 F:8", _below_device("rcmm24", 8)),
    "nokia32": IrpProtocol(
        "D:8 S:8 X:7 F:8",
        lambda of: build("rcmm32", address=of["D"] << 16 | of["S"] << 8 | of["X"], command=of["F"]),
    ),
}
