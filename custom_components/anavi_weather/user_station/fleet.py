"""Summaries of the stations of a fleet, as `docker/user_station/elasticsearch/fleet_transform.json` writes them.

One more document has the comparison of the stations with each other, as `fleet_comparison.json` writes it. A server may answer anything, so every value is checked: text is cut and made one line, and an implausible number is unknown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
import math
import re

from homeassistant.util.json import JsonObjectType, JsonValueType

from .content import as_object
from .errors import ElasticsearchError
from .text import one_line

MAX_NAME = 100  # characters
STATION_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
CURRENT = timedelta(hours=1)  # the longest window of a reading in the transform
MAX_DISK = 1e18  # bytes
COMPARED = 6 * 3600  # seconds; the newest hour of statistics is compared within three hours

# Plausible readings, in °C, %, hPa and lx
RANGES = {
    "temperature": (-100, 100),
    "humidity": (0, 100),
    "sea_level_pressure": (800, 1100),
    "illuminance": (0, 500_000),
    "pressure_tendency": (-100, 100),
}


class Alert(StrEnum):
    """An alert of a station."""

    FROST = "frost"
    HEAT = "heat"
    STORM = "storm"
    SILENT = "silent"
    QUALITY = "quality"
    DOUBLE = "double"
    """Two Home Assistants send as the station."""
    NEIGHBORS = "neighbors"
    """It differs from the other stations."""
    DRIFT = "drift"
    """Its difference from the other stations changes."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Summary of a station."""

    name: str
    last_seen: datetime
    location: tuple[float, float] | None
    """Latitude and longitude."""
    elevation: float | None
    """m."""
    readings: Mapping[str, float]
    alerts: Mapping[Alert, bool]
    """Alerts that are known to be on or off."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """Summaries of a fleet, and the state of its server."""

    stations: Mapping[str, Summary]
    """Summaries by the ids of the stations."""
    disk_usage: float | None = None
    """How full the fullest disk is, in %."""
    certificate_expires: datetime | None = None


def parse_stations(answer: JsonObjectType) -> Mapping[str, Summary]:
    """Return the summaries in the answer to a search by the ids of the stations. One that is damaged is left out.

    Raises:
        ElasticsearchError: if the answer has no time.
    """
    buckets = as_object(as_object(answer.get("aggregations")).get("now")).get("buckets")
    since = as_object(buckets[0]).get("from") if isinstance(buckets, list) and buckets else None
    if (now := _number(since, 0, 4e12)) is None:  # until 2096
        raise ElasticsearchError("summaries without a time")
    hits = as_object(answer.get("hits")).get("hits")
    sources = [as_object(as_object(hit).get("_source")) for hit in hits] if isinstance(hits, list) else []
    compared = _compared(sources, now / 1000)
    return dict(filter(None, (_parse_station(source, compared, now / 1000) for source in sources)))


def _compared(sources: Sequence[JsonObjectType], now: float) -> JsonObjectType:
    """Return the comparison of each station with the others by their ids, nothing if there is none that is current."""
    comparisons = [as_object(source.get("comparison")) for source in sources if "comparison" in source]
    newest = [one for one in comparisons if (_number(one.get("hour"), 0, 4e12) or 0) / 1000 > now - COMPARED]
    return as_object(newest[0].get("stations")) if newest else {}


def _parse_station(source: JsonObjectType, compared: JsonObjectType, now: float) -> tuple[str, Summary] | None:
    """Return the id of a station and its summary, or None if it has no valid id or time."""
    station_id = as_object(source.get("station")).get("id")
    last_seen = _time(source.get("last_seen"))
    if not isinstance(station_id, str) or not STATION_ID.fullmatch(station_id) or last_seen is None:
        return None
    age = datetime.fromtimestamp(now, UTC) - last_seen
    # The summary of a station that sends nothing is not computed again
    current, compared = (source, compared) if age <= CURRENT else ({}, {})
    place = as_object(current.get("place"))
    name = _text(as_object(source.get("name")).get("station.name"))
    return station_id, Summary(
        name=name or station_id,
        last_seen=last_seen,
        location=_location(place.get("location")),
        elevation=_number(as_object(place.get("elevation")).get("station.elevation"), -500, 9000),
        readings=_readings(current),
        alerts=_alerts(current, as_object(compared.get(station_id))) | _silence(source, age),
    )


def _readings(source: JsonObjectType) -> dict[str, float]:
    newest = {key: as_object(as_object(source.get(key)).get("newest")).get("reading") for key in RANGES}
    found = {key: _number(newest[key], *limits) for key, limits in RANGES.items()}
    return {key: value for key, value in found.items() if value is not None}


def _alerts(source: JsonObjectType, comparison: JsonObjectType) -> dict[Alert, bool]:
    """Return the alerts that the server has computed, and whether a reading was flagged."""
    flags = {alert: source.get(alert) for alert in (Alert.FROST, Alert.HEAT, Alert.STORM, Alert.DOUBLE)}
    flags |= {alert: comparison.get(alert) for alert in (Alert.NEIGHBORS, Alert.DRIFT)}
    flags[Alert.QUALITY] = source.get("flagged")
    found = {alert: _number(flag, 0, math.inf) for alert, flag in flags.items()}
    return {alert: bool(value) for alert, value in found.items() if value is not None}


def _silence(source: JsonObjectType, age: timedelta) -> dict[Alert, bool]:
    minutes = _number(source.get("silent_minutes"), 1, 10_000)
    return {} if minutes is None else {Alert.SILENT: age > timedelta(minutes=minutes)}


def _location(value: JsonValueType | None) -> tuple[float, float] | None:
    """Return a location, which a transform writes as text."""
    parts = value.split(",") if isinstance(value, str) else []
    if len(parts) != 2:
        return None
    latitude, longitude = _number(parts[0], -90, 90), _number(parts[1], -180, 180)
    return None if latitude is None or longitude is None else (round(latitude, 5), round(longitude, 5))


def _number(value: JsonValueType | None, minimum: float, maximum: float) -> float | None:
    """Return a number in a range, which a transform writes as text if it is the newest of several, or None."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except ValueError, OverflowError:
        return None
    return number if minimum <= number <= maximum else None


def _time(value: JsonValueType | None) -> datetime | None:
    """Return a time with a time zone in UTC, or None."""
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
        return time.astimezone(UTC) if time and time.tzinfo else None
    except ValueError, OverflowError:
        return None


def _text(value: JsonValueType | None) -> str:
    return one_line(value)[:MAX_NAME] if isinstance(value, str) else ""


def disk_usage(answer: JsonObjectType) -> float | None:
    """Return how full the fullest disk of a cluster is, in %, or None if that is unknown."""
    disks = [
        as_object(as_object(as_object(node).get("fs")).get("total")) for node in as_object(answer.get("nodes")).values()
    ]
    used = [
        100 - 100 * available / total
        for disk in disks
        if (total := _number(disk.get("total_in_bytes"), 1, MAX_DISK))
        and (available := _number(disk.get("available_in_bytes"), 0, total)) is not None
    ]
    return max(used, default=None)
