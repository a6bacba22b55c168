"""Sensirion SHT40, SHT41 and SHT45: humidity and temperature. Data sheet SHT4x, version 6."""

from collections.abc import Mapping
from typing import ClassVar, override

from .chip import (
    Accuracy,
    ChecksumError,
    Chip,
    Measurement,
    NotFinishedError,
    Quantity,
    Steps,
    driver,
    limited_humidity,
)
from .i2c import Bus, NoAnswerError
from .sensirion import READ_SERIAL_NUMBER_SHT4X, READ_STATUS_SHT3X, awaits_command, measure, request, request_if_known

MEASURE = (b"\xfd", 2)  # high precision
MEASUREMENT_TIME = (0.0069, 0.0083)  # seconds, typical and maximum

FULL_SCALE = 0xFFFF


def temperature(signal: int) -> float:
    """Return the temperature in °C from a 16-bit signal (section 4.6)."""
    return -45 + 175 * signal / FULL_SCALE


def humidity(signal: int) -> float:
    """Return the relative humidity in % from a 16-bit signal, limited to 0 to 100 near this range (section 4.6)."""
    return limited_humidity(-6 + 125 * signal / FULL_SCALE)


@driver
class SHT4x(Chip):
    """Driver of an SHT40, SHT41 or SHT45. Its accuracy is that of the SHT40 and the SHT41."""

    kind = "SHT4x"
    addresses = (0x44, 0x45, 0x46)
    accuracy: ClassVar[Mapping[Quantity, Accuracy]] = {
        Quantity.TEMPERATURE: Accuracy(0.2, 0.013),
        Quantity.HUMIDITY: Accuracy(1.8, 0.027),
    }
    conversion_time = MEASUREMENT_TIME[1]
    _serial_number: list[int]

    @classmethod
    @override
    def _recognize(cls, bus: Bus, address: int) -> Steps[bool]:
        """Return whether the chip has a serial number and measures two quantities. An STS4x measures only one."""
        if not awaits_command(bus, address):
            return False
        try:
            yield from request(bus, address, READ_SERIAL_NUMBER_SHT4X)
        except ChecksumError, NoAnswerError, NotFinishedError:
            if (yield from request_if_known(bus, address, READ_STATUS_SHT3X)) is not None:
                return False
            raise
        yield from request(bus, address, MEASURE, MEASUREMENT_TIME)
        return True

    @override
    def _set_up(self) -> Steps[None]:
        """Read the serial number. The chip has no settings, and turns off its heater without a command."""
        self._serial_number = yield from request(self._bus, self._address, READ_SERIAL_NUMBER_SHT4X)

    @override
    def measure(self) -> Steps[Measurement]:
        signals = yield from measure(self._bus, self._address, MEASURE, MEASUREMENT_TIME, self._serial_number)
        return Measurement(
            {
                Quantity.TEMPERATURE: temperature(signals[0]),
                Quantity.HUMIDITY: humidity(signals[1]),
            }
        )
