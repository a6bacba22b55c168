"""Tests of the results that the sender marks, because their meaning depends on more than the answer."""

import gzip
import json
from typing import Any

from aiohttp import web
import pytest

from custom_components.anavi_weather.user_station.answers import FOREIGN, TOO_LATE
from custom_components.anavi_weather.user_station.batch import Batch
from custom_components.anavi_weather.user_station.documents import Sent
from custom_components.anavi_weather.user_station.errors import CannotConnectError, ElasticsearchError
from custom_components.anavi_weather.user_station.recorder_log import Position
from custom_components.anavi_weather.user_station.sender import Sender

from .server import Connect, Document, Item, Server, elastic, item, refusing

CONFLICT = item(409, "version conflict", "version_conflict_engine_exception")
BLOCKED = item(403, "index [.ds-old] blocked by: [FORBIDDEN/8/index write (api)];", "cluster_block_exception")


def batch_of(*state_ids: int, started_over: bool = False, unsendable: int = 0) -> Batch:
    """Return a batch, in which one state may have no document."""
    sent = [Sent(state_id, "sensor.t", 1.5, "odd" if state_id == unsendable else None) for state_id in state_ids]
    lines = b"".join(
        b'{"create":{}}\n' + json.dumps({"state": {"value": str(state_id)}}).encode() + b"\n"
        for state_id in state_ids
        if state_id != unsendable
    )
    count = len(state_ids) - (unsendable in state_ids)
    return Batch(started_over, 0, Position("sqlite", state_ids[-1], 1.5), True, sent, count, gzip.compress(lines))


def answering(*results: Item) -> Any:
    """Return an answer to a bulk."""

    async def answer(_: web.Request, __: list[Document]) -> web.StreamResponse:
        return elastic({"errors": True, "items": results})

    return answer


async def kinds(sender: Sender, batch: Batch) -> list[str]:
    """Return the types of the results of a batch."""
    return [result.kind for result in await sender.async_send(batch) if not isinstance(result, ElasticsearchError)]


@pytest.fixture
def sender(connect: Connect) -> Sender:
    """Return a sender that knows the states up to 10."""
    sender = Sender(connect())
    sender.record_known(10)
    return sender


# Documents of another station


async def test_a_document_that_was_never_sent_before_is_of_another_station(server: Server, sender: Sender) -> None:
    """Cases 21 and 35."""
    server.always = answering(CONFLICT, item(201), CONFLICT, CONFLICT)
    found = await kinds(sender, batch_of(9, 10, 11, 12, 13, unsendable=11))
    assert found == ["version_conflict_engine_exception", "", FOREIGN, FOREIGN]


async def test_states_that_are_sent_again_are_no_other_stations(server: Server, sender: Sender) -> None:
    server.always = answering(item(201), item(503, "busy"))
    await sender.async_send(batch_of(11, 12))
    server.always = answering(CONFLICT, item(201))
    assert FOREIGN not in await kinds(sender, batch_of(12, 13))


async def test_states_whose_answer_was_lost_are_no_other_stations(server: Server, sender: Sender) -> None:
    server.always = refusing(200)
    with pytest.raises(Exception, match="without a result"):
        await sender.async_send(batch_of(11, 12))
    server.always = answering(CONFLICT, CONFLICT, CONFLICT)
    found = await kinds(sender, batch_of(11, 12, 13))
    assert found[:2] == ["version_conflict_engine_exception"] * 2
    assert found[2] == FOREIGN


async def test_a_request_that_was_repeated_says_nothing_about_other_stations(server: Server, sender: Sender) -> None:
    async def break_off(request: web.Request, _: list[Document]) -> web.StreamResponse:
        assert request.transport
        request.transport.abort()
        return web.Response()

    server.answers.append(break_off)
    server.always = answering(CONFLICT)
    assert FOREIGN not in await kinds(sender, batch_of(11))


async def test_states_of_a_replaced_database_may_be_stored(server: Server, sender: Sender) -> None:
    server.always = answering(CONFLICT)
    assert FOREIGN not in await kinds(sender, batch_of(11, started_over=True))


async def test_before_anything_is_known_all_states_may_be_stored(server: Server, connect: Connect) -> None:
    server.always = answering(CONFLICT)
    assert FOREIGN not in await kinds(Sender(connect()), batch_of(11))


# Indices that were downsampled


async def test_states_of_a_downsampled_index_are_too_late(server: Server, sender: Sender) -> None:
    """Cases 7 and 30."""
    server.downsampled = {".ds-old"}
    server.always = answering(BLOCKED, item(201))
    results = await sender.async_send(batch_of(1, 2))
    first = results[0]
    assert not isinstance(first, ElasticsearchError)
    assert first.text == f"{TOO_LATE}: the index .ds-old accepts no more states of its time"
    assert first.is_fault_of_document
    assert sum("_settings" in request for request in server.requests) == 1


@pytest.mark.parametrize(
    ("store", "kind"),
    [("snapshot", TOO_LATE), ("hybridfs", "cluster_block_exception"), (None, "cluster_block_exception")],
)
async def test_states_of_a_searchable_snapshot_are_too_late(
    server: Server, sender: Sender, store: str | None, kind: str
) -> None:
    """A lifecycle makes them of old indices."""
    server.settings = {".ds-old": {"store": {"type": store}} if store else {}}
    server.always = answering(BLOCKED)
    assert await kinds(sender, batch_of(1)) == [kind]


async def test_states_of_an_index_that_an_administrator_blocked_wait(server: Server, sender: Sender) -> None:
    server.downsampled = {".ds-older"}
    server.always = answering(BLOCKED)
    assert await kinds(sender, batch_of(1)) == ["cluster_block_exception"]


async def test_the_settings_are_asked_for_only_because_of_a_write_block(server: Server, sender: Sender) -> None:
    server.always = answering(item(201), item(503, "busy"))
    await sender.async_send(batch_of(1, 2))
    assert not any("_settings" in request for request in server.requests)


async def test_a_server_that_does_not_show_its_settings_blocks_its_index(server: Server, sender: Sender) -> None:
    server.downsampled = None
    server.always = answering(BLOCKED)
    assert await kinds(sender, batch_of(1)) == ["cluster_block_exception"]


async def test_a_server_may_stop_before_it_shows_its_settings(server: Server, sender: Sender) -> None:
    async def stop(_: web.Request, __: list[Document]) -> web.StreamResponse:
        server.check = break_off
        return elastic({"items": [BLOCKED]})

    async def break_off(request: web.Request) -> web.StreamResponse | None:
        assert request.transport
        request.transport.abort()
        return web.Response()

    server.always = stop
    with pytest.raises(CannotConnectError):
        await sender.async_send(batch_of(1))
