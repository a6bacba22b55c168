"""Simulated TE HTU21D(F) with the commands that do not hold the clock. Data sheet HPC199."""

from enum import IntEnum
from typing import ClassVar, override

from .simulated_chips import Nack, SimulatedChip, quantize


class Command(IntEnum):
    """The commands that the chip acknowledges."""

    WRITE_USER_REGISTER = 0xE6
    READ_USER_REGISTER = 0xE7
    MEASURE_TEMPERATURE = 0xF3
    MEASURE_HUMIDITY = 0xF5
    SOFT_RESET = 0xFE


HEATER = 0b0000_0100  # in the user register

STATUS_MASK = 0b11
STATUS_TEMPERATURE = 0b00
STATUS_HUMIDITY = 0b10

CRC_POLYNOMIAL = 0x131  # x⁸ + x⁵ + x⁴ + 1

RESET_TIME = 0.015  # seconds, maximum


def temperature_signal(celsius: float) -> int:
    """Return the 16-bit signal of a temperature, with its status bits (section 'Conversion of signal outputs')."""
    return quantize((celsius + 46.85) / 175.72 * 2**16, 16) & ~STATUS_MASK | STATUS_TEMPERATURE


def humidity_signal(percent: float) -> int:
    """Return the 16-bit signal of a relative humidity, with its status bits (section 'Conversion of signal outputs')."""
    return quantize((percent + 6) / 125 * 2**16, 16) & ~STATUS_MASK | STATUS_HUMIDITY


def checksum(signal: int) -> int:
    """Return the remainder of a 16-bit signal, followed by 8 zeros, divided by the polynomial."""
    remainder = signal << 8
    for shift in range(15, -1, -1):
        if remainder >> shift & 0x100:
            remainder ^= CRC_POLYNOMIAL << shift
    return remainder


class SimulatedHTU21D(SimulatedChip):
    """An HTU21D."""

    USER_REGISTER_DEFAULT: ClassVar[int] = 0b0000_0010
    KEPT_BY_RESET: ClassVar[int] = HEATER
    # Typical and maximum seconds
    TEMPERATURE_TIMES: ClassVar[tuple[float, float]] = (0.044, 0.050)
    HUMIDITY_TIMES: ClassVar[tuple[float, float]] = (0.014, 0.016)
    slowness = 1.0
    """From 0 for the typical times to 1 for the maximum."""

    @override
    def power_on(self) -> None:
        self.user_register = self.USER_REGISTER_DEFAULT
        self._finish = 0.0
        self._answer = b""

    @override
    def write(self, data: bytes) -> None:
        if self.clock.monotonic() < self._finish:
            raise Nack
        match list(data):
            case [Command.SOFT_RESET]:
                kept = self.user_register & self.KEPT_BY_RESET
                self.power_on()
                self.user_register |= kept
                self._finish = self.finish_time(RESET_TIME)
            case [Command.READ_USER_REGISTER]:
                self._answer = bytes((self.user_register,))
            case [Command.WRITE_USER_REGISTER, value]:
                self.user_register = value
            case [Command.MEASURE_TEMPERATURE]:
                self._convert(self.temperature_signal(), self.TEMPERATURE_TIMES)
            case [Command.MEASURE_HUMIDITY]:
                self._convert(self.humidity_signal(), self.HUMIDITY_TIMES)
            case []:
                pass
            case _:
                raise Nack

    @override
    def read(self, length: int) -> bytes:
        if self.clock.monotonic() < self._finish or not self._answer:
            raise Nack
        answer, self._answer = self._answer, b""
        return answer[:length].ljust(length, b"\xff")

    def temperature_signal(self) -> int:
        """Return the signal of the air's temperature."""
        return temperature_signal(self.air().temperature)

    def humidity_signal(self) -> int:
        """Return the signal of the air's humidity."""
        return humidity_signal(self.air().humidity)

    def _convert(self, signal: int, times: tuple[float, float]) -> None:
        typical, maximum = times
        self._answer = bytes((*signal.to_bytes(2), checksum(signal)))
        self._finish = self.finish_time(typical + self.slowness * (maximum - typical))
