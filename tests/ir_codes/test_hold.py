"""Tests of what is sent while a key is held."""

from itertools import pairwise

import pytest

from custom_components.anavi_weather.ir_codes import parse
from custom_components.anavi_weather.ir_codes.command import MAX_DURATION
from custom_components.anavi_weather.ir_codes.decode import decode
from custom_components.anavi_weather.ir_codes.hold import PIECE, hold_for, hold_of
from custom_components.anavi_weather.ir_codes.message import frames
from custom_components.anavi_weather.ir_codes.protocols import NEC_DITTO
from custom_components.anavi_weather.ir_codes.raw import MAX_TIMINGS

FRAME = "600,-500,600,-500,600"


@pytest.mark.parametrize(
    "code", ["nec:0x04,0x08", "samsung32:7,2", "rc5:5,12,0", "sony:0x01,0x15", "nec2:0xfb04,0xf708"]
)
def test_a_protocols_repeats(code: str) -> None:
    command = parse(code)
    held = hold_of(command, repeat_whole=False)
    assert held
    repeats = frames(held.piece.get_raw_timings())
    assert held.piece.modulation == command.modulation
    for repeat in repeats:
        if code.startswith("nec:"):
            assert repeat == pytest.approx(list(NEC_DITTO), abs=2)
        else:
            assert decode(repeat) == decode(command.get_raw_timings())
    assert 1 <= len(repeats) <= 5
    duration = sum(map(abs, held.piece.once))
    assert duration <= PIECE
    assert MAX_DURATION <= duration * held.pieces < MAX_DURATION + duration
    assert 0.01 < held.pause < 0.1
    assert 0.01 < held.first_pause < 0.1


@pytest.mark.parametrize(("code", "pause"), [("sharp:0x02,0x03", 0.04), ("proton:0x02,0x03", 0.02)])
def test_all_frames_of_a_press_are_repeated(code: str, pause: float) -> None:
    command = parse(code)
    held = hold_of(command, repeat_whole=False)
    assert held
    assert held.first_pause == held.pause == pause
    press, found = frames(command.get_raw_timings()), frames(held.piece.get_raw_timings())
    assert found == press * (len(found) // len(press)) != []


def test_frames_that_take_turns() -> None:
    held = hold_of(parse(f"raw:{FRAME},-60000/{FRAME},-50000/{FRAME},-40000"), repeat_whole=False)
    assert held
    pauses = [-timing for timing in held.piece.once if timing < -1000]
    assert set(pairwise(pauses)) == {(50_000, 40_000), (40_000, 50_000)}
    assert (held.first_pause, held.pause) == (0.06, 0.04)


@pytest.mark.parametrize(
    ("repeat_count", "first_pause", "turns"),
    [(0, 0.06, (50_000, 40_000)), (1, 0.05, (40_000, 50_000)), (2, 0.04, (50_000, 40_000))],
)
def test_a_held_key_continues_the_turns_of_its_press(
    repeat_count: int, first_pause: float, turns: tuple[int, int]
) -> None:
    command = parse(f"raw:38000,repeat_count={repeat_count}:{FRAME},-60000/{FRAME},-50000/{FRAME},-40000")
    for held in (hold_of(command, repeat_whole=False), hold_for(command, 1)):
        assert held
        assert tuple(-timing for timing in held.piece.once if timing < -1000)[:2] == turns
        assert (held.first_pause, held.pause) == (first_pause, turns[1] / 1_000_000)


def test_a_piece_of_short_timings_is_no_longer_than_a_part_may_be() -> None:
    held = hold_for(parse("raw:500,-500/1,-1"), 1)
    assert held
    assert len(held.piece.once) == MAX_TIMINGS
    assert 999_000 <= held.pieces * MAX_TIMINGS < 999_000 + MAX_TIMINGS


def test_the_pause_after_a_press_that_has_repeats() -> None:
    held = hold_of(parse(f"raw:38000,repeat_count=2:{FRAME},-60000/{FRAME},-50000"), repeat_whole=False)
    assert held
    assert held.first_pause == 0.05


def test_a_command_without_repeats() -> None:
    """Only a key such as the volume's is sent again: power would toggle."""
    command = parse(f"raw:36000,duty_cycle=33:{FRAME},-150000")
    assert hold_of(command, repeat_whole=False) is None
    held = hold_of(command, repeat_whole=True)
    assert held
    assert held.piece.once == (600, -500, 600, -500, 600, -150000)
    assert (held.piece.modulation, held.piece.duty_cycle) == (36000, 33)
    assert (held.first_pause, held.pause) == (0.15, 0.15)


def test_a_long_message_is_not_repeated() -> None:
    assert hold_of(parse(f"raw:{FRAME},-990000"), repeat_whole=True)
    assert hold_of(parse(f"raw:{FRAME},-998000"), repeat_whole=True) is None


@pytest.mark.parametrize(
    ("code", "seconds", "repeats", "pieces"),
    [
        ("nec:0x04,0x08", 0.05, 0, 0),  # a press takes as long
        ("nec:0x04,0x08", 0.11, 1, 1),
        ("nec:0x04,0x08", 1, 9, 9),
        ("nec:0x04,0x08", 10, 92, 92),
        ("sharp:0x01,0x02", 0.001, 0, 0),
        ("sony:0x01,0x15", 0.13, 0, 0),  # a press has three frames
        ("sony:0x01,0x15", 0.14, 1, 1),
        ("sony:0x01,0x15", 0.5, 12, 3),
        (f"raw:{FRAME},-150000", 0.3, 1, 1),
        (f"raw:{FRAME},-2000000", 3, 1, 1),  # the user says so
        (f"raw:{FRAME},-4000000", 10, 2, 2),
        (f"raw:{','.join([FRAME, '-500000'] * 12)}", 10, 0, 0),  # the second one would end after 12 seconds
        (f"raw:{FRAME},-60000/{FRAME},-50000/{FRAME},-40000", 0.18, 4, 1),
        (f"raw:38000,repeat_count=20:{FRAME},-40000/{FRAME},-40000/{FRAME},-40000", 1, 4, 1),
    ],
)
def test_a_key_is_held_for_some_time(code: str, seconds: float, repeats: int, pieces: int) -> None:
    held = hold_for(parse(code), seconds)
    if held is None:
        assert not repeats
        return
    assert held.pieces == pieces
    assert len(frames(held.piece.get_raw_timings())) * pieces == repeats
