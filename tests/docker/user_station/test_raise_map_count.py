"""Tests of the script that raises the limit of memory areas, in a folder that stands in for the system."""

from pathlib import Path
import subprocess

import pytest

from .files import FOLDER

WANTED = 1_048_576
DEFAULT = 65_530
OWN = "etc/sysctl.d/99-elasticsearch.conf"
CURRENT = "proc/sys/vm/max_map_count"


def run(root: Path, current: int, **files: str) -> subprocess.CompletedProcess[str]:
    """Run the script on a system with a limit and files of settings, whose names have `_` in place of `/`."""
    for path, text in {CURRENT: f"{current}\n", "etc/sysctl.d/README": "", **files}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return subprocess.run(
        [FOLDER / "raise-map-count"],
        capture_output=True,
        text=True,
        check=False,
        env={"ROOT": str(root), "PATH": "/usr/bin:/bin"},
    )


def limits(root: Path) -> tuple[int, int | None]:
    """Return the limit now, and that of the next start if the script has set one."""
    own = root / OWN
    text = own.read_text(encoding="utf-8") if own.exists() else ""
    return int((root / CURRENT).read_text(encoding="utf-8")), int(text.partition("=")[2]) if text else None


def test_the_default_is_raised_now_and_for_the_next_start(tmp_path: Path) -> None:
    done = run(tmp_path, DEFAULT)
    assert done.returncode == 0, done.stderr
    assert limits(tmp_path) == (WANTED, WANTED)
    assert "raised from 65530 to 1048576" in done.stdout
    again = run(tmp_path, WANTED)
    assert "nothing to do" in again.stdout
    assert limits(tmp_path) == (WANTED, WANTED)


@pytest.mark.parametrize("current", [WANTED, 2_147_483_642])
def test_a_system_that_allows_enough_is_left_alone(tmp_path: Path, current: int) -> None:
    assert run(tmp_path, current).returncode == 0
    assert limits(tmp_path) == (current, None)


def test_what_version_1_0_has_lowered_is_raised_again(tmp_path: Path) -> None:
    """Its README wrote a number that is lower than that of some systems."""
    system = {"usr/lib/sysctl.d/10-map-count.conf": "# for games\nvm.max_map_count=2147483642\n"}
    run(tmp_path, 262_144, **{OWN: "vm.max_map_count=262144\n"}, **system)
    assert limits(tmp_path) == (2_147_483_642, 2_147_483_642)


def test_a_file_that_would_lower_the_limit_at_the_next_start_is_replaced(tmp_path: Path) -> None:
    run(tmp_path, 2_000_000, **{OWN: "vm.max_map_count=262144\n"})
    assert limits(tmp_path) == (2_000_000, 2_000_000)


def test_without_the_right_to_change_it_nothing_changes(tmp_path: Path) -> None:
    run(tmp_path, WANTED)
    (tmp_path / CURRENT).write_text(str(DEFAULT), encoding="utf-8")
    (tmp_path / "etc/sysctl.d/README").unlink()
    (tmp_path / "etc/sysctl.d").rmdir()
    done = subprocess.run(
        [FOLDER / "raise-map-count"], capture_output=True, text=True, check=False,
        env={"ROOT": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 1
    assert "sudo ./raise-map-count" in done.stderr
    assert limits(tmp_path) == (DEFAULT, None)
