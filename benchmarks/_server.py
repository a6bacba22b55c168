"""User station that benchmarks write to, with its administrator's rights."""

import asyncio
from base64 import b64decode
from collections.abc import Mapping
from http import HTTPStatus
import os
from pathlib import Path
import subprocess
import sys
from typing import Any

import aiohttp

STREAM = "metrics-anavi_weather.state-"
STATISTICS = "statistics-anavi_weather-"
SETUP = Path(__file__).parents[1] / "docker/user_station/elasticsearch/setup"
STATION = READER = "benchmark"
ANSWER = "errors,items.*.status,items.*.error"
VARIABLES = ("ELASTICSEARCH_URL", "ELASTICSEARCH_USERNAME", "ELASTICSEARCH_PASSWORD")


class Server:
    """Elasticsearch whose address and administrator are in the environment."""

    def __init__(self) -> None:
        """Initialize the server from the environment."""
        if missing := [name for name in VARIABLES if not os.environ.get(name)]:
            sys.exit(f"{', '.join(missing)}: not set. Set these to the address and administrator of Elasticsearch")
        self.url, username, password = (os.environ[name] for name in VARIABLES)
        self.url = self.url.rstrip("/")
        self._auth = aiohttp.BasicAuth(username, password)
        self._made: set[str] = set()
        self._readers: set[str] = set()

    async def request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Make a request as the administrator. Wait while the server is too busy, and exit if it rejects the request."""
        while True:
            async with (
                aiohttp.ClientSession(auth=self._auth, timeout=aiohttp.ClientTimeout(total=300)) as http,
                http.request(method, f"{self.url}/{path}", json=body) as response,
            ):
                if response.ok:
                    return await response.json()
                if response.status != HTTPStatus.TOO_MANY_REQUESTS:
                    sys.exit(f"{method} {path}: {response.status} {(await response.text())[:500]}")
            await asyncio.sleep(1)

    async def version(self) -> str:
        """Return the server's version."""
        return str((await self.request("GET", ""))["version"]["number"])

    def make(self, namespace: str, station_id: str) -> str:
        """Set up a namespace like a user station's owner, and return a station's API key."""
        self._made.add(namespace)
        self._setup(namespace)
        shown = self._setup(namespace, "add-station", STATION, "--id", station_id)
        return next(line.split()[-1] for line in shown.splitlines() if line.startswith("API key:"))

    def add_reader(self, namespace: str) -> str:
        """Set up the summaries of a namespace, and return a reader's API key."""
        self._readers.add(namespace)
        shown = self._setup(namespace, "add-reader", READER)
        return next(line.split()[-1] for line in shown.splitlines() if line.startswith("API key:"))

    async def bulk_as_administrator(self, index: str, body: bytes) -> None:
        """Store documents of any station. Exit if one is rejected."""
        async with (
            aiohttp.ClientSession(auth=self._auth, timeout=aiohttp.ClientTimeout(total=300)) as http,
            http.post(
                f"{self.url}/{index}/_bulk?filter_path={ANSWER}",
                data=body,
                headers={"Content-Type": "application/x-ndjson"},
            ) as response,
        ):
            if not response.ok or (await response.json())["errors"]:
                sys.exit(f"{index}/_bulk: {response.status} {(await response.text())[:500]}")

    async def unbind(self, api_key: str) -> None:
        """Let a key write as any station, as the keys of `setup` 1.0.0 can."""
        key_id = b64decode(api_key).decode().partition(":")[0]
        metadata = (await self.request("GET", f"_security/api_key?id={key_id}"))["api_keys"][0]["metadata"]
        del metadata["station_id"]
        await self.request("PUT", f"_security/api_key/{key_id}", {"metadata": metadata})

    def _setup(self, namespace: str, *arguments: str) -> str:
        done = subprocess.run(
            [SETUP, *arguments], env=os.environ | {"NAMESPACE": namespace}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.exit(f"setup {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    async def delete(self) -> None:
        """Delete all streams and keys that were created."""
        for namespace in sorted(self._readers):
            for transform in ("fleet", "fleet_comparison"):
                await self.request("DELETE", f"_transform/anavi_weather-{transform}-{namespace}?force=true")
            await self.request("DELETE", f"fleet-anavi_weather-{namespace}")
            self._setup(namespace, "remove-reader", READER)
        self._readers.clear()
        for namespace in sorted(self._made):
            await self.request("DELETE", f"_data_stream/{STREAM}{namespace}")
            await self.request("DELETE", f"{STATISTICS}{namespace}")
            self._setup(namespace, "remove-station", STATION)
        self._made.clear()

    async def count(self, namespace: str) -> int:
        """Return the number of documents."""
        await self.request("POST", f"{STREAM}{namespace}/_refresh")
        return int((await self.request("GET", f"{STREAM}{namespace}/_count"))["count"])

    async def bytes_merged(self, namespace: str) -> int:
        """Merge a stream, and return its size on disk."""
        stream = f"{STREAM}{namespace}"
        await self.request("POST", f"{stream}/_flush?force=true&wait_if_ongoing=true")
        await self.request("POST", f"{stream}/_forcemerge?max_num_segments=1")
        await self.request("POST", f"{stream}/_flush?force=true&wait_if_ongoing=true")
        await self.request("POST", f"{stream}/_refresh")
        return int((await self.request("GET", f"{stream}/_stats/store"))["_all"]["primaries"]["store"]["size_in_bytes"])


async def bulk(http: aiohttp.ClientSession, url: str, namespace: str, api_key: str, body: bytes) -> list[int]:
    """Send a `_bulk`, and return each document's status, or an empty list if the server is busy."""
    async with http.post(
        f"{url}/{STREAM}{namespace}/_bulk?filter_path={ANSWER}",
        data=body,
        headers={
            "Authorization": f"ApiKey {api_key}",
            "Content-Type": "application/x-ndjson",
            "Content-Encoding": "gzip",
        },
    ) as response:
        if response.status == HTTPStatus.TOO_MANY_REQUESTS:
            return []
        if not response.ok:
            sys.exit(f"_bulk: {response.status} {(await response.text())[:500]}")
        return [item["create"]["status"] for item in (await response.json())["items"]]
