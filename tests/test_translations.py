"""Tests that every text exists in every language, with what it is about, and none without a use."""

import ast
from collections.abc import Iterator
import json
from pathlib import Path
import re
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components import anavi_weather
from custom_components.anavi_weather import sensor
from custom_components.anavi_weather.config_flow import OPTIONS_SCHEMA, AnaviWeatherConfigFlow, AnaviWeatherOptionsFlow
from custom_components.anavi_weather.const import CONF_BUS
from custom_components.anavi_weather.meteorology import Forecast
from custom_components.anavi_weather.phat import BusError, ChipId
from custom_components.anavi_weather.system_health import system_health_info
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

FOLDER = Path(anavi_weather.__file__).parent
LANGUAGES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("translations/*.json")}
ENGLISH = LANGUAGES["en"]
ICONS = json.loads((FOLDER / "icons.json").read_text(encoding="utf-8"))
BUS_ERRORS = {error.key for error in BusError.__subclasses__()}

PLACEHOLDERS = {
    "config.error": {"addresses", "bus"},
    "config.step.confirm": {"bus", "chips", "claimed", "foreign"},
    "entity.sensor.chip_": {"chip"},
    "entity.switch.slot": {"chip"},
    "exceptions": {"bus"},
    "issues": {"address", "chip", "error", "station"},
    "options.step.init": {"altitude"},
}


def texts(tree: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Return every text with the path to it."""
    for key, branch in tree.items():
        if isinstance(branch, dict):
            yield from texts(branch, f"{path}{key}.")
        else:
            yield f"{path}{key}", branch


def placeholders(text: str) -> set[str]:
    """Return what a text leaves to be filled in."""
    return set(re.findall(r"{(\w+)}", text))


def constants(module: str, pattern: str) -> set[str]:
    """Return the strings that a module assigns, or passes, to what the pattern matches."""
    found = set()
    for node in ast.walk(ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8"))):
        match node:
            case ast.Assign(targets=[target], value=value) if re.fullmatch(pattern, ast.unparse(target)):
                found |= {part.value for part in ast.walk(value) if isinstance(part, ast.Constant)}
            case ast.keyword(arg=str(name), value=ast.Constant(value=constant)) if re.fullmatch(pattern, name):
                found.add(constant)
    return {constant for constant in found if isinstance(constant, str)}


def steps(flow: type) -> set[str]:
    """Return the steps of a flow of ours."""
    return {name.removeprefix("async_step_") for name in vars(flow) if name.startswith("async_step_")}


@pytest.mark.parametrize("language", sorted(LANGUAGES.keys() - {"en"}))
def test_languages_have_the_same_texts_with_the_same_placeholders(language: str) -> None:
    english = {path: placeholders(text) for path, text in texts(ENGLISH)}
    assert {path: placeholders(text) for path, text in texts(LANGUAGES[language])} == english


def test_the_languages_are_those_that_are_asked_for() -> None:
    assert LANGUAGES.keys() == {"en", "pt-BR"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_well_formed(language: str) -> None:
    for path, text in texts(LANGUAGES[language]):
        assert text, path
        assert text == text.strip(), path
        assert not re.search(r"https?://|<\w", text), f"{path}: links and HTML are not allowed here"


def test_placeholders_are_those_that_are_filled_in() -> None:
    for path, text in texts(ENGLISH):
        known = next((names for start, names in PLACEHOLDERS.items() if path.startswith(start)), set())
        assert placeholders(text) <= known, path


def test_sections_are_those_that_are_used() -> None:
    assert ENGLISH.keys() == {"config", "entity", "exceptions", "issues", "options", "system_health"}


def test_the_steps_of_adding_a_station() -> None:
    config = ENGLISH["config"]
    assert config["step"].keys() == steps(AnaviWeatherConfigFlow)
    for step in ("user", "reconfigure"):
        assert config["step"][step]["data"].keys() == config["step"][step]["data_description"].keys() == {CONF_BUS}
    assert config["error"].keys() == BUS_ERRORS | constants("config_flow", r"errors\['base'\]")
    assert config["abort"].keys() == {"already_configured", "reconfigure_successful"}


def test_the_options() -> None:
    assert ENGLISH["options"]["step"].keys() == steps(AnaviWeatherOptionsFlow)
    options = {str(option) for option in OPTIONS_SCHEMA.schema}
    step = ENGLISH["options"]["step"]["init"]
    assert step["data"].keys() == step["data_description"].keys() == options


def test_exceptions() -> None:
    assert ENGLISH["exceptions"].keys() == BUS_ERRORS | constants("coordinator", "translation_key")


def test_issues() -> None:
    assert ENGLISH["issues"].keys() == constants("repairs", "translation_key")
    for issue in ENGLISH["issues"].values():
        assert issue.keys() == {"title", "fix_flow"}
        assert issue["fix_flow"]["step"].keys() == {"confirm"}


ALL_KINDS = ("BH1750 0x23", "BH1750 0x5c", "BME280 0x76", "BMP180 0x77", "HTU21D 0x40")


@pytest.mark.parametrize("chips", [tuple(ChipId.parse(chip) for chip in ALL_KINDS)])
async def test_entities(hass: HomeAssistant, station: MockConfigEntry) -> None:
    used: dict[str, set[str]] = {}
    for entry in er.async_get(hass).entities.values():
        if entry.translation_key:
            used.setdefault(entry.domain, set()).add(entry.translation_key)

    assert {platform: set(entities) for platform, entities in ENGLISH["entity"].items()} == used
    assert {platform: icons.keys() - used[platform] for platform, icons in ICONS["entity"].items()} == {
        platform: set() for platform in used
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_forecasts(language: str) -> None:
    states = LANGUAGES[language]["entity"]["sensor"]["forecast"]["state"]
    assert list(states) == list(Forecast)
    assert len(set(states.values())) == len(states)
    (description,) = (description for description in sensor.PRESSURE_SENSORS if description.key == "forecast")
    assert description.options == list(Forecast)


async def test_system_health(hass: HomeAssistant) -> None:
    assert ENGLISH["system_health"]["info"].keys() == (await system_health_info(hass)).keys()


def test_icons_are_of_states_that_there_are() -> None:
    assert ICONS["entity"]["sensor"]["forecast"]["state"].keys() <= set(Forecast)
    for platform in ("binary_sensor", "switch"):
        for icons in ICONS["entity"][platform].values():
            assert icons["state"].keys() <= {"on", "off"}
    for icons in ICONS["entity"]["sensor"].values():
        limits = [float(limit) for limit in icons.get("range", ())]
        assert limits == sorted(limits)
    assert all(re.fullmatch("mdi:[a-z0-9-]+", icon) for _, icon in texts(ICONS))
