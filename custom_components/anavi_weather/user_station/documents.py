"""Documents of states. The index template in `docker/user_station/elasticsearch` has the same fields."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from itertools import batched
import math
import re
from types import MappingProxyType
from typing import NamedTuple

import orjson

from ..const import ATTR_QUALITY_FLAGS, DOMAIN  # noqa: TID252
from .compact import Compact
from .compression import gzip_compressor
from .location import COORDINATES
from .names import Span
from .recorder_rows import Row

MAX_ATTRIBUTES = 16_384  # bytes of JSON, like the recorder's own limit
MAX_TEXT = 1024  # characters of a field that dashboards select by
PLAIN_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?", re.ASCII)  # the same in JSON
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)

# Most states of an entity have the same attributes, so the fields that follow from small ones are cached
CACHED = 512
CACHED_ATTRIBUTES = 2048  # characters

# Rows that are encoded at a time. Compressing their lines releases the interpreter lock, so that the event loop can run
PIECE = 100

START = b'{"create":{}}\n{"@timestamp":"'

# Attributes with a field of their own: of any entity, of an event, and of a received key
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


class Station(NamedTuple):
    """The station in its documents."""

    id: str
    name: str
    version: str
    """Version of this integration."""
    home_assistant: str
    """Version of Home Assistant."""
    instance: str = ""
    """Differs between two Home Assistants that send as the same station, such as one and its restored backup."""
    location: Mapping[str, float] | None = None
    """As precise as its user chose; None: it is not sent."""
    elevation: float | None = None
    """m."""
    sends_coordinates: bool = False
    """Whether attributes may contain coordinates."""


class Origin(NamedTuple):
    """Registry data of an entity."""

    platform: str
    key: str | None
    """Language-independent name of the entity within its integration."""
    device: str | None = None
    area: str | None = None
    floor: str | None = None
    labels: tuple[str, ...] = ()


class Identities(NamedTuple):
    """Whose states the recorder's rows are. They are read in an executor, so they must not change."""

    origins: Mapping[str, Origin]
    """Registry data by entity id."""
    pasts: Mapping[str, Sequence[tuple[Span, Origin | None]]] = MappingProxyType({})
    """Entities that had a name only for some time, by the name that the recorder has."""

    def find(self, entity_id: str, timestamp: float | None) -> tuple[str, Origin | None]:
        """Return the name that the entity of a row had at its time, and its registry data."""
        if timestamp is not None:
            for span, origin in self.pasts.get(entity_id, ()):
                if span.includes(timestamp):
                    return span.sent_as, origin
        return entity_id, self.origins.get(entity_id)


class Sent(NamedTuple):
    """A state whose document was sent but not yet acknowledged."""

    state_id: int
    entity_id: str
    last_updated_ts: float | None
    encoding_error: str | None = None
    """Why it has no document."""


class Encoder:
    """Encoder of the recorder's rows as documents."""

    def __init__(self, station: Station, identities: Identities) -> None:
        """Initialize the encoder with the station that sends the documents, and the entities of the rows."""
        self.identities = identities
        fields = {name: value for name, value in station._asdict().items() if value not in ("", None)}
        sends_coordinates = fields.pop("sends_coordinates")
        self._middle = b'","station":' + orjson.dumps(fields) + b',"state":{"changed":"'
        self._describe = partial(_describe, sends_coordinates=sends_coordinates)
        self._describe_cached = lru_cache(maxsize=CACHED)(self._describe)
        self._describe_current = lru_cache(maxsize=CACHED)(self._describe_by_name)

    def encode(self, rows: Iterable[Row]) -> tuple[Compact[Sent], list[bytes]]:
        """Return the state of each row, and the `_bulk` lines of those that have a document.

        Elasticsearch identifies a document by its time and entity, so a row without these has none.
        """
        sent = Compact(Sent)
        lines: list[bytes] = []
        for state_id, recorded_as, state, updated, changed, attributes, twin in rows:
            error = None
            try:
                end = self._end(recorded_as, updated, attributes or "{}")
                timestamp = _iso(updated, twin)
                if changed is not None:
                    changed_at = _iso(changed)
                else:
                    changed_at = _iso(updated) if twin else timestamp
                # What few rows have on their own is put between the parts that many share
                lines.append(b"".join((START, timestamp, self._middle, changed_at, _value(state), end)))
            except (ValueError, TypeError) as err:
                error = str(err)
            sent.append((state_id, recorded_as or "?", updated, error))
        return sent, lines

    def encode_compressed(self, rows: Iterable[Row]) -> tuple[Sequence[Sent], int, bytes]:
        """Return the state of each row, the number of documents, and the gzip-compressed body of `_bulk`."""
        sent = Compact(Sent)
        count = 0
        body: list[bytes] = []
        compressor = gzip_compressor()
        plain = rows.plain() if isinstance(rows, Compact) else rows
        for piece in batched(plain, PIECE, strict=False):
            encoded, lines = self.encode(piece)
            sent += encoded
            count += len(lines)
            body.append(compressor.compress(b"".join(lines)))
        body.append(compressor.flush())
        return sent, count, b"".join(body)

    def _end(self, recorded_as: str | None, updated: float | None, attributes: str) -> bytes:
        """Return the end of a document, which depends on the entity that had a name at a time, and its attributes.

        Raises:
            ValueError: if the recorder has no entity for the row.
        """
        if not recorded_as:
            raise ValueError("the recorder has no entity for it")
        is_small = len(attributes) <= CACHED_ATTRIBUTES
        if recorded_as in self.identities.pasts:
            entity_id, origin = self.identities.find(recorded_as, updated)
            describe = self._describe_cached if is_small else self._describe
            return describe(entity_id, origin, attributes)
        return (self._describe_current if is_small else self._describe_by_name)(recorded_as, attributes)

    def _describe_by_name(self, entity_id: str, attributes: str) -> bytes:
        """Return the end of a document of an entity that always had its name."""
        return self._describe(entity_id, self.identities.origins.get(entity_id), attributes)


def _value(state: str | None) -> bytes:
    """Return the end of a document's `state`: its value."""
    if not state:
        return b'","removed":true}'
    if PLAIN_NUMBER.fullmatch(state):
        return b'","value":"%b","number":%b}' % (text := state.encode(), text)
    fields: dict[str, str | float] = {"value": state}
    if NUMBER.fullmatch(state) and math.isfinite(number := float(state)):
        fields["number"] = number
    return b'",' + orjson.dumps(fields)[1:]


def _describe(entity_id: str, origin: Origin | None, text: str, *, sends_coordinates: bool) -> bytes:
    """Return the end of a document: the fields that depend on an entity and its attributes, but not on its state."""
    domain = entity_id.partition(".")[0]
    named = NAMED
    if domain == "event":
        named = NAMED_OF_KEY if origin and origin.platform == DOMAIN else NAMED_OF_EVENT
    attributes, omitted = _parse(text)
    if not sends_coordinates and not attributes.keys().isdisjoint(COORDINATES):
        attributes = {name: value for name, value in attributes.items() if name not in COORDINATES}
        text = orjson.dumps(attributes).decode()
    found: dict[str, dict[str, str | Sequence[str]]] = {
        group: {
            field: value
            for field, name in names.items()
            if isinstance(value := attributes.get(name), str) and len(value) <= MAX_TEXT
        }
        for group, names in named.items()
    }
    found["entity"] |= {"id": entity_id, "domain": domain}
    if origin:
        found["entity"] |= {field: value for field, value in origin._asdict().items() if value}
    fields: dict[str, object] = {group: values for group, values in found.items() if values}
    if flags := _quality_flags(origin, attributes):
        fields["quality"] = {"flags": flags}
    if omitted:
        fields["attributes_omitted"] = omitted
    elif attributes:
        fields["attributes"] = text
    return b"," + orjson.dumps(fields)[1:] + b"\n"


def _quality_flags(origin: Origin | None, attributes: Mapping[str, object]) -> list[str]:
    """Return the checks that a reading of ours failed. Attributes of other integrations may mean something else."""
    flags = attributes.get(ATTR_QUALITY_FLAGS)
    if origin is None or origin.platform != DOMAIN or not isinstance(flags, list):
        return []
    return [flag for flag in flags if isinstance(flag, str) and len(flag) <= MAX_TEXT]


def _iso(timestamp: float | None, nanoseconds: int = 0) -> bytes:
    """Return a time in UTC, in µs like Home Assistant's. Nanoseconds distinguish states of the same µs.

    Raises:
        ValueError: if there is no time, or no calendar has it.
    """
    if timestamp is None:
        raise ValueError("the recorder has no time for it")
    try:
        seconds = int(timestamp)
        # Rounded like `datetime.fromtimestamp` does, which takes three times as long
        microseconds = round((timestamp - seconds) * 1e6)
        if not 0 <= microseconds < 1_000_000:
            carried, microseconds = divmod(microseconds, 1_000_000)
            seconds += carried
        text = _iso_seconds(seconds)
    except (OverflowError, OSError) as err:
        raise ValueError(f"{timestamp} is not a time") from err
    if not nanoseconds:
        return b"%b.%06dZ" % (text, microseconds)
    if nanoseconds > 999:
        raise ValueError("a thousand states have the same time")
    return b"%b.%06d%03dZ" % (text, microseconds, nanoseconds)


@lru_cache(maxsize=CACHED)
def _iso_seconds(seconds: int) -> bytes:
    """Return a whole second in UTC. A history has many states of each second."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat().encode()


def _parse(text: str) -> tuple[Mapping[str, object], str | None]:
    """Return the attributes, and the reason if they cannot be stored."""
    if len(text) > MAX_ATTRIBUTES or len(text.encode(errors="replace")) > MAX_ATTRIBUTES:
        return {}, "too_large"
    try:
        attributes = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}, "not_json"
    return (attributes, None) if isinstance(attributes, dict) else ({}, "not_json")
