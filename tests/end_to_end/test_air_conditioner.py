"""Test of an air conditioner in a browser: from a file to core's thermostat card, which follows the handset."""

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
    """Return a running scripts/develop."""
    pytest_socket.enable_socket()
    with Develop(tmp_path_factory.mktemp("develop")) as develop:
        yield develop


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

    def use(path: str, *steps: tuple[str, str], picture: str | None = None) -> list[str]:
        lines: list[str] = browser.ask("use", login=develop.login, path=path, steps=steps, picture=picture)
        return lines

    def shown() -> tuple[str, float]:
        state: dict[str, Any] = develop.get(CLIMATE)
        return state["state"], state["attributes"]["temperature"]

    file = tmp_path / "1000.json"
    file.write_text(climate_file())
    menu = use(
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

    card = use(f"/{DASHBOARD}/0", ("label", "Cool"))
    assert {"Bedroom", "Cool", "21"} <= set(card)
    wait_for(lambda: shown() == ("cool", 21))

    develop.act("button.press", entity_id="button.simulated_phat_simulated_remote_volume_up")
    wait_for(lambda: shown() == ("cool", 20))
    picture = tmp_path / "card.png"
    assert "20" in use(f"/{DASHBOARD}/0", picture=str(picture))
    assert picture.stat().st_size > 0

    develop.act("button.press", entity_id="button.simulated_phat_simulated_remote_power")
    wait_for(lambda: shown() == ("off", 20))
