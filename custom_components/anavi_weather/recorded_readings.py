"""Readings of a station in the recorder, from which its checks and tendencies continue after a restart."""

from datetime import timedelta
from functools import partial
from typing import NamedTuple

from homeassistant.components.recorder.history import state_changes_during_period
from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, LIGHT_LUX, PERCENTAGE, UnitOfPressure, UnitOfTemperature
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import PressureConverter, TemperatureConverter

from .calibration import Calibration
from .const import ATTR_CHIP, DOMAIN
from .phat import Quantity
from .unique_ids import station_unique_id


class RecordedReading(NamedTuple):
    """A value of a quantity, in the unit of the chips."""

    timestamp: float  # seconds since the epoch
    chip: str | None
    """The chip that provided it. Version 1.0.0 did not record it."""
    value: float
    later_changes: int
    """How often a correction was changed later. With each change, readings are on another scale."""


async def async_recorded_readings(
    hass: HomeAssistant,
    entry: ConfigEntry,
    calibration: Calibration,
    quantity: Quantity,
    period: float,
    *,
    with_start: bool = False,
) -> list[RecordedReading]:
    """Return the changes of a quantity in a period that ends now.

    Args:
        hass: Home Assistant.
        entry: The station.
        calibration: Its corrections.
        quantity: The quantity.
        period: The period in seconds.
        with_start: Whether to include the reading that held at the beginning.
    """
    unique_id = station_unique_id(entry, quantity)
    if not (entity_id := er.async_get(hass).async_get_entity_id(SENSOR_DOMAIN, DOMAIN, unique_id)):
        return []
    start = dt_util.utcnow() - timedelta(seconds=period)
    history = await get_instance(hass).async_add_executor_job(
        partial(state_changes_during_period, hass, start, entity_id=entity_id, include_start_time_state=with_start)
    )
    changes = calibration.changes(quantity)
    return [
        RecordedReading(
            max(state.last_updated_timestamp, start.timestamp()),
            state.attributes.get(ATTR_CHIP),
            value,
            sum(state.last_updated < change for change in changes),
        )
        for state in history.get(entity_id, ())
        if (value := _value(quantity, state)) is not None
    ]


def _value(quantity: Quantity, state: State) -> float | None:
    """Return a state in the unit of the chips, or None if it is unavailable, unknown, or in a custom unit."""
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    try:
        value = float(state.state)
        if quantity is Quantity.TEMPERATURE:
            return TemperatureConverter.convert(value, unit, UnitOfTemperature.CELSIUS)
        if quantity is Quantity.PRESSURE:
            return PressureConverter.convert(value, unit, UnitOfPressure.HPA)
    except ValueError, HomeAssistantError:
        return None
    return value if unit in (LIGHT_LUX, PERCENTAGE) else None
