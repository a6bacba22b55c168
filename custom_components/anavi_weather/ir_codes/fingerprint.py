"""Fingerprint of a received message: short, and the same for each press of a key, even if its protocol is unknown."""

from collections.abc import Iterator, Sequence
from hashlib import sha256

from .decode import Decoded
from .message import without_repeats, without_spike

# Receivers lengthen all pulses and shorten all spaces, so each duration is compared with the previous one of its sign.
# Durations that mean the same differ by less, and those that do not by more.
LONGER = 1.4
LENGTH = 16  # hexadecimal digits


def fingerprint(decoded: Decoded | None, timings: Sequence[int]) -> str:
    """Return the fingerprint of a whole message.

    Args:
        decoded: The contents of the message, whose toggle bit does not count; None for an unknown protocol.
        timings: The message, in signed µs.
    """
    if decoded is not None:
        text = str(decoded.key)
    else:
        text = "".join(_steps(without_repeats(without_spike(timings))))
    return sha256(text.encode()).hexdigest()[:LENGTH]


def _steps(timings: Sequence[int]) -> Iterator[str]:
    """Yield for each duration whether it is longer or shorter than the previous one of its sign."""
    for previous, duration in zip(timings, timings[2:], strict=False):
        if abs(duration) > abs(previous) * LONGER:
            yield "+"
        else:
            yield "-" if abs(duration) * LONGER < abs(previous) else "="
