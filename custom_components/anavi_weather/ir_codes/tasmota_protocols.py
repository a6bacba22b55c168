"""Protocols of Tasmota's messages, mapped to the protocols here.

Source: the encoders of IRremoteESP8266, which define what the data mean.
"""

from collections.abc import Callable, Mapping

from infrared_protocols.commands import Command

from .command import CodeError
from .esphome_protocols import PROTOCOLS as ESPHOME, Action
from .irp import MCE_VENDOR, nec, reversed_bits
from .named import build

PANASONIC = 0x4004  # the manufacturer, which old versions of Tasmota left out
RC6_MODE_6 = 0b110


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


def _as_esphome(protocol: str, field: str = "data") -> Callable[[int, int], Command]:
    """Return the encoder of a protocol whose data are the same for ESPHome."""
    return lambda bits, data: ESPHOME[protocol](Action(protocol, {"nbits": str(bits), field: hex(data)}))


PROTOCOLS: Mapping[str, Callable[[int, int], Command]] = {
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
