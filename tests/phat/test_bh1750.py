"""Tests of the driver of the BH1750."""

from itertools import cycle, pairwise

from hypothesis import given, strategies as st
import pytest

from custom_components.anavi_weather.phat import ChipId, Phat, Quantity
from custom_components.anavi_weather.phat.bh1750 import (
    CONTINUOUS_HIGH,
    CONTINUOUS_HIGH_2,
    DESCEND_AT,
    LEAVE_AT,
    ONE_TIME_LOW,
    RANGES,
    SATURATED,
    Range,
)
from custom_components.anavi_weather.phat.chip import ImplausibleError, NotFinishedError, WrongChipError
from custom_components.anavi_weather.phat.simulated_bh1750 import Mode, SimulatedBH1750
from custom_components.anavi_weather.phat.simulator import NackFault

from .bench import BH1750, Bench
from .foreign_chips import PCF8574

DARK, STARLIGHT, ROOM, FULL_SUN = 0.0, 0.2, 300.0, 120_000.0
DECADES = (0.1, 1.0, 10.0, 100.0, 1_000.0, 10_000.0, 100_000.0, 121_500.0)
QUICK = 0.010  # seconds of a cycle that does not wait for a conversion
MEASURING_MODES = [mode for mode in Mode if mode > Mode.POWER_ON]


@pytest.fixture
def chips() -> tuple[ChipId, ...]:
    return (BH1750,)


@pytest.fixture
def simulated(bench: Bench) -> SimulatedBH1750:
    """Return the simulated chip."""
    return bench.chip(SimulatedBH1750, BH1750.address)


def near(lux: float) -> object:
    """Return the expected reading in any range."""
    return pytest.approx(lux, rel=0, abs=RANGES[-1].resolution / 2 + 1e-6)


def very_near(lux: float) -> object:
    """Return the expected reading in the best range."""
    range_ = next((range_ for range_ in RANGES if lux < DESCEND_AT * range_.end - 1), RANGES[-1])
    return pytest.approx(lux, rel=0, abs=range_.resolution / 2 + 1e-6)


@pytest.mark.parametrize(
    ("range_", "lux"),
    [
        (Range(CONTINUOUS_HIGH, 69), 28067),  # the data sheet's example, page 7
        (Range(CONTINUOUS_HIGH, 138), 28067 / 2),  # twice the window, page 11
        (Range(CONTINUOUS_HIGH_2, 69), 28067 / 2),
        (Range(CONTINUOUS_HIGH, 31), 62471),
    ],
)
def test_resolution_matches_the_data_sheets_example(range_: Range, lux: float) -> None:
    assert 0x8390 * range_.resolution == pytest.approx(lux, abs=1)


def test_the_ranges_overlap_each_other() -> None:
    for lower, upper in pairwise(RANGES):
        assert lower.resolution < upper.resolution
        assert lower.end * LEAVE_AT < DESCEND_AT * upper.end
    assert RANGES[-1].end == pytest.approx(121_557, abs=1)


@pytest.mark.parametrize("lux", DECADES)
def test_every_decade_is_measured_to_its_resolution(bench: Bench, lux: float) -> None:
    bench.air.illuminance = lux
    bench.read()
    assert bench.lux() == very_near(lux)


@given(lux=st.floats(0, 121_500))
def test_any_steady_light_is_measured_to_its_resolution(lux: float) -> None:
    bench = Bench(BH1750)
    bench.air.illuminance = lux
    bench.read()
    assert bench.lux() == very_near(lux)


def test_darkness_is_a_reading(bench: Bench) -> None:
    bench.air.illuminance = DARK
    assert [bench.lux(), bench.lux()] == [0, 0]


def test_light_above_the_range_has_no_value(bench: Bench) -> None:
    bench.air.illuminance = 130_000
    for _ in range(2):
        reading = bench.read()
        measurement = reading.measurements[BH1750]
        assert measurement is not None
        assert measurement.values == {}
        assert measurement.above_range == {Quantity.ILLUMINANCE}
    assert reading.duration < QUICK


def test_light_within_the_range_is_not_above_it(bench: Bench) -> None:
    measurement = bench.read().measurements[BH1750]
    assert measurement is not None
    assert measurement.above_range == frozenset()


@pytest.mark.parametrize("pace", [0.6, 1.0, 1.2])
@pytest.mark.parametrize("before", [DARK, STARLIGHT, ROOM, 20_000.0, FULL_SUN, 200_000.0])
@pytest.mark.parametrize("after", [DARK, STARLIGHT, ROOM, 20_000.0, FULL_SUN])
def test_a_sudden_change_is_measured_at_once(
    bench: Bench, simulated: SimulatedBH1750, before: float, after: float, pace: float
) -> None:
    simulated.pace = pace
    bench.air.illuminance = before
    bench.read()
    bench.air.illuminance = after
    assert bench.lux() == near(after)


@pytest.mark.parametrize("pace", [0.6, 1.0, 1.2])
def test_cycles_in_quick_succession_do_not_mix_up_ranges(bench: Bench, simulated: SimulatedBH1750, pace: float) -> None:
    simulated.pace = pace
    for lux in (ROOM, FULL_SUN, STARLIGHT, 20_000.0, FULL_SUN, ROOM) * 2:
        bench.air.illuminance = lux
        bench.clock.sleep(1)  # until then, the last result may be that of the previous light
        for _ in range(3):
            measurement = bench.phat.read().measurements[BH1750]
            assert measurement is not None
            assert measurement.values[Quantity.ILLUMINANCE] == near(lux)


@pytest.mark.parametrize("part", [0.2, 0.799, 0.8, 0.801, 0.85, 0.899, 0.9, 0.901, 0.95, 0.999])
@pytest.mark.parametrize("range_", RANGES, ids=str)
def test_steady_light_is_read_without_waiting_in_an_unchanged_range(bench: Bench, range_: Range, part: float) -> None:
    bench.air.illuminance = part * range_.end
    bench.read()
    bench.read()
    settings = set()
    for _ in range(5):
        bench.wire.log.clear()
        assert bench.read().duration < QUICK
        settings.add(bench.wire.written_to(BH1750.address)[-1])
    assert len(settings) == 1


def test_slowly_changing_light_is_read_without_waiting(bench: Bench) -> None:
    bench.air.illuminance = lux = 1.0
    bench.read()
    bench.read()
    for factor in (1.1,) * 122 + (1 / 1.1,) * 122:
        bench.air.illuminance = lux = lux * factor
        reading = bench.read()
        assert reading.duration < QUICK
        measurement = reading.measurements[BH1750]
        assert measurement is not None
        assert measurement.values[Quantity.ILLUMINANCE] == near(lux)


@pytest.mark.parametrize("lux", [DARK, STARLIGHT, ROOM, 20_000.0, FULL_SUN])
def test_light_is_measured_after_a_power_loss_between_two_cycles(
    bench: Bench, simulated: SimulatedBH1750, lux: float
) -> None:
    bench.air.illuminance = lux
    bench.read()
    bench.read()
    simulated.power_on()
    assert bench.lux() == near(lux)


def test_starlight_is_measured_in_the_finest_range_after_a_power_loss(bench: Bench, simulated: SimulatedBH1750) -> None:
    bench.air.illuminance = STARLIGHT
    bench.read()
    bench.read()
    simulated.power_on()
    assert bench.lux() == very_near(STARLIGHT)


def test_a_power_loss_during_a_range_change_does_not_read_as_darkness(bench: Bench, simulated: SimulatedBH1750) -> None:
    bench.air.illuminance = STARLIGHT
    bench.read()
    bench.read()
    bench.air.illuminance = FULL_SUN
    highest = bytes((RANGES[-1].mode,))
    lost = False

    def during() -> None:
        nonlocal lost
        if not lost and bench.wire.written_to(BH1750.address)[-1] == highest and simulated.measurement_time == 31:
            lost = True
            simulated.power_on()

    bench.clock.during = during
    assert bench.lux() == near(FULL_SUN)
    assert lost


@pytest.mark.parametrize("lux", [STARLIGHT, ROOM, 20_000.0, FULL_SUN])
def test_another_program_probing_the_chip_does_not_change_the_reading(bench: Bench, lux: float) -> None:
    bench.air.illuminance = lux
    bench.read()
    bench.read()
    assert Phat(bench.simulator.bus("bench")).detect().chips == (BH1750,)
    bench.clock.sleep(1)
    assert bench.lux() == near(lux)


def test_light_is_measured_after_another_program_powered_the_chip_down(running: Bench) -> None:
    for command in (0x01, 0x45, 0x6A, 0x20):
        running.bus.write(BH1750.address, bytes((command,)))
    running.read()
    running.air.illuminance = 5_000.0
    assert running.lux() == near(5_000.0)


def set_like_another_program(bench: Bench, mode: int, measurement_time: int | None = None) -> None:
    """Send settings to the chip without the driver's knowledge."""
    for command in (
        0x01,
        *(() if measurement_time is None else (0x40 | measurement_time >> 5, 0x60 | measurement_time & 0x1F)),
        mode,
    ):
        bench.simulator.chips[BH1750.address].write(bytes((command,)))


@pytest.mark.parametrize("lux", [3.0, 500.0, 20_000.0, FULL_SUN])
@pytest.mark.parametrize("measurement_time", [None, 31, 69, 138, 254])
@pytest.mark.parametrize("mode", MEASURING_MODES)
def test_settings_of_another_program_never_change_the_reading(
    bench: Bench, mode: Mode, measurement_time: int | None, lux: float
) -> None:
    bench.air.illuminance = lux
    bench.read()
    bench.read()
    for _ in range(3):
        set_like_another_program(bench, mode, measurement_time)
        assert bench.lux() == near(lux)


@pytest.mark.parametrize("after", [3.0, ROOM, FULL_SUN])
@pytest.mark.parametrize("before", [3.0, ROOM, FULL_SUN])
@pytest.mark.parametrize("mode", MEASURING_MODES)
def test_a_change_is_measured_in_spite_of_another_programs_settings(
    bench: Bench, mode: Mode, before: float, after: float
) -> None:
    bench.air.illuminance = before
    bench.read()
    set_like_another_program(bench, mode, 69)
    bench.clock.sleep(10)
    bench.air.illuminance = after
    assert bench.lux() == near(after)


def test_a_result_from_before_the_chip_was_powered_down_is_not_used(bench: Bench) -> None:
    """It agrees with the last cycle's, but the light has changed since then."""
    bench.read()
    bench.read()
    set_like_another_program(bench, Mode.ONE_TIME_HIGH_RESOLUTION_2)
    bench.clock.sleep(1)
    bench.simulator.chips[BH1750.address].read(2)
    bench.air.illuminance = 5_000.0
    assert bench.lux() == near(5_000.0)


@pytest.mark.parametrize("wait", range(4))
def test_another_program_may_set_the_chip_while_a_change_is_confirmed(bench: Bench, wait: int) -> None:
    bench.read()
    bench.air.illuminance = lux = 5_000.0
    waits = 0

    def during() -> None:
        nonlocal waits
        if bench.clock.slept > 0.1 and bench.clock.slept < 60:
            if waits == wait:
                set_like_another_program(bench, Mode.CONTINUOUS_HIGH_RESOLUTION_2, 31)
                bench.clock.now += 1.0
            waits += 1

    bench.clock.during = during
    assert [bench.lux(), bench.lux()] == [near(lux)] * 2


def test_a_program_that_always_restarts_the_measurement_is_not_read_as_darkness(running: Bench) -> None:
    def during() -> None:
        if running.clock.slept > 0.1 and running.clock.slept < 60:
            running.simulator.chips[BH1750.address].power_on()

    running.air.illuminance = 5_000.0
    running.clock.during = during
    assert isinstance(running.read().errors[BH1750], NotFinishedError)


@pytest.mark.parametrize(
    ("lights", "is_read"),
    [((100, 120, 140, 115, 135), True), ((20, 100, 500, 2_500, 12_500, 60_000), False)],
    ids=["flickers", "jumps"],
)
def test_light_that_changes_with_every_result(running: Bench, lights: tuple[float, ...], is_read: bool) -> None:
    values = cycle(lights)

    def during() -> None:
        if running.clock.slept > 0.05:
            running.air.illuminance = next(values)

    running.clock.during = during
    reading = running.read()
    assert isinstance(reading.errors.get(BH1750), ImplausibleError) is not is_read
    assert reading.duration < 5


@pytest.mark.parametrize("before", [DARK, STARLIGHT, ROOM])
def test_darkness_takes_as_long_as_the_chip_needs(bench: Bench, before: float) -> None:
    bench.air.illuminance = before
    bench.read()
    bench.air.illuminance = DARK
    bench.read()
    for _ in range(10):
        bench.wire.log.clear()
        reading = bench.read()
        assert reading.duration < 1.15 * RANGES[0].conversion_time
        assert len(bench.wire.log) < 70


@pytest.mark.parametrize("lux", [STARLIGHT, ROOM, 20_000.0, FULL_SUN])
def test_cycles_without_a_pause_wait_for_the_light_only_once(bench: Bench, lux: float) -> None:
    bench.air.illuminance = lux
    bench.read()
    bench.read()
    waited = [bench.phat.read().duration > QUICK for _ in range(200)]
    assert waited == [True] + [False] * 199


def test_settings_are_sent_again_after_a_second(bench: Bench) -> None:
    bench.air.illuminance = 20_000.0
    bench.read()
    bench.read()
    bench.wire.log.clear()
    bench.clock.sleep(1)
    bench.phat.read()
    assert bench.wire.written_to(BH1750.address)[-1] == bytes((CONTINUOUS_HIGH,))


@pytest.mark.parametrize("range_", RANGES[:-1], ids=str)
def test_light_that_varies_around_the_end_of_a_range_does_not_switch_it_back_and_forth(
    bench: Bench, simulated: SimulatedBH1750, range_: Range
) -> None:
    settings = []
    for part in (0.5, 0.5, 0.85, 0.92, 0.85, 0.92, 0.85, 0.75):
        bench.air.illuminance = part * range_.end
        bench.read()
        settings.append(simulated.measurement_time)
    lower, upper = range_.measurement_time, RANGES[RANGES.index(range_) + 1].measurement_time
    assert settings[1:] == [lower] * 2 + [upper] * 4 + [lower]


def test_a_result_of_a_kernel_driver_is_not_used(running: Bench) -> None:
    running.read()
    running.simulator.claimed.add(BH1750.address)
    for command in (0x01, 0x42, 0x65, 0x20):
        running.bus.write(BH1750.address, bytes((command,)))
    running.read()
    running.simulator.claimed.clear()
    assert running.lux() == near(ROOM)


def test_the_second_cycle_does_not_wait(bench: Bench) -> None:
    bench.air.illuminance = 20_000.0
    bench.phat.read()
    bench.clock.sleep(1)
    assert bench.phat.read().duration < QUICK


def test_the_chip_is_recognized_on_a_slow_bus(bench: Bench) -> None:
    """On a busy machine, a transfer may take longer than the fastest measurement."""
    bench.wire.before = lambda address: bench.clock.sleep(0.03)
    assert bench.lux() == near(ROOM)


def test_the_chip_is_recognized_when_transfers_stall(bench: Bench) -> None:
    """A measurement may then finish during the probe."""

    def stall(address: int) -> None:
        if bench.wire.log and bench.wire.log[-1].written == bytes((ONE_TIME_LOW,)):
            bench.clock.sleep(0.025)

    bench.air.illuminance = FULL_SUN
    bench.wire.before = stall
    assert bench.phat.detect().chips == (BH1750,)


@pytest.mark.parametrize("pace", [0.6, 1.0, 1.2])
@pytest.mark.parametrize("lux", [DARK, STARLIGHT, ROOM, FULL_SUN])
def test_a_chip_is_recognized_in_any_light(bench: Bench, simulated: SimulatedBH1750, lux: float, pace: float) -> None:
    simulated.pace = pace
    bench.air.illuminance = lux
    assert bench.phat.detect().chips == (BH1750,)


@pytest.mark.parametrize("command", [0x10, 0x11, 0x13, 0x20, 0x23])
def test_a_chip_that_is_measuring_for_another_program_is_recognized(bench: Bench, command: int) -> None:
    for setting in (0x01, 0x47, 0x7E, command):
        bench.bus.write(BH1750.address, bytes((setting,)))
    bench.clock.sleep(1)
    assert bench.phat.detect().chips == (BH1750,)


@pytest.mark.parametrize("count", [0x0101, 0x0202, 0x4242, 0xFEFE])
def test_a_chip_with_two_equal_bytes_is_no_port_expander(bench: Bench, count: int) -> None:
    bench.air.illuminance = lux = count / 1.2
    set_like_another_program(bench, Mode.CONTINUOUS_HIGH_RESOLUTION)
    bench.clock.sleep(1)
    assert bench.bus.read(BH1750.address, 2) == count.to_bytes(2)
    assert bench.phat.detect().chips == (BH1750,)
    assert bench.lux() == near(lux)


def test_a_chip_that_is_saturated_at_first_is_found_when_the_light_is_less(bench: Bench) -> None:
    """Like a port expander whose pins are all high. It is only read until then."""
    bench.air.illuminance = 100_000.0
    set_like_another_program(bench, Mode.CONTINUOUS_HIGH_RESOLUTION)
    bench.clock.sleep(1)
    assert bench.phat.detect().foreign == (BH1750.address,)
    assert bench.read().measurements == {}
    assert bench.wire.written_to(BH1750.address) == []
    bench.air.illuminance = 50_000.0
    assert bench.lux() == near(50_000.0)
    assert bench.phat.detect().foreign == ()


def test_a_chip_that_was_released_is_recognized_in_more_light(bench: Bench) -> None:
    """The last range of the day before would be saturated."""
    bench.expect(BH1750)
    bench.air.illuminance = 5_000.0
    for _ in range(2):
        assert bench.lux() == near(5_000.0)
    bench.phat.release()
    bench.air.illuminance = 100_000.0
    bench.clock.sleep(60)
    bench.expect(BH1750)
    assert bench.lux() == near(100_000.0)


def test_a_chip_that_does_not_respond_is_not_released(running: Bench) -> None:
    running.read()
    running.simulator.inject(NackFault(times=100, address=BH1750.address))
    running.phat.release()


def test_a_chip_that_fails_while_it_is_saturated_is_no_port_expander(running: Bench) -> None:
    running.read()
    running.air.illuminance = FULL_SUN
    running.clock.sleep(1)
    running.simulator.inject(NackFault(times=4, address=BH1750.address))
    assert running.lux() == near(FULL_SUN)


def test_a_port_expander_in_place_of_a_chip_is_written_to_only_once(running: Bench) -> None:
    running.replace(BH1750.address, PCF8574)
    for _ in range(3):
        assert isinstance(running.read().errors[BH1750], WrongChipError)
    written = len(running.wire.written_to(BH1750.address))
    running.read()
    assert len(running.wire.written_to(BH1750.address)) == written


def test_settings_are_sent_one_by_one(running: Bench) -> None:
    """A message has a single command (data sheet, page 7)."""
    running.read()
    assert running.wire.written_to(BH1750.address) == [b"\x07", b"\x01", b"\x47", b"\x7e", b"\x11"]


@pytest.mark.parametrize("result", [b"\x12\x34", b"\x12\x00", b"\x00\x34"])
def test_a_result_that_is_not_cleared_is_an_error(running: Bench, result: bytes) -> None:
    running.wire.corrupt = lambda answer: answer.__setitem__(slice(None), result[: len(answer)])
    assert running.read().measurements[BH1750] is None


def test_saturation_is_the_maximum_count() -> None:
    assert SATURATED == 2**16 - 1
