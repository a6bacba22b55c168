"""Tests of the remote view of the weather panel for stations and users that scripts/develop cannot simulate."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from .browser_process import Browser
from .conftest import SCRIPTS, needs_browser
from .home import Card, Home, headings, own_cards, sensors

pytestmark = [pytest.mark.end_to_end, needs_browser]

PAIR = ("remote.remote", "event.key", "infrared.emitter")
POWER = {"name": "KEY_POWER", "key": "power", "label": "Power", "icon": "mdi:power"}
NETFLIX = {"name": "netflix", "key": "Netflix", "label": "Netflix", "icon": None}

type View = dict[str, Any]


def home_with(*ids: str, language: str = "en") -> Home:
    """Return a home with a station that has these entities."""
    home = Home(language)
    home.add("station", ids or PAIR)
    return home


def add_device(home: Home, name: str, ids: Iterable[str] = ()) -> None:
    """Add an infrared device."""
    home.add(name, ids, of="station")
    home.hass["devices"][name]["via_device_id"] = "station"


def remote_views(home: Home, browser: Browser) -> list[View]:
    """Return the remote view and the subviews."""
    return [
        view
        for view in home.panel(browser)
        if (view["path"].startswith("station-") and "cards" in view) or view.get("subview")
    ]


def of_kind(view: View, kind: str) -> list[Card]:
    """Return a view's cards of a kind."""
    return [card for card in view["cards"] if card["type"] == kind]


def remotes(view: View) -> list[Card]:
    """Return a view's remote controls."""
    return of_kind(view, "custom:anavi-weather-remote")


def test_each_device_has_a_remote_control(browser: Browser) -> None:
    home = home_with(*PAIR, "button.simulated_power")
    for name in ("TV", "Fan"):
        add_device(home, name, ["event.key_pressed", "button.power"])
    home.hass["devices"]["TV"]["name_by_user"] = "Television"
    home.keys["station"] = {
        "TV": {"KEY_POWER": "power", "netflix": "Netflix"},
        "Fan": {"1": "1"},
        "Lamp": {"on": "power_on"},
    }
    [view] = remote_views(home, browser)
    assert (view["title"], view["path"]) == ("Remote control", "station-remote")

    key, remote = of_kind(view, "tile")
    assert (key["entity"], key["state_content"]) == ("event.station_key", ["state", "devices", "key"])
    assert (remote["entity"], remote["name"]) == ("remote.station_remote", "Remote control")
    fan, television, lamp = remotes(view)
    assert [card["title"] for card in (fan, television, lamp)] == ["Fan", "Television", "Lamp"]
    assert television["device"] == "Television"
    assert (television["remote"], television["emitter"]) == ("remote.station_remote", "infrared.station_emitter")
    assert television["commands"] == [POWER, NETFLIX]
    assert fan["commands"] == [{"name": "1", "key": "1", "label": "1", "icon": None}]
    [board] = of_kind(view, "entities")
    assert board["title"] == "Board"
    assert [row["entity"] for row in board["entities"]] == [
        "infrared.station_emitter",
        "button.station_simulated_power",
    ]


def test_keys_have_names_in_the_users_language(browser: Browser) -> None:
    home = home_with(language="pt-BR")
    home.keys["station"] = {"TV": {"KEY_POWER": "power", "netflix": "Netflix"}}
    [view] = remote_views(home, browser)
    [card] = remotes(view)
    assert [command["label"] for command in card["commands"]] == ["Liga/desliga", "Netflix"]


def test_an_air_conditioner_has_a_thermostat(browser: Browser) -> None:
    home = home_with()
    add_device(home, "Bedroom", ["climate.climate"])
    home.hass["states"]["climate.Bedroom_climate"]["attributes"] = {"hvac_modes": ["off", "cool"], "fan_modes": ["low"]}
    home.keys["station"] = {"Bedroom": {"off": "power_off", "cool_24": "Cool 24"}}
    [view] = remote_views(home, browser)
    assert not remotes(view)
    [card] = of_kind(view, "thermostat")
    assert card["entity"] == "climate.Bedroom_climate"
    assert card["features"] == [{"type": "climate-hvac-modes", "style": "icons"}]


def many(*counts: int) -> dict[str, dict[str, str]]:
    """Return devices with so many commands."""
    return {
        f"Device {number}": {f"cool_{place}": f"Cool {place}" for place in range(count)}
        for number, count in enumerate(counts)
    }


@pytest.mark.parametrize(
    ("counts", "pages"),
    [
        ((20,) * 5, []),
        ((64, 64), []),
        ((65, 20), ["station-1"]),
        ((24, 60, 60), ["station-2", "station-3"]),
    ],
)
def test_many_commands_have_subviews(browser: Browser, counts: Sequence[int], pages: list[str]) -> None:
    home = home_with()
    home.keys["station"] = many(*counts)
    view, *subviews = remote_views(home, browser)
    assert [subview["path"] for subview in subviews] == pages
    assert all(subview["subview"] for subview in subviews)
    links = of_kind(view, "tile")[2:]
    assert [link["tap_action"]["navigation_path"] for link in links] == pages
    assert len(remotes(view)) == len(counts) - len(pages)


def test_a_large_subview_is_grouped(browser: Browser) -> None:
    home = home_with()
    heat = {f"heat_{place}": f"Heat {place}" for place in range(300)}
    home.keys["station"] = {"AC": {"KEY_POWER": "power", **many(400)["Device 0"], **heat}}
    view, page = remote_views(home, browser)
    [*_, link] = of_kind(view, "tile")
    assert link["name"] == "AC: 701 commands"
    assert headings(page) == ["AC", "Cool", "Heat", "More commands: 101. Use the action remote.send_command"]
    common, cool, heated = own_cards(page, "remote")
    assert common["commands"] == [POWER]
    assert (len(cool["commands"]), len(heated["commands"])) == (400, 199)
    assert cool["device"] == "AC"
    assert "title" not in cool  # its section has a heading


def test_names_without_a_pattern_are_not_grouped(browser: Browser) -> None:
    home = home_with()
    home.keys["station"] = {"Switch": {f"{place}x": f"{place}x" for place in range(70)}}
    _, page = remote_views(home, browser)
    assert headings(page) == ["Switch"]
    [card] = own_cards(page, "remote")
    assert len(card["commands"]) == 70


@pytest.mark.parametrize("is_disabled", [False, True])
def test_buttons_stand_in_for_a_remote_that_cannot_be_used(browser: Browser, is_disabled: bool) -> None:
    """A user may control some buttons only, and the remote control can be disabled."""
    home = home_with(*PAIR[is_disabled:])
    add_device(home, "TV", ["event.key_pressed", "button.power", "button.netflix"])
    del home.hass["entities"]["button.TV_netflix"]["translation_key"]
    home.keys["station"] = None
    [view] = remote_views(home, browser)
    [card] = remotes(view)
    assert "remote" not in card
    assert "emitter" not in card
    assert card["commands"] == [
        {"key": "power", "label": "Power", "icon": "mdi:power", "entity": "button.TV_power"},
        {"key": "TV_netflix", "label": "TV_netflix", "icon": None, "entity": "button.TV_netflix"},
    ]


def test_a_user_without_rights_is_told(browser: Browser) -> None:
    home = home_with()
    home.keys["station"] = None
    [view] = remote_views(home, browser)
    [note] = of_kind(view, "markdown")
    assert note["content"] == "You don't have permission to use this remote control. Ask an administrator."


@pytest.mark.parametrize("lacking", ["infrared.emitter", "keys"])
def test_commands_that_cannot_be_sent(browser: Browser, lacking: str) -> None:
    """A board without a transmitter can only learn, and a station that is not loaded nothing."""
    home = home_with(*(id_ for id_ in PAIR if id_ != lacking))
    if lacking != "keys":
        home.keys["station"] = {"TV": {"power": "power"}}
    [view] = remote_views(home, browser)
    assert not remotes(view)
    assert not of_kind(view, "markdown")
    assert [card["entity"] for card in of_kind(view, "tile")] == ["event.station_key", "remote.station_remote"]


def test_a_station_without_infrared_has_no_remote_view(browser: Browser) -> None:
    assert not remote_views(home_with(*sensors("temperature")), browser)


@pytest.mark.parametrize(("language", "page"), [("en", "infrared.md"), ("pt-BR", "infrared.pt-BR.md")])
@pytest.mark.parametrize("is_admin", [True, False])
def test_an_empty_remote_links_to_where_commands_come_from(
    browser: Browser, language: str, page: str, is_admin: bool
) -> None:
    home = home_with(language=language)
    home.hass["user"]["is_admin"] = is_admin
    home.keys["station"] = {}
    [view] = remote_views(home, browser)
    [button] = of_kind(view, "button")
    action = button["tap_action"]
    if is_admin:
        assert action == {"action": "navigate", "navigation_path": "/config/integrations/integration/anavi_weather"}
    else:
        assert action["url_path"].endswith(f"/blob/main/docs/{page}")
        assert (SCRIPTS.parent / "docs" / page).exists()
