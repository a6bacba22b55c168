"""Prints the dashboard that the strategy makes of the Home Assistant that is given as JSON. Run in the browser's environment."""

import json
from pathlib import Path
import sys

from browser import open_browser
from playwright.sync_api import Page, Route

FOLDER = Path(__file__).parents[2] / "custom_components" / "anavi_weather" / "frontend"
ADDRESS = "http://panel.test/"

GENERATE = """
async ({hass, commands}) => {
  await import("/dashboard.js");
  hass.callService = async (domain, service, data) => {
    if (!(data.config_entry_id in commands)) throw new Error("not loaded");
    return {response: {devices: commands[data.config_entry_id]}};
  };
  return customElements.get("ll-strategy-dashboard-anavi-weather").generate({}, hass);
}
"""


def answer(route: Route) -> None:
    """Serve the modules, and an empty page."""
    name = route.request.url.removeprefix(ADDRESS)
    if name:
        route.fulfill(path=FOLDER / name, content_type="text/javascript")
    else:
        route.fulfill(body="", content_type="text/html")


def generate(page: Page) -> None:
    """Print the dashboard."""
    page.route(f"{ADDRESS}**", answer)
    page.goto(ADDRESS)
    json.dump(page.evaluate(GENERATE, json.load(sys.stdin)), sys.stdout)


if __name__ == "__main__":
    with open_browser() as browser:
        generate(browser.new_page())
