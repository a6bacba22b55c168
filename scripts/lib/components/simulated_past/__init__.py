"""A websocket command that records states at past times, for scripts/develop.

Statistics can be imported from outside, but the recorder takes states only from the state machine, which accepts the time
of a state only from code that runs inside Home Assistant.
"""

from typing import Any

import voluptuous as vol

from homeassistant.components import websocket_api
from homeassistant.components.websocket_api import ActiveConnection
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance
from homeassistant.helpers.typing import ConfigType


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up the command."""
    websocket_api.async_register_command(hass, websocket_record)
    return True


@websocket_api.require_admin
@websocket_api.websocket_command(
    {
        vol.Required("type"): "simulated_past/record",
        vol.Required("entity_id"): str,
        vol.Required("states"): [vol.ExactSequence([str, float])],
    }
)
@websocket_api.async_response
async def websocket_record(hass: HomeAssistant, connection: ActiveConnection, message: dict[str, Any]) -> None:
    """Set an entity's states with their times, and answer when the recorder has committed them.

    The entity keeps the last of these states until its integration updates it.
    """
    entity_id = message["entity_id"]
    if (current := hass.states.get(entity_id)) is None:
        connection.send_error(message["id"], websocket_api.ERR_NOT_FOUND, f"{entity_id} not found")
        return
    for state, timestamp in message["states"]:
        hass.states.async_set(entity_id, state, current.attributes, force_update=True, timestamp=timestamp)
    await get_instance(hass).async_block_till_done()
    connection.send_result(message["id"])
