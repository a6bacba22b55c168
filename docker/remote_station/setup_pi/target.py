"""The system that is prepared: this one, one in a folder, or a memory card in a card reader."""

from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from .boot_files import BEGIN, END, BootFileError
from .files import UndoCopies, decode
from .firmware import read
from .output import Failure

MOVED = "has moved to /boot/firmware/config.txt"  # in the file that Bookworm leaves in the old place
MARK = "# By setup-pi of anavi_weather"
# Home Assistant OS imports the folder CONFIG once, and deletes it. This note says that setup-pi has made it.
IMPORTED = "modules"
MODULES_FILE = f"{MARK}: I2C buses appear in /dev\ni2c-dev\n"


class Kind(Enum):
    """Operating systems that can be prepared."""

    RASPBERRY_PI_OS = "Raspberry Pi OS"
    HOME_ASSISTANT_OS = "Home Assistant OS"


@dataclass(frozen=True)
class Target:
    """A system that is prepared."""

    root: Path
    boot: Path
    """The folder that the firmware reads."""
    state: Path
    """The folder to undo changes with."""
    kind: Kind = Kind.RASPBERRY_PI_OS
    is_card: bool = False

    @property
    def is_live(self) -> bool:
        """Return whether this is the system that runs now."""
        return self.root == Path("/") and not self.is_card

    @property
    def config(self) -> Path:
        """Return the settings of the firmware."""
        return self.boot / "config.txt"

    @property
    def cmdline(self) -> Path:
        """Return the kernel's command line, which config.txt may have in another place."""
        values = read(self.text(self.config), self.included).values if self.config.is_file() else {}
        name = values.get("cmdline", "cmdline.txt")
        path = self.boot / (name.lstrip("/") if name.startswith("/") else values.get("os_prefix", "") + name)
        return path if self._is_inside(path) else self.boot / "cmdline.txt"

    @property
    def copies(self) -> UndoCopies:
        """Return the copies to undo changes with."""
        return UndoCopies(self.state)

    def text(self, path: Path) -> str:
        """Return the text of a file.

        Raises:
            Failure: if the file cannot be read.
        """
        try:
            return decode(path.read_bytes())
        except OSError as error:
            raise Failure(f"{path}: {error.strerror}. No changes made") from error

    def included(self, name: str) -> str | None:
        """Return the text of a file that config.txt includes."""
        path = self.boot / name
        try:
            return decode(path.read_bytes()) if self._is_inside(path) else None
        except (OSError, ValueError):
            return None

    def _is_inside(self, path: Path) -> bool:
        return path.resolve().is_relative_to(self.boot.resolve())

    @property
    def modules_file(self) -> Path | None:
        """Return the file to load the module of the I2C devices with, or None if only the command line can."""
        if self.kind is Kind.HOME_ASSISTANT_OS:
            folder = self.boot / "CONFIG/modules"
            taken = (folder / "rpi-i2c.conf").exists() and not is_ours(folder / "rpi-i2c.conf")
            return folder / ("anavi_weather.conf" if taken else "rpi-i2c.conf")
        return None if self.is_card else self.root / "etc/modules-load.d/anavi_weather.conf"

    def loads_module(self) -> bool:
        """Return whether a file loads the module of the I2C devices."""
        file = self.modules_file
        if file is None:
            return False
        if self.kind is Kind.HOME_ASSISTANT_OS and not (self.boot / "CONFIG").exists():
            return (self.state / IMPORTED).exists()
        files = [*file.parent.glob("*.conf"), *([] if self.is_card else [self.root / "etc/modules"])]
        return any("i2c-dev" in map(str.strip, _lines(path)) for path in files)


def is_ours(path: Path) -> bool:
    """Return whether a file was made by setup-pi."""
    return next(iter(_lines(path)), "").startswith(MARK)


def _lines(path: Path) -> list[str]:
    try:
        return decode(path.read_bytes()).splitlines()
    except OSError:
        return []


def system_in(root: Path) -> Target:
    """Return the Raspberry Pi OS in a folder."""
    boot = root / "boot/firmware"
    if not (boot / "config.txt").is_file():
        boot = root / "boot"  # before Bookworm
    return Target(root, boot, root / "var/lib/anavi_weather")


def card_in(boot: Path) -> Target:
    """Return the system of a memory card by its boot partition, which also takes the copies to undo changes with."""
    target = Target(Path("/"), boot, boot / "anavi_weather_undo", is_card=True)
    if not target.config.is_file() or not target.cmdline.is_file():
        return target
    # On a Pi 5, the firmware starts its kernel. On the others, the firmware starts U-Boot.
    starts_u_boot = read(target.text(target.config), target.included).values.get("kernel") == "u-boot.bin"
    if starts_u_boot or " rauc.slot=" in target.text(target.cmdline):
        return replace(target, kind=Kind.HOME_ASSISTANT_OS)
    return target


def require_boot_files(target: Target) -> None:
    """Refuse what is no Raspberry Pi's boot partition, or is damaged.

    Raises:
        Failure: if a file is missing.
        BootFileError: if a file is damaged.
    """
    if not target.config.is_file() or not target.cmdline.is_file():
        raise Failure(
            f"{target.config} and {target.cmdline.name}: not found. Is this the boot partition of Raspberry Pi OS or Home "
            "Assistant OS? No changes made"
            if target.is_card
            else f"{target.root / 'boot/firmware/config.txt'} and cmdline.txt: not found. Is this Raspberry Pi OS? For a memory "
            "card, name its boot partition with --card. No changes made"
        )
    if MOVED in target.text(target.config):
        raise Failure(f"{target.config} has moved to /boot/firmware, which is not mounted: sudo mount /boot/firmware")
    if len([line for line in target.text(target.cmdline).split("\n") if line.strip()]) != 1:
        raise BootFileError(f"{target.cmdline} must have one line. Correct it first")
    config = target.text(target.config)
    if config.count(BEGIN) != config.count(END):
        raise BootFileError(f"in {target.config}, {BEGIN} has no {END}. Put it back where this part ends")
