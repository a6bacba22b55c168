"""Tests of measurements that cannot be those of the air."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, override

import pytest

from custom_components.anavi_weather.phat import Bus, Measurement, Quantity
from custom_components.anavi_weather.phat.chip import Chip, ImplausibleError, Steps
from custom_components.anavi_weather.phat.credibility import JUMPS, MEASUREMENTS, measure

from .bench import Bench
from .test_chip import finish

T, H, P = Quantity.TEMPERATURE, Quantity.HUMIDITY, Quantity.PRESSURE
AIR = {T: 20.0, H: 50.0, P: 1000.0}


class Thermometer(Chip):
    """Chip with chosen measurements."""

    kind = "Thermometer"
    addresses = (0x48,)
    accuracy: ClassVar = {}
    conversion_time = 0.0
    measurements: Iterator[Measurement]

    @classmethod
    @override
    def _recognize(cls, bus: Bus, address: int) -> Steps[bool]:
        yield from ()
        return True

    @override
    def _set_up(self) -> Steps[None]:
        yield from ()

    @override
    def measure(self) -> Steps[Measurement]:
        yield from ()
        return next(self.measurements)


class IndependentThermometer(Thermometer):
    """Chip whose quantities do not depend on the temperature."""

    compensates = False


@pytest.fixture
def chip() -> Thermometer:
    """Return a chip that has not been read."""
    return Thermometer(Bench().bus, 0x48)


def read(chip: Thermometer, *values: Mapping[Quantity, float] | Measurement) -> Measurement:
    """Read a cycle with these measurements, and check that it takes all of them."""
    chip.measurements = iter([value if isinstance(value, Measurement) else Measurement(value) for value in values])
    result = finish(measure(chip))
    assert next(chip.measurements, None) is None
    return result


def test_the_first_measurement_is_used(chip: Thermometer) -> None:
    assert read(chip, AIR).values == AIR


@pytest.mark.parametrize("quantity", JUMPS)
def test_a_small_change_is_used(chip: Thermometer, quantity: Quantity) -> None:
    read(chip, AIR)
    changed = {**AIR, quantity: AIR[quantity] - JUMPS[quantity]}
    assert read(chip, changed).values == changed


@pytest.mark.parametrize("quantity", JUMPS)
def test_a_jump_is_measured_again(chip: Thermometer, quantity: Quantity) -> None:
    read(chip, AIR)
    jumped = {**AIR, quantity: AIR[quantity] - JUMPS[quantity] - 0.1}
    assert read(chip, jumped, AIR).values == AIR
    assert read(chip, jumped, jumped).values == jumped


def test_a_jump_is_measured_again_until_two_measurements_agree(chip: Thermometer) -> None:
    read(chip, AIR)
    assert read(chip, {P: 600.0}, {P: 700.0}, {P: 600.5}).values == {P: 600.5}


def test_measurements_that_never_agree_are_an_error(chip: Thermometer) -> None:
    read(chip, AIR)
    with pytest.raises(ImplausibleError, match="no two measurements agree"):
        read(chip, *({P: 500.0 + 50 * number} for number in range(MEASUREMENTS)))
    assert read(chip, AIR).values == AIR


def test_light_may_jump(chip: Thermometer) -> None:
    read(chip, {Quantity.ILLUMINANCE: 0.0})
    assert read(chip, {Quantity.ILLUMINANCE: 100_000.0}).values == {Quantity.ILLUMINANCE: 100_000.0}


@pytest.mark.parametrize(("quantity", "value"), [(H, 101.0), (P, 250.0), (P, 1200.0)])
def test_a_value_out_of_its_range_leaves_the_others(chip: Thermometer, quantity: Quantity, value: float) -> None:
    measurement = read(chip, {**AIR, quantity: value})
    assert measurement.values == {other: AIR[other] for other in AIR if other != quantity}
    assert isinstance(measurement.errors[quantity], ImplausibleError)


@pytest.mark.parametrize("degrees", [-41.0, 86.0])
def test_a_temperature_out_of_its_range_takes_down_what_is_calculated_with_it(
    chip: Thermometer, degrees: float
) -> None:
    with pytest.raises(ImplausibleError, match="temperature"):
        read(chip, {**AIR, T: degrees})
    independent = IndependentThermometer(Bench().bus, 0x48)
    assert read(independent, {**AIR, T: degrees}).values == {H: 50.0, P: 1000.0}


def test_a_measurement_without_any_value_is_an_error() -> None:
    with pytest.raises(ImplausibleError, match=r"temperature 86\.00 is out of range"):
        read(IndependentThermometer(Bench().bus, 0x48), {T: 86.0})


def test_a_quantity_that_fails_is_measured_again_once(chip: Thermometer) -> None:
    read(chip, AIR)
    broken = Measurement({T: 20.0, P: 1000.0}, errors={H: ImplausibleError("broken")})
    assert read(chip, broken, AIR).values == AIR
    assert read(chip, broken, broken) == broken
    assert read(chip, broken) == broken
    assert read(chip, AIR).values == AIR
