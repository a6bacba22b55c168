"""Fixtures and helpers for the tests of the blueprints."""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import PropertyMock, patch

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed, async_mock_service

from homeassistant.components.automation.const import DOMAIN as AUTOMATION_DOMAIN
from homeassistant.components.blueprint import models
from homeassistant.const import STATE_ON
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.setup import async_setup_component
from tests.conftest import value

FOLDER = Path(__file__).parents[2] / "blueprints" / "automation"
AUTOMATION = "automation.test"

type Automate = Callable[..., Coroutine[Any, Any, None]]
type Wait = Callable[[timedelta], Coroutine[Any, Any, None]]


@pytest.fixture(autouse=True)
def blueprint_folder() -> Iterator[None]:
    """Use our folder of blueprints from the start, because Home Assistant copies its own into a missing folder."""
    with patch.object(models.DomainBlueprints, "blueprint_folder", PropertyMock(return_value=FOLDER)):
        yield


@pytest.fixture
async def automate(hass: HomeAssistant) -> AsyncIterator[Automate]:
    """Return a function that creates an automation from a blueprint and its inputs."""

    async def automate(name: str, /, **inputs: Any) -> None:
        use = {"path": f"anavi_weather/{name}.yaml", "input": inputs}
        config = {AUTOMATION_DOMAIN: {"id": "test", "alias": "Test", "use_blueprint": use}}
        assert await async_setup_component(hass, AUTOMATION_DOMAIN, config)
        await hass.async_block_till_done()
        assert value(hass, AUTOMATION) == STATE_ON

    yield automate
    # Otherwise its time triggers would continue.
    await hass.services.async_call(AUTOMATION_DOMAIN, "turn_off", {"entity_id": AUTOMATION}, blocking=True)


@pytest.fixture
def wait(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Wait:
    """Return a function that advances the time."""

    async def wait(duration: timedelta) -> None:
        freezer.tick(duration)
        async_fire_time_changed(hass)
        await hass.async_block_till_done()

    return wait


@pytest.fixture
def warnings(hass: HomeAssistant) -> list[ServiceCall]:
    """Return the notifications that are created."""
    calls: list[ServiceCall] = async_mock_service(hass, "persistent_notification", "create")
    return calls


async def measure(hass: HomeAssistant, entity_id: str, state: float | str, unit: str = "") -> None:
    """Set the state of a sensor."""
    hass.states.async_set(entity_id, str(state), {"unit_of_measurement": unit} if unit else None)
    await hass.async_block_till_done()


def minutes(number: float) -> timedelta:
    """Return a duration that is just longer than some minutes."""
    return timedelta(minutes=number, seconds=1)
