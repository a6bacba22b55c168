"""Simulated ROHM BH1750FVI. Data sheet 11046EDT01."""

from enum import IntEnum
import math
from typing import override

from .simulated_chips import SimulatedChip, quantize


class Mode(IntEnum):
    """Power down, power on, and the measurement modes (page 5)."""

    POWER_DOWN = 0x00
    POWER_ON = 0x01
    CONTINUOUS_HIGH_RESOLUTION = 0x10
    CONTINUOUS_HIGH_RESOLUTION_2 = 0x11
    CONTINUOUS_LOW_RESOLUTION = 0x13
    ONE_TIME_HIGH_RESOLUTION = 0x20
    ONE_TIME_HIGH_RESOLUTION_2 = 0x21
    ONE_TIME_LOW_RESOLUTION = 0x23

    @property
    def is_one_time(self) -> bool:
        """Return whether the chip powers down after a measurement in this mode."""
        return self >= Mode.ONE_TIME_HIGH_RESOLUTION


IDLE_MODES = (Mode.POWER_DOWN, Mode.POWER_ON)
LOW_RESOLUTION_MODES = (Mode.CONTINUOUS_LOW_RESOLUTION, Mode.ONE_TIME_LOW_RESOLUTION)
HALF_LUX_MODES = (Mode.CONTINUOUS_HIGH_RESOLUTION_2, Mode.ONE_TIME_HIGH_RESOLUTION_2)

RESET = 0x07
# Prefixes of the three highest and the five lowest bits of the measurement time register
MEASUREMENT_TIME_HIGH = 0b01000_000
MEASUREMENT_TIME_LOW = 0b011_00000

MEASUREMENT_TIME_DEFAULT = 69
# Maximum seconds with the default measurement time register
HIGH_RESOLUTION_TIME = 0.180
LOW_RESOLUTION_TIME = 0.024


def counts(lux: float, mode: Mode, measurement_time: int) -> int:
    """Return the result of a measurement: 1.2 counts per lux with the default measurement time register (page 11)."""
    result = 1.2 * lux * measurement_time / MEASUREMENT_TIME_DEFAULT
    return quantize(2 * result if mode in HALF_LUX_MODES else result, 16)


class SimulatedBH1750(SimulatedChip):
    """A BH1750."""

    @override
    def power_on(self) -> None:
        self.mode = Mode.POWER_DOWN
        self.measurement_time = MEASUREMENT_TIME_DEFAULT
        self._finish = math.inf
        self._result = 0

    @override
    def write(self, data: bytes) -> None:
        self._refresh()
        for command in data:
            self._execute(command)

    @override
    def read(self, length: int) -> bytes:
        self._refresh()
        return self._result.to_bytes(2)[:length].ljust(length, b"\xff")

    def _execute(self, command: int) -> None:
        if command == RESET:
            if self.mode != Mode.POWER_DOWN:
                self._result = 0
        elif command & 0b111_00000 == MEASUREMENT_TIME_LOW:
            self.measurement_time = self.measurement_time & 0b111_00000 | command & 0b11111
        elif command & 0b11111_000 == MEASUREMENT_TIME_HIGH:
            self.measurement_time = (command & 0b111) << 5 | self.measurement_time & 0b11111
        elif command in Mode:
            self.mode = Mode(command)
            self._finish = math.inf if self.mode in IDLE_MODES else self.finish_time(self._conversion_time())

    def _refresh(self) -> None:
        if self.clock.monotonic() < self._finish:
            return
        self._result = counts(self.air().illuminance, self.mode, self.measurement_time)
        if self.mode.is_one_time:
            self.mode = Mode.POWER_DOWN
            self._finish = math.inf
        else:
            self._finish = self.finish_time(self._conversion_time())

    def _conversion_time(self) -> float:
        default = LOW_RESOLUTION_TIME if self.mode in LOW_RESOLUTION_MODES else HIGH_RESOLUTION_TIME
        return default * self.measurement_time / MEASUREMENT_TIME_DEFAULT
