"""Run the tests in kernel guests if KERNEL_RUNNER names a program for that."""

import os
from pathlib import Path
import subprocess

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts/test-kernel"
SECONDS = 5500  # for three attempts
pytestmark = pytest.mark.end_to_end


@pytest.fixture(scope="module")
def output() -> str:
    """Return the output of all guests, which share one kernel because it takes long to start."""
    result = subprocess.run([SCRIPT], capture_output=True, text=True, check=False, timeout=SECONDS)
    return result.stdout + result.stderr


@pytest.mark.skipif("KERNEL_RUNNER" not in os.environ, reason="KERNEL_RUNNER is not set")
@pytest.mark.parametrize("guest", ["guest", "guest_infrared", "guest_setup_pi"])
def test_the_drivers_agree_with_a_real_kernel(guest: str, output: str) -> None:
    assert f"{guest}: passed" in output.splitlines(), output


def test_without_a_kernel_it_says_that_it_is_skipped() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "KERNEL_RUNNER"}
    result = subprocess.run([SCRIPT], env=environment, capture_output=True, text=True, check=True)
    assert result.stdout.startswith("skipped: ")
