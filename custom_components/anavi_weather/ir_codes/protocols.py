"""Pulse-distance and pulse-width protocols, as a table for sending and receiving.

A frame is a header, then each bit as a pulse and a space, then in pulse-distance protocols a pulse that ends the last bit:

    NEC: leader 9000 µs, space 4500 µs; pulse 562 µs, space 562 µs (0) or 1688 µs (1); lowest bit first
         address:8 ~address:8 command:8 ~command:8; a held key repeats 9000, 2250, 560 µs (a ditto)
    Kaseikyo: 3456, 1728 µs; 432, 432 µs (0) or 432, 1296 µs (1); a held key repeats the frame
         vendor:16 parity:4 address:8 command:10 address:2 checksum:8
    Sony: 2400, 600 µs; 600, 600 µs (0) or 1200, 600 µs (1); 12, 15 or 20 bits, at least three frames
         command:7 address:5 (8, 13)

Sources: the Linux kernel's encoders, Flipper's protocol definitions, the IRP notations of IrpTransmogrifier.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from .layout import LayoutProtocol

NEC_DITTO = (9000, -2250, 560)  # µs; NEC remotes send it while a key is held
MIN_PAUSE = 8000  # µs between two frames


@dataclass(frozen=True, slots=True, kw_only=True)
class PulseProtocol(LayoutProtocol):
    """A pulse-distance or pulse-width protocol; pulses and spaces in µs."""

    header: tuple[int, int]  # pulse, space
    zero: tuple[int, int]
    one: tuple[int, int]
    first_bit: Literal["low", "high"] = "low"
    carrier: int = 38000
    width: bool = False  # the pulse is a bit's value, and no pulse follows the last bit
    period: int = 0  # µs from frame to frame
    pause: int = 0  # µs after each frame, if that is the same after long and short ones; dittos still have a period
    repeat: Literal["frame", "ditto", "no header"] = "frame"
    ditto: tuple[int, int, int] = NEC_DITTO
    spread: float = 0.1  # by which remotes' clocks may differ
    encode: bool = True  # else infrared_protocols does
    decode: bool = True

    def frame(self, values: Mapping[str, int], *, header: bool = True) -> list[int]:
        """Return a frame in signed µs, from its first to its last pulse."""
        timings = [self.header[0], -self.header[1]] if header and self.header[0] else []
        for bit in self.pack(values):
            pulse, space = self.one if bit else self.zero
            timings += (pulse, -space)
        return timings[:-1] if self.width else [*timings, self.zero[0]]

    def closed(self, frame: Sequence[int]) -> tuple[int, ...]:
        """Return a frame with the pause after it."""
        return (*frame, -(self.pause or max(self.period - sum(map(abs, frame)), MIN_PAUSE)))

    def sent(self, values: Mapping[str, int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the once part and the repeat part to send, in signed µs."""
        frame = self.frame(values)
        if self.repeat == "ditto":
            return self.closed(frame), (*self.ditto, sum(map(abs, self.ditto)) - self.period)
        if self.repeat == "no header":
            repeat = self.closed(self.frame(values, header=False))
            return (*frame, repeat[-1]), repeat
        return (), self.closed(frame)


def _kaseikyo_parity(values: Mapping[str, int]) -> int:
    vendor = values["address"] >> 8 & 0xFFFF
    return (vendor ^ vendor >> 4 ^ vendor >> 8 ^ vendor >> 12) & 0xF


def _kaseikyo_checksum(values: Mapping[str, int]) -> int:
    address, command = values["address"], values["command"]
    first = _kaseikyo_parity(values) | address & 0xF0
    second = address & 0xF | (command & 0xF) << 4
    return first ^ second ^ (command >> 4 | (address >> 24) << 6)


def _distance(header: int, space: int, pulse: int, zero: int, one: int) -> partial[PulseProtocol]:
    """Return a factory of pulse-distance protocols with the header, the pulse, and the spaces of 0 and 1."""
    return partial(PulseProtocol, header=(header, space), zero=(pulse, zero), one=(pulse, one))


_nec = partial(_distance(9000, 4500, 562, 562, 1688), period=108_000, repeat="ditto")
_kaseikyo = partial(_distance(3456, 1728, 432, 432, 1296), period=130_000, carrier=37000)
_sony = partial(
    PulseProtocol,
    header=(2400, 600),
    zero=(600, 600),
    one=(1200, 600),
    carrier=40000,
    width=True,
    period=45_000,
    frames=3,
)

PROTOCOLS: Mapping[str, PulseProtocol] = {
    protocol.name: protocol
    for protocol in (
        _nec(name="nec", layout="address:8 ~address:8 command:8 ~command:8", encode=False),
        _nec(name="necext", layout="address:16 command:16"),
        # A press is NEC's, so a received one is decoded as that
        _nec(name="nec2", layout="address:16 command:16", repeat="frame", decode=False),
        _nec(name="nec42", layout="address:13 ~address:13 command:8 ~command:8"),
        _nec(name="nec42ext", layout="address:26 command:16"),
        # Only its clock distinguishes it from NEC: remotes are some 5 to 7 % faster, Flipper's encoder 10 %
        _distance(8325, 4162, 520, 520, 1561)(
            name="pioneer",
            layout="address:8 ~address:8 command:8 ~command:8",
            carrier=40000,
            spread=0.031,
            encode=False,
        ),
        _distance(4500, 4500, 560, 560, 1690)(
            name="samsung32", layout="address:16 command:8 ~command:8", period=108_000, encode=False
        ),
        _distance(8400, 4200, 525, 525, 1575)(
            name="jvc", layout="address:8 command:8", period=46_420, repeat="no header"
        ),
        _kaseikyo(
            name="kaseikyo",
            layout="address@8:16 parity:4 address@4:4 address@0:4 command:10 address@24:2 checksum:8",
            computed={"parity": _kaseikyo_parity, "checksum": _kaseikyo_checksum},
        ),
        # Kaseikyo as ESPHome and LIRC write Panasonic codes: highest bit first, with the parity and checksum in the command
        _kaseikyo(name="panasonic", layout="address:16 command:32", first_bit="high", decode=False),
        _distance(4000, 4000, 500, 1000, 2000)(
            name="rca", layout="address:4 command:8 ~address:4 ~command:8", carrier=56000
        ),
        _sony(name="sony", layout="command:7 address:5"),
        _sony(name="sony15", layout="command:7 address:8"),
        _sony(name="sony20", layout="command:7 address:13"),
    )
}
