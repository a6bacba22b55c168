"""What a person sees who starts scripts/develop and opens the page, and that it is kept."""

from datetime import datetime
import os
from pathlib import Path
import re
import shutil
import subprocess
import time

import pytest

from .conftest import SCRIPTS, Develop

pytestmark = [pytest.mark.end_to_end, pytest.mark.usefixtures("socket_enabled")]

BROWSERS = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
PNG = b"\x89PNG"
READING = "sensor.simulated_phat_temperature"


@pytest.mark.skipif(not any(map(shutil.which, BROWSERS)), reason="there is no Chromium: install it, or set CHROMIUM")
def test_dashboard_shows_readings(folder: Path, tmp_path: Path) -> None:
    """The page has the readings with their units, and no error."""
    picture = tmp_path / "weather.png"
    with Develop(folder) as develop:
        page = subprocess.run(
            [SCRIPTS / "screenshot", "--config", folder, "--output", picture],
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert page.returncode == 0, page.stderr + develop.output
    lines = page.stdout.splitlines()
    for name, value in {
        "Temperature": r"-?\d+\.\d °C",
        "Humidity": r"\d+\.\d%",
        "Atmospheric pressure": r"\d+\.\d hPa",
        "Illuminance": r"[\d,]+ lx",
    }.items():
        assert re.fullmatch(value, lines[lines.index(name) - 1]), page.stdout
    assert {"Dew point", "Sea-level pressure", "Pressure tendency", "Forecast"} <= set(lines)
    assert picture.read_bytes().startswith(PNG)


def test_everything_is_kept(folder: Path) -> None:
    """Ctrl-C stops it in good order; the next start has the same account, station and dashboard, and the history."""
    with Develop(folder) as develop:
        login = develop.login
        [entry] = develop.get("/api/config/config_entries/entry?domain=anavi_weather")
        first = wait_for_reading(develop)
        assert develop.interrupt() == 0, develop.output
        assert "ended with exit code" not in develop.output
    with Develop(folder) as develop:
        assert develop.login | {"url": ""} == login | {"url": ""}
        [same_entry] = develop.get("/api/config/config_entries/entry?domain=anavi_weather")
        assert same_entry["entry_id"] == entry["entry_id"]
        assert "dashboard “Weather” is there already" in develop.output
        [history] = develop.get(f"/api/history/period/{first['last_changed'][:19]}Z?filter_entity_id={READING}")
        assert (first["state"], moment(first)) in [(state["state"], moment(state)) for state in history]


def wait_for_reading(develop: Develop) -> dict[str, str]:
    """Return a state that is a number."""
    for _ in range(100):
        state: dict[str, str] = develop.get(f"/api/states/{READING}")
        if state["state"].replace(".", "").isdecimal():
            return state
        time.sleep(0.1)
    raise AssertionError(state)


def moment(state: dict[str, str]) -> datetime:
    return datetime.fromisoformat(state["last_changed"])
