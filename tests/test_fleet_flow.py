"""Tests of adding and reconfiguring a fleet."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.const import CONF_INTERVAL, CONF_NAMESPACE, CONF_STATIONS, SUBENTRY_FLEET
from custom_components.anavi_weather.fleet_coordinator import MAX_STATIONS
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, ConfigSubentry, SubentryFlowResult
from homeassistant.const import CONF_API_KEY, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from .user_station.server import API_KEY, Server
from .user_station.summaries import BEACH, answer, source
from .user_station_flow_steps import ERRORS, add, answer as submit, break_server, repair_server, server_input, suggested

FARM = "f" * 32


@pytest.fixture(autouse=True)
def two_stations(server: Server) -> None:
    """Let the server have two stations."""
    server.fleet = answer(source(), source(station={"id": FARM}, name={"station.name": "Sítio"}))


async def start(hass: HomeAssistant, subentry: ConfigSubentry | None = None) -> SubentryFlowResult:
    """Start adding or reconfiguring a fleet."""
    context: dict[str, Any] = {"source": SOURCE_USER}
    if subentry:
        context = {"source": SOURCE_RECONFIGURE, "subentry_id": subentry.subentry_id}
    return await hass.config_entries.subentries.async_init(
        ("01STATION", SUBENTRY_FLEET),
        context=context,  # type: ignore[arg-type]
    )


def options(form: SubentryFlowResult) -> dict[str, str]:
    """Return the names of the stations to choose from by their ids."""
    assert form["data_schema"]
    return {one["value"]: one["label"] for one in form["data_schema"].schema[CONF_STATIONS].config["options"]}


async def test_a_fleet_is_added(hass: HomeAssistant, station: MockConfigEntry, server: Server) -> None:
    form = await start(hass)
    assert (form["type"], form["step_id"], form["errors"]) == (FlowResultType.FORM, "user", {})
    form = await submit(hass, form, **server_input(server))
    assert (form["step_id"], form["errors"]) == ("stations", {})
    assert options(form) == {BEACH: "Casa da praia", FARM: "Sítio"}

    result = await submit(hass, form, **{CONF_STATIONS: [FARM], CONF_INTERVAL: 120.0})

    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, "127.0.0.1")
    (subentry,) = station.subentries.values()
    assert subentry.data == {
        CONF_URL: server.url,
        CONF_API_KEY: API_KEY,
        CONF_NAMESPACE: "default",
        CONF_STATIONS: [FARM],
        CONF_INTERVAL: 120,
    }
    assert station.runtime_data.fleets.keys() == {subentry.subentry_id}


@pytest.mark.usefixtures("station")
async def test_stations_of_the_same_name_are_told_apart(hass: HomeAssistant, server: Server) -> None:
    server.fleet = answer(source(), source(station={"id": FARM}))
    form = await submit(hass, await start(hass), **server_input(server))
    assert options(form) == {BEACH: "Casa da praia (bbbbbbbb)", FARM: "Casa da praia (ffffffff)"}


async def test_a_station_that_is_gone_stays_chosen(
    hass: HomeAssistant, station: MockConfigEntry, server: Server
) -> None:
    form = await submit(hass, await start(hass), **server_input(server))
    await submit(hass, form, **{CONF_STATIONS: [FARM]})
    (subentry,) = station.subentries.values()
    server.fleet = answer(source())

    form = await submit(hass, await start(hass, subentry), **{CONF_URL: server.url, CONF_NAMESPACE: "default"})
    assert options(form) == {FARM: FARM, BEACH: "Casa da praia"}
    assert suggested(form, CONF_STATIONS) == [FARM]
    result = await submit(hass, form, **{CONF_STATIONS: [FARM, BEACH]})

    assert result["reason"] == "reconfigure_successful"
    (subentry,) = station.subentries.values()
    assert subentry.data[CONF_STATIONS] == [FARM, BEACH]
    assert subentry.data[CONF_API_KEY] == API_KEY


@pytest.mark.usefixtures("station")
async def test_stations_of_a_large_fleet_have_to_be_chosen(hass: HomeAssistant, server: Server) -> None:
    many = [source(station={"id": f"station-{number}"}) for number in range(MAX_STATIONS + 1)]
    server.fleet = answer(*many)
    form = await submit(hass, await start(hass), **server_input(server))
    form = await submit(hass, form)
    assert form["errors"] == {CONF_STATIONS: "too_many_stations"}
    result = await submit(hass, form, **{CONF_STATIONS: ["station-7"]})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_the_same_server_can_be_a_user_station_too(
    hass: HomeAssistant, station: MockConfigEntry, server: Server
) -> None:
    await add(hass, server)
    form = await submit(hass, await start(hass), **server_input(server))
    await submit(hass, form)
    assert [subentry.subentry_type for subentry in station.subentries.values()] == ["user_station", "fleet"]
    result = await submit(hass, await start(hass), **server_input(server))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")


@pytest.mark.usefixtures("station")
@pytest.mark.parametrize("error", [error for error in ERRORS if error not in {"privilege_missing", "not_time_series"}])
async def test_errors_of_the_server_are_reported(hass: HomeAssistant, server: Server, error: str) -> None:
    form = await start(hass)
    await break_server(server, error)
    if error == "unexpected_answer":
        server.check, server.fleet = None, {"hits": {}}
    form = await submit(hass, form, **server_input(server))
    assert form["errors"] == {"base": error}

    await repair_server(server)
    server.fleet = answer(source())
    form = await submit(hass, form, **server_input(server))
    assert form["step_id"] == "stations"


@pytest.mark.usefixtures("station")
async def test_summaries_that_nobody_set_up_are_reported(hass: HomeAssistant, server: Server) -> None:
    server.fleet = None
    form = await submit(hass, await start(hass), **server_input(server))
    assert form["errors"] == {"base": "fleet_missing"}
