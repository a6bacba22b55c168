"""Outdoor temperature, for the reduction of the pressure to sea level."""

from datetime import timedelta
from functools import partial
from math import isfinite

from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfTemperature
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import TemperatureConverter

from .const import CONF_OUTDOOR_TEMPERATURE, DOMAIN
from .phat import Quantity
from .temperature_history import HISTORY_PERIOD, TemperatureHistory
from .unique_ids import station_unique_id


class OutdoorTemperature:
    """The temperature of a sensor that the user chose, or that of the station."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Initialize the temperature with an empty history."""
        self._hass = hass
        self._chosen: str | None = entry.options.get(CONF_OUTDOOR_TEMPERATURE)
        self._own_unique_id = station_unique_id(entry, Quantity.TEMPERATURE)
        self._history = TemperatureHistory()

    async def async_load(self) -> None:
        """Load the temperatures of the last hours from the recorder's statistics."""
        if (entity_id := self._entity_id()) is None:
            return
        statistics = await get_instance(self._hass).async_add_executor_job(
            partial(
                statistics_during_period,
                self._hass,
                dt_util.utcnow() - timedelta(seconds=HISTORY_PERIOD),
                None,
                {entity_id},
                "5minute",
                {TemperatureConverter.UNIT_CLASS: UnitOfTemperature.CELSIUS},
                {"mean"},
            )
        )
        for row in statistics.get(entity_id, ()):
            if (mean := row.get("mean")) is not None:
                self._history.add((row["start"] + row["end"]) / 2, mean)

    @callback
    def async_mean(self, own: float | None) -> float | None:
        """Return the mean of the temperatures of now and 12 hours ago, in °C, or None if there is none.

        The chosen sensor may be unavailable for half an hour. After that, the station's own temperature is used.

        Args:
            own: The station's own temperature, in °C.
        """
        now = dt_util.utcnow().timestamp()
        current = self._measured_by_chosen() if self._chosen else own
        if current is not None:
            self._history.add(now, current)
        elif (current := self._history.at(now)) is None and (current := own) is None:
            return None
        return self._history.mean(now, current)

    def _entity_id(self) -> str | None:
        registry = er.async_get(self._hass)
        if self._chosen:
            return er.async_resolve_entity_id(registry, self._chosen)
        return registry.async_get_entity_id(SENSOR_DOMAIN, DOMAIN, self._own_unique_id)

    def _measured_by_chosen(self) -> float | None:
        entity_id = self._entity_id()
        if entity_id is None or (state := self._hass.states.get(entity_id)) is None:
            return None
        unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
        if unit not in TemperatureConverter.VALID_UNITS:
            return None
        try:
            temperature = TemperatureConverter.convert(float(state.state), unit, UnitOfTemperature.CELSIUS)
        except ValueError:
            return None  # unavailable or unknown
        return temperature if isfinite(temperature) else None
