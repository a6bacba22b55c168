"""Tests of Broadlink's packets."""

import base64

from hypothesis import given, strategies as st
import pytest

from custom_components.anavi_weather.ir_codes import CodeError, RawCommand, parse
from custom_components.anavi_weather.ir_codes.broadlink import UNIT, from_base64, parse_broadlink, to_broadlink

from .helpers import PARTS, TEXTS, refused, same


def test_durations() -> None:
    # 0x22 is a byte, 0x0121 needs the escape; what follows the length is padding
    command = parse_broadlink(bytes.fromhex("26000800" + "000121" + "92" + "14" + "000d05" + "00000000"))
    assert command.once == (9490, -4794, 657, -109445)
    assert (command.repeat, command.repeat_count, command.modulation) == ((), 0, 38000)


def test_repeats() -> None:
    command = parse_broadlink(bytes.fromhex("2602050014" + "000d05" + "14"))
    assert (command.once, command.repeat_count) == ((), 2)
    assert command.get_raw_timings() == [*command.repeat * 3][:-1]


@pytest.mark.parametrize(
    "data",
    ["14 14 14 000d05", "14 14 14", "14 14 14 000d", "14 14 14 00", "14 14 14 0d05"],
)
def test_pause_at_the_end(data: str) -> None:
    raw = bytes.fromhex(data)
    assert parse_broadlink(bytes([0x26, 0, len(raw), 0]) + raw).once == (657, -657, 657, -109445)


def test_length_without_the_pause() -> None:
    # SmartIR's converter omits the pause from the length, or counts only its first byte
    for length in (3, 4, 6):
        packet = bytes([0x26, 0, length, 0]) + bytes.fromhex("141414000d050000")
        assert parse_broadlink(packet).once == (657, -657, 657, -109445)
    # The packet itself ends within the pause
    assert parse_broadlink(bytes.fromhex("26000600141414000d")).once == (657, -657, 657, -109445)


@pytest.mark.parametrize("padding", ["", "=", "=="])
def test_padding(padding: str) -> None:
    packet = bytes.fromhex("2600050014000d0514")
    for text in (base64.b64encode(packet).decode(), base64.urlsafe_b64encode(packet).decode()):
        assert same(parse("b64:" + text.rstrip("=") + padding), parse_broadlink(packet))
    assert from_base64("JgA\n AFA==") == from_base64("JgAAFA")


@pytest.mark.parametrize(
    ("packet", "key"),
    [
        ("", "broadlink_length"),
        ("260003", "broadlink_length"),
        ("26000000", "empty"),
        ("2600200014141414", "broadlink_length"),
        ("2600030000000014", "zero_duration"),
        ("b200020014141414", "broadlink_radio"),
        ("b400020014141414", "broadlink_radio"),
        ("d700020014141414", "broadlink_radio"),
        ("2800020014141414", "broadlink_type"),
        ("26ff020014141414", "repeat_count_out_of_range"),
    ],
)
def test_refused(packet: str, key: str) -> None:
    assert refused(parse_broadlink, bytes.fromhex(packet)) == key


@pytest.mark.parametrize("text", ["a", "ab*c", "Ä"])
def test_invalid_base64(text: str) -> None:
    assert refused(from_base64, text) == "base64_invalid"


def test_commands_that_broadlink_cannot_express() -> None:
    assert refused(to_broadlink, RawCommand((100, -100), modulation=56_000)) == "broadlink_carrier"
    assert refused(to_broadlink, RawCommand((100, -100), (20, -20) * 1000, repeat_count=99)) == "too_many_timings"


@pytest.mark.parametrize(("unit", "data"), [(1, "01"), (255, "ff"), (256, "000100"), (0xFFFF, "00ffff")])
def test_small_durations_take_one_byte(unit: int, data: str) -> None:
    packet = base64.b64decode(to_broadlink(RawCommand((300, -round(unit * UNIT)))).removeprefix("b64:"))
    assert packet[4:].hex() == "09" + data


def test_repeats_are_written_out() -> None:
    command = parse("nec:4,8,repeat_count=1")
    again = parse(to_broadlink(command))
    assert [round(value / 100) for value in again.get_raw_timings()[-3:]] == [90, -23, 6]
    samsung = parse(to_broadlink(parse("samsung32:7,2,repeat_count=1")))
    assert isinstance(samsung, RawCommand)
    assert (samsung.once, samsung.repeat_count) == ((), 1)


@given(st.one_of(PARTS.map(RawCommand), TEXTS.map(parse)))
def test_round_trip(command: RawCommand) -> None:
    try:
        text = to_broadlink(command)
    except CodeError:
        assert not 36_000 <= command.modulation <= 40_000
        return
    again = parse(text)
    sent = command.get_raw_timings()
    sent = sent if sent[-1] > 0 else sent[:-1]
    # Precise to half a unit; the shortest duration is one unit
    assert all(abs(a - b) <= 17 or abs(a) < 33 for a, b in zip(sent, again.get_raw_timings(), strict=True))
    assert to_broadlink(again) == text


@given(st.binary(max_size=300))
def test_any_bytes_are_a_command_or_refused(data: bytes) -> None:
    for packet in (data, b"\x26\0" + len(data).to_bytes(2, "little") + data):
        try:
            parse_broadlink(packet)
        except CodeError:
            continue
