"""Tests of codes as other programs show them (case 18)."""

import base64
from contextlib import suppress
import struct
import time

import pytest

from custom_components.anavi_weather.ir_codes import CodeError, parse, to_text

from .helpers import refused

PRONTO = "0000 006D 0002 0000 0156 00AC 0016 0E6C"
RAW = to_text(parse(PRONTO))
TIMED = "0000 006D 0002 0000 0150 0100 0016 0600"  # digits only
PACKET = bytes.fromhex("26000800 00012092 1400 0d05")
PACKET_RAW = "raw:38000:9490,-4794,657,-109445"
TUYA = struct.pack("<6H", 9000, 4500, 560, 1690, 560, 40000)
TUYA_RAW = "raw:38000:9000,-4500,560,-1690,560,-40000"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    "text",
    [
        PRONTO,
        PRONTO.replace(" ", ","),
        PRONTO.replace(" ", ", "),
        PRONTO.replace(" ", ";"),
        " ".join(f"0x{word}" for word in PRONTO.split()),
        ", ".join(f"0x{word.lower()}" for word in PRONTO.split()) + ",",
        f"[{', '.join(f'0x{word}' for word in PRONTO.split())}]",
        f"[ {', '.join(PRONTO.split())} ]",
        str(PRONTO.split()),
        ", ".join(f'"0x{word}"' for word in PRONTO.split()),
        f'"{PRONTO}"',
        f"'{PRONTO}',",
        f"\u201c{PRONTO}\u201d",
        f"pronto:{PRONTO.replace(' ', ',')}",
        PRONTO.replace(" ", ""),
    ],
)
def test_pronto(text: str) -> None:
    assert to_text(parse(text)) == RAW


@pytest.mark.parametrize("separator", [" ", ",", ""])
def test_pronto_without_letters(separator: str) -> None:
    assert to_text(parse(TIMED.replace(" ", separator))) == to_text(parse(f"pronto:{TIMED}"))


@pytest.mark.parametrize("text", ["5000,4500,1000,1000", "6000, 4500, 1000, 1000"])
def test_decimals_are_no_pronto(text: str) -> None:
    assert to_text(parse(text)) == f"raw:38000:{text[:4]},-4500,1000,-1000"


@pytest.mark.parametrize(
    "text",
    [
        PACKET.hex(),
        PACKET.hex().upper(),
        PACKET.hex(" "),
        PACKET.hex(","),
        PACKET.hex(":"),
        f"0x{PACKET.hex()}",
        ", ".join(f"0x{byte:02X}" for byte in PACKET) + ",",
        " ".join(f"0x{byte:02x}" for byte in PACKET),
        str([f"0x{byte:02x}" for byte in PACKET]),
        f"[{PACKET.hex(',')}]",
        f"byte code[] = {{{', '.join(f'0x{byte:02x}' for byte in PACKET)}}};",
        _base64(PACKET),
        _base64(PACKET).rstrip("="),
        f'"{_base64(PACKET)}"',
    ],
)
def test_broadlink(text: str) -> None:
    assert to_text(parse(text)) == to_text(parse(f"b64:{_base64(PACKET)}"))


@pytest.mark.parametrize("text", ["26,10,20,30,40,50", "[2600, 1300, 2600, 1300, 2600, 1300]", "2600,1300,2600,1300"])
def test_decimals_are_no_bytes(text: str) -> None:
    assert to_text(parse(text)).startswith(f"raw:38000:{text.strip('[')[:2]}")
    assert "-10" in to_text(parse(text)) or "-1300" in to_text(parse(text))


@pytest.mark.parametrize("code", ["b2", "b4", "d7"])
def test_radio_is_named_for_what_it_is(code: str) -> None:
    assert refused(parse, code + PACKET.hex()[2:]) == "broadlink_radio"


def test_tuya() -> None:
    assert to_text(parse(_base64(bytes([len(TUYA) - 1]) + TUYA))) == TUYA_RAW


@pytest.mark.parametrize(
    "text",
    [
        "VolumeUpAndDownSlowly",
        "HandsOffThisButtonNow",
        "A" * 17,  # no base64 has this length
        _base64(bytes([len(TUYA) - 1]) + struct.pack("<6H", *[40000] * 6)),
        _base64(bytes([3]) + TUYA[:4] + bytes(8)),
    ],
)
def test_a_name_is_no_code(text: str) -> None:
    assert refused(parse, text) == "form_unknown"


def test_a_packet_that_is_cut_short() -> None:
    assert refused(parse, "2600" + "ff00" + "28" * 10) == "broadlink_length"


@pytest.mark.parametrize(
    "text",
    [
        "uint16_t rawData[5] = {9000, 4500,  560, 1690,  560};  // UNKNOWN 9EB58962",
        "const uint16_t PROGMEM power[] = {\n  9000, 4500,\n  560, 1690, 560\n};",
        "{9000, 4500, 560, 1690, 560}",
        "// Power\nuint16_t power[] = {\n  9000, 4500,  // header, {\n  560, /* 1 **/ 1690, 560 /* end\n */ };",
        "Raw Timing[5]:\n   +  9000, -  4500,    +   560, -  1690,\n   +   560",
        "Raw (5): 9000 -4500 560 -1690 560",
    ],
)
def test_arrays_and_headings(text: str) -> None:
    assert to_text(parse(text)) == "raw:38000:9000,-4500,560,-1690,560,-40000"


def test_array_of_pronto() -> None:
    words = ", ".join(f"0x{word}" for word in PRONTO.split())
    assert to_text(parse(f"uint16_t MUTE[8] = {{{words}}};")) == RAW


@pytest.mark.parametrize(
    "text",
    [
        "{" + "/*" * 32_000,
        "{" + "/" * 65_000,
        "[" + "26," * 20_000 + "z",
        "26" + "," * 65_000,
        "26" + " " * 65_000 + "z",
    ],
    ids=range(5),
)
def test_hostile_texts_are_quick(text: str) -> None:
    began = time.process_time()
    with suppress(CodeError):
        parse(text)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    "text", ["[{}]", "[ {} ]", '{{"type":"Buffer","data":[{}]}}', '{{ "type": "Buffer", "data": [{}] }}']
)
def test_buffers_of_node_red(text: str) -> None:
    """The issue 90 of node-red-contrib-broadlink-control."""
    decimals = ", ".join(map(str, PACKET))
    assert to_text(parse(text.format(decimals))) == to_text(parse(PACKET.hex()))
    assert to_text(parse(text.format(decimals.replace(" ", "")))) == to_text(parse(PACKET.hex()))


@pytest.mark.parametrize(
    "values",
    [
        (38, 100, 200, 100, 200, 100, 200, 100, 200, 100),  # no length
        (38, 0, 255, 255, 200, 100, 200, 100, 200, 100),
        (38, 0, 6, 0, 256, 100, 200, 100, 200, 100),
    ],
)
def test_decimals_that_are_no_packet(values: tuple[int, ...]) -> None:
    text = f"[{','.join(map(str, values))}]"
    if 0 in values:
        assert refused(parse, text) == "zero_duration"
    else:
        assert to_text(parse(text)).startswith("raw:38000:38,-100,200")
