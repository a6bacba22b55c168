"""Tests of the board: detecting chips, reading them concurrently, and tracking changes."""

import errno
from itertools import permutations
from pathlib import Path
import subprocess
import sys
from typing import override

import pytest
from smbus2 import i2c_msg

import custom_components.anavi_weather as integration
from custom_components.anavi_weather.phat import (
    CHIPS,
    AddressClaimedError,
    Bus,
    BusNotFoundError,
    BusStuckError,
    ChipId,
    NoAnswerError,
    Phat,
    Quantity,
)
from custom_components.anavi_weather.phat.chip import WrongChipError
from custom_components.anavi_weather.phat.i2c import MESSAGE_ATTEMPTS, RESERVED_ADDRESS
from custom_components.anavi_weather.phat.simulated_chips import Air, RegisterChip, SimulatedChip
from custom_components.anavi_weather.phat.simulated_errors import os_error

from .bench import BH1750, BME280, BMP180, BMP280, EVERY_KIND, HTU21D, Bench, Wire, always, deviations

OFFICIAL = (BMP180, HTU21D, BH1750)
SECOND_BH1750 = ChipId("BH1750", 0x5C)
BME280_AT_77 = ChipId("BME280", 0x77)
FULL = (BMP180, BME280, HTU21D, BH1750, SECOND_BH1750)
CONVERSION_TIME = {kind.kind: kind.conversion_time for kind in CHIPS.values()}


def with_chips(*boards: tuple[ChipId, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("chips", boards, ids=lambda chips: "+".join(chip.kind for chip in chips) or "none")


class WireWithoutEmptyMessages(Wire):
    """Wire to an adapter that cannot send empty messages."""

    @override
    def i2c_rdwr(self, *messages: i2c_msg) -> None:
        if any(message.len == 0 for message in messages):
            raise os_error(errno.EOPNOTSUPP)
        super().i2c_rdwr(*messages)


class WireWithoutReasons(Wire):
    """Wire to an adapter that reports a missing acknowledgment as a failed transfer, as some USB adapters do."""

    @override
    def i2c_rdwr(self, *messages: i2c_msg) -> None:
        try:
            super().i2c_rdwr(*messages)
        except OSError:
            raise os_error(errno.EIO) from None


class TestFinding:
    """Detection of chips."""

    @with_chips(*((chip,) for chip in EVERY_KIND))
    def test_every_chip_is_found_by_an_adapter_that_does_not_say_why_a_transfer_failed(
        self, bench: Bench, chips: tuple[ChipId, ...]
    ) -> None:
        phat = Phat(Bus(WireWithoutReasons(bench.simulator), "vague", bench.clock))
        assert phat.detect().chips == chips
        assert deviations(phat.read(), bench.air, chips) == []

    @with_chips(OFFICIAL, FULL, (BMP280, BME280), (BME280_AT_77,), ())
    def test_every_chip_is_found(self, bench: Bench, chips: tuple[ChipId, ...]) -> None:
        detection = bench.phat.detect()
        assert detection.chips == tuple(sorted(chips))
        assert detection.foreign == detection.claimed == ()

    @with_chips(OFFICIAL)
    def test_an_empty_address_is_not_written_to(self, bench: Bench) -> None:
        bench.phat.detect()
        assert bench.wire.written_to(BME280.address) == []

    @with_chips((BMP280,))
    def test_a_bmp280_sold_as_a_bme280_is_detected(self, bench: Bench) -> None:
        assert bench.phat.detect().chips == (BMP280,)

    @with_chips(OFFICIAL)
    def test_chips_are_found_by_an_adapter_without_empty_messages(self, bench: Bench) -> None:
        """Like mainline Linux on a Raspberry Pi 5."""
        bench.phat = Phat(Bus(WireWithoutEmptyMessages(bench.simulator), "bench", bench.clock))
        detection = bench.phat.detect()
        assert detection.chips == tuple(sorted(OFFICIAL))
        assert detection.foreign == ()
        assert deviations(bench.read(), bench.air, OFFICIAL) == []

    @with_chips((BMP180, HTU21D))
    def test_a_chip_that_is_plugged_in_while_reading_is_found_in_the_next_cycle(self, running: Bench) -> None:
        running.replace(BH1750.address, "BH1750")
        assert deviations(running.read(), running.air, OFFICIAL) == []

    @with_chips(OFFICIAL)
    def test_an_empty_address_is_tried_once_in_a_cycle_and_three_times_in_a_scan(self, running: Bench) -> None:
        tried = 0

        def count_transfer(address: int) -> None:
            nonlocal tried
            tried += address == BME280.address

        running.wire.before = count_transfer
        running.read()
        assert tried == 1
        running.phat.detect()
        assert tried == 1 + MESSAGE_ATTEMPTS

    @with_chips(())
    def test_a_chip_on_an_empty_board_is_found(self, running: Bench) -> None:
        assert running.read().measurements == {}
        running.replace(HTU21D.address, "HTU21D")
        assert deviations(running.read(), running.air, [HTU21D]) == []

    @with_chips((HTU21D,))
    def test_an_expected_chip_is_an_error_while_it_is_missing(self, bench: Bench) -> None:
        bench.expect(HTU21D, BMP180)
        reading = bench.read()
        assert reading.measurements[BMP180] is None
        assert isinstance(reading.errors[BMP180], NoAnswerError)
        assert deviations(reading, bench.air, [HTU21D]) == []
        bench.replace(BMP180.address, "BMP180")
        assert deviations(bench.read(), bench.air, [HTU21D, BMP180]) == []


class TestReplacing:
    """Chips that replace other chips."""

    @pytest.mark.parametrize(("old", "new"), permutations((BMP180, BMP280, BME280_AT_77), 2), ids=str)
    def test_another_kind_at_an_address_is_found_in_the_same_cycle(self, old: ChipId, new: ChipId) -> None:
        running = Bench(old)
        running.read()
        running.replace(new.address, new.kind)
        for _ in range(3):
            reading = running.read()
            assert deviations(reading, running.air, [new]) == []
            assert isinstance(reading.errors[old], WrongChipError)

    @with_chips((BMP180,))
    def test_kinds_may_change_repeatedly(self, running: Bench) -> None:
        for kind in ("BMP280", "BME280", "BMP180", "BME280", "BMP280", "BMP180"):
            running.replace(0x77, kind)
            running.read()
            assert deviations(running.read(), running.air, [ChipId(kind, 0x77)]) == []

    @pytest.mark.parametrize(("old", "new"), permutations((BMP180, BMP280, BME280_AT_77), 2), ids=str)
    def test_the_former_driver_reads_only_the_id_of_the_new_chip(self, old: ChipId, new: ChipId) -> None:
        fresh = Bench(new)
        fresh.read()
        bench = Bench(old)
        bench.read()
        bench.replace(new.address, new.kind)
        bench.wire.log.clear()
        bench.read()
        assert set(bench.wire.written_to(new.address)) == {b"\xd0"} | set(fresh.wire.written_to(new.address))

    @with_chips((BMP180,))
    def test_only_expected_chips_are_read(self, running: Bench) -> None:
        running.simulator.unplug(0x77)
        running.phat.expect((BMP280,))
        assert running.read().errors.keys() == {BMP280}
        running.replace(0x77, "BMP280")
        running.simulator.plug(0x77)
        assert deviations(running.read(), running.air, [BMP280]) == []

    @with_chips((BMP180,))
    def test_a_replaced_chips_address_is_not_foreign(self, running: Bench) -> None:
        running.replace(0x77, "BMP280")
        for _ in range(3):
            running.read()
        assert running.phat.detect().foreign == ()

    @with_chips((BME280, BME280_AT_77), (BH1750, SECOND_BH1750))
    def test_two_chips_of_the_same_kind_are_read_separately(self, bench: Bench, chips: tuple[ChipId, ChipId]) -> None:
        airs = Air(illuminance=300.0), Air(temperature=-5.0, humidity=30.0, pressure=900.0, illuminance=20_000.0)
        for chip, air in zip(chips, airs, strict=True):
            bench.simulator.chips[chip.address].air = always(air)
        for _ in range(2):
            reading = bench.read()
            for chip, air in zip(chips, airs, strict=True):
                assert deviations(reading, air, [chip]) == []


class TestFailing:
    """Failures, which do not affect other chips."""

    @with_chips(FULL)
    @pytest.mark.parametrize("failing", FULL, ids=str)
    def test_other_chips_are_read_while_one_is_missing(self, running: Bench, failing: ChipId) -> None:
        running.simulator.unplug(failing.address)
        reading = running.read()
        assert set(reading.errors) == {failing}
        assert reading.measurements[failing] is None
        assert deviations(reading, running.air, set(FULL) - {failing}) == []
        running.simulator.plug(failing.address)
        assert deviations(running.read(), running.air, FULL) == []

    @with_chips(FULL)
    @pytest.mark.parametrize("failing", FULL, ids=str)
    def test_a_missing_chip_does_not_delay_the_cycle(self, running: Bench, failing: ChipId) -> None:
        running.simulator.unplug(failing.address)
        slowest = max(CONVERSION_TIME[chip.kind] for chip in FULL if chip != failing)
        assert running.read().duration < 1.15 * slowest

    @with_chips(FULL)
    def test_all_chips_may_be_missing(self, running: Bench) -> None:
        for chip in FULL:
            running.simulator.unplug(chip.address)
        reading = running.read()
        assert {type(error) for error in reading.errors.values()} == {NoAnswerError}
        assert len(reading.errors) == len(FULL)

    @with_chips(FULL)
    @pytest.mark.parametrize("claimed", FULL, ids=str)
    def test_a_claimed_chip_is_an_error_and_left_to_the_kernel(self, running: Bench, claimed: ChipId) -> None:
        running.simulator.claimed.add(claimed.address)
        reading = running.read()
        assert isinstance(reading.errors[claimed], AddressClaimedError)
        assert deviations(reading, running.air, set(FULL) - {claimed}) == []
        assert not any(transfer.address == claimed.address for transfer in running.wire.log)
        running.simulator.claimed.clear()
        assert deviations(running.read(), running.air, FULL) == []

    @with_chips(OFFICIAL)
    def test_claimed_addresses_are_reported_while_they_are_claimed(self, bench: Bench) -> None:
        bench.simulator.claimed.update({BMP180.address, HTU21D.address})
        detection = bench.phat.detect()
        assert detection.claimed == (HTU21D.address, BMP180.address)
        assert detection.chips == (BH1750,)
        bench.simulator.claimed.clear()
        detection = bench.phat.detect()
        assert detection.claimed == ()
        assert detection.chips == tuple(sorted(OFFICIAL))

    @with_chips(OFFICIAL)
    def test_a_data_wire_held_low_is_a_stuck_bus_and_not_darkness(self, running: Bench) -> None:
        """To the Raspberry Pi's adapter every address then seems to be acknowledged, and it reads zeros."""
        held_low = RegisterChip(lambda: running.air, running.clock)
        chips = running.simulator.chips
        low: dict[int, SimulatedChip] = dict.fromkeys((*chips, RESERVED_ADDRESS), held_low)
        for place in ("before", "during"):
            running.simulator.chips, running.simulator.plugged = dict(chips), set(chips)
            assert deviations(running.read(), running.air, OFFICIAL) == []

            def hold(address: int) -> None:
                running.simulator.chips, running.simulator.plugged = low, set(low)

            if place == "before":
                hold(0)
            running.wire.before = lambda address: None if address == RESERVED_ADDRESS else hold(address)
            with pytest.raises(BusStuckError):
                running.read()
            running.wire.before = lambda address: None

    @with_chips(())
    def test_on_a_data_wire_held_low_nothing_is_found(self, bench: Bench) -> None:
        held_low = RegisterChip(lambda: bench.air, bench.clock)
        low: dict[int, SimulatedChip] = dict.fromkeys((*(chip.address for chip in FULL), RESERVED_ADDRESS), held_low)
        bench.simulator.chips, bench.simulator.plugged = low, set(low)
        with pytest.raises(BusStuckError):
            bench.phat.detect()
        bench.simulator.plugged = set()
        assert bench.phat.detect().chips == ()

    @with_chips(OFFICIAL)
    def test_an_adapter_that_disappears_is_an_error(self, running: Bench) -> None:
        def gone(address: int) -> None:
            raise os_error(errno.ENODEV)

        running.wire.before = gone
        with pytest.raises(BusNotFoundError):
            running.read()

    @with_chips(OFFICIAL)
    def test_an_implausible_value_is_an_error(self, running: Bench) -> None:
        running.simulator.chips[BMP180.address].air = always(Air(temperature=90.0))
        reading = running.read()
        assert set(reading.errors) == {BMP180}
        assert deviations(reading, running.air, [HTU21D, BH1750]) == []

    def test_a_missing_bus_is_an_error(self) -> None:
        with pytest.raises(BusNotFoundError, match="/dev/i2c-99"):
            Phat.open("/dev/i2c-99")


class TestTiming:
    """Timing: a cycle takes about as long as the slowest chip."""

    @with_chips(OFFICIAL, FULL, (BMP180, BME280, HTU21D), (HTU21D,))
    def test_chips_convert_at_the_same_time(self, running: Bench, chips: tuple[ChipId, ...]) -> None:
        slowest = max(CONVERSION_TIME[chip.kind] for chip in chips)
        for _ in range(5):
            assert slowest < running.read().duration < 1.15 * slowest

    @with_chips(*((chip,) for chip in EVERY_KIND if chip != BH1750))
    def test_a_single_chip_takes_little_longer_than_its_conversion(
        self, running: Bench, chips: tuple[ChipId, ...]
    ) -> None:
        (chip,) = chips
        assert running.read().duration < CONVERSION_TIME[chip.kind] + 0.010

    @with_chips(FULL)
    def test_the_slowest_chip_is_started_first(self, running: Bench) -> None:
        running.read()
        first = next(t.address for t in running.wire.log if t.written and t.address != RESERVED_ADDRESS)
        assert first == HTU21D.address

    @with_chips(FULL)
    def test_a_cycle_is_faster_than_one_chip_after_another(self, running: Bench) -> None:
        together = running.read().duration
        alone = 0.0
        for chip in FULL:
            bench = Bench(chip)
            bench.read()
            alone += bench.read().duration
        assert together < 0.6 * alone

    @with_chips(FULL)
    def test_a_reading_has_its_duration(self, running: Bench) -> None:
        begin = running.clock.now + 60
        assert running.read().duration == pytest.approx(running.clock.now - begin)

    @with_chips(FULL)
    def test_chips_are_read_on_a_slow_bus(self, bench: Bench) -> None:
        bench.wire.before = lambda address: bench.clock.sleep(0.02)
        for _ in range(2):
            assert deviations(bench.read(), bench.air, FULL) == []

    @with_chips(FULL)
    def test_a_reading_has_every_quantity_of_every_chip(self, running: Bench) -> None:
        reading = running.read()
        assert {chip: set(m.values) for chip, m in reading.measurements.items() if m} == {
            BMP180: {Quantity.TEMPERATURE, Quantity.PRESSURE},
            BME280: {Quantity.TEMPERATURE, Quantity.HUMIDITY, Quantity.PRESSURE},
            HTU21D: {Quantity.TEMPERATURE, Quantity.HUMIDITY},
            BH1750: {Quantity.ILLUMINANCE},
            SECOND_BH1750: {Quantity.ILLUMINANCE},
        }
        assert reading.errors == {}


def test_closing_closes_the_adapter(bench: Bench) -> None:
    assert not bench.wire.closed
    bench.phat.close()
    assert bench.wire.closed


@pytest.mark.end_to_end
def test_the_board_does_not_import_home_assistant() -> None:
    code = (
        # At the end, because a platform of Home Assistant and a module of Python are both named datetime
        f"import sys; sys.path.append({str(Path(integration.__file__).parent)!r})\n"
        "import phat, phat.simulator, phat.board\n"
        "phat.Phat(phat.simulator.Simulator(clock=phat.simulator.VirtualClock()).bus()).read()\n"
        "print(*(name for name in sys.modules if name.split('.')[0] == 'homeassistant'))"
    )
    result = subprocess.run([sys.executable, "-c", code], env={}, capture_output=True, text=True, check=True)
    assert result.stdout.split() == []
