"""Docker Compose and the engine, if they are installed."""

from collections.abc import Mapping
import json
import os
from pathlib import Path
import subprocess
from typing import Any

PROJECT = Path(__file__).parents[2]
REMOTE_STATION = PROJECT / "docker/remote_station"
COMMAND_SECONDS = 300
BUILD_SECONDS = 1800


class Compose:
    """A Compose project that does not see the environment of the tests."""

    def __init__(self, *files: Path, name: str = "anavi_weather_test", **variables: str) -> None:
        """Initialize with variables, as if they were in .env."""
        self.name = name
        self._command = ["docker", "compose", "--project-name", name, "--env-file", os.devnull]
        for file in files:
            self._command += ["--file", str(file)]
        base = {
            key: value for key, value in os.environ.items() if key in KEPT or key.startswith(("DOCKER_", "HOME_ASSIST"))
        }
        self._environment: Mapping[str, str] = {**base, **variables}

    def run(self, *arguments: str, timeout: int = COMMAND_SECONDS, stdin: str | None = None) -> str:
        """Return a command's output.

        Raises:
            AssertionError: if the command fails.
        """
        result = self.attempt(*arguments, timeout=timeout, stdin=stdin)
        assert result.returncode == 0, f"{arguments}: {result.stderr}{result.stdout}"
        return result.stdout

    def attempt(
        self, *arguments: str, timeout: int = COMMAND_SECONDS, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Return the result of a command."""
        return subprocess.run(
            [*self._command, *arguments],
            env=self._environment, input=stdin or "", capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip

    def config(self) -> dict[str, Any]:
        """Return the project as Compose understands it."""
        content: dict[str, Any] = json.loads(self.run("config", "--format", "json"))
        return content


# The variables that Docker's command line needs
KEPT = {"PATH", "HOME", "XDG_RUNTIME_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"}


def missing_compose() -> str:
    """Return why Compose cannot be used; empty if it can."""
    try:
        result = subprocess.run(["docker", "compose", "version"], capture_output=True, text=True, check=False)
    except OSError:
        return "docker not found on the PATH"
    return "" if result.returncode == 0 else "docker has no compose plugin"


def missing_engine() -> str:
    """Return why no container can be run; empty if it can."""
    if reason := missing_compose():
        return reason
    result = subprocess.run(["docker", "info"], capture_output=True, text=True, check=False)
    return "" if result.returncode == 0 else "no Docker engine answers to `docker info`"


def missing_image(reference: str) -> str:
    """Return why an image is neither here nor can be pulled; empty if it is available."""
    for command in ("inspect", "pull"):
        arguments = ["docker", "image", command, reference]
        if subprocess.run(arguments, capture_output=True, check=False, timeout=BUILD_SECONDS).returncode == 0:
            return ""
    return f"the image {reference} is not here and cannot be pulled"
