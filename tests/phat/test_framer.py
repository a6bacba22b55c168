"""Tests of splitting items into frames."""

from collections.abc import Sequence
from itertools import pairwise
import struct

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.anavi_weather.phat.framer import (
    MAX_FRAME_TIMINGS,
    RECEIVER_SILENCE_US,
    WHOLE_FRAME_SILENCE_US,
    Framer,
    ItemType,
)

from .lirc_devices import OVERFLOW, TIMEOUT, item, items

ITEMS = st.one_of(
    st.builds(item, st.sampled_from(ItemType), st.integers(0, 60_000)),
    st.builds(
        item, st.sampled_from((ItemType.PULSE, ItemType.SPACE)), st.sampled_from((0, 560, 1_690, RECEIVER_SILENCE_US))
    ),
    st.just(TIMEOUT),
)
STREAMS = st.one_of(st.lists(ITEMS, max_size=80).map(b"".join), st.binary(max_size=300))


@settings(max_examples=300, deadline=None)
@given(STREAMS, st.lists(st.integers(0, 400), max_size=12))
def test_frames_do_not_depend_on_how_the_data_is_split(data: bytes, cuts: list[int]) -> None:
    whole = Framer().feed(data)
    framer, frames = Framer(), list[list[int]]()
    for begin, end in pairwise([0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]):
        frames += framer.feed(data[begin:end])
    assert frames == whole
    for frame in whole:
        assert len(frame) % 2 == 1
        assert all((timing > 0) is (place % 2 == 0) and timing != 0 for place, timing in enumerate(frame))
        assert min(frame) > -RECEIVER_SILENCE_US


@pytest.mark.parametrize(
    ("data", "frames"),
    [
        (items(-1_000_000, 900, -450, 560) + TIMEOUT, [[900, -450, 560]]),
        (items(-20_000, 900, -450, 560) + TIMEOUT, [[900, -450, 560]]),
        (items(900, -450, 560, -RECEIVER_SILENCE_US, 560) + TIMEOUT, [[900, -450, 560], [560]]),
        (items(900, -450, 560, 1 - RECEIVER_SILENCE_US, 560) + TIMEOUT, [[900, -450, 560, 1 - RECEIVER_SILENCE_US, 560]]),
        (items(900, -450, 560), []),
        (items(900, -450, 560, -30_000, -6_000, 560), [[900, -450, 560]]),
        (items(900, -450) + item(ItemType.FREQUENCY, 38_000) + items(560) + TIMEOUT, [[900, -450, 560]]),
        (items(900, -450) + item(ItemType(0), 0) + items(-50, 560, 60) + TIMEOUT, [[900, -500, 620]]),
        (items(900) + item(ItemType.PULSE) + items(-450) + item(ItemType.PULSE) + items(560) + TIMEOUT, [[900, -450, 560]]),
        (items(900, -450) + struct.pack("I", 9 << 24 | 5) + items(560) + TIMEOUT, [[900, -450, 560]]),
        (items(900, -450) + OVERFLOW + items(560) + TIMEOUT + items(560) + TIMEOUT, [[560]]),
        (items(900, -450) + OVERFLOW + items(560, -50_000, 560) + TIMEOUT, [[560]]),
        (OVERFLOW + items(900, -450, 560) + TIMEOUT, []),
        (OVERFLOW + items(-50_000, 900, -450, 560) + TIMEOUT, [[900, -450, 560]]),
        (TIMEOUT + TIMEOUT + items(-50_000), []),
    ],
)  # fmt: skip
def test_items_become_frames(data: bytes, frames: list[list[int]]) -> None:
    assert Framer().feed(data) == frames


def test_a_complete_frame_ends_sooner() -> None:
    framer = Framer(lambda frame: list(frame) == [900, -450, 560])
    assert framer.feed(items(900, -450, 560, -10_000)) == [[900, -450, 560]]
    assert framer.feed(items(900, -450, 560, -9_999, 560) + TIMEOUT) == [[900, -450, 560, -9_999, 560]]
    assert framer.feed(items(900, -450, 570, -20_000, 560) + TIMEOUT) == [[900, -450, 570, -20_000, 560]]
    # A frame with an overflow is discarded
    assert framer.feed(items(900) + OVERFLOW + items(-450, 560, -20_000, 900, -450, 560) + TIMEOUT) == [
        [900, -450, 560]
    ]


def test_flickering_light_does_not_fill_the_memory() -> None:
    lengths = []

    def is_whole(frame: Sequence[int]) -> bool:
        lengths.append(len(frame))
        return False

    framer = Framer(is_whole)
    for _ in range(MAX_FRAME_TIMINGS):
        assert not framer.feed(items(100, -WHOLE_FRAME_SILENCE_US))
    assert max(lengths) == MAX_FRAME_TIMINGS - 1
    assert not framer.feed(items(100) + TIMEOUT)
    longest = [100, *(-100, 100) * (MAX_FRAME_TIMINGS // 2 - 1)]
    assert framer.feed(items(*longest) + TIMEOUT) == [longest]


def test_only_a_pending_frame_is_discarded() -> None:
    framer = Framer()
    framer.discard()
    assert framer.feed(items(560) + TIMEOUT + items(900)) == [[560]]
    framer.discard()
    assert framer.feed(items(-450, 560) + TIMEOUT + items(560) + TIMEOUT) == [[560]]
    assert not framer.feed(OVERFLOW)
    framer.discard()
    assert not framer.feed(items(560) + TIMEOUT)
