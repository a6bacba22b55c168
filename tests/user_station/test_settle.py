"""Tests of settling the states of a batch."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from hypothesis import given, strategies as st
import pytest

from custom_components.anavi_weather.user_station.answers import Item
from custom_components.anavi_weather.user_station.batch import Batch
from custom_components.anavi_weather.user_station.checkpoint import Checkpoint
from custom_components.anavi_weather.user_station.documents import Sent
from custom_components.anavi_weather.user_station.errors import (
    BusyError,
    ElasticsearchError,
    KeyRefusedError,
    ServerBehindError,
    TooLargeError,
)
from custom_components.anavi_weather.user_station.recorder_log import Position
from custom_components.anavi_weather.user_station.settle import (
    CLOCK_TOLERANCE,
    Answer,
    Refusal,
    RefusedState,
    Settlement,
    Stored,
    judge,
    settle,
)

from .server import out_of_range

NOW = 1_790_000_000.0
STATE = Sent(7, "sensor.t", NOW)
CREATED = Item(201)
CONFLICT = Item(409, "version_conflict_engine_exception", "exists")
REFUSED = Item(400, "document_parsing_exception", "odd")
DROPPED = Item(200)
BUSY = Item(429, "rejected", "full")


def states(count: int, *unsendable: int) -> list[Sent]:
    """Return states with the ids 1, 2, …; those with an unsendable id have no document."""
    return [
        Sent(number, f"sensor.t{number}", NOW + number, "no time" if number in unsendable else None)
        for number in range(1, count + 1)
    ]


def batch_of(sent: Sequence[Sent]) -> Batch:
    """Return a batch. Its position is after more rows of the recorder."""
    documents = sum(state.encoding_error is None for state in sent)
    return Batch(
        started_over=False,
        purged=0,
        position=Position("sqlite", 1000, NOW + 1000),
        reached_end=False,
        sent=sent,
        count=documents,
        body=b"",
    )


def out_of(end: str) -> Item:
    """Return the answer to a document that is outside of the stream's time range."""
    return Item(400, "timestamp_error", out_of_range(end)["create"]["error"]["reason"])


# One state


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (CREATED, Stored.NOW),
        (CONFLICT, Stored.BEFORE),
        (DROPPED, Stored.DROPPED),
        (REFUSED, Refusal("document_parsing_exception: odd")),
        (TooLargeError("413"), Refusal("larger than the server takes (413)")),
    ],
)
def test_a_state_that_is_settled(answer: Answer, verdict: Stored | Refusal) -> None:
    assert judge(STATE, answer, NOW) == verdict


@pytest.mark.parametrize(
    ("status", "error", "text"),
    [
        (0, ElasticsearchError, "0: odd: why"),
        (200, ElasticsearchError, "200: odd: why"),
        (400, ElasticsearchError, "400: odd: why"),
        (401, KeyRefusedError, "odd: why"),
        (403, ElasticsearchError, "403: odd: why"),
        (404, ElasticsearchError, "404: odd: why"),
        (413, ElasticsearchError, "413: odd: why"),
        (429, BusyError, "odd: why"),
        (503, BusyError, "odd: why"),
    ],
)
def test_a_state_that_waits(status: int, error: type[ElasticsearchError], text: str) -> None:
    verdict = judge(STATE, Item(status, "odd", "why"), NOW)
    assert type(verdict) is error
    assert str(verdict) == text


@pytest.mark.parametrize(
    ("end", "seconds", "waits"),
    [
        ("2026-09-21T14:13:20.000Z", 0, True),
        ("2026-09-21T14:13:20.001Z", 0, False),
        ("2020-01-01T00:00:00.000Z", CLOCK_TOLERANCE, True),
        ("2020-01-01T00:00:00.000Z", CLOCK_TOLERANCE + 0.001, False),
        ("2020-01-01T00:00:00.000Z", -1, True),
    ],
)
def test_a_state_that_the_stream_will_accept_later_waits(end: str, seconds: float, waits: bool) -> None:
    verdict = judge(STATE._replace(last_updated_ts=NOW + seconds), out_of(end), NOW)
    assert isinstance(verdict, ServerBehindError) is waits
    assert isinstance(verdict, Refusal) is not waits
    if waits:
        assert str(verdict) == end.replace(".000Z", "+00:00")


def test_a_state_without_a_time_does_not_wait_for_the_stream() -> None:
    verdict = judge(STATE._replace(last_updated_ts=None), out_of("2020-01-01T00:00:00.000Z"), NOW)
    assert isinstance(verdict, Refusal)


# A batch


def test_a_batch_that_is_stored() -> None:
    assert settle(batch_of(states(3)), [CREATED, CONFLICT, CREATED], NOW) == Settlement(
        stored_count=2, stored_before_count=1, position=Position("sqlite", 1000, NOW + 1000), last_stored_ts=NOW + 3
    )


def test_a_batch_without_states_moves_the_position() -> None:
    assert settle(batch_of([]), [], NOW) == Settlement(position=Position("sqlite", 1000, NOW + 1000))


def test_refused_states_do_not_hold_up_the_others() -> None:
    settlement = settle(batch_of(states(4, 2)), [CREATED, CREATED, REFUSED], NOW)
    assert settlement == Settlement(
        stored_count=2,
        refused=[
            RefusedState(2, "sensor.t2", NOW + 2, "no time"),
            RefusedState(4, "sensor.t4", NOW + 4, "document_parsing_exception: odd"),
        ],
        position=Position("sqlite", 1000, NOW + 1000),
        last_stored_ts=NOW + 3,
    )
    assert settlement.settled_count == 4


def test_the_position_stops_before_a_state_that_waits() -> None:
    settlement = settle(batch_of(states(5)), [CREATED, REFUSED, BUSY, CREATED, CONFLICT], NOW)
    assert isinstance(settlement.error, BusyError)
    assert settlement.position == Position("sqlite", 2, NOW + 2)
    assert (settlement.settled_count, settlement.waiting_count) == (2, 3)
    assert settlement.last_stored_ts == NOW + 1


def test_a_first_state_that_waits_moves_nothing() -> None:
    settlement = settle(batch_of(states(2)), [BUSY, CREATED], NOW)
    assert isinstance(settlement.error, BusyError)
    assert settlement == Settlement(waiting_count=2, error=settlement.error)


# Any batch

SETTLING = [CREATED, CONFLICT, DROPPED, REFUSED, TooLargeError("413"), out_of("2999-01-01T00:00:00.000Z")]
WAITING = [BUSY, Item(401), Item(403), Item(404), Item(503), Item(0), out_of("2020-01-01T00:00:00.000Z")]
answered_states = st.lists(st.sampled_from([None, *SETTLING, *WAITING]), max_size=30)


@given(answered_states)
def test_each_state_has_one_outcome_and_the_position_never_passes_one_that_waits(
    answers: list[Answer | None],
) -> None:
    """A state without an answer has no document."""
    sent = states(len(answers), *(number for number, answer in enumerate(answers, 1) if answer is None))
    batch = batch_of(sent)
    settlement = settle(batch, [answer for answer in answers if answer is not None], NOW)

    first_waiting = next((index for index, answer in enumerate(answers) if answer in WAITING), len(answers))
    settled = answers[:first_waiting]
    assert settlement.stored_count == settled.count(CREATED)
    assert settlement.stored_before_count == settled.count(CONFLICT)
    assert settlement.dropped_count == settled.count(DROPPED)
    assert [state.state_id for state in settlement.refused] == [
        state.state_id
        for state, answer in zip(sent, settled, strict=False)
        if answer not in (CREATED, CONFLICT, DROPPED)
    ]
    assert settlement.waiting_count == len(answers) - first_waiting
    assert settlement.settled_count == first_waiting
    assert (settlement.error is None) is (first_waiting == len(answers))
    if settlement.error is None:
        assert settlement.position == batch.position
    elif first_waiting == 0:
        assert settlement.position is None
    else:
        last = sent[first_waiting - 1]
        assert settlement.position == Position("sqlite", last.state_id, last.last_updated_ts)


# Any number of batches, to a server that fails


class Try(NamedTuple):
    """A request, and the server's faults while it is answered."""

    size: int
    busy_ids: frozenset[int]
    """Documents that it cannot store now."""
    is_answer_lost: bool


tries = st.lists(
    st.builds(
        Try,
        size=st.integers(min_value=1, max_value=5),
        busy_ids=st.frozensets(st.integers(min_value=1, max_value=12), max_size=4),
        is_answer_lost=st.booleans(),
    ),
    max_size=20,
)


@given(tries, st.frozensets(st.integers(min_value=1, max_value=12), max_size=3))
def test_each_state_is_settled_exactly_once_whatever_fails(tries: list[Try], odd_ids: frozenset[int]) -> None:
    sent = states(12)
    documents: list[int] = []
    refused_ids: list[int] = []
    checkpoint = Checkpoint("task")

    def answer(state_id: int, busy_ids: frozenset[int]) -> Item:
        if state_id in busy_ids:
            return BUSY
        if state_id in odd_ids:
            return REFUSED
        if state_id in documents:
            return CONFLICT
        documents.append(state_id)
        return CREATED

    # The last request has no fault
    for size, busy_ids, is_answer_lost in [*tries, Try(12, frozenset(), False)]:
        after = checkpoint.position.state_id if checkpoint.position else 0
        waiting = sent[after : after + size]
        answers = [answer(state.state_id, busy_ids) for state in waiting]
        if is_answer_lost or not waiting:
            continue
        last = waiting[-1]
        position = Position("sqlite", last.state_id, last.last_updated_ts)
        settlement = settle(replace(batch_of(waiting), position=position), answers, NOW + 100)
        if settlement.position:
            assert settlement.position.state_id == after + settlement.settled_count
            checkpoint.advance(settlement.position)
        refused_ids += [state.state_id for state in settlement.refused]
        checkpoint.record_stored(settlement.stored_count + settlement.stored_before_count, settlement.last_stored_ts)

    assert checkpoint.position
    assert checkpoint.position.state_id == 12
    assert sorted(documents + refused_ids) == list(range(1, 13)), "none is lost, none is doubled"
    assert checkpoint.stored_count == len(documents)
