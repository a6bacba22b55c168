"""Tests of bulks, and of the result of each document."""

import gzip
from unittest.mock import patch

from aiohttp import web
import pytest

from custom_components.anavi_weather.user_station import elasticsearch
from custom_components.anavi_weather.user_station.answers import Item
from custom_components.anavi_weather.user_station.content import parse_item
from custom_components.anavi_weather.user_station.elasticsearch import STREAM
from custom_components.anavi_weather.user_station.errors import (
    BusyError,
    ElasticsearchError,
    IndexBlockedError,
    KeyRefusedError,
    PrivilegeMissingError,
    TooLargeError,
)

from .server import DOCUMENT, Connect, Document, Server, elastic, item, refusing


async def test_documents_are_stored(server: Server, connect: Connect) -> None:
    items = await connect().async_bulk(DOCUMENT, 1, compressed=False)
    assert items == [Item(201)]
    (again,) = await connect().async_bulk(gzip.compress(DOCUMENT), 1, compressed=True)
    assert again.status == 409

    plain_headers, gzip_headers = server.headers
    assert plain_headers["Content-Type"] == "application/x-ndjson"
    assert "Content-Encoding" not in plain_headers
    assert gzip_headers["Content-Encoding"] == "gzip"
    path, query = server.requests[0].split("?")
    assert path == f"POST /{STREAM}default/_bulk"
    timeout, query = query.split("&")
    assert timeout == "timeout=10s"
    assert query.removeprefix("filter_path=").split(",") == [
        "errors",
        "items.*.status",
        "items.*.error",
        "items.*.failure_store",
    ]


@pytest.mark.parametrize("parsed", [True, False])
async def test_the_usual_answer_is_not_parsed(server: Server, connect: Connect, parsed: bool) -> None:
    text = '{"errors":false,"items":[{"create":{"status":201}},{"create":{"status":201}}]}' + " " * parsed

    async def answer(_: web.Request, __: list[Document]) -> web.StreamResponse:
        return web.Response(text=text, content_type="application/json", headers={"X-Elastic-Product": "Elasticsearch"})

    server.always = answer
    with patch.object(elasticsearch, "parse_item", side_effect=parse_item) as item:
        assert await connect().async_bulk(DOCUMENT, 2, compressed=False) == [Item(201), Item(201)]
    assert bool(item.called) is parsed


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (item(400, "no", "mapper"), Item(400, "mapper", "no")),
        (item(429, "full", "rejected"), Item(429, "rejected", "full")),
        (item(201, failure_store="not_enabled"), Item(201)),
        (item(201, failure_store="used"), Item(400, "failure_store", "it went to the failure store")),
        ({"create": {"status": 400, "error": "text"}}, Item(400, "", "text")),
        (
            {"create": {"status": 400, "error": {"type": "a", "reason": "b", "caused_by": {"reason": "c"}}}},
            Item(400, "a", "b: c"),
        ),
        (
            {"create": {"status": 400, "error": {"type": "a", "reason": "b", "index": "i"}}},
            Item(400, "a", "b [i]"),
        ),
        (
            {"create": {"status": 400, "error": {"type": "a", "reason": "in [i]", "index": "i"}}},
            Item(400, "a", "in [i]"),
        ),
        ({"create": {"status": "201"}}, Item(0)),
        ({"create": None}, Item(0)),
        ({"index": {"status": 201, "result": "created"}}, Item(201)),
        ({"index": {"status": 200, "result": "updated"}}, Item(201)),
        ({"index": {"status": 200, "result": "noop"}}, Item(200)),
        ({}, Item(0)),
        (None, Item(0)),
    ],
)
async def test_the_result_of_a_document(server: Server, connect: Connect, result: object, expected: Item) -> None:
    async def answer(_: web.Request, __: list[Document]) -> web.Response:
        return elastic({"errors": True, "items": [result]})

    server.always = answer
    (parsed,) = await connect().async_bulk(DOCUMENT, 1, compressed=False)
    assert parsed == expected


@pytest.mark.parametrize("body", [{}, {"items": []}, {"items": {}}, {"items": [item(201), item(201)]}, [], None])
async def test_an_answer_without_a_result_for_each_document(server: Server, connect: Connect, body: object) -> None:
    async def answer(_: web.Request, __: list[Document]) -> web.Response:
        return elastic(body)

    server.always = answer
    with pytest.raises(ElasticsearchError, match="without a result for each"):
        await connect().async_bulk(DOCUMENT, 1, compressed=False)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, ElasticsearchError),
        (401, KeyRefusedError),
        (403, ElasticsearchError),
        (404, ElasticsearchError),
        (413, TooLargeError),
        (429, BusyError),
        (500, BusyError),
        (503, BusyError),
    ],
)
async def test_a_bulk_that_is_rejected_as_a_whole(
    server: Server, connect: Connect, status: int, error: type[ElasticsearchError]
) -> None:
    server.always = refusing(status)
    with pytest.raises(ElasticsearchError) as raised:
        await connect().async_bulk(DOCUMENT, 1, compressed=False)
    assert type(raised.value) is error


@pytest.mark.parametrize(("body", "text"), [({}, "400: "), ({"error": None}, "400: "), ({"error": "why"}, "400: why")])
async def test_a_rejection_has_the_reason_of_elasticsearch(
    server: Server, connect: Connect, body: dict[str, object], text: str
) -> None:
    async def answer(_: web.Request, __: list[Document]) -> web.Response:
        return elastic(body, 400)

    server.always = answer
    with pytest.raises(ElasticsearchError) as raised:
        await connect().async_bulk(DOCUMENT, 1, compressed=False)
    assert str(raised.value) == text.strip()


async def test_a_bulk_that_is_rejected_as_a_whole_has_a_cause_too(server: Server, connect: Connect) -> None:
    async def answer(_: web.Request, __: list[Document]) -> web.StreamResponse:
        reason = "blocked by: [FORBIDDEN/6/cluster read-only (api)];"
        return elastic({"error": {"type": "cluster_block_exception", "reason": reason}}, 403)

    server.always = answer
    with pytest.raises(IndexBlockedError, match="cluster read-only"):
        await connect().async_bulk(DOCUMENT, 1, compressed=False)


async def test_a_missing_privilege_rejects_a_bulk(server: Server, connect: Connect) -> None:
    async def answer(_: web.Request, __: list[Document]) -> web.StreamResponse:
        return elastic({"error": {"type": "security_exception", "reason": "action is unauthorized"}}, 403)

    server.always = answer
    with pytest.raises(PrivilegeMissingError, match="unauthorized"):
        await connect().async_bulk(DOCUMENT, 1, compressed=False)


async def test_whether_the_server_accepts_a_tiny_request(server: Server, connect: Connect) -> None:
    assert await connect().async_accepts_tiny()
    assert server.bulks == []
    server.rejects_tiny = True
    server.always = refusing(413)
    assert not await connect().async_accepts_tiny()
    server.always = refusing(503)
    with pytest.raises(BusyError):
        await connect().async_accepts_tiny()
