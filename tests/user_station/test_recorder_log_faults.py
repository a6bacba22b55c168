"""Tests of recorders that cannot be read."""

from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import Connection, Engine, exc, inspect

from custom_components.anavi_weather.user_station import recorder_log
from custom_components.anavi_weather.user_station.recorder_log import (
    RecorderBusyError,
    RecorderUnavailableError,
    RecorderUnexpectedError,
)
from custom_components.anavi_weather.user_station.recorder_rows import Row
from custom_components.anavi_weather.user_station.recorder_tables import STATES
from homeassistant.components.recorder.db_schema import States

from .log import Log, databases


@pytest.fixture
def recorder_db_url(database_url: str) -> str:
    """Return a database for this test's recorder."""
    return database_url


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
