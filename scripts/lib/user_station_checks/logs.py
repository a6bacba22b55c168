"""Check that Logstash takes a line as Docker's driver sends it, and that it arrives."""

from collections.abc import Iterator
import gzip
import json
import secrets
import socket
import time
from typing import Any

from .client import ServiceError
from .findings import Finding, failed, not_checked, ok
from .station import Station

POLL_SECONDS = 1
TAG = "verify-user-station"
STREAM = "logs-anavi_weather-default"
WHAT = "log line by GELF"


def check(station: Station, patience: float) -> Iterator[Finding]:
    """Yield whether a line arrives within some seconds."""
    if not station.logs:
        yield not_checked(WHAT, "the profile logs is off")
        return
    marker = f"{TAG} {secrets.token_hex(8)}"
    try:
        _send(station.logs, marker)
        found = _wait(station, marker, patience)
    except (OSError, ServiceError) as error:
        yield failed(WHAT, str(error))
        return
    if found is None:
        yield failed(WHAT, f"it did not arrive within {patience:.0f} s. See: docker compose logs logstash")
        return
    wrong = [name for name, value in _expected(marker).items() if _field(found, name) != value]
    yield failed(WHAT, f"it arrived without {', '.join(wrong)}") if wrong else ok(WHAT)


def _expected(marker: str) -> dict[str, str]:
    """Return the fields that the pipeline makes of the line."""
    return {"message": marker, "station.name": TAG, "container.name": TAG}


def _send(address: tuple[str, int], marker: str) -> None:
    """Send the line like Docker's driver: compressed, in one datagram."""
    line = {
        "version": "1.1",
        "host": TAG,
        "short_message": marker,
        "timestamp": time.time(),
        "level": 6,
        "_container_id": secrets.token_hex(32),
        "_container_name": TAG,
        "_image_name": TAG,
        "_tag": TAG,
    }
    data = gzip.compress(json.dumps(line).encode())
    family, kind, protocol, _, target = socket.getaddrinfo(*address, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, protocol) as sender:
        sender.sendto(data, target)


def _wait(station: Station, marker: str, patience: float) -> dict[str, Any] | None:
    """Return the document, or None if it does not arrive."""
    end = time.monotonic() + patience
    search = {"query": {"match_phrase": {"message": marker}}}
    while True:
        station.elasticsearch.ask("POST", f"/{STREAM}/_refresh?ignore_unavailable=true")
        answer = station.elasticsearch.ask("POST", f"/{STREAM}/_search?ignore_unavailable=true", search)
        if answer.status != 200:
            raise ServiceError(answer.reason)
        if hits := answer.json["hits"]["hits"]:
            source: dict[str, Any] = hits[0]["_source"]
            return source
        if time.monotonic() > end:
            return None
        time.sleep(POLL_SECONDS)


def _field(document: dict[str, Any], name: str) -> Any:
    """Return a field of a document, which may be an object in an object."""
    value: Any = document
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
