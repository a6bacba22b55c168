"""Tests of a station's forecast of rain."""

from collections.abc import Sequence
from datetime import timedelta
import logging
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.anavi_weather import rain
from custom_components.anavi_weather.const import CONF_RAIN, DOMAIN
from custom_components.anavi_weather.phat.simulated_chips import Air
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from .conftest import PassTime, number, value
from .test_sensor import BMP180, HOUR, HTU21D, PRESSURE, remember, set_up
from .test_weather import forecasts

PROBABILITY = "sensor.simulated_phat_rain_probability"
ACCURACY = "sensor.simulated_phat_rain_forecast_accuracy"
STEP = 600  # seconds; the tendency needs pressures that are not far apart
OBSERVER = "binary_sensor.rain"
KEY = f"{DOMAIN}.01STATION.rain"


@pytest.fixture
def recorded_entities() -> Sequence[str]:
    """Have the recorder store states, which these tests read."""
    return (PRESSURE,)


@pytest.fixture(autouse=True)
def place(hass: HomeAssistant) -> None:
    """Let the station be in New York, at sea level."""
    hass.config.latitude, hass.config.elevation = 40.7, 0


@pytest.fixture
async def forecasting(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: object, freezer: FrozenDateTimeFactory, air: Air
) -> MockConfigEntry:
    """Return a loaded station with the pressure of the last hours: it fell by 3 hPa to 1005, in moist air."""
    air.pressure, air.humidity = 1005.0, 88.0
    await remember(hass, entry, [(STEP * number, f"{1005 + number / 6:.2f}", "hPa") for number in range(18, 0, -1)])
    await set_up(hass, entry)
    return entry


async def pass_hours(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, hours: int, *, is_raining: bool | None
) -> None:
    """Let hours pass, of which an entity says whether it rained."""

    def history(_: HomeAssistant, begin: Any, __: Any, entity_id: str, **___: Any) -> dict[str, list[State]]:
        state = State(entity_id, "on" if is_raining else "off", last_updated=begin)
        return {entity_id: [state]} if is_raining is not None else {}

    with patch("custom_components.anavi_weather.rain_observer.state_changes_during_period", history):
        for _ in range(round(hours * HOUR / STEP)):
            freezer.tick(STEP)
            async_fire_time_changed(hass)
            await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.usefixtures("forecasting")
async def test_rain_is_likely_while_pressure_falls_in_moist_air(hass: HomeAssistant) -> None:
    # The dew point is 2 °C below the temperature
    assert number(hass, PROBABILITY) == pytest.approx(80, abs=3)
    assert not hass.states.get(ACCURACY)


@pytest.mark.usefixtures("forecasting")
async def test_the_weather_has_the_probability(hass: HomeAssistant) -> None:
    (forecast,) = await forecasts(hass)

    assert forecast["precipitation_probability"] == number(hass, PROBABILITY)


async def test_before_three_hours_the_probability_is_unknown(hass: HomeAssistant, station: MockConfigEntry) -> None:
    assert value(hass, PROBABILITY) == STATE_UNKNOWN


@pytest.mark.usefixtures("forecasting")
async def test_far_from_the_places_of_the_fit_the_probability_is_unknown(
    hass: HomeAssistant, pass_time: PassTime
) -> None:
    hass.config.latitude = -23.6

    await pass_time()

    assert value(hass, PROBABILITY) == STATE_UNKNOWN


@pytest.mark.usefixtures("forecasting")
async def test_without_a_dew_point_the_probability_is_unknown(
    hass: HomeAssistant, air: Air, pass_time: PassTime
) -> None:
    air.humidity = 0

    await pass_time()

    assert value(hass, "sensor.simulated_phat_humidity") == "0.0"
    assert value(hass, PROBABILITY) == STATE_UNKNOWN


@pytest.mark.parametrize("chips", [(BMP180,), (HTU21D,)])
async def test_without_a_barometer_and_a_hygrometer_there_is_no_probability(
    hass: HomeAssistant, station: MockConfigEntry
) -> None:
    assert not hass.states.get(PROBABILITY)


@pytest.mark.parametrize("options", [{CONF_RAIN: OBSERVER}])
async def test_forecasts_are_verified_when_their_12_hours_are_over(
    hass: HomeAssistant,
    forecasting: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    pass_time: PassTime,
    hass_storage: dict[str, Any],
) -> None:
    await pass_hours(hass, freezer, 1, is_raining=True)
    before = number(hass, PROBABILITY)
    await pass_hours(hass, freezer, 11, is_raining=True)
    assert value(hass, ACCURACY) == STATE_UNKNOWN

    await pass_hours(hass, freezer, 1, is_raining=True)
    await pass_time()

    state = hass.states.get(ACCURACY)
    assert state
    assert (state.state, state.attributes["never_rain"], state.attributes["skill"]) == ("100.0", 0, None)
    assert state.attributes["hours"] == 1
    assert hass_storage[KEY]["data"]["entity"] == OBSERVER
    assert hass_storage[KEY]["data"]["verification"]["hours"] == 1
    assert forecasting.runtime_data.coordinator.rain.async_probability(rain.Predictors(1005, -3, 2)) > before / 100


@pytest.mark.parametrize("options", [{CONF_RAIN: OBSERVER}])
async def test_hours_of_which_nothing_is_known_do_not_count(
    hass: HomeAssistant, forecasting: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await pass_hours(hass, freezer, 15, is_raining=None)

    assert forecasting.runtime_data.coordinator.rain.verification.hours == 0


@pytest.mark.parametrize("options", [{CONF_RAIN: OBSERVER}])
@pytest.mark.usefixtures("forecasting")
async def test_what_was_learned_survives_a_reload(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await pass_hours(hass, freezer, 14, is_raining=False)

    assert await hass.config_entries.async_reload(entry.entry_id)
    await pass_hours(hass, freezer, 1, is_raining=False)

    assert entry.runtime_data.coordinator.rain.verification.hours == 3


@pytest.mark.parametrize("options", [{CONF_RAIN: OBSERVER}])
@pytest.mark.usefixtures("forecasting")
async def test_with_another_entity_it_starts_again(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await pass_hours(hass, freezer, 14, is_raining=False)

    hass.config_entries.async_update_entry(entry, options={CONF_RAIN: "sensor.gauge"})
    await hass.async_block_till_done()

    assert entry.runtime_data.coordinator.rain.verification.hours == 0


@pytest.mark.parametrize("options", [{CONF_RAIN: OBSERVER}])
@pytest.mark.usefixtures("forecasting")
async def test_a_renamed_entity_is_followed(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory, entity_registry: er.EntityRegistry
) -> None:
    registered = entity_registry.async_get_or_create("binary_sensor", "test", "rain", suggested_object_id="wet")
    hass.config_entries.async_update_entry(entry, options={CONF_RAIN: registered.id})
    await hass.async_block_till_done()
    entity_registry.async_update_entity(registered.entity_id, new_entity_id="binary_sensor.wetter")

    with patch("custom_components.anavi_weather.rain_forecast.async_has_rained", return_value=True) as asked:
        for _ in range(13 * 6):
            freezer.tick(STEP)
            async_fire_time_changed(hass)
            await hass.async_block_till_done(wait_background_tasks=True)

    assert asked.call_args.args[1] == "binary_sensor.wetter"
    begin, end = asked.call_args.args[2:]
    assert (end - begin, end - dt_util.utcnow()) == (timedelta(hours=12), timedelta())


@pytest.mark.parametrize("options", [{CONF_RAIN: OBSERVER}])
@pytest.mark.usefixtures("forecasting")
async def test_forecasts_of_a_clock_that_was_ahead_are_forgotten(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory, hass_storage: dict[str, Any]
) -> None:
    await pass_hours(hass, freezer, 1, is_raining=True)
    (ahead,) = hass_storage[KEY]["data"]["pending"]
    hass_storage[KEY]["data"]["pending"] = [(ahead[0] + 86_400, *ahead[1:])]
    assert await hass.config_entries.async_reload(entry.entry_id)

    await pass_hours(hass, freezer, 1, is_raining=True)

    assert [forecast[0] for forecast in hass_storage[KEY]["data"]["pending"]] == [ahead[0] + 3600]


@pytest.mark.parametrize("options", [{CONF_RAIN: OBSERVER}])
@pytest.mark.parametrize("data", [{}, [], {"entity": OBSERVER}, {"entity": OBSERVER, "pending": [["a"]]}])
async def test_a_damaged_file_starts_again(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: object,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    data: Any,
) -> None:
    hass_storage[KEY] = {"version": 1, "minor_version": 1, "key": KEY, "data": data}

    await set_up(hass, entry)

    assert entry.runtime_data.coordinator.rain.verification.hours == 0
    assert [record.levelno for record in caplog.records if "learned about rain" in record.message] == [logging.ERROR]


@pytest.mark.parametrize("options", [{CONF_RAIN: OBSERVER}])
async def test_a_file_of_a_newer_version_starts_again(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: object, hass_storage: dict[str, Any]
) -> None:
    hass_storage[KEY] = {"version": 2, "minor_version": 1, "key": KEY, "data": {}}

    await set_up(hass, entry)

    assert entry.runtime_data.coordinator.rain.verification.hours == 0


@pytest.mark.parametrize("options", [{CONF_RAIN: OBSERVER}])
@pytest.mark.usefixtures("forecasting")
async def test_the_file_is_deleted_with_the_station(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory, hass_storage: dict[str, Any]
) -> None:
    await pass_hours(hass, freezer, 1, is_raining=True)
    assert KEY in hass_storage

    await hass.config_entries.async_remove(entry.entry_id)

    assert KEY not in hass_storage
