"""Tests of joining items into messages."""

from collections.abc import Sequence
from itertools import pairwise
import struct

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.anavi_weather.phat.framer import (
    LONE_PULSE_US,
    MAX_MESSAGE_TIMINGS,
    MAX_NOISY_TIMINGS,
    MESSAGE_SILENCE_US,
    NOISE_SILENCE_US,
    RECEIVER_SILENCE_US,
    Framer,
    ItemType,
)
from tests.quick import examples

from .lirc_devices import OVERFLOW, TIMEOUT, item, items

END = items(-MESSAGE_SILENCE_US)
ITEMS = st.one_of(
    st.builds(item, st.sampled_from(ItemType), st.integers(0, 200_000)),
    st.builds(
        item, st.sampled_from((ItemType.PULSE, ItemType.SPACE)), st.sampled_from((0, 560, 1_690, MESSAGE_SILENCE_US))
    ),
    st.just(TIMEOUT),
)
STREAMS = st.one_of(st.lists(ITEMS, max_size=80).map(b"".join), st.binary(max_size=300))


@settings(max_examples=examples(300), deadline=None)
@given(STREAMS, st.lists(st.integers(0, 400), max_size=12))
def test_messages_do_not_depend_on_how_the_data_is_split(data: bytes, cuts: list[int]) -> None:
    whole = Framer().feed(data)
    framer, messages = Framer(), list[list[int]]()
    for begin, end in pairwise([0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]):
        messages += framer.feed(data[begin:end])
    assert messages == whole
    for message in whole:
        assert len(message) % 2 == 1
        assert all((timing > 0) is (place % 2 == 0) and timing != 0 for place, timing in enumerate(message))
        assert min(message) > -MESSAGE_SILENCE_US


@pytest.mark.parametrize(
    ("data", "messages"),
    [
        (items(-1_000_000, 900, -450, 560) + END, [[900, -450, 560]]),
        (items(-20_000, 900, -450, 560) + END, [[900, -450, 560]]),
        (items(900, -450, 560, -MESSAGE_SILENCE_US, 560, -9, 560) + END, [[900, -450, 560], [560, -9, 560]]),
        (items(900, -450, 560, 1 - MESSAGE_SILENCE_US, 560) + END, [[900, -450, 560, 1 - MESSAGE_SILENCE_US, 560]]),
        (items(900, -450, 560), []),
        (items(900, -450, 560, -160_000, -10_000, 560), [[900, -450, 560]]),
        (items(900, -450) + item(ItemType.FREQUENCY, 38_000) + items(560) + END, [[900, -450, 560]]),
        (items(900, -450) + item(ItemType(0), 0) + items(-50, 560, 60) + END, [[900, -500, 620]]),
        (items(900) + item(ItemType.PULSE) + items(-450) + item(ItemType.PULSE) + items(560) + END, [[900, -450, 560]]),
        (items(900, -450) + struct.pack("I", 9 << 24 | 5) + items(560) + END, [[900, -450, 560]]),
        (items(900, -450) + OVERFLOW + items(560) + END + items(900, -450, 560) + END, [[900, -450, 560]]),
        (OVERFLOW + items(900, -450, 560) + END, []),
        (OVERFLOW + items(-NOISE_SILENCE_US, 900, -450, 560) + END, [[900, -450, 560]]),
        (OVERFLOW + items(1 - NOISE_SILENCE_US, 900, -450, 560) + END, []),
        (TIMEOUT + TIMEOUT + items(-50_000), []),
    ],
)  # fmt: skip
def test_items_become_messages(data: bytes, messages: list[list[int]]) -> None:
    assert Framer().feed(data) == messages


@pytest.mark.parametrize("pause", [6_000, 20_000, 38_000, 42_000, 54_000, 75_000, 150_000])
@pytest.mark.parametrize("reported", [(), (9_000,), (9_000, 100), (23_000, 4_000, 1)])
def test_a_message_with_pauses_is_one(pause: int, reported: Sequence[int]) -> None:
    """While a pause lasts, a kernel may report some of it, then the time since that, and it always reports the whole."""
    known = b""
    if reported and pause > reported[0]:
        known = item(ItemType.TIMEOUT, reported[0]) + items(*(-space for space in reported[1:]))
    data = items(900, -450, 560) + known + items(-pause, 560, -560, 560) + END
    assert Framer().feed(data) == [[900, -450, 560, -pause, 560, -560, 560]]


def test_a_kernel_may_report_a_pause_in_two_parts() -> None:
    data = items(900, -450, 560) + item(ItemType.TIMEOUT, 9_000) + items(-5_000, 560) + END
    assert Framer().feed(data) == [[900, -450, 560, -14_000, 560]]


def test_a_whole_message_ends_sooner() -> None:
    checked: list[list[int]] = []

    def find_whole(timings: Sequence[int]) -> list[int] | None:
        checked.append(list(timings))
        return [900, -450, 560] if timings[-3:] == [900, -450, 560] else None

    framer = Framer(find_whole)
    assert framer.feed(items(900, -450, 560, -RECEIVER_SILENCE_US)) == [[900, -450, 560]]
    assert framer.missing_silence == 0
    assert framer.feed(items(900, -450, 560) + TIMEOUT) == [[900, -450, 560]]
    # The find_whole callback removes noise before the message
    assert framer.feed(items(60, -20_000, 900, -450, 560) + TIMEOUT) == [[900, -450, 560]]
    assert framer.feed(items(900, -450, 570, 1 - RECEIVER_SILENCE_US, 560) + END) == [
        [900, -450, 570, 1 - RECEIVER_SILENCE_US, 560]
    ]
    checked.clear()
    assert not framer.feed(items(900, -450, 570) + TIMEOUT + items(-1_000, -20_000))
    assert checked == [[900, -450, 570]], "once for each silence"
    # A message with an overflow is discarded
    framer = Framer(find_whole)
    assert framer.feed(items(900) + OVERFLOW + items(-450, 560, -40_000, 900, -450, 560) + TIMEOUT) == [
        [900, -450, 560]
    ]


def test_silence_that_the_kernel_does_not_report_ends_a_message() -> None:
    framer = Framer()
    assert framer.missing_silence == 0
    assert not framer.flush()
    framer.feed(items(900, -450, 560))
    assert framer.missing_silence == MESSAGE_SILENCE_US
    framer.feed(item(ItemType.TIMEOUT, 9_000))
    assert framer.missing_silence == MESSAGE_SILENCE_US - 9_000
    assert framer.flush() == [[900, -450, 560]]
    assert not framer.flush()
    assert framer.missing_silence == 0
    assert framer.feed(items(-200_000, 900, -450, 570) + END) == [[900, -450, 570]]


def test_lone_pulses_are_noise() -> None:
    framer = Framer()
    for pulse in range(60, 333, 7):
        assert not framer.feed(items(pulse) + TIMEOUT + items(-40_000))
        assert framer.missing_silence == 0
    assert not framer.feed(items(5_000) + END)
    assert not framer.feed(items(5_000, -30_000, 2_000, -RECEIVER_SILENCE_US, 560) + END)
    # Some messages begin with a pulse that stands alone, or end with one
    for message in (
        [2_000, -27_830, 400, -1_580, 400],
        [427, 1 - NOISE_SILENCE_US, 900, -450, 560],
        [LONE_PULSE_US + 1, -NOISE_SILENCE_US, 900, -450, 560],
        [900, -450, 560, -7_900, 560],
        [560, 1 - RECEIVER_SILENCE_US, 560],
    ):
        assert framer.feed(items(*message) + END) == [message]
    # Light that flickers without a longer pause is not kept
    flicker = items(*(LONE_PULSE_US, -RECEIVER_SILENCE_US) * 99)
    assert framer.feed(flicker + items(900, -450, 560) + END) == [[LONE_PULSE_US, -RECEIVER_SILENCE_US, 900, -450, 560]]
    for message in (
        [430, 1 - RECEIVER_SILENCE_US, 430, -9_000, 900, -450, 560],
        [430, -9_000, LONE_PULSE_US + 1, -9_000, 900, -450, 560],
        [LONE_PULSE_US + 1, -9_000, 430, -9_000, 900, -450, 560],
    ):
        assert framer.feed(items(*message) + END) == [message]
    assert framer.feed(items(LONE_PULSE_US, -NOISE_SILENCE_US, 900, -450, 560) + END) == [[900, -450, 560]]


def test_flickering_light_does_not_fill_the_memory() -> None:
    lengths = []

    def find_whole(timings: Sequence[int]) -> None:
        lengths.append(len(timings))

    framer = Framer(find_whole)
    for _ in range(MAX_MESSAGE_TIMINGS):
        assert not framer.feed(items(LONE_PULSE_US + 1, -RECEIVER_SILENCE_US))
    assert max(lengths) == MAX_MESSAGE_TIMINGS - 1
    assert not framer.feed(items(100) + END)
    longest = [100, *(-100, 100) * (MAX_MESSAGE_TIMINGS // 2 - 1)]
    assert framer.feed(items(*longest) + END) == [longest]


def test_flickering_light_that_pauses_does_not_hide_the_next_key() -> None:
    framer = Framer()
    flicker = [100, *(-100, 100) * (MAX_NOISY_TIMINGS // 2)]
    assert framer.feed(items(*flicker, -NOISE_SILENCE_US, 900, -450, 560) + END) == [flicker, [900, -450, 560]]
    short = flicker[:-2]
    assert framer.feed(items(*short, -NOISE_SILENCE_US, 900, -450, 560) + END) == [
        [*short, -NOISE_SILENCE_US, 900, -450, 560]
    ]


def test_only_a_pending_message_is_discarded() -> None:
    framer = Framer()
    message = [560, -450, 560]
    framer.discard()
    assert framer.feed(items(*message) + END + items(900)) == [message]
    framer.discard()
    assert framer.feed(items(-450, 560) + END + items(*message) + END) == [message]
    assert not framer.feed(OVERFLOW)
    framer.discard()
    assert not framer.feed(items(*message) + END)
