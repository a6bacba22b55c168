"""What a frame's bits mean, as a text: `=10 ~command@6:1 toggle:1*2 address:5`."""

from collections.abc import Iterable, Iterator
import re
from typing import Literal, NamedTuple

_PART = re.compile(r"(?P<silence>_+)|=(?P<fixed>[01]+)|(?P<inverted>~?)(?P<field>\w+?)(?:@(?P<low>\d+))?:(?P<bits>\d+)")


class Bit(NamedTuple):
    """A bit of a frame: of a field (or "" of none: then it is `flip`), inverted where `flip` is 1; silence is told by None."""

    field: str | None
    at: int
    flip: int
    length: int  # of each half, or of the silence, in halves of a usual bit


def layout(text: str, first_bit: Literal["low", "high"] = "high") -> Iterator[Bit]:
    """Yield the bits of parts like `=10` (fixed), `~command@6:1` (inverted, from bit 6 on), `toggle:1*2` (twice as long).

    In the order they are sent: of each field, the highest or the lowest bit first.
    """
    for part in text.split():
        found = _PART.match(part)
        assert found is not None
        length = 2 if part.endswith("*2") else 1
        if found["silence"]:
            yield Bit(None, 0, 0, len(part))
        elif found["fixed"]:
            yield from (Bit("", 0, int(bit), length) for bit in found["fixed"])
        else:
            low = int(found["low"] or 0)
            places = range(low, low + int(found["bits"]))
            for at in places if first_bit == "low" else reversed(places):
                yield Bit(found["field"], at, int(bool(found["inverted"])), length)


def masks(bits: Iterable[Bit]) -> dict[str, int]:
    """Return which bits of each field are in a frame: of address, of command, and then of what else there is."""
    found = {"address": 0, "command": 0}
    for bit in bits:
        if bit.field:
            found[bit.field] = found.get(bit.field, 0) | 1 << bit.at
    return found
