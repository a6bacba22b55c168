"""Protocols described by the bits of their frame, as a text: `=10 ~command@6:1 toggle:1*2 address:5`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
import re
from typing import Literal, NamedTuple

_PART = re.compile(r"(?P<silence>_+)|=(?P<fixed>[01]+)|(?P<inverted>~?)(?P<field>\w+?)(?:@(?P<low>\d+))?:(?P<bits>\d+)")


class Bit(NamedTuple):
    """A bit of a frame, or a silence within it."""

    field: str  # empty for a fixed bit or a silence
    place: int  # in the field
    inverted: int  # 1 if the field's bit is; the value of a fixed bit
    length: int  # of each half, or of the silence, in halves of a usual bit
    silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutProtocol:
    """A protocol that is encoded here, described by the layout of its frame."""

    name: str
    layout: str
    """Parts in the order they are sent: `=10` (fixed bits), `address:5` (a field's bits), `~command@6:1` (inverted, from bit
    6 on), `toggle:1*2` (twice as long), `____` (silence, as many halves of a bit)."""
    first_bit: Literal["low", "high"] = "high"  # of each field
    carrier: int = 36000  # Hz
    frames: int = 1  # that a device needs before it acts
    computed: Mapping[str, Callable[[Mapping[str, int]], int]] = field(default_factory=dict)
    """Fields computed from the others, such as checksums."""
    bits: tuple[Bit, ...] = field(init=False)
    masks: Mapping[str, int] = field(init=False)
    """The bits of each field in a frame: of address, of command, then of the others; without the computed ones."""

    def __post_init__(self) -> None:
        """Parse the layout."""
        bits = tuple(_parsed(self.layout, self.first_bit))
        masks = {"address": 0, "command": 0}
        for bit in bits:
            if bit.field and bit.field not in self.computed:
                masks[bit.field] = masks.get(bit.field, 0) | 1 << bit.place
        object.__setattr__(self, "bits", bits)
        object.__setattr__(self, "masks", masks)

    def pack(self, values: Mapping[str, int]) -> list[int]:
        """Return the bits of a frame that has fields only, in the order they are sent."""
        values = {**values, **{name: compute(values) for name, compute in self.computed.items()}}
        return [values[name] >> place & 1 ^ inverted for name, place, inverted, _, _ in self.bits]

    def unpack(self, bits: Sequence[int]) -> dict[str, int] | None:
        """Return the fields of a frame's bits, or None if the inverted or computed bits do not match."""
        found: dict[str, int] = {}
        for (name, place, inverted, _, _), bit in zip(self.bits, bits, strict=True):
            found[name] = found.get(name, 0) | (bit ^ inverted) << place
        values = {name: found[name] for name in self.masks}
        return values if self.pack(values) == list(bits) else None


def _parsed(layout: str, first_bit: Literal["low", "high"]) -> Iterator[Bit]:
    """Yield the bits and silences of a layout in the order they are sent."""
    for part in layout.split():
        found = _PART.match(part)
        assert found is not None
        length = 2 if part.endswith("*2") else 1
        if found["silence"]:
            yield Bit("", 0, 0, len(part), silent=True)
        elif found["fixed"]:
            yield from (Bit("", 0, int(bit), length) for bit in found["fixed"])
        else:
            low = int(found["low"] or 0)
            places = range(low, low + int(found["bits"]))
            for place in places if first_bit == "low" else reversed(places):
                yield Bit(found["field"], place, int(bool(found["inverted"])), length)
