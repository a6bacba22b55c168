"""Tests of Tuya's compressed codes."""

import struct

from hypothesis import given, strategies as st
import pytest

from custom_components.anavi_weather.ir_codes import CodeError, parse
from custom_components.anavi_weather.ir_codes.tuya import parse_tuya

from .helpers import PARTS, refused


def _literal(data: bytes) -> bytes:
    blocks = [data[at : at + 32] for at in range(0, len(data), 32)]
    return b"".join(bytes([len(block) - 1]) + block for block in blocks)


@given(PARTS)
def test_literal_blocks(timings: tuple[int, ...]) -> None:
    durations = [min(abs(one), 0xFFFF) for one in timings]
    data = struct.pack(f"<{len(durations)}H", *durations)
    assert [abs(one) for one in parse_tuya(_literal(data)).once] == durations


def test_back_references() -> None:
    data = struct.pack("<4H", 9000, 4500, 560, 560)
    # Copy the last four bytes with a short length, then with a long one
    stream = _literal(data) + bytes([(6 - 2) << 5, 3]) + bytes([7 << 5, 10 - 9, 3])
    assert parse_tuya(stream).once == (9000, -4500, 560, -560, *(560, -560) * 4)[:12]


@pytest.mark.parametrize(
    ("stream", "key"),
    [
        ("", "empty"),
        ("05 1122", "tuya_stream"),
        ("00 11", "tuya_stream"),
        ("01 1122 20", "tuya_stream"),
        ("01 1122 20 05", "tuya_stream"),
        ("01 1122 e0", "tuya_stream"),
        ("01 1122 e0 ff", "tuya_stream"),
        ("01 1122" + "e0ff01" * 40, "too_many_timings"),
        ("01 0000", "zero_duration"),
    ],
)
def test_refused(stream: str, key: str) -> None:
    assert refused(parse_tuya, bytes.fromhex(stream)) == key


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    try:
        command = parse_tuya(data)
    except CodeError:
        return
    assert parse("raw:" + ",".join(map(str, command.once))).get_raw_timings() == command.get_raw_timings()
