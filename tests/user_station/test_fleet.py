"""Tests of the summaries of a fleet, which a server may have damaged or forged."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
import math
from typing import Any

from aiohttp import ClientSession, web
from hypothesis import given, strategies as st
import pytest
import trustme
from yarl import URL

from custom_components.anavi_weather.user_station.elasticsearch import Destination
from custom_components.anavi_weather.user_station.errors import (
    CannotConnectError,
    ElasticsearchError,
    FleetMissingError,
    KeyRefusedError,
    PrivilegeMissingError,
)
from custom_components.anavi_weather.user_station.fleet import (
    MAX_NAME,
    RANGES,
    Alert,
    Fleet,
    Summary,
    disk_usage,
    parse_stations,
)
from custom_components.anavi_weather.user_station.fleet_index import INDEX, FleetIndex
from custom_components.anavi_weather.user_station.tls import trust

from .certificates import pem, server_context
from .server import API_KEY, Server, elastic
from .summaries import BEACH, BIASED, HEALTHY, NOW, answer, comparison, source

FARM = "f" * 32


def parse(**changes: Any) -> Summary:
    """Return the summary of a source with changed fields, of a station that is compared."""
    (found,) = parse_stations(answer(source(**changes), comparison({BEACH: HEALTHY}))).values()
    return found


def test_a_summary() -> None:
    assert parse_stations(answer(source(), comparison({BEACH: BIASED}))) == {
        BEACH: Summary(
            name="Casa da praia",
            last_seen=NOW - timedelta(minutes=2),
            location=(-23.5488, -46.6285),
            elevation=760,
            readings={
                "temperature": 2.5,
                "humidity": 55,
                "sea_level_pressure": 1013.2,
                "illuminance": 0,
                "pressure_tendency": -4.1,
            },
            alerts={
                Alert.FROST: True,
                Alert.HEAT: False,
                Alert.STORM: True,
                Alert.SILENT: False,
                Alert.QUALITY: False,
                Alert.DOUBLE: False,
                Alert.NEIGHBORS: True,
                Alert.DRIFT: False,
            },
        )
    }


def test_flagged_readings_are_an_alert() -> None:
    assert parse(flagged=3).alerts[Alert.QUALITY] is True


@pytest.mark.parametrize(("minutes", "is_silent"), [(29, False), (31, True)])
def test_a_station_is_silent_by_the_clock_of_the_server(minutes: int, is_silent: bool) -> None:
    """The clock of this machine may be wrong."""
    assert parse(last_seen=(NOW - timedelta(minutes=minutes)).isoformat()).alerts[Alert.SILENT] is is_silent


def test_of_a_station_that_is_silent_for_long_only_that_is_known() -> None:
    """The server computes no summary of a station that sends nothing."""
    found = parse(last_seen=(NOW - timedelta(minutes=61)).isoformat())
    assert (found.readings, found.location, found.elevation) == ({}, None, None)
    assert found.alerts == {Alert.SILENT: True}


@pytest.mark.parametrize(
    ("changes", "gone"),
    [
        ({"frost": None}, Alert.FROST),
        ({"heat": "cold"}, Alert.HEAT),
        ({"storm": True}, Alert.STORM),
        ({"flagged": {}}, Alert.QUALITY),
        ({"silent_minutes": 0}, Alert.SILENT),
        ({"double": []}, Alert.DOUBLE),
    ],
)
def test_an_alert_that_is_missing_or_damaged_is_unknown(changes: dict[str, Any], gone: Alert) -> None:
    assert set(Alert) - set(parse(**changes).alerts) == {gone}


@pytest.mark.parametrize(
    ("compared", "unknown"),
    [
        (comparison({}), {Alert.NEIGHBORS, Alert.DRIFT}),
        (comparison({FARM: BIASED}), {Alert.NEIGHBORS, Alert.DRIFT}),
        (comparison({BEACH: {"neighbors": 0}}), {Alert.DRIFT}),
        (comparison({BEACH: {"neighbors": "x", "drift": 1}}), {Alert.NEIGHBORS}),
        (comparison({BEACH: HEALTHY}, hours=5.9), set()),
        (comparison({BEACH: HEALTHY}, hours=6.1), {Alert.NEIGHBORS, Alert.DRIFT}),
        ({"comparison": None}, {Alert.NEIGHBORS, Alert.DRIFT}),
        ({"comparison": {"hour": "x", "stations": {BEACH: HEALTHY}}}, {Alert.NEIGHBORS, Alert.DRIFT}),
        (
            {**comparison({}), "comparison": {**comparison({})["comparison"], "stations": 7}},
            {Alert.NEIGHBORS, Alert.DRIFT},
        ),
    ],
)
def test_a_station_that_is_not_compared_now(compared: dict[str, Any], unknown: set[Alert]) -> None:
    found = parse_stations(answer(source(), compared))[BEACH]
    assert set(Alert) - set(found.alerts) == unknown


@pytest.mark.parametrize("value", [None, "null", "", "nan", "inf", "1e999", math.nan, True, [], {}, "x" * 5000])
@pytest.mark.parametrize("key", RANGES)
def test_a_reading_that_is_no_number_is_unknown(key: str, value: object) -> None:
    assert set(RANGES) - set(parse(**{key: {"newest": {"reading": value}}}).readings) == {key}


@pytest.mark.parametrize("key", RANGES)
def test_an_implausible_reading_is_unknown(key: str) -> None:
    for limit, beyond in zip(RANGES[key], (-0.1, 0.1), strict=True):
        assert parse(**{key: {"newest": {"reading": str(limit)}}}).readings[key] == limit
        assert key not in parse(**{key: {"newest": {"reading": str(limit + beyond)}}}).readings


@pytest.mark.parametrize("location", [None, "", "1", "1,2,3", "a, b", "91, 0", "0, 181", "nan, 0", [1, 2], {"lat": 1}])
def test_a_location_that_is_none_is_unknown(location: object) -> None:
    assert parse(place={"location": location}).location is None


def test_a_name_is_one_short_line() -> None:
    name = "# <b>Casa</b>\n![x](http://example.org)\u202e" + "x" * 10_000
    found = parse(name={"station.name": name}).name
    assert found.startswith("# <b>Casa</b> ![x](http://example.org)")
    assert len(found) == MAX_NAME
    assert found.isprintable()


@pytest.mark.parametrize("name", [None, {}, {"station.name": None}, {"station.name": 7}, {"station.name": "\n"}])
def test_a_station_without_a_name_has_that_of_its_id(name: object) -> None:
    assert parse(name=name).name == BEACH


@pytest.mark.parametrize(
    "changes",
    [
        {"station": None},
        {"station": {"id": 7}},
        {"station": {"id": ""}},
        {"station": {"id": "x" * 65}},
        {"station": {"id": "../x"}},
        {"last_seen": None},
        {"last_seen": "yesterday"},
        {"last_seen": "2026-99-99T00:00:00Z"},
        {"last_seen": "2026-11-29T08:00:00"},
        {"last_seen": "0001-01-01T00:00:00+23:59"},
        {"last_seen": "9999-12-31T23:59:59-23:59"},
        {"last_seen": 1_790_000_000_000},
    ],
)
def test_a_summary_without_a_valid_station_or_time_is_left_out(changes: dict[str, Any]) -> None:
    other = source(station={"id": "other"})
    assert parse_stations(answer(source(**changes), other)).keys() == {"other"}


@pytest.mark.parametrize(
    "damaged", [{}, {"aggregations": {"now": {"buckets": []}}}, {"aggregations": {"now": {"buckets": [{"from": "x"}]}}}]
)
def test_summaries_without_a_time_are_an_error(damaged: dict[str, Any]) -> None:
    with pytest.raises(ElasticsearchError, match="without a time"):
        parse_stations(damaged)


def test_an_empty_fleet() -> None:
    assert parse_stations(answer()) == {}
    assert parse_stations({"aggregations": answer()["aggregations"]}) == {}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(changes=st.dictionaries(st.sampled_from(sorted(source())), json_values))
def test_any_summary_is_read_or_left_out(changes: dict[str, Any]) -> None:
    for found in parse_stations(answer({**source(), **changes})).values():
        assert 0 < len(found.name) <= MAX_NAME
        assert all(math.isfinite(value) for value in found.readings.values())


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ({"a": (100, 25)}, 75),
        ({"a": (100, 25), "b": (1000, 50)}, 95),
        ({"a": (0, 0), "b": (100, 101)}, None),
        ({"a": ("inf", "inf")}, None),
        ({}, None),
    ],
)
def test_the_fullest_disk_counts(nodes: dict[str, tuple[object, object]], expected: float | None) -> None:
    described: dict[str, Any] = {
        name: {"fs": {"total": {"total_in_bytes": total, "available_in_bytes": available}}}
        for name, (total, available) in nodes.items()
    }
    assert disk_usage({"nodes": described}) == expected
    assert disk_usage({"nodes": {"a": None, "b": {"fs": []}}}) is None


# Requests


@pytest.fixture
def fleet_server(server: Server) -> Server:
    """Return a server with one station."""
    server.fleet = answer(source())
    return server


async def read(server: Server, *stations: str, certificate: str | None = None) -> Fleet:
    """Return the fleet of a server."""
    async with ClientSession() as session:
        destination = Destination(URL(server.url), API_KEY, "default")
        return await FleetIndex(session, destination, trust(certificate)).async_fleet(stations)


async def test_a_fleet_is_read(fleet_server: Server) -> None:
    found = await read(fleet_server)
    assert found.stations == parse_stations(answer(source()))
    assert found.disk_usage == 75
    assert found.certificate_expires is None, "there is none without TLS"
    search, disks = fleet_server.requests
    assert search.startswith(f"POST /{INDEX}default/_search?filter_path=")
    assert disks == "GET /_nodes/stats/fs?filter_path=nodes.*.fs.total"
    assert fleet_server.fleet_queries == [{"match_all": {}}]


async def test_some_stations_are_read(fleet_server: Server) -> None:
    await read(fleet_server, BEACH, "other")
    (query,) = fleet_server.fleet_queries
    assert query["bool"]["should"][0] == {"terms": {"station.id": [BEACH, "other"]}}


async def test_a_key_may_be_denied_the_disks(fleet_server: Server) -> None:
    fleet_server.disks = None
    assert (await read(fleet_server)).disk_usage is None


async def test_the_certificate_expires(fleet_server: Server) -> None:
    authority = trustme.CA()
    await fleet_server.stop()
    await fleet_server.start(server_context(authority, "127.0.0.1", valid_days=(-1, 20)))
    expires = (await read(fleet_server, certificate=pem(authority))).certificate_expires
    assert expires is not None
    assert timedelta(days=19) < expires - datetime.now(UTC) < timedelta(days=21)


def error(status: int, body: object) -> Callable[[web.Request], Any]:
    """Return an answer with an error."""

    async def check(_: web.Request) -> web.StreamResponse:
        return elastic(body, status)

    return check


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (404, {"error": {"type": "index_not_found_exception"}}, FleetMissingError),
        (401, {}, KeyRefusedError),
        (403, {"error": {"type": "security_exception"}}, PrivilegeMissingError),
        (400, {}, ElasticsearchError),
        (200, [], ElasticsearchError),
    ],
)
async def test_an_error_of_the_server(
    fleet_server: Server, status: int, body: object, expected: type[ElasticsearchError]
) -> None:
    fleet_server.check = error(status, body)
    with pytest.raises(expected):
        await read(fleet_server)


async def test_a_server_that_is_down_is_an_error(fleet_server: Server) -> None:
    await fleet_server.stop()
    with pytest.raises(CannotConnectError):
        await read(fleet_server)


async def test_an_answer_without_end_is_an_error(fleet_server: Server) -> None:
    fleet_server.fleet = answer(source(name={"station.name": "x" * 5_000_000}))
    with pytest.raises(ElasticsearchError, match="without end"):
        await read(fleet_server)


async def test_an_unknown_certificate_changes_nothing(fleet_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy may hang up on a connection without a request."""
    authority = trustme.CA()
    await fleet_server.stop()
    await fleet_server.start(server_context(authority, "127.0.0.1"))

    async def hang_up(*_: object, **__: object) -> None:
        raise ConnectionResetError

    monkeypatch.setattr("asyncio.open_connection", hang_up)
    found = await read(fleet_server, certificate=pem(authority))
    assert found.certificate_expires is None
    assert found.stations
