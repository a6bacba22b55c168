"""Tests of the buttons that send commands."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather import command_buttons
from custom_components.anavi_weather.code_store import CodeStore
from custom_components.anavi_weather.command_buttons import MAX_BUTTONS, MAX_STATION_BUTTONS
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc
from homeassistant.const import ATTR_ENTITY_ID, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er

from .conftest import let_read, store_codes, value
from .infrared_device_steps import button_of, device_of
from .remote_actions import NEC, decoded, sent

RC5 = ["rc5:0x05,0x0c,0", "rc5:0x05,0x0c,1"]


@pytest.fixture
async def tv(hass: HomeAssistant, station: MockConfigEntry, codes: CodeStore) -> Any:
    """Store a television with two commands, one with a toggle bit, and return its subentry."""
    await store_codes(codes, {"Living room TV": {"power": RC5, "KEY_VOLUMEUP": [NEC]}})
    await hass.async_block_till_done()
    return device_of(station, "Living room TV")


async def press_button(hass: HomeAssistant, entity_id: str | None) -> None:
    """Press a button as a user does."""
    assert entity_id
    await hass.services.async_call("button", "press", {ATTR_ENTITY_ID: entity_id}, blocking=True)


async def test_each_command_has_a_button(hass: HomeAssistant, tv: Any, pair: SimulatedLirc) -> None:
    assert button_of(hass, tv, "power") == "button.living_room_tv_power"
    assert button_of(hass, tv, "KEY_VOLUMEUP") == "button.living_room_tv_volume_up"

    for _ in range(2):
        await press_button(hass, button_of(hass, tv, "power"))
    await press_button(hass, button_of(hass, tv, "KEY_VOLUMEUP"))

    assert sent(pair) == decoded(*RC5, NEC)
    registered = er.async_get(hass).async_get("button.living_room_tv_power")
    assert registered
    assert registered.config_subentry_id == tv.subentry_id


async def test_the_remote_and_the_buttons_take_turns_together(
    hass: HomeAssistant, tv: Any, remote: str, pair: SimulatedLirc
) -> None:
    await press_button(hass, button_of(hass, tv, "power"))
    await hass.services.async_call(
        "remote",
        "send_command",
        {ATTR_ENTITY_ID: remote, "device": "Living room TV", "command": ["power"]},
        blocking=True,
    )
    assert sent(pair) == decoded(*RC5)


async def test_buttons_come_and_go_with_their_commands(
    hass: HomeAssistant, tv: Any, codes: CodeStore, pair: SimulatedLirc
) -> None:
    await store_codes(codes, {"Living room TV": {"mute": ["nec:4,9"]}})
    await hass.async_block_till_done()
    assert button_of(hass, tv, "mute")

    await store_codes(codes, {"Living room TV": {"mute": ["nec:4,10"]}})
    await hass.async_block_till_done()
    await press_button(hass, button_of(hass, tv, "mute"))
    assert sent(pair) == decoded("nec:4,10")

    await codes.async_delete("Living room TV", ["mute"])
    await hass.async_block_till_done()
    assert not button_of(hass, tv, "mute")
    assert not hass.states.get("button.living_room_tv_mute")
    assert button_of(hass, tv, "power")


async def test_buttons_of_deleted_devices_are_removed(hass: HomeAssistant, tv: Any, station: MockConfigEntry) -> None:
    hass.config_entries.async_remove_subentry(station, tv.subentry_id)
    await hass.async_block_till_done()

    assert not hass.states.get("button.living_room_tv_power")
    assert not [entry for entry in er.async_get(hass).entities if entry.startswith("button.living_room_tv")]


async def test_a_button_whose_command_was_deleted_while_the_station_was_not_loaded_is_removed(
    hass: HomeAssistant, tv: Any, station: MockConfigEntry, codes: CodeStore
) -> None:
    await hass.config_entries.async_unload(station.entry_id)
    await codes.async_delete("Living room TV", ["power"])

    await hass.config_entries.async_setup(station.entry_id)
    await hass.async_block_till_done()

    assert not er.async_get(hass).async_get("button.living_room_tv_power")
    assert hass.states.get("button.living_room_tv_volume_up")


async def test_a_renamed_device_keeps_its_buttons(hass: HomeAssistant, tv: Any, station: MockConfigEntry) -> None:
    hass.config_entries.async_update_subentry(station, tv, title="Bedroom TV")
    await hass.async_block_till_done()

    assert button_of(hass, tv, "power") == "button.living_room_tv_power"
    state = hass.states.get("button.living_room_tv_power")
    assert state
    assert state.name == "Bedroom TV Power"


async def test_an_air_conditioner_has_no_buttons(
    hass: HomeAssistant, station: MockConfigEntry, codes: CodeStore
) -> None:
    await store_codes(codes, {"AC": {"off": ["nec:1,1"], "cool_low_18": ["nec:1,2"], "cool_low_19": ["nec:1,3"]}})
    await hass.async_block_till_done()
    assert not button_of(hass, device_of(station, "AC"), "off")


async def test_a_device_with_more_commands_than_any_remote_control_has_no_buttons(
    hass: HomeAssistant, tv: Any, codes: CodeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MAX_BUTTONS == 200
    monkeypatch.setattr(command_buttons, "MAX_BUTTONS", 2)
    await store_codes(codes, {"Living room TV": {"mute": ["nec:4,9"]}})
    await hass.async_block_till_done()
    assert not button_of(hass, tv, "power")


async def test_a_station_has_no_more_buttons_than_a_home_needs(
    hass: HomeAssistant, tv: Any, codes: CodeStore, station: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MAX_STATION_BUTTONS == 1000
    monkeypatch.setattr(command_buttons, "MAX_STATION_BUTTONS", 3)
    await store_codes(codes, {"Fan": {"on": ["nec:1,1"], "off": ["nec:1,2"]}, "Lamp": {"power": ["nec:2,1"]}})
    await hass.async_block_till_done()

    assert button_of(hass, tv, "power")
    assert not button_of(hass, device_of(station, "Fan"), "on")
    assert button_of(hass, device_of(station, "Lamp"), "power")


async def test_a_button_of_a_command_that_cannot_be_read_raises_an_error(
    hass: HomeAssistant, tv: Any, codes: CodeStore, station: MockConfigEntry
) -> None:
    await codes.async_restore("Old", {"power": ["brand_of_2030:1,2"]})
    await hass.async_block_till_done()

    with pytest.raises(ServiceValidationError) as raised:
        await press_button(hass, button_of(hass, device_of(station, "Old"), "power"))
    assert raised.value.translation_key == "code_protocol_unknown"


async def test_a_button_is_unavailable_without_a_transmitter(hass: HomeAssistant, tv: Any, pair: SimulatedLirc) -> None:
    pair.unplug()
    with pytest.raises(Exception, match="transmitter"):
        await press_button(hass, button_of(hass, tv, "power"))
    await let_read()
    assert value(hass, "button.living_room_tv_power") == STATE_UNAVAILABLE


async def test_a_button_is_named_as_a_common_key(
    hass: HomeAssistant, station: MockConfigEntry, codes: CodeStore
) -> None:
    """One of two commands that are the same key keeps its own name."""
    await store_codes(codes, {"TV": {"KEY_ENTER": [NEC], "Ok": ["nec:4,9"], "KEY_VOLUMEUP": ["nec:4,10"]}})
    await hass.async_block_till_done()

    names = [state.name for state in hass.states.async_all("button") if state.name.startswith("TV ")]
    assert sorted(names) == ["TV Enter", "TV OK", "TV Volume up"]
