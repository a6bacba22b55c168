"""Tests of the manifest and the quality scale."""

from importlib.metadata import version
import json
from pathlib import Path
import tomllib
from typing import Any

from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
import pytest

from custom_components import anavi_weather
from custom_components.anavi_weather.const import DOMAIN
from homeassistant.util.yaml import load_yaml_dict

FOLDER = Path(anavi_weather.__file__).parent
MANIFEST = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))

# https://developers.home-assistant.io/docs/core/integration-quality-scale/rules
RULES = {
    "bronze": (
        "action-setup",
        "appropriate-polling",
        "brands",
        "common-modules",
        "config-flow",
        "config-flow-test-coverage",
        "dependency-transparency",
        "docs-actions",
        "docs-conditions",
        "docs-high-level-description",
        "docs-installation-instructions",
        "docs-removal-instructions",
        "docs-triggers",
        "entity-event-setup",
        "entity-unique-id",
        "has-entity-name",
        "runtime-data",
        "test-before-configure",
        "test-before-setup",
        "unique-config-entry",
    ),
    "silver": (
        "action-exceptions",
        "config-entry-unloading",
        "docs-configuration-parameters",
        "docs-installation-parameters",
        "entity-unavailable",
        "integration-owner",
        "log-when-unavailable",
        "parallel-updates",
        "reauthentication-flow",
        "test-coverage",
    ),
    "gold": (
        "devices",
        "diagnostics",
        "discovery",
        "discovery-update-info",
        "docs-data-update",
        "docs-examples",
        "docs-known-limitations",
        "docs-supported-devices",
        "docs-supported-functions",
        "docs-troubleshooting",
        "docs-use-cases",
        "dynamic-devices",
        "entity-category",
        "entity-device-class",
        "entity-disabled-by-default",
        "entity-translations",
        "exception-translations",
        "icon-translations",
        "reconfiguration-flow",
        "repair-issues",
        "stale-devices",
    ),
    "platinum": ("async-dependency", "inject-websession", "strict-typing"),
}


def test_the_manifest_is_sorted_and_complete() -> None:
    keys = [key for key in MANIFEST if key not in ("domain", "name")]
    assert list(MANIFEST) == ["domain", "name", *sorted(keys)]
    assert MANIFEST["domain"] == DOMAIN == FOLDER.name


def test_the_version_matches_the_project() -> None:
    project = tomllib.loads((FOLDER.parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert MANIFEST["version"] == project["version"]
    assert AwesomeVersion(MANIFEST["version"]).strategy is AwesomeVersionStrategy.SEMVER


@pytest.mark.parametrize("requirement", MANIFEST["requirements"])
def test_requirements_are_pinned_to_the_tested_versions(requirement: str) -> None:
    name, pinned = requirement.split("==")
    assert version(name) == pinned


def test_all_rules_of_the_quality_scale_are_listed() -> None:
    assert [len(rules) for rules in RULES.values()] == [20, 10, 21, 3]
    rules = load_yaml_dict(FOLDER / "quality_scale.yaml")["rules"]
    assert sorted(rules) == sorted(rule for tier in RULES.values() for rule in tier)


@pytest.mark.parametrize("rule", [rule for tier in RULES.values() for rule in tier])
def test_each_rule_is_done_or_exempt_with_a_reason(rule: str) -> None:
    details: Any = load_yaml_dict(FOLDER / "quality_scale.yaml")["rules"][rule]
    if isinstance(details, str):
        assert details == "done"
    else:
        assert details["status"] in ("done", "exempt")
        assert details["comment"].strip()
