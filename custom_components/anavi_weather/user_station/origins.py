"""Registry data of entities: integration, device, area, floor and labels."""

from collections.abc import Callable
from typing import Any

from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    floor_registry as fr,
    label_registry as lr,
)

from .documents import MAX_TEXT, Origin

# The changes that origins follow besides those of the entity registry
EVENTS = (
    ar.EVENT_AREA_REGISTRY_UPDATED,
    dr.EVENT_DEVICE_REGISTRY_UPDATED,
    fr.EVENT_FLOOR_REGISTRY_UPDATED,
    lr.EVENT_LABEL_REGISTRY_UPDATED,
)


@callback
def async_track_origins(hass: HomeAssistant, changed: Callable[[], object]) -> Callable[[], None]:
    """Call a function when the device, area, floor or label of any entity may have changed; return one that stops it."""

    @callback
    def report(_: Event[Any]) -> None:
        changed()

    removers = [hass.bus.async_listen(event, report) for event in EVENTS]

    @callback
    def remove() -> None:
        for remover in removers:
            remover()

    return remove


@callback
def async_origin(hass: HomeAssistant, entry: er.RegistryEntry) -> Origin:
    """Return the registry data of an entity. Its area is its own, or else its device's; its labels are those of both."""
    device = dr.async_get(hass).async_get(entry.device_id) if entry.device_id else None
    area_id = er.async_get_effective_area_id(hass, entry)
    area = ar.async_get(hass).async_get_area(area_id) if area_id else None
    floor = fr.async_get(hass).async_get_floor(area.floor_id) if area and area.floor_id else None
    labels = lr.async_get(hass)
    label_ids = entry.labels | (device.labels if device else set())
    return Origin(
        entry.platform,
        entry.translation_key or entry.original_device_class,
        device=_limited(device.name_by_user or device.name) if device else None,
        area=_limited(area.name) if area else None,
        floor=_limited(floor.name) if floor else None,
        labels=tuple(sorted(label.name[:MAX_TEXT] for id_ in label_ids if (label := labels.async_get_label(id_)))),
    )


def _limited(name: str | None) -> str | None:
    return name[:MAX_TEXT] if name else None
