"""Tests of reading the recorder's states, on each database that it can have.

SQLite always; MariaDB and PostgreSQL where RECORDER_MARIADB_URL and RECORDER_POSTGRESQL_URL say how a database can be
made on a server, for example `mysql+pymysql://root@127.0.0.1:3306/` and `postgresql://postgres@127.0.0.1:5432/`.
"""

import asyncio
from collections.abc import Iterator
import math
import os
from pathlib import Path
import sqlite3
import threading
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_recorder_block_till_done,
    async_wait_recording_done,
    corrupt_db_file,
)
from sqlalchemy import Connection, Engine, create_engine, exc, inspect, text
from sqlalchemy.engine import make_url

from custom_components.anavi_weather.user_station import recorder_log
from custom_components.anavi_weather.user_station.recorder_log import (
    Backlog,
    Page,
    Position,
    RecorderBusyError,
    RecorderLog,
    RecorderUnavailableError,
    RecorderUnexpectedError,
    Row,
)
from homeassistant.components.recorder import Recorder
from homeassistant.components.recorder.db_schema import States
from homeassistant.core import HomeAssistant

SERVERS = {"mariadb": "RECORDER_MARIADB_URL", "postgresql": "RECORDER_POSTGRESQL_URL"}
TIME = 1_790_000_000.25
MANY = 1_000_000_000  # bytes


def databases(*others: str) -> pytest.MarkDecorator:
    """Run a test on SQLite, or only on these."""
    return pytest.mark.parametrize("database", others, indirect=True)


@pytest.fixture(params=["sqlite", *SERVERS])
def database(request: pytest.FixtureRequest) -> str:
    """Return the kind of the recorder's database."""
    kind: str = request.param
    if kind in SERVERS and not os.environ.get(SERVERS[kind]):
        pytest.skip(f"{SERVERS[kind]} names no server")
    return kind


@pytest.fixture
def recorder_db_url(database: str, tmp_path: Path, socket_enabled: None) -> Iterator[str]:
    """Return a database of this test's own, which does not outlast it."""
    if database == "sqlite":
        yield f"sqlite:///{tmp_path}/recorder.db"
        return
    server = make_url(os.environ[SERVERS[database]])
    name = f"anavi_weather_{uuid4().hex}"

    def run(statement: str) -> None:
        engine = create_engine(server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    run(f"CREATE DATABASE {name}" + (" CHARACTER SET utf8mb4" if database == "mariadb" else " ENCODING 'UTF8'"))
    yield server.set(database=name).render_as_string(hide_password=False)
    run(f"DROP DATABASE {name}" + ("" if database == "mariadb" else " WITH (FORCE)"))


class Log:
    """Reads as the forwarder does, and writes as the recorder does."""

    def __init__(self, hass: HomeAssistant, instance: Recorder) -> None:
        """Read from the beginning."""
        self.hass = hass
        self.instance = instance
        self.log = RecorderLog(hass)

    async def read(
        self,
        position: Position | None = None,
        entity_ids: set[str] | None = None,
        since: Position | None = None,
        limit: int = 1000,
        size: int = MANY,
    ) -> Page:
        """Read a page."""
        entities = None if entity_ids is None else frozenset(entity_ids)
        return await self.log.async_run(self.log.read, position, entities, since, limit, size)

    async def newest(self) -> Position:
        """Return the end."""
        return await self.log.async_run(self.log.newest)

    async def backlog(
        self, position: Position | None = None, entity_ids: set[str] | None = None, since: Position | None = None
    ) -> Backlog:
        """Count what waits."""
        entities = None if entity_ids is None else frozenset(entity_ids)
        return await self.log.async_run(self.log.backlog, position, entities, since)

    async def waits(
        self, position: Position | None = None, entity_ids: set[str] | None = None, since: Position | None = None
    ) -> tuple[int, float | None]:
        """Return how many rows wait, and since when."""
        backlog = await self.backlog(position, entity_ids, since)
        assert backlog.newest == await self.newest()
        return backlog.count, backlog.oldest_ts

    async def holds(self, position: Position) -> bool:
        """Tell whether a row is still there."""
        return await self.log.async_run(self.log.holds, position)

    async def record(self, *states: str, entity_id: str = "sensor.t", **attributes: Any) -> None:
        """Let an entity have states, one after another, and wait until the recorder has them."""
        for state in states:
            self.hass.states.async_set(entity_id, state, attributes, force_update=True)
        await async_wait_recording_done(self.hass)

    async def run(self, statement: str, **values: Any) -> None:
        """Change the database behind the recorder's back."""

        def run() -> None:
            engine = self.instance.engine
            assert engine
            with engine.begin() as connection:
                connection.execute(text(statement), values)

        await self.instance.async_add_executor_job(run)

    async def set_time(self, state_id: int, timestamp: float | None) -> None:
        """Give a state another time."""
        await self.run("UPDATE states SET last_updated_ts = :ts WHERE state_id = :id", ts=timestamp, id=state_id)

    async def purge(self, *state_ids: int) -> None:
        """Purge states."""
        for state_id in state_ids:
            await self.run("UPDATE states SET old_state_id = NULL WHERE old_state_id = :id", id=state_id)
            await self.run("DELETE FROM states WHERE state_id = :id", id=state_id)


@pytest.fixture
async def log(hass: HomeAssistant, recorder_mock: Recorder) -> Log:
    """Return what reads a recorder that is empty."""
    return Log(hass, recorder_mock)


def values(page: Page) -> list[str | None]:
    """Return the states of a page."""
    return [row.state for row in page.rows]


async def test_states_are_read_in_the_order_in_which_they_were_committed(log: Log) -> None:
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
    assert (page.end, page.begun_again, page.purged) == (True, False, 0)
    assert first.state_id < second.state_id < third.state_id


async def test_an_empty_recorder(log: Log) -> None:
    page = await log.read()
    assert page == Page([], Position(page.position.recorder, 0, None), end=True, begun_again=False, purged=0)
    assert await log.newest() == page.position
    assert await log.waits() == (0, None)
    await log.record("1")
    assert values(await log.read(page.position)) == ["1"]


async def test_a_state_that_was_updated_and_not_changed(log: Log) -> None:
    log.hass.states.async_set("sensor.t", "1", {"a": 1})
    log.hass.states.async_set("sensor.t", "1", {"a": 2})
    await async_wait_recording_done(log.hass)
    first, second = (await log.read()).rows
    assert second.last_changed_ts == pytest.approx(first.last_updated_ts, abs=1e-6)
    assert second.last_changed_ts != second.last_updated_ts


async def test_an_entity_that_was_removed(log: Log) -> None:
    await log.record("1")
    log.hass.states.async_remove("sensor.t")
    await async_wait_recording_done(log.hass)
    assert not (await log.read()).rows[-1].state


async def test_reading_goes_on_where_it_was(log: Log) -> None:
    await log.record("1", "2", "3")
    page = await log.read(limit=2)
    assert values(page) == ["1", "2"]
    assert not page.end
    page = await log.read(page.position, limit=2)
    assert values(page) == ["3"]
    assert page.end
    page = await log.read(page.position)
    assert (values(page), page.end) == ([], True)
    await log.record("4")
    assert values(await log.read(page.position)) == ["4"]


async def test_a_page_that_is_full_at_the_end_is_followed_by_an_empty_one(log: Log) -> None:
    await log.record("1", "2")
    page = await log.read(limit=2)
    assert not page.end
    page = await log.read(page.position, limit=2)
    assert (page.rows, page.end) == ([], True)


async def test_large_attributes_make_a_page_short(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        await log.record(str(number), text="x" * 1000, number=number)
    page = await log.read(size=2500)
    assert values(page) == ["0", "1", "2"]
    assert not page.end
    assert values(await log.read(page.position, size=1)) == ["3"], "one is read, however large"
    monkeypatch.setattr(recorder_log, "FETCH", 2)
    assert values(await log.read(size=2500)) == ["0", "1", "2"]


async def test_only_selected_entities_are_read(log: Log) -> None:
    await log.record("1")
    await log.record("on", entity_id="light.x")
    await log.record("2")
    await log.record("off", entity_id="light.x")
    page = await log.read(entity_ids={"sensor.t", "sensor.none"})
    assert values(page) == ["1", "2"]
    assert page.end
    assert page.position == await log.newest(), "what is not wanted is not looked at again"
    page = await log.read(entity_ids=set())
    assert (page.rows, page.end, page.position) == ([], True, await log.newest())


async def test_few_of_many_are_found_in_windows(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_log, "WINDOW", 4)
    await log.record("1")
    await log.record(*map(str, range(10)), entity_id="sensor.other")
    await log.record("2")
    pages = [await log.read(entity_ids={"sensor.t"})]
    while not pages[-1].end:
        pages.append(await log.read(pages[-1].position, {"sensor.t"}))
    assert [values(page) for page in pages] == [["1"], [], ["2"]]
    assert [page.position.state_id - pages[0].rows[0].state_id for page in pages] == [3, 7, 11]


async def test_a_window_that_has_more_than_a_page(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_log, "WINDOW", 4)
    await log.record("1", "2", "3")
    page = await log.read(entity_ids={"sensor.t"}, limit=2)
    assert (values(page), page.end, page.position.state_id) == (["1", "2"], False, page.rows[1].state_id)
    page = await log.read(page.position, {"sensor.t"}, limit=2)
    assert (values(page), page.end) == (["3"], True)


# Without history


async def test_what_was_there_before_is_not_wanted(log: Log) -> None:
    await log.record("old")
    since = await log.newest()
    page = await log.read(since=since)
    assert (page.rows, page.end, page.position) == ([], True, since)
    await log.record("new")
    assert values(await log.read(since=since)) == ["new"]
    assert values(await log.read(page.position, since=since)) == ["new"]
    assert (await log.backlog(since=since)).count == 1


async def test_what_is_new_is_told_by_its_id_when_the_clock_is_set_back(log: Log) -> None:
    await log.record("old")
    since = await log.newest()
    await log.record("new")
    await log.set_time(since.state_id + 1, TIME - 100_000_000)
    assert values(await log.read(since=since)) == ["new"]


async def test_of_an_empty_recorder_all_is_new(log: Log) -> None:
    since = await log.newest()
    await log.record("new")
    assert values(await log.read(since=since)) == ["new"]


async def test_of_a_recorder_that_has_begun_again_all_is_new(log: Log) -> None:
    await log.record("new")
    since = Position("sqlite before", 1000, 2 * TIME)  # the clock was wrong then
    page = await log.read(Position("sqlite before", 1000, TIME), since=since)
    assert (values(page), page.begun_again) == (["new"], True)


async def test_a_state_without_attributes(log: Log) -> None:
    await log.record("1")
    await log.run("UPDATE states SET attributes_id = NULL")
    (row,) = (await log.read()).rows
    assert (row.state, row.attributes) == ("1", None)


# States of one entity with the same time


async def test_states_of_the_same_time_are_numbered(log: Log) -> None:
    await log.record("1", "2", "3", "4")
    await log.record("5", entity_id="sensor.other")
    first = (await log.read()).rows[0].state_id
    for state_id in (first, first + 1, first + 3, first + 4):
        await log.set_time(state_id, TIME)
    page = await log.read()
    assert [row.twin for row in page.rows] == [0, 1, 0, 2, 0]
    page = await log.read(limit=2)
    assert [row.twin for row in (await log.read(page.position)).rows] == [0, 2, 0], "on another page as well"


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


# Positions that do not hold


async def test_a_purge_of_what_was_read_is_no_loss(log: Log) -> None:
    await log.record("1", "2", "3")
    page = await log.read(limit=2)
    await log.purge(page.rows[0].state_id)
    again = await log.read(page.position)
    assert (values(again), again.begun_again, again.purged) == (["3"], False, 0)
    await log.purge(page.rows[1].state_id)
    again = await log.read(page.position)
    assert (values(again), again.begun_again, again.purged) == (["3"], False, 0)


async def test_a_purge_of_what_was_not_read_is_counted(log: Log) -> None:
    await log.record("1", "2", "3", "4")
    page = await log.read(limit=1)
    first = page.rows[0].state_id
    await log.purge(first, first + 1, first + 2)
    again = await log.read(page.position)
    assert (values(again), again.begun_again, again.purged) == (["4"], False, 2)
    after = await log.read(again.position)
    assert (after.begun_again, after.purged) == (False, 0), "they are counted once"


async def test_a_purge_before_the_first_reading_is_no_loss(log: Log) -> None:
    beginning = await log.newest()
    await log.record("1", "2")
    await log.purge((await log.read()).rows[0].state_id)
    page = await log.read(beginning)
    assert (values(page), page.begun_again, page.purged) == (["2"], False, 0)


async def test_a_purge_of_everything(log: Log) -> None:
    await log.record("1", "2")
    page = await log.read()
    await log.purge(page.rows[0].state_id, page.rows[1].state_id)
    again = await log.read(page.position)
    assert again == Page([], page.position, end=True, begun_again=False, purged=0)
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
    assert (values(page), page.begun_again, page.purged) == (["3"], False, 0)


@databases("sqlite")
async def test_ids_that_sqlite_hands_out_again_are_recognised(log: Log) -> None:
    await log.record("1", "2", "3")
    page = await log.read()
    newest = page.rows[-1].state_id
    await log.purge(newest)
    await log.record("other", entity_id="sensor.other")
    again = await log.read(page.position)
    assert again.rows[-1].state_id == newest, "SQLite has handed the id out again"
    assert (values(again), again.begun_again) == (["1", "2", "other"], True)


@databases("mariadb", "postgresql")
async def test_ids_are_handed_out_once(log: Log) -> None:
    await log.record("1", "2")
    page = await log.read()
    await log.purge(page.position.state_id)
    await log.record("other", entity_id="sensor.other")
    again = await log.read(page.position)
    assert again.rows[-1].state_id > page.position.state_id
    assert (values(again), again.begun_again) == (["1", "other"], True), "the row is gone: all is read again"


async def test_a_row_that_is_another(log: Log) -> None:
    await log.record("1", "2")
    page = await log.read()
    await log.set_time(page.position.state_id, TIME)
    again = await log.read(page.position)
    assert (values(again), again.begun_again) == (["1", "2"], True)


@pytest.mark.parametrize("moved", [("sqlite", "mysql"), ("mysql", "postgresql"), ("postgresql", "sqlite")])
async def test_another_engine_has_other_ids(log: Log, moved: tuple[str, str]) -> None:
    await log.record("1", "2")
    position = (await log.read(limit=1)).position
    assert position.recorder.split()[0] in ("sqlite", "mysql", "mariadb", "postgresql")
    engine = next(name for name in moved if name != position.recorder.split()[0])
    elsewhere = position._replace(recorder=" ".join([engine, *position.recorder.split()[1:]]))
    again = await log.read(elsewhere)
    assert (values(again), again.begun_again) == (["1", "2"], True)
    assert (await log.backlog(elsewhere)).count == 2


@databases("sqlite")
async def test_a_database_that_was_lost_begins_again(
    log: Log, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
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

    assert page.begun_again
    assert values(page)[-1:] == ["new"]
    assert not {"1", "2"} & set(values(page))
    assert page.position.recorder != position.recorder
    assert (await log.read(page.position)).begun_again is False


# The backlog


async def test_a_row_is_still_there(log: Log) -> None:
    await log.record("1", "2")
    first, second = (await log.read()).rows
    newest = await log.newest()
    assert await log.holds(newest)
    assert not await log.holds(newest._replace(recorder="another"))
    assert not await log.holds(newest._replace(last_updated_ts=first.last_updated_ts))
    await log.purge(second.state_id)
    assert not await log.holds(newest)


async def test_what_waits_is_counted(log: Log) -> None:
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


# Commits


@pytest.fixture
def rare_commits() -> Iterator[None]:
    """Let commits be so rare that one who waits for the interval has waited in vain."""
    with patch.object(recorder_log, "get_instance", return_value=SimpleNamespace(commit_interval=3600)):
        yield


@pytest.mark.usefixtures("rare_commits")
async def test_a_commit_is_noticed(log: Log) -> None:
    stop = log.log.async_start()
    waiting = asyncio.create_task(log.log.async_wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    await log.record("1")
    async with asyncio.timeout(5):
        await waiting

    await log.record("2")  # while nobody waits
    async with asyncio.timeout(5):
        await log.log.async_wait()

    stop()
    await log.record("3")
    waiting = asyncio.create_task(log.log.async_wait())
    await async_wait_recording_done(log.hass)
    assert not waiting.done()
    waiting.cancel()


@databases("sqlite")
async def test_a_feed_that_starts_or_stops_during_a_commit_does_not_break_it(log: Log) -> None:
    """SQLAlchemy's listeners are gone through in the recorder's thread: there they must not change."""
    committing, changed = threading.Event(), threading.Event()

    def hold_up(_: object) -> None:
        committing.set()
        changed.wait(5)

    slow = SimpleNamespace(loop=SimpleNamespace(call_soon_threadsafe=hold_up))
    stops = [RecorderLog(slow).async_start(), log.log.async_start()]  # type: ignore[arg-type]
    log.hass.states.async_set("sensor.t", "1")
    await log.hass.async_add_executor_job(committing.wait)
    stops.pop()()
    stops.append(RecorderLog(log.hass).async_start())
    changed.set()
    await log.record("2")
    for stop in stops:
        stop()

    assert values(await log.read()) == ["1", "2"]


@databases("sqlite")
async def test_a_commit_after_the_end_of_the_event_loop_does_not_fail(log: Log) -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    stop = RecorderLog(SimpleNamespace(loop=loop)).async_start()  # type: ignore[arg-type]
    await log.record("1")
    await log.record("2")
    stop()
    assert values(await log.read()) == ["1", "2"]


@databases("sqlite")
async def test_a_commit_that_is_not_noticed_is_looked_for(log: Log) -> None:
    timeouts: list[float] = []

    class Timeout:
        def __init__(self, seconds: float) -> None:
            timeouts.append(seconds)

        async def __aenter__(self) -> None:
            raise TimeoutError

        async def __aexit__(self, *_: object) -> None:
            """Do nothing."""

    with patch.object(asyncio, "timeout", Timeout):
        for interval in (0, 5):
            log.instance.commit_interval = interval
            await log.log.async_wait()
    assert timeouts == [1, 5]


# Recorders that cannot be read


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("states", "last_updated_ts"),
        ("states_meta", "entity_id"),
        ("state_attributes", "shared_attrs"),
        ("schema_changes", "changed"),
        ("schema_changes", None),
    ],
)
async def test_tables_that_are_not_as_expected(log: Log, table: str, column: str | None) -> None:
    if column:
        await log.run(f"ALTER TABLE {table} RENAME COLUMN {column} TO other")
        message = f"{table} has no {column}"
    else:
        await log.run(f"ALTER TABLE {table} RENAME TO other")
        message = f"there is no table {table}"
    for _ in range(2):
        with pytest.raises(RecorderUnexpectedError, match=message):
            await log.newest()
    back = f"TABLE {table} RENAME COLUMN other TO {column}" if column else f"TABLE other RENAME TO {table}"
    await log.run(f"ALTER {back}")
    await log.newest()


@databases("sqlite")
async def test_columns_that_are_missed_are_all_named(log: Log) -> None:
    await log.run("ALTER TABLE states RENAME COLUMN state TO other")
    await log.run("ALTER TABLE states RENAME COLUMN last_changed_ts TO another")
    with pytest.raises(RecorderUnexpectedError, match=r"^states has no last_changed_ts, state$"):
        await log.newest()


async def test_tables_are_looked_at_once(log: Log) -> None:
    await log.newest()
    with patch.object(recorder_log, "inspect", side_effect=AssertionError):
        await log.newest()


async def test_a_recorder_that_migrates_is_left_alone(log: Log) -> None:
    log.instance.migration_in_progress = True
    with pytest.raises(RecorderBusyError):
        await log.newest()
    log.instance.migration_in_progress = False
    await log.newest()


@databases("sqlite")
async def test_a_recorder_that_starts_is_left_alone(log: Log) -> None:
    log.instance.async_recorder_ready.clear()
    with pytest.raises(RecorderBusyError):
        await log.newest()
    log.instance.async_recorder_ready.set()
    engine, log.instance.engine = log.instance.engine, None
    with pytest.raises(RecorderBusyError):
        await log.newest()
    log.instance.engine = engine


async def test_a_database_that_is_away(log: Log) -> None:
    await log.record("1")
    position = await log.newest()
    away = exc.OperationalError("SELECT 1", [], Exception("gone"))
    with (
        patch.object(Connection, "execute", side_effect=away),
        pytest.raises(RecorderUnavailableError, match=r"^OperationalError$"),
    ):
        await log.newest()
    assert await log.newest() == position


def test_the_columns_are_the_recorders() -> None:
    assert set(recorder_log.STATES.c.keys()) <= set(States.__table__.c.keys())
    assert Row._fields[0] == "state_id"


async def test_an_engine_that_is_another_is_looked_at(log: Log) -> None:
    await log.newest()
    seen: list[Engine] = []

    def look(engine: Engine) -> Any:
        seen.append(engine)
        return inspect(engine)

    log.log._checked = None
    with patch.object(recorder_log, "inspect", look):
        await log.newest()
        await log.newest()
    assert seen == [log.instance.engine]
