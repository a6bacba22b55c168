"""Selection of the entities that are sent, and their registry data."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set as AbstractSet
from enum import StrEnum
from typing import NamedTuple

from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .documents import Origin


class Selection(StrEnum):
    """A user's choice of the entities that are sent."""

    STATION = "station"
    """The remote station's own entities."""
    ALL = "all"
    """All recorded entities."""
    CHOSEN = "chosen"


class SelectedEntities(NamedTuple):
    """The entities that are sent now."""

    entity_ids: frozenset[str] | None
    """None: all."""
    new_ids: frozenset[str]
    """Current ones that were not known before."""


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

    def __init__(self, hass: HomeAssistant, entry_id: str, selection: Selection, chosen: Sequence[str]) -> None:
        """Initialize the selection.

        Args:
            hass: Home Assistant.
            entry_id: The remote station's config entry.
            selection: The user's choice.
            chosen: The chosen entities, see `entity_ids`.
        """
        self._hass = hass
        self._entry_id = entry_id
        self._selection = selection
        self._chosen = chosen
        self._origins: dict[str, Origin] | None = None

    @callback
    def async_start(self) -> Callable[[], None]:
        """Listen for changes of the registry; return a function that stops it."""

        @callback
        def invalidate(_: Event[er.EventEntityRegistryUpdatedData]) -> None:
            self._origins = None

        return self._hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, invalidate)

    @callback
    def async_origins(self) -> Mapping[str, Origin]:
        """Return the registry data by entity id. The mapping returned never changes."""
        if self._origins is None:
            self._origins = {
                entry.entity_id: Origin(entry.platform, entry.translation_key or entry.original_device_class)
                for entry in er.async_get(self._hass).entities.values()
            }
        return self._origins

    @callback
    def async_select(self, known_ids: AbstractSet[str]) -> SelectedEntities:
        """Return the selected entities, including earlier names.

        States of an entity that was renamed or removed may still wait in the recorder under its earlier name.

        Args:
            known_ids: Entities that were selected before.
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
        """Return whether no other integration's entity has taken over a name of the station's."""
        entry = er.async_get(self._hass).async_get(entity_id)
        return entry is None or entry.config_entry_id == self._entry_id
