"""Bosch BMP280 and BME280: pressure, temperature and humidity. Data sheets BST-BMP280-DS001 and BST-BME280-DS002.

The library RPi.bme280 calculates the values. It would block during each conversion, so this driver starts conversions and
reads the results itself.
"""

from collections.abc import Mapping
from typing import ClassVar, override

import bme280

from .chip import Accuracy, Chip, ImplausibleError, Measurement, Quantity, Steps, driver, limited_humidity, until
from .i2c import Bus, ChipError, TransferError

REGISTER_ID = 0xD0
REGISTER_RESET = 0xE0
REGISTER_CONTROL_HUMIDITY = 0xF2
REGISTER_STATUS = 0xF3
REGISTER_CONTROL = 0xF4
REGISTER_CONFIG = 0xF5
REGISTER_DATA = 0xF7

RESET = 0xB6
MEASURING = 0x08  # in REGISTER_STATUS
COPYING_CALIBRATION = 0x01
FORCED = 0b01  # in REGISTER_CONTROL
MODE_MASK = 0b11
FILTER_MASK = 0b0001_1100  # in REGISTER_CONFIG
NO_FILTER = 0x00
HUMIDITY_MASK = 0b111  # in REGISTER_CONTROL_HUMIDITY

# Oversampling settings: 1, 2, 3, 4, 5 for 1, 2, 4, 8, 16 samples
TEMPERATURE_OVERSAMPLING = 2
PRESSURE_OVERSAMPLING = 5
HUMIDITY_OVERSAMPLING = 1
SETTINGS = TEMPERATURE_OVERSAMPLING << 5 | PRESSURE_OVERSAMPLING << 2  # REGISTER_CONTROL while the chip sleeps

NOT_CALIBRATED = (0x0000, 0xFFFF, -1)  # words that no chip has in the first coefficients of a quantity
SKIPPED = 0x80000
SKIPPED_HUMIDITY = 0x8000
BROKEN_HUMIDITY = (0x0000, 0xFFFF)  # the ends of the scale, which air does not reach

FINE_PER_DEGREE = 5120  # steps of the data sheet's fine temperature

RESET_TIME = (0.002, 0.010)


def _samples(oversampling: int) -> int:
    return 1 << (oversampling - 1)


def conversion_times(temperature: int, pressure: int, humidity: int) -> tuple[float, float]:
    """Return the typical and the maximum seconds for oversampling settings, where 0 skips a quantity (BME280, section 9.1)."""
    typical, maximum = 0.001, 0.00125
    for oversampling, typical_overhead, maximum_overhead in (
        (temperature, 0.0, 0.0),
        (pressure, 0.0005, 0.000575),
        (humidity, 0.0005, 0.000575),
    ):
        if oversampling:
            typical += 0.002 * _samples(oversampling) + typical_overhead
            maximum += 0.0023 * _samples(oversampling) + maximum_overhead
    return typical, maximum


def unlimited_humidity(raw: int, temperature: float, calibration: bme280.params) -> float:
    """Return the relative humidity in % from the raw value and the temperature in °C (BME280, section 4.2.3).

    It is not limited to 0 to 100, unlike the library's, which shows the result of a broken hygrometer as one of these.
    """
    warmth = temperature * FINE_PER_DEGREE - 76_800
    offset = calibration.dig_H4 * 64 + calibration.dig_H5 / 16_384 * warmth
    slope = 1 + calibration.dig_H3 / 67_108_864 * warmth
    gain = calibration.dig_H2 / 65_536 * (1 + calibration.dig_H6 / 67_108_864 * warmth * slope)
    percent = (raw - offset) * gain
    return float(percent * (1 - calibration.dig_H1 * percent / 524_288))


class _Registers:
    """The methods of smbus2.SMBus that RPi.bme280 needs to read a calibration."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def read_byte_data(self, address: int, register: int) -> int:
        return self._bus.read_agreed(address, 1, register)[0]

    def read_word_data(self, address: int, register: int) -> int:
        return int.from_bytes(self._bus.read_agreed(address, 2, register), "little")


@driver
class BMP280(Chip):
    """Driver of a BMP280 in forced mode."""

    kind = "BMP280"
    addresses = (0x76, 0x77)
    accuracy: ClassVar[Mapping[Quantity, Accuracy]] = {
        Quantity.TEMPERATURE: Accuracy(1.0, 0.005),
        Quantity.PRESSURE: Accuracy(1.0, 0.002),
    }
    chip_ids: ClassVar[tuple[int, ...]] = (0x56, 0x57, 0x58)
    humidity_oversampling: ClassVar[int] = 0
    times = conversion_times(TEMPERATURE_OVERSAMPLING, PRESSURE_OVERSAMPLING, 0)
    conversion_time = times[1]
    _calibration: bme280.params

    @classmethod
    @override
    def _recognize(cls, bus: Bus, address: int) -> Steps[bool]:
        yield from ()
        return bus.read_register(address, REGISTER_ID)[0] in cls.chip_ids

    @override
    def _set_up(self) -> Steps[None]:
        self._bus.write(self._address, bytes((REGISTER_RESET, RESET)))
        yield from until(self._calibration_copied, *RESET_TIME)
        calibration = bme280.load_calibration_params(_Registers(self._bus), self._address)
        self._calibration = calibration
        first = (calibration.dig_T1, calibration.dig_T2, calibration.dig_P1, calibration.dig_P2)
        if any(word in NOT_CALIBRATED for word in first):
            raise ImplausibleError(f"{self.id}: the calibration is invalid")
        self._bus.write(self._address, bytes((REGISTER_CONFIG, NO_FILTER)))
        self._bus.write(self._address, bytes((REGISTER_CONTROL, SETTINGS)))

    @override
    def measure(self) -> Steps[Measurement]:
        yield from self._check()
        control, config = self._bus.read_register(self._address, REGISTER_CONTROL, 2)
        if control != SETTINGS or config & FILTER_MASK != NO_FILTER:
            # The chip lost its power since the last cycle and may have been swapped, so its calibration is read again. Or
            # another program has changed its settings.
            yield from self._set_up()
        if self.humidity_oversampling:
            # Takes effect with the next write to REGISTER_CONTROL (BME280, section 5.4.3)
            self._bus.write(self._address, bytes((REGISTER_CONTROL_HUMIDITY, self.humidity_oversampling)))
        self._start()
        yield from until(self._measured, *self.times)
        data = self._bus.read_agreed(self._address, 8 if self.humidity_oversampling else 6, REGISTER_DATA)
        # The chip sleeps after the measurement, unless another program has changed the settings meanwhile.
        humidity, _, control, config = self._bus.read_register(self._address, REGISTER_CONTROL_HUMIDITY, 4)
        if (
            control != SETTINGS
            or config & FILTER_MASK != NO_FILTER
            or (self.humidity_oversampling and humidity & HUMIDITY_MASK != self.humidity_oversampling)
        ):
            raise TransferError(f"{self.id}: the settings were not accepted")
        return self._compensate(data)

    def _start(self) -> None:
        """Start a measurement, again if the first command was lost, after which the registers still have the last result."""
        for _ in range(2):
            self._bus.write(self._address, bytes((REGISTER_CONTROL, SETTINGS | FORCED)))
            if self._is_measuring():
                return

    def _compensate(self, data: bytes) -> Measurement:
        raw = bme280.uncompensated_readings(data.ljust(8, b"\0"))
        sample = bme280.compensated_readings(raw, self._calibration)
        values = {Quantity.TEMPERATURE: sample.temperature, Quantity.PRESSURE: sample.pressure}
        if self.humidity_oversampling:
            values[Quantity.HUMIDITY] = limited_humidity(
                unlimited_humidity(raw.humidity, sample.temperature, self._calibration)
            )
        skipped = {
            Quantity.TEMPERATURE: raw.temperature == SKIPPED,
            Quantity.PRESSURE: raw.pressure == SKIPPED,
            Quantity.HUMIDITY: raw.humidity == SKIPPED_HUMIDITY,
        }
        errors: dict[Quantity, ChipError] = {
            quantity: ImplausibleError(f"{self.id}: the measurement of {quantity} was skipped")
            for quantity, was_skipped in skipped.items()
            if was_skipped
        }
        if self.humidity_oversampling and (
            raw.humidity in BROKEN_HUMIDITY or self._calibration.dig_H2 in NOT_CALIBRATED
        ):
            # Also a BMP280 that was relabeled with the id of a BME280
            errors[Quantity.HUMIDITY] = ImplausibleError(f"{self.id}: no working hygrometer ({raw.humidity:04x})")
        return Measurement({q: value for q, value in values.items() if q not in errors}, errors=errors)

    def _calibration_copied(self) -> bool | None:
        # Read twice, because a flipped bit must not make the calibration look complete.
        status = (self._bus.read_register(self._address, REGISTER_STATUS)[0] for _ in range(2))
        return None if any(one & COPYING_CALIBRATION for one in status) else True

    def _measured(self) -> bool | None:
        return None if self._is_measuring() else True

    def _is_measuring(self) -> bool:
        """Return whether the chip measures or is about to, when it is in forced mode but does not report a measurement yet."""
        status, control = self._bus.read_register(self._address, REGISTER_STATUS, 2)
        return bool(status & MEASURING or control & MODE_MASK)


@driver
class BME280(BMP280):
    """Driver of a BME280, which is a BMP280 that also measures humidity."""

    kind = "BME280"
    accuracy: ClassVar[Mapping[Quantity, Accuracy]] = {
        Quantity.TEMPERATURE: Accuracy(0.5, 0.005),
        Quantity.HUMIDITY: Accuracy(3.0, 0.02),
        Quantity.PRESSURE: Accuracy(1.0, 0.002),
    }
    chip_ids = (0x60,)
    humidity_oversampling = HUMIDITY_OVERSAMPLING
    times = conversion_times(TEMPERATURE_OVERSAMPLING, PRESSURE_OVERSAMPLING, HUMIDITY_OVERSAMPLING)
    conversion_time = times[1]
