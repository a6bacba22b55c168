"""Tests that a station whose bus was missing is set up soon after the bus appears."""

from unittest.mock import patch

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.bus_watch import INTERVAL, WATCHES
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from .conftest import Machine, PassTime, is_loaded

TICK = INTERVAL.total_seconds() + 1


async def set_up_without_bus(hass: HomeAssistant, entry: MockConfigEntry, pass_time: PassTime) -> None:
    """Set up a station without its bus, and wait until Home Assistant retries only every ten minutes."""
    await hass.config_entries.async_setup(entry.entry_id)
    for tries in range(8):
        await pass_time(5 * 2**tries + 1)
    assert entry.state is ConfigEntryState.SETUP_RETRY


async def test_bus_that_appears_is_used_within_seconds(
    hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry, pass_time: PassTime
) -> None:
    await set_up_without_bus(hass, board_entry, pass_time)
    await pass_time(TICK)
    assert board_entry.state is ConfigEntryState.SETUP_RETRY
    machine.plug()
    await pass_time(TICK)
    assert is_loaded(board_entry)
    assert not hass.data[WATCHES]


async def test_one_watch_for_many_retries(
    hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry, pass_time: PassTime
) -> None:
    await set_up_without_bus(hass, board_entry, pass_time)
    machine.plug()
    reload = "homeassistant.config_entries.ConfigEntries.async_schedule_reload"
    with patch(reload) as reloaded:
        await pass_time(TICK)
        await pass_time(TICK)
    reloaded.assert_called_once_with(board_entry.entry_id)


async def test_watch_ends_with_the_entry(
    hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry, pass_time: PassTime
) -> None:
    await set_up_without_bus(hass, board_entry, pass_time)
    await hass.config_entries.async_remove(board_entry.entry_id)
    machine.plug()
    await pass_time(TICK)
    assert board_entry.state is ConfigEntryState.NOT_LOADED
    assert not hass.data[WATCHES]


async def test_bus_that_exists_is_not_watched(
    hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry, pass_time: PassTime
) -> None:
    """Home Assistant's own retries are enough for a bus that does not work."""
    machine.plug().stuck = True
    await hass.config_entries.async_setup(board_entry.entry_id)
    assert board_entry.state is ConfigEntryState.SETUP_RETRY
    assert not hass.data.get(WATCHES)
