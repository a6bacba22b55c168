"""Tests of setting up, unloading and removing a station."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
import threading
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.anavi_weather.const import CONF_CHIPS, CONF_INTERVAL, DEFAULT_INTERVAL, DOMAIN
from custom_components.anavi_weather.phat import ChipId
from custom_components.anavi_weather.phat.board import PRODUCT
from custom_components.anavi_weather.phat.simulator import OFFICIAL_CHIPS
from custom_components.anavi_weather.user_station import Forwarder
from homeassistant.config_entries import ConfigEntry, ConfigEntryState, ConfigSubentry
from homeassistant.const import STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir

from .conftest import Machine, PassTime, PluggedBus, is_loaded, let_read, number, value

TEMPERATURE = "sensor.anavi_infrared_phat_temperature"
HUMIDITY = "sensor.anavi_infrared_phat_humidity"


async def test_a_station_is_set_up_and_unloaded(
    hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry
) -> None:
    machine.plug()

    assert await hass.config_entries.async_setup(board_entry.entry_id)
    await hass.async_block_till_done()

    assert is_loaded(board_entry)
    assert machine.descriptors() == 0
    assert number(hass, TEMPERATURE) == pytest.approx(21, abs=0.02)

    assert await hass.config_entries.async_unload(board_entry.entry_id)

    assert board_entry.state is ConfigEntryState.NOT_LOADED
    assert machine.descriptors() == 0
    assert {state.state for state in hass.states.async_all()} == {STATE_UNAVAILABLE}


async def test_settings_changed_during_the_setup_take_effect(
    hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry, user_station: ConfigSubentry
) -> None:
    machine.plug()
    set_up_platforms = hass.config_entries.async_forward_entry_setups

    async def change_settings(entry: ConfigEntry, platforms: Iterable[Platform]) -> None:
        if not entry.options:
            hass.config_entries.async_update_entry(entry, options={CONF_INTERVAL: 77})
            hass.config_entries.async_add_subentry(entry, user_station)
        await set_up_platforms(entry, platforms)

    with patch.object(hass.config_entries, "async_forward_entry_setups", change_settings):
        assert await hass.config_entries.async_setup(board_entry.entry_id)
        await hass.async_block_till_done()

    assert is_loaded(board_entry)
    assert board_entry.runtime_data.coordinator.update_interval == timedelta(seconds=77)
    assert list(board_entry.runtime_data.forwarders) == [user_station.subentry_id]


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"stuck": True}, "The bus {bus} is stuck: every transfer times out"),
        ({"plugged": set()}, "None of the chips responds."),
        ({"claimed": {chip.address for chip in OFFICIAL_CHIPS}}, "None of the chips responds."),
    ],
)
async def test_setup_is_retried_if_the_bus_does_not_work(
    hass: HomeAssistant,
    machine: Machine,
    board_entry: MockConfigEntry,
    pass_time: PassTime,
    state: dict[str, Any],
    reason: str,
) -> None:
    simulator = machine.plug()
    whole = {name: getattr(simulator, name) for name in state}
    vars(simulator).update(state)

    assert not await hass.config_entries.async_setup(board_entry.entry_id)

    assert board_entry.state is ConfigEntryState.SETUP_RETRY
    assert board_entry.reason
    assert board_entry.reason.startswith(reason.format(bus=machine.path()))
    assert machine.descriptors() == 0

    vars(simulator).update(whole)
    await pass_time(10)
    assert is_loaded(board_entry)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PermissionError(13, "denied"), "Home Assistant isn't allowed to open {bus}."),
        (FileNotFoundError(2, "missing"), "The I2C bus {bus} was not found."),
    ],
)
async def test_setup_is_retried_if_the_bus_cannot_be_opened(
    hass: HomeAssistant,
    machine: Machine,
    board_entry: MockConfigEntry,
    pass_time: PassTime,
    error: OSError,
    reason: str,
) -> None:
    machine.plug()

    with patch("custom_components.anavi_weather.phat.i2c.LinuxAdapter", side_effect=error):
        await hass.config_entries.async_setup(board_entry.entry_id)

    assert board_entry.state is ConfigEntryState.SETUP_RETRY
    assert board_entry.reason
    assert board_entry.reason.startswith(reason.format(bus=machine.path()))
    await pass_time(10)
    assert is_loaded(board_entry)


async def test_a_station_without_one_of_its_chips_is_set_up(
    hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry, pass_time: PassTime
) -> None:
    simulator = machine.plug()
    simulator.unplug(0x40)

    await hass.config_entries.async_setup(board_entry.entry_id)
    await hass.async_block_till_done()

    assert is_loaded(board_entry)
    assert hass.states.is_state(HUMIDITY, STATE_UNAVAILABLE)
    assert number(hass, TEMPERATURE) == pytest.approx(21, abs=0.1)  # the barometer's
    simulator.plug(0x40)
    await pass_time()
    assert not hass.states.is_state(HUMIDITY, STATE_UNAVAILABLE)


async def test_a_station_whose_chips_were_all_replaced_while_off_is_set_up(
    hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry
) -> None:
    machine.plug(chips=(ChipId("BME280", 0x76),))
    hass.config_entries.async_update_entry(board_entry, data={**board_entry.data, CONF_CHIPS: ["BMP280 0x76"]})

    await hass.config_entries.async_setup(board_entry.entry_id)
    await hass.async_block_till_done()

    assert is_loaded(board_entry)
    assert board_entry.data[CONF_CHIPS] == ["BME280 0x76"]
    assert number(hass, HUMIDITY) == pytest.approx(55, abs=0.1)


async def test_a_chip_plugged_in_while_home_assistant_was_off_is_found(
    hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry
) -> None:
    machine.plug(chips=(*OFFICIAL_CHIPS, ChipId("BH1750", 0x5C)))

    await hass.config_entries.async_setup(board_entry.entry_id)
    await hass.async_block_till_done()

    assert is_loaded(board_entry)
    assert board_entry.data[CONF_CHIPS] == ["BMP180 0x77", "HTU21D 0x40", "BH1750 0x23", "BH1750 0x5c"]
    assert er.async_get(hass).async_get("sensor.anavi_infrared_phat_illuminance_bh1750_0x5c")
    assert machine.descriptors() == 0


async def test_no_descriptor_leaks(
    hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry, pass_time: PassTime
) -> None:
    simulator = machine.plug()
    await hass.config_entries.async_setup(board_entry.entry_id)
    await hass.async_block_till_done()

    for _ in range(3):
        await hass.config_entries.async_reload(board_entry.entry_id)
        await hass.async_block_till_done()
        assert machine.descriptors() == 0

    simulator.stuck = True
    for _ in range(3):
        await pass_time()
        assert machine.descriptors() == 0

    simulator.stuck = False
    await pass_time()
    assert machine.descriptors() == 0


async def test_a_bus_that_opens_during_unloading_is_closed(
    hass: HomeAssistant,
    machine: Machine,
    board_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    pass_time: PassTime,
) -> None:
    simulator = machine.plug()
    await hass.config_entries.async_setup(board_entry.entry_id)
    await hass.async_block_till_done()
    simulator.stuck = True
    await pass_time()
    simulator.stuck = False
    opening, may_open, opened = threading.Event(), threading.Event(), threading.Event()

    def open_slowly(path: str) -> PluggedBus:
        opening.set()
        may_open.wait()
        bus = PluggedBus(machine.simulators, path)
        opened.set()
        return bus

    with patch("custom_components.anavi_weather.phat.i2c.LinuxAdapter", open_slowly):
        freezer.tick(DEFAULT_INTERVAL + 1)
        async_fire_time_changed(hass)
        await hass.async_add_executor_job(opening.wait)
        unload_callbacks_run = asyncio.Event()
        board_entry.async_on_unload(unload_callbacks_run.set)
        unloading = hass.async_create_task(hass.config_entries.async_unload(board_entry.entry_id))
        await unload_callbacks_run.wait()
        await let_read()
        for _ in range(10):
            await hass.async_add_executor_job(int)  # lets the thread that closes the bus run
        may_open.set()
        await hass.async_add_executor_job(opened.wait)
        assert await unloading

    assert machine.descriptors() == 0


async def test_a_removed_station_leaves_nothing(hass: HomeAssistant, station: MockConfigEntry) -> None:
    assert await hass.config_entries.async_remove(station.entry_id)
    await hass.async_block_till_done()

    assert not hass.states.async_all()
    assert not er.async_entries_for_config_entry(er.async_get(hass), station.entry_id)
    assert not dr.async_entries_for_config_entry(dr.async_get(hass), station.entry_id)


async def test_a_checkpoint_is_deleted_once_nothing_can_write_it(
    hass: HomeAssistant, entry: MockConfigEntry, forwarder: Forwarder, user_station: ConfigSubentry
) -> None:
    running = []

    async def remove(_: HomeAssistant, subentry_id: str) -> None:
        running.append(entry.runtime_data.forwarders.get(subentry_id))

    with patch("custom_components.anavi_weather.async_remove_checkpoint", remove):
        hass.config_entries.async_remove_subentry(entry, user_station.subentry_id)
        await hass.async_block_till_done()

    assert running == [None]


async def test_the_device_describes_the_board(
    hass: HomeAssistant, station: MockConfigEntry, device_registry: dr.DeviceRegistry
) -> None:
    (device,) = dr.async_entries_for_config_entry(device_registry, station.entry_id)

    assert device.identifiers == {(DOMAIN, station.entry_id)}
    assert (device.manufacturer, device.model, device.name) == ("ANAVI Technology", PRODUCT, station.title)
    assert {entry.device_id for entry in er.async_get(hass).entities.values()} == {device.id}


@pytest.mark.parametrize(
    ("state", "reason"),
    [({"stuck": True}, "The bus {bus} is stuck: every transfer times out"), (None, "The I2C bus {bus} was not found.")],
)
async def test_infrared_works_while_the_bus_does_not(
    hass: HomeAssistant,
    machine: Machine,
    board_entry: MockConfigEntry,
    pass_time: PassTime,
    issue_registry: ir.IssueRegistry,
    state: dict[str, Any] | None,
    reason: str,
) -> None:
    """The readings come with the bus, without a reload."""
    machine.pair.plug()
    if state:
        vars(machine.plug()).update(state)

    assert await hass.config_entries.async_setup(board_entry.entry_id)
    await hass.async_block_till_done()

    assert is_loaded(board_entry)
    (issue,) = issue_registry.issues.values()
    assert issue.translation_placeholders
    assert issue.translation_placeholders["station"] == board_entry.title
    assert issue.translation_placeholders["reason"].startswith(reason.format(bus=machine.path()))
    assert value(hass, TEMPERATURE) == STATE_UNAVAILABLE
    await hass.services.async_call(
        "remote", "send_command", {"entity_id": "remote.anavi_infrared_phat", "command": "nec:4,8"}, blocking=True
    )

    coordinator = board_entry.runtime_data.coordinator
    await pass_time()
    assert len(issue_registry.issues) == 1
    machine.plug()
    await pass_time()
    assert number(hass, TEMPERATURE) == pytest.approx(21, abs=0.02)
    assert not issue_registry.issues
    assert board_entry.runtime_data.coordinator is coordinator


async def test_the_issue_of_a_missing_bus_ends_with_its_station(
    hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry, issue_registry: ir.IssueRegistry
) -> None:
    machine.pair.plug()
    assert await hass.config_entries.async_setup(board_entry.entry_id)
    assert len(issue_registry.issues) == 1

    assert await hass.config_entries.async_unload(board_entry.entry_id)
    assert not issue_registry.issues
