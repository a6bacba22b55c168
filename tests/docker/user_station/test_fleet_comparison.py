"""Tests of the comparison of a fleet's stations with each other, by the transform on a real Elasticsearch."""

import time
from typing import Any

import pytest

from custom_components.anavi_weather.user_station.fleet import Alert

from .conftest import Run, key_of
from .region import BIASED, BLIND, DRIFTING, HEALTHY, WRONG_ALTITUDE, YOUNG, Stations
from .server import Server
from .summaries import BEACH, FARM, SILENT, read, wait_for_summaries

type Comparison = dict[str, dict[str, float]]


def compare(server: Server, setup: Run, stations: Stations, **thresholds: str) -> Comparison:
    """Return how the stations compare, by their ids."""
    assert setup().returncode == 0
    answer = server.good("POST", f"{server.statistics}/_bulk?refresh=true", stations.bulk)
    assert not answer["errors"], answer["items"][:1]
    done = setup("add-reader", "Casa", **thresholds)
    assert done.returncode == 0, done.stderr
    return wait_for_comparison(server)


def wait_for_comparison(server: Server) -> Comparison:
    """Wait until the transform has compared the stations."""
    for _ in range(1200):
        server.good("POST", f"{server.fleet}/_refresh")
        hits = server.good("GET", f"{server.fleet}/_search")["hits"]["hits"]
        if found := [hit["_source"]["comparison"] for hit in hits if "comparison" in hit["_source"]]:
            return dict(found[0]["stations"])
        time.sleep(0.25)
    pytest.fail(str(server.good("GET", f"_transform/{server.comparison}/_stats")))


def having(comparison: Comparison, alert: str, value: int) -> set[str]:
    """Return the stations with an alert on or off."""
    return {station for station, one in comparison.items() if one.get(alert) == value}


def test_stations_that_differ_or_drift(server: Server, setup: Run, stations: Stations) -> None:
    for number, station in enumerate(HEALTHY):
        stations.summarize(station, altitude=200.0 * number, unit=("°C", "°F")[number % 2])
    stations.summarize(BIASED, altitude=350, bias=4.5, unit="°F")
    stations.summarize(WRONG_ALTITUDE, altitude=900, error=6.0)
    stations.summarize(BLIND, bias=8.0, blind=True)
    stations.summarize(DRIFTING, drift=2.0)
    stations.summarize(YOUNG, days=2)

    found = compare(server, setup, stations)

    assert having(found, "neighbors", 1) == {BIASED, WRONG_ALTITUDE}
    assert having(found, "neighbors", 0) == {*HEALTHY, DRIFTING, YOUNG}
    assert having(found, "drift", 1) == {DRIFTING}
    assert having(found, "drift", 0) == {*HEALTHY, BIASED, WRONG_ALTITUDE, BLIND}
    assert found[BIASED]["temperature"] == pytest.approx(4.5, abs=0.3)
    assert found[WRONG_ALTITUDE]["sea_level_pressure"] == pytest.approx(6, abs=0.3)
    assert found[BLIND].keys() == {"drift"}, "its elevation is unknown"


async def test_a_reader_sees_the_comparison(fleet: Server, setup: Run, stations: Stations) -> None:
    """Also if it chooses stations."""
    for station in (*HEALTHY, FARM):
        stations.summarize(station, days=1)
    stations.summarize(BEACH, bias=5.0, days=1)
    fleet.good("POST", f"{fleet.statistics}/_bulk?refresh=true", stations.bulk)
    key = key_of(setup("add-reader", "Casa"))
    wait_for_summaries(fleet, 4)  # and the comparison
    for chosen in ((), (BEACH, FARM)):
        found = (await read(fleet, key, *chosen)).stations
        assert found[BEACH].alerts[Alert.NEIGHBORS] is True
        assert found[FARM].alerts[Alert.NEIGHBORS] is False
        assert (SILENT in found) is not bool(chosen)
    assert Alert.NEIGHBORS not in (await read(fleet, key)).stations[SILENT].alerts


def test_four_stations_are_too_few_to_compare(server: Server, setup: Run, stations: Stations) -> None:
    for station in HEALTHY[:3]:
        stations.summarize(station, days=1)
    stations.summarize(BIASED, bias=8.0, days=1)
    assert compare(server, setup, stations) == {}


def test_a_large_region_has_large_differences(server: Server, setup: Run, stations: Stations) -> None:
    for number, station in enumerate(HEALTHY):
        stations.summarize(station, bias=1.5 * number, days=1)
    stations.summarize(BIASED, bias=12, days=1)
    assert having(compare(server, setup, stations), "neighbors", 1) == set()


def test_the_threshold_can_be_changed(server: Server, setup: Run, stations: Stations) -> None:
    for station in HEALTHY:
        stations.summarize(station, days=1)
    stations.summarize(BIASED, bias=4.0, days=1)
    assert having(compare(server, setup, stations, ALERT_NEIGHBORS="5"), "neighbors", 1) == set()


def test_less_than_half_a_day_is_too_short(server: Server, setup: Run, stations: Stations) -> None:
    for station in HEALTHY:
        stations.summarize(station, days=1)
    stations.summarize(BIASED, bias=8.0, hours=11)
    found: Any = compare(server, setup, stations)
    assert having(found, "neighbors", 0) == {*HEALTHY}
