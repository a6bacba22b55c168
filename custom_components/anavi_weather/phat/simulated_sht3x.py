"""Simulated Sensirion SHT3x. Data sheet SHT3x-DIS, version 7."""

from enum import IntEnum
from typing import override

from .simulated_chips import Nack, SimulatedChip, quantize, with_checksums


class Command(IntEnum):
    """The commands that are simulated. A command has two bytes."""

    MEASURE_HIGH = 0x2400
    MEASURE_MEDIUM = 0x240B
    MEASURE_LOW = 0x2416
    PERIODIC_HIGH_1 = 0x2130
    BREAK = 0x3093
    SOFT_RESET = 0x30A2
    HEATER_ON = 0x306D
    HEATER_OFF = 0x3066
    READ_STATUS = 0xF32D
    CLEAR_STATUS = 0x3041
    READ_SERIAL_NUMBER = 0x3682  # from a document of its own, "Electronic identification code"


STATUS_DEFAULT = 0x8010  # an alert is pending, and a reset was detected
HEATER = 0x2000  # in the status
COMMAND_FAILED = 0x0002
SET_IN_STATUS: dict[int, int] = {Command.HEATER_ON: HEATER}
CLEARED_IN_STATUS: dict[int, int] = {Command.HEATER_OFF: HEATER, Command.CLEAR_STATUS: 0x8C10}

SERIAL_NUMBER = (0x2A5E, 0x71D4)
HEATER_WARMING = 3.0  # °C

# Maximum seconds
POWER_UP_TIME = 0.0015
SOFT_RESET_TIME = 0.0015
BREAK_TIME = 0.001
MEASUREMENT_TIMES: dict[int, float] = {
    Command.MEASURE_HIGH: 0.0155,
    Command.MEASURE_MEDIUM: 0.0065,
    Command.MEASURE_LOW: 0.0045,
    Command.PERIODIC_HIGH_1: 1.0,
}


def temperature_signal(celsius: float) -> int:
    """Return the 16-bit signal of a temperature (section 4.13)."""
    return quantize((celsius + 45) / 175 * (2**16 - 1), 16)


def humidity_signal(percent: float) -> int:
    """Return the 16-bit signal of a relative humidity (section 4.13)."""
    return quantize(percent / 100 * (2**16 - 1), 16)


class SimulatedSHT3x(SimulatedChip):
    """An SHT3x."""

    @override
    def power_on(self) -> None:
        self.status = STATUS_DEFAULT
        self.periodic = False
        self._answer = b""
        self._finish = self.finish_time(POWER_UP_TIME)

    @override
    def write(self, data: bytes) -> None:
        if len(data) < 2:
            return  # acknowledged, and ignored without the second byte of a command
        command = int.from_bytes(data)
        if not self._accepts(command):
            raise Nack
        self._answer = b""
        self.status &= ~COMMAND_FAILED
        self.status |= SET_IN_STATUS.get(command, 0)
        self.status &= ~CLEARED_IN_STATUS.get(command, 0)
        match command:
            case Command.READ_STATUS:
                self._answer = with_checksums(self.status)
            case Command.READ_SERIAL_NUMBER:
                self._answer = with_checksums(*SERIAL_NUMBER)
            case Command.BREAK:
                self.periodic = False
                self._finish = self.finish_time(BREAK_TIME)
            case Command.SOFT_RESET:
                self.power_on()
                self._finish = self.finish_time(SOFT_RESET_TIME)
            case _ if command in MEASUREMENT_TIMES:
                self.periodic = command == Command.PERIODIC_HIGH_1
                self._measure(MEASUREMENT_TIMES[command])
            case _ if command not in Command:
                self.status |= COMMAND_FAILED
                raise Nack

    def _accepts(self, command: int) -> bool:
        """Return whether a command is processed. The periodic mode can only be ended."""
        return command == Command.BREAK if self.periodic else self.clock.monotonic() >= self._finish

    @override
    def read(self, length: int) -> bytes:
        if self.periodic or self.clock.monotonic() < self._finish or not self._answer:
            raise Nack  # in periodic mode because fetching the result is not simulated
        answer, self._answer = self._answer, b""
        return answer[:length].ljust(length, b"\xff")

    def _measure(self, duration: float) -> None:
        air = self.air()
        warming = HEATER_WARMING if self.status & HEATER else 0.0
        self._answer = with_checksums(temperature_signal(air.temperature + warming), humidity_signal(air.humidity))
        self._finish = self.finish_time(duration)
