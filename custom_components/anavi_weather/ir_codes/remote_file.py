"""What a file says about a remote control."""

from dataclasses import dataclass, field

from infrared_protocols.commands import Command

from .command import CodeError
from .text import excerpt

MAX_NAME = 100  # characters, of a device or a command


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


def clean_name(text: str) -> str:
    """Return an untrusted text as a name: printable, on one line, and not too long."""
    words = "".join(character if character.isprintable() else " " for character in text).split()
    return " ".join(words)[:MAX_NAME].strip()


def shown_name(text: str) -> str:
    """Return what a list of unreadable commands shows as the name of one whose name may be the reason."""
    return excerpt(text, MAX_NAME).strip() or "–"


class Names:
    """Distinct names for the commands of a file: a repeated name gets a number."""

    def __init__(self) -> None:
        """Initialize without names."""
        self._counts: dict[str, int] = {}
        self._taken: set[str] = set()

    @property
    def count(self) -> int:
        """The number of names so far."""
        return len(self._taken)

    def distinct(self, name: str) -> str:
        """Return the name, with the first number that makes it a new one if it is taken."""
        found = name
        while found in self._taken:
            self._counts[name] = self._counts.get(name, 1) + 1
            found = f"{name} {self._counts[name]}"
        self._taken.add(found)
        return found
