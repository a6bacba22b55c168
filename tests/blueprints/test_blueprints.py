"""Tests of all blueprints: Home Assistant imports and loads each, and each exists in Portuguese."""

from pathlib import Path
import sys
from typing import Any

import pytest
from pytest_homeassistant_custom_component.test_util.aiohttp import AiohttpClientMocker

from homeassistant.components.automation.const import DOMAIN as AUTOMATION_DOMAIN
from homeassistant.components.blueprint import importer, models
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import yaml as yaml_util

from .conftest import FOLDER

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts" / "lib"))

import instance

PATHS = sorted(str(file.relative_to(FOLDER)) for file in FOLDER.glob("**/*.yaml"))
SOURCE = "https://github.com/anavi-weather/anavi_weather/blob/main/blueprints/automation/"


def load(path: str) -> dict[str, Any]:
    """Return a blueprint's content."""
    return dict(yaml_util.load_yaml_dict(FOLDER / path))


@pytest.mark.parametrize("path", PATHS)
async def test_home_assistant_imports_a_blueprint_by_its_link(
    hass: HomeAssistant, aioclient_mock: AiohttpClientMocker, path: str
) -> None:
    raw = f"https://raw.githubusercontent.com/anavi-weather/anavi_weather/main/blueprints/automation/{path}"
    aioclient_mock.get(raw, text=(FOLDER / path).read_text(encoding="utf-8"))

    imported = await importer.fetch_blueprint_from_url(hass, SOURCE + path)

    assert imported.suggested_filename == f"anavi-weather/{Path(path).stem}"
    assert imported.blueprint.metadata["name"] == load(path)["blueprint"]["name"]


@pytest.mark.parametrize("path", PATHS)
async def test_home_assistant_loads_a_blueprint(hass: HomeAssistant, path: str) -> None:
    assert await async_setup_component(hass, AUTOMATION_DOMAIN, {})
    blueprints: models.DomainBlueprints = hass.data["blueprint"][AUTOMATION_DOMAIN]
    blueprint = await blueprints.async_get_blueprint(path)

    assert blueprint.validate() is None
    assert blueprint.metadata["source_url"] == SOURCE + path
    assert {"name", "description", "author", "homeassistant"} <= blueprint.metadata.keys()
    for input_ in blueprint.inputs.values():
        assert {"name", "selector"} <= input_.keys()
        # The frontend shows the default in place of an empty number, and fails to draw the field for null
        assert "default" not in input_ or input_["default"] is not None


@pytest.mark.parametrize("existing", ["nothing", "link", "folder"])
async def test_home_assistant_lists_all_blueprints_in_the_folder_of_scripts_develop(
    hass: HomeAssistant, tmp_path: Path, existing: str
) -> None:
    linked = tmp_path / "blueprints" / "automation" / "anavi_weather"
    linked.parent.mkdir(parents=True)
    if existing == "link":
        linked.symlink_to(FOLDER / "anavi_weather", target_is_directory=True)
    elif existing == "folder":
        linked.mkdir()
        (linked / "renamed.yaml").symlink_to(tmp_path / "missing.yaml")
    instance.prepare(tmp_path, "127.0.0.1", 0, "en", reset=False)
    hass.config.config_dir = str(tmp_path)
    assert await async_setup_component(hass, AUTOMATION_DOMAIN, {})
    blueprints: models.DomainBlueprints = hass.data["blueprint"][AUTOMATION_DOMAIN]

    listed = await blueprints.async_get_blueprints()

    assert {path for path in listed if path.startswith("anavi_weather/")} == set(PATHS)
    assert all(isinstance(blueprint, models.Blueprint) for blueprint in listed.values())


@pytest.mark.parametrize("path", [path for path in PATHS if "/pt-BR/" in path])
def test_the_portuguese_blueprint_differs_only_in_its_texts(path: str) -> None:
    def mute(node: Any) -> Any:
        if isinstance(node, dict):
            words = ("name", "description", "label", "title", "message", "source_url")
            return {key: None if key in words and isinstance(item, str) else mute(item) for key, item in node.items()}
        return [mute(item) for item in node] if isinstance(node, list) else node

    assert mute(load(path)) == mute(load(path.replace("/pt-BR/", "/")))


def test_each_blueprint_exists_in_both_languages_and_is_linked_in_the_docs() -> None:
    english = {Path(path).name for path in PATHS if "/pt-BR/" not in path}
    assert english == {Path(path).name for path in PATHS if "/pt-BR/" in path}
    assert len(english) == 6
    page = (FOLDER.parents[1] / "docs" / "automations.md").read_text(encoding="utf-8")
    for path in PATHS:
        address = (SOURCE + path).replace(":", "%3A").replace("/", "%2F")
        assert f"https://my.home-assistant.io/redirect/blueprint_import/?blueprint_url={address}" in page
