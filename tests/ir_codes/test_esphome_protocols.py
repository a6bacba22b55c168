"""Tests of ESPHome's protocols."""

import pytest

from custom_components.anavi_weather.ir_codes import as_raw, to_text
from custom_components.anavi_weather.ir_codes.esphome_protocols import PROTOCOLS, Action

from .helpers import refused


def encoded(protocol: str, **values: str | list[str]) -> str:
    """Return the text of an action's command."""
    return to_text(PROTOCOLS[protocol](Action(protocol, values)))


@pytest.mark.parametrize(
    ("protocol", "values", "text"),
    [
        ("nec", {"address": "0xFB04", "command": "0xF708"}, "nec:0x04,0x08"),
        ("nec", {"address": "0x0504", "command": "0xF708", "command_repeats": "1"}, "nec:0x504,0x08"),
        ("nec", {"address": "017", "command": "0"}, "necext:0x11,0x00"),
        ("samsung", {"data": "0xE0E040BF"}, "samsung32:0x07,0x02"),
        ("samsung", {"data": "3772793023", "nbits": "32"}, "samsung32:0x07,0x02"),
        ("lg", {"data": "0x20DF10EF", "nbits": "32"}, "nec:0x04,0x08"),
        ("lg", {"data": "0x120DF10EF", "nbits": "32"}, "nec:0x04,0x08"),
        ("samsung", {"data": "0x1E0E040BF"}, "samsung32:0x07,0x02"),
        ("sony", {"data": "0xA90"}, "sony:0x01,0x15"),
        ("sony", {"data": "0x1A90"}, "sony:0x01,0x15"),
        ("sony", {"data": "0x1A90", "nbits": "12"}, "sony:0x01,0x15"),
        ("sony", {"data": "0x542A", "nbits": "15"}, "sony15:0x54,0x15"),
        ("sony", {"data": "0xA9F58", "nbits": "20"}, "sony20:0x35f,0x15"),
        ("jvc", {"data": "0xE0C0"}, "jvc:0x07,0x03"),
        ("panasonic", {"address": "0x4004", "command": "0x100BCBD"}, "panasonic:0x4004,0x100bcbd"),
        ("pioneer", {"rc_code_1": "0xA51C"}, "pioneer:0xa5,0x1c"),
        ("pioneer", {"rc_code_1": "0xA556", "rc_code_2": "0xA506"}, "pioneer:0xa5,0x06,0xa5,0x56"),
        ("rc5", {"address": "0x1E", "command": "0x41"}, "rc5:0x1e,0x41"),
        ("rc6", {"address": "0x80", "command": "0x15"}, "rc6:0x80,0x15"),
        ("aeha", {"address": "0x28C6", "data": ["0x80", "8"]}, "aeha:data=14630110"),
        ("aeha", {"address": "0x28C6", "data": "0x80, 8"}, "aeha:data=14630110"),
        ("raw", {"code": ["100", "-200", "300"], "carrier_frequency": "38kHz"}, "raw:38000:100,-200,300,-40000"),
        ("raw", {"code": "[100, -200, 300]", "carrier_frequency": "38.5 khz"}, "raw:38500:100,-200,300,-40000"),
        ("raw", {"code": ["100"], "carrier_frequency": "36000Hz"}, "raw:36000:100,-40000"),
        ("raw", {"code": ["100"], "carrier_frequency": "36000"}, "raw:36000:100,-40000"),
        ("pronto", {"data": "900A 006C 0000 0001 04FB 08F7"}, "nec:0x04,0x08"),
    ],
)
def test_protocols(protocol: str, values: dict[str, str | list[str]], text: str) -> None:
    assert encoded(protocol, **values) == text


def spaces(protocol: str, **values: str | list[str]) -> list[int]:
    """Return the bits of the spaces that are sent after the header."""
    timings = as_raw(PROTOCOLS[protocol](Action(protocol, values))).once
    return [int(space < -1000) for space in timings[3::2]]


def test_lg() -> None:
    bits = [int(bit) for bit in f"{0x8800347:028b}"]
    assert spaces("lg", data="0x8800347") == [*bits, 1]
    timings = as_raw(PROTOCOLS["lg"](Action("lg", {"data": "0x8800347"}))).once
    assert timings[:4] == (8000, -4000, 600, -1600)


def test_lowest_bits_of_lg() -> None:
    assert spaces("lg", data="0xF8800347") == spaces("lg", data="0x8800347")


def test_samsung_without_an_inverse() -> None:
    bits = [int(bit) for bit in f"{0xE0E04040:032b}"]
    assert spaces("samsung", data="0xE0E04040") == [*bits, 1]
    timings = as_raw(PROTOCOLS["samsung"](Action("samsung", {"data": "0xE0E04040"}))).once
    assert timings[:4] == (4500, -4500, 560, -1690)


def test_coolix() -> None:
    # Each byte is followed by its inverse
    first = [int(bit) for byte in (0xB2, 0x4D, 0x3F, 0xC0, 0xE4, 0x1B) for bit in f"{byte:08b}"]
    assert spaces("coolix", first="0xB23FE4") == [*first, 1]
    assert spaces("coolix", first="0xB23FE4", second="0") == [*first, 1]
    second = [int(bit) for byte in (0xB5, 0x4A, 0xF5, 0x0A, 0xA2, 0x5D) for bit in f"{byte:08b}"]
    assert spaces("coolix", first="0xB23FE4", second="0xB5F5A2") == [*first, 1, 1, *second, 1]


@pytest.mark.parametrize(
    ("protocol", "values", "key"),
    [
        ("nec", {"address": "1"}, "field_missing"),
        ("nec", {"address": "1", "command": ["1"]}, "field_missing"),
        ("nec", {"address": "one", "command": "1"}, "value_invalid"),
        ("nec", {"address": "0x10000", "command": "1"}, "value_out_of_range"),
        ("nec", {"address": "1", "command": "1", "command_repeats": "2"}, "value_invalid"),
        ("samsung", {"data": "0xE0E040BF", "nbits": "48"}, "value_invalid"),
        ("lg", {"data": "1", "nbits": "16"}, "value_invalid"),
        ("sony", {"data": "1", "nbits": "8"}, "value_invalid"),
        ("sony", {"data": "0x10000000000000000"}, "value_out_of_range"),
        ("aeha", {"address": "1", "data": ["0x100"]}, "value_invalid"),
        ("aeha", {"address": "1", "data": ["x"]}, "value_invalid"),
        ("aeha", {"address": "1"}, "field_missing"),
        ("raw", {"code": ["100"]}, "esphome_no_carrier"),
        ("raw", {"code": ["100"], "carrier_frequency": "0Hz"}, "esphome_no_carrier"),
        ("raw", {"code": ["100"], "carrier_frequency": "high"}, "value_invalid"),
        ("raw", {"code": ["100"], "carrier_frequency": "600kHz"}, "carrier_out_of_range"),
        ("raw", {"carrier_frequency": "38kHz"}, "field_missing"),
        ("raw", {"code": ["x"], "carrier_frequency": "38kHz"}, "number_invalid"),
        ("pronto", {"data": "none"}, "pronto_word"),
    ],
)
def test_refused(protocol: str, values: dict[str, str | list[str]], key: str) -> None:
    assert refused(PROTOCOLS[protocol], Action(protocol, values)) == key
