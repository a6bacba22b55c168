"""The recorder's hourly statistics, which it never purges.

New rows have higher ids. But rows are also corrected, imported and deleted, and nothing in the table shows that. So the rows
of each statistic are divided into parts of a hundred days, and each part is compared by its fingerprint.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
import math
from typing import NamedTuple, override

from sqlalchemy import BigInteger, ColumnElement, Float, Select, cast, column, event, func, select, table, type_coerce
from sqlalchemy.orm import Session

from homeassistant.core import HomeAssistant

from .recorder_commits import Notifier
from .recorder_log import RecorderLog
from .recorder_tables import SCHEMA_CHANGES

HOUR = 3600  # seconds
PART = 2400 * HOUR
END = 4_102_444_800  # 2100-01-01; a row of a later time is a mistake
PRECISION = 1e-11  # the order in which a database adds numbers is not always the same

STATISTICS = table(
    "statistics",
    column("id"),
    column("metadata_id"),
    column("start_ts", Float()),
    column("created_ts"),
    *(column(name, Float()) for name in ("mean", "min", "max", "state", "sum")),
)
STATISTICS_META = table(
    "statistics_meta", column("id"), column("statistic_id"), column("unit_of_measurement"), column("name")
)
TABLES = (STATISTICS, STATISTICS_META, SCHEMA_CHANGES)

COLUMNS = ("id", "metadata_id", "start_ts", "created_ts", "mean", "min", "max", "state", "sum")

# Factors of the values in a checksum, so that exchanged values change it
FACTORS = {"mean": 1, "min": 3, "max": 5, "state": 7, "sum": 11}
CORRECTED = "anavi_weather_corrected"
HAS_TIME = STATISTICS.c.start_ts.between(0, END)


class Meta(NamedTuple):
    """A statistic in the recorder."""

    metadata_id: int
    statistic_id: str
    unit: str | None
    name: str | None


class StatisticsRow(NamedTuple):
    """A statistic's values of one hour."""

    row_id: int
    metadata_id: int
    start_ts: float
    created_ts: float | None
    mean: float | None
    min: float | None
    max: float | None
    state: float | None
    sum: float | None

    @property
    def part(self) -> int:
        """Return the number of the part that the row belongs to."""
        return int(self.start_ts) // PART


class Anchor(NamedTuple):
    """A row that was read. While it exists unchanged, the database is the same."""

    row_id: int
    created_ts: float | None


class Overview(NamedTuple):
    """State of the statistics."""

    recorder: str
    """The database's engine and creation time."""
    newest_id: int
    metas: Sequence[Meta]
    has_anchor: bool
    """Whether one of the given anchors still exists."""


class Fingerprint(NamedTuple):
    """Rows of a part, as far as they are compared."""

    first_ts: float
    last_ts: float
    hours: int
    checksum: float

    def matches(self, other: Fingerprint | None) -> bool:
        """Return whether both are of the same rows."""
        return (
            other is not None
            and (self.first_ts, self.last_ts, self.hours) == (other.first_ts, other.last_ts, other.hours)
            and math.isclose(self.checksum, other.checksum, rel_tol=PRECISION, abs_tol=PRECISION)
        )

    def plus(self, row: StatisticsRow) -> Fingerprint:
        """Return the fingerprint with one more row."""
        return Fingerprint(
            min(self.first_ts, row.start_ts),
            max(self.last_ts, row.start_ts),
            self.hours + 1,
            _finite(self.checksum + _checksum(row)),
        )


EMPTY = Fingerprint(END, 0.0, 0, 0.0)


class StatisticsReader:
    """Reader of the recorder's statistics. Call its methods through `async_run`."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Initialize the reader."""
        self._log = RecorderLog(hass, TABLES)
        self.async_run = self._log.async_run

    def overview(self, anchors: Collection[Anchor]) -> Overview:
        """Return the state of the statistics."""
        with self._log.session() as session:
            recorder = self._log.recorder(session)
            # Before the statistics, so that each row up to it has one
            newest_id = session.execute(select(func.max(STATISTICS.c.id))).scalar() or 0
            rows = select(STATISTICS.c.id, STATISTICS.c.created_ts).where(
                STATISTICS.c.id.in_([anchor.row_id for anchor in anchors])
            )
            found = {Anchor(*row) for row in session.execute(rows)}
            metas = [
                Meta(*row)
                for row in session.execute(select(*STATISTICS_META.c).order_by(STATISTICS_META.c.id))
                if row.statistic_id
            ]
            return Overview(recorder, newest_id, metas, not found.isdisjoint(anchors))

    def read_new(
        self, position: int, newest_id: int, metadata_ids: Collection[int], limit: int
    ) -> Sequence[StatisticsRow]:
        """Return the first rows of some statistics after a position, in the order of their ids."""
        statement = (
            _rows(metadata_ids)
            .where(STATISTICS.c.id > position, STATISTICS.c.id <= newest_id)
            .order_by(STATISTICS.c.id)
        )
        with self._log.session() as session:
            return [StatisticsRow(*row) for row in session.execute(statement.limit(limit))]

    def read_part(self, position: int, metadata_id: int, part: int) -> Sequence[StatisticsRow]:
        """Return the rows of a part up to a position, in the order of their time."""
        statement = _rows([metadata_id]).where(
            STATISTICS.c.id <= position, STATISTICS.c.start_ts >= part * PART, STATISTICS.c.start_ts < (part + 1) * PART
        )
        with self._log.session() as session:
            return [StatisticsRow(*row) for row in session.execute(statement.order_by(STATISTICS.c.start_ts))]

    def fingerprints(self, position: int, metadata_ids: Collection[int]) -> Mapping[tuple[int, int], Fingerprint]:
        """Return the fingerprint of each part of some statistics, by their id and the part, up to a position."""
        start = STATISTICS.c.start_ts
        part = (cast(start, BigInteger) // PART).label("part")
        values: ColumnElement[float] = sum(
            (func.coalesce(STATISTICS.c[name], 0.0) * factor for name, factor in FACTORS.items()),
            start=type_coerce(0.0, Float()),
        )
        statement = (
            select(
                STATISTICS.c.metadata_id,
                part,
                func.min(start),
                func.max(start),
                func.count(),
                func.sum((start / HOUR - part * (PART // HOUR) + 1) * values),
            )
            .where(STATISTICS.c.id <= position, HAS_TIME, STATISTICS.c.metadata_id.in_(metadata_ids))
            .group_by(STATISTICS.c.metadata_id, part)
        )
        with self._log.session() as session:
            return {
                (metadata_id, int(number)): Fingerprint(first_ts, last_ts, count, _finite(float(checksum or 0)))
                for metadata_id, number, first_ts, last_ts, count, checksum in session.execute(statement)
            }


class CorrectionNotifier(Notifier):
    """Notifier of commits that changed rows in place, which is how the recorder corrects and imports statistics."""

    subscribers: tuple[Callable[[], object], ...] = ()

    @classmethod
    def mark(cls, update: object) -> None:
        """Mark a session that has changed rows. Never raises: an exception would abort the recorder's job."""
        name = getattr(getattr(getattr(update, "mapper", None), "local_table", None), "name", None)
        if name == STATISTICS.name and isinstance(session := getattr(update, "session", None), Session):
            session.info[CORRECTED] = True

    @classmethod
    @override
    def notify(cls, session: Session) -> None:
        """Notify subscribers if a commit changed rows."""
        if session.info.pop(CORRECTED, False):
            super().notify(session)


event.listen(Session, "after_bulk_update", CorrectionNotifier.mark)
event.listen(Session, "after_commit", CorrectionNotifier.notify)


def fingerprint(rows: Iterable[StatisticsRow]) -> Fingerprint:
    """Return the fingerprint of the rows of a part."""
    found = EMPTY
    for row in rows:
        found = found.plus(row)
    return found


def _rows(metadata_ids: Collection[int]) -> Select[tuple[object, ...]]:
    return select(*(STATISTICS.c[name] for name in COLUMNS)).where(HAS_TIME, STATISTICS.c.metadata_id.in_(metadata_ids))


def _checksum(row: StatisticsRow) -> float:
    values = sum((getattr(row, name) or 0.0) * factor for name, factor in FACTORS.items())
    return (row.start_ts / HOUR - row.part * (PART // HOUR) + 1) * values


def _finite(number: float) -> float:
    """Return a number, or 0 for one that JSON does not have."""
    return number if math.isfinite(number) else 0.0
