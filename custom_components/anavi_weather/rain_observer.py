"""Rain that an entity of the user's choice has observed, from the recorder."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from itertools import pairwise
from math import isfinite

from homeassistant.components.binary_sensor import DOMAIN as BINARY_SENSOR_DOMAIN
from homeassistant.components.recorder.history import state_changes_during_period
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import (
    ATTR_DEVICE_CLASS,
    ATTR_UNIT_OF_MEASUREMENT,
    STATE_OFF,
    STATE_ON,
    UnitOfPrecipitationDepth,
    UnitOfVolumetricFlux,
)
from homeassistant.core import HomeAssistant, State, split_entity_id
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.recorder import get_instance
from homeassistant.util.unit_conversion import BaseUnitConverter, DistanceConverter, SpeedConverter

from .rain import MIN_RAIN

MIN_INTENSITY = 0.1  # mm/h; less is the noise of a sensor
MAX_UNKNOWN = 3600.0  # seconds of a period for which an entity may have no state


async def async_has_rained(hass: HomeAssistant, entity_id: str, begin: datetime, end: datetime) -> bool | None:
    """Return whether it rained in a period, or None if the entity was away for too long to know."""
    history = await get_instance(hass).async_add_executor_job(
        partial(state_changes_during_period, hass, begin, end, entity_id, include_start_time_state=True)
    )
    return has_rained(history.get(entity_id, ()), begin.timestamp(), end.timestamp())


def has_rained(states: Sequence[State], begin: float, end: float) -> bool | None:
    """Return whether it rained between two times, in seconds since the epoch, or None if too little is known.

    Args:
        states: States of one entity: the one at the beginning, and those after each change.
        begin: The beginning of the period.
        end: Its end.
    """
    if not states:
        return None
    if split_entity_id(states[-1].entity_id)[0] == BINARY_SENSOR_DOMAIN:
        observe, judge = _wetness, _is_wet
    elif states[-1].attributes.get(ATTR_DEVICE_CLASS) == SensorDeviceClass.PRECIPITATION_INTENSITY:
        observe, judge = _intensity, _is_intense
    else:
        observe, judge = _depth, _has_risen
    observations = [(max(state.last_updated_timestamp, begin), observe(state)) for state in states]
    if judge([value for _, value in observations if value is not None]):
        return True
    times = [begin, *(time for time, _ in observations), end]
    are_known = [False, *(value is not None for _, value in observations)]
    unknown = sum(
        after - before for (before, after), is_known in zip(pairwise(times), are_known, strict=True) if not is_known
    )
    return None if unknown > MAX_UNKNOWN else False


def _wetness(state: State) -> float | None:
    return {STATE_ON: 1.0, STATE_OFF: 0.0}.get(state.state)


def _intensity(state: State) -> float | None:
    """Return the intensity in mm/h, or None if it is unknown."""
    return _number(state, SpeedConverter, UnitOfVolumetricFlux.MILLIMETERS_PER_HOUR)


def _depth(state: State) -> float | None:
    """Return the collected rain in mm, or None if it is unknown."""
    return _number(state, DistanceConverter, UnitOfPrecipitationDepth.MILLIMETERS)


def _number(state: State, converter: type[BaseUnitConverter], unit: str) -> float | None:
    try:
        number = converter.convert(float(state.state), state.attributes.get(ATTR_UNIT_OF_MEASUREMENT), unit)
    except ValueError, HomeAssistantError:
        return None  # unavailable or unknown, or in the unit of something else
    return number if isfinite(number) else None


def _is_wet(values: Sequence[float]) -> bool:
    return any(values)


def _is_intense(values: Sequence[float]) -> bool:
    return any(value >= MIN_INTENSITY for value in values)


def _has_risen(values: Sequence[float]) -> bool:
    """Return whether a rain gauge has collected enough. It may start again at zero."""
    risen = sum(after - before if after >= before else after for before, after in pairwise(values))
    return round(risen, 3) >= MIN_RAIN
