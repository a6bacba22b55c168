"""Messages: what a remote control sends for one press, in signed µs from the first pulse to the last.

A message is one frame or several with their pauses. While the key is held, the remote control repeats the message, a part of
it, or a short frame (a ditto).
"""

from collections.abc import Sequence
from functools import lru_cache
from operator import add, ge, le, sub

FRAME_GAP_US = 6_000  # a longer space ends a frame; no protocol that is decoded here has one within a frame
LONE_PULSE_US = 600  # a pulse that stands alone before a message is noise, though some air conditioners begin with one
LONE_PULSE_GAP_US = 8_000
MAX_FRAMES = 64  # more in one message are flickering light, not repeats
MAX_KINDS = 8  # of frames in one message; comparing more would take long in the event loop
MIN_DITTO = 3  # durations
MAX_DITTO = 7  # a longer frame says more than that the key is held
MIN_DITTO_GAP_US = 18_000  # a mark that follows sooner ends a message: NEC's ditto comes after 40 ms
MIN_HEADER_US = 1_500  # a ditto begins with a header's pulse, which distinguishes it from the mark that ends a message
SAME_TOLERANCE = 0.06  # by which durations within one reception differ, together with some µs
SAME_JITTER = 80  # µs


def frames(timings: Sequence[int]) -> list[list[int]]:
    """Return the frames of a capture in signed µs, each from its first to its last pulse."""
    return [frame for frame, _ in frames_with_gaps(timings)]


def frames_with_gaps(timings: Sequence[int]) -> list[tuple[list[int], int]]:
    """Return the frames of a capture in signed µs, each with the pause after it (0 after the last)."""
    found: list[tuple[list[int], int]] = []
    frame: list[int] = []
    for duration in timings:
        if duration < -FRAME_GAP_US:
            if frame:
                found.append((frame, -duration))
                frame = []
        elif frame or duration > 0:
            frame.append(duration)
    if frame:
        found.append((frame[:-1] if frame[-1] < 0 else frame, 0))
    return found


def without_spike(timings: Sequence[int], longest: int = LONE_PULSE_US) -> Sequence[int]:
    """Return timings without short pulses that stand alone before the message."""
    start = 0
    while start + 2 < len(timings) and 0 < timings[start] <= longest and timings[start + 1] <= -LONE_PULSE_GAP_US:
        start += 2
    return timings[start:] if start else timings


def is_same_frame(one: Sequence[int], other: Sequence[int]) -> bool:
    """Return whether two frames of one reception were sent with the same timings."""
    return len(one) == len(other) and _is_within(one, *_bounds(other))


def _bounds(frame: Sequence[int]) -> tuple[list[float], list[float]]:
    """Return the lowest and the highest durations of frames that are the same."""
    tolerances = [SAME_JITTER + SAME_TOLERANCE * abs(duration) for duration in frame]
    return list(map(sub, frame, tolerances, strict=True)), list(map(add, frame, tolerances, strict=True))


def _is_within(frame: Sequence[int], lowest: Sequence[float], highest: Sequence[float]) -> bool:
    return all(map(ge, frame, lowest, strict=True)) and all(map(le, frame, highest, strict=True))


def is_ditto(frame: Sequence[int], gap: int, first: Sequence[int]) -> bool:
    """Return whether a frame only says that the key of the message that begins with `first` is held.

    Args:
        frame: The frame, in signed µs.
        gap: The pause before it, in µs.
        first: The message's first frame.
    """
    return (
        MIN_DITTO <= len(frame) <= MAX_DITTO < len(first)
        and gap >= MIN_DITTO_GAP_US
        and frame[0] >= max(MIN_HEADER_US, first[0] / 2)
    )


def without_repeats(timings: Sequence[int]) -> list[int]:
    """Return a message without the frames that only repeat it or a part of it."""
    return list(_without_repeats(tuple(timings)))


@lru_cache(maxsize=16)  # because a received message is tracked, matched and identified
def _without_repeats(timings: tuple[int, ...]) -> tuple[int, ...]:
    found = frames_with_gaps(timings)
    if not 2 <= len(found) <= MAX_FRAMES or (kinds := _kinds(found)) is None:
        return timings
    once, repeat = repeats(kinds)
    kept = found[: once + repeat]
    joined: list[int] = []
    for frame, gap in kept:
        joined += (*frame, -gap)
    return tuple(joined[:-1])


def _kinds(found: Sequence[tuple[Sequence[int], int]]) -> list[int] | None:
    """Return the number of each frame's kind, without the dittos at the end; None if there are too many kinds."""
    known: list[Sequence[int]] = []
    kinds: list[int] = []
    gap = 0
    for frame, gap_after in found:
        if kinds and is_ditto(frame, gap, found[0][0]):
            break
        gap = gap_after
        bounds = _bounds(frame)
        same = (kind for kind, other in enumerate(known) if len(other) == len(frame) and _is_within(other, *bounds))
        if (kind := next(same, len(known))) == MAX_KINDS:
            return None
        if kind == len(known):
            known.append(frame)
        kinds.append(kind)
    return kinds


def repeats(kinds: Sequence[int]) -> tuple[int, int]:
    """Return how many frames are sent once, and how many are then repeated until the end (0: none)."""
    count = len(kinds)
    found = (count, 0)
    for period in range(1, count // 2 + 1):
        # How far back from the end each frame equals the one a period earlier
        start = count - 1
        while start >= period and kinds[start] == kinds[start - period]:
            start -= 1
        start -= period - 1
        if count - start >= 2 * period:
            found = min(found, (start, period))
    return found
