"""The recorder's rows of states, as far as documents need them."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from sqlalchemy import Select, func, literal_column, select
from sqlalchemy.orm import Session

from .compact import Compact
from .recorder_tables import NAMED_STATES, STATE_ATTRIBUTES, STATES, STATES_META

FETCH = 100  # rows that are fetched before their size is known


class Row(NamedTuple):
    """A state in the recorder."""

    state_id: int
    entity_id: str | None
    state: str | None
    """None or empty: the entity was removed."""
    last_updated_ts: float | None
    last_changed_ts: float | None
    """None: the same as `last_updated_ts`."""
    attributes: str | None
    """JSON."""
    twin: int
    """Number of earlier rows of the same entity with the same time."""


ROWS = (
    select(
        STATES.c.state_id,
        STATES_META.c.entity_id,
        STATES.c.state,
        STATES.c.last_updated_ts,
        STATES.c.last_changed_ts,
        STATE_ATTRIBUTES.c.shared_attrs,
        literal_column("0").label("twin"),
    )
    .select_from(NAMED_STATES.outerjoin(STATE_ATTRIBUTES, STATES.c.attributes_id == STATE_ATTRIBUTES.c.attributes_id))
    .order_by(STATES.c.state_id)
)
ATTRIBUTES = Row._fields.index("attributes")
EARLIER = STATES.alias("earlier")
TWINS = (
    select(STATES.c.state_id, func.count())
    .select_from(
        STATES.join(
            EARLIER,
            (EARLIER.c.metadata_id == STATES.c.metadata_id)
            & (EARLIER.c.last_updated_ts == STATES.c.last_updated_ts)
            & (EARLIER.c.state_id < STATES.c.state_id),
        )
    )
    .group_by(STATES.c.state_id)
)


def fetch(session: Session, statement: Select[tuple[object, ...]], limit: int, size: int) -> tuple[Sequence[Row], bool]:
    """Return the rows of a statement until the page is full, and whether it is.

    Args:
        session: The session to read with.
        statement: `ROWS` with conditions.
        limit: See `RecorderLog.read`.
        size: See `RecorderLog.read`.
    """
    rows = Compact(Row._make)
    result = session.execute(statement.limit(limit), execution_options={"yield_per": FETCH})
    for row in chain.from_iterable(result.partitions()):
        rows.append(row)
        size -= len(row[ATTRIBUTES] or "")
        if size <= 0:
            break
    result.close()
    full = len(rows) == limit or size <= 0
    if rows and (twins := _twins(session, rows)):
        return Compact(Row._make, (row._replace(twin=twins.get(row.state_id, 0)) for row in rows)), full
    return rows, full


def _twins(session: Session, rows: Sequence[Row]) -> Mapping[int, int]:
    """Return the numbers of earlier rows of the same entity with the same time, by id, where there are any."""
    ends = rows[0].state_id, rows[-1].state_id
    if len(rows) <= FETCH:  # between a few selected rows there may be many of other entities
        those = STATES.c.state_id.in_([row.state_id for row in rows])
    else:
        those = STATES.c.state_id.between(min(ends), max(ends))
    return {row[0]: row[1] for row in session.execute(TWINS.where(those))}
