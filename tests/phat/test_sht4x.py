"""Tests of the driver of the SHT4x."""

import pytest

from custom_components.anavi_weather.phat import ChipId, NoAnswerError, Quantity
from custom_components.anavi_weather.phat.chip import ChecksumError, ImplausibleError, NotFinishedError
from custom_components.anavi_weather.phat.sht4x import humidity, temperature

from .bench import SHT4X, Bench, deviations

MEASURE = b"\xfd"


@pytest.fixture
def chips() -> tuple[ChipId, ...]:
    return (SHT4X,)


def test_signals_are_converted_by_the_data_sheets_formulas() -> None:
    """Section 4.6; 26214 and 39321 are 0.4 and 0.6 of the full scale. Humidities near 0 and 100 % are limited."""
    assert [temperature(signal) for signal in (0, 26214, 0xFFFF)] == [-45, 25, 130]
    assert [humidity(signal) for signal in (0, 26214, 39321, 0xFFFF)] == pytest.approx([-6, 44, 69, 100])
    assert humidity(2097) == 0  # -2 by the formula


@pytest.mark.parametrize(("degrees", "percent"), [(-39.99, 0), (0, 100), (25, 50), (84.99, 3)])
def test_the_whole_range_is_measured(running: Bench, degrees: float, percent: float) -> None:
    running.air.temperature, running.air.humidity = degrees, percent
    assert deviations(running.read(), running.air, [SHT4X]) == []


def test_a_cycle_sends_one_command(running: Bench) -> None:
    running.read()
    assert running.wire.written_to(SHT4X.address) == [MEASURE]


@pytest.mark.parametrize("pace", [0.1, 0.5, 0.83, 1.0, 1.2])
def test_a_measurement_takes_up_to_its_maximum(running: Bench, pace: float) -> None:
    running.simulator.chips[SHT4X.address].pace = pace
    for _ in range(3):
        assert deviations(running.read(), running.air, [SHT4X]) == []


@pytest.mark.parametrize("command", [b"\x32", b"\x39"])
def test_a_heated_chip_is_an_error_until_it_has_finished(running: Bench, command: bytes) -> None:
    """Another program turned the heater on. It does not acknowledge until its measurement is finished."""
    running.clock.sleep(60)
    running.bus.write(SHT4X.address, command)
    assert isinstance(running.phat.read().errors[SHT4X], NoAnswerError)
    assert deviations(running.read(), running.air, [SHT4X]) == []


@pytest.mark.parametrize("command", [b"\xe0", b"\xf6", b"\x89", b"\x94"])
def test_another_programs_command_does_not_matter(running: Bench, command: bytes) -> None:
    running.clock.sleep(60)
    running.bus.write(SHT4X.address, command)
    running.air.temperature = 3.0
    assert deviations(running.phat.read(), running.air, [SHT4X]) == []


def test_a_permanently_wrong_checksum_is_an_error(running: Bench) -> None:
    def corrupt(answer: bytearray) -> None:
        if len(answer) == 6:
            answer[1] ^= 0x01

    running.wire.corrupt = corrupt
    assert isinstance(running.read().errors[SHT4X], ChecksumError)


def test_a_serial_number_is_not_a_measurement(running: Bench) -> None:
    """Another program requests it after our measurement is finished, and before we read its result."""
    running.clock.sleep(60)
    chip, requested = running.simulator.chips[SHT4X.address], False

    def during() -> None:
        nonlocal requested
        if running.wire.written_to(SHT4X.address)[-1:] == [MEASURE] and running.clock.slept > 0.005 and not requested:
            requested = True
            running.clock.sleep(0.02)
            chip.write(b"\x89")

    running.clock.during = during
    assert deviations(running.phat.read(), running.air, [SHT4X]) == []
    assert requested


def test_a_broken_sensor_is_an_error(running: Bench) -> None:
    """Its signals are zeros, with a right checksum."""
    running.air.temperature, running.air.humidity = -45.0, 0.0
    assert isinstance(running.read().errors[SHT4X], ImplausibleError)


def test_a_humidity_far_below_0_is_an_error(running: Bench) -> None:
    running.air.humidity = -4.0
    measurement = running.read().measurements[SHT4X]
    assert measurement is not None
    assert measurement.values.keys() == {Quantity.TEMPERATURE}
    assert isinstance(measurement.errors[Quantity.HUMIDITY], ImplausibleError)


def test_a_chip_that_never_finishes_is_an_error(running: Bench) -> None:
    running.simulator.chips[SHT4X.address].pace = 1000
    assert isinstance(running.read().errors[SHT4X], NotFinishedError)
