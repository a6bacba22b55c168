"""Test of scripts/setup."""

import fcntl
import subprocess

import pytest

from .conftest import SCRIPTS

pytestmark = pytest.mark.end_to_end

LOCK = SCRIPTS.parent / ".cache" / "lock"


def test_two_do_not_install_at_once() -> None:
    with LOCK.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        setup = subprocess.Popen([SCRIPTS / "setup", "test"], stderr=subprocess.PIPE, text=True)
        assert setup.stderr
        assert setup.stderr.readline() == "setup: waiting for another scripts/setup\n"
        assert setup.poll() is None
    _, rest = setup.communicate()
    assert (setup.returncode, rest) == (0, "")
