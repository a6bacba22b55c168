"""Drives the system's Chromium: opens a page of a running scripts/develop as its account, and reads what is on it."""

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
TIMEOUT_SECONDS = 60
STILL_SECONDS = 1.0
POLL_SECONDS = 0.2
TOKEN_SECONDS = 86400
AGO = re.compile(r"\d+ (?:second|segundo)s?")  # what counts up while a page is still

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


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start the browser, and close it in the end."""
    executable = find_browser()
    with sync_playwright() as playwright:
        # As root, Chromium does not start with its sandbox.
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
    """Return a page of this width and height, in which the account is logged in."""
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
    """Wait until the page is drawn, and return its text."""
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
    text = str(content["text"])
    # A strategy that fails is shown as an ordinary card.
    errors = [*content["errors"], *(line for line in text.splitlines() if line.startswith("Error loading the "))]
    if errors:
        raise PageError(f"the page shows {', '.join(errors)}:\n{text}")
    return text


def save(file: Path, picture: bytes) -> None:
    """Write a PNG, made small by pngquant where there is one."""
    if pngquant := shutil.which("pngquant"):
        command = [pngquant, "--strip", "--speed", "1", "--quality", "80-100", "-"]
        result = subprocess.run(command, input=picture, capture_output=True, check=False)
        if result.returncode == 0:  # else there are too many colours
            picture = result.stdout
    file.write_bytes(picture)
