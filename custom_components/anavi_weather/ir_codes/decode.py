"""Decoder of received frames, tolerant of what receivers do to the timings."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, product
from operator import itemgetter
from statistics import median
from typing import Any

from infrared_protocols.commands import Command

from .biphase import BIPHASE, decode_biphase
from .message import FRAME_GAP_US, LONE_PULSE_US, frames, is_same_frame, without_spike
from .named import LIBRARY, build, named_text
from .protocols import NEC_DITTO, PROTOCOLS, PulseProtocol
from .raw import merge_neighbors
from .rcmm import decode_rcmm
from .sharp import decode_sharp

MAX_RECEIVED = 4096  # durations
MAX_KEY_FRAME = 150  # durations; any frame of a remote control for anything but air conditioners has fewer
MAX_LIBRARY = 1_200  # durations; the longest message that infrared_protocols decodes has some 500
SPIKE_GAP_US = 2_000  # the shortest space between a spike and the frame after it
MAX_SPIKES = 3
HELD_FRAMES = 6  # equal ones in a row, which few keys send when they are pressed briefly
GLITCH = 90  # µs; no received pulse or space of a protocol here is shorter
# A receiver lengthens pulses and shortens spaces by the same time, so a cell (a pulse with its space) keeps its length
CELL_TOLERANCE = 0.12
CELL_JITTER = 60  # µs
PULSE_TOLERANCE = 0.05
PULSE_SHORTER = 150  # µs, by which a pulse may differ from what was sent
PULSE_LONGER = 230
UNCHECKED = 3  # wrong bits from which on a byte is not the other's check; with fewer, reception was bad
APPLE = 0x87EE  # Apple's address; the last byte is the number of the remote, not a check
MIN_LIBRARY = 20  # durations; any frame that infrared_protocols decodes has more
CLOCK_SPREAD = 0.1  # by which a remote's clock may differ: cheap ones are up to 8 % slow


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """The protocol and fields of a frame; `toggle` changes from press to press.

    `repeat` marks a frame that only says that the key is still held: NEC's ditto, which has no address or command, or JVC's
    frame without a header. `second` marks the second frame of a single press, which has the same fields as the first.
    """

    protocol: str
    address: int | None = None
    command: int | None = None
    toggle: int | None = None
    repeat: bool = False
    second: bool = field(default=False, compare=False)
    extra: Mapping[str, object] = field(default_factory=dict)
    """All other fields, such as an air conditioner's mode and temperature."""
    _built: Command | None = field(default=None, repr=False, compare=False)

    @property
    def key(self) -> tuple[object, ...]:
        """Return the values that all presses of a key share, without the toggle bit; Pioneer, a faster NEC, counts as NEC."""
        protocol = "nec" if self.protocol == "pioneer" else self.protocol
        return protocol, self.address, self.command, tuple(sorted(self.extra.items()))

    @property
    def is_state(self) -> bool:
        """Whether it is an air conditioner's state rather than a key."""
        return self.address is None and not self.repeat

    def to_command(self) -> Command | None:
        """Return the command to send, without repeats, or None for a ditto."""
        if self.repeat:
            return None
        if self._built is not None:
            return self._built
        values: dict[str, Any] = {"address": self.address, "command": self.command, **self.extra}
        if self.toggle is not None:
            values["toggle"] = self.toggle
        return build(self.protocol, **values)

    @property
    def text(self) -> str | None:
        """Return the portable text, such as `nec:0x04,0x08`, or None for a ditto."""
        command = self.to_command()
        return None if command is None else named_text(command)


def decode(timings: Sequence[int]) -> Decoded | None:
    """Return the contents of a capture's first frame, or None if they are uncertain; the capture is in signed µs."""
    if not 3 <= len(timings) <= MAX_RECEIVED or any(
        not one or (one > 0) == (other > 0) for one, other in pairwise((*timings, -timings[-1]))
    ):
        return None
    if (decoded := _decode(timings)) is not None:
        return decoded
    if (repaired := _repaired(timings)) is not None and (decoded := _decode(repaired, was_repaired=True)) is not None:
        return decoded
    for start in range(2, 2 * MAX_SPIKES + 1, 2):
        if len(timings) < start + 3 or not _is_spike(*timings[start - 2 : start]):
            return None
        if (decoded := _decode(timings[start:])) is not None:
            return decoded
    return None


def _is_lone_spike(frame: Sequence[int]) -> bool:
    return len(frame) == 1 and frame[0] < GLITCH


def _is_spike(pulse: int, space: int) -> bool:
    return 0 < pulse <= LONE_PULSE_US and space <= -SPIKE_GAP_US


def decode_message(timings: Sequence[int]) -> Decoded | None:
    """Return the contents of a whole message in signed µs, or None if they are uncertain.

    A message whose other frames do not just repeat the decoded ones says more than what was decoded.
    """
    timings = without_spike(timings)
    if (decoded := decode(timings)) is None:
        return None
    found = frames(timings)
    command = decoded.to_command() if decoded.is_state else None
    count = 1 if command is None else len(frames(command.get_raw_timings()))
    return decoded if all(_repeats(found, place, count, decoded) for place in range(count, len(found))) else None


def _repeats(found: Sequence[Sequence[int]], place: int, count: int, decoded: Decoded) -> bool:
    """Return whether a frame of a message repeats one of its first frames, which were decoded."""
    if is_same_frame(found[place % count], found[place]) or _is_lone_spike(found[place]):
        return True
    other = decode(found[place])
    return other is not None and (other.repeat or other.key == decoded.key)


def whole_message(timings: Sequence[int]) -> Sequence[int] | None:
    """Return what was received so far, without spikes, if it is a whole message or the key is held; otherwise None.

    Of a known remote control, a single frame is a message. An air conditioner may continue after any frame.

    Args:
        timings: What was received since the previous message, in signed µs.
    """
    if len(timings) > MAX_LIBRARY or min(timings[-2:]) < -FRAME_GAP_US:
        return None  # a pulse that stands alone belongs to the next message, or to a state
    message = without_spike(timings)
    if len(message) <= MAX_KEY_FRAME:
        decoded = decode_message(message)
        if decoded is not None and not decoded.is_state:
            return message
    found = frames(message)[-HELD_FRAMES:]
    is_held = len(found) == HELD_FRAMES and all(is_same_frame(found[0], frame) for frame in found[1:])
    return message if is_held else None


def _repaired(timings: Sequence[int]) -> list[int] | None:
    """Return timings without glitches (a spike in a space, a dropout in a pulse), or None if there are none."""
    if not any(abs(duration) < GLITCH for duration in timings[1:-1]):
        return None
    return merge_neighbors(_absorb_glitches(timings))


def _absorb_glitches(timings: Sequence[int]) -> Iterator[int]:
    """Yield the durations, each glitch with the sign of the duration before it."""
    sign = 1
    for place, duration in enumerate(timings):
        if abs(duration) < GLITCH and 0 < place < len(timings) - 1:
            yield sign * abs(duration)
        else:
            sign = 1 if duration > 0 else -1
            yield duration


def _decode(timings: Sequence[int], *, was_repaired: bool = False) -> Decoded | None:
    if not (found := frames(timings)):
        return None
    timings = timings[int(timings[0] < 0) : len(timings) - int(timings[-1] < 0)]
    return (
        _ditto(found)
        or _cells(found[0])
        or _bitwise(decode_biphase(found[0]))
        # Its steps are too small to trust a repaired frame
        or (None if was_repaired else _bitwise(decode_rcmm(found[0])))
        or _sharp(found)
        or _headless(found[0])
        or _library(timings)
    )


def _near(actual: float, nominal: float, tolerance: float = CELL_TOLERANCE, jitter: float = CELL_JITTER) -> bool:
    return abs(actual - nominal) <= nominal * tolerance + jitter


def _pulse(actual: float, nominal: float) -> bool:
    return actual - nominal + PULSE_TOLERANCE * nominal >= -PULSE_SHORTER and (
        actual - nominal - PULSE_TOLERANCE * nominal <= PULSE_LONGER
    )


def _ditto(found: list[list[int]]) -> Decoded | None:
    frame = found[0]
    if len(frame) != 3 or not _pulse(frame[2], NEC_DITTO[2]):
        return None
    clock = (frame[0] - frame[1]) / (NEC_DITTO[0] - NEC_DITTO[1])
    if abs(clock - 1) > CLOCK_SPREAD or not _pulse(frame[0], clock * NEC_DITTO[0]):
        return None
    return Decoded(protocol="nec", repeat=True)


def _cells(frame: list[int]) -> Decoded | None:
    """Decode a frame with the protocol of the table that fits best."""
    fitting: list[tuple[float, Decoded]] = []
    for protocol in PROTOCOLS.values():
        if not protocol.decode or (bits := _bits(protocol, frame)) is None:
            continue
        values = protocol.unpack(bits)
        if values is None or (decoded := _named(protocol.name, values)) is None:
            continue
        sent = sum(map(abs, protocol.frame(values)[:-1]))
        # The last pulse is left out because no space makes up for its stretch
        misfit = abs(sum(map(abs, frame[:-1])) / sent - 1)
        if misfit <= protocol.spread:
            fitting.append((misfit, decoded))
    return min(fitting, key=itemgetter(0))[1] if fitting else None


def _bits(protocol: PulseProtocol, frame: Sequence[int]) -> list[int] | None:
    if len(frame) != 2 * len(protocol.bits) + (1 if protocol.width else 3):
        return None
    if not _near(frame[0] - frame[1], sum(protocol.header), CLOCK_SPREAD):
        return None
    clock = (frame[0] - frame[1]) / sum(protocol.header)
    if protocol.width:
        # The space after the last bit is part of the silence, so add the space it would have
        nominal = protocol.one if _pulse(frame[-1], clock * protocol.one[0]) else protocol.zero
        frame = [*frame, round(frame[-1] - clock * sum(nominal))]
    elif not _pulse(frame[-1], clock * protocol.zero[0]):
        return None
    if not _pulse(frame[0], clock * protocol.header[0]):
        return None
    bits = []
    end = 2 + 2 * len(protocol.bits)
    for pulse, space in zip(frame[2:end:2], frame[3:end:2], strict=True):
        for bit, (nominal_pulse, nominal_space) in enumerate((protocol.zero, protocol.one)):
            if _near(pulse - space, clock * (nominal_pulse + nominal_space)) and _pulse(pulse, clock * nominal_pulse):
                bits.append(bit)
                break
        else:
            return None
    return bits


def _headless(frame: list[int]) -> Decoded | None:
    """Decode a frame that repeats the previous one without its header."""
    for protocol in PROTOCOLS.values():
        if protocol.repeat == "no header" and (
            bits := _bits(protocol, [protocol.header[0], -protocol.header[1], *frame])
        ):
            values = protocol.unpack(bits)
            assert values is not None  # such a protocol has no inverted or computed bits to check
            return Decoded(protocol=protocol.name, address=values["address"], command=values["command"], repeat=True)
    return None


def _named(name: str, values: Mapping[str, int]) -> Decoded | None:
    """Return the fields as the protocol's encoder takes them, or None if another protocol fits better."""
    address, command = values["address"], values["command"]
    if name == "necext":
        wrong = (command & 0xFF ^ command >> 8 ^ 0xFF).bit_count()
        if 0 < wrong < UNCHECKED and address != APPLE:
            return None
        if not wrong and address & 0xFF ^ address >> 8 == 0xFF:
            return None  # NEC, which is in the table too
        if not wrong and address > 0xFF:
            return Decoded(protocol="nec", address=address, command=command & 0xFF)
    if name == "nec42ext" and (
        (address & 0x1FFF ^ address >> 13 ^ 0x1FFF).bit_count() < UNCHECKED
        or (command & 0xFF ^ command >> 8 ^ 0xFF).bit_count() < UNCHECKED
    ):
        return None
    if name == "samsung32":
        if address & 0xFF == address >> 8:
            address &= 0xFF
        elif address <= 0xFF:
            return None  # infrared_protocols would send the lower byte twice
    return Decoded(protocol=name, address=address, command=command)


def _bitwise(found: tuple[str, Mapping[str, int]] | None) -> Decoded | None:
    """Return the contents from the name and fields of a protocol without a check."""
    if found is None:
        return None
    protocol, values = found
    extra = {name: value for name, value in values.items() if name not in ("address", "command", "toggle")}
    return Decoded(
        protocol=protocol,
        address=values["address"],
        command=values["command"],
        toggle=values.get("toggle"),
        extra=extra,
    )


def _sharp(found: list[list[int]]) -> Decoded | None:
    if (values := decode_sharp(found)) is None:
        return None
    fields, second = values
    return Decoded(
        protocol="sharp",
        address=fields["address"],
        command=fields["command"],
        extra={"extension": fields["extension"]},
        second=second,
    )


# The decoders of infrared_protocols, without the protocols that are decoded here
_DECODERS: Mapping[str, Callable[[list[int]], Command | None]] = {
    name: kind.from_raw_timings
    for name, (kind, _) in LIBRARY.items()
    if hasattr(kind, "from_raw_timings") and name not in (*PROTOCOLS, *BIPHASE, "sharp", "aeha")
}


def _library(timings: Sequence[int]) -> Decoded | None:
    """Decode with infrared_protocols, mostly air conditioners; the decoder whose result, encoded again, fits best wins."""
    if not MIN_LIBRARY <= len(timings) <= MAX_LIBRARY:
        return None
    fitting: list[tuple[float, str, Command]] = []
    attempts = [list(timings), _unstretched(timings)]
    for (name, decoder), attempt in product(_DECODERS.items(), attempts):
        try:
            command = decoder(attempt)
            misfit = None if command is None else _misfit(command.get_raw_timings(), timings)
        except ValueError, IndexError, AssertionError:
            continue
        if command is not None and misfit is not None:
            fitting.append((misfit, name, command))
    if not fitting:
        return None
    _, name, command = min(fitting, key=itemgetter(0))
    values = vars(command)
    return Decoded(
        protocol=name,
        address=values.get("address"),
        command=values.get("command"),
        extra={
            key: value
            for key, value in values.items()
            if key not in ("address", "command", "modulation", "repeat_count")
        },
        _built=command,
    )


def _unstretched(timings: Sequence[int]) -> list[int]:
    """Return timings whose short pulses and spaces have the same length, as infrared_protocols expects."""
    stretch = round((_short(timings[::2]) - _short([-duration for duration in timings[1::2]])) / 2)
    return [duration - stretch for duration in timings]


def _short(durations: Sequence[int]) -> float:
    """Return the usual length of the shortest durations."""
    shortest = min(durations)
    return median([duration for duration in durations if duration < 2 * shortest])


def _misfit(sent: Sequence[int], received: Sequence[int]) -> float | None:
    """Return how much the received clock differs from the sent one, or None if the timings do not match."""
    if sent[-1] < 0:
        sent = sent[:-1]
    # The decoders of infrared_protocols ignore what follows
    if len(received) < len(sent) or not all(one < -FRAME_GAP_US for one in received[len(sent) : len(sent) + 1]):
        return None
    cells = list(zip(sent[::2], sent[1::2], received[::2], received[1::2], strict=False))
    clock = sum(cell[2] - cell[3] for cell in cells) / sum(cell[0] - cell[1] for cell in cells)
    for pulse, space, pulse_received, space_received in cells:
        if not _pulse(pulse_received, clock * pulse) or not _near(
            pulse_received - space_received, clock * (pulse - space)
        ):
            return None
    return abs(clock - 1) if abs(clock - 1) <= CLOCK_SPREAD else None
