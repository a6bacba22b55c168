"""Weather entity: the station's readings, the sky by day, and the forecast for the next half a day."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from math import inf
from typing import override

from astral.sun import elevation  # type: ignore[import-untyped]

from homeassistant.components.weather import (
    ATTR_CONDITION_CLEAR_NIGHT,
    ATTR_CONDITION_CLOUDY,
    ATTR_CONDITION_PARTLYCLOUDY,
    ATTR_CONDITION_POURING,
    ATTR_CONDITION_RAINY,
    ATTR_CONDITION_SUNNY,
    Forecast,
    WeatherEntity,
    WeatherEntityDescription,
    WeatherEntityFeature,
)
from homeassistant.const import UnitOfPressure, UnitOfTemperature
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.sun import get_astral_observer
from homeassistant.util import dt as dt_util

from . import meteorology
from .coordinator import AnaviWeatherConfigEntry, AnaviWeatherCoordinator
from .entity import AnaviWeatherEntity, async_follow_chips
from .meteorology import Forecast as Zambretti
from .phat import Quantity, quantities
from .sky import Sky, sky

PARALLEL_UPDATES = 0

WEATHER = WeatherEntityDescription(key="weather")
HALF_A_DAY = timedelta(hours=12)
DAY_BEGINS = 6  # hours, as in other forecasts for day and night

CONDITION_OF_SKY = {
    Sky.CLEAR: ATTR_CONDITION_SUNNY,
    Sky.PARTLY_CLOUDY: ATTR_CONDITION_PARTLYCLOUDY,
    Sky.CLOUDY: ATTR_CONDITION_CLOUDY,
}
CONDITION_OF_FORECAST: Mapping[Zambretti, str] = {
    Zambretti.SETTLED_FINE: ATTR_CONDITION_SUNNY,
    Zambretti.FINE_WEATHER: ATTR_CONDITION_SUNNY,
    Zambretti.BECOMING_FINE: ATTR_CONDITION_SUNNY,
    Zambretti.FINE_BECOMING_LESS_SETTLED: ATTR_CONDITION_PARTLYCLOUDY,
    Zambretti.FINE_POSSIBLE_SHOWERS: ATTR_CONDITION_PARTLYCLOUDY,
    Zambretti.FAIRLY_FINE_IMPROVING: ATTR_CONDITION_PARTLYCLOUDY,
    Zambretti.FAIRLY_FINE_POSSIBLE_SHOWERS_EARLY: ATTR_CONDITION_PARTLYCLOUDY,
    Zambretti.FAIRLY_FINE_SHOWERY_LATER: ATTR_CONDITION_PARTLYCLOUDY,
    Zambretti.SHOWERY_EARLY_IMPROVING: ATTR_CONDITION_PARTLYCLOUDY,
    Zambretti.CHANGEABLE_MENDING: ATTR_CONDITION_PARTLYCLOUDY,
    Zambretti.FAIRLY_FINE_SHOWERS_LIKELY: ATTR_CONDITION_RAINY,
    Zambretti.RATHER_UNSETTLED_CLEARING_LATER: ATTR_CONDITION_CLOUDY,
    Zambretti.UNSETTLED_PROBABLY_IMPROVING: ATTR_CONDITION_CLOUDY,
    Zambretti.SHOWERY_BRIGHT_INTERVALS: ATTR_CONDITION_RAINY,
    Zambretti.SHOWERY_BECOMING_LESS_SETTLED: ATTR_CONDITION_RAINY,
    Zambretti.CHANGEABLE_SOME_RAIN: ATTR_CONDITION_RAINY,
    Zambretti.UNSETTLED_SHORT_FINE_INTERVALS: ATTR_CONDITION_RAINY,
    Zambretti.UNSETTLED_RAIN_LATER: ATTR_CONDITION_RAINY,
    Zambretti.UNSETTLED_SOME_RAIN: ATTR_CONDITION_RAINY,
    Zambretti.MOSTLY_VERY_UNSETTLED: ATTR_CONDITION_RAINY,
    Zambretti.OCCASIONAL_RAIN_WORSENING: ATTR_CONDITION_RAINY,
    Zambretti.RAIN_AT_TIMES_VERY_UNSETTLED: ATTR_CONDITION_RAINY,
    Zambretti.RAIN_AT_FREQUENT_INTERVALS: ATTR_CONDITION_RAINY,
    Zambretti.RAIN_VERY_UNSETTLED: ATTR_CONDITION_RAINY,
    Zambretti.STORMY_MAY_IMPROVE: ATTR_CONDITION_RAINY,
    Zambretti.STORMY_MUCH_RAIN: ATTR_CONDITION_POURING,
}


async def async_setup_entry(
    hass: HomeAssistant, entry: AnaviWeatherConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the weather of a station that can tell something about it."""
    coordinator = entry.runtime_data.coordinator
    async_follow_chips(coordinator, async_add_entities, partial(_weather, coordinator))


def _weather(coordinator: AnaviWeatherCoordinator) -> Iterator[AnaviWeatherEntity]:
    """Yield the weather if a chip measures what a condition follows from."""
    measured = {quantity for chip in coordinator.chips for quantity in quantities(chip)}
    if not measured.isdisjoint({Quantity.PRESSURE, Quantity.ILLUMINANCE}):
        yield AnaviWeather(coordinator)


class AnaviWeather(AnaviWeatherEntity, WeatherEntity):
    """The weather at the station."""

    _attr_name = None
    _attr_native_temperature_unit = UnitOfTemperature.CELSIUS
    _attr_native_pressure_unit = UnitOfPressure.HPA
    _attr_supported_features = WeatherEntityFeature.FORECAST_TWICE_DAILY

    def __init__(self, coordinator: AnaviWeatherCoordinator) -> None:
        """Initialize the weather."""
        super().__init__(coordinator, WEATHER)
        self._update()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        self._update()
        super()._handle_coordinator_update()
        self.coordinator.config_entry.async_create_task(self.hass, self.async_update_listeners(["twice_daily"]))

    @callback
    def _update(self) -> None:
        data = self.coordinator.data
        air = data.climate
        self._attr_native_temperature = data.value(Quantity.TEMPERATURE)
        self._attr_humidity = data.value(Quantity.HUMIDITY)
        self._attr_native_pressure = data.sea_level_pressure
        self._attr_native_dew_point = meteorology.dew_point(air.temperature, air.humidity) if air else None
        self._attr_native_apparent_temperature = (
            meteorology.apparent_temperature(air.temperature, air.humidity) if air else None
        )
        self._attr_condition = self._condition(dt_util.utcnow())

    def _condition(self, now: datetime) -> str | None:
        """Return the present condition: by day that of the sky, and otherwise the one to expect.

        The station does not notice rain, so rain to come means clouds now.
        """
        data = self.coordinator.data
        height = self._sun_elevation(now)
        if Quantity.ILLUMINANCE in data.sources:
            measured = data.value(Quantity.ILLUMINANCE)
            if found := sky(inf if measured is None else measured, height):
                return CONDITION_OF_SKY[found]
        if data.forecast is None:
            return None
        expected = CONDITION_OF_FORECAST[data.forecast]
        if expected == ATTR_CONDITION_SUNNY and height < 0:
            return ATTR_CONDITION_CLEAR_NIGHT
        return expected if expected in CONDITION_OF_SKY.values() else ATTR_CONDITION_CLOUDY

    def _sun_elevation(self, now: datetime) -> float:
        """Return the sun's elevation, in degrees."""
        return float(elevation(get_astral_observer(self.coordinator.hass), now))

    @override
    async def async_forecast_twice_daily(self) -> list[Forecast] | None:
        """Return the forecast for the day or night in which most of the next 12 hours lie."""
        if (found := self.coordinator.data.forecast) is None:
            return None
        middle = dt_util.now() + HALF_A_DAY / 2
        is_daytime = DAY_BEGINS <= middle.hour < DAY_BEGINS + 12
        day = middle if is_daytime or middle.hour >= DAY_BEGINS else middle - timedelta(days=1)
        begin = day.replace(hour=DAY_BEGINS if is_daytime else DAY_BEGINS + 12, minute=0, second=0, microsecond=0)
        condition = CONDITION_OF_FORECAST[found]
        if condition == ATTR_CONDITION_SUNNY and not is_daytime:
            condition = ATTR_CONDITION_CLEAR_NIGHT
        rain = self.coordinator.data.rain_probability
        return [
            Forecast(
                datetime=dt_util.as_utc(begin).isoformat(),
                is_daytime=is_daytime,
                condition=condition,
                precipitation_probability=None if rain is None else round(100 * rain),
            )
        ]
