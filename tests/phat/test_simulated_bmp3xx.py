"""Tests of the simulated BMP388 and BMP390 against the data sheet."""

from hypothesis import given, strategies as st
import pytest

from custom_components.anavi_weather.phat import ChipId
from custom_components.anavi_weather.phat.bmp3xx import Calibration, compensate
from custom_components.anavi_weather.phat.simulated_bmp3xx import (
    Coefficients,
    compensated_temperature,
    max_conversion_time,
    raw_pressure,
    raw_temperature,
)

from .bench import BMP388, BMP390, Bench

# A real BMP388's registers and its results, from the tests of a public library
CALIBRATION = bytes.fromhex("236b5849f65cffcef42300ea636e79f3f6aa4312c4")
RAW_PRESSURE, RAW_TEMPERATURE = 0x6D9F97, 0x85D873


@pytest.fixture
def chips() -> tuple[ChipId, ...]:
    return (BMP388,)


@pytest.fixture
def idle(bench: Bench) -> Bench:
    """Return a bench some time after power-on."""
    bench.clock.sleep(0.002)
    return bench


def test_a_real_chips_readings() -> None:
    coefficients = Coefficients()
    assert compensated_temperature(coefficients, RAW_TEMPERATURE) == pytest.approx(30.499314453874284)
    assert raw_temperature(coefficients, 30.499314453874284) == RAW_TEMPERATURE
    assert raw_pressure(coefficients, 30.499314453874284, 1008.7600634692199) == RAW_PRESSURE


@given(temperature=st.floats(-40, 85), pressure=st.floats(300, 1100))
def test_raw_values_match_the_air(temperature: float, pressure: float) -> None:
    coefficients = Coefficients()
    calibration = Calibration.parse(CALIBRATION)
    assert calibration is not None
    adc_t = raw_temperature(coefficients, temperature)
    adc_p = raw_pressure(coefficients, compensated_temperature(coefficients, adc_t), pressure)
    assert compensate(calibration, adc_t, adc_p) == pytest.approx((temperature, pressure), abs=0.001)


def test_raw_values_are_limited_by_the_converter() -> None:
    coefficients = Coefficients()
    assert [raw_temperature(coefficients, celsius) for celsius in (-600, 600)] == [0, 0xFFFFFF]
    assert raw_pressure(coefficients, 25, 10_000) == 0
    assert raw_pressure(coefficients, 25, -2_000) == 0xFFFFFF


@pytest.mark.parametrize(
    ("temperature", "pressure", "milliseconds"),
    [
        (0, 0, 5.6),  # section 3.9.2
        (0, 1, 7.9),
        (1, 4, 42.7),
        (1, 5, 79.9),
        (None, 0, 3.0),
        (0, None, 2.8),
    ],
)
def test_conversions_take_the_data_sheets_maximum(
    temperature: int | None, pressure: int | None, milliseconds: float
) -> None:
    assert 1000 * max_conversion_time(temperature, pressure) == pytest.approx(milliseconds, abs=0.06)


def test_the_calibration_is_loaded_after_power_on(bench: Bench) -> None:
    assert bench.bus.read_register(BMP388.address, 0x31, 2) == bytes(2)
    assert bench.bus.read_register(BMP388.address, 0x03) == b"\x00"
    bench.clock.sleep(0.002)
    assert bench.bus.read_register(BMP388.address, 0x31, 21) == CALIBRATION
    assert bench.bus.read_register(BMP388.address, 0x03) == b"\x10"


def test_the_registers_after_power_on(idle: Bench) -> None:
    assert idle.bus.read_register(BMP388.address, 0x00, 2) == b"\x50\x00"
    assert idle.bus.read_register(BMP388.address, 0x04, 6) == b"\x00\x00\x80\x00\x00\x80"
    assert idle.bus.read_register(BMP388.address, 0x10) == b"\x01"
    assert idle.bus.read_register(BMP388.address, 0x10) == b"\x00"
    assert idle.bus.read_register(BMP388.address, 0x1B, 5) == b"\x00\x02\x00\x00\x00"


@pytest.mark.parametrize("chips", [(BMP390,)], ids=["BMP390"])
def test_a_bmp390_has_another_id_and_a_revision(idle: Bench) -> None:
    assert idle.bus.read_register(BMP390.address, 0x00, 2) == b"\x60\x01"


@pytest.mark.parametrize("mode", [0x10, 0x20])
def test_a_forced_conversion_ends_in_sleep_mode(idle: Bench, mode: int) -> None:
    idle.bus.write(BMP388.address, bytes((0x1B, 0x03 | mode)))
    idle.clock.sleep(0.005)
    assert idle.bus.read_register(BMP388.address, 0x1B) == bytes((0x03 | mode,))
    assert idle.bus.read_register(BMP388.address, 0x03) == b"\x10"
    idle.clock.sleep(0.01)
    assert idle.bus.read_register(BMP388.address, 0x1B) == b"\x03"
    assert idle.bus.read_register(BMP388.address, 0x03) == b"\x70"


def test_the_normal_mode_converts_repeatedly(idle: Bench) -> None:
    idle.bus.write(BMP388.address, b"\x1b\x33")
    for _ in range(2):
        idle.clock.sleep(1)
        assert idle.bus.read_register(BMP388.address, 0x03) == b"\x70"
        assert idle.bus.read_register(BMP388.address, 0x1B) == b"\x33"
        idle.bus.read_register(BMP388.address, 0x04, 6)
    idle.bus.write(BMP388.address, b"\x1b\x00")
    idle.clock.sleep(1)
    assert idle.bus.read_register(BMP388.address, 0x03) == b"\x10"


def test_reading_a_result_clears_its_flag(idle: Bench) -> None:
    idle.bus.write(BMP388.address, b"\x1b\x13")
    idle.clock.sleep(1)
    assert idle.bus.read_register(BMP388.address, 0x03, 2)[0] == 0x70
    assert idle.bus.read_register(BMP388.address, 0x03) == b"\x50"
    idle.bus.read_register(BMP388.address, 0x09)
    assert idle.bus.read_register(BMP388.address, 0x03) == b"\x10"


@pytest.mark.parametrize(("enabled", "flags"), [(0x01, 0x30), (0x02, 0x50), (0x00, 0x10)])
def test_what_is_not_enabled_is_not_measured(idle: Bench, enabled: int, flags: int) -> None:
    idle.bus.write(BMP388.address, bytes((0x1B, 0x10 | enabled)))
    idle.clock.sleep(1)
    assert idle.bus.read_register(BMP388.address, 0x03) == bytes((flags,))


@pytest.mark.parametrize(("value", "settings"), [(0xB6, b"\x02"), (0xB5, b"\x0c")])
def test_only_the_reset_command_resets_the_settings(idle: Bench, value: int, settings: bytes) -> None:
    idle.bus.write(BMP388.address, b"\x1c\x0c")
    idle.bus.write(BMP388.address, bytes((0x7E, value)))
    assert idle.bus.read_register(BMP388.address, 0x1C) == settings


def test_other_registers_are_read_only(idle: Bench) -> None:
    idle.bus.write(BMP388.address, b"\x00\x58\x31\x00")
    assert idle.bus.read_register(BMP388.address, 0x00) == b"\x50"
    assert idle.bus.read_register(BMP388.address, 0x31) == CALIBRATION[:1]
