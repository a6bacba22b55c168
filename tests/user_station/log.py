"""Recorder and reader for the tests of recorder_log, on each kind of database."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done
from sqlalchemy import text

from custom_components.anavi_weather.user_station.ranges import Range
from custom_components.anavi_weather.user_station.recorder_log import Backlog, Page, Position, RecorderLog
from custom_components.anavi_weather.user_station.recorder_tables import Selected
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant

TIME = 1_790_000_000.25
MANY = 1_000_000_000  # bytes


def databases(*others: str) -> pytest.MarkDecorator:
    """Run a test only on these databases."""
    return pytest.mark.parametrize("database", others, indirect=True)


class Log:
    """Reader like the forwarder's, and writer like the recorder's."""

    def __init__(self, hass: HomeAssistant, instance: Recorder) -> None:
        """Initialize the reader."""
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
        selected = Selected(None if entity_ids is None else frozenset(entity_ids))
        return await self.log.async_run(self.log.read, position, selected, since, limit, size)

    async def read_newest(self, others_than: set[str], entity_ids: set[str] | None = None) -> Page:
        """Read the newest rows."""
        selected = Selected(None if entity_ids is None else frozenset(entity_ids))
        return await self.log.async_run(self.log.read_newest, selected, None, frozenset(others_than))

    async def first(self, part: Range) -> Position | None:
        """Return the position after the first row of a range."""
        return await self.log.async_run(self.log.first, part)

    async def first_selected(
        self, part: Range, since_ts: float, entity_ids: set[str] | None = None, since: Position | None = None
    ) -> Position | None:
        """Return the position after the first row of a range that was updated since a time."""
        selected = Selected(None if entity_ids is None else frozenset(entity_ids))
        return await self.log.async_run(self.log.first_selected, part, selected, since, since_ts)

    async def newest(self) -> Position:
        """Return the position after the newest row."""
        return await self.log.async_run(self.log.newest)

    async def backlog(
        self, position: Position | None = None, entity_ids: set[str] | None = None, since: Position | None = None
    ) -> Backlog:
        """Return the backlog."""
        selected = Selected(None if entity_ids is None else frozenset(entity_ids))
        return await self.log.async_run(self.log.backlog, position, selected, since)

    async def waits(
        self, position: Position | None = None, entity_ids: set[str] | None = None, since: Position | None = None
    ) -> tuple[int, float | None]:
        """Return how many rows wait, and the time of the oldest."""
        backlog = await self.backlog(position, entity_ids, since)
        assert backlog.newest == await self.newest()
        return backlog.count, backlog.first.last_updated_ts if backlog.first else None

    async def record(self, *states: str, entity_id: str = "sensor.t", **attributes: Any) -> None:
        """Set an entity's states one after another, and wait until they are recorded."""
        for state in states:
            self.hass.states.async_set(entity_id, state, attributes, force_update=True)
        await async_wait_recording_done(self.hass)

    async def run(self, statement: str, **values: Any) -> None:
        """Change the database without the recorder's knowledge."""

        def run() -> None:
            engine = self.instance.engine
            assert engine
            with engine.begin() as connection:
                connection.execute(text(statement), values)

        await self.instance.async_add_executor_job(run)

    async def set_time(self, state_id: int, timestamp: float | None) -> None:
        """Change the time of a state."""
        await self.run("UPDATE states SET last_updated_ts = :ts WHERE state_id = :id", ts=timestamp, id=state_id)

    async def purge(self, *state_ids: int) -> None:
        """Purge states."""
        for state_id in state_ids:
            await self.run("UPDATE states SET old_state_id = NULL WHERE old_state_id = :id", id=state_id)
            await self.run("DELETE FROM states WHERE state_id = :id", id=state_id)


def values(page: Page) -> list[str | None]:
    """Return the states of a page."""
    return [row.state for row in page.rows]
