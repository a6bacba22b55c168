"""Tests of the simulated BMP180 against the data sheet."""

from hypothesis import given, strategies as st
import pytest

from custom_components.anavi_weather.phat import ChipId
from custom_components.anavi_weather.phat.simulated_bmp180 import Coefficients, raw_pressure, raw_temperature

from .bench import BMP180, Bench
from .second_opinions import ANOTHER_BMP180, bmp180_in_floating_point


@pytest.fixture
def chips() -> tuple[ChipId, ...]:
    return (BMP180,)


def test_the_data_sheets_example() -> None:
    """Section 3.5."""
    assert raw_temperature(Coefficients(), 15.0) == 27898
    assert raw_pressure(Coefficients(), 27898, 699.64, 0) == 23843


def test_raw_values_are_limited_by_the_converter() -> None:
    assert raw_temperature(Coefficients(), 2_000) == 0xFFFF
    assert [raw_pressure(Coefficients(), 27898, 9_000, oversampling) for oversampling in range(4)] == [
        0xFFFF,
        0x1FFFF,
        0x3FFFF,
        0x7FFFF,
    ]
    assert raw_pressure(Coefficients(), 27898, -500, 0) == 0


@pytest.mark.parametrize("coefficients", [Coefficients(), ANOTHER_BMP180])
@given(temperature=st.floats(-40, 85), pressure=st.floats(300, 1100), oversampling=st.integers(0, 3))
def test_raw_values_match_the_air(
    coefficients: Coefficients, temperature: float, pressure: float, oversampling: int
) -> None:
    ut = raw_temperature(coefficients, temperature)
    up = raw_pressure(coefficients, ut, pressure, oversampling) / 2**oversampling
    celsius, hectopascals = bmp180_in_floating_point(coefficients, ut, up)
    assert celsius == pytest.approx(temperature, abs=0.02)
    assert hectopascals == pytest.approx(pressure, abs=0.15)


@pytest.mark.parametrize(("oversampling", "time_needed"), [(0, 4.5), (1, 7.5), (2, 13.5), (3, 25.5)])
def test_the_duration_of_a_conversion_depends_on_the_oversampling(
    bench: Bench, oversampling: int, time_needed: float
) -> None:
    bench.bus.write(BMP180.address, bytes((0xF4, 0x34 | oversampling << 6)))
    bench.clock.sleep(time_needed / 1000 - 0.002)
    assert bench.bus.read_register(BMP180.address, 0xF4)[0] & 0x20
    bench.clock.sleep(0.002)
    assert not bench.bus.read_register(BMP180.address, 0xF4)[0] & 0x20


@pytest.mark.parametrize("command", [0x00, 0x2F])
def test_other_commands_convert_nothing(bench: Bench, command: int) -> None:
    bench.bus.write(BMP180.address, bytes((0xF4, command)))
    bench.clock.sleep(1)
    assert bench.bus.read_register(BMP180.address, 0xF6, 3) == b"\x80\x00\x00"


def test_a_reset_clears_the_result(bench: Bench) -> None:
    bench.read()
    bench.bus.write(BMP180.address, b"\xe0\xb6")
    assert bench.bus.read_register(BMP180.address, 0xF6, 3) == b"\x80\x00\x00"


def test_other_registers_are_read_only(bench: Bench) -> None:
    bench.bus.write(BMP180.address, b"\xaa\x00\xe0\x00")
    assert bench.bus.read_register(BMP180.address, 0xAA) == b"\x01"
