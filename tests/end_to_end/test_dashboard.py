"""Tests of the weather panel in a browser, and of what scripts/develop keeps.

One scripts/develop serves the tests in English, one after another; the last of them removes its station.
"""

from collections.abc import Iterator
from datetime import datetime
import json
from pathlib import Path
import re
import subprocess
import time

import pytest
import pytest_socket

from .browser_process import Browser
from .conftest import SCRIPTS, Develop, needs_browser, wait_for

pytestmark = [pytest.mark.end_to_end, pytest.mark.usefixtures("socket_enabled")]

SIZES = [(390, 844), (768, 1024), (1280, 800), (1440, 900), (1920, 1080)]
PNG = b"\x89PNG"
PANEL = "/anavi-weather"
REMOTE = "Remote control"  # the title of its tab
SENT = "Sent at 38000 Hz"
HELD_PIECES = 2  # of a second, at least
DESCRIPTION = "All ANAVI Weather stations: readings, graphs, forecast, and the remote control's buttons."
HOSTILE_DEVICE = "<b>TV</b> {{ states }}"
HOSTILE_NAMES = ["<img src=x onerror=document.title=1>", "{{ 1+1 }}", "[[[ return 1 ]]]", "**bold**", "\"'`${1}`"]
READING = "sensor.simulated_phat_temperature"


@pytest.fixture(scope="module")
def develop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Develop]:
    """Return a running scripts/develop."""
    pytest_socket.enable_socket()
    with Develop(tmp_path_factory.mktemp("develop")) as develop:
        yield develop


def screenshot(develop: Develop, picture: Path) -> list[str]:
    """Return the lines that scripts/screenshot prints of the weather panel, of which it takes a picture."""
    result = subprocess.run(
        [SCRIPTS / "screenshot", "--config", develop.folder, "--output", picture],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert result.returncode == 0, result.stderr + develop.output
    assert picture.read_bytes().startswith(PNG)
    return result.stdout.splitlines()


def read(
    browser: Browser,
    develop: Develop,
    *click: str,
    path: str = PANEL,
    size: tuple[int, int] = (1400, 1100),
    language: str | None = None,
) -> list[str]:
    """Return the lines of a page after clicks on texts; none of its cards has an error."""
    lines: list[str] = browser.ask("read", login=develop.login, path=path, size=size, language=language, click=click)
    return lines


def use(browser: Browser, develop: Develop, *steps: tuple[str, str]) -> list[str]:
    """Return the lines of the panel after steps."""
    lines: list[str] = browser.ask("use", login=develop.login, path=PANEL, steps=steps, picture=None)
    return lines


def sent(develop: Develop) -> int:
    """Return how many commands the simulated pHAT has sent."""
    return (develop.folder / "home-assistant.log").read_text().count(SENT)


def has_stopped(develop: Develop) -> bool:
    """Return whether nothing is sent for longer than a piece of a held key takes."""
    before = sent(develop)
    time.sleep(1)
    return sent(develop) == before


def assert_values(lines: list[str], values: dict[str, str]) -> None:
    """Assert that each name has a value of that form above it, as gauges have, or below it, as other cards have."""
    for name, value in values.items():
        place = lines.index(name)
        assert re.fullmatch(value, lines[place - 1]) or re.fullmatch(value, lines[place + 1]), "\n".join(lines)


def assert_order(lines: list[str], *expected: str) -> None:
    """Assert that lines are there, one after another."""
    rest = iter(lines)
    assert all(line in rest for line in expected), "\n".join(lines)


@needs_browser
def test_weather_panel(develop: Develop, browser: Browser, tmp_path: Path) -> None:
    """The panel has found the station: its forecast, its readings beside their past, and the remote control's buttons."""
    lines = screenshot(develop, tmp_path / "weather.png")
    assert_values(
        lines,
        {
            "Temperature": r"-?\d+\.\d °C",
            "Humidity": r"\d+\.\d%",
            "Sea-level pressure": r"[\d,]+\.\d hPa",
            "Illuminance": r"[\d,]+ lx",
            "Dew point": r"-?\d+\.\d °C",
            "Atmospheric pressure": r"\d+\.\d hPa",
            "Pressure in 3 hours": r"[+−]?\d+\.\d hPa",  # of its past
            "Forecast": r"(?!Unknown)[A-Z][a-z, ]+",
        },
    )
    assert_order(lines, "Weather", "Forecast", "Now", "Last 24 hours", "Last 30 days", "Station")
    assert any(re.fullmatch(r"Next 12 hours, until \d+:\d\d [AP]M", line) for line in lines)
    assert_order(lines, "Temperature", "Minimum", "Maximum", "vs. yesterday", "Humidity")
    assert_order(lines, "Temperature (min)", "Humidity (mean)", "Sea-level pressure (max)", "Errors", "0")
    assert "No statistics found." not in lines

    # A phone has the same in one column.
    assert read(browser, develop, size=(400, 800))[-1] == lines[-1]

    # The reading of an unplugged chip keeps its past.
    develop.act("switch.turn_off", entity_id="switch.simulated_phat_htu21d_plugged_in")
    wait_until_unavailable(develop, "sensor.simulated_phat_humidity")
    assert_values(read(browser, develop), {"Humidity": "Unavailable"})
    develop.act("switch.turn_on", entity_id="switch.simulated_phat_htu21d_plugged_in")

    assert sent(develop) == 0
    lines = read(browser, develop, REMOTE, "Power")
    assert_order(lines, REMOTE, "Television", "Power", "Source", "Menu", "Volume", "Channel", "OK", "Board")
    wait_for(lambda: sent(develop))
    assert sent(develop) == 1

    # A held key is repeated until it is released.
    develop.act("button.press", entity_id="button.simulated_phat_simulated_remote_volume_up")
    lines = use(browser, develop, ("click", REMOTE), ("hold", "Television: Volume up"))
    assert_order(lines, "Key", "Television", "Volume up")
    assert sent(develop) > 1 + HELD_PIECES
    wait_for(lambda: has_stopped(develop))


@needs_browser
@pytest.mark.parametrize("language", ["en", "pt-BR"])
def test_layout(develop: Develop, browser: Browser, language: str) -> None:
    """Nothing is cut off, overlaps or leaves the page, and the graphs begin on the first screen of a small notebook."""
    [entry] = develop.get("/api/config/config_entries/entry?domain=anavi_weather")
    path = f"{PANEL}/{entry['entry_id'].lower()}"
    found = browser.ask("measure", login=develop.login, paths=[path, f"{path}-records"], sizes=SIZES, language=language)
    assert len(found) == 2 * len(SIZES)
    assert not [page for page in found if page["problems"] or not page["cards"]]
    [small_notebook] = [page for page in found if page["path"] == path and page["size"][0] == 1280]
    assert small_notebook["graphs"] < 900


@needs_browser
def test_painel_do_clima(folder: Path, browser: Browser) -> None:
    """The same in Portuguese."""
    with Develop(folder, "--language", "pt-BR") as develop:
        lines = read(browser, develop, language="pt-BR")
    assert_values(
        lines,
        {
            "Temperatura": r"-?\d+,\d °C",
            "Umidade": r"\d+,\d%",
            "Pressão ao nível do mar": r"[\d.]+,\d hPa",
            "Iluminância": r"[\d.]+ lx",
            "Ponto de orvalho": r"-?\d+,\d °C",
            "Pressão atmosférica": r"\d+,\d hPa",
        },
    )
    assert_order(lines, "Tempo", "Controle remoto", "Recordes", "Previsão", "Agora", "Últimas 24 horas")
    assert_order(lines, "Últimos 30 dias", "Temperatura (mín)", "Estação", "Erros", "0")
    assert "No statistics found." not in lines


@needs_browser
def test_hostile_and_many_commands(develop: Develop, browser: Browser) -> None:
    """Names of imported commands are shown literally; a device with many commands has its own page."""
    [entry] = develop.get("/api/config/config_entries/entry?domain=anavi_weather")
    for device, names in {
        HOSTILE_DEVICE: HOSTILE_NAMES,
        "Air conditioner": [f"{mode}_{degrees}" for mode in ("cool", "heat") for degrees in range(16, 31)],
        "Lamp": ["power", *(f"{kind}_{number}" for kind in ("scene", "color") for number in range(1, 36))],
    }.items():
        develop.act("anavi_weather.import_codes", config_entry_id=entry["entry_id"], device=device, text=codes(names))
    lines = read(browser, develop, REMOTE)
    assert {HOSTILE_DEVICE, *HOSTILE_NAMES, "Lamp: 71 commands"} <= set(lines)
    assert_order(lines, "Air conditioner", "Off", "°C")
    assert "Cool 16" not in lines
    before = sent(develop)
    read(browser, develop, REMOTE, *HOSTILE_NAMES)
    wait_for(lambda: sent(develop) == before + len(HOSTILE_NAMES))

    lines = read(browser, develop, REMOTE, "Lamp: 71 commands")
    assert_order(lines, "Lamp", "Power", "Scene", "Scene 1", "Scene 35", "Color", "Color 1", "Color 35")
    assert "Temperature" not in lines

    path = f"{PANEL}/{entry['entry_id'].lower()}-remote"
    found = browser.ask("measure", login=develop.login, paths=[path], sizes=SIZES[:3], language="pt-BR")
    assert all(page["cards"] for page in found)
    # Core's own cards cut long names off
    assert not [problem for page in found for problem in page["problems"] if not problem.startswith("cut off: ")]


def test_blueprint(develop: Develop) -> None:
    """An automation made from a blueprint reacts to a key."""
    inputs = {
        "key": "event.simulated_phat_key",
        "device": "Television",
        "name": "power",
        "actions": [
            {
                "action": "remote.send_command",
                "target": {"entity_id": "remote.simulated_phat"},
                "data": {"device": "Television", "command": "mute"},
            }
        ],
    }
    blueprint = {"path": "anavi_weather/remote_key.yaml", "input": inputs}
    develop.post("/api/config/automation/config/1", {"alias": "Test", "use_blueprint": blueprint})
    before = sent(develop)
    develop.act("button.press", entity_id="button.simulated_phat_simulated_remote_volume_up")
    time.sleep(2)
    assert sent(develop) == before, develop.output
    develop.act("button.press", entity_id="button.simulated_phat_simulated_remote_power")
    wait_for(lambda: sent(develop) > before)
    assert sent(develop) == before + 1, develop.output


def test_everything_is_kept(develop: Develop) -> None:
    """Ctrl-C stops it in good order; the next start has the same account, station and dashboard, and the history."""
    login = develop.login
    [entry] = develop.get("/api/config/config_entries/entry?domain=anavi_weather")
    first = wait_for_reading(develop)
    assert develop.interrupt() == 0, develop.output
    assert "ended with exit code" not in develop.output

    develop.start()

    assert develop.login | {"url": ""} == login | {"url": ""}
    [same_entry] = develop.get("/api/config/config_entries/entry?domain=anavi_weather")
    assert same_entry["entry_id"] == entry["entry_id"]
    assert "dashboard “Weather panel” already exists" in develop.output
    [history] = develop.get(f"/api/history/period/{first['last_changed'][:19]}Z?filter_entity_id={READING}")
    assert (first["state"], moment(first)) in [(state["state"], moment(state)) for state in history]


@needs_browser
def test_new_dashboard_and_no_station(develop: Develop, browser: Browser) -> None:
    """The panel is offered for a new dashboard, and says when no station exists."""
    lines = read(browser, develop, "Add dashboard", path="/config/lovelace/dashboards")
    assert_order(lines, "Weather panel", DESCRIPTION)
    [entry] = develop.get("/api/config/config_entries/entry?domain=anavi_weather")
    develop.delete(f"/api/config/config_entries/entry/{entry['entry_id']}")
    assert_order(read(browser, develop), "Weather panel", "There is no ANAVI Weather station yet", "Add a station")


def codes(names: list[str]) -> str:
    """Return a SmartIR file with commands."""
    timings = [9000, -4500, 560, -560, 560, -1680, 560, -40000]
    file = {"commandsEncoding": "Raw", "supportedController": "ESPHome", "commands": dict.fromkeys(names, timings)}
    return json.dumps(file)


def wait_for_reading(develop: Develop) -> dict[str, str]:
    """Return a state that is a number."""
    for _ in range(600):
        state: dict[str, str] = develop.get(f"/api/states/{READING}")
        if state["state"].replace(".", "").isdecimal():
            return state
        time.sleep(0.1)
    raise AssertionError(state)


def wait_until_unavailable(develop: Develop, entity_id: str) -> None:
    """Update an entity until it is unavailable."""
    for _ in range(30):
        develop.act("homeassistant.update_entity", entity_id=entity_id)
        if develop.get(f"/api/states/{entity_id}")["state"] == "unavailable":
            return
        time.sleep(1)
    raise AssertionError(develop.output)


def moment(state: dict[str, str]) -> datetime:
    return datetime.fromisoformat(state["last_changed"])
