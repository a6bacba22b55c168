"""Tests of the simulated BH1750 against the data sheet."""

import pytest

from custom_components.anavi_weather.phat import ChipId
from custom_components.anavi_weather.phat.simulated_bh1750 import Mode, counts

from .bench import BH1750, Bench


@pytest.fixture
def chips() -> tuple[ChipId, ...]:
    return (BH1750,)


@pytest.mark.parametrize(
    ("mode", "measurement_time", "lux"),
    [
        (Mode.CONTINUOUS_HIGH_RESOLUTION, 69, 28067),  # page 7
        (Mode.CONTINUOUS_HIGH_RESOLUTION, 138, 28067 / 2),  # page 11: twice the measurement time
        (Mode.CONTINUOUS_HIGH_RESOLUTION_2, 69, 28067 / 2),
    ],
)
def test_the_data_sheets_examples(mode: Mode, measurement_time: int, lux: float) -> None:
    assert counts(lux, mode, measurement_time) == pytest.approx(0x8390, abs=1)


def test_results_are_limited_to_16_bits() -> None:
    assert counts(200_000, Mode.CONTINUOUS_HIGH_RESOLUTION, 69) == 0xFFFF


@pytest.mark.parametrize(("mode", "count"), [(0x10, 360), (0x11, 720), (0x13, 360), (0x20, 360), (0x21, 720)])
def test_every_mode_measures(bench: Bench, mode: int, count: int) -> None:
    bench.bus.write(BH1750.address, bytes((mode,)))
    bench.clock.sleep(0.18)
    assert int.from_bytes(bench.bus.read(BH1750.address, 2)) == count


@pytest.mark.parametrize(
    ("mode", "measurement_time", "milliseconds"),
    [
        (0x10, 69, 180),
        (0x11, 69, 180),
        (0x20, 69, 180),
        (0x21, 69, 180),
        (0x13, 69, 24),
        (0x23, 69, 24),
        (0x10, 138, 360),
    ],
)
def test_a_measurement_takes_the_data_sheets_maximum(
    bench: Bench, mode: int, measurement_time: int, milliseconds: float
) -> None:
    for command in (0x40 | measurement_time >> 5, 0x60 | measurement_time & 0x1F, mode):
        bench.bus.write(BH1750.address, bytes((command,)))
    bench.clock.sleep(milliseconds / 1000 - 0.002)
    assert not any(bench.bus.read(BH1750.address, 2))
    bench.clock.sleep(0.002)
    assert any(bench.bus.read(BH1750.address, 2))


def test_a_one_time_measurement_is_not_repeated(bench: Bench) -> None:
    bench.bus.write(BH1750.address, b"\x20")
    bench.clock.sleep(0.18)
    before = bench.bus.read(BH1750.address, 2)
    bench.air.illuminance = 10.0
    bench.clock.sleep(10)
    assert bench.bus.read(BH1750.address, 2) == before


def test_a_reset_is_ignored_while_powered_down(bench: Bench) -> None:
    bench.bus.write(BH1750.address, b"\x20")
    bench.clock.sleep(0.18)
    bench.bus.write(BH1750.address, b"\x07")
    assert any(bench.bus.read(BH1750.address, 2))
    bench.bus.write(BH1750.address, b"\x01")
    bench.bus.write(BH1750.address, b"\x07")
    assert not any(bench.bus.read(BH1750.address, 2))


def test_unknown_commands_are_ignored(bench: Bench) -> None:
    bench.bus.write(BH1750.address, b"\xff")
    bench.clock.sleep(1)
    assert not any(bench.bus.read(BH1750.address, 2))
