"""The recorder's tables, as far as forwarding reads them. Only `recorder_log` uses them."""

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, column, func, or_, select, table
from sqlalchemy.orm import Session

from .filters import NameFilter

REMOVAL_DELAY = 10.0  # seconds after a name's end in which the row follows that the entity was removed from it

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

NAMED_STATES = STATES.outerjoin(STATES_META, STATES.c.metadata_id == STATES_META.c.metadata_id)
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
    .select_from(NAMED_STATES.outerjoin(STATE_ATTRIBUTES, STATES.c.attributes_id == STATE_ATTRIBUTES.c.attributes_id))
    .order_by(STATES.c.state_id)
)


class Times(NamedTuple):
    """Rows of a name at some time."""

    entity_id: str
    since: float | None
    until: float | None


class Selected(NamedTuple):
    """Rows to read. An entity may have had its name only for some time."""

    entity_ids: frozenset[str] | None
    """Names that are read at any time; None: all."""
    times: Sequence[Times] = ()
    excluded: frozenset[str] = frozenset()
    """Names that are never read."""
    includes: NameFilter | None = None
    """Matches more names that are read at any time."""
    excludes: NameFilter | None = None
    """Matches more names that are never read."""

    def resolve(self, names: Callable[[], Collection[str]]) -> Selected:
        """Return the same without filters.

        Args:
            names: Returns all names that the recorder has. It is called if there is a filter.
        """
        if not self.includes and not self.excludes:
            return self
        known = names()
        excluded = self.excluded.union(filter(self.excludes, known) if self.excludes else ())
        if self.entity_ids is None:
            return Selected(None, excluded=excluded)
        included = self.entity_ids.union(filter(self.includes, known) if self.includes else ())
        times = tuple(part for part in self.times if part.entity_id not in excluded)
        return Selected(included - excluded, times)


ALL = Selected(None)


def is_selected(session: Session, filtered: Selected) -> list[ColumnElement[bool]]:
    """Return the condition that a row is of a selected entity."""
    selected = filtered.resolve(lambda: session.scalars(select(STATES_META.c.entity_id)).all())
    if selected.entity_ids is None:
        name = STATES_META.c.entity_id
        return [or_(name.is_(None), name.not_in(selected.excluded))] if selected.excluded else []
    conditions: list[ColumnElement[bool]] = [STATES_META.c.entity_id.in_(selected.entity_ids)]
    for times in selected.times:
        condition: ColumnElement[bool] = STATES_META.c.entity_id == times.entity_id
        if times.since is not None:
            condition &= STATES.c.last_updated_ts >= times.since
        if times.until is not None:
            condition &= or_(
                STATES.c.last_updated_ts < times.until,
                and_(
                    STATES.c.last_updated_ts < times.until + REMOVAL_DELAY,
                    or_(STATES.c.state.is_(None), STATES.c.state == ""),
                ),
            )
        conditions.append(condition)
    return [or_(*conditions)]
