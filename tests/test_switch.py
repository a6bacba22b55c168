"""Tests of the slots of the simulated pHAT."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.const import CONF_ALTITUDE, CONF_CHIPS
from custom_components.anavi_weather.phat.simulator import SPARE_CHIP, Simulator
from homeassistant.components.switch import DOMAIN as SWITCH_DOMAIN, SERVICE_TURN_OFF, SERVICE_TURN_ON
from homeassistant.const import ATTR_ENTITY_ID, STATE_OFF, STATE_ON, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant

from .conftest import Machine, PassTime, number, value

SLOT = "switch.simulated_phat_htu21d_plugged_in"
HUMIDITY = "sensor.simulated_phat_humidity"


@pytest.mark.usefixtures("station")
async def test_a_chip_is_unplugged_and_plugged_in(
    hass: HomeAssistant, simulator: Simulator, pass_time: PassTime
) -> None:
    assert value(hass, SLOT) == STATE_ON

    await hass.services.async_call(SWITCH_DOMAIN, SERVICE_TURN_OFF, {ATTR_ENTITY_ID: SLOT}, blocking=True)

    assert 0x40 not in simulator.plugged
    assert value(hass, SLOT) == STATE_OFF
    assert value(hass, HUMIDITY) == STATE_UNAVAILABLE  # at once, without waiting for the interval

    await pass_time(11)  # the debouncer limits refresh requests
    await hass.services.async_call(SWITCH_DOMAIN, SERVICE_TURN_ON, {ATTR_ENTITY_ID: SLOT}, blocking=True)

    assert 0x40 in simulator.plugged
    assert value(hass, SLOT) == STATE_ON
    assert number(hass, HUMIDITY) == pytest.approx(55, abs=0.1)


@pytest.mark.usefixtures("station")
async def test_a_switch_shows_its_state_before_the_chip_is_read(hass: HomeAssistant) -> None:
    for service, state in ((SERVICE_TURN_OFF, STATE_OFF), (SERVICE_TURN_ON, STATE_ON)):
        await hass.services.async_call(SWITCH_DOMAIN, service, {ATTR_ENTITY_ID: SLOT}, blocking=True)
        assert value(hass, SLOT) == state
    assert value(hass, HUMIDITY) == STATE_UNAVAILABLE


@pytest.mark.usefixtures("station")
async def test_a_slot_stays_available_without_any_chip(
    hass: HomeAssistant, simulator: Simulator, pass_time: PassTime
) -> None:
    for address in simulator.chips:
        simulator.unplug(address)
    await pass_time()

    assert {state.state for state in hass.states.async_all(SWITCH_DOMAIN)} == {STATE_OFF}


async def test_a_removed_chip_is_not_plugged_in(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator
) -> None:
    data = {**entry.data, CONF_CHIPS: ["BMP180 0x77", "BH1750 0x23"]}
    hass.config_entries.async_update_entry(entry, data=data)

    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()

    assert simulator.plugged == {0x77, 0x23}
    assert value(hass, SLOT) == STATE_OFF
    assert entry.data == data


@pytest.mark.parametrize("options", [{CONF_ALTITUDE: 3000}])
async def test_the_simulated_weather_depends_on_the_altitude(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()

    assert number(hass, "sensor.simulated_phat_atmospheric_pressure") == pytest.approx(700, abs=20)


async def test_a_spare_chip_takes_over_when_it_is_plugged_in(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    spare = "switch.simulated_phat_bme280_plugged_in"
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert value(hass, spare) == STATE_OFF

    await hass.services.async_call(SWITCH_DOMAIN, SERVICE_TURN_ON, {ATTR_ENTITY_ID: spare}, blocking=True)

    assert value(hass, spare) == STATE_ON
    pressure = hass.states.get("sensor.simulated_phat_atmospheric_pressure")
    assert pressure
    assert pressure.attributes["chip"] == str(SPARE_CHIP)
    assert str(SPARE_CHIP) in entry.data[CONF_CHIPS]


async def test_a_real_board_has_no_slot_switches(
    hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry
) -> None:
    machine.plug()

    await hass.config_entries.async_setup(board_entry.entry_id)
    await hass.async_block_till_done()

    assert hass.states.async_all("sensor")
    assert not hass.states.async_all(SWITCH_DOMAIN)
