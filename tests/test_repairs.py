"""Tests of the fix flow of a lost chip."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.const import CONF_CHIPS, DOMAIN
from custom_components.anavi_weather.phat import ChipId
from custom_components.anavi_weather.phat.simulator import Simulator
from homeassistant.components.repairs import DOMAIN as REPAIRS_DOMAIN, repairs_flow_manager
from homeassistant.components.switch import DOMAIN as SWITCH_DOMAIN, SERVICE_TURN_ON
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component

from .conftest import Machine, PassTime, is_loaded, number
from .repair_forms import choose_repair


async def test_the_repair_of_a_lost_chip_offers_a_choice(
    hass: HomeAssistant, station: MockConfigEntry, chip_issue: str
) -> None:
    assert await async_setup_component(hass, REPAIRS_DOMAIN, {})
    manager = repairs_flow_manager(hass)
    assert manager

    menu = await manager.async_init(DOMAIN, data={"issue_id": chip_issue})

    assert (menu["type"], menu["step_id"]) == (FlowResultType.MENU, "init")
    assert menu["menu_options"] == ["scan", "remove"]
    assert menu["description_placeholders"] == {
        "station": "Simulated pHAT",
        "chip": "HTU21D",
        "address": "0x40",
        "error": "0x40: Remote I/O error",
    }
    assert "HTU21D 0x40" in station.data[CONF_CHIPS]


async def test_a_lost_chip_is_removed_without_a_reload(
    hass: HomeAssistant,
    issue_registry: ir.IssueRegistry,
    entity_registry: er.EntityRegistry,
    station: MockConfigEntry,
    chip_issue: str,
    pass_time: PassTime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    runtime_data = station.runtime_data

    result = await choose_repair(hass, chip_issue, "remove")
    await pass_time()

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert station.runtime_data is runtime_data
    assert station.data[CONF_CHIPS] == ["BMP180 0x77", "BH1750 0x23"]
    unique_ids = {entry.unique_id.removeprefix("01STATION_") for entry in entity_registry.entities.values()}
    assert not {unique_id for unique_id in unique_ids if unique_id.startswith("htu21d_40_")}
    assert not {"humidity", "dew_point", "absolute_humidity"} & unique_ids
    assert {"temperature", "pressure", "bmp180_77_pressure", "slot_htu21d_40"} <= unique_ids
    assert not hass.states.get("sensor.simulated_phat_humidity")
    assert number(hass, "sensor.simulated_phat_temperature") == pytest.approx(21, abs=0.1)
    assert not issue_registry.issues
    assert "works again" not in caplog.text


async def test_a_scan_that_finds_the_chip_resolves_the_issue(
    hass: HomeAssistant,
    issue_registry: ir.IssueRegistry,
    simulator: Simulator,
    station: MockConfigEntry,
    chip_issue: str,
) -> None:
    simulator.plug(0x40)

    result = await choose_repair(hass, chip_issue, "scan")

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert number(hass, "sensor.simulated_phat_humidity") == pytest.approx(55, abs=0.1)
    assert not issue_registry.issues


@pytest.mark.parametrize("stuck", [False, True])
async def test_a_scan_without_success_deletes_nothing(
    hass: HomeAssistant,
    issue_registry: ir.IssueRegistry,
    simulator: Simulator,
    station: MockConfigEntry,
    chip_issue: str,
    stuck: bool,
) -> None:
    simulator.stuck = stuck

    result = await choose_repair(hass, chip_issue, "scan")

    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "chip_still_fails")
    assert "HTU21D 0x40" in station.data[CONF_CHIPS]
    assert issue_registry.async_get_issue(DOMAIN, chip_issue)


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
    await choose_repair(hass, chip_issue, "remove")
    await pass_time()
    assert station.data[CONF_CHIPS] == ["BMP180 0x77", "BH1750 0x23"]

    slot = {ATTR_ENTITY_ID: "switch.simulated_phat_htu21d_plugged_in"}
    await hass.services.async_call(SWITCH_DOMAIN, SERVICE_TURN_ON, slot, blocking=True)
    await hass.async_block_till_done()

    assert is_loaded(station)
    assert station.data[CONF_CHIPS] == ["BMP180 0x77", "BH1750 0x23", "HTU21D 0x40"]
    assert number(hass, "sensor.simulated_phat_humidity") == pytest.approx(55, abs=0.1)


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

    await choose_repair(hass, issue.issue_id, "remove")
    assert board_entry.data[CONF_CHIPS] == []
    assert is_loaded(board_entry)
    assert not hass.states.get("sensor.anavi_infrared_phat_illuminance")

    simulator.plug(0x23)
    await pass_time()
    assert board_entry.data[CONF_CHIPS] == ["BH1750 0x23"]
    assert number(hass, "sensor.anavi_infrared_phat_illuminance") == pytest.approx(300, abs=0.3)


@pytest.mark.parametrize(
    ("step_id", "type_"), [("scan", FlowResultType.ABORT), ("remove", FlowResultType.CREATE_ENTRY)]
)
async def test_the_repair_of_a_removed_station_can_be_finished(
    hass: HomeAssistant, station: MockConfigEntry, chip_issue: str, step_id: str, type_: FlowResultType
) -> None:
    assert await async_setup_component(hass, REPAIRS_DOMAIN, {})
    manager = repairs_flow_manager(hass)
    assert manager
    menu = await manager.async_init(DOMAIN, data={"issue_id": chip_issue})
    await hass.config_entries.async_remove(station.entry_id)

    result = await manager.async_configure(menu["flow_id"], {"next_step_id": step_id})

    assert result["type"] is type_
    assert not hass.config_entries.async_entries(DOMAIN)
