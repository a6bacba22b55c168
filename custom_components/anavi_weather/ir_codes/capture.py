"""Learning of a command from several received presses of a key.

The command is the decoded one if possible, and otherwise the timings, without the receiver's faults.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from statistics import fmean, median
from typing import NamedTuple

from infrared_protocols.commands import Command

from .command import DEFAULT_CARRIER, CodeError, RawCommand
from .decode import MAX_RECEIVED, Decoded, decode, decode_message
from .message import FRAME_GAP_US, MAX_FRAMES, is_ditto, repeats
from .raw import DEFAULT_GAP, complete

MAX_PRESSES = 32
MAX_STRETCH = 160  # µs, by which a receiver lengthens pulses and shortens spaces
MAX_HELD_REPEATS = 2  # a key that was held for longer does not need more
LIKE_TOLERANCE = 0.15  # by which a duration differs from press to press, together with some µs
LIKE_JITTER = 110  # µs
MAX_DISTURBED = 2  # durations; a message of which more are different has another content
CLUSTER_TOLERANCE = 0.06  # by which received durations of one sent duration differ
CLUSTER_JITTER = 40  # µs
FRAME_GAPS = (FRAME_GAP_US, 7_000, 9_000, 11_500, 13_000)  # µs, one of which clearly divides frames
CLEAR_GAP = 400  # µs


@dataclass(frozen=True, slots=True)
class Frame:
    """A received frame: signed µs from the first to the last pulse, and the pause until the next frame (0 after the last)."""

    durations: tuple[int, ...]
    gap: int = 0


class _Parts(NamedTuple):
    """The kinds of frames that a press sends once, and those that it then repeats until the end."""

    once: tuple[int, ...]
    repeat: tuple[int, ...]

    def explains(self, order: Sequence[int]) -> bool:
        """Return whether a press with these parts may have sent frames in this order."""
        rest = order[len(self.once) :]
        return (
            tuple(order[: len(self.once)]) == self.once
            and len(order) >= len(self.once or self.repeat)
            and (not rest or bool(self.repeat))
            and all(kind == self.repeat[at % len(self.repeat)] for at, kind in enumerate(rest))
        )


class _Press(NamedTuple):
    """The frames of a press, and the number of each frame's kind."""

    frames: list[Frame]
    order: list[int]


def consensus(presses: Sequence[Sequence[int]]) -> Command | None:
    """Return the command of several captured presses in signed µs, or None if most of them do not agree."""
    presses = presses[:MAX_PRESSES]
    votes: Counter[tuple[object, ...]] = Counter()
    by_key: dict[tuple[object, ...], Decoded] = {}
    for press in presses:
        if (decoded := decode_message(press)) is not None and not decoded.repeat:
            votes[decoded.key] += 1
            by_key.setdefault(decoded.key, decoded)
    if votes:
        most, count = votes.most_common(1)[0]
        decoded = by_key[most]
        if len(votes) > 1 and (decoded.is_state or 2 * count <= len(presses) < 2 * votes.total()):
            return None  # different keys or states
        if 2 * count > len(presses):
            return decoded.to_command()
    try:
        return clean(presses)
    except CodeError:
        return None


def clean(presses: Sequence[Sequence[int]]) -> RawCommand:
    """Return the command that most presses have in common, with the timings that were probably sent.

    A press with a spike or a dropout has a different number of durations and is outvoted. The frames that recur while the
    key is held become the repeat part.

    Raises:
        CodeError: if no more than half of the presses are alike, or one has another content.
    """
    kinds, found = _kinds(_all_frames(presses[:MAX_PRESSES]))
    parts, group = _majority(found, len(presses), kinds)
    frames, stretch = _unstretched([_median(kind) for kind in kinds])
    gaps = [gap + stretch if gap else DEFAULT_GAP for gap in _gaps(parts, group)]
    # A ditto only says that the key is held, but a device may need a whole frame more than once
    is_held = len(parts.repeat) == 1 and any(_is_ditto(press, len(press.frames) - 1) for press in group)
    return RawCommand(
        _joined([*frames[kind], -gap] for kind, gap in zip(parts.once, gaps, strict=False)),
        _joined([*frames[kind], -gap] for kind, gap in zip(parts.repeat, gaps[len(parts.once) :], strict=True)),
        modulation=_carrier(group),
        repeat_count=0 if is_held else _needed_repeats(parts, group),
    )


def _all_frames(presses: Sequence[Sequence[int]]) -> list[list[Frame]]:
    """Return the frames of each press in which pulses and spaces alternate, divided at pauses that are clearly longer."""
    usable = [
        press
        for press in presses
        if 1 <= len(press) <= MAX_RECEIVED
        and all(press)
        and not any((one > 0) == (other > 0) for one, other in pairwise(press))
    ]
    spaces = [-duration for press in usable for duration in press if duration < 0]
    unclear = {gap for gap in FRAME_GAPS for space in spaces if abs(space - gap) < CLEAR_GAP}
    gap = next((gap for gap in FRAME_GAPS if gap not in unclear), FRAME_GAP_US)
    return [frames for press in usable if (frames := _frames(press, gap))]


def _frames(press: Sequence[int], frame_gap: int) -> list[Frame]:
    """Return the frames of a press, divided at longer pauses than `frame_gap`."""
    found: list[Frame] = []
    durations: list[int] = []
    for duration in (*press, -FRAME_GAPS[-1]) if press[-1] > 0 else (*press[:-1], -FRAME_GAPS[-1]):
        if duration >= -frame_gap:
            if durations or duration > 0:
                durations.append(duration)
        elif durations:
            found.append(Frame(tuple(durations), -duration))
            durations = []
    # The silence after the last frame lasted until the receiver stopped waiting, so it is not the pause between frames
    return [*found[:-1][:MAX_FRAMES], Frame(found[-1].durations)] if found else []


def alike(one: Sequence[int], other: Sequence[int]) -> bool:
    """Return whether two received frames in signed µs were probably sent with the same timings."""
    return len(one) == len(other) and not _different(one, other)


def _different(one: Sequence[int], other: Sequence[int]) -> int:
    """Return how many durations of two frames differ."""
    return sum(
        abs(a - b) > LIKE_JITTER + LIKE_TOLERANCE * min(abs(a), abs(b)) for a, b in zip(one, other, strict=False)
    )


def _kinds(presses: Sequence[Sequence[Frame]]) -> tuple[list[list[Frame]], list[_Press]]:
    """Return the received frames by kind, and the presses with the kinds of their frames."""
    kinds: list[list[Frame]] = []
    found: list[_Press] = []
    for frames in presses:
        order: list[int] = []
        for frame in frames:
            kind = next(
                (number for number, others in enumerate(kinds) if alike(others[0].durations, frame.durations)),
                len(kinds),
            )
            if kind == len(kinds):
                kinds.append([])
            kinds[kind].append(frame)
            order.append(kind)
        found.append(_Press(list(frames), order))
    presses_of = Counter(kind for press in found for kind in set(press.order))
    return kinds, [_whole(press, lambda kind: 2 * presses_of[kind] > len(found)) for press in found]


def _whole(press: _Press, is_usual: Callable[[int], bool]) -> _Press:
    """Return a press without the frame at its end that was cut off when the key was released."""
    *before, last = press.frames
    is_cut = not is_usual(press.order[-1]) and any(
        len(last.durations) < len(frame.durations) and alike(frame.durations[: len(last.durations)], last.durations)
        for frame in before
    )
    return _Press(before, press.order[:-1]) if is_cut else press


def _majority(presses: Sequence[_Press], count: int, kinds: Sequence[Sequence[Frame]]) -> tuple[_Parts, list[_Press]]:
    """Return the parts that most presses have in common, and these presses.

    Raises:
        CodeError: if no more than half of the presses are alike, or another has another content.
    """
    groups = [(parts, [press for press in presses if parts.explains(press.order)]) for parts in map(_parts, presses)]
    # A key that was held for longer shows what repeats
    parts, group = max(groups, key=lambda one: (len(one[1]), bool(one[0].repeat)), default=(_Parts((), ()), []))
    if 2 * len(group) <= count:
        raise CodeError("no_consensus")
    expected = [kinds[kind][0] for kind in parts.once or parts.repeat]
    if any(press not in group and _has_other_content(press.frames, expected) for press in presses):
        raise CodeError("no_consensus")
    return parts, group


def _parts(press: _Press) -> _Parts:
    once, repeat = repeats(press.order)
    if repeat and not _have_equal_pauses(press.frames[once:], repeat):
        once, repeat = len(press.order), 0
    if not repeat and once > 1 and _is_ditto(press, once - 1):
        once, repeat = once - 1, 1
    return _Parts(tuple(press.order[:once]), tuple(press.order[once : once + repeat]))


def _have_equal_pauses(frames: Sequence[Frame], period: int) -> bool:
    """Return whether frames that are repeated after a number of frames have the same pauses each time."""
    return all(alike([frame.gap], [later.gap]) for frame, later in zip(frames, frames[period:-1], strict=False))


def _is_ditto(press: _Press, place: int) -> bool:
    """Return whether a frame of a press only says that the key is held."""
    before, frame = press.frames[place - 1], press.frames[place]
    return place > 0 and is_ditto(frame.durations, before.gap, press.frames[0].durations)


def _has_other_content(frames: Sequence[Frame], expected: Sequence[Frame]) -> bool:
    """Return whether frames are as long as the expected ones, but differ in more than a toggle bit or a disturbance.

    The key sends another state each time, such as an air conditioner's.
    """
    if len(frames) < len(expected):
        return False
    pairs = [(one.durations, other.durations) for one, other in zip(frames, expected, strict=False)]
    return (
        all(len(one) == len(other) for one, other in pairs) and sum(_different(*pair) for pair in pairs) > MAX_DISTURBED
    )


def _gaps(parts: _Parts, group: Sequence[_Press]) -> list[int]:
    """Return the usual pause after each frame of the parts, 0 if no press shows it."""
    known: list[list[int]] = [[] for _ in (*parts.once, *parts.repeat)]
    for press in group:
        for place, frame in enumerate(press.frames):
            once = len(parts.once)
            at = place if place < once else once + (place - once) % len(parts.repeat)
            if frame.gap:
                known[at].append(frame.gap)
    return [round(median(gaps)) if gaps else 0 for gaps in known]


def _needed_repeats(parts: _Parts, group: Sequence[_Press]) -> int:
    """Return how often the shortest press repeats, beyond the part that every press sends."""
    if not parts.repeat:
        return 0
    lengths = {len(press.order) for press in group}
    count = (min(lengths) - len(parts.once)) // len(parts.repeat) - (0 if parts.once else 1)
    # Presses that are equally long are what the key sends, however short it is pressed
    return count if len(lengths) == 1 and len(group) > 1 else min(max(count, 0), MAX_HELD_REPEATS)


def _carrier(group: Sequence[_Press]) -> int:
    """Return the carrier, in Hz, of the protocol that the first frame has, which a receiver does not tell."""
    decoded = decode(group[0].frames[0].durations)
    command = None if decoded is None else decoded.to_command()
    return DEFAULT_CARRIER if command is None else command.modulation


def _joined(frames: Iterable[Sequence[int]]) -> tuple[int, ...]:
    """Return the frames with their pauses as a part of a command, which may be empty."""
    durations = list(chain.from_iterable(frames))
    return complete(durations) if durations else ()


def _median(kind: Sequence[Frame]) -> list[int]:
    return [round(median(durations)) for durations in zip(*(frame.durations for frame in kind), strict=True)]


def _unstretched(frames: Sequence[Sequence[int]]) -> tuple[list[list[int]], int]:
    """Return frames without the receiver's stretch, with one value for all durations that were sent alike, and the stretch."""
    pulses = _clusters([duration for frame in frames for duration in frame if duration > 0])
    spaces = _clusters([-duration for frame in frames for duration in frame if duration < 0])
    stretch = _stretch(set(pulses.values()), set(spaces.values()))
    unstretched = [
        [pulses[duration] - stretch if duration > 0 else -spaces[-duration] - stretch for duration in frame]
        for frame in frames
    ]
    return unstretched, stretch


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
