"""Tests of the summaries of the fleet on a real Elasticsearch: what is in them, and what a reader's key can do."""

import asyncio
from collections.abc import Iterator
from http import HTTPStatus
import json
from typing import Any

import pytest

from custom_components.anavi_weather.user_station.errors import (
    FleetMissingError,
    KeyRefusedError,
    PrivilegeMissingError,
)
from custom_components.anavi_weather.user_station.fleet import Alert
from homeassistant.util.unit_conversion import BaseUnitConverter, PressureConverter, TemperatureConverter

from .conftest import Run, key_of
from .files import FOLDER
from .server import Server
from .summaries import BEACH, FARM, LOCATION, SILENT, read, state, wait_for_summaries


async def test_summaries(fleet: Server, setup: Run) -> None:
    key = key_of(setup("add-reader", "Casa"))
    wait_for_summaries(fleet, 3)

    found = await read(fleet, key)

    assert {station_id: summary.name for station_id, summary in found.stations.items()} == {
        BEACH: "Casa da praia",
        FARM: "Sítio",
        SILENT: "Farol",
    }
    beach, farm, silent = (found.stations[station] for station in (BEACH, FARM, SILENT))
    assert beach.readings == pytest.approx(
        {"temperature": 10, "humidity": 55, "sea_level_pressure": 1013.2, "pressure_tendency": -4.0637}, abs=1e-3
    )
    assert beach.location == pytest.approx(tuple(LOCATION.values()), abs=1e-4)
    assert beach.elevation == 760
    assert beach.alerts == {
        Alert.FROST: True,
        Alert.HEAT: False,
        Alert.STORM: True,
        Alert.SILENT: False,
        Alert.QUALITY: True,
        Alert.DOUBLE: True,
    }
    assert farm.readings == {"temperature": 35.5, "pressure_tendency": -2.9}
    assert farm.location is None
    assert farm.elevation is None
    assert farm.alerts == {
        Alert.FROST: False,
        Alert.HEAT: True,
        Alert.STORM: False,
        Alert.SILENT: False,
        Alert.QUALITY: False,
        Alert.DOUBLE: False,
    }
    assert silent.readings == {}
    assert silent.alerts == {Alert.SILENT: True}
    assert found.disk_usage is not None and 0 < found.disk_usage < 100
    assert found.certificate_expires is None
    assert set((await read(fleet, key, FARM, "0")).stations) == {FARM}


async def test_summaries_read_two_hours_after_the_first_time(fleet: Server, setup: Run) -> None:
    """A week of a thousand stations every minute would be more than a server can read. Old summaries stay."""
    key = key_of(setup("add-reader", "Casa"))
    wait_for_summaries(fleet, 3)
    (found,) = fleet.good("GET", f"_transform/{fleet.transform}")["transforms"]
    assert found["source"]["query"] == {"range": {"@timestamp": {"gte": "now-2h"}}}
    changed = json.dumps(state(BEACH, "temperature", 41, "°F", 0.1)).encode()
    fleet.good("POST", f"{fleet.stream}/_bulk?refresh=true", b'{"create":{}}\n' + changed + b"\n")
    # It is due once a minute, and whenever it starts
    fleet.good("POST", f"_transform/{fleet.transform}/_stop?wait_for_completion=true")
    soon = {"sync": {"time": {"field": "@timestamp", "delay": "1s"}}}
    fleet.good("POST", f"_transform/{fleet.transform}/_update", soon)
    fleet.good("POST", f"_transform/{fleet.transform}/_start")
    for _ in range(1200):
        stations = (await read(fleet, key)).stations
        if stations[BEACH].readings["temperature"] == pytest.approx(5):
            break
        await asyncio.sleep(0.25)
    assert stations[BEACH].readings["temperature"] == pytest.approx(5)
    assert stations.keys() == {BEACH, FARM, SILENT}


async def test_thresholds_can_be_changed(fleet: Server, setup: Run) -> None:
    assert setup("add-reader", "Casa").returncode == 0
    wait_for_summaries(fleet, 3)
    done = setup(ALERT_FROST="-5", ALERT_STORM="-2.5", ALERT_SILENT="1600")
    assert done.returncode == 0, done.stderr
    key = key_of(setup("add-reader", "Other", ALERT_FROST="-5", ALERT_STORM="-2.5", ALERT_SILENT="1600"))

    for _ in range(1200):
        found = await read(fleet, key)
        if not found.stations[BEACH].alerts[Alert.FROST]:
            break
        await asyncio.sleep(0.25)

    assert found.stations[BEACH].alerts[Alert.FROST] is False
    assert found.stations[FARM].alerts[Alert.STORM] is True
    assert found.stations[SILENT].alerts[Alert.SILENT] is False


def transforms(server: Server) -> set[str]:
    """Return the fleet's transforms that the server runs."""
    found = server.good("GET", f"_transform/{server.transform},{server.comparison}/_stats?allow_no_match=true")
    return {transform["id"] for transform in found["transforms"] if transform["state"] in ("started", "indexing")}


def test_summaries_cost_nothing_without_a_reader(fleet: Server) -> None:
    assert transforms(fleet) == set()
    assert fleet.call("GET", fleet.fleet)[0] == HTTPStatus.NOT_FOUND


async def test_the_last_reader_ends_the_summaries(fleet: Server, setup: Run) -> None:
    both = {fleet.transform, fleet.comparison}
    for name in ("Casa", "São João"):
        assert setup("add-reader", name).returncode == 0
    # The key of another namespace does not read this one's summaries
    elsewhere = {"application": "anavi_weather", "reader": "Praia", "namespace": f"{fleet.namespace}_other"}
    key = fleet.good("POST", "_security/api_key", {"name": "anavi_weather reader Praia", "metadata": elsewhere})
    try:
        done = setup("remove-reader", "Casa")
        assert "no reader is left" not in done.stderr
        assert transforms(fleet) == both

        done = setup("remove-reader", "São João")
        assert done.returncode == 0, done.stderr
        assert f"no reader is left: the summaries in {fleet.fleet} are no longer updated" in done.stderr
        assert transforms(fleet) == set()
        assert setup().returncode == 0
        assert transforms(fleet) == set()
    finally:
        fleet.good("DELETE", "_security/api_key", {"ids": [key["id"]]})

    added = key_of(setup("add-reader", "Casa"))
    assert transforms(fleet) == both
    wait_for_summaries(fleet, 3)
    assert (await read(fleet, added)).stations.keys() == {BEACH, FARM, SILENT}


def test_setup_ends_the_summaries_that_nobody_reads(fleet: Server, setup: Run) -> None:
    """Like after the last key was revoked in Kibana."""
    assert setup("add-reader", "Casa").returncode == 0
    kept = fleet.good("GET", "_security/api_key?name=anavi_weather%20reader%20*")["api_keys"]
    ids = [key["id"] for key in kept if key["metadata"].get("namespace") == fleet.namespace]
    fleet.good("DELETE", "_security/api_key", {"ids": ids})
    done = setup()
    assert done.returncode == 0, done.stderr
    assert transforms(fleet) == set()


def forbidden(server: Server) -> Iterator[tuple[str, str, Any]]:
    """Return requests that a reader may not make."""
    yield "POST", f"{server.stream}/_search", {}
    yield "POST", f"{server.statistics}/_search", {}
    yield "GET", "_search", None
    yield "POST", f"{server.fleet}/_doc", {"station": {"id": "x"}}
    yield "POST", f"{server.fleet}/_delete_by_query", {"query": {"match_all": {}}}
    yield "DELETE", server.fleet, None
    yield "PUT", f"{server.fleet}/_settings", {"index.number_of_replicas": 0}
    yield "GET", f"_transform/{server.transform}", None
    yield "POST", f"_transform/{server.transform}/_stop", None
    yield "POST", f"_transform/{server.comparison}/_stop", None
    yield "GET", "_cluster/state", None
    yield "GET", "_nodes", None
    yield "POST", "_security/api_key", {"name": "another"}
    yield "GET", "_security/api_key", None


async def test_what_a_reader_cannot_do(fleet: Server, setup: Run) -> None:
    key = key_of(setup("add-reader", "Casa"))
    wait_for_summaries(fleet, 3)
    for method, path, body in forbidden(fleet):
        status, answer = fleet.call(method, path, body, api_key=key)
        # A search without an index searches what the key may read
        if path == "_search":
            assert {hit["_index"] for hit in answer["hits"]["hits"]} == {fleet.fleet}
        else:
            assert status == HTTPStatus.FORBIDDEN, f"{method} {path}: {status} {answer}"
    assert len((await read(fleet, key)).stations) == 3


def test_transforms_retry_for_ever(fleet: Server, setup: Run) -> None:
    """Like after an outage of the server that took longer than ten retries."""
    assert setup("add-reader", "Casa").returncode == 0
    for transform in (fleet.transform, fleet.comparison):
        (found,) = fleet.good("GET", f"_transform/{transform}")["transforms"]
        assert found["settings"]["unattended"] is True


def test_a_reader_needs_the_stream_and_the_statistics(server: Server, setup: Run) -> None:
    assert f"stream {server.stream} not found" in setup("add-reader", "Casa").stderr
    assert setup().returncode == 0
    server.good("DELETE", server.statistics)
    done = setup("add-reader", "Casa")
    assert done.returncode == 1
    assert f"index {server.statistics} not found. Run setup without arguments first" in done.stderr


async def test_readers_are_listed_and_revoked(fleet: Server, setup: Run) -> None:
    kept, revoked = (key_of(setup("add-reader", name)) for name in ("São João", "Casa"))
    assert setup("add-station", "Casa").returncode == 0
    assert setup("readers").stdout == f"Casa\t{fleet.namespace}\nSão João\t{fleet.namespace}\n"
    assert "São João" not in setup("stations").stdout

    done = setup("remove-reader", "Casa")

    assert done.returncode == 0
    assert '1 revoked: "Casa" can read no more' in done.stderr
    assert "Casa" in setup("stations").stdout, "the station of the same name can still send"
    wait_for_summaries(fleet, 3)
    assert len((await read(fleet, kept)).stations) == 3
    with pytest.raises(KeyRefusedError):
        await read(fleet, revoked)


async def test_a_key_of_a_station_reads_nothing(fleet: Server, setup: Run) -> None:
    key = key_of(setup("add-station", "Casa"))
    assert setup("add-reader", "Casa").returncode == 0
    with pytest.raises(PrivilegeMissingError):
        await read(fleet, key)


async def test_an_index_that_was_deleted_is_reported(fleet: Server, setup: Run) -> None:
    key = key_of(setup("add-reader", "Casa"))
    fleet.good("POST", f"_transform/{fleet.transform}/_stop?force=true")
    fleet.good("DELETE", fleet.fleet)
    with pytest.raises(FleetMissingError):
        await read(fleet, key)


@pytest.mark.parametrize(("unit", "converter"), [("°C", TemperatureConverter), ("hPa", PressureConverter)])
def test_summaries_convert_every_unit(fleet: Server, unit: str, converter: type[BaseUnitConverter]) -> None:
    script = (FOLDER / "elasticsearch" / "fleet_reading.painless").read_text(encoding="utf-8")
    source = script.replace("@NUMBER@", "state.number")
    for sent in converter.VALID_UNITS:
        document = state(BEACH, "temperature", converter.convert(-7.5, unit, sent), str(sent), minutes=1)
        body = {
            "script": {"source": source},
            "context": "double_field",
            "context_setup": {"index": backing_index(fleet), "document": document},
        }
        answer = fleet.good("POST", "_scripts/painless/_execute", body)
        assert answer["result"] == [pytest.approx(-7.5, abs=1e-4)], sent


def backing_index(server: Server) -> str:
    """Return the name of the stream's index."""
    (stream,) = server.good("GET", f"_data_stream/{server.stream}")["data_streams"]
    name: str = stream["indices"][-1]["index_name"]
    return name
