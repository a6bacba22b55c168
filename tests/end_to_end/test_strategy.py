"""Tests of the views of the weather panel for stations that scripts/develop cannot simulate."""

import pytest

from .browser_process import Browser
from .conftest import needs_browser
from .home import READINGS, Home, cards, headings, own_cards, rows, sensors

pytestmark = [pytest.mark.end_to_end, needs_browser]


DAY = 86400


def test_nothing_is_shown_for_what_a_station_lacks(browser: Browser) -> None:
    home = Home()
    home.add("light", sensors("illuminance"))
    weather, records = home.panel(browser)
    assert headings(weather) == ["Now", "Last 24 hours"]
    assert [card["entity"] for card in own_cards(weather, "reading")] == ["sensor.light_illuminance"]
    assert not own_cards(weather, "forecast")
    assert records["title"] == "Records"

    home = Home()
    home.add("chipless", sensors("errors"), entity_category="diagnostic")
    (weather,) = home.panel(browser)
    assert headings(weather) == ["Station"]


def test_the_forecast_is_first(browser: Browser) -> None:
    home = Home()
    home.add("station", [*sensors(*READINGS, "forecast", "rain_probability", "pressure_tendency"), "weather.weather"])
    weather = home.weather(browser)
    assert headings(weather)[:2] == ["Forecast", "Now"]
    _, forecast, current, derived = weather["sections"][0]["cards"]
    assert (forecast["type"], forecast["entity"]) == ("custom:anavi-weather-forecast", "sensor.station_forecast")
    assert forecast["rain"] == "sensor.station_rain_probability"
    assert forecast["tendency"] == "sensor.station_pressure_tendency"
    assert (current["type"], current["entity"]) == ("custom:anavi-weather-current", "weather.station_weather")
    assert [row["entity"] for row in derived["entities"]] == [
        "sensor.station_dew_point",
        "sensor.station_atmospheric_pressure",
    ]


def test_a_pressure_stands_in_for_that_at_sea_level(browser: Browser) -> None:
    home = Home()
    home.add("station", sensors("atmospheric_pressure"))
    weather = home.weather(browser)
    [card] = own_cards(weather, "reading")
    assert (card["entity"], card["reading"]) == ("sensor.station_atmospheric_pressure", "atmospheric_pressure")
    assert not cards(weather, "entities")  # once is enough


def test_hidden_entities_of_other_integrations_and_of_other_chips_are_left_out(browser: Browser) -> None:
    home = Home()
    home.add("station", sensors("temperature"))
    home.add("station", sensors("humidity"), hidden=True)
    home.add("station", sensors("illuminance"), platform="other")
    home.add("station", sensors("chip_temperature"), entity_category="diagnostic")
    weather = home.weather(browser)
    assert [card["entity"] for card in own_cards(weather, "reading")] == ["sensor.station_temperature"]
    [listed] = cards(weather, "entities")
    assert [row["entity"] for row in listed["entities"]] == ["sensor.station_chip_temperature"]


def test_sentences_replace_graphs_of_a_new_station(browser: Browser) -> None:
    home = Home()
    home.add("station", sensors("temperature", "humidity"))
    weather, records = home.panel(browser)
    sentences = [card["content"] for card in cards(weather, "markdown")]
    assert sentences == ["The graphs need one hour of readings.", "The graphs need two days of readings."]
    assert [card["content"] for card in cards(records, "markdown")] == ["Records need one hour of readings."]

    # The second day. The humidity was added later.
    home.summarize("sensor.station_temperature", "day", rows("2026-11-28T00:00:00-03:00", DAY, 20, 21))
    home.summarize("sensor.station_humidity", "day", rows("2026-11-29T00:00:00-03:00", DAY, 60))
    weather = home.weather(browser)
    assert not cards(weather, "markdown")
    assert len(cards(weather, "history-graph")) == 2
    [graph] = cards(weather, "statistics-graph")
    assert graph["entities"][0]["entity"] == "sensor.station_temperature"

    # Without an answer, the graphs say themselves what they lack.
    home.statistics = None
    weather, records = home.panel(browser)
    assert len(cards(weather, "statistics-graph")) == 2
    assert [card["content"] for card in cards(records, "markdown")] == [
        "The recorder does not answer. Reload the page to try again."
    ]


def test_the_graph_of_light_is_logarithmic(browser: Browser) -> None:
    home = Home()
    home.add("station", sensors("temperature", "illuminance"))
    home.summarize("sensor.station_illuminance", "day", rows("2026-11-29T00:00:00-03:00", DAY, 1000))
    temperature, light = cards(home.weather(browser), "history-graph")
    assert "logarithmic_scale" not in temperature
    assert light["logarithmic_scale"]


def test_several_stations_and_their_user_stations(browser: Browser) -> None:
    home = Home("pt-BR")
    home.add("Sítio", sensors(*READINGS))
    home.add("Casa", sensors(*READINGS))
    home.add("Elasticsearch", ["sensor.backlog", "binary_sensor.connected"], of="Sítio", entity_category="diagnostic")
    comparison, house, house_records, farm, _ = home.panel(browser)
    assert (house["title"], farm["title"]) == ("Casa", "Sítio")
    assert (house["path"], house_records["path"]) == ("casa", "casa-records")
    assert (house_records["title"], house_records["subview"]) == ("Casa: Recordes", True)
    [link] = house["sections"][0]["cards"][0]["badges"]
    assert (link["text"], link["tap_action"]["navigation_path"]) == ("Recordes", "casa-records")
    assert headings(house) == ["Previsão", "Agora", "Últimas 24 horas", "Últimos 30 dias"]
    assert headings(farm) == [*headings(house), "Elasticsearch"]
    listed = farm["sections"][-1]["cards"][1]
    assert [row["entity"] for row in listed["entities"]] == [
        "sensor.Elasticsearch_backlog",
        "binary_sensor.Elasticsearch_connected",
    ]

    assert (comparison["title"], comparison["path"]) == ("Comparação", "comparison")
    assert headings(comparison) == ["Temperatura", "Umidade", "Pressão ao nível do mar", "Iluminância"]
    for card in [*cards(comparison, "entities"), *cards(comparison, "history-graph")]:
        assert [row["name"] for row in card["entities"]] == [{"type": "device"}] * 2


def test_stations_that_cannot_be_compared(browser: Browser) -> None:
    home = Home()
    home.add("dark", sensors("temperature"))
    home.add("bright", sensors("illuminance"))
    [card] = cards(home.panel(browser)[0], "markdown")
    assert card["content"] == "No two stations measure the same."


def test_stations_of_a_fleet_are_compared_and_on_a_map(browser: Browser) -> None:
    home = Home()
    home.add("station", sensors("temperature"))
    home.add("beach", sensors("fleet_last_seen", "fleet_temperature"), of="station")
    weather, _, comparison = home.panel(browser)
    assert "beach" not in headings(weather)
    assert headings(comparison) == ["Temperature", "beach"]
    listed, of_beach = cards(comparison, "entities")
    assert [row["entity"] for row in of_beach["entities"]] == [
        "sensor.beach_fleet_last_seen",
        "sensor.beach_fleet_temperature",
    ]
    assert [row["entity"] for row in listed["entities"]] == [
        "sensor.beach_fleet_temperature",
        "sensor.station_temperature",
    ]
    assert not cards(comparison, "map"), "no station sends its location"

    home.hass["states"]["sensor.beach_fleet_last_seen"]["attributes"] |= {"latitude": -23.5, "longitude": -46.6}
    comparison = home.panel(browser)[-1]
    [card] = cards(comparison, "map")
    assert card["entities"] == ["sensor.beach_fleet_last_seen", "zone.home"]
    assert headings(comparison) == ["Temperature", "Map of the stations", "beach"]


def test_the_panel_on_a_wall_is_generated_again_after_each_hour(browser: Browser) -> None:
    """The statistics of an hour are there shortly after it, and may replace a sentence, or set a record."""
    home = Home()
    home.add("station", sensors("temperature"))
    home.panel(browser)  # at 12:30
    assert not browser.ask("is_due", time="2026-11-29T13:00:30-03:00")
    assert browser.ask("is_due", time="2026-11-29T13:02:00-03:00")


def test_a_remote_control_that_cannot_be_read_leaves_the_weather(browser: Browser) -> None:
    """After an update and before the restart, the station does not know what the new panel asks."""
    home = Home()
    home.add("station", [*sensors("temperature"), "remote.remote", "infrared.emitter"])
    home.unknown_commands = ["anavi_weather/list_keys"]
    weather, remote, _ = home.panel(browser)
    assert own_cards(weather, "reading")
    [card] = cards(remote, "markdown")
    assert card["content"].startswith("The remote control cannot be read.")
