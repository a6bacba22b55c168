"""The recorder's states in commit order: the only file that knows the recorder's tables.

One thread of the recorder writes all states, so `state_id` rises in the order of commits. SQLite hands the ids of the newest
rows out again when these are purged, and a restored or deleted database begins anew. A position is therefore believed only
while its own row is still there, unchanged; else reading begins again, and what was stored before is recognised by
Elasticsearch.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
import math
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, column, event, exc, func, inspect, or_, select, table
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.recorder import get_instance, session_scope

from .compact import Compact

STATES = table(
    "states",
    column("state_id"),
    column("metadata_id"),
    column("state"),
    column("last_updated_ts"),
    column("last_changed_ts"),
    column("attributes_id"),
)
STATES_META = table("states_meta", column("metadata_id"), column("entity_id"))
STATE_ATTRIBUTES = table("state_attributes", column("attributes_id"), column("shared_attrs"))
SCHEMA_CHANGES = table("schema_changes", column("change_id"), column("changed"))
TABLES = (STATES, STATES_META, STATE_ATTRIBUTES, SCHEMA_CHANGES)

EARLIER = STATES.alias("earlier")
TWIN = (
    select(func.count())
    .select_from(EARLIER)
    .where(
        EARLIER.c.metadata_id == STATES.c.metadata_id,
        EARLIER.c.last_updated_ts == STATES.c.last_updated_ts,
        EARLIER.c.state_id < STATES.c.state_id,
    )
    .scalar_subquery()
)
ROWS = (
    select(
        STATES.c.state_id,
        STATES_META.c.entity_id,
        STATES.c.state,
        STATES.c.last_updated_ts,
        STATES.c.last_changed_ts,
        STATE_ATTRIBUTES.c.shared_attrs,
        TWIN.label("twin"),
    )
    .select_from(
        STATES.outerjoin(STATES_META, STATES.c.metadata_id == STATES_META.c.metadata_id).outerjoin(
            STATE_ATTRIBUTES, STATES.c.attributes_id == STATE_ATTRIBUTES.c.attributes_id
        )
    )
    .order_by(STATES.c.state_id)
)

WINDOW = 10_000  # rows that one read looks through for those of the selected entities
FETCH = 100  # rows that are in memory before their size is known


class RecorderBusyError(Exception):
    """The recorder starts, or migrates its database."""


class RecorderUnavailableError(Exception):
    """The recorder's database is away, or cannot be read."""


class RecorderUnexpectedError(Exception):
    """The recorder's tables are not those that this version knows."""


class Row(NamedTuple):
    """A state as the recorder has it."""

    state_id: int
    entity_id: str | None
    state: str | None
    """None or empty: the entity was removed."""
    last_updated_ts: float | None
    last_changed_ts: float | None
    """None: when it was updated."""
    attributes: str | None
    """JSON."""
    twin: int
    """How many rows of the same entity have the same time and were written before."""


class Position(NamedTuple):
    """How far the states of a recorder have been read."""

    recorder: str
    """The database's engine, and when it was made."""
    state_id: int
    """Of the last row that was read; 0 is before the first."""
    last_updated_ts: float | None


class Page(NamedTuple):
    """Some rows, and the position after them."""

    rows: Sequence[Row]
    position: Position
    end: bool
    """Whether there are no more rows now."""
    begun_again: bool
    """Whether the position that was read from did not hold, so that these are the recorder's first rows."""
    purged: int
    """State ids that vanished between the position and the oldest row that is left."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is still to be read."""

    count: int
    oldest_ts: float | None
    newest: Position


class _Commits:
    """Tells of the commits of all sessions, in the thread that has committed.

    SQLAlchemy's own list of listeners must not change while the recorder's thread goes through it: its session would be
    broken from then on, and nothing recorded. So there is one listener from the import on, which is never taken back.
    """

    subscribers: tuple[Callable[[], object], ...] = ()

    @classmethod
    def subscribe(cls, subscriber: Callable[[], object]) -> Callable[[], None]:
        """Call after each commit; return how to stop. Belongs on the event loop."""
        cls.subscribers = (*cls.subscribers, subscriber)

        def stop() -> None:
            cls.subscribers = tuple(one for one in cls.subscribers if one is not subscriber)

        return stop

    @classmethod
    def tell(cls, _: Session) -> None:
        """Tell of a commit; nothing is raised, as the recorder's commit would fail by it."""
        for subscriber in cls.subscribers:
            with suppress(RuntimeError):  # the event loop is closed
                subscriber()


event.listen(Session, "after_commit", _Commits.tell)


class RecorderLog:
    """Reads the recorder's states. What is not async runs in the recorder's executor, by `async_run`."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Read nothing yet."""
        self._hass = hass
        self._committed = asyncio.Event()
        self._checked: Engine | None = None

    @callback
    def async_start(self) -> Callable[[], None]:
        """Listen for commits; return how to stop."""
        return _Commits.subscribe(lambda: self._hass.loop.call_soon_threadsafe(self._committed.set))

    async def async_wait(self) -> None:
        """Wait for the next commit, or for the recorder's commit interval."""
        try:
            async with asyncio.timeout(max(get_instance(self._hass).commit_interval, 1)):
                await self._committed.wait()
        except TimeoutError:
            pass
        self._committed.clear()

    async def async_run[*Arguments, Result](
        self, job: Callable[[*Arguments], Result], *arguments: *Arguments
    ) -> Result:
        """Run a job that reads.

        Raises RecorderBusyError, RecorderUnavailableError, RecorderUnexpectedError.
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
            for expected in TABLES:
                try:
                    columns = {found["name"] for found in inspector.get_columns(expected.name)}
                except exc.NoSuchTableError as err:
                    raise RecorderUnexpectedError(f"there is no table {expected.name}") from err
                if missing := sorted(set(expected.c.keys()) - columns):
                    raise RecorderUnexpectedError(f"{expected.name} has no {', '.join(missing)}")
            self._checked = engine
        return job(*arguments)

    def horizon(self) -> float:
        """Return the age at which the recorder purges a state, in seconds; infinite if it does not."""
        instance = get_instance(self._hass)
        return instance.keep_days * 86400.0 if instance.auto_purge else math.inf

    def read(
        self,
        position: Position | None,
        entity_ids: frozenset[str] | None,
        since: Position | None,
        limit: int,
        size: int,
    ) -> Page:
        """Return the rows after a position, oldest first.

        At most `limit` rows, and not many more than `size` bytes of attributes; only those of `entity_ids`, unless that is
        None, and none that were there before `since`.
        """
        with session_scope(hass=self._hass, read_only=True) as session:
            recorder = self._recorder(session)
            after, begun_again, purged = self._resume(session, position, recorder)
            wanted = _since(since, recorder)
            statement = ROWS.where(STATES.c.state_id > after.state_id, *wanted)
            last: Position | None = None
            if entity_ids is not None or wanted:
                last = self._window_end(session, after)
                statement = statement.where(STATES.c.state_id <= last.state_id)
            if entity_ids is not None:
                statement = statement.where(STATES_META.c.entity_id.in_(entity_ids))
            rows, full = _fetch(session, statement, limit, size)
            newest = next(reversed(rows), None)
            if newest and (full or last is None):
                reached = Position(recorder, newest.state_id, newest.last_updated_ts)
            else:
                reached = last or after
            end = not full and (last is None or last.state_id == self._end(session).state_id)
            return Page(rows, reached, end, begun_again, purged)

    def holds(self, position: Position) -> bool:
        """Return whether a position's row is still there."""
        with session_scope(hass=self._hass, read_only=True) as session:
            return position.recorder == self._recorder(session) and self._is_there(session, position)

    def newest(self) -> Position:
        """Return the position after all rows that there are."""
        with session_scope(hass=self._hass, read_only=True) as session:
            return self._end(session)

    def backlog(self, position: Position | None, entity_ids: frozenset[str] | None, since: Position | None) -> Backlog:
        """Return how many rows there are after a position, and when the first of them was updated."""
        with session_scope(hass=self._hass, read_only=True) as session:
            recorder = self._recorder(session)
            after = self._resume(session, position, recorder)[0]
            condition = and_(STATES.c.state_id > after.state_id, *_since(since, recorder))
            if entity_ids is not None:
                condition &= STATES.c.metadata_id.in_(
                    select(STATES_META.c.metadata_id).where(STATES_META.c.entity_id.in_(entity_ids))
                )
            count = session.execute(select(func.count()).select_from(STATES).where(condition)).scalar_one()
            oldest = session.execute(
                select(STATES.c.last_updated_ts).where(condition).order_by(STATES.c.state_id).limit(1)
            ).scalar()
            return Backlog(count, oldest, self._end(session))

    def _recorder(self, session: Session) -> str:
        made = session.execute(select(SCHEMA_CHANGES.c.changed).order_by(SCHEMA_CHANGES.c.change_id).limit(1)).scalar()
        return f"{session.get_bind().dialect.name} {made}"

    def _end(self, session: Session) -> Position:
        newest = select(STATES.c.state_id, STATES.c.last_updated_ts).order_by(STATES.c.state_id.desc()).limit(1)
        row = session.execute(newest).first()
        return Position(self._recorder(session), *(row or (0, None)))

    def _resume(self, session: Session, position: Position | None, recorder: str) -> tuple[Position, bool, int]:
        """Return where to go on, whether that is at the beginning again, and how many ids are missing there."""
        beginning = Position(recorder, 0, None)
        if position is None:
            return beginning, False, 0
        if position.recorder != recorder:
            return beginning, True, 0
        if position.state_id == 0:
            return position, False, 0
        if self._is_there(session, position):
            return position, False, 0
        oldest = session.execute(select(func.min(STATES.c.state_id))).scalar()
        if oldest is None:
            return position, False, 0
        if oldest > position.state_id:
            return position, False, oldest - position.state_id - 1
        return beginning, True, 0

    def _is_there(self, session: Session, position: Position) -> bool:
        found = session.execute(select(STATES.c.last_updated_ts).where(STATES.c.state_id == position.state_id)).first()
        return found is not None and found[0] == position.last_updated_ts

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


def _since(since: Position | None, recorder: str) -> list[ColumnElement[bool]]:
    """Return the condition that a row was not there before; all of a recorder that has begun again are new.

    The id is what counts, as a clock may be set back; but SQLite hands ids out again.
    """
    if since is None or since.recorder != recorder or since.last_updated_ts is None:
        return []
    return [or_(STATES.c.state_id > since.state_id, STATES.c.last_updated_ts > since.last_updated_ts)]


def _fetch(
    session: Session, statement: Select[tuple[object, ...]], limit: int, size: int
) -> tuple[Sequence[Row], bool]:
    """Return rows until there are enough, and whether there were."""
    rows = Compact(Row._make)
    result = session.execute(statement.limit(limit), execution_options={"yield_per": FETCH})
    for found in result:
        row = Row(*found)
        rows.append(row)
        size -= len(row.attributes or "")
        if len(rows) == limit or size <= 0:
            result.close()
            return rows, True
    return rows, False
