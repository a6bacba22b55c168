"""Protocols of IrpTransmogrifier that are only sent here: their commands are stored as timings.

The layouts have IrpTransmogrifier's parameters: D is the device, F the function, T the toggle bit, C a checksum.
"""

from collections.abc import Callable, Mapping
from typing import Literal

from .command import RawCommand
from .protocols import PulseProtocol

type Parameters = Mapping[str, int]

NO_HEADER = (0, 0)
DIRECTV_UNIT = 600  # µs
DISH_UNIT = 400  # µs
DISH_CARRIER = 57_600  # Hz


def _cable_checksum(of: Parameters) -> int:
    return -(of["D"] + of["F"] + (of["F"] >> 4)) & 0xF


def _units(unit: float, *counts: float) -> tuple[int, int]:
    pulse, space = (round(unit * count) for count in counts)
    return pulse, space


def _aiwa(name: str, repeat: Literal["frame", "ditto"]) -> PulseProtocol:
    """Return a protocol of Aiwa."""
    return PulseProtocol(
        name=name,
        layout="D:8 S:5 ~D:8 ~S:5 F:8 ~F:8",
        header=_units(550, 16, 8),
        zero=_units(550, 1, 1),
        one=_units(550, 1, 3),
        pause=42 * 550,
        repeat=repeat,
        ditto=(16 * 550, -8 * 550, 550),
        period=(16 + 8 + 1 + 165) * 550,
    )


def _inverted(name: str, layout: str, unit: int, carrier: int, pause: int) -> PulseProtocol:
    """Return a protocol whose fields are followed by their inverse."""
    return PulseProtocol(
        name=name,
        layout=layout,
        header=_units(unit, 4, 4),
        zero=_units(unit, 1, 1),
        one=_units(unit, 1, 3),
        carrier=carrier,
        pause=pause,
    )


FRAMES: Mapping[str, PulseProtocol] = {
    protocol.name: protocol
    for protocol in (
        _aiwa("aiwa", "ditto"),
        _aiwa("aiwa2", "frame"),
        PulseProtocol(
            name="akai",
            layout="D:3 F:7",
            header=NO_HEADER,
            zero=_units(289, 1, 2.6),
            one=_units(289, 1, 6.3),
            period=25_300,
        ),
        PulseProtocol(
            name="dgtec",
            layout="D:8 F:8 ~F:8",
            header=_units(560, 16, 8),
            zero=_units(560, 1, 1),
            one=_units(560, 1, 3),
            repeat="ditto",
            ditto=(16 * 560, -4 * 560, 560),
            period=108_000,
        ),
        _inverted("emerson", "D:6 F:6 ~D:6 ~F:6", 872, 36_700, 39 * 872),
        _inverted("panasonic_old", "D:5 F:6 ~D:5 ~F:6", 833, 57_600, 44_000),
        _inverted("scatl-6", "D:6 F:6 ~D:6 ~F:6", 846, 57_600, 40 * 846),
        PulseProtocol(
            name="g.i.cable",
            layout="F:8 D:4 C:4",
            header=_units(490, 18, 9),
            zero=_units(490, 1, 4.5),
            one=_units(490, 1, 9),
            carrier=38_700,
            pause=84 * 490,
            repeat="ditto",
            ditto=(18 * 490, -2205, 490),
            period=round((18 + 4.5 + 1 + 178) * 490),
            computed={"C": _cable_checksum},
        ),
        # The frame that JVC repeats
        PulseProtocol(
            name="jvc{2}",
            layout="D:8 F:8",
            header=NO_HEADER,
            zero=_units(527, 1, 1),
            one=_units(527, 1, 3),
            period=46_420,
        ),
        PulseProtocol(
            name="mitsubishi",
            layout="D:8 F:8",
            header=NO_HEADER,
            zero=_units(300, 1, 3),
            one=_units(300, 1, 7),
            carrier=32_600,
            pause=80 * 300,
        ),
        PulseProtocol(
            name="recs80",
            layout="S:1 T:1 D:3 F:6",
            first_bit="high",
            header=NO_HEADER,
            zero=_units(158, 1, 31),
            one=_units(158, 1, 47),
            pause=45_000,
        ),
    )
}


def bits_of(name: str) -> str:
    """Return the parameters of a protocol with their numbers of bits: `D:8 F:8`."""
    return " ".join(f"{parameter}:{mask.bit_length()}" for parameter, mask in FRAMES[name].masks.items() if mask)


def framed(name: str) -> Callable[[Parameters], RawCommand]:
    """Return the encoder of a protocol, which repeats the frame or a ditto while a key is held."""
    protocol = FRAMES[name]
    return lambda of: RawCommand(*protocol.sent(of), modulation=protocol.carrier)


def recs80(of: Parameters) -> tuple[RawCommand, ...]:
    """Return the commands of RECS80, whose toggle bit changes from press to press."""
    return tuple(framed("recs80")({**of, "S": 1, "T": toggle}) for toggle in (0, 1))


def directv(of: Parameters) -> RawCommand:
    """Return the command of DirecTV, which sends two bits at a time: one in the pulse, the next in the space.

    A held key repeats the frame with a shorter header. The checksum weights the pairs of bits of the function.
    """
    pairs = [of["F"] >> place & 3 for place in (6, 4, 2, 0)]
    checksum = sum(weight * pair for weight, pair in zip((7, 5, 3, 1), pairs, strict=True)) & 0xF
    number = of["D"] << 12 | of["F"] << 4 | checksum
    bits = [number >> place & 1 for place in range(15, -1, -1)]
    data = [(-1) ** place * DIRECTV_UNIT * (1 + bit) for place, bit in enumerate(bits)]
    frame = (-2 * DIRECTV_UNIT, *data, DIRECTV_UNIT, -50 * DIRECTV_UNIT)
    return RawCommand((10 * DIRECTV_UNIT, *frame), (5 * DIRECTV_UNIT, *frame))


def dish_network(of: Parameters) -> RawCommand:
    """Return the command of Dish Network: a header, then the same frame four times, with the function's highest bit first."""
    bits = [of["F"] >> place & 1 for place in range(5, -1, -1)]
    bits += [of.get(field, 0) >> place & 1 for field in "SD" for place in range(5)]
    data = [duration for bit in bits for duration in (DISH_UNIT, -DISH_UNIT * (4 if bit else 7))]
    header = (DISH_UNIT, -15 * DISH_UNIT)
    return RawCommand((*header, *data, *header), (*data, *header), modulation=DISH_CARRIER, repeat_count=3)
