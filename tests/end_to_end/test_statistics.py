"""Tests that years of statistics arrive whole on a real server, and that corrections and deletions are followed."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
import math
from pathlib import Path
import sqlite3
import time
from typing import Any

import pytest

from .conftest import WAIT_SECONDS, needs_elasticsearch, wait_for
from .server import Server
from .station import DATABASE, Station

NAMESPACE = "end_to_end_statistics"
YEARS = 2
HOURS = YEARS * 365 * 24
NAMES = ("temperature", "humidity")
START = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
# The status of a user station is not sent. Its statistics of an hour appear if the test runs over the end of that hour
ROWS = """
SELECT m.statistic_id, s.start_ts, s.mean, s.min, s.max, s.state, s.sum
FROM statistics s JOIN statistics_meta m ON m.id = s.metadata_id
WHERE m.statistic_id NOT LIKE '%.user!_station!_%' ESCAPE '!'
"""

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.usefixtures("socket_enabled"),
    needs_elasticsearch,
]

type Hours = dict[tuple[str, float], dict[str, float]]
"""The values of each statistic and hour."""


@pytest.fixture
def station(server: Server, tmp_path: Path) -> Iterator[Station]:
    """Return a station whose recorder has statistics of two years."""
    station = Station(tmp_path)
    try:
        station.start()
        write(station)
        yield station
    finally:
        station.kill()


def write(station: Station) -> None:
    """Write statistics into the recorder's database, because importing them would take minutes."""
    with closing(sqlite3.connect(station.folder / DATABASE, timeout=30)) as database, database:
        for number, name in enumerate(NAMES, 1000):
            meta = (number, f"sensor.{name}", "recorder", "°C", 1, 0, 1)
            database.execute(
                "INSERT INTO statistics_meta (id, statistic_id, source, unit_of_measurement, has_mean, has_sum, mean_type)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                meta,
            )
        rows = (
            (number, START + hour * 3600, time.time(), mean := 20 + math.sin(hour / 24 + number), mean - 1.25, mean + 1)
            for hour in range(HOURS)
            for number in range(1000, 1000 + len(NAMES))
        )
        database.executemany(
            "INSERT INTO statistics (metadata_id, start_ts, created_ts, mean, min, max) VALUES (?, ?, ?, ?, ?, ?)", rows
        )


def recorded(station: Station) -> Hours:
    """Return the recorder's statistics."""
    names = ("mean", "min", "max", "state", "sum")
    with closing(sqlite3.connect(f"file:{station.folder / DATABASE}?mode=ro", uri=True, timeout=30)) as database:
        return {
            (statistic_id, start): {name: value for name, value in zip(names, values, strict=True) if value is not None}
            for statistic_id, start, *values in database.execute(ROWS)
        }


def stored(server: Server) -> Hours:
    """Return the server's statistics."""
    return {
        (
            document["entity"]["id"],
            datetime.fromisoformat(document["@timestamp"]).timestamp(),
        ): document["statistics"]
        for document in server.statistics(NAMESPACE).values()
        if "@timestamp" in document
    }


def different(found: Hours, wanted: Hours) -> dict[tuple[str, float], tuple[object, object]]:
    """Return the hours that differ, with what was found and what was wanted."""
    hours = found.keys() | wanted.keys()
    return {hour: (found.get(hour), wanted.get(hour)) for hour in hours if found.get(hour) != wanted.get(hour)}


def wait_until_equal(server: Server, station: Station) -> None:
    """Wait until the server has what the recorder has, row by row."""
    end = time.monotonic() + WAIT_SECONDS
    while wrong := different(stored(server), recorded(station)):
        assert time.monotonic() < end, (len(wrong), sorted(wrong.items())[:10], station.log)
        time.sleep(0.5)


def test_statistics_of_years(server: Server, station: Station) -> None:
    key = server.add_station(NAMESPACE, "statistics")
    station.send_to(server.url, key, NAMESPACE)
    wait_for(lambda: server.statistics_count(NAMESPACE) >= len(recorded(station)))
    wait_until_equal(server, station)
    assert len(stored(server)) >= HOURS * len(NAMES)

    # A power cut right after a correction, a deletion and an import
    hour = START + 5000 * 3600
    metadata: dict[str, Any] = {
        "has_sum": False,
        "mean_type": 1,
        "name": None,
        "source": "recorder",
        "statistic_id": "sensor.temperature",
        "unit_class": "temperature",
        "unit_of_measurement": "°C",
    }
    stats = [
        {"start": datetime.fromtimestamp(start, UTC).isoformat(), "mean": -7.5, "min": -8.0, "max": -7.0}
        for start in (hour, START - 3600)
    ]
    before = recorded(station)
    station.call("recorder/import_statistics", metadata=metadata, stats=stats)
    station.call("recorder/clear_statistics", statistic_ids=["sensor.humidity"])
    wait_for(lambda: len(recorded(station)) <= len(before) - HOURS + 1)
    station.kill()
    station.start()
    wait_until_equal(server, station)
    found = stored(server)
    assert found["sensor.temperature", hour]["mean"] == found["sensor.temperature", START - 3600]["mean"] == -7.5
    assert not any(name == "sensor.humidity" for name, _ in found)
    assert not station.issues()
