"""Tests of messages and what repeats them."""

from collections.abc import Sequence
import time

from hypothesis import given, strategies as st
import pytest

from custom_components.anavi_weather.ir_codes import message as message_module
from custom_components.anavi_weather.ir_codes.message import (
    LONE_PULSE_US,
    MAX_FRAMES,
    MAX_KINDS,
    frames,
    frames_with_gaps,
    is_ditto,
    is_same_frame,
    repeats,
    without_repeats,
    without_spike,
)

A = [3000, -3000, 500, -500, 500, -1500, 500, -500, 500]
B = [3000, -3000, 500, -1500, 500, -500, 500, -500, 500]
DITTO = [3000, -1500, 500]


def joined(*parts: Sequence[int], gap: int = 30_000) -> list[int]:
    """Return frames with a pause between them."""
    return [duration for part in parts for duration in (*part, -gap)][:-1]


def test_frames() -> None:
    assert frames([-100, 1, -1, 2, -10_000, 3, -7]) == [[1, -1, 2], [3]]
    assert frames_with_gaps([*A, -6_001, *B, -50_000, 5]) == [(A, 6_001), (B, 50_000), ([5], 0)]
    assert frames([*A, -6_000, *B]) == [[*A, -6_000, *B]]
    assert frames([1, -7_000, -8_000]) == [[1]]
    assert frames([]) == []


def test_spikes_before_a_message() -> None:
    assert without_spike([60, -20_000, 300, -8_000, *A]) == A
    for message in (A, [60, -7_999, *A], [LONE_PULSE_US + 1, -20_000, *A], [60, -20_000], [-60, -20_000, *A], []):
        assert without_spike(message) == message
    assert without_spike([900, -20_000, *A], longest=900) == A


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ([A], [A]),
        ([A, A, A], [A]),
        ([A, B], [A, B]),
        ([A, B, A, B, A], [A, B]),
        ([A, B, B, B], [A, B]),
        ([A, DITTO, DITTO], [A]),
        ([A, A, DITTO], [A]),
        ([A, B, DITTO], [A, B]),
        ([A, [500]], [A, [500]]),
        ([A, [500], A, [500]], [A, [500]]),
        ([[2000], A, [2000], A], [[2000], A]),
        ([DITTO, DITTO], [DITTO]),
    ],
)
def test_repeats_are_removed(sent: list[list[int]], message: list[list[int]]) -> None:
    assert without_repeats(joined(*sent)) == joined(*message)


@pytest.mark.parametrize(
    ("kinds", "once", "repeat"),
    [
        ([], 0, 0),
        ([0], 1, 0),
        ([0, 1], 2, 0),
        ([0, 0], 0, 1),
        ([0, 1, 0], 3, 0),
        ([0, 1, 0, 1], 0, 2),
        ([0, 1, 0, 1, 0], 0, 2),
        ([0, 1, 1], 1, 1),
        ([0, 0, 1, 0, 0, 1], 0, 3),
        ([2, 0, 0, 1, 0, 0, 1, 0], 1, 3),
        ([0] * 62 + [1], 63, 0),
    ],
)
def test_parts_that_are_sent_once_and_repeated(kinds: list[int], once: int, repeat: int) -> None:
    assert repeats(kinds) == (once, repeat)


@given(st.lists(st.integers(0, 2), max_size=12))
def test_the_earliest_repeat_is_found(kinds: list[int]) -> None:
    once, repeat = repeats(kinds)
    found = [
        (start, period)
        for start in range(len(kinds))
        for period in range(1, (len(kinds) - start) // 2 + 1)
        if all(kinds[at] == kinds[at - period] for at in range(start + period, len(kinds)))
    ]
    assert (once, repeat) == (found[0] if found else (len(kinds), 0))


@pytest.mark.parametrize(
    ("frame", "gap", "expected"),
    [
        (DITTO, 40_000, True),
        (DITTO, 18_000, True),
        (DITTO, 17_999, False),  # ends the message
        ([500, -500, 500], 40_000, False),
        ([1_500, -500, 500], 40_000, True),
        (A[:7], 40_000, True),
        (A, 40_000, False),
    ],
)
def test_a_ditto_is_short_begins_with_a_header_and_comes_late(frame: list[int], gap: int, expected: bool) -> None:
    assert is_ditto(frame, gap, A) is expected


def test_a_short_message_has_no_ditto() -> None:
    assert not is_ditto(DITTO, 40_000, A[:7])


def test_frames_of_one_reception_differ_by_jitter_only() -> None:
    assert is_same_frame(A, [duration + 80 for duration in A])
    assert not is_same_frame(A, [*A[:-1], A[-1] + 130])
    assert not is_same_frame(A, [3_300, *A[1:]])
    assert not is_same_frame(A, A[:-2])


def test_flickering_light_is_not_searched_for_repeats() -> None:
    at_most = joined(*[A] * MAX_FRAMES)
    assert without_repeats(at_most) == A
    longer = joined(*[A] * (MAX_FRAMES + 1))
    assert without_repeats(longer) == longer


@given(st.lists(st.integers(1, 50_000), max_size=99))
def test_a_message_without_repeats_is_its_beginning(durations: list[int]) -> None:
    message = [-one if place % 2 else one for place, one in enumerate(durations)]
    found = without_repeats(message)
    assert message[: len(found)] == found


def kinds_of_frames(kinds: int, count: int) -> list[int]:
    """Return a message whose frames differ only near their end, in this many kinds that take turns."""
    parts = []
    for place in range(count):
        bits = f"{place % kinds:028b}"
        parts.append([9000, -4500, *(duration for bit in bits for duration in (560, -560 - 1130 * int(bit))), 560])
    return joined(*parts, gap=8000)


@pytest.mark.parametrize("kinds", [1, 2, MAX_KINDS])
def test_kinds_of_frames_that_take_turns(kinds: int) -> None:
    assert without_repeats(kinds_of_frames(kinds, 4 * kinds)) == kinds_of_frames(kinds, kinds)


def test_too_many_kinds_are_quick() -> None:
    long = kinds_of_frames(MAX_KINDS + 1, 4 * (MAX_KINDS + 1))
    assert without_repeats(long) == long
    durations = []
    for attempt in range(5):
        long = kinds_of_frames(MAX_FRAMES, MAX_FRAMES)
        long[0] += attempt  # so that no result is known yet
        began = time.process_time()
        assert without_repeats(long) == long
        durations.append(time.process_time() - began)
    assert min(durations) < 0.01  # usually a thousandth


def test_repeats_are_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    timings = joined(A, A, gap=30_001)
    assert without_repeats(timings) == A
    monkeypatch.setattr(message_module, "frames_with_gaps", None)
    without_repeats(timings).append(1)
    assert without_repeats(tuple(timings)) == A
