"""Decoder of Sharp and Denon frames.

    address:5 command:8 extension:1 check:1 (0), lowest bit first; 40 ms later the same with all but the address inverted

A bit is a pulse of 320 µs and a space, together 1 ms (0) or 2 ms (1).
"""

from collections.abc import Mapping, Sequence
from statistics import fmean

BITS = 15
CELLS = (1000, 2000)  # µs, of 0 and 1; a pulse with its space, whose length does not depend on a receiver's stretch
PULSES = range(150, 571)  # µs
MAX_MEAN_PULSE = 508  # µs; 320 with a receiver's stretch, but not the 525 of JVC, whose cells are as long
MIN_CLOCK = 0.905  # relative to the nominal one; some remotes are 5.6 % slower
MAX_CLOCK = 1.14
TOLERANCE = 0.05
JITTER = 60  # µs
PULSE_SPREAD = 150  # µs, by which pulses of a frame may differ
MAX_EXCESS = 450  # µs, by which receivers stretch the first pulse after a pause more than the others
INVERTED = 0x7FE0
CHECK = 0x4000  # set in the second frame


def decode_sharp(found: Sequence[Sequence[int]]) -> tuple[Mapping[str, int], bool] | None:
    """Return the fields of frames in signed µs, and whether the first frame is the second of a press.

    One frame is enough because receivers deliver the two frames of a press one by one. Two frames have to agree; None if they are not Sharp's.
    """
    numbers = [_number(frame) for frame in found[:2]]
    if numbers[0] is None or (len(numbers) == 2 and (numbers[1] is None or numbers[0] ^ numbers[1] != INVERTED)):
        return None
    second = bool(numbers[0] & CHECK)
    number = numbers[0] ^ INVERTED if second else numbers[0]
    return {"address": number & 0x1F, "command": number >> 5 & 0xFF, "extension": number >> 13 & 1}, second


def _number(frame: Sequence[int]) -> int | None:
    first, *pulses = frame[::2]
    if len(frame) != 2 * BITS + 1 or any(pulse not in PULSES for pulse in pulses):
        return None
    excess = max(first - round(fmean(pulses)), 0)
    if first < PULSES.start or excess > MAX_EXCESS:
        return None
    cells = [pulse - space for pulse, space in zip(frame[::2], frame[1::2], strict=False)]
    bits = [int(cell > fmean(CELLS) * (MIN_CLOCK + MAX_CLOCK) / 2) for cell in cells]
    nominal = [CELLS[bit] for bit in bits]
    clock = sum(cells[1:]) / sum(nominal[1:])
    if (
        not MIN_CLOCK <= clock <= MAX_CLOCK
        or max(pulses) - min(pulses) > PULSE_SPREAD
        or fmean(pulses) > MAX_MEAN_PULSE
    ):
        return None
    deviations = [cell - clock * one for cell, one in zip(cells, nominal, strict=True)]
    deviations[0] = min(deviations[0], deviations[0] - excess, key=abs)
    if any(abs(deviation) > TOLERANCE * one + JITTER for deviation, one in zip(deviations, nominal, strict=True)):
        return None
    return sum(bit << place for place, bit in enumerate(bits))
