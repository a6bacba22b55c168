"""Take a picture of a page of a running scripts/develop, and print the text that is on it.

Fails when a card shows an error. Needs Chromium: of the environment variable CHROMIUM, or of the PATH.
"""

import argparse
import json
import os
from pathlib import Path
import shutil
import sys
import time

from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

ROOT = Path(__file__).parents[1]
LOGIN_FILE = "login.json"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
TIMEOUT_SECONDS = 120
STILL_SECONDS = 1.0
POLL_SECONDS = 0.2
TOKEN_SECONDS = 86400

# What is displayed, as no selector can find it: through shadow roots and slots. Returns the text, line by line, the
# elements that say that something is wrong, and whether something is still being loaded.
READ_PAGE = """
() => {
  const lines = [], errors = [];
  let loading = false;
  const visible = (element) => getComputedStyle(element).display === "contents"
    || element.checkVisibility({visibilityProperty: true});
  const visit = (node) => {
    if (node.nodeType === Node.TEXT_NODE && node.textContent.trim()) {
      lines.push(node.textContent.trim().replace(/\\s+/g, " "));  // "20 °C" is written with a space of its own
    }
    if (node.nodeType === Node.ELEMENT_NODE) {
      if (["script", "style"].includes(node.localName) || !visible(node)) return;
      if (/^hui-(error|warning)/.test(node.localName)) errors.push(node.localName);
      if (/^(ha-spinner|hass-loading-screen)$/.test(node.localName)) loading = true;
    }
    const slotted = node.localName === "slot" ? node.assignedNodes() : [];
    const children = node.shadowRoot ? [node.shadowRoot] : slotted.length ? slotted : node.childNodes;
    children.forEach(visit);
  };
  visit(document.body);
  return {text: lines.join("\\n"), errors, loading};
}
"""


class PageError(Exception):
    """The page is not what it should be."""


def arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="scripts/screenshot", description=__doc__)
    parser.add_argument("--path", default="/anavi-weather", help="of the page (default: %(default)s)")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("screenshot.png"),
        metavar="FILE",
        help="default: %(default)s",
    )
    parser.add_argument("--width", type=int, default=1400, help="default: %(default)s")
    parser.add_argument("--height", type=int, default=1100, help="default: %(default)s")
    parser.add_argument("--language", help="of the page, as pt-BR")
    parser.add_argument(
        "--click",
        action="append",
        default=[],
        metavar="TEXT",
        help="first click on what says this; several are clicked one after another",
    )
    parser.add_argument(
        "--config",
        type=Path,
        default=ROOT / ".develop",
        metavar="FOLDER",
        help="what scripts/develop was started with (default: .develop)",
    )
    return parser.parse_args()


def find_browser() -> str:
    """Return the path of a Chromium."""
    for name in filter(None, (os.environ.get("CHROMIUM"), *BROWSERS)):
        if path := shutil.which(name):
            return path
    raise PageError("no Chromium was found: install it, or name it in the variable CHROMIUM")


def read_login(folder: Path) -> dict[str, str]:
    """Return the address and the account of a running scripts/develop."""
    try:
        login: dict[str, str] = json.loads((folder / LOGIN_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PageError(f"there is no {folder / LOGIN_FILE}: start scripts/develop first") from None
    return login


def open_context(browser: Browser, login: dict[str, str], options: argparse.Namespace) -> BrowserContext:
    """Return a browser's window in which the account is logged in."""
    tokens = {
        "hassUrl": login["url"],
        "clientId": f"{login['url']}/",
        "access_token": login["token"],
        "token_type": "Bearer",
        "refresh_token": "",
        "expires_in": TOKEN_SECONDS,
        "expires": int((time.time() + TOKEN_SECONDS) * 1000),
    }
    storage = {"hassTokens": tokens}
    if options.language:
        storage["selectedLanguage"] = options.language
    context = browser.new_context(viewport={"width": options.width, "height": options.height})
    for key, value in storage.items():
        item = f"{json.dumps(key)}, {json.dumps(json.dumps(value))}"
        context.add_init_script(f"localStorage.setItem({item})")
    return context


def read_page(page: Page) -> str:
    """Wait until the page is drawn, and return its text."""
    page.locator("#ha-launch-screen").wait_for(state="detached")
    end = time.monotonic() + TIMEOUT_SECONDS
    before, since = None, time.monotonic()
    while True:
        content = page.evaluate(READ_PAGE)
        if content["loading"] or not content["text"] or content != before:
            before, since = content, time.monotonic()
        elif time.monotonic() - since > STILL_SECONDS:
            break
        if time.monotonic() > end:
            raise PageError(f"the page is not drawn after {TIMEOUT_SECONDS} s:\n{content['text']}")
        page.wait_for_timeout(POLL_SECONDS * 1000)
    text = str(content["text"])
    # A strategy that fails is shown as an ordinary card.
    errors = [*content["errors"], *(line for line in text.splitlines() if line.startswith("Error loading the "))]
    if errors:
        raise PageError(f"the page shows {', '.join(errors)}:\n{text}")
    return text


def take(options: argparse.Namespace) -> str:
    """Open the page, save the picture even if something is wrong on it, and return the text."""
    login = read_login(options.config)
    executable = find_browser()
    with sync_playwright() as playwright:
        # As root, Chromium does not start with its sandbox.
        browser = playwright.chromium.launch(executable_path=executable, chromium_sandbox=os.geteuid() != 0)
        context = open_context(browser, login, options)
        context.set_default_timeout(TIMEOUT_SECONDS * 1000)
        page = context.new_page()
        try:
            page.goto(login["url"] + options.path)
            text = read_page(page)
            for label in options.click:
                # A card's text lies below a layer that is what is really clicked.
                page.get_by_text(label, exact=True).first.click(force=True)
                text = read_page(page)
            return text
        finally:
            page.screenshot(path=options.output)
            browser.close()


def main() -> int:
    """Take the picture and print the text; return the exit code."""
    options = arguments()
    try:
        text = take(options)
    except PageError as error:
        print(f"screenshot: {error}", file=sys.stderr)
        return 1
    except Error as error:
        print(f"screenshot: the browser says: {error.message}", file=sys.stderr)
        return 1
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
