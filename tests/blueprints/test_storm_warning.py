"""Tests of the blueprint that warns of a storm."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import mock_restore_cache

from homeassistant.const import STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, ServiceCall, State
from homeassistant.util import dt as dt_util

from .conftest import AUTOMATION, Automate, Wait, measure, minutes

TENDENCY = "sensor.pressure_tendency"


async def test_a_warning_of_a_storm(
    hass: HomeAssistant, automate: Automate, wait: Wait, warnings: list[ServiceCall]
) -> None:
    await measure(hass, TENDENCY, -1, "hPa")
    await automate("storm_warning", tendency=TENDENCY)

    await measure(hass, TENDENCY, -3.4, "hPa")
    await wait(minutes(5))
    await measure(hass, TENDENCY, -2.9, "hPa")  # not for long enough
    await wait(minutes(10))
    assert not warnings

    await measure(hass, TENDENCY, -3.4, "hPa")
    await wait(minutes(10))
    [warning] = warnings
    assert "-3.4 hPa" in warning.data["message"]

    # Crossing the threshold again, or a sensor that becomes available, is a new storm only hours later.
    for state in (-2, -4, STATE_UNAVAILABLE, -4, STATE_UNKNOWN, -5):
        await measure(hass, TENDENCY, state, "hPa")
        await wait(minutes(11))
    assert len(warnings) == 1
    await measure(hass, TENDENCY, 0, "hPa")
    await wait(timedelta(hours=6))
    await measure(hass, TENDENCY, -4, "hPa")
    await wait(minutes(10))
    assert len(warnings) == 2


@pytest.mark.parametrize(("hours", "expected"), [(1, 0), (7, 1)])
async def test_no_second_warning_of_a_storm_after_a_restart(
    hass: HomeAssistant,
    automate: Automate,
    wait: Wait,
    warnings: list[ServiceCall],
    freezer: FrozenDateTimeFactory,
    hours: int,
    expected: int,
) -> None:
    last = (dt_util.utcnow() - timedelta(hours=hours)).isoformat()
    mock_restore_cache(hass, [State(AUTOMATION, STATE_ON, {"last_triggered": last})])
    await measure(hass, TENDENCY, STATE_UNAVAILABLE)
    await automate("storm_warning", tendency=TENDENCY)

    await measure(hass, TENDENCY, -5, "hPa")
    await wait(minutes(10))

    assert len(warnings) == expected
