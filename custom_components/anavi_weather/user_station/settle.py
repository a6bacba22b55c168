"""Exactly-once core: decide from the answers to a batch what becomes of its states, and how far the position moves."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, auto
from http import HTTPStatus
from typing import NamedTuple

from .answers import FOREIGN, Item
from .batch import Batch
from .breaker import Breaker, Held
from .content import CREATED
from .documents import Sent
from .errors import (
    BusyError,
    ElasticsearchError,
    KeyRefusedError,
    NotTimeSeriesError,
    OtherStationError,
    PrivilegeMissingError,
    RejectedError,
    ServerBehindError,
    TooLargeError,
)
from .ranges import Range, runs
from .recorder_log import Position
from .text import one_line

# Errors that are not of a single state: nothing after it is stored either, or the wait is short
HOLDING_ERRORS = (BusyError, KeyRefusedError, NotTimeSeriesError, OtherStationError, PrivilegeMissingError)

TOO_LARGE = "larger than the server takes"

type Answer = Item | ElasticsearchError
"""The answer to one document. An error is the answer to a whole request that had only this document."""


class Stored(Enum):
    """A state that was accepted. It is stored once, unless the server dropped it."""

    NOW = auto()
    BEFORE = auto()
    FOREIGN = auto()
    """Another station stored a document of the same entity and time."""
    DROPPED = auto()
    """An ingest pipeline on the server dropped it."""


# A dropped document says nothing about the mappings
ACCEPTED = (Stored.NOW, Stored.BEFORE, Stored.FOREIGN)


class Refusal(NamedTuple):
    """A state that can never be stored."""

    reason: str
    mistake: str = ""
    """See `Item.mistake`."""


class RefusedState(NamedTuple):
    """A state of the recorder that can never be stored."""

    state_id: int
    entity_id: str
    last_updated_ts: float | None
    reason: str


type Verdict = Stored | Refusal | ElasticsearchError
"""The outcome of a state. An error means that it waits."""


@dataclass(slots=True)
class Settlement:
    """The states of a batch: first those that are settled or set aside, then those that wait.

    All states after the first that waits wait with it, whatever their answers: they are sent again, and Elasticsearch
    recognizes those that it has stored.
    """

    stored_count: int = 0
    stored_before_count: int = 0
    foreign_count: int = 0
    """States in whose place another station stored a document."""
    dropped_count: int = 0
    """States that an ingest pipeline on the server dropped."""
    refused: list[RefusedState] = field(default_factory=list)
    rejected_ranges: list[Range] = field(default_factory=list)
    """States that were refused or dropped."""
    aside: list[Range] = field(default_factory=list)
    """States that cannot be stored now, while others can."""
    aside_error: ElasticsearchError | None = None
    """Why the first of these is set aside."""
    waiting_count: int = 0
    position: Position | None = None
    """After the settled states and those that are set aside; None: the first state waits."""
    last_stored_ts: float | None = None
    """When the last of the stored states was updated."""
    error: ElasticsearchError | None = None
    """Why the first of the waiting states waits."""
    accepts: bool = False
    """Whether the server accepted a document of the batch."""
    rejected: Counter[str] = field(default_factory=Counter)
    """Number of refused states for each mistake."""
    held: dict[str, Held] = field(default_factory=dict)
    """States that the breaker holds: an example for each mistake."""
    stored_again: frozenset[str] = frozenset()
    """Entities of stored states that mistakes affected which an administrator skipped."""

    @property
    def settled_count(self) -> int:
        """Return how many states need not be sent again."""
        not_stored_count = self.foreign_count + self.dropped_count + len(self.refused)
        return self.stored_count + self.stored_before_count + not_stored_count

    @property
    def may_set_aside(self) -> bool:
        """Return whether the first waiting state could be set aside if the server accepted any other."""
        return self.error is not None and not isinstance(self.error, HOLDING_ERRORS)


def settle(
    batch: Batch, answers: Sequence[Answer], breaker: Breaker | None = None, *, accepts_others: bool = False
) -> Settlement:
    """Return the outcome of each state of a batch, and the position after the settled ones.

    Args:
        batch: The states, in the recorder's order.
        answers: One for each document. States that could not be encoded have none.
        breaker: The earlier rejections; None: each rejected state is refused.
        accepts_others: Whether the server accepts other states, even if it accepts none of the batch.
    """
    if batch.sent and answers.count(CREATED) == len(batch.sent):
        # Nearly always. The event loop waits while each result is judged
        return Settlement(
            stored_count=len(batch.sent),
            accepts=True,
            position=batch.position,
            last_stored_ts=batch.sent[-1].last_updated_ts,
            stored_again=_stored_again(breaker, batch.sent),
        )
    remaining = iter(answers)
    verdicts = [
        judge(sent, next(remaining)) if sent.encoding_error is None else Refusal(sent.encoding_error)
        for sent in batch.sent
    ]
    sets_aside = accepts_others or any(isinstance(verdict, Stored) for verdict in verdicts)
    settlement = Settlement(accepts=any(verdict in ACCEPTED for verdict in verdicts))
    if breaker:
        stored = (sent for sent, verdict in zip(batch.sent, verdicts, strict=True) if verdict is Stored.NOW)
        settlement.stored_again = _stored_again(breaker, stored)
        verdicts = _hold(settlement, breaker, batch.sent, verdicts)
    passed: list[tuple[int, Verdict]] = []
    for sent, verdict in zip(batch.sent, verdicts, strict=True):
        if isinstance(verdict, ElasticsearchError) and (not sets_aside or isinstance(verdict, HOLDING_ERRORS)):
            settlement.error = verdict
            break
        _record(settlement, sent, verdict)
        passed.append((sent.state_id, verdict))
    settlement.aside = runs((state_id, isinstance(verdict, ElasticsearchError)) for state_id, verdict in passed)
    if settlement.refused or settlement.dropped_count:
        settlement.rejected_ranges = runs((state_id, _is_rejected(verdict)) for state_id, verdict in passed)
    settlement.waiting_count = len(verdicts) - len(passed)
    if settlement.error is None:
        settlement.position = batch.position
    elif passed:
        last = batch.sent[len(passed) - 1]
        settlement.position = Position(batch.position.recorder, last.state_id, last.last_updated_ts)
    return settlement


def _stored_again(breaker: Breaker | None, stored: Iterable[Sent]) -> frozenset[str]:
    """Return the entities of stored states that skipped mistakes affected. Nearly always, there are no such mistakes."""
    if breaker is None or not breaker.skipped:
        return frozenset()
    return breaker.stored_again({sent.entity_id for sent in stored})


def _hold(settlement: Settlement, breaker: Breaker, states: Sequence[Sent], verdicts: list[Verdict]) -> list[Verdict]:
    """Return the verdicts after the breaker has replaced those of the states that it holds."""
    rejected = Counter(verdict.mistake for verdict in verdicts if isinstance(verdict, Refusal) and verdict.mistake)
    mistakes = breaker.holds(rejected, accepts_others=settlement.accepts)
    if not mistakes:
        return verdicts
    result: list[Verdict] = []
    for sent, verdict in zip(states, verdicts, strict=True):
        if isinstance(verdict, Refusal) and verdict.mistake in mistakes:
            settlement.held[verdict.mistake] = Held(sent.entity_id, verdict.reason)
            result.append(RejectedError(verdict.reason))
        else:
            result.append(verdict)
    return result


def _is_rejected(verdict: Verdict) -> bool:
    return isinstance(verdict, Refusal) or verdict is Stored.DROPPED


def _record(settlement: Settlement, sent: Sent, verdict: Verdict) -> None:
    if isinstance(verdict, ElasticsearchError):
        settlement.aside_error = settlement.aside_error or verdict
    elif isinstance(verdict, Refusal):
        settlement.refused.append(RefusedState(sent.state_id, sent.entity_id, sent.last_updated_ts, verdict.reason))
        if verdict.mistake:
            settlement.rejected[verdict.mistake] += 1
    elif verdict is Stored.FOREIGN:
        settlement.foreign_count += 1
    elif verdict is Stored.DROPPED:
        settlement.dropped_count += 1
    else:
        if verdict is Stored.NOW:
            settlement.stored_count += 1
        else:
            settlement.stored_before_count += 1
        settlement.last_stored_ts = sent.last_updated_ts


def judge(sent: Sent, answer: Answer) -> Verdict:
    """Return the outcome of a state from the answer to its document. An error means that the state waits."""
    if isinstance(answer, TooLargeError):
        return Refusal(one_line(f"{TOO_LARGE} ({answer})"), TOO_LARGE)
    if isinstance(answer, ElasticsearchError):
        return answer
    if answer.status == HTTPStatus.CREATED:
        return Stored.NOW
    if answer.status == HTTPStatus.CONFLICT:
        return Stored.FOREIGN if answer.kind == FOREIGN else Stored.BEFORE
    if answer.is_dropped:
        return Stored.DROPPED
    if (end := answer.range_end) is not None and sent.last_updated_ts is not None and end <= sent.last_updated_ts:
        # The end of the stream moves on with time
        return ServerBehindError(datetime.fromtimestamp(end, UTC).isoformat())
    if answer.is_fault_of_document:
        return Refusal(answer.text, answer.mistake)
    error = answer.error
    # A smaller batch helps against a request that is too large, but not against such an answer to one document
    return ElasticsearchError(f"{answer.status}: {answer.text}") if isinstance(error, TooLargeError) else error
