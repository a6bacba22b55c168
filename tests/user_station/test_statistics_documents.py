"""Tests of the documents of statistics."""

from gzip import decompress
import json
import math
from typing import Any

import pytest

from custom_components.anavi_weather.user_station.documents import Station
from custom_components.anavi_weather.user_station.recorder_statistics import StatisticsRow
from custom_components.anavi_weather.user_station.statistics_checkpoint import About, Statistic
from custom_components.anavi_weather.user_station.statistics_documents import StatisticsEncoder, compress

STATION = Station("s", "Sítio", "1", "2")
TEMPERATURE = Statistic("e", 7, About("sensor.t", "°C", None, "anavi_weather", "temperature"))
START = 1_672_531_200.0


def row(**values: float) -> StatisticsRow:
    """Return a row of the recorder."""
    names = ("mean", "min", "max", "state", "sum")
    return StatisticsRow(1, 7, values.get("start", START), 1.5, *(values.get(name) for name in names))


def lines(encoded: bytes) -> list[dict[str, Any]]:
    """Return the objects of `_bulk` lines."""
    assert encoded.endswith(b"\n")
    return [json.loads(line) for line in encoded.splitlines()]


def test_an_hour() -> None:
    action, document = lines(StatisticsEncoder(STATION).encode(TEMPERATURE, row(mean=0.1 + 0.2, min=-1.0, max=0.0)))
    assert action == {"index": {"_id": "s:e:464592"}}
    assert document == {
        "@timestamp": "2023-01-01T00:00:00Z",
        "station": {"id": "s", "name": "Sítio"},
        "entity": {
            "id": "sensor.t",
            "domain": "sensor",
            "unit": "°C",
            "platform": "anavi_weather",
            "key": "temperature",
        },
        "statistics": {"mean": 0.30000000000000004, "min": -1.0, "max": 0.0},
    }


def test_statistics_of_other_programs() -> None:
    imported = Statistic("imported:one", 7, About("imported:one", None, "Água", None, None))
    action, document = lines(StatisticsEncoder(STATION).encode(imported, row(state=1.0, sum=2.0)))
    assert action == {"index": {"_id": "s:imported:one:464592"}}
    assert document["entity"] == {"id": "imported:one", "domain": "imported", "name": "Água"}
    assert document["statistics"] == {"state": 1.0, "sum": 2.0}


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_value_that_json_does_not_have_is_left_out(value: float) -> None:
    _, document = lines(StatisticsEncoder(STATION).encode(TEMPERATURE, row(mean=value, min=1.0)))
    assert document["statistics"] == {"min": 1.0}


def test_a_deleted_hour_has_no_time_and_no_values() -> None:
    assert lines(StatisticsEncoder(STATION).encode_deleted("e", 464592)) == [
        {"index": {"_id": "s:e:464592"}},
        {"station": {"id": "s", "name": "Sítio"}, "statistics": {"deleted": True}},
    ]


def test_the_body_is_compressed() -> None:
    assert decompress(compress([b"a\n", b"b\n"])) == b"a\nb\n"
