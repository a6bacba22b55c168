"""Tests of the simulated board: that it behaves as the data sheets say, where the drivers alone would not show it."""

import errno
from itertools import count, pairwise
import time

import pytest
from smbus2 import i2c_msg

from custom_components.anavi_weather.phat import BusStuckError, NoAnswerError, Phat, Quantity
from custom_components.anavi_weather.phat.chip import PLAUSIBLE
from custom_components.anavi_weather.phat.i2c import TransferError
from custom_components.anavi_weather.phat.simulated_chips import Air
from custom_components.anavi_weather.phat.simulator import (
    OFFICIAL_CHIPS,
    SIMULATED,
    SIMULATED_CHIPS,
    Fault,
    FlippedBitFault,
    NackFault,
    Simulator,
    TimeoutFault,
    VirtualClock,
    Weather,
)

from .bench import BH1750, BMP180, HTU21D, Bench

NOON = 1_780_315_200.0  # some day in June, by UTC
DAY = 86_400


@pytest.fixture
def simulator() -> Simulator:
    """Return the official chips in steady air."""
    return Simulator(air=Air, clock=VirtualClock())


class TestWeather:
    """The weather that it has of its own."""

    @pytest.mark.parametrize("seed", range(5))
    @pytest.mark.parametrize("altitude", [-100.0, 0.0, 2500.0])
    def test_it_is_always_plausible(self, seed: int, altitude: float) -> None:
        now = NOON
        weather = Weather(seed, altitude, lambda: now)
        for _ in range(2000):
            air = weather()
            for quantity in Quantity:
                low, high = PLAUSIBLE[quantity]
                assert low < getattr(air, quantity) < high
            now += 1009

    def test_it_is_the_same_for_the_same_seed(self) -> None:
        assert Weather("station", now=lambda: NOON)() == Weather("station", now=lambda: NOON)()
        assert Weather("station", now=lambda: NOON)() != Weather("another", now=lambda: NOON)()

    def test_it_moves_from_minute_to_minute_and_never_jumps(self) -> None:
        minutes = count()
        weather = Weather(7, now=lambda: NOON + 60 * next(minutes))
        airs = [weather() for _ in range(1440)]
        for before, after in pairwise(airs):
            assert before != after
            assert abs(after.temperature - before.temperature) < 0.5
            assert abs(after.humidity - before.humidity) < 3
            assert abs(after.pressure - before.pressure) < 0.2

    def test_afternoons_are_warmer_and_lighter_than_nights(self) -> None:
        now = 0.0
        weather = Weather(3, now=lambda: now)
        offset = time.localtime(NOON).tm_gmtoff

        def airs(hour: int) -> list[Air]:
            nonlocal now
            found = []
            for day in range(30):
                now = NOON // DAY * DAY + DAY * day + 3600 * hour - offset
                found.append(weather())
            return found

        for day, night in zip(airs(14), airs(2), strict=True):
            assert day.temperature > night.temperature + 3
            assert day.illuminance > 5_000
            assert night.illuminance < 1

    def test_pressure_falls_with_the_altitude(self) -> None:
        low, high = (Weather(1, altitude, lambda: NOON)().pressure for altitude in (0.0, 1000.0))
        assert high / low == pytest.approx(0.887, abs=0.001)  # the standard atmosphere's


class TestBus:
    """The bus."""

    def test_it_has_the_official_chips_and_a_name(self, simulator: Simulator) -> None:
        assert Phat(simulator.bus()).detect().chips == tuple(sorted(OFFICIAL_CHIPS))
        assert simulator.bus().name == SIMULATED

    def test_it_may_run_in_real_time(self) -> None:
        begin = time.monotonic()
        simulator = Simulator([BMP180])
        Phat(simulator.bus("real")).read()
        assert 0.03 < time.monotonic() - begin < 5

    def test_its_clock_does_not_go_back(self) -> None:
        """As `time.sleep` refuses it: a driver that would wait for what is past is seen."""
        clock = VirtualClock()
        with pytest.raises(ValueError, match="must be non-negative"):
            clock.sleep(-0.001)
        clock.sleep(0)

    def test_messages_take_the_time_of_100_khz(self, simulator: Simulator) -> None:
        simulator.bus().read_register(BMP180.address, 0xAA, 22)
        # start, address, register, repeated start, address, 22 bytes, stop; 9 bits a byte
        assert simulator.busy_time == pytest.approx(0.00229, abs=0.00002)

    def test_an_address_without_a_chip_is_not_acknowledged(self, simulator: Simulator) -> None:
        with pytest.raises(OSError) as info:
            simulator.i2c_rdwr(i2c_msg.read(0x10, 1))
        assert info.value.errno == errno.EREMOTEIO

    def test_a_chip_that_is_put_back_has_lost_its_settings(self, simulator: Simulator) -> None:
        bus = simulator.bus()
        bus.write(HTU21D.address, b"\xe6\x06")
        simulator.unplug(HTU21D.address)
        with pytest.raises(NoAnswerError):
            bus.read_register(HTU21D.address, 0xE7)
        simulator.plug(HTU21D.address)
        assert bus.read_register(HTU21D.address, 0xE7) == b"\x02"

    def test_plugging_in_what_is_plugged_in_changes_nothing(self, simulator: Simulator) -> None:
        bus = simulator.bus()
        bus.write(HTU21D.address, b"\xe6\x06")
        simulator.plug(HTU21D.address)
        assert bus.read_register(HTU21D.address, 0xE7) == b"\x06"

    def test_a_stuck_bus_times_out_after_a_second(self, simulator: Simulator) -> None:
        clock = VirtualClock()
        simulator = Simulator(clock=clock)
        simulator.stuck = True
        begin = clock.now
        with pytest.raises(BusStuckError):
            Phat(simulator.bus()).read()
        assert clock.now - begin == pytest.approx(3.0)


class TestFaults:
    """Faults that are injected."""

    @pytest.mark.parametrize(("fault", "error"), [(NackFault, NoAnswerError), (TimeoutFault, TransferError)])
    def test_it_goes_wrong_as_often_as_asked(
        self, simulator: Simulator, fault: type[Fault], error: type[Exception]
    ) -> None:
        bus = simulator.bus()
        simulator.inject(fault(times=2))
        for _ in range(2):
            with pytest.raises(error):
                bus.read_register(BMP180.address, 0xD0)
        assert bus.read_register(BMP180.address, 0xD0) == b"\x55"

    def test_it_goes_wrong_at_one_address(self, simulator: Simulator) -> None:
        bus = simulator.bus()
        simulator.inject(NackFault(address=HTU21D.address))
        assert bus.answers(BMP180.address)
        assert not bus.answers(HTU21D.address)
        assert bus.answers(HTU21D.address)

    @pytest.mark.parametrize(
        ("bit", "answer"), [(0, b"\x80\x00"), (7, b"\x01\x00"), (8, b"\x00\x80"), (15, b"\x00\x01")]
    )
    def test_a_bit_is_flipped(self, simulator: Simulator, bit: int, answer: bytes) -> None:
        bus = simulator.bus()
        simulator.inject(FlippedBitFault(bit=bit))
        assert bus.read(BH1750.address, 2) == answer
        assert bus.read(BH1750.address, 2) == b"\x00\x00"


@pytest.mark.parametrize("kind", SIMULATED_CHIPS)
def test_every_chip_acknowledges_an_empty_message(kind: str) -> None:
    bench = Bench()
    bench.replace(0x10, kind)
    assert bench.bus.answers(0x10)
