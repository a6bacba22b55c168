"""What makes the firmware read another config.txt than ours, or tryboot.txt.

https://www.raspberrypi.com/documentation/computers/config_txt.html#autoboot-txt, and "Fail-safe OS updates" in the same
documentation.
"""

from collections.abc import Iterator
from pathlib import Path
import re

from .files import decode
from .finding import Finding, Level
from .target import Target

TRYBOOT = "proc/device-tree/chosen/bootloader/tryboot"
BOOT_PARTITION = re.compile(r"^[ \t]*boot_partition=(\d+)", re.MULTILINE)


def notes(target: Target) -> Iterator[Finding]:
    """Yield what the firmware may read instead of config.txt."""
    if not target.is_card and any(_read(target.root / TRYBOOT)):
        advice = "the firmware may have read tryboot.txt instead of config.txt. Restart without it, then run this again"
        yield Finding(Level.NOTE, "this start is a trial (tryboot)", advice)
    elif (target.boot / "tryboot.txt").is_file():
        advice = "a system update may replace config.txt with it. Run this again after the update"
        yield Finding(Level.NOTE, "tryboot.txt exists", advice)
    if partitions := boot_partitions(target):
        advice = (
            f"the firmware starts from partition {partitions}. Prepare the config.txt of each partition that it names"
        )
        yield Finding(Level.NOTE, "autoboot.txt exists", advice)


def boot_partitions(target: Target) -> str:
    """Return the partitions that autoboot.txt names, or an empty text."""
    text = decode(_read(target.boot / "autoboot.txt"))
    return " or ".join(sorted({f"{int(number)}" for number in BOOT_PARTITION.findall(text)} - {"0"}))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
