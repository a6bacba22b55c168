"""Every panel of statistics, asked of a real Elasticsearch: it has the numbers that the recorder has."""

import json
from typing import Any

import pytest

from custom_components.anavi_weather.user_station.documents import Station
from custom_components.anavi_weather.user_station.recorder_statistics import StatisticsRow
from custom_components.anavi_weather.user_station.statistics_checkpoint import About, Statistic
from custom_components.anavi_weather.user_station.statistics_documents import StatisticsEncoder

from .conftest import Run
from .files import statistics_panels
from .lens import question
from .server import Server

STATIONS = (Station("1" * 32, "Sítio São João", "1", "2"), Station("2" * 32, "Casa", "1", "2"))
KEYS = ("temperature", "humidity", "atmospheric_pressure", "illuminance")
START = 1_672_531_200.0  # 2023-01-01, which is long before any state
HOURS = 5


def flat(document: dict[str, Any], start: float) -> dict[str, Any]:
    """Return a document as facts."""
    facts: dict[str, Any] = {"@timestamp": start}
    for group in ("station", "entity", "statistics"):
        facts |= {f"{group}.{name}": value for name, value in document[group].items()}
    return facts


def test_panels_of_statistics(server: Server, setup: Run, subtests: pytest.Subtests) -> None:
    assert setup().returncode == 0
    body, facts = b"", []
    for number, station in enumerate(STATIONS):
        encoder = StatisticsEncoder(station)
        for key in KEYS:
            about = About(f"sensor.{key}", "x", None, "anavi_weather", key)
            for hour in range(HOURS):
                start = START + hour * 3600
                mean = 10.0 * number + hour
                row = StatisticsRow(1, 1, start, None, mean, mean - 2, mean + 2.5, None, None)
                lines = encoder.encode(Statistic(key, 1, about), row)
                facts.append(flat(json.loads(lines.splitlines()[1]), start))
                body += lines
            # It has no time, so that no panel shows it
            body += encoder.encode_deleted(key, int(START) // 3600 + HOURS)
    answer = server.good("POST", f"{server.statistics}/_bulk?refresh=true", body)
    assert not answer["errors"]
    assert server.good("GET", f"{server.statistics}/_count")["count"] == len(facts) + len(STATIONS) * len(KEYS)

    for name, config in statistics_panels():
        with subtests.test(panel=name):
            asked = question(config)
            found = asked.read(server.good("POST", f"{server.statistics}/_search", asked.search()))
            assert found == pytest.approx(asked.compute(facts))
            assert len(found) >= len(STATIONS)
