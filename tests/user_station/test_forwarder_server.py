"""Tests of forwarding to a server that is unreachable, busy or slow, or stores only a part of a batch."""

import asyncio
import random
from typing import Any
from unittest.mock import patch

from aiohttp import ClientResponse, ClientSession, ConnectionTimeoutError, web
import pytest
from yarl import URL

from custom_components.anavi_weather.user_station import batch, batch_size, delays, elasticsearch, forwarder, status
from custom_components.anavi_weather.user_station.checkpoint import Checkpoint
from custom_components.anavi_weather.user_station.errors import (
    BusyError,
    CannotConnectError,
    ClockBehindError,
    ElasticsearchError,
    KeyRefusedError,
    LimitTooLowError,
    NotTimeSeriesError,
    OtherStationError,
    PrivilegeMissingError,
    ServerBehindError,
)

from .harness import KEY, Clock, Harness, Logged, problem, until
from .server import Answer, Document, Item, bad, elastic, item, once, out_of_range, refusing

# Outages


async def test_an_outage_is_logged_once_and_so_is_its_end(harness: Harness, clock: Clock, logged: Logged) -> None:
    await harness.record("1")
    await harness.server.stop()
    await harness.start()
    for _ in range(10):
        await clock.wake()
    await clock.asleep()
    assert harness.forwarder.status.connected is False
    assert harness.forwarder.status.failures == 11
    assert isinstance(harness.forwarder.status.problem, CannotConnectError)
    assert clock.slept == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]
    ((level, message),) = logged()
    assert level == "WARNING"
    assert message.startswith("Farol: states wait in the recorder: CannotConnectError: ")
    assert harness.forwarder.status.backlog == 1

    await harness.server.start()
    await clock.wake()
    await harness.stored("1")
    assert logged()[1:] == [("INFO", "Farol: connected again")]
    assert (harness.forwarder.status.failures, problem(harness)) == (0, None)
    assert harness.forwarder.status.backlog == 0


async def test_the_first_connection_is_not_logged(harness: Harness, logged: Logged) -> None:
    await harness.start()
    await until(lambda: harness.forwarder.status.connected)
    assert logged() == []


async def test_delays_are_jittered(harness: Harness, clock: Clock) -> None:
    await harness.server.stop()
    with patch.object(forwarder, "random", random.Random(5)):
        await harness.start()
        for _ in range(20):
            await clock.wake()
        await clock.asleep()
    longest = [min(2**number, 60) for number in range(21)]
    assert all(limit / 2 <= delay <= limit for delay, limit in zip(clock.slept, longest, strict=True))
    assert len({delay / limit for delay, limit in zip(clock.slept, longest, strict=True)}) == 21


async def test_a_server_that_is_busy_for_a_moment_is_not_an_outage(
    harness: Harness, clock: Clock, logged: Logged
) -> None:
    harness.server.answers.extend([refusing(429)] * 2)
    await harness.record("1")
    await harness.start()
    await clock.wake()
    await clock.wake()
    await harness.stored("1")
    assert logged() == []


async def test_a_server_that_stays_busy_is_an_outage(harness: Harness, clock: Clock, logged: Logged) -> None:
    harness.server.always = refusing(429)
    await harness.record("1")
    await harness.start()
    while clock.now < 1000 + status.BUSY_PATIENCE:
        await clock.asleep()
        assert logged() == []
        await clock.wake()
    await clock.asleep()
    harness.server.always = None
    await clock.wake()
    await harness.stored("1")
    assert logged() == [
        ("WARNING", "Farol: states wait in the recorder: BusyError: refused: 429"),
        ("INFO", "Farol: connected again"),
    ]


async def test_a_server_that_answers_again_is_retried_sooner(harness: Harness, clock: Clock) -> None:
    await harness.record("1")
    await harness.server.stop()
    await harness.start()
    for _ in range(6):
        await clock.wake()
    await clock.asleep()
    harness.server.answers.extend([refusing(429)] * 2)
    await harness.server.start()
    for _ in range(3):
        await clock.wake()
    await harness.stored("1")
    assert clock.slept == [1, 2, 4, 8, 16, 32, 60, 1, 2]


async def test_a_server_that_hangs_is_an_outage(
    harness: Harness, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elasticsearch, "ANSWER_SECONDS", 0.05)
    released = asyncio.Event()

    async def hang(_: web.Request, __: list[Document]) -> web.StreamResponse:
        await released.wait()
        return web.Response()

    harness.server.answers.append(hang)
    await harness.record("1")
    await harness.start()
    await clock.asleep()
    assert str(harness.forwarder.status.problem) == "no answer in time"
    released.set()
    await clock.wake()
    await harness.stored("1")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, ElasticsearchError),
        (401, KeyRefusedError),
        (403, ElasticsearchError),
        (404, ElasticsearchError),
        (429, BusyError),
        (503, BusyError),
    ],
)
async def test_a_bulk_that_is_rejected_as_a_whole_is_sent_again(
    harness: Harness, clock: Clock, status: int, error: type[ElasticsearchError]
) -> None:
    harness.server.answers.extend([refusing(status)] * 2)
    await harness.record("1", "2")
    await harness.start()
    await clock.wake()
    await clock.asleep()
    assert type(harness.forwarder.status.problem) is error
    assert harness.forwarder.status.failures == 2
    assert harness.stored_position is None
    await clock.wake()
    await harness.stored("1", "2")


async def test_a_server_that_answers_later_than_usual_is_waited_for(
    harness: Harness, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elasticsearch, "ANSWER_SECONDS", 30)
    waits: list[float | None] = []
    request = ClientSession._request

    async def wait(session: ClientSession, method: str, url: URL, **options: Any) -> ClientResponse:
        total = options["timeout"].total
        if url.path.endswith("_bulk"):
            waits.append(total)
            if len(waits) == 1:
                raise ConnectionTimeoutError
            if total < 120:
                raise TimeoutError  # as for an answer after 61 seconds
        return await request(session, method, url, **options)

    monkeypatch.setattr(ClientSession, "_request", wait)
    await harness.record("1")
    await harness.start()
    for _ in range(3):
        await clock.wake()
    await harness.stored("1")
    assert waits == [30, 30, 60, 120]


async def test_nothing_is_sent_until_the_check_passes(harness: Harness, clock: Clock) -> None:
    harness.server.streams = None
    await harness.record("1")
    await harness.start()
    await clock.asleep()
    assert isinstance(harness.forwarder.status.problem, NotTimeSeriesError)
    assert harness.server.bulks == []
    harness.server.streams = [{"time_series": {}}]
    await clock.wake()
    await harness.stored("1")


async def test_an_answer_without_all_results_moves_nothing(harness: Harness, clock: Clock) -> None:
    async def forget(_: web.Request, documents: list[Document]) -> web.StreamResponse:
        return elastic({"items": harness.server.store(documents)[:-1]})

    harness.server.answers.append(forget)
    await harness.record("1", "2", "3")
    await harness.start()
    await clock.asleep()
    assert harness.stored_position is None
    await clock.wake()
    await harness.stored("1", "2", "3")


# Bad links


@pytest.mark.exhaustive
async def test_every_second_answer_is_lost(harness: Harness, clock: Clock) -> None:
    """Case 13."""
    harness.server.loses = lambda: len(harness.server.requests) % 2 == 0
    states = [str(number) for number in range(600)]
    await harness.record(*states)
    await harness.start()
    await harness.stored(*states)
    await harness.record("live")
    await harness.stored(*states, "live")
    assert [len(bulk) for bulk in harness.server.bulks if len(bulk) > 1] == [500, 500, 100, 100]
    assert clock.slept == []


@pytest.mark.exhaustive
async def test_half_of_all_answers_are_lost(
    harness: Harness, clock: Clock, monkeypatch: pytest.MonkeyPatch, logged: Logged
) -> None:
    """Case 14: states arrive faster than the 20 states/s of a large home."""
    monkeypatch.setattr(batch_size, "FIRST_COUNT", 100)
    monkeypatch.setattr(batch_size, "MAX_COUNT", 100)
    chance = random.Random(14)
    harness.server.loses = lambda: chance.random() < 0.5
    states = [str(number) for number in range(2000)]
    await harness.record(*states)
    await harness.start()
    waking = asyncio.create_task(clock.keep_waking())
    await harness.stored(*states)
    waking.cancel()
    assert clock.slept, "some requests fail each time"
    assert len(states) / (clock.now - 1000) > 20
    assert min(len(bulk) for bulk in harness.server.bulks) >= batch_size.MIN_COUNT


@pytest.mark.parametrize(
    ("result", "size"), [(refusing(401), 8), (refusing(403, text="x"), 4), (refusing(400), 4)], ids=["key", "?", "400"]
)
async def test_only_a_smaller_batch_that_may_help_is_tried(
    harness: Harness, clock: Clock, monkeypatch: pytest.MonkeyPatch, result: Answer, size: int
) -> None:
    monkeypatch.setattr(batch_size, "FIRST_COUNT", 8)
    monkeypatch.setattr(batch_size, "MIN_COUNT", 1)
    harness.server.answers.append(result)
    states = [str(number) for number in range(8)]
    await harness.record(*states)
    await harness.start()
    await clock.wake()
    await harness.stored(*states)
    assert [len(bulk) for bulk in harness.server.bulks[:2]] == [8, size]


# Partly stored batches


@pytest.mark.parametrize(
    ("result", "error"),
    [
        (item(429, "full"), BusyError),
        (item(503, "no shard"), BusyError),
        (item(401, "expired"), KeyRefusedError),
        (item(403, "unauthorized", "security_exception"), PrivilegeMissingError),
        (item(404, "no stream", "index_not_found_exception"), NotTimeSeriesError),
    ],
)
async def test_the_checkpoint_stops_before_a_state_that_waits(
    harness: Harness, clock: Clock, result: Item, error: type[ElasticsearchError]
) -> None:
    harness.server.items = once("3", result)
    await harness.record("1", "2", "3", "4")
    await harness.start()
    await clock.asleep()
    assert type(harness.forwarder.status.problem) is error
    assert harness.server.values() == ["1", "2", "4"]
    assert harness.checkpoint["stored"] == 2
    assert harness.checkpoint["position"][1] == 2

    await clock.wake()
    await until(lambda: harness.checkpoint["stored"] == 4)

    assert harness.server.values() == ["1", "2", "4", "3"], "later states are recognized"
    assert [[document["state"]["value"] for document in bulk] for bulk in harness.server.bulks] == [
        ["1", "2", "3", "4"],
        ["3", "4"],
    ]


async def test_a_first_state_that_waits_moves_nothing(harness: Harness, clock: Clock) -> None:
    harness.server.items = once("1", item(503, "no shard"))
    await harness.record("1", "2")
    await harness.start()
    await clock.asleep()
    assert harness.stored_position is None
    checkpoint = harness.forwarder.checkpoint
    assert checkpoint == Checkpoint("task", waiting=checkpoint.waiting, stream=checkpoint.stream)
    await clock.wake()
    await until(lambda: harness.checkpoint["stored"] == 2)


async def test_refused_states_are_counted_and_reported(harness: Harness, logged: Logged) -> None:
    harness.server.items = lambda document: bad("odd") if document["state"]["value"].startswith("bad") else None
    await harness.record("1", "bad", "2")
    await harness.start()
    await harness.stored("1", "2")
    await until(lambda: harness.checkpoint["refused"] == 1)
    assert harness.checkpoint["stored"] == 2
    assert harness.checkpoint["position"][1] == 3
    (refused,) = harness.forwarder.status.refused
    assert (refused.entity_id, refused.reason) == ("sensor.t", "document_parsing_exception: odd")
    ((level, message),) = logged()
    assert level == "ERROR"
    assert message.startswith("Farol: sensor.t of ")
    assert message.endswith(" can never be stored: document_parsing_exception: odd")
    assert harness.forwarder.status.connected is True

    notified_count = harness.notified_count
    await harness.record(*(f"bad {number}" for number in range(10)))
    await until(lambda: harness.checkpoint["refused"] == 11)
    await until(lambda: harness.notified_count > notified_count)
    newest = [sent.state_id for sent in harness.forwarder.status.refused]
    assert newest == list(range(14 - status.SAMPLES, 14)), "the newest are kept"
    assert len(logged()) == status.SAMPLES, "the log is not flooded"


async def test_states_without_a_document_are_counted(harness: Harness) -> None:
    await harness.record("1", "2", "3")
    await harness.run_sql("UPDATE states SET last_updated_ts = NULL WHERE state_id = 2")
    await harness.start()
    await harness.stored("1", "3")
    await until(lambda: harness.checkpoint["refused"] == 1)
    assert harness.checkpoint["stored"] == 2
    assert harness.server.bulks[0][1]["state"]["value"] == "3"


async def test_a_batch_without_documents_moves_the_checkpoint(harness: Harness) -> None:
    await harness.record("1")
    await harness.run_sql("UPDATE states SET last_updated_ts = NULL")
    await harness.start()
    await until(lambda: KEY in harness.storage)
    assert (harness.checkpoint["refused"], harness.checkpoint["stored"]) == (1, 0)
    assert harness.server.bulks == []


async def test_a_state_refused_before_one_that_waits_is_counted_once(harness: Harness, clock: Clock) -> None:
    harness.server.items = lambda document: {"bad": bad("odd"), "busy": item(429)}.get(document["state"]["value"])
    await harness.record("bad", "busy")
    await harness.start()
    await clock.asleep()
    assert harness.checkpoint["refused"] == 1
    harness.server.items = lambda _: None
    await clock.wake()
    await until(lambda: harness.checkpoint["stored"] == 1)
    assert harness.checkpoint["refused"] == 1


async def test_a_server_that_stores_a_little_at_a_time_is_not_an_outage(
    harness: Harness, clock: Clock, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long that lasts, and delays do not grow."""
    monkeypatch.setattr(status, "BUSY_PATIENCE", 5.0)
    busy = {str(number) for number in range(1, 20)}
    harness.server.items = lambda document: item(429) if document["state"]["value"] in busy else None
    await harness.record(*(str(number) for number in range(20)))
    await harness.start()
    for number in range(1, 20):
        await clock.asleep()
        busy.discard(str(number))
        await clock.wake()
    await until(lambda: harness.checkpoint["stored"] == 20)
    assert clock.now - 1000 > 2 * status.BUSY_PATIENCE
    assert set(clock.slept) == {delays.FIRST_DELAY}
    assert logged() == []


# Times outside of the stream's range


async def test_states_wait_for_a_stream_that_is_behind(harness: Harness, clock: Clock) -> None:
    harness.server.items = once("1", out_of_range("2020-01-01T00:00:00.000Z", "2021-01-01T00:00:00.000Z"))
    await harness.record("1")
    await harness.start()
    await clock.asleep()
    assert isinstance(harness.forwarder.status.problem, ServerBehindError)
    assert str(harness.forwarder.status.problem) == "2021-01-01T00:00:00+00:00"
    await clock.wake()
    await harness.stored("1")
    assert harness.checkpoint["refused"] == 0


async def test_a_state_that_is_older_than_the_stream_takes_is_refused(harness: Harness) -> None:
    harness.server.items = lambda _: out_of_range("2999-01-01T00:00:00.000Z")
    await harness.record("1")
    await harness.start()
    await until(lambda: KEY in harness.storage)
    assert harness.checkpoint["refused"] == 1


# Clocks


async def test_nothing_is_sent_while_the_clock_is_behind(harness: Harness, clock: Clock) -> None:
    """Case 15."""
    harness.server.ahead = 18 * 86_400
    await harness.record("1")
    await harness.start()
    await clock.wake()
    await clock.asleep()
    assert isinstance(problem(harness), ClockBehindError)
    assert harness.server.bulks == []
    harness.server.ahead = 0
    await clock.wake()
    await harness.stored("1")


async def test_states_of_a_clock_that_was_set_back_wait(harness: Harness, clock: Clock) -> None:
    """A later check would come too late, because such states may be rejected for ever."""
    await harness.record("1")
    await harness.start()
    await harness.stored("1")
    harness.server.ahead = 18 * 86_400
    harness.server.items = lambda document: (
        out_of_range("2999-01-01T00:00:00.000Z") if document["state"]["value"] == "2" else None
    )
    await harness.record("2")
    await clock.asleep()
    assert isinstance(problem(harness), ClockBehindError)
    assert harness.checkpoint["refused"] == 0

    harness.server.ahead = 0
    await clock.wake()
    await until(lambda: harness.checkpoint["refused"] == 1)


# Size of batches


async def test_a_batch_is_halved_until_it_is_not_too_large(
    harness: Harness, clock: Clock, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def limited(request: web.Request, documents: list[Document]) -> web.StreamResponse:
        if len(documents) > 5:
            return await refusing(413)(request, documents)
        return elastic({"items": harness.server.store(documents)})

    monkeypatch.setattr(batch_size, "FIRST_COUNT", 16)
    monkeypatch.setattr(batch_size, "MIN_COUNT", 1)
    states = [str(number) for number in range(100)]
    await harness.record(*states)
    harness.server.always = limited
    await harness.start()
    await harness.stored(*states)
    assert [len(bulk) for bulk in harness.server.bulks[:3]] == [16, 8, 4]
    taken = [len(bulk) for bulk in harness.server.bulks if len(bulk) <= 5]
    assert 5 in taken, "larger batches are tried again"
    refused = sum(len(bulk) > 5 for bulk in harness.server.bulks)
    assert refused <= len(harness.server.bulks) / 3, "the accepted size is remembered"
    assert clock.slept == []
    assert logged() == []


async def test_a_document_that_is_too_large_on_its_own_is_refused(harness: Harness) -> None:
    async def limited(request: web.Request, documents: list[Document]) -> web.StreamResponse:
        if any(document["state"]["value"] == "large" for document in documents):
            return await refusing(413)(request, documents)
        return elastic({"items": harness.server.store(documents)})

    harness.server.always = limited
    await harness.record("1", "large", "2", "3")
    await harness.start()
    await harness.stored("1", "2", "3")
    await until(lambda: harness.checkpoint["stored"] == 3)
    assert harness.checkpoint["refused"] == 1
    assert harness.forwarder.status.refused[0].reason == "larger than the server takes (refused: 413)"


async def test_one_document_answered_with_413_waits_without_hammering_the_server(
    harness: Harness, clock: Clock
) -> None:
    harness.server.items = once("2", item(413, "odd"), item(413, "odd"))
    await harness.record("1", "2", "3")
    await harness.start()
    await until(lambda: harness.forwarder.status.aside_count == 1)
    assert str(harness.forwarder.status.aside_problem) == "413: some_exception: odd"
    await until(lambda: len(harness.server.bulks) == 2)
    clock.now += delays.MAX_RETRY_DELAY
    await harness.record("4")
    await harness.stored("1", "3", "4", "2")
    assert len(harness.server.bulks) == 4


async def test_states_wait_for_a_proxy_that_rejects_every_body(
    harness: Harness, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 4."""
    monkeypatch.setattr(batch_size, "FIRST_COUNT", 60)
    rejects = refusing(413)

    async def check(request: web.Request) -> web.StreamResponse | None:
        return await rejects(request, []) if request.method == "POST" and harness.server.bulks else None

    harness.server.always, harness.server.check = rejects, check
    harness.server.rejects_tiny = True
    states = [str(number) for number in range(60)]
    await harness.record(*states)
    await harness.start()
    for _ in range(4):
        await clock.wake()
    await clock.asleep()
    assert isinstance(problem(harness), LimitTooLowError)
    sizes = [len(bulk) for bulk in harness.server.bulks if bulk != [{}]]
    assert sizes[0] == 60
    assert set(sizes[1:]) <= {30}
    assert harness.stored_position is None, "nothing is refused"
    harness.server.always = harness.server.check = None
    await clock.wake()
    await harness.stored(*states)
    assert harness.checkpoint["refused"] == 0


async def test_states_that_a_pipeline_drops_are_counted(harness: Harness) -> None:
    """Case 8."""
    harness.server.items = lambda document: item(200) if document["state"]["value"] == "dropped" else None
    await harness.record("1", "dropped", "2")
    await harness.start()
    await harness.stored("1", "2")
    await until(lambda: harness.checkpoint["dropped"] == 1)
    assert (harness.checkpoint["stored"], harness.checkpoint["refused"]) == (2, 0)
    assert harness.checkpoint["position"][1] == 3


async def test_a_reason_with_an_impossible_date_is_counted_once(harness: Harness) -> None:
    """Case 20."""
    harness.server.items = lambda document: (
        out_of_range("2026-02-31T25:00:00.000Z") if document["state"]["value"] == "1" else None
    )
    await harness.record("1", "2")
    await harness.start()
    await harness.stored("2")
    await until(lambda: harness.checkpoint["position"][1] == 2)
    assert (harness.checkpoint["stored"], harness.checkpoint["refused"]) == (1, 1)


async def test_a_long_reason_is_cut(harness: Harness, logged: Logged) -> None:
    """Case 19."""
    harness.server.items = lambda document: bad("x" * 100_000) if document["state"]["value"] == "1" else None
    await harness.record("1", "2")
    await harness.start()
    await harness.stored("2")
    await until(lambda: harness.checkpoint["refused"] == 1)
    assert len(harness.checkpoint["last_refused"][1]) == 300
    assert max(len(message) for _, message in logged()) < 400


@pytest.mark.parametrize("status", [429, 503, 200])
async def test_a_batch_that_fails_is_halved(
    harness: Harness, clock: Clock, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(batch_size, "FIRST_COUNT", 8)
    monkeypatch.setattr(batch_size, "MIN_COUNT", 1)
    harness.server.answers.append(refusing(status))
    states = [str(number) for number in range(8)]
    await harness.record(*states)
    await harness.start()
    await clock.wake()
    await harness.stored(*states)
    assert [len(bulk) for bulk in harness.server.bulks[:2]] == [8, 4]


async def test_slow_answers_make_batches_smaller(
    harness: Harness, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_size, "FIRST_COUNT", 16)
    monkeypatch.setattr(batch_size, "MIN_COUNT", 1)

    async def slowly(_: web.Request, documents: list[Document]) -> web.StreamResponse:
        clock.now += len(documents)
        return elastic({"items": harness.server.store(documents)})

    harness.server.always = slowly
    states = [str(number) for number in range(60)]
    await harness.record(*states)
    await harness.start()
    await harness.stored(*states)
    # A batch is read while the one before it is sent, so an answer changes the size of the next batch but one
    assert [len(bulk) for bulk in harness.server.bulks] == [16, 16, 8, 8, 4, 4, 4]


async def test_busy_items_make_batches_smaller(harness: Harness, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_size, "FIRST_COUNT", 8)
    monkeypatch.setattr(batch_size, "MIN_COUNT", 1)
    harness.server.items = once("4", item(429, "full"))
    states = [str(number) for number in range(12)]
    await harness.record(*states)
    await harness.start()
    await clock.wake()
    await until(lambda: len(harness.server.documents) == 12)
    assert [len(bulk) for bulk in harness.server.bulks[:2]] == [8, 4]


async def test_the_size_of_a_batch_is_bounded(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MAX_SIZE", 10_000)
    for number in range(30):
        await harness.record(str(number), text="x" * 1000, number=number)
    await harness.start()
    await harness.stored(*map(str, range(30)))
    assert [len(bulk) for bulk in harness.server.bulks] == [10, 10, 10]


# The station of the key


def station_ids(harness: Harness) -> list[str]:
    """Return the stations of the stored documents."""
    return [document["station"]["id"] for document in harness.server.documents]


async def test_states_are_sent_as_the_station_of_the_key(harness: Harness) -> None:
    """Case 21: the server accepts no other station."""
    harness.server.station_id = "abcd"
    await harness.record("1", "2")
    await harness.start()
    await harness.stored("1", "2")
    assert station_ids(harness) == ["abcd"] * 2
    assert {document["station"]["name"] for document in harness.server.documents} == {"Farol"}


async def test_a_key_of_no_station_sends_as_this_home_assistant(harness: Harness) -> None:
    """The keys of 1.0.0."""
    await harness.record("1")
    await harness.start()
    await harness.stored("1")
    assert station_ids(harness) == ["0123"]


async def test_a_key_may_change_its_station(harness: Harness, clock: Clock) -> None:
    harness.server.station_id = "abcd"
    await harness.record("1")
    await harness.start()
    await harness.stored("1")

    harness.server.station_id = "efgh"
    await harness.record("2")
    await clock.asleep()
    assert isinstance(harness.forwarder.status.problem, OtherStationError)
    assert harness.checkpoint["refused"] == 0
    await clock.wake()
    await harness.stored("1", "2")
    harness.server.station_id = None
    harness.server.items = once("3", item(503, "busy"))
    await harness.record("3")
    await clock.wake()
    await harness.stored("1", "2", "3")
    assert station_ids(harness) == ["abcd", "efgh", "0123"]


async def test_a_key_whose_station_is_not_known_waits(harness: Harness, clock: Clock) -> None:
    harness.server.station_id = "abcd"

    async def deny(request: web.Request) -> web.StreamResponse | None:
        return elastic({}, 403) if request.path == "/_security/api_key" else None

    harness.server.check = deny
    await harness.record("1")
    await harness.start()
    await clock.wake()
    await clock.asleep()
    assert isinstance(harness.forwarder.status.problem, OtherStationError)
    assert harness.server.documents == []
    harness.server.check = None
    await clock.wake()
    await harness.stored("1")
    assert station_ids(harness) == ["abcd"]
