"""Tests of the steps for air conditioners."""

from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.code_store import CodeStore
from custom_components.anavi_weather.const import CONF_HUMIDITY_ENTITY, CONF_KIND, CONF_TEMPERATURE_ENTITY
from custom_components.anavi_weather.exceptions import StorageError
from custom_components.anavi_weather.infrared_devices import Kind
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import CONF_PROTOCOL, STATE_OFF
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er

from .climate_actions import CLIMATE, NAMES, codes_of, set_climate, shown
from .conftest import store_codes
from .infrared_device_steps import answer, choose, device_of, start, start_new
from .remote_actions import decoded, sent

ROOM = "sensor.room"


@pytest.fixture
async def bedroom(hass: HomeAssistant, station: MockConfigEntry, codes: CodeStore) -> ConfigSubentry:
    """Store an air conditioner."""
    await store_codes(codes, {"Bedroom": codes_of(NAMES)})
    await hass.async_block_till_done()
    return device_of(station, "Bedroom")


@pytest.mark.usefixtures("station")
async def test_an_air_conditioner_of_a_known_protocol(hass: HomeAssistant, pair: SimulatedLirc) -> None:
    menu = await start_new(hass, "Bedroom", Kind.AIR_CONDITIONER)
    form = await choose(hass, menu, "protocol")
    menu = await answer(hass, form, **{CONF_PROTOCOL: "gree_ac"})
    assert (menu["type"], menu["step_id"]) == (FlowResultType.MENU, "menu")
    assert shown(hass, "fan_modes", "min_temp", "max_temp") == (STATE_OFF, ["auto", "low", "medium", "high"], 16, 30)
    await set_climate(hass, "set_temperature", temperature=19, hvac_mode="heat")
    assert sent(pair) == decoded("gree_ac:mode=heat,temperature=19")


@pytest.mark.usefixtures("station")
async def test_states_that_cannot_be_saved(hass: HomeAssistant, codes: CodeStore) -> None:
    form = await choose(hass, await start_new(hass, "Bedroom", Kind.AIR_CONDITIONER), "protocol")
    with patch.object(codes, "async_add", side_effect=StorageError("codes_not_saved")):
        form = await answer(hass, form, **{CONF_PROTOCOL: "lg_ac"})
    assert form["errors"] == {"base": "failed"}
    assert form["description_placeholders"]
    assert form["description_placeholders"]["detail"]
    assert "Bedroom" not in codes.codes


async def test_the_kind_can_be_changed(hass: HomeAssistant, bedroom: ConfigSubentry) -> None:
    menu = await choose(hass, await start(hass, bedroom), "to_remote_control")
    assert bedroom.data[CONF_KIND] == Kind.REMOTE_CONTROL
    assert not hass.states.get(CLIMATE)
    await choose(hass, menu, "to_air_conditioner")
    assert bedroom.data[CONF_KIND] == Kind.AIR_CONDITIONER
    assert shown(hass) == (STATE_OFF,)


async def test_sensors_of_the_room(hass: HomeAssistant, bedroom: ConfigSubentry) -> None:
    hass.states.async_set(ROOM, "19.5", {"unit_of_measurement": "°C"})
    hass.states.async_set("sensor.bath", "70", {"unit_of_measurement": "%"})
    form = await choose(hass, await start(hass, bedroom), "room")
    menu = await answer(hass, form, **{CONF_TEMPERATURE_ENTITY: ROOM, CONF_HUMIDITY_ENTITY: "sensor.bath"})
    assert menu["step_id"] == "menu"
    assert shown(hass, "current_temperature", "current_humidity")[1:] == (19.5, 70)

    form = await choose(hass, menu, "room")
    await answer(hass, form)
    assert CONF_TEMPERATURE_ENTITY not in bedroom.data
    assert bedroom.data[CONF_KIND] == Kind.AIR_CONDITIONER
    assert shown(hass, "current_temperature")[1] != 19.5


async def test_a_chosen_sensor_is_shown_by_its_present_name(hass: HomeAssistant, bedroom: ConfigSubentry) -> None:
    registry = er.async_get(hass)
    registered = registry.async_get_or_create("sensor", "test", "room", suggested_object_id="room")
    form = await choose(hass, await start(hass, bedroom), "room")
    menu = await answer(hass, form, **{CONF_TEMPERATURE_ENTITY: ROOM})
    assert bedroom.data[CONF_TEMPERATURE_ENTITY] == registered.id

    registry.async_update_entity(ROOM, new_entity_id="sensor.bedroom")
    form = await choose(hass, menu, "room")
    assert form["data_schema"]
    suggested = {str(field): (field.description or {}).get("suggested_value") for field in form["data_schema"].schema}
    assert suggested == {CONF_TEMPERATURE_ENTITY: "sensor.bedroom", CONF_HUMIDITY_ENTITY: None}
