"""Tests of requests to Elasticsearch, and of its answers."""

import asyncio
from collections.abc import Awaitable, Callable
import errno
import gzip
import logging
import socket
from traceback import format_exception
from unittest.mock import patch

from aiohttp import ClientConnectorError, TCPConnector, web
from aiohttp.client_reqrep import ConnectionKey
import pytest
import trustme
from yarl import URL

from custom_components.anavi_weather.user_station import elasticsearch
from custom_components.anavi_weather.user_station.clock import TOLERANCE
from custom_components.anavi_weather.user_station.elasticsearch import PRIVILEGES, STREAM, Destination, Elasticsearch
from custom_components.anavi_weather.user_station.errors import (
    BusyError,
    CannotConnectError,
    ClockBehindError,
    ElasticsearchError,
    KeyRefusedError,
    NotElasticsearchError,
    NotTimeSeriesError,
    OpenSearchError,
    PrivilegeMissingError,
    TooLargeError,
)

from .certificates import server_context
from .server import API_KEY, DOCUMENT, KEY_ID, KEY_SECRET, Connect, Document, Server, elastic, item, refusing, stream


def plain(status: int, text: str = "", **headers: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return an answer of another service."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=text, content_type="text/html", headers=headers)

    return answer


def elastic_answer(body: object, status: int = 200) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return an answer of Elasticsearch."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return elastic(body, status)

    return answer


async def test_a_key_that_may_write_to_a_time_series_passes(server: Server, connect: Connect) -> None:
    await connect().async_check()
    privileges, stream, clock = server.requests
    assert privileges == "POST /_security/user/_has_privileges"
    assert stream == f"GET /_data_stream/{STREAM}default"
    assert clock.startswith(f"GET /{STREAM}default/_lifecycle/explain?filter_path=")


async def test_privileges_are_checked(server: Server, connect: Connect) -> None:
    asked: list[object] = []

    async def record(request: web.Request) -> None:
        asked.append((await request.json(), request.content_type) if request.method == "POST" else None)

    server.check = record
    await connect().async_check()
    index = {"names": [f"{STREAM}default"], "privileges": ["create_doc", "auto_configure", "view_index_metadata"]}
    assert asked == [({"index": [index]}, "application/json"), None, None]
    assert "Content-Type" not in server.headers[1]
    assert {headers["Accept"] for headers in server.headers} == {"application/json"}


@pytest.mark.parametrize("prefix", ["/es", "/es/"])
async def test_an_address_may_have_a_path(server: Server, connect: Connect, prefix: str) -> None:
    await connect(server.url + prefix).async_check()
    assert server.requests[0] == "POST /es/_security/user/_has_privileges"


async def test_a_server_that_does_not_listen(server: Server, connect: Connect) -> None:
    await server.stop()
    with pytest.raises(CannotConnectError, match=rf"^127\.0\.0\.1:{URL(server.url).port}: Connection refused$"):
        await connect().async_check()


@pytest.mark.parametrize("part", ["headers", "body"])
async def test_a_server_that_hangs_times_out(
    server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    monkeypatch.setattr(elasticsearch, "ANSWER_SECONDS", 0.05)
    released = asyncio.Event()

    async def hang(request: web.Request, _: list[Document] | None = None) -> web.StreamResponse:
        response = web.StreamResponse(headers={"X-Elastic-Product": "Elasticsearch"})
        if part == "body":
            await response.prepare(request)
            await response.write(b'{"items":[')
        await released.wait()
        return response

    server.check = server.always = hang
    with pytest.raises(CannotConnectError, match="no answer in time"):
        await connect().async_check()
    with pytest.raises(CannotConnectError, match="no answer in time"):
        await connect().async_bulk(DOCUMENT, 1, compressed=False)
    released.set()


def test_a_server_that_answers_after_twenty_seconds_is_waited_for() -> None:
    """Case 28: the checks are as patient as the bulk."""
    assert elasticsearch.ANSWER_SECONDS == 30


async def test_a_request_whose_connection_breaks_is_repeated(server: Server, connect: Connect) -> None:
    server.loses = lambda: len(server.requests) < elasticsearch.ATTEMPTS
    (result,) = await connect().async_bulk(DOCUMENT, 1, compressed=False)
    assert result.status == 409, "the first attempt stored it"
    assert len(server.requests) == elasticsearch.ATTEMPTS

    server.requests.clear()
    server.loses = lambda: True
    with pytest.raises(CannotConnectError):
        await connect().async_check()
    assert server.requests == ["POST /_security/user/_has_privileges"] * elasticsearch.ATTEMPTS


@pytest.mark.parametrize(
    ("error", "attempts", "text"),
    [
        (ConnectionResetError(errno.ECONNRESET, "Call failed"), elasticsearch.ATTEMPTS, "Connection reset by peer"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Call failed"), 1, "Connection refused"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), 1, "Name or service not known"),
        (OSError("no route"), 1, "no route"),
    ],
)
async def test_a_connection_that_is_reset_at_once_is_repeated(
    server: Server, connect: Connect, error: OSError, attempts: int, text: str
) -> None:
    """A server that is down, or whose name is unknown, is not asked again at once."""
    key = ConnectionKey("example.org", 9200, True, True, None, None, None, None)
    with (
        patch.object(TCPConnector, "connect", side_effect=ClientConnectorError(key, error)) as connecting,
        pytest.raises(CannotConnectError, match=f"^example.org:9200: {text}$"),
    ):
        await connect().async_check()
    assert connecting.call_count == attempts


@pytest.mark.parametrize("beginning", [b"", b'{"items":['])
async def test_a_connection_that_is_cut(server: Server, connect: Connect, beginning: bytes) -> None:
    async def break_off(request: web.Request, _: list[Document]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"X-Elastic-Product": "Elasticsearch", "Content-Length": "100"})
        if beginning:
            await response.prepare(request)
            await response.write(beginning)
        assert request.transport
        request.transport.abort()
        return response

    server.always = break_off
    with pytest.raises(CannotConnectError):
        await connect().async_bulk(DOCUMENT, 1, compressed=False)


@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        (plain(200, "<html>Router</html>"), NotElasticsearchError, "200"),
        (plain(404, "<html>Kibana</html>"), NotElasticsearchError, "404"),
        (plain(401, "<html>Proxy</html>"), NotElasticsearchError, "401"),
        (plain(401, "<html>Proxy</html>", **{"WWW-Authenticate": "Basic"}), NotElasticsearchError, "401"),
        (plain(302, "", Location="/login"), NotElasticsearchError, "302"),
        (plain(403, "<html>Proxy</html>"), NotElasticsearchError, "403"),
        (plain(403, '{"error": "Router"}'), NotElasticsearchError, "403"),
        (plain(400, "{}", **{"X-OpenSearch-Version": "OpenSearch/3.7.0"}), OpenSearchError, "OpenSearch/3.7.0"),
        (plain(401, "", **{"WWW-Authenticate": 'Basic realm="OpenSearch Security"'}), OpenSearchError, "401"),
        (elastic_answer({}, 404), NotElasticsearchError, "404 to _has_privileges"),
        (plain(502, "<html>Bad gateway</html>"), BusyError, "502"),
        (elastic_answer({"error": "starting"}, 503), BusyError, "starting"),
        (plain(501, "<html>No POST here</html>"), NotElasticsearchError, "501"),
        (elastic_answer({}, 429), BusyError, "429"),
        (plain(408, "<html>Timeout</html>"), CannotConnectError, "408"),
        (plain(413, "<html>Too large</html>"), TooLargeError, "413"),
        (elastic_answer({"error": {"type": "security_exception"}}, 401), KeyRefusedError, "401"),
        (
            elastic_answer(
                {"error": {"type": "security_exception", "reason": "no", "caused_by": {"reason": "why"}}}, 403
            ),
            PrivilegeMissingError,
            "security_exception: no: why",
        ),
        (elastic_answer([]), PrivilegeMissingError, ", ".join(PRIVILEGES)),
        (elastic_answer({"has_all_requested": "true", "index": None}), PrivilegeMissingError, ", ".join(PRIVILEGES)),
    ],
)
async def test_a_check_that_fails(
    server: Server,
    connect: Connect,
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]],
    error: type[ElasticsearchError],
    text: str,
) -> None:
    server.check = answer
    with pytest.raises(ElasticsearchError) as raised:
        await connect().async_check()
    assert type(raised.value) is error
    assert str(raised.value) == text
    assert len(server.requests) == 1, "a redirect is not followed: the key would go with it"


@pytest.mark.parametrize("content", ["<html>", '{"has_all_requested":', '{"has_all_requested": NaN}', "\udcff"])
async def test_an_answer_that_is_not_json(server: Server, connect: Connect, content: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        body = content.encode(errors="surrogateescape")
        return web.Response(body=body, headers={"X-Elastic-Product": "Elasticsearch"})

    server.check = answer
    with pytest.raises(ElasticsearchError, match="not JSON") as raised:
        await connect().async_check()
    assert raised.value.key == "unexpected_answer"


async def test_an_endless_answer_is_abandoned(
    server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elasticsearch, "MAX_ANSWER", 1_000_000)
    written = 0

    async def flood(request: web.Request) -> web.StreamResponse:
        nonlocal written
        response = web.StreamResponse(headers={"X-Elastic-Product": "Elasticsearch"})
        await response.prepare(request)
        while request.transport and not request.transport.is_closing():
            await response.write(b" " * 100_000)
            written += 100_000
        return response

    server.check = flood
    with pytest.raises(ElasticsearchError, match="without end"):
        await connect().async_check()
    assert written < 50_000_000


async def test_a_decompression_bomb_is_abandoned(
    server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elasticsearch, "MAX_ANSWER", 1_000_000)

    async def bomb(_: web.Request) -> web.StreamResponse:
        headers = {"X-Elastic-Product": "Elasticsearch", "Content-Encoding": "gzip"}
        return web.Response(body=gzip.compress(b" " * 20_000_000), headers=headers)

    server.check = bomb
    with pytest.raises(ElasticsearchError, match="without end"):
        await connect().async_check()


@pytest.mark.parametrize("missing", PRIVILEGES)
async def test_a_missing_privilege_is_named(server: Server, connect: Connect, missing: str) -> None:
    server.privileges[missing] = False
    with pytest.raises(PrivilegeMissingError) as raised:
        await connect().async_check()
    assert str(raised.value) == missing


@pytest.mark.parametrize(
    ("streams", "error"),
    [
        (None, NotTimeSeriesError),
        ([], NotTimeSeriesError),
        ([{"name": f"{STREAM}default"}], NotTimeSeriesError),
        (["time_series"], NotTimeSeriesError),
        ({"time_series": {}}, NotTimeSeriesError),
    ],
)
async def test_a_stream_that_would_store_states_twice(
    server: Server, connect: Connect, streams: list[dict[str, object]] | None, error: type[ElasticsearchError]
) -> None:
    server.streams = streams
    with pytest.raises(error) as raised:
        await connect().async_check()
    assert str(raised.value) == f"{STREAM}default"


@pytest.mark.parametrize(
    ("streams", "indices"),
    [
        ([stream("a", "b1")], {"a": "a", "b": "b1"}),
        ([stream()], {}),
        ([stream(indices=None)], {}),
        ([stream(indices=["a", {"index_name": "b", "index_uuid": 5}, {"index_uuid": "c"}])], {}),
    ],
)
async def test_the_indices_of_a_stream(
    server: Server, connect: Connect, streams: list[dict[str, object]], indices: dict[str, str]
) -> None:
    server.streams = streams
    assert await connect().async_check() == indices


async def test_a_stream_that_cannot_be_read(server: Server, connect: Connect) -> None:
    async def answer(request: web.Request) -> web.Response | None:
        return elastic({}, 400) if "_data_stream" in request.path else None

    server.check = answer
    with pytest.raises(ElasticsearchError, match="400 to _data_stream"):
        await connect().async_check()


# The clock


async def test_a_clock_that_is_behind_the_servers(server: Server, connect: Connect) -> None:
    """Case 15."""
    server.ahead = 18 * 86_400
    with pytest.raises(ClockBehindError, match=r"^20..-..-.. ..:.. UTC < 20..-..-.. ..:.. UTC$"):
        await connect().async_check()
    server.ahead = TOLERANCE - 60
    await connect().async_check()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({}, 403),
        ({}, 404),
        ({"indices": []}, 200),
        ({"indices": {"a": None}}, 200),
        ({"indices": {"a": {}}}, 200),
    ],
)
async def test_a_server_that_does_not_tell_its_time(
    server: Server, connect: Connect, body: object, status: int
) -> None:
    server.check = elastic_answer(body, status)
    await connect().async_check_clock()


# The station of the key


@pytest.mark.parametrize("station_id", [None, "0123"])
async def test_a_key_says_whose_it_is(server: Server, connect: Connect, station_id: str | None) -> None:
    server.station_id = station_id
    assert await connect().async_station_id() == station_id
    assert server.requests == ["GET /_security/api_key?id=stations&filter_path=api_keys.metadata.station_id"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 403),
        ({}, 404),
        ({"api_keys": []}, 200),
        ({"api_keys": {}}, 200),
        ({"api_keys": [None]}, 200),
        ({"api_keys": [{"metadata": {"station_id": 7}}]}, 200),
    ],
)
async def test_a_key_that_does_not_say_whose_it_is(server: Server, connect: Connect, body: object, status: int) -> None:
    server.check = elastic_answer(body, status)
    assert await connect().async_station_id() is None


@pytest.mark.parametrize(("status", "error"), [(401, KeyRefusedError), (503, BusyError)])
async def test_a_server_that_cannot_say_whose_a_key_is(
    server: Server, connect: Connect, status: int, error: type[ElasticsearchError]
) -> None:
    server.check = elastic_answer({}, status)
    with pytest.raises(error):
        await connect().async_station_id()


@pytest.mark.parametrize(("api_key", "shown"), [("a", ""), ("/////w==", "%FF%FF%FF%FF"), ("YSZiOmM=", "a%26b")])
async def test_only_the_id_of_a_key_is_in_an_address(
    server: Server, connect: Connect, api_key: str, shown: str
) -> None:
    server.check = elastic_answer({})
    await connect(api_key=api_key).async_station_id()
    assert server.requests[0].startswith(f"GET /_security/api_key?id={shown}&filter_path=")


# The key


async def test_the_key_is_never_shown(
    server: Server, connect: Connect, authority: trustme.CA, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = [repr(Destination(URL("https://host"), API_KEY, "default")), repr(connect())]
    assert shown[0] == f"https://host {STREAM}default"

    async def collect(elasticsearch: Elasticsearch) -> None:
        for request in (elasticsearch.async_check(), elasticsearch.async_bulk(DOCUMENT, 1, compressed=False)):
            with pytest.raises(ElasticsearchError) as raised:
                await request
            error: BaseException | None = raised.value
            while error:
                shown.extend((str(error), repr(error)))
                error = error.__cause__ or error.__context__

    for status in (302, 400, 401, 403, 413, 429, 500):
        server.check, server.always = elastic_answer({}, status), refusing(status)
        await collect(connect())
    await server.stop()
    await collect(connect())
    await server.start(server_context(authority, "127.0.0.1"))
    await collect(connect())
    assert len(shown) > 40
    for text in (*shown, caplog.text):
        assert API_KEY not in text
        assert KEY_SECRET not in text


def repeating(text: str) -> dict[str, object]:
    """Return an error that repeats a text of the request."""
    return {"error": {"type": text, "reason": text, "index": text, "caused_by": {"reason": text}}}


@pytest.mark.parametrize(
    "text", [f"ApiKey {API_KEY}", f"{KEY_ID}:{KEY_SECRET}", f"{KEY_ID}%3A{KEY_SECRET}", f"ApiKey {API_KEY[:22]}…"]
)
async def test_a_server_that_repeats_the_key(server: Server, connect: Connect, text: str) -> None:
    server.check = elastic_answer(repeating(text), 403)
    with pytest.raises(ElasticsearchError, match=r"\[API key\]") as refused:
        await connect().async_check()
    server.check = plain(400, "{}", **{"X-OpenSearch-Version": text})
    with pytest.raises(OpenSearchError, match=r"\[API key\]") as foreign:
        await connect().async_check()
    server.items = lambda _: item(400, text, text)
    (result,) = await connect().async_bulk(DOCUMENT, 1, compressed=False)
    shown = [
        str(refused.value),
        str(foreign.value),
        result.kind,
        result.reason,
        result.mistake,
        result.text,
        str(result.error),
    ]
    assert not [one for one in shown if API_KEY[:22] in one or KEY_SECRET in one]


async def test_a_server_that_repeats_the_request_instead_of_an_answer(server: Server, connect: Connect) -> None:
    async def repeat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        headers = await reader.readuntil(b"\r\n\r\n")
        writer.write(next(line for line in headers.splitlines() if API_KEY.encode() in line) + b"\r\n\r\n")
        writer.close()

    listener = await asyncio.start_server(repeat, "127.0.0.1", 0)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        with pytest.raises(CannotConnectError, match=r"\[API key\]") as raised:
            await connect(f"http://127.0.0.1:{port}").async_check()
    # A traceback in the log shows the cause too
    assert API_KEY.rstrip("=") not in "".join(format_exception(raised.value))
