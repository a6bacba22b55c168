"""Tests of the temperature and humidity of an air conditioner's room."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.code_store import CodeStore
from custom_components.anavi_weather.const import CONF_HUMIDITY_ENTITY, CONF_KIND, CONF_TEMPERATURE_ENTITY
from custom_components.anavi_weather.infrared_devices import Kind
from custom_components.anavi_weather.phat.simulated_chips import Air
from custom_components.anavi_weather.phat.simulator import Simulator
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .climate_actions import NAMES, codes_of, shown
from .conftest import PassTime, store_codes
from .infrared_device_steps import device_of

ROOM = "sensor.room"
HUMIDITY = "sensor.room_humidity"

type Choose = Callable[..., Coroutine[Any, Any, None]]


@pytest.fixture
async def choose(hass: HomeAssistant, station: MockConfigEntry, codes: CodeStore) -> Choose:
    """Store an air conditioner, and return a function that chooses its sensors."""
    await store_codes(codes, {"Bedroom": codes_of(NAMES)})
    await hass.async_block_till_done()

    async def choose(**data: str) -> None:
        data = {CONF_KIND: Kind.AIR_CONDITIONER.value, **data}
        hass.config_entries.async_update_subentry(station, device_of(station, "Bedroom"), data=data)
        await hass.async_block_till_done()

    return choose


def room(hass: HomeAssistant) -> tuple[Any, ...]:
    """Return the temperature and the humidity that the air conditioner shows."""
    return shown(hass, "current_temperature", "current_humidity")[1:]


def measure(hass: HomeAssistant, entity_id: str, state: str, unit: str | None) -> None:
    """Set a sensor."""
    hass.states.async_set(entity_id, state, {"unit_of_measurement": unit})


@pytest.mark.usefixtures("choose")
async def test_the_station_measures_unless_sensors_are_chosen(
    hass: HomeAssistant, air: Air, pass_time: PassTime
) -> None:
    air.temperature, air.humidity = 22.5, 55.0
    await pass_time()
    temperature, humidity = room(hass)
    assert temperature == pytest.approx(22.5, abs=0.3)
    assert humidity == pytest.approx(55, abs=3)
    assert humidity == int(humidity), "whole percent"


@pytest.mark.usefixtures("choose")
async def test_a_station_that_cannot_be_read(hass: HomeAssistant, simulator: Simulator, pass_time: PassTime) -> None:
    for address in (0x77, 0x40, 0x23):
        simulator.unplug(address)
    await pass_time()
    assert room(hass) == (None, None)


async def test_chosen_sensors(hass: HomeAssistant, choose: Choose) -> None:
    await choose(**{CONF_TEMPERATURE_ENTITY: ROOM, CONF_HUMIDITY_ENTITY: HUMIDITY})
    assert room(hass) == (None, None)
    measure(hass, ROOM, "21.5", "°C")
    measure(hass, HUMIDITY, "48", "%")
    await hass.async_block_till_done()
    assert room(hass) == (21.5, 48)


async def test_the_stations_humidity_is_not_that_of_another_room(hass: HomeAssistant, choose: Choose) -> None:
    measure(hass, ROOM, "21.5", "°C")
    await choose(**{CONF_TEMPERATURE_ENTITY: ROOM})
    assert room(hass) == (21.5, None)


@pytest.mark.parametrize(
    ("state", "unit", "expected"),
    [
        ("68", "°F", 20),
        ("293.15", "K", 20),
        ("20", None, None),
        ("20", "%", None),
        ("unavailable", "°C", None),
        ("nan", "°C", None),
        ("inf", "°C", None),
    ],
)
async def test_any_unit(hass: HomeAssistant, choose: Choose, state: str, unit: str | None, expected: object) -> None:
    await choose(**{CONF_TEMPERATURE_ENTITY: ROOM, CONF_HUMIDITY_ENTITY: ROOM})
    measure(hass, ROOM, state, unit)
    await hass.async_block_till_done()
    assert room(hass)[0] == expected


async def test_a_chosen_sensor_may_be_renamed(hass: HomeAssistant, choose: Choose, pass_time: PassTime) -> None:
    registered = er.async_get(hass).async_get_or_create("sensor", "test", "room", suggested_object_id="room")
    await choose(**{CONF_TEMPERATURE_ENTITY: registered.id})
    measure(hass, ROOM, "21.5", "°C")
    await hass.async_block_till_done()
    assert room(hass)[0] == 21.5
    er.async_get(hass).async_update_entity(ROOM, new_entity_id="sensor.bedroom")
    measure(hass, "sensor.bedroom", "19", "°C")
    await pass_time()
    assert room(hass)[0] == 19


async def test_a_chosen_sensor_may_be_deleted(hass: HomeAssistant, choose: Choose, pass_time: PassTime) -> None:
    registered = er.async_get(hass).async_get_or_create("sensor", "test", "room", suggested_object_id="room")
    await choose(**{CONF_TEMPERATURE_ENTITY: registered.id})
    measure(hass, ROOM, "21.5", "°C")
    er.async_get(hass).async_remove(ROOM)
    await pass_time()
    assert room(hass)[0] is None
