"""The system's Chromium: opens pages of a running scripts/develop with its account, and reads them."""

from collections.abc import Iterator
from contextlib import contextmanager
import json
import os
from pathlib import Path
import re
import shutil
import subprocess
import time

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[2]
LOGIN_FILE = "login.json"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
TIMEOUT_SECONDS = 120
STILL_SECONDS = 1.0
POLL_SECONDS = 0.2
TOKEN_SECONDS = 86400
# Home Assistant's frontend waits some seconds for the module of a strategy, which may not be enough for a busy machine.
LATE_MODULE = "Timeout waiting for strategy element"
AGO = re.compile(r"\d+ (?:second|segundo)s?")  # counts up on a page that is otherwise still

# Reads the displayed text through shadow roots and slots, which no selector can. Returns the text by lines, the elements
# that show an error, and whether something is still loading.
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
      // Home Assistant's frontend loads its elements when a page needs them, and generates views, without a spinner
      if (!node.matches(":defined")) loading = true;
      if (/^hui-(view|section|card)$/.test(node.localName) && !node.childElementCount) loading = true;
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
    """The page is missing something, or shows an error."""


def find_browser() -> str:
    """Return the path of Chromium.

    Raises:
        PageError: if it is not installed.
    """
    for name in filter(None, (os.environ.get("CHROMIUM"), *BROWSERS)):
        if path := shutil.which(name):
            return path
    raise PageError("Chromium not found: install it, or set the variable CHROMIUM")


def read_login(folder: Path) -> dict[str, str]:
    """Return the address and the account of a running scripts/develop.

    Raises:
        PageError: if none was started in the folder.
    """
    try:
        login: dict[str, str] = json.loads((folder / LOGIN_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PageError(f"{folder / LOGIN_FILE} not found: start scripts/develop first") from None
    return login


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start the browser, and close it on exit."""
    executable = find_browser()
    with sync_playwright() as playwright:
        # Chromium's sandbox does not start as root.
        browser = playwright.chromium.launch(executable_path=executable, chromium_sandbox=os.geteuid() != 0)
        try:
            yield browser
        finally:
            browser.close()


def open_page(
    browser: Browser,
    login: dict[str, str],
    size: tuple[int, int],
    language: str | None = None,
    time_zone: str | None = None,
) -> Page:
    """Return a page of this width and height with the account logged in."""
    tokens = {
        "hassUrl": login["url"],
        "clientId": f"{login['url']}/",
        "access_token": login["token"],
        "token_type": "Bearer",
        "refresh_token": "",
        "expires_in": TOKEN_SECONDS,
        "expires": int((time.time() + TOKEN_SECONDS) * 1000),
    }
    storage: dict[str, object] = {"hassTokens": tokens}
    if language:
        storage["selectedLanguage"] = language
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, timezone_id=time_zone)
    context.set_default_timeout(TIMEOUT_SECONDS * 1000)
    for key, value in storage.items():
        item = f"{json.dumps(key)}, {json.dumps(json.dumps(value))}"
        context.add_init_script(f"localStorage.setItem({item})")
    return context.new_page()


def read_page(page: Page) -> str:
    """Wait until the page is drawn, and return its text.

    Raises:
        PageError: if it is not drawn in time, or shows an error.
    """
    text, errors = _read_drawn(page)
    if LATE_MODULE in text:
        page.reload()
        text, errors = _read_drawn(page)
    # A failing strategy is shown in an ordinary card.
    errors += [line for line in text.splitlines() if line.startswith("Error loading the ")]
    if errors:
        raise PageError(f"the page shows {', '.join(errors)}:\n{text}")
    return text


def _read_drawn(page: Page) -> tuple[str, list[str]]:
    """Wait until the page is drawn, and return its text, and the errors of its cards."""
    page.locator("#ha-launch-screen").wait_for(state="detached")
    end = time.monotonic() + TIMEOUT_SECONDS
    before, since = None, time.monotonic()
    while True:
        content = page.evaluate(READ_PAGE)
        still = AGO.sub("", content["text"])
        if content["loading"] or not still or still != before:
            before, since = still, time.monotonic()
        elif time.monotonic() - since > STILL_SECONDS:
            break
        if time.monotonic() > end:
            raise PageError(f"the page is not drawn after {TIMEOUT_SECONDS} s:\n{content['text']}")
        page.wait_for_timeout(POLL_SECONDS * 1000)
    return str(content["text"]), list(content["errors"])


def save(file: Path, picture: bytes) -> None:
    """Write a PNG, compressed by pngquant if it is installed."""
    if pngquant := shutil.which("pngquant"):
        command = [pngquant, "--strip", "--speed", "1", "--quality", "80-100", "-"]
        result = subprocess.run(command, input=picture, capture_output=True, check=False)
        if result.returncode == 0:  # else it has too many colors
            picture = result.stdout
    file.write_bytes(picture)
