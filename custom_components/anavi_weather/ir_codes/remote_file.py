"""What a file says about a remote control."""

from dataclasses import dataclass, field

from infrared_protocols.commands import Command

from .command import CodeError


@dataclass(slots=True)
class FileRemote:
    """A remote control in a file."""

    commands: dict[str, tuple[Command, ...]] = field(default_factory=dict)
    """By name, the commands that successive presses send in turn."""
    unreadable: dict[str, CodeError] = field(default_factory=dict)
    """By name, why a command cannot be read."""

    def add_unreadable(self, name: str, error: CodeError) -> None:
        """Add the name of a command that cannot be read, without the memory of its traceback."""
        self.unreadable[name] = error.with_traceback(None)
