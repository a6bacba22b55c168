"""Values of an action of ESPHome's `remote_transmitter`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import re

from .command import CodeError
from .text import c_integer, excerpt

MAX_DATA_BITS = 64  # of a number

_LEADING_ZEROS = re.compile(r"^0+(?=[0-9])")


@dataclass(frozen=True, slots=True)
class Action:
    """An action of ESPHome that sends a code."""

    protocol: str
    values: Mapping[str, str | list[str]]

    def text(self, field: str) -> str:
        """Return a text of the action."""
        value = self.values.get(field)
        if not isinstance(value, str) or not value:
            raise CodeError("field_missing", protocol=self.protocol, field=field)
        return value

    def number(self, field: str, bits: int, default: int | None = None) -> int:
        """Return a number of the action, which has at most this many bits."""
        if field not in self.values and default is not None:
            return default
        value = integer(self.text(field))
        if value is None:
            raise CodeError("value_invalid", protocol=self.protocol, field=field, value=excerpt(self.text(field)))
        if value >> bits:
            maximum = hex((1 << bits) - 1)
            raise CodeError("value_out_of_range", protocol=self.protocol, field=field, maximum=maximum)
        return value

    def lowest(self, field: str, bits: int, default: int | None = None) -> int:
        """Return the lowest bits of a number, which are those that ESPHome sends."""
        return self.number(field, MAX_DATA_BITS, default) & (1 << bits) - 1

    def numbers(self, field: str) -> Sequence[str]:
        """Return a list of the action."""
        value = self.values.get(field)
        if not value:
            raise CodeError("field_missing", protocol=self.protocol, field=field)
        return value.strip("[] ").split(",") if isinstance(value, str) else value

    def count(self, field: str, possible: range) -> int:
        """Return a small number of the action, by default the first of those that are possible."""
        if (value := self.number(field, 16, possible.start)) not in possible:
            raise CodeError("value_invalid", protocol=self.protocol, field=field, value=str(value))
        return value

    def octets(self, field: str, count: int) -> bytes:
        """Return a list of bytes of the action, which has so many."""
        values = [integer(text) for text in self.numbers(field)]
        octets = bytes(value for value in values if value is not None and value <= 0xFF)
        if not len(octets) == len(values) == count:
            value = excerpt(",".join(self.numbers(field)))
            raise CodeError("value_invalid", protocol=self.protocol, field=field, value=value)
        return octets

    def expect(self, field: str, bits: int, expected: int) -> None:
        """Refuse a number that changes what is sent to something that is unknown here."""
        if (value := self.number(field, bits, expected)) != expected:
            raise CodeError("value_invalid", protocol=self.protocol, field=field, value=str(value))


def integer(text: str) -> int | None:
    """Return a number of YAML, where a leading zero has no meaning."""
    return c_integer(_LEADING_ZEROS.sub("", text.strip()))
