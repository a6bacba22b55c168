"""Watch for a bus that was missing when its station was set up.

Home Assistant retries a setup up to ten minutes apart. A board or USB adapter that is plugged in is to be used sooner.
"""

from datetime import datetime, timedelta
from pathlib import Path

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util.hass_dict import HassKey

from .const import CONF_BUS, DOMAIN
from .phat.nodes import locate
from .phat.simulator import is_simulated

INTERVAL = timedelta(seconds=10)
WATCHES: HassKey[dict[str, CALLBACK_TYPE]] = HassKey(f"{DOMAIN}_bus_watches")


async def async_watch_for_bus(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Reload a station as soon as its bus appears, if the bus is missing. A station has one watch."""
    if is_simulated(entry.data[CONF_BUS]) or await _async_bus_exists(hass, entry):
        return

    async def async_look(now: datetime) -> None:
        if entry.state is not ConfigEntryState.SETUP_RETRY:
            _async_stop(hass, entry)
        elif await _async_bus_exists(hass, entry):
            _async_stop(hass, entry)
            hass.config_entries.async_schedule_reload(entry.entry_id)

    _async_stop(hass, entry)
    hass.data[WATCHES][entry.entry_id] = async_track_time_interval(hass, async_look, INTERVAL, cancel_on_shutdown=True)


async def _async_bus_exists(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    return await hass.async_add_executor_job(lambda: Path(locate(entry.data[CONF_BUS])).exists())


@callback
def _async_stop(hass: HomeAssistant, entry: ConfigEntry) -> None:
    stop = hass.data.setdefault(WATCHES, {}).pop(entry.entry_id, None)
    if stop:
        stop()
