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


type Ranges = tuple[Range, ...]
"""Ranges without overlaps, in the order of their ids."""


def pending_count(ranges: Ranges) -> int:
    """Return the number of states that are meant."""
    return sum(part.pending for part in ranges)


def ordered(ranges: Iterable[Range]) -> Ranges:
    """Return ranges in the order of their ids. Neighbors are joined if there are too many."""
    parts = sorted(ranges)
    while len(parts) > MAX_RANGES:
        gaps = [after.first - before.last for before, after in pairwise(parts)]
        index = gaps.index(min(gaps))
        before, after = parts[index : index + 2]
        parts[index : index + 2] = [Range(before.first, after.last, before.pending + after.pending)]
    return tuple(parts)


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
