"""Selection of the entities that are sent, and their registry data.

An entity is followed by its id in the registry, which remains when it is renamed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from homeassistant.core import Event, HomeAssistant, callback, valid_entity_id
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from ..const import DOMAIN  # noqa: TID252
from .documents import Identities, Origin
from .filters import NO_RULES, Rules, async_name_filter
from .names import Names, Span
from .origins import async_origin, async_track_origins
from .recorder_tables import ALL, Selected, Times


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
        self._chosen = chosen
        self._include = include
        self._exclude = exclude
        self.names = names
        self._origins: dict[str, Origin] = {}
        """Of the selected entities by key, those that were removed included."""
        self._wanted: Wanted | None = None
        self._version = 0  # of the names, for the above

    @callback
    def async_start(self, changed: Callable[[], object]) -> Callable[[], None]:
        """Follow the registry; return a function that stops it.

        Args:
            changed: Called when names have changed.
        """

        @callback
        def update(event: Event[er.EventEntityRegistryUpdatedData] | None) -> None:
            version = self.names.version
            if event is None:
                self._adopt_names_of_1_0_0()
                self._compare(None)
            else:
                self._follow(event)
            self._wanted = None
            if self.names.version != version:
                changed()

        @callback
        def forget_origins() -> None:
            self._wanted = None

        update(None)
        removers = (
            self._hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, update),
            async_track_origins(self._hass, forget_origins),
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
    def async_is_taken(self, entity_id: str) -> bool:
        """Return whether an entity has a name now."""
        return entity_id in er.async_get(self._hass).entities

    def _selected(self, spans: Mapping[str, tuple[Span, ...]]) -> Selected:
        excludes = async_name_filter(self._hass, self._exclude)
        if self._selection is Selection.ALL:
            status = frozenset(entry.entity_id for entry in self._status_entries())
            return ALL._replace(excluded=status, excludes=excludes)
        always = {
            entity_id
            for entity_id, parts in spans.items()
            if any(part.since is None and part.until is None for part in parts)
        }
        times = (Times(part.entity_id, part.since, part.until) for parts in spans.values() for part in parts)
        selected = Selected(frozenset(always), tuple(part for part in times if part.entity_id not in always))
        if self._selection is Selection.STATION:
            return selected._replace(excludes=excludes)
        chosen = frozenset(spans)
        return selected._replace(
            includes=async_name_filter(self._hass, self._include),
            excludes=excludes and (lambda entity_id: entity_id not in chosen and excludes(entity_id)),
        )

    def _pasts(self, spans: Mapping[str, tuple[Span, ...]]) -> dict[str, tuple[tuple[Span, Origin | None], ...]]:
        """Return the entities of rows whose name alone does not show that."""
        return {
            entity_id: tuple((part, self._origins.get(part.key)) for part in parts)
            for entity_id, parts in spans.items()
            if any(part.since is not None or part.until is not None for part in parts)
        }

    def _status_entries(self) -> list[er.RegistryEntry]:
        """Return the entities that show the status of user stations. Each state sent would change them, and be sent too."""
        registry = er.async_get(self._hass)
        return [entry for entry in registry.entities.values() if entry.platform == DOMAIN and entry.config_subentry_id]

    def _origins_by_name(self) -> dict[str, Origin]:
        origins: dict[str, Origin] = {}
        keys = self.names.keys
        for entry in er.async_get(self._hass).entities.values():
            origins[entry.entity_id] = origin = async_origin(self._hass, entry)
            if entry.id in keys:
                self._origins[entry.id] = origin
        return origins

    def _current(self) -> dict[str, str]:
        """Return the current names of the selected entities by key."""
        registry = er.async_get(self._hass)
        if self._selection is Selection.STATION:
            ours = er.async_entries_for_config_entry(registry, self._entry_id)
            return {entry.id: entry.entity_id for entry in ours if not entry.config_subentry_id}
        if self._selection is Selection.CHOSEN:
            found = {key: er.async_resolve_entity_id(registry, key) for key in self._chosen}
            return {key: entity_id for key, entity_id in found.items() if entity_id}
        # The recorder's names are enough, except for an entity that was renamed
        entries = {key: registry.entities.get_entry(key) for key in self.names.keys}
        return {key: entry.entity_id for key, entry in entries.items() if entry}

    def _adopt_names_of_1_0_0(self) -> None:
        """Find out whose names version 1.0.0 knew. Those that are nobody's now were a selected entity's until now."""
        registry = er.async_get(self._hass)
        owned = {*self._current().values(), *registry.entities}
        self.names.adopt(owned, dt_util.utcnow().timestamp())

    def _follow(self, event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        """Take a change of the registry into account."""
        data = event.data
        at = event.time_fired_timestamp
        if data["action"] == "update" and "old_entity_id" in data:
            entry = er.async_get(self._hass).entities[data["entity_id"]]
            if self._selection is Selection.ALL or entry.id in self.names.keys:
                self.names.record_renamed(entry.id, data["old_entity_id"], entry.entity_id, at)
            self.names.record_taken(entry.id, entry.entity_id, at)
        self._compare(at)

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

    def _changed_at(self, key: str, name: str) -> float:
        """Return when a name changed that was not followed, estimated from the registry."""
        registry = er.async_get(self._hass)
        entries = (registry.entities.get_entry(key), registry.async_get(name))
        times = [entry.modified_at.timestamp() for entry in entries if entry]
        times += [entry.modified_at.timestamp() for entry in registry.deleted_entities.values() if entry.id == key]
        return min(times, default=dt_util.utcnow().timestamp())
