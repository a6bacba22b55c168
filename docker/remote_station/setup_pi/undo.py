"""Undoing of what setup-pi did."""

from contextlib import suppress
from pathlib import Path
import shutil

from . import system, unit
from .boot_files import LIMITS, LOAD_MODULE, has_marks
from .files import DamagedCopyError, encode, sync_folder, write
from .output import say
from .plan import base
from .target import Target, is_ours, require_boot_files


def is_prepared(target: Target) -> bool:
    """Return whether setup-pi has changed something."""
    return target.state.is_dir() or has_marks(target.text(target.config)) or bool(_created(target))


def undo(target: Target) -> bool:
    """Undo everything, and return whether that needs a restart.

    Raises:
        Failure: if a file cannot be read.
        BootFileError: if a file is damaged.
    """
    require_boot_files(target)
    restart = False
    for path in (target.config, target.cmdline):
        restart |= _undo_file(target, path)
    if target.is_live:
        unit.disable()
    for path in _created(target):
        path.unlink()
        sync_folder(path.parent)
        restart = True
    for folder in _noted(target, "folders"):
        _remove_empty(target.boot / folder)
    if target.is_live:
        _undo_system(target)
    if target.state.exists():
        shutil.rmtree(target.state)
    return restart


def _undo_file(target: Target, path: Path) -> bool:
    text, remark = base(target, path)
    now = target.text(path)
    if remark:
        say(remark)
        words = [word for word in (LIMITS, LOAD_MODULE) if word in now.split()]
        if path == target.cmdline and words:
            say(f"{path}: not changed. Remove these words by hand if they are not yours: {' '.join(words)}")
    if text == now:
        return False
    if not _is_unchanged(target, path, now):
        say(f"{path}: changed since. Only the changes of setup-pi are removed.")
    write(path, encode(text))
    return True


def _is_unchanged(target: Target, path: Path, now: str) -> bool:
    try:
        copies = target.copies.load(path.name)
    except DamagedCopyError:
        return False
    return bool(copies and copies[1] == encode(now))


def _created(target: Target) -> list[Path]:
    files = [target.modules_file, *((unit.UNIT, unit.MODULES) if target.is_live else ())]
    return [file for file in files if file and is_ours(file)]


def _remove_empty(folder: Path) -> None:
    with suppress(OSError):  # the user has put something there meanwhile
        folder.rmdir()


def _noted(target: Target, name: str) -> list[str]:
    try:
        return (target.state / name).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def _undo_system(target: Target) -> None:
    for line in _noted(target, "groups"):
        user, _, group = line.partition(" ")
        system.remove_from_group(user, group)
    if system.remove_packages(_noted(target, "packages")):
        system.bring_back(_noted(target, "removed"))
    system.remove_repository()
