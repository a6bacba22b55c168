"""Tests of the filters of entities."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.user_station.filters import NO_RULES, Filter, Rules, is_glob
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    label_registry as lr,
)

NAMES = ("sensor.one", "sensor.two", "light.one", "sun.sun")


@pytest.fixture
def one(
    entity_registry: er.EntityRegistry, device_registry: dr.DeviceRegistry, entry: MockConfigEntry
) -> er.RegistryEntry:
    """Return an entity of a device."""
    device = device_registry.async_get_or_create(config_entry_id=entry.entry_id, identifiers={("mqtt", "1")})
    return entity_registry.async_get_or_create(
        "sensor", "mqtt", "1", config_entry=entry, device_id=device.id, suggested_object_id="one", original_name="One"
    )


def matching(hass: HomeAssistant, rules: Rules) -> set[str]:
    """Return the entities that match, whatever their names."""
    rules_filter = Filter(hass, rules)
    assert rules_filter.names is None
    return {entry.entity_id for entry in er.async_get(hass).entities.values() if rules_filter.async_matches(entry)}


@pytest.mark.parametrize(
    ("rules", "names"),
    [
        (Rules(entities=["sun.sun"]), {"sun.sun"}),
        (Rules(domains=["sensor"]), {"sensor.one", "sensor.two"}),
        (Rules(globs=["*.one"]), {"sensor.one", "light.one"}),
        (Rules(globs=["sensor.t?o"], domains=["sun"]), {"sensor.two", "sun.sun"}),
        (Rules(globs=["*"]), set(NAMES)),
    ],
)
@pytest.mark.usefixtures("one")
def test_names(hass: HomeAssistant, entity_registry: er.EntityRegistry, rules: Rules, names: set[str]) -> None:
    rules_filter = Filter(hass, rules)
    assert set(filter(rules_filter.matches_name, NAMES)) == names
    assert rules_filter.names
    assert not rules_filter.async_matches(entity_registry.entities["sensor.one"])


@pytest.mark.parametrize(
    "glob", ["sensor.garden_*", "sensor.x", "*", "*_battery", "person*ana", "?un.sun", "sensor.t[a-z0]?", "*.[!a]*"]
)
def test_patterns_that_match_entity_ids(glob: str) -> None:
    assert is_glob(glob)


@pytest.mark.parametrize(
    "glob",
    [
        "",
        "person",
        "perso?",
        "Person.*",
        "person.* ",
        "person.",
        ".ana",
        "a.*, b.*",
        "a.b.*",
        "person.[ab",
        "person.á*",
    ],
)
def test_patterns_that_match_no_entity_id(glob: str) -> None:
    assert not is_glob(glob)


@pytest.mark.parametrize("rules", [NO_RULES, Rules(labels=["removed"], areas=["removed"]), Rules(entities=["0" * 32])])
@pytest.mark.usefixtures("one")
def test_rules_that_match_nothing(hass: HomeAssistant, rules: Rules) -> None:
    assert matching(hass, rules) == set()
    assert not any(map(Filter(hass, rules).matches_name, NAMES))


def test_a_renamed_entity_is_found_by_its_registry_id(
    hass: HomeAssistant, entity_registry: er.EntityRegistry, one: er.RegistryEntry
) -> None:
    entity_registry.async_update_entity("sensor.one", new_entity_id="sensor.two")
    assert matching(hass, Rules(entities=[one.id])) == {"sensor.two"}


@pytest.mark.parametrize("where", ["entity", "device"])
def test_areas(
    hass: HomeAssistant,
    area_registry: ar.AreaRegistry,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
    one: er.RegistryEntry,
    where: str,
) -> None:
    area_id = area_registry.async_create("Garden").id
    if where == "device":
        assert one.device_id
        device_registry.async_update_device(one.device_id, area_id=area_id)
    else:
        entity_registry.async_update_entity("sensor.one", area_id=area_id)
    assert matching(hass, Rules(areas=[area_id])) == {"sensor.one"}


@pytest.mark.parametrize("where", ["entity", "device", "area"])
def test_labels(
    hass: HomeAssistant,
    area_registry: ar.AreaRegistry,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
    label_registry: lr.LabelRegistry,
    one: er.RegistryEntry,
    where: str,
) -> None:
    entity_registry.async_get_or_create("sensor", "mqtt", "2", suggested_object_id="two")
    label_id = label_registry.async_create("Private").label_id
    assert one.device_id
    if where == "entity":
        entity_registry.async_update_entity("sensor.one", labels={label_id})
    elif where == "device":
        device_registry.async_update_device(one.device_id, labels={label_id})
    else:
        area = area_registry.async_create("Garden", labels={label_id})
        device_registry.async_update_device(one.device_id, area_id=area.id)
    assert matching(hass, Rules(labels=[label_id])) == {"sensor.one"}


def test_rules_are_stored_by_their_fields() -> None:
    assert Rules.from_data({"domains": ["sun"], "areas": ["garden"]}) == Rules(domains=("sun",), areas=("garden",))
    assert Rules.from_data({}) == Rules((), (), (), (), ())
