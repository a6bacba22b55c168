"""Tests of distinguishing new presses from a held key."""

import pytest

from custom_components.anavi_weather.ir_codes import parse
from custom_components.anavi_weather.ir_codes.decode import decode
from custom_components.anavi_weather.ir_codes.message import frames
from custom_components.anavi_weather.ir_codes.protocols import NEC_DITTO
from custom_components.anavi_weather.key_tracker import KeyTracker, PressedKey

DITTO = list(NEC_DITTO)
UNKNOWN = "raw:38000:4000,-2000,500,-1500,500,-700,500,-1500,900,-700,500,-40000"
OTHER = "raw:38000:4000,-2000,500,-700,500,-700,500,-1500,900,-1500,500,-40000"
START = 50.0
SOON = 0.24  # seconds: the slowest protocols repeat every 120 ms, and one of their frames may be lost
LATE = 0.25


def timings_of(code: str) -> list[int]:
    return parse(code).get_raw_timings()


def track(*frames: tuple[float, list[int]]) -> list[PressedKey | None]:
    """Return the keys after each frame, given as seconds since the previous frame and signed µs."""
    tracker = KeyTracker()
    now = START
    keys = []
    for pause, timings in frames:
        now += pause
        keys.append(tracker.add_message(timings, now))
    return keys


def repeats(keys: list[PressedKey | None]) -> list[int | None]:
    return [key.repeats if key else None for key in keys]


def test_a_press_has_its_first_frame() -> None:
    (key,) = track((0, timings_of("nec:4,8")))

    assert key
    assert key.timings == timings_of("nec:4,8")
    assert key.decoded and (key.decoded.address, key.decoded.command) == (4, 8)
    assert key.repeats == 0


def test_an_unknown_protocol_is_not_decoded() -> None:
    (key,) = track((0, timings_of(UNKNOWN)))
    assert key and key.decoded is None


@pytest.mark.parametrize("code", ["nec:4,8", "rc5:5,12,0", "samsung32:7,2", UNKNOWN])
def test_a_frame_that_comes_again_soon_holds_the_key(code: str) -> None:
    frame = timings_of(code)
    assert repeats(track((0, frame), (SOON, frame), (SOON, frame))) == [0, 1, 2]


@pytest.mark.parametrize("code", ["nec:4,8", UNKNOWN])
def test_a_frame_that_comes_again_late_is_a_new_press(code: str) -> None:
    frame = timings_of(code)
    assert repeats(track((0, frame), (SOON, frame), (LATE, frame), (SOON, frame))) == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("nec:4,8", "nec:4,9"),
        ("rc5:5,12,0", "rc5:5,12,1"),
        (UNKNOWN, OTHER),
        (UNKNOWN, "nec:4,8"),
        ("nec:4,8", UNKNOWN),
    ],
)
def test_another_key_or_toggle_bit_is_a_new_press(one: str, other: str) -> None:
    assert repeats(track((0, timings_of(one)), (SOON, timings_of(other)))) == [0, 0]


def test_only_messages_of_unknown_protocols_are_compared_by_their_timings() -> None:
    known = timings_of("nec:4,8")
    unknown = [*known[:-1], known[-1] + 900]
    assert decode(unknown) is None

    assert repeats(track((0, known), (SOON, unknown))) == [0, 0]
    assert repeats(track((0, unknown), (SOON, known))) == [0, 0]


def test_a_message_that_repeats_itself_holds_the_key() -> None:
    """It took as long as its repeats."""
    frame = timings_of(UNKNOWN)
    held = [*frame, -60_000] * 3 + frame
    seconds = sum(map(abs, held)) / 1_000_000
    assert repeats(track((0, held), (seconds + 0.1, held), (seconds + 0.1, frame))) == [0, 1, 0]


def test_repeating_only_the_last_frame_holds_the_key() -> None:
    first, last = timings_of(UNKNOWN), timings_of(OTHER)
    message = [*first, -30_000, *last]
    assert repeats(track((0, message), (SOON, last), (SOON, [*last, -30_000, *last]), (SOON, first))) == [0, 1, 2, 0]


@pytest.mark.parametrize("other", ["gree_ac:mode=cool,temperature=22", "gree_ac:mode=heat,temperature=21"])
def test_another_state_of_an_air_conditioner_is_a_new_press(other: str) -> None:
    state = timings_of("gree_ac:mode=cool,temperature=21")
    assert repeats(track((0, state), (SOON, timings_of(other)), (SOON, state), (SOON, state))) == [0, 0, 0, 1]


def test_a_frame_without_a_header_holds_only_its_own_key() -> None:
    first, headless = frames(timings_of("jvc:7,3,repeat_count=1"))
    other = frames(timings_of("jvc:7,4,repeat_count=1"))[1]

    keys = track((0, first), (SOON, headless), (SOON, other), (LATE, headless))
    assert repeats(keys) == [0, 1, 0, 0]
    assert [key and key.decoded and key.decoded.command for key in keys] == [3, 3, None, None]


def test_a_ditto_holds_the_key_of_the_press() -> None:
    pressed, held = track((0, timings_of("nec:4,8")), (SOON, DITTO))

    assert pressed and held
    assert (held.decoded, held.timings, held.repeats) == (pressed.decoded, pressed.timings, 1)


def test_a_ditto_without_its_press_is_ignored() -> None:
    assert track((0, DITTO), (SOON, DITTO)) == [None, None]
    keys = track((0, timings_of("nec:4,8")), (LATE, DITTO), (SOON, DITTO))
    assert repeats(keys) == [0, None, None]


def test_an_ignored_ditto_does_not_prolong_the_press() -> None:
    frame = timings_of("nec:4,8")
    assert repeats(track((0, frame), (LATE, DITTO), (SOON, frame))) == [0, None, 0]


def test_the_second_half_of_a_sharp_press_adds_nothing_but_its_time() -> None:
    sharp = timings_of("sharp:0x01,0x45,0x01")
    first, second = sharp[:32], sharp[32:]

    assert repeats(track((0, first), (SOON, second), (SOON, first), (SOON, second))) == [0, None, 1, None]
    assert repeats(track((0, second), (SOON, first))) == [0, 1]
    assert repeats(track((0, first), (LATE, second))) == [0, 0]


def test_the_second_half_of_another_key_is_a_new_press() -> None:
    first = timings_of("sharp:0x01,0x45,0x01")[:32]
    other_second = timings_of("sharp:0x01,0x46,0x01")[32:]
    assert repeats(track((0, first), (SOON, other_second))) == [0, 0]
