"""The weather panel: serves the strategy that Home Assistant's frontend makes a dashboard with."""

from hashlib import sha256
from pathlib import Path

from homeassistant.core import HomeAssistant

from .const import DOMAIN

FOLDER = Path(__file__).parent / "frontend"
MODULE = "dashboard.js"


async def async_setup_dashboard(hass: HomeAssistant) -> None:
    """Let every page load the strategy; without a frontend there is nothing to do."""
    if "frontend" not in hass.config.components:
        return
    # Where it is not used, what it requires need not be installed.
    # pylint: disable=import-outside-toplevel
    from homeassistant.components.frontend import add_extra_js_url
    from homeassistant.components.http import StaticPathConfig

    # What a browser keeps is of another address as soon as a file has changed.
    url = f"/{DOMAIN}/{await hass.async_add_executor_job(_fingerprint)}"
    await hass.http.async_register_static_paths([StaticPathConfig(url, str(FOLDER))])
    add_extra_js_url(hass, f"{url}/{MODULE}")


def _fingerprint() -> str:
    """Return what tells the modules from those of another version."""
    digest = sha256()
    for file in sorted(FOLDER.glob("*.js")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
