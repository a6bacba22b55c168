"""Tests of the simulated HTU21D against the data sheet."""

import pytest

from custom_components.anavi_weather.phat import ChipId, NoAnswerError
from custom_components.anavi_weather.phat.simulated_htu21d import checksum, humidity_signal, temperature_signal

from .bench import HTU21D, Bench


@pytest.fixture
def chips() -> tuple[ChipId, ...]:
    return (HTU21D,)


def test_the_data_sheets_examples() -> None:
    """Sections on the checksum and on the conversion of signal outputs; a step of the rounded value is 0.1."""
    assert temperature_signal(24.7) == pytest.approx(0x683A, abs=0.05 / 175.72 * 2**16)
    assert humidity_signal(32.3) == pytest.approx(0x4E85, abs=0.05 / 125 * 2**16)
    assert checksum(0x683A) == 0x7C
    assert checksum(0x4E85) == 0x6B
    assert checksum(0x00DC) == 0x79


def test_the_two_lowest_bits_of_a_signal_are_the_status() -> None:
    assert temperature_signal(24.7) & 0b11 == 0b00
    assert humidity_signal(32.3) & 0b11 == 0b10


def test_signals_are_limited_to_16_bits() -> None:
    assert (temperature_signal(-50), temperature_signal(130)) == (0x0000, 0xFFFC)
    assert (humidity_signal(-7), humidity_signal(120)) == (0x0002, 0xFFFE)


@pytest.mark.parametrize("command", [b"\xe3", b"\xe5", b"\x00", b"\xf3\x00"])
def test_unknown_commands_are_not_acknowledged(bench: Bench, command: bytes) -> None:
    with pytest.raises(NoAnswerError):
        bench.bus.write(HTU21D.address, command)


def test_nothing_is_acknowledged_during_a_conversion(bench: Bench) -> None:
    bench.bus.write(HTU21D.address, b"\xf3")
    assert not bench.bus.answers(HTU21D.address)
    bench.clock.sleep(0.05)
    assert bench.bus.answers(HTU21D.address)


def test_a_result_is_read_once(bench: Bench) -> None:
    bench.bus.write(HTU21D.address, b"\xf3")
    bench.clock.sleep(0.05)
    bench.bus.read(HTU21D.address, 3)
    with pytest.raises(NoAnswerError):
        bench.bus.read(HTU21D.address, 3)


def test_a_reset_does_not_change_the_heater(bench: Bench) -> None:
    for register in (0x86, 0x82):
        bench.bus.write(HTU21D.address, bytes((0xE6, register)))
        bench.bus.write(HTU21D.address, b"\xfe")
        bench.clock.sleep(0.015)
        assert bench.bus.read_register(HTU21D.address, 0xE7) == bytes((0x02 | register & 0x04,))
