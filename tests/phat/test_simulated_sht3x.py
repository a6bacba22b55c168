"""Tests of the simulated SHT3x against the data sheet."""

import pytest

from custom_components.anavi_weather.phat import ChipId, NoAnswerError
from custom_components.anavi_weather.phat.simulated_chips import with_checksums
from custom_components.anavi_weather.phat.simulated_sht3x import SimulatedSHT3x, humidity_signal, temperature_signal

from .bench import SHT3X, Bench

MEASURE, READ_STATUS = b"\x24\x00", b"\xf3\x2d"


@pytest.fixture
def chips() -> tuple[ChipId, ...]:
    return (SHT3X,)


@pytest.fixture
def idle(bench: Bench) -> Bench:
    """Return a bench some time after power-up."""
    bench.clock.sleep(0.0015)
    return bench


def status(bench: Bench) -> int:
    bench.bus.write(SHT3X.address, READ_STATUS)
    return int.from_bytes(bench.bus.read(SHT3X.address, 3)[:2])


def test_the_data_sheets_checksum() -> None:
    """Section 4.12."""
    assert with_checksums(0xBEEF, 0x0000) == bytes.fromhex("beef92000081")


def test_signals_match_the_data_sheets_formulas() -> None:
    """Section 4.13."""
    assert [temperature_signal(celsius) for celsius in (-46, -45, 25, 130, 131)] == [0, 0, 26214, 0xFFFF, 0xFFFF]
    assert [humidity_signal(percent) for percent in (-1, 0, 60, 100, 101)] == [0, 0, 39321, 0xFFFF, 0xFFFF]


def test_a_measurement_is_not_acknowledged_before_it_is_finished(idle: Bench) -> None:
    idle.air.temperature, idle.air.humidity = 25.0, 60.0
    idle.bus.write(SHT3X.address, MEASURE)
    idle.clock.sleep(0.013)
    assert idle.bus.read_when_ready(SHT3X.address, 6) is None
    with pytest.raises(NoAnswerError):
        idle.bus.write(SHT3X.address, READ_STATUS)
    idle.clock.sleep(0.0015)
    assert idle.bus.read(SHT3X.address, 6) == with_checksums(26214, 39321)


@pytest.mark.parametrize(("command", "duration"), [(b"\x24\x0b", 0.0065), (b"\x24\x16", 0.0045)])
def test_lower_repeatability_takes_less_time(idle: Bench, command: bytes, duration: float) -> None:
    idle.bus.write(SHT3X.address, command)
    idle.clock.sleep(duration)
    assert len(idle.bus.read(SHT3X.address, 6)) == 6


def test_an_answer_is_read_once(idle: Bench) -> None:
    idle.bus.write(SHT3X.address, READ_STATUS)
    idle.bus.read(SHT3X.address, 3)
    assert idle.bus.read_when_ready(SHT3X.address, 3) is None


def test_nothing_is_acknowledged_during_power_up(bench: Bench) -> None:
    with pytest.raises(NoAnswerError):
        bench.bus.write(SHT3X.address, READ_STATUS)


def test_the_status_after_power_up_can_be_cleared(idle: Bench) -> None:
    assert status(idle) == 0x8010
    idle.bus.write(SHT3X.address, b"\x30\x41")
    assert status(idle) == 0x0000
    idle.bus.write(SHT3X.address, b"\x30\xa2")
    idle.clock.sleep(0.0015)
    assert status(idle) == 0x8010


def test_the_heater_warms_the_chip_until_it_is_turned_off(idle: Bench) -> None:
    idle.air.temperature = 22.0
    for command, on, celsius in ((b"\x30\x6d", 0x2000, 25.0), (b"\x30\x66", 0, 22.0)):
        idle.bus.write(SHT3X.address, command)
        assert status(idle) & 0x2000 == on
        idle.bus.write(SHT3X.address, MEASURE)
        idle.clock.sleep(0.0155)
        assert idle.bus.read(SHT3X.address, 3) == with_checksums(temperature_signal(celsius))


@pytest.mark.parametrize("command", [b"\x24\x01", b"\x89\x00", b"\x24\x00\x00"])
def test_an_invalid_command_is_not_acknowledged(idle: Bench, command: bytes) -> None:
    with pytest.raises(NoAnswerError):
        idle.bus.write(SHT3X.address, command)
    assert idle.chip(SimulatedSHT3x, SHT3X.address).status & 0x0002


def test_the_serial_number_is_read(idle: Bench) -> None:
    idle.bus.write(SHT3X.address, b"\x36\x82")
    assert idle.bus.read(SHT3X.address, 6) == with_checksums(0x2A5E, 0x71D4)


def test_half_a_command_is_ignored(idle: Bench) -> None:
    idle.bus.write(SHT3X.address, b"\x89")
    assert idle.bus.read_when_ready(SHT3X.address, 6) is None


def test_the_periodic_mode_measures_until_it_is_ended(idle: Bench) -> None:
    idle.bus.write(SHT3X.address, b"\x21\x30")
    idle.clock.sleep(1)
    assert idle.bus.read_when_ready(SHT3X.address, 6) is None
    with pytest.raises(NoAnswerError):
        idle.bus.write(SHT3X.address, MEASURE)
    idle.bus.write(SHT3X.address, b"\x30\x93")
    with pytest.raises(NoAnswerError):
        idle.bus.write(SHT3X.address, MEASURE)
    idle.clock.sleep(0.001)
    idle.bus.write(SHT3X.address, MEASURE)
