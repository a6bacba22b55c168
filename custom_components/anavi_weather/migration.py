"""Migration of config entries and entity registries of older versions."""

import re

from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .const import DOMAIN
from .phat import Quantity
from .unique_ids import station_unique_id

# The key of a chip's reading, for example `bmp180_77_pressure`
CHIP_KEY = re.compile(rf"[a-z0-9]+_[0-9a-f]{{2}}_({'|'.join(Quantity)})")


@callback
def async_give_main_entities_to_station(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Replace the unique ids of version 1, in which the main entity of a quantity was that of its best chip.

    The main entities have no category. The entities of other chips are diagnostic and keep their unique ids.
    """
    registry = er.async_get(hass)
    prefix = station_unique_id(entry, "")
    for registered in er.async_entries_for_config_entry(registry, entry.entry_id):
        match = CHIP_KEY.fullmatch(registered.unique_id.removeprefix(prefix))
        if match is None or registered.domain != SENSOR_DOMAIN or registered.entity_category is not None:
            continue
        unique_id = station_unique_id(entry, match[1])
        if not registry.async_get_entity_id(SENSOR_DOMAIN, DOMAIN, unique_id):
            registry.async_update_entity(registered.entity_id, new_unique_id=unique_id)
