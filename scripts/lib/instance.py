"""A Home Assistant process with its config folder and its log."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections import deque
from collections.abc import Callable
from contextlib import suppress
import fcntl
import json
import os
from pathlib import Path
import re
import shutil
import signal
import socket
import sys

import aiohttp
from requirements import INTEGRATIONS, OURS

DOMAIN = OURS.name
BLUEPRINTS = OURS.parents[1] / "blueprints" / "automation" / DOMAIN
LAUNCHER = Path(__file__).with_name("launcher.py")
PAST = Path(__file__).with_name("components") / "simulated_past"
LOCK_FILE = ".ha_run.lock"
LOG_FILE = "home-assistant.log"
RESTART_EXIT_CODE = 100  # Home Assistant's exit code when it asks to be restarted
START_SECONDS = 120
STOP_SECONDS = 60
LAST_LINES = 30
LONGEST_LINE = 1 << 24
LOG_RECORD = re.compile(r"\S+ \S+ (?P<level>[A-Z]+) \([^)]*\) \[(?P<logger>[^]]*)\]")
SHOWN_LEVELS = {"WARNING", "ERROR", "CRITICAL"}

DEFAULT_UNITS = "metric"
UNITS = (DEFAULT_UNITS, "us_customary")

CONFIGURATION = """\
# Written by scripts/develop at every start.
homeassistant:
  name: ANAVI Weather
  latitude: -23.5505
  longitude: -46.6333
  elevation: 760
  country: BR
  currency: BRL
  language: {language}
  time_zone: America/Sao_Paulo
  unit_system: {units}

automation: !include automations.yaml

logger:
  default: info
  logs:
    custom_components.{domain}: debug
    # Logs an error about a missing library whenever a page is opened.
    homeassistant.components.camera: critical

"""
# Skipped because they would add a weather service, a radio and a voice from the internet
STEPS_SKIPPED = ["core_config", "analytics", "integration"]


class StartError(Exception):
    """Home Assistant could not be started."""


def prepare(folder: Path, host: str, port: int, language: str, *, units: str = DEFAULT_UNITS, reset: bool) -> None:
    """Create or update a config folder.

    Args:
        folder: Home Assistant's config folder.
        host: the address to listen on.
        port: the port to listen on.
        language: of Home Assistant.
        units: the unit system, one of UNITS.
        reset: whether to delete everything but the history.

    Raises:
        StartError: if a Home Assistant is running in the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _check_unused(folder)
    storage = folder / ".storage"
    if reset:
        shutil.rmtree(storage, ignore_errors=True)
    storage.mkdir(exist_ok=True)
    integrations = "".join(f"{integration}:\n" for integration in (*INTEGRATIONS, PAST.name))
    configuration = CONFIGURATION.format(language=language, units=units, domain=DOMAIN)
    (folder / "configuration.yaml").write_text(configuration + integrations, encoding="utf-8")
    (folder / "automations.yaml").touch()
    # An address in YAML would only be tried for five minutes. This is the oldest stored form, which Home Assistant
    # migrates.
    _store(storage / "http", 1, {"server_host": [host], "server_port": port})
    if not (storage / "onboarding").exists():
        _store(storage / "onboarding", 4, {"done": STEPS_SKIPPED})
    _link(folder / "custom_components" / DOMAIN, OURS)
    _link(folder / "custom_components" / PAST.name, PAST)
    _link_files(folder / "blueprints" / "automation" / DOMAIN, BLUEPRINTS)


def _check_unused(folder: Path) -> None:
    with (folder / LOCK_FILE).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartError(f"Home Assistant is already running in {folder}") from None


def _store(file: Path, version: int, data: dict[str, object]) -> None:
    content = {"version": version, "minor_version": 1, "key": file.name, "data": data}
    file.write_text(json.dumps(content, indent=2), encoding="utf-8")


def _link(link: Path, target: Path) -> None:
    """Link to the project's own files, so that a change takes effect after a restart."""
    link.parent.mkdir(parents=True, exist_ok=True)
    if link.is_symlink():
        link.unlink()
    link.symlink_to(target, target_is_directory=True)


def _link_files(folder: Path, target: Path) -> None:
    """Link to the files of one of the project's folders: Home Assistant lists no files behind a linked folder."""
    if folder.is_symlink():
        folder.unlink()
    else:
        shutil.rmtree(folder, ignore_errors=True)
    for file in target.rglob("*.yaml"):
        link = folder / file.relative_to(target)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(file)


def bind(host: str, port: int) -> int:
    """Return the port that a server would listen on; for 0, a free one.

    Raises:
        OSError: if the port cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family) as server:
        return int(server.getsockname()[1])


class Instance:
    """A running Home Assistant."""

    def __init__(self, folder: Path, url: str, show: Callable[[str], None] | None) -> None:
        """Initialize the process for a prepared folder. `show` receives the important lines of the log."""
        self.folder = folder
        self.url = url
        self._show = show
        self._shown = False
        self._last_lines = deque[str](maxlen=LAST_LINES)
        self._process: Process | None = None
        self._reader: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start Home Assistant, and wait until it answers.

        Raises:
            StartError: if it ends, or does not answer in time.
        """
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        # In its own process group, Ctrl-C in the terminal does not reach it: we stop it, and only once.
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, LAUNCHER, "--config", self.folder, "--log-no-color",
            env=environment, process_group=0, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, limit=LONGEST_LINE,
        )  # fmt: skip
        self._reader = asyncio.create_task(self._read_log(self._process))
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._answer(self._process)
        except TimeoutError:
            raise StartError(self._why(f"does not answer after {START_SECONDS} s")) from None

    @property
    def exit_code(self) -> int | None:
        """Return the exit code, or None while Home Assistant is running."""
        return self._process.returncode if self._process else 0

    async def wait(self) -> None:
        """Wait until Home Assistant has ended and its log has been read."""
        if self._process and self._reader:
            await asyncio.shield(self._reader)
            await self._process.wait()

    async def stop(self) -> int | None:
        """Shut Home Assistant down, and return its exit code."""
        if self._process and self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(STOP_SECONDS):
                    await self.wait()
            except TimeoutError:
                self._process.kill()
                await self.wait()
        return self.exit_code

    async def _answer(self, process: Process) -> None:
        async with aiohttp.ClientSession() as http:
            while process.returncode is None:
                with suppress(aiohttp.ClientError):
                    async with http.get(f"{self.url}/manifest.json") as response:
                        if response.ok:
                            return
                await asyncio.sleep(0.1)
        await self.wait()
        raise StartError(self._why(f"ended with exit code {process.returncode}"))

    def _why(self, what: str) -> str:
        return f"Home Assistant {what}. The end of its log:\n" + "\n".join(self._last_lines)

    async def _read_log(self, process: Process) -> None:
        assert process.stdout
        async for line in process.stdout:
            text = line.decode(errors="replace").rstrip()
            self._last_lines.append(text)
            # The lines of a traceback belong to the record above them.
            if record := LOG_RECORD.match(text):
                level, logger = record["level"], record["logger"]
                self._shown = level in SHOWN_LEVELS or (level == "INFO" and DOMAIN in logger)
            if self._show and self._shown:
                self._show(text)
