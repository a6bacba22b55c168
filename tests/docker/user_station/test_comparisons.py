"""Comparisons of the stations with each other, asked of a real Elasticsearch.

ES|QL before 8.14 cannot collect the values of a group. For these servers, the groups are collected here, and the rest of the
query asks an index of them. Like in `test_numbers.py`, the index has milliseconds, and the newest name is found here.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
import json
import random
import secrets
import time
from typing import Any

import pytest

from custom_components.anavi_weather.meteorology import STANDARD_PRESSURE
from homeassistant.util.unit_conversion import BaseUnitConverter, PressureConverter, TemperatureConverter

from .conftest import Run
from .files import NEWEST_NAME, STREAMS, VARIABLE, Json, panels, rules, without_names
from .server import Server

THRESHOLDS = {"ALERT_NEIGHBORS": "3", "ALERT_DRIFT": "1"}
COLLECT = "| STATS pairs = VALUES(pair), "
HOUR, DAY = 3600, 86400
HEALTHY = tuple(f"{number:032x}" for number in range(1, 7))
BIASED, WRONG_ALTITUDE, YOUNG, BLIND, DRIFTING = (letter * 32 for letter in "abcde")

type Row = dict[str, Any]


class Stations:
    """Documents of stations of one region, at different altitudes."""

    def __init__(self) -> None:
        """Initialize without documents."""
        self._random = random.Random(1)
        self._lines: list[str] = []
        self._end = int(time.time()) // HOUR * HOUR
        self._renamed = 6 * HOUR  # before the end

    @property
    def bulk(self) -> bytes:
        """Return the body of a request."""
        return "".join(self._lines).encode()

    def send(self, station: str, altitude: float = 0.0, **more: Any) -> None:
        """Send the readings of a day."""
        hours = more.pop("hours", 24)
        for age in range(hours):
            at = self._end - age * HOUR - 600
            readings = self._air(at, altitude, **more)
            for key, (number, unit) in readings.items():
                self._add(station, key, at, unit, {"state": {"number": number}})

    def summarize(self, station: str, drift: float = 0.0, days: int = 28, unit: str = "°C") -> None:
        """Send the statistics of some weeks, in which a station drifts at the end."""
        self._renamed = 3 * DAY
        offset = self._random.uniform(-4, 4)  # which is no drift
        for age in range(days * 24):
            at = self._end - (age + 1) * HOUR
            added = drift * max(1 - age * HOUR / (21 * DAY), 0)
            for key, (number, its_unit) in self._air(at, 0, bias=offset + added, unit=unit).items():
                self._add(station, key, at, its_unit, {"statistics": {"mean": number}})

    def _air(
        self,
        at: float,
        altitude: float,
        bias: float = 0.0,
        error: float = 0.0,
        unit: str = "°C",
        *,
        blind: bool = False,
    ) -> dict[str, tuple[float, str]]:
        """Return the readings at a time, in the units of the user."""
        hour = at / HOUR
        temperature = 10 - 0.0065 * altitude + 8 * ((hour % 24) / 24) + bias + self._random.gauss(0, 0.3)
        pressure = STANDARD_PRESSURE * (1 - 0.0065 * altitude / 288.15) ** 5.2559 + self._random.gauss(0, 0.2)
        sea_level = STANDARD_PRESSURE + error + self._random.gauss(0, 0.2)
        found = {"temperature": (TemperatureConverter.convert(temperature, "°C", unit), unit)}
        if not blind:
            pressure_unit = "inHg" if unit == "°F" else "hPa"
            for key, value in (("atmospheric_pressure", pressure), ("sea_level_pressure", sea_level)):
                found[key] = PressureConverter.convert(value, "hPa", pressure_unit), pressure_unit
        return found

    def _add(self, station: str, key: str, at: float, unit: str, value: Json) -> None:
        document = {
            "@timestamp": datetime.fromtimestamp(at, UTC).isoformat(),
            "station": {"id": station, "name": _name(station, at < self._end - self._renamed)},
            "entity": {"id": f"sensor.{key}", "platform": "anavi_weather", "key": key, "unit": unit},
        }
        self._lines.append('{"create":{}}\n' + json.dumps(document | value) + "\n")


def _name(station: str, is_former: bool) -> str:
    """Return the name of a station. Each has been renamed."""
    return f"Zona {station[0]}" if is_former else f"Casa {station[-1]} da praia"


@pytest.fixture
def stations() -> Stations:
    """Return six healthy stations."""
    return Stations()


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
    return _name(station, is_former=False)


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
        stations.summarize(station, unit=("°C", "°F")[number % 2])
    stations.summarize(DRIFTING, drift=2.0)
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
