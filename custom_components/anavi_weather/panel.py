"""The weather panel's place in the sidebar, which a user may add with the first station."""

import inspect
from typing import TYPE_CHECKING

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .texts import async_text

if TYPE_CHECKING:
    from homeassistant.components.lovelace.dashboard import DashboardsCollection

URL_PATH = "anavi-weather"
ICON = "mdi:weather-partly-cloudy"
STRATEGY = "custom:anavi-weather"


async def async_can_add_panel(hass: HomeAssistant) -> bool:
    """Return whether dashboards can be added, and none of them is the weather panel or has its address."""
    if _collection(hass) is None:
        return False
    # The frontend's requirements are installed only where it is used.
    # pylint: disable=import-outside-toplevel
    from homeassistant.components.frontend import async_panel_exists
    from homeassistant.components.lovelace.const import LOVELACE_DATA

    for dashboard in hass.data[LOVELACE_DATA].dashboards.values():
        try:
            config = await dashboard.async_load(False)
        except HomeAssistantError, OSError:  # it has no configuration of its own, or one that cannot be read
            continue
        strategy = config.get("strategy") if isinstance(config, dict) else None  # Home Assistant stores any text, too
        if isinstance(strategy, dict) and strategy.get("type") == STRATEGY:
            return False
    return not async_panel_exists(hass, URL_PATH)


async def async_add_panel(hass: HomeAssistant) -> None:
    """Add the weather panel to the sidebar.

    Raises:
        HomeAssistantError: if that is not possible.
    """
    if not await async_can_add_panel(hass) or (collection := _collection(hass)) is None:
        raise HomeAssistantError("dashboards cannot be added, or the weather panel exists")
    from homeassistant.components.lovelace.const import LOVELACE_DATA  # pylint: disable=import-outside-toplevel

    title = await async_text(hass, "weather_panel")
    await collection.async_create_item({"url_path": URL_PATH, "title": title, "icon": ICON})
    await hass.data[LOVELACE_DATA].dashboards[URL_PATH].async_save({"strategy": {"type": STRATEGY}})


def _collection(hass: HomeAssistant) -> DashboardsCollection | None:
    """Return Home Assistant's dashboards, if there are any.

    Only the websocket commands of Home Assistant hold them. A second collection would overwrite the first one's file.
    """
    command = hass.data.get("websocket_api", {}).get("lovelace/dashboards/create")
    method = inspect.unwrap(command[0]) if command else None
    collection: DashboardsCollection | None = getattr(getattr(method, "__self__", None), "storage_collection", None)
    return collection
