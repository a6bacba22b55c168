"""Tests of adding infrared devices in a browser, without YAML: by learning, and from files."""

from collections.abc import Iterator
import json
from pathlib import Path
from typing import Any

import pytest
import pytest_socket

from custom_components.anavi_weather.button import KEYS
from custom_components.anavi_weather.ir_codes import parse

from .browser_process import Browser
from .conftest import Develop, needs_browser, wait_for

pytestmark = [pytest.mark.end_to_end, pytest.mark.usefixtures("socket_enabled")]

PAGE = "/config/integrations/integration/anavi_weather"
LIRCD = """
begin remote
  name AMPLIFIER
  bits 8
  flags SPACE_ENC
  header 9000 4500
  one 560 1690
  zero 560 560
  ptrail 560
  gap 40000
  begin codes
    KEY_POWER 0x01
    KEY_MUTE 0x02
  end codes
end remote
"""
IRDB = "functionname,protocol,device,subdevice,function\nPOWER,NEC1,4,-1,8\nMENU,XMP-1,7,-1,1\n"
CLIMATE = "/api/states/climate.bedroom"
DASHBOARD = "thermo-stat"
CREATE_DASHBOARD = f"""
async () => {{
  const {{hass}} = document.querySelector("home-assistant");
  await hass.callWS({{type: "lovelace/dashboards/create", url_path: "{DASHBOARD}", title: "Thermostat", mode: "storage"}});
  const cards = [{{type: "thermostat", entity: "climate.bedroom", features: [{{type: "climate-hvac-modes"}}]}}];
  await hass.callWS({{type: "lovelace/config/save", url_path: "{DASHBOARD}", config: {{views: [{{cards}}]}}}});
}}
"""


@pytest.fixture(scope="module")
def develop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Develop]:
    """Return a running scripts/develop with a collection of codes in the folder of the configuration."""
    pytest_socket.enable_socket()
    folder = tmp_path_factory.mktemp("develop")
    collection = folder / "ir" / "irdb" / "codes" / "Sony" / "TV"
    collection.mkdir(parents=True)
    (collection / "1,-1.csv").write_text(IRDB)
    with Develop(folder) as develop:
        yield develop


def use(browser: Browser, develop: Develop, name: str, *steps: tuple[str, str]) -> list[str]:
    """Add an infrared device, use its menu, and return the lines of the page."""
    steps = (("click", "Add infrared device"), ("type", name), ("button", "Submit"), *steps)
    lines: list[str] = browser.ask("use", login=develop.login, path=PAGE, steps=steps, picture=None)
    return lines


def buttons(develop: Develop, name: str) -> list[str]:
    """Return the names of a device's buttons."""
    states: list[dict[str, Any]] = develop.get("/api/states")
    names = [state["attributes"]["friendly_name"] for state in states if state["entity_id"].startswith("button.")]
    return sorted(button for button in names if button.startswith(f"{name} "))


@needs_browser
def test_a_file_is_uploaded(develop: Develop, browser: Browser, tmp_path: Path) -> None:
    """Five clicks and a name: add, submit, upload, the file, submit."""
    file = tmp_path / "lircd.conf"
    file.write_text(LIRCD)

    lines = use(
        browser, develop, "Deck", ("click", "Upload a file with codes"), ("upload", str(file)), ("button", "Submit")
    )

    assert any(line.startswith("Stored commands: 2.") for line in lines), "\n".join(lines)
    wait_for(lambda: len(buttons(develop, "Deck")) == 2)


@needs_browser
def test_a_file_is_found(develop: Develop, browser: Browser) -> None:
    """What cannot be read is listed before the rest is taken."""
    steps = [
        ("click", "Search my folders for codes"),
        ("type", "sony tv"),
        ("button", "Submit"),
        ("click", "irdb/codes/Sony/TV/1,-1.csv"),
        ("button", "Submit"),
    ]
    lines = use(browser, develop, "Radio", *steps)
    assert any(line.startswith("MENU: The protocol “XMP-1” is unknown.") for line in lines), "\n".join(lines)
    assert not buttons(develop, "Radio")

    lines = use(browser, develop, "Stereo", *steps, ("click", "Import the commands that can be read"))

    assert any(line.startswith("Stored commands: 1.") for line in lines), "\n".join(lines)
    wait_for(lambda: len(buttons(develop, "Stereo")) == 1)


@needs_browser
def test_keys_are_learned(develop: Develop, browser: Browser) -> None:
    """The buttons and the events of a remote control exist as soon as its keys are learned."""
    power, volume = (f"button.simulated_phat_simulated_remote_{key}" for key in ("power", "volume_up"))
    lines = use(
        browser,
        develop,
        "Player",
        ("click", "Learn keys"),
        ("click", "Play"),
        ("click", "Pause"),
        ("start", "Submit"),
        *[("press", power)] * 3,
        ("wait", "Play learned"),
        ("start", "Learn the next key"),
        *[("press", volume)] * 3,
        ("wait", "Pause learned"),
        ("start", "Verify with one more press"),
        ("press", volume),
        ("wait", "This press matches."),
        ("click", "Back to the menu"),
        ("click", "Finish"),
    )

    assert "Player is ready. Stored commands: 2." in lines
    wait_for(lambda: buttons(develop, "Player") == ["Player Pause", "Player Play"])
    event = develop.get("/api/states/event.player_key_pressed")
    assert event["attributes"]["event_types"] == ["play", "pause"]


def climate_file() -> str:
    """Return a climate file in SmartIR's form, whose handset is the simulated remote control."""
    off, cool_20, cool_21 = (parse(code).get_raw_timings() for code in KEYS.values())
    return json.dumps(
        {
            "supportedController": "ESPHome",
            "commandsEncoding": "Raw",
            "commands": {"off": off, "cool": {"auto": {"20": cool_20, "21": cool_21}}},
        }
    )


@needs_browser
def test_the_thermostat_card_of_an_uploaded_file(develop: Develop, browser: Browser, tmp_path: Path) -> None:
    """Six clicks and a name: add, air conditioner, submit, upload, the file, submit."""

    def open_page(path: str, *steps: tuple[str, str], picture: str | None = None) -> list[str]:
        lines: list[str] = browser.ask("use", login=develop.login, path=path, steps=steps, picture=picture)
        return lines

    def shown() -> tuple[str, float]:
        state: dict[str, Any] = develop.get(CLIMATE)
        return state["state"], state["attributes"]["temperature"]

    file = tmp_path / "1000.json"
    file.write_text(climate_file())
    menu = open_page(
        PAGE,
        ("click", "Add infrared device"),
        ("type", "Bedroom"),
        ("click", "Air conditioner"),
        ("button", "Submit"),
        ("click", "Upload a file with codes"),
        ("upload", str(file)),
        ("button", "Submit"),
        ("evaluate", CREATE_DASHBOARD),
    )
    assert any(line.startswith("Stored commands: 3.") for line in menu), "\n".join(menu)
    wait_for(lambda: shown() == ("off", 21))

    card = open_page(f"/{DASHBOARD}/0", ("label", "Cool"))
    assert {"Bedroom", "Cool", "21"} <= set(card)
    wait_for(lambda: shown() == ("cool", 21))

    develop.act("button.press", entity_id="button.simulated_phat_simulated_remote_volume_up")
    wait_for(lambda: shown() == ("cool", 20))
    picture = tmp_path / "card.png"
    assert "20" in open_page(f"/{DASHBOARD}/0", picture=str(picture))
    assert picture.stat().st_size > 0

    develop.act("button.press", entity_id="button.simulated_phat_simulated_remote_power")
    wait_for(lambda: shown() == ("off", 20))
