"""Tests of reconfiguring a remote station."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.const import CONF_BUS, CONF_CHIPS
from custom_components.anavi_weather.phat import ChipId
from custom_components.anavi_weather.phat.board import PRODUCT
from custom_components.anavi_weather.phat.simulated_bh1750 import SimulatedBH1750
from custom_components.anavi_weather.phat.simulator import SIMULATED
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er

from .config_flow_steps import choose, confirm, preselected
from .conftest import Machine, PassTime, is_loaded


@pytest.fixture
async def board(hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry) -> MockConfigEntry:
    """Return the entry of a real board on bus 1, loaded."""
    machine.plug()
    assert await hass.config_entries.async_setup(board_entry.entry_id)
    await hass.async_block_till_done()
    return board_entry


async def test_the_same_bus_is_rescanned(hass: HomeAssistant, machine: Machine, board: MockConfigEntry) -> None:
    """A chip that was plugged in is added, and one that does not respond now is kept."""
    coordinator = board.runtime_data.coordinator
    simulator = machine.simulators[machine.path()]
    simulator.unplug(0x40)
    simulator.chips[0x5C] = SimulatedBH1750(simulator.chips[0x23].air, machine.clock)
    simulator.plug(0x5C)

    form = await board.start_reconfigure_flow(hass)
    assert (form["step_id"], preselected(form)) == ("reconfigure", machine.path())
    result = await confirm(hass, await choose(hass, form, machine.path()))

    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    assert board.data == {
        CONF_BUS: machine.path(),
        CONF_CHIPS: ["BMP180 0x77", "HTU21D 0x40", "BH1750 0x23", "BH1750 0x5c"],
    }
    assert is_loaded(board)
    assert board.runtime_data.coordinator is coordinator
    assert hass.states.is_state("sensor.anavi_infrared_phat_humidity", STATE_UNAVAILABLE)
    assert er.async_get(hass).async_get("sensor.anavi_infrared_phat_illuminance_bh1750_0x5c")


async def test_a_board_without_its_former_chips_keeps_its_infrared(
    hass: HomeAssistant, machine: Machine, board: MockConfigEntry, pass_time: PassTime
) -> None:
    for address in (0x23, 0x40, 0x77):
        machine.simulators[machine.path()].unplug(address)
    machine.pair.plug()

    form = await choose(hass, await board.start_reconfigure_flow(hass), machine.path())
    assert form["step_id"] == "infrared"
    await confirm(hass, form)

    assert board.data[CONF_CHIPS] == []
    assert is_loaded(board)
    await pass_time()
    assert hass.states.get("remote.anavi_infrared_phat")
    assert not hass.states.get("sensor.anavi_infrared_phat_temperature")


async def test_a_scan_does_not_disturb_readings(
    hass: HomeAssistant,
    machine: Machine,
    board: MockConfigEntry,
    pass_time: PassTime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await choose(hass, await board.start_reconfigure_flow(hass), machine.path())
    await pass_time()

    assert STATE_UNAVAILABLE not in {state.state for state in hass.states.async_all()}
    assert "failed" not in caplog.text
    assert machine.descriptors() == 0


async def test_a_station_is_moved_to_another_bus(hass: HomeAssistant, machine: Machine, board: MockConfigEntry) -> None:
    machine.plug(3, (ChipId("BME280", 0x76),))

    result = await confirm(hass, await choose(hass, await board.start_reconfigure_flow(hass), machine.path(3)))

    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    assert board.data == {CONF_BUS: machine.path(3), CONF_CHIPS: ["BME280 0x76"]}
    assert (board.unique_id, board.title) == (machine.path(3), PRODUCT)
    assert is_loaded(board)


async def test_a_simulated_station_becomes_a_real_one(
    hass: HomeAssistant, machine: Machine, station: MockConfigEntry
) -> None:
    machine.plug()
    form = await station.start_reconfigure_flow(hass)
    assert preselected(form) == SIMULATED

    await confirm(hass, await choose(hass, form, machine.path()))

    assert (station.unique_id, station.title) == (machine.path(), PRODUCT)
    assert not hass.states.async_all("switch")
    assert {state.state for state in hass.states.async_all("sensor")} >= {"1013.25"}


async def test_a_simulated_station_needs_no_bus(
    hass: HomeAssistant, machine: Machine, station: MockConfigEntry
) -> None:
    form = await station.start_reconfigure_flow(hass)

    assert (preselected(form), form["errors"]) == (SIMULATED, {})


async def test_a_board_becomes_the_second_simulated_station(
    hass: HomeAssistant, machine: Machine, board: MockConfigEntry, entry: MockConfigEntry
) -> None:
    form = await board.start_reconfigure_flow(hass)
    result = await confirm(hass, await choose(hass, form, "simulated-2"))

    assert result["reason"] == "reconfigure_successful"
    assert (board.unique_id, board.title) == ("simulated-2", "Simulated pHAT 2")

    form = await board.start_reconfigure_flow(hass)
    assert preselected(form) == "simulated-2"
    await confirm(hass, await choose(hass, form, "simulated-2"))
    assert board.title == "Simulated pHAT 2"


async def test_another_station_without_chips_does_not_get_the_infrared_pair(
    hass: HomeAssistant, machine: Machine, board: MockConfigEntry, entry: MockConfigEntry
) -> None:
    machine.pair.plug()
    machine.plug(3, chips=())

    form = await choose(hass, await entry.start_reconfigure_flow(hass), machine.path(3))

    assert (form["step_id"], form["errors"]) == ("reconfigure", {"base": "no_chip"})


async def test_a_name_given_by_the_user_is_kept(hass: HomeAssistant, machine: Machine, board: MockConfigEntry) -> None:
    hass.config_entries.async_update_entry(board, title="Garden")
    machine.plug(3)

    await confirm(hass, await choose(hass, await board.start_reconfigure_flow(hass), machine.path(3)))

    assert (board.unique_id, board.title) == (machine.path(3), "Garden")


async def test_a_station_is_not_moved_to_the_bus_of_another(
    hass: HomeAssistant, machine: Machine, board: MockConfigEntry, entry: MockConfigEntry
) -> None:
    machine.plug(3)
    hass.config_entries.async_update_entry(
        entry, unique_id=machine.path(3), data={**entry.data, CONF_BUS: machine.path(3)}
    )

    result = await choose(hass, await board.start_reconfigure_flow(hass), machine.path(3))

    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")
    assert board.unique_id == machine.path()


async def test_a_station_whose_bus_is_missing_can_be_moved(
    hass: HomeAssistant, machine: Machine, board: MockConfigEntry
) -> None:
    machine.unplug(1)
    machine.plug(3)

    form = await board.start_reconfigure_flow(hass)

    assert preselected(form) == machine.path(3)
    await confirm(hass, await choose(hass, form, machine.path(3)))
    assert board.unique_id == machine.path(3)


async def test_a_station_that_could_not_be_set_up_is_set_up_once_it_is_moved(
    hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry
) -> None:
    machine.plug(3)
    await hass.config_entries.async_setup(board_entry.entry_id)
    assert board_entry.state is ConfigEntryState.SETUP_RETRY

    await confirm(hass, await choose(hass, await board_entry.start_reconfigure_flow(hass), machine.path(3)))

    assert is_loaded(board_entry)
    assert board_entry.unique_id == machine.path(3)


async def test_an_error_while_moving_changes_nothing(
    hass: HomeAssistant, machine: Machine, board: MockConfigEntry
) -> None:
    machine.plug(3, ())

    form = await choose(hass, await board.start_reconfigure_flow(hass), machine.path(3))

    assert (form["step_id"], form["errors"]) == ("reconfigure", {"base": "no_chip"})
    assert board.unique_id == machine.path()
    result = await confirm(hass, await choose(hass, form, machine.path()))
    assert result["reason"] == "reconfigure_successful"
