"""Causes of missing devices: config.txt, a pending restart, the firmware, a module, or somebody else on the pin."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
import os
from pathlib import Path
import re

from . import system
from .boot_files import Settings, settings
from .devices import RECEIVER, TRANSMITTER
from .files import decode
from .firmware import read
from .pins import RECEIVER_PIN, TRANSMITTER_PIN
from .target import Target

RUN = "Run: sudo ./setup-pi"
RESTART = "config.txt is right, and takes effect with a restart: sudo reboot"
FIRMWARE = "config.txt is right, but the firmware did not apply it. Look for errors in: sudo vclog --msg"


@dataclass(frozen=True)
class End:
    """An end of the infrared pair, as the kernel names it."""

    pin: int
    compatible: str
    module: str


ENDS = {
    RECEIVER: End(RECEIVER_PIN, "gpio-ir-receiver", "gpio-ir-recv"),
    TRANSMITTER: End(TRANSMITTER_PIN, "gpio-ir-tx", "gpio-ir-tx"),
}


class Diagnosis:
    """What the files of a system say about its devices."""

    def __init__(self, target: Target) -> None:
        """Initialize for a system."""
        self._target = target
        self._root = target.root

    @cached_property
    def settings(self) -> Settings | None:
        """What config.txt has for the board, or None if there is no config.txt."""
        if not self._target.config.is_file():
            return None
        return settings(read(self._target.text(self._target.config), self._target.included))

    def why_no_bus(self) -> str:
        """Return why the bus of the board does not exist, and what to do."""
        if self.settings is None:
            return "no config.txt of a Raspberry Pi. Enable I2C on this system"
        if not self.settings.bus:
            return f"I2C is off in {self._target.config}. {RUN}"
        if self._tree.is_dir() and not self._bus_enabled():
            return RESTART if self.is_pending else FIRMWARE
        return self._why_no_module("i2c-dev", loaded_by_setup=True) or (
            f"the module i2c-dev is loaded, but no bus appeared. {self._see_log('i2c')}"
        )

    def why_no_infrared(self, name: str) -> str:
        """Return why an end of the infrared pair does not exist, and what to do."""
        end = ENDS[name]
        if self.settings is None:
            return "no config.txt of a Raspberry Pi, and no other infrared device"
        overlay = self.settings.receiver if name == RECEIVER else self.settings.transmitter
        claims = [claim for claim in self.settings.claims if claim.pin == end.pin]
        if not overlay or self.settings.wrong:
            reason = (
                f"{claims[0].shown}. To turn this line into a comment"
                if claims and not overlay
                else f"not in {self._target.config}"
            )
            return f"{reason}: sudo ./setup-pi --take-pins" if claims and not overlay else f"{reason}. {RUN}"
        if self._tree.is_dir() and end.compatible not in self._compatibles:
            return RESTART if self.is_pending else FIRMWARE
        if reason := self._why_no_module(end.module):
            return reason
        if owner := self._owner(end.pin):
            line = (
                f", by {claims[0].line.shown}. To turn this line into a comment: sudo ./setup-pi --take-pins"
                if claims
                else ""
            )
            return f"GPIO {end.pin} is in use by {owner}{line}"
        return f"the module {end.module} is loaded, but no device appeared. {self._see_log('gpio-ir')}"

    @cached_property
    def is_pending(self) -> bool:
        """Whether config.txt or cmdline.txt changed since the Pi was started."""
        now = self._read("proc/sys/kernel/random/boot_id").strip()
        noted = self._target.state / "boot_id"
        if now and noted.is_file() and decode(noted.read_bytes()).strip() == now:
            return True
        match = re.search(r"^btime (\d+)$", self._read("proc/stat"), re.MULTILINE)
        files = (self._target.config, self._target.cmdline)
        return bool(match) and any(path.exists() and path.stat().st_mtime > int(match[1]) for path in files if match)

    @property
    def _tree(self) -> Path:
        return self._root / "proc/device-tree"

    def _bus_enabled(self) -> bool:
        node = self._read("proc/device-tree/aliases/i2c1").strip("\0/")
        return self._read(f"proc/device-tree/{node}/status").strip("\0") in ("okay", "ok") if node else True

    @cached_property
    def _compatibles(self) -> set[str]:
        found: set[str] = set()
        for folder, _, names in os.walk(self._tree.resolve()):
            if "compatible" in names:
                found |= set(_text(Path(folder) / "compatible").split("\0"))
        return found

    def _why_no_module(self, module: str, *, loaded_by_setup: bool = False) -> str:
        """Return why a module is not loaded; empty if it is loaded."""
        name = module.replace("-", "_")
        if (self._root / "sys/module" / name).is_dir():
            return ""
        if line := self._blacklisted(name):
            return f"the module {module} is blocked by {line}. Remove this line, then: sudo reboot"
        folder = self._root / "lib/modules" / self._read("proc/sys/kernel/osrelease").strip()
        if not folder.is_dir():
            return f"the module {module} is not loaded, because the kernel was updated: sudo reboot"
        names = _text(folder / "modules.dep") + _text(folder / "modules.builtin")
        if f"/{module}.ko" not in names:
            return f"this kernel has no module {module}. Install the kernel of Raspberry Pi OS: sudo apt-get install linux-image-rpi-v8"
        if f"/{module}.ko" in _text(folder / "modules.builtin"):
            return ""
        if loaded_by_setup and not self._target.loads_module():
            return f"the module {module} is not loaded. {RUN}"
        return f"the module {module} is not loaded: sudo modprobe {module}"

    def _blacklisted(self, name: str) -> str:
        for path in sorted((self._root / "etc/modprobe.d").glob("*.conf")):
            for number, line in enumerate(_text(path).splitlines(), 1):
                words = line.replace("-", "_").split()
                if words[:2] == ["blacklist", name] or (
                    words[:2] == ["install", name] and words[2:3] == ["/bin/false"]
                ):
                    return f"{path}:{number}: {line.strip()}"
        return ""

    def _owner(self, pin: int) -> str:
        """Return who has a pin, by the kernel's log and its tables."""
        refused = re.findall(rf"pin gpio{pin} already requested by (\S+?);", self.kernel_log)
        if refused:
            return str(refused[-1])
        for path in sorted((self._root / "sys/kernel/debug/pinctrl").glob("*/pinmux-pins")):
            if match := re.search(rf"^pin {pin} \(gpio{pin}\): (?!\(|GPIO )(\S+)", _text(path), re.MULTILINE):
                return match[1]
        match = re.search(rf"\(GPIO{pin} +\|([^)]+?) *\)", self._read("sys/kernel/debug/gpio"))
        return match[1] if match else ""

    @cached_property
    def kernel_log(self) -> str:
        """The kernel's messages since the start."""
        return system.output("dmesg") if self._target.is_live else self._read("var/log/dmesg")

    def _see_log(self, word: str) -> str:
        return f"Look for errors in: sudo dmesg | grep {word}"

    def _read(self, path: str) -> str:
        return _text(self._root / path)


def _text(path: Path) -> str:
    try:
        return decode(path.read_bytes())
    except OSError:
        return ""


def lines_of(text: str, pattern: str) -> Iterator[str]:
    """Return the lines of a text that match a pattern."""
    return (line for line in text.splitlines() if re.search(pattern, line))
