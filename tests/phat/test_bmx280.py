"""Tests of the drivers of the BMP280 and the BME280."""

from typing import override
from unittest.mock import patch

from hypothesis import given, strategies as st
import pytest

from custom_components.anavi_weather.phat import ChipId, Measurement, Quantity
from custom_components.anavi_weather.phat.bmx280 import SKIPPED, conversion_times
from custom_components.anavi_weather.phat.chip import ImplausibleError
from custom_components.anavi_weather.phat.i2c import TransferError
from custom_components.anavi_weather.phat.simulated_bmx280 import RawReadings, SimulatedBME280, SimulatedBMP280

from .bench import BME280, BMP280, Bench, deviations
from .second_opinions import ANOTHER_BMP280, ANOTHER_HUMIDITY, bmx280_in_integers

ADC_TEMPERATURE, ADC_PRESSURE = 519888, 415148  # the data sheet's example


class RawBME280(SimulatedBME280):
    """BME280 with chosen raw readings."""

    raw = RawReadings(0, 0, 0)

    @override
    def raw_readings(self) -> RawReadings:
        return self.raw


class RawBMP280(SimulatedBMP280):
    """BMP280 with chosen raw readings."""

    raw = RawReadings(0, 0, 0)

    @override
    def raw_readings(self) -> RawReadings:
        return self.raw


class AnotherBME280(SimulatedBME280):
    """BME280 with another calibration."""

    COEFFICIENTS = ANOTHER_BMP280
    HUMIDITY_COEFFICIENTS = ANOTHER_HUMIDITY


class AnotherBMP280(SimulatedBMP280):
    """BMP280 with another calibration."""

    COEFFICIENTS = ANOTHER_BMP280


def raw(temperature: int = ADC_TEMPERATURE, pressure: int = ADC_PRESSURE, humidity: int = 0x6E00) -> RawReadings:
    return RawReadings(pressure, temperature, humidity)


@pytest.fixture
def chips() -> tuple[ChipId, ...]:
    return (BMP280, BME280)


def measure_raw(bench: Bench, chip: ChipId, data: RawReadings) -> Measurement | None:
    simulated = bench.replace(chip.address, RawBMP280 if chip.kind == "BMP280" else RawBME280)
    assert isinstance(simulated, (RawBMP280, RawBME280))
    simulated.raw = data
    return bench.read().measurements[chip]


@pytest.mark.parametrize("chip", [BMP280, BME280], ids=str)
def test_the_data_sheets_example(bench: Bench, chip: ChipId) -> None:
    measurement = measure_raw(bench, chip, raw())
    assert measurement is not None
    assert measurement.values[Quantity.TEMPERATURE] == pytest.approx(25.08, abs=0.005)
    assert measurement.values[Quantity.PRESSURE] == pytest.approx(1006.53, abs=0.005)


@pytest.mark.exhaustive
@given(
    adc_t=st.integers(400_000, 640_000).filter(lambda adc: adc != SKIPPED),
    adc_p=st.integers(250_000, 500_000),
    adc_h=st.integers(0x5800, 0x7FFF),
)
@pytest.mark.parametrize("calibrated", [SimulatedBME280, AnotherBME280])
def test_the_arithmetic_agrees_with_the_data_sheets_integers(
    calibrated: type[SimulatedBME280], adc_t: int, adc_p: int, adc_h: int
) -> None:
    calibration, humidity = calibrated.COEFFICIENTS, calibrated.HUMIDITY_COEFFICIENTS
    assert humidity is not None
    exact = bmx280_in_integers(calibration, humidity, adc_t, adc_p, adc_h)
    bench = Bench()

    class Chip(RawBME280):
        COEFFICIENTS = calibration
        HUMIDITY_COEFFICIENTS = humidity

    chip = bench.replace(BME280.address, Chip)
    assert isinstance(chip, RawBME280)
    chip.raw = raw(adc_t, adc_p, adc_h)
    if measurement := bench.read().measurements[BME280]:
        for quantity, value in zip((Quantity.TEMPERATURE, Quantity.PRESSURE, Quantity.HUMIDITY), exact, strict=True):
            if quantity in measurement.values:
                assert measurement.values[quantity] == pytest.approx(value, abs=0.02)
            else:
                assert quantity == Quantity.PRESSURE
                assert not 300.1 < value < 1099.9
    else:
        assert not -39.9 < exact[0] < 84.9


@pytest.mark.parametrize(
    ("temperature", "pressure", "humidity", "typical", "maximum"),
    [
        (1, 1, 0, 5.5, 6.4),  # BMP280, section 3.8.1, from "ultra low power"
        (1, 2, 0, 7.5, 8.7),
        (1, 3, 0, 11.5, 13.3),
        (1, 4, 0, 19.5, 22.5),
        (2, 5, 0, 37.5, 43.2),  # to "ultra high resolution"
        (1, 1, 1, 8.0, 9.3),  # BME280, section 9.1
    ],
)
def test_conversions_take_as_long_as_the_data_sheets_say(
    temperature: int, pressure: int, humidity: int, typical: float, maximum: float
) -> None:
    times = conversion_times(temperature, pressure, humidity)
    assert tuple(1000 * time for time in times) == pytest.approx((typical, maximum), abs=0.06)


@pytest.mark.parametrize("chip_id", [0x56, 0x57, 0x58])
def test_samples_of_the_bmp280_are_recognized(chip_id: int) -> None:
    class Sample(SimulatedBMP280):
        CHIP_ID = chip_id

    bench = Bench()
    bench.replace(BMP280.address, Sample)
    assert deviations(bench.read(), bench.air, [BMP280]) == []


@pytest.mark.parametrize(("chip", "kind"), [(BMP280, AnotherBMP280), (BME280, AnotherBME280)], ids=str)
def test_a_chip_is_read_with_its_own_calibration(running: Bench, chip: ChipId, kind: type[SimulatedBMP280]) -> None:
    """The chip was swapped between two cycles."""
    running.replace(chip.address, kind)
    assert deviations(running.read(), running.air, [chip]) == []


def test_a_chip_is_set_up_once(bench: Bench) -> None:
    bench.read()
    bench.read()
    assert bench.wire.written_to(BME280.address).count(b"\xe0\xb6") == 1


@pytest.mark.parametrize("chip", [BMP280, BME280], ids=str)
def test_settings_are_suited_for_weather(bench: Bench, chip: ChipId) -> None:
    """No filter, because readings would lag. Oversampling is 2 for temperature, 16 for pressure, and 1 for humidity."""
    bench.read()
    settings = [b"\xe0\xb6", b"\xf5\x00", b"\xf4\x54"]
    measurement = [b"\xf4\x55"] if chip == BMP280 else [b"\xf2\x01", b"\xf4\x55"]
    assert [data for data in bench.wire.written_to(chip.address) if len(data) == 2] == settings + measurement


def test_the_calibration_is_not_read_again_in_every_cycle(running: Bench) -> None:
    running.read()
    assert not any(transfer.written == b"\x88" for transfer in running.wire.log)


@pytest.mark.parametrize("chip", [BMP280, BME280], ids=str)
def test_a_skipped_temperature_is_an_error(bench: Bench, chip: ChipId) -> None:
    """The other quantities are calculated with it."""
    assert measure_raw(bench, chip, raw(temperature=SKIPPED)) is None


@pytest.mark.parametrize("chip", [BMP280, BME280], ids=str)
def test_a_skipped_pressure_leaves_the_others(bench: Bench, chip: ChipId) -> None:
    measurement = measure_raw(bench, chip, raw(pressure=SKIPPED))
    assert measurement is not None
    assert Quantity.TEMPERATURE in measurement.values
    assert (Quantity.HUMIDITY in measurement.values) is (chip == BME280)
    assert set(measurement.errors) == {Quantity.PRESSURE}


def test_a_skipped_humidity_leaves_the_others(bench: Bench) -> None:
    measurement = measure_raw(bench, BME280, raw(humidity=0x8000))
    assert measurement is not None
    assert set(measurement.values) == {Quantity.TEMPERATURE, Quantity.PRESSURE}
    assert set(measurement.errors) == {Quantity.HUMIDITY}


@pytest.mark.parametrize("signal", [0x0000, 0xFFFF])
def test_a_broken_hygrometer_leaves_the_others(bench: Bench, signal: int) -> None:
    """The library would limit it to 0 or 100 %."""
    measurement = measure_raw(bench, BME280, raw(humidity=signal))
    assert measurement is not None
    assert set(measurement.values) == {Quantity.TEMPERATURE, Quantity.PRESSURE}
    assert isinstance(measurement.errors[Quantity.HUMIDITY], ImplausibleError)


@pytest.mark.parametrize("signal", [0x0001, 0x3000, 0xE800, 0xFFFE])
def test_a_humidity_far_outside_the_scale_is_an_error(bench: Bench, signal: int) -> None:
    """The library would limit this to 0 or 100 %, too."""
    measurement = measure_raw(bench, BME280, raw(humidity=signal))
    assert measurement is not None
    assert set(measurement.values) == {Quantity.TEMPERATURE, Quantity.PRESSURE}


@pytest.mark.parametrize("chip", [BMP280, BME280], ids=str)
def test_a_lost_command_does_not_leave_the_last_result(running: Bench, chip: ChipId) -> None:
    running.read()
    simulated = running.chip(SimulatedBMP280, chip.address)
    store, lost = simulated.store, [0xF4]

    def lose(register: int, value: int) -> None:
        if register in lost:
            lost.remove(register)
        else:
            store(register, value)

    running.air.temperature, running.air.humidity, running.air.pressure = 3.0, 81.0, 871.0
    with patch.object(simulated, "store", lose):
        assert deviations(running.read(), running.air, [chip]) == []
    assert lost == []


@pytest.mark.parametrize("content", [b"\x00", b"\xff"])
def test_a_bmp280_with_the_id_of_a_bme280_measures_no_humidity(bench: Bench, content: bytes) -> None:
    """It has no coefficients for the humidity, which would be 0 % in every cycle (finitespace/BME280, issue 125)."""

    class Relabeled(RawBME280):
        raw = RawReadings(ADC_PRESSURE, ADC_TEMPERATURE, 0x6E00)

        @override
        def power_on(self) -> None:
            super().power_on()
            self.put(0xA1, content)
            self.put(0xE1, 7 * content)

    bench.replace(BME280.address, Relabeled)
    for _ in range(2):
        measurement = bench.read().measurements[BME280]
        assert measurement is not None
        assert set(measurement.values) == {Quantity.TEMPERATURE, Quantity.PRESSURE}
        assert isinstance(measurement.errors[Quantity.HUMIDITY], ImplausibleError)


@pytest.mark.parametrize("chip", [BMP280, BME280], ids=str)
def test_a_conversion_is_repeated_after_a_power_loss(running: Bench, chip: ChipId) -> None:
    start, seen = bytes((0xF4, 0x55)), 0

    def during() -> None:
        nonlocal seen
        if running.wire.log and running.wire.log[-1].written == start and running.wire.log[-1].address == chip.address:
            seen += 1
            if seen == 2:  # the first wait is that of the transfer
                running.simulator.chips[chip.address].power_on()

    running.clock.during = during
    reading = running.read()
    assert seen > 2
    assert deviations(reading, running.air, [chip]) == []


@pytest.mark.parametrize("chip", [BMP280, BME280], ids=str)
def test_a_chip_that_does_not_accept_its_settings_is_an_error(bench: Bench, chip: ChipId) -> None:
    class Deaf(SimulatedBME280):
        CHIP_ID = {"BMP280": 0x58, "BME280": 0x60}[chip.kind]

        @override
        def store(self, register: int, value: int) -> None:
            """Ignore the write."""

    bench.replace(chip.address, Deaf)
    assert isinstance(bench.read().errors[chip], TransferError)


@pytest.mark.parametrize("register", [0x88, 0x8A, 0x8E, 0x90])
@pytest.mark.parametrize("word", [b"\x00\x00", b"\xff\xff"])
def test_an_implausible_calibration_is_an_error(bench: Bench, register: int, word: bytes) -> None:
    class Worn(SimulatedBMP280):
        @override
        def power_on(self) -> None:
            super().power_on()
            self.registers[register : register + 2] = word

    bench.replace(BMP280.address, Worn)
    assert isinstance(bench.read().errors[BMP280], ImplausibleError)


@pytest.mark.parametrize(
    ("temperature", "humidity", "pressure"), [(-40, 50, 300), (0, 100, 870), (25, 0, 1013.25), (85, 20, 1100)]
)
def test_the_whole_range_is_measured(running: Bench, temperature: float, humidity: float, pressure: float) -> None:
    air = running.air
    air.temperature, air.humidity, air.pressure = temperature + 0.001, humidity, min(pressure + 0.01, 1099.99)
    if temperature == 85:
        air.temperature = 84.99
    assert deviations(running.read(), air, [BMP280, BME280]) == []


@pytest.mark.parametrize("chip", [BMP280, BME280], ids=str)
@pytest.mark.parametrize("degrees", [-41, 86])
def test_a_temperature_beyond_the_range_is_an_error(running: Bench, chip: ChipId, degrees: float) -> None:
    running.air.temperature = degrees
    assert isinstance(running.read().errors[chip], ImplausibleError)


@pytest.mark.parametrize("chip", [BMP280, BME280], ids=str)
@pytest.mark.parametrize("pressure", [299, 1101])
def test_a_pressure_beyond_the_range_leaves_the_others(running: Bench, chip: ChipId, pressure: float) -> None:
    running.air.pressure = pressure
    measurement = running.read().measurements[chip]
    assert measurement is not None
    assert Quantity.TEMPERATURE in measurement.values
    assert set(measurement.errors) == {Quantity.PRESSURE}


# Oversampling, filter and mode of other programs, such as those of Adafruit's and Pimoroni's examples
@pytest.mark.parametrize("chip", [BMP280, BME280], ids=str)
@pytest.mark.parametrize("control", [0x25, 0x27, 0x54, 0x55, 0x57, 0x93, 0x00, 0x11, 0x41])
@pytest.mark.parametrize("config", [0x00, 0x10, 0xA0])
@pytest.mark.parametrize("wait", range(3))
def test_settings_of_another_program_are_not_used(
    running: Bench, chip: ChipId, control: int, config: int, wait: int
) -> None:
    """They are set before the cycle, while the chip converts, or while it converts again."""
    begun = 0

    def set_like_another_program() -> None:
        simulated = running.simulator.chips[chip.address]
        simulated.write(bytes((0xF2, 0x00)))
        simulated.write(bytes((0xF5, config)))
        simulated.write(bytes((0xF4, control)))

    def during() -> None:
        nonlocal begun
        last = running.wire.log[-1] if running.wire.log else None
        if last and last.address == chip.address and last.written == b"\xf4\x55" and running.clock.slept > 0.005:
            begun += 1
            if begun == wait:
                set_like_another_program()

    if wait == 0:
        set_like_another_program()
    running.clock.during = during
    assert deviations(running.read(), running.air, [chip]) == []


def test_a_bmp280_measures_no_humidity(running: Bench) -> None:
    measurement = running.read().measurements[BMP280]
    assert measurement is not None
    assert set(measurement.values) == {Quantity.TEMPERATURE, Quantity.PRESSURE}
