"""Circuit breaker: if a server rejects one state after another for the same reason, these states wait.

A mistake in a mapping, a template or a pipeline makes a server reject good states, but looks like a fault of each. So a
rejection counts only while it is one of a few, or while the server accepts other states of the same request. The breaker is
closed again when the server accepts the states that wait, or when an administrator decides to skip them. That decision
lasts until the server stores states of an affected entity again.
"""

from collections import Counter
from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

HANDFUL = 10  # rejections in a row that may be the documents' fault; more open the breaker
PROBE_COUNT = HANDFUL + 1  # states that are sent while the breaker is open
MAX_MISTAKES = 10  # different reasons that are remembered; with as many, each rejected state waits


class Held(NamedTuple):
    """A state that waits, as an example for others."""

    entity_id: str
    reason: str


@dataclass(slots=True)
class Breaker:
    """Rejections of one user station. Only the methods below change them.

    A mistake is what rejections for the same reason have in common, see `Item.mistake`.
    """

    counts: dict[str, int] = field(default_factory=dict)
    """Number of rejections for each mistake since the server last accepted a state."""
    held: dict[str, Held] = field(default_factory=dict)
    """The newest state that waits for each mistake. The breaker is open if there are any."""
    skipped: dict[str, str] = field(default_factory=dict)
    """Mistakes that an administrator confirmed, because the documents really are bad, each with an affected entity."""

    def holds(self, rejected: Mapping[str, int], *, accepts_others: bool) -> set[str]:
        """Return the mistakes for which rejected states of a batch wait.

        Args:
            rejected: The number of rejected states for each mistake.
            accepts_others: Whether the server accepted other states of the batch.
        """
        return {
            mistake
            for mistake, count in rejected.items()
            if mistake not in self.skipped
            and (
                mistake in self.held
                or len(self.held) >= MAX_MISTAKES
                or (not accepts_others and self.counts.get(mistake, 0) + count > HANDFUL)
            )
        }

    def record_held(self, held: Mapping[str, Held]) -> bool:
        """Record states that wait; return whether that opens the breaker."""
        was_open = bool(self.held)
        for mistake, state in held.items():
            if mistake in self.held or len(self.held) < MAX_MISTAKES:
                self.held[mistake] = state
        return bool(self.held) and not was_open

    def record_rejected(self, rejected: Counter[str]) -> None:
        """Count states that were rejected while the server accepted no others."""
        counts = Counter(self.counts) + rejected
        self.counts = dict(counts.most_common(MAX_MISTAKES))

    def record_accepted(self) -> None:
        """Record that the server accepts states, so that earlier rejections were the documents' fault."""
        self.counts = {}

    def close(self) -> bool:
        """Record that no rejected states wait any more; return whether some did."""
        was_open = bool(self.held)
        self.held = {}
        return was_open

    def skip(self) -> None:
        """Remember that an administrator confirmed the mistakes, so that no states wait for them."""
        skipped = self.skipped | {mistake: state.entity_id for mistake, state in self.held.items()}
        self.skipped = dict([*skipped.items()][-MAX_MISTAKES:])
        self.counts = {}
        self.held = {}

    def stored_again(self, entity_ids: Collection[str]) -> frozenset[str]:
        """Return which of some entities a skipped mistake affected."""
        return frozenset(self.skipped.values()).intersection(entity_ids)

    def record_stored_again(self, entity_ids: Collection[str], rejected: Container[str]) -> None:
        """Forget the skipped mistakes of entities whose states the server stores, unless it still rejects some for them."""
        self.skipped = {
            mistake: entity_id
            for mistake, entity_id in self.skipped.items()
            if entity_id not in entity_ids or mistake in rejected
        }
