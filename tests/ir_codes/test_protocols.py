"""Tests of the table of protocols."""

from collections.abc import Mapping

import pytest

from custom_components.anavi_weather.ir_codes import parse
from custom_components.anavi_weather.ir_codes.protocol_command import ProtocolCommand
from custom_components.anavi_weather.ir_codes.protocols import PROTOCOLS

from .helpers import refused


def _bits(text: str) -> str:
    """Return the bits of a frame, measured from its timings."""
    command = parse(text)
    assert isinstance(command, ProtocolCommand)
    protocol = PROTOCOLS[command.protocol.name]
    timings = list(command.once or command.repeat)
    long = max(protocol.one)
    cells = timings[2::2] if protocol.width else [-space for space in timings[3::2]]
    return "".join(str(int(abs(cell) >= long * 0.8)) for cell in cells)[: len(protocol.bits)]


@pytest.mark.parametrize(
    ("text", "bits"),
    [
        # Flipper: address and command, lowest bit first
        ("necext:0x87ee,0xa05d", "01110111 11100001 10111010 00000101"),
        ("nec42:0x1c48,0x08", "0001001000111 1110110111000 00010000 11101111"),
        ("nec42ext:0x2abcdef,0x1234", "11110111101100111101010101 0010110001001000"),
        ("rca:0x05,0x2a", "1010 01010100 0101 10101011"),
        ("sony:0x01,0x15", "1010100 10000"),
        ("sony15:0x54,0x15", "1010100 00101010"),
        ("sony20:0x35f,0x15", "1010100 1111101011000"),
        ("jvc:0x03,0x11", "11000000 10001000"),
        # Power of a Panasonic television, 02 20 80 00 3D BD, in both notations
        ("kaseikyo:0x200280,0x3d0", "01000000 00000100 00000001 00000000 10111100 10111101"),
        ("panasonic:0x4004,0x0100bcbd", "01000000 00000100 00000001 00000000 10111100 10111101"),
    ],
)
def test_bits(text: str, bits: str) -> None:
    assert _bits(text) == bits.replace(" ", "")


@pytest.mark.parametrize(
    ("text", "once", "repeat", "frames", "carrier"),
    [
        ("necext:1,2", 108_000, 108_000, 1, 38_000),
        ("jvc:1,2", 59_020, 46_420, 1, 38_000),
        ("sony:1,2", 0, 45_000, 3, 40_000),
        ("kaseikyo:1,2", 0, 130_000, 1, 37_000),
        ("rca:1,2", 0, 64_500, 1, 56_000),
    ],
)
def test_periods(text: str, once: int, repeat: int, frames: int, carrier: int) -> None:
    command = parse(text)
    assert isinstance(command, ProtocolCommand)
    assert (sum(map(abs, command.once)), sum(map(abs, command.repeat))) == (once, repeat)
    assert (command.repeat_count + 1, command.modulation) == (frames, carrier)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_bit_of_a_frame_matters(name: str) -> None:
    protocol = PROTOCOLS[name]
    values: Mapping[str, int] = {
        "address": 0x2A5A5A5A & (1 << protocol.masks["address"].bit_length()) - 1,
        "command": 0x35,
    }
    bits = protocol.pack(values)
    assert len(bits) == len(protocol.bits)
    assert protocol.unpack(bits) == values
    checked = sum(mask.bit_count() for mask in protocol.masks.values()) < len(protocol.bits)
    for at in range(len(protocol.bits)):
        wrong = bits.copy()
        wrong[at] ^= 1
        assert protocol.unpack(wrong) is None if checked and name != "samsung32" else protocol.unpack(wrong) != values


def test_refused() -> None:
    assert refused(ProtocolCommand, PROTOCOLS["sony"], 32, 1) == "value_out_of_range"
    assert refused(ProtocolCommand, PROTOCOLS["sony"], 1, -1) == "value_out_of_range"
