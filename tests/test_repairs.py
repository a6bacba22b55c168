"""Tests of the issues that a chip raises."""

from collections.abc import Callable

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.const import CONF_CHIPS, DOMAIN
from custom_components.anavi_weather.phat import ChipId
from custom_components.anavi_weather.phat.simulated_bmx280 import SimulatedBMP280
from custom_components.anavi_weather.phat.simulator import FlippedBitFault, Simulator
from homeassistant.components.repairs import DOMAIN as REPAIRS_DOMAIN, RepairsFlowManager, repairs_flow_manager
from homeassistant.components.switch import DOMAIN as SWITCH_DOMAIN, SERVICE_TURN_ON
from homeassistant.const import ATTR_ENTITY_ID, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component

from .conftest import Machine, PassTime, is_loaded, number

ISSUE_ID = "chip_01STATION_htu21d_40"


def unplug(simulator: Simulator) -> None:
    simulator.unplug(0x40)


def claim(simulator: Simulator) -> None:
    simulator.claimed.add(0x40)


def disturb(simulator: Simulator) -> None:
    simulator.inject(FlippedBitFault(times=10**6, address=0x40))


@pytest.mark.parametrize(
    ("break_", "translation_key", "error"),
    [
        (unplug, "chip_no_answer", "0x40: Remote I/O error"),
        (claim, "chip_claimed", "0x40 is claimed by a kernel driver"),
        (disturb, "chip_failing", "HTU21D 0x40: another chip answers"),
    ],
)
@pytest.mark.usefixtures("station")
async def test_a_chip_that_fails_for_two_minutes_raises_an_issue(
    issue_registry: ir.IssueRegistry,
    simulator: Simulator,
    pass_time: PassTime,
    break_: Callable[[Simulator], None],
    translation_key: str,
    error: str,
) -> None:
    break_(simulator)

    await pass_time()
    await pass_time(119)
    assert not issue_registry.issues

    await pass_time()
    (issue,) = issue_registry.issues.values()
    assert (issue.domain, issue.issue_id, issue.translation_key) == (DOMAIN, ISSUE_ID, translation_key)
    assert (issue.is_fixable, issue.severity) == (True, ir.IssueSeverity.WARNING)
    assert issue.translation_placeholders == {
        "station": "Simulated pHAT",
        "chip": "HTU21D",
        "address": "0x40",
        "error": error,
    }


@pytest.fixture
async def issue(station: MockConfigEntry, simulator: Simulator, pass_time: PassTime) -> None:
    """Raise the issue of a hygrometer that was pulled."""
    simulator.unplug(0x40)
    await pass_time()
    await pass_time(121)


async def test_an_issue_goes_when_the_chip_is_back(
    issue_registry: ir.IssueRegistry, simulator: Simulator, pass_time: PassTime, station: MockConfigEntry, issue: None
) -> None:
    assert issue_registry.async_get_issue(DOMAIN, ISSUE_ID)
    coordinator = station.runtime_data.coordinator

    simulator.plug(0x40)
    await pass_time()

    assert not issue_registry.issues
    assert station.runtime_data.coordinator is coordinator


async def test_an_issue_tells_the_newest_error(
    issue_registry: ir.IssueRegistry, simulator: Simulator, pass_time: PassTime, issue: None
) -> None:
    claim(simulator)
    await pass_time()

    (told,) = issue_registry.issues.values()
    assert told.translation_key == "chip_claimed"


@pytest.mark.parametrize("action", ["async_unload", "async_remove"])
async def test_an_issue_goes_with_its_station(
    hass: HomeAssistant, issue_registry: ir.IssueRegistry, station: MockConfigEntry, issue: None, action: str
) -> None:
    assert issue_registry.issues

    assert await getattr(hass.config_entries, action)(station.entry_id)

    assert not issue_registry.issues


@pytest.fixture
async def flows(hass: HomeAssistant) -> RepairsFlowManager:
    """Return the manager of the flows that fix issues."""
    assert await async_setup_component(hass, REPAIRS_DOMAIN, {})
    manager = repairs_flow_manager(hass)
    assert manager
    return manager


async def test_a_chip_is_forgotten(
    hass: HomeAssistant,
    issue_registry: ir.IssueRegistry,
    entity_registry: er.EntityRegistry,
    station: MockConfigEntry,
    issue: None,
    flows: RepairsFlowManager,
) -> None:
    form = await flows.async_init(DOMAIN, data={"issue_id": ISSUE_ID})
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "confirm")
    assert form["description_placeholders"] == {
        "station": "Simulated pHAT",
        "chip": "HTU21D",
        "address": "0x40",
        "error": "0x40: Remote I/O error",
    }
    assert "HTU21D 0x40" in station.data[CONF_CHIPS]

    result = await flows.async_configure(form["flow_id"], {})
    await hass.async_block_till_done()

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert is_loaded(station)
    assert station.data[CONF_CHIPS] == ["BMP180 0x77", "BH1750 0x23"]
    unique_ids = {entry.unique_id for entry in entity_registry.entities.values()}
    assert not {unique_id for unique_id in unique_ids if "htu21d_40_" in unique_id}
    assert not {"01STATION_dew_point", "01STATION_absolute_humidity"} & unique_ids
    assert {"01STATION_bmp180_77_pressure", "01STATION_slot_htu21d_40"} <= unique_ids
    assert not issue_registry.issues


async def test_the_next_best_chip_takes_the_place_of_one_that_was_forgotten(
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    pass_time: PassTime,
    station: MockConfigEntry,
    issue: None,
    flows: RepairsFlowManager,
) -> None:
    entity_id = "sensor.simulated_phat_temperature_bmp180"
    assert hass.states.get(entity_id) is None
    form = await flows.async_init(DOMAIN, data={"issue_id": ISSUE_ID})

    await flows.async_configure(form["flow_id"], {})
    await hass.async_block_till_done()

    state = hass.states.get(entity_id)
    assert state
    assert (state.name, state.state) == ("Simulated pHAT Temperature", "21.0")
    entry = entity_registry.async_get(entity_id)
    assert entry
    assert (entry.entity_category, entry.disabled_by) == (None, None)
    await pass_time(31)  # Home Assistant reloads what has been enabled
    assert hass.states.get(entity_id)


async def test_what_a_user_disabled_stays_disabled(
    hass: HomeAssistant, entity_registry: er.EntityRegistry, station: MockConfigEntry
) -> None:
    entity_id = "sensor.simulated_phat_humidity"
    entity_registry.async_update_entity(entity_id, disabled_by=er.RegistryEntryDisabler.USER)

    await hass.config_entries.async_reload(station.entry_id)
    await hass.async_block_till_done()

    assert hass.states.get(entity_id) is None


async def test_a_chip_that_was_forgotten_is_found_when_it_is_plugged_in_again(
    hass: HomeAssistant,
    pass_time: PassTime,
    station: MockConfigEntry,
    issue: None,
    flows: RepairsFlowManager,
) -> None:
    form = await flows.async_init(DOMAIN, data={"issue_id": ISSUE_ID})
    await flows.async_configure(form["flow_id"], {})
    await pass_time()
    assert station.data[CONF_CHIPS] == ["BMP180 0x77", "BH1750 0x23"]

    slot = {ATTR_ENTITY_ID: "switch.simulated_phat_htu21d_plugged_in"}
    await hass.services.async_call(SWITCH_DOMAIN, SERVICE_TURN_ON, slot, blocking=True)
    await hass.async_block_till_done()

    assert is_loaded(station)
    assert station.data[CONF_CHIPS] == ["BMP180 0x77", "BH1750 0x23", "HTU21D 0x40"]
    assert number(hass, "sensor.simulated_phat_humidity") == pytest.approx(55, abs=0.1)


async def test_a_chip_that_was_replaced_by_another_kind_is_forgotten(
    hass: HomeAssistant,
    issue_registry: ir.IssueRegistry,
    machine: Machine,
    board_entry: MockConfigEntry,
    pass_time: PassTime,
    flows: RepairsFlowManager,
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

    form = await flows.async_init(DOMAIN, data={"issue_id": issue.issue_id})
    await flows.async_configure(form["flow_id"], {})
    await pass_time()

    assert board_entry.data[CONF_CHIPS] == ["HTU21D 0x40", "BH1750 0x23", "BMP280 0x77"]
    assert not issue_registry.issues
    assert {state.state for state in hass.states.async_all()}.isdisjoint({STATE_UNAVAILABLE})


async def test_a_station_whose_only_chip_was_forgotten_finds_another(
    hass: HomeAssistant,
    issue_registry: ir.IssueRegistry,
    machine: Machine,
    board_entry: MockConfigEntry,
    pass_time: PassTime,
    flows: RepairsFlowManager,
) -> None:
    simulator = machine.plug(chips=(ChipId("BH1750", 0x23),))
    hass.config_entries.async_update_entry(board_entry, data={**board_entry.data, CONF_CHIPS: ["BH1750 0x23"]})
    await hass.config_entries.async_setup(board_entry.entry_id)
    await hass.async_block_till_done()
    simulator.unplug(0x23)
    await pass_time()
    await pass_time(121)
    (issue,) = issue_registry.issues.values()

    form = await flows.async_init(DOMAIN, data={"issue_id": issue.issue_id})
    await flows.async_configure(form["flow_id"], {})
    await hass.async_block_till_done()
    assert board_entry.data[CONF_CHIPS] == []
    assert is_loaded(board_entry)
    assert not hass.states.get("sensor.anavi_infrared_phat_illuminance")

    simulator.plug(0x23)
    await pass_time()
    assert board_entry.data[CONF_CHIPS] == ["BH1750 0x23"]
    assert number(hass, "sensor.anavi_infrared_phat_illuminance") == 300


async def test_an_issue_whose_station_was_removed_meanwhile_is_done_with(
    hass: HomeAssistant, station: MockConfigEntry, issue: None, flows: RepairsFlowManager
) -> None:
    form = await flows.async_init(DOMAIN, data={"issue_id": ISSUE_ID})
    await hass.config_entries.async_remove(station.entry_id)

    result = await flows.async_configure(form["flow_id"], {})

    assert result["type"] is FlowResultType.CREATE_ENTRY
