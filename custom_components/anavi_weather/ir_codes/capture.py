"""Learning of a command from several received presses of a key.

The command is the decoded one if possible, and otherwise the timings, without the receiver's faults.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise, takewhile
from statistics import fmean, median

from infrared_protocols.commands import Command

from .command import CodeError, RawCommand
from .decode import MAX_RECEIVED, Decoded, decode
from .message import FRAME_GAP_US
from .raw import DEFAULT_GAP, complete

MAX_PRESSES = 32
MAX_FRAMES = 64  # in one press
MAX_STRETCH = 160  # µs, by which a receiver lengthens pulses and shortens spaces
MAX_LEARNED_REPEATS = 2  # a key that was held for longer does not need more
LIKE_TOLERANCE = 0.15  # by which a duration differs from press to press, together with some µs
LIKE_JITTER = 110  # µs
CLUSTER_TOLERANCE = 0.06  # by which received durations of one sent duration differ
CLUSTER_JITTER = 40  # µs
HEADER_SPACE = 12_000  # µs, the longest after the first pulse
MAX_DITTO = 7  # durations; a longer frame says more than that the key is held


@dataclass(frozen=True, slots=True)
class Frame:
    """A received frame: signed µs from the first to the last pulse, and the pause until the next frame (0 after the last)."""

    durations: tuple[int, ...]
    gap: int = 0


def consensus(presses: Sequence[Sequence[int]]) -> Command | None:
    """Return the command of several captured presses in signed µs, or None if most of them do not agree."""
    presses = presses[:MAX_PRESSES]
    votes: Counter[tuple[object, ...]] = Counter()
    by_key: dict[tuple[object, ...], Decoded] = {}
    for press in presses:
        if (decoded := decode(press)) is not None and not decoded.repeat:
            votes[decoded.key] += 1
            by_key.setdefault(decoded.key, decoded)
    if votes:
        most, count = votes.most_common(1)[0]
        if 2 * count > len(presses):
            return by_key[most].to_command()
        if 2 * votes.total() > len(presses):
            return None  # different keys
    try:
        return clean(presses)
    except CodeError:
        return None


def clean(presses: Sequence[Sequence[int]]) -> RawCommand:
    """Return the command that most presses have in common, with the timings that were probably sent.

    A press with a spike or a dropout has a different number of durations and is outvoted. The frames that recur while the
    key is held become the repeat part.

    Raises:
        CodeError: if no more than half of the presses are alike.
    """
    group = _majority(presses[:MAX_PRESSES])
    kinds, orders = _kinds(group)
    once, repeat = _parts(orders, kinds)
    frames = [
        (*frame, -_gap(kind))
        for frame, kind in zip(_unstretched([_median(kind) for kind in kinds]), kinds, strict=True)
    ]
    # A ditto only says that the key is held, but a device may need a whole frame more than once
    ditto = len(repeat) == 1 and _is_ditto(kinds[repeat[0]])
    return RawCommand(
        _joined(frames[kind] for kind in once),
        _joined(frames[kind] for kind in repeat),
        repeat_count=0 if ditto else _needed_repeats(orders, once, repeat),
    )


def _majority(presses: Sequence[Sequence[int]]) -> list[list[Frame]]:
    """Return the frames of each press in the largest group that begins alike.

    Raises:
        CodeError: if the group has no more than half of the presses.
    """
    groups: list[list[list[Frame]]] = []
    for frames in filter(None, map(_frames, presses)):
        group = next((group for group in groups if alike(group[0][0].durations, frames[0].durations)), None)
        if group is None:
            groups.append(group := [])
        group.append(frames)
    largest = max(groups, key=len, default=[])
    if 2 * len(largest) <= len(presses):
        raise CodeError("no_consensus")
    return largest


def _frames(press: Sequence[int]) -> list[Frame]:
    """Return the frames of a press; none if pulses and spaces do not alternate."""
    if not 1 <= len(press) <= MAX_RECEIVED or not all(press) or any((a > 0) == (b > 0) for a, b in pairwise(press)):
        return []
    found: list[Frame] = []
    durations: list[int] = []
    for duration in (*press, -HEADER_SPACE) if press[-1] > 0 else (*press[:-1], -HEADER_SPACE):
        if not _ends_frame(duration, durations):
            if durations or duration > 0:
                durations.append(duration)
        elif durations:
            found.append(Frame(tuple(durations), -duration))
            durations = []
    # The silence after the last frame lasted until the receiver stopped waiting, so it is not the pause between frames
    return [*found[:-1][:MAX_FRAMES], Frame(found[-1].durations)] if found else []


def _ends_frame(duration: int, before: Sequence[int]) -> bool:
    """Return whether a duration is the pause that ends the frame whose durations so far are `before`."""
    # A single pulse is not a frame: some air conditioners begin with one and a long space
    return duration <= -HEADER_SPACE if len(before) == 1 else duration < -FRAME_GAP_US


def alike(one: Sequence[int], other: Sequence[int]) -> bool:
    """Return whether two received frames in signed µs were probably sent with the same timings."""
    return len(one) == len(other) and all(
        abs(a - b) <= LIKE_JITTER + LIKE_TOLERANCE * min(abs(a), abs(b)) for a, b in zip(one, other, strict=True)
    )


def _kinds(group: Sequence[Sequence[Frame]]) -> tuple[list[list[Frame]], list[list[int]]]:
    """Return the received frames by kind, and the order of the kinds in each press."""
    kinds: list[list[Frame]] = []
    orders: list[list[int]] = []
    for frames in group:
        orders.append([])
        for frame in frames:
            kind = next(
                (number for number, others in enumerate(kinds) if alike(others[0].durations, frame.durations)),
                len(kinds),
            )
            if kind == len(kinds):
                kinds.append([])
            kinds[kind].append(frame)
            orders[-1].append(kind)
    return kinds, _undisturbed(orders)


def _undisturbed(orders: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return the orders up to the first frame that most presses lack.

    Such a frame was disturbed or cut off, so what follows it is unknown.
    """
    presses = Counter(kind for order in orders for kind in set(order))
    return [list(takewhile(lambda kind: 2 * presses[kind] > len(orders), order)) for order in orders]


def _parts(
    orders: Sequence[Sequence[int]], kinds: Sequence[Sequence[Frame]]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the kinds of frames that most presses send once, and those that they repeat until the end."""
    parts = [_parts_of_press(order, kinds) for order in orders]
    # A key that was held for longer shows what repeats
    return Counter([part for part in parts if part[1]] or parts).most_common(1)[0][0]


def _parts_of_press(order: Sequence[int], kinds: Sequence[Sequence[Frame]]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the kinds of frames that a press sends once, and those that it repeats until the end."""
    for start in range(len(order) - 1):
        rest = order[start:]
        for period in range(1, len(rest) // 2 + 1):
            if all(kind == rest[at % period] for at, kind in enumerate(rest)):
                return tuple(order[:start]), tuple(rest[:period])
    if len(order) > 1 and _is_ditto(kinds[order[-1]]):
        return tuple(order[:-1]), tuple(order[-1:])
    return tuple(order), ()


def _is_ditto(kind: Sequence[Frame]) -> bool:
    """Return whether a frame is too short to say more than that the key is held."""
    return len(kind[0].durations) <= MAX_DITTO


def _needed_repeats(orders: Sequence[Sequence[int]], once: Sequence[int], repeat: Sequence[int]) -> int:
    """Return how often the shortest press repeats, beyond the part that every press sends."""
    if not repeat:
        return 0
    shortest = min((len(order) - len(once)) // len(repeat) for order in orders)
    return min(max(shortest if once else shortest - 1, 0), MAX_LEARNED_REPEATS)


def _joined(frames: Iterable[Sequence[int]]) -> tuple[int, ...]:
    """Return the frames with their pauses as a part of a command, which may be empty."""
    durations = list(chain.from_iterable(frames))
    return complete(durations) if durations else ()


def _gap(kind: Sequence[Frame]) -> int:
    """Return the usual pause after a frame."""
    return round(median([frame.gap for frame in kind if frame.gap] or [DEFAULT_GAP]))


def _median(kind: Sequence[Frame]) -> list[int]:
    return [round(median(durations)) for durations in zip(*(frame.durations for frame in kind), strict=True)]


def _unstretched(frames: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return frames without the receiver's stretch, with one value for all durations that were sent alike."""
    pulses = _clusters([duration for frame in frames for duration in frame if duration > 0])
    spaces = _clusters([-duration for frame in frames for duration in frame if duration < 0])
    stretch = _stretch(set(pulses.values()), set(spaces.values()))
    return [
        [pulses[duration] - stretch if duration > 0 else -spaces[-duration] - stretch for duration in frame]
        for frame in frames
    ]


def _stretch(pulses: Collection[int], spaces: Collection[int]) -> int:
    """Return the µs by which the receiver lengthened pulses and shortened spaces, 0 if unknown.

    In most protocols, short pulses and spaces have the same length and all others are multiples of it. Then half of the
    difference is the receiver's stretch.
    """
    if not spaces:
        return 0
    shortest = min(pulses), min(spaces)
    difference = (shortest[0] - shortest[1]) / 2
    if not 0 < difference <= MAX_STRETCH:
        return 0
    unit = sum(shortest) / 2

    def misfit(stretch: float) -> float:
        multiples = [(pulse - stretch) / unit for pulse in pulses] + [(space + stretch) / unit for space in spaces]
        return fmean(abs(multiple - round(multiple)) for multiple in multiples)

    return round(difference) if misfit(difference) < misfit(0) else 0


def _clusters(values: list[int]) -> dict[int, int]:
    """Return the mean of each value's cluster."""
    clusters: list[list[int]] = []
    for value in sorted(values):
        if clusters and value - clusters[-1][-1] <= CLUSTER_JITTER + CLUSTER_TOLERANCE * (value - clusters[-1][0]):
            clusters[-1].append(value)
        else:
            clusters.append([value])
    return {value: round(fmean(cluster)) for cluster in clusters for value in cluster}
