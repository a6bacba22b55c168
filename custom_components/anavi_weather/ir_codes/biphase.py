"""RC5, RC6 and related biphase protocols, as a table.

A bit is two halves, one with the carrier and one without; the direction of the change in its middle is its value:

    RC5: 889 µs a half, a 1 is a space before a pulse, highest bit first, a frame each 114 ms
         1 ~command@6 toggle address:5 command:6
    RC6: leader 2664 µs, space 888 µs, then 444 µs a half, a 1 is a pulse before a space, a frame each 107 ms
         1 mode:3 toggle (twice as long) address:8 command:8

Sources: the Linux kernel's encoders and decoders, the IRP notations of IrpTransmogrifier.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from statistics import fmean

from .layout import LayoutProtocol

SPREAD = 0.1  # by which clocks may differ
CLOCKS = (0.92, 0.96, 1, 1.04, 1.08)  # of remotes, which only a leader shows
TOLERANCE = 0.3  # of a half, after the receiver's stretch is subtracted
MIN_STRETCH = -100  # µs, by which a receiver lengthens pulses and shortens spaces
MAX_STRETCH = 200
FIRST_PULSE_LONGER = 320  # µs, by which a receiver's automatic gain lengthens the first pulse after a silence
FIRST_PULSE_MAX = 1.7  # halves of a bit, for a first pulse of one
MAX_DURATIONS = 100  # of a frame; the longest has two of 41 bits and a leader
LONGEST = 6  # halves of bits between two changes


@dataclass(frozen=True, slots=True, kw_only=True)
class BiphaseProtocol(LayoutProtocol):
    """A biphase protocol; durations in µs."""

    half: int = 889  # of a bit
    leader: tuple[int, int] = (0, 0)  # pulse, space
    one: tuple[int, int] = (0, 1)  # a space before a pulse
    period: int = 114_000  # from frame to frame
    vendor: int | None = None  # upper 8 bits of a 24-bit address; none: any
    encode: bool = True  # else infrared_protocols does

    def levels(self, values: Mapping[str, int]) -> Iterator[int]:
        """Yield the level (1, 0) of each half of a bit."""
        for bit in self.bits:
            if bit.silent:
                yield from (0,) * bit.length
                continue
            value = (values[bit.field] >> bit.place & 1 if bit.field else 0) ^ bit.inverted
            for level in self.one if value else self.one[::-1]:
                yield from (level,) * bit.length

    def frame(self, values: Mapping[str, int]) -> list[int]:
        """Return one frame in signed µs, from its first to its last pulse."""
        timings = [(self.half if level else -self.half) * len(list(run)) for level, run in groupby(self.levels(values))]
        timings = timings[int(timings[0] < 0) : len(timings) - int(timings[-1] < 0)]
        return [self.leader[0], -self.leader[1], *timings] if self.leader[0] else timings

    def sent(self, values: Mapping[str, int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the once part, which is empty, and the repeat part to send, in signed µs."""
        frame = self.frame(values)
        return (), (*frame, sum(map(abs, frame)) - self.period)

    def read(self, levels: Sequence[int]) -> dict[str, int] | None:
        """Return the fields of a frame, or None if it is not of this protocol."""
        # The last half may be part of the silence after the frame
        halves = sum(bit.length if bit.silent else 2 * bit.length for bit in self.bits)
        levels = [*levels, 0] if len(levels) == halves - 1 else list(levels)
        if len(levels) != halves:
            return None
        values = dict.fromkeys(self.masks, 0)
        at = 0
        for bit in self.bits:
            if bit.field:
                values[bit.field] |= (int(levels[at] == self.one[0]) ^ bit.inverted) << bit.place
            at += bit.length if bit.silent else 2 * bit.length
        if self.vendor not in (None, values["address"] >> 16):
            return None
        return values if list(self.levels(values)) == levels else None


# A pulse before a space
_rc6 = partial(BiphaseProtocol, half=444, leader=(2664, 888), one=(1, 0), period=107_000)

BIPHASE: Mapping[str, BiphaseProtocol] = {
    protocol.name: protocol
    for protocol in (
        # The second start bit is the inverse of the command's bit 6
        BiphaseProtocol(name="rc5", layout="=1 ~command@6:1 toggle:1 address:5 command:6", encode=False),
        # Streamzap remotes
        BiphaseProtocol(name="rc5_sz", layout="=1 ~command@6:1 toggle:1 address:6 command:6"),
        BiphaseProtocol(
            name="marantz_extended",
            layout="=1 ~command@6:1 toggle:1 address:5 ____ command:6 extension:6",
            encode=False,
        ),
        # The bit after the mode (000 here, 110 in the following ones) is twice as long
        _rc6(name="rc6", layout="=1000 toggle:1*2 address:8 command:8", encode=False),
        _rc6(name="rc6_6a_20", layout="=1110 toggle:1*2 address:12 command:8"),
        _rc6(name="rc6_6a_24", layout="=1110 toggle:1*2 address:16 command:8"),
        # Remotes for Windows Media Center, of any maker, have the toggle bit in the place of an address bit
        _rc6(
            name="rc6_mce",
            layout="=1110 =0*2 address@8:16 toggle:1 address:7 command:8",
            vendor=0x80,
        ),
        _rc6(name="rc6_6a_32", layout="=1110 toggle:1*2 address:24 command:8"),
    )
}


def decode_biphase(frame: Sequence[int]) -> tuple[str, Mapping[str, int]] | None:
    """Return the protocol and fields of a frame in signed µs, first to last pulse, or None if no protocol here has it."""
    if len(frame) > MAX_DURATIONS:
        return None
    halves: dict[tuple[int, tuple[int, int]], list[int] | None] = {}
    for protocol in BIPHASE.values():
        kind = (protocol.half, protocol.leader)
        if kind not in halves:
            halves[kind] = _halves(frame, *kind)
        levels = halves[kind]
        if levels is not None and (values := protocol.read(levels)) is not None:
            return protocol.name, values
    return None


def _halves(frame: Sequence[int], half: int, leader: tuple[int, int]) -> list[int] | None:
    """Return the level of each half of a bit after the leader, or None if the leader is not this one."""
    if not leader[0]:
        # The first half of the start bit cannot be distinguished from the silence before it
        found = [fit for clock in CLOCKS if (fit := _levels(frame, half * clock)) is not None]
        return [0, *min(found)[1]] if found else None
    if len(frame) < 3:
        return None
    # The leader shows both the remote's clock and the receiver's stretch, which may be a third of a half
    clock = (frame[0] - frame[1]) / sum(leader)
    stretch = frame[0] - clock * leader[0]
    if abs(clock - 1) > SPREAD or not MIN_STRETCH <= stretch <= MAX_STRETCH:
        return None
    fit = _levels(frame[2:], half * clock, stretch)
    return None if fit is None else fit[1]


def _levels(frame: Sequence[int], half: float, stretch: float = 0) -> tuple[float, list[int]] | None:
    """Return the misfit and the level (1, 0) of each half of a bit; None if a duration is not a whole number of halves.

    `stretch` is the known portion of the receiver's stretch; the mean of the remainders is the rest.
    """
    durations = [(1, duration - stretch) if duration > 0 else (-1, stretch - duration) for duration in frame]
    # A receiver's automatic gain lengthens the first pulse after a silence
    counts = [1 if durations[0][1] < FIRST_PULSE_MAX * half else round(durations[0][1] / half)]
    counts += [round(duration / half) for _, duration in durations[1:]]
    if not 1 <= min(counts) <= max(counts) <= LONGEST:
        return None
    remainders = [sign * (duration - count * half) for (sign, duration), count in zip(durations, counts, strict=True)]
    first, *others = remainders
    rest = fmean(others or remainders)
    misfit = max((abs(remainder - rest) for remainder in others), default=0.0)
    if not MIN_STRETCH <= stretch + rest <= MAX_STRETCH or misfit > TOLERANCE * half:
        return None
    if not -TOLERANCE * half <= first - rest <= TOLERANCE * half + FIRST_PULSE_LONGER:
        return None
    return misfit, [int(sign > 0) for (sign, _), count in zip(durations, counts, strict=True) for _ in range(count)]
