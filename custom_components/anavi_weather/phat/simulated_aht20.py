"""Simulated Aosong AHT20. Data sheets AHT20 (versions 1.0 and 1.1) and AHT21."""

from enum import IntEnum
from typing import ClassVar, override

from .simulated_chips import SimulatedChip, checksum, quantize


class Command(IntEnum):
    """The first byte of a command."""

    MEASURE = 0xAC
    SOFT_RESET = 0xBA
    INITIALIZE = 0xBE


REGISTERS = (0x1B, 0x1C, 0x1E)
REGISTERS_TO_WRITE = {0xB0 | register: register for register in REGISTERS}

BUSY = 0b1000_0000  # in the status
CALIBRATED = 0b0001_1000  # bit 4 and "CAL enable", as both data sheets check it
MEASURED = 0b0000_0100  # reserved, and seen in real chips after the first measurement

# Maximum seconds
POWER_ON_TIME = 0.100
SOFT_RESET_TIME = 0.020
INITIALIZE_TIME = 0.010
MEASUREMENT_TIME = 0.080


def humidity_signal(percent: float) -> int:
    """Return the 20-bit signal of a relative humidity (section 6.1)."""
    return quantize(percent / 100 * 2**20, 20)


def temperature_signal(celsius: float) -> int:
    """Return the 20-bit signal of a temperature (section 6.2)."""
    return quantize((celsius + 50) / 200 * 2**20, 20)


class SimulatedAHT20(SimulatedChip):
    """An AHT20. An AHT21 differs only in its case."""

    POWER_ON_STATUS: ClassVar[int] = CALIBRATED

    @override
    def power_on(self) -> None:
        self.status = self.POWER_ON_STATUS
        self.registers = dict.fromkeys(REGISTERS, 0x1234)
        self._rewritten: set[int] = set()
        self._signals = 0
        self._answer = b""
        self._finish = self.finish_time(POWER_ON_TIME)

    @override
    def write(self, data: bytes) -> None:
        if self.clock.monotonic() < self._finish:
            return  # acknowledged, and ignored
        self._answer = b""
        match list(data):
            case [Command.SOFT_RESET]:
                self.power_on()
                self._finish = self.finish_time(SOFT_RESET_TIME)
            case [Command.INITIALIZE, 0x08, 0x00]:
                self.initialize()
            case [Command.MEASURE, 0x33, 0x00]:
                air = self.air()
                self._signals = humidity_signal(air.humidity) << 20 | temperature_signal(air.temperature)
                self.status |= MEASURED
                self._finish = self.finish_time(MEASUREMENT_TIME)
            case [register, 0x00, 0x00] if register in REGISTERS:
                self._answer = self.registers[register].to_bytes(2)
            case [command, high, low] if command in REGISTERS_TO_WRITE:
                self.write_register(REGISTERS_TO_WRITE[command], high << 8 | low)

    def initialize(self) -> None:
        """Load the calibration."""
        self.status |= CALIBRATED
        self._finish = self.finish_time(INITIALIZE_TIME)

    def write_register(self, register: int, value: int) -> None:
        """Load the calibration when all registers have been written (the sample program of the newer data sheets)."""
        self.registers[register] = value
        self._rewritten.add(register)
        if self._rewritten == set(REGISTERS):
            self.status |= CALIBRATED

    @override
    def read(self, length: int) -> bytes:
        busy = BUSY if self.clock.monotonic() < self._finish else 0
        answer = bytes((self.status | busy, *(self._answer or self._signals.to_bytes(5))))
        return bytes((*answer, checksum(answer)))[:length].ljust(length, b"\xff")
