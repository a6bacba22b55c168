"""Tests of the renames of entities since Home Assistant started."""

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.anavi_weather.user_station.renames import Rename, async_renames, async_setup_renames
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er


async def test_renames_are_remembered_in_their_order(
    hass: HomeAssistant, entity_registry: er.EntityRegistry, freezer: FrozenDateTimeFactory
) -> None:
    async_setup_renames(hass)
    entry = entity_registry.async_get_or_create("sensor", "mqtt", "1", suggested_object_id="first")
    freezer.move_to("2026-11-25T00:00:00Z")
    entity_registry.async_update_entity("sensor.first", new_entity_id="sensor.second")
    freezer.tick(60)
    entity_registry.async_update_entity("sensor.second", name="New name")
    entity_registry.async_update_entity("sensor.second", new_entity_id="sensor.third")
    entity_registry.async_remove("sensor.third")
    await hass.async_block_till_done()
    assert async_renames(hass) == (
        Rename(entry.id, "sensor.first", "sensor.second", 1795564800.0),
        Rename(entry.id, "sensor.second", "sensor.third", 1795564860.0),
    )


async def test_no_renames_are_known_before_the_setup(hass: HomeAssistant) -> None:
    assert async_renames(hass) == ()


@pytest.mark.usefixtures("station")
async def test_the_integration_remembers_renames(hass: HomeAssistant, entity_registry: er.EntityRegistry) -> None:
    entity_registry.async_get_or_create("sensor", "mqtt", "1", suggested_object_id="first")
    entity_registry.async_update_entity("sensor.first", new_entity_id="sensor.second")
    await hass.async_block_till_done()
    assert [(rename.old, rename.new) for rename in async_renames(hass)] == [("sensor.first", "sensor.second")]
