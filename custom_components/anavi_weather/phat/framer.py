"""Frames of what a receiver's device tells, item by item. Kernel: Documentation/userspace-api/media/rc/lirc-dev-intro.rst."""

from collections.abc import Callable, Sequence
from enum import IntEnum
import struct

FRAME_GAP = 36_000  # µs: air conditioners pause for up to 35 ms within a message
SHORT_GAP = 10_000  # µs: after so long, a frame has ended that is known to be whole
MAXIMUM_FRAME = 4096  # timings: a longer one is light that flickers without a pause, and must not fill the memory
VALUE_MASK = 0x00FFFFFF


class ItemType(IntEnum):
    """The highest byte of an item that is read."""

    SPACE = 0
    PULSE = 1
    FREQUENCY = 2
    TIMEOUT = 3
    OVERFLOW = 4


type IsWhole = Callable[[Sequence[int]], bool]


class Framer:
    """Makes frames of what a receiver's device tells."""

    def __init__(self, is_whole: IsWhole = lambda _: False) -> None:
        """Begin with silence; `is_whole` tells of a frame in signed µs whether nothing can follow it but another."""
        self._is_whole = is_whole
        self._rest = b""
        self._timings: list[int] = []
        self._spoilt = False

    def spoil(self) -> None:
        """Do not return the frame that has begun, if one has."""
        self._spoilt |= bool(self._timings)

    def feed(self, data: bytes) -> list[list[int]]:
        """Take what was read; return each frame that has ended, in signed µs, from its first pulse to its last."""
        frames: list[list[int]] = []
        data = self._rest + data
        self._rest = data[len(data) // 4 * 4 :]
        for (item,) in struct.iter_unpack("I", data[: len(data) // 4 * 4]):
            match item >> 24:
                case ItemType.PULSE:
                    self._add(item & VALUE_MASK)
                case ItemType.SPACE:
                    self._add(-(item & VALUE_MASK))
                case ItemType.TIMEOUT:
                    self._add(-FRAME_GAP)
                case ItemType.OVERFLOW:
                    self._spoilt = True
            if self._timings and (
                self._timings[-1] <= -FRAME_GAP
                or (self._timings[-1] <= -SHORT_GAP and self._is_whole(self._timings[:-1]))
            ):
                if not self._spoilt and len(self._timings) > 1:
                    frames.append(self._timings[:-1])
                self._timings, self._spoilt = [], False
        return frames

    def _add(self, value: int) -> None:
        if not value:
            return
        if self._timings and (self._timings[-1] > 0) == (value > 0):
            self._timings[-1] += value
        elif self._timings or value > 0 or value <= -FRAME_GAP:
            self._timings.append(value)
        if len(self._timings) > MAXIMUM_FRAME:
            self._timings, self._spoilt = [], True
