"""Tests of the temperature from which the sea-level pressure follows."""

from collections.abc import Sequence
from math import cos, tau
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
    get_start_time,
)

from custom_components.anavi_weather.const import (
    CONF_ALTITUDE,
    CONF_INTERVAL,
    CONF_OUTDOOR_TEMPERATURE,
    CONF_TEMPERATURE_OFFSET,
    DOMAIN,
)
from custom_components.anavi_weather.meteorology import sea_level_pressure
from custom_components.anavi_weather.outdoor_temperature import OutdoorTemperature
from custom_components.anavi_weather.phat.simulated_chips import Air
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from .conftest import PassTime, number
from .test_options_flow import open_settings
from .test_sensor import PRESSURE, TEMPERATURE

SEA_LEVEL_PRESSURE = "sensor.simulated_phat_sea_level_pressure"
OUTDOOR = "sensor.garden"
HOUR = 3600


@pytest.fixture
def recorded_entities() -> Sequence[str]:
    """Have the recorder store states, from which its statistics follow."""
    return OUTDOOR, TEMPERATURE, PRESSURE


def station_pressure(altitude: float, mean_temperature: float, sea_level: float = 1015) -> float:
    """Return the pressure at an altitude below which the air has a mean temperature."""
    return sea_level / sea_level_pressure(1, altitude, mean_temperature)


def outdoor_temperature(hass: HomeAssistant, **options: Any) -> OutdoorTemperature:
    """Return the temperature of a station with these options."""
    entry: ConfigEntry = MockConfigEntry(domain=DOMAIN, entry_id="01STATION", options=options)
    return OutdoorTemperature(hass, entry)


@pytest.mark.parametrize("altitude", [0, 2640])
@pytest.mark.parametrize("options", [{CONF_INTERVAL: 1200}])
async def test_a_steady_pressure_stays_steady_while_the_day_is_warm_and_the_night_cold(
    hass: HomeAssistant, station: MockConfigEntry, air: Air, pass_time: PassTime, altitude: int
) -> None:
    """The temperature of the minute would show 1003 to 1027 hPa at 2640 m."""
    hass.config.elevation = altitude
    air.pressure = station_pressure(altitude, 15)
    shown = []
    for number_ in range(3 * 36):
        air.temperature = 15 + 10 * cos(tau * number_ / 72)
        await pass_time(1200)
        shown.append(number(hass, SEA_LEVEL_PRESSURE))

    after_half_a_day = shown[37:]
    assert min(after_half_a_day) == pytest.approx(1015, abs=1)
    assert max(after_half_a_day) == pytest.approx(1015, abs=1)


@pytest.mark.parametrize("options", [{CONF_ALTITUDE: 1600, CONF_INTERVAL: 300}])
async def test_the_temperature_of_12_hours_ago_survives_a_restart(
    hass: HomeAssistant,
    station: MockConfigEntry,
    air: Air,
    pass_time: PassTime,
    freezer: FrozenDateTimeFactory,
) -> None:
    air.pressure = station_pressure(1600, (21 + 5) / 2)
    start = get_start_time(dt_util.utcnow())
    await pass_time(300)
    await pass_time(300)
    await async_wait_recording_done(hass)
    do_adhoc_statistics(hass, start=start)
    await async_wait_recording_done(hass)
    await hass.config_entries.async_unload(station.entry_id)
    freezer.tick(12 * HOUR - 600)
    air.temperature = 5

    await hass.config_entries.async_setup(station.entry_id)
    await hass.async_block_till_done()

    assert number(hass, SEA_LEVEL_PRESSURE) == pytest.approx(1015, abs=0.5)


@pytest.mark.parametrize(("state", "unit"), [("5", "°C"), ("41", "°F"), ("278.15", "K")])
@pytest.mark.parametrize("options", [{CONF_ALTITUDE: 1600, CONF_OUTDOOR_TEMPERATURE: OUTDOOR}])
@pytest.mark.usefixtures("station")
async def test_the_user_can_choose_an_outdoor_sensor(
    hass: HomeAssistant, air: Air, pass_time: PassTime, state: str, unit: str
) -> None:
    """The station is in a warm room."""
    hass.states.async_set(OUTDOOR, state, {ATTR_UNIT_OF_MEASUREMENT: unit})
    air.temperature, air.pressure = 22, station_pressure(1600, 5)

    await pass_time()

    assert number(hass, SEA_LEVEL_PRESSURE) == pytest.approx(1015, abs=0.05)


@pytest.mark.parametrize(
    ("state", "unit"),
    [(STATE_UNAVAILABLE, "°C"), ("nan", "°C"), ("inf", "°C"), ("5", "Réaumur"), ("5", None), (None, "°C")],
)
async def test_without_the_chosen_sensor_the_station_measures_itself(
    hass: HomeAssistant, state: str | None, unit: str | None
) -> None:
    if state is not None:
        hass.states.async_set(OUTDOOR, state, {ATTR_UNIT_OF_MEASUREMENT: unit})
    outdoor = outdoor_temperature(hass, **{CONF_OUTDOOR_TEMPERATURE: OUTDOOR})
    await outdoor.async_load()

    assert outdoor.async_mean(22.0) == 22
    assert outdoor.async_mean(None) is None


async def test_the_chosen_sensor_may_be_unavailable_for_a_while(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    outdoor = outdoor_temperature(hass, **{CONF_OUTDOOR_TEMPERATURE: OUTDOOR})
    hass.states.async_set(OUTDOOR, "5", {ATTR_UNIT_OF_MEASUREMENT: "°C"})
    assert outdoor.async_mean(22.0) == 5

    hass.states.async_set(OUTDOOR, STATE_UNAVAILABLE)
    freezer.tick(1800)
    assert outdoor.async_mean(22.0) == 5
    freezer.tick(1)
    assert outdoor.async_mean(22.0) == 22


@pytest.mark.usefixtures("station")
async def test_hours_without_a_mean_are_left_out(hass: HomeAssistant) -> None:
    outdoor = outdoor_temperature(hass, **{CONF_OUTDOOR_TEMPERATURE: OUTDOOR})
    row = {"start": 0.0, "end": 300.0, "mean": None}
    with patch(f"{OutdoorTemperature.__module__}.statistics_during_period", return_value={OUTDOOR: [row]}):
        await outdoor.async_load()
    assert outdoor.async_mean(22.0) == 22


@pytest.mark.usefixtures("station")
async def test_statistics_of_the_chosen_sensor_are_converted(hass: HomeAssistant) -> None:
    start = get_start_time(dt_util.utcnow())
    attributes = {ATTR_UNIT_OF_MEASUREMENT: "°F", "device_class": "temperature", "state_class": "measurement"}
    hass.states.async_set(OUTDOOR, "50", attributes, timestamp=start.timestamp() + 10)
    await async_wait_recording_done(hass)
    do_adhoc_statistics(hass, start=start)
    await async_wait_recording_done(hass)
    outdoor = outdoor_temperature(hass, **{CONF_OUTDOOR_TEMPERATURE: OUTDOOR})

    await outdoor.async_load()

    hass.states.async_set(OUTDOOR, STATE_UNAVAILABLE)
    assert outdoor.async_mean(22.0) == pytest.approx(10)


async def test_the_chosen_sensor_may_be_renamed(
    hass: HomeAssistant, station: MockConfigEntry, entity_registry: er.EntityRegistry
) -> None:
    entity_registry.async_get_or_create("sensor", "demo", "garden", suggested_object_id="garden")
    form = await open_settings(hass, station)

    result = await hass.config_entries.options.async_configure(
        form["flow_id"], {CONF_INTERVAL: 30, CONF_TEMPERATURE_OFFSET: 0, CONF_OUTDOOR_TEMPERATURE: OUTDOOR}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    entity_registry.async_update_entity(OUTDOOR, new_entity_id="sensor.backyard")
    hass.states.async_set("sensor.backyard", "5", {ATTR_UNIT_OF_MEASUREMENT: "°C"})

    outdoor = OutdoorTemperature(hass, station)
    assert outdoor.async_mean(22.0) == 5
    form = await open_settings(hass, station)
    assert form["data_schema"]
    suggested = {str(key): key.description for key in form["data_schema"].schema}
    assert suggested[CONF_OUTDOOR_TEMPERATURE] == {"suggested_value": "sensor.backyard"}


async def test_an_entity_without_a_registration_can_be_chosen(hass: HomeAssistant, station: MockConfigEntry) -> None:
    form = await open_settings(hass, station)

    result = await hass.config_entries.options.async_configure(
        form["flow_id"], {CONF_INTERVAL: 30, CONF_TEMPERATURE_OFFSET: 0, CONF_OUTDOOR_TEMPERATURE: OUTDOOR}
    )

    assert result["data"][CONF_OUTDOOR_TEMPERATURE] == OUTDOOR
