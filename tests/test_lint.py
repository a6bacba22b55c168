"""Tests of the check of commit messages in `scripts/lint`."""

from collections.abc import Callable
import os
from pathlib import Path
import subprocess
import sys

import pytest

pytestmark = pytest.mark.end_to_end  # git is a process

SCRIPT = Path(__file__).parents[1] / "scripts" / "lib" / "commits.py"
GOOD = "Detect a busy database by SQLite's primary result code"
BAD = "add a chip"

type Git = Callable[..., None]


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the commits of a repository."""
    return subprocess.run([sys.executable, SCRIPT], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return the folder of a repository with one commit on main, on the branch "topic"."""
    return tmp_path / "repository"


@pytest.fixture
def git(repository: Path) -> Git:
    """Return a function that runs git in the repository, which has an old bad subject on main."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    for role in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{role}_NAME": "Somebody", f"GIT_{role}_EMAIL": "somebody@example.com"}
    environment["GIT_CONFIG_GLOBAL"] = os.devnull

    def git(*arguments: str) -> None:
        subprocess.run(["git", "-C", repository, *arguments], env=environment, check=True, capture_output=True)

    repository.mkdir()
    git("init", "--quiet", "--initial-branch=main")
    git("commit", "--allow-empty", "--message", "it was like this, as nobody checked.")
    git("switch", "--quiet", "--create", "topic")
    return git


def commit(git: Git, message: str) -> None:
    git("commit", "--allow-empty", "--cleanup=verbatim", "--message", message)


@pytest.mark.parametrize(
    "message",
    [
        GOOD,
        "A" * 72,
        "Send `nec:0x04` by name",
        f"{GOOD}\n\n{'why ' * 18}\n",
        f"{GOOD}\n\nhttps://example.com/{'a' * 80}\n",
        f"{GOOD}\n\n| a table | {'a' * 80} |\n    {'code ' * 20}\n",
    ],
)
def test_message_that_follows_the_rules(git: Git, repository: Path, message: str) -> None:
    commit(git, message)

    result = check(repository)

    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        ("A" * 73, "the subject has 73 characters, more than 72"),
        (BAD, "the subject does not begin with a capital letter"),
        ("Add a chip.", "the subject ends with a full stop"),
        ("Fix: the chip", "the subject has a colon"),
        ("Add a chip and its simulation", '"and" joins two thoughts in the subject'),
        ("Add a chip, as it exists", '"as" joins two thoughts in the subject'),
        ("Add a chip\nwithout a blank line", "no blank line between subject and body"),
        (f"Add a chip\n\n{'a' * 73}", "line 3 has 73 characters, more than 72"),
    ],
)
def test_message_that_breaks_a_rule(git: Git, repository: Path, message: str, problem: str) -> None:
    commit(git, message)

    result = check(repository)

    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert line.endswith(f'"{message.splitlines()[0]}": {problem}')


def test_every_new_commit_is_checked(git: Git, repository: Path) -> None:
    commit(git, BAD)
    commit(git, GOOD)
    commit(git, "Add a chip.")

    result = check(repository)

    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 2


def test_merge_commit_is_exempt(git: Git, repository: Path) -> None:
    commit(git, GOOD)
    git("switch", "--quiet", "--detach", "main")
    git("merge", "--no-ff", "--message", "merge branch 'topic'", "topic")

    assert check(repository).returncode == 0


def test_on_main_commits_ahead_of_the_remote_are_checked(git: Git, repository: Path) -> None:
    git("update-ref", "refs/remotes/origin/main", "main")
    git("switch", "--quiet", "main")
    assert check(repository).returncode == 0
    commit(git, BAD)

    assert check(repository).returncode == 1


def test_commit_on_either_main_is_not_checked_again(git: Git, repository: Path) -> None:
    git("update-ref", "refs/remotes/origin/main", "main")
    commit(git, BAD)
    git("branch", "--force", "main")
    commit(git, GOOD)

    assert check(repository).returncode == 0


def test_on_main_without_a_remote_there_is_nothing_to_compare_with(git: Git, repository: Path) -> None:
    git("switch", "--quiet", "main")
    commit(git, BAD)

    result = check(repository)

    assert result.returncode == 0
    assert "no other main to compare with: SKIPPED" in result.stderr


def test_detached_clone_without_main_is_skipped(git: Git, repository: Path) -> None:
    commit(git, BAD)
    git("switch", "--quiet", "--detach")
    git("branch", "--quiet", "-D", "main")

    result = check(repository)

    assert result.returncode == 0
    assert "SKIPPED" in result.stderr


def test_branch_without_a_common_ancestor_is_skipped(git: Git, repository: Path) -> None:
    git("switch", "--quiet", "--orphan", "other")
    commit(git, BAD)

    result = check(repository)

    assert result.returncode == 0
    assert "SKIPPED" in result.stderr
