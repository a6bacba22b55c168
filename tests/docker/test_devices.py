"""Tests of a container's devices on an engine: nodes that come and go while it runs, and while the daemon is stopped.

The nodes have the numbers of I2C and of LIRC, but no driver is behind them: what the engine allows then fails with ENXIO or
ENODEV, and what it does not with EPERM.
"""

from collections.abc import Callable, Iterator
import errno
import json
import os
from pathlib import Path
import shutil
import stat
import subprocess
import tarfile
import time

import pytest
import yaml

from .compose import REMOTE_STATION, Compose, missing_engine

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.usefixtures("socket_enabled"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can make device nodes: run the tests as root"),
]

PROGRAMS = ("sh", "sleep", "dd", "ls", "touch", "mknod")
I2C_MAJOR, LIRC_MAJOR = 89, 251
IMAGE = "anavi_weather/devices_test"
ENTRY = "/run/devices"
DAEMON_SECONDS = 300
ERRORS = {
    "No such device or address": errno.ENXIO,
    "No such device": errno.ENODEV,
    "Operation not permitted": errno.EPERM,
    "Read-only file system": errno.EROFS,
}
MISSING = errno.EROFS  # a shell would make the file
ALLOWED = {errno.ENXIO, errno.ENODEV}  # by the engine: then the kernel looks for a driver


def node(folder: Path, name: str, major: int, minor: int, kind: int = stat.S_IFCHR) -> None:
    os.mknod(folder / name, kind | 0o660, os.makedev(major, minor))


def root_filesystem(folder: Path) -> Path:
    """Return a tar file with a shell and the few programs that the tests need, from this machine."""
    archive = folder / "root.tar"
    files: dict[str, Path] = {}
    for program in PROGRAMS:
        found = shutil.which(program)
        assert found
        files[f"bin/{program}"] = Path(found)
        libraries = subprocess.run(["ldd", found], capture_output=True, text=True, check=False).stdout
        files |= {word.lstrip("/"): Path(word) for word in libraries.split() if word.startswith("/")}
    with tarfile.open(archive, "w") as tar:
        for name, path in files.items():
            tar.add(path.resolve(), name)
    return archive


class Station:
    """The remote station's own compose file, with a shell in place of Home Assistant."""

    def __init__(self, folder: Path, name: str, docker: list[str]) -> None:
        """Prepare the nodes of a machine with a board."""
        self.docker = docker
        self.devices = folder / "devices"
        self.devices.mkdir()
        node(self.devices, "console", 5, 1)
        node(self.devices, "i2c-1", I2C_MAJOR, 1)
        for number in range(2):
            node(self.devices, f"lirc{number}", LIRC_MAJOR, number)
        override = folder / "shell.yaml"
        service = {
            "image": IMAGE,
            "entrypoint": ["sh", "-c", "sleep 1000 & trap 'exit 0' TERM; wait"],
            "stop_grace_period": "2s",
            "healthcheck": {"disable": True},
        }
        override.write_text(yaml.safe_dump({"services": {"remote_station": service}}))
        variables = {
            "DEVICES": str(self.devices),
            "LIRC_MAJOR": str(LIRC_MAJOR),
            "CONFIG": str(folder / "config"),
            "PORT": "0",
        }
        self.compose = Compose(REMOTE_STATION / "compose.yaml", override, name=name, **variables)

    def run(self, *command: str, check: bool = True) -> str:
        """Run docker, and return its output."""
        result = subprocess.run(
            [*self.docker, *command], capture_output=True, text=True, check=False, timeout=DAEMON_SECONDS
        )
        assert not check or result.returncode == 0, result.stderr
        return (result.stdout + result.stderr).strip()

    @property
    def container(self) -> str:
        """Return the id of the container."""
        return self.compose.run("ps", "--all", "--quiet", "remote_station").strip()

    def sh(self, script: str) -> str:
        """Run a shell script in the container, and return its output."""
        return self.run("exec", self.container, "sh", "-c", script, check=False)

    def open(self, name: str) -> int:
        """Return the error with which a device is opened to read and write; 0 if it is opened."""
        output = self.sh(f"exec 3<>{ENTRY}/{name} && echo opened")
        return next(
            (number for text, number in ERRORS.items() if output.endswith(text)), 0 if output == "opened" else -1
        )

    def is_running(self) -> bool:
        """Return whether the container runs."""
        return self.run("inspect", "--format", "{{.State.Running}}", self.container) == "true"


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    """Return a station on the machine's engine, which is not started yet."""
    if reason := missing_engine():
        pytest.skip(reason)
    station = Station(tmp_path, f"anavi_weather_devices_{os.getpid()}", ["docker"])
    station.run("import", str(root_filesystem(tmp_path)), f"{IMAGE}:latest")
    try:
        yield station
    finally:
        station.compose.attempt("down", "--volumes", "--timeout", "2")


def test_old_form_did_not_start(station: Station, tmp_path: Path) -> None:
    """A device that Docker is told by name keeps the container down, for good."""
    arguments = ["--name", f"{IMAGE.replace('/', '_')}_{os.getpid()}", "--device", str(tmp_path / "lirc0"), IMAGE, "sh"]
    try:
        assert "error gathering device information" in station.run("run", *arguments, check=False)
    finally:
        station.run("rm", "--force", arguments[1], check=False)


def test_only_i2c_and_lirc(station: Station) -> None:
    """Everything else of the machine stays closed, whatever the container tries."""
    node(station.devices, "sda", 8, 0, stat.S_IFBLK)
    node(station.devices, "mem", 1, 1)
    node(station.devices, "ttyAMA0", 204, 64)
    node(station.devices, "gpiochip0", 254, 0)
    station.compose.run("up", "--detach", "remote_station")
    for name in ("i2c-1", "lirc0", "lirc1"):
        assert station.open(name) in ALLOWED, name
    for name in ("sda", "mem", "ttyAMA0", "gpiochip0"):
        assert station.open(name) == errno.EPERM, name
    assert station.open("console") == 0
    assert station.sh(f"echo hello > {ENTRY}/console; ls -l {ENTRY}/console").split()[4:6] == ["1,", "3"], "not covered"
    assert "Read-only file system" in station.sh(f"touch {ENTRY}/mine")
    assert "Operation not permitted" in station.sh("mknod /sda b 8 0")
    container = json.loads(station.run("inspect", station.container))[0]["HostConfig"]
    assert not container["Privileged"]
    assert container["CapDrop"] == ["ALL"]


def test_nothing_below_the_folder_of_devices(station: Station) -> None:
    """What the machine has mounted below /dev, such as its terminals and shared memory, stays outside."""
    mounted = station.devices / "shm"
    mounted.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", mounted], check=True)
    try:
        (mounted / "secret").touch()
        station.compose.run("up", "--detach", "remote_station")
        assert station.sh(f"ls {ENTRY}/shm") == ""
    finally:
        station.compose.run("down", "--volumes", "--timeout", "2")
        subprocess.run(["umount", mounted], check=True)


def test_starts_without_devices_and_uses_them_when_they_come(station: Station) -> None:
    """Any number of infrared devices, with any numbers, without a restart."""
    for name in ("i2c-1", "lirc0", "lirc1"):
        (station.devices / name).unlink()
    station.compose.run("up", "--detach", "remote_station")
    assert station.is_running()
    container = station.container
    assert station.open("i2c-1") == MISSING
    node(station.devices, "i2c-1", I2C_MAJOR, 1)
    node(station.devices, "i2c-42", I2C_MAJOR, 42)
    for number in (0, 1, 2, 7, 255):
        node(station.devices, f"lirc{number}", LIRC_MAJOR, number)
        assert station.open(f"lirc{number}") in ALLOWED
    assert station.open("i2c-1") in ALLOWED
    assert station.open("i2c-42") in ALLOWED
    (station.devices / "lirc0").unlink()
    assert station.open("lirc0") == MISSING
    assert station.is_running()
    assert station.container == container


def test_restarts_without_its_devices(station: Station) -> None:
    """As after an overlay was removed."""
    station.compose.run("up", "--detach", "remote_station")
    for name in ("i2c-1", "lirc0", "lirc1"):
        (station.devices / name).unlink()
    station.compose.run("restart", "--timeout", "2")
    assert station.is_running()
    node(station.devices, "i2c-1", I2C_MAJOR, 1)
    assert station.open("i2c-1") in ALLOWED


def test_changed_number_of_lirc(station: Station) -> None:
    """Linux chose another number: it is closed until the rule follows."""
    station.compose.run("up", "--detach", "remote_station")
    node(station.devices, "lirc2", LIRC_MAJOR - 1, 0)
    assert station.open("lirc2") == errno.EPERM


class Daemon:
    """An engine of its own, which can be stopped."""

    def __init__(self, folder: Path) -> None:
        """Choose the folders. The socket's path has to be short."""
        self._folder = folder
        self.docker = ["docker", "--host", f"unix://{folder}/s"]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the daemon, and wait until it answers."""
        folders = {"data-root": "data", "exec-root": "exec", "pidfile": "pid"}
        options = [part for name, value in folders.items() for part in (f"--{name}", str(self._folder / value))]
        # In a network of its own: a daemon without a bridge removes the bridge of the machine's daemon.
        command = ["unshare", "--net", "dockerd", "--host", self.docker[2], "--bridge", "none", "--iptables=false"]
        command += [*options, "--ip6tables=false"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        wait(lambda: subprocess.run([*self.docker, "info"], capture_output=True, check=False).returncode == 0, self.log)

    def stop(self) -> None:
        """Stop the daemon. A container with a restart policy is started again with the daemon."""
        if self._process:
            self._process.terminate()
            self._process.wait(timeout=DAEMON_SECONDS)

    def log(self) -> str:
        """Return the end of the daemon's log."""
        return (self._folder / "log").read_text(errors="replace")[-2000:]


def wait(condition: Callable[[], bool], explain: Callable[[], str]) -> None:
    end = time.monotonic() + DAEMON_SECONDS
    while not condition():
        assert time.monotonic() < end, explain()
        time.sleep(0.2)


@pytest.fixture
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Return a running engine of its own."""
    if reason := missing_engine():
        pytest.skip(reason)
    if not shutil.which("dockerd"):
        pytest.skip("dockerd is missing: the engine is on another machine")
    folder = Path(tmp_path_factory.mktemp("d"))
    daemon = Daemon(folder)
    try:
        daemon.start()
        yield daemon
    finally:
        daemon.stop()


def test_devices_change_while_the_daemon_is_stopped(daemon: Daemon, tmp_path: Path) -> None:
    """After a power cut, the station starts with what is there."""
    station = Station(tmp_path, "station", daemon.docker)
    station.run("import", str(root_filesystem(tmp_path)), f"{IMAGE}:latest")
    override = tmp_path / "no_network.yaml"
    override.write_text("services: {remote_station: {network_mode: none, ports: !reset []}}\n")
    variables = {"DEVICES": str(station.devices), "LIRC_MAJOR": str(LIRC_MAJOR), "CONFIG": str(tmp_path / "config")}
    station.compose = Compose(
        REMOTE_STATION / "compose.yaml", tmp_path / "shell.yaml", override,
        name="station", DOCKER_HOST=daemon.docker[2], **variables,
    )  # fmt: skip
    station.compose.run("up", "--detach", "remote_station")
    container = station.container
    daemon.stop()
    for name in ("i2c-1", "lirc0", "lirc1"):
        (station.devices / name).unlink()
    node(station.devices, "lirc5", LIRC_MAJOR, 5)
    daemon.start()
    wait(station.is_running, daemon.log)
    assert station.container == container
    assert station.open("i2c-1") == MISSING
    assert station.open("lirc5") in ALLOWED
    node(station.devices, "i2c-1", I2C_MAJOR, 1)
    assert station.open("i2c-1") in ALLOWED
    station.compose.run("down", "--volumes", "--timeout", "2")
