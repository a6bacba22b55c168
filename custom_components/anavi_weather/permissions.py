"""Permissions of the users who use actions and entities."""

from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.components.remote import DOMAIN as REMOTE_DOMAIN
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized
from homeassistant.helpers import entity_registry as er

from .const import DOMAIN
from .unique_ids import REMOTE, infrared_unique_id


async def async_require_admin(hass: HomeAssistant, context: Context | None) -> None:
    """Allow something to administrators, and to automations, which have no user.

    Raises:
        Unauthorized: if the user is not an administrator.
    """
    if context is None or context.user_id is None:
        return
    # Home Assistant has checked that the user exists
    user = await hass.auth.async_get_user(context.user_id)
    if user and not user.is_admin:
        raise Unauthorized(context=context)


async def async_require_remote(hass: HomeAssistant, context: Context, entry: ConfigEntry) -> None:
    """Allow something to users who may control a station's remote control, and to automations, which have no user.

    Raises:
        Unauthorized: if the user may not, or the station has no remote control and the user is not an administrator.
    """
    remote = er.async_get(hass).async_get_entity_id(REMOTE_DOMAIN, DOMAIN, infrared_unique_id(entry, REMOTE))
    if remote is None:
        await async_require_admin(hass, context)
    elif context.user_id is not None:
        user = await hass.auth.async_get_user(context.user_id)
        if user and not user.permissions.check_entity(remote, POLICY_CONTROL):
            raise Unauthorized(context=context, entity_id=remote, permission=POLICY_CONTROL)
