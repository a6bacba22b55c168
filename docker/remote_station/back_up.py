#!/usr/bin/env python3
"""Back up Home Assistant's folder every day, while it runs.

Databases are copied by SQLite, so that each copy is whole. A backup appears under its name only when it is complete and on the
disk, and only then are the oldest ones deleted.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
import fcntl
import io
import os
from pathlib import Path
import re
import shutil
import sqlite3
import stat
import sys
import tarfile
import tempfile
import time

CONFIG = Path("/config")
BACKUPS = Path("/backups")
NAME = "anavi_weather-%Y-%m-%d_%H%M%S.tar.gz"
OURS = re.compile(r"anavi_weather-\d{4}-\d{2}-\d{2}_\d{6}\.tar\.gz")
HEAD = b"SQLite format 3\0"
BESIDE_A_DATABASE = ("-wal", "-shm", "-journal")
# What Home Assistant makes again; its own backups, which would double in each of ours, are in the folder `backups`.
LEFT_OUT = re.compile(r"(.*/)?(__pycache__|\.cache|deps|tts)|backups|.*\.log(\..*)?|\.ha_run\.lock")
SMALL = 16 << 20  # bytes of a file that is read at once, so that it cannot change meanwhile
ROUND = 60  # seconds
RETRY = timedelta(hours=1)
OVERDUE = timedelta(hours=30)


class BackupError(Exception):
    """An error that a user has to fix."""


def say(message: str) -> None:
    """Write to the container's log."""
    print(f"[backup] {message}", flush=True)


def existing(backups: Path, now: datetime) -> list[Path]:
    """Return our backups, the oldest first. Those of the future, which a clock that was wrong has named, come before all others."""
    made = [path for path in backups.glob("anavi_weather-*") if OURS.fullmatch(path.name) and _has_time(path)]
    return sorted(made, key=lambda path: (made_at(path) <= now, path.name))


def made_at(backup: Path) -> datetime:
    """Return when a backup was made, in local time."""
    return datetime.strptime(backup.name, NAME)


def _has_time(path: Path) -> bool:
    """Return whether the name of a file has a time that exists."""
    try:
        made_at(path)
    except ValueError:
        return False
    return True


def last_due(now: datetime, at: tuple[int, int]) -> datetime:
    """Return the latest time at which a backup was due."""
    today = now.replace(hour=at[0], minute=at[1], second=0, microsecond=0)
    return today if today <= now else today - timedelta(days=1)


def is_due(backups: Path, now: datetime, at: tuple[int, int]) -> bool:
    """Return whether no backup was made since the latest time at which one was due."""
    made = existing(backups, now)
    return not made or not last_due(now, at) <= made_at(made[-1]) <= now


def files(config: Path) -> Iterator[Path]:
    """Yield what belongs into a backup, folders before what they contain.

    Raises:
        BackupError: if a folder cannot be read.
        OSError: if a disk fails.
    """
    for root, folders, names in os.walk(config, onerror=_check_folder):
        folder = Path(root)
        folders[:] = sorted(name for name in folders if not _is_left_out((folder / name).relative_to(config)))
        for name in (*folders, *sorted(names)):
            if not _is_left_out((folder / name).relative_to(config)):
                yield folder / name


def _check_folder(error: OSError) -> None:
    """Raise the error of a folder, unless that was deleted meanwhile."""
    if isinstance(error, PermissionError):
        raise _forbidden(error.filename) from error
    if not isinstance(error, FileNotFoundError):
        raise error


def _forbidden(path: Path | str) -> BackupError:
    return BackupError(f"{path} cannot be read: run `sudo chown -R root: config` on the machine")


def _is_left_out(path: Path) -> bool:
    return LEFT_OUT.fullmatch(path.as_posix()) is not None


def is_database(path: Path) -> bool:
    """Return whether a file is a database of SQLite."""
    with path.open("rb") as file:
        return file.read(len(HEAD)) == HEAD


def copy_database(source: Path, target: Path) -> None:
    """Copy a database of SQLite, as of one moment, while others write to it."""
    # Nobody has a database without this file open, if it is one with a write-ahead log. Its folder may be read-only here.
    is_at_rest = not source.with_name(source.name + "-wal").exists()
    mode = "immutable=1" if is_at_rest and not os.access(source.parent, os.W_OK) else "mode=ro"
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?{mode}", uri=True, timeout=60)) as database,
        closing(sqlite3.connect(target)) as copy,
    ):
        database.backup(copy)
        # A copy of its own needs no log beside it until Home Assistant opens it.
        copy.execute("PRAGMA journal_mode=DELETE")


def write_archive(config: Path, target: Path, work: Path) -> None:
    """Write a backup.

    Raises:
        BackupError: if a file cannot be read.
    """
    with tarfile.open(target, "x:gz", compresslevel=6) as archive:
        archive.add(config, "config", recursive=False)
        for path in files(config):
            try:
                _add(archive, path, f"config/{path.relative_to(config).as_posix()}", work)
            except FileNotFoundError:
                continue  # deleted meanwhile
            except PermissionError as error:
                raise _forbidden(path) from error


def _add(archive: tarfile.TarFile, path: Path, name: str, work: Path) -> None:
    entry = archive.gettarinfo(path, name)
    if not stat.S_ISREG(path.lstat().st_mode):
        if entry is not None and (entry.isdir() or entry.issym()):
            archive.addfile(entry)
        return
    if path.name.endswith(BESIDE_A_DATABASE) and path.with_name(path.name.rpartition("-")[0]).exists():
        return
    # A link to a file that is in the archive already would have its contents, too, where nobody expects them
    entry.type, entry.linkname, entry.size = tarfile.REGTYPE, "", path.stat().st_size
    if is_database(path):
        copy = work / "database"
        copy_database(path, copy)
        entry.size = copy.stat().st_size
        with copy.open("rb") as file:
            archive.addfile(entry, file)
        copy.unlink()
    elif entry.size <= SMALL:
        content = path.read_bytes()
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    else:
        with path.open("rb") as file:
            archive.addfile(entry, file)


def check_space(config: Path, backups: Path) -> None:
    """Check that a backup fits, however little it can be compressed.

    Raises:
        BackupError: if it may not fit.
    """
    sizes = [_size(path) for path in files(config)]
    # The largest is perhaps a database, of which there is a copy meanwhile
    needed = sum(sizes) + max(sizes, default=0)
    if made := existing(backups, datetime.now()):
        needed = min(needed, 2 * made[-1].stat().st_size + max(sizes, default=0))
    if (free := shutil.disk_usage(backups).free) < needed:
        raise BackupError(
            f"{needed >> 20} MB may be needed, and {free >> 20} MB are free: delete something, set BACKUP_KEEP lower, "
            "or BACKUPS to another disk"
        )


def _size(path: Path) -> int:
    try:
        status = path.lstat()
    except FileNotFoundError:  # deleted meanwhile
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


@contextmanager
def alone(backups: Path) -> Iterator[None]:
    """Wait until no other process makes a backup in a folder. A disk in the network may have no locks."""
    folder = os.open(backups, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def back_up(config: Path, backups: Path, keep: int) -> Path:
    """Make a backup, delete the oldest ones and return the new one.

    Raises:
        BackupError: if a user has to do something first.
        OSError: if something cannot be read or written.
        sqlite3.Error: if a database cannot be copied.
    """
    for left_over in backups.glob(".anavi_weather-*"):  # the power may have failed
        shutil.rmtree(left_over, ignore_errors=True)
    check_space(config, backups)
    target = backups / time.strftime(NAME)
    with tempfile.TemporaryDirectory(prefix=".anavi_weather-", dir=backups) as work:
        new = Path(work) / "new"
        write_archive(config, new, Path(work))
        new.chmod(0o600)
        with new.open("rb") as file:
            os.fsync(file.fileno())
        new.rename(target)
    os.sync()
    for old in existing(backups, datetime.now())[:-keep]:
        old.unlink()
    say(f"{target.name} is made, {target.stat().st_size >> 10} KB")
    return target


def settings() -> tuple[int, tuple[int, int]]:
    """Return how many backups to keep, and at which hour and minute to make them.

    Raises:
        BackupError: if a setting is wrong.
    """
    keep, at = os.environ.get("BACKUP_KEEP", "3"), os.environ.get("BACKUP_AT", "03:30")
    if not re.fullmatch(r"[1-9]\d{0,2}", keep):
        raise BackupError("BACKUP_KEEP is a number of backups, 1 to 999")
    with suppress(ValueError):
        when = datetime.strptime(at, "%H:%M")
        return int(keep), (when.hour, when.minute)
    raise BackupError("BACKUP_AT is a time of day, for example 03:30")


def attempt(config: Path, backups: Path, keep: int) -> bool:
    """Make a backup, and return whether it succeeded."""
    try:
        with alone(backups):
            back_up(config, backups, keep)
    except (BackupError, OSError, sqlite3.Error) as error:
        say(f"ERROR: no backup is made: {error}")
        return False
    return True


def run_forever(config: Path, backups: Path, keep: int, at: tuple[int, int]) -> None:
    """Make a backup each day."""
    # Home Assistant starts first.
    next_attempt = datetime.now() + 10 * timedelta(seconds=ROUND)
    while True:
        time.sleep(ROUND)
        now = datetime.now()
        if now >= next_attempt and is_due(backups, now, at) and not attempt(config, backups, keep):
            next_attempt = now + RETRY


def is_overdue(backups: Path, now: datetime) -> bool:
    """Return whether the newest backup is too old."""
    made = existing(backups, now)
    return not made or not timedelta(0) <= now - made_at(made[-1]) <= OVERDUE


def main(arguments: list[str], config: Path = CONFIG, backups: Path = BACKUPS) -> int:
    """Make a backup each day; with `now`, one at once; with `check`, return 1 if the newest is too old."""
    try:
        keep, at = settings()
    except BackupError as error:
        say(f"ERROR: {error}")
        return 1
    if arguments == ["check"]:
        return int(is_overdue(backups, datetime.now()))
    if arguments == ["now"]:
        return int(not attempt(config, backups, keep))
    os.nice(10)
    say(f"a backup is made each day at {at[0]:02}:{at[1]:02}, and {keep} are kept")
    run_forever(config, backups, keep, at)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
