"""Checkpoints: how far a station's states have been sent. Nothing else is stored beside the recorder."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from .breaker import Breaker
from .names import Names
from .ranges import Range, Ranges, ordered, pending_count, without
from .recorder_log import Position, Waiting
from .settle import Settlement

# In place of the indices of a stream that was replaced: no index has this name
NO_INDICES: Mapping[str, str] = MappingProxyType({"": ""})


class Loss(StrEnum):
    """Ways in which states are lost, each with a repair issue of its own, whose id begins with its name."""

    REFUSED = "refused"
    DROPPED = "dropped"
    FOREIGN = "foreign"
    PURGED = "purged"
    MAYBE_PURGED = "maybe_purged"
    CHECKPOINT = "checkpoint"
    """The stored checkpoint is damaged, so that nobody knows whether states are lost."""


class SentAgain(NamedTuple):
    """Outcome of sending a range of settled states again."""

    refused: int
    """Number of states that were not refused before."""
    purged: int
    """Number of refused or dropped states that the recorder no longer has."""


class Retried(NamedTuple):
    """Outcome of sending a range of states again."""

    refused: int
    purged: int
    """Number of states that the recorder no longer has."""
    rest: Range | None
    """States of the range that were not sent yet."""


@dataclass(slots=True)
class _Pending:
    """Number of states of a range that are not counted yet."""

    left: int

    def take(self, count: int) -> int:
        """Return how many of these are among the states that are left, which they are no longer."""
        count = min(count, self.left)
        self.left -= count
        return count


def _rest(part: Range, settlement: Settlement, pending: _Pending) -> Range:
    """Return what remains of a range of which a first part was sent. States that were counted before may have used up the count."""
    assert settlement.position
    doubtful = part.doubtful + settlement.stored_before_count
    return Range(settlement.position.state_id + 1, part.last, pending.left, doubtful)


@dataclass(slots=True)
class Checkpoint:
    """How far a station's states are settled: each state up to the position is stored, set aside, or was refused and counted.

    Only the methods below change a checkpoint.
    """

    task: str
    """Which entities are sent where. Another task sends everything again."""
    position: Position | None = None
    """None: before the first row."""
    since: Position | None = None
    """Skip states from before this position; None: send the whole history."""
    stored_count: int = 0
    refused_count: int = 0
    purged_count: int = 0
    """States that vanished from the recorder before they were sent."""
    last_stored_ts: float | None = None
    names: Names = field(default_factory=Names)
    """Names of entities that were selected at some time."""
    refused_acknowledged: int = 0
    purged_acknowledged: int = 0
    """How many a user has acknowledged."""
    last_refused: tuple[str, str] | None = None
    """The entity, and the reason."""
    dropped_count: int = 0
    """States that an ingest pipeline on the server dropped."""
    dropped_acknowledged: int = 0
    foreign_count: int = 0
    """States in whose place another station stored a document."""
    foreign_acknowledged: int = 0
    aside: Ranges = ()
    """States before the position that are not stored yet. They are sent again later."""
    breaker: Breaker = field(default_factory=Breaker)
    """Rejections for the same reason."""
    rejected: Ranges = ()
    """States that were refused or dropped. They can be sent again while the recorder has them."""
    again: Ranges = ()
    """Settled states that are being sent again. Of those meant in them, none is stored."""
    maybe_purged_count: int = 0
    """States that the recorder purged, of which it is not known whether they were sent before, like after a restored backup."""
    maybe_purged_acknowledged: int = 0
    stream: Mapping[str, str] = field(default_factory=dict)
    """Unique ids of the indices that the stream had when it was last checked, by their names."""
    is_recreated: bool = False
    """Whether the stream or a part of it was deleted, and created again or restored, so that states are missing."""
    waiting: Waiting | None = None
    """States after the position, when they were last counted; None: none, or they were not counted."""

    def skip_history(self, newest: Position) -> None:
        """Begin after the recorder's newest state."""
        self.position = self.since = newest

    def start_over(self) -> None:
        """Send everything again. States that were stored before are counted again when Elasticsearch recognizes them."""
        self.position = None
        self.stored_count = self.refused_count = self.refused_acknowledged = 0
        self.dropped_count = self.dropped_acknowledged = 0
        self.foreign_count = self.foreign_acknowledged = 0
        self.aside = self.rejected = self.again = ()
        self.waiting = None
        self.breaker = Breaker()

    def begin_task(self, task: str, *, keeps_since: bool) -> None:
        """Send everything again, because it goes to another place, or more is wanted. What was purged remains known.

        Args:
            task: The new task.
            keeps_since: Whether to keep skipping states from before `since`.
        """
        self.task = task
        self.start_over()
        self.stream = {}
        self.is_recreated = False
        self.last_stored_ts = None
        if not keeps_since:
            self.since = None

    def record_stream(self, indices: Mapping[str, str]) -> bool:
        """Record the indices of the stream; return whether one of them, or all, are others than before, of the same name.

        Retention deletes indices, and downsampling replaces them by others with other names.
        """
        is_other = bool(self.stream and indices) and (
            indices.keys().isdisjoint(self.stream)
            or any(self.stream.get(name, unique_id) != unique_id for name, unique_id in indices.items())
        )
        self.stream = indices or self.stream
        self.is_recreated |= is_other
        return is_other

    def shares_stream(self, other: Checkpoint) -> bool:
        """Return whether another checkpoint is of the same stream. No two indices have the same unique id."""
        return any(self.stream.get(name) == unique_id for name, unique_id in other.stream.items() if unique_id)

    def record_not_time_series(self) -> bool:
        """Record that the stream does not store each state once any more; return whether that is new.

        What was stored in it meanwhile may be there twice and has to be deleted, so the next stream lacks states.
        """
        if not self.stream or self.stream == NO_INDICES:
            return False
        self.stream = NO_INDICES
        return True

    def record_restored(self) -> None:
        """Record that a user sends the states again that are missing in the stream."""
        self.is_recreated = False

    def advance(self, position: Position) -> None:
        """Move to a position up to which each state is settled or set aside."""
        self.position = position

    def record_passed(self, count: int) -> None:
        """Record that states wait no longer, because the position moved past them."""
        if self.waiting:
            self.waiting = replace(self.waiting, count=max(self.waiting.count - count, 0))

    def record_waiting(self, waiting: Waiting | None) -> None:
        """Remember which states wait; None: none."""
        self.waiting = waiting

    def set_aside(self, ranges: Iterable[Range]) -> None:
        """Remember states before the position that are not stored yet."""
        self.aside = ordered((*self.aside, *ranges))

    def record_retried(self, part: Range, settlement: Settlement) -> Retried:
        """Count the states of a range that are settled now.

        A range may have been joined with states that were counted before, so no more are counted than it had. What was
        stored before is counted last of all: these states may be others than those that are meant.

        Args:
            part: The range, of which a first part was read and sent.
            settlement: The outcome of that part. Its position is the end of the range if all of it was read.
        """
        pending = _Pending(part.pending)
        ranges = [other for other in self.aside if other != part]
        ranges += [aside._replace(pending=pending.take(aside.pending)) for aside in settlement.aside]
        self.stored_count += pending.take(settlement.stored_count)
        refused = pending.take(len(settlement.refused))
        self.dropped_count += pending.take(settlement.dropped_count)
        rest = _rest(part, settlement, pending)
        if rest.first <= rest.last:
            self.aside = ordered((*ranges, rest))
            return Retried(refused, 0, rest)
        self.aside = ordered(ranges)
        self.stored_count += pending.take(rest.doubtful)
        return Retried(refused, pending.left, None)

    def record_rejected(self, ranges: Iterable[Range]) -> None:
        """Remember states that were refused or dropped."""
        self.rejected = ordered((*self.rejected, *ranges))

    def send_rejected_again(self) -> bool:
        """Send states again that were refused or dropped; return whether there are any."""
        has_any = bool(self.rejected)
        self.again = ordered((*self.again, *self.rejected))
        self.rejected = ()
        return has_any

    def send_again(self, part: Range) -> None:
        """Send all settled states of a range again. Those that are set aside are sent anyway."""
        for some in without(part, self.aside):
            inside = [other for other in self.rejected if other.first <= some.last and some.first <= other.last]
            self.rejected = tuple(other for other in self.rejected if other not in inside)
            whole = (
                Range(
                    min(some.first, *(other.first for other in inside)),
                    max(some.last, *(other.last for other in inside)),
                    pending_count(inside),
                )
                if inside
                else some
            )
            self.again = ordered((*self.again, whole))

    def record_sent_again(self, part: Range, settlement: Settlement) -> SentAgain:
        """Count the states of a range that were sent again.

        Most may be stored already, and nobody knows which, so these are not counted. Those that were refused or dropped
        before are not counted as such again. If the range has only such states, those that are stored already were stored
        by an attempt whose answer was lost.

        Args:
            part: The range, of which a first part was read and sent.
            settlement: The outcome of that part.
        """
        pending = _Pending(part.pending)
        refused = len(settlement.refused) - pending.take(len(settlement.refused))
        self.dropped_count += settlement.dropped_count - pending.take(settlement.dropped_count)
        self.stored_count += settlement.stored_count
        self._acknowledge_stored(pending.take(settlement.stored_count))
        ranges = [other for other in self.again if other != part]
        ranges += [aside._replace(pending=pending.take(aside.pending)) for aside in settlement.aside]
        self.record_rejected(settlement.rejected_ranges)
        rest = _rest(part, settlement, pending)
        if rest.first <= rest.last:
            self.again = ordered((*ranges, rest))
            return SentAgain(refused, 0)
        self.again = ordered(ranges)
        if rest.doubtful <= pending.left:
            self.stored_count += rest.doubtful
            self._acknowledge_stored(rest.doubtful)
        return SentAgain(refused, max(pending.left - rest.doubtful, 0))

    def _acknowledge_stored(self, count: int) -> None:
        """Remember that states are no loss any more that were refused, or else dropped."""
        refused = min(count, self.refused_count - self.refused_acknowledged)
        self.refused_acknowledged += refused
        self.dropped_acknowledged += min(count - refused, self.dropped_count - self.dropped_acknowledged)

    def record_stored(self, count: int, last_stored_ts: float | None) -> None:
        """Count states that are stored; the last of them was updated at `last_stored_ts`."""
        self.stored_count += count
        self.last_stored_ts = last_stored_ts

    def record_refused(self, entity_id: str, reason: str) -> None:
        """Count a state that can never be stored."""
        self.refused_count += 1
        self.last_refused = (entity_id, reason)

    def record_dropped(self, count: int) -> None:
        """Count states that an ingest pipeline on the server dropped."""
        self.dropped_count += count

    def record_foreign(self, count: int) -> None:
        """Count states in whose place another station stored a document."""
        self.foreign_count += count

    def record_purged(self, count: int) -> None:
        """Count states that vanished from the recorder before they were sent."""
        self.purged_count += count
        self.waiting = None

    def record_maybe_purged(self, count: int) -> None:
        """Count states that the recorder purged, perhaps before they were sent."""
        self.maybe_purged_count += count

    def acknowledge_losses(self, *losses: Loss) -> None:
        """Remember that a user knows of all states that were lost until now in these ways."""
        for loss in losses:
            match loss:
                case Loss.REFUSED:
                    self.refused_acknowledged = self.refused_count
                case Loss.DROPPED:
                    self.dropped_acknowledged = self.dropped_count
                case Loss.FOREIGN:
                    self.foreign_acknowledged = self.foreign_count
                case Loss.PURGED:
                    self.purged_acknowledged = self.purged_count
                case Loss.MAYBE_PURGED:
                    self.maybe_purged_acknowledged = self.maybe_purged_count
