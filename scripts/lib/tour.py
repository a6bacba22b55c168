"""The animated tour of the documentation: add a station, open its panel, learn a key, and use the key in an automation."""

import json
from pathlib import Path
import subprocess
import tempfile
from typing import NamedTuple

from browser import ROOT
from playwright.sync_api import Locator
from stage import BLUEPRINT, DASHBOARD, DOMAIN, Stage

SIZE = (1000, 640)
SECONDS = 2.0  # that a frame is shown
GLANCE = 1.0  # of a frame that only shows a click
COMMAND = "power"
AUTOMATION = "tour"
PYTHON = ROOT / ".cache" / "develop" / "bin" / "python"
ANIMATION = Path(__file__).with_name("animation.py")


class Frame(NamedTuple):
    """A picture of the tour, and the seconds for which it is shown."""

    picture: bytes
    seconds: float = SECONDS
    clicked: tuple[float, float] | None = None


class Recorder:
    """Takes the frames of the tour, each before its click."""

    def __init__(self, stage: Stage) -> None:
        """Initialize the recorder without a frame."""
        self._stage = stage
        self.frames: list[Frame] = []

    def show(self, seconds: float = SECONDS) -> None:
        """Take a frame of the page."""
        self.frames.append(Frame(self._stage.page.screenshot(), seconds))

    def click(self, target: Locator, seconds: float = GLANCE) -> None:
        """Take a frame that marks a click, click, and wait until the page is drawn."""
        target.scroll_into_view_if_needed()
        box = target.bounding_box()
        assert box
        center = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.frames.append(Frame(self._stage.page.screenshot(), seconds, center))
        target.click()
        self._stage.read()


def record(stage: Stage) -> list[Frame]:
    """Go through the tour, and return its frames."""
    recorder = Recorder(stage)
    for part in (_add, _learn, _automate):
        part(stage, recorder)
    return recorder.frames


def _add(stage: Stage, recorder: Recorder) -> None:
    """Add the station and the panel, which scripts/develop has added before."""
    stage.forget_station()
    stage.open_add_dialog()
    recorder.click(stage.button("ui.common.ok"), SECONDS)
    stage.button("ui.panel.config.integrations.config_flow.next").click()
    stage.wait("HTU21D")
    recorder.show()
    recorder.click(stage.button("ui.panel.config.integrations.config_flow.submit"))
    recorder.show()
    recorder.click(stage.option("config.step.panel.menu_options.add_panel"))
    recorder.click(stage.button("ui.panel.config.integrations.config_flow.finish_skip"))
    stage.open(DASHBOARD)
    recorder.show(2 * SECONDS)


def _learn(stage: Stage, recorder: Recorder) -> None:
    """Learn a key of the simulated remote control."""
    flow = "config_subentries.infrared_device"
    key = stage.ours(f"selector.infrared_key.options.{COMMAND}")
    stage.open(f"/config/integrations/integration/{DOMAIN}")
    recorder.click(stage.option(f"{flow}.initiate_flow.user"))
    stage.page.get_by_role("textbox").last.fill(stage.television)
    recorder.click(stage.button("ui.panel.config.integrations.config_flow.submit"), SECONDS)
    recorder.click(stage.option(f"{flow}.step.menu.menu_options.learn"))
    stage.page.get_by_text(key, exact=True).last.click()
    stage.read()
    recorder.frames.append(Frame(stage.page.screenshot()))
    stage.button("ui.panel.config.integrations.config_flow.submit").click()
    stage.page.locator("step-flow-progress").wait_for()
    stage.pause()
    recorder.show()
    for _ in range(3):
        stage.press_simulated(COMMAND)
    stage.wait(stage.ours(f"{flow}.step.learned.title").format(key=key))
    recorder.show(2 * SECONDS)
    recorder.click(stage.option(f"{flow}.step.learned.menu_options.menu"))
    stage.option(f"{flow}.step.menu.menu_options.finish").click()
    stage.read()
    stage.open_remote()
    recorder.show(2 * SECONDS)


def _automate(stage: Stage, recorder: Recorder) -> None:
    """Choose a blueprint, and show the automation that uses the key."""
    stage.open("/config/blueprint/dashboard")
    recorder.show()
    inputs = {
        "key": stage.entity("-key"),
        "device": stage.television,
        "name": COMMAND,
        "actions": [{"action": "button.press", "target": {"entity_id": stage.button_of(stage.television)}}],
    }
    automation = {"alias": stage.automation, "use_blueprint": {"path": BLUEPRINT[stage.language], "input": inputs}}
    stage.ask("callApi", "POST", f"config/automation/config/{AUTOMATION}", automation)
    stage.open(f"/config/automation/edit/{AUTOMATION}")
    recorder.show(2 * SECONDS)
    stage.ask("callApi", "DELETE", f"config/automation/config/{AUTOMATION}")


def save_animation(frames: list[Frame], file: Path) -> None:
    """Write the frames as an animation, with the Python of scripts/develop, which has Pillow."""
    with tempfile.TemporaryDirectory(prefix="anavi_weather-") as folder:
        for number, frame in enumerate(frames):
            (Path(folder) / f"{number}.png").write_bytes(frame.picture)
        described = [{"seconds": frame.seconds, "clicked": frame.clicked} for frame in frames]
        subprocess.run(
            [PYTHON, ANIMATION, folder, file], input=json.dumps(described), text=True, check=True, capture_output=True
        )
