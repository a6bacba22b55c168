"""Temperature and humidity of the room of an air conditioner: of sensors that the user chose, or those of the station."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, PERCENTAGE, UnitOfTemperature
from homeassistant.core import CALLBACK_TYPE, Event, EventStateChangedData, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util.unit_conversion import TemperatureConverter

from .const import CONF_HUMIDITY_ENTITY, CONF_TEMPERATURE_ENTITY
from .coordinator import AnaviWeatherCoordinator
from .phat import Quantity


class RoomClimate:
    """The climate of a room."""

    def __init__(self, coordinator: AnaviWeatherCoordinator, data: Mapping[str, Any]) -> None:
        """Initialize the climate with the data of an infrared device's subentry."""
        self._hass = coordinator.hass
        self._coordinator = coordinator
        self._chosen_temperature: str | None = data.get(CONF_TEMPERATURE_ENTITY)
        self._chosen_humidity: str | None = data.get(CONF_HUMIDITY_ENTITY)

    def temperature(self, unit: str) -> float | None:
        """Return the temperature in a unit, or None if it is unknown."""
        if self._chosen_temperature:
            value, measured_in = self._measured(self._chosen_temperature)
        else:
            value, measured_in = self._own(Quantity.TEMPERATURE), UnitOfTemperature.CELSIUS
        if value is None or measured_in not in TemperatureConverter.VALID_UNITS:
            return None
        return TemperatureConverter.convert(value, measured_in, unit)

    @property
    def humidity(self) -> float | None:
        """The humidity in %, or None if it is unknown."""
        if self._chosen_humidity:
            value, measured_in = self._measured(self._chosen_humidity)
            return value if measured_in == PERCENTAGE else None
        # The air of a sensor elsewhere has another humidity
        return None if self._chosen_temperature else self._own(Quantity.HUMIDITY)

    @callback
    def async_subscribe(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call a listener when the climate may have changed. Return a function to unsubscribe.

        The changes of a sensor that is renamed later are noticed when the station reads its chips.
        """

        @callback
        def on_change(event: Event[EventStateChangedData]) -> None:
            listener()

        chosen = map(self._entity_id, filter(None, (self._chosen_temperature, self._chosen_humidity)))
        untrack = async_track_state_change_event(self._hass, list(filter(None, chosen)), on_change)
        remove_listener = self._coordinator.async_add_listener(listener)

        @callback
        def unsubscribe() -> None:
            untrack()
            remove_listener()

        return unsubscribe

    def _own(self, quantity: Quantity) -> float | None:
        return self._coordinator.data.value(quantity) if self._coordinator.last_update_success else None

    def _measured(self, chosen: str) -> tuple[float | None, str | None]:
        """Return a sensor's value and unit."""
        entity_id = self._entity_id(chosen)
        if entity_id is None or (state := self._hass.states.get(entity_id)) is None:
            return None, None
        try:
            value = float(state.state)
        except ValueError:  # unavailable or unknown
            return None, None
        return value if isfinite(value) else None, state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)

    def _entity_id(self, chosen: str) -> str | None:
        return er.async_resolve_entity_id(er.async_get(self._hass), chosen)
