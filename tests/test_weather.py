"""Tests of the weather entity."""

from datetime import datetime
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.meteorology import Forecast as Zambretti
from custom_components.anavi_weather.phat import ChipId
from custom_components.anavi_weather.phat.simulated_chips import Air
from custom_components.anavi_weather.phat.simulator import Simulator
from custom_components.anavi_weather.weather import CONDITION_OF_FORECAST
from homeassistant.components.weather import DATA_COMPONENT, DOMAIN as WEATHER_DOMAIN, SERVICE_GET_FORECASTS
from homeassistant.const import ATTR_ENTITY_ID, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM

from .conftest import PassTime, value

WEATHER = "weather.simulated_phat"
SUNNY, PARTLY, CLOUDY = 100_000.0, 60_000.0, 8_000.0  # lx at noon
ROOM = 300.0


@pytest.fixture(autouse=True)
async def noon(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Begin at noon of a summer day in São Paulo, where the sun is high."""
    hass.config.latitude, hass.config.longitude = -23.5, -46.6
    await hass.config.async_set_time_zone("America/Sao_Paulo")
    freezer.move_to("2026-12-10T15:00:00Z")


async def live(pass_time: PassTime, air: Air, change: float = 0.0, hours: int = 4) -> None:
    """Let hours pass, in which the pressure changes."""
    for _ in range(6 * hours):
        air.pressure += change / (6 * hours)
        await pass_time(600)


def weather(hass: HomeAssistant) -> State:
    """Return the state of the weather."""
    state = hass.states.get(WEATHER)
    assert state
    return state


async def forecasts(hass: HomeAssistant) -> Any:
    """Return the forecasts for days and nights."""
    response = await hass.services.async_call(
        WEATHER_DOMAIN,
        SERVICE_GET_FORECASTS,
        {ATTR_ENTITY_ID: WEATHER, "type": "twice_daily"},
        blocking=True,
        return_response=True,
    )
    assert response
    return response[WEATHER]["forecast"]  # type: ignore[call-overload, index]


@pytest.mark.parametrize(
    ("illuminance", "condition"),
    [(SUNNY, "sunny"), (130_000.0, "sunny"), (PARTLY, "partlycloudy"), (CLOUDY, "cloudy"), (ROOM, STATE_UNKNOWN)],
)
@pytest.mark.usefixtures("station")
async def test_by_day_the_condition_is_that_of_the_sky(
    hass: HomeAssistant, air: Air, pass_time: PassTime, illuminance: float, condition: str
) -> None:
    air.illuminance = illuminance
    await pass_time()
    assert weather(hass).state == condition


@pytest.mark.parametrize(
    ("pressure", "change", "by_day", "by_night"),
    [
        (1035.0, 0.0, "sunny", "clear-night"),
        (1013.0, 0.0, "partlycloudy", "partlycloudy"),
        (985.0, -4.0, "cloudy", "cloudy"),
    ],
)
@pytest.mark.usefixtures("station")
async def test_without_light_it_is_what_the_forecast_expects(
    hass: HomeAssistant,
    air: Air,
    freezer: FrozenDateTimeFactory,
    pass_time: PassTime,
    pressure: float,
    change: float,
    by_day: str,
    by_night: str,
) -> None:
    """In a room, or at night, the light says nothing."""
    air.illuminance = ROOM
    air.pressure = pressure
    await pass_time()
    await live(pass_time, air, change)
    assert weather(hass).state == by_day
    freezer.move_to("2026-12-10T23:30:00Z")
    await live(pass_time, air, change)
    assert weather(hass).state == by_night


@pytest.mark.usefixtures("station")
async def test_readings_are_in_the_units_of_the_user(hass: HomeAssistant, air: Air, pass_time: PassTime) -> None:
    hass.config.units = US_CUSTOMARY_SYSTEM
    air.temperature, air.humidity, air.pressure = 25.0, 50.0, 1000.0
    await pass_time()
    attributes = weather(hass).attributes
    assert attributes["temperature"] == pytest.approx(77, abs=1)
    assert attributes["temperature_unit"] == "°F"
    assert attributes["humidity"] == 50
    assert attributes["pressure"] == pytest.approx(29.5, abs=0.1)
    assert attributes["pressure_unit"] == "inHg"
    assert attributes["dew_point"] == pytest.approx(57, abs=1)
    assert attributes["apparent_temperature"] == pytest.approx(78, abs=2)


@pytest.mark.parametrize(
    ("time", "begin", "is_daytime", "condition"),
    [
        ("2026-12-10T06:30:00-03:00", "2026-12-10T06:00:00-03:00", True, "sunny"),
        ("2026-12-10T11:59:00-03:00", "2026-12-10T06:00:00-03:00", True, "sunny"),
        ("2026-12-10T12:01:00-03:00", "2026-12-10T18:00:00-03:00", False, "clear-night"),
        ("2026-12-10T23:00:00-03:00", "2026-12-10T18:00:00-03:00", False, "clear-night"),
        ("2026-12-11T00:30:00-03:00", "2026-12-11T06:00:00-03:00", True, "sunny"),
    ],
)
@pytest.mark.usefixtures("station")
async def test_the_forecast_is_for_the_next_half_a_day(
    hass: HomeAssistant,
    air: Air,
    freezer: FrozenDateTimeFactory,
    pass_time: PassTime,
    time: str,
    begin: str,
    is_daytime: bool,
    condition: str,
) -> None:
    assert await forecasts(hass) == []
    air.pressure = 1035.0
    await pass_time()
    await live(pass_time, air)
    freezer.move_to(time)
    (forecast,) = await forecasts(hass)
    assert dt_util.parse_datetime(forecast["datetime"]) == datetime.fromisoformat(begin)
    assert (forecast["is_daytime"], forecast["condition"]) == (is_daytime, condition)
    assert forecast["temperature"] is None


@pytest.mark.usefixtures("station")
async def test_a_card_is_told_of_a_new_forecast(hass: HomeAssistant, air: Air, pass_time: PassTime) -> None:
    told: list[Any] = []
    entity = hass.data[DATA_COMPONENT].get_entity(WEATHER)
    assert entity
    unsubscribe = entity.async_subscribe_forecast("twice_daily", told.append)
    await live(pass_time, air, -4)
    unsubscribe()
    assert told[0] is None
    assert told[-1][0]["condition"] in CONDITION_OF_FORECAST.values()


@pytest.mark.parametrize(
    ("chips", "has_weather"),
    [
        ((ChipId("HTU21D", 0x40),), False),
        ((ChipId("BH1750", 0x23),), True),
        ((ChipId("BMP180", 0x77),), True),
    ],
)
async def test_weather_needs_a_barometer_or_a_photometer(
    hass: HomeAssistant, station: MockConfigEntry, has_weather: bool
) -> None:
    assert bool(hass.states.get(WEATHER)) == has_weather


@pytest.mark.usefixtures("station")
async def test_lost_chips_leave_what_is_known(hass: HomeAssistant, simulator: Simulator, pass_time: PassTime) -> None:
    simulator.unplug(0x40)
    simulator.unplug(0x23)
    await pass_time()
    assert value(hass, WEATHER) == STATE_UNKNOWN
    attributes = weather(hass).attributes
    assert "temperature" in attributes
    assert "humidity" not in attributes


def test_every_forecast_has_a_condition() -> None:
    assert CONDITION_OF_FORECAST.keys() == set(Zambretti)
