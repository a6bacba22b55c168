"""Tests of the registry data of entities."""

from collections.abc import Callable

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.const import DOMAIN
from custom_components.anavi_weather.user_station.documents import MAX_TEXT, Origin
from custom_components.anavi_weather.user_station.origins import async_origin, async_track_origins
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    floor_registry as fr,
    label_registry as lr,
)


@pytest.fixture
def device(device_registry: dr.DeviceRegistry, entry: MockConfigEntry) -> dr.DeviceEntry:
    """Return a device."""
    return device_registry.async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={(DOMAIN, "1")}, name="Board"
    )


@pytest.fixture
def entity(entity_registry: er.EntityRegistry, entry: MockConfigEntry, device: dr.DeviceEntry) -> er.RegistryEntry:
    """Return an entity of the device."""
    return entity_registry.async_get_or_create(
        "sensor", DOMAIN, "1", config_entry=entry, device_id=device.id, original_device_class="humidity"
    )


@pytest.fixture
def garden(area_registry: ar.AreaRegistry, floor_registry: fr.FloorRegistry) -> ar.AreaEntry:
    """Return an area on a floor."""
    return area_registry.async_create("Garden", floor_id=floor_registry.async_create("Ground floor").floor_id)


def test_an_entity_without_a_device(hass: HomeAssistant, entity_registry: er.EntityRegistry) -> None:
    entity = entity_registry.async_get_or_create("sensor", "mqtt", "1", translation_key="dew_point")
    assert async_origin(hass, entity) == Origin("mqtt", "dew_point")


def test_an_entity_is_where_its_device_is(
    hass: HomeAssistant,
    device_registry: dr.DeviceRegistry,
    label_registry: lr.LabelRegistry,
    entity_registry: er.EntityRegistry,
    device: dr.DeviceEntry,
    entity: er.RegistryEntry,
    garden: ar.AreaEntry,
) -> None:
    assert async_origin(hass, entity) == Origin(DOMAIN, "humidity", device="Board")
    outside, weather = label_registry.async_create("Outside"), label_registry.async_create("Ambient")
    device_registry.async_update_device(
        device.id, area_id=garden.id, name_by_user="My board", labels={outside.label_id, "deleted"}
    )
    entity = entity_registry.async_update_entity(entity.entity_id, labels={weather.label_id, outside.label_id})
    assert async_origin(hass, entity) == Origin(
        DOMAIN, "humidity", "My board", "Garden", "Ground floor", ("Ambient", "Outside")
    )


def test_an_entitys_own_area_comes_before_its_devices(
    hass: HomeAssistant,
    area_registry: ar.AreaRegistry,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
    device: dr.DeviceEntry,
    entity: er.RegistryEntry,
    garden: ar.AreaEntry,
) -> None:
    device_registry.async_update_device(device.id, area_id=garden.id)
    entity = entity_registry.async_update_entity(
        entity.entity_id, name="Own", area_id=area_registry.async_create("Roof").id
    )
    origin = async_origin(hass, entity)
    assert (origin.area, origin.floor) == ("Roof", None)


def test_long_names_are_cut(
    hass: HomeAssistant,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
    label_registry: lr.LabelRegistry,
    device: dr.DeviceEntry,
    entity: er.RegistryEntry,
) -> None:
    device_registry.async_update_device(device.id, name_by_user="x" * 2000)
    label = label_registry.async_create("y" * 2000)
    entity = entity_registry.async_update_entity(entity.entity_id, labels={label.label_id})
    origin = async_origin(hass, entity)
    assert (origin.device, origin.labels) == ("x" * MAX_TEXT, ("y" * MAX_TEXT,))


@pytest.mark.parametrize("change", ["device", "area", "floor", "label"])
async def test_changes_are_reported_until_it_is_stopped(
    hass: HomeAssistant,
    area_registry: ar.AreaRegistry,
    device_registry: dr.DeviceRegistry,
    floor_registry: fr.FloorRegistry,
    label_registry: lr.LabelRegistry,
    device: dr.DeviceEntry,
    garden: ar.AreaEntry,
    change: str,
) -> None:
    await hass.async_block_till_done()
    assert garden.floor_id
    label = label_registry.async_create("Outside")
    await hass.async_block_till_done()
    rename: dict[str, Callable[[str], object]] = {
        "device": lambda name: device_registry.async_update_device(device.id, name_by_user=name),
        "area": lambda name: area_registry.async_update(garden.id, name=name),
        "floor": lambda name: floor_registry.async_update(garden.floor_id or "", name=name),
        "label": lambda name: label_registry.async_update(label.label_id, name=name),
    }
    changes: list[str] = []
    stop = async_track_origins(hass, lambda: changes.append(change))
    rename[change]("new")
    await hass.async_block_till_done()
    assert changes == [change]
    stop()
    rename[change]("newer")
    await hass.async_block_till_done()
    assert changes == [change]
