"""Registration of the weather panel's dashboard strategy with the frontend."""

from hashlib import sha256
from pathlib import Path

from homeassistant.core import HomeAssistant

from .const import DOMAIN

FOLDER = Path(__file__).parent / "frontend"
MODULE = "dashboard.js"


async def async_setup_dashboard(hass: HomeAssistant) -> None:
    """Serve the strategy and add it to every page, if the frontend is loaded."""
    if "frontend" not in hass.config.components:
        return
    # The frontend's requirements are installed only where it is used.
    # pylint: disable=import-outside-toplevel
    from homeassistant.components.frontend import add_extra_js_url
    from homeassistant.components.http import StaticPathConfig

    # A changed file gets a new URL, so browsers do not use their cached copy.
    url = f"/{DOMAIN}/{await hass.async_add_executor_job(_fingerprint)}"
    await hass.http.async_register_static_paths([StaticPathConfig(url, str(FOLDER))])
    add_extra_js_url(hass, f"{url}/{MODULE}")


def _fingerprint() -> str:
    """Return a hash of the JavaScript modules."""
    digest = sha256()
    for file in sorted(FOLDER.glob("*.js")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
