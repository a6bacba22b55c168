"""Tests of RC-MM."""

from random import Random

import pytest

from custom_components.anavi_weather.ir_codes import in_turn, parse, to_text
from custom_components.anavi_weather.ir_codes.decode import decode
from custom_components.anavi_weather.ir_codes.rcmm import decode_rcmm

from .helpers import received


def _frame(symbols: str) -> list[int]:
    """Return a frame with the timings of the Nokia32 notation: 164 µs, and 276 to 783 µs."""
    frame = [412, -276]
    for symbol in symbols:
        frame += (164, -(276, 445, 614, 783)[int(symbol)])
    return [*frame, 164]


@pytest.mark.parametrize(
    ("symbols", "text"),
    [
        ("012301", "rcmm12:0x01,0xb1"),
        ("010203100310", "rcmm24:0x1234,0x34"),
        # Device, subdevice, toggle bit, system and function
        ("0213" + "3001" + "0213" + "1023", "rcmm32:0x27c127,0x4b"),
        ("0213" + "3001" + "2213" + "1023", "rcmm32:0x27c127,0x4b,0x01"),
    ],
)
def test_received_frames(symbols: str, text: str) -> None:
    random = Random(symbols)
    for stretch in (0, 60, 120, 150):
        for clock in (0.98, 1.0, 1.02):
            decoded = decode(received(_frame(symbols), stretch, random, clock))
            assert decoded is not None
            assert decoded.text == text
    sent = parse(text).get_raw_timings()
    assert all(abs(ours - theirs) < 6 for ours, theirs in zip(sent, _frame(symbols), strict=True))


def test_presses_change_the_toggle_bit() -> None:
    first, second = in_turn(parse("rcmm32:0x27c127,0x4b"))
    assert [to_text(first), to_text(second)] == ["rcmm32:0x27c127,0x4b", "rcmm32:0x27c127,0x4b,0x01"]
    assert len(in_turn(parse("rcmm24:1,2"))) == 1


def test_period() -> None:
    command = parse("rcmm24:1,2,repeat_count=2")
    sent = command.get_raw_timings()
    assert command.modulation == 36_000
    assert sum(map(abs, sent[: len(sent) // 3 + 1])) == 100_000


@pytest.mark.parametrize(
    ("at", "change"),
    [(0, -120), (0, 250), (1, -100), (2, -110), (4, 250), (1, 110), (-1, 250)],
)
def test_frames_of_other_protocols_are_not_decoded(at: int, change: int) -> None:
    frame = _frame("010203100310")
    assert decode_rcmm(frame) is not None
    frame[at] += change
    assert decode_rcmm(frame) is None
    assert decode_rcmm(frame[:-2]) is None


def test_pulse_that_contradicts_the_frame() -> None:
    frame = _frame("000000")
    assert decode_rcmm(frame) == ("rcmm12", {"address": 0, "command": 0})
    # The space keeps its length, but a spike has changed the pulse before it
    frame[4] += 110
    assert decode_rcmm(frame) is None


def test_spaces_between_two_symbols() -> None:
    frame = _frame("010203100310")
    for at in range(3, len(frame), 2):
        frame[at] += 45 if at % 4 == 1 else -45
    assert decode_rcmm(frame) is None
