"""Names of entities, and the time for which each name was theirs.

The recorder files states by name. When an entity is renamed, the recorder moves its rows to the new name, unless that name
has rows already; then the rows stay. Later, another entity may take the old name. So a name alone does not show whose a row
is: its time does too. A row is sent under the name that its entity had at that time, so that it stays the same document.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Set as AbstractSet
from typing import NamedTuple, override

UNKNOWN = ""
"""Key of a name that version 1.0.0 stored. It has names only."""


class Name(NamedTuple):
    """A name of an entity."""

    key: str
    """Id in the registry, or the name if the entity is not registered."""
    entity_id: str
    since: float | None = None
    """None: always."""
    until: float | None = None
    """None: still."""
    before: str | None = None
    """The name before, if the entity was renamed."""
    moved: bool | None = None
    """Whether the recorder moved the rows of the name before to this name; None: that is not known yet."""
    wanted: bool = True
    """Whether the rows of the name are sent. An entity may be chosen by its name."""


class Span(NamedTuple):
    """Rows of the recorder that belong to one entity."""

    entity_id: str
    """The name that the recorder has now."""
    since: float | None
    until: float | None
    key: str
    sent_as: str
    """The name that the entity had at that time."""
    wanted: bool = True
    """Whether the rows are sent."""

    def includes(self, timestamp: float) -> bool:
        """Return whether a row of this time belongs to the entity."""
        return (self.since is None or self.since <= timestamp) and (self.until is None or timestamp < self.until)


class Names:
    """Names of entities. They outlive the entities, because states may still wait in the recorder."""

    def __init__(self, names: Iterable[Name] = ()) -> None:
        """Initialize with names, in the order of their time."""
        self._names = list(names)
        self.version = 0
        """Rises with each change."""
        self._index()

    def _index(self) -> None:
        """Find the open name of each entity, which is asked for with each change of a registry."""
        self._entity_ids = {name.entity_id for name in self._names}
        self._open = {name.key: index for index, name in enumerate(self._names) if name.until is None}

    def _append(self, name: Name) -> None:
        self._names.append(name)
        self._entity_ids.add(name.entity_id)
        self._open[name.key] = len(self._names) - 1

    def __iter__(self) -> Iterator[Name]:
        """Iterate over the names, oldest first."""
        return iter(self._names)

    @override
    def __eq__(self, other: object) -> bool:
        """Return whether the same names are known."""
        return isinstance(other, Names) and self._names == other._names

    @override
    def __repr__(self) -> str:
        """Return the names."""
        return f"Names({self._names})"

    @property
    def keys(self) -> frozenset[str]:
        """Return the keys of all entities."""
        return frozenset(name.key for name in self._names)

    def current(self, key: str) -> str | None:
        """Return the current name of an entity."""
        index = self._open.get(key)
        return None if index is None else self._names[index].entity_id

    def record_current(self, key: str, entity_id: str, at: float) -> None:
        """Record an entity that has a name now.

        All rows of a name that was not known before belong to the entity. Other names may have rows of other entities.
        """
        if self.current(key) is None:
            self._append(Name(key, entity_id, at if entity_id in self._entity_ids else None))
            self.version += 1

    def record_renamed(self, key: str, old: str, new: str, at: float) -> None:
        """Record that an entity was renamed."""
        if self.current(key) != old:
            self._append(Name(key, old))
        self.record_end(key, at)
        self._append(Name(key, new, at, before=old))
        self.version += 1

    def record_end(self, key: str, at: float) -> None:
        """Record that an entity has its name no longer."""
        if (index := self._open.get(key)) is not None:
            self._end(index, at)

    def record_taken(self, key: str, entity_id: str, at: float) -> None:
        """Record that an entity took a name, so that all others have it no longer."""
        for index, name in enumerate(self._names):
            if name.entity_id == entity_id and name.until is None and name.key != key:
                self._end(index, at)

    def _end(self, index: int, at: float) -> None:
        self._names[index] = self._names[index]._replace(until=at)
        self._index()
        self.version += 1

    def record_moved(self, name: Name, *, moved: bool) -> None:
        """Record whether the recorder moved the rows of the name before."""
        self.version += 1
        self._names[self._names.index(name)] = name._replace(moved=moved)

    def record_wanted(self, is_wanted: Callable[[Name], bool]) -> None:
        """Record of each name whether its rows are sent."""
        for index, name in enumerate(self._names):
            if (wanted := is_wanted(name)) is not name.wanted:
                self._names[index] = name._replace(wanted=wanted)
                self.version += 1

    def adopt(self, owned: AbstractSet[str], now: float) -> None:
        """Complete the names that version 1.0.0 stored.

        Args:
            owned: Names that entities have now. Their entities are recorded on their own, if they are selected.
            now: The end of the time of all other names.
        """
        unknown = [name for name in self._names if name.key == UNKNOWN and name.until is None]
        for name in unknown:
            self._names.remove(name)
            self.version += 1
        self._names[:0] = [name._replace(until=now) for name in unknown if name.entity_id not in owned]
        self._index()

    def record_clock(self, now: float) -> None:
        """Correct times that are in the future because the clock was set back."""
        for index, name in enumerate(self._names):
            since, until = (None if at is None else min(at, now) for at in (name.since, name.until))
            if (since, until) != (name.since, name.until):
                self._names[index] = name._replace(since=since, until=until)
                self.version += 1

    def forget(self, keys: AbstractSet[str]) -> None:
        """Forget entities."""
        self._names = [name for name in self._names if name.key not in keys]
        self._index()
        self.version += 1

    def unsettled(self) -> Name | None:
        """Return a name of which it is not known yet whether rows were moved to it."""
        return next((name for name in self._names if name.before is not None and name.moved is None), None)

    def spans(self) -> Mapping[str, tuple[Span, ...]]:
        """Return the rows of the entities, by the name that the recorder has now."""
        spans: dict[str, list[Span]] = {}
        moved: list[Span] = []
        moves = {(name.key, name.before, name.since): index for index, name in enumerate(self._names) if name.moved}
        for index, name in enumerate(self._names):
            # The recorder has moved the rows of the name to the next one. Another entity's may have moved to it since
            if moves.get((name.key, name.entity_id, name.until), -1) > index:
                continue
            own, *earlier = self._spans(index)
            spans.setdefault(name.entity_id, []).append(own)
            moved += earlier
        # The entity that had the name itself comes before one whose rows were moved to it
        for span in moved:
            spans[span.entity_id].append(span)
        return {entity_id: tuple(found) for entity_id, found in spans.items()}

    def _spans(self, index: int) -> list[Span]:
        """Return the rows of a name: its own, and those that were moved to it."""
        name = self._names[index]
        own = Span(name.entity_id, name.since, name.until, name.key, name.entity_id, name.wanted)
        if not name.moved:
            return [own]
        before = [
            other
            for other, earlier in enumerate(self._names[:index])
            if earlier.key == name.key and earlier.entity_id == name.before
        ]
        return [own, *(span._replace(entity_id=name.entity_id) for other in before[-1:] for span in self._spans(other))]
