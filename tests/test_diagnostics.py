"""Tests of the diagnostics."""

from dataclasses import replace
from datetime import datetime

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from syrupy.assertion import SnapshotAssertion
from syrupy.filters import paths
from yarl import URL

from custom_components.anavi_weather.const import CONF_ALTITUDE, CONF_BUS
from custom_components.anavi_weather.phat.board import PRODUCT
from custom_components.anavi_weather.phat.simulated_chips import Air
from custom_components.anavi_weather.phat.simulator import Simulator
from custom_components.anavi_weather.reading_failures import MAX_FAILURES
from custom_components.anavi_weather.user_station import Forwarder
from custom_components.anavi_weather.user_station.errors import CannotConnectError, IndexClosedError
from custom_components.anavi_weather.user_station.recorder_log import Position
from homeassistant.components.diagnostics import REDACTED
from homeassistant.config_entries import ConfigEntryDisabler, ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .conftest import Machine, PassTime, fail, refuse
from .user_station.server import API_KEY, KEY_SECRET


@pytest.mark.parametrize("air", [Air(illuminance=200_000)])
@pytest.mark.parametrize("options", [{CONF_ALTITUDE: 1234}])
async def test_diagnostics(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    machine: Machine,
    board_entry: MockConfigEntry,
    snapshot: SnapshotAssertion,
) -> None:
    machine.hat.mkdir()
    (machine.hat / "product").write_text(f"{PRODUCT}\0", encoding="utf-8")
    machine.plug(name="bcm2835 (i2c@7e804000)").unplug(0x40)
    hass.config_entries.async_update_entry(board_entry, title="Rua das Flores 12")
    await hass.config_entries.async_setup(board_entry.entry_id)

    diagnostics = await get_diagnostics_for_config_entry(hass, hass_client, board_entry)

    assert "Flores" not in str(diagnostics)
    assert diagnostics["board"]["buses"] == {machine.path(): "bcm2835 (i2c@7e804000)"}
    assert diagnostics["entry"]["data"][CONF_BUS] == machine.path()
    assert diagnostics == snapshot(exclude=paths("board.buses", "entry.data.bus", "reading.duration"))


async def test_diagnostics_of_a_bus_that_failed(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    machine: Machine,
    board_entry: MockConfigEntry,
    pass_time: PassTime,
) -> None:
    machine.plug()
    await hass.config_entries.async_setup(board_entry.entry_id)
    machine.unplug()
    await pass_time()

    diagnostics = await get_diagnostics_for_config_entry(hass, hass_client, board_entry)

    missing = f"{machine.path()}: No such file or directory"
    assert diagnostics["board"] == {"product": "", "buses": {}, "kernel_drivers": {}, "responding": missing}
    assert diagnostics["reading"]["succeeded"] is False


async def test_diagnostics_have_the_error_of_a_chip_that_measures_in_part(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    simulator: Simulator,
    station: MockConfigEntry,
    pass_time: PassTime,
) -> None:
    air = replace(simulator.chips[0x40].air(), humidity=-5.0)
    simulator.chips[0x40].air = lambda: air
    await pass_time()

    diagnostics = await get_diagnostics_for_config_entry(hass, hass_client, station)

    chip = diagnostics["reading"]["chips"]["HTU21D 0x40"]
    assert chip["measured"].keys() == {"temperature"}
    assert chip["error"] == "HTU21D 0x40: humidity -5.00 is out of range"


async def test_diagnostics_of_a_bus_that_is_missing_say_what_was_tried(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    machine: Machine,
    board_entry: MockConfigEntry,
) -> None:
    begin = dt_util.utcnow()
    await hass.config_entries.async_setup(board_entry.entry_id)

    diagnostics = await get_diagnostics_for_config_entry(hass, hass_client, board_entry)

    assert diagnostics["entry"]["state"] == "setup_retry"
    assert diagnostics["entry"]["reason"].startswith("The I2C bus")
    missing = f"{machine.path()}: No such file or directory"
    assert diagnostics["board"] == {"product": "", "buses": {}, "kernel_drivers": {}, "responding": missing}
    (failure,) = diagnostics["failed_readings"]
    assert begin <= datetime.fromisoformat(failure.pop("time")) <= dt_util.utcnow()
    assert failure == {"error": "no_bus", "details": [missing]}
    assert diagnostics["user_stations"] == []
    assert "reading" not in diagnostics


async def test_diagnostics_of_chips_that_are_missing_say_what_was_tried(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    machine: Machine,
    board_entry: MockConfigEntry,
) -> None:
    simulator = machine.plug()
    simulator.plugged.clear()
    simulator.chips[0x10] = simulator.chips[0x23]
    simulator.plugged.add(0x10)
    simulator.claimed.add(0x68)
    machine.drivers.bind("ds3231", 0x68)
    await hass.config_entries.async_setup(board_entry.entry_id)
    for _ in range(MAX_FAILURES):
        await hass.config_entries.async_reload(board_entry.entry_id)  # each attempt has a coordinator of its own

    diagnostics = await get_diagnostics_for_config_entry(hass, hass_client, board_entry)

    assert diagnostics["board"] == {
        "product": "",
        "buses": {machine.path(): ""},
        "kernel_drivers": {"0x68": "ds3231"},
        "responding": ["0x10"],
    }
    assert machine.descriptors() == 0
    assert [(failure["error"], sorted(failure["details"])) for failure in diagnostics["failed_readings"]] == [
        ("no_chip_answers", [f"0x{address}: Remote I/O error" for address in (23, 40, 77)])
    ] * MAX_FAILURES


async def test_diagnostics_of_an_entry_that_is_disabled(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: MockConfigEntry,
    user_station: ConfigSubentry,
) -> None:
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)

    diagnostics = await get_diagnostics_for_config_entry(hass, hass_client, entry)

    assert diagnostics["entry"]["state"] == "not_loaded"
    assert diagnostics["board"]["responding"] is None
    assert diagnostics["failed_readings"] == []
    (data,) = diagnostics["user_stations"]
    assert data == {"data": {**user_station.data, **dict.fromkeys(("url", "api_key", "station_name"), REDACTED)}}


async def test_diagnostics_have_the_checks_that_readings_failed(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, station: MockConfigEntry, air: Air, pass_time: PassTime
) -> None:
    air.temperature += 8
    await pass_time()

    diagnostics = await get_diagnostics_for_config_entry(hass, hass_client, station)

    assert diagnostics["quality_flags"] == {"temperature": ["step"]}


async def test_diagnostics_of_a_user_station_that_was_added_since(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, entry: MockConfigEntry, forwarder: Forwarder
) -> None:
    entry.runtime_data.forwarders.clear()
    (data,) = (await get_diagnostics_for_config_entry(hass, hass_client, entry))["user_stations"]
    assert data.keys() == {"data"}


async def test_diagnostics_of_a_user_station_have_no_secrets(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: MockConfigEntry,
    user_station: ConfigSubentry,
    forwarder: Forwarder,
) -> None:
    entry.update_listeners.clear()  # do not reload the entry
    hass.config_entries.async_update_subentry(
        entry, user_station, data={**user_station.data, "ca_certificate": "-----BEGIN"}
    )
    refuse(forwarder)
    fail(forwarder, CannotConnectError("Cannot connect to host casa.example.org"))
    statistics = entry.runtime_data.statistics_forwarders[user_station.subentry_id]
    statistics.status.async_record_failure(IndexClosedError("statistics of casa.example.org"))

    diagnostics = await get_diagnostics_for_config_entry(hass, hass_client, entry)

    (station,) = diagnostics["user_stations"]
    assert station == {
        "data": {
            "url": REDACTED,
            "api_key": REDACTED,
            "ca_certificate": REDACTED,
            "namespace": "default",
            "station_name": REDACTED,
            "entities": "station",
            "chosen_entities": [],
            "send_history": True,
        },
        "statistics": {
            "problem": "index_closed",
            "failures": 1,
            "rejected": None,
            "position": 0,
            "stored": 0,
            "known": 0,
        },
        "connected": False,
        "problem": "cannot_connect",
        "failures": 3,
        "recorder_problem": None,
        "backlog": None,
        "position": None,
        "stored": 0,
        "refused": 1,
        "dropped": 0,
        "foreign": 0,
        "purged": 0,
        "aside": [],
        "rejected": [],
        "sent_again": [],
        "held": [],
        "maybe_purged": 0,
        "checkpoint_damage": None,
        "stream_recreated": False,
        "refused_newest": [
            {"state_id": 0, "entity_id": "sensor.t0", "last_updated_ts": 1.5, "refused": "odd"},
        ],
    }
    port = URL(user_station.data["url"]).port
    for secret in (API_KEY, KEY_SECRET, "Farol", "casa.example.org", f":{port}", "BEGIN"):
        assert secret not in str(diagnostics)


async def test_diagnostics_of_a_fleet(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: MockConfigEntry,
    fleet: ConfigSubentry,
    simulator: object,
) -> None:
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)  # reads the fleet
    data = {**fleet.data, **dict.fromkeys(("url", "api_key", "stations"), REDACTED)}

    (of_fleet,) = (await get_diagnostics_for_config_entry(hass, hass_client, entry))["fleets"]
    assert of_fleet == {"data": data, "connected": True, "stations": 1, "disk_usage": 75}

    entry.runtime_data.fleets.clear()  # as if it were added since
    (of_fleet,) = (await get_diagnostics_for_config_entry(hass, hass_client, entry))["fleets"]
    assert of_fleet == {"data": data}


@pytest.mark.usefixtures("forwarder")
async def test_diagnostics_of_a_user_station_without_statistics(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, entry: MockConfigEntry, user_station: ConfigSubentry
) -> None:
    del entry.runtime_data.statistics_forwarders[user_station.subentry_id]
    (station,) = (await get_diagnostics_for_config_entry(hass, hass_client, entry))["user_stations"]
    assert station["statistics"] is None


async def test_diagnostics_of_a_user_station_that_works(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, entry: MockConfigEntry, forwarder: Forwarder
) -> None:
    forwarder.checkpoint.advance(Position("sqlite 2026-11-25 00:00:00", 5, 1.5))
    forwarder.status.async_record_success(all_sent=True)
    (station,) = (await get_diagnostics_for_config_entry(hass, hass_client, entry))["user_stations"]
    assert station["connected"] is True
    assert station["problem"] is None
    assert station["backlog"] == 0
    assert station["position"] == {
        "recorder": "sqlite 2026-11-25 00:00:00",
        "state_id": 5,
        "last_updated_ts": 1.5,
    }
