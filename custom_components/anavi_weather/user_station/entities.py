"""Selection of the entities that are sent, and their registry data.

An entity is followed by its id in the registry, which remains when it is renamed. Of the rules, labels and areas are the
entity's own, and those of this moment decide. Domains and patterns are about names, so the name at the time of a state decides.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from homeassistant.core import Event, HomeAssistant, callback, valid_entity_id
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, SUBENTRY_FLEET, SUBENTRY_USER_STATION  # noqa: TID252
from .documents import Identities, Origin
from .filters import NO_RULES, Filter, Rules
from .names import Name, Names, Span
from .origins import async_origin, async_track_origins
from .recorder_tables import ALL, Selected, Times
from .renames import Rename, async_renames, rename


class Selection(StrEnum):
    """A user's choice of the entities that are sent."""

    STATION = "station"
    """The remote station's own entities."""
    ALL = "all"
    """All recorded entities."""
    CHOSEN = "chosen"


class Wanted(NamedTuple):
    """The states that are sent, and whose they are. Nothing in it ever changes."""

    selected: Selected
    identities: Identities


@callback
def entity_ids(hass: HomeAssistant, chosen: Iterable[str]) -> list[str]:
    """Return the current entity ids of chosen entities.

    Args:
        hass: Home Assistant.
        chosen: Entity ids, or ids in the registry, which remain when an entity is renamed.
    """
    registry = er.async_get(hass)
    resolved = (er.async_resolve_entity_id(registry, entity) for entity in chosen)
    return [entity_id for entity_id in resolved if entity_id]


class Entities:
    """The selected entities, under their current and earlier names."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry_id: str,
        selection: Selection,
        chosen: Sequence[str],
        names: Names,
        *,
        include: Rules = NO_RULES,
        exclude: Rules = NO_RULES,
    ) -> None:
        """Initialize the selection.

        Args:
            hass: Home Assistant.
            entry_id: The remote station's config entry.
            selection: The user's choice.
            chosen: The chosen entities, see `entity_ids`.
            names: The names that are known. They are kept up to date.
            include: More chosen entities.
            exclude: Entities that are not sent, except those in `chosen`.
        """
        self._hass = hass
        self._entry_id = entry_id
        self._selection = selection
        self._chosen = dict.fromkeys(chosen if selection is Selection.CHOSEN else ())
        self._include = Filter(hass, include)
        self._exclude = Filter(hass, exclude)
        self.names = names
        self._origins: dict[str, Origin] = {}
        """Of the selected entities by key, those that were removed included."""
        self._status_keys: set[str] = set()
        self._wanted: Wanted | None = None
        self._version = 0  # of the names, for the above

    @callback
    def async_start(self, changed: Callable[[], object]) -> Callable[[], None]:
        """Follow the registry; return a function that stops it.

        Args:
            changed: Called when names have changed.
        """

        @callback
        def report(update: Callable[[], None]) -> None:
            version = self.names.version
            update()
            self._wanted = None
            if self.names.version != version:
                changed()

        @callback
        def follow(event: Event[er.EventEntityRegistryUpdatedData]) -> None:
            report(lambda: self._follow(event))

        @callback
        def compare() -> None:
            report(lambda: self._compare(dt_util.utcnow().timestamp()))

        report(self._begin)
        removers = (
            self._hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, follow),
            async_track_origins(self._hass, compare),
        )

        @callback
        def stop() -> None:
            for remove in removers:
                remove()

        return stop

    @callback
    def async_wanted(self) -> Wanted:
        """Return the states that are sent. The same object is returned until something changes."""
        if self._wanted is None or self._version != self.names.version:
            self._version = self.names.version
            spans = self.names.spans()
            self._wanted = Wanted(self._selected(spans), Identities(self._origins_by_name(), self._pasts(spans)))
        return self._wanted

    @callback
    def async_overlaps(self, other: Entities) -> bool:
        """Return whether another selection has an entity of this one."""
        known = self._hass.states.async_entity_ids()
        mine, others = (some.async_wanted().selected.names(known) for some in (self, other))
        return not mine.isdisjoint(others)

    @callback
    def async_is_taken(self, entity_id: str) -> bool:
        """Return whether an entity has a name now."""
        return entity_id in er.async_get(self._hass).entities

    def _selected(self, spans: Mapping[str, tuple[Span, ...]]) -> Selected:
        parts = [part for parts in spans.values() for part in parts]
        never, excluded_times = _divide(part for part in parts if not part.wanted)
        always, times = _divide(part for part in parts if part.wanted and part.entity_id not in never)
        if self._selection is Selection.ALL:
            excludes = self._exclude.names
            return ALL._replace(
                times=times if excludes else (), excluded=never, excluded_times=excluded_times, excludes=excludes
            )
        selected = Selected(always, times, never, excluded_times)
        if self._selection is Selection.STATION or self._include.names is None:
            return selected
        return selected._replace(includes=self._include.names, excludes=self._exclude.names)

    def _pasts(self, spans: Mapping[str, tuple[Span, ...]]) -> dict[str, tuple[tuple[Span, Origin | None], ...]]:
        """Return the entities of rows whose name alone does not show that."""
        return {
            entity_id: tuple((part, self._origins.get(part.key)) for part in parts)
            for entity_id, parts in spans.items()
            if any(part.since is not None or part.until is not None for part in parts)
        }

    def _origins_by_name(self) -> dict[str, Origin]:
        origins: dict[str, Origin] = {}
        keys = self.names.keys
        for entry in er.async_get(self._hass).entities.values():
            origins[entry.entity_id] = origin = async_origin(self._hass, entry)
            if entry.id in keys:
                self._origins[entry.id] = origin
        return origins

    def _is_base(self, entry: er.RegistryEntry, entity_id: str) -> bool:
        """Return whether an entity, under a name, is sent unless it is excluded."""
        if self._selection is Selection.STATION:
            return entry.config_entry_id == self._entry_id
        if self._selection is Selection.CHOSEN:
            return self._include.matches_name(entity_id) or self._include.async_matches(entry)
        return True

    def _is_excluded(self, entry: er.RegistryEntry) -> bool:
        """Return whether an entity is not sent, whatever its name.

        The entities that show the status of user stations are among these: each state sent would change them, and be sent too.
        """
        return self._is_status(entry) or self._exclude.async_matches(entry)

    def _is_status(self, entry: er.RegistryEntry) -> bool:
        """Return whether an entity is about a user station or other stations. Infrared devices are subentries too."""
        if entry.platform == DOMAIN and entry.config_subentry_id and entry.config_entry_id:
            config_entry = self._hass.config_entries.async_get_entry(entry.config_entry_id)
            subentry = config_entry.subentries.get(entry.config_subentry_id) if config_entry else None
            # A subentry is removed before its entities
            if subentry and subentry.subentry_type in {SUBENTRY_USER_STATION, SUBENTRY_FLEET}:
                self._status_keys.add(entry.id)
        return entry.id in self._status_keys

    def _is_wanted(self, name: Name) -> bool:
        """Return whether the rows of a name are sent. Of an entity that was removed, its last state decides."""
        if name.key in self._chosen:
            return True
        if not (entry := er.async_get(self._hass).entities.get_entry(name.key)):
            return name.wanted
        return (
            self._is_base(entry, name.entity_id)
            and not self._exclude.matches_name(name.entity_id)
            and not self._is_excluded(entry)
        )

    def _is_followed(self, entry: er.RegistryEntry) -> bool:
        """Return whether an entity is followed although it was never renamed, because its name alone does not decide."""
        if self._selection is Selection.STATION:
            return entry.config_entry_id == self._entry_id and not self._is_status(entry)
        if self._selection is Selection.CHOSEN:
            return self._include.async_matches(entry) or (
                self._include.matches_name(entry.entity_id) and self._is_excluded(entry)
            )
        return self._is_excluded(entry)

    def _current(self) -> dict[str, str]:
        """Return the current names of the entities that are followed by key."""
        registry = er.async_get(self._hass)
        current = {entry.id: entry.entity_id for entry in registry.entities.values() if self._is_followed(entry)}
        if self._selection is Selection.CHOSEN:
            found = {key: er.async_resolve_entity_id(registry, key) for key in self._chosen}
            current |= {key: entity_id for key, entity_id in found.items() if entity_id}
        if self._selection is not Selection.STATION:
            # The others were renamed
            is_all = self._selection is Selection.ALL
            keys = {name.key for name in self.names if is_all or self._is_wanted(name)}
            entries = {key: registry.entities.get_entry(key) for key in keys - current.keys()}
            current |= {key: entry.entity_id for key, entry in entries.items() if entry}
        return current

    def _begin(self) -> None:
        """Take into account what changed while nothing followed the registry."""
        self._adopt_names_of_1_0_0()
        known = self.names.keys
        for missed in async_renames(self._hass):
            # The others are compared with the registry
            if missed.key not in known:
                self._record_renamed(missed)
                self.names.record_taken(missed.key, missed.new, missed.at)
        self._compare(None)

    def _adopt_names_of_1_0_0(self) -> None:
        """Find out whose names version 1.0.0 knew. Those that are nobody's now were a selected entity's until now."""
        registry = er.async_get(self._hass)
        owned = {*self._current().values(), *registry.entities}
        self.names.adopt(owned, dt_util.utcnow().timestamp())

    def _follow(self, event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        """Take a change of the registry into account."""
        if found := rename(event, er.async_get(self._hass)):
            self._record_renamed(found)
            self.names.record_taken(found.key, found.new, found.at)
        self._compare(event.time_fired_timestamp)

    def _record_renamed(self, found: Rename) -> None:
        """Record a rename if the rows of one of both names may be sent."""
        is_named = self._include.matches_name(found.old) or self._include.matches_name(found.new)
        if self._selection is Selection.ALL or found.key in self.names.keys or is_named:
            self.names.record_renamed(found.key, found.old, found.new, found.at)

    def _compare(self, at: float | None) -> None:
        """Record how the known names differ from the registry.

        Args:
            at: The time of the change; None: it happened while nothing followed the registry.
        """
        registry = er.async_get(self._hass)
        current = self._current()
        for key in self.names.keys - current.keys():
            if registry.entities.get_entry(key) or valid_entity_id(key):
                self.names.forget({key})  # it is not selected any more
            elif name := self.names.current(key):
                self.names.record_end(key, self._changed_at(key, name) if at is None else at)
        for key, entity_id in current.items():
            name = self.names.current(key)
            if name is None:
                # A name that was chosen without an entity, and that an entity has taken
                if key == entity_id and key in self.names.keys and key in registry.entities:
                    continue
                self.names.record_current(key, entity_id, self._changed_at(key, entity_id) if at is None else at)
            elif name != entity_id:
                self.names.record_renamed(key, name, entity_id, self._changed_at(key, name) if at is None else at)
        self.names.record_wanted(self._is_wanted)

    def _changed_at(self, key: str, name: str) -> float:
        """Return when a name changed that was not followed, estimated from the registry."""
        registry = er.async_get(self._hass)
        entries = (registry.entities.get_entry(key), registry.async_get(name))
        times = [entry.modified_at.timestamp() for entry in entries if entry]
        times += [entry.modified_at.timestamp() for entry in registry.deleted_entities.values() if entry.id == key]
        return min(times, default=dt_util.utcnow().timestamp())


def _divide(spans: Iterable[Span]) -> tuple[frozenset[str], tuple[Times, ...]]:
    """Return the names of which all rows are meant, and the times of the others."""
    parts = [Times(span.entity_id, span.since, span.until) for span in spans]
    always = frozenset(part.entity_id for part in parts if part.since is None and part.until is None)
    return always, tuple(part for part in parts if part.entity_id not in always)
