"""Renames of entities since Home Assistant started.

Nothing follows the registry for a user station while its entry reloads or is disabled, and the registry keeps no earlier names.
"""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN  # noqa: TID252

MAX_RENAMES = 10_000


class Rename(NamedTuple):
    """A change of an entity's name."""

    key: str
    """Id in the registry."""
    old: str
    new: str
    at: float


RENAMES: HassKey[deque[Rename]] = HassKey(f"{DOMAIN}.renames")


def rename(event: Event[er.EventEntityRegistryUpdatedData], registry: er.EntityRegistry) -> Rename | None:
    """Return the rename that an event of the registry is about, if any."""
    data = event.data
    if data["action"] != "update" or "old_entity_id" not in data:
        return None
    new = data["entity_id"]
    entry = registry.async_get(new)
    return Rename(entry.id, data["old_entity_id"], new, event.time_fired_timestamp) if entry else None


@callback
def async_setup_renames(hass: HomeAssistant) -> None:
    """Remember the renames from now on."""
    renames = hass.data[RENAMES] = deque(maxlen=MAX_RENAMES)
    registry = er.async_get(hass)

    @callback
    def remember(event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        if found := rename(event, registry):
            renames.append(found)

    hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, remember)


@callback
def async_renames(hass: HomeAssistant) -> Sequence[Rename]:
    """Return the renames, oldest first."""
    renames = hass.data.get(RENAMES)
    return tuple(renames) if renames else ()
