"""Reads pages in one browser for the tests: takes requests as JSON, a line each, and answers each with a line.

Runs in the browser's environment.
"""

from collections.abc import Callable
import json
from pathlib import Path
import sys
from typing import Any

from browser import PageError, open_browser, open_page, read_page
from playwright.sync_api import Browser, BrowserContext, Error, Route, TimeoutError

FOLDER = Path(__file__).parents[2] / "custom_components" / "anavi_weather" / "frontend"
CLICK_SECONDS = 30
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


# The dialog knows that a press has ended some time after its message
PRESS = """
async ({token, entity}) => {
  const headers = {Authorization: `Bearer ${token}`, "Content-Type": "application/json"};
  await fetch("/api/services/button/press", {method: "POST", headers, body: JSON.stringify({entity_id: entity})});
  await new Promise((resolve) => setTimeout(resolve, 800));
}
"""


class Pages:
    """The pages of a browser, with a cache for each Home Assistant and language."""

    def __init__(self, browser: Browser) -> None:
        """Initialize with no cache."""
        self._browser = browser
        self._contexts: dict[tuple[str, str | None], BrowserContext] = {}

    def read(
        self, *, login: dict[str, str], path: str, size: tuple[int, int], language: str | None, click: list[str]
    ) -> list[str]:
        """Open a page of Home Assistant, click on texts one after another, and return the lines of the page.

        Raises:
            PageError: if the page shows an error.
        """
        key = login["url"], language
        context = self._contexts.get(key)
        page = context.new_page() if context else open_page(self._browser, login, size, language)
        self._contexts[key] = page.context
        try:
            page.set_viewport_size({"width": size[0], "height": size[1]})
            page.goto(login["url"] + path)
            text = read_page(page)
            for number, label in enumerate(click):
                # A layer above a card's text receives the click.
                target = page.get_by_text(label, exact=True).first
                try:
                    target.click(force=True, timeout=CLICK_SECONDS * 1000)
                except TimeoutError:
                    if number:
                        raise
                    # A busy machine may draw a page before its data has arrived, and the page stays like that.
                    page.reload()
                    read_page(page)
                    target.click(force=True)
                text = read_page(page)
            return text.splitlines()
        finally:
            page.close()

    def use(self, *, login: dict[str, str], path: str, steps: list[tuple[str, str]], picture: str | None) -> list[str]:
        """Open a page of Home Assistant, use its dialog step by step, and return the lines of the page.

        A step clicks on a text, a button or what has a label, types into the last field, uploads a file, or runs a function. While
        the dialog waits for a remote control, a step clicks on what starts that, presses a button entity in place of the remote
        control, or waits for a text.

        Raises:
            PageError: if the page shows an error.
        """
        page = open_page(self._browser, login, (1000, 800))
        try:
            page.goto(login["url"] + path)
            text = read_page(page)
            for action, value in steps:
                if action == "start":
                    page.get_by_text(value, exact=True).filter(visible=True).last.click()
                    page.locator("step-flow-progress").wait_for()
                    continue
                if action == "press":
                    page.evaluate(PRESS, {"token": login["token"], "entity": value})
                    continue
                if action == "wait":
                    page.get_by_text(value).first.wait_for()
                elif action == "click":
                    page.get_by_text(value, exact=True).filter(visible=True).last.click()
                elif action == "button":
                    page.get_by_role("button", name=value).filter(visible=True).last.click()
                elif action == "label":
                    page.get_by_label(value, exact=True).filter(visible=True).last.click()
                elif action == "evaluate":
                    page.evaluate(value)
                elif action == "type":
                    page.get_by_role("textbox").last.fill(value)
                else:
                    page.locator("input[type=file]").set_input_files(value)
                text = read_page(page)
            if picture:
                page.screenshot(path=picture)
            return text.splitlines()
        finally:
            page.close()

    def generate(self, *, hass: dict[str, Any], commands: dict[str, Any]) -> Any:
        """Return the dashboard that the strategy generates for a Home Assistant."""
        page = self._browser.new_page()
        try:
            page.route(f"{ADDRESS}**", serve)
            page.goto(ADDRESS)
            return page.evaluate(GENERATE, {"hass": hass, "commands": commands})
        finally:
            page.close()


def serve(route: Route) -> None:
    """Serve the modules, and an empty page."""
    name = route.request.url.removeprefix(ADDRESS)
    if name:
        route.fulfill(path=FOLDER / name, content_type="text/javascript")
    else:
        route.fulfill(body="", content_type="text/html")


def main() -> None:
    """Answer requests until there are no more."""
    with open_browser() as browser:
        pages = Pages(browser)
        methods: dict[str, Callable[..., Any]] = {"read": pages.read, "use": pages.use, "generate": pages.generate}
        for line in sys.stdin:
            request = json.loads(line)
            try:
                answer = {"result": methods[request.pop("method")](**request)}
            except (PageError, Error) as error:
                answer = {"error": str(error)}
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
