"""Fixtures that run scripts/develop and a browser."""

from collections.abc import Callable, Iterator
import json
import os
from pathlib import Path
import shutil
import signal
import subprocess
import time
from typing import Any, Self
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import pytest_socket

from .browser_process import Browser
from .server import Server

SCRIPTS = Path(__file__).parents[2] / "scripts"
LIBRARY = SCRIPTS / "lib"
START_SECONDS = 300  # the first time, everything is installed
STOP_SECONDS = 90  # scripts/develop waits for a minute: a busy machine can delay Home Assistant's threads
WAIT_SECONDS = 300  # a busy machine can be many times slower

BROWSERS = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
ELASTICSEARCH_URL = os.environ.get("ELASTICSEARCH_URL", "")
needs_elasticsearch = pytest.mark.skipif(not ELASTICSEARCH_URL, reason="ELASTICSEARCH_URL is not set")
needs_browser = pytest.mark.skipif(
    not any(map(shutil.which, BROWSERS)), reason="Chromium not found: install it, or set CHROMIUM"
)


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until a condition is true. What it asks for may be missing for a while, such as an entity during a reload."""
    end = time.monotonic() + WAIT_SECONDS
    while True:
        error: Exception | None = None
        try:
            if condition():
                return
        except (HTTPError, LookupError, TypeError, ValueError) as err:
            error = err
        if time.monotonic() > end:
            raise AssertionError("the condition was not met in time") from error
        time.sleep(0.5)


class Develop:
    """A running scripts/develop."""

    def __init__(self, folder: Path, *options: str) -> None:
        """Initialize with more options; the folder may be that of an earlier one."""
        self.folder = folder
        self._options = options
        self._output = folder / "output.txt"

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def start(self) -> None:
        """Start it, and wait until it can be used."""
        # Each Home Assistant deletes the uploads of all others in the folder for temporary files when it takes its first one
        temporary = self.folder / "temporary"
        temporary.mkdir(exist_ok=True)
        with self._output.open("w") as output:
            self._process = subprocess.Popen(
                [SCRIPTS / "develop", "--config", self.folder, "--port", "0", *self._options],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "TMPDIR": str(temporary)},
            )
        end = time.monotonic() + START_SECONDS
        while "develop: open http" not in self.output:
            assert self._process.poll() is None, self.output
            assert time.monotonic() < end, self.output
            time.sleep(0.1)

    def __exit__(self, *_: object) -> None:
        """Stop it, whether or not the test passed."""
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait(STOP_SECONDS)

    @property
    def output(self) -> str:
        """Return its output so far."""
        return self._output.read_text()

    @property
    def login(self) -> dict[str, str]:
        """Return the address and the account."""
        content: dict[str, str] = json.loads((self.folder / "login.json").read_text())
        return content

    def get(self, path: str) -> Any:
        """Return Home Assistant's answer."""
        return self._ask(path, None)

    def act(self, action: str, **data: str) -> None:
        """Perform an action."""
        self.post(f"/api/services/{action.replace('.', '/')}", data)

    def post(self, path: str, data: object) -> None:
        """Send data to Home Assistant."""
        self._ask(path, json.dumps(data).encode())

    def delete(self, path: str) -> None:
        """Delete something."""
        self._ask(path, None, "DELETE")

    def _ask(self, path: str, data: bytes | None, method: str | None = None) -> Any:
        login = self.login
        headers = {"Authorization": f"Bearer {login['token']}"}
        request = Request(login["url"] + path, data, headers, method=method)
        with urlopen(request, timeout=WAIT_SECONDS) as response:
            return json.load(response)

    def interrupt(self) -> int:
        """Press Ctrl-C, and return the exit code."""
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(STOP_SECONDS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a new folder for Home Assistant."""
    folder = tmp_path / "config"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return a browser that all tests of a worker share."""
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Return the server, with an empty stream and index in the module's own `NAMESPACE`."""
    pytest_socket.enable_socket()
    server = Server(ELASTICSEARCH_URL)
    server.recreate_stream(request.module.NAMESPACE)
    yield server
    server.clean()


@pytest.fixture(autouse=True)
def verify_cleanup() -> None:
    """Allow processes and connections to outlive a test, because Home Assistant runs elsewhere."""
