"""Ranges of state ids, for states that are settled later than those around them."""

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

MAX_RANGES = 100


class Range(NamedTuple):
    """States with ids from `first` to `last`, of which some are meant. The others are settled."""

    first: int
    last: int
    pending: int
    """Number of states that are meant."""
    doubtful: int = 0
    """Number of states before `first` that were stored before. Some may be meant, and stored by an attempt whose answer was lost."""


type Ranges = tuple[Range, ...]
"""Ranges without overlaps, in the order of their ids."""


def pending_count(ranges: Iterable[Range]) -> int:
    """Return the number of states that are meant."""
    return sum(part.pending for part in ranges)


def ordered(ranges: Iterable[Range]) -> Ranges:
    """Return ranges in the order of their ids. They are joined if they overlap, and neighbors if there are too many."""
    parts: list[Range] = []
    for part in sorted(ranges):
        if parts and part.first <= parts[-1].last:
            # Some states may be meant by both, so a sum could be too large
            known = parts[-1]
            parts[-1] = Range(
                known.first,
                max(known.last, part.last),
                max(known.pending, part.pending),
                max(known.doubtful, part.doubtful),
            )
        else:
            parts.append(part)
    while len(parts) > MAX_RANGES:
        gaps = [after.first - before.last for before, after in pairwise(parts)]
        index = gaps.index(min(gaps))
        before, after = parts[index : index + 2]
        parts[index : index + 2] = [
            Range(before.first, after.last, before.pending + after.pending, before.doubtful + after.doubtful)
        ]
    return tuple(parts)


def without(part: Range, others: Ranges) -> list[Range]:
    """Return what remains of a range without others. Nobody knows how many states in it are meant."""
    remaining: list[Range] = []
    first = part.first
    for other in others:
        if first < other.first:
            remaining.append(Range(first, min(other.first - 1, part.last), 0))
        first = max(first, other.last + 1)
    remaining.append(Range(first, part.last, 0))
    return [some for some in remaining if some.first <= some.last]


def runs(states: Iterable[tuple[int, bool]]) -> list[Range]:
    """Return the ranges of consecutive states that are meant.

    Args:
        states: Id of each state, and whether it is meant.
    """
    ranges: list[Range] = []
    is_open = False
    for state_id, is_meant in states:
        if is_meant and is_open:
            ranges[-1] = Range(ranges[-1].first, state_id, ranges[-1].pending + 1)
        elif is_meant:
            ranges.append(Range(state_id, state_id, 1))
        is_open = is_meant
    return ranges
