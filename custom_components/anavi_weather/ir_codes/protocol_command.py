"""Commands of the protocols that are encoded here."""

from collections.abc import Mapping
from typing import Protocol, override

from .command import CodeError, TimedCommand, check_repeat_count


class Encoding(Protocol):
    """The interface of a table entry that encodes a protocol."""

    @property
    def name(self) -> str:
        """The protocol's name in texts."""

    @property
    def carrier(self) -> int:
        """The carrier in Hz."""

    @property
    def frames(self) -> int:
        """The number of frames that a device needs before it acts."""

    @property
    def masks(self) -> Mapping[str, int]:
        """The bits of the fields that are sent: of address, command, and toggle if there is one."""

    def sent(self, values: Mapping[str, int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the once part and the repeat part to send, in signed µs."""


class ProtocolCommand(TimedCommand):
    """A command of a protocol that is encoded here."""

    def __init__(self, protocol: Encoding, address: int, command: int, *, repeat_count: int | None = None) -> None:
        """Check and encode the command; the default repeat count sends as many frames as a device needs."""
        self.protocol = protocol
        self.address = self._checked("address", address)
        self.command = self._checked("command", command)
        super().__init__(
            *protocol.sent(self._values()),
            modulation=protocol.carrier,
            repeat_count=check_repeat_count(protocol.frames - 1 if repeat_count is None else repeat_count),
        )

    def _checked(self, name: str, value: int) -> int:
        """Return the bits of a value that are sent.

        Raises:
            CodeError: if the value does not fit into its field.
        """
        mask = self.protocol.masks[name]
        maximum = (1 << mask.bit_length()) - 1
        if not 0 <= value <= maximum:
            raise CodeError("value_out_of_range", protocol=self.protocol.name, field=name, maximum=hex(maximum))
        return value & mask

    def _values(self) -> dict[str, int]:
        return {"address": self.address, "command": self.command}

    @override
    def __repr__(self) -> str:
        """Show the protocol and its fields."""
        values = ",".join(map(hex, self._values().values()))
        return f"{type(self).__name__}({self.protocol.name}:{values})"


class ToggleCommand(ProtocolCommand):
    """A command of a protocol with a bit that changes from press to press."""

    def __init__(
        self, protocol: Encoding, address: int, command: int, toggle: int = 0, *, repeat_count: int | None = None
    ) -> None:
        """Check and encode the command."""
        self.protocol = protocol
        self._toggle = self._checked("toggle", toggle)
        super().__init__(protocol, address, command, repeat_count=repeat_count)

    @property
    def toggle(self) -> int:
        """The bit that changes from press to press."""
        return self._toggle

    @toggle.setter
    def toggle(self, value: int) -> None:
        self._toggle = self._checked("toggle", value)
        self.once, self.repeat = self.protocol.sent(self._values())

    @override
    def _values(self) -> dict[str, int]:
        return {**super()._values(), "toggle": self._toggle}
