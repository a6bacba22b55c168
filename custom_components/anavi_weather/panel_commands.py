"""WebSocket commands of the weather panel: what its remote controls show, and the holding of a key."""

import asyncio
from contextlib import suppress
from typing import Any

import voluptuous as vol

from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.components import websocket_api
from homeassistant.components.remote import ATTR_DEVICE, DATA_COMPONENT
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_COMMAND, ATTR_CONFIG_ENTRY_ID, ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, Unauthorized
from homeassistant.helpers import config_validation as cv

from .common_keys import shown_keys_of_devices
from .const import DOMAIN, LOGGER
from .coordinator import AnaviWeatherConfigEntry
from .exceptions import InfraredError, InvalidActionError, async_message
from .permissions import async_require_remote
from .remote import AnaviWeatherRemote


@callback
def async_setup_panel_commands(hass: HomeAssistant) -> None:
    """Register the commands."""
    websocket_api.async_register_command(hass, _async_list_keys)
    websocket_api.async_register_command(hass, _async_hold)


@websocket_api.websocket_command(
    {vol.Required("type"): f"{DOMAIN}/list_keys", vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string}
)
@websocket_api.async_response
async def _async_list_keys(
    hass: HomeAssistant, connection: websocket_api.ActiveConnection, msg: dict[str, Any]
) -> None:
    """Send what to show for each device's commands: none if the station is not loaded or the user may not use its remote.

    The action list_commands would log an error each time that such a user opens the panel.
    """
    entry: AnaviWeatherConfigEntry | None = hass.config_entries.async_get_entry(msg[ATTR_CONFIG_ENTRY_ID])
    is_loaded = entry is not None and entry.domain == DOMAIN and entry.state is ConfigEntryState.LOADED
    keys = None
    if entry is not None and is_loaded:
        with suppress(Unauthorized):
            await async_require_remote(hass, connection.context(msg), entry)
            codes = entry.runtime_data.codes.codes
            keys = await hass.async_add_executor_job(shown_keys_of_devices, codes)
    connection.send_result(msg["id"], {"is_loaded": is_loaded, "keys": keys})


@websocket_api.websocket_command(
    {
        vol.Required("type"): f"{DOMAIN}/hold_key",
        vol.Required(ATTR_ENTITY_ID): cv.entity_id,
        vol.Required(ATTR_DEVICE): cv.string,
        vol.Required(ATTR_COMMAND): cv.string,
    }
)
@websocket_api.async_response
async def _async_hold(hass: HomeAssistant, connection: websocket_api.ActiveConnection, msg: dict[str, Any]) -> None:
    """Send a stored command, and repeat it until the subscription or the connection ends."""
    entity_id = msg[ATTR_ENTITY_ID]
    if not connection.user.permissions.check_entity(entity_id, POLICY_CONTROL):
        raise Unauthorized(entity_id=entity_id, permission=POLICY_CONTROL)
    remote = hass.data[DATA_COMPONENT].get_entity(entity_id) if DATA_COMPONENT in hass.data else None
    if not isinstance(remote, AnaviWeatherRemote):
        raise InvalidActionError("station_not_loaded")
    released = asyncio.Event()
    connection.subscriptions[msg["id"]] = released.set  # before the press, during which the connection may end
    try:
        held = await remote.async_press(msg[ATTR_DEVICE], msg[ATTR_COMMAND], connection.context(msg))
    except HomeAssistantError:
        connection.subscriptions.pop(msg["id"], None)
        raise
    connection.send_result(msg["id"])
    if held is None:
        return
    try:
        await remote.async_repeat(held, released)
    except InfraredError as err:  # the press was sent
        if not remote.transceiver.is_stopped:  # a reload releases the key
            LOGGER.warning("Cannot hold %s: %s", msg[ATTR_COMMAND], await async_message(hass, err))
