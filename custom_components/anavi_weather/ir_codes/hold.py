"""What a remote control sends while a key is held."""

from math import ceil
from typing import NamedTuple

from infrared_protocols.commands import Command

from .command import MAX_DURATION, RawCommand
from .raw import as_raw

PIECE = 200_000  # µs that are sent at once, so that a release takes effect after this time
MAX_PERIOD = 1_000_000  # µs; remote controls repeat every 45 to 300 ms, and a longer message is no repeat of a key


class Hold(NamedTuple):
    """What follows the press of a key while it is held: the same piece again and again."""

    first_pause: float  # seconds between the press and the first piece
    piece: RawCommand
    pause: float  # seconds between two pieces
    pieces: int  # until the transmitter has been busy for as long as it may


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
    period = (*repeat, *raw.other)
    duration = sum(map(abs, period))
    if not 0 < duration <= MAX_PERIOD:
        return None
    timings = period * max(1, PIECE // duration)
    before = repeat if raw.repeat_count else raw.once or repeat
    return Hold(
        first_pause=-before[-1] / 1_000_000,
        piece=RawCommand(timings, modulation=raw.modulation, duty_cycle=raw.duty_cycle),
        pause=-timings[-1] / 1_000_000,
        pieces=ceil(MAX_DURATION / sum(map(abs, timings))),
    )
