"""Base classes of the simulated chips.

Each chip is simulated in its own module, written from its data sheet: messages, registers, checksums, conversion times, and
the conversion from the air to raw results. It imports nothing from the drivers, so a mistake in a driver's constants or
arithmetic is not repeated in the simulation, and the tests detect it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
import math
from typing import override

from .i2c import Clock


class Nack(Exception):
    """The chip does not acknowledge."""


@dataclass(slots=True)
class Air:
    """The air and light around the chips, in °C, %, hPa and lx."""

    temperature: float = 21.0
    humidity: float = 55.0
    pressure: float = 1013.25
    illuminance: float = 300.0


class SimulatedChip(ABC):
    """A chip that answers I2C messages."""

    def __init__(self, air: Callable[[], Air], clock: Clock) -> None:
        """Initialize the chip, powered on."""
        self.air = air
        self.clock = clock
        self.pace = 1.0  # × the data sheet's maximum time, for each conversion
        self.power_on()

    @abstractmethod
    def power_on(self) -> None:
        """Reset all settings."""

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Process one write message.

        Raises:
            Nack: if the chip does not acknowledge it.
        """

    @abstractmethod
    def read(self, length: int) -> bytes:
        """Return the answer to one read message.

        Raises:
            Nack: if the chip does not acknowledge it.
        """

    def finish_time(self, maximum: float) -> float:
        """Return when a conversion that starts now will be finished."""
        return self.clock.monotonic() + maximum * self.pace


class RegisterChip(SimulatedChip):
    """A chip with numbered registers, which are read starting at the number that was written last."""

    @override
    def power_on(self) -> None:
        self.registers = bytearray(256)
        self.pointer = 0

    @override
    def write(self, data: bytes) -> None:
        if data:
            self.pointer = data[0]
        for register, value in zip(data[::2], data[1::2], strict=False):
            self.store(register, value)

    @override
    def read(self, length: int) -> bytes:
        self.refresh()
        return bytes(self.registers[(self.pointer + offset) % 256] for offset in range(length))

    def put(self, register: int, data: bytes) -> None:
        """Set consecutive registers, including those that are read-only on the bus."""
        self.registers[register : register + len(data)] = data

    def store(self, register: int, value: int) -> None:
        """Process a write to a register."""
        self.registers[register] = value

    def refresh(self) -> None:
        """Update the registers to the current time."""


def small_root(a: float, b: float, c: float) -> float:
    """Return the root of a x² + b x = c that approaches c / b when a approaches 0."""
    return 2 * c / (b + math.sqrt(b * b + 4 * a * c))


def quantize(value: float, bits: int) -> int:
    """Return the nearest result of an analog-to-digital converter with so many bits."""
    return min(max(round(value), 0), (1 << bits) - 1)


def checksum(data: bytes) -> int:
    """Return the remainder of data, whose first byte is inverted, divided by x⁸ + x⁵ + x⁴ + 1 (Sensirion, Aosong)."""
    bits = 8 * len(data)
    remainder = (int.from_bytes(data) ^ 0xFF << (bits - 8)) << 8
    for shift in range(bits - 1, -1, -1):
        if remainder >> shift & 0x100:
            remainder ^= 0x131 << shift
    return remainder


def with_checksums(*words: int) -> bytes:
    """Return words as Sensirion's chips send them."""
    return b"".join(bytes((*word.to_bytes(2), checksum(word.to_bytes(2)))) for word in words)
