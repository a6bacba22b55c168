"""Tests of `start`, which tells Compose the number of the infrared devices, on stand-ins for Docker and /proc/devices."""

import os
from pathlib import Path
import shutil
import subprocess

import pytest

from .compose import REMOTE_STATION

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to cover /proc/devices")

DOCKER = """#!/bin/sh
echo "${COMPOSE_FILE:-} docker $*" >> "$ASKED"
case "$*" in
  "compose ps --all"*) echo "$CONTAINER" ;;
  "compose ps --quiet --status running"*) echo "$RUNNING" ;;
  inspect*) echo /a/compose.yaml,/a/compose.gelf.yaml ;;
esac
"""
BOTH_FILES = "/a/compose.yaml,/a/compose.gelf.yaml"


class Folder:
    """The folder of a station."""

    def __init__(self, path: Path) -> None:
        """Copy the script there, and make the stand-ins."""
        self.path = path / "station"
        self.path.mkdir()
        for name in ("start", ".env.example", "Dockerfile"):
            shutil.copy(REMOTE_STATION / name, self.path)
        self.fake = path / "fake"
        self.fake.mkdir()
        for name, script in {
            "docker": DOCKER,
            "udevadm": "#!/bin/sh\nexit 1\n",
            "modprobe": "#!/bin/sh\nexit 1\n",
        }.items():
            (self.fake / name).write_text(script)
            (self.fake / name).chmod(0o755)
        self.asked = path / "asked"
        self.devices = path / "devices"
        self.error = ""

    @property
    def env(self) -> Path:
        """Return the variables of the station."""
        return self.path / ".env"

    def start(self, *options: str, major: int | None = 251, container: str = "1", running: str = "1") -> list[str]:
        """Run the script, and return what it asked of Docker."""
        lirc = f"{major} lirc\n" if major else ""
        self.devices.write_text(f"Character devices:\n 89 i2c\n{lirc}254 lirc_x\n")
        self.asked.write_text("")
        script = f'mount --bind {self.devices} /proc/devices && exec {self.path / "start"} "$@"'
        result = subprocess.run(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "start", *options],
            env={"PATH": f"{self.fake}:{os.environ['PATH']}", "ASKED": str(self.asked), "CONTAINER": container, "RUNNING": running},
            capture_output=True, text=True, check=False, cwd="/",
        )  # fmt: skip
        assert result.returncode == (1 if result.stderr else 0)
        self.error = result.stderr
        return [line.strip() for line in self.asked.read_text().splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Return the folder of a station that was never started."""
    return Folder(tmp_path)


def test_first_start(folder: Folder) -> None:
    """It begins with the example of variables, and has the number of the infrared devices."""
    assert folder.start("--build") == ["docker compose build", "docker compose up --detach"]
    example = (folder.path / ".env.example").read_text()
    assert folder.env.read_text() == f"{example}LIRC_MAJOR=251\n"


def test_files_of_a_release(folder: Folder) -> None:
    """They pull the image, and never build it."""
    (folder.path / "Dockerfile").unlink()
    assert folder.start() == ["docker compose up --detach --no-build"]
    folder.env.unlink()
    assert folder.start("--build") == []
    assert "clone the project" in folder.error
    assert not folder.env.exists()


def test_users_variables_stay(folder: Folder) -> None:
    """Only that line is written, and the file's owner stays."""
    folder.env.write_text("TZ=Europe/Sofia\nLIRC_MAJOR=250\n#MEMORY=1g")
    os.chown(folder.env, 1000, 1000)
    folder.env.chmod(0o600)
    folder.start()
    assert folder.env.read_text() == "TZ=Europe/Sofia\n#MEMORY=1g\nLIRC_MAJOR=251\n"
    assert (folder.env.stat().st_uid, folder.env.stat().st_mode & 0o777) == (1000, 0o600)
    before = folder.env.stat()
    folder.start()
    assert folder.env.stat().st_ino == before.st_ino, "written again"


def test_no_infrared(folder: Folder) -> None:
    """The last number stays, because the overlay may be missing for once."""
    folder.env.write_text("LIRC_MAJOR=250\n")
    assert folder.start(major=None) == ["docker compose up --detach"]
    assert folder.env.read_text() == "LIRC_MAJOR=250\n"


def test_boot_with_another_number(folder: Folder) -> None:
    """The container is made again, with the files that it was started with."""
    folder.env.write_text("LIRC_MAJOR=250\n")
    assert folder.start("--boot")[-1] == f"{BOTH_FILES} docker compose up --detach --no-build"
    assert folder.env.read_text() == "LIRC_MAJOR=251\n"


def test_boot_of_a_stopped_station(folder: Folder) -> None:
    """It stays stopped, and is allowed the devices for its next start."""
    folder.env.write_text("LIRC_MAJOR=250\n")
    assert folder.start("--boot", running="")[-1] == f"{BOTH_FILES} docker compose create --no-build"


@pytest.mark.parametrize("variables", ["LIRC_MAJOR=251\n", None])
def test_boot_with_nothing_to_do(folder: Folder, variables: str | None) -> None:
    """The number is the same, or the station was never set up."""
    if variables:
        folder.env.write_text(variables)
    assert folder.start("--boot") == []
    assert folder.env.exists() is bool(variables)


def test_boot_without_a_container(folder: Folder) -> None:
    folder.env.write_text("TZ=UTC\n")
    assert folder.start("--boot", container="") == ["docker compose ps --all --quiet remote_station"]
    assert folder.env.read_text() == "TZ=UTC\nLIRC_MAJOR=251\n"
