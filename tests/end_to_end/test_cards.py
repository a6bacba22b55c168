"""Tests of the weather panel's own cards, with states and statistics of one moment, 12:30 in São Paulo."""

import json
from typing import Any

import pytest

from custom_components.anavi_weather.dashboard import FOLDER
from custom_components.anavi_weather.meteorology import Forecast

from .browser_process import Browser
from .conftest import needs_browser
from .home import Home, headings, own_cards, rows, sensors

pytestmark = [pytest.mark.end_to_end, needs_browser]

HOUR, DAY, FIVE_MINUTES = 3600, 86400, 300
TEMPERATURE, LIGHT, PRESSURE = (
    "sensor.station_temperature",
    "sensor.station_illuminance",
    "sensor.station_sea_level_pressure",
)
FORECAST, RAIN, TENDENCY = (f"sensor.station_{key}" for key in ("forecast", "rain_probability", "pressure_tendency"))


@pytest.fixture
def home() -> Home:
    """Return a Home Assistant with a station."""
    home = Home()
    home.add("station", sensors("temperature", "illuminance", "sea_level_pressure"))
    home.add("station", sensors("forecast", "rain_probability", "pressure_tendency"))
    return home


def reading(home: Home, browser: Browser, entity_id: str, **more: Any) -> dict[str, Any]:
    """Return what the card of a reading shows."""
    return home.show(browser, "reading", entity=entity_id, reading=entity_id.removeprefix("sensor.station_"), **more)


def forecast(home: Home, browser: Browser) -> list[str]:
    """Return the lines of the forecast's card."""
    text: list[str] = home.show(browser, "forecast", entity=FORECAST, rain=RAIN, tendency=TENDENCY)["text"]
    return text


def test_a_reading_beside_its_day_and_the_one_before(home: Home, browser: Browser) -> None:
    """Yesterday evening was colder than today, but does not count as today in the browser's time zone."""
    home.set(TEMPERATURE, "24.04")
    home.summarize(TEMPERATURE, "hour", rows("2026-11-28T12:00:00-03:00", HOUR, 20.5, *[9] * 11, *[15] * 10))
    home.summarize(TEMPERATURE, "5minute", rows("2026-11-29T10:00:00-03:00", FIVE_MINUTES, *[22] * 29))
    shown = reading(home, browser, TEMPERATURE)
    assert shown["text"][:2] == ["station_temperature", "24.0 °C"]
    assert "".join(shown["text"][2:]) == "Minimum00:0014.0 °CMaximum12:3024.0 °Cvs. yesterday+3.5 °C"
    # 22 hours, 29 times five minutes, and now
    assert shown["lines"] == [22 + 29 + 1]


def test_a_gap_in_the_readings_is_a_gap_in_the_trend(home: Home, browser: Browser) -> None:
    home.summarize(TEMPERATURE, "hour", rows("2026-11-28T13:00:00-03:00", HOUR, 20, 21))
    home.summarize(TEMPERATURE, "5minute", rows("2026-11-29T12:00:00-03:00", FIVE_MINUTES, *[22] * 5))
    shown = reading(home, browser, TEMPERATURE)
    assert shown["lines"] == [2, 6]
    assert "vs. yesterday not yet" in " ".join(shown["text"])


@pytest.mark.parametrize(
    ("begin", "means", "difference"),
    [
        ("12:30", [24.04, 24.04], "0.0"),
        ("12:30", [24.1, 24.1], "−0.1"),
        ("12:25", [19, 20], "+4.5"),  # 12:30 is halfway between the middles of both periods
        ("12:30", [19, 20], "+5.0"),  # only later ones
        ("12:00", [19, 20], "not yet"),
        ("12:31", [19, 20], "not yet"),
    ],
)
def test_yesterday_at_this_time(home: Home, browser: Browser, begin: str, means: list[float], difference: str) -> None:
    home.set(TEMPERATURE, "24")
    yesterday = rows(f"2026-11-28T{begin}:00-03:00", FIVE_MINUTES, *means)
    home.summarize(TEMPERATURE, "5minute", [*yesterday, *rows("2026-11-29T12:20:00-03:00", FIVE_MINUTES, 24)])
    assert f"vs. yesterday {difference}" in " ".join(reading(home, browser, TEMPERATURE)["text"])


def test_an_extreme_stays_that_the_statistics_do_not_have_yet(home: Home, browser: Browser) -> None:
    home.set(TEMPERATURE, "27")
    home.summarize(TEMPERATURE, "5minute", rows("2026-11-29T12:00:00-03:00", FIVE_MINUTES, 22, 23))
    change = {TEMPERATURE: {**home.hass["states"][TEMPERATURE], "state": "23"}}
    assert "27.0 °C" in "".join(reading(home, browser, TEMPERATURE, change=change)["text"])


def test_a_new_station_has_a_trend_of_its_first_hour(home: Home, browser: Browser) -> None:
    home.summarize(TEMPERATURE, "5minute", rows("2026-11-29T12:00:00-03:00", FIVE_MINUTES, 22, 23))
    assert reading(home, browser, TEMPERATURE)["begin"] < 60


@pytest.mark.parametrize("state", ["unavailable", "unknown"])
def test_a_reading_that_is_missing_keeps_its_day(home: Home, browser: Browser, state: str) -> None:
    home.set(TEMPERATURE, state)
    home.summarize(TEMPERATURE, "5minute", rows("2026-11-29T12:00:00-03:00", FIVE_MINUTES, 22, 23))
    shown = reading(home, browser, TEMPERATURE)
    assert shown["text"][1] == state
    assert "".join(shown["text"][2:]) == "Minimum12:0021.0 °CMaximum12:0524.0 °C"
    assert shown["lines"] == [2]


def test_a_sentence_stands_in_for_the_day_in_the_first_minutes(home: Home, browser: Browser) -> None:
    sentence = "Minimum, maximum and trend need ten minutes of readings."
    assert reading(home, browser, TEMPERATURE)["text"][2:] == [sentence]
    home.statistics = None
    assert reading(home, browser, TEMPERATURE)["text"][2:] == [sentence]


def test_a_day_begins_without_extremes(home: Home, browser: Browser) -> None:
    """The trend and the difference from yesterday stay when there are no statistics of today yet."""
    home.set(TEMPERATURE, "24")
    home.summarize(TEMPERATURE, "5minute", rows("2026-11-28T12:30:00-03:00", FIVE_MINUTES, 21, 22))
    shown = reading(home, browser, TEMPERATURE)
    assert "".join(shown["text"][2:]) == "Minimumnot yetMaximumnot yetvs. yesterday+3.0 °C"
    assert shown["lines"] == [2, 1]


def test_a_reading_follows_its_entity(home: Home, browser: Browser) -> None:
    change = {TEMPERATURE: {**home.hass["states"][TEMPERATURE], "state": "-3"}}
    assert reading(home, browser, TEMPERATURE, change=change)["text"][1] == "-3.0 °C"


def test_statistics_in_another_unit_are_not_shown(home: Home, browser: Browser) -> None:
    home.summarize(TEMPERATURE, "5minute", rows("2026-11-29T12:00:00-03:00", FIVE_MINUTES, 22, 23))
    attributes = {"device_class": "temperature", "unit_of_measurement": "°F"}
    change = {TEMPERATURE: {**home.hass["states"][TEMPERATURE], "state": "75", "attributes": attributes}}
    home.statistics_after = {"5minute": {TEMPERATURE: rows("2026-11-29T12:00:00-03:00", FIVE_MINUTES, 72, 74)}}
    text = "".join(reading(home, browser, TEMPERATURE, change=change)["text"])
    assert "Minimum12:0071.0 °F" in text


@pytest.mark.parametrize(
    ("lux", "level", "place"),
    [
        ("0", "Night", "0%"),
        ("10", "Twilight", "20%"),
        ("50", "Dim light", "34%"),
        ("300", "Indoor light", "50%"),
        ("5000", "Overcast sky", "74%"),
        ("20000", "Daylight", "86%"),
        ("100000", "Sunlight", "100%"),
        ("121000", "Sunlight", "100%"),
    ],
)
def test_a_living_room_and_the_sun_both_have_a_place(
    home: Home, browser: Browser, lux: str, level: str, place: str
) -> None:
    home.set(LIGHT, lux)
    home.summarize(LIGHT, "5minute", rows("2026-11-29T12:00:00-03:00", FIVE_MINUTES, 1))
    shown = reading(home, browser, LIGHT)
    assert round(float(shown["marker"].removesuffix("%"))) == int(place.removesuffix("%"))
    assert "".join(shown["text"]).endswith(f"Level{level}")
    assert "Minimum" not in shown["text"]


def test_the_forecast_has_its_hours(home: Home, browser: Browser) -> None:
    home.set(FORECAST, "Fine weather")
    home.set(RAIN, "12")
    home.set(TENDENCY, "-1.2")
    lines = [
        "Fine weather",
        "Next 12 hours, until 00:30",
        "12.0 hPa",
        "Rain probability",
        "−1.2 hPa",
        "Pressure in 3 hours",
    ]
    assert forecast(home, browser) == lines


def test_the_forecast_says_when_it_comes(home: Home, browser: Browser) -> None:
    for entity_id in (FORECAST, RAIN, TENDENCY):
        home.set(entity_id, "unknown")
    assert forecast(home, browser) == ["The forecast needs three hours of readings", "You don't need to do anything."]
    home.set(FORECAST, "unavailable")
    assert forecast(home, browser) == ["unavailable"]


@pytest.mark.parametrize("is_admin", [True, False])
def test_a_missing_chip_has_a_link_to_its_repair(home: Home, browser: Browser, is_admin: bool) -> None:
    """Only an administrator can repair."""
    home.hass["user"]["is_admin"] = is_admin
    placeholders = {"station": "<b>Casa</b>", "chip": "HTU21D"}
    issue = {
        "domain": "anavi_weather",
        "issue_id": "chip_station_htu21d_40",
        "ignored": False,
        "translation_key": "chip_no_answer",
        "translation_placeholders": placeholders,
    }
    home.issues = [
        issue,
        issue | {"issue_id": "chip_other_htu21d_40"},
        issue | {"domain": "other"},
        issue | {"ignored": True},
        issue | {"issue_id": "infrared_station"},
    ]
    shown = home.show(browser, "issues", entry="station")
    assert shown["text"][0] == "<b>Casa</b>: HTU21D chip_no_answer"
    assert shown["text"][1:] == (["Repair"] if is_admin else [])
    assert shown["links"] == (["/config/repairs"] if is_admin else [])


def test_chips_that_work_are_not_mentioned(home: Home, browser: Browser) -> None:
    assert home.show(browser, "issues", entry="station")["text"] == []
    home.unknown_commands = ["repairs/list_issues"]
    assert home.show(browser, "issues", entry="station")["text"] == []


def test_records_and_months(home: Home, browser: Browser) -> None:
    """Each record has the hour in which it was first reached. The days are those of the server, which is in Tokyo."""
    hours = [
        *rows("2024-02-29T15:00:00-03:00", HOUR, 34, 34),
        *rows("2026-10-31T05:00:00-03:00", HOUR, 8),
        # Already November in Tokyo
        *rows("2026-10-31T13:00:00-03:00", HOUR, 20),
        *rows("2026-11-05T05:00:00-03:00", HOUR, 12, 11, 12),
    ]
    home.summarize(TEMPERATURE, "hour", hours)
    # The first of November begins when October ends
    october = rows("2026-10-31T00:00:00+09:00", DAY, 14, 15)
    home.summarize(TEMPERATURE, "day", [*october, *rows("2026-11-28T00:00:00+09:00", DAY, 20, 21)])
    _, view = home.panel(browser)
    assert headings(view) == ["Records", "November 2026", "October 2026"]

    records, month, before = (card["records"] for card in own_cards(view, "record-list"))
    assert [record["value"] for record in records] == ["35.0 °C", "7.0 °C"]
    shown = [home.show(browser, "record-list", records=found)["text"] for found in (records, month, before)]
    assert shown[0] == ["Warmest", "Feb 29, 2024, 15:00", "35.0 °C", "Coldest", "Oct 31, 2026, 05:00", "7.0 °C"]
    assert shown[1] == ["Warmest", "Oct 31, 2026, 13:00", "21.0 °C", "Coldest", "Nov 5, 2026, 06:00", "10.0 °C"]
    assert shown[2][3:] == ["Coldest", "Oct 31, 2026, 05:00", "7.0 °C"]
    home.statistics = None
    assert home.show(browser, "record-list", records=before)["text"] == ["Warmest", "9.0 °C", "Coldest", "7.0 °C"]

    table, table_before = own_cards(view, "day-table")
    assert table_before["days"] == [["31 Sat", "13.0", "15.0", ""]]
    assert table["titles"] == ["Day", "Coldest (°C)", "Warmest (°C)", "Pressure (hPa)"]
    assert table["days"] == [
        ["29 Sun", "20.0", "22.0", ""],
        ["28 Sat", "19.0", "21.0", ""],
        ["1 Sun", "14.0", "16.0", ""],
    ]
    text = home.show(browser, "day-table", titles=["Day", "Coldest"], days=[["<b>29</b>", "20.0"]])["text"]
    assert text == ["Day\tColdest", "<b>29</b>\t20.0"]


def test_every_forecast_has_an_icon() -> None:
    icons = json.loads((FOLDER.parent / "icons.json").read_text(encoding="utf-8"))
    assert set(icons["entity"]["sensor"]["forecast"]["state"]) == set(Forecast)
