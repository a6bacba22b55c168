"""A page of a Home Assistant whose scenes are set for a picture, in the page's language."""

import json
import time
from typing import Any

from browser import ROOT, PageError, read_page
from playwright.sync_api import Locator, Page

DOMAIN = "anavi_weather"
DASHBOARD = "/anavi-weather"
OURS = ROOT / "custom_components" / DOMAIN / "translations"
BLUEPRINT = {"en": f"{DOMAIN}/remote_key.yaml", "pt-BR": f"{DOMAIN}/pt-BR/remote_key.yaml"}
TELEVISIONS = {"en": "Television", "pt-BR": "Televisão"}
AUTOMATIONS = {
    "en": "An old remote control, a new television",
    "pt-BR": "Um controle antigo, uma televisão nova",
}
WAIT_SECONDS = 60
PRESS_SECONDS = 1.0


class Stage:
    """A page of a Home Assistant."""

    def __init__(self, page: Page, url: str, language: str) -> None:
        """Initialize the stage with a page where the account is logged in."""
        self.page = page
        self.language = language
        self.television = TELEVISIONS[language]
        self.automation = AUTOMATIONS[language]
        self._url = url
        self._texts: dict[str, Any] = json.loads((OURS / f"{language}.json").read_text(encoding="utf-8"))

    def ours(self, path: str) -> str:
        """Return a text of the integration, such as `config.step.user.title`."""
        found: Any = self._texts
        for part in path.split("."):
            found = found[part]
        return str(found)

    def core(self, key: str) -> str:
        """Return a text of the frontend."""
        return str(self.ask("localize", key))

    def open(self, path: str) -> str:
        """Open a page, and return its text."""
        self.page.goto(self._url + path)
        return read_page(self.page)

    def read(self) -> str:
        """Wait until the page is drawn, and return its text."""
        return read_page(self.page)

    def pause(self, seconds: float = PRESS_SECONDS) -> None:
        """Let the page change for a moment, for example while it waits and is never still."""
        self.page.wait_for_timeout(seconds * 1000)

    def button(self, key: str) -> Locator:
        """Return the last button with a text of the frontend."""
        return self.page.get_by_role("button", name=self.core(key)).filter(visible=True).last

    def option(self, path: str) -> Locator:
        """Return the last element with a text of the integration, such as an option of a menu."""
        return self.page.get_by_text(self.ours(path), exact=True).filter(visible=True).last

    def click(self, text: str) -> str:
        """Click on the first element with this text, and return the page's text afterwards."""
        self.page.get_by_text(text, exact=True).first.click()
        return read_page(self.page)

    def fill(self, **values: str) -> None:
        """Type into the fields of a form."""
        for name, value in values.items():
            self.page.locator(f'input[name="{name}"]').fill(value)

    def wait(self, text: str, seconds: float = WAIT_SECONDS) -> None:
        """Wait until this is on the page."""
        end = time.monotonic() + seconds
        while text not in (seen := read_page(self.page)):
            if time.monotonic() > end:
                raise PageError(f"the page does not show “{text}” after {seconds} s:\n{seen}")

    def ask(self, function: str, *arguments: object) -> Any:
        """Call a function of Home Assistant's frontend, and return its result."""
        self.page.locator("home-assistant").wait_for(state="attached")
        script = f"arguments => document.querySelector('home-assistant').hass.{function}(...arguments)"
        return self.page.evaluate(script, arguments)

    def act(self, domain: str, action: str, **data: str) -> None:
        """Perform an action."""
        self.ask("callService", domain, action, data)

    def entry(self) -> str:
        """Return the id of the station's entry."""
        (entry,) = self.ask("callWS", {"type": "config_entries/get", "domain": DOMAIN})
        return str(entry["entry_id"])

    def device(self, entry_type: str | None = None) -> str:
        """Return the id of the station's device, or of its user station's with the type "service"."""
        devices = self.ask("callWS", {"type": "config/device_registry/list"})
        (id_,) = (
            device["id"]
            for device in devices
            if any(domain == DOMAIN for domain, *_ in device["identifiers"])
            and device["entry_type"] == entry_type
            and device["via_device_id"] is None  # not an infrared device
        )
        return str(id_)

    def entity(self, key: str) -> str:
        """Return the id of the entity whose unique id ends with this."""
        entities = self.ask("callWS", {"type": "config/entity_registry/list"})
        (id_,) = (
            entity["entity_id"]
            for entity in entities
            if entity["platform"] == DOMAIN and entity["unique_id"].endswith(key)
        )
        return str(id_)

    def open_remote(self) -> None:
        """Open the view of the weather panel with the remote controls."""
        self.open(DASHBOARD)
        self.page.locator("ha-tab-group-tab").nth(1).click()
        self.read()

    def button_of(self, device: str) -> str:
        """Return the first button of a device."""
        devices = self.ask("callWS", {"type": "config/device_registry/list"})
        (id_,) = (one["id"] for one in devices if one["name"] == device)
        entities = self.ask("callWS", {"type": "config/entity_registry/list"})
        buttons = (one["entity_id"] for one in entities if one["device_id"] == id_)
        return str(next(button for button in buttons if button.startswith("button.")))

    def press_simulated(self, key: str) -> None:
        """Press a key of the simulated remote control."""
        self.act("button", "press", entity_id=self.entity(f"simulated_{key}"))
        self.pause()

    def forget_station(self) -> None:
        """Remove the stations and the panel that scripts/develop has added."""
        self.open(f"/config/integrations/integration/{DOMAIN}")
        for entry in self.ask("callWS", {"type": "config_entries/get", "domain": DOMAIN}):
            self.ask("callApi", "DELETE", f"config/config_entries/entry/{entry['entry_id']}")
        for dashboard in self.ask("callWS", {"type": "lovelace/dashboards/list"}):
            if dashboard["url_path"] == DASHBOARD.strip("/"):
                self.ask("callWS", {"type": "lovelace/dashboards/delete", "dashboard_id": dashboard["id"]})

    def open_add_dialog(self) -> None:
        """Ask Home Assistant to add a station."""
        self.open(f"/config/integrations/dashboard/add?domain={DOMAIN}")
        self.button("ui.common.ok").wait_for()

    def start_adding(self) -> None:
        """Start to add a station, up to the choice of the bus."""
        self.open_add_dialog()
        self.button("ui.common.ok").click()
        self.wait(self.ours("config.step.user.title"))
