"""Tests of the selection of entities, of their names, and of their registry data."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import MappingProxyType

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.const import DOMAIN, SUBENTRY_INFRARED_DEVICE, SUBENTRY_USER_STATION
from custom_components.anavi_weather.user_station.documents import Origin
from custom_components.anavi_weather.user_station.entities import Entities, Selection, entity_ids
from custom_components.anavi_weather.user_station.filters import Rules
from custom_components.anavi_weather.user_station.names import UNKNOWN, Name, Names
from custom_components.anavi_weather.user_station.recorder_tables import ALL, Selected, Times
from custom_components.anavi_weather.user_station.renames import async_setup_renames
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    label_registry as lr,
)

START = datetime(2026, 11, 25, tzinfo=UTC)
NOW = START.timestamp()
HOUR = 3600.0

type Follow = Callable[..., Entities]
type Create = Callable[[str, str], er.RegistryEntry]


@pytest.fixture
def ours(
    hass: HomeAssistant, entry: MockConfigEntry, entity_registry: er.EntityRegistry, freezer: FrozenDateTimeFactory
) -> er.RegistryEntry:
    """Return an entity of the station. Another integration has one too."""
    freezer.move_to(START)
    other = MockConfigEntry(domain="mqtt", entry_id="01OTHER")
    other.add_to_hass(hass)
    entity_registry.async_get_or_create("sensor", "mqtt", "1", config_entry=other, suggested_object_id="other")
    return entity_registry.async_get_or_create(
        "sensor", DOMAIN, "1", config_entry=entry, suggested_object_id="ours", translation_key="dew_point"
    )


@pytest.fixture
def changes() -> list[str]:
    """Return the notifications that names have changed."""
    return []


@pytest.fixture
def follow(hass: HomeAssistant, changes: list[str]) -> Iterator[Follow]:
    """Return a function that returns entities that follow the registry."""
    stops: list[Callable[[], None]] = []

    def follow(selection: Selection, *chosen: str, names: Names | None = None, **rules: Rules) -> Entities:
        entities = Entities(hass, "01STATION", selection, chosen, Names() if names is None else names, **rules)
        stops.append(entities.async_start(lambda: changes.append("changed")))
        return entities

    yield follow
    for stop in stops:
        stop()


def selected(*always: str, times: tuple[Times, ...] = ()) -> Selected:
    """Return selected entities."""
    return Selected(frozenset(always), times)


@pytest.mark.usefixtures("ours")
def test_select_all_entities(follow: Follow, changes: list[str]) -> None:
    names = Names()
    entities = follow(Selection.ALL, names=names)
    assert entities.async_wanted().selected == ALL
    assert entities.async_wanted().identities.pasts == {}
    assert (list(names), changes) == ([], [])


def test_select_the_stations_own_entities(follow: Follow, ours: er.RegistryEntry, changes: list[str]) -> None:
    names = Names()
    assert follow(Selection.STATION, names=names).async_wanted().selected == selected("sensor.ours")
    assert list(names) == [Name(ours.id, "sensor.ours")]
    assert changes == ["changed"]
    changes.clear()
    assert follow(Selection.STATION, names=names).async_wanted().selected == selected("sensor.ours")
    assert changes == []


async def test_origins_follow_the_other_registries(
    hass: HomeAssistant, follow: Follow, area_registry: ar.AreaRegistry, entity_registry: er.EntityRegistry
) -> None:
    entity_registry.async_get_or_create("sensor", "mqtt", "1", suggested_object_id="named")
    area = area_registry.async_create("Garden")
    entity_registry.async_update_entity("sensor.named", area_id=area.id, name="Named")
    entities = follow(Selection.ALL)
    assert entities.async_wanted().identities.origins["sensor.named"].area == "Garden"
    area_registry.async_update(area.id, name="Roof")
    await hass.async_block_till_done()
    assert entities.async_wanted().identities.origins["sensor.named"].area == "Roof"


@pytest.fixture
def create(hass: HomeAssistant, entry: MockConfigEntry, entity_registry: er.EntityRegistry) -> Create:
    """Return a function that creates an entity of a subentry."""

    def create(subentry_type: str, name: str) -> er.RegistryEntry:
        subentry = ConfigSubentry(
            data=MappingProxyType({}), subentry_type=subentry_type, title=subentry_type, unique_id=None
        )
        hass.config_entries.async_add_subentry(entry, subentry)
        return entity_registry.async_get_or_create(
            "sensor",
            DOMAIN,
            name,
            config_entry=entry,
            config_subentry_id=subentry.subentry_id,
            suggested_object_id=name,
        )

    return create


@pytest.fixture
def status(create: Create) -> er.RegistryEntry:
    """Return a status entity of a user station."""
    return create(SUBENTRY_USER_STATION, "backlog")


@pytest.fixture
def infrared(create: Create) -> er.RegistryEntry:
    """Return an entity of an infrared device."""
    return create(SUBENTRY_INFRARED_DEVICE, "infrared")


@pytest.mark.parametrize(
    ("selection", "names"),
    [
        (Selection.ALL, {"sensor.private", "sensor.other", "light.x"}),
        (Selection.STATION, set()),
        (Selection.CHOSEN, {"sensor.ours", "sensor.chosen_private", "sensor.other"}),
    ],
)
def test_filters(hass: HomeAssistant, ours: er.RegistryEntry, selection: Selection, names: set[str]) -> None:
    """Exclusions apply to all but the entities that were chosen one by one; inclusions only to a choice."""
    entities = Entities(
        hass,
        "01STATION",
        selection,
        [ours.id, "sensor.chosen_private"],
        Names(),
        include=Rules(domains=["sensor"]),
        exclude=Rules(globs=["*.chosen_private", "sensor.ours"] + ["*private"] * (selection == Selection.CHOSEN)),
    )
    stop = entities.async_start(lambda: None)
    recorded = {"sensor.ours", "sensor.private", "sensor.chosen_private", "sensor.other", "light.x"}
    resolved = entities.async_wanted().selected.resolve(lambda: recorded)
    assert (recorded - resolved.excluded if resolved.entity_ids is None else resolved.entity_ids) == names
    stop()


@pytest.mark.usefixtures("ours", "status")
def test_status_entities_are_not_among_all_entities(follow: Follow) -> None:
    assert follow(Selection.ALL).async_wanted().selected == Selected(None, excluded=frozenset({"sensor.backlog"}))


@pytest.mark.usefixtures("ours", "status")
def test_status_entities_are_not_among_the_stations_own(follow: Follow) -> None:
    assert follow(Selection.STATION).async_wanted().selected == selected("sensor.ours")


@pytest.mark.usefixtures("ours", "status", "infrared")
def test_entities_of_infrared_devices_are_sent(follow: Follow) -> None:
    assert follow(Selection.ALL).async_wanted().selected == Selected(None, excluded=frozenset({"sensor.backlog"}))
    wanted = follow(Selection.STATION).async_wanted()
    assert wanted.selected == selected("sensor.ours", "sensor.infrared")


async def test_entities_of_removed_subentries_stay_what_they_were(
    hass: HomeAssistant, follow: Follow, entry: MockConfigEntry, status: er.RegistryEntry, infrared: er.RegistryEntry
) -> None:
    """States of the infrared device may wait, and those of the status were never wanted."""
    entities = follow(Selection.STATION)
    for removed in (status, infrared):
        assert removed.config_subentry_id
        hass.config_entries.async_remove_subentry(entry, removed.config_subentry_id)
    await hass.async_block_till_done()
    times = entities.async_wanted().selected.times
    assert [part.entity_id for part in times] == ["sensor.infrared"]


def test_status_entities_can_be_chosen(follow: Follow, status: er.RegistryEntry) -> None:
    assert follow(Selection.CHOSEN, status.id).async_wanted().selected == selected("sensor.backlog")


@pytest.mark.usefixtures("ours", "status")
def test_status_entities_that_version_1_0_0_sent_are_forgotten(follow: Follow, status: er.RegistryEntry) -> None:
    names = Names([Name(status.id, "sensor.backlog")])
    assert follow(Selection.STATION, names=names).async_wanted().selected == selected("sensor.ours")


@pytest.mark.usefixtures("ours", "status")
def test_status_entities_cannot_be_chosen_by_rules(follow: Follow) -> None:
    for rules in (Rules(domains=["sensor"]), Rules(globs=["sensor.backlog"])):
        wanted = follow(Selection.CHOSEN, include=rules).async_wanted()
        recorded = ["sensor.ours", "sensor.backlog"]
        assert "sensor.backlog" not in (wanted.selected.resolve(lambda: recorded).entity_ids or ())  # noqa: B023


def test_select_chosen_entities_by_registry_id_or_entity_id(follow: Follow, ours: er.RegistryEntry) -> None:
    entities = follow(Selection.CHOSEN, ours.id, "sun.sun", "0123456789abcdef0123456789abcdef")
    assert entities.async_wanted().selected == selected("sensor.ours", "sun.sun")


def test_the_selection_stays_the_same_while_nothing_changes(follow: Follow, ours: er.RegistryEntry) -> None:
    entities = follow(Selection.CHOSEN, ours.id)
    wanted = entities.async_wanted()
    assert entities.async_wanted() is wanted


@pytest.mark.parametrize("selection", [Selection.STATION, Selection.CHOSEN])
def test_a_renamed_entity_is_selected_by_each_name_for_its_time(
    follow: Follow,
    entity_registry: er.EntityRegistry,
    ours: er.RegistryEntry,
    changes: list[str],
    selection: Selection,
) -> None:
    entities = follow(selection, ours.id)
    changes.clear()
    entity_registry.async_update_entity("sensor.ours", new_entity_id="sensor.new")
    wanted = entities.async_wanted()
    assert wanted.selected == selected(times=(Times("sensor.ours", None, NOW), Times("sensor.new", NOW, None)))
    assert wanted.identities.find("sensor.ours", NOW - 1) == ("sensor.ours", Origin(DOMAIN, "dew_point"))
    assert changes == ["changed"]


@pytest.mark.parametrize("selection", [Selection.STATION, Selection.CHOSEN])
def test_a_removed_entity_is_selected_until_then(
    follow: Follow, entity_registry: er.EntityRegistry, ours: er.RegistryEntry, selection: Selection
) -> None:
    entities = follow(selection, ours.id)
    entities.async_wanted()
    entity_registry.async_remove("sensor.ours")
    wanted = entities.async_wanted()
    assert wanted.selected == selected(times=(Times("sensor.ours", None, NOW),))
    assert wanted.identities.find("sensor.ours", NOW - 1) == ("sensor.ours", Origin(DOMAIN, "dew_point"))
    assert wanted.identities.find("sensor.ours", NOW) == ("sensor.ours", None)


@pytest.mark.usefixtures("ours")
def test_an_entity_that_is_added_and_removed_is_known(
    follow: Follow, entry: MockConfigEntry, entity_registry: er.EntityRegistry, freezer: FrozenDateTimeFactory
) -> None:
    entities = follow(Selection.STATION)
    entity_registry.async_get_or_create("sensor", DOMAIN, "2", config_entry=entry, suggested_object_id="brief")
    freezer.tick(HOUR)
    entity_registry.async_remove("sensor.brief")
    assert entities.async_wanted().selected == selected("sensor.ours", times=(Times("sensor.brief", None, NOW + HOUR),))


def test_an_entity_that_takes_over_a_past_name_is_not_selected(
    follow: Follow, entity_registry: er.EntityRegistry, ours: er.RegistryEntry, freezer: FrozenDateTimeFactory
) -> None:
    entities = follow(Selection.CHOSEN, ours.id)
    entity_registry.async_update_entity("sensor.ours", new_entity_id="sensor.new")
    freezer.tick(HOUR)
    entity_registry.async_update_entity("sensor.other", new_entity_id="sensor.ours")
    wanted = entities.async_wanted()
    assert wanted.selected == selected(times=(Times("sensor.ours", None, NOW), Times("sensor.new", NOW, None)))
    assert wanted.identities.find("sensor.ours", NOW + HOUR) == ("sensor.ours", Origin("mqtt", None))


@pytest.mark.usefixtures("ours")
def test_an_entity_that_takes_a_chosen_name_without_an_entity_is_not_selected(
    follow: Follow, entity_registry: er.EntityRegistry, freezer: FrozenDateTimeFactory
) -> None:
    entities = follow(Selection.CHOSEN, "sensor.template")
    freezer.tick(HOUR)
    entity_registry.async_update_entity("sensor.other", new_entity_id="sensor.template")
    before = Times("sensor.template", None, NOW + HOUR)
    assert entities.async_wanted().selected == selected(times=(before,))
    freezer.tick(HOUR)
    entity_registry.async_update_entity("sensor.template", new_entity_id="sensor.other")
    again = Times("sensor.template", NOW + 2 * HOUR, None)
    assert entities.async_wanted().selected == selected(times=(before, again)), "the name is free again"


def test_an_entity_that_is_no_longer_chosen_is_forgotten(
    follow: Follow, entity_registry: er.EntityRegistry, ours: er.RegistryEntry
) -> None:
    names = Names([Name(ours.id, "sensor.past", until=1), Name(ours.id, "sensor.ours"), Name("sun.sun", "sun.sun")])
    other = entity_registry.entities["sensor.other"]
    assert follow(Selection.CHOSEN, other.id, names=names).async_wanted().selected == selected("sensor.other")
    assert list(names) == [Name(other.id, "sensor.other")]


def test_names_remain_of_a_removed_entity_that_was_chosen(follow: Follow, ours: er.RegistryEntry) -> None:
    """The form for changes does not show it, so it leaves the list without the user's intention."""
    names = Names([Name("gone", "sensor.gone", until=5)])
    entities = follow(Selection.CHOSEN, ours.id, names=names)
    assert entities.async_wanted().selected == selected("sensor.ours", times=(Times("sensor.gone", None, 5),))


# Entities that are chosen or excluded by rules


@pytest.fixture
def label(entity_registry: er.EntityRegistry, label_registry: lr.LabelRegistry, ours: er.RegistryEntry) -> str:
    """Return a label of our entity."""
    label_id = label_registry.async_create("Some").label_id
    entity_registry.async_update_entity("sensor.ours", labels={label_id})
    return label_id


def test_an_entity_with_a_label_is_followed(
    follow: Follow, entity_registry: er.EntityRegistry, ours: er.RegistryEntry, label: str
) -> None:
    entities = follow(Selection.CHOSEN, include=Rules(labels=[label]))
    assert entities.async_wanted().selected == selected("sensor.ours")
    entity_registry.async_update_entity("sensor.ours", new_entity_id="sensor.new")
    entity_registry.async_remove("sensor.new")
    both = (Times("sensor.ours", None, NOW), Times("sensor.new", NOW, NOW))
    assert entities.async_wanted().selected == selected(times=both)


def test_an_entity_that_loses_its_label_is_forgotten(
    follow: Follow, entity_registry: er.EntityRegistry, ours: er.RegistryEntry, label: str
) -> None:
    names = Names()
    entities = follow(Selection.CHOSEN, names=names, include=Rules(labels=[label]))
    entity_registry.async_update_entity("sensor.ours", labels=set())
    assert entities.async_wanted().selected == selected()
    assert list(names) == []


async def test_the_area_of_a_device_decides(
    hass: HomeAssistant,
    follow: Follow,
    area_registry: ar.AreaRegistry,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
    entry: MockConfigEntry,
    changes: list[str],
    ours: er.RegistryEntry,
) -> None:
    area = area_registry.async_create("Garden")
    device = device_registry.async_get_or_create(config_entry_id=entry.entry_id, identifiers={("mqtt", "1")})
    entity_registry.async_update_entity("sensor.ours", device_id=device.id)
    entities = follow(Selection.CHOSEN, include=Rules(areas=[area.id]))
    assert entities.async_wanted().selected == selected()
    device_registry.async_update_device(device.id, area_id=area.id)
    await hass.async_block_till_done()
    assert entities.async_wanted().selected == selected("sensor.ours")
    assert changes == ["changed"]


def test_a_pattern_is_about_the_name_at_the_time(
    follow: Follow, entity_registry: er.EntityRegistry, ours: er.RegistryEntry, freezer: FrozenDateTimeFactory
) -> None:
    names = Names()
    entities = follow(Selection.CHOSEN, names=names, include=Rules(globs=["*.garden_*"]))
    assert list(names) == [], "the name alone decides"
    for name in ("sensor.garden_t", "sensor.kitchen"):
        freezer.tick(HOUR)
        entity_registry.async_update_entity(next(iter_names(entity_registry, ours)), new_entity_id=name)
    wanted = entities.async_wanted().selected
    assert (wanted.entity_ids, wanted.times) == (frozenset(), (Times("sensor.garden_t", NOW + HOUR, NOW + 2 * HOUR),))
    assert wanted.excluded_times == (
        Times("sensor.ours", None, NOW + HOUR),
        Times("sensor.kitchen", NOW + 2 * HOUR, None),
    )
    # The rule is removed
    assert follow(Selection.CHOSEN, names=names).async_wanted().selected == selected()
    assert list(names) == []


def iter_names(entity_registry: er.EntityRegistry, entry: er.RegistryEntry) -> Iterator[str]:
    """Yield an entity's current name."""
    found = entity_registry.entities.get_entry(entry.id)
    assert found
    yield found.entity_id


@pytest.mark.parametrize("is_removed", [False, True])
def test_an_excluded_entity_is_followed(
    follow: Follow, entity_registry: er.EntityRegistry, ours: er.RegistryEntry, label: str, *, is_removed: bool
) -> None:
    """Another entity may take its name, and its states may have moved to another name."""
    names = Names()
    entities = follow(Selection.ALL, names=names, exclude=Rules(labels=[label]))
    assert entities.async_wanted().selected == ALL._replace(excluded=frozenset({"sensor.ours"}))
    if is_removed:
        entity_registry.async_remove("sensor.ours")
        excluded = [Times("sensor.ours", None, NOW)]
    else:
        entity_registry.async_update_entity("sensor.ours", new_entity_id="sensor.new")
        excluded = [Times("sensor.ours", None, NOW), Times("sensor.new", NOW, None)]
    assert entities.async_wanted().selected == ALL._replace(excluded_times=tuple(excluded))
    again = follow(Selection.ALL, names=names, exclude=Rules(labels=[label]))
    assert again.async_wanted().selected == ALL._replace(excluded_times=tuple(excluded))


@pytest.mark.usefixtures("ours")
def test_a_chosen_domain_without_an_excluded_entity(follow: Follow, label: str) -> None:
    entities = follow(Selection.CHOSEN, include=Rules(domains=["sensor"]), exclude=Rules(labels=[label]))
    wanted = entities.async_wanted().selected.resolve(lambda: ["sensor.ours", "sensor.other", "light.x"])
    assert wanted.entity_ids == frozenset({"sensor.other"})


def test_an_entity_that_is_chosen_one_by_one_is_never_excluded(
    follow: Follow, ours: er.RegistryEntry, label: str
) -> None:
    names = Names([Name(ours.id, "sensor.ours", wanted=False)])
    entities = follow(Selection.CHOSEN, ours.id, names=names, exclude=Rules(labels=[label], globs=["sensor.ours"]))
    assert entities.async_wanted().selected == selected("sensor.ours")


# Changes while nothing followed the registry


def test_an_entity_was_renamed_meanwhile(
    follow: Follow, entity_registry: er.EntityRegistry, ours: er.RegistryEntry, freezer: FrozenDateTimeFactory
) -> None:
    names = Names([Name(ours.id, "sensor.ours")])
    entity_registry.async_update_entity("sensor.ours", new_entity_id="sensor.new")
    freezer.tick(HOUR)
    entity_registry.async_update_entity("sensor.other", new_entity_id="sensor.ours")
    freezer.tick(HOUR)
    follow(Selection.STATION, names=names)
    assert list(names) == [
        Name(ours.id, "sensor.ours", until=NOW),
        Name(ours.id, "sensor.new", NOW, before="sensor.ours"),
    ]


def test_the_name_of_a_renamed_entity_ends_when_another_takes_it_at_the_latest(
    follow: Follow, entity_registry: er.EntityRegistry, ours: er.RegistryEntry, freezer: FrozenDateTimeFactory
) -> None:
    names = Names([Name(ours.id, "sensor.ours")])
    entity_registry.async_update_entity("sensor.ours", new_entity_id="sensor.new")
    entity_registry.async_update_entity("sensor.other", new_entity_id="sensor.ours")
    freezer.tick(HOUR)
    entity_registry.async_update_entity("sensor.new", name="Changed for another reason")
    follow(Selection.STATION, names=names)
    assert names.spans()["sensor.ours"][0].until == NOW


def test_an_entity_was_removed_meanwhile(
    follow: Follow, entity_registry: er.EntityRegistry, ours: er.RegistryEntry, freezer: FrozenDateTimeFactory
) -> None:
    names = Names([Name(ours.id, "sensor.ours"), Name("long gone", "sensor.gone")])
    entity_registry.async_remove("sensor.ours")
    freezer.tick(HOUR)
    follow(Selection.STATION, names=names)
    assert list(names) == [
        Name(ours.id, "sensor.ours", until=NOW),
        Name("long gone", "sensor.gone", until=NOW + HOUR),
    ]


def test_an_entity_got_a_past_name_meanwhile(
    follow: Follow, ours: er.RegistryEntry, freezer: FrozenDateTimeFactory
) -> None:
    names = Names([Name("gone", "sensor.ours", until=5)])
    freezer.tick(HOUR)
    follow(Selection.STATION, names=names)
    assert list(names) == [Name("gone", "sensor.ours", until=5), Name(ours.id, "sensor.ours", NOW)]


def test_names_of_1_0_0_are_adopted(follow: Follow, ours: er.RegistryEntry) -> None:
    names = Names(Name(UNKNOWN, f"sensor.{name}") for name in ("ours", "other", "past"))
    entities = follow(Selection.STATION, names=names)
    assert list(names) == [Name(UNKNOWN, "sensor.past", until=NOW), Name(ours.id, "sensor.ours")]
    assert entities.async_wanted().selected == selected("sensor.ours", times=(Times("sensor.past", None, NOW),))


# All entities


def test_a_rename_is_remembered_even_if_all_entities_are_selected(
    follow: Follow, entity_registry: er.EntityRegistry, ours: er.RegistryEntry
) -> None:
    names = Names()
    entities = follow(Selection.ALL, names=names)
    entity_registry.async_update_entity("sensor.ours", new_entity_id="sensor.new")
    (name,) = (name for name in names if name.before)
    names.record_moved(name, moved=True)
    wanted = entities.async_wanted()
    assert wanted.selected == ALL
    assert wanted.identities.find("sensor.new", NOW - 1) == ("sensor.ours", Origin(DOMAIN, "dew_point"))
    assert wanted.identities.find("sensor.new", NOW) == ("sensor.new", Origin(DOMAIN, "dew_point"))
    entity_registry.async_remove("sensor.new")
    assert names.current(ours.id) is None


def test_a_rename_during_a_reload_is_remembered(
    hass: HomeAssistant, follow: Follow, entity_registry: er.EntityRegistry, ours: er.RegistryEntry
) -> None:
    async_setup_renames(hass)
    names = Names()
    Entities(hass, "01STATION", Selection.ALL, (), names).async_start(lambda: None)()
    entity_registry.async_update_entity("sensor.ours", new_entity_id="sensor.second")
    entity_registry.async_update_entity("sensor.second", new_entity_id="sensor.third")
    follow(Selection.ALL, names=names)
    expected = [
        Name(ours.id, "sensor.ours", until=NOW),
        Name(ours.id, "sensor.second", NOW, NOW, before="sensor.ours"),
        Name(ours.id, "sensor.third", NOW, before="sensor.second"),
    ]
    assert list(names) == expected
    follow(Selection.ALL, names=names)
    assert list(names) == expected, "once"
    other = Names()
    follow(Selection.CHOSEN, "sensor.other", names=other)
    assert ours.id not in other.keys


def test_a_chosen_name_without_an_entity_that_is_taken_during_a_reload_ends(
    hass: HomeAssistant, follow: Follow, entity_registry: er.EntityRegistry, ours: er.RegistryEntry
) -> None:
    async_setup_renames(hass)
    names = Names()
    Entities(hass, "01STATION", Selection.CHOSEN, ("sensor.new",), names).async_start(lambda: None)()
    entity_registry.async_update_entity("sensor.ours", new_entity_id="sensor.new")
    follow(Selection.CHOSEN, "sensor.new", names=names)
    assert list(names) == [Name("sensor.new", "sensor.new", until=NOW)]


# Registry data


def test_current_entity_ids_of_chosen_entities(hass: HomeAssistant, ours: er.RegistryEntry) -> None:
    assert entity_ids(hass, [ours.id, "sensor.other", "sun.sun", "gone"]) == ["sensor.ours", "sensor.other", "sun.sun"]


@pytest.mark.usefixtures("ours")
def test_origins(entity_registry: er.EntityRegistry, follow: Follow) -> None:
    entities = follow(Selection.ALL)
    entity_registry.async_get_or_create(
        "sensor", "mqtt", "2", suggested_object_id="classed", original_device_class="humidity"
    )
    assert entities.async_wanted().identities.origins == {
        "sensor.other": Origin("mqtt", None),
        "sensor.ours": Origin(DOMAIN, "dew_point"),
        "sensor.classed": Origin("mqtt", "humidity"),
    }


@pytest.mark.usefixtures("ours")
def test_origins_follow_the_registry(entity_registry: er.EntityRegistry, follow: Follow) -> None:
    entities = follow(Selection.ALL)
    before = entities.async_wanted().identities.origins
    entity_registry.async_update_entity("sensor.ours", new_entity_id="sensor.new")
    assert entities.async_wanted().identities.origins.keys() == {"sensor.new", "sensor.other"}
    assert before.keys() == {"sensor.ours", "sensor.other"}, "what was returned is read in an executor"


def test_following_the_registry_can_be_stopped(hass: HomeAssistant) -> None:
    listeners = hass.bus.async_listeners().get(er.EVENT_ENTITY_REGISTRY_UPDATED, 0)
    stop = Entities(hass, "01STATION", Selection.ALL, (), Names()).async_start(lambda: None)
    assert hass.bus.async_listeners()[er.EVENT_ENTITY_REGISTRY_UPDATED] == listeners + 1
    stop()
    assert hass.bus.async_listeners().get(er.EVENT_ENTITY_REGISTRY_UPDATED, 0) == listeners
