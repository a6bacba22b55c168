"""Tests of the driver of the SHT3x."""

from typing import override

import pytest

from custom_components.anavi_weather.phat import ChipId
from custom_components.anavi_weather.phat.chip import ChecksumError, ImplausibleError, NotFinishedError
from custom_components.anavi_weather.phat.sht3x import humidity, temperature
from custom_components.anavi_weather.phat.simulated_chips import Nack
from custom_components.anavi_weather.phat.simulated_sht3x import SimulatedSHT3x

from .bench import SHT3X, Bench, deviations

READ_STATUS, MEASURE, HEATER_OFF = b"\xf3\x2d", b"\x24\x00", b"\x30\x66"
HEATER = 0x2000


@pytest.fixture
def chips() -> tuple[ChipId, ...]:
    return (SHT3X,)


def test_signals_are_converted_by_the_data_sheets_formulas() -> None:
    """Section 4.13; 26214 and 39321 are 0.4 and 0.6 of the full scale."""
    assert [temperature(signal) for signal in (0, 26214, 0xFFFF)] == [-45, 25, 130]
    assert [humidity(signal) for signal in (0, 39321, 0xFFFF)] == pytest.approx([0, 60, 100])


@pytest.mark.parametrize(("degrees", "percent"), [(-39.99, 0), (0, 100), (25, 50), (84.99, 3)])
def test_the_whole_range_is_measured(running: Bench, degrees: float, percent: float) -> None:
    running.air.temperature, running.air.humidity = degrees, percent
    assert deviations(running.read(), running.air, [SHT3X]) == []


def test_a_cycle_reads_the_status_and_measures_without_clock_stretching(running: Bench) -> None:
    running.read()
    assert running.wire.written_to(SHT3X.address) == [READ_STATUS, MEASURE]


@pytest.mark.parametrize("pace", [0.1, 0.5, 0.8, 1.0, 1.2])
def test_a_measurement_takes_up_to_its_maximum(running: Bench, pace: float) -> None:
    running.simulator.chips[SHT3X.address].pace = pace
    for _ in range(3):
        assert deviations(running.read(), running.air, [SHT3X]) == []


def test_a_heater_that_is_on_is_turned_off_before_the_measurement(running: Bench) -> None:
    chip = running.chip(SimulatedSHT3x, SHT3X.address)
    chip.status |= HEATER
    assert deviations(running.read(), running.air, [SHT3X]) == []
    assert not chip.status & HEATER
    assert running.wire.written_to(SHT3X.address) == [READ_STATUS, HEATER_OFF, MEASURE]


@pytest.mark.parametrize("status", [0x0000, 0x8010, 0x8C10, 0x0003])
def test_other_bits_of_the_status_do_not_matter(running: Bench, status: int) -> None:
    """Alerts, a reset, and the result of the last command."""
    running.chip(SimulatedSHT3x, SHT3X.address).status = status
    assert deviations(running.read(), running.air, [SHT3X]) == []


def start_periodic_mode(bench: Bench) -> None:
    bench.clock.sleep(60)
    bench.bus.write(SHT3X.address, b"\x21\x30")
    bench.air.temperature = 3.0
    bench.clock.sleep(1.5)


def test_a_periodic_mode_of_another_program_is_ended(running: Bench) -> None:
    start_periodic_mode(running)
    assert deviations(running.phat.read(), running.air, [SHT3X]) == []
    assert not running.chip(SimulatedSHT3x, SHT3X.address).periodic


def test_a_chip_in_periodic_mode_is_found(bench: Bench) -> None:
    start_periodic_mode(bench)
    assert bench.phat.detect().chips == (SHT3X,)
    assert deviations(bench.read(), bench.air, [SHT3X]) == []


def test_a_measurement_of_another_program_is_not_mixed_up(running: Bench) -> None:
    running.clock.sleep(60)
    running.bus.write(SHT3X.address, b"\x24\x16")
    running.air.temperature = 3.0
    assert deviations(running.phat.read(), running.air, [SHT3X]) == []


def test_a_reset_by_another_program_does_not_matter(running: Bench) -> None:
    running.clock.sleep(60)
    running.bus.write(SHT3X.address, b"\x30\xa2")
    assert deviations(running.phat.read(), running.air, [SHT3X]) == []


def test_a_permanently_wrong_checksum_is_an_error(running: Bench) -> None:
    def corrupt(answer: bytearray) -> None:
        if len(answer) == 6:
            answer[4] ^= 0x01

    running.wire.corrupt = corrupt
    assert isinstance(running.read().errors[SHT3X], ChecksumError)


def test_a_serial_number_is_not_a_measurement(running: Bench) -> None:
    """Another program requests it after our measurement is finished, and before we read its result."""
    running.clock.sleep(60)
    chip, requested = running.simulator.chips[SHT3X.address], False

    def during() -> None:
        nonlocal requested
        if running.wire.written_to(SHT3X.address)[-1:] == [MEASURE] and running.clock.slept > 0.005 and not requested:
            requested = True
            running.clock.sleep(0.02)
            chip.write(b"\x36\x82")

    running.clock.during = during
    assert deviations(running.phat.read(), running.air, [SHT3X]) == []
    assert requested


def test_a_broken_sensor_is_an_error(running: Bench) -> None:
    """Its signals are zeros, with a right checksum."""
    running.air.temperature, running.air.humidity = -45.0, 0.0
    assert isinstance(running.read().errors[SHT3X], ImplausibleError)


def test_a_chip_without_a_serial_number_is_read(bench: Bench) -> None:
    """The data sheet does not mention it, and other makers' chips may not have it."""

    class WithoutSerialNumber(SimulatedSHT3x):
        @override
        def write(self, data: bytes) -> None:
            if data == b"\x36\x82":
                raise Nack
            super().write(data)

    bench.replace(SHT3X.address, WithoutSerialNumber)
    assert deviations(bench.read(), bench.air, [SHT3X]) == []


def test_a_chip_that_never_finishes_is_an_error(running: Bench) -> None:
    running.simulator.chips[SHT3X.address].pace = 1000
    assert isinstance(running.read().errors[SHT3X], NotFinishedError)
