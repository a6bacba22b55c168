"""Simulated Sensirion SHT4x. Data sheet SHT4x, version 6."""

from enum import IntEnum
from typing import override

from .simulated_chips import Nack, SimulatedChip, quantize, with_checksums


class Command(IntEnum):
    """The commands. A command has one byte."""

    MEASURE_HIGH = 0xFD
    MEASURE_MEDIUM = 0xF6
    MEASURE_LOW = 0xE0
    READ_SERIAL_NUMBER = 0x89
    SOFT_RESET = 0x94
    HEAT_200_MW_1_S = 0x39
    HEAT_200_MW_100_MS = 0x32
    HEAT_110_MW_1_S = 0x2F
    HEAT_110_MW_100_MS = 0x24
    HEAT_20_MW_1_S = 0x1E
    HEAT_20_MW_100_MS = 0x15


SERIAL_NUMBER = (0x0F15, 0x9A2C)
HEATER_WARMING = 20.0  # °C

# Maximum seconds
POWER_UP_TIME = 0.001
SOFT_RESET_TIME = 0.001
MEASUREMENT_TIME = 0.0083
LONG_PULSE, SHORT_PULSE = 1.1, 0.11
TIMES = {
    Command.MEASURE_HIGH: MEASUREMENT_TIME,
    Command.MEASURE_MEDIUM: 0.0045,
    Command.MEASURE_LOW: 0.0016,
    Command.HEAT_200_MW_1_S: LONG_PULSE + MEASUREMENT_TIME,
    Command.HEAT_200_MW_100_MS: SHORT_PULSE + MEASUREMENT_TIME,
    Command.HEAT_110_MW_1_S: LONG_PULSE + MEASUREMENT_TIME,
    Command.HEAT_110_MW_100_MS: SHORT_PULSE + MEASUREMENT_TIME,
    Command.HEAT_20_MW_1_S: LONG_PULSE + MEASUREMENT_TIME,
    Command.HEAT_20_MW_100_MS: SHORT_PULSE + MEASUREMENT_TIME,
}
WITHOUT_HEATER = (Command.MEASURE_HIGH, Command.MEASURE_MEDIUM, Command.MEASURE_LOW)


def temperature_signal(celsius: float) -> int:
    """Return the 16-bit signal of a temperature (section 4.6)."""
    return quantize((celsius + 45) / 175 * (2**16 - 1), 16)


def humidity_signal(percent: float) -> int:
    """Return the 16-bit signal of a relative humidity (section 4.6)."""
    return quantize((percent + 6) / 125 * (2**16 - 1), 16)


class SimulatedSHT4x(SimulatedChip):
    """An SHT4x."""

    @override
    def power_on(self) -> None:
        self.heated = 0  # how often the heater was turned on
        self._answer = b""
        self._finish = self.finish_time(POWER_UP_TIME)

    @override
    def write(self, data: bytes) -> None:
        if not data:
            return
        if self.clock.monotonic() < self._finish or data[0] not in Command:
            raise Nack
        command = Command(data[0])  # which is processed as soon as it was received, whatever follows
        self._answer = b""
        match command:
            case Command.READ_SERIAL_NUMBER:
                self._answer = with_checksums(*SERIAL_NUMBER)
            case Command.SOFT_RESET:
                self._finish = self.finish_time(SOFT_RESET_TIME)
            case _:
                self._measure(command)

    @override
    def read(self, length: int) -> bytes:
        if self.clock.monotonic() < self._finish or not self._answer:
            raise Nack
        answer, self._answer = self._answer, b""
        return answer[:length].ljust(length, b"\xff")

    def _measure(self, command: Command) -> None:
        air = self.air()
        warming = 0.0
        if command not in WITHOUT_HEATER:
            self.heated += 1
            warming = HEATER_WARMING
        self._answer = with_checksums(temperature_signal(air.temperature + warming), humidity_signal(air.humidity))
        self._finish = self.finish_time(TIMES[command])
