"""Tests of the isolation of documents for which a whole request is rejected."""

from collections.abc import Sequence
import gzip
import json

from aiohttp import web
import pytest

from custom_components.anavi_weather.user_station.answers import Item
from custom_components.anavi_weather.user_station.errors import BusyError, ElasticsearchError
from custom_components.anavi_weather.user_station.isolation import MAX_REJECTIONS, async_isolate

from .server import Connect, Document, Server, elastic, item, refusing


def body(count: int) -> bytes:
    """Return the body of a request with documents whose states are their numbers."""
    documents = (json.dumps({"state": {"number": number}}).encode() for number in range(count))
    return gzip.compress(b"".join(b'{"create":{}}\n' + document + b"\n" for document in documents))


def reject(server: Server, *numbers: int) -> list[int]:
    """Reject each request with one of these documents; return the list that the others are added to."""
    stored: list[int] = []

    async def answer(request: web.Request, documents: list[Document]) -> web.StreamResponse:
        sent = [document["state"]["number"] for document in documents]
        if {*sent} & {*numbers}:
            return await refusing(400)(request, documents)
        stored.extend(sent)
        return elastic({"errors": False, "items": [item(201)] * len(sent)})

    server.always = answer
    return stored


def rejected(answers: Sequence[Item | ElasticsearchError]) -> list[int]:
    """Return the places of the documents that are rejected alone."""
    return [place for place, answer in enumerate(answers) if isinstance(answer, ElasticsearchError)]


@pytest.mark.parametrize("numbers", [(), (0,), (6,), (2, 3, 5), (0, 1, 2, 3, 4, 6)])
async def test_all_others_are_stored(connect: Connect, server: Server, numbers: tuple[int, ...]) -> None:
    stored = reject(server, *numbers)
    answers = await async_isolate(connect(), body(7))
    assert rejected(answers) == list(numbers)
    assert sorted(stored) == sorted({*range(7)} - {*numbers})


async def test_a_single_document(connect: Connect, server: Server) -> None:
    reject(server, 0)
    (answer,) = await async_isolate(connect(), body(1))
    assert str(answer).startswith("a request with this state alone is rejected: 400")


async def test_a_document_that_is_too_large_uncompressed_waits(connect: Connect, server: Server) -> None:
    """The compressed request was not, so it may be stored when that is no longer rejected."""
    server.always = refusing(413)
    answers = await async_isolate(connect(), body(2))
    assert [type(answer) for answer in answers] == [ElasticsearchError] * 2


async def test_many_neighbors(connect: Connect, server: Server) -> None:
    reject(server, *range(60))
    assert rejected(await async_isolate(connect(), body(400))) == [*range(60)]


async def test_a_server_that_rejects_all_is_not_asked_for_each_document(connect: Connect, server: Server) -> None:
    reject(server, *range(400))
    with pytest.raises(ElasticsearchError, match="400"):
        await async_isolate(connect(), body(400))
    assert len(server.bulks) == MAX_REJECTIONS + 1


async def test_an_error_that_no_document_causes(connect: Connect, server: Server) -> None:
    server.always = refusing(503)
    with pytest.raises(BusyError):
        await async_isolate(connect(), body(2))
    assert len(server.bulks) == 1
