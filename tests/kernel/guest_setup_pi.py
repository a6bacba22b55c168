"""Tests of `setup-pi --check` in a guest with a real kernel, started by scripts/test-kernel."""

# ruff: noqa: T201

import os
from pathlib import Path
import subprocess
import sys
import tempfile
from typing import Any

sys.path.insert(0, os.environ["TINY_I2C"])

import tiny_i2c  # type: ignore[import-not-found]

SETUP_PI = os.environ["SETUP_PI"]
BMP180, HTU21D, BH1750 = 0x77, 0x40, 0x23


class Chip:
    """Chip that does not acknowledge the first few messages."""

    def __init__(self, silent: int = 0) -> None:
        """Initialize the chip with the number of messages that it does not acknowledge."""
        self.silent = silent

    def write(self, data: bytes) -> None:
        """Accept any data."""
        if self.silent:
            self.silent -= 1
            raise tiny_i2c.Nak

    def read(self, length: int) -> bytes:
        """Return zeros."""
        return bytes(length)


def check(root: Path) -> tuple[int, str]:
    """Run the check, and return the exit status and the output without the path of the devices."""
    result = subprocess.run([SETUP_PI, "--root", root, "--check"], capture_output=True, text=True, check=False)
    return result.returncode, (result.stdout + result.stderr).replace(f"{root}/dev/", "")


def expect(root: Path, status: int, *lines: str) -> None:
    """Run the check, and compare its exit status and output."""
    got, text = check(root)
    print(text)
    assert got == status, f"exit status {got}"
    assert text.splitlines() == list(lines), f"not as expected: {lines}"


def main(root: Path) -> None:
    """Run all checks."""
    adapter: Any = tiny_i2c.attach({BMP180: Chip(), HTU21D: Chip(silent=2), BH1750: Chip()})
    devices = root / "dev"
    devices.mkdir()
    (devices / "i2c-1").symlink_to(adapter.path)
    # In the opposite order of the guest's devices, because the check goes by their features
    (devices / "lirc0").symlink_to("/dev/lirc1")
    (devices / "lirc1").symlink_to("/dev/lirc0")
    bus = "ok      I2C bus i2c-1"
    barometer = "ok      barometer (BMP180, BMP280, BME280, BMP388, BMP390) at 0x77"
    hygrometer = "ok      hygrometer (HTU21D, AHT20, SHT3x, SHT4x) at 0x40"
    no_hygrometer = "-       hygrometer (HTU21D, AHT20, SHT3x, SHT4x): none responds"
    light = "ok      light meter (BH1750) at 0x23"
    some = "ok      at least one chip"
    pair = "ok      infrared transmitter lirc1", "ok      infrared receiver lirc0"
    expect(root, 0, bus, barometer, hygrometer, light, some, *pair)

    del adapter.chips[HTU21D]
    (devices / "lirc1").unlink()
    no_transmitter = "FAILED  infrared transmitter: no config.txt of a Raspberry Pi, and no other infrared device"
    expect(root, 1, bus, barometer, no_hygrometer, light, some, no_transmitter, pair[1])

    # A receiver where the transmitter should be: `gpio-ir-tx` without its pin
    (devices / "lirc1").symlink_to("/dev/lirc1")
    both = "ok      infrared receiver lirc0 lirc1"
    expect(root, 1, bus, barometer, no_hygrometer, light, some, no_transmitter, both)

    number = adapter.path.removeprefix("/dev/i2c-")
    Path(f"/sys/bus/i2c/devices/i2c-{number}/new_device").write_text("bh1750 0x23")
    claimed = "ok      light meter (BH1750) at 0x23 (used by a kernel driver)"
    expect(root, 1, bus, barometer, no_hygrometer, claimed, some, no_transmitter, both)
    Path(f"/sys/bus/i2c/devices/i2c-{number}/delete_device").write_text("0x23")

    adapter.chips.clear()
    none = "FAILED  at least one chip: are the modules in the slots, the right way round?"
    status, text = check(root)
    assert status == 1
    assert none in text.splitlines(), text


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(Path(folder))
    print("ok: setup-pi --check reports the devices")
