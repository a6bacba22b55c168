"""A line of what setup-pi --check finds."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """Kinds of findings, as they are printed."""

    OK = "ok"
    NOTE = "-"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Finding:
    """Something that works or does not."""

    level: Level
    what: str
    advice: str = ""

    @property
    def shown(self) -> str:
        """The finding as a line of output."""
        return f"{self.level:<8}{self.what}{': ' if self.advice else ''}{self.advice}"
