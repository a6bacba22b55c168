"""Tests of reading the recorder's states, on each kind of database."""

import pytest
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done

from custom_components.anavi_weather.user_station import recorder_log, recorder_rows
from custom_components.anavi_weather.user_station.ranges import Range
from custom_components.anavi_weather.user_station.recorder_log import Page, Position

from .log import TIME, Log, values


@pytest.fixture
def recorder_db_url(database_url: str) -> str:
    """Return a database for this test's recorder."""
    return database_url


async def test_states_are_read_in_commit_order(log: Log) -> None:
    await log.record("1", "2", unit_of_measurement="°C", friendly_name="Ção 雪")
    await log.record("on", entity_id="light.x")

    page = await log.read()

    assert values(page) == ["1", "2", "on"]
    first, second, third = page.rows
    assert [row.entity_id for row in page.rows] == ["sensor.t", "sensor.t", "light.x"]
    assert first.attributes
    assert set(first.attributes[1:-1].split(",")) == {'"unit_of_measurement":"°C"', '"friendly_name":"Ção 雪"'}
    assert third.attributes in (None, "{}")
    state = log.hass.states.get("light.x")
    assert state
    assert third.last_updated_ts == state.last_updated_timestamp, "it is the same to the last bit"
    assert third.last_changed_ts is None
    assert {row.twin for row in page.rows} == {0}
    assert page.position == Position(page.position.recorder, third.state_id, third.last_updated_ts)
    assert (page.reached_end, page.started_over, page.purged) == (True, False, 0)
    assert first.state_id < second.state_id < third.state_id


async def test_an_empty_recorder(log: Log) -> None:
    page = await log.read()
    assert page == Page([], Position(page.position.recorder, 0, None), reached_end=True, started_over=False, purged=0)
    assert await log.newest() == page.position
    assert await log.waits() == (0, None)
    await log.record("1")
    assert values(await log.read(page.position)) == ["1"]


async def test_a_state_that_was_updated_without_a_change(log: Log) -> None:
    log.hass.states.async_set("sensor.t", "1", {"a": 1})
    log.hass.states.async_set("sensor.t", "1", {"a": 2})
    await async_wait_recording_done(log.hass)
    first, second = (await log.read()).rows
    assert second.last_changed_ts == pytest.approx(first.last_updated_ts, abs=1e-6)
    assert second.last_changed_ts != second.last_updated_ts


async def test_a_removed_entity(log: Log) -> None:
    await log.record("1")
    log.hass.states.async_remove("sensor.t")
    await async_wait_recording_done(log.hass)
    assert not (await log.read()).rows[-1].state


async def test_reading_continues_from_a_position(log: Log) -> None:
    await log.record("1", "2", "3")
    page = await log.read(limit=2)
    assert values(page) == ["1", "2"]
    assert not page.reached_end
    page = await log.read(page.position, limit=2)
    assert values(page) == ["3"]
    assert page.reached_end
    page = await log.read(page.position)
    assert (values(page), page.reached_end) == ([], True)
    await log.record("4")
    assert values(await log.read(page.position)) == ["4"]


async def test_a_full_page_at_the_end_is_followed_by_an_empty_one(log: Log) -> None:
    await log.record("1", "2")
    page = await log.read(limit=2)
    assert not page.reached_end
    page = await log.read(page.position, limit=2)
    assert (page.rows, page.reached_end) == ([], True)


async def test_large_attributes_shorten_a_page(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        await log.record(str(number), text="x" * 1000, number=number)
    page = await log.read(size=2500)
    assert values(page) == ["0", "1", "2"]
    assert not page.reached_end
    assert values(await log.read(page.position, size=1)) == ["3"], "one is read, however large"
    monkeypatch.setattr(recorder_rows, "FETCH", 2)
    assert values(await log.read(size=2500)) == ["0", "1", "2"]


async def test_only_selected_entities_are_read(log: Log) -> None:
    await log.record("1")
    await log.record("on", entity_id="light.x")
    await log.record("2")
    await log.record("off", entity_id="light.x")
    page = await log.read(entity_ids={"sensor.t", "sensor.none"})
    assert values(page) == ["1", "2"]
    assert page.reached_end
    assert page.position == await log.newest(), "what is not wanted is not looked at again"
    page = await log.read(entity_ids=set())
    assert (page.rows, page.reached_end, page.position) == ([], True, await log.newest())


async def test_rare_states_are_found_in_windows(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_log, "WINDOW", 4)
    await log.record("1")
    await log.record(*map(str, range(10)), entity_id="sensor.other")
    await log.record("2")
    pages = [await log.read(entity_ids={"sensor.t"})]
    while not pages[-1].reached_end:
        pages.append(await log.read(pages[-1].position, {"sensor.t"}))
    assert [values(page) for page in pages] == [["1"], [], ["2"]]
    assert [page.position.state_id - pages[0].rows[0].state_id for page in pages] == [3, 7, 11]


async def test_a_window_with_more_than_a_page(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_log, "WINDOW", 4)
    await log.record("1", "2", "3")
    page = await log.read(entity_ids={"sensor.t"}, limit=2)
    assert (values(page), page.reached_end, page.position.state_id) == (["1", "2"], False, page.rows[1].state_id)
    page = await log.read(page.position, {"sensor.t"}, limit=2)
    assert (values(page), page.reached_end) == (["3"], True)


# Without history


async def test_earlier_states_are_skipped(log: Log) -> None:
    await log.record("old")
    since = await log.newest()
    page = await log.read(since=since)
    assert (page.rows, page.reached_end, page.position) == ([], True, since)
    await log.record("new")
    assert values(await log.read(since=since)) == ["new"]
    assert values(await log.read(page.position, since=since)) == ["new"]
    assert (await log.backlog(since=since)).count == 1


async def test_new_states_are_found_after_the_clock_was_set_back(log: Log) -> None:
    await log.record("old")
    since = await log.newest()
    await log.record("new")
    await log.set_time(since.state_id + 1, TIME - 100_000_000)
    assert values(await log.read(since=since)) == ["new"]


async def test_all_states_of_an_empty_recorder_are_new(log: Log) -> None:
    since = await log.newest()
    await log.record("new")
    assert values(await log.read(since=since)) == ["new"]


async def test_all_states_of_a_replaced_database_are_new(log: Log) -> None:
    await log.record("new")
    since = Position("sqlite before", 1000, 2 * TIME)  # the clock was wrong then
    page = await log.read(Position("sqlite before", 1000, TIME), since=since)
    assert (values(page), page.started_over) == (["new"], True)


async def test_a_state_without_attributes(log: Log) -> None:
    await log.record("1")
    await log.run("UPDATE states SET attributes_id = NULL")
    (row,) = (await log.read()).rows
    assert (row.state, row.attributes) == ("1", None)


# Parts of the states


async def test_the_newest_state_is_read_with_that_of_another_entity(log: Log) -> None:
    await log.record("1")
    await log.record("on", entity_id="light.x")
    await log.record("2", "3")
    assert values(await log.read_newest(set())) == ["3"]
    assert values(await log.read_newest({"light.x"})) == ["3"]
    assert values(await log.read_newest({"sensor.t"})) == ["3", "on"]
    assert values(await log.read_newest({"sensor.t", "light.x"})) == ["3"]
    assert values(await log.read_newest({"sensor.t"}, {"sensor.t"})) == ["3"]
    assert values(await log.read_newest({"sensor.t"}, {"light.none"})) == []


async def test_the_first_row_of_a_range_is_found(log: Log) -> None:
    await log.record("1", "2", "3")
    first, second, third = (await log.read()).rows
    await log.set_time(second.state_id, None)
    recorder = (await log.newest()).recorder
    whole = Range(first.state_id, third.state_id, 0)
    assert await log.first(whole) == Position(recorder, first.state_id, first.last_updated_ts)
    assert await log.first(whole._replace(first=second.state_id)) == Position(recorder, second.state_id, None)
    third_ts = third.last_updated_ts
    assert third_ts
    assert await log.first_selected(whole, third_ts) == Position(recorder, third.state_id, third_ts)
    assert await log.first_selected(whole, third_ts + 1) is None
    assert await log.first_selected(whole, third_ts, {"sensor.t"}) == Position(recorder, third.state_id, third_ts)
    assert await log.first_selected(whole, third_ts, {"light.x"}) is None
    assert await log.first_selected(whole, third_ts, since=await log.newest()) is None
    assert await log.first(Range(third.state_id + 1, third.state_id + 9, 0)) is None
