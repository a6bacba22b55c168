"""A simulated board below smbus2, so that the drivers run unchanged, with faults to inject.

simulator = Simulator()
phat = Phat(simulator.bus())
simulator.unplug(0x40)
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
import errno
from itertools import count
import math
import random
import time

from smbus2 import i2c_msg
from smbus2.smbus2 import I2C_M_RD

from .chip import ChipId
from .i2c import Bus, Clock
from .simulated_aht20 import SimulatedAHT20
from .simulated_bh1750 import SimulatedBH1750
from .simulated_bmp3xx import SimulatedBMP388, SimulatedBMP390
from .simulated_bmp180 import SimulatedBMP180
from .simulated_bmx280 import SimulatedBME280, SimulatedBMP280
from .simulated_chips import Air, Nack, SimulatedChip
from .simulated_errors import os_error
from .simulated_htu21d import SimulatedHTU21D
from .simulated_sht3x import SimulatedSHT3x
from .simulated_sht4x import SimulatedSHT4x

SIMULATED = "simulated"
"""Name of the first simulated bus, instead of a path."""

OFFICIAL_CHIPS = (ChipId("BMP180", 0x77), ChipId("HTU21D", 0x40), ChipId("BH1750", 0x23))
SPARE_CHIP = ChipId("BME280", 0x76)  # which can be plugged in to try a replacement
"""The chips that are sold with the board."""

SIMULATED_CHIPS: dict[str, type[SimulatedChip]] = {
    "AHT20": SimulatedAHT20,
    "BH1750": SimulatedBH1750,
    "BME280": SimulatedBME280,
    "BMP180": SimulatedBMP180,
    "BMP280": SimulatedBMP280,
    "BMP388": SimulatedBMP388,
    "BMP390": SimulatedBMP390,
    "HTU21D": SimulatedHTU21D,
    "SHT3x": SimulatedSHT3x,
    "SHT4x": SimulatedSHT4x,
}

CLOCK_RATE = 100_000  # bits per second
TIMEOUT = 1.0  # seconds, like Linux


def is_simulated(bus: str) -> bool:
    """Return whether a bus is a simulated one."""
    return bus == SIMULATED or bus.startswith(f"{SIMULATED}-")


def simulated_buses() -> Iterator[str]:
    """Yield the names of the simulated buses, of which there is no end."""
    yield SIMULATED
    yield from (f"{SIMULATED}-{number}" for number in count(2))


class VirtualClock:
    """A clock for tests that advances only by sleeping."""

    def __init__(self) -> None:
        """Initialize the clock well after zero."""
        self.now = 1000.0

    def monotonic(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float, /) -> None:
        """Advance the clock.

        Raises:
            ValueError: if the duration is negative, like `time.sleep`.
        """
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        self.now += seconds


class Weather:
    """Weather that differs for each seed, with a daily cycle, weather fronts, and small fluctuations."""

    def __init__(
        self,
        seed: int | str = 0,
        altitude: float = 0.0,
        now: Callable[[], float] = time.time,
        *,
        longitude: float = 0.0,
    ) -> None:
        """Initialize the weather of a place at an altitude in m and a longitude in degrees, which decides on its noon."""
        generator = random.Random(seed)
        self._altitude = altitude
        self._longitude = longitude
        self._now = now
        self._phases = [generator.uniform(0, math.tau) for _ in range(16)]

    def _waves(self, seconds: float, first: int, *periods: float) -> float:
        """Return a smooth value between -1 and 1 that does not repeat."""
        waves = (math.sin(math.tau * seconds / period + self._phases[first + i]) for i, period in enumerate(periods))
        return sum(waves) / len(periods)

    def __call__(self) -> Air:
        """Return the current air."""
        now = self._now()
        hour = (now / 3600 + self._longitude / 15) % 24  # mean solar time
        front = self._waves(now, 0, 3.1 * 86400, 5.7 * 86400, 8.3 * 86400)
        gust = self._waves(now, 3, 47, 131, 419, 1009)
        temperature = 21 + 5 * math.cos(math.tau * (hour - 15) / 24) - 4 * front + 0.3 * gust
        sea_level = 1014 + 9 * front + 1.2 * math.cos(math.tau * (hour - 10) / 12) + 0.05 * gust
        # The standard atmosphere's barometric formula
        pressure = sea_level * (1 - 0.0065 * self._altitude / 288.15) ** 5.255
        humidity = 62 - 2.4 * (temperature - 21) - 10 * front + 0.8 * self._waves(now, 7, 61, 173, 547)
        sun_height = math.sin(math.tau * (hour - 6) / 24)  # twilight ends some degrees below the horizon
        clouds = 0.6 + 0.4 * self._waves(now, 10, 53, 307, 1801, 2 * 86400)
        illuminance = (
            100_000 * sun_height**1.3 * clouds if sun_height > 0.02 else 600 * math.exp((sun_height - 0.02) * 60)
        )
        return Air(temperature, min(max(humidity, 5.0), 99.0), pressure, max(illuminance, 0.2))


@dataclass(slots=True)
class Fault:
    """A fault of the next transfers, to one address or to any."""

    times: int = 1
    address: int | None = None


class NackFault(Fault):
    """A transfer is not acknowledged."""


class TimeoutFault(Fault):
    """A transfer times out because the bus hangs."""


@dataclass(slots=True)
class FlippedBitFault(Fault):
    """A bit of the answer, counted from the highest bit of the first byte, is flipped."""

    bit: int = 0


class Simulator:
    """An I2C adapter for Bus with simulated chips."""

    def __init__(
        self,
        chips: Iterable[ChipId] = OFFICIAL_CHIPS,
        air: Callable[[], Air] | None = None,
        clock: Clock = time,
    ) -> None:
        """Initialize the adapter with chips plugged in."""
        self._clock = clock
        air = air or Weather()
        self.chips: dict[int, SimulatedChip] = {chip.address: SIMULATED_CHIPS[chip.kind](air, clock) for chip in chips}
        self.plugged = set(self.chips)
        self.claimed: set[int] = set()
        self.stuck = False
        self.loss = 0.0
        """Fraction of messages that are not acknowledged, like on a long wire."""
        self.busy_time = 0.0  # seconds of all messages
        self._faults: list[Fault] = []
        self._random = random.Random(0)

    def bus(self, name: str = SIMULATED) -> Bus:
        """Return a bus with this adapter."""
        return Bus(self, name, self._clock)

    def unplug(self, address: int) -> None:
        """Unplug a chip."""
        self.plugged.discard(address)

    def plug(self, address: int) -> None:
        """Plug a chip in, which resets it."""
        if address not in self.plugged:
            self.chips[address].power_on()
            self.plugged.add(address)

    def inject(self, fault: Fault) -> None:
        """Inject a fault."""
        self._faults.append(fault)

    def i2c_rdwr(self, *messages: i2c_msg) -> None:
        """Transfer messages."""
        faults = [fault for message in messages[:1] for fault in self._take_faults(message.addr)]
        if self.stuck or any(isinstance(fault, TimeoutFault) for fault in faults):
            self._clock.sleep(TIMEOUT)
            raise os_error(errno.ETIMEDOUT)
        for message in messages:
            self._spend(2 + 9 * (1 + message.len))
            chip = self.chips.get(message.addr)
            lost = any(isinstance(fault, NackFault) for fault in faults) or self._random.random() < self.loss
            if chip is None or message.addr not in self.plugged or lost:
                raise os_error(errno.EREMOTEIO)
            try:
                if not message.flags & I2C_M_RD:
                    chip.write(bytes(message))
                    continue
                answer = bytearray(chip.read(message.len))
            except Nack:
                raise os_error(errno.EREMOTEIO) from None
            for flipped in [fault.bit for fault in faults if isinstance(fault, FlippedBitFault)]:
                answer[flipped // 8 % len(answer)] ^= 0x80 >> flipped % 8
            for place, byte in enumerate(answer):
                message.buf[place] = byte

    def claim(self, address: int) -> None:
        """Refuse an address that is claimed by a kernel driver."""
        if address in self.claimed:
            raise os_error(errno.EBUSY)

    def close(self) -> None:
        """Do nothing: there is nothing to close."""

    def _take_faults(self, address: int) -> list[Fault]:
        taken = [fault for fault in self._faults if fault.address in (None, address)]
        for fault in taken:
            fault.times -= 1
        self._faults = [fault for fault in self._faults if fault.times > 0]
        return taken

    def _spend(self, bits: int) -> None:
        self.busy_time += bits / CLOCK_RATE
        self._clock.sleep(bits / CLOCK_RATE)
