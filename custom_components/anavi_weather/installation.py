"""Errors of access to the board, which have other remedies on each kind of installation."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.hassio import is_hassio
from homeassistant.util.package import is_docker_env

from .phat import BusNotFoundError, BusPermissionError
from .phat.lirc import DeviceGoneError, DevicePermissionError

NO_RECEIVER = "no_receiver"
ACCESS_ERRORS = frozenset(
    {BusNotFoundError.key, BusPermissionError.key, DeviceGoneError.key, DevicePermissionError.key, NO_RECEIVER}
)
"""Translation keys that have texts for each kind of installation. That of an own system has no suffix."""
CONTAINER, HOME_ASSISTANT_OS = "_container", "_home_assistant_os"


async def async_error_key(hass: HomeAssistant, key: str) -> str:
    """Return the translation key of an error on this installation."""
    if key not in ACCESS_ERRORS:
        return key
    if is_hassio(hass):
        return key + HOME_ASSISTANT_OS
    return key + CONTAINER if await hass.async_add_executor_job(is_docker_env) else key
