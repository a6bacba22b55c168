"""The files of the user station, and what is in them."""

from collections.abc import Iterator
import json
from pathlib import Path
import re
from typing import Any

FOLDER = Path(__file__).parents[3] / "docker" / "user_station"
ELASTICSEARCH_SETUP = FOLDER / "elasticsearch" / "setup"
KIBANA = FOLDER / "kibana"
LANGUAGES = ("en", "pt-BR")
STREAMS = "metrics-anavi_weather.state-*"
STATISTICS_DASHBOARD = "climate"
# Rules and panels that compare a station with all others
COMPARISONS = ("neighbors", "drift", "fleet/neighbors")
# Rules and panels about the user station itself
HEALTH = ("disk", "certificate", "health", "unwatched", "fleet/health")
HEALTH_STREAM = "health-anavi_weather"
NEWEST_NAME = ", named = MAX(named)"  # in an ES|QL query

# What the set-up scripts put into the files
MESSAGE = re.compile(r"@([a-z_]+(?:\.[a-z_]+)*)@")
VARIABLE = re.compile(r"@([A-Z_]+)@")
ESQL_FIELD = re.compile(r"(?<![\w.])(@timestamp|(?:station|entity|state|event|infrared|quality|statistics)\.[a-z_]+)")

type Json = dict[str, Any]


def load(path: Path) -> Json:
    """Return a file's object."""
    loaded: Json = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def messages(language: str) -> dict[str, str]:
    """Return the texts of a language."""
    return load(KIBANA / "messages" / f"{language}.json")


def dashboards() -> dict[str, Json]:
    """Return the dashboards by their name."""
    return {path.stem: load(path) for path in sorted((KIBANA / "dashboards").glob("*.json"))}


def panels() -> Iterator[tuple[str, Json]]:
    """Return the configuration of every panel of states, by the names of its dashboard and its own."""
    for name, dashboard in dashboards().items():
        if name != STATISTICS_DASHBOARD:
            for panel in dashboard["panels"]:
                if (path := f"{name}/{panel['id']}") not in HEALTH:
                    yield path, panel["config"]


def statistics_panels() -> Iterator[tuple[str, Json]]:
    """Return the configuration of every panel of statistics by its name."""
    for panel in dashboards()[STATISTICS_DASHBOARD]["panels"]:
        yield panel["id"], panel["config"]


def rules() -> dict[str, Json]:
    """Return the alert rules about stations by their name."""
    return {name: rule for name, rule in all_rules().items() if name not in HEALTH}


def all_rules() -> dict[str, Json]:
    """Return all alert rules by their name."""
    return {path.name.split(".")[0]: load(path) for path in sorted((KIBANA / "rules").glob("*.json"))}


def without_names(query: str) -> str:
    """Return an ES|QL query without the newest names of stations, which a server before 9.5 cannot find."""
    query = query.replace(NEWEST_NAME, "").replace("| KEEP name, ", "| KEEP ").replace("| SORT name, ", "| SORT ")
    return "\n".join(line for line in query.splitlines() if not line.startswith(("| EVAL named = ", "| EVAL name = ")))


def mapped_fields() -> set[str]:
    """Return the fields of the index template."""
    return _fields(load(FOLDER / "elasticsearch" / "index_template.json")["template"])


def statistics_fields() -> set[str]:
    """Return the fields of the index of statistics."""
    return _fields(load(FOLDER / "elasticsearch" / "statistics_index.json"))


def _fields(index: Json) -> set[str]:

    def walk(properties: Json, prefix: str) -> Iterator[str]:
        for name, field in properties.items():
            if "properties" in field:
                yield from walk(field["properties"], f"{prefix}{name}.")
            else:
                yield prefix + name

    return set(walk(index["mappings"]["properties"], ""))
