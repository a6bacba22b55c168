"""Tests of the simulated AHT20 against the data sheet."""

import pytest

from custom_components.anavi_weather.phat import ChipId
from custom_components.anavi_weather.phat.simulated_aht20 import humidity_signal, temperature_signal
from custom_components.anavi_weather.phat.simulated_chips import checksum

from .bench import AHT20, Bench

MEASURE = b"\xac\x33\x00"
REAL_ANSWER = bytes.fromhex("1c3b5e8688b2d2")  # of a real chip: 23.191071 % and 31.674576 °C


@pytest.fixture
def chips() -> tuple[ChipId, ...]:
    return (AHT20,)


@pytest.fixture
def idle(bench: Bench) -> Bench:
    """Return a bench some time after power-on."""
    bench.clock.sleep(0.1)
    return bench


def test_a_real_chips_answer(idle: Bench) -> None:
    idle.air.humidity, idle.air.temperature = 23.191071, 31.674576
    idle.bus.write(AHT20.address, MEASURE)
    idle.clock.sleep(0.08)
    assert idle.bus.read(AHT20.address, 7) == REAL_ANSWER
    assert checksum(REAL_ANSWER[:6]) == REAL_ANSWER[6]


def test_signals_are_limited_to_20_bits() -> None:
    assert [humidity_signal(percent) for percent in (-1, 0, 50, 100)] == [0, 0, 0x80000, 0xFFFFF]
    assert [temperature_signal(celsius) for celsius in (-51, -50, 50, 150)] == [0, 0, 0x80000, 0xFFFFF]


def test_the_chip_is_busy_after_power_on(bench: Bench) -> None:
    bench.bus.write(AHT20.address, MEASURE)  # ignored
    bench.clock.sleep(0.095)
    assert bench.bus.read(AHT20.address, 1) == b"\x98"
    bench.clock.sleep(0.005)
    assert bench.bus.read(AHT20.address, 6) == b"\x18\x00\x00\x00\x00\x00"


def test_the_chip_is_busy_during_a_measurement(idle: Bench) -> None:
    idle.bus.write(AHT20.address, MEASURE)
    idle.clock.sleep(0.079)
    assert idle.bus.read(AHT20.address, 1) == b"\x9c"
    idle.clock.sleep(0.001)
    assert idle.bus.read(AHT20.address, 1) == b"\x1c"


@pytest.mark.parametrize("command", [b"\xac", b"\xac\x33", b"\xe1\x08\x00", b"\x71"])
def test_other_commands_do_nothing(idle: Bench, command: bytes) -> None:
    idle.bus.write(AHT20.address, command)
    assert idle.bus.read(AHT20.address, 6) == b"\x18\x00\x00\x00\x00\x00"


def test_a_reset_discards_the_result(idle: Bench) -> None:
    idle.bus.write(AHT20.address, MEASURE)
    idle.clock.sleep(0.08)
    idle.bus.write(AHT20.address, b"\xba")
    assert idle.bus.read(AHT20.address, 1) == b"\x98"
    idle.clock.sleep(0.02)
    assert idle.bus.read(AHT20.address, 6) == b"\x18\x00\x00\x00\x00\x00"


def test_the_initialization_takes_its_time(idle: Bench) -> None:
    idle.bus.write(AHT20.address, b"\xbe\x08\x00")
    assert idle.bus.read(AHT20.address, 1) == b"\x98"
    idle.clock.sleep(0.01)
    assert idle.bus.read(AHT20.address, 1) == b"\x18"


def test_registers_are_read_and_written(idle: Bench) -> None:
    idle.bus.write(AHT20.address, b"\x1b\x00\x00")
    assert idle.bus.read(AHT20.address, 3) == b"\x18\x12\x34"
    idle.bus.write(AHT20.address, b"\xbb\x56\x78")
    idle.bus.write(AHT20.address, b"\x1b\x00\x00")
    assert idle.bus.read(AHT20.address, 3) == b"\x18\x56\x78"
