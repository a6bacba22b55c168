"""Tests of the driver of the BMP180."""

import math
import struct

from hypothesis import given, strategies as st
import pytest

from custom_components.anavi_weather.phat import ChipId, Quantity
from custom_components.anavi_weather.phat.bmp180 import Calibration, compensate
from custom_components.anavi_weather.phat.chip import ImplausibleError
from custom_components.anavi_weather.phat.simulated_bmp180 import Coefficients, SimulatedBMP180

from .bench import BMP180, Bench, deviations
from .second_opinions import ANOTHER_BMP180, bmp180_in_floating_point

DATA_SHEET = Calibration(408, -72, -14383, 32741, 32757, 23153, 6190, 4, -32768, -8711, 2868)
ANOTHER = Calibration(*ANOTHER_BMP180)


class AnotherBMP180(SimulatedBMP180):
    """A BMP180 with another calibration."""

    COEFFICIENTS = ANOTHER_BMP180


@pytest.fixture
def chips() -> tuple[ChipId, ...]:
    return (BMP180,)


def test_the_data_sheets_example() -> None:
    assert compensate(DATA_SHEET, 27898, 23843, 0) == (15.0, 699.64)


def test_the_calibration_is_read_in_the_order_of_the_registers() -> None:
    data = bytes.fromhex("0198 ffb8 c7d1 7fe5 7ff5 5a71 182e 0004 8000 ddf9 0b34")
    assert Calibration.parse(data) == DATA_SHEET


@pytest.mark.parametrize("place", range(11))
@pytest.mark.parametrize("word", [0x0000, 0xFFFF])
def test_an_invalid_calibration_word_is_refused(place: int, word: int) -> None:
    words = [100] * 11
    words[place] = word
    with pytest.raises(ImplausibleError):
        Calibration.parse(struct.pack(">11H", *words))


@pytest.mark.exhaustive
@pytest.mark.parametrize("calibration", [DATA_SHEET, ANOTHER])
@pytest.mark.parametrize("oversampling", [0, 1, 2, 3])
@given(temperature=st.integers(-400, 850), pressure=st.integers(3000, 11000))
def test_the_integer_algorithm_agrees_with_the_polynomial(
    calibration: Calibration, oversampling: int, temperature: int, pressure: int
) -> None:
    ut = next(ut for ut in range(0, 65536, 64) if compensate(calibration, 16384 + ut, 0, 0)[0] >= temperature / 10)
    up = pressure * 2 << oversampling
    degrees, hectopascals = compensate(calibration, 16384 + ut, up, oversampling)
    exact_degrees, exact_hectopascals = bmp180_in_floating_point(
        Coefficients(*calibration), 16384 + ut, up / 2**oversampling
    )
    assert degrees == pytest.approx(exact_degrees, abs=0.12)
    assert hectopascals == pytest.approx(exact_hectopascals, abs=0.15)


@pytest.mark.parametrize(
    ("calibration", "ut"),
    [
        (DATA_SHEET._replace(md=-1, ac5=1, ac6=0), 32768),  # the temperature's divisor
        (DATA_SHEET._replace(ac4=0), 27898),  # the pressure's
    ],
)
def test_a_division_by_zero_is_an_error(calibration: Calibration, ut: int) -> None:
    with pytest.raises(ImplausibleError):
        compensate(calibration, ut, 23843, 0)


def test_a_chip_is_read_with_its_own_calibration(bench: Bench) -> None:
    bench.replace(BMP180.address, AnotherBMP180)
    assert deviations(bench.read(), bench.air, [BMP180]) == []


def test_a_swapped_chip_is_read_with_its_own_calibration(running: Bench) -> None:
    running.replace(BMP180.address, AnotherBMP180)
    assert deviations(running.read(), running.air, [BMP180]) == []


def test_the_calibration_is_not_read_again_in_every_cycle(running: Bench) -> None:
    running.read()
    assert not any(transfer.answer and len(transfer.answer) == 22 for transfer in running.wire.log)


def test_pressure_is_converted_with_the_highest_resolution(running: Bench) -> None:
    running.read()
    commands = [data for data in running.wire.written_to(BMP180.address) if len(data) == 2]
    assert commands == [b"\xf4\x2e", b"\xf4\xf4"]


@pytest.mark.parametrize("wait", [0, 1])
def test_a_conversion_is_repeated_after_a_power_loss(running: Bench, wait: int) -> None:
    """The power-on data would be read as about 51 °C and 970 hPa."""
    waits = 0

    def during() -> None:
        nonlocal waits
        chip = running.simulator.chips[BMP180.address]
        if running.wire.log and running.wire.log[-1].written[:1] == b"\xf4" and len(running.wire.log[-1].written) == 2:
            if waits == wait:
                chip.power_on()
            waits += 1

    running.clock.during = during
    reading = running.read()
    assert waits > 2
    assert deviations(reading, running.air, [BMP180]) == []


def test_an_implausible_calibration_is_an_error(bench: Bench) -> None:
    bench.expect(BMP180)
    bench.chip(SimulatedBMP180, BMP180.address).registers[0xAA:0xC0] = bytes(22)
    assert isinstance(bench.read().errors[BMP180], ImplausibleError)


@pytest.mark.parametrize(("temperature", "pressure"), [(-40, 300.05), (0, 1013.25), (25, 870), (85, 1099.95)])
def test_the_whole_range_is_measured(running: Bench, temperature: float, pressure: float) -> None:
    running.air.temperature, running.air.pressure = temperature, pressure
    assert deviations(running.read(), running.air, [BMP180]) == []


@pytest.mark.parametrize("degrees", [-41, 86])
def test_a_temperature_beyond_the_range_is_an_error(running: Bench, degrees: float) -> None:
    running.air.temperature = degrees
    assert isinstance(running.read().errors[BMP180], ImplausibleError)


@pytest.mark.parametrize("pressure", [299, 1101])
def test_a_pressure_beyond_the_range_leaves_the_temperature(running: Bench, pressure: float) -> None:
    running.air.pressure = pressure
    measurement = running.read().measurements[BMP180]
    assert measurement is not None
    assert set(measurement.values) == {Quantity.TEMPERATURE}
    assert isinstance(measurement.errors[Quantity.PRESSURE], ImplausibleError)


@pytest.mark.parametrize("calibrated", [SimulatedBMP180, AnotherBMP180])
def test_the_lowest_temperature_is_measured(bench: Bench, calibrated: type[SimulatedBMP180]) -> None:
    """The algorithm rounds it to -40.0 or -40.1."""
    bench.replace(BMP180.address, calibrated)
    bench.air.temperature = -40.0
    assert deviations(bench.read(), bench.air, [BMP180]) == []


@pytest.mark.parametrize("milliseconds", range(28))
@pytest.mark.parametrize("command", [0x2E, 0x34, 0x74, 0xB4, 0xF4])
def test_a_conversion_of_another_program_is_not_read(running: Bench, command: int, milliseconds: int) -> None:
    """It starts once, so long after our command for the pressure. A temperature would be read as 600.79 hPa."""
    running.air.pressure = 963.5
    running.read()
    chip, clock = running.simulator.chips[BMP180.address], running.clock
    due, started = math.inf, False

    def during() -> None:
        nonlocal due, started
        if due == math.inf and running.wire.written_to(BMP180.address)[-1:] == [b"\xf4\xf4"] and clock.slept < 60:
            due = clock.now - clock.slept + milliseconds / 1000
        if clock.now >= due and not started:
            started = True
            now, clock.now = clock.now, due
            chip.write(bytes((0xF4, command)))
            clock.now = now

    running.wire.log.clear()
    clock.during = during
    assert deviations(running.read(), running.air, [BMP180]) == []
    assert started


@pytest.mark.parametrize("command", [0x2E, 0x34])
def test_a_program_that_always_disturbs_is_an_error(running: Bench, command: int) -> None:
    def during() -> None:
        log = running.wire.log
        if log and log[-1].written == b"\xf4\xf4":
            running.simulator.chips[BMP180.address].write(bytes((0xF4, command)))

    running.clock.during = during
    assert isinstance(running.read().errors[BMP180], ImplausibleError)


def test_a_measurement_has_temperature_and_pressure(running: Bench) -> None:
    measurement = running.read().measurements[BMP180]
    assert measurement is not None
    assert set(measurement.values) == {Quantity.TEMPERATURE, Quantity.PRESSURE}
