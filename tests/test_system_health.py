"""Tests of what the system's health page says."""

from pytest_homeassistant_custom_component.common import MockConfigEntry, get_system_health_info

from custom_components.anavi_weather.const import DOMAIN
from custom_components.anavi_weather.phat.simulator import Simulator
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from .conftest import Machine, PassTime


async def test_buses_stations_and_chips_are_told(
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
    }

    machine.unplug(1)
    machine.unplug(3)
    await pass_time()
    assert await get_system_health_info(hass, DOMAIN) == {
        "buses": "-",
        "stations": 2,
        "chips": 6,
        "chips_working": 3,
    }

    await hass.config_entries.async_unload(board_entry.entry_id)
    assert await get_system_health_info(hass, DOMAIN) == {
        "buses": "-",
        "stations": 1,
        "chips": 3,
        "chips_working": 3,
    }
