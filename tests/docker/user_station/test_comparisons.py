"""Comparisons of the stations with each other, asked of a real Elasticsearch.

ES|QL before 8.14 cannot collect the values of a group. For these servers, the groups are collected here, and the rest of the
query asks an index of them. Like in `test_numbers.py`, the index has milliseconds, and the newest name is found here.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
import json
import secrets
from typing import Any

import pytest

from homeassistant.util.unit_conversion import BaseUnitConverter, PressureConverter, TemperatureConverter

from .conftest import Run
from .files import NEWEST_NAME, STREAMS, VARIABLE, panels, rules, without_names
from .region import BIASED, BLIND, DRIFTING, HEALTHY, WRONG_ALTITUDE, YOUNG, Stations, name_of
from .server import Server

THRESHOLDS = {"ALERT_NEIGHBORS": "3", "ALERT_DRIFT": "1"}
COLLECT = "| STATS pairs = VALUES(pair), "

type Row = dict[str, Any]


@pytest.fixture
def groups(server: Server) -> Iterator[str]:
    """Return an index for collected values."""
    name = f"anavi_weather-groups-{secrets.token_hex(4)}"
    yield name
    server.call("DELETE", name)


def rows(server: Server, query: str) -> list[Row]:
    """Return the rows of an ES|QL query."""
    answer = server.good("POST", "_query?format=json", {"query": query})
    names = [column["name"] for column in answer["columns"]]
    return [dict(zip(names, row, strict=True)) for row in answer.get("values", [])]


def ask(server: Server, groups: str, query: str) -> dict[str, Row]:
    """Return the rows of a query by station."""
    lines = VARIABLE.sub(lambda found: THRESHOLDS[found[1]], query).splitlines()
    (place,) = (number for number, line in enumerate(lines) if line.startswith(COLLECT))
    _, _, by = lines[place].rpartition(" BY ")
    before, after = lines[:place], lines[place + 1 :]
    pairs: dict[tuple[Any, ...], list[str]] = {}
    for row in rows(server, "\n".join([*before, f"| KEEP pair, {by} | LIMIT 10000"])):
        pairs.setdefault(tuple(row[column] for column in by.split(", ")), []).append(row["pair"])
    summaries = rows(server, "\n".join([*before, lines[place].replace(COLLECT, "| STATS "), "| LIMIT 10000"]))
    _store(server, groups, [row | {"pairs": pairs[tuple(row[one] for one in by.split(", "))]} for row in summaries])
    rest = [f"FROM {groups}", *after]
    found = {row["station.id"]: row for row in rows(server, without_names("\n".join(rest)))}
    return {station: row | {"name": _newest_name(server, rest, station)} for station, row in found.items()}


def _store(server: Server, index: str, documents: list[Row]) -> None:
    types = {"hour": "date", "day": "date", "pairs": "keyword", "entity.key": "keyword"}
    properties = {
        name: {"type": types.get(name, "double")} for document in documents for name in document if name != "entity.key"
    }
    server.call("DELETE", index)
    server.good(
        "PUT",
        index,
        {"mappings": {"properties": properties | {"entity": {"properties": {"key": {"type": "keyword"}}}}}},
    )
    body = "".join('{"create":{}}\n' + json.dumps(document) + "\n" for document in documents)
    assert not server.good("POST", f"{index}/_bulk?refresh=true", body.encode())["errors"]


def _newest_name(server: Server, lines: list[str], station: str) -> str:
    (first, *_) = (number for number, line in enumerate(lines) if NEWEST_NAME in line)
    (name,) = (line for line in lines if line.startswith("| EVAL name = "))
    query = [*lines[:first], f'| WHERE station.id == "{station}"', name, "| KEEP named, name", "| LIMIT 10000"]
    newest: str = max(rows(server, "\n".join(query)), key=lambda row: str(row["named"]))["name"]
    return newest


def of(station: str) -> str:
    """Return the newest name of a station."""
    return name_of(station, is_former=False)


def rule(name: str) -> str:
    """Return the query of a rule."""
    query: str = rules()[name]["params"]["esqlQuery"]["esql"]
    return query


@pytest.fixture
def day(server: Server, mirror: str, stations: Stations) -> str:
    """Return an index with a day of healthy and of strange stations."""
    for number, station in enumerate(HEALTHY):
        stations.send(station, altitude=200.0 * number, unit=("°C", "°F", "K")[number % 3])
    stations.send(BIASED, altitude=350, bias=4.0, unit="°F")
    stations.send(WRONG_ALTITUDE, altitude=900, error=6.0)
    stations.send(YOUNG, bias=8.0, hours=11)
    stations.send(BLIND, bias=8.0, blind=True)
    assert not server.good("POST", f"{mirror}/_bulk?refresh=true", stations.bulk)["errors"]
    return mirror


def test_stations_that_differ_from_the_others(server: Server, day: str, groups: str) -> None:
    found = ask(server, groups, rule("neighbors").replace(STREAMS, day))

    assert {station: row["name"] for station, row in found.items()} == {
        BIASED: of(BIASED),
        WRONG_ALTITUDE: of(WRONG_ALTITUDE),
    }
    assert found[BIASED]["temperature"] == pytest.approx(4, abs=0.3)
    assert found[WRONG_ALTITUDE]["pressure"] == pytest.approx(6, abs=0.3)


def test_the_panel_shows_how_much_each_station_differs(server: Server, day: str, groups: str) -> None:
    query = dict(panels())["fleet/neighbors"]["data_source"]["query"].replace(STREAMS, day)
    until = datetime.now(UTC)
    for parameter, at in (("?_tstart", until - timedelta(days=7)), ("?_tend", until)):
        query = query.replace(parameter, f'"{at.isoformat(timespec="milliseconds").replace("+00:00", "Z")}"')

    found = ask(server, groups, query)

    assert found.keys() == {*HEALTHY, BIASED, WRONG_ALTITUDE, YOUNG, BLIND}
    for station in HEALTHY:
        assert found[station]["temperature"] == pytest.approx(0, abs=0.5)
        assert found[station]["pressure"] == pytest.approx(0, abs=0.3)
        assert found[station]["hours"] >= 24
    assert found[BLIND]["temperature"] is None, "its elevation is unknown"
    assert found[YOUNG]["hours"] == 11


def test_four_stations_are_too_few_to_compare(server: Server, mirror: str, stations: Stations, groups: str) -> None:
    for station in HEALTHY[:3]:
        stations.send(station)
    stations.send(BIASED, bias=8.0)
    assert not server.good("POST", f"{mirror}/_bulk?refresh=true", stations.bulk)["errors"]

    assert ask(server, groups, rule("neighbors").replace(STREAMS, mirror)) == {}


def test_a_large_region_has_large_differences(server: Server, mirror: str, stations: Stations, groups: str) -> None:
    for number, station in enumerate(HEALTHY):
        stations.send(station, bias=1.5 * number)
    stations.send(BIASED, bias=12)
    assert not server.good("POST", f"{mirror}/_bulk?refresh=true", stations.bulk)["errors"]

    assert ask(server, groups, rule("neighbors").replace(STREAMS, mirror)) == {}


def test_stations_that_drift(server: Server, setup: Run, stations: Stations, groups: str) -> None:
    assert setup().returncode == 0
    for number, station in enumerate(HEALTHY):
        stations.summarize(station, bias=0.2 * number, unit=("°C", "°F")[number % 2])  # which is no drift
    stations.summarize(DRIFTING, bias=3.0, drift=2.0)
    stations.summarize(YOUNG, drift=9.0, days=20)
    # An administrator may write for each station
    answer = server.good("POST", f"{server.statistics}/_bulk?refresh=true", stations.bulk)
    assert not answer["errors"], answer["items"][:1]

    found = ask(server, groups, rule("drift").replace("statistics-anavi_weather-*", server.statistics))

    assert {station: row["name"] for station, row in found.items()} == {DRIFTING: of(DRIFTING)}
    # The last week on average, of three in which it grew to 2 °C
    assert found[DRIFTING]["drift"] == pytest.approx(2 * (1 - 3.5 / 21), abs=0.2)


CONVERTERS: Mapping[str, type[BaseUnitConverter]] = {"°C": TemperatureConverter, "hPa": PressureConverter}


@pytest.mark.parametrize("name", ["neighbors", "drift"])
@pytest.mark.parametrize("unit", CONVERTERS)
def test_comparisons_convert_every_unit(server: Server, name: str, unit: str) -> None:
    (conversion,) = (line for line in rule(name).splitlines() if line.startswith("| EVAL value = "))
    field = "state.number" if name == "neighbors" else "statistics.mean"
    for sent in CONVERTERS[unit].VALID_UNITS:
        number = CONVERTERS[unit].convert(-7.5, unit, sent)

        (row,) = rows(server, f'ROW entity.unit = "{sent}", {field} = {number!r} {conversion} | KEEP value')

        assert row["value"] == pytest.approx(-7.5, abs=1e-4), sent
