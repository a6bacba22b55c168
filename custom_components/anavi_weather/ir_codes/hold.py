"""What a remote control sends while a key is held."""

from math import ceil
from typing import NamedTuple

from infrared_protocols.commands import Command

from .command import MAX_DURATION, CodeError, RawCommand
from .raw import as_raw

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
    repeat = raw.repeat or (raw.once if repeat_whole else ())
    duration = sum(map(abs, (*repeat, *raw.other)))
    return _hold(raw, repeat, ceil(MAX_DURATION / duration)) if 0 < duration <= MAX_PERIOD else None


def hold_for(command: Command, seconds: float) -> Hold | None:
    """Return how a command's key is held for some seconds, or None if a press takes as long.

    A command without a repeat part is repeated as a whole.

    Raises:
        CodeError: if the transmitter may not be busy for so long, or the command exceeds a limit.
    """
    if not 0 < seconds <= MAX_DURATION / 1_000_000:
        raise CodeError("too_long", maximum=str(MAX_DURATION))
    raw = as_raw(command)
    repeat = raw.repeat or raw.once
    count = ceil(seconds * 1_000_000 / sum(map(abs, (*repeat, *raw.other)))) - raw.repeat_count
    return _hold(raw, repeat, count) if count > 0 else None


def _hold(raw: RawCommand, repeat: tuple[int, ...], count: int) -> Hold:
    """Return how a repeat part, with the one that it alternates with, is sent at least so many times."""
    period = (*repeat, *raw.other)
    periods = min(max(1, PIECE // sum(map(abs, period))), count)
    before = repeat if raw.repeat_count else raw.once or repeat
    return Hold(
        first_pause=-before[-1] / 1_000_000,
        piece=RawCommand(period * periods, modulation=raw.modulation, duty_cycle=raw.duty_cycle),
        pause=-period[-1] / 1_000_000,
        pieces=ceil(count / periods),
    )
