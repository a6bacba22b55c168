"""Tests of the daily backup of a station's folder."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
import fcntl
import os
from pathlib import Path
import shutil
import sqlite3
import stat
import tarfile
from types import ModuleType
from typing import Any

from freezegun import freeze_time
import pytest

from .compose import REMOTE_STATION

FILES = {
    "configuration.yaml": "# mine\n",
    ".storage/core.config_entries": '{"key": "secret"}',
    "custom_components/other/manifest.json": "{}",
    "www/log.txt": "no log\n",
}
LEFT_OUT = (
    "home-assistant.log",
    "home-assistant.log.1",
    "custom_components/other/__pycache__/x.pyc",
    "deps/lib.py",
    "tts/a.mp3",
    "backups/Automatic_backup.tar",
    ".cache/x",
    ".ha_run.lock",
)
NOON = datetime(2026, 11, 29, 12, 0)
AT = (3, 30)


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the script as a module."""
    monkeypatch.syspath_prepend(REMOTE_STATION)
    for name in ("BACKUP_AT", "BACKUP_KEEP"):
        monkeypatch.delenv(name, raising=False)
    import back_up

    return back_up


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return the folder of a Home Assistant."""
    config = tmp_path / "config"
    for name in (*FILES, *LEFT_OUT):
        (config / name).parent.mkdir(parents=True, exist_ok=True)
        (config / name).write_text(FILES.get(name, "left out"))
    (config / "link").symlink_to("configuration.yaml")
    (config / "empty").mkdir()
    return config


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    """Return the folder of the backups."""
    backups = tmp_path / "backups"
    backups.mkdir()
    return backups


@pytest.fixture
def database(config: Path) -> Iterator[sqlite3.Connection]:
    """Return a database that is written to, as by Home Assistant's recorder. A row of it is not in its file yet."""
    database = sqlite3.connect(config / "home-assistant_v2.db")
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("CREATE TABLE states (state)")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.execute("INSERT INTO states VALUES ('21.5')")
    database.commit()
    yield database
    database.close()


def restore(backup: Path, folder: Path) -> Path:
    """Unpack a backup, and return the folder of Home Assistant."""
    with tarfile.open(backup) as archive:
        archive.extractall(folder, filter="tar")
    return folder / "config"


def states(config: Path) -> list[str]:
    """Return the rows of the restored database."""
    restored = sqlite3.connect(config / "home-assistant_v2.db")
    try:
        assert restored.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [state for (state,) in restored.execute("SELECT state FROM states")]
    finally:
        restored.close()


def make(backups: Path, *ages: timedelta) -> list[Path]:
    """Create empty backups of some ages at noon."""
    made = [backups / (NOON - age).strftime("anavi_weather-%Y-%m-%d_%H%M%S.tar.gz") for age in ages]
    for path in made:
        path.touch()
    return made


def test_a_backup_of_a_running_station_restores_it(
    module: ModuleType, config: Path, backups: Path, tmp_path: Path, database: sqlite3.Connection
) -> None:
    database.execute("INSERT INTO states VALUES ('not yet committed')")

    backup = module.back_up(config, backups, 3)

    restored = restore(backup, tmp_path / "restored")
    found = {path.relative_to(restored).as_posix() for path in restored.rglob("*") if path.is_file()}
    assert found == {*FILES, "link", "home-assistant_v2.db"}
    assert all((restored / name).read_text() == content for name, content in FILES.items())
    assert (restored / "link").readlink() == Path("configuration.yaml")
    assert (restored / "empty").is_dir()
    assert states(restored) == ["21.5"]
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert list(backups.iterdir()) == [backup], "nothing is left behind"


def test_a_database_at_rest_is_opened_without_its_log(
    module: ModuleType, config: Path, tmp_path: Path, database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its header says that it has a log, which cannot be made in a folder that is read-only."""
    database.close()
    monkeypatch.setattr(module.os, "access", lambda path, mode: False)
    before = {path.name for path in config.iterdir()}
    (tmp_path / "config2").mkdir()
    module.copy_database(config / "home-assistant_v2.db", tmp_path / "config2" / "home-assistant_v2.db")
    assert states(tmp_path / "config2") == ["21.5"]
    assert {path.name for path in config.iterdir()} == before


def test_files_that_change_meanwhile(
    module: ModuleType, config: Path, backups: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SMALL", 4)  # bytes: the others are read while they are written to the archive
    is_database = module.is_database

    def change(path: Path) -> bool:
        answer = is_database(path)
        if path.name == "log.txt":
            path.unlink()
        if path.name == "configuration.yaml":
            with path.open("a") as file:
                file.write("# more\n")
        assert isinstance(answer, bool)
        return answer

    monkeypatch.setattr(module, "is_database", change)
    restored = restore(module.back_up(config, backups, 3), tmp_path / "restored")
    assert not (restored / "www/log.txt").exists()
    assert (restored / "configuration.yaml").read_text() == "# mine\n"
    assert (restored / "custom_components/other/manifest.json").read_text() == "{}"


def test_what_is_no_file_is_left_out(module: ModuleType, config: Path, backups: Path, tmp_path: Path) -> None:
    os.mkfifo(config / "pipe")
    (config / "gone").symlink_to("nowhere")
    restored = restore(module.back_up(config, backups, 3), tmp_path / "restored")
    assert not (restored / "pipe").exists()
    assert (restored / "gone").is_symlink()


def test_each_name_of_a_file_is_restored(module: ModuleType, config: Path, backups: Path, tmp_path: Path) -> None:
    (config / "large").write_bytes(b"x" * (module.SMALL + 1))
    with closing(sqlite3.connect(config / "small.db")) as database:
        database.execute("CREATE TABLE t (x)")
    for name in ("configuration.yaml", "large", "small.db"):
        os.link(config / name, config / f"{name}.other")
    (config / "zones.yaml").touch()
    restored = restore(module.back_up(config, backups, 3), tmp_path / "restored")
    for name in ("configuration.yaml", "large"):
        assert (
            (restored / f"{name}.other").read_bytes() == (restored / name).read_bytes() == (config / name).read_bytes()
        )
    for name in ("small.db", "small.db.other"):
        with closing(sqlite3.connect(restored / name)) as database:
            assert database.execute("SELECT * FROM t").fetchall() == []
    assert (restored / "zones.yaml").exists(), "the last file is there, too"


def test_the_oldest_are_deleted_after_a_success_only(
    module: ModuleType, config: Path, backups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    *_, newest = made = make(backups, *(timedelta(days=days) for days in (4, 3, 2, 1)))
    mine = [
        backups / "anavi_weather-mine.tar.gz",
        backups / "anavi_weather-2026-13-01_000000.tar.gz",
        backups / "notes.txt",
    ]
    for path in mine:
        path.touch()
    monkeypatch.setattr(module, "is_database", lambda path: (_ for _ in ()).throw(PermissionError))
    assert not module.attempt(config, backups, 2)
    assert set(backups.iterdir()) == {*made, *mine}

    monkeypatch.undo()
    monkeypatch.syspath_prepend(REMOTE_STATION)
    backup = module.back_up(config, backups, 2)
    assert set(backups.iterdir()) == {newest, backup, *mine}


def test_a_power_failure_leaves_no_half_backup(module: ModuleType, config: Path, backups: Path) -> None:
    half = backups / ".anavi_weather-abc"
    half.mkdir()
    (half / "new").touch()
    assert module.existing(backups, NOON) == []
    backup = module.back_up(config, backups, 3)
    assert list(backups.iterdir()) == [backup]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (PermissionError(13, "denied", "/config/.storage"), "/config/.storage cannot be read"),
        (OSError(5, "Input/output error"), "Input/output error"),
        (FileNotFoundError(2, "gone"), "is made"),
    ],
)
def test_a_folder_that_cannot_be_read(
    module: ModuleType,
    config: Path,
    backups: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: OSError,
    message: str,
) -> None:
    scandir = os.scandir

    def refuse(folder: Path) -> Any:
        if str(folder).endswith(".storage"):
            raise error
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    assert module.attempt(config, backups, 3) is isinstance(error, FileNotFoundError)
    assert message in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (PermissionError(13, "denied"), "sudo chown -R root: config"),
        (OSError(28, "No space left on device"), "No space left"),
        (sqlite3.OperationalError("database is locked"), "database is locked"),
    ],
)
def test_an_error_is_reported_and_leaves_nothing(
    module: ModuleType,
    config: Path,
    backups: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    message: str,
) -> None:
    def fail(path: Path) -> bool:
        raise error

    monkeypatch.setattr(module, "is_database", fail)
    assert module.main(["now"], config, backups) == 1
    output = capsys.readouterr().out
    assert "ERROR: no backup is made" in output
    assert message in output
    assert list(backups.iterdir()) == []


@pytest.mark.parametrize(
    ("free", "before", "is_enough"),
    [(30_000, None, True), (20_000, None, False), (13_000, 1_000, True), (11_000, 1_000, False)],
)
def test_a_backup_that_may_not_fit_is_not_begun(
    module: ModuleType,
    config: Path,
    backups: Path,
    monkeypatch: pytest.MonkeyPatch,
    free: int,
    before: int | None,
    is_enough: bool,
) -> None:
    (config / "large").write_bytes(b"x" * 10_000)
    (config / ".storage/gone").symlink_to("nowhere")
    if before is not None:
        (path,) = make(backups, timedelta(days=1))
        path.write_bytes(b"x" * before)
    usage = shutil.disk_usage(backups)._replace(free=free)
    monkeypatch.setattr(module.shutil, "disk_usage", lambda path: usage)
    assert module.attempt(config, backups, 3) is is_enough


def test_the_size_of_a_file_that_was_deleted_meanwhile(module: ModuleType, tmp_path: Path) -> None:
    assert module._size(tmp_path / "gone") == 0


@pytest.mark.parametrize(
    ("now", "newest", "due"),
    [
        (NOON, None, True),
        (NOON, NOON.replace(hour=3, minute=31), False),
        (NOON, NOON.replace(hour=3, minute=29), True),
        (NOON, NOON - timedelta(days=9), True),
        (NOON.replace(hour=2), NOON.replace(hour=4) - timedelta(days=1), False),
        (NOON.replace(hour=2), NOON.replace(hour=3) - timedelta(days=1), True),
        (NOON, NOON + timedelta(days=99), True),
    ],
)
def test_when_a_backup_is_due(
    module: ModuleType, backups: Path, now: datetime, newest: datetime | None, due: bool
) -> None:
    """Also after a night in which the Pi was off."""
    if newest:
        make(backups, NOON - newest)
    assert module.is_due(backups, now, AT) is due


def test_it_runs_each_day_and_retries_after_an_hour(
    module: ModuleType, config: Path, backups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[datetime] = []

    class End(Exception):
        """The test has seen enough."""

    def attempt(config: Path, backups: Path, keep: int) -> bool:
        attempts.append(datetime.now())
        assert keep == 5
        if len(attempts) == 2:
            make(backups, NOON - attempts[-1])
        return len(attempts) == 2

    monkeypatch.setattr(module, "attempt", attempt)
    monkeypatch.setattr(module.os, "nice", lambda by: 0)
    monkeypatch.setenv("BACKUP_KEEP", "5")
    with freeze_time(NOON) as time:

        def sleep(seconds: float) -> None:
            time.tick(seconds)
            if datetime.now() > NOON + timedelta(hours=17):
                raise End

        monkeypatch.setattr(module.time, "sleep", sleep)
        with pytest.raises(End):
            module.main([], config, backups)

    first = NOON + timedelta(minutes=10)
    assert attempts[:2] == [first, first + timedelta(hours=1)]
    assert attempts[2] == NOON.replace(hour=3, minute=30) + timedelta(days=1)


def test_one_backup_is_made_at_a_time(
    module: ModuleType, config: Path, backups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = os.open(backups, os.O_RDONLY)

    def begin_another(*_: object) -> None:
        with pytest.raises(BlockingIOError):
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)

    monkeypatch.setattr(module, "check_space", begin_another)
    assert module.attempt(config, backups, 3)
    fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(folder)


def test_backups_of_the_future_do_not_stop_others(module: ModuleType, config: Path, backups: Path) -> None:
    """A clock may have been wrong."""
    make(backups, *(timedelta(days=-days) for days in (99, 98, 97)))
    made = []
    for day in range(4):
        with freeze_time(NOON + timedelta(days=day)):
            made.append(module.back_up(config, backups, 3))
            assert made[-1].exists()
    assert set(backups.iterdir()) == {*made[1:]}


@pytest.mark.parametrize(("hours", "code"), [(None, 1), (29, 0), (31, 1), (-9, 1)])
def test_the_health_check(module: ModuleType, config: Path, backups: Path, hours: int | None, code: int) -> None:
    if hours is not None:
        make(backups, timedelta(hours=hours))
    with freeze_time(NOON):
        assert module.main(["check"], config, backups) == code


@pytest.mark.parametrize(
    ("name", "value"),
    [("BACKUP_KEEP", "0"), ("BACKUP_KEEP", "many"), ("BACKUP_AT", "25:00"), ("BACKUP_AT", "at night")],
)
def test_a_wrong_setting_is_named(
    module: ModuleType,
    config: Path,
    backups: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
) -> None:
    monkeypatch.setenv(name, value)
    assert module.main(["now"], config, backups) == 1
    assert name in capsys.readouterr().out
    assert list(backups.iterdir()) == []
