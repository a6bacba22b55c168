"""Tests of the bot's settings: it finds every version of the images, so that one pull request changes all of them."""

from fnmatch import fnmatch
import json
from pathlib import Path
import re
import subprocess
from typing import Any, NamedTuple

import pytest

from homeassistant.util.yaml import load_yaml_dict

pytestmark = pytest.mark.end_to_end

ROOT = Path(__file__).parents[1]
SETTINGS: dict[str, Any] = json.loads((ROOT / ".github/renovate.json").read_text(encoding="utf-8"))
ELASTIC, HOME_ASSISTANT = "docker.elastic.co/elasticsearch/elasticsearch", "ghcr.io/home-assistant/home-assistant"
# Where a version decides what runs. Tests and pages may mention older ones.
PLACES = (".github", "docker", "requirements_develop.txt", "scripts")


class Place(NamedTuple):
    """A version in a file."""

    file: str
    position: int
    version: str


def files(*paths: str) -> list[str]:
    """Return the project's files there, without its pages."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *paths]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in output.splitlines() if not name.endswith(".md") and (ROOT / name).is_file()]


def proposed(image: str) -> set[Place]:
    """Return the places where the bot updates an image."""
    (manager,) = (manager for manager in SETTINGS["customManagers"] if manager["depNameTemplate"] == image)
    found = set()
    for file in files(*PLACES):
        if any(fnmatch(file, pattern) for pattern in manager["managerFilePatterns"]):
            text = (ROOT / file).read_text(encoding="utf-8")
            for pattern in manager["matchStrings"]:
                for match in re.finditer(pattern.replace("(?<", "(?P<"), text):
                    found.add(Place(file, match.start("currentValue"), match["currentValue"]))
    return found


@pytest.mark.parametrize("image", [ELASTIC, HOME_ASSISTANT])
def test_every_version_is_found(image: str) -> None:
    """All places have one version, and none is left behind by a pull request."""
    places = proposed(image)
    (version,) = {place.version for place in places}
    actual = set()
    for file in files(*PLACES):
        text = (ROOT / file).read_text(encoding="utf-8", errors="replace")
        actual |= {Place(file, match.start(), version) for match in re.finditer(rf"\b{re.escape(version)}\b", text)}
    assert actual == places


def test_one_bot_proposes_all() -> None:
    assert SETTINGS["enabledManagers"] == ["github-actions", "custom.regex"]
    assert not (ROOT / ".github/dependabot.yml").exists()


def test_tests_run_on_what_is_proposed() -> None:
    """A pull request that changes a version runs the tests, and those of the image or of the user station on it."""

    def runs(workflow: str, file: str) -> bool:
        # YAML reads the key `on` as true
        trigger = load_yaml_dict(ROOT / ".github/workflows" / workflow)[True]["pull_request"]
        return trigger is None or any(fnmatch(file, path.replace("**", "*")) for path in trigger["paths"])

    assert all(runs("tests.yml", place.file) for place in proposed(ELASTIC) | proposed(HOME_ASSISTANT))
    assert any(runs("images.yml", place.file) for place in proposed(HOME_ASSISTANT))
    assert any(runs("user-station.yml", place.file) for place in proposed(ELASTIC))
