"""Take the pictures of the documentation and its animated tour in all languages, each from a running Home Assistant in the right situation.

A picture whose requirements are missing is reported and skipped: user-station needs a server in the variables
ELASTICSEARCH_URL, ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
import os
from pathlib import Path
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

from browser import ROOT, PageError, open_browser, open_page, read_login, save
from playwright.sync_api import Browser, Error
from stage import DASHBOARD, DOMAIN, TELEVISIONS, Stage
from tour import SIZE, record, save_animation
from user_station import UserStationError, missing, stream

OUTPUT = ROOT / "docs" / "images"
LANGUAGES = tuple(TELEVISIONS)
NAMESPACE = "pictures"
HOUR = 14  # of the simulated weather: the sun shines
CONNECTION_SECONDS = 180  # a busy server answers late
REPAIR_SECONDS = 150  # the repair is created after two minutes
START_SECONDS = 300  # the first time, it installs everything

DIALOG = (1280, 640)
WINDOW = (1280, 1060)
PANEL = (1440, 1030)
PHONE = (400, 860)


class SkippedError(Exception):
    """A picture that cannot be taken here."""


@contextmanager
def dashboard(stage: Stage) -> Iterator[None]:
    """Show the weather panel after the press of a key."""
    stage.open(DASHBOARD)
    stage.press_simulated("volume_up")
    stage.read()
    yield


@contextmanager
def remote(stage: Stage) -> Iterator[None]:
    """Show the remote control in the weather panel."""
    stage.open_remote()
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
    learn = {"entity_id": stage.entity("remote"), "device": stage.television, "command": "power"}
    stage.page.evaluate(
        "data => { document.querySelector('home-assistant').hass.callService('remote', 'learn_command', data); }", learn
    )
    stage.click(stage.core("ui.notification_drawer.title"))
    progress = stage.ours("common.learn_press").partition(". ")[2]
    stage.wait(progress.format(presses=3))
    stage.press_simulated("power")
    stage.wait(progress.format(presses=2))
    yield
    for _ in range(2):
        stage.press_simulated("power")


@contextmanager
def user_station(stage: Stage) -> Iterator[None]:
    """Show the device page of a user station that received states."""
    if names := missing():
        raise SkippedError(f"{', '.join(names)} not set")
    flow = "config_subentries.user_station"
    with stream(NAMESPACE) as api_key:
        stage.open(f"/config/integrations/integration/{DOMAIN}")
        stage.option(f"{flow}.initiate_flow.user").click()
        stage.read()
        stage.fill(url=os.environ["ELASTICSEARCH_URL"], api_key=api_key, namespace=NAMESPACE)
        stage.button("ui.panel.config.integrations.config_flow.next").click()
        stage.wait(stage.ours(f"{flow}.step.states.title"))
        stage.button("ui.panel.config.integrations.config_flow.submit").click()
        stage.wait(stage.core("ui.panel.config.integrations.config_flow.finish"))
        device_id = stage.device("service")
        # The picture must not show the server's address.
        title = stage.ours(f"{flow}.entry_type")
        name = {"type": "config/device_registry/update", "device_id": device_id, "name_by_user": title}
        stage.ask("callWS", name)
        stage.open(f"/config/devices/device/{device_id}")
        connected = "component.binary_sensor.entity_component.connectivity.state.on"
        stage.wait(stage.core(connected), CONNECTION_SECONDS)
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
    station = stage.ours("common.simulated_phat")
    issue = stage.ours("issues.chip_no_answer.title").format(station=station, chip="HTU21D")
    stage.act("switch", "turn_off", entity_id=slot)
    stage.open("/config/repairs")
    stage.wait(issue, REPAIR_SECONDS)
    stage.click(issue)
    stage.wait(stage.ours("issues.chip_no_answer.fix_flow.step.init.menu_options.scan"))
    yield
    stage.act("switch", "turn_on", entity_id=slot)


@contextmanager
def config_flow(stage: Stage) -> Iterator[None]:
    """Show the chips that are found when the station is added again."""
    stage.forget_station()
    stage.start_adding()
    stage.button("ui.panel.config.integrations.config_flow.next").click()
    stage.wait("HTU21D")
    yield


class Picture(NamedTuple):
    """A picture, and the function that sets its scene."""

    name: str
    make: Callable[[Stage], AbstractContextManager[None]]
    size: tuple[int, int] = DIALOG


# The order matters: each scene leaves behind what the next one needs.
PICTURES = (
    Picture("dashboard", dashboard, PANEL),
    Picture("dashboard-phone", dashboard, PHONE),
    Picture("remote", remote, PANEL),
    Picture("device", device, WINDOW),
    Picture("user-station", user_station),
    Picture("learning", learning),
    Picture("repair", repair),
    Picture("config-flow", config_flow),
)
TOUR = "tour"
NAMES = [*(picture.name for picture in PICTURES), TOUR]


def arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="scripts/screenshots", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"take only these: {', '.join(NAMES)}")
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="FOLDER", help="default: docs/images")
    parser.add_argument("--language", choices=LANGUAGES, help="default: all, one after another")
    options = parser.parse_args()
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"unknown picture {', '.join(sorted(unknown))}")
    return options


def file_name(name: str, language: str, ending: str) -> str:
    """Return the name of a picture's file. English has no language in it, like the pages of the documentation."""
    return f"{name}.{ending}" if language == LANGUAGES[0] else f"{name}.{language}.{ending}"


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


@contextmanager
def opened(browser: Browser, login: dict[str, str], size: tuple[int, int], language: str, zone: str) -> Iterator[Stage]:
    """Open a page of this size, and close it on exit."""
    page = open_page(browser, login, size, language, zone)
    stage = Stage(page, login["url"], language)
    try:
        stage.open("/config/dashboard")
        # The frontend uses the browser's time zone only if it is a city's, and otherwise Home Assistant's.
        stage.ask("callWS", {"type": "config/core/update", "time_zone": zone})
        yield stage
    finally:
        page.context.close()


def take(picture: Picture, stage: Stage, file: Path) -> None:
    """Take a picture and save it.

    Raises:
        PageError: if the page is not as expected.
        UserStationError: if the user station cannot be used.
    """
    try:
        with picture.make(stage):
            save(file, stage.page.screenshot())
    except SkippedError as error:
        say(f"{file.stem}: SKIPPED: {error}")
    else:
        say(file.stem)


def take_all(names: list[str], languages: Sequence[str], folder: Path) -> None:
    """Take the pictures, with one Home Assistant for each language."""
    hours = (HOUR - datetime.now(UTC).hour + 11) % 24 - 11
    zone = f"Etc/GMT{-hours:+}" if hours else "Etc/GMT"  # east of Greenwich is negative there
    with open_browser() as browser:
        for language in languages:
            with running(language, hours) as login:
                for picture in PICTURES:
                    if picture.name in names:
                        with opened(browser, login, picture.size, language, zone) as stage:
                            take(picture, stage, folder / file_name(picture.name, language, "png"))
                if TOUR in names:
                    with opened(browser, login, SIZE, language, zone) as stage:
                        file = folder / file_name(TOUR, language, "webp")
                        save_animation(record(stage), file)
                        say(file.stem)


def main() -> int:
    """Take the pictures, and return the exit code."""
    options = arguments()
    options.output.mkdir(parents=True, exist_ok=True)
    try:
        take_all(options.names or NAMES, [options.language] if options.language else LANGUAGES, options.output)
    except (PageError, UserStationError) as error:
        say(str(error))
        return 1
    except Error as error:
        say(f"the browser failed: {error.message}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
