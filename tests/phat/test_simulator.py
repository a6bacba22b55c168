"""Tests of the simulated board: weather, bus and faults."""

import errno
from itertools import count, islice, pairwise
import time

import pytest
from smbus2 import i2c_msg

from custom_components.anavi_weather.phat import BusStuckError, NoAnswerError, Phat, Quantity
from custom_components.anavi_weather.phat.chip import PLAUSIBLE
from custom_components.anavi_weather.phat.simulated_chips import Air
from custom_components.anavi_weather.phat.simulator import (
    OFFICIAL_CHIPS,
    SIMULATED_CHIPS,
    Fault,
    FlippedBitFault,
    NackFault,
    Simulator,
    TimeoutFault,
    VirtualClock,
    Weather,
    is_simulated,
    simulated_buses,
)

from .bench import BH1750, BMP180, HTU21D, Bench

NOON = 1_780_315_200.0  # UTC, on a day in June
DAY = 86_400


@pytest.fixture
def simulator() -> Simulator:
    """Return a board with the official chips in constant air."""
    return Simulator(air=Air, clock=VirtualClock())


class TestWeather:
    """Tests of the weather."""

    @pytest.mark.parametrize("seed", range(5))
    @pytest.mark.parametrize("altitude", [-100.0, 0.0, 2500.0])
    def test_weather_is_always_plausible(self, seed: int, altitude: float) -> None:
        now = NOON
        weather = Weather(seed, altitude, lambda: now)
        for _ in range(2000):
            air = weather()
            for quantity in Quantity:
                low, high = PLAUSIBLE[quantity]
                assert low < getattr(air, quantity) < high
            now += 1009

    def test_the_same_seed_makes_the_same_weather(self) -> None:
        assert Weather("station", now=lambda: NOON)() == Weather("station", now=lambda: NOON)()
        assert Weather("station", now=lambda: NOON)() != Weather("another", now=lambda: NOON)()

    def test_weather_changes_every_minute_and_never_jumps(self) -> None:
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
        weather = Weather(3, now=lambda: now, longitude=-45)

        def airs(hour: int) -> list[Air]:
            nonlocal now
            found = []
            for day in range(30):
                now = NOON // DAY * DAY + DAY * day + 3600 * (hour + 3)
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
    """Tests of the bus."""

    def test_the_default_board_has_the_official_chips(self, simulator: Simulator) -> None:
        assert Phat(simulator.bus()).detect().chips == tuple(sorted(OFFICIAL_CHIPS))
        assert is_simulated(simulator.bus().name)
        assert all(map(is_simulated, islice(simulated_buses(), 3)))
        assert not is_simulated("/dev/i2c-1")

    def test_a_board_can_run_in_real_time(self) -> None:
        begin = time.monotonic()
        simulator = Simulator([BMP180])
        Phat(simulator.bus("real")).read()
        assert 0.03 < time.monotonic() - begin < 5

    def test_the_virtual_clock_does_not_go_back(self) -> None:
        """Like `time.sleep`, so that a driver with a negative wait is detected."""
        clock = VirtualClock()
        with pytest.raises(ValueError, match="must be non-negative"):
            clock.sleep(-0.001)
        clock.sleep(0)

    def test_messages_take_as_long_as_at_100_khz(self, simulator: Simulator) -> None:
        simulator.bus().read_register(BMP180.address, 0xAA, 22)
        # start, address, register, repeated start, address, 22 bytes, stop; 9 bits a byte
        assert simulator.busy_time == pytest.approx(0.00229, abs=0.00002)

    def test_an_address_without_a_chip_is_not_acknowledged(self, simulator: Simulator) -> None:
        with pytest.raises(OSError) as info:
            simulator.i2c_rdwr(i2c_msg.read(0x10, 1))
        assert info.value.errno == errno.EREMOTEIO

    def test_a_chip_loses_its_settings_when_it_is_unplugged(self, simulator: Simulator) -> None:
        bus = simulator.bus()
        bus.write(HTU21D.address, b"\xe6\x06")
        simulator.unplug(HTU21D.address)
        with pytest.raises(NoAnswerError):
            bus.read_register(HTU21D.address, 0xE7)
        simulator.plug(HTU21D.address)
        assert bus.read_register(HTU21D.address, 0xE7) == b"\x02"

    def test_plugging_in_a_chip_twice_changes_nothing(self, simulator: Simulator) -> None:
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
    """Tests of injected faults."""

    @pytest.mark.parametrize(
        ("fault", "number"), [(NackFault, errno.EREMOTEIO), (TimeoutFault, errno.ETIMEDOUT)], ids=["nack", "timeout"]
    )
    def test_a_fault_occurs_as_often_as_injected(self, simulator: Simulator, fault: type[Fault], number: int) -> None:
        simulator.inject(fault(times=2))
        for _ in range(2):
            with pytest.raises(OSError) as info:
                simulator.i2c_rdwr(i2c_msg.read(BMP180.address, 1))
            assert info.value.errno == number
        simulator.i2c_rdwr(i2c_msg.read(BMP180.address, 1))

    def test_a_fault_can_be_limited_to_an_address(self, simulator: Simulator) -> None:
        simulator.inject(NackFault(address=HTU21D.address))
        simulator.i2c_rdwr(i2c_msg.write(BMP180.address, b""))
        with pytest.raises(OSError):
            simulator.i2c_rdwr(i2c_msg.write(HTU21D.address, b""))
        simulator.i2c_rdwr(i2c_msg.write(HTU21D.address, b""))

    @pytest.mark.parametrize("loss", [0.0, 0.05, 1.0])
    def test_a_fraction_of_all_messages_is_lost(self, simulator: Simulator, loss: float) -> None:
        simulator.loss = loss
        lost = 0
        for _ in range(10_000):
            try:
                simulator.i2c_rdwr(i2c_msg.read(BMP180.address, 1))
            except OSError:
                lost += 1
        assert lost / 10_000 == pytest.approx(loss, abs=0.01)

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
