"""Tests of which statistics are sent, and by which key."""

import pytest

from custom_components.anavi_weather.user_station.documents import Identities, Origin
from custom_components.anavi_weather.user_station.entities import Wanted
from custom_components.anavi_weather.user_station.recorder_statistics import Meta, Overview
from custom_components.anavi_weather.user_station.recorder_tables import ALL, Selected, Times
from custom_components.anavi_weather.user_station.statistics_checkpoint import About, Known, Statistic
from custom_components.anavi_weather.user_station.statistics_selection import async_select, find_deleted
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er


def meta(metadata_id: int, statistic_id: str) -> Meta:
    """Return a statistic of the recorder."""
    return Meta(metadata_id, statistic_id, "°C", None)


def about(statistic_id: str, platform: str | None = None, key: str | None = None) -> About:
    """Return what the documents say of a statistic."""
    return About(statistic_id, "°C", None, platform, key)


def wanted(selected: Selected = ALL, **origins: Origin) -> Wanted:
    """Return the selected entities."""
    return Wanted(selected, Identities({f"sensor.{name}": origin for name, origin in origins.items()}))


@pytest.fixture
def entity(entity_registry: er.EntityRegistry) -> str:
    """Return the registry id of the entity sensor.t."""
    return entity_registry.async_get_or_create("sensor", "test", "1", suggested_object_id="t").id


async def test_the_key_of_a_statistic(hass: HomeAssistant, entity: str) -> None:
    metas = [meta(1, "sensor.t"), meta(2, "sensor.u"), meta(3, "imported:one")]
    assert async_select(hass, metas, wanted(t=Origin("test", "outside")), {}) == [
        Statistic(entity, 1, about("sensor.t", "test", "outside")),
        Statistic("sensor.u", 2, about("sensor.u")),
        Statistic("imported:one", 3, about("imported:one")),
    ]
    assert async_select(hass, metas[:1], wanted(), {}) == [Statistic(entity, 1, about("sensor.t"))]


async def test_a_removed_entity_keeps_its_key_and_origin(hass: HomeAssistant) -> None:
    known = {"e": Known(1, about("sensor.t", "test", "outside"))}
    assert async_select(hass, [meta(1, "sensor.t")], wanted(), known) == [
        Statistic("e", 1, about("sensor.t", "test", "outside"))
    ]
    # Another statistic of its name, or another name of its statistic
    for other in (meta(2, "sensor.t"), meta(1, "sensor.other")):
        assert async_select(hass, [other], wanted(), known)[0].key == other.statistic_id


async def test_two_statistics_have_two_keys(hass: HomeAssistant, entity: str) -> None:
    """The recorder does not rename a statistic if the new name has one already."""
    known = {entity: Known(1, about("sensor.before"))}
    found = async_select(hass, [meta(1, "sensor.before"), meta(2, "sensor.t")], wanted(), known)
    assert [(one.key, one.metadata_id) for one in found] == [(entity, 2), ("sensor.before", 1)]


async def test_names_that_selected_entities_have_now(hass: HomeAssistant) -> None:
    selected = Selected(
        frozenset({"sensor.a"}),
        [Times("sensor.b", 1.0, None), Times("sensor.c", None, 2.0), Times("sensor.d", 3.0, 4.0)],
    )
    metas = [meta(number, f"sensor.{name}") for number, name in enumerate("abcde")]
    found = async_select(hass, metas, wanted(selected), {})
    assert [one.about.statistic_id for one in found] == ["sensor.a", "sensor.b"]
    # What was recorded before the entity was removed is still sent
    known = {"c": Known(2, about("sensor.c"))}
    found = async_select(hass, metas, wanted(selected), known)
    assert [one.key for one in found] == ["sensor.a", "sensor.b", "c"]
    excluded = (Times("sensor.a", 1.0, None), Times("sensor.b", None, 1.0))
    found = async_select(hass, metas, wanted(ALL._replace(excluded_times=excluded)), {})
    assert [one.about.statistic_id for one in found] == ["sensor.b", "sensor.c", "sensor.d", "sensor.e"]


async def test_filters_apply_to_statistics(hass: HomeAssistant) -> None:
    metas = [meta(1, "sensor.a"), meta(2, "imported:one"), meta(3, "imported:two"), meta(4, "sensor.b")]
    known = {"imported:one": Known(2, about("imported:one"))}

    def select(selected: Selected) -> list[str]:
        return [one.key for one in async_select(hass, metas, wanted(selected), known)]

    without = ALL._replace(excluded=frozenset({"sensor.b"}), excludes=lambda name: name.startswith("imported."))
    assert select(without) == ["sensor.a"]
    some = Selected(frozenset({"sensor.b"}), includes=lambda name: name == "imported.two")
    assert select(some) == ["imported:one", "imported:two", "sensor.b"]


def test_deleted_statistics() -> None:
    known = {
        "kept": Known(1, about("sensor.a")),
        "not selected any more": Known(2, about("sensor.b")),
        "deleted": Known(3, about("sensor.c")),
        "its id is another's now": Known(4, about("sensor.d")),
        "created again": Known(5, about("sensor.e")),
    }
    metas = [meta(1, "sensor.a"), meta(2, "sensor.b"), meta(4, "sensor.new"), meta(6, "sensor.e")]
    statistics = [
        Statistic("kept", 1, about("sensor.a")),
        Statistic("new", 4, about("sensor.new")),
        Statistic("created again", 6, about("sensor.e")),
    ]
    overview = Overview("sqlite", 9, metas, has_anchor=True)
    assert find_deleted(overview, statistics, known) == ["deleted", "its id is another's now"]
