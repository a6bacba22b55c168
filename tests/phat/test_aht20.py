"""Tests of the driver of the AHT20."""

from typing import ClassVar, override

import pytest

from custom_components.anavi_weather.phat import ChipId, NoAnswerError, Quantity
from custom_components.anavi_weather.phat.aht20 import humidity, may_be_aht20, temperature
from custom_components.anavi_weather.phat.chip import ChecksumError, ImplausibleError, NotFinishedError, WrongChipError
from custom_components.anavi_weather.phat.simulated_aht20 import SimulatedAHT20
from custom_components.anavi_weather.phat.simulated_chips import Nack

from .bench import AHT20, BMP280, Bench, deviations
from .foreign_chips import AHT10, PCF8574

MEASURE = b"\xac\x33\x00"
INITIALIZE = b"\xbe\x08\x00"
SOFT_RESET = b"\xba"
REAL_ANSWER = bytes.fromhex("1c3b5e8688b2d2")


@pytest.fixture
def chips() -> tuple[ChipId, ...]:
    return (AHT20,)


def plug(bench: Bench, kind: type[SimulatedAHT20]) -> None:
    """Plug in a chip of a kind, and wait until it has started."""
    bench.replace(AHT20.address, kind)
    bench.clock.sleep(0.1)


def test_a_real_chips_answer(running: Bench) -> None:
    """The answer is from a public log, with the values that another program calculated."""

    def corrupt(answer: bytearray) -> None:
        if len(answer) == 7 and not answer[0] & 0x80:
            answer[:] = REAL_ANSWER

    running.wire.corrupt = corrupt
    measurement = running.read().measurements[AHT20]
    assert measurement is not None
    assert measurement.values[Quantity.HUMIDITY] == pytest.approx(23.191071, abs=1e-6)
    assert measurement.values[Quantity.TEMPERATURE] == pytest.approx(31.674576, abs=1e-6)


def test_signals_are_converted_by_the_data_sheets_formulas() -> None:
    """Section 6."""
    assert [humidity(signal) for signal in (0, 0x80000, 0x100000)] == [0, 50, 100]
    assert [temperature(signal) for signal in (0, 0x80000, 0x100000)] == [-50, 50, 150]


@pytest.mark.parametrize(("degrees", "percent"), [(-40, 0.001), (0, 99.9999), (25, 50), (84.999, 3)])
def test_the_whole_range_is_measured(running: Bench, degrees: float, percent: float) -> None:
    running.air.temperature, running.air.humidity = degrees, percent
    assert deviations(running.read(), running.air, [AHT20]) == []


def test_a_broken_hygrometer_leaves_the_temperature(bench: Bench) -> None:
    """Its signal is 0 with a right checksum, such as in a freezer (esphome/issues, issue 2434)."""
    bench.air.temperature, bench.air.humidity = -18.9, 0.0
    for _ in range(2):
        measurement = bench.read().measurements[AHT20]
        assert measurement is not None
        assert measurement.values == {Quantity.TEMPERATURE: pytest.approx(-18.9, abs=0.001)}
        assert isinstance(measurement.errors[Quantity.HUMIDITY], ImplausibleError)


@pytest.mark.parametrize("chips", [(AHT20, BMP280)], ids=["AHT20+BMP280"])
def test_the_module_that_is_sold_most_is_read(bench: Bench) -> None:
    assert bench.phat.detect().chips == (AHT20, BMP280)
    for _ in range(3):
        assert deviations(bench.read(), bench.air, [AHT20, BMP280]) == []


def test_a_cycle_sends_one_command(running: Bench) -> None:
    running.read()
    assert running.wire.written_to(AHT20.address) == [MEASURE]


def test_the_status_is_read_without_a_command(running: Bench) -> None:
    """A command to read the status does not exist, and confuses newer chips."""
    running.read()
    assert not any(transfer.written and transfer.answer for transfer in running.wire.log)


@pytest.mark.parametrize("pace", [0.1, 0.5, 0.94, 1.0, 1.2])
def test_a_measurement_takes_up_to_its_maximum(running: Bench, pace: float) -> None:
    running.simulator.chips[AHT20.address].pace = pace
    assert deviations(running.read(), running.air, [AHT20]) == []


def test_a_chip_is_found_while_it_starts(bench: Bench) -> None:
    assert bench.phat.detect().chips == (AHT20,)


def test_a_measurement_of_another_program_is_awaited(running: Bench) -> None:
    running.clock.sleep(60)
    running.bus.write(AHT20.address, MEASURE)
    running.air.temperature = -5
    assert deviations(running.phat.read(), running.air, [AHT20]) == []


def test_a_chip_that_stays_busy_is_reset(running: Bench) -> None:
    chip = running.chip(SimulatedAHT20, AHT20.address)

    class Hanging(SimulatedAHT20):
        hangs = True

        @override
        def write(self, data: bytes) -> None:
            if data == SOFT_RESET:
                self.hangs = False
            super().write(data)

        @override
        def read(self, length: int) -> bytes:
            answer = super().read(length)
            return bytes((answer[0] | 0x80, *answer[1:])) if self.hangs else answer

    chip = Hanging(lambda: running.air, running.clock)
    running.simulator.chips[AHT20.address] = chip
    assert deviations(running.read(), running.air, [AHT20]) == []
    assert SOFT_RESET in running.wire.written_to(AHT20.address)


def test_a_chip_that_stays_busy_after_a_reset_is_an_error(running: Bench) -> None:
    running.wire.corrupt = lambda answer: answer.__setitem__(0, answer[0] | 0x80)
    reading = running.read()
    assert isinstance(reading.errors[AHT20], NotFinishedError)
    assert reading.duration < 0.7


class Uncalibrated(SimulatedAHT20):
    """AHT20 that did not load its calibration."""

    POWER_ON_STATUS: ClassVar[int] = 0x00


class UncalibratedAHT21(Uncalibrated):
    """Newer chip, which does not know the command for the initialization."""

    @override
    def initialize(self) -> None:
        raise Nack


class OldAHT20(Uncalibrated):
    """Chip of the first data sheet, in whose status only one bit shows the calibration."""

    POWER_ON_STATUS: ClassVar[int] = 0x08

    @override
    def initialize(self) -> None:
        """Do nothing, because the calibration is loaded."""

    @override
    def write_register(self, register: int, value: int) -> None:
        """Store the value, which changes nothing."""


class Unusable(OldAHT20):
    """Chip that never gets a calibration."""

    POWER_ON_STATUS = 0x00


@pytest.mark.parametrize("kind", [Uncalibrated, UncalibratedAHT21, OldAHT20])
def test_the_calibration_is_loaded_if_it_is_missing(bench: Bench, kind: type[SimulatedAHT20]) -> None:
    plug(bench, kind)
    assert bench.phat.detect().chips == (AHT20,)
    assert deviations(bench.read(), bench.air, [AHT20]) == []
    bench.wire.log.clear()
    bench.read()
    assert bench.wire.written_to(AHT20.address) == [MEASURE]


def test_only_a_newer_chips_registers_are_written(bench: Bench) -> None:
    """They are written with their own values."""
    plug(bench, Uncalibrated)
    bench.phat.detect()
    assert bench.wire.written_to(AHT20.address) == [MEASURE, INITIALIZE, MEASURE]
    plug(bench, UncalibratedAHT21)
    bench.read()
    chip = bench.chip(UncalibratedAHT21, AHT20.address)
    assert chip.registers == {0x1B: 0x1234, 0x1C: 0x1234, 0x1E: 0x1234}


def test_a_calibration_is_not_loaded_again(bench: Bench) -> None:
    bench.phat.detect()
    assert bench.wire.written_to(AHT20.address) == [MEASURE]


@pytest.mark.parametrize("kind", [Uncalibrated, UncalibratedAHT21])
def test_a_calibration_that_was_lost_is_loaded_again(bench: Bench, kind: type[SimulatedAHT20]) -> None:
    plug(bench, kind)
    bench.read()
    bench.simulator.chips[AHT20.address].power_on()
    assert deviations(bench.read(), bench.air, [AHT20]) == []


def test_a_chip_without_a_calibration_is_an_error(running: Bench) -> None:
    plug(running, Unusable)
    assert isinstance(running.read().errors[AHT20], ImplausibleError)


def test_a_chip_that_does_not_measure_is_an_error(running: Bench) -> None:
    """Its answer would be the previous result, with a right checksum."""

    class Deaf(SimulatedAHT20):
        @override
        def write(self, data: bytes) -> None:
            """Ignore the command."""

    plug(running, Deaf)
    assert isinstance(running.read().errors[AHT20], ImplausibleError)


def test_a_permanently_wrong_checksum_is_an_error(running: Bench) -> None:
    def corrupt(answer: bytearray) -> None:
        if len(answer) == 7:
            answer[2] ^= 0x10

    running.wire.corrupt = corrupt
    assert isinstance(running.read().errors[AHT20], ChecksumError)


def test_an_aht10_is_never_read(running: Bench) -> None:
    """It measures in the same way, but its answer has no checksum."""
    plug(running, AHT10)
    chip = running.chip(AHT10, AHT20.address)
    for status in (0x00, 0x08, 0x18):
        chip.status = status
        assert AHT20 in running.read().errors


def test_a_port_expander_in_its_place_is_not_written_to(running: Bench) -> None:
    """Every write would switch its relays, whichever of them are on."""
    for port in range(256):
        expander = running.replace(AHT20.address, PCF8574)
        assert isinstance(expander, PCF8574)
        expander.port = port
        running.expect(AHT20)
        assert isinstance(running.read().errors[AHT20], WrongChipError)
        assert expander.port == port
    assert running.wire.written_to(AHT20.address) == []


@pytest.mark.parametrize("answer", [b"\x1c" * 7, bytes(7), b"\xff" * 7, b"\x02\x00\x00\x00\x00\x00\x00"])
def test_answers_of_other_chips(answer: bytes) -> None:
    assert not may_be_aht20(answer)


@pytest.mark.parametrize("status", [0x00, 0x08, 0x10, 0x18, 0x1C, 0x98, 0x9C])
def test_answers_of_an_aht20(status: int) -> None:
    assert may_be_aht20(bytes((status, 1, 2, 3, 4, 5, 6)))


def test_a_chip_that_is_unplugged_during_its_measurement_is_an_error(running: Bench) -> None:
    def during() -> None:
        if running.wire.written_to(AHT20.address) == [MEASURE]:
            running.simulator.unplug(AHT20.address)

    running.clock.during = during
    assert isinstance(running.read().errors[AHT20], NoAnswerError)
