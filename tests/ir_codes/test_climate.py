"""Tests of the states of air conditioners."""

from collections.abc import Mapping
import json
from typing import Any

import pytest

from custom_components.anavi_weather.ir_codes.climate import AirConditioner, ClimateState, Power, state_name
from custom_components.anavi_weather.ir_codes.smartir import parse_smartir


def air_conditioner(*names: str, **codes: str) -> AirConditioner:
    """Return an air conditioner with commands that have codes of their own, except those given."""
    return AirConditioner({name: [name] for name in names} | {name: [code] for name, code in codes.items()})


def from_file(commands: Mapping[str, Any]) -> AirConditioner:
    """Return the air conditioner of a file in SmartIR's form."""
    text = json.dumps({"commandsEncoding": "Raw", "supportedController": "ESPHome", "commands": commands})
    (remote,) = parse_smartir(text).values()
    return AirConditioner({name: [name] for name in remote.commands})


@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        ({"cool": {"low": {"18": [1, -1]}}}, ClimateState("cool", fan="low", temperature=18)),
        ({"heat": {"low": {"off": {"18.5": [1, -1]}}}}, ClimateState("heat", fan="low", swing="off", temperature=18.5)),
        ({"dry": {"24": [1, -1]}}, ClimateState("dry", temperature=24)),
        ({"fan_only": {"high": [1, -1]}}, ClimateState("fan_only", fan="high")),
        ({"auto": [1, -1]}, ClimateState("auto")),
        ({"fan": {"2": {"86": [1, -1]}}}, ClimateState("fan_only", fan="2", temperature=86)),
        ({"fan_only": {"2": [1, -1]}}, ClimateState("fan_only", fan="2")),
        ({"cold": {"auto": {" 20": [1, -1]}}}, ClimateState("cool", fan="auto", temperature=20)),
        ({"dry": {"-": {"16": [1, -1]}}}, ClimateState("dry", temperature=16)),
        ({"fan_only": {"low": {"-": [1, -1]}}}, ClimateState("fan_only", fan="low")),
        ({"cool": {"low": {"-": {"16": [1, -1]}}}}, ClimateState("cool", fan="low", temperature=16)),
        ({"fan-only": {"high": [1, -1]}}, ClimateState("fan_only", fan="high")),
        ({"heat-cool": {"auto": {"20": [1, -1]}}}, ClimateState("heat_cool", fan="auto", temperature=20)),
        ({"heat_cool": {"auto": {"20": [1, -1]}}}, ClimateState("heat_cool", fan="auto", temperature=20)),
        ({"ai": {"auto": {"20": [1, -1]}}}, ClimateState("auto", preset="ai", fan="auto", temperature=20)),
        ({"fan": {"fan_low": [1, -1]}}, ClimateState("fan_only", fan="low")),
        ({"heat": {"auto": {"heat_auto_16": [1, -1]}}}, ClimateState("heat", fan="auto", temperature=16)),
    ],
)
def test_state_of_each_shape_of_file(commands: Mapping[str, Any], expected: ClimateState) -> None:
    found = from_file(commands)
    assert list(found.commands) == [expected]
    assert found.meaning(found.commands[expected]) == expected


@pytest.mark.parametrize("swing", ["", "_off", "_up_down"])
def test_preset_before_the_fan_speed(swing: str) -> None:
    found = air_conditioner(
        *(f"cool_{preset}_{fan}{swing}_20" for preset in ("normal", "Eco") for fan in ("low", "auto"))
    )
    assert (found.options("preset", None), found.options("fan", None)) == (["normal", "eco"], ["low", "auto"])
    assert found.options("swing", None) == ([swing[1:]] if swing else [])


def test_no_preset_before_the_fan_speed() -> None:
    found = air_conditioner("cool_none_low_20", "cool_eco_low_20", "heat_-_medium_high_20", "fan_only_low")
    assert list(found.commands) == [
        ClimateState("cool", fan="low", temperature=20),
        ClimateState("cool", preset="eco", fan="low", temperature=20),
        ClimateState("heat", fan="medium_high", temperature=20),
        ClimateState("fan_only", fan="low"),
    ]


def test_fan_speeds_that_presets_are_named_like() -> None:
    found = air_conditioner(*(f"cool_{fan}_{swing}_20" for fan in ("normal", "auto") for swing in ("low", "high")))
    assert (found.options("preset", None), found.options("fan", None)) == ([], ["normal", "auto"])
    assert found.options("swing", None) == ["low", "high"]


def test_fan_speed_of_two_words() -> None:
    found = air_conditioner("cool_low_20", "cool_medium_low_20", "cool_high_20")
    assert (found.options("preset", None), found.options("fan", None)) == ([], ["low", "medium_low", "high"])


def test_temperature_before_the_swing() -> None:
    found = air_conditioner("cool_low_24_swing", "cool_low_24_off", "heat_22_low_swing")
    assert list(found.commands) == [
        ClimateState("cool", fan="low", swing="swing", temperature=24),
        ClimateState("cool", fan="low", swing="off", temperature=24),
        ClimateState("heat", fan="low", swing="swing", temperature=22),
    ]


@pytest.mark.parametrize("name", ["cool_auto_21", "Cool_Auto_21", "cool auto 21", "COOL_AUTO_21"])
def test_names_that_users_choose(name: str) -> None:
    assert air_conditioner(name).meaning(name) == ClimateState("cool", fan="auto", temperature=21)


@pytest.mark.parametrize("name", ["cool21", "cool_21", "cool 21"])
def test_name_without_a_fan_speed(name: str) -> None:
    assert air_conditioner(name).meaning(name) == ClimateState("cool", temperature=21)


@pytest.mark.parametrize("name", ["led", "coolest_21", "autofocus", "sources_Channel 1", ""])
def test_other_names(name: str) -> None:
    found = air_conditioner(name)
    assert found.meaning(name) is None
    assert (found.commands, found.modes, found.is_fahrenheit) == ({}, [], False)


def test_fan_speeds_and_swings_are_named_as_in_home_assistant() -> None:
    fans = ("mid", "mediumHigh", "level1", "hi-power", "Auto + Swing", "風")
    names = [f"cool_{fan}_{swing}_20" for fan in fans for swing in ("On", "3D auto", "stop_swing")]
    found = air_conditioner(*names)
    assert found.options("fan", None) == ["medium", "medium_high", "level_1", "hi_power", "auto_swing", "風"]
    assert found.options("swing", None) == ["on", "3d_auto", "stop_swing"]
    assert len(found.commands) == len(names)


def test_options_that_would_have_one_name() -> None:
    found = air_conditioner(*(f"cool_{fan}_20" for fan in ("Low", "low", "LOW", "lOw")))
    assert found.options("fan", None) == ["low", "low_2", "LOW", "l_ow"]
    assert len(found.commands) == 4


def test_presets_have_more_words_than_other_states() -> None:
    found = air_conditioner("cool_low_20", "cool_auto_20", "heat_auto_20", "cool_econo_auto_20")
    assert found.options("preset", None) == found.options("preset", "cool") == ["econo"]
    assert found.options("preset", "heat") == []
    assert found.options("swing", None) == []
    assert found.options("fan", None) == ["low", "auto"]


def test_temperatures_of_a_mode() -> None:
    found = air_conditioner("cool_20", "cool_18.5", "heat_30", "fan_only_low")
    assert found.temperatures("cool") == [18.5, 20]
    assert found.temperatures("fan_only") == []
    assert found.temperatures(None) == [18.5, 20, 30]
    assert found.modes == ["cool", "heat", "fan_only"]


def test_step() -> None:
    found = air_conditioner("cool_20", "cool_20.5", "cool_22", "heat_20", "dry_18", "dry_20")
    assert [found.temperature_step(mode) for mode in ("cool", "heat", "dry", None)] == [0.5, None, 2, 0.5]


@pytest.mark.parametrize(("names", "expected"), [(("cool_45",), False), (("heat_60", "fan_only_low"), True)])
def test_unit(names: tuple[str, ...], expected: bool) -> None:
    assert air_conditioner(*names).is_fahrenheit is expected


def test_first_of_two_names_of_a_state_sends_it() -> None:
    found = air_conditioner("fan_low_20", "fan_only_low_20")
    state = ClimateState("fan_only", fan="low", temperature=20)
    assert found.commands == {state: "fan_low_20"}
    assert found.meaning("fan_only_low_20") == state


@pytest.mark.parametrize(
    ("name", "power"),
    [("off", Power.OFF), ("Off", Power.OFF), ("on_once", Power.ON), ("power", Power.TOGGLE), ("on_off", Power.TOGGLE)],
)
def test_power(name: str, power: Power) -> None:
    found = air_conditioner("cool_20", name)
    assert found.meaning(name) is power
    assert found.power_command(power) == name
    assert all(found.power_command(other) is None for other in Power if other is not power)


def test_one_code_for_on_and_off_is_a_toggle() -> None:
    found = air_conditioner("cool_20", off="power", on="power")
    assert found.power_command(Power.TOGGLE) == "off"
    assert found.power_command(Power.OFF) is None
    assert found.received(["off", "on"], ClimateState("cool", temperature=20)) is Power.TOGGLE


def test_preferred_power_command() -> None:
    found = air_conditioner("power_off", "off", "toggle", "power")
    assert found.power_command(Power.OFF) == "off"
    assert found.power_command(Power.TOGGLE) == "toggle"


HOLES = air_conditioner("cool_low_18", "cool_low_24", "cool_auto_20", "cool_turbo_16", "dry_auto_22", "fan_only_high")


@pytest.mark.parametrize(
    ("wanted", "most_important", "expected"),
    [
        (ClimateState("cool", fan="low", temperature=18), "mode", "cool_low_18"),
        (ClimateState("cool", fan="low", temperature=20), "mode", "cool_low_18"),
        (ClimateState("cool", fan="low", temperature=22), "mode", "cool_low_24"),
        (ClimateState("cool", fan="low", temperature=20), "temperature", "cool_auto_20"),
        (ClimateState("cool", fan="turbo", temperature=24), "temperature", "cool_low_24"),
        (ClimateState("cool", fan="turbo", temperature=24), "fan", "cool_turbo_16"),
        (ClimateState("cool", fan="high", temperature=16), "mode", "cool_auto_20"),
        (ClimateState("dry", fan="low", temperature=30), "mode", "dry_auto_22"),
        (ClimateState("fan_only", temperature=30), "temperature", "fan_only_high"),
        (ClimateState("cool"), "mode", "cool_auto_20"),
    ],
)
def test_nearest_state(wanted: ClimateState, most_important: str, expected: str) -> None:
    assert HOLES.commands[HOLES.nearest(wanted, most_important)] == expected


CURRENT = ClimateState("dry", fan="high", temperature=22)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["cool_low_20"], ClimateState("cool", fan="low", temperature=20)),
        (["dry_low_22", "dry_high_22", "dry_auto_22"], ClimateState("dry", fan="high", temperature=22)),
        (["dry_low_23", "dry_high_24"], ClimateState("dry", fan="high", temperature=24)),
        (["dry_auto_22", "cool_low_20"], ClimateState("dry", fan="auto", temperature=22)),
        (["heat_20", "cool_low_20"], None),
        (["on", "cool_low_20"], ClimateState("cool", fan="low", temperature=20)),
        (["on"], Power.ON),
        (["off"], Power.OFF),
        (["off", "cool_low_20"], None),
        (["led"], None),
        ([], None),
    ],
)
def test_meaning_of_a_received_message(names: list[str], expected: ClimateState | Power | None) -> None:
    """States that share a code are told apart by what does not change."""
    stored = [f"dry_{fan}_{degrees}" for fan in ("low", "high", "auto") for degrees in (22, 23, 24)]
    found = air_conditioner("off", "on", "led", "cool_low_20", "heat_20", *stored)
    assert found.received(names, CURRENT) == expected


@pytest.mark.parametrize(
    ("state", "name"),
    [
        (ClimateState("cool", None, "medium_low", "3d_auto", 24), "cool_medium-low_3d-auto_24"),
        (ClimateState("heat", None, "auto", None, 18.5), "heat_auto_18.5"),
        (ClimateState("fan_only"), "fan_only"),
    ],
)
def test_name_of_a_state(state: ClimateState, name: str) -> None:
    assert state_name(state) == name
    assert air_conditioner(name).meaning(name) == state
