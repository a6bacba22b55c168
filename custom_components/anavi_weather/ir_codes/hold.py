"""What a remote control sends while a key is held."""

from collections.abc import Iterable
from itertools import cycle, islice
from math import ceil
from typing import NamedTuple

from infrared_protocols.commands import Command

from .command import MAX_DURATION, CodeError, RawCommand
from .raw import MAX_TIMINGS, as_raw

PIECE = 200_000  # µs that are sent at once, so that a release takes effect after this time
MAX_PERIOD = 1_000_000  # µs; remote controls repeat every 45 to 300 ms, and a longer message is no repeat of a key


class Hold(NamedTuple):
    """What follows the press of a key while it is held: the same piece again and again."""

    first_pause: float  # seconds between the press and the first piece
    piece: RawCommand
    pause: float  # seconds between two pieces
    pieces: int  # until the key is released at the latest


def hold_of(command: Command, *, repeat_whole: bool) -> Hold | None:
    """Return how a command's key is held, or None if its protocol repeats nothing.

    Args:
        command: The command that was sent for the press.
        repeat_whole: Whether a command without a repeat part is repeated as a whole.

    Raises:
        CodeError: if the command exceeds a limit.
    """
    raw = as_raw(command)
    period = _period(raw) or (raw.once if repeat_whole else ())
    duration = _duration(period)
    return _hold(raw, period, ceil(MAX_DURATION / duration)) if 0 < duration <= MAX_PERIOD else None


def hold_for(command: Command, seconds: float) -> Hold | None:
    """Return how a command's key is held for some seconds, or None if a press takes as long.

    A command without a repeat part is repeated as a whole. A repeat that begins within the time is sent completely, unless
    the transmitter may not be busy for so long.

    Raises:
        CodeError: if the transmitter may not be busy for so long, or the command exceeds a limit.
    """
    if not 0 < seconds <= MAX_DURATION / 1_000_000:
        raise CodeError("too_long", maximum=str(MAX_DURATION))
    raw = as_raw(command)
    period = _period(raw) or raw.once
    duration, press = _duration(period), sum(map(_duration, _press(raw)))
    # The last pause is not sent
    count = min(ceil((seconds * 1_000_000 - press) / duration), (MAX_DURATION - press - period[-1]) // duration)
    return _hold(raw, period, count) if count > 0 else None


def _duration(part: Iterable[int]) -> int:
    return sum(map(abs, part))


def _press(raw: RawCommand) -> list[tuple[int, ...]]:
    """Return the parts that a press sends."""
    repeats = islice(cycle((raw.repeat, raw.other or raw.repeat)), raw.repeat_count)
    return [part for part in (raw.once or raw.repeat, *repeats) if part]


def _period(raw: RawCommand) -> tuple[int, ...]:
    """Return the repeat part with the one that it alternates with, in the order that continues a press."""
    return (*raw.other, *raw.repeat) if raw.repeat_count % 2 else (*raw.repeat, *raw.other)


def _hold(raw: RawCommand, period: tuple[int, ...], count: int) -> Hold:
    """Return how a period is sent at least so many times."""
    periods = min(max(1, min(PIECE // _duration(period), MAX_TIMINGS // len(period))), count)
    return Hold(
        first_pause=-_press(raw)[-1][-1] / 1_000_000,
        piece=RawCommand(period * periods, modulation=raw.modulation, duty_cycle=raw.duty_cycle),
        pause=-period[-1] / 1_000_000,
        pieces=ceil(count / periods),
    )
