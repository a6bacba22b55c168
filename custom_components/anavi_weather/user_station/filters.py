"""Filters of entities by domain, glob, label and area, like those of Home Assistant's own exporters."""

from collections.abc import Callable, Mapping, Sequence
import re
from typing import Any, NamedTuple, Self

from homeassistant.core import HomeAssistant, callback, valid_entity_id
from homeassistant.helpers import area_registry as ar, device_registry as dr, entity_registry as er
from homeassistant.helpers.entityfilter import (
    CONF_EXCLUDE_DOMAINS,
    CONF_EXCLUDE_ENTITIES,
    CONF_EXCLUDE_ENTITY_GLOBS,
    CONF_INCLUDE_DOMAINS,
    CONF_INCLUDE_ENTITIES,
    CONF_INCLUDE_ENTITY_GLOBS,
    EntityFilter,
)

type NameFilter = Callable[[str], bool]
"""Returns whether an entity id matches. It is called in an executor."""

GLOB_PART = r"(?:[a-z0-9_*?]|\[!?[a-z0-9_-]+\])+"
GLOB = re.compile(rf"{GLOB_PART}\.{GLOB_PART}|(?=.*\*){GLOB_PART}")  # an asterisk may stand for the dot too


def is_glob(text: str) -> bool:
    """Return whether a text is a pattern that can match entity ids. They are in lower case and have one dot."""
    return GLOB.fullmatch(text) is not None


class Rules(NamedTuple):
    """Entities by what they have in common. One that matches any of these matches."""

    entities: Sequence[str] = ()
    """Entity ids, or ids in the registry, which remain when an entity is renamed."""
    domains: Sequence[str] = ()
    globs: Sequence[str] = ()
    labels: Sequence[str] = ()
    areas: Sequence[str] = ()

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """Return rules as the config entry has them."""
        return cls(*(tuple(data.get(field, ())) for field in cls._fields))


NO_RULES = Rules()


class Filter:
    """Rules that are applied to entities: some to the entity itself, the others to the name that it has or had."""

    def __init__(self, hass: HomeAssistant, rules: Rules) -> None:
        """Initialize the filter."""
        self._hass = hass
        self._ids = frozenset(rules.entities)
        self._labels = frozenset(rules.labels)
        self._areas = frozenset(rules.areas)
        name_filter = EntityFilter(
            {
                CONF_INCLUDE_DOMAINS: list(rules.domains),
                CONF_INCLUDE_ENTITIES: list(filter(valid_entity_id, rules.entities)),
                CONF_INCLUDE_ENTITY_GLOBS: list(rules.globs),
                CONF_EXCLUDE_DOMAINS: [],
                CONF_EXCLUDE_ENTITIES: [],
                CONF_EXCLUDE_ENTITY_GLOBS: [],
            }
        )
        self.names: NameFilter | None = None if name_filter.empty_filter else name_filter
        """The rules for names; None: there are none."""

    def matches_name(self, entity_id: str) -> bool:
        """Return whether a name matches."""
        return self.names is not None and self.names(entity_id)

    @callback
    def async_matches(self, entry: er.RegistryEntry) -> bool:
        """Return whether an entity matches by its id, its labels or its area, whatever its name. They are those of this moment."""
        if entry.id in self._ids:
            return True
        if not self._labels and not self._areas:
            return False
        area_id = er.async_get_effective_area_id(self._hass, entry)
        if area_id in self._areas:
            return True
        device = dr.async_get(self._hass).async_get(entry.device_id) if entry.device_id else None
        area = ar.async_get(self._hass).async_get_area(area_id) if area_id else None
        holders = (entry, device, area)
        return any(holder and not self._labels.isdisjoint(holder.labels) for holder in holders)
