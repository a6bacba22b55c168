"""Client of Elasticsearch 8.12 to 9.x. No other module of forwarding uses HTTP."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from http import HTTPStatus
import os
import re
import ssl
import time
from typing import NamedTuple, override

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
    ConnectionTimeoutError,
)
import orjson
from yarl import URL

from homeassistant.util.json import JsonObjectType

from .answers import Item
from .api_key import ApiKey
from .clock import compare_clock
from .content import CREATED, all_created, as_object, is_closed_for_good, parse_item, parse_object, parse_result
from .errors import (
    BusyError,
    CannotConnectError,
    CertificateExpiredError,
    CertificateInvalidError,
    CertificateNotYetValidError,
    ElasticsearchError,
    KeyRefusedError,
    NotElasticsearchError,
    NoTlsError,
    NotTimeSeriesError,
    OpenSearchError,
    PrivilegeMissingError,
    StorageError,
    TlsNotTrustedError,
    TooLargeError,
    error_for_status,
)
from .patience import Patience

STREAM = "metrics-anavi_weather.state-"
PRIVILEGES = ("create_doc", "auto_configure", "view_index_metadata")

ANSWER_SECONDS, CONNECT_SECONDS = 30.0, 10.0
# Of the server for an index without an active shard, which must not keep it from answering for the other indices
SHARD_TIMEOUT = "10s"
ATTEMPTS = 3  # of a request whose connection breaks; each request may be repeated without harm
BULK_ANSWER = "errors,items.*.status,items.*.error,items.*.failure_store"
INDEX_AGE = ("index_creation_date_millis", "time_since_index_creation")
AGES = ",".join(f"indices.*.{name}" for name in INDEX_AGE)
MAX_ANSWER = 4_000_000  # bytes
CHUNK = 65_536

NAMESPACE = re.compile(r"[a-z0-9_.]{1,100}")

# By the codes of OpenSSL's X509_verify_cert_error_string. All others mean that a certificate is not trusted
VERIFY_ERRORS: Mapping[int | None, type[ElasticsearchError]] = {
    9: CertificateNotYetValidError,
    10: CertificateExpiredError,
}

CREATE = b'{"create":{}}\n'
TINY = CREATE + b"{}\n"  # a document without a time, which no stream stores


class Destination(NamedTuple):
    """The stream on a server that a station writes to."""

    url: URL
    api_key: str
    namespace: str

    @property
    def stream(self) -> str:
        """Return the name of the data stream."""
        return STREAM + self.namespace

    @override
    def __repr__(self) -> str:
        """Return a description without the key."""
        return f"{self.url} {self.stream}"


class Elasticsearch:
    """Client of a stream on a server."""

    def __init__(self, session: ClientSession, destination: Destination, trusted: ssl.SSLContext | bool | None) -> None:
        """Initialize the client.

        Args:
            session: Home Assistant's HTTP session.
            destination: The stream, and the key for it.
            trusted: The result of `tls.trust`; None: the stored certificate is damaged, so that no request is possible.
        """
        self._session = session
        self._destination = destination
        self._key = ApiKey(destination.api_key)
        self._trusted = trusted
        # A quick answer to a question says nothing about documents, so each kind of content has its own
        self._patience: defaultdict[str, Patience] = defaultdict(lambda: Patience(ANSWER_SECONDS))
        self.repeated_count = 0
        """Number of requests that were sent again because their connection broke."""

    async def async_check(self) -> Mapping[str, str]:
        """Check that the key may write, that the stream stores each state once, and that this clock is not behind.

        Returns:
            The unique ids of the stream's indices.

        Raises:
            ElasticsearchError: if it may not, does not, or cannot be checked.
        """
        stream = self._destination.stream
        if missing := await self._async_missing(stream, PRIVILEGES):
            raise PrivilegeMissingError(", ".join(missing))
        indices = await self.async_indices()
        await self.async_check_clock()
        return indices

    async def async_indices(self) -> Mapping[str, str]:
        """Check that the stream stores each state once.

        Returns:
            The unique ids of its indices by their names. An index that is created again or restored has another one.

        Raises:
            NotTimeSeriesError: if it does not exist, or does not store each state once.
            ElasticsearchError: if it cannot be checked.
        """
        stream = self._destination.stream
        status, content = await self._async_request("GET", f"_data_stream/{stream}", b"", "")
        if status == HTTPStatus.NOT_FOUND:
            raise NotTimeSeriesError(stream)
        if status != HTTPStatus.OK:
            raise ElasticsearchError(f"{status} to _data_stream")
        streams = parse_object(content).get("data_streams")
        found = as_object(streams[0]) if isinstance(streams, list) and streams else {}
        if "time_series" not in found:
            raise NotTimeSeriesError(stream)
        indices = found.get("indices")
        described = [as_object(index) for index in indices] if isinstance(indices, list) else []
        ids = [(index.get("index_name"), index.get("index_uuid")) for index in described]
        return {name: unique_id for name, unique_id in ids if isinstance(name, str) and isinstance(unique_id, str)}

    async def _async_missing(self, name: str, privileges: Sequence[str]) -> Sequence[str]:
        """Return the privileges on a stream or an index that the key lacks."""
        wanted = {"index": [{"names": [name], "privileges": privileges}]}
        status, content = await self._async_request(
            "POST", "_security/user/_has_privileges", orjson.dumps(wanted), "application/json"
        )
        if status != HTTPStatus.OK:
            raise NotElasticsearchError(f"{status} to _has_privileges")
        answer = parse_object(content)
        if answer.get("has_all_requested") is True:
            return ()
        found = as_object(as_object(answer.get("index")).get(name))
        return [privilege for privilege in privileges if found.get(privilege) is not True]

    async def async_check_clock(self) -> None:
        """Check that the server's clock is not ahead of this machine's, if an index shows the server's time.

        Raises:
            ClockBehindError: if it is ahead.
            ElasticsearchError: if the server does not answer.
        """
        path = f"{self._destination.stream}/_lifecycle/explain?filter_path={AGES}"
        try:
            _, content = await self._async_request("GET", path, b"", "")
        except PrivilegeMissingError:
            return
        for index in as_object(parse_object(content).get("indices")).values():
            fields = as_object(index)
            compare_clock(time.time(), *(fields.get(name) for name in INDEX_AGE))

    async def async_station_id(self) -> str | None:
        """Return the id of the station that the key belongs to.

        Returns:
            None if the key belongs to no station, so that it may write as any.

        Raises:
            ElasticsearchError: if the server does not answer.
        """
        # Every key may read its own metadata, if it names itself
        path = f"_security/api_key?id={self._key.id}&filter_path=api_keys.metadata.station_id"
        try:
            _, content = await self._async_request("GET", path, b"", "")
        except PrivilegeMissingError:
            return None
        keys = parse_object(content).get("api_keys")
        key = as_object(keys[0]) if isinstance(keys, list) and keys else {}
        station_id = as_object(key.get("metadata")).get("station_id")
        return station_id if isinstance(station_id, str) else None

    async def async_closed_for_good(self) -> frozenset[str]:
        """Return the names of the stream's indices that never accept documents again.

        They were downsampled in place, or are searchable snapshots.

        Raises:
            ElasticsearchError: if the server does not answer.
        """
        settings = "downsample.status", "store.type"
        found = ",".join(f"*.settings.index.{setting}" for setting in settings)
        path = f"{self._destination.stream}/_settings?filter_path={found}"
        status, content = await self._async_request("GET", path, b"", "")
        indices = parse_object(content) if status == HTTPStatus.OK else {}
        return frozenset(name for name, index in indices.items() if is_closed_for_good(as_object(index)))

    async def async_bulk(self, body: bytes, count: int, *, compressed: bool) -> Sequence[Item]:
        """Store documents, and return the result of each.

        Args:
            body: The lines of a `_bulk`.
            count: The number of documents in it.
            compressed: Whether it is compressed with gzip.

        Raises:
            ElasticsearchError: if the results are unknown, or the request was rejected as a whole.
        """
        path = f"{self._destination.stream}/_bulk?timeout={SHARD_TIMEOUT}&filter_path={BULK_ANSWER}"
        return await self._async_bulk(path, body, count, compressed=compressed)

    async def _async_bulk(self, path: str, body: bytes, count: int, *, compressed: bool) -> Sequence[Item]:
        status, content = await self._async_request("POST", path, body, "application/x-ndjson", compressed=compressed)
        if status == HTTPStatus.OK and content == all_created(count):
            # Nearly always. Parsing would create thousands of objects, which cost the event loop time for them and for
            # Python's garbage collector
            return [CREATED] * count
        answer = parse_object(content)
        if status != HTTPStatus.OK:
            raise self._key.redact_item(parse_result(status, answer)).error
        items = answer.get("items")
        if not isinstance(items, list) or len(items) != count:
            raise ElasticsearchError("an answer without a result for each document")
        return [self._key.redact_item(parse_item(item)) for item in items]

    async def async_create_stream(self) -> None:
        """Let the server create the stream by its template, for a document that it then rejects.

        Raises:
            ElasticsearchError: if the server cannot.
        """
        # The server's pipeline rejects documents of other stations before the stream is created
        document = orjson.dumps({"station": {"id": await self.async_station_id()}})
        (item,) = await self.async_bulk(CREATE + document + b"\n", 1, compressed=False)
        if isinstance(item.error, StorageError):
            raise item.error

    async def async_accepts_tiny(self) -> bool:
        """Return whether a request of a few bytes is neither too large nor rejected whatever is in it.

        Raises:
            ElasticsearchError: if no documents can be stored now.
        """
        try:
            await self.async_bulk(TINY, 1, compressed=False)
        except ElasticsearchError as err:
            if type(err) in (ElasticsearchError, NotElasticsearchError, TooLargeError):
                return False
            raise
        return True

    async def _async_request(
        self,
        method: str,
        path: str,
        body: bytes,
        content_type: str,
        *,
        compressed: bool = False,
    ) -> tuple[int, bytes]:
        headers = {"Authorization": f"ApiKey {self._destination.api_key}", "Accept": "application/json"}
        if body:
            headers["Content-Type"] = content_type
        if compressed:
            headers["Content-Encoding"] = "gzip"
        url = URL(f"{str(self._destination.url).rstrip('/')}/{path}", encoded=True)
        attempt = 1
        while True:
            try:
                return await self._async_attempt(method, url, body, headers, self._patience[content_type])
            except (ClientError, OSError, asyncio.IncompleteReadError) as err:
                if not isinstance(err, ConnectionTimeoutError):  # nothing listens, so the server is not slow
                    self._patience[content_type].record_error(err)
                if attempt == ATTEMPTS or not _is_broken_connection(err):
                    error, text = _connection_error(err)
                    raise error(self._key.redact_text(text)) from None  # whose text may have the key
            attempt += 1
            self.repeated_count += 1

    async def _async_attempt(
        self, method: str, url: URL, body: bytes, headers: Mapping[str, str], patience: Patience
    ) -> tuple[int, bytes]:
        if self._trusted is None:
            raise CertificateInvalidError
        started = time.monotonic()
        async with self._session.request(
            method,
            url,
            data=body or None,
            headers=headers,
            timeout=ClientTimeout(total=patience.seconds, connect=CONNECT_SECONDS),
            ssl=self._trusted,
            allow_redirects=False,
        ) as response:
            content = self._key.redact(await _read(response))
            patience.record_answer(time.monotonic() - started)
            _raise_for_status(response, content, self._key)
            return response.status, content


def _is_broken_connection(error: Exception) -> bool:
    """Return whether a connection broke, so that the same request may succeed at once."""
    if isinstance(error, (ClientSSLError, TimeoutError)):
        return False
    return not isinstance(error, ClientConnectorError) or isinstance(error.os_error, ConnectionResetError)


def _connection_error(error: Exception) -> tuple[type[ElasticsearchError], str]:
    """Return the error of a request that has no answer, and its text."""
    if isinstance(error, ClientConnectorCertificateError):
        code = getattr(error.certificate_error, "verify_code", None)
        return VERIFY_ERRORS.get(code, TlsNotTrustedError), str(error)
    if isinstance(error, ClientSSLError):
        return NoTlsError, str(error)
    if isinstance(error, TimeoutError):
        return CannotConnectError, "no answer in time"
    if isinstance(error, ClientConnectorError):
        return CannotConnectError, f"{error.host}:{error.port}: {_reason(error.os_error)}"
    return CannotConnectError, str(error) or type(error).__name__


def _reason(error: OSError) -> str:
    """Return why a connection failed. Python's own text repeats the address; a name that is not found has a negative errno."""
    return os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)


def _raise_for_status(response: ClientResponse, content: bytes, key: ApiKey) -> None:
    """Raise the error of an answer that rejects a whole request, or that is not from Elasticsearch.

    Raises:
        ElasticsearchError: if it does, or is not.
    """
    status = response.status
    error = error_for_status(status)
    # With its security plugin, it names itself when it does not know the kind of key
    if "X-OpenSearch-Version" in response.headers or any(
        "OpenSearch" in scheme for scheme in response.headers.getall("WWW-Authenticate", ())
    ):
        raise OpenSearchError(key.redact_text(response.headers.get("X-OpenSearch-Version", str(status))))
    is_elasticsearch = response.headers.get("X-Elastic-Product") == "Elasticsearch" or _is_forbidden(status, content)
    # Proxies in front of the server answer so too. A server that does not implement POST is not Elasticsearch
    if (
        error in (BusyError, CannotConnectError, TooLargeError)
        and status != HTTPStatus.NOT_IMPLEMENTED
        and not is_elasticsearch
    ):
        raise error(str(status))
    # Elasticsearch does not identify itself to a client that it cannot authenticate
    if error is KeyRefusedError and "ApiKey" in response.headers.getall("WWW-Authenticate", ()):
        raise error(str(status))
    if not is_elasticsearch:
        raise NotElasticsearchError(str(status))
    # The other statuses depend on the path, so callers decide
    if error is not ElasticsearchError:
        raise key.redact_item(parse_result(status, parse_object(content))).error


def _is_forbidden(status: int, content: bytes) -> bool:
    """Return whether Elasticsearch rejects a request for a missing privilege: then it does not identify itself."""
    return status == HTTPStatus.FORBIDDEN and parse_result(status, _object(content)).kind == "security_exception"


def _object(content: bytes) -> JsonObjectType:
    """Return the object in an answer, an empty one if it is not JSON, as a proxy's is."""
    try:
        return parse_object(content)
    except ElasticsearchError:
        return {}


async def _read(response: ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK):
        content += chunk
        if len(content) > MAX_ANSWER:
            raise ElasticsearchError("an answer without end")
    return bytes(content)
