"""Filters of entities by domain, glob, label and area, like those of Home Assistant's own exporters."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Self

from homeassistant.core import HomeAssistant, callback
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


@callback
def async_name_filter(hass: HomeAssistant, rules: Rules) -> NameFilter | None:
    """Return the filter of the rules, None if nothing matches. Labels and areas are those of this moment."""
    registry = er.async_get(hass)
    resolved = (er.async_resolve_entity_id(registry, entity) for entity in rules.entities)
    name_filter = EntityFilter(
        {
            CONF_INCLUDE_DOMAINS: list(rules.domains),
            CONF_INCLUDE_ENTITIES: [*filter(None, resolved), *_in_areas(hass, rules), *_labeled(hass, rules)],
            CONF_INCLUDE_ENTITY_GLOBS: list(rules.globs),
            CONF_EXCLUDE_DOMAINS: [],
            CONF_EXCLUDE_ENTITIES: [],
            CONF_EXCLUDE_ENTITY_GLOBS: [],
        }
    )
    return None if name_filter.empty_filter else name_filter


def _in_areas(hass: HomeAssistant, rules: Rules) -> Iterator[str]:
    """Return the entities in the areas, also by their devices."""
    if rules.areas:
        for entry in er.async_get(hass).entities.values():
            if er.async_get_effective_area_id(hass, entry) in rules.areas:
                yield entry.entity_id


def _labeled(hass: HomeAssistant, rules: Rules) -> Iterator[str]:
    """Return the entities with one of the labels, also by their devices and areas."""
    if rules.labels:
        labels = set(rules.labels)
        for entry in er.async_get(hass).entities.values():
            device = dr.async_get(hass).async_get(entry.device_id) if entry.device_id else None
            area_id = er.async_get_effective_area_id(hass, entry)
            area = ar.async_get(hass).async_get_area(area_id) if area_id else None
            if labels & (entry.labels | (device.labels if device else set()) | (area.labels if area else set())):
                yield entry.entity_id
