"""Tests of the control of an air conditioner."""

from collections.abc import Iterable
from typing import Any

import pytest

from custom_components.anavi_weather.ir_codes.climate import ClimateState, Power
from custom_components.anavi_weather.ir_codes.climate_control import ClimateControl

COOL_24 = ClimateState("cool", fan="auto", temperature=24)


def control(*names: str, toggle: Iterable[str] = ()) -> ClimateControl:
    """Return the control of an air conditioner whose commands have codes of their own, except those that toggle."""
    return ClimateControl({name: [name] for name in names} | {name: ["toggle"] for name in toggle})


@pytest.fixture
def air_conditioner() -> ClimateControl:
    """Return the control of an air conditioner that is on."""
    cool = [f"cool_{fan}_{degrees}" for fan in ("low", "auto") for degrees in range(18, 31)]
    found = control("off", "fan_only_low", "fan_only_high", "dry_24", *cool)
    found.is_on = True
    return found


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["cool_low_18", "cool_auto_18", "cool_auto_24", "heat_auto_24"], COOL_24),
        (["heat_low_18", "heat_low_20"], ClimateState("heat", fan="low", temperature=20)),
        (["cool_low_68", "cool_low_75", "cool_low_80"], ClimateState("cool", fan="low", temperature=75)),
        ([], COOL_24),
    ],
)
def test_usual_state_before_the_first_change(names: list[str], expected: ClimateState) -> None:
    assert control(*names).set_to == expected
    assert not control(*names).is_on


@pytest.mark.parametrize(
    ("setting", "changes", "expected"),
    [
        ("temperature", {"temperature": 21.4}, "cool_auto_21"),
        ("fan", {"fan": "low"}, "cool_low_24"),
        ("mode", {"mode": "fan_only"}, "fan_only_low"),
        ("mode", {"mode": "dry"}, "dry_24"),
    ],
)
def test_changes(air_conditioner: ClimateControl, setting: str, changes: dict[str, Any], expected: str) -> None:
    assert air_conditioner.commands(air_conditioner.nearest(setting, changes)) == [expected]


def test_what_a_mode_does_not_have_is_remembered(air_conditioner: ClimateControl) -> None:
    air_conditioner.use(ClimateState("cool", fan="low", temperature=19))
    for mode in ("fan_only", "dry", "fan_only"):
        air_conditioner.use(air_conditioner.nearest("mode", {"mode": mode}))
    assert air_conditioner.nearest("mode", {"mode": "cool"}) == ClimateState("cool", fan="low", temperature=24)


def test_a_mode_without_settings_is_followed_by_the_usual_ones() -> None:
    found = control(
        "off", "fan_only_low", *(f"heat_{fan}_{degrees}" for fan in ("low", "auto") for degrees in (18, 24))
    )
    found.restore({"mode": "fan_only", "fan": "low"})
    assert found.nearest("mode", {"mode": "heat"}) == ClimateState("heat", fan="low", temperature=24)
    bare = control("off", "fan_only", *(f"heat_{fan}_{degrees}" for fan in ("low", "auto") for degrees in (18, 24)))
    bare.restore({"mode": "fan_only"})
    assert bare.nearest("mode", {"mode": "heat"}) == ClimateState("heat", fan="auto", temperature=24)


def test_presets() -> None:
    found = control("cool_auto_24", "cool_low_24", "heat_auto_24", "cool_econo_auto_24", "ai_auto_24")
    found.use(found.nearest("preset", {"preset": "econo"}))
    assert (found.set_to.preset, found.has_plain_states) == ("econo", True)
    assert found.nearest("preset", {"preset": None}) == COOL_24
    found.use(found.nearest("mode", {"mode": "auto"}))
    assert (found.set_to.preset, found.has_plain_states) == ("ai", False)
    assert found.nearest("mode", {"mode": "heat"}).preset is None


@pytest.mark.parametrize(
    ("names", "toggle", "when_off", "when_on"),
    [
        (["off"], [], ["cool_24"], ["cool_24"]),
        (["off", "on"], [], ["on", "cool_24"], ["on", "cool_24"]),
        (["off", "on_once"], [], ["on_once", "cool_24"], ["cool_24"]),
        (["power"], [], ["power", "cool_24"], ["cool_24"]),
        (["off", "power"], [], ["cool_24"], ["cool_24"]),
        ([], ["off", "on"], ["off", "cool_24"], ["cool_24"]),
    ],
)
def test_commands_that_switch_on(names: list[str], toggle: list[str], when_off: list[str], when_on: list[str]) -> None:
    found = control("cool_24", *names, toggle=toggle)
    assert found.commands(found.set_to) == when_off
    found.is_on = True
    assert found.commands(found.set_to) == when_on


@pytest.mark.parametrize(
    ("names", "can_turn_off", "when_off", "when_on"),
    [
        (["off", "power"], True, "off", "off"),
        (["power"], True, None, "power"),
        (["on"], False, None, None),
    ],
)
def test_command_that_turns_off(
    names: list[str], can_turn_off: bool, when_off: str | None, when_on: str | None
) -> None:
    found = control("cool_24", *names)
    assert found.can_turn_off is can_turn_off
    assert found.off_command() == when_off
    found.is_on = True
    assert found.off_command() == when_on


def test_the_handset_is_followed(air_conditioner: ClimateControl) -> None:
    assert air_conditioner.receive(["off"])
    assert (air_conditioner.is_on, air_conditioner.set_to) == (False, COOL_24)
    assert air_conditioner.receive(["cool_low_18"])
    assert (air_conditioner.is_on, air_conditioner.set_to) == (True, ClimateState("cool", fan="low", temperature=18))
    assert not air_conditioner.receive(["led"])
    assert not air_conditioner.receive(["off", "cool_auto_24"])
    assert air_conditioner.is_on


def test_a_received_toggle() -> None:
    found = control("cool_24", "power")
    assert [found.receive(["power"]) and found.is_on for _ in range(3)] == [True, False, True]


def test_a_received_on() -> None:
    found = control("cool_24", "on", "off")
    assert found.receive(["on"])
    assert found.is_on
    assert found.receive(["on"])
    assert found.is_on


def test_what_was_set_is_restored(air_conditioner: ClimateControl) -> None:
    air_conditioner.use(ClimateState("cool", fan="low", temperature=19))
    stored = air_conditioner.as_dict()
    same = control(*(name for name in air_conditioner.model.commands.values()))
    same.restore(stored)
    assert (same.is_on, same.set_to) == (True, air_conditioner.set_to)

    air_conditioner.use(ClimateState("fan_only", fan="low"))
    same.restore(air_conditioner.as_dict())
    assert same.nearest("mode", {"mode": "cool"}) == ClimateState("cool", fan="low", temperature=19)

    changed = control("cool_auto_20", "heat_low_20")
    changed.restore(stored)
    assert changed.set_to == ClimateState("cool", fan="auto", temperature=20)
    changed.restore({})
    assert (changed.is_on, changed.set_to.mode) == (False, "cool")


def test_other_commands_keep_what_is_set(air_conditioner: ClimateControl) -> None:
    air_conditioner.use_commands({name: [name] for name in ("heat_auto_20", "heat_auto_24")})
    assert air_conditioner.set_to == ClimateState("heat", fan="auto", temperature=24)
    assert air_conditioner.is_on
    air_conditioner.use_commands({})
    assert air_conditioner.set_to.mode == "heat"


def test_power_is_taken_over(air_conditioner: ClimateControl) -> None:
    air_conditioner.use(Power.OFF)
    assert not air_conditioner.is_on
    air_conditioner.use(Power.TOGGLE)
    assert air_conditioner.is_on


@pytest.mark.parametrize("last", [None, [], "low", {"fan": None, "colour": "red", "temperature": 23}])
def test_damaged_or_newer_settings_are_not_restored(air_conditioner: ClimateControl, last: object) -> None:
    usual = air_conditioner.as_dict()
    air_conditioner.restore({"mode": "sauna", "fan": [1], "temperature": "warm", "last": last})
    assert air_conditioner.as_dict().keys() == usual.keys()
    assert air_conditioner.as_dict()["last"].keys() == usual["last"].keys()
    assert air_conditioner.set_to in air_conditioner.model.commands
    assert air_conditioner.nearest("mode", {}) == air_conditioner.set_to
