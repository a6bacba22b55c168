"""Sending states again to a user station, by an action or by buttons. Only administrators may."""

from datetime import MINYEAR, UTC, datetime

import voluptuous as vol

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.service import async_register_admin_service
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .coordinator import AnaviWeatherConfigEntry
from .exceptions import InvalidActionError
from .forwarding import user_stations
from .user_station.forwarder import Forwarder
from .user_station.recorder_log import RecorderError

ATTR_START = "start"
SEND_AGAIN_SCHEMA = vol.Schema({vol.Required(ATTR_DEVICE_ID): cv.string, vol.Optional(ATTR_START): cv.datetime})

EARLIEST = datetime(1, 1, 2, tzinfo=UTC)  # every time zone has a date for these
LATEST = datetime(9999, 12, 30, tzinfo=UTC)


@callback
def async_setup_send_again(hass: HomeAssistant) -> None:
    """Register the action."""

    async def send_again(call: ServiceCall) -> None:
        forwarder = _forwarder(hass, call.data[ATTR_DEVICE_ID])
        if (start := call.data.get(ATTR_START)) is None:
            await async_send_rejected_again(forwarder)
        else:
            await async_send_again_from(forwarder, start)

    async_register_admin_service(hass, DOMAIN, "send_again", send_again, SEND_AGAIN_SCHEMA)


async def async_send_rejected_again(forwarder: Forwarder) -> None:
    """Send states again that the user station rejected or dropped.

    Raises:
        InvalidActionError: if there are none.
    """
    if not await forwarder.async_send_rejected_again():
        raise InvalidActionError("nothing_rejected")


async def async_send_again_from(forwarder: Forwarder, start: datetime) -> None:
    """Send all states again that were updated since a time, local if it has no time zone.

    Raises:
        InvalidActionError: if there are none, or the recorder cannot be read.
    """
    start = start_as_utc(start)
    if start > dt_util.utcnow():
        raise InvalidActionError("start_in_future")
    try:
        has_any = await forwarder.async_send_again(start.timestamp())
    except RecorderError as err:
        raise InvalidActionError("recorder_not_ready") from err
    if not has_any:
        raise InvalidActionError("nothing_since", start=dt_util.as_local(start).isoformat(" ", "seconds"))


def start_as_utc(start: datetime) -> datetime:
    """Return a start in UTC, local if it has no time zone. The first and last days of the calendar become their neighbors."""
    try:
        return min(max(dt_util.as_utc(start), EARLIEST), LATEST)
    except OverflowError:
        return EARLIEST if start.year == MINYEAR else LATEST


async def async_restore_stream(forwarder: Forwarder) -> None:
    """Send all states again that the recorder has, because the stream was deleted.

    Raises:
        InvalidActionError: if the recorder cannot be read.
    """
    try:
        await forwarder.async_restore_stream()
    except RecorderError as err:
        raise InvalidActionError("recorder_not_ready") from err


def _forwarder(hass: HomeAssistant, device_id: str) -> Forwarder:
    """Return the forwarder of the user station that a device stands for."""
    device = dr.async_get(hass).async_get(device_id)
    ids = {name for domain, name in device.identifiers if domain == DOMAIN} if device else set()
    entry: AnaviWeatherConfigEntry | None
    for entry in hass.config_entries.async_entries(DOMAIN):
        for subentry_id in ids & {subentry.subentry_id for subentry in user_stations(entry)}:
            if entry.state is not ConfigEntryState.LOADED:
                raise InvalidActionError("user_station_not_loaded")
            return entry.runtime_data.forwarders[subentry_id]
    raise InvalidActionError("user_station_unknown")
