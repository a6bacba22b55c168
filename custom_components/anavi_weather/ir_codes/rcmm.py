"""RC-MM of Philips, Nokia and others, which sends two bits at a time.

    leader 417 µs, space 278 µs, then for each two bits, highest first, a pulse of 167 µs and a space of
    278 µs (00), 444 µs (01), 611 µs (10) or 778 µs (11); a pulse of 167 µs at the end, a frame each 100 ms

Sources: the Linux kernel's decoder, the IRP notations of IrpTransmogrifier (Nokia12, Nokia24, Nokia32).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from .layout import LayoutProtocol

HEADER = (417, 278)  # µs, pulse and space
PULSE = 167
SPACES = (278, 444, 611, 778)  # of 0 to 3
CLOCKS = tuple(1 + step / 100 for step in range(-9, 10))  # of remotes, relative to the nominal one
TOLERANCE = 68  # µs, of a space; less than half of the step between symbols
MEAN_TOLERANCE = 30
PULSE_SPREAD = 100  # µs, by which pulses of a frame may differ
STRETCH = range(-100, 231)  # µs, by which a receiver lengthens pulses


@dataclass(frozen=True, slots=True, kw_only=True)
class RcmmProtocol(LayoutProtocol):
    """RC-MM with frames of one length."""

    period: int = 100_000  # µs, from frame to frame

    def sent(self, values: Mapping[str, int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the once part, which is empty, and the repeat part to send, in signed µs."""
        sent = self.pack(values)
        frame = [HEADER[0], -HEADER[1]]
        for high, low in zip(sent[::2], sent[1::2], strict=True):
            frame += (PULSE, -SPACES[2 * high + low])
        frame.append(PULSE)
        return (), (*frame, sum(map(abs, frame)) - self.period)


RCMM: Mapping[str, RcmmProtocol] = {
    protocol.name: protocol
    for protocol in (
        RcmmProtocol(name="rcmm12", layout="address:4 command:8"),
        RcmmProtocol(name="rcmm24", layout="address:16 command:8"),
        RcmmProtocol(name="rcmm32", layout="address@8:16 toggle:1 address:7 command:8"),
    )
}


def decode_rcmm(frame: Sequence[int]) -> tuple[str, Mapping[str, int]] | None:
    """Return the protocol and fields of a frame in signed µs, first to last pulse, or None if it is not RC-MM."""
    for name, protocol in RCMM.items():
        if len(frame) == len(protocol.bits) + 3 and (symbols := _symbols(frame)) is not None:
            values = protocol.unpack([symbol >> place & 1 for symbol in symbols for place in (1, 0)])
            assert values is not None  # RC-MM has no inverted or computed bits to check
            return name, values
    return None


def _symbols(frame: Sequence[int]) -> list[int] | None:
    if frame[0] - HEADER[0] not in STRETCH or any(pulse - PULSE not in STRETCH for pulse in frame[2::2]):
        return None
    if max(frame[2::2]) - min(frame[2::2]) > PULSE_SPREAD:
        return None
    # The receiver's stretch lengthens pulses and shortens spaces, so it shows in the frame's mean and in each pulse
    stretch = fmean([frame[0] - HEADER[0], *(pulse - PULSE for pulse in frame[2::2])])
    spaces = [stretch - space for space in frame[1::2]]
    cells = [pulse - PULSE - space for pulse, space in zip(frame[2::2], frame[3::2], strict=False)]
    best: tuple[float, list[int]] = MEAN_TOLERANCE, []
    for clock in CLOCKS:
        fits = [_nearest(space, clock) for space in spaces[1:]]
        misfits = [abs(spaces[0] - HEADER[1] * clock), *(misfit for misfit, _ in fits)]
        symbols = [symbol for _, symbol in fits]
        if max(misfits) <= TOLERANCE and symbols == [_nearest(cell, clock)[1] for cell in cells]:
            best = min(best, (fmean(misfits), symbols))
    return best[1] or None


def _nearest(space: float, clock: float) -> tuple[float, int]:
    return min((abs(space - clock * one), symbol) for symbol, one in enumerate(SPACES))
