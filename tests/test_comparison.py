"""Tests of the comparison of a reading with a reference in the recorder's history."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

import pytest
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done

from custom_components.anavi_weather.comparison import Means, async_means, state_number
from custom_components.anavi_weather.phat import Quantity
from custom_components.anavi_weather.user_units import QUANTITY_UNITS
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, State
from homeassistant.util import dt as dt_util

READING = "sensor.reading"
REFERENCE = "sensor.reference"
HOUR = 3600


@pytest.fixture
def recorded_entities() -> Sequence[str]:
    """Have the recorder store states, which these tests read."""
    return ("*",)


async def record(hass: HomeAssistant, entity_id: str, states: Iterable[tuple[float, str, str]]) -> None:
    """Record states: hours ago, state, unit."""
    now = dt_util.utcnow().timestamp()
    for hours, state, unit in states:
        hass.states.async_set(
            entity_id, state, {ATTR_UNIT_OF_MEASUREMENT: unit}, timestamp=now - hours * HOUR, force_update=True
        )
    await async_wait_recording_done(hass)


async def means(hass: HomeAssistant, hours: float) -> Means | None:
    """Return the means of the last hours."""
    end = dt_util.utcnow()
    to_celsius = QUANTITY_UNITS[Quantity.TEMPERATURE].to_native
    return await async_means(hass, READING, REFERENCE, to_celsius, start=end - timedelta(hours=hours), end=end)


@pytest.mark.usefixtures("freezer")
async def test_means_are_weighted_by_time(hass: HomeAssistant) -> None:
    await record(hass, READING, [(8, "10", "°C"), (5, "20", "°C"), (2, "26", "°C")])
    await record(hass, REFERENCE, [(8, "64.4", "°F"), (1, "68", "°F")])

    found = await means(hass, 6)

    # 10 °C for 1 h, 20 °C for 3 h and 26 °C for 2 h; 18 °C for 5 h and 20 °C for 1 h
    assert found
    assert (found.reading, found.reference, found.hours) == pytest.approx((122 / 6, 110 / 6, 6))


@pytest.mark.usefixtures("freezer")
async def test_only_the_time_counts_when_both_are_known(hass: HomeAssistant) -> None:
    await record(hass, READING, [(8, "20", "°C"), (3, STATE_UNAVAILABLE, "°C"), (2, "20", "°C")])
    await record(hass, REFERENCE, [(4, "18", "°C"), (1, "40", "%"), (0.5, "19", "°C")])

    found = await means(hass, 6)

    # Hours 4 to 3, 2 to 1, and the last half
    assert found
    assert (found.reading, found.reference, found.hours) == pytest.approx((20, (18 * 2 + 19 * 0.5) / 2.5, 2.5))


@pytest.mark.usefixtures("freezer")
async def test_there_are_no_means_without_history(hass: HomeAssistant) -> None:
    assert await means(hass, 6) is None

    await record(hass, READING, [(8, "20", "°C")])
    assert await means(hass, 6) is None


@pytest.mark.parametrize(
    ("state", "expected"), [("20.5", 20.5), ("unknown", None), ("nan", None), ("inf", None), ("on", None)]
)
def test_a_state_that_is_no_number(state: str, expected: float | None) -> None:
    assert state_number(State(READING, state)) == expected
