"""Tracker that distinguishes new key presses from a key that is held."""

from dataclasses import dataclass

from .ir_codes.decode import Decoded, decode_message
from .ir_codes.message import frames, is_same_frame, without_repeats

HELD_WITHIN = 0.25  # seconds without a message: protocols repeat theirs every 45 to 120 ms


@dataclass(frozen=True, slots=True)
class PressedKey:
    """A key that was just pressed or is still held."""

    decoded: Decoded | None
    """The press's message decoded; None for an unknown protocol."""
    timings: list[int]
    """The press's message, in signed µs."""
    repeats: int = 0
    """Number of messages that repeated the press."""


class KeyTracker:
    """Tracker of the last key and of whether it is still held."""

    def __init__(self) -> None:
        """Initialize the tracker before the first press."""
        self._key: PressedKey | None = None
        self._last_message_at = float("-inf")

    def add_message(self, timings: list[int], now: float) -> PressedKey | None:
        """Return the key that a message presses or holds; None if the message adds nothing.

        Args:
            timings: The message, in signed µs.
            now: The time at which it was received, in seconds of any monotonic clock.
        """
        recent = self._key if now - self._last_message_at < HELD_WITHIN + _seconds_of_repeats(timings) else None
        decoded = decode_message(timings)
        if decoded is not None and decoded.repeat and not (recent and _is_held_by(recent, decoded)):
            if decoded.address is None:
                return None  # the press itself was not received, so the key is unknown
            decoded = None
        self._last_message_at = now
        if recent and decoded is not None and decoded.second and decoded == recent.decoded:
            return None  # the second half of the same press
        if recent and _is_same(recent, decoded, timings):
            self._key = PressedKey(recent.decoded, recent.timings, recent.repeats + 1)
        else:
            self._key = PressedKey(decoded, timings)
        return self._key


def _seconds_of_repeats(timings: list[int]) -> float:
    """Return how long a message repeats itself, as one does of a key that is held."""
    return (sum(map(abs, timings)) - sum(map(abs, without_repeats(timings)))) / 1_000_000


def _is_held_by(key: PressedKey, repeat: Decoded) -> bool:
    """Return whether a frame that only repeats holds a key."""
    return repeat.address is None or (key.decoded is not None and key.decoded.key == repeat.key)


def _is_same(key: PressedKey, decoded: Decoded | None, timings: list[int]) -> bool:
    """Return whether a message repeats a key's. A toggle bit distinguishes a second press from a held key."""
    if decoded is not None and decoded.repeat:
        return True
    if decoded is not None and key.decoded is not None:
        return (decoded.key, decoded.toggle) == (key.decoded.key, key.decoded.toggle)
    if decoded is not None or key.decoded is not None:
        return False
    repeated = without_repeats(timings)
    # While a key is held, some remote controls repeat only the last frame
    return any(is_same_frame(known, repeated) for known in (without_repeats(key.timings), frames(key.timings)[-1]))
