"""Tests of waiting for commits, and of recorders that cannot be read."""

import asyncio
from collections.abc import Iterator
import threading
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done
from sqlalchemy import Connection, Engine, exc, inspect

from custom_components.anavi_weather.user_station import recorder_log
from custom_components.anavi_weather.user_station.recorder_log import (
    RecorderBusyError,
    RecorderLog,
    RecorderUnavailableError,
    RecorderUnexpectedError,
    Row,
)
from custom_components.anavi_weather.user_station.recorder_tables import STATES
from homeassistant.components.recorder.db_schema import States

from .log import Log, databases, values


@pytest.fixture
def recorder_db_url(database_url: str) -> str:
    """Return a database for this test's recorder."""
    return database_url


# Commits


@pytest.fixture
def rare_commits() -> Iterator[None]:
    """Make the commit interval so long that waiting for it would fail the test."""
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
async def test_starting_or_stopping_during_a_commit_does_not_break_it(log: Log) -> None:
    """The recorder's thread iterates over SQLAlchemy's listeners, which must not change meanwhile."""
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
async def test_waiting_ends_after_the_commit_interval(log: Log) -> None:
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
async def test_unexpected_tables(log: Log, table: str, column: str | None) -> None:
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
async def test_all_missing_columns_are_named(log: Log) -> None:
    await log.run("ALTER TABLE states RENAME COLUMN state TO other")
    await log.run("ALTER TABLE states RENAME COLUMN last_changed_ts TO another")
    with pytest.raises(RecorderUnexpectedError, match=r"^states has no last_changed_ts, state$"):
        await log.newest()


async def test_tables_are_inspected_once(log: Log) -> None:
    await log.newest()
    with patch.object(recorder_log, "inspect", side_effect=AssertionError):
        await log.newest()


async def test_a_migrating_recorder_is_busy(log: Log) -> None:
    log.instance.migration_in_progress = True
    with pytest.raises(RecorderBusyError):
        await log.newest()
    log.instance.migration_in_progress = False
    await log.newest()


@databases("sqlite")
async def test_a_starting_recorder_is_busy(log: Log) -> None:
    log.instance.async_recorder_ready.clear()
    with pytest.raises(RecorderBusyError):
        await log.newest()
    log.instance.async_recorder_ready.set()
    engine, log.instance.engine = log.instance.engine, None
    with pytest.raises(RecorderBusyError):
        await log.newest()
    log.instance.engine = engine


async def test_an_unreachable_database(log: Log) -> None:
    await log.record("1")
    position = await log.newest()
    away = exc.OperationalError("SELECT 1", [], Exception("gone"))
    with (
        patch.object(Connection, "execute", side_effect=away),
        pytest.raises(RecorderUnavailableError, match=r"^OperationalError$"),
    ):
        await log.newest()
    assert await log.newest() == position


def test_the_columns_exist_in_the_recorders_schema() -> None:
    assert set(STATES.c.keys()) <= set(States.__table__.c.keys())
    assert Row._fields[0] == "state_id"


async def test_a_new_engine_is_inspected(log: Log) -> None:
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
