"""Tests of the air conditioners' climate entities."""

import asyncio
from collections.abc import Iterator
from typing import Any
from unittest import mock
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.code_store import CodeStore
from custom_components.anavi_weather.command_sender import CommandSender
from custom_components.anavi_weather.exceptions import InvalidActionError
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc
from homeassistant.components.climate import HVACMode
from homeassistant.const import STATE_OFF, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM

from .climate_actions import CLIMATE, NAMES, climate, codes_of, press_handset, sent_names, set_climate, shown
from .conftest import store_codes
from .infrared_device_steps import device_of

COMMANDS = codes_of(NAMES)


@pytest.fixture(autouse=True)
def no_pause() -> Any:
    """Send commands that follow one another without a pause."""
    with patch("custom_components.anavi_weather.climate.PAUSE", 0):
        yield


async def add(hass: HomeAssistant, codes: CodeStore, *names: str) -> dict[str, list[str]]:
    """Store an air conditioner with commands, and return these."""
    commands = codes_of(names)
    await store_codes(codes, {"Bedroom": commands})
    await hass.async_block_till_done()
    return commands


@pytest.fixture
async def bedroom(hass: HomeAssistant, codes: CodeStore) -> None:
    """Store an air conditioner."""
    await add(hass, codes, *NAMES)


@pytest.mark.usefixtures("bedroom")
async def test_air_conditioner_after_the_import_of_its_states(hass: HomeAssistant, station: MockConfigEntry) -> None:
    state = climate(hass)
    assert state.state == STATE_OFF
    assert state.attributes["assumed_state"] is True
    assert state.attributes["hvac_modes"] == ["off", "cool", "heat", "dry", "fan_only"]
    assert state.attributes["fan_modes"] == ["low", "high", "auto"]
    assert (state.attributes["min_temp"], state.attributes["max_temp"]) == (20, 30)
    assert state.attributes["target_temp_step"] == 1
    assert (state.attributes["temperature"], state.attributes["fan_mode"]) == (24, "auto")
    assert "swing_modes" not in state.attributes
    assert "preset_modes" not in state.attributes
    registered = er.async_get(hass).async_get(CLIMATE)
    assert registered
    assert registered.config_subentry_id == device_of(station, "Bedroom").subentry_id


@pytest.mark.usefixtures("bedroom")
async def test_each_change_sends_the_whole_state(hass: HomeAssistant, pair: SimulatedLirc) -> None:
    await set_climate(hass, "set_hvac_mode", hvac_mode="cool")
    await set_climate(hass, "set_temperature", temperature=22)
    await set_climate(hass, "set_fan_mode", fan_mode="low")
    await set_climate(hass, "set_hvac_mode", hvac_mode="fan_only")
    await set_climate(hass, "set_hvac_mode", hvac_mode="off")
    assert sent_names(pair, COMMANDS) == ["cool_auto_24", "cool_auto_22", "cool_low_22", "fan_only_low", "off"]
    assert shown(hass, "fan_mode") == (STATE_OFF, "low")


@pytest.mark.usefixtures("bedroom")
async def test_the_card_offers_what_the_mode_has(hass: HomeAssistant) -> None:
    await set_climate(hass, "set_hvac_mode", hvac_mode="fan_only")
    assert shown(hass, "fan_modes", "temperature") == ("fan_only", ["low", "high"], None)
    await set_climate(hass, "set_hvac_mode", hvac_mode="heat")
    assert shown(hass, "fan_modes", "min_temp", "max_temp", "target_temp_step") == ("heat", ["auto"], 20, 25, 5)
    with pytest.raises(ServiceValidationError, match="auto"):
        await set_climate(hass, "set_fan_mode", fan_mode="high")
    assert shown(hass, "fan_mode") == ("heat", "auto")


@pytest.mark.usefixtures("bedroom")
async def test_a_mode_continues_with_the_temperature_before_it(hass: HomeAssistant, pair: SimulatedLirc) -> None:
    await set_climate(hass, "set_temperature", temperature=21, hvac_mode="cool")
    await set_climate(hass, "set_hvac_mode", hvac_mode="fan_only")
    await set_climate(hass, "set_hvac_mode", hvac_mode="cool")
    assert sent_names(pair, COMMANDS) == ["cool_auto_21", "fan_only_low", "cool_low_21"]


@pytest.mark.usefixtures("bedroom")
async def test_a_change_while_it_is_off_is_sent_when_it_is_turned_on(hass: HomeAssistant, pair: SimulatedLirc) -> None:
    await set_climate(hass, "set_temperature", temperature=26)
    await set_climate(hass, "set_fan_mode", fan_mode="high")
    assert sent_names(pair, COMMANDS) == []
    assert shown(hass, "temperature", "fan_mode") == (STATE_OFF, 26, "high")
    await set_climate(hass, "turn_on")
    assert sent_names(pair, COMMANDS) == ["cool_high_26"]
    assert shown(hass) == (HVACMode.COOL,)


@pytest.mark.usefixtures("bedroom")
async def test_a_temperature_with_off(hass: HomeAssistant, pair: SimulatedLirc) -> None:
    await set_climate(hass, "turn_on")
    await set_climate(hass, "set_temperature", temperature=28, hvac_mode="off")
    assert sent_names(pair, COMMANDS) == ["cool_auto_24", "off"]
    assert shown(hass, "temperature") == (STATE_OFF, 28)


@pytest.mark.usefixtures("bedroom")
async def test_a_temperature_with_a_mode_that_does_not_exist(hass: HomeAssistant, pair: SimulatedLirc) -> None:
    with pytest.raises(ServiceValidationError):
        await set_climate(hass, "set_temperature", temperature=28, hvac_mode="heat_cool")
    assert (sent_names(pair, COMMANDS), shown(hass, "temperature")) == ([], (STATE_OFF, 24))


async def test_swing_and_presets(hass: HomeAssistant, codes: CodeStore, pair: SimulatedLirc) -> None:
    plain = [f"cool_{fan}_{swing}_24" for fan in ("low", "auto") for swing in ("off", "vertical")]
    commands = await add(hass, codes, "off", *plain, "ai_auto_off_24", "humidity_auto_off_24", "dry_auto_off_24")
    await set_climate(hass, "turn_on")
    await set_climate(hass, "set_swing_mode", swing_mode="vertical")
    assert shown(hass, "swing_modes", "swing_mode", "preset_modes") == ("cool", ["off", "vertical"], "vertical", None)
    await set_climate(hass, "set_hvac_mode", hvac_mode="dry")
    assert shown(hass, "preset_modes", "preset_mode") == ("dry", ["none", "humidity"], "none")
    await set_climate(hass, "set_preset_mode", preset_mode="humidity")
    assert shown(hass, "preset_mode") == ("dry", "humidity")
    await set_climate(hass, "set_preset_mode", preset_mode="none")
    await set_climate(hass, "set_hvac_mode", hvac_mode="auto")
    assert shown(hass, "preset_modes", "preset_mode") == ("auto", ["ai"], "ai")
    assert sent_names(pair, commands) == [
        "cool_auto_off_24",
        "cool_auto_vertical_24",
        "dry_auto_off_24",
        "humidity_auto_off_24",
        "dry_auto_off_24",
        "ai_auto_off_24",
    ]


async def test_power_that_toggles(hass: HomeAssistant, codes: CodeStore, pair: SimulatedLirc) -> None:
    commands = await add(hass, codes, "power", "cool_auto_24", "cool_auto_25")
    with (
        patch("custom_components.anavi_weather.climate.PAUSE", 0.75),
        patch("custom_components.anavi_weather.climate.asyncio.sleep") as sleep,
    ):
        for action in ("turn_off", "turn_on", "turn_on", "turn_off", "turn_off"):
            await set_climate(hass, action)
    assert sleep.await_args_list.count(mock.call(0.75)) == 1  # between the power and the state
    assert sent_names(pair, commands) == ["power", "cool_auto_24", "cool_auto_24", "power"]
    assert shown(hass) == (STATE_OFF,)


async def test_an_air_conditioner_that_cannot_be_turned_off(
    hass: HomeAssistant, codes: CodeStore, pair: SimulatedLirc
) -> None:
    commands = await add(hass, codes, "cool_auto_24", "cool_auto_25")
    assert shown(hass, "hvac_modes") == (STATE_OFF, ["cool"])
    await set_climate(hass, "set_hvac_mode", hvac_mode="cool")
    with pytest.raises(ServiceValidationError):
        await set_climate(hass, "turn_off")
    assert sent_names(pair, commands) == ["cool_auto_24"]


async def test_fahrenheit(hass: HomeAssistant, codes: CodeStore, pair: SimulatedLirc) -> None:
    commands = await add(hass, codes, "off", *(f"cool_{degrees}" for degrees in range(60, 87)))
    assert shown(hass, "min_temp", "max_temp", "temperature", "target_temp_step") == (STATE_OFF, 15.6, 30, 23.9, 0.5)
    await set_climate(hass, "set_temperature", temperature=25, hvac_mode="cool")
    assert shown(hass, "temperature") == ("cool", 25)
    await set_climate(hass, "set_temperature", temperature=25.2)
    assert shown(hass, "temperature") == ("cool", 25)
    assert sent_names(pair, commands) == ["cool_77", "cool_77"]


async def test_celsius_for_users_of_fahrenheit(hass: HomeAssistant, codes: CodeStore, pair: SimulatedLirc) -> None:
    hass.config.units = US_CUSTOMARY_SYSTEM
    commands = await add(hass, codes, "off", *(f"cool_{degrees}" for degrees in range(18, 31)))
    assert shown(hass, "min_temp", "max_temp", "temperature", "target_temp_step") == (STATE_OFF, 64, 86, 75, 1)
    await set_climate(hass, "set_temperature", temperature=74, hvac_mode="cool")
    assert shown(hass, "temperature") == ("cool", 73)
    assert sent_names(pair, commands) == ["cool_23"]


@pytest.mark.usefixtures("bedroom")
async def test_a_state_that_could_not_be_sent_is_not_shown(
    hass: HomeAssistant, station: MockConfigEntry, pair: SimulatedLirc
) -> None:
    await set_climate(hass, "turn_on")
    pair.unplug()
    with pytest.raises(HomeAssistantError):
        await set_climate(hass, "set_temperature", temperature=20)
    pair.plugged = True
    assert station.runtime_data.transceiver.can_send is False
    station.runtime_data.transceiver._update_state(can_send=True)
    assert shown(hass, "temperature") == ("cool", 24)


async def test_an_air_conditioner_whose_state_could_not_be_sent_after_its_power(
    hass: HomeAssistant, station: MockConfigEntry, codes: CodeStore, pair: SimulatedLirc
) -> None:
    commands = await add(hass, codes, "power", "cool_auto_24", "cool_auto_25")

    def unplug(seconds: float) -> None:
        pair.unplug()

    with (
        patch("custom_components.anavi_weather.climate.asyncio.sleep", side_effect=unplug),
        pytest.raises(HomeAssistantError),
    ):
        await set_climate(hass, "set_temperature", temperature=25, hvac_mode="cool")
    assert sent_names(pair, commands) == ["power"]
    station.runtime_data.transceiver._update_state(can_send=True)
    assert shown(hass, "temperature") == ("cool", 24)  # it is on, with what it was set to before


async def test_a_code_that_cannot_be_read(hass: HomeAssistant, codes: CodeStore) -> None:
    await codes.async_restore("Bedroom", {"cool_24": ["unknown:1"], "cool_25": ["nec:1,3"], "off": ["nec:1,2"]})
    await hass.async_block_till_done()
    with pytest.raises(ServiceValidationError, match="unknown"):
        await set_climate(hass, "turn_on")
    assert shown(hass) == (STATE_OFF,)


@pytest.mark.usefixtures("bedroom")
async def test_the_state_is_restored_after_a_restart(hass: HomeAssistant, station: MockConfigEntry) -> None:
    await set_climate(hass, "set_temperature", temperature=21, hvac_mode="cool")
    await hass.config_entries.async_reload(station.entry_id)
    await hass.async_block_till_done()
    assert shown(hass, "temperature", "fan_mode") == ("cool", 21, "auto")


@pytest.mark.usefixtures("bedroom")
async def test_off_is_restored_with_what_was_set_before(
    hass: HomeAssistant, station: MockConfigEntry, pair: SimulatedLirc
) -> None:
    await set_climate(hass, "set_hvac_mode", hvac_mode="heat")
    await set_climate(hass, "turn_off")
    await hass.config_entries.async_reload(station.entry_id)
    await hass.async_block_till_done()
    assert shown(hass, "temperature") == (STATE_OFF, 25)
    await set_climate(hass, "turn_on")
    assert sent_names(pair, COMMANDS) == ["heat_auto_25", "off", "heat_auto_25"]


@pytest.mark.usefixtures("bedroom")
async def test_no_emitter(hass: HomeAssistant, station: MockConfigEntry, pair: SimulatedLirc) -> None:
    transceiver = station.runtime_data.transceiver
    transceiver._update_state(can_send=False)
    assert climate(hass).state == STATE_UNAVAILABLE
    transceiver._update_state(can_send=True)
    assert climate(hass).state == STATE_OFF


async def test_commands_that_come_and_go(hass: HomeAssistant, codes: CodeStore) -> None:
    await add(hass, codes, "off", "cool_24", "cool_25")
    await set_climate(hass, "turn_on")
    assert shown(hass, "max_temp") == ("cool", 25)
    await store_codes(codes, {"Bedroom": codes_of(["heat_26", "cool_26"])})
    await hass.async_block_till_done()
    assert shown(hass, "hvac_modes", "temperature", "max_temp") == ("cool", ["off", "cool", "heat"], 24, 26)
    await codes.async_delete("Bedroom", ["cool_24", "cool_25", "cool_26", "heat_26"])
    await hass.async_block_till_done()
    assert climate(hass).state == STATE_UNAVAILABLE


@pytest.mark.usefixtures("bedroom")
async def test_an_entity_that_a_user_disabled(
    hass: HomeAssistant, codes: CodeStore, freezer: FrozenDateTimeFactory, pair: SimulatedLirc
) -> None:
    er.async_get(hass).async_update_entity(CLIMATE, disabled_by=er.RegistryEntryDisabler.USER)
    await hass.async_block_till_done()
    await press_handset(freezer, pair, *COMMANDS["cool_low_22"])
    await add(hass, codes, *NAMES, "heat_auto_30")
    assert not hass.states.get(CLIMATE)


@pytest.fixture
def delete_when_sent(station: MockConfigEntry, codes: CodeStore) -> Iterator[None]:
    """Delete `cool_24` as soon as the first command is sent."""
    send = CommandSender.async_send

    async def async_send(sender: CommandSender, *arguments: Any) -> None:
        await send(sender, *arguments)
        if "cool_24" in codes.codes["Bedroom"]:
            await codes.async_delete("Bedroom", ["cool_24"])
            await station.runtime_data.devices.async_follow()

    with patch.object(CommandSender, "async_send", async_send):
        yield


@pytest.mark.usefixtures("delete_when_sent")
async def test_a_mode_that_is_deleted_during_an_action(
    hass: HomeAssistant, codes: CodeStore, pair: SimulatedLirc
) -> None:
    commands = await add(hass, codes, "on", "cool_24", "off", "heat_22", "heat_23")

    errors = await asyncio.gather(
        set_climate(hass, "turn_on"), set_climate(hass, "set_hvac_mode", hvac_mode="cool"), return_exceptions=True
    )

    assert [isinstance(error, InvalidActionError) for error in errors] == [True, True]
    assert sent_names(pair, commands) == ["on"]
    assert shown(hass, "hvac_modes") == ("heat", ["off", "heat"])
    await set_climate(hass, "turn_on")
    assert sent_names(pair, commands) == ["on", "heat_23"]


@pytest.mark.usefixtures("delete_when_sent")
async def test_a_state_that_is_deleted_while_it_is_sent(
    hass: HomeAssistant, codes: CodeStore, pair: SimulatedLirc
) -> None:
    commands = await add(hass, codes, "off", "cool_24", "cool_26")
    await set_climate(hass, "turn_on")
    assert sent_names(pair, commands) == ["cool_24"]
    assert shown(hass, "temperature") == (HVACMode.COOL, 26)
