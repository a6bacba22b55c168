"""Tests of the system health information."""

from collections.abc import Callable

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, get_system_health_info

from custom_components.anavi_weather.const import DOMAIN
from custom_components.anavi_weather.phat.simulator import Simulator
from custom_components.anavi_weather.user_station import Forwarder
from custom_components.anavi_weather.user_station.errors import BusyError
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from .conftest import Machine, PassTime, fail


async def test_buses_stations_and_chips_are_reported(
    hass: HomeAssistant,
    machine: Machine,
    board_entry: MockConfigEntry,
    entry: MockConfigEntry,
    simulator: Simulator,
    pass_time: PassTime,
) -> None:
    machine.plug(3)
    machine.plug(1).unplug(0x40)
    assert await async_setup_component(hass, DOMAIN, {})
    assert await async_setup_component(hass, "system_health", {})
    await hass.async_block_till_done()

    assert await get_system_health_info(hass, DOMAIN) == {
        "buses": f"{machine.path(1)}, {machine.path(3)}",
        "stations": 2,
        "chips": 6,
        "chips_working": 5,
        "user_stations": 0,
        "user_stations_connected": 0,
    }

    machine.unplug(1)
    machine.unplug(3)
    await pass_time()
    assert await get_system_health_info(hass, DOMAIN) == {
        "buses": "-",
        "stations": 2,
        "chips": 6,
        "chips_working": 3,
        "user_stations": 0,
        "user_stations_connected": 0,
    }

    await hass.config_entries.async_unload(board_entry.entry_id)
    assert await get_system_health_info(hass, DOMAIN) == {
        "buses": "-",
        "stations": 1,
        "chips": 3,
        "chips_working": 3,
        "user_stations": 0,
        "user_stations_connected": 0,
    }


@pytest.mark.parametrize(
    ("happen", "connected"),
    [
        (lambda _: None, 0),
        (lambda forwarder: forwarder.status.async_record_success(all_sent=True), 1),
        (lambda forwarder: fail(forwarder, BusyError("503")), 0),
    ],
)
async def test_user_stations_are_reported(
    hass: HomeAssistant, forwarder: Forwarder, happen: Callable[[Forwarder], None], connected: int
) -> None:
    happen(forwarder)
    assert await async_setup_component(hass, "system_health", {})
    info = await get_system_health_info(hass, DOMAIN)
    assert (info["user_stations"], info["user_stations_connected"]) == (1, connected)
