"""Setup of a station whose chips cannot be read, but whose other parts work."""

from functools import partial

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN, SUBENTRY_FLEET, SUBENTRY_USER_STATION
from .coordinator import AnaviWeatherCoordinator
from .exceptions import ReadingError, async_message
from .issues import async_withdraw_issue
from .phat import BusError
from .phat.lirc import linux_ports
from .transceiver import has_infrared_pair, infrared_pair_owner

ISSUE_PREFIX = "bus_unavailable_"


async def async_continue_without_reading(
    hass: HomeAssistant, entry: ConfigEntry, coordinator: AnaviWeatherCoordinator
) -> bool:
    """Return whether the station can be set up for its other parts, and create an issue for a bus that cannot be used.

    Chips that do not respond on a bus that works have issues of their own.
    """
    error = coordinator.last_exception
    if not isinstance(error, ReadingError) or not await _async_has_other_parts(hass, entry):
        return False
    coordinator.continue_without_reading()
    if isinstance(error.__cause__, BusError):
        _create_issue(hass, entry, coordinator, await async_message(hass, error))
    return True


async def _async_has_other_parts(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Return whether a station has a user station, a fleet or an infrared pair."""
    if any(map(entry.get_subentries_of_type, (SUBENTRY_USER_STATION, SUBENTRY_FLEET))):
        return True
    return infrared_pair_owner(hass) is entry and await hass.async_add_executor_job(has_infrared_pair, linux_ports)


@callback
def _create_issue(hass: HomeAssistant, entry: ConfigEntry, coordinator: AnaviWeatherCoordinator, reason: str) -> None:
    """Create the issue of a bus that cannot be used, until the chips are read or the station is unloaded."""
    issue_id = ISSUE_PREFIX + entry.entry_id
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        is_fixable=False,
        severity=ir.IssueSeverity.ERROR,
        translation_key="bus_unavailable",
        translation_placeholders={"station": entry.title, "reason": reason},
    )
    # Listeners hear of a reading that fails only after one that succeeded
    entry.async_on_unload(coordinator.async_add_listener(partial(async_delete_bus_issue, hass, entry)))
    entry.async_on_unload(partial(async_withdraw_issue, hass, issue_id))


@callback
def async_delete_bus_issue(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Delete the issue of a bus that cannot be used, because the chips were read."""
    ir.async_delete_issue(hass, DOMAIN, ISSUE_PREFIX + entry.entry_id)
