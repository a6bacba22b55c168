"""Tests of the driver of the HTU21D."""

from collections.abc import Mapping
from typing import override

from hypothesis import given, strategies as st
import pytest

from custom_components.anavi_weather.phat import ChipId, Quantity
from custom_components.anavi_weather.phat.checksum import crc8
from custom_components.anavi_weather.phat.chip import ChecksumError, ImplausibleError, NotFinishedError, WrongChipError
from custom_components.anavi_weather.phat.htu21d import humidity, temperature
from custom_components.anavi_weather.phat.simulated_htu21d import SimulatedHTU21D
from custom_components.anavi_weather.phat.simulated_sht21 import SimulatedSHT21
from custom_components.anavi_weather.phat.simulated_si7021 import SimulatedSi7021

from .bench import HTU21D, Bench, deviations

READ_USER_REGISTER, TEMPERATURE, HUMIDITY = b"\xe7", b"\xf3", b"\xf5"
HEATER = 0x04


class AnsweringHTU21D(SimulatedHTU21D):
    """HTU21D with chosen signals and their right checksums."""

    signals: Mapping[bytes, int] = {}

    @override
    def temperature_signal(self) -> int:
        return self.signals.get(TEMPERATURE, super().temperature_signal())

    @override
    def humidity_signal(self) -> int:
        return self.signals.get(HUMIDITY, super().humidity_signal())


def answer(bench: Bench, signals: Mapping[bytes, int]) -> AnsweringHTU21D:
    """Plug in an HTU21D with chosen signals by their commands."""
    chip = bench.replace(HTU21D.address, AnsweringHTU21D)
    assert isinstance(chip, AnsweringHTU21D)
    chip.signals = signals
    return chip


@pytest.fixture
def chips() -> tuple[ChipId, ...]:
    return (HTU21D,)


@pytest.mark.parametrize(("data", "checksum"), [("dc", 0x79), ("683a", 0x7C), ("4e85", 0x6B), ("0000", 0x00)])
def test_the_data_sheets_checksums(data: str, checksum: int) -> None:
    assert crc8(bytes.fromhex(data), initial=0) == checksum


@given(data=st.binary(min_size=2, max_size=2), flips=st.sets(st.integers(0, 23), min_size=1, max_size=2))
def test_one_or_two_flipped_bits_never_pass_the_checksum(data: bytes, flips: set[int]) -> None:
    answer = bytearray((*data, crc8(data, initial=0)))
    for bit in flips:
        answer[bit // 8] ^= 0x80 >> bit % 8
    assert crc8(bytes(answer[:2]), initial=0) != answer[2]


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
        (0x0A3C, 0.0),  # -1 by the formula
        (0x0000, -6.0),  # no dry air
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
    assert running.wire.written_to(HTU21D.address) == [READ_USER_REGISTER, TEMPERATURE, HUMIDITY]


def test_the_heater_is_turned_off_without_changing_other_bits(bench: Bench) -> None:
    chip = bench.chip(SimulatedHTU21D, HTU21D.address)
    chip.user_register |= HEATER
    bench.read()
    assert chip.user_register == 0b0000_0010


def test_a_heater_that_another_program_turned_on_is_turned_off(running: Bench) -> None:
    running.read()
    chip = running.chip(SimulatedHTU21D, HTU21D.address)
    chip.user_register |= HEATER
    assert deviations(running.read(), running.air, [HTU21D]) == []
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
    "signals",
    [
        {TEMPERATURE: 0x683A},  # the status of humidity
        {TEMPERATURE: 0x0000, HUMIDITY: 0x0002},
        {TEMPERATURE: 0xFFFC, HUMIDITY: 0xFFFE},
    ],
)
def test_answers_that_cannot_be_a_measurement_are_an_error(bench: Bench, signals: Mapping[bytes, int]) -> None:
    bench.read()
    answer(bench, signals)
    assert isinstance(bench.read().errors[HTU21D], WrongChipError)
    bench.expect()
    assert bench.phat.detect().foreign == (HTU21D.address,)


@pytest.mark.parametrize("signal", [0x0000, 0xFFFC])
def test_a_broken_thermometer_leaves_the_humidity(bench: Bench, signal: int) -> None:
    answer(bench, {TEMPERATURE: signal})
    for _ in range(3):
        measurement = bench.read().measurements[HTU21D]
        assert measurement is not None
        assert measurement.values == {Quantity.HUMIDITY: pytest.approx(bench.air.humidity, abs=0.01)}
        assert isinstance(measurement.errors[Quantity.TEMPERATURE], ImplausibleError)


@pytest.mark.parametrize("signal", [0x0000, 0x0002, 0xFFFC, 0xFFFE])
def test_a_broken_hygrometer_leaves_the_temperature(bench: Bench, signal: int) -> None:
    answer(bench, {HUMIDITY: signal})
    for _ in range(3):
        measurement = bench.read().measurements[HTU21D]
        assert measurement is not None
        assert measurement.values == {Quantity.TEMPERATURE: pytest.approx(bench.air.temperature, abs=0.011)}
        assert isinstance(measurement.errors[Quantity.HUMIDITY], ImplausibleError)


@pytest.mark.parametrize("percent", [-5.7, -3.2])
def test_a_wet_chip_whose_result_starts_again_is_not_dry(running: Bench, percent: float) -> None:
    """A Si7021 that is breathed on shows up to 119 %, and then negative humidities (tessel/climate-si7020, issue 2)."""
    running.air.humidity = 118.7
    measurement = running.read().measurements[HTU21D]
    assert measurement is not None
    assert measurement.values[Quantity.HUMIDITY] == 100.0
    running.air.humidity = percent
    measurement = running.read().measurements[HTU21D]
    assert measurement is not None
    assert measurement.values.keys() == {Quantity.TEMPERATURE}
    assert isinstance(measurement.errors[Quantity.HUMIDITY], ImplausibleError)
    running.air.humidity = 99.0
    assert deviations(running.read(), running.air, [HTU21D]) == []


def test_a_board_may_not_mark_its_humidity(bench: Bench) -> None:
    answer(bench, {HUMIDITY: 0x4E84})
    for _ in range(3):
        measurement = bench.read().measurements[HTU21D]
        assert measurement is not None
        assert measurement.values[Quantity.HUMIDITY] == pytest.approx(32.34, abs=0.01)


def test_a_humidity_without_the_boards_mark_is_that_of_the_other_command(running: Bench) -> None:
    """Another program has measured the temperature between the conversion and the answer."""
    chip = answer(running, {HUMIDITY: 0x4E86})
    running.read()
    chip.signals = {HUMIDITY: 0x4EB8}

    def during() -> None:
        if running.wire.written_to(HTU21D.address)[-1:] == [b"\xfe"]:
            chip.signals = {}

    running.clock.during = during
    measurement = running.read().measurements[HTU21D]
    assert measurement is not None
    assert measurement.values[Quantity.HUMIDITY] == pytest.approx(running.air.humidity, abs=0.01)


def test_the_data_sheets_humidity_is_read(bench: Bench) -> None:
    answer(bench, {HUMIDITY: 0x4E86})
    measurement = bench.read().measurements[HTU21D]
    assert measurement is not None
    assert measurement.values[Quantity.HUMIDITY] == pytest.approx(32.34, abs=0.01)


class TestFamily:
    """The chips of the family, from their data sheets' typical to their maximum times."""

    pytestmark = [  # noqa: RUF012
        pytest.mark.parametrize(
            "kind", [SimulatedHTU21D, SimulatedSHT21, SimulatedSi7021], ids=lambda kind: kind.__name__
        ),
        pytest.mark.parametrize("slowness", [0.0, 0.5, 1.0]),
    ]

    def test_each_chip_is_recognized_and_read(self, kind: type[SimulatedHTU21D], slowness: float) -> None:
        for run in range(10):
            bench = Bench()
            chip = bench.replace(HTU21D.address, kind)
            assert isinstance(chip, SimulatedHTU21D)
            chip.slowness = slowness
            bench.air.temperature += run
            assert bench.phat.detect().chips == (HTU21D,)
            for _ in range(2):
                assert deviations(bench.read(), bench.air, [HTU21D]) == []

    def test_a_cycle_ends_soon_after_the_conversions(self, kind: type[SimulatedHTU21D], slowness: float) -> None:
        bench = Bench()
        chip = bench.replace(HTU21D.address, kind)
        assert isinstance(chip, SimulatedHTU21D)
        chip.slowness = slowness
        bench.read()
        bench.wire.log.clear()
        refused: list[int] = []
        bench.wire.before = refused.append
        conversions = sum(
            typical + slowness * (maximum - typical)
            for typical, maximum in (kind.TEMPERATURE_TIMES, kind.HUMIDITY_TIMES)
        )
        reading = bench.read()
        assert conversions < reading.duration < conversions + 0.008
        assert refused.count(HTU21D.address) < 16  # most of them while it converts


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
