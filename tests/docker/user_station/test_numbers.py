"""Every panel and alert rule, asked of a real Elasticsearch: it has the numbers that the recorder has.

What cannot be asked of a server before 9.5 in the panel's own words is asked by the equal search. ES|QL knows no nanoseconds
there: it is asked of the same documents in an index with milliseconds. It has no greatest text either, by which a query finds
the newest name of a station: that is found here among the texts of the query.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
import re
import time
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.const import CONF_ALTITUDE, CONF_INTERVAL
from custom_components.anavi_weather.phat.simulated_chips import Air
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc
from custom_components.anavi_weather.phat.simulator import Simulator
from homeassistant.core import HomeAssistant
from homeassistant.util.unit_conversion import BaseUnitConverter, PressureConverter, TemperatureConverter
from tests.conftest import PassTime, number

from .conftest import Run
from .files import COMPARISONS, NEWEST_NAME, STREAMS, VARIABLE, Json, panels, rules, without_names
from .history import INTERVAL, SILENT_FOR, STATIONS, History, Past, async_history
from .kql import Fact
from .lens import HOUR, question
from .server import Server

type Rows = set[tuple[Any, ...]]

# The entity whose state a panel shows
NOW = {
    "temperature": "temperature",
    "humidity": "humidity",
    "pressure": "atmospheric_pressure",
    "illuminance": "illuminance",
    "dew_point": "dew_point",
    "tendency": "pressure_tendency",
}
ROUNDED = 6  # decimals
THRESHOLDS = {"ALERT_FROST": 3.0, "ALERT_HEAT": 35.0, "ALERT_STORM": -3.0, "ALERT_SILENT": 30}


@pytest.fixture
def options() -> dict[str, Any]:
    """Return the options of the station."""
    return {CONF_INTERVAL: INTERVAL, CONF_ALTITUDE: 800}


@pytest.fixture
def recorded_entities() -> Sequence[str]:
    """Let the recorder store states, which become the documents."""
    return ("*",)


async def test_panels_and_alerts(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    air: Air,
    pair: SimulatedLirc,
    simulator: Simulator,
    pass_time: PassTime,
    setup: Run,
    server: Server,
    mirror: str,
    subtests: pytest.Subtests,
) -> None:
    assert setup().returncode == 0
    past = Past(hass, freezer, air, pass_time, pair, simulator)
    await past.live(entry)
    history = await async_history(hass)
    freezer.move_to(datetime.fromtimestamp(time.clock_gettime(time.CLOCK_REALTIME), UTC))

    for index in (server.stream, mirror):
        answer = server.good("POST", f"{index}/_bulk?refresh=true&filter_path=errors,items.*.error", history.bulk)
        assert not answer["errors"], answer["items"][:3]
    assert len({fact["station.id"] for fact in history.facts}) == 2

    for name, config in panels():
        if name in COMPARISONS:
            continue  # test_comparisons.py
        with subtests.test(panel=name):
            if config.get("data_source", {}).get("type") == "esql":
                _check_esql_panel(name, config, server, mirror, history)
            else:
                _check_panel(config, server, history)
    with subtests.test("what is shown"):
        _check_meaning(hass, past, server)
    for name, rule in rules().items():
        if name in COMPARISONS:
            continue  # test_comparisons.py
        with subtests.test(rule=name):
            _check_rule(name, rule, server, mirror, history)


def _check_panel(config: Json, server: Server, history: History) -> None:
    asked = question(config)
    found = asked.read(server.good("POST", f"{server.stream}/_search", asked.search()))
    expected = asked.compute(history.facts)
    assert expected, "nothing is expected, so nothing is tested"
    assert any(value for value in expected.values())
    assert found.keys() == expected.keys()
    # To a microsecond, which is what a float of seconds has
    assert found == {key: _rounded(value) for key, value in expected.items()}


def _check_meaning(hass: HomeAssistant, past: Past, server: Server) -> None:
    """Compare the panels' values with Home Assistant's."""
    asked = {name: question(config) for name, config in panels() if "query" in config}

    def found(panel: str, *group: str, metric: int = 0) -> Any:
        question = asked[panel]
        return question.read(server.good("POST", f"{server.stream}/_search", question.search()))[group, metric]

    for panel, entity in NOW.items():
        assert found(f"weather/{panel}-now", STATIONS[0].id) == number(hass, f"sensor.simulated_phat_{entity}")
    (lowest, average, highest) = (found("weather/temperature-range", STATIONS[0].id, metric=n) for n in range(3))
    assert lowest < average < highest
    assert found("fleet/stations") == 2
    assert found("infrared/sent") == past.sent
    errors = number(hass, "sensor.simulated_phat_errors")
    assert errors > 0
    assert found("fleet/errors", STATIONS[0].id) == errors
    for station in STATIONS:
        assert found("fleet/stations-table", station.id) == station.name
    assert found("fleet/errors", STATIONS[0].id, metric=2) == number(hass, "sensor.anavi_weather_user_station_backlog")


def _rounded(value: Any) -> Any:
    if isinstance(value, float) and value > 1e9:
        return pytest.approx(value, abs=0.0011)
    return pytest.approx(value, rel=1e-9) if isinstance(value, float) else value


def _ask(server: Server, query: str, since: float, until: float) -> Rows:
    """Ask in ES|QL, in the time range that Kibana adds. Return the values in the order of the names of the columns."""
    lines = query.replace(NEWEST_NAME, "").splitlines()
    (named,) = (number for number, line in enumerate(lines) if line.startswith("| EVAL named = "))
    (name,) = (line for line in lines if line.startswith("| EVAL name = "))
    newest: dict[str, Json] = {}
    for row in _rows(server, "\n".join((*lines[: named + 1], name)), since, until):
        if row["named"] > newest.get(row["station.id"], row)["named"] or row["station.id"] not in newest:
            newest[row["station.id"]] = row
    rows = _rows(server, without_names(query), since, until)
    found = [row | {"name": newest[row["station.id"]]["name"]} for row in rows]
    return {tuple(_plain(row[column]) for column in sorted(row)) for row in found}


def _rows(server: Server, query: str, since: float, until: float) -> list[Json]:
    window = {"range": {"@timestamp": {"gte": int(since * 1000), "lte": int(until * 1000), "format": "epoch_millis"}}}
    answer = server.good("POST", "_query?format=json", {"query": query, "filter": window})
    names = [column["name"] for column in answer["columns"]]
    return [dict(zip(names, row, strict=True)) for row in answer.get("values", [])]


def _plain(value: Any) -> Any:
    return round(value, ROUNDED) if isinstance(value, float) else value


def _of_station(facts: list[Fact]) -> Iterator[tuple[str, str, list[Fact]]]:
    for station in STATIONS:
        yield station.id, station.name, [fact for fact in facts if fact["station.id"] == station.id]


def _gaps(facts: list[Fact], until: float) -> Rows:
    """Return active, fewest, gaps, name and id: in the order of the names of the columns."""
    rows: Rows = set()
    for station, name, sent in _of_station(facts):
        hours: dict[int, int] = {}
        for fact in sent:
            hour = int(fact["@timestamp"] // HOUR)
            hours[hour] = hours.get(hour, 0) + 1
        empty = set(range(min(hours), int(until // HOUR) + 1)) - set(hours)
        assert empty, "no gap was found, so nothing is tested"
        rows.add((len(hours), min(hours.values()), len(empty), name, station))
    return rows


ESQL_PANELS: dict[str, Callable[[list[Fact], float], Rows]] = {"fleet/gaps": _gaps}


def _check_esql_panel(name: str, config: Json, server: Server, mirror: str, history: History) -> None:
    until = time.time()
    since = until - timedelta(days=7).total_seconds()
    query = config["data_source"]["query"]
    assert STREAMS in query
    query = query.replace(STREAMS, mirror)
    for parameter, value in (("?_tstart", since), ("?_tend", until)):
        text = datetime.fromtimestamp(value, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        query = query.replace(parameter, f'"{text}"')
    columns = {part["column"] for part in (*config["rows"], *config["metrics"])}
    kept = query.partition("| KEEP ")[2].partition("\n")[0].split(", ")
    assert columns == set(kept)
    assert _ask(server, query, since, until) == ESQL_PANELS[name](history.facts, until)


def _readings(facts: list[Fact], key: str, since: float, beyond: Callable[[list[float]], float | None]) -> Rows:
    rows: Rows = set()
    for station, name, sent in _of_station(facts):
        values = [
            fact["state.number"]
            for fact in sent
            if fact.get("entity.platform") == "anavi_weather"
            and fact.get("entity.key") == key
            and fact["state.number"] is not None
            and fact["@timestamp"] >= since
        ]
        if values and (value := beyond(values)) is not None:
            rows.add((name, station, _plain(value)))
    return rows


def _silent(facts: list[Fact], until: float) -> Rows:
    rows: Rows = set()
    for station, name, sent in _of_station(facts):
        last = max(fact["@timestamp"] for fact in sent)
        if last < until - THRESHOLDS["ALERT_SILENT"] * 60:
            text = datetime.fromtimestamp(last, UTC).isoformat(timespec="microseconds")[:23] + "Z"
            rows.add((text, name, station))
    return rows


def _double(facts: list[Fact], since: float) -> Rows:
    instances: dict[str, set[str]] = {}
    for fact in facts:
        if fact["@timestamp"] >= since:
            instances.setdefault(fact["station.id"], set()).add(fact["station.instance"])
    names = {station.id: station.name for station in STATIONS}
    return {(len(found), names[station], station) for station, found in instances.items() if len(found) > 1}


def _below(limit: float) -> Callable[[list[float]], float | None]:
    return lambda values: lowest if (lowest := min(values)) < limit else None


def _above(limit: float) -> Callable[[list[float]], float | None]:
    return lambda values: highest if (highest := max(values)) > limit else None


# The rows that each rule finds, by name, station.id and the reading: in the order of the names of the columns
RULES: dict[str, Callable[[list[Fact], float, float], Rows]] = {
    "frost": lambda facts, since, _: _readings(facts, "temperature", since, _below(THRESHOLDS["ALERT_FROST"])),
    "heat": lambda facts, since, _: _readings(facts, "temperature", since, _above(THRESHOLDS["ALERT_HEAT"])),
    "storm": lambda facts, since, _: set(
        _readings(facts, "pressure_tendency", since, _below(THRESHOLDS["ALERT_STORM"]))
    ),
    "double": lambda facts, since, _: _double(facts, since),
    "silent": lambda facts, _, until: _silent(facts, until),
}
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@pytest.mark.parametrize(
    ("name", "unit", "converter"),
    [("frost", "°C", TemperatureConverter), ("heat", "°C", TemperatureConverter), ("storm", "hPa", PressureConverter)],
)
def test_rules_convert_every_unit(server: Server, name: str, unit: str, converter: type[BaseUnitConverter]) -> None:
    (conversion,) = re.findall(r"(?m)^\| EVAL value = .*$", rules()[name]["params"]["esqlQuery"]["esql"])
    for sent in converter.VALID_UNITS:
        number = converter.convert(-7.5, unit, sent)
        query = f'ROW entity.unit = "{sent}", state.number = {number!r} {conversion} | KEEP value'

        answer = server.good("POST", "_query?format=json", {"query": query})

        assert answer["values"] == [[pytest.approx(-7.5, abs=1e-4)]], sent


def _check_rule(name: str, rule: Json, server: Server, mirror: str, history: History) -> None:
    parameters = rule["params"]
    query = VARIABLE.sub(lambda found: f"{THRESHOLDS[found[1]]:g}", parameters["esqlQuery"]["esql"])
    assert STREAMS in query
    until = time.time()
    # The readings go up and down in hours: a window as long as the history has frost and heat
    for window in (
        timedelta(**{UNITS[parameters["timeWindowUnit"]]: parameters["timeWindowSize"]}),
        timedelta(hours=7),
    ):
        since = until - window.total_seconds()
        found = _ask(server, query.replace(STREAMS, mirror), since, until)
        assert found == RULES[name](history.facts, since, until)
    assert found, "no alert was found, so nothing is tested"
    if name == "silent":
        assert SILENT_FOR.total_seconds() > THRESHOLDS["ALERT_SILENT"] * 60
        assert {row[1:] for row in found} == {(STATIONS[1].name, STATIONS[1].id)}
