"""Tests of the fix flow that removes a chip."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.const import CONF_CHIPS, DOMAIN
from custom_components.anavi_weather.phat import ChipId
from custom_components.anavi_weather.phat.simulated_bmx280 import SimulatedBMP280
from homeassistant.components.switch import DOMAIN as SWITCH_DOMAIN, SERVICE_TURN_ON
from homeassistant.const import ATTR_ENTITY_ID, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir

from .conftest import Machine, PassTime, is_loaded, number
from .repair_forms import open_repair, submit_repair


async def test_submitting_the_form_removes_the_chip(
    hass: HomeAssistant,
    issue_registry: ir.IssueRegistry,
    entity_registry: er.EntityRegistry,
    station: MockConfigEntry,
    chip_issue: str,
) -> None:
    form = await open_repair(hass, chip_issue)
    assert form.placeholders == {
        "station": "Simulated pHAT",
        "chip": "HTU21D",
        "address": "0x40",
        "error": "0x40: Remote I/O error",
    }
    assert "HTU21D 0x40" in station.data[CONF_CHIPS]

    await form.submit()

    assert is_loaded(station)
    assert station.data[CONF_CHIPS] == ["BMP180 0x77", "BH1750 0x23"]
    unique_ids = {entry.unique_id for entry in entity_registry.entities.values()}
    assert not {unique_id for unique_id in unique_ids if "htu21d_40_" in unique_id}
    assert not {"01STATION_dew_point", "01STATION_absolute_humidity"} & unique_ids
    assert {"01STATION_bmp180_77_pressure", "01STATION_slot_htu21d_40"} <= unique_ids
    assert not issue_registry.issues


async def test_the_next_best_chip_replaces_a_removed_chip(
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    pass_time: PassTime,
    station: MockConfigEntry,
    chip_issue: str,
) -> None:
    entity_id = "sensor.simulated_phat_temperature_bmp180"
    assert hass.states.get(entity_id) is None
    await submit_repair(hass, chip_issue)

    state = hass.states.get(entity_id)
    assert state
    assert (state.name, state.state) == ("Simulated pHAT Temperature", "21.0")
    entry = entity_registry.async_get(entity_id)
    assert entry
    assert (entry.entity_category, entry.disabled_by) == (None, None)
    await pass_time(31)  # Home Assistant reloads the entry of enabled entities
    assert hass.states.get(entity_id)


async def test_entities_disabled_by_the_user_stay_disabled(
    hass: HomeAssistant, entity_registry: er.EntityRegistry, station: MockConfigEntry
) -> None:
    entity_id = "sensor.simulated_phat_humidity"
    entity_registry.async_update_entity(entity_id, disabled_by=er.RegistryEntryDisabler.USER)

    await hass.config_entries.async_reload(station.entry_id)
    await hass.async_block_till_done()

    assert hass.states.get(entity_id) is None


async def test_a_removed_chip_is_found_when_it_is_plugged_in_again(
    hass: HomeAssistant,
    pass_time: PassTime,
    station: MockConfigEntry,
    chip_issue: str,
) -> None:
    await submit_repair(hass, chip_issue)
    await pass_time()
    assert station.data[CONF_CHIPS] == ["BMP180 0x77", "BH1750 0x23"]

    slot = {ATTR_ENTITY_ID: "switch.simulated_phat_htu21d_plugged_in"}
    await hass.services.async_call(SWITCH_DOMAIN, SERVICE_TURN_ON, slot, blocking=True)
    await hass.async_block_till_done()

    assert is_loaded(station)
    assert station.data[CONF_CHIPS] == ["BMP180 0x77", "BH1750 0x23", "HTU21D 0x40"]
    assert number(hass, "sensor.simulated_phat_humidity") == pytest.approx(55, abs=0.1)


async def test_a_chip_replaced_by_another_kind_is_removed(
    hass: HomeAssistant,
    issue_registry: ir.IssueRegistry,
    machine: Machine,
    board_entry: MockConfigEntry,
    pass_time: PassTime,
) -> None:
    simulator = machine.plug()
    await hass.config_entries.async_setup(board_entry.entry_id)
    await hass.async_block_till_done()
    simulator.chips[0x77] = SimulatedBMP280(simulator.chips[0x77].air, machine.clock)
    await pass_time()
    await pass_time()
    assert board_entry.data[CONF_CHIPS] == ["BMP180 0x77", "HTU21D 0x40", "BH1750 0x23", "BMP280 0x77"]
    await pass_time()
    await pass_time(121)
    (issue,) = issue_registry.issues.values()
    assert issue.translation_placeholders
    assert issue.translation_placeholders["error"] == "BMP180 0x77: another chip answers"

    await submit_repair(hass, issue.issue_id)
    await pass_time()

    assert board_entry.data[CONF_CHIPS] == ["HTU21D 0x40", "BH1750 0x23", "BMP280 0x77"]
    assert not issue_registry.issues
    assert {state.state for state in hass.states.async_all()}.isdisjoint({STATE_UNAVAILABLE})


async def test_a_station_whose_only_chip_was_removed_finds_it_again(
    hass: HomeAssistant,
    issue_registry: ir.IssueRegistry,
    machine: Machine,
    board_entry: MockConfigEntry,
    pass_time: PassTime,
) -> None:
    simulator = machine.plug(chips=(ChipId("BH1750", 0x23),))
    hass.config_entries.async_update_entry(board_entry, data={**board_entry.data, CONF_CHIPS: ["BH1750 0x23"]})
    await hass.config_entries.async_setup(board_entry.entry_id)
    await hass.async_block_till_done()
    simulator.unplug(0x23)
    await pass_time()
    await pass_time(121)
    (issue,) = issue_registry.issues.values()

    await submit_repair(hass, issue.issue_id)
    assert board_entry.data[CONF_CHIPS] == []
    assert is_loaded(board_entry)
    assert not hass.states.get("sensor.anavi_infrared_phat_illuminance")

    simulator.plug(0x23)
    await pass_time()
    assert board_entry.data[CONF_CHIPS] == ["BH1750 0x23"]
    assert number(hass, "sensor.anavi_infrared_phat_illuminance") == 300


async def test_the_form_of_a_removed_station_can_be_submitted(
    hass: HomeAssistant, station: MockConfigEntry, chip_issue: str
) -> None:
    form = await open_repair(hass, chip_issue)
    await hass.config_entries.async_remove(station.entry_id)

    await form.submit()

    assert not hass.config_entries.async_entries(DOMAIN)
