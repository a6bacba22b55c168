"""Tests of the past that the simulated station of `scripts/develop` is given beside the recorder's own writes."""

import asyncio
from contextlib import closing
from pathlib import Path
import sqlite3
import sys

import pytest
from sqlalchemy import create_engine

from homeassistant.components.recorder.db_schema import Base

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts" / "lib"))

import past
from smoke import Entity

ENTITIES = [
    Entity("sensor.sea_level_pressure", "entry_sea_level_pressure"),
    Entity("sensor.pressure", "entry_chip_pressure"),
]
COUNT = (
    "SELECT count(*) FROM states JOIN states_meta USING (metadata_id) WHERE states_meta.entity_id = 'sensor.pressure'"
)


class HomeAssistant:
    """What is asked of Home Assistant."""

    def __init__(self) -> None:
        self.commands: list[str] = []

    async def call(self, command: str, **data: object) -> dict[str, object]:
        self.commands.append(command)
        return {"elevation": 760}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return a recorder's database with one pressure in it."""
    file = tmp_path / past.DATABASE
    engine = create_engine(f"sqlite:///{file}")
    Base.metadata.create_all(engine)
    engine.dispose()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("INSERT INTO states_meta (metadata_id, entity_id) VALUES (7, 'sensor.pressure')")
        connection.execute("INSERT INTO state_attributes (attributes_id, shared_attrs) VALUES (3, '{}')")
        connection.execute("INSERT INTO states (state, metadata_id, attributes_id) VALUES ('930.0', 7, 3)")
    return file


def count(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        number: int = connection.execute(COUNT).fetchone()[0]
    return number


async def record(home_assistant: HomeAssistant, database: Path) -> None:
    await past.record_pressure(home_assistant, database.parent, "entry", ENTITIES)  # type: ignore[arg-type]


async def test_pressure_is_recorded(database: Path) -> None:
    home_assistant = HomeAssistant()

    await record(home_assistant, database)

    assert count(database) == 1 + past.PRESSURES + 2
    assert home_assistant.commands == ["get_config", "call_service"]


async def test_waits_for_the_recorder_to_commit(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past, "LOCK_SECONDS", 0)
    with closing(sqlite3.connect(database, autocommit=True)) as recorder:
        recorder.execute("BEGIN IMMEDIATE")

        task = asyncio.create_task(record(HomeAssistant(), database))
        await asyncio.sleep(2 * past.POLL_SECONDS)

        assert not task.done()
        recorder.execute("COMMIT")
        await task

    assert count(database) == 1 + past.PRESSURES + 2


async def test_recorder_that_is_never_done(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past, "LOCK_SECONDS", 0)
    monkeypatch.setattr(past, "RECORD_SECONDS", 0)
    home_assistant = HomeAssistant()
    with closing(sqlite3.connect(database, autocommit=True)) as recorder:
        recorder.execute("BEGIN IMMEDIATE")

        await record(home_assistant, database)

    assert count(database) == 1
    assert home_assistant.commands == ["get_config"]


async def test_database_without_tables_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / past.DATABASE
    sqlite3.connect(file).close()

    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await record(HomeAssistant(), file)
