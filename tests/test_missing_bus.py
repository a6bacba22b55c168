"""Tests that the other parts of a station work while its chips cannot be read."""

from collections.abc import Sequence

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done

from custom_components.anavi_weather.chip_issues import FAILURE_LASTS
from custom_components.anavi_weather.phat.simulator import OFFICIAL_CHIPS
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .conftest import Machine, PassTime, is_loaded, number, value
from .user_station.harness import until
from .user_station.server import Server

TEMPERATURE = "sensor.anavi_infrared_phat_temperature"
HUMIDITY = "sensor.anavi_infrared_phat_humidity"


@pytest.fixture
def entry(board_entry: MockConfigEntry) -> MockConfigEntry:
    """Return the entry of the board, which gets the user station and the fleet."""
    return board_entry


@pytest.fixture
def recorded_entities() -> Sequence[str]:
    """Return the entities whose states the recorder stores."""
    return (TEMPERATURE,)


@pytest.mark.parametrize("has_bus", [True, False])
async def test_states_are_sent_while_the_chips_cannot_be_read(
    hass: HomeAssistant,
    machine: Machine,
    entry: MockConfigEntry,
    user_station: ConfigSubentry,
    server: Server,
    has_bus: bool,
) -> None:
    if has_bus:
        machine.plug().plugged = set()

    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert is_loaded(entry)
    assert value(hass, TEMPERATURE) == value(hass, HUMIDITY) == STATE_UNAVAILABLE
    await async_wait_recording_done(hass)
    await until(lambda: server.values() == [STATE_UNAVAILABLE])

    coordinator = entry.runtime_data.coordinator
    machine.plug()
    await coordinator.async_refresh()
    assert number(hass, TEMPERATURE) == pytest.approx(21, abs=0.02)
    assert entry.runtime_data.coordinator is coordinator
    await async_wait_recording_done(hass)
    await until(lambda: len(server.values()) == 2)


async def test_a_fleet_is_read_while_the_chips_do_not_respond(
    hass: HomeAssistant, machine: Machine, entry: MockConfigEntry, fleet: ConfigSubentry
) -> None:
    machine.plug().plugged = set()

    assert await hass.config_entries.async_setup(entry.entry_id)

    await until(lambda: entry.runtime_data.fleets[fleet.subentry_id].last_update_success)


async def test_chips_that_do_not_respond_at_startup_have_issues(
    hass: HomeAssistant,
    machine: Machine,
    entry: MockConfigEntry,
    pass_time: PassTime,
    issue_registry: ir.IssueRegistry,
) -> None:
    """Infrared works. The readings come with the chips, without a reload."""
    machine.pair.plug()
    simulator = machine.plug()
    plugged, simulator.plugged = simulator.plugged, set()

    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert is_loaded(entry)
    assert not issue_registry.issues
    await hass.services.async_call(
        "remote", "send_command", {"entity_id": "remote.anavi_infrared_phat", "command": "nec:4,8"}, blocking=True
    )

    coordinator = entry.runtime_data.coordinator
    await pass_time()
    await pass_time(FAILURE_LASTS.total_seconds() + 1)
    assert value(hass, TEMPERATURE) == value(hass, HUMIDITY) == STATE_UNAVAILABLE
    assert {issue.translation_key for issue in issue_registry.issues.values()} == {"chip_no_answer"}
    assert len(issue_registry.issues) == len(OFFICIAL_CHIPS)

    simulator.plugged = plugged
    await pass_time()
    assert number(hass, TEMPERATURE) == pytest.approx(21, abs=0.02)
    assert not issue_registry.issues
    assert entry.runtime_data.coordinator is coordinator
