"""Tests of forwarding entities that are renamed, removed and replaced, from a real recorder."""

import asyncio
import threading
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done

from custom_components.anavi_weather.user_station import recorder_log
from custom_components.anavi_weather.user_station.batch import BatchReader
from custom_components.anavi_weather.user_station.documents import Station
from custom_components.anavi_weather.user_station.entities import Entities, Selection
from custom_components.anavi_weather.user_station.filters import Rules
from custom_components.anavi_weather.user_station.names import Names
from custom_components.anavi_weather.user_station.recorder_log import Page, RecorderLog
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar, entity_registry as er, label_registry as lr

from .harness import KEY, Clock, Harness, until


@pytest.fixture
def registered(hass: HomeAssistant) -> dict[str, str]:
    """Return the registry ids of an entity of the station, and of one of another integration, by their names."""
    return {name: register(hass, name) for name in ("sensor.a", "sensor.b")}


def register(hass: HomeAssistant, name: str) -> str:
    """Add an entity to the registry, as one of the station's if its name is `sensor.a`."""
    entry_id = "01STATION" if name == "sensor.a" else "01OTHER"
    if not (entry := hass.config_entries.async_get_entry(entry_id)):
        entry = MockConfigEntry(entry_id=entry_id)
        entry.add_to_hass(hass)
    platform, _, object_id = name.partition(".")
    registry = er.async_get(hass)
    return registry.async_get_or_create(platform, "test", name, config_entry=entry, suggested_object_id=object_id).id


def rename(harness: Harness, old: str, new: str) -> None:
    """Rename an entity like a user: its state goes from the old name, as Home Assistant's entities do it."""
    er.async_get(harness.hass).async_update_entity(old, new_entity_id=new)
    harness.hass.states.async_remove(old)


async def leave_history(harness: Harness, name: str) -> None:
    """Record a state of an entity that does not exist any more."""
    await harness.record("foreign", entity_id=name)
    harness.hass.states.async_remove(name)
    await async_wait_recording_done(harness.hass)


def sent(harness: Harness) -> list[tuple[str, str | None]]:
    """Return the names and states of the documents."""
    return [(document["entity"]["id"], document["state"].get("value")) for document in harness.server.documents]


async def test_an_entity_that_takes_over_a_chosen_entitys_name_is_not_sent(
    harness: Harness, registered: dict[str, str]
) -> None:
    """Case 24."""
    await harness.record("private 0", entity_id="sensor.b")
    await harness.start(selection=Selection.CHOSEN, chosen=(registered["sensor.a"],))
    await harness.record("1", entity_id="sensor.a")
    rename(harness, "sensor.a", "sensor.new")
    rename(harness, "sensor.b", "sensor.a")
    await harness.record("private 1", "private 2", entity_id="sensor.a")
    await harness.record("2", entity_id="sensor.new")
    await until(lambda: len(harness.server.documents) == 2)
    assert sent(harness) == [("sensor.a", "1"), ("sensor.new", "2")]
    await harness.stop()
    harness.storage[KEY]["data"] |= {"position": None, "stored": 0}

    await harness.start(selection=Selection.CHOSEN, chosen=(registered["sensor.a"],))

    await until(lambda: harness.checkpoint["stored"] == 2)
    assert sent(harness) == [("sensor.a", "1"), ("sensor.new", "2")]


@pytest.mark.usefixtures("registered")
async def test_an_unregistered_entity_that_takes_over_a_name_is_not_sent(harness: Harness) -> None:
    """Case 25: a template without a unique id is not in the registry."""
    await harness.start(selection=Selection.STATION)
    await harness.record("1", entity_id="sensor.a")
    rename(harness, "sensor.a", "sensor.new")
    await harness.record("private", entity_id="sensor.a")
    await harness.record("2", entity_id="sensor.new")
    await until(lambda: len(harness.server.documents) == 2)
    assert sent(harness) == [("sensor.a", "1"), ("sensor.new", "2")]


async def test_an_entity_that_is_seen_during_an_outage_only_is_sent_after_a_restart(
    harness: Harness, clock: Clock
) -> None:
    """Case 26."""
    await harness.server.stop()
    await harness.start(selection=Selection.STATION)
    await clock.asleep()
    register(harness.hass, "sensor.a")
    await harness.record("1", "2", entity_id="sensor.a")
    er.async_get(harness.hass).async_remove("sensor.a")
    harness.hass.states.async_remove("sensor.a")
    await async_wait_recording_done(harness.hass)
    await until(lambda: KEY in harness.storage and harness.checkpoint["names"][0][3])
    await harness.stop()
    await harness.server.start()

    await harness.start(selection=Selection.STATION)

    await until(lambda: len(harness.server.documents) == 3)
    assert sent(harness) == [("sensor.a", "1"), ("sensor.a", "2"), ("sensor.a", None)]


@pytest.mark.parametrize("has_history", [False, True])
@pytest.mark.parametrize("selection", [Selection.CHOSEN, Selection.ALL])
async def test_states_of_a_renamed_entity_are_stored_once(
    harness: Harness, registered: dict[str, str], *, has_history: bool, selection: Selection
) -> None:
    """Cases 23 and 31. The recorder moves old states to the new name, unless that has states already."""
    if has_history:
        await leave_history(harness, "sensor.new")
    await harness.start(selection=selection, chosen=(registered["sensor.a"],))
    await harness.record("1", "2", entity_id="sensor.a")
    rename(harness, "sensor.a", "sensor.new")
    await harness.record("3", entity_id="sensor.new")
    expected: list[tuple[str, str | None]] = [("sensor.a", "1"), ("sensor.a", "2"), ("sensor.new", "3")]
    if has_history:
        expected.insert(2, ("sensor.a", None))  # the recorder does not store the removal of a name whose states moved
        if selection is Selection.ALL:
            expected[:0] = [("sensor.new", "foreign"), ("sensor.new", None)]
    await until(lambda: len(harness.server.documents) == len(expected))
    await until(lambda: KEY in harness.storage and harness.checkpoint["stored"] == len(expected))
    assert sent(harness) == expected
    await harness.stop()
    harness.storage[KEY]["data"] |= {"position": None, "stored": 0}

    await harness.start(selection=selection, chosen=(registered["sensor.a"],))

    await until(lambda: harness.checkpoint["stored"] == len(expected))
    assert sent(harness) == expected


async def test_states_that_wait_when_their_entity_is_renamed_are_sent(
    harness: Harness, clock: Clock, registered: dict[str, str]
) -> None:
    """Case 23."""
    await leave_history(harness, "sensor.used")
    await harness.server.stop()
    await harness.start(selection=Selection.CHOSEN, chosen=tuple(registered.values()))
    await clock.asleep()
    await harness.record("1", entity_id="sensor.a")
    await harness.record("2", entity_id="sensor.b")
    rename(harness, "sensor.a", "sensor.used")
    rename(harness, "sensor.b", "sensor.new")
    await harness.record("3", entity_id="sensor.used")
    await harness.record("4", entity_id="sensor.new")
    await harness.server.start()
    await clock.wake()
    await until(lambda: len(harness.server.documents) == 5)
    assert sent(harness) == [
        ("sensor.a", "1"),
        ("sensor.b", "2"),
        ("sensor.a", None),
        ("sensor.used", "3"),
        ("sensor.new", "4"),
    ]


@pytest.fixture
def rules(hass: HomeAssistant, registered: dict[str, str], kind: str) -> Rules:
    """Return a rule that only `sensor.a` matches, and does not after the rename if the rule is about its name."""
    registry = er.async_get(hass)
    area_id = ar.async_get(hass).async_create("Garden").id
    label_id = lr.async_get(hass).async_create("Public").label_id
    registry.async_update_entity("sensor.a", area_id=area_id, labels={label_id})
    return {
        "area": Rules(areas=[area_id]),
        "label": Rules(labels=[label_id]),
        "glob": Rules(globs=["*.a"]),
        "id": Rules(entities=[registered["sensor.a"]]),
    }[kind]


@pytest.mark.parametrize("has_history", [False, True])
@pytest.mark.parametrize("kind", ["area", "label", "glob"])
async def test_states_that_wait_when_an_entity_is_renamed_that_a_rule_chose(
    harness: Harness, clock: Clock, rules: Rules, kind: str, *, has_history: bool
) -> None:
    """They are sent, nothing is stored twice, and an entity that takes over the name is not sent."""
    if has_history:
        await leave_history(harness, "sensor.new")
    await harness.record("1", entity_id="sensor.a")
    await harness.start(selection=Selection.CHOSEN, include=rules)
    await until(lambda: sent(harness) == [("sensor.a", "1")])
    await harness.stop()
    await harness.server.stop()
    await harness.start(selection=Selection.CHOSEN, include=rules)
    await clock.asleep()
    await harness.record("2", entity_id="sensor.a")
    rename(harness, "sensor.a", "sensor.new")
    await harness.record("3", entity_id="sensor.new")
    if kind != "glob":
        rename(harness, "sensor.b", "sensor.a")
        await harness.record("private", entity_id="sensor.a")
    await harness.record("4", entity_id="sensor.new")
    await harness.server.start()
    await clock.wake()
    expected: list[tuple[str, str | None]] = [("sensor.a", "1"), ("sensor.a", "2")]
    if has_history:
        expected.append(("sensor.a", None))
    if kind != "glob":
        expected += [("sensor.new", "3"), ("sensor.new", "4")]
    await until(lambda: harness.checkpoint["stored"] == len(expected))
    assert sent(harness) == expected
    await harness.stop()
    harness.storage[KEY]["data"] |= {"position": None, "stored": 0}
    await harness.start(selection=Selection.CHOSEN, include=rules)
    await until(lambda: harness.checkpoint["stored"] == len(expected))
    assert sent(harness) == expected


@pytest.mark.parametrize("has_history", [False, True])
@pytest.mark.parametrize("kind", ["area", "label", "glob", "id"])
async def test_states_that_wait_when_an_excluded_entity_is_renamed_are_not_sent(
    harness: Harness, clock: Clock, rules: Rules, kind: str, *, has_history: bool
) -> None:
    if has_history:
        await leave_history(harness, "sensor.new")
    await harness.record("private 1", entity_id="sensor.a")
    await harness.server.stop()
    await harness.start(exclude=rules)
    await clock.asleep()
    await harness.record("private 2", entity_id="sensor.a")
    rename(harness, "sensor.a", "sensor.new")
    await harness.record("later", entity_id="sensor.new")
    if kind != "glob":
        rename(harness, "sensor.b", "sensor.a")
        await harness.record("1", entity_id="sensor.a")
    await harness.server.start()
    await clock.wake()
    expected: list[tuple[str, str | None]] = [("sensor.new", "foreign"), ("sensor.new", None)] if has_history else []
    expected.append(("sensor.new", "later") if kind == "glob" else ("sensor.a", "1"))
    await until(lambda: KEY in harness.storage and harness.checkpoint["stored"] == len(expected))
    assert sent(harness) == expected


@pytest.mark.parametrize("kind", ["label"])
@pytest.mark.parametrize("is_chosen", [True, False])
async def test_states_that_wait_when_an_entity_is_removed_follow_its_last_rules(
    harness: Harness, clock: Clock, rules: Rules, *, is_chosen: bool
) -> None:
    selection: dict[str, Any] = {"exclude": rules}
    expected: list[tuple[str, str | None]] = [("sensor.b", "other")]
    if is_chosen:
        selection = {"selection": Selection.CHOSEN, "include": rules}
        expected = [("sensor.a", "1"), ("sensor.a", None)]
    await harness.server.stop()
    await harness.start(**selection)
    await clock.asleep()
    await harness.record("1", entity_id="sensor.a")
    er.async_get(harness.hass).async_remove("sensor.a")
    harness.hass.states.async_remove("sensor.a")
    await harness.record("other", entity_id="sensor.b")
    await until(lambda: KEY in harness.storage and harness.checkpoint["names"][0][3])
    await harness.stop()
    await harness.server.start()
    await harness.start(**selection)
    await until(lambda: harness.checkpoint["stored"] == len(expected))
    assert sent(harness) == expected


async def test_a_rename_waits_for_the_recorder(harness: Harness, clock: Clock, registered: dict[str, str]) -> None:
    never = asyncio.Event()
    await harness.record("1", entity_id="sensor.a")
    with (
        patch.object(Recorder, "async_block_till_done", lambda _: never.wait()),
        patch.object(recorder_log, "SYNC_TIMEOUT", 0.01),
    ):
        await harness.server.stop()
        await harness.start(selection=Selection.CHOSEN, chosen=(registered["sensor.a"],))
        await clock.asleep()
        er.async_get(harness.hass).async_update_entity("sensor.a", new_entity_id="sensor.new")
        await harness.server.start()
        await clock.wake()
        await clock.asleep()
        assert harness.server.documents == []
    await harness.record("2", entity_id="sensor.new")
    await clock.wake()
    await until(lambda: sent(harness) == [("sensor.a", "1"), ("sensor.new", "2")])


async def test_a_name_counts_from_now_if_the_clock_was_set_back(harness: Harness, registered: dict[str, str]) -> None:
    await harness.record("1", entity_id="sensor.a")
    await harness.start(selection=Selection.CHOSEN, chosen=(registered["sensor.a"],))
    await until(lambda: sent(harness) == [("sensor.a", "1")])
    rename(harness, "sensor.a", "sensor.new")
    names = harness.forwarder.checkpoint.names
    name = next(name for name in names if name.before)
    names.forget({name.key})
    names.record_renamed(name.key, "sensor.a", "sensor.new", 2 * 10**9)
    await harness.record("2", entity_id="sensor.other")
    await until(lambda: names.spans()["sensor.new"][0].since != 2 * 10**9)
    await harness.record("3", entity_id="sensor.new")
    await until(lambda: sent(harness)[-1] == ("sensor.new", "3"))


@pytest.mark.usefixtures("registered")
async def test_states_are_read_again_if_a_name_changes_meanwhile(harness: Harness) -> None:
    renames = [("sensor.a", "sensor.new")]
    read_page = RecorderLog.read

    def rename_now(renamed: threading.Event) -> None:
        rename(harness, *renames.pop())
        renamed.set()

    def read(log: RecorderLog, *arguments: Any) -> Page:
        page = read_page(log, *arguments)
        if renames:
            renamed = threading.Event()
            harness.hass.loop.call_soon_threadsafe(rename_now, renamed)
            renamed.wait()
        return page

    await harness.record("1", entity_id="sensor.a")
    with patch.object(RecorderLog, "read", read):
        await harness.start(selection=Selection.STATION)
        await until(lambda: not renames)
        await harness.record("2", entity_id="sensor.new")
        await until(lambda: len(harness.server.documents) == 2)
    assert sent(harness) == [("sensor.a", "1"), ("sensor.new", "2")]


async def test_a_batch_and_the_next_are_read_at_the_same_time(harness: Harness, registered: dict[str, str]) -> None:
    await harness.record("1", entity_id="sensor.a")
    names = Names()
    entities = Entities(harness.hass, "01STATION", Selection.CHOSEN, (registered["sensor.a"],), names)
    stop = entities.async_start(lambda: None)
    rename(harness, "sensor.a", "sensor.new")
    await harness.record("2", entity_id="sensor.new")
    reader = BatchReader(RecorderLog(harness.hass), entities, Station("0123", "Farol", "1", "2"))
    batches = await asyncio.gather(*[reader.async_read(None, None, 10, None) for _ in range(2)])
    stop()
    assert [batch.count for batch in batches] == [2, 2]
    assert [name.moved for name in names] == [None, True]
