"""Simulated Elasticsearch that stores documents, and fails in the ways that tests choose."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
import json
import ssl
import time
from typing import Any, Self

from aiohttp import web

from custom_components.anavi_weather.user_station import fleet_index, statistics_index
from custom_components.anavi_weather.user_station.elasticsearch import PRIVILEGES, STREAM, Elasticsearch

ACCEPT_SECONDS = 0.005
NAMESPACE = "default"
KEY_ID, KEY_SECRET = "stations", "very-secret"
API_KEY = "c3RhdGlvbnM6dmVyeS1zZWNyZXQ="  # base64 of KEY_ID:KEY_SECRET

CHALLENGE = {"WWW-Authenticate": "ApiKey"}
DOCUMENT = b'{"create":{}}\n{"@timestamp":"2026-11-25T00:00:00Z","station":{"id":"s"},"entity":{"id":"a.b"}}\n'

type Document = dict[str, Any]
type Item = dict[str, Any]
type Answer = Callable[[web.Request, list[Document]], Awaitable[web.StreamResponse]]
type Connect = Callable[..., Elasticsearch]


def item(status: int, reason: str = "", kind: str = "some_exception", **more: object) -> Item:
    """Return the result of one document in a bulk's answer."""
    error = {"error": {"type": kind, "reason": reason}} if reason else {}
    return {"create": {"status": status, **error, **more}}


def bad(reason: str) -> Item:
    """Return the result of a document that can never be stored."""
    return item(HTTPStatus.BAD_REQUEST, reason, "document_parsing_exception")


def out_of_range(*ends: str) -> Item:
    """Return the result of a document outside of the stream's time ranges, which have these ends."""
    ranges = "; ".join(f"[2026-01-01T00:00:00.000Z,{end}]" for end in ends)
    reason = f"the document timestamp [now] is outside of ranges of currently writable indices [{ranges}]"
    return item(HTTPStatus.BAD_REQUEST, reason, "timestamp_error")


def elastic(body: object, status: int = HTTPStatus.OK) -> web.Response:
    """Return an answer of Elasticsearch, which does not identify itself to clients without a privilege."""
    headers = {"X-Elastic-Product": "Elasticsearch"}
    if status == HTTPStatus.UNAUTHORIZED:
        headers = CHALLENGE
    elif status == HTTPStatus.FORBIDDEN and "security_exception" in str(body):
        headers = {}
    return web.json_response(body, status=status, headers=headers)


def stream(*indices: str, **more: object) -> dict[str, Any]:
    """Return a stream with the unique ids of its indices, as a time series. Their first letters are the names."""
    described = [{"index_name": index[0], "index_uuid": index} for index in indices]
    return {"name": STREAM + NAMESPACE, "indices": described, "time_series": {}, **more}


def refusing(status: int, *, text: str = "") -> Answer:
    """Return an answer that rejects a whole request."""

    async def answer(_: web.Request, __: list[Document]) -> web.StreamResponse:
        return elastic({"error": {"type": "refused", "reason": text or str(status)}, "status": status}, status)

    return answer


def once(failing: str, *results: Item) -> Callable[[Document], Item | None]:
    """Return a state's results, one after another, before it is stored."""
    left = list(results)
    return lambda document: left.pop(0) if left and document["state"].get("value") == failing else None


def _expect_clients_that_hang_up() -> None:
    """Ignore errors of connections whose client does not trust the certificate."""
    loop = asyncio.get_running_loop()
    handler = loop.get_exception_handler()

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if "incoming connection" in context["message"]:
            return
        (handler or type(loop).default_exception_handler)(loop, context)

    loop.set_exception_handler(handle)


class Server:
    """Simulated user station on loopback."""

    def __init__(self) -> None:
        """Initialize the server with an empty stream."""
        self.documents: list[Document] = []
        """Stored documents, in the order of their arrival."""
        self.bulks: list[list[Document]] = []
        """Documents of each bulk, whether stored or not."""
        self.requests: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.answers: deque[Answer | None] = deque()
        """Answers to the next bulks; None: the documents are stored."""
        self.always: Answer | None = None
        """Answer to every bulk."""
        self.items: Callable[[Document], Item | None] = lambda _: None
        """Returns the result of a document that is not stored."""
        self.rejects_tiny = False
        """Whether even the smallest request is answered like the others."""
        self.loses: Callable[[], bool] = lambda: False
        """Returns whether a request is processed, but its answer is lost with the connection."""
        self.check: Callable[[web.Request], Awaitable[web.StreamResponse | None]] | None = None
        """Answers requests other than bulks."""
        self.privileges = dict.fromkeys(PRIVILEGES, True)
        self.station_id: str | None = None
        """Station that the key belongs to."""
        self.streams: list[dict[str, Any]] | None = [stream("1")]
        self.downsampled: set[str] | None = set()
        """Indices of the stream that were downsampled in place; None: an error answers the request for settings."""
        self.settings: dict[str, dict[str, Any]] = {}
        """Other settings of indices."""
        self.ahead = 0.0
        """Seconds that its clock is ahead of ours."""
        self.statistics: dict[str, Document] = {}
        """Documents of the index of statistics by id."""
        self.statistics_bulks: list[list[str]] = []
        """Ids of each bulk of statistics, whether stored or not."""
        self.statistics_answers: deque[Answer | None] = deque()
        """Answers to the next bulks of statistics; None: the documents are stored."""
        self.statistics_items: Callable[[str], Item | None] = lambda _: None
        """Returns the result of a document that is not stored, by its id."""
        self.statistics_privileges = dict.fromkeys(statistics_index.PRIVILEGES, True)
        self.statistics_index: str | None = "1"
        """Id of the index of statistics; None: the index does not exist."""
        self.fleet: dict[str, Any] | None = None
        """Answer to searches for summaries; None: the index does not exist."""
        self.fleet_queries: list[dict[str, Any]] = []
        self.disks: dict[str, Any] | None = {"total_in_bytes": 100, "available_in_bytes": 25}
        """The disk of the server; None: the key may not know."""
        self._known: set[tuple[str, str, str]] = set()
        self._runner: web.ServerRunner | None = None
        self._tls: ssl.SSLContext | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """Return the address."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    async def start(self, tls: ssl.SSLContext | None = None) -> Self:
        """Listen, on the same port as before."""
        self._tls = tls
        if tls:
            _expect_clients_that_hang_up()
        self._runner = web.ServerRunner(web.Server(self._handle), shutdown_timeout=0.01)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, ssl_context=tls, reuse_address=True)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner:
            # A connection that was just accepted joins the server first: asyncio fails if there is none any more.
            await asyncio.sleep(ACCEPT_SECONDS)
            await self._runner.cleanup()
        self._runner = None

    def values(self) -> list[str | None]:
        """Return the stored states."""
        return [document["state"].get("value") for document in self.documents]

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        assert isinstance(request, web.BaseRequest)
        self.requests.append(f"{request.method} {request.rel_url}")
        self.headers.append(dict(request.headers))
        with suppress(ConnectionResetError):
            answer = await self._answer(request)  # type: ignore[arg-type]
            if self.loses() and request.transport:
                request.transport.abort()
            return answer
        return web.Response()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == f"/{statistics_index.INDEX}{NAMESPACE}/_bulk":
            return await self._answer_statistics(request)
        if not request.path.endswith("/_bulk"):
            if self.check and (answer := await self.check(request)):
                return answer
            return await self._about(request)
        lines = (await request.read()).split(b"\n")
        assert lines.pop() == b""
        assert set(lines[::2]) <= {b'{"create":{}}'}
        documents: list[Document] = [json.loads(line) for line in lines[1::2]]
        if documents[0].keys() <= {"station"} and len(documents) == 1 and not self.rejects_tiny:
            if not self.streams:
                if failed := self.items({}):
                    return elastic({"errors": True, "items": [failed]})
                self.streams = [stream("2")]  # as its template says
            return elastic({"items": [item(400, "Error extracting routing", "illegal_argument_exception")]})
        self.bulks.append(documents)
        answer_ = self.answers.popleft() if self.answers else self.always
        if answer_:
            return await answer_(request, documents)
        return elastic({"errors": True, "items": self.store(documents)})

    async def _answer_statistics(self, request: web.Request) -> web.StreamResponse:
        lines = (await request.read()).split(b"\n")
        assert lines.pop() == b""
        ids: list[str] = [json.loads(line)["index"]["_id"] for line in lines[::2]]
        documents: list[Document] = [json.loads(line) for line in lines[1::2]]
        self.statistics_bulks.append(ids)
        if self.statistics_answers and (answer := self.statistics_answers.popleft()):
            return await answer(request, documents)
        items = [
            self.statistics_items(document_id) or self._overwrite(document_id, document)
            for document_id, document in zip(ids, documents, strict=True)
        ]
        return elastic({"errors": True, "items": items})

    def _overwrite(self, document_id: str, document: Document) -> Item:
        if self.statistics_index is None:
            return {
                "index": item(403, "action [indices:admin/auto_create] is unauthorized", "security_exception")["create"]
            }
        own = self.station_id or document["station"]["id"]
        if document["station"]["id"] != own or not document_id.startswith(f"{own}:"):
            return {"index": self._other_station()["create"]}
        is_new = document_id not in self.statistics
        self.statistics[document_id] = document
        result, status = ("created", HTTPStatus.CREATED) if is_new else ("updated", HTTPStatus.OK)
        return {"index": {"result": result, "status": status}}

    def store(self, documents: list[Document]) -> list[Item]:
        """Store documents of the key's station, each once."""
        return [self.items(document) or self._refuse(document) or self._store(document) for document in documents]

    def _refuse(self, document: Document) -> Item | None:
        if self.station_id in {None, document["station"]["id"]}:
            return None
        return self._other_station()

    def _other_station(self) -> Item:
        reason = f"this API key belongs to the station {self.station_id}, not to the station of the document"
        return item(HTTPStatus.INTERNAL_SERVER_ERROR, reason, "fail_processor_exception")

    def _store(self, document: Document) -> Item:
        key = (document["station"]["id"], document["entity"]["id"], document["@timestamp"])
        if key in self._known:
            return item(HTTPStatus.CONFLICT, "version conflict", "version_conflict_engine_exception")
        self._known.add(key)
        self.documents.append(document)
        return item(HTTPStatus.CREATED)

    async def _about(self, request: web.Request) -> web.Response:
        if request.headers["Authorization"] != f"ApiKey {API_KEY}":
            return elastic({"error": {"type": "security_exception", "reason": "unable to authenticate"}}, 401)
        if request.path == f"/{fleet_index.INDEX}{NAMESPACE}/_search":
            self.fleet_queries.append(json.loads(await request.read())["query"])
            return elastic(self.fleet or {"error": {"type": "index_not_found_exception"}}, 200 if self.fleet else 404)
        if request.path == "/_nodes/stats/fs":
            if self.disks is None:
                return elastic({"error": {"type": "security_exception"}}, 403)
            return elastic({"nodes": {"node": {"fs": {"total": self.disks}}}})
        if request.path.endswith("/_security/user/_has_privileges"):
            (name,) = json.loads(await request.read())["index"][0]["names"]
            found = {
                STREAM + NAMESPACE: self.privileges,
                statistics_index.INDEX + NAMESPACE: self.statistics_privileges,
            }[name]
            return elastic({"has_all_requested": all(found.values()), "index": {name: dict(found)}})
        if request.path == f"/{statistics_index.INDEX}{NAMESPACE}/_settings":
            if self.statistics_index is None:
                return elastic({"error": {"type": "index_not_found_exception"}}, 404)
            return elastic({request.path: {"settings": {"index": {"uuid": self.statistics_index}}}})
        if request.path.endswith("/_security/api_key"):
            assert request.query["id"] == KEY_ID
            return elastic({"api_keys": [{"metadata": {"station_id": self.station_id}}]} if self.station_id else {})
        if request.path.endswith("/_settings"):
            if self.downsampled is None:
                return elastic({"error": {"type": "index_not_found_exception"}}, 404)
            status = {"settings": {"index": {"downsample": {"status": "success"}}}}
            others = {name: {"settings": {"index": settings}} for name, settings in self.settings.items()}
            return elastic(dict.fromkeys(self.downsampled, status) | others)
        if request.path.endswith("/_lifecycle/explain"):
            created = int((time.time() + self.ahead) * 1000) - 3_600_000
            index = {"index_creation_date_millis": created, "time_since_index_creation": "1h"}
            return elastic({"indices": {f".ds-{STREAM}{NAMESPACE}-000001": index}})
        if self.streams is None:
            return elastic({"error": {"type": "index_not_found_exception"}}, 404)
        return elastic({"data_streams": self.streams})
