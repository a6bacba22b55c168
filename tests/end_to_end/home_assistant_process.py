"""Processes of Home Assistant that one process forks; see fork_server.py."""

from functools import cache
import os
from pathlib import Path
import select
import signal
import subprocess
import sys

from .conftest import LIBRARY

FORK_SERVER = Path(__file__).with_name("fork_server.py")


class HomeAssistantProcess:
    """A Home Assistant in a process of its own, which ends with this process."""

    def __init__(self, folder: Path) -> None:
        """Start Home Assistant in its config folder, and append what it prints to a file there."""
        server = _fork_server()
        assert server.stdin
        assert server.stdout
        server.stdin.write(f"{folder}\n")
        server.stdin.flush()
        self._descriptor = os.pidfd_open(int(server.stdout.readline()))

    def has_ended(self, seconds: float = 0) -> bool:
        """Return whether the process has ended, or does so within some seconds."""
        return bool(select.select([self._descriptor], [], [], seconds)[0])

    def end(self, number: signal.Signals, seconds: float) -> None:
        """Send a signal, and wait until the process has ended."""
        if not self.has_ended():
            signal.pidfd_send_signal(self._descriptor, number)
            assert self.has_ended(seconds), f"still running {seconds} s after {number.name}"


@cache
def _fork_server() -> subprocess.Popen[str]:
    """Return the process that forks, which all tests of this process share."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.Popen(
        # Not with this folder on the path: Home Assistant would find its custom integrations, and none of those in its own
        [sys.executable, "-P", FORK_SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment | {"PYTHONPATH": str(LIBRARY)},
    )
