"""The recorder's states in commit order.

One thread of the recorder writes all states, so `state_id` rises in the order of commits. But SQLite reuses the ids of the
newest rows after these are purged, and a restored or deleted database starts over. A position is therefore valid only while
its own row exists, unchanged, or was purged alone. Otherwise reading starts from the first row, and Elasticsearch recognizes
the states that it has stored before.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
import math
import time
from typing import NamedTuple

from sqlalchemy import ColumnElement, TableClause, exc, func, inspect, or_, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance

from .ranges import Range
from .recorder_rows import ROWS, Row, fetch
from .recorder_tables import ALL, NAMED_STATES, SCHEMA_CHANGES, STATES, STATES_META, TABLES, Selected, is_selected

SYNC_TIMEOUT = 10.0  # seconds
WINDOW = 10_000  # rows that one read searches for those of the selected entities


class RecorderError(Exception):
    """The recorder's states cannot be read now."""


class RecorderBusyError(RecorderError):
    """The recorder is starting, or migrating its database."""


class RecorderUnavailableError(RecorderError):
    """The recorder's database is unreachable, or cannot be read."""


class RecorderUnexpectedError(RecorderError):
    """The recorder's tables are not the ones that this version knows."""


class Position(NamedTuple):
    """Position in a recorder's states, after a row."""

    recorder: str
    """The database's engine and creation time."""
    state_id: int
    """Id of the row; 0: before the first row."""
    last_updated_ts: float | None


class Page(NamedTuple):
    """Result of one read."""

    rows: Sequence[Row]
    position: Position
    reached_end: bool
    """Whether no more rows follow now."""
    started_over: bool
    """Whether the given position was invalid, so that these are the recorder's first rows."""
    purged: int
    """Number of state ids that vanished between the position and the oldest remaining row."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """States that waited when they were counted."""

    count: int
    newest: Position
    """Position after the newest row, whether it waited or not."""
    first: Position | None = None
    """Position after the first of them; None: unknown."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """Rows that are still to be read."""

    count: int
    first: Position | None
    newest: Position
    started_over: bool
    """Whether the given position was invalid, see `Page`."""
    purged: int
    """Number of state ids that vanished, see `Page`."""


class RecorderLog:
    """Reader of the recorder's states. Call methods that are not async through `async_run`."""

    def __init__(self, hass: HomeAssistant, tables: Sequence[TableClause] = TABLES) -> None:
        """Initialize the reader of some tables."""
        self._hass = hass
        self._tables = tables
        self._checked: Engine | None = None
        self._known: str | None = None  # the database that positions are from, if it was compared since the start

    async def async_run[*Arguments, Result](
        self, job: Callable[[*Arguments], Result], *arguments: *Arguments
    ) -> Result:
        """Run a job that reads, in the recorder's executor.

        Raises:
            RecorderBusyError: if the recorder starts, or migrates its database.
            RecorderUnavailableError: if the database cannot be read.
            RecorderUnexpectedError: if its tables are not the expected ones.
        """
        instance = get_instance(self._hass)
        if not instance.async_recorder_ready.is_set() or instance.migration_in_progress:
            raise RecorderBusyError
        try:
            return await instance.async_add_executor_job(self._run, job, arguments)
        except exc.SQLAlchemyError as err:
            raise RecorderUnavailableError(type(err).__name__) from err

    def _run[*Arguments, Result](self, job: Callable[[*Arguments], Result], arguments: tuple[*Arguments]) -> Result:
        engine = get_instance(self._hass).engine
        if engine is None:
            raise RecorderBusyError
        if engine is not self._checked:
            inspector = inspect(engine)
            for expected in self._tables:
                try:
                    columns = {found["name"] for found in inspector.get_columns(expected.name)}
                except exc.NoSuchTableError as err:
                    raise RecorderUnexpectedError(f"there is no table {expected.name}") from err
                if missing := sorted(set(expected.c.keys()) - columns):
                    raise RecorderUnexpectedError(f"{expected.name} has no {', '.join(missing)}")
            self._checked = engine
        return job(*arguments)

    def session(self) -> Session:
        """Return a new session. Home Assistant's `session_scope` would log a traceback whenever a database is away."""
        return get_instance(self._hass).get_session()

    def horizon(self) -> float:
        """Return the age at which the recorder purges a state, in seconds; infinite if it does not."""
        instance = get_instance(self._hass)
        return instance.keep_days * 86400.0 if instance.auto_purge else math.inf

    def recording_start(self) -> float:
        """Return the time from which the recorder has recorded since Home Assistant was started."""
        return get_instance(self._hass).recorder_runs_manager.recording_start.timestamp()

    def read(
        self,
        position: Position | None,
        selected: Selected,
        since: Position | None,
        limit: int,
        size: int,
    ) -> Page:
        """Return the rows after a position, oldest first.

        Args:
            position: None: before the first row.
            selected: The entities to read.
            since: Skip rows from before this position.
            limit: The maximum number of rows.
            size: The size of all attributes, in bytes, with which a page is full.
        """
        with self.session() as session:
            recorder = self.recorder(session)
            after, started_over, purged = self._resume(session, position, recorder)
            wanted = [*self._since(session, since, recorder), *is_selected(session, selected)]
            statement = ROWS.where(STATES.c.state_id > after.state_id, *wanted)
            last: Position | None = None
            if wanted:
                last = self._window_end(session, after)
                statement = statement.where(STATES.c.state_id <= last.state_id)
            rows, full = fetch(session, statement, limit, size)
            newest = next(reversed(rows), None)
            if newest and (full or last is None):
                reached = Position(recorder, newest.state_id, newest.last_updated_ts)
            else:
                reached = last or after
            end = not full and (last is None or last.state_id == self._end(session).state_id)
            return Page(rows, reached, end, started_over, purged)

    def read_range(self, part: Range, selected: Selected, since: Position | None, limit: int, size: int) -> Page:
        """Return the rows of a range of ids, see `read`. The end is that of the range."""
        with self.session() as session:
            recorder = self.recorder(session)
            statement = ROWS.where(
                STATES.c.state_id.between(part.first, part.last),
                *self._since(session, since, recorder),
                *is_selected(session, selected),
            )
            rows, full = fetch(session, statement, limit, size)
            reached = next(reversed(rows)).state_id if full else part.last
            return Page(rows, Position(recorder, reached, None), not full, started_over=False, purged=0)

    def read_newest(self, selected: Selected, since: Position | None, others_than: frozenset[str]) -> Page:
        """Return the newest row of the selected entities, if it is among the newest rows of all, see `read`.

        Args:
            selected: See `read`.
            since: See `read`.
            others_than: If the row is of one of these entities, the newest row of another entity is returned too.
        """
        with self.session() as session:
            end = self._end(session)
            statement = ROWS.where(
                STATES.c.state_id > end.state_id - WINDOW,
                *self._since(session, since, end.recorder),
                *is_selected(session, selected),
            )
            statement = statement.order_by(None).order_by(STATES.c.state_id.desc())
            rows = list(fetch(session, statement, 1, 1)[0])
            if rows and rows[0].entity_id in others_than:
                rows += fetch(session, statement.where(STATES_META.c.entity_id.not_in(others_than)), 1, 1)[0]
            return Page(rows, end, reached_end=True, started_over=False, purged=0)

    def first(self, part: Range) -> Position | None:
        """Return the position after the first row of a range of ids, if any."""
        return self.first_selected(part, ALL, None, None)

    def first_selected(
        self, part: Range, selected: Selected, since: Position | None, since_ts: float | None
    ) -> Position | None:
        """Return the position after the first row of a range of ids, if any that was updated since a time, see `read`."""
        statement = select(STATES.c.state_id, STATES.c.last_updated_ts).order_by(STATES.c.state_id).limit(1)
        statement = statement.select_from(STATES if selected == ALL else NAMED_STATES)
        statement = statement.where(STATES.c.state_id.between(part.first, part.last))
        if since_ts is not None:
            statement = statement.where(STATES.c.last_updated_ts >= since_ts)
        with self.session() as session:
            recorder = self.recorder(session)
            wanted = [*self._since(session, since, recorder), *is_selected(session, selected)]
            row = session.execute(statement.where(*wanted)).first()
            return Position(recorder, *row) if row else None

    async def async_sync(self) -> None:
        """Wait until the recorder has processed and committed everything until now.

        Raises:
            RecorderBusyError: if it does not in time.
        """
        try:
            async with asyncio.timeout(SYNC_TIMEOUT):
                await get_instance(self._hass).async_block_till_done()
        except TimeoutError as err:
            raise RecorderBusyError from err

    def newest(self) -> Position:
        """Return the position after the newest row."""
        with self.session() as session:
            return self._end(session)

    def newest_until(self, timestamp: float) -> Position:
        """Return the position after the newest row from no later than a time."""
        with self.session() as session:
            statement = (
                select(STATES.c.state_id, STATES.c.last_updated_ts)
                .where(STATES.c.last_updated_ts <= timestamp)
                .order_by(STATES.c.state_id.desc())
                .limit(1)
            )
            return Position(self.recorder(session), *(session.execute(statement).first() or (0, None)))

    def vanished(self, waiting: Waiting, position: Position | None, selected: Selected, since: Position | None) -> int:
        """Return how many of the states that waited after a position do not exist any more, see `read`."""
        with self.session() as session:
            recorder = self.recorder(session)
            if waiting.newest.last_updated_ts is None:
                return 0
            has_newest = self._exists(session, waiting.newest, recorder)
            # The recorder purges the oldest rows first
            oldest = (position, waiting.first)
            if has_newest and any(row and self._exists(session, row, recorder) for row in oldest):
                return 0
            after_id = position.state_id if position else 0
            remaining = (
                [STATES.c.state_id > after_id, STATES.c.state_id <= waiting.newest.state_id]
                if has_newest
                else self._between(session, position, waiting.newest, recorder)
            )
            wanted = [*self._since(session, since, recorder), *is_selected(session, selected)]
            statement = select(func.count()).select_from(NAMED_STATES).where(*remaining, *wanted)
            return max(waiting.count - session.execute(statement).scalar_one(), 0)

    def _between(
        self, session: Session, position: Position | None, end: Position, recorder: str
    ) -> list[ColumnElement[bool]]:
        """Return the condition that a row is after a position and not after an end whose row does not exist any more.

        Its id may be another row's by now, so the times decide, although rows are not always in the order of their times.
        """
        after, started_over, _ = self._resume(session, position, recorder)
        conditions = [STATES.c.state_id > after.state_id, STATES.c.last_updated_ts <= end.last_updated_ts]
        if started_over and position and position.last_updated_ts is not None:
            conditions.append(STATES.c.last_updated_ts > position.last_updated_ts)
        return conditions

    def backlog(self, position: Position | None, selected: Selected, since: Position | None) -> Backlog:
        """Return the rows after a position, see `read`."""
        with self.session() as session:
            recorder = self.recorder(session)
            after, started_over, purged = self._resume(session, position, recorder)
            found = (
                select(func.count(), func.min(STATES.c.state_id))
                .select_from(STATES if selected == ALL else NAMED_STATES)
                .where(
                    STATES.c.state_id > after.state_id,
                    *self._since(session, since, recorder),
                    *is_selected(session, selected),
                )
            )
            count, first_id = session.execute(found).one()
            oldest = session.execute(select(STATES.c.last_updated_ts).where(STATES.c.state_id == first_id)).scalar()
            first = Position(recorder, first_id, oldest) if count else None
            return Backlog(count, first, self._end(session), started_over, purged)

    def recorder(self, session: Session) -> str:
        """Return the database's engine and creation time."""
        made = session.execute(select(SCHEMA_CHANGES.c.changed).order_by(SCHEMA_CHANGES.c.change_id).limit(1)).scalar()
        return f"{session.get_bind().dialect.name} {made}"

    def _end(self, session: Session) -> Position:
        newest = select(STATES.c.state_id, STATES.c.last_updated_ts).order_by(STATES.c.state_id.desc()).limit(1)
        row = session.execute(newest).first()
        return Position(self.recorder(session), *(row or (0, None)))

    def _resume(self, session: Session, position: Position | None, recorder: str) -> tuple[Position, bool, int]:
        """Return the position to continue from, whether that is the beginning again, and how many ids were purged."""
        beginning = Position(recorder, 0, None)
        if position is None:
            self._known = recorder
            return beginning, False, 0
        # A database that was copied has the same rows
        if self._exists(session, position, recorder):
            self._known = recorder
            return position._replace(recorder=recorder), False, 0
        if position.recorder != recorder:
            return beginning, True, 0
        if position.state_id == 0:
            return position, False, 0
        oldest = session.execute(select(func.min(STATES.c.state_id))).scalar()
        if oldest is None:
            return position, False, 0
        if oldest > position.state_id:
            return position, False, oldest - position.state_id - 1
        is_gap = self._known == recorder and self._is_gap(session, position)
        return (position, False, 0) if is_gap else (beginning, True, 0)

    def _is_gap(self, session: Session, position: Position) -> bool:
        """Return whether only a position's own row was purged, like those of its entity, among others that are unchanged.

        Rows that were written after older ones were restored, or with ids that SQLite reuses, are all newer, unless a clock
        was behind. A database is restored while Home Assistant is stopped, so this decides only after another position was found.
        """
        row = select(STATES.c.state_id, STATES.c.last_updated_ts).limit(1)
        is_before = STATES.c.state_id < position.state_id
        before = session.execute(row.where(is_before).order_by(STATES.c.state_id.desc())).first()
        after = session.execute(row.where(~is_before).order_by(STATES.c.state_id)).first()
        if before is None or after is None or after[0] == position.state_id:
            return False
        times = (before[1], position.last_updated_ts, after[1])
        return None not in times and before[1] <= position.last_updated_ts <= after[1]

    def _exists(self, session: Session, position: Position, recorder: str) -> bool:
        """Return whether a position's row exists, unchanged. In another database, its time has to show that."""
        if position.last_updated_ts is None and position.recorder != recorder:
            return False
        found = session.execute(select(STATES.c.last_updated_ts).where(STATES.c.state_id == position.state_id)).first()
        return found is not None and found[0] == position.last_updated_ts

    def _since(self, session: Session, since: Position | None, recorder: str) -> list[ColumnElement[bool]]:
        """Return the condition that a row is newer than a position.

        A higher id is enough, because a clock may be set back. A later time is enough too, because SQLite reuses ids. In
        another database, ids say nothing, unless it is a copy, and a time says nothing if the clock was wrong.
        """
        if since is None or since.last_updated_ts is None:
            return []
        is_later = STATES.c.last_updated_ts > since.last_updated_ts
        if since.recorder != recorder and not self._exists(session, since, recorder):
            return [is_later] if since.last_updated_ts < time.time() else []
        return [or_(STATES.c.state_id > since.state_id, is_later)]

    def _window_end(self, session: Session, after: Position) -> Position:
        ahead = (
            select(STATES.c.state_id, STATES.c.last_updated_ts)
            .where(STATES.c.state_id > after.state_id)
            .order_by(STATES.c.state_id)
            .limit(1)
            .offset(WINDOW - 1)
        )
        if row := session.execute(ahead).first():
            return Position(after.recorder, *row)
        end = self._end(session)
        return end if end.state_id > after.state_id else after
