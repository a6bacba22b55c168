"""The unit of systemd that lets the container have the infrared devices, whose number can change with each start."""

from pathlib import Path

from . import system
from .target import MARK

UNIT = Path("/etc/systemd/system/anavi_weather.service")
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


def is_installed() -> bool:
    """Return whether the unit exists for this folder."""
    try:
        return UNIT.read_text(encoding="utf-8") == content()
    except OSError:
        return False


def enable() -> None:
    """Have the unit run with each start of the Pi."""
    system.run("systemctl", "daemon-reload")
    system.run("systemctl", "enable", UNIT.name)


def disable() -> None:
    """Undo that."""
    system.run("systemctl", "disable", UNIT.name)
