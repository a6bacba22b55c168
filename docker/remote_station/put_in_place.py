#!/usr/bin/env python3
"""Copy the image's integration into Home Assistant's folder before Home Assistant starts.

A copy, unlike a link, is part of a backup and is recognized after a restore. A mark in the copy holds the digest of its
files. A folder without a mark, or with other files, belongs to the user and is left alone.
"""

import hashlib
import json
import os
from pathlib import Path
import shutil
import sys

DOMAIN = "anavi_weather"
MARK = ".baked_in"
IMAGE = Path("/opt/anavi_weather")
CONFIG = Path("/config")
CONFIGURATION = "configuration.yaml"
# Home Assistant creates these only together with its own configuration.
INCLUDED = {"automations.yaml": "[]\n", "scripts.yaml": "", "scenes.yaml": ""}


def say(message: str) -> None:
    """Write to the container's log."""
    print(f"[{DOMAIN}] {message}", flush=True)


def digest(folder: Path) -> str:
    """Return a digest of the names and contents of a folder's files, except for compiled Python."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.name == MARK or "__pycache__" in path.parts or (path.is_dir() and not path.is_symlink()):
            continue
        content = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
        name = os.fsencode(path.relative_to(folder))
        total.update(b"%d %d " % (len(name), len(content)) + name + content)
    return total.hexdigest()


def is_ours(folder: Path) -> bool:
    """Return whether a folder was copied from an image and is unchanged."""
    if folder.is_symlink():
        return False
    try:
        return (folder / MARK).read_text(encoding="utf-8") == digest(folder)
    except OSError, UnicodeDecodeError:
        return False


def version(folder: Path) -> str:
    """Return the version of an integration."""
    try:
        return str(json.loads((folder / "manifest.json").read_bytes())["version"])
    except OSError, ValueError, KeyError, TypeError:
        return "without a version"


def put_integration(baked: Path, config: Path) -> None:
    """Copy the integration, unless the user has their own.

    Raises:
        OSError: if the folder cannot be written.
    """
    folder = config / "custom_components"
    target, new, old = folder / DOMAIN, folder / f".{DOMAIN}.new", folder / f".{DOMAIN}.old"
    for left_over in (new, old):  # the power may have failed
        shutil.rmtree(left_over, ignore_errors=True)
    exists = os.path.lexists(target)
    if exists and not is_ours(target):
        say(
            f"WARNING: {target} ({version(target)}) is used, not the image's {version(baked)}: it is not from an "
            "image, or was changed since. To use the image's, move it out of custom_components and restart the container."
        )
        return
    before = version(target) if exists else ""
    if exists and (target / MARK).read_text(encoding="utf-8") == digest(baked):
        say(f"{before} is already in place")
        return
    folder.mkdir(exist_ok=True)
    shutil.copytree(baked, new)
    (new / MARK).write_text(digest(new), encoding="utf-8")
    os.sync()
    if exists:
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)
    say(f"{version(baked)} was put in place" + (f" of {before}" if before else ""))


def put_configuration(first: Path, config: Path) -> None:
    """Write the first configuration of a new Home Assistant.

    Raises:
        OSError: if it cannot be written.
    """
    target = config / CONFIGURATION
    if os.path.lexists(target):
        return
    for name, content in INCLUDED.items():
        if not os.path.lexists(config / name):
            (config / name).write_text(content, encoding="utf-8")
    target.write_bytes(first.read_bytes())
    say(f"{target} is new")


def unwritable(config: Path) -> Path | None:
    """Return the first path that Home Assistant needs to write but cannot, or None."""
    paths = (config, *config.iterdir(), *(config / ".storage").glob("*"))
    return next((path for path in paths if not path.is_symlink() and not os.access(path, os.W_OK)), None)


def main(image: Path = IMAGE, config: Path = CONFIG) -> int:
    """Write the configuration and the integration, and return 1 if Home Assistant cannot start."""
    try:
        if path := unwritable(config):
            say(
                f"ERROR: {path} cannot be written. The container is root without the right to write what belongs to others: "
                "on the machine, run `sudo chown -R root: config` in the folder of compose.yaml."
            )
            return 1
        put_configuration(image / CONFIGURATION, config)
        put_integration(image / "custom_components" / DOMAIN, config)
    except OSError as error:
        # Home Assistant without the integration is better than none.
        say(f"ERROR: the integration could not be put in place: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
