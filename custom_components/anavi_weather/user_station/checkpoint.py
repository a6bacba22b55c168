"""Checkpoints: how far a station's states have been sent. Nothing else is stored beside the recorder."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, NotRequired, TypedDict

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from .breaker import Breaker, Held
from .names import UNKNOWN, Name, Names
from .ranges import Range, Ranges, ordered, pending_count, without
from .recorder_log import Position
from .settle import Settlement
from .text import one_line

VERSION = 1


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
    """States that the recorder purged before they were sent."""
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
        self.breaker = Breaker()

    def begin_task(self, task: str, *, keeps_since: bool) -> None:
        """Send everything again, because it goes to another place, or more is wanted. What was purged remains known.

        Args:
            task: The new task.
            keeps_since: Whether to go on skipping states from before `since`.
        """
        self.task = task
        self.start_over()
        self.last_stored_ts = None
        if not keeps_since:
            self.since = None

    def advance(self, position: Position) -> None:
        """Move to a position up to which each state is settled."""
        self.position = position

    def set_aside(self, ranges: Iterable[Range]) -> None:
        """Remember states before the position that are not stored yet."""
        self.aside = ordered((*self.aside, *ranges))

    def record_retried(self, part: Range, settlement: Settlement) -> Retried:
        """Count the states of a range that are settled now.

        A range may have been joined with states that were counted before, so no more are counted than it had.

        Args:
            part: The range, of which a first part was read and sent.
            settlement: The outcome of that part. Its position is the end of the range if all of it was read.
        """
        assert settlement.position
        left = part.pending

        def take(count: int) -> int:
            nonlocal left
            count = min(count, left)
            left -= count
            return count

        ranges = [other for other in self.aside if other != part]
        ranges += [aside._replace(pending=take(aside.pending)) for aside in settlement.aside]
        self.stored_count += take(settlement.stored_count)
        refused = take(len(settlement.refused))
        self.dropped_count += take(settlement.dropped_count)
        self.stored_count += take(settlement.stored_before_count)
        # States that were counted before may have used up the count, so the others remain even if none is left
        rest = Range(settlement.position.state_id + 1, part.last, left)
        has_rest = rest.first <= rest.last
        if has_rest:
            ranges.append(rest)
        self.aside = ordered(ranges)
        return Retried(refused, 0, rest) if has_rest else Retried(refused, left, None)

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
        before are not counted as such again.

        Args:
            part: The range, of which a first part was read and sent.
            settlement: The outcome of that part.
        """
        assert settlement.position
        left = part.pending

        def take(count: int) -> int:
            nonlocal left
            count = min(count, left)
            left -= count
            return count

        refused = len(settlement.refused) - take(len(settlement.refused))
        self.dropped_count += settlement.dropped_count - take(settlement.dropped_count)
        self.stored_count += settlement.stored_count
        take(settlement.stored_count)
        ranges = [other for other in self.again if other != part]
        ranges += [aside._replace(pending=take(aside.pending)) for aside in settlement.aside]
        take(settlement.stored_before_count)
        self.record_rejected(settlement.rejected_ranges)
        rest = Range(settlement.position.state_id + 1, part.last, left)
        if has_rest := rest.first <= rest.last:
            ranges.append(rest)
        self.again = ordered(ranges)
        return SentAgain(refused, 0 if has_rest else left)

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
        """Count states that the recorder purged before they were sent."""
        self.purged_count += count

    def acknowledge_losses(self) -> None:
        """Remember that a user knows of all states that were refused, dropped or purged until now."""
        self.dropped_acknowledged = self.dropped_count
        self.foreign_acknowledged = self.foreign_count
        self.refused_acknowledged = self.refused_count
        self.purged_acknowledged = self.purged_count


type _StoredPosition = tuple[str, int, float | None]


class _StoredBreaker(TypedDict):
    """Stored form of the breaker."""

    counts: dict[str, int]
    held: dict[str, tuple[str, str]]
    skipped: list[str]


class _Stored(TypedDict):
    """Stored form, version 1 (since 1.0.0). Older versions ignore what they do not know."""

    task: str
    position: _StoredPosition | None
    since: _StoredPosition | None
    stored: int
    refused: int
    purged: int
    refused_noted: int
    purged_noted: int
    last_refused: tuple[str, str] | None
    last_stored_ts: float | None
    entity_ids: list[str]
    names: NotRequired[list[tuple[str, str, float | None, float | None, str | None, bool | None]]]
    dropped: NotRequired[int]
    dropped_noted: NotRequired[int]
    foreign: NotRequired[int]
    foreign_noted: NotRequired[int]
    aside: NotRequired[list[tuple[int, int, int]]]
    breaker: NotRequired[_StoredBreaker]
    rejected: NotRequired[list[tuple[int, int, int]]]
    again: NotRequired[list[tuple[int, int, int]]]


def _names(data: _Stored) -> list[Name]:
    """Return the names. Those that only version 1.0.0 stored are of unknown entities."""
    names = [Name(*name) for name in data.get("names", ())]
    known = {name.entity_id for name in names}
    return names + [Name(UNKNOWN, entity_id) for entity_id in data["entity_ids"] if entity_id not in known]


class CheckpointStore:
    """Storage of a checkpoint. It is replaced as a whole, so that a power cut leaves either the old or the new one."""

    def __init__(self, hass: HomeAssistant, key: str) -> None:
        """Initialize the store with its key in Home Assistant's storage."""
        self._store = Store[_Stored](hass, VERSION, key, atomic_writes=True)

    async def async_load(self) -> Checkpoint | None:
        """Return the stored checkpoint, if any."""
        if (data := await self._store.async_load()) is None:
            return None
        position, since, last_refused = data["position"], data["since"], data["last_refused"]
        return Checkpoint(
            data["task"],
            position=Position(*position) if position else None,
            since=Position(*since) if since else None,
            stored_count=data["stored"],
            refused_count=data["refused"],
            purged_count=data["purged"],
            refused_acknowledged=data["refused_noted"],
            purged_acknowledged=data["purged_noted"],
            last_refused=(last_refused[0], one_line(last_refused[1])) if last_refused else None,
            last_stored_ts=data["last_stored_ts"],
            names=Names(_names(data)),
            dropped_count=data.get("dropped", 0),
            dropped_acknowledged=data.get("dropped_noted", 0),
            foreign_count=data.get("foreign", 0),
            foreign_acknowledged=data.get("foreign_noted", 0),
            aside=_ranges(data.get("aside", ())),
            breaker=_breaker(data.get("breaker")),
            rejected=_ranges(data.get("rejected", ())),
            again=_ranges(data.get("again", ())),
        )

    async def async_save(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint.

        It is on the disk when this returns, with two exceptions: while Home Assistant is stopping, it is written last of
        all, and an error such as a full disk is only logged. Neither does harm: with an older checkpoint, states are sent
        again, and Elasticsearch recognizes them.
        """
        breaker = checkpoint.breaker
        await self._store.async_save(
            _Stored(
                task=checkpoint.task,
                position=checkpoint.position,
                since=checkpoint.since,
                stored=checkpoint.stored_count,
                refused=checkpoint.refused_count,
                purged=checkpoint.purged_count,
                refused_noted=checkpoint.refused_acknowledged,
                purged_noted=checkpoint.purged_acknowledged,
                last_refused=checkpoint.last_refused,
                last_stored_ts=checkpoint.last_stored_ts,
                entity_ids=sorted({name.entity_id for name in checkpoint.names}),
                names=list(checkpoint.names),
                dropped=checkpoint.dropped_count,
                dropped_noted=checkpoint.dropped_acknowledged,
                foreign=checkpoint.foreign_count,
                foreign_noted=checkpoint.foreign_acknowledged,
                aside=list(checkpoint.aside),
                breaker=_StoredBreaker(
                    counts=dict(breaker.counts), held=dict(breaker.held), skipped=list(breaker.skipped)
                ),
                rejected=list(checkpoint.rejected),
                again=list(checkpoint.again),
            )
        )

    async def async_remove(self) -> None:
        """Delete the stored checkpoint."""
        await self._store.async_remove()


def _ranges(data: Iterable[tuple[int, int, int]]) -> Ranges:
    return tuple(Range(*part) for part in data)


def _breaker(data: _StoredBreaker | None) -> Breaker:
    if data is None:
        return Breaker()
    held = {mistake: Held(*state) for mistake, state in data["held"].items()}
    return Breaker(data["counts"], held, data["skipped"])
