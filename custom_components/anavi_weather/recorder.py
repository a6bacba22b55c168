"""Units that the recorder knows of version 1.0.0, in which counters had one."""

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .const import DOMAIN

_OF_STATES = ("states", "estados")
# A unit has no plural, so that a counter showed “1 errors”. By the translation key of the counter, in all languages.
FORMER_UNITS = {"backlog": _OF_STATES, "errors": ("errors", "erros"), "refused": _OF_STATES, "stored": _OF_STATES}


@callback
def async_custom_equivalent_units(hass: HomeAssistant) -> dict[str, dict[str | None, str]]:
    """Return the former units of each counter, so that the recorder continues its statistics without a unit."""
    registry = er.async_get(hass)
    counters = {
        registered.entity_id: FORMER_UNITS[registered.translation_key]
        for entry in hass.config_entries.async_entries(DOMAIN)
        for registered in er.async_entries_for_config_entry(registry, entry.entry_id)
        if registered.translation_key in FORMER_UNITS
    }
    return {entity_id: dict.fromkeys((None, *units), units[0]) for entity_id, units in counters.items()}
