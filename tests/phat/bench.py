"""A test bench: simulated chips, time that passes only where it is slept, and a wire that is listened to and spoilt."""

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

EVERY_KIND = (BMP180, BMP280, BME280, HTU21D, BH1750)

# How far a reading may be from the air: half a step of the chip's, or more where its arithmetic is coarser.
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
}

PAUSE = 60.0  # seconds between two cycles


class RunningClock(VirtualClock):
    """A virtual clock that can be told what happens during its waits."""

    def __init__(self) -> None:
        """Let nothing happen."""
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
    """What has gone over the wire; an answer is None where only was written."""

    address: int
    written: bytes
    answer: bytes | None


class Wire:
    """An adapter that writes down what another one transfers, and lets a test come between."""

    def __init__(self, adapter: Adapter) -> None:
        """Let everything through."""
        self._adapter = adapter
        self.log: list[Transfer] = []
        self.before: Callable[[int], None] = lambda address: None
        """Called before every transfer, with its address; may raise OSError."""
        self.spoil: Callable[[bytearray], None] = lambda answer: None
        """Called with every answer, which it may change."""

    def i2c_rdwr(self, *messages: i2c_msg) -> None:
        """Transfer messages."""
        self.before(messages[0].addr)
        self._adapter.i2c_rdwr(*messages)
        written, answer = b"", None
        for message in messages:
            if message.flags & I2C_M_RD:
                answer = bytearray(bytes(message))
                self.spoil(answer)
                for place, byte in enumerate(answer):
                    message.buf[place] = byte
            else:
                written += bytes(message)
        self.log.append(Transfer(messages[0].addr, written, None if answer is None else bytes(answer)))

    def claim(self, address: int) -> None:
        """Pass it on."""
        self._adapter.claim(address)

    def close(self) -> None:
        """Pass it on."""
        self._adapter.close()

    def written_to(self, address: int) -> list[bytes]:
        """Return what was written to an address, but for empty messages, which only ask whether it is there."""
        return [transfer.written for transfer in self.log if transfer.address == address and transfer.written]


class Bench:
    """A board on the bench."""

    def __init__(self, *chips: ChipId) -> None:
        """Plug in chips."""
        self.clock = RunningClock()
        self.air = Air()
        self.simulator = Simulator(chips, lambda: self.air, self.clock)
        self.wire = Wire(self.simulator)
        self.bus = Bus(self.wire, "bench", self.clock)
        self.phat = Phat(self.bus)

    def expect(self, *chips: ChipId) -> None:
        """Begin anew, with a Phat that expects chips."""
        self.phat = Phat(self.bus, chips)

    def chip[C: SimulatedChip](self, kind: type[C], address: int) -> C:
        """Return the simulated chip at an address."""
        chip = self.simulator.chips[address]
        assert isinstance(chip, kind)
        return chip

    def replace(self, address: int, kind: str | type[SimulatedChip]) -> SimulatedChip:
        """Pull what is at an address, and put in something else."""
        chip_class = SIMULATED_CHIPS[kind] if isinstance(kind, str) else kind
        chip = self.simulator.chips[address] = chip_class(lambda: self.air, self.clock)
        self.simulator.plugged.add(address)
        return chip

    def read(self) -> Reading:
        """Read a cycle, some time after the last."""
        self.clock.sleep(PAUSE)
        return self.phat.read()

    def lux(self) -> float | None:
        """Read a cycle, and return the illuminance; None where it is above the range."""
        measurement = self.read().measurements[BH1750]
        assert measurement is not None
        return measurement.values.get(Quantity.ILLUMINANCE)


def deviations(reading: Reading, air: Air, chips: Iterable[ChipId]) -> list[str]:
    """Return in words what is missing from a reading, or is not as the air is."""
    found = []
    for chip in chips:
        if (measurement := reading.measurements.get(chip)) is None:
            found.append(f"{chip}: {reading.errors.get(chip, 'not found')!r}")
            continue
        found += [f"{chip}: {quantity} {value}" for quantity, value in wrong_values(chip, measurement.values, air)]
    return found


def wrong_values(chip: ChipId, values: Mapping[Quantity, float], air: Air) -> Iterable[tuple[Quantity, float]]:
    """Yield the values that are not as the air is."""
    for quantity, value in values.items():
        true = getattr(air, quantity)
        if abs(value - true) > TOLERANCE[chip.kind, quantity]:
            yield quantity, value
