"""A real Elasticsearch, as an administrator or by an API key."""

import base64
import json
import os
import secrets
import time
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from homeassistant.util import dt as dt_util

NEEDED = ("ELASTICSEARCH_URL", "ELASTICSEARCH_USERNAME", "ELASTICSEARCH_PASSWORD")
SNAPSHOT_ATTEMPTS = 20


def document(station: str = "1", name: str = "Casa", version: str = "1.1.0") -> dict[str, Any]:
    """Return a document as a station sends it."""
    return {
        "@timestamp": dt_util.utcnow().isoformat(),
        "station": {"id": station, "name": name, "version": version},
        "entity": {"id": "sensor.one"},
        "state": {"number": 1.0},
    }


class Server:
    """Speaks HTTP with it."""

    def __init__(self) -> None:
        """Find it in the environment; skip the test if it is not there."""
        if missing := [name for name in NEEDED if not os.environ.get(name)]:
            pytest.skip(f"{', '.join(missing)} not set: no Elasticsearch to test with")
        self.url, self.username, self.password = (os.environ[name] for name in NEEDED)
        self.url = self.url.rstrip("/")
        self.namespace = f"test_{secrets.token_hex(4)}"
        self.stream = f"metrics-anavi_weather.state-{self.namespace}"
        self.statistics = f"statistics-anavi_weather-{self.namespace}"
        self.fleet = f"fleet-anavi_weather-{self.namespace}"
        self.transform = f"anavi_weather-fleet-{self.namespace}"
        self.comparison = f"anavi_weather-fleet_comparison-{self.namespace}"

    def call(self, method: str, path: str, body: Any = None, api_key: str | None = None) -> tuple[int, Any]:
        """Return the status and the answer."""
        basic = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        headers = {"Authorization": f"ApiKey {api_key}" if api_key else f"Basic {basic}"}
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/x-ndjson" if isinstance(body, bytes) else "application/json"
        request = Request(f"{self.url}/{path}", data, headers, method=method)
        try:
            with urlopen(request, timeout=300) as response:
                return response.status, json.loads(response.read() or b"{}")
        except HTTPError as err:
            with err:
                return err.code, json.loads(err.read() or b"{}")

    def good(self, method: str, path: str, body: Any = None) -> Any:
        """Return the answer, which must be a good one."""
        status, answer = self.call(method, path, body)
        for _ in range(SNAPSHOT_ATTEMPTS):
            if "snapshot_in_progress_exception" not in str(answer):
                break
            # Another test's snapshot holds the indices of all for a moment
            time.sleep(0.5)
            status, answer = self.call(method, path, body)
        assert status < 300, f"{method} {path}: {status} {answer}"
        return answer

    def clean(self) -> None:
        """Remove what a test has made."""
        for transform in (self.transform, self.comparison):
            self.call("DELETE", f"_transform/{transform}?force=true")
        self.call("DELETE", self.fleet)
        self.call("DELETE", f"_data_stream/{self.stream}")
        self.call("DELETE", self.statistics)
        _, keys = self.call("GET", "_security/api_key?active_only=true&name=anavi_weather%20*")
        ids = [key["id"] for key in keys["api_keys"] if key["metadata"].get("namespace") == self.namespace]
        if ids:
            self.good("DELETE", "_security/api_key", {"ids": ids})
