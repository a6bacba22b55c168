"""Comparison of a reading with a reference, now and in the recorder's history."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from math import isfinite

from homeassistant.components.recorder.history import state_changes_during_period
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.recorder import get_instance

type Convert = Callable[[float, str | None], float]
"""Converts a number from a unit to that of the quantity. Raises HomeAssistantError if the unit has another dimension."""


@dataclass(frozen=True, slots=True)
class Means:
    """Means of a reading and its reference over the time when both were known."""

    reading: float
    reference: float
    hours: float


def state_number(state: State) -> float | None:
    """Return a state as a number, or None if it is not one."""
    try:
        measured = float(state.state)
    except ValueError:
        return None
    return measured if isfinite(measured) else None


async def async_means(
    hass: HomeAssistant,
    reading_id: str,
    reference_id: str,
    convert: Convert,
    *,
    start: datetime,
    end: datetime,
    corrected_at: datetime | None = None,
) -> Means | None:
    """Return the means of two entities over the time when both were known, or None if the recorder has no such time.

    Args:
        hass: Home Assistant.
        reading_id: The entity of the reading.
        reference_id: The entity of the reference.
        convert: Converts states to the unit of the quantity.
        start: The beginning of the time.
        end: Its end.
        corrected_at: When the correction of the reading changed. States before count as unknown.
    """
    histories = [
        (
            await get_instance(hass).async_add_executor_job(
                partial(state_changes_during_period, hass, start, end, entity_id)
            )
        ).get(entity_id, [])
        for entity_id in (reading_id, reference_id)
    ]
    readings = _numbers(histories[0], convert, start, corrected_at)
    references = _numbers(histories[1], convert, start)
    return _means(readings, references, end.timestamp())


def _numbers(
    states: Iterable[State], convert: Convert, start: datetime, corrected_at: datetime | None = None
) -> list[tuple[float, float | None]]:
    """Return the times and numbers of states. A state before the start counts from the start."""
    numbers: list[tuple[float, float | None]] = []
    for state in states:
        is_old = corrected_at is not None and state.last_updated < corrected_at
        measured = None if is_old else state_number(state)
        if measured is not None:
            try:
                measured = convert(measured, state.attributes.get(ATTR_UNIT_OF_MEASUREMENT))
            except HomeAssistantError:
                measured = None  # the entity had a unit of another dimension
        numbers.append((max(state.last_updated_timestamp, start.timestamp()), measured))
    return numbers


def _means(
    readings: Sequence[tuple[float, float | None]], references: Sequence[tuple[float, float | None]], end: float
) -> Means | None:
    """Return the means weighted by time, while both are known."""
    seconds = reading_sum = reference_sum = 0.0
    for duration, reading, reference in _steps(readings, references, end):
        if reading is not None and reference is not None:
            seconds += duration
            reading_sum += reading * duration
            reference_sum += reference * duration
    if not seconds:
        return None
    return Means(reading_sum / seconds, reference_sum / seconds, seconds / 3600)


def _steps(
    readings: Sequence[tuple[float, float | None]], references: Sequence[tuple[float, float | None]], end: float
) -> Iterator[tuple[float, float | None, float | None]]:
    """Yield for how many seconds each pair of numbers was valid."""
    changes = sorted(
        [(at, 0, measured) for at, measured in readings] + [(at, 1, measured) for at, measured in references],
        key=lambda change: change[0],
    )
    times = [*(at for at, _, _ in changes), end]
    current: list[float | None] = [None, None]
    for (at, which, measured), until in zip(changes, times[1:], strict=True):
        current[which] = measured
        yield until - at, current[0], current[1]
