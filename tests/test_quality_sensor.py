"""Tests of the quality control's sensor, and of the flags of the readings."""

from collections.abc import Mapping, Sequence
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done

from custom_components.anavi_weather.const import ATTR_QUALITY_FLAGS, CONF_CALIBRATED, DOMAIN
from custom_components.anavi_weather.phat.simulated_chips import Air
from custom_components.anavi_weather.phat.simulator import Simulator
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from .conftest import PassTime, number, value
from .test_sensor import (
    BH1750,
    DEW_POINT,
    HOUR,
    HUMIDITY,
    ILLUMINANCE,
    PRESSURE,
    SEA_LEVEL_PRESSURE,
    TEMPERATURE,
    TENDENCY,
    remember,
    set_up,
)

QUALITY = "sensor.simulated_phat_quality_control"
STUCK_CHIP = {"chip": "BMP180 0x77"}


def attributes(hass: HomeAssistant, entity_id: str) -> Mapping[str, Any]:
    """Return the attributes of an entity."""
    state = hass.states.get(entity_id)
    assert state
    return state.attributes


def flagged(hass: HomeAssistant) -> dict[str, list[str]]:
    """Return the readings with flags."""
    return {
        state.entity_id: state.attributes[ATTR_QUALITY_FLAGS]
        for state in hass.states.async_all()
        if ATTR_QUALITY_FLAGS in state.attributes
    }


@pytest.mark.usefixtures("station")
async def test_readings_that_pass_have_no_flag(hass: HomeAssistant) -> None:
    assert value(hass, QUALITY) == "ok"
    assert not {"temperature", "humidity", "pressure"} & attributes(hass, QUALITY).keys()
    assert flagged(hass) == {}


@pytest.mark.usefixtures("station")
async def test_a_jump_is_flagged_and_kept(hass: HomeAssistant, air: Air, pass_time: PassTime) -> None:
    air.temperature += 8

    await pass_time()

    assert value(hass, QUALITY) == "step"
    assert attributes(hass, QUALITY)["temperature"] == ["step"]
    assert number(hass, TEMPERATURE) == pytest.approx(29, abs=0.1)
    assert flagged(hass).keys() >= {TEMPERATURE, DEW_POINT}
    assert not flagged(hass).keys() & {HUMIDITY, PRESSURE, ILLUMINANCE}
    air.temperature -= 8
    await pass_time()
    assert value(hass, QUALITY) == "ok"
    assert flagged(hass) == {}


@pytest.mark.usefixtures("station")
async def test_flags_of_the_pressure_reach_what_is_derived_from_it(
    hass: HomeAssistant, air: Air, pass_time: PassTime
) -> None:
    air.pressure += 4

    await pass_time()

    assert attributes(hass, QUALITY)["pressure"] == ["step"]
    assert flagged(hass).keys() >= {PRESSURE, SEA_LEVEL_PRESSURE, TENDENCY}
    assert not flagged(hass).keys() & {TEMPERATURE, HUMIDITY, DEW_POINT}


@pytest.mark.usefixtures("station")
async def test_the_most_telling_check_is_the_state(hass: HomeAssistant, air: Air, pass_time: PassTime) -> None:
    air.temperature += 8
    air.illuminance = 50_000.0

    await pass_time()
    await pass_time()

    assert value(hass, QUALITY) == "step"
    assert attributes(hass, QUALITY)["temperature"] == ["step", "sun"]


@pytest.mark.parametrize("chips", [(BH1750,)])
@pytest.mark.usefixtures("station")
async def test_with_nothing_to_check_the_quality_is_unknown(hass: HomeAssistant) -> None:
    assert value(hass, QUALITY) == STATE_UNKNOWN


@pytest.fixture
def recorded_entities() -> Sequence[str]:
    """Have the recorder store states, from which the checks continue."""
    return ("*",)


async def test_a_chip_that_is_stuck_is_found_after_a_restart(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, freezer: FrozenDateTimeFactory, air: Air
) -> None:
    air.pressure = 1013.25
    await set_up(hass, entry)
    pressure = value(hass, PRESSURE)
    assert await hass.config_entries.async_unload(entry.entry_id)
    await remember(hass, entry, [(5.9 * HOUR, pressure, "hPa")], STUCK_CHIP)
    await set_up(hass, entry)
    assert value(hass, QUALITY) == "ok"
    assert await hass.config_entries.async_unload(entry.entry_id)

    freezer.tick(0.2 * HOUR)
    await set_up(hass, entry)

    assert value(hass, QUALITY) == "persistence"
    assert flagged(hass)[PRESSURE] == ["persistence"]


@pytest.mark.usefixtures("simulator")
async def test_a_state_that_began_before_the_history_is_found_after_a_restart(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, entry)
    await async_wait_recording_done(hass)
    freezer.tick(13 * HOUR)

    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()

    assert value(hass, QUALITY) == "persistence"


@pytest.mark.parametrize(
    ("chip", "is_flagged"),
    [(STUCK_CHIP, True), ({}, False), ({"chip": "BMP390 0x76"}, False), ({"chip": "nonsense"}, False)],
    ids=str,
)
@pytest.mark.usefixtures("simulator", "freezer")
async def test_a_jump_is_found_after_a_restart_if_the_chip_is_the_same(
    hass: HomeAssistant, entry: MockConfigEntry, chip: dict[str, str], is_flagged: bool
) -> None:
    await remember(hass, entry, [(120, "1000.0", "hPa"), (60, "unavailable", "hPa")], chip)

    await set_up(hass, entry)

    assert (PRESSURE in flagged(hass)) is is_flagged


@pytest.mark.usefixtures("simulator", "freezer")
async def test_a_correction_is_no_jump(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await remember(hass, entry, [(120, "1000.0", "hPa")], STUCK_CHIP)
    corrected = {CONF_CALIBRATED: {"pressure": dt_util.utcnow().isoformat()}}
    hass.config_entries.async_update_entry(entry, options={**entry.options, **corrected})

    await set_up(hass, entry)

    assert flagged(hass) == {}


@pytest.mark.parametrize(
    ("unit", "recorded", "is_flagged"), [("°C", "30.0", True), ("°F", "69.8", False), ("bananas", "30.0", False)]
)
@pytest.mark.usefixtures("simulator", "freezer")
async def test_temperatures_are_compared_in_one_unit(
    hass: HomeAssistant, entry: MockConfigEntry, unit: str, recorded: str, is_flagged: bool
) -> None:
    er.async_get(hass).async_get_or_create(
        "sensor", DOMAIN, "01STATION_temperature", config_entry=entry, suggested_object_id="simulated_phat_temperature"
    )
    hass.states.async_set(TEMPERATURE, recorded, {"unit_of_measurement": unit, "chip": "HTU21D 0x40"})
    hass.states.async_remove(TEMPERATURE)
    await async_wait_recording_done(hass)

    await set_up(hass, entry)

    assert (TEMPERATURE in flagged(hass)) is is_flagged
