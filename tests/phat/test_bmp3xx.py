"""Tests of the drivers of the BMP388 and the BMP390."""

from collections.abc import Mapping
from typing import override

import pytest

from custom_components.anavi_weather.phat import ChipId, Measurement, Quantity
from custom_components.anavi_weather.phat.bmp3xx import SKIPPED, Calibration, conversion_times
from custom_components.anavi_weather.phat.chip import ImplausibleError, NotFinishedError, WrongChipError
from custom_components.anavi_weather.phat.i2c import TransferError
from custom_components.anavi_weather.phat.simulated_bmp3xx import Coefficients, SimulatedBMP388, SimulatedBMP390
from custom_components.anavi_weather.phat.simulated_bmx280 import SimulatedBME280
from custom_components.anavi_weather.phat.simulated_chips import SimulatedChip

from .bench import BMP388, BMP390, Bench, deviations

RAW_PRESSURE, RAW_TEMPERATURE = 0x6D9F97, 0x85D873
START = b"\x1b\x13"


class RawBMP388(SimulatedBMP388):
    """BMP388 with chosen raw readings."""

    raw = {"pressure": RAW_PRESSURE, "temperature": RAW_TEMPERATURE}  # noqa: RUF012

    @override
    def raw_readings(self) -> tuple[int, int]:
        return self.raw["pressure"], self.raw["temperature"]


class RawBMP390(RawBMP388, SimulatedBMP390):
    """BMP390 with chosen raw readings."""


class AnotherBMP388(SimulatedBMP388):
    """BMP388 with another calibration."""

    COEFFICIENTS = Coefficients(27100, 18900, -8, -300, -3000, 33, 1, 25400, 30900, -12, -11, 17100, 20, -58)


class AnotherBMP390(AnotherBMP388, SimulatedBMP390):
    """BMP390 with another calibration."""


KINDS = {BMP388: (RawBMP388, AnotherBMP388), BMP390: (RawBMP390, AnotherBMP390)}
both = pytest.mark.parametrize("chip", [BMP388, BMP390], ids=str)


@pytest.fixture
def chips() -> tuple[ChipId, ...]:
    return (BMP388, BMP390)


def measure_raw(bench: Bench, chip: ChipId, **raw: int) -> Measurement | None:
    simulated = bench.replace(chip.address, KINDS[chip][0])
    assert isinstance(simulated, RawBMP388)
    simulated.raw = {**simulated.raw, **raw}
    return bench.read().measurements[chip]


@both
def test_a_real_chips_readings(bench: Bench, chip: ChipId) -> None:
    """Registers of a real BMP388, and the values that a public library calculates (elixir-sensors/bmp3xx)."""
    measurement = measure_raw(bench, chip)
    assert measurement is not None
    assert measurement.values[Quantity.TEMPERATURE] == pytest.approx(30.499314453874284, abs=1e-6)
    assert measurement.values[Quantity.PRESSURE] == pytest.approx(1008.7600634692199, abs=1e-6)


@pytest.mark.parametrize(
    ("temperature", "pressure", "typical", "maximum"),
    [
        (0, 0, 4.9, 5.6),  # BMP388, table 21, and 15 % more than BMP390, section 3.9.2
        (0, 1, 6.9, 7.9),
        (1, 4, 36.9, 42.7),
        (1, 5, 68.9, 79.9),
    ],
)
def test_conversions_take_as_long_as_the_data_sheets_say(
    temperature: int, pressure: int, typical: float, maximum: float
) -> None:
    times = conversion_times(temperature, pressure)
    assert tuple(1000 * time for time in times) == pytest.approx((typical, maximum), abs=0.06)


@both
@pytest.mark.parametrize("pace", [0.8, 0.87, 1.0, 1.2])
def test_a_conversion_takes_up_to_its_maximum(running: Bench, chip: ChipId, pace: float) -> None:
    running.simulator.chips[chip.address].pace = pace
    for _ in range(3):
        assert deviations(running.read(), running.air, [chip]) == []


@both
def test_a_chip_is_read_with_its_own_calibration(running: Bench, chip: ChipId) -> None:
    """The chip was swapped between two cycles."""
    running.replace(chip.address, KINDS[chip][1])
    assert deviations(running.read(), running.air, [chip]) == []


@both
def test_settings_are_suited_for_weather(bench: Bench, chip: ChipId) -> None:
    """No filter, because readings would lag. Oversampling is 2 for temperature, and 16 for pressure."""
    bench.read()
    bench.read()
    settings = [b"\x7e\xb6", b"\x1c\x0c", b"\x1f\x00", b"\x1b\x03"]
    assert [data for data in bench.wire.written_to(chip.address) if len(data) == 2] == [*settings, START, START]


@both
@pytest.mark.parametrize("settings", [b"\x1c\x02", b"\x1f\x0e", b"\x1b\x33", b"\x1b\x00", b"\x7e\xb6"])
def test_settings_of_another_program_are_replaced(running: Bench, chip: ChipId, settings: bytes) -> None:
    running.bus.write(chip.address, settings)
    assert deviations(running.read(), running.air, [chip]) == []


@both
def test_settings_that_change_during_the_conversion_are_an_error(running: Bench, chip: ChipId) -> None:
    """The result is not ours, so the conversion is repeated."""
    changed = False

    def during() -> None:
        nonlocal changed
        if not changed and running.wire.written_to(chip.address)[-1:] == [START]:
            changed = True
            running.simulator.chips[chip.address].write(b"\x1c\x00")

    running.clock.during = during
    assert deviations(running.read(), running.air, [chip]) == []
    assert running.wire.written_to(chip.address).count(START) == 2


@both
def test_the_status_is_polled_without_reading_the_result(running: Bench, chip: ChipId) -> None:
    """Reading it clears the flags that are waited for."""
    running.read()
    transfers = [transfer for transfer in running.wire.log if transfer.address == chip.address]
    start = next(place for place, transfer in enumerate(transfers) if transfer.written == START)
    read = [transfer.written for transfer in transfers[start + 1 :]]
    assert set(read[: read.index(b"\x04")]) == {b"\x03"}


@both
def test_a_result_that_nobody_read_is_not_taken_for_the_new_one(running: Bench, chip: ChipId) -> None:
    """Another program has started a conversion since the last cycle."""
    running.bus.write(chip.address, START)
    running.clock.sleep(1)
    running.air.pressure = 950.0
    assert deviations(running.read(), running.air, [chip]) == []


@both
@pytest.mark.parametrize("skipped", [{"temperature": SKIPPED}, {"pressure": SKIPPED}])
def test_a_skipped_measurement_is_an_error(bench: Bench, chip: ChipId, skipped: Mapping[str, int]) -> None:
    assert measure_raw(bench, chip, **skipped) is None


@both
def test_a_chip_that_does_not_accept_its_settings_is_an_error(bench: Bench, chip: ChipId) -> None:
    class Deaf(KINDS[chip][0]):  # type: ignore[misc]
        @override
        def store(self, register: int, value: int) -> None:
            if register == 0x1B:
                super().store(register, value)

    bench.replace(chip.address, Deaf)
    assert isinstance(bench.read().errors[chip], TransferError)


@pytest.mark.parametrize("content", [bytes(21), b"\xff" * 21])
def test_an_invalid_calibration_is_an_error(bench: Bench, content: bytes) -> None:
    assert Calibration.parse(content) is None

    class Worn(SimulatedBMP388):
        @override
        def refresh(self) -> None:
            super().refresh()
            self.put(0x31, content)

    bench.replace(BMP388.address, Worn)
    assert isinstance(bench.read().errors[BMP388], NotFinishedError)


@both
@pytest.mark.parametrize(("temperature", "pressure"), [(-39.99, 300.01), (0, 870), (25, 1013.25), (84.99, 1099.99)])
def test_the_whole_range_is_measured(running: Bench, chip: ChipId, temperature: float, pressure: float) -> None:
    running.air.temperature, running.air.pressure = temperature, pressure
    assert deviations(running.read(), running.air, [chip]) == []


@both
@pytest.mark.parametrize("degrees", [-41, 86])
def test_a_temperature_beyond_the_range_is_an_error(running: Bench, chip: ChipId, degrees: float) -> None:
    running.air.temperature = degrees
    assert isinstance(running.read().errors[chip], ImplausibleError)


@both
@pytest.mark.parametrize("pressure", [299, 1101])
def test_a_pressure_beyond_the_range_leaves_the_temperature(running: Bench, chip: ChipId, pressure: float) -> None:
    running.air.pressure = pressure
    measurement = running.read().measurements[chip]
    assert measurement is not None
    assert set(measurement.values) == {Quantity.TEMPERATURE}
    assert isinstance(measurement.errors[Quantity.PRESSURE], ImplausibleError)


class BME280WithOtherId(SimulatedBME280):
    """BME280 in whose unused register the id of a BMP390 is found."""

    @override
    def power_on(self) -> None:
        super().power_on()
        self.registers[0x00] = 0x60


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("BMP180", "BMP180"),
        ("BMP280", "BMP280"),
        ("BME280", "BME280"),
        ("BMP388", "BMP388"),
        ("BMP390", "BMP390"),
        (BME280WithOtherId, "BME280"),
    ],
    ids=str,
)
def test_each_bosch_chip_is_recognized(kind: str | type[SimulatedChip], found: str) -> None:
    """A BME280 and a BMP390 have the same id, in different registers."""
    bench = Bench()
    bench.replace(0x77, kind)
    detection = bench.phat.detect()
    assert detection.chips == (ChipId(found, 0x77),)
    assert detection.foreign == ()
    assert deviations(bench.read(), bench.air, detection.chips) == []


@both
def test_a_bme280_in_its_place_is_never_read(running: Bench, chip: ChipId) -> None:
    running.replace(chip.address, "BME280")
    assert isinstance(running.read().errors[chip], WrongChipError)
    assert deviations(running.read(), running.air, [ChipId("BME280", chip.address)]) == []
