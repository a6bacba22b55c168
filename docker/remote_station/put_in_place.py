#!/usr/bin/env python3
"""Put the integration that is baked into the image into Home Assistant's folder, before Home Assistant starts.

It is a copy and not a link: so a backup has it, and where the backup is restored it is recognised. A mark in it tells what
it was when it was put there. What has no mark, or was changed since, is the user's and is left alone.
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
# Home Assistant makes these together with its own configuration, and not without it.
INCLUDED = {"automations.yaml": "[]\n", "scripts.yaml": "", "scenes.yaml": ""}


def say(what: str) -> None:
    """Tell the container's log."""
    print(f"[{DOMAIN}] {what}", flush=True)


def digest(folder: Path) -> str:
    """Return what stands for all files of a folder, by their names and contents; but not for what Python compiled."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.name == MARK or "__pycache__" in path.parts or (path.is_dir() and not path.is_symlink()):
            continue
        content = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
        name = os.fsencode(path.relative_to(folder))
        total.update(b"%d %d " % (len(name), len(content)) + name + content)
    return total.hexdigest()


def is_ours(folder: Path) -> bool:
    """Return whether a folder was put there from an image, and was not changed since."""
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
    """Put the integration in place, unless the user has one there; OSError if that is not possible."""
    folder = config / "custom_components"
    target, new, old = folder / DOMAIN, folder / f".{DOMAIN}.new", folder / f".{DOMAIN}.old"
    for left_over in (new, old):  # the power may have failed
        shutil.rmtree(left_over, ignore_errors=True)
    there = os.path.lexists(target)
    if there and not is_ours(target):
        say(
            f"WARNING: {target} ({version(target)}) is used, and not the image's {version(baked)}: it did not come from an "
            "image, or was changed since. To use the image's, move it out of custom_components and restart the container."
        )
        return
    before = version(target) if there else ""
    if there and (target / MARK).read_text(encoding="utf-8") == digest(baked):
        say(f"{before} is in place")
        return
    folder.mkdir(exist_ok=True)
    shutil.copytree(baked, new)
    (new / MARK).write_text(digest(new), encoding="utf-8")
    os.sync()
    if there:
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)
    say(f"{version(baked)} was put in place" + (f" of {before}" if before else ""))


def put_configuration(first: Path, config: Path) -> None:
    """Give a new Home Assistant the configuration to begin with; OSError if that is not possible."""
    target = config / CONFIGURATION
    if os.path.lexists(target):
        return
    for name, content in INCLUDED.items():
        if not os.path.lexists(config / name):
            (config / name).write_text(content, encoding="utf-8")
    target.write_bytes(first.read_bytes())
    say(f"{target} is new")


def unwritable(config: Path) -> Path | None:
    """Return the first of what Home Assistant writes to that it may not write to."""
    paths = (config, *config.iterdir(), *(config / ".storage").glob("*"))
    return next((path for path in paths if not path.is_symlink() and not os.access(path, os.W_OK)), None)


def main(image: Path = IMAGE, config: Path = CONFIG) -> int:
    """Do all of it; return 1 where Home Assistant cannot start."""
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
        # Home Assistant with what it has is better than none.
        say(f"ERROR: the integration could not be put in place: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
