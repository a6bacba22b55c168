"""Simulated Bosch BMP280 and BME280. Data sheets BST-BMP280-DS001 and BST-BME280-DS002."""

import struct
from typing import ClassVar, NamedTuple, override

from .simulated_chips import RegisterChip, quantize, small_root

REGISTER_COEFFICIENTS = 0x88
REGISTER_H1 = 0xA1
REGISTER_ID = 0xD0
REGISTER_RESET = 0xE0
REGISTER_H2 = 0xE1
REGISTER_CONTROL_HUMIDITY = 0xF2
REGISTER_STATUS = 0xF3
REGISTER_CONTROL = 0xF4
REGISTER_CONFIG = 0xF5
REGISTER_RESULT = 0xF7

BMP280_ID = 0x58
BME280_ID = 0x60
RESET = 0xB6
COPYING_CALIBRATION = 0x01  # in REGISTER_STATUS
MEASURING = 0x08
OVERSAMPLING_MASK = 0b111
MODE_MASK = 0b11  # in REGISTER_CONTROL
NORMAL_MODE = 0b11

SKIPPED = 0x80000
SKIPPED_HUMIDITY = 0x8000
NO_RESULT = bytes.fromhex("8000008000008000")  # pressure, temperature, humidity, all skipped

STARTUP_TIME = 0.002  # seconds
SAMPLES = (0, 1, 2, 4, 8, 16, 16, 16)  # by the oversampling setting

TEMPERATURE_BITS = PRESSURE_BITS = 20
HUMIDITY_BITS = 16


class Coefficients(NamedTuple):
    """Calibration coefficients in the order of the registers, by default the BMP280 data sheet's example (section 3.12)."""

    t1: int = 27504
    t2: int = 26435
    t3: int = -1000
    p1: int = 36477
    p2: int = -10685
    p3: int = 3024
    p4: int = 2855
    p5: int = 140
    p6: int = -7
    p7: int = 15500
    p8: int = -14600
    p9: int = 6000


class HumidityCoefficients(NamedTuple):
    """Calibration coefficients of the humidity, by default similar to those of real chips because the data sheet has none."""

    h1: int = 75
    h2: int = 362
    h3: int = 0
    h4: int = 321
    h5: int = 50
    h6: int = 30


class RawReadings(NamedTuple):
    """Results of the analog-to-digital converter."""

    pressure: int
    temperature: int
    humidity: int


def max_conversion_time(temperature: int, pressure: int, humidity: int) -> float:
    """Return the maximum seconds of a conversion with these oversampling settings (BME280, section 9.1)."""
    milliseconds = 1.25 + 2.3 * SAMPLES[temperature]
    for oversampling in (pressure, humidity):
        if oversampling:
            milliseconds += 2.3 * SAMPLES[oversampling] + 0.575
    return milliseconds / 1000


# The data sheet's compensation formulas in double precision (BME280, section 8.1), solved for the raw values.


def fine_temperature(coefficients: Coefficients, adc: int) -> float:
    """Return t_fine, 1/5120 °C, of a raw temperature."""
    x = adc / 16384 - coefficients.t1 / 1024
    return x * coefficients.t2 + (x / 8) ** 2 * coefficients.t3


def raw_temperature(coefficients: Coefficients, celsius: float) -> int:
    """Return the raw value of a temperature."""
    x = small_root(coefficients.t3 / 64, coefficients.t2, 5120 * celsius)
    return quantize(16384 * (x + coefficients.t1 / 1024), TEMPERATURE_BITS)


def raw_pressure(coefficients: Coefficients, t_fine: float, hectopascals: float) -> int:
    """Return the raw value of a pressure at a temperature."""
    c = coefficients
    v = t_fine / 2 - 64000
    offset = (v * v * c.p6 / 2**15 + v * c.p5 * 2) / 4 + c.p4 * 2**16
    sensitivity = (1 + (c.p3 * v * v / 2**19 + c.p2 * v) / 2**19 / 2**15) * c.p1
    # p + (P9 p² / 2^31 + P8 p / 2^15 + P7) / 16 = pressure in Pa
    p = small_root(c.p9 / 2**35, 1 + c.p8 / 2**19, 100 * hectopascals - c.p7 / 16)
    return quantize(2**20 - p * sensitivity / 6250 - offset / 2**12, PRESSURE_BITS)


def raw_humidity(coefficients: HumidityCoefficients, t_fine: float, percent: float) -> int:
    """Return the raw value of a relative humidity at a temperature."""
    c = coefficients
    v = t_fine - 76800
    offset = c.h4 * 64 + c.h5 / 2**14 * v
    sensitivity = c.h2 / 2**16 * (1 + c.h6 / 2**26 * v * (1 + c.h3 / 2**26 * v))
    # h - H1 h² / 2^19 = humidity in %
    h = small_root(-c.h1 / 2**19, 1, percent)
    return quantize(h / sensitivity + offset, HUMIDITY_BITS)


class SimulatedBMP280(RegisterChip):
    """A BMP280 with the data sheet's example calibration."""

    CHIP_ID = BMP280_ID
    COEFFICIENTS = Coefficients()
    HUMIDITY_COEFFICIENTS: ClassVar[HumidityCoefficients | None] = None

    @override
    def power_on(self) -> None:
        super().power_on()
        self.registers[REGISTER_ID] = self.CHIP_ID
        self.put(REGISTER_COEFFICIENTS, struct.pack("<HhhHhhhhhhhh", *self.COEFFICIENTS))
        if self.HUMIDITY_COEFFICIENTS:
            self._put_humidity_coefficients(self.HUMIDITY_COEFFICIENTS)
        self.put(REGISTER_RESULT, NO_RESULT)
        self.registers[REGISTER_STATUS] = COPYING_CALIBRATION
        self._finish = self.finish_time(STARTUP_TIME)
        self._result = b""
        self._humidity_oversampling = 0

    def _put_humidity_coefficients(self, c: HumidityCoefficients) -> None:
        self.registers[REGISTER_H1] = c.h1
        # H4 and H5 share a byte: H4[11:4], H5[3:0] H4[3:0], H5[11:4]
        shared = (c.h5 & 0xF) << 4 | c.h4 & 0xF
        self.put(REGISTER_H2, struct.pack("<hBbBbb", c.h2, c.h3, c.h4 >> 4, shared, c.h5 >> 4, c.h6))

    @override
    def store(self, register: int, value: int) -> None:
        if register == REGISTER_RESET and value == RESET:
            self.power_on()
        elif register in (REGISTER_CONTROL_HUMIDITY, REGISTER_CONFIG):
            self.registers[register] = value
        elif register == REGISTER_CONTROL:
            self.registers[register] = value
            # A new setting for the humidity takes effect only now (BME280, section 5.4.3)
            self._humidity_oversampling = self.registers[REGISTER_CONTROL_HUMIDITY] & OVERSAMPLING_MASK
            if value & MODE_MASK:
                self._convert(value >> 5, value >> 2 & OVERSAMPLING_MASK)

    @override
    def refresh(self) -> None:
        if self.clock.monotonic() < self._finish:
            return
        self.registers[REGISTER_STATUS] = 0
        if self._result:
            self.put(REGISTER_RESULT, self._result)
            self._result = b""
            if self.registers[REGISTER_CONTROL] & MODE_MASK != NORMAL_MODE:
                self.registers[REGISTER_CONTROL] &= ~MODE_MASK

    def raw_readings(self) -> RawReadings:
        """Return the raw values for the current air."""
        air = self.air()
        temperature = raw_temperature(self.COEFFICIENTS, air.temperature)
        t_fine = fine_temperature(self.COEFFICIENTS, temperature)
        pressure = raw_pressure(self.COEFFICIENTS, t_fine, air.pressure)
        humidity = self.HUMIDITY_COEFFICIENTS and raw_humidity(self.HUMIDITY_COEFFICIENTS, t_fine, air.humidity)
        return RawReadings(pressure, temperature, humidity or 0)

    def _convert(self, temperature_oversampling: int, pressure_oversampling: int) -> None:
        duration = max_conversion_time(temperature_oversampling, pressure_oversampling, self._humidity_oversampling)
        self._finish = self.finish_time(duration)
        self.registers[REGISTER_STATUS] = MEASURING
        raw = self.raw_readings()
        self._result = (raw.pressure << 4 if pressure_oversampling else SKIPPED << 4).to_bytes(3)
        self._result += (raw.temperature << 4 if temperature_oversampling else SKIPPED << 4).to_bytes(3)
        if self.HUMIDITY_COEFFICIENTS:
            self._result += (raw.humidity if self._humidity_oversampling else SKIPPED_HUMIDITY).to_bytes(2)


class SimulatedBME280(SimulatedBMP280):
    """A BME280 with the BMP280 data sheet's example calibration for temperature and pressure."""

    CHIP_ID = BME280_ID
    HUMIDITY_COEFFICIENTS = HumidityCoefficients()
