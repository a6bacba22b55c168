"""Split the items from a receiver into frames. Kernel: Documentation/userspace-api/media/rc/lirc-dev-intro.rst."""

from collections.abc import Callable, Sequence
from enum import IntEnum
import struct

RECEIVER_SILENCE_US = 36_000  # air conditioners pause for up to 35 ms within a message
WHOLE_FRAME_SILENCE_US = 10_000  # ends a frame that is known to be whole
MAX_FRAME_TIMINGS = 4096  # a longer frame is light that flickers without a pause, which must not fill the memory
VALUE_MASK = 0x00FFFFFF


class ItemType(IntEnum):
    """Type of a received item, its highest byte."""

    SPACE = 0
    PULSE = 1
    FREQUENCY = 2
    TIMEOUT = 3
    OVERFLOW = 4


type IsWhole = Callable[[Sequence[int]], bool]


class Framer:
    """Splitter of received items into frames."""

    def __init__(self, is_whole: IsWhole = lambda _: False) -> None:
        """Initialize the framer with no pending frame.

        Args:
            is_whole: Returns whether a frame, in signed µs, is complete, so that only another frame can follow.
        """
        self._is_whole = is_whole
        self._incomplete_item = b""
        self._timings: list[int] = []  # signed µs, since the last silence
        self._discarding = False  # until the next silence

    def discard(self) -> None:
        """Discard the pending frame, if any, including the rest of it."""
        self._discarding |= bool(self._timings)

    def feed(self, data: bytes) -> list[list[int]]:
        """Process received bytes and return the completed frames, in signed µs from the first pulse to the last."""
        frames: list[list[int]] = []
        data = self._incomplete_item + data
        whole = len(data) // 4 * 4
        self._incomplete_item = data[whole:]
        for (item,) in struct.iter_unpack("I", data[:whole]):
            self._take(item >> 24, item & VALUE_MASK)
            if self._has_ended():
                if not self._discarding and len(self._timings) > 1:
                    frames.append(self._timings[:-1])
                self._timings, self._discarding = [], False
        return frames

    def _take(self, type_: int, value: int) -> None:
        match type_:
            case ItemType.PULSE:
                self._add(value)
            case ItemType.SPACE:
                self._add(-value)
            case ItemType.TIMEOUT:
                self._add(-RECEIVER_SILENCE_US)
            case ItemType.OVERFLOW:
                self._discarding = True

    def _add(self, timing: int) -> None:
        if not timing:
            return
        if self._timings and (self._timings[-1] > 0) == (timing > 0):
            self._timings[-1] += timing
        elif self._timings or timing > 0 or timing <= -RECEIVER_SILENCE_US:
            self._timings.append(timing)
        if len(self._timings) > MAX_FRAME_TIMINGS:
            self._timings, self._discarding = [], True

    def _has_ended(self) -> bool:
        if not self._timings:
            return False
        silence = -self._timings[-1]
        return silence >= RECEIVER_SILENCE_US or (
            silence >= WHOLE_FRAME_SILENCE_US and self._is_whole(self._timings[:-1])
        )
