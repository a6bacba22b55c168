"""Findings, and the report that they make."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
import json

from .client import ServiceError

HIDDEN = "[hidden]"
LONGEST = 300  # characters of an error that is quoted
SHORTEST_SECRET = 4  # a shorter text would be hidden in ordinary words


class Level(Enum):
    """Kinds of findings, as they are printed."""

    OK = "ok"
    NOTE = "-"
    NOT_CHECKED = "NOT CHECKED"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Finding:
    """Something that works, does not work, or could not be checked."""

    level: Level
    what: str
    detail: str = ""

    @property
    def shown(self) -> str:
        """The finding as a line of output."""
        return f"{self.level.value:<13}{self.what}{': ' if self.detail else ''}{self.detail}"


def ok(what: str, detail: str = "") -> Finding:
    """Return a finding of something that works."""
    return Finding(Level.OK, what, detail)


def note(what: str, detail: str) -> Finding:
    """Return a finding that is worth knowing, and no error."""
    return Finding(Level.NOTE, what, detail)


def not_checked(what: str, why: str) -> Finding:
    """Return a finding of something that could not be checked."""
    return Finding(Level.NOT_CHECKED, what, why)


def failed(what: str, detail: str) -> Finding:
    """Return a finding of something that does not work."""
    return Finding(Level.FAILED, what, " ".join(detail.split())[:LONGEST])


def guarded(what: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield findings, and one more if the server's answers are not what they should be."""
    try:
        yield from findings
    except ServiceError as error:
        yield failed(what, str(error))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        yield failed(what, f"unexpected answer ({type(error).__name__}: {error})")


def forms(secret: str) -> set[str]:
    """Return a secret as it is, and as JSON has it."""
    return {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}


@dataclass
class Report:
    """Findings and versions, ready to paste into an issue."""

    secrets: set[str] = field(default_factory=set)
    """Texts that must never be printed: passwords, keys, names and addresses of the machine."""
    versions: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def add(self, findings: Iterable[Finding]) -> None:
        """Add findings."""
        self.findings.extend(findings)

    @property
    def has_failed(self) -> bool:
        """Whether something does not work."""
        return any(finding.level is Level.FAILED for finding in self.findings)

    def lines(self) -> Iterator[str]:
        """Yield the lines of the report."""
        yield "## verify-user-station"
        yield ""
        yield from (f"- {self._hide(version)}" for version in self.versions)
        yield ""
        yield "```text"
        yield from (self._hide(finding.shown) for finding in self.findings)
        yield "```"

    def _hide(self, text: str) -> str:
        # The longest first, because a secret may contain another one
        for form in sorted({form for secret in self.secrets for form in forms(secret)}, key=len, reverse=True):
            if len(form) >= SHORTEST_SECRET:
                text = text.replace(form, HIDDEN)
        return text.replace("```", "'''")
