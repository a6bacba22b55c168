"""Forecast of rain for a station, which learns from an entity that observes rain."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import voluptuous as vol

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from .const import CONF_RAIN, DOMAIN, LOGGER
from .rain import PERIOD, Predictors, Recalibration, Verification
from .rain_observer import async_has_rained
from .storage import DAMAGES

VERSION = 1
HOUR = timedelta(hours=1)
MAX_PENDING = round(PERIOD / HOUR.total_seconds()) + 2

_NUMBER = vol.All(vol.Any(int, float), vol.Coerce(float))
_COUNT = vol.All(int, vol.Range(min=0))
SCHEMA = vol.Schema(
    {
        "entity": str,
        "pending": [vol.ExactSequence([_NUMBER, _NUMBER, _NUMBER])],
        "recalibration": {
            "offset": _NUMBER,
            "slope": _NUMBER,
            "information": vol.All([_NUMBER], vol.Length(3, 3), vol.Coerce(tuple)),
        },
        "verification": {"hours": _COUNT, "rainy": _COUNT, "right": _COUNT, "square_error": _NUMBER},
    },
    required=True,
)


class RainForecast:
    """The forecast of rain of one station. Each hour, it learns from the one of 12 hours ago."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Initialize the forecast as fitted, without anything learned."""
        self._hass = hass
        self._chosen: str | None = entry.options.get(CONF_RAIN)
        self._store = _open(hass, entry.entry_id)
        self._pending: list[tuple[float, float, float]] = []  # time, log odds, probability
        self._recalibration = Recalibration()
        self._predictors: Predictors | None = None
        self.verification = Verification()

    @property
    def is_verified(self) -> bool:
        """Whether there is an entity that observes rain."""
        return self._chosen is not None

    async def async_load(self) -> None:
        """Load what was learned from the chosen entity."""
        if self._chosen is None:
            return
        try:
            if (data := await self._store.async_load()) is None or SCHEMA(data)["entity"] != self._chosen:
                return
            self._pending = [tuple(forecast) for forecast in data["pending"]]
            self._recalibration = Recalibration(**SCHEMA(data)["recalibration"])
            self.verification = Verification(**data["verification"])
        except DAMAGES as err:
            LOGGER.error("Cannot read what was learned about rain: %s: %s", type(err).__name__, err)

    @callback
    def async_start(self) -> CALLBACK_TYPE:
        """Learn each hour, if there is an entity to learn from. Return a function to stop."""
        if self._chosen is None:
            return lambda: None
        return async_track_time_interval(self._hass, self._async_learn, HOUR, name=f"{DOMAIN} rain")

    @callback
    def async_probability(self, predictors: Predictors | None) -> float | None:
        """Return the probability of rain in the next 12 hours, or None if it is unknown or says nothing here.

        Args:
            predictors: The station's present weather.
        """
        self._predictors = predictors
        if predictors is None or not self.verification.is_credible(self._hass.config.latitude):
            return None
        return self._recalibration.probability(predictors.log_odds)

    async def _async_learn(self, now: datetime) -> None:
        """Verify the forecasts whose period is over, learn from them, and remember the present one."""
        timestamp = now.timestamp()
        self._pending = [forecast for forecast in self._pending if forecast[0] <= timestamp][-MAX_PENDING:]
        while self._pending and self._pending[0][0] + PERIOD <= timestamp:
            time, log_odds, probability = self._pending.pop(0)
            begin = dt_util.utc_from_timestamp(time)
            has_rained = await async_has_rained(self._hass, self._entity_id(), begin, begin + timedelta(seconds=PERIOD))
            if has_rained is not None:
                self.verification = self.verification.add(probability, has_rained)
                self._recalibration = self._recalibration.learn(log_odds, has_rained)
        if self._predictors is not None:
            log_odds = self._predictors.log_odds
            self._pending.append((timestamp, log_odds, self._recalibration.probability(log_odds)))
        await self._store.async_save(
            {
                "entity": self._chosen,
                "pending": self._pending,
                "recalibration": asdict(self._recalibration),
                "verification": asdict(self.verification),
            }
        )

    def _entity_id(self) -> str:
        assert self._chosen
        return er.async_resolve_entity_id(er.async_get(self._hass), self._chosen) or self._chosen


async def async_remove_rain_forecast(hass: HomeAssistant, entry_id: str) -> None:
    """Delete what a station that was removed has learned."""
    await _open(hass, entry_id).async_remove()


def _open(hass: HomeAssistant, entry_id: str) -> Store[dict[str, Any]]:
    return Store(hass, VERSION, f"{DOMAIN}.{entry_id}.rain", atomic_writes=True)
