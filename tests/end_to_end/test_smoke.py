"""Tests of scripts/develop --smoke, including that it fails when something is wrong."""

from pathlib import Path
import re
import shutil
import socket
import subprocess

import pytest

from .conftest import LIBRARY, SCRIPTS, START_SECONDS

pytestmark = pytest.mark.end_to_end

# The unit and the plausible range in São Paulo, 760 m above sea level
PLAUSIBLE = {
    "temperature": ("°C", -5, 45),
    "humidity": ("%", 5, 100),
    "atmospheric_pressure": ("hPa", 880, 970),
    "sea_level_pressure": ("hPa", 970, 1060),
    "illuminance": ("lx", 0, 120_000),
    "dew_point": ("°C", -30, 35),
}
LOG = """\
2026-11-23 06:00:00.000+00:00 WARNING (MainThread) [custom_components.anavi_weather] no error
2026-11-23 06:00:00.000+00:00 ERROR (MainThread) [homeassistant.components.camera] /home/me/anavi_weather/.cache: not ours
2026-11-23 06:00:00.000+00:00 ERROR (MainThread) [custom_components.anavi_weather.coordinator] 1
2026-11-23 06:00:00.000+00:00 ERROR (MainThread) [homeassistant.setup] Setup failed for 'anavi_weather': 2
2026-11-23 06:00:00.000+00:00 WARNING (MainThread) [homeassistant.helpers.entity] with a traceback 3
Traceback (most recent call last):
  File "/config/custom_components/anavi_weather/sensor.py", line 1, in native_value
2026-11-23 06:00:00.000+00:00 INFO (MainThread) [custom_components.anavi_weather] no error
"""


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=START_SECONDS, check=False)


def develop(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run(SCRIPTS / "develop", *arguments)


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """Return a project whose integration is the unpacked zip of a release."""
    shutil.copytree(LIBRARY, tmp_path / "scripts/lib", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "blueprints").symlink_to(SCRIPTS.parent / "blueprints")
    assert run(SCRIPTS / "release", tmp_path).returncode == 0
    shutil.unpack_archive(tmp_path / "anavi_weather.zip", tmp_path / "custom_components/anavi_weather")
    return tmp_path


def test_smoke(released: Path) -> None:
    """Every entity of the released integration has a state, and the readings are plausible."""
    assert run(SCRIPTS / "setup", "develop").returncode == 0
    python = SCRIPTS.parent / ".cache/develop/bin/python"
    result = run(python, released / "scripts/lib/develop.py", "--smoke")
    assert result.returncode == 0, result.stdout + result.stderr
    for key, (unit, lowest, highest) in PLAUSIBLE.items():
        row = re.search(rf"^sensor\.simulated_phat_{key} +(\S+) +{unit}$", result.stdout, re.MULTILINE)
        assert row, f"{key} is not in the table:\n{result.stdout}"
        assert lowest <= float(row[1]) <= highest, row[0]


def test_bus_that_is_not_there() -> None:
    """A missing board fails with a reason."""
    result = develop("--smoke", "--bus", "/dev/i2c-254")
    assert result.returncode == 1
    assert "(/dev/i2c-254) could not be added: " in result.stdout


def test_log_and_states_are_judged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The integration's errors in the log count, and so does every state that no working entity has."""
    monkeypatch.syspath_prepend(LIBRARY)
    from smoke import Entity, errors_of_ours, rows

    log = tmp_path / "home-assistant.log"
    log.write_text(LOG)
    assert [record.splitlines()[0][-1] for record in errors_of_ours(log)] == ["1", "2", "3"]

    entities = {
        "sensor.a": ("e_pressure", "930.1"),
        "sensor.b": ("e_temperature", "unknown"),
        "sensor.c": ("e_pressure_tendency", "unknown"),
        "sensor.d": ("e_forecast", "unavailable"),
        "sensor.e": ("e_dew_point", None),
        "event.f": ("e_received", "unknown"),
    }
    states = {id_: {"state": state, "attributes": {}} for id_, (_, state) in entities.items() if state}
    content = rows((Entity(id_, unique_id) for id_, (unique_id, _) in entities.items()), states)
    assert {row.entity_id[-1]: row.problem for row in content if row.problem} == {
        "b": "unknown",
        "d": "unavailable",
        "e": "missing",
    }
    states["sensor.a"]["attributes"] = {"restored": True}
    assert rows([Entity("sensor.a", "e_pressure")], states)[0].problem


@pytest.mark.usefixtures("socket_enabled")
def test_port_in_use() -> None:
    """A port that is in use is named."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        result = develop("--smoke", "--port", port)
    assert result.returncode == 1
    assert f"cannot listen on port {port}" in result.stdout
