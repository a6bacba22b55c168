"""Tests of the offer to add the weather panel with the first station."""

from pathlib import Path
import re
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.dashboard import FOLDER
from custom_components.anavi_weather.panel import STRATEGY, URL_PATH
from custom_components.anavi_weather.phat.simulator import SIMULATED, Simulator
from homeassistant.components.frontend import async_panel_exists
from homeassistant.components.lovelace.const import LOVELACE_DATA
from homeassistant.components.lovelace.dashboard import DashboardsCollection
from homeassistant.components.websocket_api import DOMAIN as WEBSOCKET
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component

from .config_flow_steps import choose, confirm, start
from .conftest import Machine, is_loaded

PANEL: dict[str, Any] = {"strategy": {"type": STRATEGY}}


@pytest.fixture
async def frontend(hass: HomeAssistant, integration: None) -> None:
    """Set up the frontend with its dashboards."""
    assert await async_setup_component(hass, "frontend", {})


async def add(hass: HomeAssistant, bus: str = SIMULATED) -> ConfigFlowResult:
    """Add a simulated station, up to the offer."""
    return await confirm(hass, await choose(hass, await start(hass), bus))


async def answer(hass: HomeAssistant, offer: ConfigFlowResult, option: str) -> ConfigFlowResult:
    """Answer the offer."""
    result = await hass.config_entries.flow.async_configure(offer["flow_id"], {"next_step_id": option})
    await hass.async_block_till_done()
    return result


def dashboards(hass: HomeAssistant) -> DashboardsCollection:
    """Return Home Assistant's collection of dashboards."""
    create = hass.data[WEBSOCKET]["lovelace/dashboards/create"][0]
    collection: DashboardsCollection = create.__wrapped__.__wrapped__.__self__.storage_collection
    return collection


async def add_dashboard(hass: HomeAssistant, url_path: str, config: Any) -> None:
    """Add a dashboard as a user does."""
    await dashboards(hass).async_create_item({"url_path": url_path, "title": "Home"})
    if config is not None:
        await hass.data[LOVELACE_DATA].dashboards[url_path].async_save(config)


@pytest.mark.parametrize(("language", "title"), [("en", "Weather panel"), ("pt-BR", "Painel do Clima")])
async def test_the_panel_is_added_after_the_first_station(
    hass: HomeAssistant, frontend: None, machine: Machine, simulator: Simulator, language: str, title: str
) -> None:
    hass.config.language = language

    offer = await add(hass)
    assert (offer["type"], offer["step_id"]) == (FlowResultType.MENU, "panel")
    assert offer["menu_options"] == ["add_panel", "no_panel"]
    assert not hass.config_entries.async_entries("anavi_weather")
    assert not async_panel_exists(hass, URL_PATH)

    result = await answer(hass, offer, "add_panel")

    assert (result["type"], result["description"]) == (FlowResultType.CREATE_ENTRY, "panel_added")
    assert result["description_placeholders"] == {"path": "/anavi-weather"}
    assert is_loaded(result["result"])
    dashboard = hass.data[LOVELACE_DATA].dashboards[URL_PATH]
    assert await dashboard.async_load(False) == PANEL
    assert dashboard.config
    assert (dashboard.config["title"], dashboard.config["icon"]) == (title, "mdi:weather-partly-cloudy")
    assert (dashboard.config["show_in_sidebar"], dashboard.config["require_admin"]) == (True, False)


async def test_without_a_yes_nothing_is_added(
    hass: HomeAssistant, frontend: None, machine: Machine, simulator: Simulator
) -> None:
    result = await answer(hass, await add(hass), "no_panel")

    assert (result["type"], result["description"]) == (FlowResultType.CREATE_ENTRY, "no_panel")
    assert is_loaded(result["result"])
    assert not async_panel_exists(hass, URL_PATH)


async def test_a_second_station_does_not_ask_again(
    hass: HomeAssistant, frontend: None, machine: Machine, station: MockConfigEntry
) -> None:
    result = await add(hass, "simulated-2")

    assert (result["type"], result["description"]) == (FlowResultType.CREATE_ENTRY, None)
    assert not async_panel_exists(hass, URL_PATH)


@pytest.mark.parametrize(
    ("url_path", "config"),
    [
        (URL_PATH, None),
        (URL_PATH, {"views": []}),
        ("dashboard-weather", PANEL),
        ("dashboard-weather", {"strategy": {"type": STRATEGY, "hours": 12}}),
    ],
)
async def test_a_panel_that_exists_is_not_offered(
    hass: HomeAssistant,
    frontend: None,
    machine: Machine,
    simulator: Simulator,
    url_path: str,
    config: dict[str, Any] | None,
) -> None:
    await add_dashboard(hass, url_path, config)

    assert (await add(hass))["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize("config", [None, {"views": []}, {"strategy": {"type": "map"}}, {"strategy": "broken"}, "text"])
async def test_other_dashboards_do_not_matter(
    hass: HomeAssistant, frontend: None, machine: Machine, simulator: Simulator, config: Any
) -> None:
    await add_dashboard(hass, "dashboard-home", config)

    assert (await add(hass))["step_id"] == "panel"


async def test_a_panel_that_was_deleted_stays_deleted(
    hass: HomeAssistant, frontend: None, machine: Machine, simulator: Simulator
) -> None:
    """Neither a restart of the station nor a second one creates it again."""
    first = (await answer(hass, await add(hass), "add_panel"))["result"]
    (item,) = dashboards(hass).async_items()
    await dashboards(hass).async_delete_item(item["id"])

    assert await hass.config_entries.async_reload(first.entry_id)
    assert (await add(hass, "simulated-2"))["type"] is FlowResultType.CREATE_ENTRY
    assert not async_panel_exists(hass, URL_PATH)


async def test_a_panel_that_cannot_be_added_does_not_cost_the_station(
    hass: HomeAssistant, frontend: None, machine: Machine, simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    offer = await add(hass)
    await add_dashboard(hass, URL_PATH, None)  # meanwhile, in another window

    result = await answer(hass, offer, "add_panel")

    assert (result["type"], result["description"]) == (FlowResultType.CREATE_ENTRY, "panel_failed")
    assert is_loaded(result["result"])
    assert "Cannot add the weather panel" in caplog.text


async def test_without_a_frontend_there_is_no_offer(
    hass: HomeAssistant, machine: Machine, simulator: Simulator
) -> None:
    assert (await add(hass))["type"] is FlowResultType.CREATE_ENTRY


async def test_another_home_assistant_may_keep_its_dashboards_elsewhere(
    hass: HomeAssistant, frontend: None, machine: Machine, simulator: Simulator
) -> None:
    """Where the collection of the dashboards is kept is no interface of Home Assistant."""
    handler = hass.data[WEBSOCKET]["lovelace/dashboards/create"]
    with patch.dict(hass.data[WEBSOCKET], {"lovelace/dashboards/create": (lambda *_: None, *handler[1:])}):
        assert (await add(hass))["type"] is FlowResultType.CREATE_ENTRY


async def test_a_dashboard_that_cannot_be_read_does_not_matter(
    hass: HomeAssistant, frontend: None, machine: Machine, simulator: Simulator
) -> None:
    with patch(
        "homeassistant.components.lovelace.dashboard.LovelaceStorage.async_load", side_effect=HomeAssistantError
    ):
        assert (await add(hass))["step_id"] == "panel"


def test_the_panel_has_the_title_of_its_dashboard() -> None:
    titles = re.findall(r'  title: "(.*)"', (FOLDER / "texts.js").read_text(encoding="utf-8"))
    translations = (Path(FOLDER).parent / "translations" / name for name in ("en.json", "pt-BR.json"))
    for title, file in zip(titles, translations, strict=True):
        assert f'"weather_panel": "{title}"' in file.read_text(encoding="utf-8")
