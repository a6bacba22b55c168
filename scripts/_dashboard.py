"""The dashboard of the readings, made from the entities that are there."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any

URL_PATH = "anavi-weather"
TITLE = "Weather"
ICON = "mdi:weather-partly-cloudy"
# As far as the pressure tendency looks back: of a station that has just been started, more would show nothing.
HOURS_SHOWN = 3
# Without the name of the device, of which there is only one.
SHORT_NAME = {"type": "entity"}

# The gauges in their order, and the range of each.
GAUGES = {
    "temperature": (-10, 50),
    "humidity": (0, 100),
    "pressure": (850, 1050),
    "illuminance": (0, 120_000),
}
# One graph each. The two pressures would be flat lines, far apart, if they shared one.
GRAPHS = (("temperature", "dew_point"), ("humidity",), ("sea_level_pressure",), ("illuminance",))
# These look back over three hours of pressure.
SLOW_KEYS = {"pressure_tendency", "forecast"}
KEYS = {*GAUGES, *chain.from_iterable(GRAPHS), *SLOW_KEYS}
INFRARED_DOMAINS = {"button", "event", "infrared", "remote"}

type Card = dict[str, Any]


@dataclass(frozen=True)
class Entity:
    """What is known of an entity of the integration."""

    entity_id: str
    unique_id: str
    category: str | None

    @property
    def domain(self) -> str:
        """Return the domain of the entity."""
        return self.entity_id.partition(".")[0]

    @property
    def key(self) -> str | None:
        """Return which of the readings it is, by the end of its unique id."""
        found = (key for key in KEYS if self.unique_id.endswith(f"_{key}"))
        # Of two, the longer: `…_sea_level_pressure` is not the pressure.
        return max(found, key=len, default=None)


def dashboard(entities: Iterable[Entity]) -> dict[str, Any]:
    """Return a dashboard with the readings now, their history, the infrared side and the station itself."""
    station = [entity for entity in entities if entity.category]
    infrared = [e for e in entities if not e.category and e.domain in INFRARED_DOMAINS]
    readings = [e for e in entities if not e.category and e.domain not in INFRARED_DOMAINS]
    sections = (
        _section("Now", "mdi:gauge", _now(readings)),
        _section(f"Last {HOURS_SHOWN} hours", "mdi:chart-line", _history(readings)),
        _section("Infrared", "mdi:remote", [_tile(entity) for entity in infrared]),
        _section("Station", "mdi:raspberry-pi", _list(station)),
    )
    view = {
        "title": TITLE,
        "path": "weather",
        "type": "sections",
        "max_columns": 3,
        "sections": [section for section in sections if section],
    }
    return {"title": TITLE, "views": [view]}


def _find(entities: Iterable[Entity], key: str) -> Entity | None:
    return next((entity for entity in entities if entity.key == key), None)


def _section(title: str, icon: str, cards: list[Card]) -> Card | None:
    heading = {"type": "heading", "heading": title, "icon": icon}
    return {"type": "grid", "cards": [heading, *cards]} if cards else None


def _now(entities: list[Entity]) -> list[Card]:
    gauges = {
        entity: {
            "type": "gauge",
            "entity": entity.entity_id,
            "name": SHORT_NAME,
            "min": lowest,
            "max": highest,
            "needle": True,
            "grid_options": {"columns": 6},
        }
        for key, (lowest, highest) in GAUGES.items()
        if (entity := _find(entities, key))
    }
    return [*gauges.values(), *(_tile(entity) for entity in entities if entity not in gauges)]


def _history(entities: list[Entity]) -> list[Card]:
    graphs = ([entity for key in graph if (entity := _find(entities, key))] for graph in GRAPHS)
    return [
        {
            "type": "history-graph",
            "hours_to_show": HOURS_SHOWN,
            "entities": _rows(graph),
        }
        for graph in graphs
        if graph
    ]


def _tile(entity: Entity) -> Card:
    return {
        "type": "tile",
        "entity": entity.entity_id,
        "name": SHORT_NAME,
        "grid_options": {"columns": "full"},
    }


def _list(entities: list[Entity]) -> list[Card]:
    if not entities:
        return []
    return [{"type": "entities", "entities": _rows(entities)}]


def _rows(entities: list[Entity]) -> list[Card]:
    return [{"entity": entity.entity_id, "name": SHORT_NAME} for entity in entities]
