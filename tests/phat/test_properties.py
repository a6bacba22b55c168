"""Properties: readings match any air, and any answers on the bus lead to an error or a plausible value."""

import random
from typing import override

from hypothesis import given, strategies as st
import pytest

from custom_components.anavi_weather.phat import CHIPS, Bus, ChipId, Phat, Quantity, Reading
from custom_components.anavi_weather.phat.chip import PLAUSIBLE
from custom_components.anavi_weather.phat.i2c import RESERVED_ADDRESS
from custom_components.anavi_weather.phat.simulated_chips import Air, RegisterChip, SimulatedChip

from .bench import BH1750, BME280, BMP180, BMP280, BMP388, BMP390, EVERY_KIND, HTU21D, Bench, deviations

# Without the limits themselves, which the BMP180 may exceed by rounding to 0.1 °C and 0.01 hPa
airs = st.builds(
    Air,
    temperature=st.floats(-39.9, 84.9),
    humidity=st.floats(0, 100),
    pressure=st.floats(300.1, 1099.9),
    illuminance=st.floats(0, 121_500),
)

every_kind = pytest.mark.parametrize("chip", EVERY_KIND, ids=lambda chip: chip.kind)
MAX_TRANSFERS = 2500
MAX_DURATION = 6.0  # seconds: three times that of a BH1750 in darkness

ID = {"BMP180": 0x55, "BMP280": 0x58, "BME280": 0x60, "BMP388": 0x50, "BMP390": 0x60}


class BabblingChip(SimulatedChip):
    """Chip that answers with random data."""

    generator = random.Random(0)

    @override
    def power_on(self) -> None:
        pass

    @override
    def write(self, data: bytes) -> None:
        pass

    @override
    def read(self, length: int) -> bytes:
        return self.generator.choice((self.generator.randbytes, bytes, lambda n: b"\xff" * n))(length)


class ArbitraryRegisters(RegisterChip):
    """Chip with the right id, whose other registers have arbitrary contents and are writable."""

    content = bytes(256)
    chip_id = 0

    @override
    def power_on(self) -> None:
        super().power_on()
        self.registers = bytearray(self.content)
        self.registers[0xD0] = self.chip_id

    @override
    def store(self, register: int, value: int) -> None:
        super().store(register, value & ~0x21 if register == 0xF4 else value)


class NewerArbitraryRegisters(ArbitraryRegisters):
    """Chip with the id of a newer one, which seems to have finished each conversion."""

    @override
    def power_on(self) -> None:
        super().power_on()
        self.registers[0x00], self.registers[0x03], self.registers[0xD0] = self.chip_id, 0x70, 0x00

    @override
    def store(self, register: int, value: int) -> None:
        super().store(register, value & 0x0F if register == 0x1B else value)


def assert_plausible(reading: Reading) -> None:
    for chip, measurement in reading.measurements.items():
        assert (measurement is None) is (chip in reading.errors)
        for quantity, value in measurement.values.items() if measurement else ():
            low, high = PLAUSIBLE[quantity]
            assert low <= value <= high


@pytest.mark.exhaustive
@given(air=airs)
@pytest.mark.parametrize("chips", [(BMP180, BME280, HTU21D, BH1750), (BMP280,)], ids=len)
def test_the_reading_matches_the_air(chips: tuple[ChipId, ...], air: Air) -> None:
    bench = Bench(*chips)
    bench.air = air
    bench.read()
    assert deviations(bench.read(), air, chips) == []


@pytest.mark.exhaustive
@given(before=airs, after=airs)
def test_the_reading_matches_the_current_air(before: Air, after: Air) -> None:
    chips = (BMP180, BME280, HTU21D, BH1750)
    bench = Bench(*chips)
    bench.air = before
    bench.read()
    bench.air = after
    assert deviations(bench.read(), after, chips) == []


@pytest.mark.exhaustive
@given(seed=st.integers(0, 2**32))
@every_kind
def test_a_babbling_chip_is_an_error_or_plausible_and_takes_a_limited_time(chip: ChipId, seed: int) -> None:
    bench = Bench(chip)
    bench.expect(chip)
    bench.read()
    babbling = bench.replace(chip.address, BabblingChip)
    assert isinstance(babbling, BabblingChip)
    babbling.generator = random.Random(seed)
    bench.wire.log.clear()
    for _ in range(2):
        reading = bench.read()
        assert_plausible(reading)
        assert reading.duration < MAX_DURATION
    assert len(bench.wire.log) < MAX_TRANSFERS


@given(seed=st.integers(0, 2**32))
def test_a_babbling_bus_is_an_error_or_plausible_and_takes_a_limited_time(seed: int) -> None:
    bench = Bench()
    for address in {address for kind in CHIPS.values() for address in kind.addresses}:
        babbling = bench.replace(address, BabblingChip)
        assert isinstance(babbling, BabblingChip)
        babbling.generator = random.Random(seed)
    bench.phat = Phat(Bus(bench.wire, "bench", bench.clock), EVERY_KIND)
    for _ in range(2):
        reading = bench.read()
        assert_plausible(reading)
        assert reading.duration < MAX_DURATION
    assert not bench.bus.answers(RESERVED_ADDRESS)


@pytest.mark.exhaustive
@given(content=st.binary(min_size=256, max_size=256))
@pytest.mark.parametrize("chip", [BMP180, BMP280, BME280, BMP388, BMP390], ids=lambda chip: chip.kind)
def test_arbitrary_calibrations_and_results_are_an_error_or_plausible(chip: ChipId, content: bytes) -> None:
    bench = Bench()
    bench.expect(chip)
    newer = chip in (BMP388, BMP390)
    registers = bench.replace(chip.address, NewerArbitraryRegisters if newer else ArbitraryRegisters)
    assert isinstance(registers, ArbitraryRegisters)
    registers.content, registers.chip_id = content, ID[chip.kind]
    registers.power_on()
    reading = bench.read()
    assert_plausible(reading)
    assert reading.duration < MAX_DURATION


@given(count=st.integers(0, 0xFFFF))
def test_any_count_is_plausible_or_above_the_range(count: int) -> None:
    bench = Bench(BH1750)
    bench.air.illuminance = count * 1.9
    reading = bench.read()
    assert_plausible(reading)
    measurement = reading.measurements[BH1750]
    assert measurement is not None
    assert (Quantity.ILLUMINANCE in measurement.values) is not bool(measurement.above_range)
