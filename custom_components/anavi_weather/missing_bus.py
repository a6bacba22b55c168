"""Setup of a station whose bus cannot be used, but whose infrared can."""

from functools import partial

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN
from .coordinator import AnaviWeatherCoordinator
from .exceptions import ReadingError, async_message
from .phat import BusError
from .phat.lirc import linux_ports
from .transceiver import has_infrared_pair, infrared_pair_owner

ISSUE_PREFIX = "bus_unavailable_"


async def async_continue_without_bus(
    hass: HomeAssistant, entry: ConfigEntry, coordinator: AnaviWeatherCoordinator
) -> bool:
    """Return whether the station can be set up for its infrared, and create an issue until its chips are read."""
    error = coordinator.last_exception
    if not isinstance(error, ReadingError) or not isinstance(error.__cause__, BusError):
        return False
    if infrared_pair_owner(hass) is not entry or not await hass.async_add_executor_job(has_infrared_pair, linux_ports):
        return False
    coordinator.continue_without_reading()
    issue_id = ISSUE_PREFIX + entry.entry_id
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        is_fixable=False,
        severity=ir.IssueSeverity.ERROR,
        translation_key="bus_unavailable",
        translation_placeholders={"station": entry.title, "reason": await async_message(hass, error)},
    )
    delete = partial(ir.async_delete_issue, hass, DOMAIN, issue_id)
    # Listeners hear of a reading that fails only after one that succeeded
    entry.async_on_unload(coordinator.async_add_listener(delete))
    entry.async_on_unload(delete)
    return True
