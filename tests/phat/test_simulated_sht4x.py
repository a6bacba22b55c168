"""Tests of the simulated SHT4x against the data sheet."""

import pytest

from custom_components.anavi_weather.phat import ChipId, NoAnswerError
from custom_components.anavi_weather.phat.simulated_chips import with_checksums
from custom_components.anavi_weather.phat.simulated_sht4x import SimulatedSHT4x, humidity_signal, temperature_signal

from .bench import SHT4X, Bench


@pytest.fixture
def chips() -> tuple[ChipId, ...]:
    return (SHT4X,)


@pytest.fixture
def idle(bench: Bench) -> Bench:
    """Return a bench some time after power-up."""
    bench.clock.sleep(0.001)
    return bench


def test_signals_match_the_data_sheets_formulas() -> None:
    """Section 4.6."""
    assert [temperature_signal(celsius) for celsius in (-46, -45, 25, 130, 131)] == [0, 0, 26214, 0xFFFF, 0xFFFF]
    assert [humidity_signal(percent) for percent in (-7, -6, 44, 119, 120)] == [0, 0, 26214, 0xFFFF, 0xFFFF]


@pytest.mark.parametrize(
    ("command", "duration", "celsius"),
    [
        (b"\xfd", 0.0083, 25),
        (b"\xf6", 0.0045, 25),
        (b"\xe0", 0.0016, 25),
        (b"\x39", 1.1083, 45),
        (b"\x24", 0.1183, 45),
        (b"\x24\x00", 0.1183, 45),  # a command of an SHT3x
    ],
)
def test_a_measurement_is_not_acknowledged_before_it_is_finished(
    idle: Bench, command: bytes, duration: float, celsius: float
) -> None:
    """The heater is on before the measurement of some commands."""
    idle.air.temperature, idle.air.humidity = 25.0, 44.0
    idle.bus.write(SHT4X.address, command)
    idle.clock.sleep(duration - 0.0015)
    assert idle.bus.read_when_ready(SHT4X.address, 6) is None
    with pytest.raises(NoAnswerError):
        idle.bus.write(SHT4X.address, b"\x89")
    idle.clock.sleep(0.0015)
    assert idle.bus.read(SHT4X.address, 6) == with_checksums(temperature_signal(celsius), 26214)
    assert idle.bus.read_when_ready(SHT4X.address, 6) is None
    assert idle.chip(SimulatedSHT4x, SHT4X.address).heated == (celsius == 45)


def test_the_serial_number_is_read(idle: Bench) -> None:
    idle.bus.write(SHT4X.address, b"\x89")
    assert idle.bus.read(SHT4X.address, 6) == with_checksums(0x0F15, 0x9A2C)


def test_a_reset_takes_its_time(idle: Bench) -> None:
    idle.bus.write(SHT4X.address, b"\x94")
    with pytest.raises(NoAnswerError):
        idle.bus.write(SHT4X.address, b"\xfd")
    idle.clock.sleep(0.001)
    idle.bus.write(SHT4X.address, b"\xfd")


def test_nothing_is_acknowledged_during_power_up(bench: Bench) -> None:
    with pytest.raises(NoAnswerError):
        bench.bus.write(SHT4X.address, b"\xfd")


@pytest.mark.parametrize("command", [b"\xf3\x2d", b"\x30\x93", b"\x00"])
def test_an_unknown_command_is_not_acknowledged(idle: Bench, command: bytes) -> None:
    with pytest.raises(NoAnswerError):
        idle.bus.write(SHT4X.address, command)
