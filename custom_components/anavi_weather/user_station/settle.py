"""Exactly-once core: decide from the answers to a batch what becomes of its states, and how far the position moves."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from http import HTTPStatus
from typing import NamedTuple

from .batch import Batch
from .documents import Sent
from .elasticsearch import Item
from .errors import ElasticsearchError, OtherStationError, ServerBehindError, TooLargeError, error_for_status
from .recorder_log import Position

CLOCK_TOLERANCE = 60.0  # seconds that a state's time may be ahead of this machine's clock

type Answer = Item | TooLargeError
"""The answer to one document. An error is the answer to a whole request that had only this document."""


class Stored(Enum):
    """A state that is stored, once."""

    NOW = auto()
    BEFORE = auto()


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
        return self.stored_count + self.stored_before_count + len(self.refused)


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
        return Refusal(f"larger than the server takes ({answer})")
    if answer.is_of_other_station:
        return OtherStationError(answer.reason)
    match answer.status:
        case HTTPStatus.CREATED:
            return Stored.NOW
        case HTTPStatus.CONFLICT:
            return Stored.BEFORE
        case HTTPStatus.BAD_REQUEST if _is_server_behind(sent, answer.range_end, now):
            return ServerBehindError(answer.range_end)
        case HTTPStatus.BAD_REQUEST:
            return Refusal(answer.reason)
    error = error_for_status(answer.status)
    # Only a whole request can be too large: Elasticsearch never reports 413 for one document
    if error in (ElasticsearchError, TooLargeError):
        return ElasticsearchError(f"{answer.status}: {answer.reason}")
    return error(answer.reason)


def _is_server_behind(sent: Sent, range_end: str | None, now: float) -> bool:
    """Return whether the stream will accept a state later. It will not if the state's time is in the future."""
    if range_end is None or sent.last_updated_ts is None:
        return False
    return datetime.fromisoformat(range_end).timestamp() <= sent.last_updated_ts <= now + CLOCK_TOLERANCE
