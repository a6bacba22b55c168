"""Tests of the plan of the states to learn."""

from typing import Any

import pytest

from custom_components.anavi_weather.ir_codes.climate import AirConditioner
from custom_components.anavi_weather.ir_codes.climate_plan import MAX_STATES, ClimatePlan


def plan(**changes: Any) -> ClimatePlan:
    """Return a plan with changes."""
    data = {"modes": ["cool"], "min_temperature": 20, "max_temperature": 22, "temperature_step": 1}
    return ClimatePlan.from_dict(data | changes)


def test_order_of_learning() -> None:
    found = plan(modes=["cool", "fan_only"], fan_modes=["low", "medium_high"], swing_modes=["off", "on"])
    assert list(found.states) == [
        "off",
        *(f"cool_{fan}_{swing}_{degrees}" for fan in ("low", "medium-high") for swing in ("off", "on") for degrees in (20, 21, 22)),
        *(f"fan_only_{fan}_{swing}" for fan in ("low", "medium-high") for swing in ("off", "on")),
    ]  # fmt: skip
    assert found.states["off"] is None


def test_names_have_the_planned_states() -> None:
    found = plan(modes=["heat", "fan_only"], fan_modes=["medium_high", "auto"], temperature_step=0.5).states
    air_conditioner = AirConditioner({name: [name] for name in found})
    assert {name: air_conditioner.meaning(name) for name in found if name != "off"} == {
        name: state for name, state in found.items() if state
    }


@pytest.mark.parametrize(
    ("minimum", "maximum", "step", "expected"),
    [
        (20, 22, 1, [20, 21, 22]),
        (20, 21, 0.5, [20, 20.5, 21]),
        (20, 23, 2, [20, 22]),
        (20, 20, 1, [20]),
        (16.1, 16.4, 0.1, [16.1, 16.2, 16.3, 16.4]),
    ],
)
def test_temperatures(minimum: float, maximum: float, step: float, expected: list[float]) -> None:
    found = plan(min_temperature=minimum, max_temperature=maximum, temperature_step=step)
    assert found.temperatures == pytest.approx(expected)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, False),
        ({"fan_modes": [str(number) for number in range(333)]}, False),
        ({"fan_modes": [str(number) for number in range(334)]}, True),
        ({"swing_modes": [str(number) for number in range(334)]}, True),
        ({"min_temperature": 8, "max_temperature": 9, "temperature_step": 1e-9}, False),
        ({"modes": ["cool", "heat"], "min_temperature": 8, "max_temperature": 9, "temperature_step": 1e-9}, True),
    ],
)
def test_size(changes: dict[str, Any], expected: bool) -> None:
    assert plan(**changes).is_too_large is expected
    assert len(plan(**changes).temperatures) <= MAX_STATES
