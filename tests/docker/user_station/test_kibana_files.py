"""Tests of what is put into Kibana: its texts, its fields, its layout."""

from collections.abc import Iterator
import itertools
import json
import re
from typing import Any
from uuid import UUID

import pytest

from .files import (
    ESQL_FIELD,
    KIBANA,
    LANGUAGES,
    MESSAGE,
    STATISTICS_DASHBOARD,
    STREAMS,
    VARIABLE,
    Json,
    all_rules,
    dashboards,
    load,
    mapped_fields,
    messages,
    panels,
    rules,
    statistics_fields,
    statistics_panels,
)
from .lens import question

COLUMNS = 48
USER_STATION = {"en": "User station ({{alert.id}}): ", "pt-BR": "Estação do usuário ({{alert.id}}): "}
ALIKE = {"fleet.home_assistant", "fleet.id"}
READINGS = {
    "temperature",
    "humidity",
    "atmospheric_pressure",
    "illuminance",
    "dew_point",
    "pressure_tendency",
}


def texts(value: Any) -> Iterator[str]:
    """Return all texts in an object."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from itertools.chain.from_iterable(map(texts, value.values()))
    elif isinstance(value, list):
        yield from itertools.chain.from_iterable(map(texts, value))


def files() -> list[Json]:
    """Return everything that has messages."""
    return [load(path) for path in KIBANA.glob("*/*.json") if path.parent.name != "messages"]


def test_every_message_is_there_in_both_languages_and_used() -> None:
    used = set(itertools.chain.from_iterable(MESSAGE.findall(text) for text in texts(files())))
    english, portuguese = (messages(language) for language in LANGUAGES)
    assert used == set(english) == set(portuguese)
    assert {key for key in english if english[key] == portuguese[key]} == ALIKE
    assert all(text.strip() and text.count("{{") == portuguese[key].count("{{") for key, text in english.items())


def test_the_set_up_script_can_read_the_messages() -> None:
    for language in LANGUAGES:
        path = KIBANA / "messages" / f"{language}.json"
        lines = path.read_text(encoding="utf-8").splitlines()
        assert lines[0] == "{" and lines[-1] == "}"
        read = dict(json.loads("{" + line.rstrip(",") + "}").popitem() for line in lines[1:-1])
        assert read == messages(language)


@pytest.mark.parametrize("name", ["title", "label", "description", "message", "name"])
def test_no_text_is_in_one_language(name: str) -> None:
    def find(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if isinstance(text := value.get(name), str):
                yield text
            value = list(value.values())
        if isinstance(value, list):
            yield from itertools.chain.from_iterable(map(find, value))

    found = [text for loaded in files() for text in find(loaded)]
    assert found
    streams = {STREAMS, "logs-anavi_weather-*", "statistics-anavi_weather-*", "alerts-anavi_weather"}
    references = {reference["name"] for loaded in files() for reference in loaded.get("references", [])}
    assert [text for text in found if MESSAGE.sub("", text).strip(": ") and text not in streams | references] == []


def test_every_field_of_every_panel_is_in_the_index_template() -> None:
    known = mapped_fields()
    for name, config in panels():
        if "query" in config:
            asked = set(question(config).fields())
        else:
            asked = set(ESQL_FIELD.findall(config["data_source"]["query"]))
        assert asked, name
        assert asked <= known, name
    for dashboard in dashboards().values():
        for control in dashboard["pinned_panels"]:
            assert control["config"]["field_name"] in known


def test_the_climate_dashboard_asks_for_statistics() -> None:
    known = statistics_fields()
    view = load(KIBANA / "data_views" / "statistics.json")["data_view"]["id"]
    for name, config in statistics_panels():
        assert set(question(config).fields()) <= known, name
        (layer,) = config.get("layers", [config])
        assert layer["data_source"]["ref_id"] == view, name
    (control,) = dashboards()[STATISTICS_DASHBOARD]["pinned_panels"]
    assert control["config"]["data_view_id"] == view
    assert control["config"]["field_name"] in known


def test_stations_are_identified_by_their_id() -> None:
    """Case 36: two stations may have one name, and a station that is renamed stays the same."""
    for name, config in itertools.chain(panels(), statistics_panels()):
        if "query" in config:
            grouped = [field for dimension in question(config).dimensions for field in dimension.get("fields", [])]
            assert "station.name" not in grouped, name
    for dashboard in dashboards().values():
        assert dashboard["pinned_panels"][0]["config"]["field_name"] == "station.id"
    panel_queries = {name: config["data_source"]["query"] for name, config in panels() if "query" not in config}
    rule_queries = {name: rule["params"]["esqlQuery"]["esql"] for name, rule in rules().items()}
    for name, query in (panel_queries | rule_queries).items():
        # Kibana takes the last groups as the id of an alert
        last = [line for line in query.splitlines() if line.startswith("| STATS ")][-1]
        assert last.partition(" BY ")[2] == "station.id", name
        assert "| KEEP name, station.id" in query, "its newest name is shown"


def test_suspect_readings_can_be_chosen_or_left_out() -> None:
    for name in ("weather", "fleet"):
        (control,) = dashboards()[name]["pinned_panels"][1:]
        assert control["config"]["field_name"] == "quality.flags"


def test_every_field_of_every_rule_is_in_the_index_template() -> None:
    for name, rule in rules().items():
        query = rule["params"]["esqlQuery"]["esql"]
        asked = set(ESQL_FIELD.findall(query)) | {rule["params"]["timeField"]}
        assert len(asked) > 1, name
        assert asked <= (mapped_fields() if f"FROM {STREAMS}\n" in query else statistics_fields()), name


def test_the_weather_panel_has_now_trend_and_range() -> None:
    keys: dict[str, set[str]] = {}
    for panel in dashboards()["weather"]["panels"]:
        name, _, kind = panel["id"].rpartition("-")
        config = panel["config"]
        conditions = {condition.field: condition.values for condition in question(config).conditions}
        assert conditions["entity.platform"] == ("anavi_weather",), panel["id"]
        if kind in {"now", "trend", "range"}:
            (key,) = conditions["entity.key"] or ()
            keys.setdefault(key, set()).add(kind)
            operations = [metric["operation"] for metric in question(config).metrics]
            expected = {"now": ["last_value"], "trend": ["average"], "range": ["min", "average", "max"]}[kind]
            assert operations == expected, name
    assert set(keys) == READINGS
    for key, kinds in keys.items():
        wanted = {"now", "trend"} if key in {"dew_point", "pressure_tendency"} else {"now", "trend", "range"}
        assert kinds == wanted, key


def test_the_map_shows_the_latest_reading_of_each_station() -> None:
    known = mapped_fields()
    views = {load(path)["data_view"]["id"] for path in (KIBANA / "data_views").glob("*.json")}
    saved = load(KIBANA / "maps" / "stations.json")
    numbers = VARIABLE.sub("3", saved["attributes"]["layerListJSON"])
    _, *layers = json.loads(numbers)
    references = {reference["name"]: reference["id"] for reference in saved["references"]}
    for layer in layers:
        source = layer["sourceDescriptor"]
        assert references[source["indexPatternRefName"]] in views
        fields = {source["geoField"], source["topHitsSplitField"], source["sortField"], *source["tooltipProperties"]}
        fields |= set(ESQL_FIELD.findall(layer["query"]["query"]))
        assert fields <= known, layer["id"]
        assert (source["topHitsSplitField"], source["topHitsSize"], source["sortOrder"]) == ("station.id", 1, "desc")
    assert len(references) == len(layers) == 3
    used = set(VARIABLE.findall(saved["attributes"]["layerListJSON"]))
    assert used == {"ALERT_FROST", "ALERT_HEAT", "ALERT_SILENT", "ALERT_STORM"}


def test_panels_do_not_overlap() -> None:
    for name, dashboard in dashboards().items():
        ids = [panel["id"] for panel in dashboard["panels"]]
        assert len(set(ids)) == len(ids), name
        taken: set[tuple[int, int]] = set()
        for panel in dashboard["panels"]:
            grid = panel["grid"]
            cells = set(
                itertools.product(range(grid["x"], grid["x"] + grid["w"]), range(grid["y"], grid["y"] + grid["h"]))
            )
            assert grid["x"] + grid["w"] <= COLUMNS
            assert not cells & taken, f"{name}: {panel['id']}"
            taken |= cells


def test_rules_are_as_kibana_wants_them() -> None:
    connectors = {
        path.name.split(".")[1]: load(path)["connector_type_id"] for path in (KIBANA / "connectors").glob("*.json")
    }
    # The Basic license has no others
    assert set(connectors.values()) == {".server-log", ".index"}
    assert set(rules()) == {"double", "drift", "frost", "heat", "neighbors", "storm", "silent"}
    assert set(all_rules()) - set(rules()) == {"certificate", "disk", "health", "unwatched"}
    for path in [*(KIBANA / "rules").glob("*.json"), *(KIBANA / "connectors").glob("*.json")]:
        # Kibana takes no other id of what it encrypts
        assert UUID(path.name.split(".")[1]).version == 4
    used = set()
    for name, rule in all_rules().items():
        assert rule["rule_type_id"] == ".es-query"
        parameters = rule["params"]
        assert parameters["searchType"] == "esqlQuery"
        assert parameters["groupBy"] == "row"
        assert (parameters["thresholdComparator"], parameters["threshold"]) == (">", [0])
        used |= set(VARIABLE.findall(parameters["esqlQuery"]["esql"]))
        for group in ("query matched", "recovered"):
            actions = [action["id"] for action in rule["actions"] if action["group"] == group]
            assert set(actions) == set(connectors), name
        for action in rule["actions"]:
            for document in action["params"].get("documents", []):
                index = load(KIBANA.parent / "elasticsearch" / "alerts_index.json")
                assert set(document) | {"@timestamp"} == set(index["mappings"]["properties"])
    assert used == {
        f"ALERT_{name}" for name in ("CERTIFICATE", "DISK", "DRIFT", "FROST", "HEAT", "NEIGHBORS", "STORM", "SILENT")
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_alert_begins_with_its_station(language: str) -> None:
    """A phone and a list of logs show only the first words. The name is that of the first row; its end has only the id."""
    station = "{{#context.hits}}{{_source.name}}{{/context.hits}} ({{alert.id}}): "
    beginnings = {"query matched": station, "recovered": "{{alert.id}}: "}
    for name, rule in all_rules().items():
        beginnings["query matched"] = station if name in rules() else USER_STATION[language]
        for action in rule["actions"]:
            message = action["params"].get("message") or action["params"]["documents"][0]["message"]
            text = MESSAGE.sub(lambda found: messages(language)[found[1]], message)
            assert text.startswith(beginnings[action["group"]])


def test_the_summaries_of_the_fleet_have_the_windows_and_thresholds_of_the_rules() -> None:
    transform = load(KIBANA.parent / "elasticsearch" / "fleet_transform.json")
    comparison = (KIBANA.parent / "elasticsearch" / "fleet_comparison_reduce.painless").read_text(encoding="utf-8")
    aggregations = transform["pivot"]["aggregations"]
    readings = {"frost": "temperature", "heat": "temperature", "storm": "pressure_tendency"}
    for name, rule in rules().items():
        parameters = rule["params"]
        variables = VARIABLE.findall(parameters["esqlQuery"]["esql"])
        if name in readings:
            conditions = aggregations[readings[name]]["filter"]["bool"]["filter"]
            window = {
                "range": {"@timestamp": {"gte": f"now-{parameters['timeWindowSize']}{parameters['timeWindowUnit']}"}}
            }
            assert window in conditions, name
            (variable,) = variables
            sign = re.findall(rf"([<>]) @{variable}@", parameters["esqlQuery"]["esql"])
            assert re.findall(rf"([<>]) @{variable}@", aggregations[name]["bucket_script"]["script"]) == sign
        elif name == "silent":
            assert [f"@{variable}@" for variable in variables] == [
                aggregations["silent_minutes"]["bucket_script"]["script"]
            ]
            assert transform["retention_policy"]["time"]["max_age"] == "7d"
        elif name == "double":
            since = f"now-{parameters['timeWindowSize']}{parameters['timeWindowUnit']}"
            assert aggregations["instances"]["filter"] == {"range": {"@timestamp": {"gte": since}}}
        else:
            (variable,) = set(variables)
            assert f"> (double) @{variable}@" in comparison or f"Math.max((double) @{variable}@" in comparison
    assert {name for name in rules() if name in aggregations} == {*readings, "double"}
