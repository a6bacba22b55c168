"""Tests of bulks, and of the result of each document."""

import gzip
from unittest.mock import patch

from aiohttp import web
import pytest

from custom_components.anavi_weather.user_station import elasticsearch
from custom_components.anavi_weather.user_station.elasticsearch import STREAM, Item
from custom_components.anavi_weather.user_station.errors import (
    BusyError,
    ElasticsearchError,
    KeyRefusedError,
    PrivilegeMissingError,
    TooLargeError,
)

from .server import DOCUMENT, Connect, Document, Server, elastic, item, out_of_range, refusing


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
    with patch.object(elasticsearch, "_item", side_effect=elasticsearch._item) as item:
        assert await connect().async_bulk(DOCUMENT, 2, compressed=False) == [Item(201), Item(201)]
    assert bool(item.called) is parsed


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (item(400, "no", "mapper"), Item(400, "mapper: no")),
        (item(429, "full", "rejected"), Item(429, "rejected: full")),
        (item(201, failure_store="not_enabled"), Item(201)),
        (item(201, failure_store="used"), Item(400, "it went to the failure store")),
        ({"create": {"status": 400, "error": "text"}}, Item(400, "text")),
        (
            {"create": {"status": 400, "error": {"type": "a", "reason": "b", "caused_by": {"reason": "c"}}}},
            Item(400, "a: b: c"),
        ),
        ({"create": {"status": "201"}}, Item(0)),
        ({"create": None}, Item(0)),
        ({"index": {"status": 201}}, Item(0)),
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
        (403, PrivilegeMissingError),
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


@pytest.mark.parametrize(("body", "text"), [({}, ""), ({"error": None}, ""), ({"error": "why"}, "why")])
async def test_a_rejection_has_the_reason_of_elasticsearch(
    server: Server, connect: Connect, body: dict[str, object], text: str
) -> None:
    async def answer(_: web.Request, __: list[Document]) -> web.Response:
        return elastic(body, 400)

    server.always = answer
    with pytest.raises(ElasticsearchError) as raised:
        await connect().async_bulk(DOCUMENT, 1, compressed=False)
    assert str(raised.value) == f"400: {text}"


@pytest.mark.parametrize(
    ("reason", "end"),
    [
        ("", None),
        ("the date is odd [2026-01-01T00:00:00.000Z,2026-01-02T00:00:00.000Z]", None),
        ("timestamp [x] is outside of ranges of currently writable indices []", None),
        (
            out_of_range("2026-01-02T00:00:00.000Z", "2026-01-03T00:00:00.000Z")["create"]["error"]["reason"],
            "2026-01-03T00:00:00.000Z",
        ),
    ],
)
def test_the_end_of_a_streams_time_range(reason: str, end: str | None) -> None:
    assert Item(400, reason).range_end == end
