"""The chips and infrared devices that the kernel has."""

from collections.abc import Iterator
import ctypes
import errno
import fcntl
import os
from pathlib import Path
import struct
import time

from .finding import Finding, Level

I2C_SLAVE = 0x0703
I2C_SMBUS = 0x0720
LIRC_GET_FEATURES = 0x80046900
CHIPS = {
    "barometer (BMP180, BMP280, BME280, BMP388, BMP390)": (0x77, 0x76),
    "hygrometer (HTU21D, AHT20, SHT3x, SHT4x)": (0x40, 0x38, 0x44, 0x45, 0x46),
    "light meter (BH1750)": (0x23, 0x5C),
}
# seconds; a hygrometer does not answer while it is measuring for Home Assistant
TRIES, PAUSE = 3, 0.06
TRANSMITTER, RECEIVER = "infrared transmitter", "infrared receiver"
PAIR = {TRANSMITTER: 0x2, RECEIVER: 0x40000}


def answers(bus: int, address: int) -> str | None:
    """Return None if no chip answers to its address, probed like i2cdetect, or else a note about who reads it."""
    try:
        fcntl.ioctl(bus, I2C_SLAVE, address)
    except OSError as error:
        if error.errno == errno.EBUSY:
            return " (used by a kernel driver)"
        raise
    quick = ctypes.create_string_buffer(struct.pack("@BBIP", 0, 0, 0, 0))  # struct i2c_smbus_ioctl_data
    for _ in range(TRIES):
        try:
            fcntl.ioctl(bus, I2C_SMBUS, quick)
        except OSError:
            time.sleep(PAUSE)
        else:
            return ""
    return None


def find_chips(path: Path) -> Iterator[Finding]:
    """Return the chips on a bus.

    Raises:
        OSError: if the bus cannot be opened.
    """
    bus = os.open(path, os.O_RDWR)
    try:
        yield Finding(Level.OK, f"I2C bus {path}")
        found = False
        for chip, addresses in CHIPS.items():
            finding = _find_chip(bus, chip, addresses)
            found |= finding.level is Level.OK
            yield finding
        advice = "are the modules in the slots, the right way round?"
        yield Finding(Level.OK if found else Level.FAILED, "at least one chip", "" if found else advice)
    finally:
        os.close(bus)


def _find_chip(bus: int, chip: str, addresses: tuple[int, ...]) -> Finding:
    try:
        found = [f"0x{address:02x}{reader}" for address in addresses if (reader := answers(bus, address)) is not None]
    except OSError as error:
        return Finding(Level.FAILED, chip, error.strerror or str(error))
    return Finding(Level.OK, f"{chip} at {', '.join(found)}") if found else Finding(Level.NOTE, chip, "none responds")


def find_infrared(devices: Path) -> tuple[dict[str, list[Path]], list[Finding]]:
    """Return the infrared devices of each end, by their features, and remarks about those that cannot be used."""
    pair: dict[str, list[Path]] = {end: [] for end in PAIR}
    remarks = []
    for path in sorted(devices.glob("lirc[0-9]*")):
        try:
            device = os.open(path, os.O_RDWR)
            try:
                features = struct.unpack("I", fcntl.ioctl(device, LIRC_GET_FEATURES, bytes(4)))[0]
            finally:
                os.close(device)
        except OSError as error:
            remarks.append(Finding(Level.NOTE, str(path), error.strerror or str(error)))
            continue
        for end, feature in PAIR.items():
            if features & feature:
                pair[end].append(path)
    return pair, remarks
