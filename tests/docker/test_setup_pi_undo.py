"""Tests of the copies that setup-pi undoes its changes with."""

import errno
import os
from pathlib import Path
import shutil

import pytest

from .compose import REMOTE_STATION
from .pi import CMDLINE, PLAIN, Pi


def copy(pi: Pi, name: str) -> Path:
    return pi.root / "var/lib/anavi_weather" / name


def test_copies_can_be_checked(pi: Pi) -> None:
    """The copies and their checksums are what `sha256sum --check` takes."""
    pi.run("--yes")
    assert copy(pi, "config.txt.original").read_bytes() == PLAIN
    lines = copy(pi, "checksums").read_text().splitlines()
    assert [line.split("  ")[1] for line in lines] == [
        "cmdline.txt.changed",
        "cmdline.txt.original",
        "config.txt.changed",
        "config.txt.original",
    ]


def test_copies_of_1_0(pi: Pi) -> None:
    """Copies without checksums are used."""
    before = pi.files()
    pi.run("--yes")
    copy(pi, "checksums").unlink()
    pi.run("--undo", "--yes")
    assert pi.files() == before


@pytest.mark.parametrize(
    ("damage", "checksums"),  # 1.0.0 kept no checksums
    [("empty", True), ("missing", True), ("other", True), ("empty", False), ("missing", False)],
)
def test_damaged_copy_of_config(pi: Pi, damage: str, checksums: bool) -> None:
    """A copy that a power failure left empty never becomes config.txt: only the marked lines are removed."""
    before = pi.files()
    pi.run("--yes")
    if not checksums:
        copy(pi, "checksums").unlink()
    if damage == "missing":
        copy(pi, "config.txt.original").unlink()
    else:
        copy(pi, "config.txt.original").write_bytes(b"" if damage == "empty" else b"other\n")
    output = pi.run("--undo", "--yes")
    assert "copy not used" in output
    assert pi.files() == before


def test_damaged_copy_of_cmdline(pi: Pi) -> None:
    """Without its copy, nobody knows whose word it is: the file stays, and the word is named."""
    pi.run("--yes")
    changed = pi.cmdline.read_bytes()
    copy(pi, "cmdline.txt.original").write_bytes(b"")
    output = pi.run("--undo", "--yes")
    assert "Remove these words by hand if they are not yours: cgroup_enable=memory" in output
    assert pi.cmdline.read_bytes() == changed != CMDLINE
    assert pi.config.read_bytes() == PLAIN


def test_no_state_folder(pi: Pi) -> None:
    """A state folder that was deleted leaves the marks."""
    pi.run("--yes")
    shutil.rmtree(copy(pi, ""))
    pi.run("--undo", "--yes")
    assert pi.config.read_bytes() == PLAIN


def test_unwritable_state_changes_nothing(pi: Pi) -> None:
    """Without a place for the copies, config.txt is not touched."""
    (pi.root / "var/lib").mkdir(parents=True)
    (pi.root / "var/lib/anavi_weather").write_text("a file")
    before = pi.files()
    pi.run("--yes", status=1)
    assert pi.files() == before


def test_copies_are_on_disk_before_anything_changes(pi: Pi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each copy, its name and its folder are synchronized before config.txt is replaced."""
    monkeypatch.syspath_prepend(REMOTE_STATION)
    from setup_pi import plan, target as targets

    events = record(monkeypatch)
    target = targets.system_in(pi.root)
    options = plan.Options()
    plan.execute(plan.make_plan(target, options), target, options, may_remove=lambda _: False)
    first_change = events.index(("replace", "config.txt"))
    synchronized = {name for kind, name in events[:first_change] if kind == "fsync"}
    assert {
        "config.txt.original.new",
        "config.txt.changed.new",
        "cmdline.txt.original.new",
        "cmdline.txt.changed.new",
        "checksums.new",
        "anavi_weather",
        "lib",
    } <= synchronized
    assert events[first_change - 1] == ("fsync", "config.txt.new")
    assert events[first_change + 1] == ("fsync", "firmware")


def test_full_disk(pi: Pi, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that cannot be written whole is the old one, with nothing beside it."""
    monkeypatch.syspath_prepend(REMOTE_STATION)
    from setup_pi import files

    def no_space(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = pi.files()
    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(OSError, match="No space left"):
        files.write(pi.config, b"new")
    assert pi.files() == before


def test_modes_stay(pi: Pi) -> None:
    """A file is as readable as it was."""
    pi.cmdline.chmod(0o755)
    pi.run("--yes")
    assert pi.cmdline.stat().st_mode & 0o777 == 0o755


def record(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Record what is synchronized and replaced, in order."""
    events: list[tuple[str, str]] = []
    fsync, replace = os.fsync, Path.replace

    def recording_fsync(descriptor: int) -> None:
        events.append(("fsync", Path(f"/proc/self/fd/{descriptor}").readlink().name))
        fsync(descriptor)

    def recording_replace(self: Path, other: Path) -> Path:
        events.append(("replace", other.name))
        return replace(self, other)

    monkeypatch.setattr("os.fsync", recording_fsync)
    monkeypatch.setattr(Path, "replace", recording_replace)
    return events
