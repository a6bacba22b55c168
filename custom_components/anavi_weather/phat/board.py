"""Information about the board that Linux has without any transfer on a bus."""

from dataclasses import dataclass
from pathlib import Path

from . import nodes

ADAPTERS = Path("/sys/class/i2c-dev")
HAT = Path("/proc/device-tree/hat")

KIND = "i2c-"
PRODUCT = "ANAVI Infrared pHAT"
BOARD_BUS = 1  # on the pins of a Raspberry Pi's header; 0 belongs to the ID EEPROM, others to displays


@dataclass(frozen=True, slots=True)
class BusInfo:
    """An I2C bus of this machine."""

    path: str
    name: str
    """The kernel's name of the adapter, or an empty string."""

    @property
    def label(self) -> str:
        """The path, and the name if there is one."""
        return f"{self.path} ({self.name})" if self.name else self.path


def buses() -> list[BusInfo]:
    """Return the board's bus first, if it exists, and the others by number."""
    numbers = sorted(nodes.numbers(KIND), key=lambda number: (number != BOARD_BUS, number))
    return [BusInfo(nodes.path_of(KIND, number), _text(ADAPTERS / f"{KIND}{number}" / "name")) for number in numbers]


def product() -> str:
    """Return the name from the board's ID EEPROM, or an empty string if it has none or a container hides it."""
    return _text(HAT / "product")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip("\0\n ")
    except OSError:
        return ""
