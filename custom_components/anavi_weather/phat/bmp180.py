"""Bosch BMP180: pressure and temperature. Data sheet BST-BMP180-DS000."""

from collections.abc import Mapping
import struct
from typing import ClassVar, NamedTuple, Self, override

from .chip import Accuracy, Chip, ImplausibleError, Measurement, Quantity, Steps, driver, until
from .i2c import Bus

REGISTER_CALIBRATION = 0xAA
REGISTER_ID = 0xD0
REGISTER_CONTROL = 0xF4
REGISTER_DATA = 0xF6

CHIP_ID = 0x55
CONVERTING = 0x20  # in REGISTER_CONTROL
CONVERT_TEMPERATURE = 0x2E
CONVERT_PRESSURE = 0x34
OVERSAMPLING = 3  # ultra high resolution: 0.03 hPa RMS
NOTHING_CONVERTED = b"\x80\x00\x00"  # REGISTER_DATA from power-on until the first result

# Seconds, typical and maximum (section 3.3)
TEMPERATURE_TIME = (0.003, 0.0045)
PRESSURE_TIME = (0.017, 0.0255)


class Calibration(NamedTuple):
    """Calibration coefficients of a chip in the order of its registers (section 3.4)."""

    ac1: int
    ac2: int
    ac3: int
    ac4: int
    ac5: int
    ac6: int
    b1: int
    b2: int
    mb: int
    mc: int
    md: int

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Return the coefficients from 22 bytes.

        Raises:
            ImplausibleError: if a word is 0 or 0xFFFF, which the data sheet rules out.
        """
        if any(word in (0x0000, 0xFFFF) for word in struct.unpack(">11H", data)):
            raise ImplausibleError("the calibration is invalid")
        return cls(*struct.unpack(">3h3H5h", data))


def _divide(numerator: int, denominator: int) -> int:
    """Divide and round towards zero, like C."""
    if not denominator:
        raise ImplausibleError("the measurement does not match the calibration")
    quotient = abs(numerator) // abs(denominator)
    return quotient if (numerator < 0) == (denominator < 0) else -quotient


def compensate(cal: Calibration, ut: int, up: int, oversampling: int) -> tuple[float, float]:
    """Return °C in steps of 0.1 and hPa in steps of 0.01, by the data sheet's integer algorithm (section 3.5, figure 4).

    Raises:
        ImplausibleError: if the algorithm would divide by zero.
    """
    x1 = (ut - cal.ac6) * cal.ac5 >> 15
    x2 = _divide(cal.mc << 11, x1 + cal.md)
    b5 = x1 + x2
    temperature = (b5 + 8) >> 4

    b6 = b5 - 4000
    x1 = cal.b2 * (b6 * b6 >> 12) >> 11
    x2 = cal.ac2 * b6 >> 11
    b3 = (((cal.ac1 * 4 + x1 + x2) << oversampling) + 2) >> 2
    x1 = cal.ac3 * b6 >> 13
    x2 = cal.b1 * (b6 * b6 >> 12) >> 16
    x3 = (x1 + x2 + 2) >> 2
    b4 = cal.ac4 * (x3 + 32768) >> 15
    pressure = _divide(2 * (up - b3) * (50000 >> oversampling), b4)
    x1 = (pressure >> 8) ** 2
    x1 = x1 * 3038 >> 16
    x2 = -7357 * pressure >> 16
    pressure += (x1 + x2 + 3791) >> 4
    return temperature / 10, pressure / 100


@driver
class BMP180(Chip):
    """Driver of a BMP180. A cycle converts the temperature and then the pressure."""

    kind = "BMP180"
    addresses = (0x77,)
    accuracy: ClassVar[Mapping[Quantity, Accuracy]] = {
        Quantity.TEMPERATURE: Accuracy(1.0, 0.1),
        Quantity.PRESSURE: Accuracy(1.0, 0.03),
    }
    conversion_time = TEMPERATURE_TIME[1] + PRESSURE_TIME[1]
    _calibration: Calibration

    @classmethod
    @override
    def _recognize(cls, bus: Bus, address: int) -> Steps[bool]:
        yield from ()
        return bus.read_register(address, REGISTER_ID)[0] == CHIP_ID

    @override
    def _set_up(self) -> Steps[None]:
        yield from ()
        self._calibration = Calibration.parse(self._bus.read_agreed(self._address, 22, REGISTER_CALIBRATION))

    @override
    def measure(self) -> Steps[Measurement]:
        yield from self._check()
        if self._bus.read_register(self._address, REGISTER_DATA, 3) == NOTHING_CONVERTED:
            # The chip lost its power since the last cycle and may have been swapped, so its calibration is read again.
            yield from self._set_up()
        ut = yield from self._convert(CONVERT_TEMPERATURE, 2, TEMPERATURE_TIME)
        up = yield from self._convert(CONVERT_PRESSURE | OVERSAMPLING << 6, 3, PRESSURE_TIME)
        temperature, pressure = compensate(self._calibration, ut, up >> (8 - OVERSAMPLING), OVERSAMPLING)
        return Measurement({Quantity.TEMPERATURE: temperature, Quantity.PRESSURE: pressure})

    def _convert(self, command: int, length: int, times: tuple[float, float]) -> Steps[int]:
        self._bus.write(self._address, bytes((REGISTER_CONTROL, command)))
        yield from until(self._finished, *times)
        data = self._bus.read_agreed(self._address, length, REGISTER_DATA)
        if data == NOTHING_CONVERTED[:length]:
            raise ImplausibleError(f"{self.id}: lost its power during the conversion")
        if self._bus.read_register(self._address, REGISTER_CONTROL)[0] != command & ~CONVERTING:
            raise ImplausibleError(f"{self.id}: another program has started a conversion")
        return int.from_bytes(data)

    def _finished(self) -> bool | None:
        # Read twice, because a flipped bit must not make the previous result look like the new one.
        converting = (self._bus.read_register(self._address, REGISTER_CONTROL)[0] & CONVERTING for _ in range(2))
        return None if any(converting) else True
