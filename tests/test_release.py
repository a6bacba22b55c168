"""Tests of the files of a release: their exact content, and that the same commit always gives the same bytes."""

import json
import os
from pathlib import Path
import re
import shutil
import stat
import subprocess
import tarfile
from typing import Any
import zipfile

import pytest

from homeassistant.util.yaml import load_yaml_dict

pytestmark = pytest.mark.end_to_end

ROOT = Path(__file__).parents[1]
INTEGRATION = ROOT / "custom_components" / "anavi_weather"
REMOTE_STATION = ROOT / "docker" / "remote_station"
WORKFLOWS = ROOT / ".github" / "workflows"
# They make the image, or are pages
NOT_ON_THE_PI = {
    "Dockerfile", "Dockerfile.dockerignore", "README.md", "README.pt-BR.md", "back_up.py", "configuration.yaml", "docker-bake.hcl",
    "entrypoint", "healthcheck.py", "put_in_place.py",
}  # fmt: skip


def release(folder: Path, umask: int = 0o022) -> tuple[Path, Path]:
    """Make the files of a release."""
    subprocess.run([ROOT / "scripts" / "release", folder], check=True, capture_output=True, umask=umask)
    return folder / "anavi_weather.zip", folder / "remote_station.tar"


def tracked(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder that git knows, with their content."""
    output = subprocess.run(["git", "ls-files", "-z"], cwd=folder, capture_output=True, text=True, check=True).stdout
    return {name: (folder / name).read_bytes() for name in output.rstrip("\0").split("\0")}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the zip and the tar of a release."""
    return release(tmp_path_factory.mktemp("release"))


def test_the_zip_is_the_package(files: tuple[Path, Path]) -> None:
    """Nothing is missing, and nothing else is in it. HACS unpacks it into the integration's folder."""
    with zipfile.ZipFile(files[0]) as archive:
        assert archive.testzip() is None
        content = {name: archive.read(name) for name in archive.namelist()}
    assert content == tracked(INTEGRATION)
    assert {"manifest.json", "translations/en.json", "translations/pt-BR.json", "frontend/dashboard.js"} <= set(content)


def test_the_tar_is_the_folder_of_a_station(files: tuple[Path, Path]) -> None:
    """Whatever is added to the folder belongs to a Pi or to the list of what does not."""
    with tarfile.open(files[1]) as archive:
        members = {member.name.removeprefix("remote_station/"): member for member in archive}
        content = {name: archive.extractfile(member) for name, member in members.items()}
        assert {name: file.read() for name, file in content.items() if file} == {
            name: data for name, data in tracked(REMOTE_STATION).items() if name not in NOT_ON_THE_PI
        }
    assert {name for name, member in members.items() if member.mode & stat.S_IXUSR} == {"setup-pi", "start"}
    assert {(member.uid, member.gid) for member in members.values()} == {(0, 0)}


def test_a_commit_always_gives_the_same_bytes(files: tuple[Path, Path], tmp_path: Path) -> None:
    """Anybody can make the files again and compare them, on another day and with other settings."""
    for first, second in zip(files, release(tmp_path, umask=0o077), strict=True):
        assert first.read_bytes() == second.read_bytes()


def test_hacs_downloads_the_zip() -> None:
    """A branch has no zip, so HACS must not offer it."""
    hacs = json.loads((ROOT / "hacs.json").read_text())
    assert (hacs["zip_release"], hacs["filename"], hacs["hide_default_branch"]) == (True, "anavi_weather.zip", True)


def workflow(name: str) -> dict[Any, Any]:
    """Return a workflow. Its key `on` is true in YAML 1.1."""
    content: dict[Any, Any] = load_yaml_dict(WORKFLOWS / f"{name}.yml")
    return content


def steps() -> list[dict[str, Any]]:
    """Return the steps of the workflow."""
    content: list[dict[str, Any]] = workflow("release")["jobs"]["files"]["steps"]
    return content


def test_files_are_attested_before_they_are_uploaded() -> None:
    job = workflow("release")["jobs"]["files"]
    assert job["permissions"] == {"contents": "write", "attestations": "write", "id-token": "write"}
    _, make, attest, upload = steps()
    assert make["run"].rstrip().endswith("scripts/release release")
    assert attest["uses"].startswith("actions/attest@")
    assert attest["with"] == {"subject-path": "release/*"}
    assert re.search(r'gh release upload "\$TAG" release/\*', upload["run"])


def test_a_release_is_published_when_it_is_complete() -> None:
    """HACS and a station that updates would find no zip, and no image, for as long as these are being made."""
    release, images = workflow("release"), workflow("images")
    [publish] = release["jobs"]["publish"]["steps"]
    assert publish["run"] == 'gh release edit "$TAG" --draft=false'
    assert set(release["jobs"]["publish"]["needs"]) == release["jobs"].keys() - {"publish"}
    # A release that a workflow publishes starts no other workflow
    assert release[True].keys() == {"push"}
    assert "release" not in images[True]
    assert release["jobs"]["images"]["uses"] == "./.github/workflows/images.yml"
    push = images["jobs"]["push"]
    assert push["if"] == "github.ref_type == 'tag'"
    assert push["permissions"] == release["jobs"]["images"]["permissions"], "a workflow can only give what it has"
    assert release["jobs"]["images"]["secrets"].keys() == images[True]["workflow_call"]["secrets"].keys()


GH = """#!/bin/bash
echo "$@" >> "$LOG"
[ "$2" != view ] || [ -e "$DRAFT" ] || { echo "release not found" >&2; exit 1; }
"""


@pytest.mark.parametrize(
    ("tag", "is_drafted", "options"),
    [("v1.2.3", False, ["--draft"]), ("v1.2.0b1", False, ["--draft", "--prerelease"]), ("v1.2.3", True, None)],
)
def test_the_draft_of_a_maintainer_is_used(
    tmp_path: Path, tag: str, is_drafted: bool, options: list[str] | None
) -> None:
    gh, draft, log = tmp_path / "gh", tmp_path / "draft", tmp_path / "log"
    gh.write_text(GH)
    gh.chmod(0o755)
    if is_drafted:
        draft.touch()
    (tmp_path / "release").mkdir()
    (tmp_path / "release" / "anavi_weather.zip").touch()
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "LOG": str(log), "DRAFT": str(draft)}
    environment |= {"TAG": tag, "GITHUB_REPOSITORY": "anavi-weather/anavi_weather"}
    script = ["bash", "-eo", "pipefail", "-c", steps()[-1]["run"]]
    subprocess.run(script, cwd=tmp_path, env=environment, check=True, capture_output=True)
    view, *created, upload = log.read_text().splitlines()
    assert view == f"release view {tag}"
    assert upload == f"release upload {tag} release/anavi_weather.zip --clobber"
    if options is None:
        assert created == []
    else:
        [create] = created
        assert create.startswith(f"release create {tag} ")
        assert [word for word in create.split() if word in ("--draft", "--prerelease")] == options


@pytest.mark.skipif(not shutil.which("jq"), reason="jq not found")
@pytest.mark.parametrize(("tag", "status"), [("v{}", 0), ("{}", 0), ("v0.0.1", 1)])
def test_only_the_version_of_the_manifest_is_released(tmp_path: Path, tag: str, status: int) -> None:
    """A wrong tag would be offered as an update again and again."""
    version = json.loads((INTEGRATION / "manifest.json").read_text())["version"]
    script = steps()[1]["run"].replace("scripts/release release", f"scripts/release {tmp_path}/release")
    result = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script], cwd=ROOT, env=os.environ | {"TAG": tag.format(version)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == status, result.stderr
    assert (tmp_path / "release").exists() is not bool(status)
    assert ("::error::" in result.stdout) is bool(status)
