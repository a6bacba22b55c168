"""Download of an infrared device's codes as a file."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from http import HTTPStatus
import re
from urllib.parse import quote

from aiohttp import web

from homeassistant.components.http import KEY_HASS, HomeAssistantView, require_admin
from homeassistant.components.http.auth import async_sign_path
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN
from .coordinator import AnaviWeatherConfigEntry
from .deleted_codes import async_get_deleted_codes
from .exceptions import StorageError
from .infrared_devices import infrared_devices, stored_name
from .ir_codes.broadlink_storage import to_file

URL = "/api/anavi_weather/codes/{device_id}"
VALID = timedelta(hours=1)

_NOT_IN_LINKS = re.compile(r"[^\w .-]")


class CodesView(HomeAssistantView):
    """View that returns the codes of a device, which may be deleted, in a file that can be imported again."""

    url = URL
    name = "api:anavi_weather:codes"

    @require_admin
    async def get(self, request: web.Request, device_id: str) -> web.Response:
        """Return the file to an administrator."""
        found = await _async_find(request.app[KEY_HASS], device_id)
        if found is None:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        device, commands = found
        text = await request.app[KEY_HASS].async_add_executor_job(to_file, {device: commands})
        file_name = quote(f"{device}.json", safe="")
        return web.Response(
            text=text,
            content_type="application/json",
            headers={"Content-Disposition": f"attachment; filename*=UTF-8''{file_name}"},
        )


@callback
def async_setup_download(hass: HomeAssistant) -> None:
    """Register the view."""
    hass.http.register_view(CodesView)


@callback
def async_download_link(hass: HomeAssistant, device_id: str, device: str) -> str:
    """Return a link to the file of a device, which works for an hour without another login.

    It is HTML, because the frontend opens links in Markdown as its own pages, unless they have a target.
    """
    path = async_sign_path(hass, URL.format(device_id=device_id), VALID)
    return f'<a href="{path}" target="_blank">{_NOT_IN_LINKS.sub("_", device)}.json</a>'


async def _async_find(hass: HomeAssistant, device_id: str) -> tuple[str, Mapping[str, Sequence[str]]] | None:
    """Return the name and the commands of a device, given by the id of its subentry, or of a deleted one by its own."""
    entry: AnaviWeatherConfigEntry
    for entry in hass.config_entries.async_loaded_entries(DOMAIN):
        for subentry in infrared_devices(entry):
            if subentry.subentry_id == device_id and entry.runtime_data.codes.error is None:
                return stored_name(subentry), entry.runtime_data.devices.commands(subentry)
    with suppress(StorageError):  # the file cannot be opened now
        if (deleted := await async_get_deleted_codes(hass).async_get(device_id)) is not None:
            return deleted["device"], deleted["commands"]
    return None
