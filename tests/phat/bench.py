"""Test bench: simulated chips, a virtual clock, and a wire that records and disturbs transfers."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import override

from smbus2 import i2c_msg
from smbus2.smbus2 import I2C_M_RD

from custom_components.anavi_weather.phat import Bus, ChipId, Phat, Quantity, Reading
from custom_components.anavi_weather.phat.i2c import Adapter
from custom_components.anavi_weather.phat.simulated_chips import Air, SimulatedChip
from custom_components.anavi_weather.phat.simulator import SIMULATED_CHIPS, Simulator, VirtualClock

BMP180 = ChipId("BMP180", 0x77)
BMP280 = ChipId("BMP280", 0x77)
BME280 = ChipId("BME280", 0x76)
HTU21D = ChipId("HTU21D", 0x40)
BH1750 = ChipId("BH1750", 0x23)
BMP388 = ChipId("BMP388", 0x77)
BMP390 = ChipId("BMP390", 0x76)
AHT20 = ChipId("AHT20", 0x38)
SHT3X = ChipId("SHT3x", 0x44)
SHT4X = ChipId("SHT4x", 0x45)

EVERY_KIND = (BMP180, BMP280, BME280, HTU21D, BH1750, AHT20, SHT3X, SHT4X, BMP388, BMP390)

# Maximum deviation of a reading from the air: half a step of the chip, or more if its arithmetic is coarser.
TOLERANCE = {
    ("BMP180", Quantity.TEMPERATURE): 0.1,
    ("BMP180", Quantity.PRESSURE): 0.05,
    ("BMP280", Quantity.TEMPERATURE): 0.001,
    ("BMP280", Quantity.PRESSURE): 0.01,
    ("BME280", Quantity.TEMPERATURE): 0.001,
    ("BME280", Quantity.PRESSURE): 0.01,
    ("BME280", Quantity.HUMIDITY): 0.02,
    ("HTU21D", Quantity.TEMPERATURE): 0.011,
    ("HTU21D", Quantity.HUMIDITY): 0.008,
    ("BH1750", Quantity.ILLUMINANCE): 0.94,  # in the coarsest range
    ("AHT20", Quantity.TEMPERATURE): 0.001,
    ("AHT20", Quantity.HUMIDITY): 0.001,
    ("BMP388", Quantity.TEMPERATURE): 0.001,
    ("BMP388", Quantity.PRESSURE): 0.001,
    ("BMP390", Quantity.TEMPERATURE): 0.001,
    ("BMP390", Quantity.PRESSURE): 0.001,
    ("SHT3x", Quantity.TEMPERATURE): 0.0014,
    ("SHT3x", Quantity.HUMIDITY): 0.0008,
    ("SHT4x", Quantity.TEMPERATURE): 0.0014,
    ("SHT4x", Quantity.HUMIDITY): 0.001,
}

PAUSE = 60.0  # seconds between two cycles


class RunningClock(VirtualClock):
    """Virtual clock with a hook that is called in every wait."""

    def __init__(self) -> None:
        """Initialize the clock without a hook."""
        super().__init__()
        self.during: Callable[[], None] = lambda: None
        self.slept = 0.0

    @override
    def sleep(self, seconds: float, /) -> None:
        super().sleep(seconds)
        self.slept = seconds
        self.during()


@dataclass(frozen=True, slots=True)
class Transfer:
    """Transfer on the wire. Without a read message the answer is None."""

    address: int
    written: bytes
    answer: bytes | None


class Wire:
    """Adapter that logs the transfers of another adapter and lets tests disturb them."""

    def __init__(self, adapter: Adapter) -> None:
        """Initialize the wire without disturbances."""
        self._adapter = adapter
        self.log: list[Transfer] = []
        self.closed = False
        self.before: Callable[[int], None] = lambda address: None
        """Hook that is called with the address before every transfer, and may raise OSError."""
        self.corrupt: Callable[[bytearray], None] = lambda answer: None
        """Hook that is called with every answer, and may change it."""

    def i2c_rdwr(self, *messages: i2c_msg) -> None:
        """Transfer messages."""
        self.before(messages[0].addr)
        self._adapter.i2c_rdwr(*messages)
        written, answer = b"", None
        for message in messages:
            if message.flags & I2C_M_RD:
                answer = bytearray(bytes(message))
                self.corrupt(answer)
                for place, byte in enumerate(answer):
                    message.buf[place] = byte
            else:
                written += bytes(message)
        self.log.append(Transfer(messages[0].addr, written, None if answer is None else bytes(answer)))

    def claim(self, address: int) -> None:
        """Delegate to the adapter."""
        self._adapter.claim(address)

    def close(self) -> None:
        """Delegate to the adapter."""
        self.closed = True
        self._adapter.close()

    def written_to(self, address: int) -> list[bytes]:
        """Return the data written to an address, without the empty messages that probe it."""
        return [transfer.written for transfer in self.log if transfer.address == address and transfer.written]


class Bench:
    """Bench with a board."""

    def __init__(self, *chips: ChipId) -> None:
        """Initialize the bench with chips plugged in."""
        self.clock = RunningClock()
        self.air = Air()
        self.simulator = Simulator(chips, lambda: self.air, self.clock)
        self.wire = Wire(self.simulator)
        self.bus = Bus(self.wire, "bench", self.clock)
        self.phat = Phat(self.bus)

    def expect(self, *chips: ChipId) -> None:
        """Start over with a Phat that expects chips."""
        self.phat = Phat(self.bus, chips)

    def chip[C: SimulatedChip](self, kind: type[C], address: int) -> C:
        """Return the simulated chip at an address."""
        chip = self.simulator.chips[address]
        assert isinstance(chip, kind)
        return chip

    def replace(self, address: int, kind: str | type[SimulatedChip]) -> SimulatedChip:
        """Replace the chip at an address."""
        chip_class = SIMULATED_CHIPS[kind] if isinstance(kind, str) else kind
        chip = self.simulator.chips[address] = chip_class(lambda: self.air, self.clock)
        self.simulator.plugged.add(address)
        return chip

    def read(self) -> Reading:
        """Read a cycle after a pause."""
        self.clock.sleep(PAUSE)
        return self.phat.read()

    def lux(self) -> float | None:
        """Read a cycle, and return the illuminance, or None if it is above the range."""
        measurement = self.read().measurements[BH1750]
        assert measurement is not None
        return measurement.values.get(Quantity.ILLUMINANCE)


def always[T](value: T) -> Callable[[], T]:
    """Return a function that returns a value."""
    return lambda: value


def deviations(reading: Reading, air: Air, chips: Iterable[ChipId]) -> list[str]:
    """Return descriptions of the values of chips that are missing from a reading or deviate from the air."""
    found = []
    for chip in chips:
        if (measurement := reading.measurements.get(chip)) is None:
            found.append(f"{chip}: {reading.errors.get(chip, 'not found')!r}")
            continue
        found += [f"{chip}: {quantity} {value}" for quantity, value in wrong_values(chip, measurement.values, air)]
    return found


def wrong_values(chip: ChipId, values: Mapping[Quantity, float], air: Air) -> Iterable[tuple[Quantity, float]]:
    """Yield the values that deviate from the air."""
    for quantity, value in values.items():
        true = getattr(air, quantity)
        if abs(value - true) > TOLERANCE[chip.kind, quantity]:
            yield quantity, value
