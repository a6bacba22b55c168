"""Tests of the codes that Xiaomi's remote controls have learned."""

import base64
from random import Random
import struct

from hypothesis import given, strategies as st
import pytest

from custom_components.anavi_weather.ir_codes import CodeError
from custom_components.anavi_weather.ir_codes.xiaomi import parse_xiaomi

from .helpers import PARTS, refused

LONGEST = 1 << 4  # bytes of one copy


def _table(timings: tuple[int, ...]) -> str:
    """Return a code as python-miio writes it."""
    durations = [abs(one) for one in timings]
    times = sorted(set(durations))
    pairs = [times.index(space) << 4 | times.index(pulse) for pulse, space in zip(*[iter(durations)] * 2, strict=True)]
    table = [*times, *[0] * (16 - len(times))]
    return base64.b64encode(struct.pack("<HH16I", 0xA567, len(durations) - 1, *table) + bytes(pairs)).decode()


def _packed(text: bytes) -> bytes:
    """Return a text compressed as by heatshrink."""
    bits, at = "", 0
    while at < len(text):
        longest = min(LONGEST, len(text) - at)
        window = text[max(0, at - 2048) : at]
        length = next((n for n in range(longest, 2, -1) if text[at : at + n] in window), 0)
        if length:
            found = text[:at].rindex(text[at : at + length])
            bits += f"0{at - found - 1:011b}{length - 1:04b}"
            at += length
        else:
            bits += f"1{text[at]:08b}"
            at += 1
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[place : place + 8], 2) for place in range(0, len(bits), 8))


def _list(text: str) -> str:
    return base64.b64encode(_packed(text.encode())).decode()


@given(st.lists(st.tuples(*[st.sampled_from([317, 431, 1289, 3480, 29670, 70000])] * 2), min_size=1, max_size=60))
def test_table_of_durations(pairs: list[tuple[int, int]]) -> None:
    timings = tuple(duration for pulse, space in pairs for duration in (pulse, -space))
    command = parse_xiaomi(_table(timings))
    assert (command.once, command.modulation) == (timings, 38000)


@given(PARTS)
def test_compressed_list(timings: tuple[int, ...]) -> None:
    text = ",".join(str(abs(one)) for one in timings)
    assert parse_xiaomi(_list(text)).once == timings
    assert parse_xiaomi(_list(text + "\0") + ":36000").once == timings


def test_published_code() -> None:
    """The code is the beginning of one of SmartIR's."""
    command = parse_xiaomi(
        "nE2mkwlk0mIAhzWYSyYzaYAEEAYU1nAA5TIAcpyAfQA5AQTNwGNAg8ErgMfAP8A+wF/CK8GnAGKC88DGQUWAgiYQAA=="
    )
    assert command.once[:8] == (8640, -4140, 450, -1600, 440, -580, 420, -590)
    assert len(command.once) == 60


def test_pause_at_the_end() -> None:
    for code in (_list("9000,4500,560,0"), _list("9000,4500,560"), _table((9000, -4500, 560, 0))):
        assert parse_xiaomi(code).once == (9000, -4500, 560, -40000)
    assert parse_xiaomi("raw:" + _list("9000,4500,560,7000") + ":38400").modulation == 38400


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("", "xiaomi_code"),
        ("!", "base64_invalid"),
        (_table((9000, -4500))[:40], "xiaomi_code"),
        (_table((9000, -4500) * 9)[:-4], "xiaomi_code"),
        (_table((9000, 0, 500, -500)), "zero_duration"),
        (_list("9000,4500,x"), "xiaomi_code"),
        (_list("9000,,560"), "number_invalid"),
        (_list("9000,4500,\u00e9"), "xiaomi_code"),
        (_list("0"), "empty"),
        (_list("9000,4500,560\0,1"), "xiaomi_code"),
        (base64.b64encode(bytes(9)).decode(), "xiaomi_code"),  # a copy of nothing
        (_list("9000,4500,560") + ":", "xiaomi_code"),
        (_list("9000,4500,560") + ":٣٨٠٠٠", "xiaomi_code"),
        (_list("9000,4500,560") + ":3800000", "xiaomi_code"),
        (_list("9000,4500,560") + ":900", "carrier_out_of_range"),
        (_list("1," * 40_000 + "1"), "text_too_long"),
    ],
)
def test_refused(code: str, key: str) -> None:
    assert refused(parse_xiaomi, code) == key


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes(data: bytes, is_table: bool) -> None:
    try:
        command = parse_xiaomi(base64.b64encode((b"\x67\xa5" if is_table else b"") + data).decode())
    except CodeError:
        return
    assert command.once


def test_copy_may_overlap_itself() -> None:
    random = Random(1)
    text = ",".join(random.choice(["560", "1690"]) for _ in range(200))
    packed = _packed(text.encode())
    assert len(packed) < len(text) // 2
    # 5, and three copies of the byte before
    bits = f"1{ord('5'):08b}0{0:011b}{2:04b}1{ord(','):08b}1{ord('7'):08b}"
    data = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8))
    assert parse_xiaomi(base64.b64encode(data).decode()).once == (5555, -7)
