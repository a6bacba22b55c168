"""Tests of the image with its compose file and a user's files, across an upgrade and a restored backup."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
import gzip
import json
import os
from pathlib import Path
import re
import shutil
import socket
import sqlite3
import stat
import subprocess
import time
from typing import Any

import pytest

from homeassistant.util.yaml import load_yaml_dict

from .compose import BUILD_SECONDS, PROJECT, REMOTE_STATION, Compose, missing_compose, missing_engine, missing_image

pytestmark = [pytest.mark.end_to_end, pytest.mark.usefixtures("socket_enabled")]

LIBRARY = PROJECT / "scripts" / "lib"
COMPOSE = REMOTE_STATION / "compose.yaml"
GELF = REMOTE_STATION / "compose.gelf.yaml"
BAKE = REMOTE_STATION / "docker-bake.hcl"
IMAGES = PROJECT / ".github/workflows/images.yml"
SERVICE = "remote_station"
ERRORS: dict[str, str] = json.loads((PROJECT / "custom_components/anavi_weather/translations/en.json").read_text())[
    "config"
]["error"]
BACKUP = "backup"
IMAGE = "anavi_weather/remote_station_test"
BASE_VARIABLES = ("HOME_ASSISTANT_IMAGE", "HOME_ASSISTANT_VERSION")
START_SECONDS = 300
LOG_VARIABLES = {"LOG_ADDRESS": "udp://192.0.2.10:12201", "STATION": "garden"}
PLAUSIBLE = {
    "temperature": ("°C", -40, 60),
    "humidity": ("%", 0, 100),
    "atmospheric_pressure": ("hPa", 800, 1100),
    "illuminance": ("lx", 0, 120_000),
}
UPGRADED = "99.0.0"
USERS = {
    "secrets.yaml": "garden: mine\n",
    "automations.yaml": "- alias: Mine\n  triggers: []\n  actions: []\n",
    "www/mine.txt": "mine\n",
    "custom_components/mine/__init__.py": "async def async_setup(hass, config): return True\n",
    "custom_components/mine/manifest.json": json.dumps({"domain": "mine", "name": "Mine", "version": "1.0.0"}),
}
# Runs in the container, where the files can be read whoever runs the tests: all but what Home Assistant itself writes
DIGESTS = """
import hashlib, json, pathlib
config = pathlib.Path("/config")
theirs = (".storage", "home-assistant", ".HA_VERSION", ".ha_run.lock", "custom_components/anavi_weather/", "tts", "deps")
names = {path.relative_to(config).as_posix(): path for path in config.rglob("*") if path.is_file()}
print(json.dumps({name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in names.items()
                  if not name.startswith(theirs) and "__pycache__" not in name}))
"""
WRITE = """
import json, pathlib, sys
for name, content in json.load(sys.stdin).items():
    path = pathlib.Path("/config", name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
"""
REQUIREMENTS = """
import importlib.metadata, json
for requirement in json.load(open("/config/custom_components/anavi_weather/manifest.json"))["requirements"]:
    name, _, version = requirement.partition("==")
    assert importlib.metadata.version(name) == version, requirement
"""

# The first look at its health is after an interval, and a person waits for that, not a test.
SOONER = f"services: {{{SERVICE}: {{healthcheck: {{interval: 1s}}}}}}"

needs_compose = pytest.mark.skipif(bool(missing_compose()), reason=missing_compose())


class Station:
    """A remote station in a container."""

    def __init__(self, folder: Path) -> None:
        """Unpack the files of a release; the folder's `config` is left to Docker to make, which makes it root's."""
        subprocess.run([PROJECT / "scripts/release", folder], check=True, capture_output=True)
        shutil.unpack_archive(folder / "remote_station.tar", folder, filter="data")
        self.folder = folder / "remote_station"
        self.config = folder / "config"
        self.backups = folder / "backups"
        self.devices = folder / "devices"
        self.devices.mkdir()
        (self.devices / "console").touch()
        self._sooner = folder / "sooner.yaml"
        self._sooner.write_text(SOONER)
        self._variables = {
            "IMAGE": IMAGE,
            "CONFIG": str(self.config),
            "BACKUPS": str(self.backups),
            "PORT": "0",
            "ADDRESS": "127.0.0.1",
            "DEVICES": str(self.devices),
        }
        self.compose = self.of(self.folder / "compose.yaml")
        self.login: Any = None

    def start(self) -> None:
        """Start it as the README says, with the image built here in place of the one that would be pulled."""
        files = {"COMPOSE_PROJECT_NAME": self.compose.name, "COMPOSE_FILE": f"compose.yaml:{self._sooner}"}
        lines = [f"{name}={value}\n" for name, value in (files | self._variables).items()]
        (self.folder / ".env").write_text("".join(lines))
        subprocess.run([self.folder / "start"], check=True, capture_output=True, timeout=300)

    def of(self, *files: Path, **variables: str) -> Compose:
        """Return the same project by other files."""
        return Compose(*files, self._sooner, **self._variables | variables)

    @property
    def container(self) -> dict[str, Any]:
        """Return what the engine knows of the container."""
        number = self.compose.run("ps", "--all", "--quiet", SERVICE).strip()
        output = subprocess.run(["docker", "inspect", number], capture_output=True, text=True, check=True).stdout
        [content] = json.loads(output)
        assert isinstance(content, dict)
        return content

    @property
    def log(self) -> str:
        """Return the container's output."""
        return self.compose.run("logs", "--no-log-prefix", SERVICE)

    def python(self, script: str, stdin: str | None = None) -> str:
        """Run a script in the container."""
        return self.compose.run("exec", "--no-TTY", SERVICE, "python3", "-I", "-c", script, stdin=stdin)

    def wait_until_healthy(self) -> None:
        """Wait until the engine reports the container as healthy."""
        end = time.monotonic() + START_SECONDS
        while (state := self.container["State"])["Health"]["Status"] != "healthy":
            assert state["Running"], self.log
            assert time.monotonic() < end, self.log
            time.sleep(1)

    def talk(self, what: str) -> Any:
        """Do one of the things below, as the account's user, as soon as Home Assistant answers."""
        return asyncio.run(self._talk(what))

    async def _talk(self, what: str) -> Any:
        import aiohttp
        from api import Login, connect

        url = "http://" + self.compose.run("port", SERVICE, "8123").strip()
        if self.login is None:
            self.login = Login(url, "anavi", "a-password-of-the-tests")
        self.login.url = url
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                async with connect(self.login) as home_assistant:
                    await home_assistant.wait_until_running()
                    return await getattr(self, what)(home_assistant)
            except aiohttp.ClientError, ConnectionError:
                assert time.monotonic() < end, self.log
                await asyncio.sleep(0.5)

    async def add_simulated_board(self, home_assistant: Any) -> str:
        """Add the station as a user would, and return its entry."""
        return str(await home_assistant.add_entry("anavi_weather", {"user": {"bus": "simulated"}}))

    async def advice_for_board(self, home_assistant: Any) -> str:
        """Try to add a station on the bus of the board, and return the key of the form's hint or of the error."""
        from api import FlowError

        flow = f"{self.login.url}/api/config/config_entries/flow"
        form = await home_assistant._post(flow, {"handler": "anavi_weather"})
        if hint := form["description_placeholders"]["hint"]:
            return next(key for key, text in ERRORS.items() if text == hint)
        try:
            await home_assistant.add_entry("anavi_weather", {"user": {"bus": "/dev/i2c-1"}})
        except FlowError as error:
            return str(error.key)
        return ""

    async def readings(self, home_assistant: Any) -> dict[str, tuple[float, str]]:
        """Wait for the readings of the weather, and return them with their units."""
        end = time.monotonic() + START_SECONDS
        while True:
            states = {state["entity_id"]: state for state in await home_assistant.call("get_states")}
            found = {key: states.get(f"sensor.simulated_phat_{key}") for key in PLAUSIBLE}
            if all(state and re.fullmatch(r"-?\d+(\.\d+)?", state["state"]) for state in found.values()):
                break
            assert time.monotonic() < end, found
            await asyncio.sleep(0.5)
        return {
            key: (float(state["state"]), state["attributes"]["unit_of_measurement"])
            for key, state in found.items()
            if state
        }

    async def version(self, home_assistant: Any) -> str:
        """Return the version of the integration that is loaded."""
        manifest = await home_assistant.call("manifest/get", integration="anavi_weather")
        return str(manifest["version"])

    def check_readings(self) -> None:
        """See that there are readings of a place that exists."""
        readings = self.talk("readings")
        for key, (unit, lowest, highest) in PLAUSIBLE.items():
            value, got = readings[key]
            assert got == unit
            assert lowest <= value <= highest

    def users_files(self) -> dict[str, str]:
        """Return the digests of the user's files."""
        content: dict[str, str] = json.loads(self.python(DIGESTS))
        return content


def build(compose: Compose) -> None:
    compose.run("build", "--quiet", timeout=BUILD_SECONDS)


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """Return a station that is built and started, and removed at the end."""
    if reason := missing_engine():
        pytest.skip(reason)
    arguments = Compose(COMPOSE).config()["services"][SERVICE]["build"]["args"]
    base = ":".join(arguments[name] for name in BASE_VARIABLES)
    if reason := missing_image(base):
        pytest.skip(reason)
    station = Station(tmp_path_factory.mktemp("station"))
    try:
        build(station.of(COMPOSE))
        station.start()
        yield station
    finally:
        station.compose.attempt("down", "--volumes", "--timeout", "30", timeout=120)
        emptied = ["docker", "run", "--rm", "--volume", f"{station.config}:/config", "--entrypoint", "sh", base]
        subprocess.run([*emptied, "-c", "rm -rf /config/* /config/.[!.]*"], capture_output=True, check=False)


@needs_compose
def test_compose_file() -> None:
    """Of every file and profile: nothing more than the devices is given to the container."""
    files = sorted(REMOTE_STATION.glob("compose*.yaml"))
    assert files == [GELF, COMPOSE]
    for compose in (Compose(COMPOSE), Compose(COMPOSE, GELF, **LOG_VARIABLES)):
        assert compose.run("config", "--profiles") == ""
        content = compose.config()
        assert set(content["services"]) == {SERVICE, BACKUP}
        service, backup = content["services"][SERVICE], content["services"][BACKUP]
        assert service["device_cgroup_rules"] == ["c 89:* rw", "c 89:* wr"]
        assert "devices" not in service
        assert content["volumes"]["devices"]["driver_opts"] == {
            "device": "/dev",
            "o": "bind,ro,nosuid,noexec",
            "type": "none",
        }
        assert service["cap_drop"] == ["ALL"]
        assert not {"privileged", "cap_add", "network_mode", "pid", "ipc", "userns_mode"} & set(service)
        assert {volume["target"]: volume.get("read_only", False) for volume in service["volumes"]} == {
            "/config": False,
            "/run/devices": True,
            "/run/devices/console": True,
        }
        assert service["restart"] == "unless-stopped"
        assert 400 << 20 <= int(service["mem_limit"]) <= 768 << 20  # of the 1 GB of a Pi 3
        assert service["healthcheck"]["test"][0] == "CMD"
        assert backup["image"] == service["image"]
        assert (backup["cap_drop"], backup["network_mode"], backup["read_only"]) == (["ALL"], "none", True)
        assert not {"privileged", "cap_add", "devices", "device_cgroup_rules"} & set(backup)
        assert {volume["target"]: volume.get("read_only", False) for volume in backup["volumes"]} == {
            "/config": True,
            "/backups": False,
        }
        assert backup["restart"] == "unless-stopped"
        assert int(backup["mem_limit"]) == 128 << 20
    local = Compose(COMPOSE).config()["services"][SERVICE]["logging"]
    assert local == {"driver": "json-file", "options": {"max-file": "3", "max-size": "10m"}}
    remote = Compose(COMPOSE, GELF, **LOG_VARIABLES).config()["services"][SERVICE]["logging"]
    assert remote == {"driver": "gelf", "options": {"gelf-address": LOG_VARIABLES["LOG_ADDRESS"], "tag": "garden"}}


@needs_compose
def test_the_published_image_is_the_default() -> None:
    """What the workflow pushes is what Compose pulls."""
    step = next(s for s in load_yaml_dict(IMAGES)["jobs"]["push"]["steps"] if s.get("id") == "names")
    [name] = re.findall(r'"ghcr\.io/\$\{OWNER,,\}/(\w+)"', step["run"])
    assert Compose(COMPOSE).config()["services"][SERVICE]["image"] == f"ghcr.io/anavi-weather/{name}:latest"


@needs_compose
@pytest.mark.parametrize("missing", LOG_VARIABLES)
def test_log_needs_an_address_and_a_name(missing: str) -> None:
    """Without one of them, Compose names the missing variable."""
    given = {name: value for name, value in LOG_VARIABLES.items() if name != missing}
    result = Compose(COMPOSE, GELF, **given).attempt("config")
    assert result.returncode != 0
    assert f"set {missing} in .env" in result.stderr


@needs_compose
def test_example_of_variables() -> None:
    """Commented lines have the compose file's defaults, and every variable is listed."""
    example = (REMOTE_STATION / ".env.example").read_text()
    described = dict(re.findall(r"^#?([A-Z][A-Z0-9_]*)=(.*)$", example, re.MULTILINE))
    files = COMPOSE.read_text() + GELF.read_text()
    used = dict(re.findall(r"\$\{([A-Z0-9_]+):-([^}]*)\}", files)) | LOG_VARIABLES
    assert described == used | {"TZ": "America/Sao_Paulo"}
    service = Compose(COMPOSE, **described).config()["services"][SERVICE]
    assert service["environment"] == {"TZ": "America/Sao_Paulo", "I2C_BUS": "/dev/i2c-1"}


def test_one_version_of_home_assistant() -> None:
    """All files build with the same, which is that of scripts/develop too."""
    [version] = re.findall(r"^homeassistant==(.+)$", (PROJECT / "requirements_develop.txt").read_text(), re.MULTILINE)
    for name in ("Dockerfile", "compose.yaml", "docker-bake.hcl", ".env.example"):
        assert re.findall(r"\b20\d\d\.\d+\.\d+\b", (REMOTE_STATION / name).read_text()) == [version], name


@needs_compose
def test_bake() -> None:
    """One command builds for PC and Pi, under the name of a registry."""
    result = subprocess.run(
        ["docker", "buildx", "bake", "--file", BAKE, "--print"],
        cwd=PROJECT, env=os.environ | {"IMAGE": "registry.example/station", "TAG": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "buildx" in result.stderr and "not a docker command" in result.stderr:
        pytest.skip("docker has no buildx plugin")
    assert result.returncode == 0, result.stderr
    target = json.loads(result.stdout)["target"]["remote_station"]
    assert target["platforms"] == ["linux/amd64", "linux/arm64"]
    assert target["tags"] == ["registry.example/station:1"]
    assert (PROJECT / target["context"] / target["dockerfile"]).is_file()


def test_comes_up_healthy(station: Station) -> None:
    """With the integration in place, a configuration to begin with, and no more rights than it was given."""
    station.wait_until_healthy()
    assert "/config/configuration.yaml is new" in station.log
    assert re.search(r"\[anavi_weather\] \S+ was put in place", station.log)
    assert station.python("print(open('/config/configuration.yaml').read(), end='')") == (
        REMOTE_STATION / "configuration.yaml"
    ).read_text(encoding="utf-8")
    host = station.container["HostConfig"]
    assert not host["Privileged"]
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert host["Memory"] == host["MemorySwap"] == 700 << 20
    assert not host["Devices"]
    buses, infrared = host["DeviceCgroupRules"]
    assert buses == "c 89:* rw"
    assert re.fullmatch(r"c \d+:\* wr", infrared)
    status = station.python("print(open('/proc/1/status').read())")
    assert re.search(r"^CapEff:\t0+$", status, re.MULTILINE)
    assert re.search(r"^CapBnd:\t0+$", status, re.MULTILINE)
    assert re.search(r"^NoNewPrivs:\t1$", status, re.MULTILINE)


def test_needs_no_network_for_the_integration(station: Station) -> None:
    """The integration's requirements are in the image."""
    command = [
        "docker",
        "run",
        "--rm",
        "--network",
        "none",
        "--volume",
        f"{station.config}:/config:ro",
        f"{IMAGE}:latest",
    ]
    result = subprocess.run([*command, "python3", "-c", REQUIREMENTS], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_init_of_the_base_is_process_1(station: Station, tmp_path: Path) -> None:
    """The official image has an s6 init, which wants to be: it is started when the integration is in place."""
    init = tmp_path / "init"
    init.write_text(
        "#!/bin/sh\necho process $$ with $# arguments\nls /config/custom_components/anavi_weather/manifest.json\n"
    )
    init.chmod(0o755)
    command = ["docker", "run", "--rm", "--cap-drop", "ALL", "--network", "none", "--tmpfs", "/config"]
    output = subprocess.run(
        [*command, "--volume", f"{init}:/init:ro", f"{IMAGE}:latest"], capture_output=True, text=True, check=True
    ).stdout
    assert output.splitlines()[-2:] == [
        "process 1 with 0 arguments",
        "/config/custom_components/anavi_weather/manifest.json",
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else: run the tests as root")
def test_folder_of_somebody_else(station: Station, tmp_path: Path) -> None:
    """Root without capabilities cannot write there: the log names the fix, and Home Assistant does not start."""
    config = tmp_path / "config"
    config.mkdir(mode=0o755)
    os.chown(config, 1000, 1000)
    command = ["docker", "run", "--rm", "--cap-drop", "ALL", "--network", "none", "--volume", f"{config}:/config"]
    result = subprocess.run(
        [*command, f"{IMAGE}:latest"], capture_output=True, text=True, check=False, timeout=START_SECONDS
    )
    assert result.returncode == 1
    assert "ERROR: /config cannot be written" in result.stdout
    assert "sudo chown -R root: config" in result.stdout
    assert list(config.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make device nodes: run the tests as root")
def test_devices_come_and_go(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    """Home Assistant sees the machine's nodes as they are now, and says what to do in a container."""
    monkeypatch.syspath_prepend(LIBRARY)
    assert station.talk("advice_for_board") == "no_bus_container"
    # Not a bus of this machine, but one that the container may open
    os.mknod(station.devices / "i2c-1", 0o660 | stat.S_IFCHR, os.makedev(89, 1_000))
    assert station.talk("advice_for_board") == "no_bus_container"
    opened = "import os; os.open('/run/devices/i2c-1', os.O_RDWR)"
    assert re.search(
        r"\[Errno (6|19)\]", station.compose.attempt("exec", "-T", SERVICE, "python3", "-c", opened).stderr
    )
    (station.devices / "i2c-1").unlink()
    # A bus in name only, of a number that no rule allows
    os.mknod(station.devices / "i2c-1", 0o660 | stat.S_IFCHR, os.makedev(10, 235))
    assert station.talk("advice_for_board") == "no_permission_container"
    (station.devices / "i2c-1").unlink()
    assert station.talk("advice_for_board") == "no_bus_container"
    assert station.container["RestartCount"] == 0


def test_upgrade(station: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A simulated board shows readings; a new image brings a new integration, and leaves every file of the user's alone."""
    monkeypatch.syspath_prepend(LIBRARY)
    entry = station.talk("add_simulated_board")
    station.check_readings()
    installed = station.talk("version")
    configuration = station.python("print(open('/config/configuration.yaml').read())") + "\nmine:\n"
    station.python(WRITE, stdin=json.dumps(USERS | {"configuration.yaml": configuration}))
    before = station.users_files()
    assert set(USERS) <= set(before)

    project = tmp_path / "project"
    ignored = shutil.ignore_patterns("__pycache__", "config", ".env")
    for folder in ("custom_components", "docker/remote_station"):
        shutil.copytree(PROJECT / folder, project / folder, ignore=ignored)
    manifest = project / "custom_components/anavi_weather/manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"version": UPGRADED}))
    station.compose = station.of(project / "docker/remote_station/compose.yaml", TAG="upgraded")
    build(station.compose)
    station.compose.run("up", "--detach", timeout=300)
    assert station.talk("version") == UPGRADED
    assert f"{UPGRADED} was put in place of {installed}" in station.log
    station.check_readings()
    assert entry in station.python("print(open('/config/.storage/core.config_entries').read())")
    assert station.users_files() == before
    assert "Setup failed for" not in station.log  # the user's own integration is set up


@pytest.mark.skipif(os.geteuid() != 0, reason="the folder that is backed up belongs to root: run the tests as root")
def test_backup_is_restored(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backup of the running station restores, as the README says, the account, the station and the user's files."""
    monkeypatch.syspath_prepend(LIBRARY)
    before = station.users_files()
    station.compose.run(
        "exec", "--no-TTY", BACKUP, "python3", "-I", "/opt/anavi_weather/back_up.py", "now", timeout=300
    )
    station.compose.run("exec", "--no-TTY", BACKUP, "python3", "-I", "/opt/anavi_weather/back_up.py", "check")
    [backup] = station.backups.iterdir()
    station.compose.run("stop", timeout=300)
    assert station.container["State"]["ExitCode"] == 0
    subprocess.run(["rm", "-rf", station.config], check=True)
    subprocess.run(["tar", "-xzf", backup, "-C", station.config.parent], check=True)
    with closing(sqlite3.connect(station.config / "home-assistant_v2.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        [(states,)] = database.execute("SELECT COUNT(*) FROM states").fetchall()
    assert states > 0
    station.compose.run("up", "--detach", "--force-recreate", timeout=300)
    station.check_readings()
    assert f"{UPGRADED} is already in place" in station.log
    assert station.users_files() == before


def test_log_is_shipped(station: Station) -> None:
    """A line of the container arrives at the user station, with the name of the remote station."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(START_SECONDS)
        address = f"udp://127.0.0.1:{server.getsockname()[1]}"
        compose = station.of(COMPOSE, GELF, LOG_ADDRESS=address, STATION="garden")
        compose.run("run", "--rm", "--no-deps", "--no-TTY", SERVICE, "echo", "hello from the garden")
        message = json.loads(gzip.decompress(server.recv(65536)))
    assert message["short_message"] == "hello from the garden"
    assert message["_tag"] == "garden"
