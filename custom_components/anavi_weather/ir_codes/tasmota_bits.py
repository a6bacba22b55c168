"""Bit streams of Tasmota's command `IRSend raw`.

    raw,0,889,0100…                        carrier (0: 38 kHz), duration of a 0, bits; a 1 is twice as long
    raw,0,889,3,0100…                      the same; a 1 is three times as long
    raw,0,889,1800,0100…                   the same with the duration of a 1
    raw,0,8620,4260,544,411,1496,0101…     carrier, header's pulse and space, pulse of a bit, spaces of 0 and 1, bits

Without a header, the bits are pulses and spaces in turn. With one, each bit is a pulse and a space.

Source: Tasmota's driver, whose pause between two messages the documentation omits for bits without a header.
"""

from collections.abc import Sequence
import re

from .command import DEFAULT_CARRIER, CodeError, RawCommand
from .raw import DEFAULT_GAP, complete
from .text import excerpt

MAX_MULTIPLE = 10  # a higher number is a duration
MAX_GAP = 65_000  # µs
MAX_KILOHERTZ = 999  # a higher number is in Hz

_NUMBER = re.compile(r"[0-9]{1,6}")
_BITS = re.compile(r"[01]+")
_LEADING_ZERO = re.compile(r"0[01]+")


def parse_bits(text: str) -> RawCommand | None:
    """Return the command of what follows `raw,`, or None if it is a list of timings.

    Raises:
        CodeError: if it is a bit stream with a wrong number of durations, or one of them is out of range.
    """
    *tokens, bits = (token.strip() for token in text.split(","))
    if _BITS.fullmatch(bits) and all(map(_NUMBER.fullmatch, tokens)):
        match list(map(int, tokens)):
            case [carrier, *durations] if len(durations) in (1, 2):
                return _command(carrier, _alternating(durations, bits), DEFAULT_GAP)
            case [carrier, pulse, space, *durations] if len(durations) == 3:
                timings = [pulse, -space, *_pulses_and_spaces(durations, bits)]
                return _command(carrier, timings, min(3 * (pulse + space), MAX_GAP))
    if _LEADING_ZERO.fullmatch(bits):
        raise CodeError("number_invalid", value=excerpt(bits))
    return None


def carrier_hz(frequency: int) -> int:
    """Return the carrier of a frequency in kHz or Hz; 0 is the default."""
    return frequency * 1000 if 0 < frequency <= MAX_KILOHERTZ else frequency or DEFAULT_CARRIER


def _command(carrier: int, timings: list[int], gap: int) -> RawCommand:
    if timings[-1] < 0:
        timings[-1] -= gap
    return RawCommand(complete(timings, gap), modulation=carrier_hz(carrier))


def _alternating(durations: Sequence[int], bits: str) -> list[int]:
    zero, one = durations[0], durations[-1] if len(durations) == 2 else 2
    if one <= MAX_MULTIPLE:
        one *= zero
    chosen = [one if bit == "1" else zero for bit in bits]
    return [-duration if index % 2 else duration for index, duration in enumerate(chosen)]


def _pulses_and_spaces(durations: Sequence[int], bits: str) -> list[int]:
    pulse, zero, one = durations
    timings: list[int] = []
    for bit in bits:
        timings += (pulse, -one if bit == "1" else -zero)
    return [*timings, pulse]
