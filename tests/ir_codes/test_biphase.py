"""Tests of receiving RC5, RC6 and related protocols."""

from itertools import groupby

import pytest

from custom_components.anavi_weather.ir_codes import in_turn, parse, to_text
from custom_components.anavi_weather.ir_codes.biphase import decode_biphase

from .helpers import refused


@pytest.mark.parametrize("toggle", [0, 1])
@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("rc5", {"address": 0x1E, "command": 0x2A}),
        ("rc5", {"address": 0x01, "command": 0x7F}),
        ("rc6", {"address": 0x81, "command": 0x7E}),
        ("rc5_sz", {"address": 0x3E, "command": 0x2A}),
        ("rc5_sz", {"address": 0x01, "command": 0x7F}),
        ("rc6_6a_20", {"address": 0x812, "command": 0x7E}),
        ("rc6_6a_24", {"address": 0x8123, "command": 0x7E}),
        ("rc6_6a_32", {"address": 0x812345, "command": 0x7E}),
        ("rc6_mce", {"address": 0x80347F, "command": 0x7E}),
        ("marantz_extended", {"address": 0x11, "command": 0x55, "extension": 0x2A}),
        ("marantz_extended", {"address": 0x10, "command": 0x15, "extension": 0x15}),
    ],
)
def test_fields(name: str, fields: dict[str, int], toggle: int) -> None:
    fields = {**fields, "toggle": toggle}
    text = ",".join(f"{key}={value}" for key, value in fields.items())
    assert decode_biphase(parse(f"{name}:{text}").get_raw_timings()) == (name, fields)


def _rc6(bits: list[int]) -> list[int]:
    """Return a frame with any halves of bits after the leader."""
    frame = [2664, -888]
    for level in bits:
        if (frame[-1] > 0) == bool(level):
            frame[-1] += 444 if level else -444
        else:
            frame.append(444 if level else -444)
    return frame if frame[-1] > 0 else frame[:-1]


HEAD = [1, 0, 0, 1, 0, 1, 0, 1]
TRAILER = [0, 0, 1, 1]
BODY = [0, 1] * 16


@pytest.mark.parametrize(
    "frame",
    [
        [2664],
        [2664, -2000, 444],
        [3600, -888, 444],
        _rc6([1, 0, 1, 0, 0, 1, 0, 1, *TRAILER, *BODY]),  # mode 4
        _rc6([*HEAD, 0, 1, 1, 0, *BODY]),
        _rc6([*HEAD, *TRAILER, 1, 1, 0, 0, *BODY[4:]]),
        _rc6([*HEAD, *TRAILER, *BODY[:-8]]),
        _rc6([*HEAD, *TRAILER, *BODY, 0, 1]),
        [889],
        [889, -889, 889],
        [889, -889 * 7, 889],
        [889, -889, 1300, -889],
        [1500, -300, 889],
        [1400, -1400, 1400],
        parse("rc5:1,2").get_raw_timings()[1:],
        [-value for value in parse("rc5:1,2").get_raw_timings()],
        [*parse("marantz_extended:1,2,3").get_raw_timings(), -889, 889],
        # No pause where Marantz's frame has one
        [889] + [-889, 889] * 25,
    ],
)
def test_frames_of_other_protocols_are_not_decoded(frame: list[int]) -> None:
    assert decode_biphase(frame) is None


@pytest.mark.parametrize("place", range(16, 20))
def test_pulse_in_the_pause_of_marantz_extended(place: int) -> None:
    frame = parse("marantz_extended:1,2,3").get_raw_timings()
    levels = [int(duration > 0) for duration in frame for _ in range(round(abs(duration) / 889))]
    assert levels[15:19] == [0] * 4
    levels[place - 1] = 1  # levels lack the first half of the frame
    disturbed = [(889 if level else -889) * len(list(halves)) for level, halves in groupby(levels)]
    assert decode_biphase(frame) is not None
    assert decode_biphase(disturbed) is None


def test_frame_of_all_halves() -> None:
    assert decode_biphase(_rc6([*HEAD, *TRAILER, *BODY])) == ("rc6", {"address": 0, "command": 0, "toggle": 0})


def test_mce_has_its_toggle_bit_in_the_address() -> None:
    command = parse("rc6_mce:0x800f84,0x0c")
    assert to_text(command) == "rc6_mce:0x800f04,0x0c"  # the toggle bit is not part of the address
    first, second = in_turn(command)
    assert to_text(second) == "rc6_mce:0x800f04,0x0c,0x01"
    assert second.get_raw_timings() != first.get_raw_timings() == command.get_raw_timings()
    # With another maker, it is part of the address
    other = parse("rc6_6a_32:0x123484,0x0c").get_raw_timings()
    assert decode_biphase(other) == ("rc6_6a_32", {"address": 0x123484, "command": 0x0C, "toggle": 0})


def test_toggle_bits_and_periods() -> None:
    for text, period in (("rc5_sz:1,2", 114_000), ("rc6_6a_20:1,2", 107_000)):
        command = parse(f"{text},repeat_count=1")
        first, second = in_turn(command)
        assert (to_text(first), to_text(second)) == (
            to_text(command),
            to_text(parse(f"{text},1,repeat_count=1")),
        )
        sent = second.get_raw_timings()
        assert sum(map(abs, sent[: len(sent) // 2 + 1])) == period
        assert second.modulation == 36_000
    assert repr(second) == "ToggleCommand(rc6_6a_20:0x1,0x2,0x1)"
    for wrong in ("rc5_sz:0x40,0", "rc5_sz:0,0x80", "rc5_sz:0,0,2", "rc6_6a_20:0x1000,0"):
        assert refused(parse, wrong) == "value_out_of_range"
