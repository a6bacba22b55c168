"""Exactly-once core: decide from the answers to a batch what becomes of its states, and how far the position moves."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, auto
from http import HTTPStatus
from typing import NamedTuple

from .answers import Item
from .batch import Batch
from .documents import Sent
from .errors import ElasticsearchError, ServerBehindError, TooLargeError
from .recorder_log import Position
from .text import one_line

CLOCK_TOLERANCE = 60.0  # seconds that a state's time may be ahead of this machine's clock

type Answer = Item | TooLargeError
"""The answer to one document. An error is the answer to a whole request that had only this document."""


class Stored(Enum):
    """A state that was accepted. It is stored once, unless the server dropped it."""

    NOW = auto()
    BEFORE = auto()
    DROPPED = auto()
    """An ingest pipeline on the server dropped it."""


class Refusal(NamedTuple):
    """A state that can never be stored."""

    reason: str


class RefusedState(NamedTuple):
    """A state of the recorder that can never be stored."""

    state_id: int
    entity_id: str
    last_updated_ts: float | None
    reason: str


@dataclass(slots=True)
class Settlement:
    """The states of a batch: first those that are settled, then those that wait.

    All states after the first that waits wait with it, whatever their answers: they are sent again, and Elasticsearch
    recognizes those that it has stored.
    """

    stored_count: int = 0
    stored_before_count: int = 0
    dropped_count: int = 0
    """States that an ingest pipeline on the server dropped."""
    refused: list[RefusedState] = field(default_factory=list)
    waiting_count: int = 0
    position: Position | None = None
    """After the settled states; None: the first state waits."""
    last_stored_ts: float | None = None
    """When the last of the stored states was updated."""
    error: ElasticsearchError | None = None
    """Why the first of the waiting states waits."""

    @property
    def settled_count(self) -> int:
        """Return how many states need not be sent again."""
        return self.stored_count + self.stored_before_count + self.dropped_count + len(self.refused)


def settle(batch: Batch, answers: Sequence[Answer], now: float) -> Settlement:
    """Return the outcome of each state of a batch, and the position after the settled ones.

    Args:
        batch: The states, in the recorder's order.
        answers: One for each document. States that could not be encoded have none.
        now: This machine's time, in seconds since 1970.
    """
    settlement = Settlement()
    remaining = iter(answers)
    for sent in batch.sent:
        verdict = judge(sent, next(remaining), now) if sent.encoding_error is None else Refusal(sent.encoding_error)
        if isinstance(verdict, ElasticsearchError):
            settlement.error = verdict
            break
        if isinstance(verdict, Refusal):
            settlement.refused.append(RefusedState(sent.state_id, sent.entity_id, sent.last_updated_ts, verdict.reason))
            continue
        if verdict is Stored.DROPPED:
            settlement.dropped_count += 1
            continue
        if verdict is Stored.NOW:
            settlement.stored_count += 1
        else:
            settlement.stored_before_count += 1
        settlement.last_stored_ts = sent.last_updated_ts
    settlement.waiting_count = len(batch.sent) - settlement.settled_count
    if settlement.error is None:
        settlement.position = batch.position
    elif settlement.settled_count:
        last = batch.sent[settlement.settled_count - 1]
        settlement.position = Position(batch.position.recorder, last.state_id, last.last_updated_ts)
    return settlement


def judge(sent: Sent, answer: Answer, now: float) -> Stored | Refusal | ElasticsearchError:
    """Return the outcome of a state from the answer to its document. An error means that the state waits."""
    if isinstance(answer, TooLargeError):
        return Refusal(one_line(f"larger than the server takes ({answer})"))
    if answer.status == HTTPStatus.CREATED:
        return Stored.NOW
    if answer.status == HTTPStatus.CONFLICT:
        return Stored.BEFORE
    if answer.is_dropped:
        return Stored.DROPPED
    if (end := answer.range_end) is not None and _is_server_behind(sent, end, now):
        return ServerBehindError(datetime.fromtimestamp(end, UTC).isoformat())
    if answer.is_fault_of_document:
        return Refusal(answer.text)
    error = answer.error
    # A smaller batch helps against a request that is too large, but not against such an answer to one document
    return ElasticsearchError(f"{answer.status}: {answer.text}") if isinstance(error, TooLargeError) else error


def _is_server_behind(sent: Sent, range_end: float, now: float) -> bool:
    """Return whether the stream will accept a state later. It will not if the state's time is in the future."""
    return sent.last_updated_ts is not None and range_end <= sent.last_updated_ts <= now + CLOCK_TOLERANCE
