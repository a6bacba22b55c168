"""The recorder's tables, as far as forwarding reads them. Only `recorder_log` uses them."""

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, column, not_, or_, select, table
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


class Times(NamedTuple):
    """Rows of a name at some time."""

    entity_id: str
    since: float | None
    until: float | None


class Selected(NamedTuple):
    """Rows to read. An entity may have had its name only for some time."""

    entity_ids: frozenset[str] | None
    """Names that are read; None: all."""
    times: Sequence[Times] = ()
    """Rows of other names that are read."""
    excluded: frozenset[str] = frozenset()
    """Names that are not read, except in `times`."""
    excluded_times: Sequence[Times] = ()
    """Rows that are never read."""
    includes: NameFilter | None = None
    """Matches more names that are read."""
    excludes: NameFilter | None = None
    """Of the names that are read only because all are, or because `includes` matches, matches those that are not."""

    def resolve(self, names: Callable[[], Collection[str]]) -> Selected:
        """Return the same without filters.

        Args:
            names: Returns all names that the recorder has. It is called if there is a filter.
        """
        if not self.includes and not self.excludes:
            return self
        known = names()
        dropped = frozenset(filter(self.excludes, known)) if self.excludes else frozenset[str]()
        if self.entity_ids is None:
            excluded = self.excluded | dropped
            times = tuple(part for part in self.times if part.entity_id in dropped)
            return Selected(None, times, excluded, self.excluded_times)
        included = frozenset(filter(self.includes, known)) if self.includes else frozenset[str]()
        entity_ids = self.entity_ids | (included - dropped - self.excluded)
        return Selected(entity_ids, self.times, self.excluded, self.excluded_times)

    def names(self, known: Collection[str]) -> set[str]:
        """Return the names of which rows are read, now or from some time, if all names are those that are known."""
        selected = self.resolve(lambda: known)
        entity_ids = set(known) - selected.excluded if selected.entity_ids is None else selected.entity_ids
        return {*entity_ids, *(part.entity_id for part in selected.times)}


ALL = Selected(None)


def is_selected(session: Session, filtered: Selected) -> list[ColumnElement[bool]]:
    """Return the condition that a row is of a selected entity."""
    selected = filtered.resolve(lambda: session.scalars(select(STATES_META.c.entity_id)).all())
    name = STATES_META.c.entity_id
    conditions: list[ColumnElement[bool]] = []
    if selected.entity_ids is not None:
        conditions.append(or_(name.in_(selected.entity_ids), *map(_is_at, selected.times)))
    elif selected.excluded:
        conditions.append(or_(name.is_(None), name.not_in(selected.excluded), *map(_is_at, selected.times)))
    if selected.excluded_times:
        conditions.append(or_(name.is_(None), not_(or_(*map(_is_at, selected.excluded_times)))))
    return conditions


def _is_at(times: Times) -> ColumnElement[bool]:
    """Return the condition that a row is of a name at a time. The removal of an entity follows the end of its name."""
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
    return condition
