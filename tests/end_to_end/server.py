"""An administrator's client for a real Elasticsearch."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
import json
import os
from pathlib import Path
import re
import shlex
import subprocess
import time
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

SETUP = Path(__file__).parents[2] / "docker/user_station/elasticsearch/setup"
PAGE = 5000
REQUIRED_NODE = "index.routing.allocation.require._name"
ATTEMPTS = 3
DAY = 86_400
NANOSECOND_DIGITS = 9
NANOSECONDS = 1_000_000_000  # in a second


class Document(NamedTuple):
    """The fields that are compared with a row of the recorder; times in ns."""

    entity_id: str
    timestamp: int
    changed: int
    value: str | None
    attributes: str | None
    removed: bool


class Server:
    """A server named by the environment."""

    def __init__(self, url: str) -> None:
        """Initialize the client with the administrator's account."""
        self.url = url
        self._username = os.environ["ELASTICSEARCH_USERNAME"]
        self._password = os.environ["ELASTICSEARCH_PASSWORD"]
        self.created: set[str] = set()

    @property
    def address(self) -> tuple[str, int]:
        """Return where it listens."""
        parts = urlsplit(self.url)
        return parts.hostname or "localhost", parts.port or 9200

    def request(self, method: str, path: str, body: object = None) -> Any:
        """Return the answer.

        Raises:
            HTTPError: if the status is an error.
        """
        return self._send(method, path, None if body is None else json.dumps(body).encode())

    def _send(
        self,
        method: str,
        path: str,
        data: bytes | None,
        content_type: str = "application/json",
        api_key: str | None = None,
    ) -> Any:
        credentials = b64encode(f"{self._username}:{self._password}".encode()).decode()
        authorization = f"ApiKey {api_key}" if api_key else f"Basic {credentials}"
        headers = {"Authorization": authorization, "Content-Type": content_type}
        with urlopen(Request(f"{self.url}/{path}", data, headers, method=method), timeout=300) as response:
            return json.load(response)

    def bulk(self, namespace: str, documents: list[dict[str, Any]], api_key: str | None = None) -> list[dict[str, Any]]:
        """Store documents in a stream, and return the result of each."""
        lines = "".join(f'{{"create":{{}}}}\n{json.dumps(document)}\n' for document in documents)
        path = f"metrics-anavi_weather.state-{namespace}/_bulk"
        answer = self._send("POST", path, lines.encode(), "application/x-ndjson", api_key)
        return [item["create"] for item in answer["items"]]

    def setup(self, namespace: str, *arguments: str) -> str:
        """Run the user station's own script, and return what it prints."""
        self.created.add(namespace)
        result = subprocess.run(
            [SETUP, *arguments],
            env={**os.environ, "ELASTICSEARCH_URL": self.url, "NAMESPACE": namespace},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    def recreate_stream(self, namespace: str) -> None:
        """Create an empty stream."""
        self.setup(namespace)
        self.delete(namespace)
        self.setup(namespace)

    def add_station(self, namespace: str, name: str) -> str:
        """Return a new API key."""
        return self._add(namespace, "add-station", name)

    def add_reader(self, namespace: str, name: str) -> str:
        """Return a new API key for the summaries of a fleet, which follow the states within seconds."""
        api_key = self._add(namespace, "add-reader", name)
        soon = {"frequency": "1s", "sync": {"time": {"field": "@timestamp", "delay": "1s"}}}
        self.request("POST", f"_transform/anavi_weather-fleet-{namespace}/_update", soon)
        return api_key

    def _add(self, namespace: str, command: str, name: str) -> str:
        match = re.search(r"^API key: +(\S+)$", self.setup(namespace, command, name), re.MULTILINE)
        assert match
        return match[1]

    def summaries(self, namespace: str) -> list[dict[str, Any]]:
        """Return the summaries of a fleet's stations."""
        return [hit["_source"] for hit in self._hits(f"fleet-anavi_weather-{namespace}")]

    def documents(self, namespace: str) -> list[Document]:
        """Return all documents of a stream, from all of its backing indices."""
        return [_document(hit["_source"]) for hit in self._hits(f"metrics-anavi_weather.state-{namespace}")]

    def count(self, namespace: str) -> int:
        """Return the number of documents of a stream."""
        stream = f"metrics-anavi_weather.state-{namespace}"
        self.request("POST", f"{stream}/_refresh?ignore_unavailable=true")
        return int(self.request("GET", f"{stream}/_count?ignore_unavailable=true")["count"])

    def statistics(self, namespace: str) -> dict[str, Any]:
        """Return all documents of an index of statistics by their ids."""
        return {hit["_id"]: hit["_source"] for hit in self._hits(f"statistics-anavi_weather-{namespace}")}

    def statistics_count(self, namespace: str) -> int:
        """Return the number of documents of an index of statistics."""
        index = f"statistics-anavi_weather-{namespace}"
        self.request("POST", f"{index}/_refresh")
        return int(self.request("GET", f"{index}/_count")["count"])

    def _hits(self, index: str) -> Iterator[Any]:
        # A closed index of the stream is left out
        self.request("POST", f"{index}/_refresh?ignore_unavailable=true")
        opened = self.request("POST", f"{index}/_pit?keep_alive=1m&ignore_unavailable=true")["id"]
        after: list[Any] | None = None
        while True:
            search = {
                "size": PAGE,
                "pit": {"id": opened, "keep_alive": "1m"},
                "sort": ["_shard_doc"],
                **({"search_after": after} if after else {}),
            }
            hits = self.request("POST", "_search", search)["hits"]["hits"]
            if not hits:
                break
            yield from hits
            after = hits[-1]["sort"]
        self.request("DELETE", "_pit", {"id": opened})

    def indices(self, namespace: str) -> list[str]:
        """Return the names of a stream's backing indices, oldest first."""
        (stream,) = self.request("GET", f"_data_stream/metrics-anavi_weather.state-{namespace}")["data_streams"]
        return [index["index_name"] for index in stream["indices"]]

    def add_old_index(self, namespace: str, *, node: str | None = None) -> str:
        """Add an index to a stream for twenty days before its first; return its name.

        Args:
            namespace: The stream's namespace.
            node: The node that the index must be on. Without such a node it has no active shard.
        """
        name = f"metrics-anavi_weather.state-{namespace}"
        (stream,) = self.request("GET", f"_data_stream/{name}")["data_streams"]
        current = self.request("GET", f"{self.indices(namespace)[-1]}/_mapping")
        (mappings,) = (index["mappings"] for index in current.values())
        settings = {
            "index.mode": "time_series",
            "index.routing_path": ["station.id", "entity.id"],
            "index.time_series.start_time": datetime.fromtimestamp(time.time() - 20 * DAY, UTC).isoformat(),
            "index.time_series.end_time": stream["time_series"]["temporal_ranges"][0]["start"],
            "index.number_of_replicas": 0,
            REQUIRED_NODE: node,
        }
        index = f".ds-{name}-old"
        self.request(
            "PUT", f"{index}?wait_for_active_shards={0 if node else 1}", {"settings": settings, "mappings": mappings}
        )
        add = {"add_backing_index": {"data_stream": name, "index": index}}
        self.request("POST", "_data_stream/_modify", {"actions": [add]})
        return index

    def clean(self) -> None:
        """Delete the streams that the tests created, and revoke their keys."""
        keys = self.request("GET", "_security/api_key?active_only=true&name=anavi_weather*")["api_keys"]
        ids = [key["id"] for key in keys if key["metadata"].get("namespace") in self.created]
        if ids:
            self.request("DELETE", "_security/api_key", {"ids": ids})
        for namespace in self.created:
            self.delete(namespace)

    def delete(self, namespace: str) -> None:
        """Delete a stream, the index of statistics, and the fleet's summaries, if they exist."""
        for path in (
            f"_transform/anavi_weather-fleet-{namespace}?force=true",
            f"_transform/anavi_weather-fleet_comparison-{namespace}?force=true",
            f"fleet-anavi_weather-{namespace}",
            f"_data_stream/metrics-anavi_weather.state-{namespace}",
            f"statistics-anavi_weather-{namespace}",
        ):
            try:
                self.request("DELETE", path)
            except HTTPError as err:
                if err.code != HTTPStatus.NOT_FOUND:
                    raise


class Runner:
    """Starts and stops a server."""

    def __init__(self, command: str) -> None:
        """Initialize with a program that takes the action as its last argument."""
        self._command = shlex.split(command)

    def run(self, action: str) -> None:
        """Run an action: `start`, `kill`, `pause` or `resume`.

        Raises:
            subprocess.CalledProcessError: if it fails, however often it is tried.
        """
        for _ in range(ATTEMPTS):
            # On a busy machine, a server may start more slowly than the program waits.
            result = subprocess.run(
                [*self._command, action], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600
            )
            if result.returncode == 0:
                return
        result.check_returncode()


def nanoseconds(text: str) -> int:
    """Return a time that is written with up to nine decimals."""
    seconds, _, fraction = text.removesuffix("Z").partition(".")
    whole = int(datetime.fromisoformat(seconds).replace(tzinfo=UTC).timestamp())
    return whole * NANOSECONDS + int(fraction.ljust(NANOSECOND_DIGITS, "0") or 0)


def _document(source: dict[str, Any]) -> Document:
    state = source["state"]
    value = state.get("value")
    if "number" in state:
        assert float(value) == state["number"], source
    return Document(
        source["entity"]["id"],
        nanoseconds(source["@timestamp"]),
        nanoseconds(state["changed"]),
        value,
        source.get("attributes"),
        state.get("removed", False),
    )
