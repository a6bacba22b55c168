"""Take the pictures of the documentation, each from a running Home Assistant in the right situation.

A picture whose requirements are missing is reported and skipped: user-station needs a server in the variables
ELASTICSEARCH_URL, ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD.
"""

import argparse
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from itertools import groupby
import os
from pathlib import Path
import subprocess
import sys
import tempfile
import time
from typing import Any, NamedTuple

from browser import ROOT, PageError, open_browser, open_page, read_login, read_page, save
from playwright.sync_api import Browser, Error, Page
from user_station import UserStationError, missing, stream

OUTPUT = ROOT / "docs" / "images"
DASHBOARD = "/anavi-weather"
DOMAIN = "anavi_weather"
STATION = "Simulated pHAT"
ISSUE = "Simulated pHAT: the HTU21D does not answer"
NAMESPACE = "pictures"
HOUR = 14  # of the simulated weather: the sun shines
REPAIR_SECONDS = 150  # the repair is created after two minutes
START_SECONDS = 300  # the first time, it installs everything
WAIT_SECONDS = 60
PRESS_SECONDS = 1.0

DIALOG = (1280, 640)
WINDOW = (1280, 1060)
PANEL = (1440, 1030)
PHONE = (400, 860)


class SkippedError(Exception):
    """A picture that cannot be taken here."""


class Stage:
    """A page of a Home Assistant."""

    def __init__(self, page: Page, url: str) -> None:
        """Initialize the stage with a page where the account is logged in."""
        self.page = page
        self._url = url

    def open(self, path: str) -> str:
        """Open a page, and return its text."""
        self.page.goto(self._url + path)
        return read_page(self.page)

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


@contextmanager
def dashboard(stage: Stage) -> Iterator[None]:
    """Show the weather panel."""
    stage.open(DASHBOARD)
    yield


@contextmanager
def device(stage: Stage) -> Iterator[None]:
    """Show the station's device page."""
    stage.open(f"/config/devices/device/{stage.device()}")
    stage.wait("ANAVI Infrared pHAT")
    yield


@contextmanager
def learning(stage: Stage) -> Iterator[None]:
    """Show the notification after the first of three presses."""
    stage.open(DASHBOARD)
    # Not awaited because the action ends with the last press
    learn = {"entity_id": stage.entity("remote"), "device": "Television", "command": "power"}
    stage.page.evaluate(
        "data => { document.querySelector('home-assistant').hass.callService('remote', 'learn_command', data); }", learn
    )
    stage.click("Notifications")
    stage.wait("Presses left: 3")
    key = stage.entity("simulated_power")
    stage.act("button", "press", entity_id=key)
    stage.wait("Presses left: 2")
    yield
    for _ in range(2):
        stage.act("button", "press", entity_id=key)
        time.sleep(PRESS_SECONDS)


@contextmanager
def user_station(stage: Stage) -> Iterator[None]:
    """Show the device page of a user station that received states."""
    if names := missing():
        raise SkippedError(f"{', '.join(names)} not set")
    with stream(NAMESPACE) as api_key:
        stage.open(f"/config/integrations/integration/{DOMAIN}")
        stage.click("Add user station")
        stage.fill(url=os.environ["ELASTICSEARCH_URL"], api_key=api_key, namespace=NAMESPACE)
        stage.click("Next")
        stage.wait("The connection works.")
        stage.click("Submit")
        stage.wait("Success")
        device_id = stage.device("service")
        # The picture must not show the server's address.
        name = {"type": "config/device_registry/update", "device_id": device_id, "name_by_user": "User station"}
        stage.ask("callWS", name)
        stage.open(f"/config/devices/device/{device_id}")
        stage.wait("Connected")
        yield
        entry_id = stage.entry()
        subentries = stage.ask("callWS", {"type": "config_entries/subentries/list", "entry_id": entry_id})
        (subentry,) = (one for one in subentries if one["subentry_type"] == "user_station")
        delete = {"type": "config_entries/subentries/delete", "entry_id": entry_id}
        stage.ask("callWS", {**delete, "subentry_id": subentry["subentry_id"]})


@contextmanager
def repair(stage: Stage) -> Iterator[None]:
    """Show the repair of a chip that was unplugged."""
    slot = stage.entity("slot_htu21d_40")
    stage.act("switch", "turn_off", entity_id=slot)
    stage.open("/config/repairs")
    stage.wait(ISSUE, REPAIR_SECONDS)
    stage.click(ISSUE)
    stage.wait("Submit")
    yield
    stage.act("switch", "turn_on", entity_id=slot)


@contextmanager
def config_flow(stage: Stage) -> Iterator[None]:
    """Show the chips that are found when the station is added again."""
    stage.ask("callApi", "DELETE", f"config/config_entries/entry/{stage.entry()}")
    stage.open(f"/config/integrations/dashboard/add?domain={DOMAIN}")
    stage.wait("Do you want to set up ANAVI Weather?")
    stage.click("OK")
    stage.wait(STATION)
    stage.click(STATION)
    stage.click("Next")
    stage.wait("The integration can read these chips:")
    yield


class Picture(NamedTuple):
    """A picture, and the function that sets its scene."""

    name: str
    make: Callable[[Stage], AbstractContextManager[None]]
    size: tuple[int, int] = DIALOG
    language: str = "en"


# The order matters: each scene leaves behind what the next one needs.
PICTURES = (
    Picture("dashboard", dashboard, PANEL),
    Picture("dashboard-phone", dashboard, PHONE),
    Picture("device", device, WINDOW),
    Picture("user-station", user_station),
    Picture("learning", learning),
    Picture("repair", repair),
    Picture("config-flow", config_flow),
    Picture("dashboard.pt-BR", dashboard, PANEL, "pt-BR"),
)
NAMES = [picture.name for picture in PICTURES]


def arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="scripts/screenshots", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"take only these: {', '.join(NAMES)}")
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="FOLDER", help="default: docs/images")
    options = parser.parse_args()
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"unknown picture {', '.join(sorted(unknown))}")
    return options


def say(message: str) -> None:
    """Print a message."""
    print(f"screenshots: {message}", flush=True)


@contextmanager
def running(language: str, hours: int) -> Iterator[dict[str, str]]:
    """Run scripts/develop in a temporary folder, and yield its address and its account.

    Args:
        language: of Home Assistant.
        hours: its time zone, in hours east of Greenwich.
    """
    with tempfile.TemporaryDirectory(prefix="anavi_weather-") as folder:
        develop = str(ROOT / "scripts" / "develop")
        command = [develop, "--config", folder, "--port", "0", "--language", language]
        environment = {**os.environ, "TZ": f"<{hours:+03}>{-hours:+}"}
        log = Path(folder) / "develop.log"
        with log.open("w") as output:
            process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            end = time.monotonic() + START_SECONDS
            while "develop: open http" not in log.read_text():
                if process.poll() is not None or time.monotonic() > end:
                    raise PageError(f"scripts/develop does not start:\n{log.read_text()}")
                time.sleep(0.2)
            yield read_login(Path(folder))
        finally:
            process.terminate()
            process.wait()


def take(picture: Picture, browser: Browser, login: dict[str, str], zone: str, folder: Path) -> None:
    """Take a picture and save it.

    Raises:
        PageError: if the page is not as expected.
        UserStationError: if the user station cannot be used.
    """
    page = open_page(browser, login, picture.size, picture.language, zone)
    stage = Stage(page, login["url"])
    try:
        stage.open(DASHBOARD)
        # The frontend uses the browser's time zone only if it is a city's, and otherwise Home Assistant's.
        stage.ask("callWS", {"type": "config/core/update", "time_zone": zone})
        with picture.make(stage):
            save(folder / f"{picture.name}.png", page.screenshot())
    except SkippedError as error:
        say(f"{picture.name}: SKIPPED: {error}")
    else:
        say(picture.name)
    finally:
        page.context.close()


def take_all(pictures: list[Picture], folder: Path) -> None:
    """Take the pictures, with one Home Assistant for each language."""
    hours = (HOUR - datetime.now(UTC).hour + 11) % 24 - 11
    zone = f"Etc/GMT{-hours:+}" if hours else "Etc/GMT"  # east of Greenwich is negative there
    with open_browser() as browser:
        for language, group in groupby(pictures, lambda picture: picture.language):
            with running(language, hours) as login:
                for picture in group:
                    take(picture, browser, login, zone, folder)


def main() -> int:
    """Take the pictures, and return the exit code."""
    options = arguments()
    options.output.mkdir(parents=True, exist_ok=True)
    try:
        take_all([picture for picture in PICTURES if picture.name in (options.names or NAMES)], options.output)
    except (PageError, UserStationError) as error:
        say(str(error))
        return 1
    except Error as error:
        say(f"the browser failed: {error.message}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
