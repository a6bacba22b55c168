"""Search for the known messages as which a received message was probably sent, by the whole of it.

A receiver and a remote control's clock change all durations alike: a signed duration `d` is heard as `clock * d + stretch`.
Messages of equal length are first found by the durations that differ so much between them that no distortion hides it. The
few that remain are compared duration by duration.
"""

from array import array
from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress, pairwise
from statistics import fmean
from typing import NamedTuple

from infrared_protocols.commands import Command

from .command import TimedCommand
from .message import FRAME_GAP_US, without_repeats, without_spike

MAX_CLOCK_ERROR = 0.12  # of the received clock, relative to the known message's
STRETCH = (-150, 260)  # µs, by which pulses are longer than the known ones, which a receiver may have lengthened too
TOLERANCE = 0.1  # of a duration, together with some µs
JITTER = 100  # µs
MIN_TOLERANCE = 70  # µs
STEP_TOLERANCE = 0.45  # of the smallest step between two durations of a message
MIN_STEP = 130  # µs; less is the jitter of the receiver by which a message is known
FIRST_PULSE_LONGER = 350  # µs, by which a receiver's automatic gain lengthens the first pulse
PAUSE_JITTER = 25_000  # µs; some drivers measure pauses between frames only roughly
MAX_LEADING_PULSE = 1_000  # µs; it may be noise, so it is not compared
DISTORTION = 0.08  # the most by which clock and stretch change a duration, together with some µs
DISTORTION_US = 190
DIFFERENT_US = 100  # less is within the jitter of two receptions of the same message
MAX_CANDIDATES = 64  # that are compared duration by duration while the event loop waits
MAX_VARYING = 32  # durations, by which more candidates are compared first


class Fit(NamedTuple):
    """How a received message fits a known one."""

    square_error: float  # µs²
    clock: float  # of the remote control, relative to the known message's
    stretch: float  # µs, by which pulses are longer


def sent_messages(command: Command) -> list[list[int]]:
    """Return the messages of a command as a receiver may hear them: as it is sent, and with and without its repeats."""
    found = _forms(command.get_raw_timings())
    if isinstance(command, TimedCommand) and command.once and command.repeat:
        found += _forms([*command.once, *command.repeat])[1:]
    return [message for place, message in enumerate(found) if message not in found[:place]]


def _forms(timings: Sequence[int]) -> list[list[int]]:
    """Return a message, and it without its repeats, without what may be noise before it."""
    message = list(timings if timings[-1] > 0 else timings[:-1])
    trimmed = list(without_spike(message, MAX_LEADING_PULSE))
    found = [message, without_repeats(message)]
    if trimmed != message:  # the message, and its repeats, may begin so
        found += (trimmed, without_repeats(trimmed), list(without_spike(found[1], MAX_LEADING_PULSE)))
    return found


class MessageIndex[Value]:
    """Index of known messages, each with a value."""

    def __init__(self, known: Iterable[tuple[Sequence[int], Value]] = ()) -> None:
        """Build the index, which takes a second for ten thousand messages of air conditioners."""
        by_length: dict[int, list[tuple[Sequence[int], Value]]] = {}
        for timings, value in known:
            by_length.setdefault(len(timings), []).append((timings, value))
        self._groups = {length: _Group(messages) for length, messages in by_length.items()}

    def find(self, timings: Sequence[int]) -> list[Value]:
        """Return the values of the messages as which a received one was sent, several if it cannot be determined."""
        return next(filter(None, map(self._find, _forms(timings))), [])

    def _find(self, heard: Sequence[int]) -> list[Value]:
        group = self._groups.get(len(heard))
        return group.find(heard) if group else []


class _Group[Value]:
    """Messages of equal length."""

    def __init__(self, messages: Sequence[tuple[Sequence[int], Value]]) -> None:
        """Sort the messages by the durations that no distortion hides."""
        columns = list(map(set, zip(*(timings for timings, _ in messages), strict=True)))
        thresholds = [_thresholds(column) for column in columns]
        self._is_clear = [bool(found) for found in thresholds]
        self._thresholds = [found for found in thresholds if found]
        by_key: dict[bytes, dict[bytes, tuple[array[int], list[Value]]]] = {}
        for timings, value in messages:
            exact = timings if isinstance(timings, array) else array("i", timings)
            by_key.setdefault(self._key(exact), {}).setdefault(exact.tobytes(), (exact, []))[1].append(value)
        self._by_key = {key: list(same.values()) for key, same in by_key.items()}
        spreads = sorted(((max(column) - min(column), place) for place, column in enumerate(columns)), reverse=True)
        self._varying = [place for _, place in spreads[:MAX_VARYING]]

    def _key(self, timings: Sequence[int]) -> bytes:
        return bytes(map(bisect, self._thresholds, compress(timings, self._is_clear), strict=True))

    def _may_fit(self, known: Sequence[int], heard: Sequence[int]) -> bool:
        """Return whether no duration that varies most is too different, which most messages fail at once."""
        return all(abs(known[place] - heard[place]) <= _distortion(known[place]) for place in self._varying)

    def find(self, heard: Sequence[int]) -> list[Value]:
        """Return the values of the messages as which a received one was sent."""
        candidates = self._by_key.get(self._key(heard), [])
        if len(candidates) > MAX_CANDIDATES:
            candidates = [candidate for candidate in candidates if self._may_fit(candidate[0], heard)]
        if len(candidates) > MAX_CANDIDATES:
            return []
        fitting = [
            (fit, number, known, values)
            for number, (known, values) in enumerate(candidates)
            if (fit := fit_message(known, heard)) is not None
        ]
        if not fitting:
            return []
        fit, _, best, found = min(fitting)
        undistorted = [(got - fit.stretch) / fit.clock for got in heard]
        for _, _, other, values in fitting:
            if other is not best and not _is_clearly_nearer(undistorted, best, other):
                found = [*found, *values]
        return found


def _thresholds(durations: Iterable[int]) -> list[float]:
    """Return the signed durations that divide those of a place clearly, the lowest first."""
    return [
        (lowest_above + highest_below) / 2
        for below, above in pairwise(sorted(durations))
        if (highest_below := below + _distortion(below)) < (lowest_above := above - _distortion(above))
    ]


def _distortion(duration: int) -> float:
    """Return by how many µs a duration may be changed. Pauses between frames are not compared closely."""
    return PAUSE_JITTER if _is_pause(duration) else DISTORTION_US + DISTORTION * abs(duration)


def fit_message(known: Sequence[int], heard: Sequence[int]) -> Fit | None:
    """Return how a received message fits a known one of the same length, or None if it is another message."""
    inner = [(sent, got) for sent, got in zip(known, heard, strict=True) if not _is_pause(sent)]
    clock = sum(abs(got) for _, got in inner) / sum(abs(sent) for sent, _ in inner)
    stretch = fmean(got - clock * sent for sent, got in inner)
    if abs(clock - 1) > MAX_CLOCK_ERROR or not STRETCH[0] <= stretch <= STRETCH[1]:
        return None
    closest = max(STEP_TOLERANCE * _step(known), MIN_TOLERANCE)
    square_error = 0.0
    longer = FIRST_PULSE_LONGER
    for sent, got in zip(known, heard, strict=True):
        error = got - clock * sent - stretch
        limit = min(JITTER + TOLERANCE * abs(sent), closest) if not _is_pause(sent) else PAUSE_JITTER - TOLERANCE * sent
        if (sent > 0) != (got > 0) or not -limit <= error <= limit + longer:
            return None
        square_error += 0 if _is_pause(sent) else error * error
        longer = 0
    return Fit(square_error, clock, stretch)


def _step(known: Sequence[int]) -> int:
    """Return the smallest step, in µs, between two lengths of pulses or of spaces."""
    steps = [
        longer - shorter
        for shorter, longer in pairwise(sorted(set(known)))
        if longer - shorter > MIN_STEP and (shorter > 0) == (longer > 0)
    ]
    return min(steps, default=FRAME_GAP_US)


def _is_pause(duration: int) -> bool:
    """Return whether a signed duration is a pause between frames."""
    return duration < -FRAME_GAP_US


def _is_clearly_nearer(heard: Sequence[float], one: Sequence[int], other: Sequence[int]) -> bool:
    """Return whether an undistorted message is clearly nearer to one known message than to another that fits too."""
    differing = list(_distances(heard, one, other))
    return bool(differing) and 2 * sum(near for near, _ in differing) < sum(far for _, far in differing)


def _distances(heard: Sequence[float], one: Sequence[int], other: Sequence[int]) -> Iterator[tuple[float, float]]:
    """Yield the distances of a message to two known ones, in µs, at each place where these are different."""
    for got, near, far in zip(heard, one, other, strict=True):
        if abs(near - far) > DIFFERENT_US and not _is_pause(near):
            yield abs(got - near), abs(got - far)
