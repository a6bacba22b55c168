"""A state → a document. The index template in `docker/user_station/elasticsearch` has the same fields."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import batched
import math
import re
from typing import NamedTuple
import zlib

import orjson

from ..const import DOMAIN  # noqa: TID252
from .compact import Compact
from .recorder_log import Row

MAX_ATTRIBUTES = 16_384  # bytes of JSON: what the recorder itself keeps
MAX_TEXT = 1024  # characters of what dashboards select by
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)

# Most states of an entity have the same attributes: what follows from them is kept, if they are not large
CACHED = 512
CACHED_ATTRIBUTES = 2048  # characters

# Rows that are encoded at a time: while what comes of them is compressed, the event loop has the interpreter, for which it
# would else wait again and again
PIECE = 100
GZIP = 16 + zlib.MAX_WBITS

ACTION = b'{"create":{}}\n'

# The attributes that have a field of their own: of any entity, of an event, and of a key that was received
NAMED = {
    "entity": {
        "name": "friendly_name",
        "device_class": "device_class",
        "state_class": "state_class",
        "unit": "unit_of_measurement",
    }
}
NAMED_OF_EVENT = {**NAMED, "event": {"type": "event_type"}}
NAMED_OF_KEY = {
    **NAMED_OF_EVENT,
    "infrared": {"device": "device", "name": "name", "protocol": "protocol", "code": "code"},
}

type Fields = dict[str, str | float | bool | orjson.Fragment | Fields]


class Station(NamedTuple):
    """What every document says of the station that sends it."""

    id: str
    name: str
    version: str
    """Of this integration."""
    home_assistant: str
    """Its version."""


class Origin(NamedTuple):
    """What the entity registry knows of an entity."""

    platform: str
    key: str | None
    """Names the entity within its integration, in no language."""


class Sent(NamedTuple):
    """What is remembered of a state while its document is on the way."""

    state_id: int
    entity_id: str
    last_updated_ts: float | None
    encoding_error: str | None = None
    """Why it has no document."""


class Encoder:
    """Turns rows into documents."""

    def __init__(self, station: Station, origins: Mapping[str, Origin]) -> None:
        """Speak for a station; `origins` is read in an executor."""
        self.origins = origins
        self._station = orjson.Fragment(orjson.dumps(station._asdict()))
        self._describe_cached = lru_cache(maxsize=CACHED)(self._describe)

    def encode(self, rows: Iterable[Row]) -> tuple[list[Sent], list[bytes]]:
        """Return what becomes of each row, and the lines of `_bulk` for those that have a document.

        A row without a time or an entity, by which Elasticsearch would know it, has none.
        """
        sent: list[Sent] = []
        lines: list[bytes] = []
        for row in rows:
            error = None
            try:
                lines.append(ACTION + orjson.dumps(self._document(row)) + b"\n")
            except (ValueError, TypeError) as err:
                error = str(err)
            sent.append(Sent(row.state_id, row.entity_id or "?", row.last_updated_ts, error))
        return sent, lines

    def encode_compressed(self, rows: Iterable[Row]) -> tuple[Sequence[Sent], int, bytes]:
        """Return what becomes of each row, how many documents there are, and the body of `_bulk`, by gzip."""
        sent = Compact(Sent._make)
        count = 0
        body: list[bytes] = []
        compressor = zlib.compressobj(level=1, wbits=GZIP)
        for piece in batched(rows, PIECE, strict=False):
            encoded, lines = self.encode(piece)
            sent.extend(encoded)
            count += len(lines)
            body.append(compressor.compress(b"".join(lines)))
        body.append(compressor.flush())
        return sent, count, b"".join(body)

    def _document(self, row: Row) -> Fields:
        if not row.entity_id:
            raise ValueError("the recorder does not say of which entity it is")
        attributes = row.attributes or "{}"
        describe = self._describe_cached if len(attributes) <= CACHED_ATTRIBUTES else self._describe
        changed = row.last_updated_ts if row.last_changed_ts is None else row.last_changed_ts
        state: Fields = {"changed": _iso(changed)}
        if row.state:
            state["value"] = row.state
            if NUMBER.fullmatch(row.state) and math.isfinite(number := float(row.state)):
                state["number"] = number
        else:
            state["removed"] = True
        return {
            "@timestamp": _iso(row.last_updated_ts, row.twin),
            "station": self._station,
            "state": state,
            **describe(row.entity_id, attributes),
        }

    def _describe(self, entity_id: str, text: str) -> Fields:
        """Return what a document says of an entity with these attributes, whatever its state."""
        domain = entity_id.partition(".")[0]
        origin = self.origins.get(entity_id)
        named = NAMED
        if domain == "event":
            named = NAMED_OF_KEY if origin and origin.platform == DOMAIN else NAMED_OF_EVENT
        attributes, omitted = _parse(text)
        found: dict[str, dict[str, str]] = {
            group: {
                field: value
                for field, name in names.items()
                if isinstance(value := attributes.get(name), str) and len(value) <= MAX_TEXT
            }
            for group, names in named.items()
        }
        found["entity"] |= {"id": entity_id, "domain": domain}
        if origin:
            found["entity"] |= {"platform": origin.platform}
            if origin.key:
                found["entity"] |= {"key": origin.key}
        fields: Fields = {group: orjson.Fragment(orjson.dumps(values)) for group, values in found.items() if values}
        if omitted:
            fields["attributes_omitted"] = omitted
        elif attributes:
            fields["attributes"] = text
        return fields


def _iso(timestamp: float | None, nanoseconds: int = 0) -> str:
    """Return a time in UTC to the µs, as Home Assistant has it; nanoseconds tell twins apart."""
    if timestamp is None:
        raise ValueError("the recorder does not say when it was updated")
    try:
        text = datetime.fromtimestamp(timestamp, UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    except (OverflowError, OSError) as err:
        raise ValueError(f"{timestamp} is not a time") from err
    if nanoseconds > 999:
        raise ValueError("a thousand states have the same time")
    return f"{text}{nanoseconds:03d}Z" if nanoseconds else f"{text}Z"


def _parse(text: str) -> tuple[Mapping[str, object], str | None]:
    """Return the attributes, and why they cannot be stored."""
    if len(text) > MAX_ATTRIBUTES or len(text.encode(errors="replace")) > MAX_ATTRIBUTES:
        return {}, "too_large"
    try:
        attributes = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}, "not_json"
    return (attributes, None) if isinstance(attributes, dict) else ({}, "not_json")
