"""Tests of reading entities whose names change, on each kind of database."""

import pytest
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done

from custom_components.anavi_weather.user_station.recorder_log import Page
from custom_components.anavi_weather.user_station.recorder_names import RecorderNames
from custom_components.anavi_weather.user_station.recorder_tables import REMOVAL_DELAY, Selected, Times

from .log import MANY, TIME, Log, values


@pytest.fixture
def recorder_db_url(database_url: str) -> str:
    """Return a database for this test's recorder."""
    return database_url


async def read(log: Log, *times: Times, always: tuple[str, ...] = ()) -> Page:
    """Read the rows of names for some time."""
    selected = Selected(frozenset(always), times)
    return await log.log.async_run(log.log.read, None, selected, None, 1000, MANY)


async def rename(log: Log, old: str, new: str) -> None:
    """Rename an entity like the registry."""
    log.instance.async_update_states_metadata(old, new_entity_id=new)
    await async_wait_recording_done(log.hass)


async def test_an_excluded_name_is_never_read(log: Log) -> None:
    await log.record("1", "2")
    await log.record("3", entity_id="sensor.v")
    await log.record("4", entity_id="sensor.w")
    await log.run("UPDATE states SET metadata_id = NULL WHERE state = '4'")  # nobody's: it is counted as refused
    selected = Selected(None, excluded=frozenset({"sensor.t", "sensor.w"}))
    assert values(await log.log.async_run(log.log.read, None, selected, None, 1000, MANY)) == ["3", "4"]
    assert (await log.log.async_run(log.log.backlog, None, selected, None)).count == 2


async def test_filters_apply_to_names_that_are_new(log: Log) -> None:
    selected = Selected(frozenset({"sun.sun"}), includes=lambda name: name.startswith("sensor."))
    others = Selected(None, excludes=lambda name: name.startswith("sensor."))
    for name in ("light.x", "sensor.t", "sensor.v"):
        await log.record(name, entity_id=name)
        rows = (await log.log.async_run(log.log.read, None, selected, None, 1000, MANY)).rows
        assert name == "light.x" or rows[-1].entity_id == name
    assert (await log.log.async_run(log.log.backlog, None, selected, None)).count == 2
    assert values(await log.log.async_run(log.log.read, None, others, None, 1000, MANY)) == ["light.x"]


async def test_a_name_is_read_for_its_time_only(log: Log) -> None:
    await log.record("1", "2", "3")
    await log.record("other", entity_id="sensor.u")
    await log.record("another", entity_id="sensor.v")
    rows = (await log.read()).rows
    for index, row in enumerate(rows):
        await log.set_time(row.state_id, TIME + index)
    assert values(await read(log, Times("sensor.t", TIME + 1, TIME + 2))) == ["2"]
    assert values(await read(log, Times("sensor.t", None, TIME + 1), Times("sensor.t", TIME + 2, None))) == ["1", "3"]
    times = Times("sensor.t", None, TIME + 1)
    assert values(await read(log, times, always=("sensor.v",))) == ["1", "another"]
    selected = Selected(frozenset({"sensor.v"}), (times,))
    assert (await log.log.async_run(log.log.backlog, None, selected, None)).count == 2


async def test_a_name_is_not_read_for_some_time(log: Log) -> None:
    await log.record("1", "2", "3")
    await log.record("other", entity_id="sensor.u")
    await log.record("nobody's", entity_id="sensor.v")
    await log.run("UPDATE states SET metadata_id = NULL WHERE state = 'nobody''s'")
    for index, row in enumerate((await log.read()).rows):
        await log.set_time(row.state_id, TIME + index)

    async def rest(selected: Selected) -> list[str | None]:
        return values(await log.log.async_run(log.log.read, None, selected, None, 1000, MANY))

    second = (Times("sensor.t", TIME + 1, TIME + 2),)
    assert await rest(Selected(None, excluded_times=second)) == ["1", "3", "other", "nobody's"]
    assert await rest(Selected(frozenset({"sensor.t"}), excluded_times=second)) == ["1", "3"]
    assert await rest(Selected(None, second, frozenset({"sensor.t"}))) == ["2", "other", "nobody's"]


async def test_the_removal_of_an_entity_is_read_shortly_after_the_end_of_its_name(log: Log) -> None:
    for _ in range(3):
        await log.record("1")
        log.hass.states.async_remove("sensor.t")
        await async_wait_recording_done(log.hass)
    rows = (await log.read()).rows
    for row, offset in zip(rows, (-1, 0, 1, 2, 3, REMOVAL_DELAY), strict=True):
        await log.set_time(row.state_id, TIME + offset)
    page = await read(log, Times("sensor.t", None, TIME))
    assert [row.state_id for row in page.rows] == [rows[0].state_id, rows[1].state_id, rows[3].state_id]


@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize("is_used", [False, True])
async def test_the_recorder_moves_rows_unless_the_new_name_is_used(log: Log, *, is_known: bool, is_used: bool) -> None:
    names = RecorderNames(log.log)
    await log.record("1")
    if is_used:
        await log.record("other", entity_id="sensor.new")
    if is_known:
        names.async_learn_names(await log.log.async_run(names.find_new_names))
    await rename(log, "sensor.t", "sensor.new")
    last = (await log.read()).rows[-1].last_updated_ts or 0
    assert await names.async_has_moved("sensor.t", last + 1, is_taken=False) is not is_used


@pytest.mark.parametrize("is_known", [False, True])
async def test_another_entity_brings_its_rows_to_the_old_name(log: Log, *, is_known: bool) -> None:
    names = RecorderNames(log.log)
    await log.record("1")
    await log.record("other", entity_id="sensor.other")
    if is_known:
        names.async_learn_names(await log.log.async_run(names.find_new_names))
    await rename(log, "sensor.t", "sensor.new")
    await rename(log, "sensor.other", "sensor.t")
    last = (await log.read()).rows[-1].last_updated_ts or 0
    assert await names.async_has_moved("sensor.t", last + 1, is_taken=True)


async def test_a_name_without_rows_has_not_moved(log: Log) -> None:
    names = RecorderNames(log.log)
    await log.record("1")
    names.async_learn_names({"sensor.purged": 1000})
    assert not await names.async_has_moved("sensor.purged", TIME, is_taken=False)
