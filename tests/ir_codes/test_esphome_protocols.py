"""Tests of ESPHome's protocols."""

import re

import pytest

from custom_components.anavi_weather.ir_codes import as_raw, to_text
from custom_components.anavi_weather.ir_codes.esphome_action import Action
from custom_components.anavi_weather.ir_codes.esphome_protocols import PROTOCOLS

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


def cells(bits: str, zero: tuple[int, int], one: tuple[int, int]) -> list[int]:
    """Return bits as pulses and spaces in signed µs."""
    return [duration for bit in bits.replace(" ", "") for duration in (one if bit == "1" else zero)]


def sent(protocol: str, **values: str | list[str]) -> list[int]:
    """Return what is sent for an action."""
    return PROTOCOLS[protocol](Action(protocol, values)).get_raw_timings()


def test_repeated_commands_of_nec() -> None:
    bits = "0010 0000 1101 1111" + 3 * "0001 0000 1110 1111"  # lowest bit first
    command = PROTOCOLS["nec"](Action("nec", {"address": "0xFB04", "command": "0xF708", "command_repeats": "3"}))
    assert command.get_raw_timings() == [9000, -4500, *cells(bits, (562, -562), (562, -1688)), 562]


def test_samsung_with_more_bits() -> None:
    command = PROTOCOLS["samsung"](Action("samsung", {"data": "0xB946F50A09F6", "nbits": "48"}))
    bits = f"{0xB946F50A09F6:048b}"
    assert command.get_raw_timings() == [4500, -4500, *cells(bits, (560, -560), (560, -1690)), 560]


def test_samsung36() -> None:
    command = as_raw(PROTOCOLS["samsung36"](Action("samsung36", {"address": "0x0400", "command": "0x000E00FF"})))
    first, second = (
        cells(f"{0x0400:016b}", (500, -500), (500, -1500)),
        cells(f"{0xE00FF:020b}", (500, -500), (500, -1500)),
    )
    assert not command.once
    assert list(command.repeat) == [4500, -4500, *first, 500, -4500, *second, 500, -59_000]


def test_toshiba_ac() -> None:
    first, second = (
        [4500, -4500, *cells(f"{code:048b}", (560, -560), (560, -1690)), 560, -4500]
        for code in (0xB24DBF4040BF, 0xD5660001003C)
    )
    assert sent("toshiba_ac", rc_code_1="0xB24DBF4040BF") == [*first, *first][:-1]
    both = sent("toshiba_ac", rc_code_1="0xB24DBF4040BF", rc_code_2="0xD5660001003C")
    assert both == [*first, *first, *second][:-1]


def test_midea() -> None:
    bits = f"{0xA18263FFFF6E:048b}"  # a message of IRremoteESP8266's tests, with its checksum
    inverse = bits.translate({48: "1", 49: "0"})
    first, second = ([4480, -4480, *cells(part, (560, -560), (560, -1680)), 560] for part in (bits, inverse))
    assert sent("midea", code=["0xA1", "0x82", "0x63", "0xFF", "0xFF"]) == [*first, -5600, *second]


def test_haier() -> None:
    code = [0xA6, 0xDA, *range(11)]
    bits = "".join(f"{byte:08b}" for byte in (*code, sum(code) & 0xFF))
    expected = [3100, -3100, 3100, -4400, *cells(bits, (540, -580), (540, -1650)), 540]
    assert sent("haier", code=list(map(str, code))) == expected


def test_mirage() -> None:
    code = [0x56, 0x74, *range(12)]
    checksum = 5 + 6 + 7 + 4 + sum(range(12))
    bits = "".join(f"{byte:08b}"[::-1] for byte in (*code, checksum))
    assert sent("mirage", code=list(map(hex, code))) == [8360, -4248, *cells(bits, (554, -545), (554, -1592)), 554]


def test_magiquest() -> None:
    bits = f"00{0x12345678:032b}{0xFFFF:016b}"
    assert sent("magiquest", wand_id="0x12345678") == [*cells(bits, (288, -864), (576, -576)), 288]


def test_roomba() -> None:
    assert sent("roomba", data="0x88") == cells("10001000", (1000, -3000), (3000, -1000))[:-1]


def test_dish() -> None:
    # The command with its highest bit first, then the address less one with its lowest bit first
    bits = "000101 0100 000000"
    frame = [*cells(bits, (400, -2800), (400, -1700)), 400, -6100]
    assert sent("dish", address="3", command="5") == pytest.approx([400, -6100, *frame * 4][:-1], rel=0.06)
    assert sent("dish", command="5") == sent("dish", address="1", command="5")


@pytest.mark.parametrize(("protocol", "unit"), [("canalsat", 250), ("canalsatld", 320)])
def test_canalsat(protocol: str, unit: int) -> None:
    levels = "".join("10" if bit == "1" else "01" for bit in f"1{0x25:07b}{0x13:06b}0{0x2A:08b}0")
    runs = [len(run) * (1 if run[0] == "1" else -1) for run in re.findall(r"1+|0+", levels)]
    assert sent(protocol, device="0x25", address="0x13", command="0x2A") == [unit * run for run in runs]


def test_beo4() -> None:
    command = PROTOCOLS["beo4"](Action("beo4", {"source": "0x88", "command": "0x35", "command_repeats": "3"}))
    # Two zeros, start, a zero, then whether each bit is the same as before, a one or a zero, then stop
    codes = "ZZSZ" + "1Z==1Z==" + "==1=Z1Z1" + "P"
    spaces = {"Z": 2925, "=": 6050, "1": 9175, "P": 12_300, "S": 15_425}
    expected = [duration for code in codes for duration in (200, -spaces[code])]
    assert command.get_raw_timings() == [*expected, 200]
    assert command.modulation == 455_000


@pytest.mark.parametrize(
    ("values", "bits"),
    [
        ({"code": "0x1202"}, f"{0x1202:013b}11"),
        ({"code": "0x1202", "index": "2"}, f"{0x1202:013b}10"),
        ({"code": "0x3202", "index": "0xFD"}, f"{0x1202:013b}01"),
    ],
)
def test_dyson(values: dict[str, str | list[str]], bits: str) -> None:
    command = PROTOCOLS["dyson"](Action("dyson", values))
    assert command.get_raw_timings() == [2280, -720, *cells(bits, (780, -720), (780, -1500)), 780]
    assert command.modulation == 36_000


@pytest.mark.parametrize("code", ["0xaa55", "0x2aa55"])
def test_gobox(code: str) -> None:
    bits = f"011001001100010{0xAA55:017b}"
    assert sent("gobox", code=code) == [*cells(bits, (580, -545), (580, -1640)), 580]


@pytest.mark.parametrize(("values", "frames"), [({}, 2), ({"command_repeats": "1"}, 1), ({"command_repeats": "3"}, 3)])
def test_symphony(values: dict[str, str | list[str]], frames: int) -> None:
    frame = [*cells("110110000001", (460, -1260), (1260, -460))[:-1], -34_760]
    assert sent("symphony", data="0xD81", nbits="12", **values) == (frame * frames)[:-1]
    assert sent("symphony", data="0xFD81", nbits="12", **values) == (frame * frames)[:-1]


@pytest.mark.parametrize(
    ("values", "data"),
    [
        ({"command": "0xED"}, 0x00EDED),
        ({"rc_code_1": "1", "rc_code_2": "2", "command": "0xED"}, 0x12EDFF),
    ],
)
def test_toto(values: dict[str, str | list[str]], data: int) -> None:
    bits = f"{0x2008:015b}{data:024b}"
    assert sent("toto", **values) == [6200, -2800, *cells(bits, (550, -550), (550, -1700)), 550]


@pytest.mark.parametrize(
    ("protocol", "values", "key"),
    [
        ("nec", {"address": "1"}, "field_missing"),
        ("nec", {"address": "1", "command": ["1"]}, "field_missing"),
        ("nec", {"address": "one", "command": "1"}, "value_invalid"),
        ("nec", {"address": "0x10000", "command": "1"}, "value_out_of_range"),
        ("nec", {"address": "1", "command": "1", "command_repeats": "0"}, "value_invalid"),
        ("nec", {"address": "1", "command": "1", "command_repeats": "17"}, "value_invalid"),
        ("samsung", {"data": "0xE0E040BF", "nbits": "31"}, "value_invalid"),
        ("samsung", {"data": "0xE0E040BF", "nbits": "65"}, "value_invalid"),
        ("samsung36", {"address": "0x10000", "command": "1"}, "value_out_of_range"),
        ("samsung36", {"address": "1"}, "field_missing"),
        ("toshiba_ac", {"rc_code_2": "1"}, "field_missing"),
        ("dish", {"command": "64"}, "value_out_of_range"),
        ("dish", {"address": "0", "command": "1"}, "value_invalid"),
        ("dish", {"address": "17", "command": "1"}, "value_invalid"),
        ("midea", {"code": ["1"] * 6}, "value_invalid"),
        ("midea", {"code": ["1"] * 4 + ["256"]}, "value_invalid"),
        ("midea", {"code": ["1"] * 5 + ["x"]}, "value_invalid"),
        ("midea", {}, "field_missing"),
        ("haier", {"code": ["1"] * 14}, "value_invalid"),
        ("mirage", {"code": ["1"] * 13}, "value_invalid"),
        ("roomba", {"data": "256"}, "value_out_of_range"),
        ("magiquest", {"wand_id": "0x100000000"}, "value_out_of_range"),
        ("canalsat", {"device": "128", "command": "1"}, "value_out_of_range"),
        ("beo4", {"source": "256", "command": "1"}, "value_out_of_range"),
        ("dyson", {"code": "0x10000"}, "value_out_of_range"),
        ("gobox", {}, "field_missing"),
        ("symphony", {"data": "1"}, "field_missing"),
        ("symphony", {"data": "1", "nbits": "0"}, "value_invalid"),
        ("symphony", {"data": "1", "nbits": "33"}, "value_invalid"),
        ("symphony", {"data": "1", "nbits": "12", "command_repeats": "0"}, "value_invalid"),
        ("symphony", {"data": "1", "nbits": "12", "command_repeats": "255"}, "too_many_timings"),
        ("toto", {"rc_code_1": "16", "command": "1"}, "value_out_of_range"),
        ("brennenstuhl", {"code": "1"}, "broadlink_radio"),
        ("rc_switch_raw", {"code": "001"}, "broadlink_radio"),
        ("dooya", {"id": "1"}, "broadlink_radio"),
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
