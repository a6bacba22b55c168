"""What a push, a pull request and a release set off: nothing that may change under the same name, and no right too many."""

from pathlib import Path
import re
from typing import Any

import pytest

from homeassistant.util.yaml import load_yaml_dict

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"\s*(?:- )?uses: [\w./-]+@[0-9a-f]{40}  # \S+")

pytestmark = pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)


def jobs(file: Path) -> dict[str, Any]:
    """Return a workflow's jobs."""
    content: dict[str, Any] = load_yaml_dict(file)["jobs"]
    return content


def test_actions_are_pinned_by_digest(file: Path) -> None:
    uses = [line for line in file.read_text(encoding="utf-8").splitlines() if "uses:" in line]
    assert uses
    assert [line for line in uses if not PINNED.fullmatch(line)] == []


def test_rights_are_those_of_a_reader_unless_a_job_says_so(file: Path) -> None:
    assert load_yaml_dict(file)["permissions"] == {"contents": "read"}


def test_a_job_does_not_run_for_ever_and_keeps_no_credentials(file: Path) -> None:
    for job in jobs(file).values():
        assert job["timeout-minutes"] <= 60
        for step in job["steps"]:
            if "checkout" in step.get("uses", ""):
                assert step["with"] == {"persist-credentials": False}


def test_what_is_run_is_there(file: Path) -> None:
    for job in jobs(file).values():
        for step in job["steps"]:
            for command in re.findall(r"^(?:scripts|docker|tests)/\S+", step.get("run", ""), re.MULTILINE):
                assert (ROOT / command).exists(), command
