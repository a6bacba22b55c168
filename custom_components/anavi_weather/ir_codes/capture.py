"""One command from several received presses of a key: what they say, else their timings cleaned of the receiver's faults."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise, takewhile
from statistics import fmean, median

from infrared_protocols.commands import Command

from .command import CodeError, RawCommand
from .decode import DECODER_FRAME_GAP_US, MAX_RECEIVED, Decoded, decode
from .raw import DEFAULT_GAP, complete

MAX_PRESSES = 32
MAX_FRAMES = 64  # of one press
MAX_STRETCH = 160  # µs, by which a receiver lengthens pulses and shortens spaces
MAX_REPEAT_COUNT = 2  # that a press which was held longer is taken to need
LIKE_TOLERANCE = 0.15  # by which a duration differs from press to press, together with some µs
LIKE_JITTER = 110  # µs
CLUSTER_TOLERANCE = 0.06  # by which durations differ that were sent alike
CLUSTER_JITTER = 40  # µs
HEADER_SPACE = 12_000  # µs, the longest after the first pulse
SHORT = 7  # durations: a frame that says no more than that the key is held


@dataclass(frozen=True, slots=True)
class Frame:
    """Signed µs from the first to the last pulse, and the pause until the next frame (0: there was none)."""

    durations: tuple[int, ...]
    gap: int = 0


def consensus(presses: Sequence[Sequence[int]]) -> Command | None:
    """Return the command of several captured presses in signed µs, or nothing where most do not say the same."""
    presses = presses[:MAX_PRESSES]
    votes: Counter[tuple[object, ...]] = Counter()
    said: dict[tuple[object, ...], Decoded] = {}
    for press in presses:
        if (decoded := decode(press)) is not None and not decoded.repeat:
            votes[decoded.key] += 1
            said.setdefault(decoded.key, decoded)
    if votes:
        most, count = votes.most_common(1)[0]
        if 2 * count > len(presses):
            return said[most].to_command()
        if 2 * votes.total() > len(presses):
            return None  # they are different keys
    try:
        return clean(presses)
    except CodeError:
        return None


def clean(presses: Sequence[Sequence[int]]) -> RawCommand:
    """Return the timings that most presses have in common, signed µs, as they were sent as far as it can be known.

    A press with a spike or a dropout has another number of durations and is outvoted. What comes again and again while the
    key is held is the repeat part. CodeError `no_consensus` where no more than half of the presses are alike.
    """
    group = _majority(presses[:MAX_PRESSES])
    kinds, orders = _kinds(group)
    once, repeat = _parts(orders, kinds)
    frames = [
        (*frame, -_gap(kind))
        for frame, kind in zip(_unstretched([_median(kind) for kind in kinds]), kinds, strict=True)
    ]
    # A ditto says nothing to a device but that the key is held; a whole frame may have to come more than once
    ditto = len(repeat) == 1 and _is_short(kinds[repeat[0]])
    return RawCommand(
        _joined(frames[kind] for kind in once),
        _joined(frames[kind] for kind in repeat),
        repeat_count=0 if ditto else _needed_repeats(orders, once, repeat),
    )


def _majority(presses: Sequence[Sequence[int]]) -> list[list[Frame]]:
    """Return the frames of the presses that begin alike, if these are more than half of them."""
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
    """Return the frames of a press; none where it is no list of pulses and spaces in turn."""
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
    # How long it was silent after the last frame says when the receiver gave up, not when the next frame would have come
    return [*found[:-1][:MAX_FRAMES], Frame(found[-1].durations)] if found else []


def _ends_frame(duration: int, before: Sequence[int]) -> bool:
    """Return whether a duration is the pause after a frame that has some durations before it."""
    # A single pulse is no frame: some air conditioners begin with one and a long space
    return duration <= -HEADER_SPACE if len(before) == 1 else duration < -DECODER_FRAME_GAP_US


def alike(one: Sequence[int], other: Sequence[int]) -> bool:
    """Return whether two frames in signed µs were sent alike, whatever the receiver did to them."""
    return len(one) == len(other) and all(
        abs(a - b) <= LIKE_JITTER + LIKE_TOLERANCE * min(abs(a), abs(b)) for a, b in zip(one, other, strict=True)
    )


def _kinds(group: Sequence[Sequence[Frame]]) -> tuple[list[list[Frame]], list[list[int]]]:
    """Return the different frames of presses, each as often as it came, and by number the order that they came in."""
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
    """Return the orders up to a frame that most presses do not have.

    It was disturbed, or cut off at the end: what comes after it is not known.
    """
    presses = Counter(kind for order in orders for kind in set(order))
    return [list(takewhile(lambda kind: 2 * presses[kind] > len(orders), order)) for order in orders]


def _parts(
    orders: Sequence[Sequence[int]], kinds: Sequence[Sequence[Frame]]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return what most presses send once, and what comes again and again until the end."""
    parts = [_parts_of_press(order, kinds) for order in orders]
    # A press that was held for longer knows more than one that was not
    return Counter([part for part in parts if part[1]] or parts).most_common(1)[0][0]


def _parts_of_press(order: Sequence[int], kinds: Sequence[Sequence[Frame]]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return what is sent once, and what comes again and again until the end."""
    for start in range(len(order) - 1):
        rest = order[start:]
        for period in range(1, len(rest) // 2 + 1):
            if all(kind == rest[at % period] for at, kind in enumerate(rest)):
                return tuple(order[:start]), tuple(rest[:period])
    if len(order) > 1 and _is_short(kinds[order[-1]]):
        return tuple(order[:-1]), tuple(order[-1:])
    return tuple(order), ()


def _is_short(kind: Sequence[Frame]) -> bool:
    """Return whether a frame says no more than that the key is held."""
    return len(kind[0].durations) <= SHORT


def _needed_repeats(orders: Sequence[Sequence[int]], once: Sequence[int], repeat: Sequence[int]) -> int:
    """Return how often the shortest press has the repeat part, after what is sent in any case."""
    if not repeat:
        return 0
    shortest = min((len(order) - len(once)) // len(repeat) for order in orders)
    return min(max(shortest if once else shortest - 1, 0), MAX_REPEAT_COUNT)


def _joined(frames: Iterable[Sequence[int]]) -> tuple[int, ...]:
    """Return a part of a command, which may be empty, from frames with their pauses."""
    durations = list(chain.from_iterable(frames))
    return complete(durations) if durations else ()


def _gap(kind: Sequence[Frame]) -> int:
    """Return the usual pause after a frame."""
    return round(median([frame.gap for frame in kind if frame.gap] or [DEFAULT_GAP]))


def _median(kind: Sequence[Frame]) -> list[int]:
    return [round(median(durations)) for durations in zip(*(frame.durations for frame in kind), strict=True)]


def _unstretched(frames: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return frames with one value for all durations that were sent alike, without what the receiver added to the pulses."""
    pulses = _clusters([duration for frame in frames for duration in frame if duration > 0])
    spaces = _clusters([-duration for frame in frames for duration in frame if duration < 0])
    stretch = _stretch(set(pulses.values()), set(spaces.values()))
    return [
        [pulses[duration] - stretch if duration > 0 else -spaces[-duration] - stretch for duration in frame]
        for frame in frames
    ]


def _stretch(pulses: Collection[int], spaces: Collection[int]) -> int:
    """Return the µs by which the receiver has lengthened pulses and shortened spaces, 0 if that is not known.

    It is known where short pulses and spaces are sent of the same length and all others are multiples of it, as in most
    protocols: then half of the difference is the receiver's.
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
    """Return for each value the middle of those that it belongs to."""
    clusters: list[list[int]] = []
    for value in sorted(values):
        if clusters and value - clusters[-1][-1] <= CLUSTER_JITTER + CLUSTER_TOLERANCE * (value - clusters[-1][0]):
            clusters[-1].append(value)
        else:
            clusters.append([value])
    return {value: round(fmean(cluster)) for cluster in clusters for value in cluster}
