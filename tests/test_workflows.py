"""Tests of the workflows: pinned actions, minimal permissions, existing commands."""

from pathlib import Path
import re
import subprocess
from typing import Any

import pytest

from homeassistant.util.yaml import load_yaml_dict

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"\s*(?:- )?uses: [\w./-]+@[0-9a-f]{40}  # \S+")

each = pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)


def jobs(file: Path) -> dict[str, Any]:
    """Return a workflow's jobs, without those that are another workflow."""
    content: dict[str, Any] = load_yaml_dict(file)["jobs"]
    return {name: job for name, job in content.items() if "steps" in job}


@each
def test_actions_are_pinned_by_digest(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    uses = [line for line in lines if "uses:" in line and "uses: ./" not in line]
    assert uses
    assert [line for line in uses if not PINNED.fullmatch(line)] == []


@each
def test_default_permission_is_to_read(file: Path) -> None:
    assert load_yaml_dict(file)["permissions"] == {"contents": "read"}


@each
def test_jobs_have_a_timeout_and_keep_no_credentials(file: Path) -> None:
    for job in jobs(file).values():
        assert job["timeout-minutes"] <= 60
        for step in job["steps"]:
            if "checkout" in step.get("uses", ""):
                assert step["with"] == {"persist-credentials": False}


@each
def test_commands_exist(file: Path) -> None:
    for job in jobs(file).values():
        for step in job["steps"]:
            for command in re.findall(r"^(?:scripts|docker|tests)/\S+", step.get("run", ""), re.MULTILINE):
                assert (ROOT / command).exists(), command


def test_the_image_is_attested_where_it_is_published() -> None:
    """By the digest that was pushed, so that nobody can move a tag to another image unnoticed."""
    job = jobs(ROOT / ".github" / "workflows" / "images.yml")["push"]
    assert {"attestations": "write", "id-token": "write"}.items() <= job["permissions"].items()
    bake, attest = job["steps"][-2:]
    assert bake["id"] == "bake"
    assert attest["uses"].startswith("actions/attest@")
    assert attest["with"]["subject-name"] == "${{ steps.names.outputs.name }}"
    assert "fromJSON(steps.bake.outputs.metadata).remote_station[" in attest["with"]["subject-digest"]


@pytest.mark.end_to_end
@pytest.mark.parametrize(("version", "more"), [("1.2.3", ["latest"]), ("1.2.0b1", [])])
@pytest.mark.parametrize("account", ["", "Somebody"])
def test_a_release_is_pushed_to_every_registry_with_an_account(
    tmp_path: Path, account: str, version: str, more: list[str]
) -> None:
    """A fork without Docker Hub's secrets can release too. A pre-release is not tagged as the latest."""
    steps = jobs(ROOT / ".github" / "workflows" / "images.yml")["push"]["steps"]
    [names] = [step["run"] for step in steps if step.get("id") == "names"]
    [login] = [step for step in steps if "DOCKERHUB_TOKEN" in str(step)]
    assert login["if"] == "env.DOCKERHUB != ''"
    output = tmp_path / "output"
    environment = {"TAG": f"v{version}", "OWNER": "Somebody", "DOCKERHUB": account}
    subprocess.run(
        ["bash", "-eo", "pipefail", "-c", names], env={**environment, "GITHUB_OUTPUT": str(output)}, check=True
    )
    name, first, *lines, last = output.read_text(encoding="utf-8").splitlines()
    assert (name, first, last) == ("name=ghcr.io/somebody/remote_station", "tags<<END", "END")
    images = [
        "ghcr.io/somebody/remote_station",
        *(["docker.io/somebody/anavi_weather_remote_station"] if account else []),
    ]
    assert lines == [f"remote_station.tags={image}:{tag}" for image in images for tag in (version, *more)]
