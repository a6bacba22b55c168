"""The recorder's rows of states, as far as documents need them."""

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from sqlalchemy import Select, func, select
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


EARLIER = STATES.alias("earlier")
TWIN = (
    select(func.count())
    .select_from(EARLIER)
    .where(
        EARLIER.c.metadata_id == STATES.c.metadata_id,
        EARLIER.c.last_updated_ts == STATES.c.last_updated_ts,
        EARLIER.c.state_id < STATES.c.state_id,
    )
    .correlate(STATES)
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
    .select_from(NAMED_STATES.outerjoin(STATE_ATTRIBUTES, STATES.c.attributes_id == STATE_ATTRIBUTES.c.attributes_id))
    .order_by(STATES.c.state_id)
)
ATTRIBUTES = Row._fields.index("attributes")


def fetch(session: Session, statement: Select[tuple[object, ...]], limit: int, size: int) -> tuple[Sequence[Row], bool]:
    """Return the rows of a statement until the page is full, and whether it is.

    Args:
        session: The session to read with.
        statement: `ROWS` with conditions.
        limit: See `RecorderLog.read`.
        size: See `RecorderLog.read`.
    """
    rows = Compact(Row)
    result = session.execute(statement.limit(limit), execution_options={"yield_per": FETCH})
    for row in chain.from_iterable(result.partitions()):
        rows.append(row)
        size -= len(row[ATTRIBUTES] or "")
        if size <= 0:
            break
    result.close()
    full = len(rows) == limit or size <= 0
    return rows, full
