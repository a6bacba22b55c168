"""Tests of the entities as Home Assistant sees them."""

from dataclasses import replace
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, snapshot_platform
from syrupy.assertion import SnapshotAssertion

from custom_components.anavi_weather import PLATFORMS
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.usefixtures("entity_registry_enabled_by_default", "simulator")
async def test_entities(
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
    entry: MockConfigEntry,
    platform: Platform,
) -> None:
    with patch("custom_components.anavi_weather.PLATFORMS", [platform]):
        await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
    coordinator = entry.runtime_data.coordinator
    # The time changes with every transfer that a driver makes more or less.
    coordinator.async_set_updated_data(
        replace(coordinator.data, reading=replace(coordinator.data.reading, duration=0.1))
    )

    await snapshot_platform(hass, entity_registry, snapshot, entry.entry_id)


@pytest.mark.usefixtures("station")
async def test_what_few_want_is_disabled_by_default(entity_registry: er.EntityRegistry) -> None:
    disabled = {entry.entity_id for entry in entity_registry.entities.values() if entry.disabled_by}
    assert disabled == {
        "sensor.simulated_phat_absolute_humidity",
        "sensor.simulated_phat_read_time",
        "sensor.simulated_phat_temperature_bmp180",
    }
