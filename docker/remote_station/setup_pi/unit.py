"""The unit of systemd that lets the container have the infrared devices, whose number can change with each start.

Under systemd, a rule for a number that no module has registered yet is dropped when the container starts. So the modules of I2C
and of LIRC are loaded before Docker.
"""

from pathlib import Path

from . import system
from .target import MARK

UNIT = Path("/etc/systemd/system/anavi_weather.service")
MODULES = Path("/etc/modules-load.d/anavi_weather_container.conf")
MODULES_CONTENT = f"{MARK}: Docker's rules need the numbers of both before the container starts\ni2c-dev\nrc-core\n"
START = Path(__file__).resolve().parents[1] / "start"


def content() -> str:
    """Return the unit for the folder of this program."""
    start = str(START).replace("%", "%%").replace('"', '\\"')
    return f"""{MARK}
[Unit]
Description=Let the remote station use the infrared devices of this kernel
After=docker.service
Wants=docker.service

[Service]
Type=oneshot
ExecStart="{start}" --boot

[Install]
WantedBy=multi-user.target
"""


def missing() -> dict[Path, str]:
    """Return the files that do not exist as they should."""
    return {path: text for path, text in {UNIT: content(), MODULES: MODULES_CONTENT}.items() if _text(path) != text}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""


def enable() -> None:
    """Have the unit run with each start of the Pi."""
    system.run("systemctl", "daemon-reload")
    system.run("systemctl", "enable", UNIT.name)


def disable() -> None:
    """Undo that."""
    system.run("systemctl", "disable", UNIT.name)
