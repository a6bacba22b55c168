"""Tests of adding and changing infrared devices."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.code_store import CodeStore
from custom_components.anavi_weather.infrared_devices import Kind, infrared_devices, stored_name
from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from .conftest import store_codes
from .infrared_device_steps import answer, choose, device_of, start, start_new
from .remote_actions import NEC


@pytest.mark.parametrize("kind", list(Kind))
async def test_a_device_is_added(hass: HomeAssistant, station: MockConfigEntry, kind: Kind) -> None:
    menu = await start_new(hass, " TV ", kind)
    assert menu["description_placeholders"] == {"device": "TV", "count": "0"}

    result = await choose(hass, menu, "finish")

    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "saved")
    assert result["description_placeholders"] == {"device": "TV", "count": "0"}
    assert device_of(station, "TV").data == {"kind": kind}


async def test_a_flow_that_is_left_before_the_first_command_adds_nothing(
    hass: HomeAssistant, station: MockConfigEntry
) -> None:
    menu = await start_new(hass, "TV")
    hass.config_entries.subentries.async_abort(menu["flow_id"])
    await hass.async_block_till_done()
    assert not infrared_devices(station)


async def test_a_flow_that_is_left_later_keeps_the_device(
    hass: HomeAssistant, station: MockConfigEntry, codes: CodeStore
) -> None:
    menu = await start_new(hass, "TV", Kind.AIR_CONDITIONER)
    await store_codes(codes, {"TV": {"power": [NEC]}})
    hass.config_entries.subentries.async_abort(menu["flow_id"])
    await hass.async_block_till_done()
    assert device_of(station, "TV").data == {"kind": "air_conditioner"}


async def test_a_flow_that_outlives_its_station_removes_nothing(hass: HomeAssistant, station: MockConfigEntry) -> None:
    menu = await start_new(hass, "TV")
    await hass.config_entries.async_unload(station.entry_id)

    result = await answer(hass, menu, next_step_id="rename")

    assert result["reason"] == "station_not_loaded"
    assert device_of(station, "TV")


@pytest.mark.parametrize("is_left", [True, False])
async def test_a_flow_ends_with_its_station(
    hass: HomeAssistant, station: MockConfigEntry, caplog: pytest.LogCaptureFixture, is_left: bool
) -> None:
    menu = await start_new(hass, "TV")
    await hass.config_entries.async_remove(station.entry_id)

    if is_left:
        hass.config_entries.subentries.async_abort(menu["flow_id"])
    else:
        assert (await answer(hass, menu, next_step_id="rename"))["reason"] == "station_not_loaded"

    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("name", ["Fan", " ", "x" * 101])
async def test_a_name_that_is_taken_or_impossible_is_explained(
    hass: HomeAssistant, station: MockConfigEntry, codes: CodeStore, name: str
) -> None:
    await store_codes(codes, {"Fan": {"power": [NEC]}})
    await hass.async_block_till_done()

    form = await answer(hass, await start(hass), **{CONF_NAME: name, "kind": "remote_control"})

    assert form["errors"] == {"base": "failed"}
    assert form["description_placeholders"]
    assert "Choose another name" in form["description_placeholders"]["detail"]
    assert len(infrared_devices(station)) == 1


async def test_a_device_is_renamed(hass: HomeAssistant, station: MockConfigEntry, codes: CodeStore) -> None:
    await store_codes(codes, {"Fan": {"power": [NEC]}, "TV": {"power": ["nec:1,1"]}})
    await hass.async_block_till_done()
    fan = device_of(station, "Fan")

    form = await choose(hass, await start(hass, fan), "rename")
    form = await answer(hass, form, **{CONF_NAME: "TV"})
    assert form["errors"] == {"base": "failed"}
    menu = await answer(hass, form, **{CONF_NAME: "Ventilator"})

    assert menu["description_placeholders"] == {"device": "Ventilator", "count": "1"}
    assert (fan.title, stored_name(fan)) == ("Ventilator", "Ventilator")
    assert list(codes.codes) == ["Ventilator", "TV"]
    same = await answer(hass, await choose(hass, menu, "rename"), **{CONF_NAME: "Ventilator"})
    assert same["type"] is FlowResultType.MENU


async def test_a_device_that_is_deleted_meanwhile_ends_the_flow(
    hass: HomeAssistant, station: MockConfigEntry, codes: CodeStore
) -> None:
    await store_codes(codes, {"Fan": {"power": [NEC]}})
    await hass.async_block_till_done()
    fan = device_of(station, "Fan")
    menu = await start(hass, fan)
    hass.config_entries.async_remove_subentry(station, fan.subentry_id)
    await hass.async_block_till_done()

    result = await answer(hass, menu, next_step_id="finish")

    assert result["reason"] == "device_deleted"


async def test_a_device_without_commands_is_renamed(hass: HomeAssistant, station: MockConfigEntry) -> None:
    menu = await start_new(hass, "TV")
    await answer(hass, await choose(hass, menu, "rename"), **{CONF_NAME: "Television"})
    assert stored_name(device_of(station, "Television")) == "Television"
