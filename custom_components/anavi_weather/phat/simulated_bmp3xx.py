"""Simulated Bosch BMP388 and BMP390. Data sheets BST-BMP388-DS001 and BST-BMP390-DS002."""

import struct
from typing import ClassVar, NamedTuple, override

from .simulated_chips import RegisterChip, quantize, small_root

REGISTER_ID = 0x00
REGISTER_REVISION = 0x01
REGISTER_STATUS = 0x03
REGISTER_PRESSURE = 0x04
REGISTER_TEMPERATURE = 0x07
REGISTER_EVENT = 0x10
REGISTER_POWER = 0x1B
REGISTER_OVERSAMPLING = 0x1C
REGISTER_OUTPUT_RATE = 0x1D
REGISTER_CONFIG = 0x1F
REGISTER_COEFFICIENTS = 0x31
REGISTER_COMMAND = 0x7E
SETTINGS = range(0x15, 0x20)  # the registers that can be written

BMP388_ID = 0x50
BMP390_ID = 0x60
SOFT_RESET = 0xB6

COMMAND_READY = 0x10  # in the status
PRESSURE_READY = 0x20
TEMPERATURE_READY = 0x40
POWER_ON_DETECTED = 0x01  # in the event register
PRESSURE_ENABLED = 0x01  # in the power register
TEMPERATURE_ENABLED = 0x02
MODE_MASK = 0x30
NORMAL_MODE = 0x30

POWER_ON = {REGISTER_EVENT: POWER_ON_DETECTED, REGISTER_OVERSAMPLING: 0x02, 0x17: 0x02, 0x18: 0x02}
NO_RESULT = 0x800000
ADC_BITS = 24

STARTUP_TIME = 0.002  # seconds
MAXIMUM_FACTOR = 1.15  # of the typical conversion time


class Coefficients(NamedTuple):
    """Calibration coefficients in the order of the registers, by default those of a real BMP388."""

    t1: int = 27427
    t2: int = 18776
    t3: int = -10
    p1: int = -164
    p2: int = -2866
    p3: int = 35
    p4: int = 0
    p5: int = 25578
    p6: int = 31086
    p7: int = -13
    p8: int = -10
    p9: int = 17322
    p10: int = 18
    p11: int = -60


def max_conversion_time(temperature: int | None, pressure: int | None) -> float:
    """Return the maximum seconds of a conversion with these oversampling settings, or None if disabled (section 3.9.2)."""
    microseconds = 234
    if pressure is not None:
        microseconds += 392 + 2020 * 2**pressure
    if temperature is not None:
        microseconds += 163 + 2020 * 2**temperature
    return microseconds * MAXIMUM_FACTOR / 1e6


# The data sheet's compensation formulas (sections 8.5 and 8.6), solved for the raw values.


def compensated_temperature(c: Coefficients, adc: int) -> float:
    """Return the temperature in °C, which the data sheet calls t_lin, of a raw temperature."""
    x = adc - c.t1 * 256
    return x * c.t2 / 2**30 + x * x * c.t3 / 2**48


def raw_temperature(c: Coefficients, celsius: float) -> int:
    """Return the raw value of a temperature."""
    return quantize(c.t1 * 256 + small_root(c.t3 / 2**48, c.t2 / 2**30, celsius), ADC_BITS)


def raw_pressure(c: Coefficients, t: float, hectopascals: float) -> int:
    """Return the raw value of a pressure at a temperature."""
    offset = 8 * c.p5 + c.p6 * t / 2**6 + c.p7 * t**2 / 2**8 + c.p8 * t**3 / 2**15
    linear = (c.p1 - 2**14) / 2**20 + (c.p2 - 2**14) * t / 2**29 + c.p3 * t**2 / 2**32 + c.p4 * t**3 / 2**37
    square = (c.p9 + c.p10 * t) / 2**48
    cube = c.p11 / 2**65
    adc = (100 * hectopascals - offset) / linear
    for _ in range(10):  # Newton's method
        error = offset + adc * linear + adc**2 * square + adc**3 * cube - 100 * hectopascals
        adc -= error / (linear + 2 * adc * square + 3 * adc**2 * cube)
    return quantize(adc, ADC_BITS)


class SimulatedBMP388(RegisterChip):
    """A BMP388 with the calibration of a real one."""

    CHIP_ID: ClassVar[int] = BMP388_ID
    REVISION: ClassVar[int] = 0x00
    COEFFICIENTS = Coefficients()

    @override
    def power_on(self) -> None:
        super().power_on()
        self.registers[REGISTER_ID] = self.CHIP_ID
        self.registers[REGISTER_REVISION] = self.REVISION
        for register, value in POWER_ON.items():
            self.registers[register] = value
        for register in (REGISTER_PRESSURE, REGISTER_TEMPERATURE):
            self.put(register, NO_RESULT.to_bytes(3, "little"))
        self._started = self.finish_time(STARTUP_TIME)
        self._finish: float | None = None

    @override
    def store(self, register: int, value: int) -> None:
        self.refresh()
        if register == REGISTER_COMMAND and value == SOFT_RESET and self.registers[REGISTER_STATUS] & COMMAND_READY:
            self.power_on()
        elif register in SETTINGS:
            self.registers[register] = value
            if register == REGISTER_POWER:
                self._finish = self.finish_time(self._duration()) if value & MODE_MASK else None

    @override
    def read(self, length: int) -> bytes:
        answer = super().read(length)
        read = range(self.pointer, self.pointer + length)
        for flag, first in ((PRESSURE_READY, REGISTER_PRESSURE), (TEMPERATURE_READY, REGISTER_TEMPERATURE)):
            if any(first + place in read for place in range(3)):
                self.registers[REGISTER_STATUS] &= ~flag
        if REGISTER_EVENT in read:
            self.registers[REGISTER_EVENT] = 0
        return answer

    @override
    def refresh(self) -> None:
        now = self.clock.monotonic()
        if now < self._started:
            return
        self.registers[REGISTER_STATUS] |= COMMAND_READY
        self.put(REGISTER_COEFFICIENTS, struct.pack("<HHbhhbbHHbbhbb", *self.COEFFICIENTS))
        if self._finish is not None and now >= self._finish:
            self._finish = None
            self._store_result()

    def raw_readings(self) -> tuple[int, int]:
        """Return the raw pressure and temperature for the current air."""
        air = self.air()
        temperature = raw_temperature(self.COEFFICIENTS, air.temperature)
        t = compensated_temperature(self.COEFFICIENTS, temperature)
        return raw_pressure(self.COEFFICIENTS, t, air.pressure), temperature

    def _store_result(self) -> None:
        power = self.registers[REGISTER_POWER]
        pressure, temperature = self.raw_readings()
        for enabled, register, raw, flag in (
            (power & PRESSURE_ENABLED, REGISTER_PRESSURE, pressure, PRESSURE_READY),
            (power & TEMPERATURE_ENABLED, REGISTER_TEMPERATURE, temperature, TEMPERATURE_READY),
        ):
            if enabled:
                self.put(register, raw.to_bytes(3, "little"))
                self.registers[REGISTER_STATUS] |= flag
        if power & MODE_MASK == NORMAL_MODE:
            self._finish = self.finish_time(self._duration())
        else:
            self.registers[REGISTER_POWER] &= ~MODE_MASK

    def _duration(self) -> float:
        power, oversampling = self.registers[REGISTER_POWER], self.registers[REGISTER_OVERSAMPLING]
        return max_conversion_time(
            oversampling >> 3 & 0b111 if power & TEMPERATURE_ENABLED else None,
            oversampling & 0b111 if power & PRESSURE_ENABLED else None,
        )


class SimulatedBMP390(SimulatedBMP388):
    """A BMP390, by default with the calibration of a real BMP388."""

    CHIP_ID = BMP390_ID
    REVISION = 0x01
