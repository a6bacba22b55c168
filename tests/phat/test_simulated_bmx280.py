"""Tests of the simulated BMP280 and BME280 against the data sheet."""

import struct

from hypothesis import given, strategies as st
import pytest

from custom_components.anavi_weather.phat import ChipId
from custom_components.anavi_weather.phat.simulated_bmx280 import (
    Coefficients,
    HumidityCoefficients,
    fine_temperature,
    max_conversion_time,
    raw_humidity,
    raw_pressure,
    raw_temperature,
)

from .bench import BME280, BMP280, Bench
from .second_opinions import ANOTHER_BMP280, ANOTHER_HUMIDITY, bmx280_in_integers


@pytest.fixture
def chips() -> tuple[ChipId, ...]:
    return (BME280,)


def test_the_data_sheets_example() -> None:
    """BMP280, section 3.12; half a step is 0.005 °C or 16 counts, and 0.005 hPa or 3 counts."""
    assert raw_temperature(Coefficients(), 25.08) == pytest.approx(519888, abs=16)
    assert fine_temperature(Coefficients(), 519888) == pytest.approx(128422, abs=0.5)
    assert raw_pressure(Coefficients(), 128422, 1006.53) == pytest.approx(415148, abs=3)


def test_raw_values_are_limited_by_the_converter() -> None:
    coefficients, humidity_coefficients = Coefficients(), HumidityCoefficients()
    assert [raw_temperature(coefficients, celsius) for celsius in (-300, 300)] == [0, 0xFFFFF]
    assert [raw_pressure(coefficients, 128422, hectopascals) for hectopascals in (4_000, -200)] == [0, 0xFFFFF]
    assert [raw_humidity(humidity_coefficients, 128422, percent) for percent in (-500, 1_000)] == [0, 0xFFFF]


@pytest.mark.parametrize(
    ("coefficients", "humidity_coefficients"),
    [(Coefficients(), HumidityCoefficients()), (ANOTHER_BMP280, ANOTHER_HUMIDITY)],
    ids=["example", "another"],
)
@given(temperature=st.floats(-40, 85), pressure=st.floats(300, 1100), humidity=st.floats(0, 100))
def test_raw_values_match_the_air(
    coefficients: Coefficients,
    humidity_coefficients: HumidityCoefficients,
    temperature: float,
    pressure: float,
    humidity: float,
) -> None:
    adc_t = raw_temperature(coefficients, temperature)
    t_fine = fine_temperature(coefficients, adc_t)
    adc_p = raw_pressure(coefficients, t_fine, pressure)
    adc_h = raw_humidity(humidity_coefficients, t_fine, humidity)
    celsius, hectopascals, percent = bmx280_in_integers(coefficients, humidity_coefficients, adc_t, adc_p, adc_h)
    assert celsius == pytest.approx(temperature, abs=0.01)
    assert hectopascals == pytest.approx(pressure, abs=0.01)
    assert percent == pytest.approx(humidity, abs=0.02)


@pytest.mark.parametrize(
    ("temperature", "pressure", "humidity", "milliseconds"),
    [
        (1, 1, 0, 6.4),  # BMP280, table 13
        (1, 2, 0, 8.7),
        (1, 3, 0, 13.3),
        (1, 4, 0, 22.5),
        (2, 5, 0, 43.2),
        (7, 6, 5, 112.8),  # BME280, section 5.4: all settings above 5 are 16 samples
        (1, 1, 1, 9.3),  # BME280, section 9.1
    ],
)
def test_conversions_take_the_data_sheets_maximum(
    temperature: int, pressure: int, humidity: int, milliseconds: float
) -> None:
    assert 1000 * max_conversion_time(temperature, pressure, humidity) == pytest.approx(milliseconds, abs=0.06)


def test_a_quantity_that_is_not_oversampled_is_skipped(bench: Bench) -> None:
    bench.bus.write(BME280.address, b"\xf4\x01")
    bench.clock.sleep(1)
    assert bench.bus.read_register(BME280.address, 0xF7, 8) == bytes.fromhex("8000008000008000")


def test_humidity_settings_take_effect_with_the_control_register(bench: Bench) -> None:
    bench.bus.write(BME280.address, b"\xf4\x25")
    bench.bus.write(BME280.address, b"\xf2\x01")
    bench.clock.sleep(1)
    assert bench.bus.read_register(BME280.address, 0xFD, 2) == b"\x80\x00"


def test_the_calibration_is_the_data_sheets_example(bench: Bench) -> None:
    """BMP280, section 3.12."""
    coefficients = struct.unpack("<HhhHhhhhhhhh", bench.bus.read_register(BME280.address, 0x88, 24))
    assert coefficients == (27504, 26435, -1000, 36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000)


@pytest.mark.parametrize(("value", "settings"), [(0xB6, b"\x00"), (0xB5, b"\x54")])
def test_only_the_reset_value_resets_the_settings(bench: Bench, value: int, settings: bytes) -> None:
    bench.bus.write(BME280.address, b"\xf4\x54")
    bench.bus.write(BME280.address, bytes((0xE0, value)))
    assert bench.bus.read_register(BME280.address, 0xF4) == settings


def test_nothing_is_converted_in_sleep_mode(bench: Bench) -> None:
    bench.clock.sleep(1)
    bench.bus.write(BME280.address, b"\xf4\x24")
    assert bench.bus.read_register(BME280.address, 0xF3) == b"\x00"
    bench.clock.sleep(1)
    assert bench.bus.read_register(BME280.address, 0xF7, 6) == bytes.fromhex("800000800000")


def test_a_forced_conversion_ends_in_sleep_mode_and_normal_mode_stays(bench: Bench) -> None:
    for mode, then in ((0x25, b"\x24"), (0x27, b"\x27")):
        bench.bus.write(BME280.address, bytes((0xF4, mode)))
        bench.clock.sleep(1)
        assert bench.bus.read_register(BME280.address, 0xF4) == then


def test_the_calibration_is_copied_after_power_on(bench: Bench) -> None:
    bench.clock.sleep(0.0015)
    assert bench.bus.read_register(BME280.address, 0xF3)[0] & 0x01
    bench.clock.sleep(0.0005)
    assert not bench.bus.read_register(BME280.address, 0xF3)[0] & 0x01


def test_other_registers_are_read_only(bench: Bench) -> None:
    bench.bus.write(BME280.address, b"\x88\x00\xe0\x00")
    assert bench.bus.read_register(BME280.address, 0x88) == bytes((27504 & 0xFF,))


@pytest.mark.parametrize("chips", [(BMP280,)], ids=["BMP280"])
def test_a_bmp280_has_no_humidity(bench: Bench) -> None:
    bench.bus.write(BMP280.address, b"\xf4\x25")
    bench.clock.sleep(1)
    assert bench.bus.read_register(BMP280.address, 0xA1) == b"\x00"
    assert bench.bus.read_register(BMP280.address, 0xE1, 7) == bytes(7)
    assert bench.bus.read_register(BMP280.address, 0xFD, 2) == b"\x80\x00"
