"""Tests of the folder of Home Assistant that `scripts/develop` prepares."""

from pathlib import Path
import sys
from unittest.mock import patch

import pytest

from homeassistant.components.automation.helpers import async_get_blueprints
from homeassistant.components.blueprint.models import Blueprint
from homeassistant.core import HomeAssistant

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts" / "lib"))

from instance import BLUEPRINTS, prepare

NAMES = {f"anavi_weather/{file.relative_to(BLUEPRINTS)}" for file in BLUEPRINTS.rglob("*.yaml")}


@pytest.mark.parametrize("is_new", [True, False])
async def test_home_assistant_lists_the_blueprints(hass: HomeAssistant, tmp_path: Path, is_new: bool) -> None:
    """Its search does not follow a link to a folder, which earlier versions made."""
    if not is_new:
        folder = tmp_path / "blueprints" / "automation"
        folder.mkdir(parents=True)
        (folder / "anavi_weather").symlink_to(BLUEPRINTS, target_is_directory=True)
    prepare(tmp_path, "127.0.0.1", 18123, "pt-BR", reset=False)

    with patch.object(hass.config, "config_dir", str(tmp_path)):
        listed = await async_get_blueprints(hass).async_get_blueprints()

    found = {name: blueprint for name, blueprint in listed.items() if name.startswith("anavi_weather/")}
    assert found.keys() == NAMES
    assert all(isinstance(blueprint, Blueprint) for blueprint in found.values())


def test_the_instance_speaks_its_language(tmp_path: Path) -> None:
    prepare(tmp_path, "127.0.0.1", 18123, "pt-BR", units="us_customary", reset=False)

    configuration = (tmp_path / "configuration.yaml").read_text(encoding="utf-8")
    assert "language: pt-BR" in configuration
    assert "unit_system: us_customary" in configuration
