"""Tests of the repair issues of chips."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.chip_issues import FAILURE_LASTS
from custom_components.anavi_weather.const import CONF_CHIPS, DOMAIN
from custom_components.anavi_weather.phat.simulated_bmx280 import SimulatedBMP280
from custom_components.anavi_weather.phat.simulator import FlippedBitFault, Simulator
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .conftest import Machine, PassTime, number
from .repair_forms import choose_repair

ISSUE_ID = "chip_01STATION_htu21d_40"


def unplug(simulator: Simulator) -> None:
    simulator.unplug(0x40)


def claim(simulator: Simulator) -> None:
    simulator.claimed.add(0x40)


def disturb(simulator: Simulator) -> None:
    simulator.inject(FlippedBitFault(times=10**6, address=0x40))


def wet(simulator: Simulator) -> None:
    air = replace(simulator.chips[0x40].air(), humidity=-5.0)
    simulator.chips[0x40].air = lambda: air


@pytest.mark.parametrize(
    ("break_", "translation_key", "error"),
    [
        (unplug, "chip_no_answer", "0x40: Remote I/O error"),
        (claim, "chip_claimed", "0x40 is claimed by a kernel driver"),
        (disturb, "chip_failing", "HTU21D 0x40: another chip answers"),
        (wet, "chip_quantity_failing", "HTU21D 0x40: humidity -5.00 is out of range"),
    ],
)
@pytest.mark.usefixtures("station")
async def test_a_chip_that_fails_for_two_minutes_creates_an_issue(
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


@pytest.mark.usefixtures("station")
async def test_an_issue_is_created_when_two_minutes_have_just_passed(
    issue_registry: ir.IssueRegistry, simulator: Simulator, pass_time: PassTime
) -> None:
    unplug(simulator)
    await pass_time()
    await pass_time(FAILURE_LASTS.total_seconds())

    assert list(issue_registry.issues) == [(DOMAIN, ISSUE_ID)]


async def test_an_issue_is_deleted_when_the_chip_works_again(
    issue_registry: ir.IssueRegistry,
    simulator: Simulator,
    pass_time: PassTime,
    station: MockConfigEntry,
    chip_issue: str,
) -> None:
    assert issue_registry.async_get_issue(DOMAIN, ISSUE_ID)
    coordinator = station.runtime_data.coordinator

    simulator.plug(0x40)
    await pass_time()

    assert not issue_registry.issues
    assert station.runtime_data.coordinator is coordinator


async def test_an_issue_is_deleted_when_another_chip_replaces_the_failing_one(
    issue_registry: ir.IssueRegistry, simulator: Simulator, pass_time: PassTime, station: MockConfigEntry
) -> None:
    simulator.unplug(0x77)
    await pass_time()
    await pass_time(FAILURE_LASTS.total_seconds())
    assert len(issue_registry.issues) == 1

    replaced = simulator.chips[0x77]
    simulator.chips[0x77] = SimulatedBMP280(replaced.air, replaced.clock)
    simulator.plug(0x77)
    await pass_time()
    await pass_time()

    assert "BMP280 0x77" in station.data[CONF_CHIPS]
    assert not issue_registry.issues


async def test_a_chip_that_measures_in_part_keeps_its_other_readings(
    hass: HomeAssistant,
    issue_registry: ir.IssueRegistry,
    simulator: Simulator,
    pass_time: PassTime,
    station: MockConfigEntry,
) -> None:
    wet(simulator)
    await pass_time()
    await pass_time(FAILURE_LASTS.total_seconds())

    assert number(hass, "sensor.simulated_phat_temperature") > 0
    state = hass.states.get("sensor.simulated_phat_humidity")
    assert state
    assert state.state == STATE_UNAVAILABLE
    repair = await choose_repair(hass, ISSUE_ID, "scan")
    assert repair["reason"] == "chip_still_fails"

    air = replace(simulator.chips[0x40].air(), humidity=99.0)
    simulator.chips[0x40].air = lambda: air
    await pass_time()
    assert not issue_registry.issues


async def test_an_issue_shows_the_newest_error(
    issue_registry: ir.IssueRegistry, simulator: Simulator, pass_time: PassTime, chip_issue: str
) -> None:
    claim(simulator)
    await pass_time()

    (issue,) = issue_registry.issues.values()
    assert issue.translation_key == "chip_claimed"


async def test_an_issue_reports_a_kernel_driver_that_is_not_loaded(
    hass: HomeAssistant,
    issue_registry: ir.IssueRegistry,
    machine: Machine,
    board_entry: MockConfigEntry,
    pass_time: PassTime,
) -> None:
    machine.plug()
    machine.drivers.bind("veml7700", 0x10, iio={"in_illuminance_input": "57.6"})
    await hass.config_entries.async_setup(board_entry.entry_id)
    await hass.async_block_till_done()
    machine.drivers.unbind(0x10)

    await pass_time()
    await pass_time(FAILURE_LASTS.total_seconds())

    (issue,) = issue_registry.issues.values()
    assert issue.translation_key == "chip_driver_missing"
    assert issue.translation_placeholders == {
        "station": "ANAVI Infrared pHAT",
        "chip": "VEML7700",
        "address": "0x10",
        "error": "VEML7700 0x10: no kernel driver reads it",
    }
    machine.drivers.bind("veml7700", 0x10, iio={"in_illuminance_input": "57.6"})
    await pass_time()
    assert not issue_registry.issues


async def test_no_issue_reports_a_chip_that_the_kernel_reads(
    hass: HomeAssistant,
    issue_registry: ir.IssueRegistry,
    machine: Machine,
    board_entry: MockConfigEntry,
    pass_time: PassTime,
) -> None:
    simulator = machine.plug()
    await hass.config_entries.async_setup(board_entry.entry_id)
    await hass.async_block_till_done()
    simulator.claimed.add(0x40)
    machine.drivers.bind("htu21", 0x40, iio={"in_temp_input": "23450", "in_humidityrelative_input": "47300"})

    await pass_time()
    await pass_time(FAILURE_LASTS.total_seconds())

    assert not issue_registry.issues
    assert number(hass, "sensor.anavi_infrared_phat_temperature") == pytest.approx(23.45)
    assert number(hass, "sensor.anavi_infrared_phat_humidity") == pytest.approx(47.3)


@pytest.mark.parametrize("action", ["async_unload", "async_remove"])
async def test_an_issue_is_deleted_with_its_station(
    hass: HomeAssistant, issue_registry: ir.IssueRegistry, station: MockConfigEntry, chip_issue: str, action: str
) -> None:
    assert issue_registry.issues

    assert await getattr(hass.config_entries, action)(station.entry_id)

    assert not issue_registry.issues
