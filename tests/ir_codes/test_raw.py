"""Tests of raw timings; their text is tested with the other forms."""

from typing import override

from infrared_protocols.commands import Command

from custom_components.anavi_weather.ir_codes.raw import as_raw, complete, joined, merge_neighbors

from .helpers import refused


def test_complete() -> None:
    assert complete([9000, -4500, 560]) == (9000, -4500, 560, -40000)
    assert complete([9000, 4500, 560], gap=1) == (9000, -4500, 560, -1)
    assert complete([560]) == (560, -40000)
    assert refused(complete, []) == "empty"
    assert refused(complete, [-1]) == "empty"
    assert refused(complete, [1, -1] * 2049) == "too_many_timings"


class _Held(Command):
    """A command with given timings for each repeat count."""

    def __init__(self, *presses: list[int]) -> None:
        """Initialize the command with the timings of no, one and two repeats."""
        super().__init__(modulation=36000, repeat_count=1)
        self.presses = presses

    @override
    def get_raw_timings(self) -> list[int]:
        return self.presses[self.repeat_count]


def test_repeat_part_of_held_commands() -> None:
    # Each frame with its pause, as infrared_protocols sends Symphony
    frame = [100, -200, 100, -300]
    raw = as_raw(_Held(frame, frame * 2, frame * 3))
    assert (raw.once, raw.repeat, raw.repeat_count, raw.modulation) == ((), tuple(frame), 1, 36000)
    # Timings that differ each time have no repeat part
    raw = as_raw(_Held([100], [101, -100, 101], [102]))
    assert (raw.once, raw.repeat, raw.repeat_count) == ((101, -100, 101, -40000), (), 0)


def test_neighbors_of_one_sign_are_merged() -> None:
    assert merge_neighbors([0, 100, 50, -20, 0, -30, 0, 7]) == [150, -50, 7]
    assert merge_neighbors([]) == merge_neighbors([0, 0]) == []


def test_pauses_that_programs_split() -> None:
    # IRremoteESP8266 writes a pause of 149 ms like this because its numbers have 16 bits
    assert joined([510, 65535, 0, 65535, 0, 17856, 8376]) == [510, -148926, 8376]
    assert joined([510, -65535, 0, -17856, 8376]) == [510, -83391, 8376]
    # ESPHome sends what has the same sign as one
    assert joined([620, -490, 620, -4170, -45000]) == [620, -490, 620, -49170]
    assert joined([620, -490, 365, 4630]) == [620, -490, 4995]


def test_durations_that_are_not_split() -> None:
    for timings in ([], [510], [510, 520], [510, -490, 0], [0, 510, -490], [510, 520, -490, 530], [510, 0, 490, -530]):
        assert joined(timings) == timings
