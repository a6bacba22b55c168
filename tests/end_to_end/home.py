"""A Home Assistant as the frontend sees it, for tests of the panel that need stations scripts/develop cannot simulate."""

from collections.abc import Iterable
from datetime import datetime
import json
from pathlib import Path
from typing import Any

from custom_components import anavi_weather

from .browser_process import Browser

FOLDER = Path(anavi_weather.__file__).parent
READINGS = ("temperature", "humidity", "atmospheric_pressure", "illuminance", "sea_level_pressure", "dew_point")
CLASSES = {"temperature", "humidity", "atmospheric_pressure", "illuminance", "emitter"}  # they have no translation key
UNITS = {"temperature": "°C", "dew_point": "°C", "humidity": "%", "illuminance": "lx"}

type Card = dict[str, Any]


class Home:
    """Home Assistant's state as the frontend sees it."""

    def __init__(self, language: str = "en") -> None:
        """Initialize without a station, on a server in another time zone than the browser."""
        locale = {"language": language, "time_format": "24", "time_zone": "local"}
        self.hass: dict[str, Any] = {
            "entities": {},
            "devices": {},
            "states": {},
            "locale": locale,
            "config": {"time_zone": "Asia/Tokyo"},
            "user": {"is_admin": True},
        }
        self.keys: dict[str, dict[str, dict[str, str]] | None] = {}
        """Station → device → command → key; None if the user may not list them."""
        self.statistics: dict[str, dict[str, list[dict[str, float]]]] | None = {}
        self.statistics_after: dict[str, dict[str, list[dict[str, float]]]] | None = None  # a card has changed
        self.issues: list[dict[str, Any]] = []
        self.unknown_commands: list[str] = []

    def add(self, name: str, ids: Iterable[str], *, of: str = "", **more: Any) -> None:
        """Add a station with entities, each `domain.key`; or a user station of a station."""
        identifier = ["anavi_weather", name if not of else f"{of}_{name}"]
        device = {"id": name, "name": name, "identifiers": [identifier], "primary_config_entry": of or name}
        self.hass["devices"][name] = device
        for id_ in ids:
            domain, key = id_.split(".")
            entity_id = f"{domain}.{name}_{key}"
            entity = {"entity_id": entity_id, "device_id": name, "platform": "anavi_weather", **more}
            if key not in CLASSES and domain != "remote":
                entity["translation_key"] = key
            self.hass["entities"][entity_id] = entity
            attributes = {"device_class": key} if key in CLASSES else {}
            attributes |= {"unit_of_measurement": UNITS.get(key, "hPa")} if domain == "sensor" else {}
            self.hass["states"][entity_id] = {"entity_id": entity_id, "state": "1", "attributes": attributes}

    def set(self, entity_id: str, state: str) -> None:
        """Set an entity's state."""
        self.hass["states"][entity_id]["state"] = state

    def summarize(self, entity_id: str, period: str, rows: list[dict[str, float]]) -> None:
        """Add statistics of an entity."""
        assert self.statistics is not None
        self.statistics.setdefault(period, {})[entity_id] = rows

    def panel(self, browser: Browser) -> list[dict[str, Any]]:
        """Return the views."""
        views: list[dict[str, Any]] = browser.ask("generate", **self._state())["views"]
        return views

    def weather(self, browser: Browser) -> dict[str, Any]:
        """Return the weather view of the only station."""
        return self.panel(browser)[0]

    def show(
        self, browser: Browser, card: str, *, change: dict[str, Any] | None = None, **config: Any
    ) -> dict[str, Any]:
        """Return what a card shows, perhaps after a change of states."""
        config["type"] = f"custom:anavi-weather-{card}"
        shown: dict[str, Any] = browser.ask("show", config=config, change=change, **self._state())
        return shown

    def _state(self) -> dict[str, Any]:
        language = self.hass["locale"]["language"]
        names = json.loads((FOLDER / "translations" / f"{language}.json").read_text())["selector"]["infrared_key"]
        return {
            "hass": self.hass,
            "keys": self.keys,
            "names": names["options"],
            "icons": json.loads((FOLDER / "icons.json").read_text())["entity"]["button"],
            "statistics": self.statistics,
            "after": self.statistics_after,
            "issues": self.issues,
            "unknown": self.unknown_commands,
        }


def headings(view: dict[str, Any]) -> list[str]:
    """Return the titles of a view's sections."""
    return [section["cards"][0]["heading"] for section in view["sections"]]


def cards(view: dict[str, Any], kind: str) -> list[Card]:
    """Return a view's cards of a kind."""
    return [card for section in view["sections"] for card in section["cards"] if card["type"] == kind]


def own_cards(view: dict[str, Any], kind: str) -> list[Card]:
    """Return a view's cards of a kind that belongs to the panel."""
    return cards(view, f"custom:anavi-weather-{kind}")


def sensors(*keys: str) -> list[str]:
    """Return entities of keys."""
    return [f"sensor.{key}" for key in keys]


def rows(begin: str, seconds: int, *means: float) -> list[dict[str, float]]:
    """Return consecutive statistics with these means. Each minimum is 1 lower, and each maximum 1 higher."""
    start = datetime.fromisoformat(begin).timestamp() * 1000
    return [
        {
            "start": start + number * seconds * 1000,
            "end": start + (number + 1) * seconds * 1000,
            "mean": mean,
            "min": mean - 1,
            "max": mean + 1,
        }
        for number, mean in enumerate(means)
    ]
