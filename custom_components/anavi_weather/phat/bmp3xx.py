"""Bosch BMP388 and BMP390: pressure and temperature. Data sheets BST-BMP388-DS001 and BST-BMP390-DS002."""

from collections.abc import Mapping
import struct
from typing import ClassVar, NamedTuple, Self, override

from .chip import Accuracy, Chip, ImplausibleError, Measurement, Quantity, Steps, driver, until
from .i2c import Bus, TransferError

REGISTER_ID = 0x00
REGISTER_STATUS = 0x03
REGISTER_DATA = 0x04  # pressure and temperature, 3 bytes each, lowest first
REGISTER_POWER = 0x1B
REGISTER_OVERSAMPLING = 0x1C
REGISTER_CONFIG = 0x1F
REGISTER_CALIBRATION = 0x31
REGISTER_COMMAND = 0x7E

# The id of an older Bosch chip is in another register, and that of a BME280 is the same as a BMP390's.
REGISTER_ID_OF_OTHERS = 0xD0
IDS_OF_OTHERS = (0x55, 0x56, 0x57, 0x58, 0x60, 0x61)

RESET = 0xB6
DATA_READY = 0x60  # pressure and temperature, in REGISTER_STATUS
ENABLED = 0x03  # pressure and temperature, in REGISTER_POWER while the chip sleeps
FORCED = 0x10
NO_FILTER = 0x00

# Oversampling settings: 0 to 5 for 1, 2, 4, 8, 16 and 32 samples
TEMPERATURE_OVERSAMPLING = 1
PRESSURE_OVERSAMPLING = 4
OVERSAMPLING = TEMPERATURE_OVERSAMPLING << 3 | PRESSURE_OVERSAMPLING

CALIBRATION_LENGTH = 21
SKIPPED = 0x800000

RESET_TIME = (0.002, 0.010)


def conversion_times(temperature: int, pressure: int) -> tuple[float, float]:
    """Return the typical and the maximum seconds for oversampling settings.

    The typical time is that of a BMP388 (table 21), which is the shorter one. A BMP390's is 0.2 ms longer (section 3.9.2), and
    the maximum of both is 15 % more.
    """
    samples = (1 << temperature) + (1 << pressure)
    return (939 + 2000 * samples) / 1e6, 1.15 * (789 + 2020 * samples) / 1e6


class Calibration(NamedTuple):
    """Calibration coefficients in the order of the registers, converted to floating point (section 8.4)."""

    t1: float
    t2: float
    t3: float
    p1: float
    p2: float
    p3: float
    p4: float
    p5: float
    p6: float
    p7: float
    p8: float
    p9: float
    p10: float
    p11: float

    @classmethod
    def parse(cls, data: bytes) -> Self | None:
        """Return the coefficients from 21 bytes, or None if the chip has not loaded them."""
        t1, t2, t3, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11 = struct.unpack("<HHbhhbbHHbbhbb", data)
        if t1 in (0x0000, 0xFFFF) or t2 in (0x0000, 0xFFFF) or p5 in (0x0000, 0xFFFF):
            return None
        return cls(
            t1 * 2**8,
            t2 / 2**30,
            t3 / 2**48,
            (p1 - 2**14) / 2**20,
            (p2 - 2**14) / 2**29,
            p3 / 2**32,
            p4 / 2**37,
            p5 * 2**3,
            p6 / 2**6,
            p7 / 2**8,
            p8 / 2**15,
            p9 / 2**48,
            p10 / 2**48,
            p11 / 2**65,
        )


def compensate(c: Calibration, raw_temperature: int, raw_pressure: int) -> tuple[float, float]:
    """Return °C and hPa by the data sheet's floating-point algorithm (sections 8.5 and 8.6)."""
    difference = raw_temperature - c.t1
    t = difference * c.t2 + difference**2 * c.t3
    offset = c.p5 + c.p6 * t + c.p7 * t**2 + c.p8 * t**3
    sensitivity = c.p1 + c.p2 * t + c.p3 * t**2 + c.p4 * t**3
    curvature = c.p9 + c.p10 * t
    pressure = offset + raw_pressure * sensitivity + raw_pressure**2 * curvature + raw_pressure**3 * c.p11
    return t, pressure / 100


@driver
class BMP388(Chip):
    """Driver of a BMP388 in forced mode."""

    kind = "BMP388"
    addresses = (0x76, 0x77)
    accuracy: ClassVar[Mapping[Quantity, Accuracy]] = {
        Quantity.TEMPERATURE: Accuracy(0.5, 0.0025),
        Quantity.PRESSURE: Accuracy(0.5, 0.0003),
    }
    times = conversion_times(TEMPERATURE_OVERSAMPLING, PRESSURE_OVERSAMPLING)
    conversion_time = times[1]
    chip_id: ClassVar[int] = 0x50
    _calibration: Calibration

    @classmethod
    @override
    def _recognize(cls, bus: Bus, address: int) -> Steps[bool]:
        yield from ()
        if bus.read_register(address, REGISTER_ID)[0] != cls.chip_id:
            return False
        return bus.read_register(address, REGISTER_ID_OF_OTHERS)[0] not in IDS_OF_OTHERS

    @override
    def _set_up(self) -> Steps[None]:
        self._bus.write(self._address, bytes((REGISTER_COMMAND, RESET)))
        self._calibration = yield from until(self._loaded_calibration, *RESET_TIME)
        self._bus.write(self._address, bytes((REGISTER_OVERSAMPLING, OVERSAMPLING)))
        self._bus.write(self._address, bytes((REGISTER_CONFIG, NO_FILTER)))
        self._bus.write(self._address, bytes((REGISTER_POWER, ENABLED)))

    @override
    def measure(self) -> Steps[Measurement]:
        yield from self._check()
        if not self._is_set_up():
            # The chip lost its power since the last cycle and may have been swapped, so its calibration is read again.
            yield from self._set_up()
        self._bus.read_register(self._address, REGISTER_DATA, 6)  # so that the status shows only a new result
        self._bus.write(self._address, bytes((REGISTER_POWER, ENABLED | FORCED)))
        yield from until(self._measured, *self.times)
        data = self._bus.read_agreed(self._address, 6, REGISTER_DATA)
        if not self._is_set_up():
            raise TransferError(f"{self.id}: the settings were not accepted")
        raw_pressure, raw_temperature = int.from_bytes(data[:3], "little"), int.from_bytes(data[3:], "little")
        if SKIPPED in (raw_pressure, raw_temperature):
            raise ImplausibleError(f"{self.id}: the measurement was skipped")
        temperature, pressure = compensate(self._calibration, raw_temperature, raw_pressure)
        return Measurement({Quantity.TEMPERATURE: temperature, Quantity.PRESSURE: pressure})

    def _loaded_calibration(self) -> Calibration | None:
        return Calibration.parse(self._bus.read_agreed(self._address, CALIBRATION_LENGTH, REGISTER_CALIBRATION))

    def _is_set_up(self) -> bool:
        power, oversampling, _, _, config = self._bus.read_agreed(self._address, 5, REGISTER_POWER)
        return (power, oversampling, config) == (ENABLED, OVERSAMPLING, NO_FILTER)

    def _measured(self) -> bool | None:
        # Read twice, because a flipped bit must not make the previous result look like the new one.
        return True if all(self._is_data_ready() for _ in range(2)) else None

    def _is_data_ready(self) -> bool:
        return self._bus.read_register(self._address, REGISTER_STATUS)[0] & DATA_READY == DATA_READY


@driver
class BMP390(BMP388):
    """Driver of a BMP390, which has less noise than a BMP388."""

    kind = "BMP390"
    accuracy: ClassVar[Mapping[Quantity, Accuracy]] = {
        Quantity.TEMPERATURE: Accuracy(0.5, 0.0025),
        Quantity.PRESSURE: Accuracy(0.5, 0.0002),
    }
    chip_id = 0x60
