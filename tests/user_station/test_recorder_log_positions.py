"""Tests of states with the same time, of invalid positions, and of the backlog."""

import math
from pathlib import Path
import sqlite3
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_recorder_block_till_done,
    async_wait_recording_done,
    corrupt_db_file,
)
from sqlalchemy import exc

from custom_components.anavi_weather.user_station.recorder_log import Page, Position, Waiting
from custom_components.anavi_weather.user_station.recorder_tables import ALL, Selected

from .log import TIME, Log, databases, values


@pytest.fixture
def recorder_db_url(database_url: str) -> str:
    """Return a database for this test's recorder."""
    return database_url


# States of one entity with the same time


async def test_states_with_the_same_time_are_numbered(log: Log) -> None:
    await log.record("1", "2", "3", "4")
    await log.record("5", entity_id="sensor.other")
    first = (await log.read()).rows[0].state_id
    for state_id in (first, first + 1, first + 3, first + 4):
        await log.set_time(state_id, TIME)
    page = await log.read()
    assert [row.twin for row in page.rows] == [0, 1, 0, 2, 0]
    page = await log.read(limit=2)
    assert [row.twin for row in (await log.read(page.position)).rows] == [0, 2, 0], "on another page as well"


@pytest.mark.parametrize("limit", [1, 2, 5])
async def test_states_with_the_same_time_as_an_earlier_one_are_numbered(log: Log, limit: int) -> None:
    """After the clock was set back, times repeat those of pages long before."""
    await log.record("1", "2")
    await log.record("3", entity_id="sensor.other")
    await log.record("4", "5")
    first = (await log.read()).rows[0].state_id
    for state_id, ts in zip(range(first, first + 5), (1.0, 3.0, 1.0, 3.0, 2.0), strict=True):
        await log.set_time(state_id, TIME + ts)
    twins, position = [], None
    while page := await log.read(position, limit=limit):
        twins += [row.twin for row in page.rows]
        position = page.position
        if page.reached_end:
            break
    assert twins == [0, 0, 0, 1, 0]


async def test_states_without_a_time_or_an_entity(log: Log) -> None:
    await log.record("1", "2", "3")
    first = (await log.read()).rows[0].state_id
    await log.set_time(first, None)
    await log.set_time(first + 1, None)
    await log.run("UPDATE states SET metadata_id = NULL WHERE state_id = :id", id=first + 1)
    rows = (await log.read()).rows
    assert [(row.entity_id, row.last_updated_ts is None, row.twin) for row in rows] == [
        ("sensor.t", True, 0),
        (None, True, 0),
        ("sensor.t", False, 0),
    ]
    page = await log.read(limit=1)
    assert page.position.last_updated_ts is None
    assert values(await log.read(page.position)) == ["2", "3"]


# Invalid positions


async def test_a_purge_of_read_states_is_not_a_loss(log: Log) -> None:
    await log.record("1", "2", "3")
    page = await log.read(limit=2)
    await log.purge(page.rows[0].state_id)
    again = await log.read(page.position)
    assert (values(again), again.started_over, again.purged) == (["3"], False, 0)
    await log.purge(page.rows[1].state_id)
    again = await log.read(page.position)
    assert (values(again), again.started_over, again.purged) == (["3"], False, 0)


async def test_a_purge_of_unread_states_is_counted(log: Log) -> None:
    await log.record("1", "2", "3", "4")
    page = await log.read(limit=1)
    first = page.rows[0].state_id
    await log.purge(first, first + 1, first + 2)
    again = await log.read(page.position)
    assert (values(again), again.started_over, again.purged) == (["4"], False, 2)
    after = await log.read(again.position)
    assert (after.started_over, after.purged) == (False, 0), "they are counted once"


async def test_a_purge_before_the_first_read_is_not_a_loss(log: Log) -> None:
    beginning = await log.newest()
    await log.record("1", "2")
    await log.purge((await log.read()).rows[0].state_id)
    page = await log.read(beginning)
    assert (values(page), page.started_over, page.purged) == (["2"], False, 0)


async def test_a_purge_of_everything(log: Log) -> None:
    await log.record("1", "2")
    page = await log.read()
    await log.purge(page.rows[0].state_id, page.rows[1].state_id)
    again = await log.read(page.position)
    assert again == Page([], page.position, reached_end=True, started_over=False, purged=0)
    assert await log.waits(page.position) == (0, None)


async def test_a_purge_by_the_recorder_itself(log: Log) -> None:
    await log.record("1", "2")
    position = (await log.read()).position
    await log.record("3")
    await log.run("UPDATE states SET last_updated_ts = last_updated_ts - 8640000 WHERE state_id < 3")
    await log.hass.services.async_call("recorder", "purge", {"keep_days": 1}, blocking=True)
    for _ in range(3):
        await async_wait_recording_done(log.hass)
    page = await log.read(Position(position.recorder, position.state_id, (position.last_updated_ts or 0) - 8640000))
    assert (values(page), page.started_over, page.purged) == (["3"], False, 0)


@databases("sqlite")
async def test_ids_reused_by_sqlite_are_detected(log: Log) -> None:
    await log.record("1", "2", "3")
    page = await log.read()
    newest = page.rows[-1].state_id
    await log.purge(newest)
    await log.record("other", entity_id="sensor.other")
    again = await log.read(page.position)
    assert again.rows[-1].state_id == newest, "SQLite has handed the id out again"
    assert (values(again), again.started_over) == (["1", "2", "other"], True)


@databases("mariadb", "postgresql")
async def test_other_databases_do_not_reuse_ids(log: Log) -> None:
    await log.record("1", "2")
    page = await log.read()
    await log.purge(page.position.state_id)
    await log.record("other", entity_id="sensor.other")
    again = await log.read(page.position)
    assert again.rows[-1].state_id > page.position.state_id
    assert (values(again), again.started_over) == (["other"], False)


async def test_a_purge_of_the_entity_that_was_read_last_is_continued(log: Log) -> None:
    """As by the action `recorder.purge_entities`."""
    await log.record("1")
    await log.record("2", entity_id="sensor.u")
    position = (await log.read()).position
    await log.record("3")
    await log.purge(position.state_id)
    again = await log.read(position)
    assert (values(again), again.started_over, again.purged) == (["3"], False, 0)
    assert await log.waits(position) == (1, again.rows[0].last_updated_ts)


async def test_a_missing_row_after_a_restart_is_no_purge(log: Log) -> None:
    """The database may be an older one that was restored, whose first new states were recorded with a clock that was behind."""
    await log.record("1", "2", "3", "4", "5")
    rows = (await log.read()).rows
    for row, seconds in zip(rows, (1, 2, 3.5, 4, 9), strict=True):
        await log.set_time(row.state_id, TIME + seconds)
    recorder = (await log.newest()).recorder
    await log.purge(rows[3].state_id)
    after_restart = Log(log.hass, log.instance)
    again = await after_restart.read(Position(recorder, rows[3].state_id, TIME + 4))
    assert (values(again), again.started_over) == (["1", "2", "3", "5"], True)


@pytest.mark.parametrize("times", [(2.0, 3.0), (0.0, 0.5), (None, 2.0), (0.0, None)])
async def test_a_missing_row_among_others_that_are_all_newer_or_older_is_no_purge(
    log: Log, times: tuple[float | None, float | None]
) -> None:
    """The database may be an older one that was restored."""
    await log.record("1", "2", "3")
    rows = (await log.read()).rows
    for row, ts in zip(rows[::2], times, strict=True):
        await log.set_time(row.state_id, None if ts is None else TIME + ts)
    await log.purge(rows[1].state_id)
    recorder = (await log.newest()).recorder
    again = await log.read(Position(recorder, rows[1].state_id, TIME + 1))
    assert (values(again), again.started_over) == (["1", "3"], True)
    again = await log.read(Position(recorder, rows[1].state_id, None))
    assert again.started_over


async def test_a_row_with_another_time_is_another_row(log: Log) -> None:
    await log.record("1", "2")
    page = await log.read()
    await log.set_time(page.position.state_id, TIME)
    again = await log.read(page.position)
    assert (values(again), again.started_over) == (["1", "2"], True)


@pytest.mark.parametrize("moved", [("sqlite", "mysql"), ("mysql", "postgresql"), ("postgresql", "sqlite")])
async def test_another_engine_has_other_ids(log: Log, moved: tuple[str, str]) -> None:
    await log.record("1", "2")
    position = (await log.read(limit=1)).position
    assert position.recorder.split()[0] in ("sqlite", "mysql", "mariadb", "postgresql")
    engine = next(name for name in moved if name != position.recorder.split()[0])
    elsewhere = Position(" ".join([engine, *position.recorder.split()[1:]]), position.state_id, TIME)
    again = await log.read(elsewhere)
    assert (values(again), again.started_over) == (["1", "2"], True)
    assert (await log.backlog(elsewhere)).count == 2


async def test_a_copied_database_is_continued(log: Log) -> None:
    """Case 32: the rows are the same, whatever the database."""
    await log.record("1", "2", "3")
    position = (await log.read(limit=1)).position
    copied = position._replace(recorder="another")
    page = await log.read(copied, limit=1)
    assert (values(page), page.started_over, page.purged) == (["2"], False, 0)
    assert page.position.recorder == position.recorder
    await log.set_time(position.state_id, None)
    again = await log.read(Position("another", position.state_id, None))
    assert (values(again), again.started_over) == (["1", "2", "3"], True), "without a time, it is no evidence"


async def test_history_stays_unwanted_in_a_copied_database(log: Log) -> None:
    """Case 32."""
    await log.record("1", "2", "3")
    since = (await log.read(limit=2)).position
    await log.set_time(since.state_id + 1, TIME - 1000)  # the clock was set back
    assert values(await log.read(since=since._replace(recorder="another"))) == ["3"]


async def test_history_stays_unwanted_in_another_database_by_its_time(log: Log) -> None:
    await log.record("1", "2", "3")
    rows = (await log.read()).rows
    for number, row in enumerate(rows):
        await log.set_time(row.state_id, TIME + number)
    assert values(await log.read(since=Position("another", 1000, TIME + 0.5))) == ["2", "3"]


@databases("sqlite")
async def test_a_corrupt_database_starts_over(log: Log, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    await log.record("1", "2")
    position = await log.newest()
    await async_recorder_block_till_done(log.hass)
    broken = exc.DatabaseError("SELECT 1", [], Exception())
    broken.__cause__ = sqlite3.DatabaseError("database disk image is malformed")
    with patch.object(log.instance.event_session, "commit", side_effect=broken):
        await log.hass.async_add_executor_job(corrupt_db_file, str(tmp_path / "recorder.db"))
        await log.record("between", entity_id="sensor.between")
    await log.record("new", entity_id="sensor.other")
    assert "Unrecoverable sqlite3 database corruption detected" in caplog.text

    page = await log.read(position)

    assert page.started_over
    assert values(page)[-1:] == ["new"]
    assert not {"1", "2"} & set(values(page))
    assert page.position.recorder != position.recorder
    assert (await log.read(page.position)).started_over is False


# The backlog


async def vanished(
    log: Log,
    count: int,
    newest: Position,
    position: Position | None = None,
    *,
    first: Position | None = None,
    selected: Selected = ALL,
) -> int:
    """Return how many rows have vanished."""
    return await log.log.async_run(log.log.vanished, Waiting(count, newest, first), position, selected, None)


async def test_no_rows_have_vanished(log: Log) -> None:
    await log.record("1", "2", "3")
    position = (await log.read(limit=1)).position
    newest = await log.newest()
    assert await vanished(log, 2, newest, position) == 0
    assert await vanished(log, 3, newest) == 0
    await log.record("4")
    assert await vanished(log, 3, newest) == 0, "a new row is not one that waited"
    assert await vanished(log, 1, newest) == 0


async def test_rows_that_are_not_in_the_order_of_their_times_have_not_vanished(log: Log) -> None:
    """An entity can take the time of its state before another's is written, and a clock can be set back."""
    await log.record("1", "2", "3", "4")
    rows = (await log.read()).rows
    for row, ts in zip(rows, (0.0, 3.0, 2.0, 1.0), strict=True):
        await log.set_time(row.state_id, TIME + ts)
    position, newest = (await log.read(limit=1)).position, await log.newest()
    assert await vanished(log, 4, newest) == 0, "nothing was sent yet"
    await log.purge(position.state_id)
    assert await vanished(log, 3, newest, position) == 0
    await log.purge(position.state_id + 1)
    assert await vanished(log, 3, newest, position) == 1


async def test_rows_that_are_not_selected_any_more_have_not_vanished(log: Log) -> None:
    await log.record("1")
    await log.record("2", "3", entity_id="sensor.u")
    newest = await log.newest()
    first = (await log.backlog()).first
    some = Selected(frozenset({"sensor.t"}))
    assert await vanished(log, 3, newest, first=first, selected=some) == 0
    assert first
    await log.purge(first.state_id)
    assert await vanished(log, 3, newest, first=first) == 1


async def test_purged_rows_have_vanished(log: Log) -> None:
    await log.record("1", "2", "3", "4")
    position = (await log.read(limit=1)).position
    newest = await log.newest()
    await log.purge(position.state_id, position.state_id + 1)
    assert await vanished(log, 3, newest, position) == 1
    await log.purge(newest.state_id)
    await log.record("5")
    assert await vanished(log, 3, newest, position) == 2


async def test_rows_have_vanished_with_their_database(log: Log) -> None:
    """Cases 11 and 34."""
    await log.record("new")
    past = TIME - 1_000_000
    position, newest = Position("another", 1000, past), Position("another", 1500, past + 10)
    assert await vanished(log, 500, newest, position) == 500
    assert await vanished(log, 500, newest, position._replace(last_updated_ts=None)) == 500


async def test_rows_of_a_restored_database_have_vanished_if_they_are_newer(log: Log) -> None:
    await log.record("1", "2", "3")
    for number, row in enumerate((await log.read()).rows):
        await log.set_time(row.state_id, TIME + number)
    position, newest = Position("another", 1000, TIME), Position("another", 1500, TIME + 10)
    assert await vanished(log, 5, newest, position) == 3, "2 and 3 still wait"


async def test_a_newest_row_without_a_time_is_no_evidence(log: Log) -> None:
    assert await vanished(log, 5, Position("another", 5, None)) == 0


async def test_waiting_rows_are_counted(log: Log) -> None:
    await log.record("1", "2", "3")
    await log.record("on", entity_id="light.x")
    rows = (await log.read()).rows
    position = (await log.read(limit=1)).position
    assert await log.waits() == (4, rows[0].last_updated_ts)
    assert await log.waits(position) == (3, rows[1].last_updated_ts)
    assert await log.waits(position, {"light.x"}) == (1, rows[3].last_updated_ts)
    assert await log.waits(position, {"light.none"}) == (0, None)
    assert await log.waits(position, set()) == (0, None)
    assert await log.waits(await log.newest()) == (0, None)


@pytest.mark.parametrize(
    ("recorder_config", "expected"),
    [({"purge_keep_days": 3}, 3 * 86400), ({"auto_purge": False}, math.inf), (None, 10 * 86400)],
)
@databases("sqlite")
async def test_the_horizon(log: Log, expected: float) -> None:
    assert log.log.horizon() == expected


async def test_a_time_is_the_same_in_each_database(log: Log) -> None:
    """Case 32: a position is found again in a copy in another kind of database, whose numbers are doubles too."""
    await log.record("1")
    (row,) = (await log.read()).rows
    for timestamp in (1_795_910_549.4711802, 1_795_910_549.0000001, 1_795_910_549.9999998):
        await log.set_time(row.state_id, timestamp)
        copied = Position("another", row.state_id, timestamp)
        assert not (await log.read(copied)).started_over
