"""Tests of the selection of entities, and of their registry data."""

from collections.abc import Iterator

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.const import DOMAIN
from custom_components.anavi_weather.user_station.documents import Origin
from custom_components.anavi_weather.user_station.entities import Entities, SelectedEntities, Selection, entity_ids
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er


@pytest.fixture
def ours(hass: HomeAssistant, entry: MockConfigEntry, entity_registry: er.EntityRegistry) -> er.RegistryEntry:
    """Return an entity of the station. Another integration has one too."""
    other = MockConfigEntry(domain="mqtt", entry_id="01OTHER")
    other.add_to_hass(hass)
    entity_registry.async_get_or_create("sensor", "mqtt", "1", config_entry=other, suggested_object_id="other")
    return entity_registry.async_get_or_create(
        "sensor", DOMAIN, "1", config_entry=entry, suggested_object_id="ours", translation_key="dew_point"
    )


def select(hass: HomeAssistant, selection: Selection, *chosen: str) -> Entities:
    """Return a selection."""
    return Entities(hass, "01STATION", selection, chosen)


def selected(*entity_ids: str, new: tuple[str, ...] = ()) -> SelectedEntities:
    """Return selected entities."""
    return SelectedEntities(frozenset(entity_ids), frozenset(new))


@pytest.mark.usefixtures("ours")
def test_select_all_entities(hass: HomeAssistant) -> None:
    assert select(hass, Selection.ALL).async_select({"sensor.known"}) == SelectedEntities(None, frozenset())


@pytest.mark.usefixtures("ours")
def test_select_the_stations_own_entities(hass: HomeAssistant) -> None:
    entities = select(hass, Selection.STATION)
    assert entities.async_select(set()) == selected("sensor.ours", new=("sensor.ours",))
    assert entities.async_select({"sensor.ours"}) == selected("sensor.ours")


@pytest.mark.usefixtures("ours")
@pytest.mark.parametrize("selection", [Selection.STATION, Selection.CHOSEN])
def test_known_ids_are_not_changed_and_may_change_later(hass: HomeAssistant, selection: Selection) -> None:
    known = {"sensor.known"}
    result = select(hass, selection, "sensor.ours").async_select(known)
    assert known == {"sensor.known"}
    known.add("sensor.more")
    assert result == selected("sensor.known", "sensor.ours", new=("sensor.ours",))


def test_a_renamed_entity_is_selected_by_both_names(
    hass: HomeAssistant, entity_registry: er.EntityRegistry, ours: er.RegistryEntry
) -> None:
    entity_registry.async_update_entity(ours.entity_id, new_entity_id="sensor.new")
    result = select(hass, Selection.STATION).async_select({"sensor.ours"})
    assert result == selected("sensor.ours", "sensor.new", new=("sensor.new",))


def test_a_removed_entity_is_still_selected(
    hass: HomeAssistant, entity_registry: er.EntityRegistry, ours: er.RegistryEntry
) -> None:
    entity_registry.async_remove(ours.entity_id)
    assert select(hass, Selection.STATION).async_select({"sensor.ours"}) == selected("sensor.ours")


def test_a_name_that_another_entity_took_over_is_not_selected(
    hass: HomeAssistant, entity_registry: er.EntityRegistry, ours: er.RegistryEntry
) -> None:
    entity_registry.async_update_entity(ours.entity_id, new_entity_id="sensor.new")
    entity_registry.async_update_entity("sensor.other", new_entity_id="sensor.ours")
    result = select(hass, Selection.STATION).async_select({"sensor.ours"})
    assert result == selected("sensor.new", new=("sensor.new",))


def test_select_chosen_entities_by_registry_id_or_entity_id(
    hass: HomeAssistant, entity_registry: er.EntityRegistry, ours: er.RegistryEntry
) -> None:
    entities = select(hass, Selection.CHOSEN, ours.id, "sun.sun", "0123456789abcdef0123456789abcdef")
    assert entities.async_select(set()) == selected("sensor.ours", "sun.sun", new=("sensor.ours", "sun.sun"))
    entity_registry.async_update_entity(ours.entity_id, new_entity_id="sensor.new")
    known = {"sensor.ours", "sun.sun"}
    assert entities.async_select(known) == selected(*known, "sensor.new", new=("sensor.new",))
    entity_registry.async_remove("sensor.new")
    assert entities.async_select({*known, "sensor.new"}) == selected(*known, "sensor.new")


def test_current_entity_ids_of_chosen_entities(hass: HomeAssistant, ours: er.RegistryEntry) -> None:
    assert entity_ids(hass, [ours.id, "sensor.other", "sun.sun", "gone"]) == ["sensor.ours", "sensor.other", "sun.sun"]


@pytest.fixture
def followed(hass: HomeAssistant, ours: er.RegistryEntry) -> Iterator[Entities]:
    """Return entities that follow the registry."""
    entities = select(hass, Selection.ALL)
    stop = entities.async_start()
    yield entities
    stop()


async def test_origins(hass: HomeAssistant, entity_registry: er.EntityRegistry, followed: Entities) -> None:
    entity_registry.async_get_or_create(
        "sensor", "mqtt", "2", suggested_object_id="classed", original_device_class="humidity"
    )
    await hass.async_block_till_done()
    origins = followed.async_origins()
    assert origins == {
        "sensor.other": Origin("mqtt", None),
        "sensor.ours": Origin(DOMAIN, "dew_point"),
        "sensor.classed": Origin("mqtt", "humidity"),
    }
    assert followed.async_origins() is origins, "they are kept while the registry does not change"


async def test_origins_follow_the_registry(
    hass: HomeAssistant, entity_registry: er.EntityRegistry, followed: Entities
) -> None:
    before = followed.async_origins()
    entity_registry.async_update_entity("sensor.ours", new_entity_id="sensor.new")
    await hass.async_block_till_done()
    assert followed.async_origins().keys() == {"sensor.new", "sensor.other"}
    assert before.keys() == {"sensor.ours", "sensor.other"}, "what was returned is read in an executor"


async def test_following_the_registry_can_be_stopped(
    hass: HomeAssistant, entity_registry: er.EntityRegistry, ours: er.RegistryEntry
) -> None:
    listeners = hass.bus.async_listeners().get(er.EVENT_ENTITY_REGISTRY_UPDATED, 0)
    stop = select(hass, Selection.ALL).async_start()
    assert hass.bus.async_listeners()[er.EVENT_ENTITY_REGISTRY_UPDATED] == listeners + 1
    stop()
    assert hass.bus.async_listeners().get(er.EVENT_ENTITY_REGISTRY_UPDATED, 0) == listeners
