"""Device nodes: in /dev, or in the folder where a container has those of its machine."""

from pathlib import Path

DEVICES = Path("/dev")
MACHINE_DEVICES = Path("/run/devices")
"""The machine's /dev in a container. Unlike the container's own, it follows devices that are plugged in and unplugged."""


def numbers(kind: str) -> list[int]:
    """Return the sorted numbers of the devices whose names are the kind, such as `lirc`, and a number."""
    names = (
        path.name.removeprefix(kind) for folder in (DEVICES, MACHINE_DEVICES) for path in folder.glob(f"{kind}[0-9]*")
    )
    return sorted({int(name) for name in names if name.isdecimal()})


def path_of(kind: str, number: int) -> str:
    """Return the path that a device is known by, wherever its node is."""
    return f"{DEVICES}/{kind}{number}"


def locate(path: str) -> str:
    """Return the node of a device that is known by a path in /dev."""
    elsewhere = MACHINE_DEVICES / Path(path).name
    return str(elsewhere) if not Path(path).exists() and elsewhere.exists() else path
