"""Sensirion SHT30, SHT31 and SHT35: humidity and temperature. Data sheet SHT3x-DIS, version 7."""

from collections.abc import Mapping
from typing import ClassVar, override

from .chip import Accuracy, Chip, Measurement, NotFinishedError, Quantity, Steps, driver
from .i2c import Bus, NoAnswerError
from .sensirion import (
    COMMAND_TIME,
    READ_SERIAL_NUMBER_SHT4X,
    READ_STATUS_SHT3X,
    awaits_command,
    measure,
    request,
    request_if_known,
)

# High repeatability without clock stretching, because the Raspberry Pi's adapter does not handle a stretched clock correctly.
MEASURE = (b"\x24\x00", 2)
MEASUREMENT_TIME = (0.0125, 0.0155)  # seconds, typical and maximum
BREAK = b"\x30\x93"  # ends the periodic mode
BREAK_TIME = 0.002  # seconds, twice the maximum
READ_SERIAL_NUMBER = (b"\x36\x82", 2)
HEATER_OFF = b"\x30\x66"
HEATER = 0x2000  # in the status

FULL_SCALE = 0xFFFF


def temperature(signal: int) -> float:
    """Return the temperature in °C from a 16-bit signal (section 4.13)."""
    return -45 + 175 * signal / FULL_SCALE


def humidity(signal: int) -> float:
    """Return the relative humidity in % from a 16-bit signal (section 4.13)."""
    return 100 * signal / FULL_SCALE


@driver
class SHT3x(Chip):
    """Driver of an SHT30, SHT31 or SHT35 in single shot mode. Its accuracy is that of the SHT30 and the SHT31."""

    kind = "SHT3x"
    addresses = (0x44, 0x45)
    accuracy: ClassVar[Mapping[Quantity, Accuracy]] = {
        Quantity.TEMPERATURE: Accuracy(0.2, 0.013),
        Quantity.HUMIDITY: Accuracy(2.0, 0.027),
    }
    conversion_time = MEASUREMENT_TIME[1]
    _serial_number: list[int] | None

    @classmethod
    @override
    def _recognize(cls, bus: Bus, address: int) -> Steps[bool]:
        """Return whether the chip has the status of an SHT3x, and not the serial number of an SHT4x."""
        if not awaits_command(bus, address):
            return False
        if (yield from request_if_known(bus, address, READ_SERIAL_NUMBER_SHT4X)) is not None:
            return False
        try:
            yield from request(bus, address, READ_STATUS_SHT3X)
        except NoAnswerError, NotFinishedError:
            # Another program may have started the periodic mode, in which other commands are not processed.
            yield from cls._end_periodic_mode(bus, address)
            yield from request(bus, address, READ_STATUS_SHT3X)
        return True

    @staticmethod
    def _end_periodic_mode(bus: Bus, address: int) -> Steps[None]:
        bus.write(address, BREAK)
        yield BREAK_TIME

    @override
    def _set_up(self) -> Steps[None]:
        yield from self._end_periodic_mode(self._bus, self._address)
        self._serial_number = yield from request_if_known(self._bus, self._address, READ_SERIAL_NUMBER)

    @override
    def measure(self) -> Steps[Measurement]:
        # The status comes first, because the command to measure would turn on the heater of an SHT4x in this chip's place.
        (status,) = yield from request(self._bus, self._address, READ_STATUS_SHT3X)
        if status & HEATER:
            self._bus.write(self._address, HEATER_OFF)
            yield COMMAND_TIME[1]
        signals = yield from measure(self._bus, self._address, MEASURE, MEASUREMENT_TIME, self._serial_number)
        return Measurement(
            {
                Quantity.TEMPERATURE: temperature(signals[0]),
                Quantity.HUMIDITY: humidity(signals[1]),
            }
        )
