"""Tests of the driver of the HTU21D."""

from typing import override

from hypothesis import given, strategies as st
import pytest

from custom_components.anavi_weather.phat import ChipId, Quantity
from custom_components.anavi_weather.phat.chip import ChecksumError, ImplausibleError, NotFinishedError
from custom_components.anavi_weather.phat.htu21d import crc8, humidity, temperature
from custom_components.anavi_weather.phat.simulated_htu21d import SimulatedHTU21D

from .bench import HTU21D, Bench, deviations

TEMPERATURE, HUMIDITY = b"\xf3", b"\xf5"
HEATER = 0x04


class AnsweringHTU21D(SimulatedHTU21D):
    """HTU21D with a chosen signal and its right checksum."""

    command = TEMPERATURE
    signal = 0x683A

    @override
    def temperature_signal(self) -> int:
        return self.signal if self.command == TEMPERATURE else super().temperature_signal()

    @override
    def humidity_signal(self) -> int:
        return self.signal if self.command == HUMIDITY else super().humidity_signal()


@pytest.fixture
def chips() -> tuple[ChipId, ...]:
    return (HTU21D,)


@pytest.mark.parametrize(("data", "checksum"), [("dc", 0x79), ("683a", 0x7C), ("4e85", 0x6B), ("0000", 0x00)])
def test_the_data_sheets_checksums(data: str, checksum: int) -> None:
    assert crc8(bytes.fromhex(data)) == checksum


@given(data=st.binary(min_size=2, max_size=2), flips=st.sets(st.integers(0, 23), min_size=1, max_size=2))
def test_one_or_two_flipped_bits_never_pass_the_checksum(data: bytes, flips: set[int]) -> None:
    answer = bytearray((*data, crc8(data)))
    for bit in flips:
        answer[bit // 8] ^= 0x80 >> bit % 8
    assert crc8(bytes(answer[:2])) != answer[2]


@pytest.mark.parametrize(
    ("signal", "degrees"), [(0x683A, 24.69), (0x683A | 0b11, 24.69), (0x0000, -46.85), (0xFFFC, 128.86)]
)
def test_temperatures_match_the_data_sheet(signal: int, degrees: float) -> None:
    assert temperature(signal) == pytest.approx(degrees, abs=0.005)


@pytest.mark.parametrize(
    ("signal", "percent"),
    [
        (0x4E85, 32.34),
        (0x6350, 42.5),  # SHT21, section 6.1
        (0x0000, 0.0),  # -6 by the formula
        (0xFFFC, 100.0),  # 119 by the formula
    ],
)
def test_humidities_match_the_data_sheet(signal: int, percent: float) -> None:
    assert humidity(signal) == pytest.approx(percent, abs=0.01)


@given(signal=st.integers(0, 0xFFFF))
def test_status_bits_are_ignored(signal: int) -> None:
    assert temperature(signal) == temperature(signal & 0xFFFC)
    assert humidity(signal) == humidity(signal & 0xFFFC)


@pytest.mark.parametrize(("degrees", "percent"), [(-40, 0), (0, 100), (25, 50), (84.9, 3)])
def test_the_whole_range_is_measured(running: Bench, degrees: float, percent: float) -> None:
    running.air.temperature, running.air.humidity = degrees + 0.02, percent
    assert deviations(running.read(), running.air, [HTU21D]) == []


def test_only_commands_that_do_not_hold_the_clock_are_used(running: Bench) -> None:
    running.read()
    assert running.wire.written_to(HTU21D.address) == [TEMPERATURE, HUMIDITY]


def test_the_heater_is_turned_off_without_changing_other_bits(bench: Bench) -> None:
    chip = bench.chip(SimulatedHTU21D, HTU21D.address)
    chip.user_register |= HEATER
    bench.read()
    assert chip.user_register == 0b0000_0010


def test_the_user_register_is_written_only_to_change_it(bench: Bench) -> None:
    bench.read()
    assert not any(data[0] == 0xE6 for data in bench.wire.written_to(HTU21D.address))


@pytest.mark.parametrize("register", [0b0000_0011, 0b1000_0010, 0b1000_0011, 0b0000_0000])
def test_the_resolution_set_by_another_program_is_reset(bench: Bench, register: int) -> None:
    chip = bench.chip(SimulatedHTU21D, HTU21D.address)
    chip.user_register = register or 0x40  # the bit for a low supply voltage is ignored
    assert deviations(bench.read(), bench.air, [HTU21D]) == []
    assert chip.user_register == 0b0000_0010


def test_a_permanently_wrong_checksum_is_an_error(running: Bench) -> None:
    def corrupt(answer: bytearray) -> None:
        if len(answer) == 3:
            answer[1] ^= 0x10

    running.wire.corrupt = corrupt
    reading = running.read()
    assert isinstance(reading.errors[HTU21D], ChecksumError)
    assert reading.measurements[HTU21D] is None


def test_a_chip_with_wrong_checksums_is_foreign(bench: Bench) -> None:
    bench.wire.corrupt = lambda answer: answer.__setitem__(-1, answer[-1] ^ (len(answer) == 3))
    assert bench.phat.detect().foreign == (HTU21D.address,)


@pytest.mark.parametrize(
    ("command", "signal"),
    [
        (TEMPERATURE, 0x683A),  # the status of humidity
        (HUMIDITY, 0x6838),  # the status of temperature
        (TEMPERATURE, 0x0000),
        (TEMPERATURE, 0xFFFC),
        (HUMIDITY, 0x0002),
        (HUMIDITY, 0xFFFE),
    ],
)
def test_an_answer_that_cannot_be_a_measurement_is_an_error(bench: Bench, command: bytes, signal: int) -> None:
    bench.expect(HTU21D)
    chip = bench.replace(HTU21D.address, AnsweringHTU21D)
    assert isinstance(chip, AnsweringHTU21D)
    chip.command, chip.signal = command, signal
    assert isinstance(bench.read().errors[HTU21D], ImplausibleError)


def test_the_data_sheets_humidity_is_read(bench: Bench) -> None:
    bench.expect(HTU21D)
    chip = bench.replace(HTU21D.address, AnsweringHTU21D)
    assert isinstance(chip, AnsweringHTU21D)
    chip.command, chip.signal = HUMIDITY, 0x4E86
    measurement = bench.read().measurements[HTU21D]
    assert measurement is not None
    assert measurement.values[Quantity.HUMIDITY] == pytest.approx(32.34, abs=0.01)


def test_a_conversion_is_awaited_while_the_address_is_not_acknowledged(running: Bench) -> None:
    begin = running.clock.now + 60
    running.read()
    assert running.clock.now - begin > 0.066


def test_a_reset_is_awaited_while_the_address_is_not_acknowledged(bench: Bench) -> None:
    bench.chip(SimulatedHTU21D, HTU21D.address).pace = 1.2
    assert deviations(bench.read(), bench.air, [HTU21D]) == []


def test_a_reset_that_does_not_end_is_an_error(running: Bench) -> None:
    chip = running.chip(SimulatedHTU21D, HTU21D.address)
    chip.pace = 1000
    assert isinstance(running.read().errors[HTU21D], NotFinishedError)


def test_a_conversion_is_repeated_after_a_power_loss(running: Bench) -> None:
    lost = False

    def during() -> None:
        nonlocal lost
        if not lost and running.wire.written_to(HTU21D.address)[-1:] == [TEMPERATURE]:
            lost = True
            running.simulator.chips[HTU21D.address].power_on()

    running.clock.during = during
    assert deviations(running.read(), running.air, [HTU21D]) == []
    assert lost


@pytest.mark.parametrize("status", [0x00, 0xFF])
def test_a_chip_without_a_user_register_is_not_reset(bench: Bench, status: int) -> None:
    """A read does no harm to other chips that may have the address, but a reset could."""
    bench.wire.corrupt = lambda answer: answer.__setitem__(slice(None), bytes((status,)) * len(answer))
    bench.read()
    assert set(bench.wire.written_to(HTU21D.address)) == {b"\xe7"}
