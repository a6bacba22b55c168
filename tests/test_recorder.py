"""Tests of the statistics of counters that had a unit in version 1.0.0."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_recorder_block_till_done,
    async_wait_recording_done,
    do_adhoc_statistics,
    get_start_time,
    statistics_during_period,
)

from custom_components.anavi_weather.recorder import FORMER_UNITS
from homeassistant.components.recorder.statistics import async_list_statistic_ids
from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from .test_sensor import STATION, set_up
from .test_translations import LANGUAGES

ERRORS = f"{STATION}errors"


@pytest.fixture
def recorded_entities() -> Sequence[str]:
    """Have the recorder store states, which these tests read."""
    return ("*",)


async def compile_statistics(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let five minutes pass, and compile their statistics."""
    start = get_start_time(dt_util.utcnow())
    freezer.tick(300)
    await async_wait_recording_done(hass)
    do_adhoc_statistics(hass, start=start)
    await async_recorder_block_till_done(hass)


@pytest.mark.parametrize("former", FORMER_UNITS["errors"])
@pytest.mark.usefixtures("simulator")
async def test_the_statistics_of_a_counter_of_version_1_0_go_on(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory, former: str
) -> None:
    assert await async_setup_component(hass, SENSOR_DOMAIN, {})  # compiles the statistics
    start = get_start_time(dt_util.utcnow())
    freezer.move_to(start)
    attributes = {"state_class": "total_increasing", ATTR_UNIT_OF_MEASUREMENT: former}
    hass.states.async_set(ERRORS, "5", attributes)
    await compile_statistics(hass, freezer)
    hass.states.async_remove(ERRORS)

    await set_up(hass, entry)
    await compile_statistics(hass, freezer)
    await compile_statistics(hass, freezer)

    state = hass.states.get(ERRORS)
    assert state
    assert ATTR_UNIT_OF_MEASUREMENT not in state.attributes
    (statistic,) = await async_list_statistic_ids(hass, {ERRORS})
    assert statistic["statistics_unit_of_measurement"] is None
    rows: Iterable[dict[str, float]] = statistics_during_period(hass, start, period="5minute", statistic_ids={ERRORS})[
        ERRORS
    ]
    assert [row["start"] for row in rows] == [
        (start + timedelta(minutes=5 * number)).timestamp() for number in range(3)
    ]
    assert [row["state"] for row in rows] == [5, 0, 0]


def test_former_counters_exist_without_a_unit() -> None:
    for texts in LANGUAGES.values():
        sensors = texts["entity"][SENSOR_DOMAIN]
        assert FORMER_UNITS.keys() <= sensors.keys()
        assert not [key for key, sensor in sensors.items() if "unit_of_measurement" in sensor]
