"""Tests of settling the states of a batch."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from enum import Enum, auto
from typing import NamedTuple, override
from unittest.mock import patch

from hypothesis import given, strategies as st
import pytest

from custom_components.anavi_weather.user_station import ranges, settle as settle_module
from custom_components.anavi_weather.user_station.answers import FOREIGN, Item
from custom_components.anavi_weather.user_station.batch import Batch
from custom_components.anavi_weather.user_station.breaker import HANDFUL, Breaker, Held
from custom_components.anavi_weather.user_station.checkpoint import Checkpoint
from custom_components.anavi_weather.user_station.documents import Sent
from custom_components.anavi_weather.user_station.errors import (
    BusyError,
    ElasticsearchError,
    IndexClosedError,
    KeyRefusedError,
    RejectedError,
    ServerBehindError,
    TooLargeError,
)
from custom_components.anavi_weather.user_station.ranges import Range, pending_count
from custom_components.anavi_weather.user_station.recorder_log import Position
from custom_components.anavi_weather.user_station.settle import (
    TOO_LARGE,
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
ODD = "document_parsing_exception: odd"
DROPPED = Item(200)
BUSY = Item(429, "rejected", "full")
CLOSED = Item(400, "index_closed_exception", "closed")


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
        (CONFLICT._replace(kind=FOREIGN), Stored.FOREIGN),
        (DROPPED, Stored.DROPPED),
        (REFUSED, Refusal("document_parsing_exception: odd", ODD)),
        (TooLargeError("413"), Refusal("larger than the server takes (413)", "larger than the server takes")),
    ],
)
def test_a_state_that_is_settled(answer: Answer, verdict: Stored | Refusal) -> None:
    assert judge(STATE, answer) == verdict


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
    verdict = judge(STATE, Item(status, "odd", "why"))
    assert type(verdict) is error
    assert str(verdict) == text


@pytest.mark.parametrize(
    ("end", "seconds", "waits"),
    [
        ("2026-09-21T14:13:20.000Z", 0, True),
        ("2026-09-21T14:13:20.001Z", 0, False),
        ("2020-01-01T00:00:00.000Z", -1, True),
        ("2020-01-01T00:00:00.000Z", 100_000, True),  # the clock was ahead
    ],
)
def test_a_state_that_the_stream_will_accept_later_waits(end: str, seconds: float, waits: bool) -> None:
    verdict = judge(STATE._replace(last_updated_ts=NOW + seconds), out_of(end))
    assert isinstance(verdict, ServerBehindError) is waits
    assert isinstance(verdict, Refusal) is not waits
    if waits:
        assert str(verdict) == end.replace(".000Z", "+00:00")


def test_a_state_without_a_time_does_not_wait_for_the_stream() -> None:
    verdict = judge(STATE._replace(last_updated_ts=None), out_of("2020-01-01T00:00:00.000Z"))
    assert isinstance(verdict, Refusal)


# A batch


def test_a_batch_that_is_stored() -> None:
    assert settle(batch_of(states(3)), [CREATED, CONFLICT, CREATED]) == Settlement(
        stored_count=2,
        stored_before_count=1,
        position=Position("sqlite", 1000, NOW + 1000),
        last_stored_ts=NOW + 3,
        accepts=True,
    )


def test_a_batch_without_states_moves_the_position() -> None:
    assert settle(batch_of([]), []) == Settlement(position=Position("sqlite", 1000, NOW + 1000))


def test_refused_states_do_not_hold_up_the_others() -> None:
    settlement = settle(batch_of(states(4, 2)), [CREATED, CREATED, REFUSED])
    assert settlement == Settlement(
        stored_count=2,
        refused=[
            RefusedState(2, "sensor.t2", NOW + 2, "no time"),
            RefusedState(4, "sensor.t4", NOW + 4, "document_parsing_exception: odd"),
        ],
        position=Position("sqlite", 1000, NOW + 1000),
        last_stored_ts=NOW + 3,
        accepts=True,
        rejected=Counter({ODD: 1}),
        rejected_ranges=[Range(2, 2, 1), Range(4, 4, 1)],
    )
    assert settlement.settled_count == 4


def test_refused_and_dropped_states_are_remembered() -> None:
    settlement = settle(batch_of(states(5, 2)), [DROPPED, CREATED, REFUSED, BUSY])
    assert settlement.rejected_ranges == [Range(1, 2, 2), Range(4, 4, 1)]


def test_states_wait_that_are_all_rejected_for_the_same_reason() -> None:
    breaker = Breaker()
    many = states(HANDFUL + 1)
    settlement = settle(batch_of(many), [REFUSED] * len(many), breaker)
    assert isinstance(settlement.error, RejectedError)
    assert settlement.may_set_aside
    assert (settlement.settled_count, settlement.waiting_count, settlement.position) == (0, len(many), None)
    assert settlement.held == {ODD: Held(many[-1].entity_id, ODD)}
    assert settlement.rejected == Counter()

    settlement = settle(batch_of(many), [REFUSED] * len(many), breaker, accepts_others=True)
    assert settlement.aside == [Range(1, len(many), len(many))]
    assert breaker == Breaker(), "it is changed when the outcome is recorded"


@pytest.mark.parametrize("answer", [CREATED, CONFLICT])
def test_states_do_not_wait_if_the_server_accepts_one_of_them(answer: Item) -> None:
    """Elasticsearch parses a document before it looks whether there is one already, so that a conflict accepts it."""
    many = states(HANDFUL + 2)
    settlement = settle(batch_of(many), [*[REFUSED] * (HANDFUL + 1), answer], Breaker())
    assert len(settlement.refused) == HANDFUL + 1
    assert settlement.accepts


def test_dropped_states_are_no_sign_that_the_server_accepts_others() -> None:
    many = states(HANDFUL + 2)
    settlement = settle(batch_of(many), [*[REFUSED] * (HANDFUL + 1), DROPPED], Breaker())
    assert (settlement.refused, settlement.accepts) == ([], False)


def test_a_document_of_another_station_is_not_counted_as_stored() -> None:
    settlement = settle(batch_of(states(2)), [CREATED, CONFLICT._replace(kind=FOREIGN)])
    assert (settlement.stored_count, settlement.stored_before_count, settlement.foreign_count) == (1, 0, 1)
    assert settlement.settled_count == 2
    assert settlement.accepts
    assert settlement.last_stored_ts == NOW + 1


def test_states_without_a_document_never_wait() -> None:
    many = states(HANDFUL + 1, *range(1, HANDFUL + 2))
    assert len(settle(batch_of(many), [], Breaker()).refused) == HANDFUL + 1


def test_documents_that_are_all_too_large_wait() -> None:
    """Each is sent alone, and a proxy takes hardly more than an empty request."""
    breaker = Breaker({TOO_LARGE: HANDFUL})
    settlement = settle(batch_of(states(1)), [TooLargeError("413")], breaker)
    assert isinstance(settlement.error, RejectedError)
    assert str(settlement.error) == "larger than the server takes (413)"


def test_the_position_stops_before_a_state_that_waits() -> None:
    settlement = settle(batch_of(states(5)), [CREATED, REFUSED, BUSY, CREATED, CONFLICT])
    assert isinstance(settlement.error, BusyError)
    assert settlement.position == Position("sqlite", 2, NOW + 2)
    assert (settlement.settled_count, settlement.waiting_count) == (2, 3)
    assert settlement.last_stored_ts == NOW + 1


def test_a_first_state_that_waits_moves_nothing() -> None:
    settlement = settle(batch_of(states(2)), [BUSY, CREATED])
    assert isinstance(settlement.error, BusyError)
    assert settlement == Settlement(waiting_count=2, error=settlement.error, accepts=True)


def test_states_that_cannot_be_stored_now_do_not_hold_up_the_others() -> None:
    settlement = settle(batch_of(states(7)), [CLOSED, CREATED, CLOSED, CLOSED, REFUSED, CONFLICT, CLOSED])
    assert settlement.error is None
    assert settlement.position == Position("sqlite", 1000, NOW + 1000)
    assert settlement.aside == [Range(1, 1, 1), Range(3, 4, 2), Range(7, 7, 1)]
    assert isinstance(settlement.aside_error, IndexClosedError)
    assert (settlement.settled_count, settlement.waiting_count) == (3, 0)


def test_nothing_is_set_aside_if_nothing_is_accepted() -> None:
    settlement = settle(batch_of(states(3)), [REFUSED, CLOSED, CLOSED])
    assert isinstance(settlement.error, IndexClosedError)
    assert settlement.may_set_aside
    assert (settlement.aside, settlement.waiting_count) == ([], 2)
    assert settlement.position == Position("sqlite", 1, NOW + 1)


def test_all_is_set_aside_if_other_states_are_accepted() -> None:
    settlement = settle(batch_of(states(3)), [CLOSED, CLOSED, CLOSED], accepts_others=True)
    assert settlement.error is None
    assert not settlement.may_set_aside
    assert settlement.aside == [Range(1, 3, 3)]
    assert settlement.position == Position("sqlite", 1000, NOW + 1000)


def test_a_busy_server_holds_the_position_after_states_that_are_set_aside() -> None:
    settlement = settle(batch_of(states(4)), [CLOSED, CREATED, BUSY, CLOSED])
    assert isinstance(settlement.error, BusyError)
    assert not settlement.may_set_aside
    assert settlement.aside == [Range(1, 1, 1)]
    assert settlement.position == Position("sqlite", 2, NOW + 2)
    assert settlement.waiting_count == 2


# Any batch

SETTLING = [CREATED, CONFLICT, DROPPED, REFUSED, TooLargeError("413")]
ASIDE = [CLOSED, Item(0), Item(400), Item(403, "cluster_block_exception"), out_of("2020-01-01T00:00:00.000Z")]
HOLDING = [BUSY, Item(401), Item(403), Item(404, "index_not_found_exception"), Item(503)]
ACCEPTED = [CREATED, CONFLICT, DROPPED]
answered_states = st.lists(st.sampled_from([None, *SETTLING, *ASIDE, *HOLDING]), max_size=30)


def test_states_that_are_all_stored_now_are_not_judged_one_by_one() -> None:
    class Uncounted(list[Answer]):
        @override
        def count(self, value: object) -> int:
            return 0

    batch = batch_of(states(3))
    with patch.object(settle_module, "judge", side_effect=judge) as judged:
        settlement = settle(batch, [CREATED] * 3)
        assert not judged.called
        assert settlement == settle(batch, Uncounted([CREATED] * 3))
        assert settlement == settle(batch, [CREATED] * 3, Breaker(), accepts_others=True)
        assert judged.call_count == 3
    assert (settlement.stored_count, settlement.position) == (3, batch.position)


@given(answered_states, st.booleans())
def test_each_state_has_one_outcome_and_the_position_never_passes_one_that_waits(
    answers: list[Answer | None], accepts_others: bool
) -> None:
    """A state without an answer has no document."""
    sent = states(len(answers), *(number for number, answer in enumerate(answers, 1) if answer is None))
    batch = batch_of(sent)
    settlement = settle(batch, [answer for answer in answers if answer is not None], accepts_others=accepts_others)

    sets_aside = accepts_others or any(answer in ACCEPTED for answer in answers)
    waiting = HOLDING if sets_aside else [*HOLDING, *ASIDE]
    first_waiting = next((index for index, answer in enumerate(answers) if answer in waiting), len(answers))
    passed = answers[:first_waiting]
    assert settlement.stored_count == passed.count(CREATED)
    assert settlement.stored_before_count == passed.count(CONFLICT)
    assert settlement.dropped_count == passed.count(DROPPED)
    assert [state.state_id for state in settlement.refused] == [
        state.state_id for state, answer in zip(sent, passed, strict=False) if answer not in (*ACCEPTED, *ASIDE)
    ]
    aside_ids = [state.state_id for state, answer in zip(sent, passed, strict=False) if answer in ASIDE]
    # Each id of a batch is used here, so a range has no others
    assert [number for part in settlement.aside for number in range(part.first, part.last + 1)] == aside_ids
    assert pending_count(tuple(settlement.aside)) == len(aside_ids)
    assert settlement.waiting_count == len(answers) - first_waiting
    assert (settlement.error is None) is (first_waiting == len(answers))
    if settlement.error is None:
        assert settlement.position == batch.position
    elif first_waiting == 0:
        assert settlement.position is None
    else:
        last = sent[first_waiting - 1]
        assert settlement.position == Position("sqlite", last.state_id, last.last_updated_ts)


# Any number of batches, to a server that fails

LAST_ID = 12
ids = st.integers(min_value=1, max_value=LAST_ID)


class Kind(Enum):
    """The states of a request."""

    NEXT = auto()
    ASIDE = auto()
    """Those that were set aside."""
    AGAIN = auto()
    """Those that were rejected."""


class Try(NamedTuple):
    """A request, and the server's faults while it is answered."""

    size: int
    kind: Kind
    busy_ids: frozenset[int]
    """Documents that it cannot store now."""
    closed_ids: frozenset[int]
    """Documents whose index is closed now."""
    is_answer_lost: bool


tries = st.lists(
    st.builds(
        Try,
        size=st.integers(min_value=1, max_value=5),
        kind=st.sampled_from(Kind),
        busy_ids=st.frozensets(ids, max_size=3),
        closed_ids=st.frozensets(ids, max_size=6),
        is_answer_lost=st.booleans(),
    ),
    max_size=20,
)


class Simulation:
    """States that are sent to a server in any order of faults, as the forwarder does."""

    def __init__(self, odd_ids: frozenset[int]) -> None:
        """Initialize the simulation with the ids of states that can never be stored."""
        self.checkpoint = Checkpoint("task")
        self.documents: list[int] = []
        self.refused_count = 0
        self._odd_ids = odd_ids

    def _answer(self, state_id: int, one: Try) -> Item:
        if state_id in one.closed_ids:
            return CLOSED
        if state_id in one.busy_ids:
            return BUSY
        if state_id in self._odd_ids:
            return REFUSED
        if state_id in self.documents:
            return CONFLICT
        self.documents.append(state_id)
        return CREATED

    def send(self, one: Try) -> None:
        """Send the next states, if there are any."""
        after = self.checkpoint.position.state_id if self.checkpoint.position else 0
        sent = states(LAST_ID)[after : after + one.size]
        answers = [self._answer(state.state_id, one) for state in sent]
        if one.is_answer_lost or not sent:
            return
        position = Position("sqlite", sent[-1].state_id, sent[-1].last_updated_ts)
        settlement = settle(replace(batch_of(sent), position=position), answers)
        if settlement.position:
            self.checkpoint.advance(settlement.position)
        self.checkpoint.set_aside(settlement.aside)
        self.checkpoint.record_stored(
            settlement.stored_count + settlement.stored_before_count, settlement.last_stored_ts
        )
        self.checkpoint.record_rejected(settlement.rejected_ranges)
        self.refused_count += len(settlement.refused)

    def retry(self, one: Try) -> None:
        """Send the first states again that were set aside, if there are any."""
        if not self.checkpoint.aside:
            return
        part = self.checkpoint.aside[0]
        if settlement := self._send_range(part, one):
            retried = self.checkpoint.record_retried(part, settlement)
            assert retried.purged == 0
            self.checkpoint.record_rejected(settlement.rejected_ranges)
            self.refused_count += retried.refused

    def send_again(self, one: Try) -> None:
        """Send the first states again that were rejected, if there are any."""
        self.checkpoint.send_rejected_again()
        if not self.checkpoint.again:
            return
        part = self.checkpoint.again[0]
        if settlement := self._send_range(part, one):
            refused, purged = self.checkpoint.record_sent_again(part, settlement)
            assert purged == 0
            self.refused_count += refused

    def _send_range(self, part: Range, one: Try) -> Settlement | None:
        sent = states(LAST_ID)[part.first - 1 : part.last][: one.size]
        answers = [self._answer(state.state_id, one) for state in sent]
        if one.is_answer_lost:
            return None
        position = Position("sqlite", sent[-1].state_id, None)
        settlement = settle(replace(batch_of(sent), position=position), answers, accepts_others=True)
        return settlement if settlement.position else None

    def run(self, one: Try) -> None:
        """Send what a request has."""
        {Kind.NEXT: self.send, Kind.ASIDE: self.retry, Kind.AGAIN: self.send_again}[one.kind](one)

    def fix(self) -> None:
        """Let the server accept all states."""
        self._odd_ids = frozenset()


@pytest.mark.parametrize("max_ranges", [1, LAST_ID])
@given(tries, st.frozensets(ids, max_size=3))
def test_each_state_is_settled_exactly_once_whatever_fails(
    max_ranges: int, tries: list[Try], odd_ids: frozenset[int]
) -> None:
    """With few ranges, settled states are among those that are set aside. If these fail later, counts are not exact."""
    simulation = Simulation(odd_ids)
    good = Try(LAST_ID, Kind.NEXT, busy_ids=frozenset(), closed_ids=frozenset(), is_answer_lost=False)
    with patch.object(ranges, "MAX_RANGES", max_ranges):
        for one in tries:
            simulation.run(one)
            assert len(simulation.checkpoint.aside) <= max_ranges
            assert len(simulation.checkpoint.rejected) + len(simulation.checkpoint.again) <= 2 * max_ranges
        simulation.send(good)
        for _ in range(LAST_ID):
            simulation.retry(good)

        checkpoint = simulation.checkpoint
        assert checkpoint.position
        assert checkpoint.position.state_id == LAST_ID
        assert checkpoint.aside == ()
        assert sorted(simulation.documents) == sorted(set(range(1, LAST_ID + 1)) - odd_ids), "none is lost or doubled"
        if max_ranges == LAST_ID or not any(one.closed_ids for one in tries):
            assert checkpoint.stored_count + simulation.refused_count == LAST_ID
        if max_ranges == LAST_ID:
            assert checkpoint.stored_count == len(simulation.documents)
            assert simulation.refused_count == len(odd_ids)

        simulation.fix()
        for _ in range(2 * LAST_ID):
            simulation.send_again(good)
        assert sorted(simulation.documents) == list(range(1, LAST_ID + 1)), "all that were rejected are stored"
        assert (checkpoint.rejected, checkpoint.again) == ((), ())
