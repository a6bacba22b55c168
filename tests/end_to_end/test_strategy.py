"""Tests of the cards of the weather panel for stations that scripts/develop cannot simulate."""

from collections.abc import Iterable
from typing import Any

import pytest

from homeassistant.util.unit_conversion import BaseUnitConverter, PressureConverter, TemperatureConverter

from .browser_process import Browser
from .conftest import SCRIPTS, needs_browser

pytestmark = [pytest.mark.end_to_end, needs_browser]

READINGS = ("temperature", "humidity", "atmospheric_pressure", "illuminance", "sea_level_pressure", "dew_point")
CLASSES = {"temperature", "humidity", "atmospheric_pressure", "illuminance", "emitter"}  # they have no translation key

type Card = dict[str, Any]


class Home:
    """Home Assistant's state as the frontend sees it."""

    def __init__(self, language: str = "en") -> None:
        """Initialize without a station."""
        self.hass: dict[str, Any] = {"entities": {}, "devices": {}, "states": {}, "locale": {"language": language}}
        self.commands: dict[str, Any] = {}

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
            self.hass["states"][entity_id] = {"entity_id": entity_id, "state": "1", "attributes": attributes}

    def panel(self, browser: Browser) -> list[dict[str, Any]]:
        """Return the views."""
        views: list[dict[str, Any]] = browser.ask("generate", hass=self.hass, commands=self.commands)["views"]
        return views


def headings(view: dict[str, Any]) -> list[str]:
    """Return the titles of a view's sections."""
    return [section["cards"][0]["heading"] for section in view["sections"]]


def cards(view: dict[str, Any], kind: str) -> list[Card]:
    """Return a view's cards of a kind."""
    return [card for section in view["sections"] for card in section["cards"] if card["type"] == kind]


def always(found: list[Card]) -> list[Card]:
    """Return the cards that are shown whatever the states are."""
    return [card for card in found if "visibility" not in card]


def sensors(*keys: str) -> list[str]:
    """Return entities of keys."""
    return [f"sensor.{key}" for key in keys]


def test_nothing_is_shown_for_what_a_station_lacks(browser: Browser) -> None:
    home = Home()
    home.add("light", sensors("illuminance"))
    [view] = home.panel(browser)
    assert headings(view) == ["Now", "Last 24 hours"]
    assert [card["entity"] for card in cards(view, "gauge")] == ["sensor.light_illuminance"]
    assert not always(cards(view, "tile"))

    home = Home()
    home.add("chipless", sensors("errors"), entity_category="diagnostic")
    assert headings(home.panel(browser)[0]) == ["Station"]


def test_a_pressure_stands_in_for_that_at_sea_level(browser: Browser) -> None:
    home = Home()
    home.add("station", sensors("atmospheric_pressure"))
    [view] = home.panel(browser)
    assert [card["entity"] for card in cards(view, "gauge")] == ["sensor.station_atmospheric_pressure"]
    assert not always(cards(view, "tile"))  # once is enough


def test_a_tile_stands_in_for_a_gauge_while_there_is_no_number(browser: Browser) -> None:
    home = Home()
    home.add("station", sensors(*READINGS))
    [view] = home.panel(browser)
    gauges = cards(view, "gauge")
    assert len(gauges) == 4
    for gauge in gauges:
        [tile] = [card for card in cards(view, "tile") if card["entity"] == gauge["entity"]]
        common = {"condition": "state", "entity": gauge["entity"]}
        assert gauge["visibility"] == [{**common, "state_not": ["unavailable", "unknown"]}]
        assert tile["visibility"] == [{**common, "state": ["unavailable", "unknown"]}]


def test_hidden_entities_of_other_integrations_and_of_other_chips_are_left_out(browser: Browser) -> None:
    home = Home()
    home.add("station", sensors("temperature"))
    home.add("station", sensors("humidity"), hidden=True)
    home.add("station", sensors("illuminance"), platform="other")
    home.add("station", sensors("chip_temperature"), entity_category="diagnostic")
    [view] = home.panel(browser)
    assert [card["entity"] for card in cards(view, "gauge")] == ["sensor.station_temperature"]
    [listed] = cards(view, "entities")
    assert [row["entity"] for row in listed["entities"]] == ["sensor.station_chip_temperature"]


@pytest.mark.parametrize(
    ("key", "converter"), [("temperature", TemperatureConverter), ("sea_level_pressure", PressureConverter)]
)
def test_gauges_are_in_the_unit_of_the_sensor(browser: Browser, key: str, converter: type[BaseUnitConverter]) -> None:
    home = Home()
    home.add("station", sensors(key))
    attributes = home.hass["states"][f"sensor.station_{key}"]["attributes"]
    (metric,) = cards(home.panel(browser)[0], "gauge")
    unit = "°C" if key == "temperature" else "hPa"
    for shown in converter.VALID_UNITS:
        attributes["unit_of_measurement"] = shown

        (card,) = cards(home.panel(browser)[0], "gauge")

        limits = [
            (gauge["min"], gauge["max"], *(segment["from"] for segment in gauge["segments"]))
            for gauge in (metric, card)
        ]
        assert limits[1] == pytest.approx([converter.convert(limit, unit, shown) for limit in limits[0]], rel=1e-5)


def test_several_stations_and_their_user_stations(browser: Browser) -> None:
    home = Home("pt-BR")
    home.add("Sítio", sensors(*READINGS))
    home.add("Casa", sensors(*READINGS))
    home.add("Elasticsearch", ["sensor.backlog", "binary_sensor.connected"], of="Sítio", entity_category="diagnostic")
    house, farm = home.panel(browser)
    assert (house["title"], farm["title"]) == ("Casa", "Sítio")
    assert headings(house) == ["Agora", "Últimas 24 horas", "Últimos 30 dias"]
    assert headings(farm) == [*headings(house), "Elasticsearch"]
    assert [row["entity"] for row in cards(farm, "entities")[0]["entities"]] == [
        "sensor.Elasticsearch_backlog",
        "binary_sensor.Elasticsearch_connected",
    ]


def test_infrared_devices_are_in_the_remote_view(browser: Browser) -> None:
    home = Home()
    home.add("Casa", sensors("temperature"))
    home.add("TV", ["button.power"], of="Casa", entity_category=None)
    home.hass["devices"]["TV"]["via_device_id"] = "Casa"
    weather, remote = home.panel(browser)
    assert (weather["title"], weather["path"]) == ("Weather", "casa")
    assert headings(weather) == ["Now", "Last 24 hours", "Last 30 days"]
    assert (remote["title"], remote["path"]) == ("Remote control", "casa-remote")
    assert headings(remote) == ["TV"]


def test_commands_that_can_be_sent(browser: Browser) -> None:
    home = Home()
    home.add("station", ["remote.remote", "event.key", "infrared.emitter"])
    home.commands["station"] = {"tv": ["KEY_VOLUMEUP", "power", "10", "9"], "many": [f"cool_{n}" for n in range(700)]}
    _, view, page = home.panel(browser)
    assert (view["path"], page["path"]) == ("station-remote", "station-2")
    buttons = cards(view, "button")
    assert [button["name"] for button in buttons] == ["Power", "Volumeup", "9", "10"]
    assert buttons[1]["tap_action"] == {
        "action": "perform-action",
        "perform_action": "remote.send_command",
        "target": {"entity_id": "remote.station_remote"},
        "data": {"device": "tv", "command": "KEY_VOLUMEUP"},
    }
    assert page["subview"]
    assert len(cards(page, "button")) == 600
    assert headings(page)[-1] == "100 more: send them with the action remote.send_command"


@pytest.mark.parametrize("lacking", ["infrared.emitter", "list_commands"])
def test_commands_that_cannot_be_sent(browser: Browser, lacking: str) -> None:
    home = Home()
    home.add("station", [id_ for id_ in ("remote.remote", "event.key", "infrared.emitter") if id_ != lacking])
    if lacking != "list_commands":
        home.commands["station"] = {"tv": ["power"]}
    _, view = home.panel(browser)
    assert not cards(view, "button")
    assert [card["entity"] for card in cards(view, "tile")] == ["remote.station_remote", "event.station_key"]


@pytest.mark.parametrize(("language", "page"), [("en", "infrared.md"), ("pt-BR", "infrared.pt-BR.md")])
def test_an_empty_remote_links_to_the_infrared_guide(browser: Browser, language: str, page: str) -> None:
    home = Home(language)
    home.add("station", ["remote.remote", "event.key", "infrared.emitter"])
    home.commands["station"] = {}
    _, view = home.panel(browser)
    [button] = cards(view, "button")
    action = button["tap_action"]
    assert action["action"] == "url"
    assert action["url_path"].endswith(f"/blob/main/docs/{page}")
    assert (SCRIPTS.parent / "docs" / page).exists()


def test_stations_of_a_fleet_with_a_location_are_on_a_map(browser: Browser) -> None:
    home = Home()
    home.add("station", sensors("temperature"))
    home.add("beach", sensors("fleet_last_seen", "fleet_temperature"), of="station")
    [view] = home.panel(browser)
    assert not cards(view, "map"), "no station sends its location"

    home.hass["states"]["sensor.beach_fleet_last_seen"]["attributes"] |= {"latitude": -23.5, "longitude": -46.6}
    [view] = home.panel(browser)
    [card] = cards(view, "map")
    assert card["entities"] == ["sensor.beach_fleet_last_seen", "zone.home"]
    assert headings(view) == ["Now", "Last 24 hours", "Last 30 days", "Map of the stations", "beach"]
