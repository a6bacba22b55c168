"""Summaries of stations, as a transform on a real server wrote them."""

from datetime import UTC, datetime, timedelta
from typing import Any

NOW = datetime(2026, 11, 29, 8, 52, 51, 324000, tzinfo=UTC)
BEACH = "b" * 32

type Json = dict[str, Any]


def reading(value: float, **more: float) -> Json:
    """Return the newest of a reading, which a transform writes as text."""
    return {"newest": {"reading": str(value)}, **more}


def source(**changes: Any) -> Json:
    """Return the summary of a station with changed fields."""
    summary: Json = {
        "station": {"id": BEACH},
        "name": {"station.name": "Casa da praia"},
        "last_seen": (NOW - timedelta(minutes=2)).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "place": {
            "location": "-23.54880002886057, -46.62850005552173",
            "elevation": {"station.elevation": "760.0"},
        },
        "temperature": reading(2.5, lowest=1.5, highest=9.0),
        "humidity": reading(55.0),
        "sea_level_pressure": reading(1013.2),
        "illuminance": reading(0.0),
        "pressure_tendency": reading(-4.1, lowest=-4.1),
        "flagged": 0,
        "frost": 1.0,
        "heat": 0.0,
        "storm": 1.0,
        "silent_minutes": 30.0,
        "double": 0.0,
    }
    return summary | changes


def comparison(stations: Json, hours: float = 2) -> Json:
    """Return the comparison of the stations up to some hours ago."""
    hour = int((NOW - timedelta(hours=hours)).timestamp() * 1000)
    return {"entity": {"platform": "anavi_weather"}, "comparison": {"hour": hour, "stations": stations}}


HEALTHY = {"neighbors": 0, "drift": 0, "temperature": 0.3, "sea_level_pressure": -0.1}
BIASED = {"neighbors": 1, "drift": 0, "temperature": 4.5}


def answer(*sources: Json, now: datetime = NOW) -> Json:
    """Return the answer to a search."""
    return {
        "hits": {"hits": [{"_source": one} for one in sources]},
        "aggregations": {"now": {"buckets": [{"from": now.timestamp() * 1000}]}},
    }
