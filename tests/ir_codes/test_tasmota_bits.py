"""Tests of Tasmota's bit streams."""

from contextlib import suppress

from hypothesis import given, strategies as st
import pytest

from custom_components.anavi_weather.ir_codes import CodeError, RawCommand, parse
from custom_components.anavi_weather.ir_codes.tasmota_bits import parse_bits

from .helpers import refused

# Of an air conditioner, in Tasmota's documentation
DOCUMENTED = "010101101000111011001110000000001100110000000001100000000000000010001100"


@pytest.mark.parametrize("command", ["IRSend ", "irsend1 ", ""])
@pytest.mark.parametrize(
    ("code", "timings"),
    [
        ("raw,0,889,000001001", [889, -889, 889, -889, 889, -1778, 889, -889, 1778]),
        ("raw, 0, 889, 2, 0010", [889, -889, 1778]),
        ("raw,0,889,3,010", [889, -2667, 889]),
        ("raw,40,900,2000,011", [900, -2000, 2000]),
        ("raw,0,889,1000", [1778, -889, 889]),
        ("RAW,0,8620,4260,544,411,1496,01", [8620, -4260, 544, -411, 544, -1496, 544]),
    ],
)
def test_timings(command: str, code: str, timings: list[int]) -> None:
    assert parse(command + code).get_raw_timings() == timings


def test_documented_example() -> None:
    command = parse(f"IRSend raw,0,8620,4260,544,411,1496,{DOCUMENTED}")
    assert isinstance(command, RawCommand)
    assert command.modulation == 38_000
    assert "".join(str(int(space < -1000)) for space in command.once[3:-2:2]) == DOCUMENTED
    assert command.once[-1] == -3 * (8620 + 4260)


@pytest.mark.parametrize(
    ("code", "pause"),
    [
        ("0,889,000", 40_000),
        ("0,889,0000", 889 + 40_000),
        ("0,9000,4500,560,560,1690,01", 40_500),
        ("0,20000,4500,560,560,1690,01", 65_000),
    ],
)
def test_pause(code: str, pause: int) -> None:
    command = parse(f"IRSend3 raw,{code}")
    assert isinstance(command, RawCommand)
    assert (command.repeat[-1], command.repeat_count) == (-pause, 2)


@pytest.mark.parametrize("text", ["0,926,844,958", "38000,9000,4500,560,1690,560,540,560"])
def test_lists_of_timings(text: str) -> None:
    assert parse_bits(text) is None


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("0,889,,0000", "number_invalid"),
        ("0,500,600,700,0101", "number_invalid"),
        ("0,0101", "number_invalid"),
        ("0,0,0101", "zero_duration"),
        ("0,889,0,0101", "zero_duration"),
        ("0,8620,4260,0,411,1496,0101", "zero_duration"),
        ("5,889,0101", "carrier_out_of_range"),
        ("0,889," + "01" * 2049, "too_many_timings"),
    ],
)
def test_refused(text: str, key: str) -> None:
    assert refused(parse, f"IRSend raw,{text}") == key


@given(st.text("01289, raw"))
def test_any_text(text: str) -> None:
    with suppress(CodeError):
        parse_bits(text)
