"""Tests of the blueprint that switches lights by illuminance."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, ServiceCall

from .conftest import Automate, Wait, measure, minutes

LIGHT = "sensor.illuminance"
MOTION = "binary_sensor.motion"


@pytest.fixture
def switched(hass: HomeAssistant) -> list[ServiceCall]:
    """Return the calls that switch lights."""
    calls: list[ServiceCall] = async_mock_service(hass, "homeassistant", "turn_on")
    hass.services.async_register("homeassistant", "turn_off", calls.append)
    return calls


def services(calls: list[ServiceCall]) -> list[str]:
    """Return the services called since the last call."""
    names = [call.service for call in calls]
    calls.clear()
    return names


LIGHTS: dict[str, Any] = {"illuminance": LIGHT, "lights": {"entity_id": "light.garden"}}


async def test_lights_are_switched_by_illuminance(
    hass: HomeAssistant, automate: Automate, wait: Wait, switched: list[ServiceCall]
) -> None:
    await measure(hass, LIGHT, 1000, "lx")
    await automate("lights_by_illuminance", **LIGHTS)

    await measure(hass, LIGHT, 30, "lx")
    await wait(minutes(1))
    await measure(hass, LIGHT, 300, "lx")  # it was a cloud
    await wait(minutes(3))
    assert services(switched) == ["turn_off"]

    await measure(hass, LIGHT, 30, "lx")
    await wait(minutes(2))
    assert switched[0].data["entity_id"] == ["light.garden"]
    assert services(switched) == ["turn_on"]
    for lux in (120, 180, STATE_UNAVAILABLE, 180, STATE_UNKNOWN, 60):
        await measure(hass, LIGHT, lux, "lx")
        await wait(minutes(3))
    assert services(switched) == []

    await measure(hass, LIGHT, 250, "lx")
    await wait(minutes(2))
    assert services(switched) == ["turn_off"]


@pytest.mark.parametrize("lux", [0, 1000])
@pytest.mark.parametrize("before", [STATE_UNAVAILABLE, STATE_UNKNOWN, None])
async def test_lights_do_not_change_after_a_restart(
    hass: HomeAssistant, automate: Automate, wait: Wait, switched: list[ServiceCall], lux: int, before: str | None
) -> None:
    if before:
        await measure(hass, LIGHT, before)
    await automate("lights_by_illuminance", **LIGHTS)

    await measure(hass, LIGHT, lux, "lx")
    await wait(minutes(5))

    assert services(switched) == []


async def test_lights_are_switched_by_motion_in_the_dark(
    hass: HomeAssistant, automate: Automate, wait: Wait, switched: list[ServiceCall]
) -> None:
    await measure(hass, LIGHT, 1000, "lx")
    await measure(hass, MOTION, STATE_OFF)
    await automate("lights_by_illuminance", **LIGHTS, motion=[MOTION])

    await measure(hass, MOTION, STATE_ON)
    await measure(hass, MOTION, STATE_OFF)
    await measure(hass, LIGHT, 10, "lx")
    await wait(minutes(3))
    assert services(switched) == []  # bright, then dark without motion

    for state in (STATE_UNAVAILABLE, STATE_ON, STATE_OFF):
        await measure(hass, MOTION, state)
    assert services(switched) == []  # a sensor that becomes available has not detected motion
    await measure(hass, MOTION, STATE_ON)
    assert services(switched) == ["turn_on"]
    await measure(hass, MOTION, STATE_OFF)
    await wait(minutes(4))
    assert services(switched) == []
    await wait(minutes(1))
    assert services(switched) == ["turn_off"]
