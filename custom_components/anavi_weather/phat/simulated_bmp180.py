"""Simulated Bosch BMP180. Data sheet BST-BMP180-DS000."""

import math
import struct
from typing import NamedTuple, override

from .simulated_chips import RegisterChip, quantize

REGISTER_COEFFICIENTS = 0xAA
REGISTER_ID = 0xD0
REGISTER_RESET = 0xE0
REGISTER_CONTROL = 0xF4
REGISTER_RESULT = 0xF6

CHIP_ID = 0x55
RESET = 0xB6
NO_RESULT = b"\x80\x00\x00"
CONVERTING = 0x20  # in REGISTER_CONTROL
COMMAND_MASK = 0x3F
CONVERT_TEMPERATURE = 0x2E
CONVERT_PRESSURE = 0x34

# Maximum seconds (table 8). The pressure's depends on the oversampling setting
TEMPERATURE_TIME = 0.0045
PRESSURE_TIMES = (0.0045, 0.0075, 0.0135, 0.0255)


class Coefficients(NamedTuple):
    """Calibration coefficients in the order of the registers, by default the data sheet's example (section 3.5)."""

    ac1: int = 408
    ac2: int = -72
    ac3: int = -14383
    ac4: int = 32741
    ac5: int = 32757
    ac6: int = 23153
    b1: int = 6190
    b2: int = 4
    mb: int = -32768
    mc: int = -8711
    md: int = 2868


def raw_temperature(coefficients: Coefficients, celsius: float) -> int:
    """Return the UT from which section 3.5 calculates a temperature.

    The algorithm adds X1, which is proportional to UT - AC6, and X2 = MC * 2^11 / (X1 + MD), and calls the sum B5. Solved
    for X1 this is a quadratic equation.
    """
    b5 = 160 * celsius
    half = (b5 - coefficients.md) / 2
    x1 = half + math.sqrt(half * half + b5 * coefficients.md - coefficients.mc * 2**11)
    return quantize(x1 * 2**15 / coefficients.ac5 + coefficients.ac6, 16)


def raw_pressure(coefficients: Coefficients, ut: int, hectopascals: float, oversampling: int) -> int:
    """Return the UP from which section 3.5 calculates a pressure at a raw temperature.

    The algorithm's integer divisions change the pressure by up to 0.1 hPa, so B3 to B6 are calculated as they are in the
    data sheet. The steps after them are solved for UP.
    """
    c = coefficients
    x1 = ((ut - c.ac6) * c.ac5) // 2**15
    x2 = math.trunc(c.mc * 2**11 / (x1 + c.md))
    b6 = x1 + x2 - 4000
    x1 = (c.b2 * (b6 * b6 // 2**12)) // 2**11
    x2 = c.ac2 * b6 // 2**11
    b3 = ((c.ac1 * 4 + x1 + x2) * 2**oversampling + 2) // 4
    x1 = c.ac3 * b6 // 2**13
    x2 = (c.b1 * (b6 * b6 // 2**12)) // 2**16
    b4 = c.ac4 * ((x1 + x2 + 2) // 4 + 2**15) // 2**15

    b7 = _uncorrected(round(100 * hectopascals)) * b4 / 2
    return quantize(math.ceil(b7 / (50000 / 2**oversampling)) + b3, 16 + oversampling)


def _uncorrected(pascals: int) -> int:
    """Return the p from which the last steps of section 3.5 calculate a pressure."""
    p = pascals
    for _ in range(3):  # converges quickly because the steps change p by less than 1 %
        x1 = (p // 2**8) ** 2 * 3038 // 2**16
        x2 = -7357 * p // 2**16
        p += pascals - (p + (x1 + x2 + 3791) // 2**4)
    return p


class SimulatedBMP180(RegisterChip):
    """A BMP180 with the data sheet's example calibration."""

    COEFFICIENTS = Coefficients()

    @override
    def power_on(self) -> None:
        super().power_on()
        self.registers[REGISTER_ID] = CHIP_ID
        self.put(REGISTER_COEFFICIENTS, struct.pack(">3h3H5h", *self.COEFFICIENTS))
        self.put(REGISTER_RESULT, NO_RESULT)
        self._finish = 0.0
        self._result = b""

    @override
    def store(self, register: int, value: int) -> None:
        if register == REGISTER_RESET and value == RESET:
            self.power_on()
        if register != REGISTER_CONTROL:
            return
        self.registers[register] = value
        oversampling = value >> 6
        if value == CONVERT_TEMPERATURE:
            self._convert(self._temperature() << 8, TEMPERATURE_TIME)
        elif value & COMMAND_MASK == CONVERT_PRESSURE:
            self._convert(self._pressure(oversampling) << (8 - oversampling), PRESSURE_TIMES[oversampling])

    def _convert(self, result: int, duration: float) -> None:
        self._result = result.to_bytes(3)
        self._finish = self.finish_time(duration)

    @override
    def refresh(self) -> None:
        if self._result and self.clock.monotonic() >= self._finish:
            self.put(REGISTER_RESULT, self._result)
            self.registers[REGISTER_CONTROL] &= ~CONVERTING
            self._result = b""

    def _temperature(self) -> int:
        return raw_temperature(self.COEFFICIENTS, self.air().temperature)

    def _pressure(self, oversampling: int) -> int:
        return raw_pressure(self.COEFFICIENTS, self._temperature(), self.air().pressure, oversampling)
