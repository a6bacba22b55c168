"""Which entities are sent, and what the entity registry knows of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set as AbstractSet
from enum import StrEnum
from typing import NamedTuple

from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .documents import Origin


class Selection(StrEnum):
    """Which entities are sent."""

    STATION = "station"
    """Those of the remote station."""
    ALL = "all"
    """All that are recorded."""
    CHOSEN = "chosen"


class SelectedEntities(NamedTuple):
    """The entities that are sent now."""

    entity_ids: frozenset[str] | None
    """None: all."""
    new_ids: frozenset[str]
    """Those of them that were not known."""


@callback
def entity_ids(hass: HomeAssistant, chosen: Iterable[str]) -> list[str]:
    """Return what chosen entities, known by their entity id or by their id in the registry, are called now."""
    registry = er.async_get(hass)
    resolved = (er.async_resolve_entity_id(registry, entity) for entity in chosen)
    return [entity_id for entity_id in resolved if entity_id]


class Entities:
    """Finds the selected entities, whatever they are called now."""

    def __init__(self, hass: HomeAssistant, entry_id: str, selection: Selection, chosen: Sequence[str]) -> None:
        """Select; `chosen` has entity ids or, so that they may be renamed, ids of the registry."""
        self._hass = hass
        self._entry_id = entry_id
        self._selection = selection
        self._chosen = chosen
        self._origins: dict[str, Origin] | None = None

    @callback
    def async_start(self) -> Callable[[], None]:
        """Follow the registry; return how to stop."""

        @callback
        def forget(_: Event[er.EventEntityRegistryUpdatedData]) -> None:
            self._origins = None

        return self._hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, forget)

    @callback
    def async_origins(self) -> Mapping[str, Origin]:
        """Return what is known of each entity; what is returned is not changed any more."""
        if self._origins is None:
            self._origins = {
                entry.entity_id: Origin(entry.platform, entry.translation_key or entry.original_device_class)
                for entry in er.async_get(self._hass).entities.values()
            }
        return self._origins

    @callback
    def async_select(self, known_ids: AbstractSet[str]) -> SelectedEntities:
        """Return the entities that are sent, of those that were known before and those of now.

        An entity that was renamed or removed may have states in the recorder that wait under its old name.
        """
        if self._selection is Selection.ALL:
            return SelectedEntities(None, frozenset())
        registry = er.async_get(self._hass)
        if self._selection is Selection.STATION:
            entries = er.async_entries_for_config_entry(registry, self._entry_id)
            current_ids = frozenset(entry.entity_id for entry in entries)
            selected_ids = frozenset(filter(self._is_ours, current_ids | known_ids))
        else:
            current_ids = frozenset(entity_ids(self._hass, self._chosen))
            selected_ids = current_ids | known_ids
        return SelectedEntities(selected_ids, current_ids - known_ids)

    def _is_ours(self, entity_id: str) -> bool:
        """Return whether nobody else has taken a name that was the station's."""
        entry = er.async_get(self._hass).async_get(entity_id)
        return entry is None or entry.config_entry_id == self._entry_id
