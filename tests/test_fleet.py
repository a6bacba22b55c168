"""Tests of a fleet: its stations' readings and alerts, and that its server changes nothing else."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
    mock_restore_cache_with_extra_data,
)
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.anavi_weather import async_remove_config_entry_device
from custom_components.anavi_weather.const import CONF_CA_CERTIFICATE, CONF_STATIONS
from custom_components.anavi_weather.fleet_coordinator import MAX_STATIONS, FleetCoordinator
from custom_components.anavi_weather.phat.simulator import Simulator
from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.const import ATTR_LATITUDE, ATTR_LONGITUDE, STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util

from .conftest import number, value
from .user_station.harness import until
from .user_station.server import API_KEY, Server, refusing
from .user_station.summaries import BEACH, BIASED, NOW, answer, comparison, reading, source

FARM = "f" * 32
INTERVAL = 60

CONNECTED = "binary_sensor.fleet_casa_connectivity"
DISK = "binary_sensor.fleet_casa_disk_almost_full"
CERTIFICATE = "binary_sensor.fleet_casa_certificate_expires_soon"
FROST = "binary_sensor.casa_da_praia_frost"
TEMPERATURE = "sensor.casa_da_praia_temperature"
LAST_SEEN = "sensor.casa_da_praia_last_seen"


async def refresh(hass: HomeAssistant, coordinator: FleetCoordinator) -> None:
    """Read the fleet again."""
    await coordinator.async_refresh()
    await hass.async_block_till_done()


def states(hass: HomeAssistant, coordinator: FleetCoordinator) -> dict[str, str]:
    """Return the states of the fleet's entities."""
    registry = er.async_get(hass)
    entries = er.async_entries_for_config_entry(registry, coordinator.config_entry.entry_id)
    return {one.entity_id: value(hass, one.entity_id) for one in entries if one.config_subentry_id == "01FLEET"}


async def test_readings_and_alerts(hass: HomeAssistant, coordinator: FleetCoordinator) -> None:
    assert states(hass, coordinator) == {
        CONNECTED: STATE_ON,
        DISK: STATE_OFF,
        CERTIFICATE: STATE_UNKNOWN,
        FROST: STATE_ON,
        "binary_sensor.casa_da_praia_heat": STATE_OFF,
        "binary_sensor.casa_da_praia_storm": STATE_ON,
        "binary_sensor.casa_da_praia_silent": STATE_OFF,
        "binary_sensor.casa_da_praia_questionable_readings": STATE_OFF,
        "binary_sensor.casa_da_praia_two_senders": STATE_OFF,
        "binary_sensor.casa_da_praia_differs_from_neighbors": STATE_UNKNOWN,
        "binary_sensor.casa_da_praia_drifts_from_neighbors": STATE_UNKNOWN,
        TEMPERATURE: "2.5",
        "sensor.casa_da_praia_humidity": "55.0",
        "sensor.casa_da_praia_sea_level_pressure": "1013.2",
        "sensor.casa_da_praia_illuminance": "0.0",
        "sensor.casa_da_praia_pressure_tendency": "-4.1",
        LAST_SEEN: (NOW - timedelta(minutes=2)).replace(microsecond=0).isoformat(),
    }


def devices(registry: dr.DeviceRegistry, coordinator: FleetCoordinator) -> dict[str, dr.DeviceEntry]:
    """Return the devices of the entry by their identifiers."""
    entry_id = coordinator.config_entry.entry_id
    found = dr.async_entries_for_config_entry(registry, entry_id)
    return {identifier: device for device in found for _, identifier in device.identifiers}


async def test_devices(device_registry: dr.DeviceRegistry, coordinator: FleetCoordinator) -> None:
    found = devices(device_registry, coordinator)
    assert found["01FLEET"].name == "Fleet Casa"
    assert found["01FLEET"].entry_type is dr.DeviceEntryType.SERVICE
    assert found[f"01FLEET_{BEACH}"].name == "Casa da praia"


async def test_a_station_with_a_location_is_on_maps(
    hass: HomeAssistant, server: Server, coordinator: FleetCoordinator
) -> None:
    seen = hass.states.get(LAST_SEEN)
    assert seen
    assert {name: seen.attributes.get(name) for name in (ATTR_LATITUDE, ATTR_LONGITUDE, "elevation")} == {
        ATTR_LATITUDE: -23.5488,
        ATTR_LONGITUDE: -46.6285,
        "elevation": 760,
    }
    server.fleet = answer(source(place={}))
    await refresh(hass, coordinator)
    seen = hass.states.get(LAST_SEEN)
    assert seen
    assert ATTR_LATITUDE not in seen.attributes


async def test_the_fleet_is_read_at_its_interval(
    hass: HomeAssistant, server: Server, coordinator: FleetCoordinator
) -> None:
    server.fleet = answer(source(temperature=reading(7.5), frost=0.0))
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=INTERVAL - 10))
    await hass.async_block_till_done()
    assert number(hass, TEMPERATURE) == 2.5
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=INTERVAL + 2))
    await until(lambda: number(hass, TEMPERATURE) == 7.5)
    assert value(hass, FROST) == STATE_OFF


async def test_a_new_station_gets_entities(hass: HomeAssistant, server: Server, coordinator: FleetCoordinator) -> None:
    server.fleet = answer(source(), source(station={"id": FARM}, name={"station.name": "Sítio"}, frost=0.0))
    await refresh(hass, coordinator)
    assert value(hass, "binary_sensor.sitio_frost") == STATE_OFF
    assert value(hass, FROST) == STATE_ON


async def test_a_station_that_is_gone_is_unavailable_and_comes_back(
    hass: HomeAssistant, server: Server, coordinator: FleetCoordinator
) -> None:
    server.fleet = answer()
    await refresh(hass, coordinator)
    assert {value(hass, one) for one in (FROST, TEMPERATURE, LAST_SEEN)} == {STATE_UNAVAILABLE}
    assert value(hass, CONNECTED) == STATE_ON
    server.fleet = answer(source())
    await refresh(hass, coordinator)
    assert number(hass, TEMPERATURE) == 2.5


async def test_a_renamed_station_stays_the_same(
    hass: HomeAssistant, device_registry: dr.DeviceRegistry, server: Server, coordinator: FleetCoordinator
) -> None:
    server.fleet = answer(source(name={"station.name": "Farol"}))
    await refresh(hass, coordinator)
    assert devices(device_registry, coordinator)[f"01FLEET_{BEACH}"].name == "Farol"
    assert number(hass, TEMPERATURE) == 2.5


async def test_a_station_is_compared_with_its_neighbors(
    hass: HomeAssistant, server: Server, coordinator: FleetCoordinator
) -> None:
    server.fleet = answer(source(), comparison({BEACH: BIASED}))
    await refresh(hass, coordinator)
    assert value(hass, "binary_sensor.casa_da_praia_differs_from_neighbors") == STATE_ON
    assert value(hass, "binary_sensor.casa_da_praia_drifts_from_neighbors") == STATE_OFF


async def test_an_unknown_alert_is_no_alert(hass: HomeAssistant, server: Server, coordinator: FleetCoordinator) -> None:
    server.fleet = answer(source(frost=None))
    await refresh(hass, coordinator)
    assert value(hass, FROST) == STATE_UNKNOWN


@pytest.mark.parametrize(("available", "state"), [(16, STATE_OFF), (14, STATE_ON)])
async def test_a_disk_that_is_almost_full(
    hass: HomeAssistant, server: Server, coordinator: FleetCoordinator, available: int, state: str
) -> None:
    server.disks = {"total_in_bytes": 100, "available_in_bytes": available}
    await refresh(hass, coordinator)
    assert value(hass, DISK) == state


@pytest.mark.parametrize(("days", "state"), [(31, STATE_OFF), (29, STATE_ON)])
async def test_a_certificate_that_expires_soon(
    hass: HomeAssistant,
    coordinator: FleetCoordinator,
    monkeypatch: pytest.MonkeyPatch,
    days: int,
    state: str,
) -> None:
    async def expires(_: object) -> Any:
        return dt_util.utcnow() + timedelta(days=days)

    monkeypatch.setattr(
        "custom_components.anavi_weather.user_station.fleet_index.FleetIndex._async_certificate_expires", expires
    )
    await refresh(hass, coordinator)
    assert value(hass, CERTIFICATE) == state


# When an alert began


def since(hass: HomeAssistant, entity_id: str) -> Any:
    """Return when an alert began."""
    state = hass.states.get(entity_id)
    assert state
    return state.attributes.get("since")


async def test_an_alert_remembers_when_it_began(
    hass: HomeAssistant, server: Server, coordinator: FleetCoordinator
) -> None:
    """Also over an outage, and while it is unknown whether it is still on."""
    began = since(hass, FROST)
    assert began
    assert since(hass, "binary_sensor.casa_da_praia_heat") is None
    for summary in (source(frost=None), source()):
        server.fleet = answer(summary)
        await refresh(hass, coordinator)
    server.fleet = None
    await refresh(hass, coordinator)
    assert value(hass, FROST) == STATE_UNAVAILABLE
    server.fleet = answer(source())
    await refresh(hass, coordinator)
    assert since(hass, FROST) == began

    server.fleet = answer(source(frost=0.0))
    await refresh(hass, coordinator)
    assert since(hass, FROST) is None
    server.fleet = answer(source())
    await refresh(hass, coordinator)
    assert since(hass, FROST) > began


async def test_an_alert_remembers_over_a_restart_when_it_began(
    hass: HomeAssistant, entry: MockConfigEntry, fleet: ConfigSubentry, simulator: Simulator
) -> None:
    began = dt_util.parse_datetime("2026-11-01T00:00:00+00:00")
    assert began
    mock_restore_cache_with_extra_data(hass, [(State(FROST, STATE_ON), {"since": began.isoformat()})])
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: (state := hass.states.get(FROST)) and state.state == STATE_ON)
    assert since(hass, FROST) == began


# What the server cannot change


@pytest.mark.parametrize("fault", ["down", "refused", "foreign", "empty"])
async def test_a_server_that_fails_changes_nothing_at_the_station(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    fleet: ConfigSubentry,
    simulator: Simulator,
    server: Server,
    caplog: pytest.LogCaptureFixture,
    fault: str,
) -> None:
    match fault:
        case "down":
            await server.stop()
        case "refused":
            server.check = lambda request: refusing(401)(request, [])
        case "foreign":
            server.fleet = {"hits": "<html>"}
        case _:
            server.fleet = None
    assert await hass.config_entries.async_setup(entry.entry_id)
    coordinator: FleetCoordinator = entry.runtime_data.fleets["01FLEET"]
    await until(lambda: coordinator.last_exception)
    assert number(hass, "sensor.simulated_phat_temperature") == pytest.approx(21, abs=0.1)
    assert entry.state is ConfigEntryState.LOADED
    assert value(hass, CONNECTED) == STATE_OFF
    assert value(hass, DISK) == STATE_UNAVAILABLE

    await server.stop()
    server.check, server.fleet = None, answer(source())
    await server.start()
    await refresh(hass, coordinator)
    assert value(hass, CONNECTED) == STATE_ON
    assert number(hass, TEMPERATURE) == 2.5


async def test_a_damaged_certificate_changes_nothing_at_the_station(
    hass: HomeAssistant, entry: MockConfigEntry, fleet: ConfigSubentry, simulator: Simulator
) -> None:
    damaged = {**fleet.data, CONF_CA_CERTIFICATE: "-----BEGIN CERTIFICATE-----"}
    hass.config_entries.async_update_subentry(entry, fleet, data=damaged)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: entry.runtime_data.fleets["01FLEET"].last_exception)
    assert number(hass, "sensor.simulated_phat_temperature") == pytest.approx(21, abs=0.1)
    assert value(hass, CONNECTED) == STATE_OFF


async def test_a_server_cannot_add_any_number_of_stations(
    hass: HomeAssistant, server: Server, coordinator: FleetCoordinator
) -> None:
    server.fleet = answer(*(source(station={"id": f"station-{number:04}"}) for number in range(MAX_STATIONS + 5)))
    await refresh(hass, coordinator)
    assert len(coordinator.data.stations) == MAX_STATIONS


async def test_a_server_cannot_add_stations_that_were_not_chosen(
    hass: HomeAssistant,
    device_registry: dr.DeviceRegistry,
    entry: MockConfigEntry,
    server: Server,
    coordinator: FleetCoordinator,
) -> None:
    """The device of a station that is not chosen any more is removed."""
    server.fleet = answer(source(), source(station={"id": FARM}, name={"station.name": "Sítio"}))
    fleet = entry.subentries["01FLEET"]
    hass.config_entries.async_update_subentry(entry, fleet, data={**fleet.data, CONF_STATIONS: [FARM, "gone"]})
    await hass.async_block_till_done()
    changed: FleetCoordinator = entry.runtime_data.fleets["01FLEET"]
    await until(lambda: changed.last_update_success)
    await hass.async_block_till_done()
    assert changed.data.stations.keys() == {FARM}
    assert {"terms": {"station.id": [FARM, "gone"]}} in server.fleet_queries[-1]["bool"]["should"]
    assert devices(device_registry, changed).keys() == {entry.entry_id, "01FLEET", f"01FLEET_{FARM}"}


async def test_diagnostics_do_not_name_stations(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, entry: MockConfigEntry, coordinator: FleetCoordinator
) -> None:
    diagnostics = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    (found,) = diagnostics["fleets"]
    assert found["connected"] is True
    assert found["stations"] == 1
    assert found["data"]["interval"] == INTERVAL
    for secret in (API_KEY, "praia", BEACH, "23.5", "46.6", "127.0.0.1"):
        assert secret not in str(found)


async def test_the_device_of_a_station_that_is_gone_can_be_deleted(
    hass: HomeAssistant,
    device_registry: dr.DeviceRegistry,
    entry: MockConfigEntry,
    server: Server,
    coordinator: FleetCoordinator,
) -> None:
    async def deletable() -> set[str]:
        return {
            identifier
            for identifier, device in devices(device_registry, coordinator).items()
            if await async_remove_config_entry_device(hass, entry, device)
        }

    assert await deletable() == set()
    server.fleet = answer()
    await refresh(hass, coordinator)
    assert await deletable() == {f"01FLEET_{BEACH}"}
    server.fleet = None
    await refresh(hass, coordinator)
    assert await deletable() == set(), "a server that fails has lost nothing"
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert await deletable() == set(), "nobody knows what the fleet has"


async def test_no_state_of_a_fleet_is_sent(
    hass: HomeAssistant, entry: MockConfigEntry, user_station: ConfigSubentry, coordinator: FleetCoordinator
) -> None:
    own = states(hass, coordinator).keys()
    entities = entry.runtime_data.forwarders[user_station.subentry_id].entities
    registry = er.async_get(hass)
    excluded = {entity_id for entity_id in own if entities._is_excluded(registry.entities[entity_id])}
    assert excluded == own
    assert not entities._is_excluded(registry.entities["sensor.simulated_phat_temperature"])


async def test_states_of_a_fleet_are_not_those_of_the_station(
    hass: HomeAssistant, coordinator: FleetCoordinator
) -> None:
    """If a user chooses them one by one, the user station must not take the neighbors' readings for the station's."""
    keys = {
        entry.translation_key or entry.original_device_class
        for entry in er.async_entries_for_config_entry(er.async_get(hass), coordinator.config_entry.entry_id)
        if entry.config_subentry_id == "01FLEET"
    }
    assert {key for key in keys if not str(key).startswith("fleet_")} == {"connectivity"}
