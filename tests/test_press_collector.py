"""Tests of collecting presses of a key."""

import asyncio
from collections.abc import AsyncIterator

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.anavi_weather.phat.framer import RECEIVER_SILENCE_US
from custom_components.anavi_weather.press_collector import PressCollector

FRAME = [9000, -4500, 560]
# Seconds without a frame
PAUSE = 0.29  # the key may still be held
SILENCE = 0.31  # it was released
FRAME_SECONDS = sum(map(abs, FRAME)) / 1_000_000


class Collecting:
    """A collector of two presses, and the time around it."""

    def __init__(self, freezer: FrozenDateTimeFactory) -> None:
        """Initialize a collector that waits."""
        self.counts: list[int] = []
        self.collector = PressCollector(2, lambda: self.counts.append(self.collector.missing))
        self.waiting = asyncio.ensure_future(self.collector.wait_until_complete())
        self._freezer = freezer

    async def pass_time(self, seconds: float) -> None:
        """Advance the time and run the timers that are due."""
        self._freezer.tick(seconds)
        for _ in range(3):
            await asyncio.sleep(0)


@pytest.fixture
async def collecting(freezer: FrozenDateTimeFactory) -> AsyncIterator[Collecting]:
    """Return a collector of two presses."""
    collecting = Collecting(freezer)
    yield collecting
    collecting.collector.stop()
    collecting.waiting.cancel()


async def test_a_press_ends_with_silence(collecting: Collecting) -> None:
    collector = collecting.collector
    assert collector.missing == 2

    collector.add_message(FRAME)
    await collecting.pass_time(SILENCE)
    collector.add_message(FRAME)
    await collecting.pass_time(PAUSE)
    assert not collecting.waiting.done()
    await collecting.pass_time(0.02)

    assert collecting.waiting.done()
    assert collector.presses == [FRAME, FRAME]


async def test_frames_that_follow_soon_belong_to_one_press(collecting: Collecting) -> None:
    for pause in (0.0, 0.1, PAUSE):
        await collecting.pass_time(pause)
        collecting.collector.add_message(FRAME)

    (press,) = collecting.collector.presses
    first, second = (round((seconds - FRAME_SECONDS) * 1_000_000) for seconds in (0.1, PAUSE))
    assert press == [*FRAME, pytest.approx(-first, abs=2), *FRAME, pytest.approx(-second, abs=2), *FRAME]
    assert collecting.collector.missing == 1


async def test_frames_that_are_read_at_once_have_a_pause_between_them(collecting: Collecting) -> None:
    """The event loop was busy while they were received."""
    collecting.collector.add_message(FRAME)
    collecting.collector.add_message(FRAME)

    assert collecting.collector.presses == [[*FRAME, -RECEIVER_SILENCE_US, *FRAME]]


async def test_each_start_of_a_press_is_reported(collecting: Collecting) -> None:
    for _ in range(2):
        collecting.collector.add_message(FRAME)
        collecting.collector.add_message(FRAME)
        await collecting.pass_time(SILENCE)

    assert collecting.counts == [1, 0]


async def test_frames_after_the_last_press_are_ignored(collecting: Collecting) -> None:
    for _ in range(3):
        collecting.collector.add_message(FRAME)
        await collecting.pass_time(SILENCE)

    assert len(collecting.collector.presses) == 2
    assert collecting.counts == [1, 0]


async def test_the_frames_of_a_press_are_copied(collecting: Collecting) -> None:
    """Other listeners get the same list."""
    frame = list(FRAME)
    collecting.collector.add_message(frame)
    collecting.collector.add_message(FRAME)
    assert frame == FRAME


async def test_once_stopped_a_press_does_not_end(collecting: Collecting) -> None:
    collecting.collector.stop()
    for _ in range(2):
        collecting.collector.add_message(FRAME)
        await collecting.pass_time(0.01)
    collecting.collector.stop()

    await collecting.pass_time(2 * SILENCE)

    assert not collecting.waiting.done()
