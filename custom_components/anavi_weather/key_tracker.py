"""Tracker that distinguishes new key presses from a key that is held."""

from dataclasses import dataclass

from .ir_codes.capture import alike
from .ir_codes.decode import Decoded, decode

HELD_WITHIN = 0.25  # seconds from frame to frame: protocols repeat theirs every 45 to 120 ms


@dataclass(frozen=True, slots=True)
class PressedKey:
    """A key that was just pressed or is still held."""

    decoded: Decoded | None
    """The press's first frame decoded; None for an unknown protocol."""
    timings: list[int]
    """The press's first frame, in signed µs."""
    repeats: int = 0
    """Number of frames that repeated the press."""


class KeyTracker:
    """Tracker of the last key and of whether it is still held."""

    def __init__(self) -> None:
        """Initialize the tracker before the first press."""
        self._key: PressedKey | None = None
        self._last_frame_at = float("-inf")

    def add_frame(self, timings: list[int], now: float) -> PressedKey | None:
        """Return the key that a frame presses or holds; None if the frame adds nothing.

        Args:
            timings: The frame, in signed µs.
            now: The frame's time, in seconds of any monotonic clock.
        """
        recent = self._key if now - self._last_frame_at < HELD_WITHIN else None
        decoded = decode(timings)
        is_ditto = decoded is not None and decoded.repeat
        if is_ditto and recent is None:
            return None  # the press itself was not received, so the key is unknown
        self._last_frame_at = now
        if recent and decoded is not None and decoded.second and decoded == recent.decoded:
            return None  # the second half of the same press
        if recent and (is_ditto or _is_same(recent, decoded, timings)):
            self._key = PressedKey(recent.decoded, recent.timings, recent.repeats + 1)
        else:
            self._key = PressedKey(decoded, timings)
        return self._key


def _is_same(key: PressedKey, decoded: Decoded | None, timings: list[int]) -> bool:
    """Return whether a frame repeats a key's. A toggle bit distinguishes a second press from a held key."""
    if decoded is not None and key.decoded is not None:
        return (decoded.key, decoded.toggle) == (key.decoded.key, key.decoded.toggle)
    return decoded is None and key.decoded is None and alike(key.timings, timings)
