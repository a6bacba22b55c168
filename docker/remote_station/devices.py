"""Print the chips and infrared devices that the kernel has, with exit status 1 if something is missing.

Used by setup-pi on the Pi itself. Needs only Python 3.11, which Raspberry Pi OS Bookworm has.
"""

import ctypes
import errno
import fcntl
import os
from pathlib import Path
import struct
import sys
import time

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
PAIR = {"infrared transmitter": 0x2, "infrared receiver": 0x40000}


def report(good: bool, what: str, advice: str) -> bool:
    """Print a finding, and return whether it is good."""
    print(f"ok      {what}" if good else f"FAILED  {what}: {advice}")
    return good


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


def check_chips(path: Path) -> bool:
    """Print the chips on the bus, and return whether the bus works and has one."""
    try:
        bus = os.open(path, os.O_RDWR)
    except OSError as error:
        return report(False, f"I2C bus {path}", f"{error.strerror}. Run setup-pi, and restart the Pi")
    good, found = report(True, f"I2C bus {path}", ""), False
    for chip, addresses in CHIPS.items():
        try:
            there = [
                f"0x{address:02x}{reader}" for address in addresses if (reader := answers(bus, address)) is not None
            ]
        except OSError as error:
            good = report(False, chip, error.strerror or str(error))
            continue
        print(f"ok      {chip} at {', '.join(there)}" if there else f"-       {chip}: none answers")
        found |= bool(there)
    os.close(bus)
    return report(found, "at least one chip", "are the modules in the slots, the right way round?") and good


def check_infrared(devices: Path) -> bool:
    """Print the infrared devices by their features, and return whether both ends exist."""
    features = {}
    for path in sorted(devices.glob("lirc*")):
        try:
            device = os.open(path, os.O_RDWR)
            features[path] = struct.unpack("I", fcntl.ioctl(device, LIRC_GET_FEATURES, bytes(4)))[0]
            os.close(device)
        except OSError as error:
            print(f"-       {path}: {error.strerror}")
    good = True
    for what, feature in PAIR.items():
        there = [str(path) for path, value in features.items() if value & feature]
        good &= report(bool(there), " ".join([what, *there]), "there is none. Run setup-pi, and restart the Pi")
    return good


if __name__ == "__main__":
    chips = check_chips(Path(sys.argv[1]) / "i2c-1")
    infrared = check_infrared(Path(sys.argv[1]))
    sys.exit(0 if chips and infrared else 1)
