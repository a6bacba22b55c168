"""TE HTU21D(F): humidity and temperature. Data sheet HPC199. The SHT21 and the Si7021 use the same commands."""

from collections.abc import Mapping
from functools import partial
from typing import ClassVar, override

from .chip import Accuracy, ChecksumError, Chip, ImplausibleError, Measurement, Quantity, Steps, driver, until
from .i2c import Bus, NoAnswerError

# The "no hold master" commands, because the Raspberry Pi's adapter does not handle a stretched clock correctly.
COMMAND_TEMPERATURE = 0xF3
COMMAND_HUMIDITY = 0xF5
COMMAND_WRITE_USER_REGISTER = 0xE6
COMMAND_READ_USER_REGISTER = 0xE7
COMMAND_SOFT_RESET = 0xFE

# The user register after a reset: full resolution, no reload before each measurement. A reset does not change the heater,
# and bits 3 to 6 are reserved or show the supply voltage.
USER_REGISTER_MASK = 0b1000_0011
USER_REGISTER_DEFAULT = 0b0000_0010
HEATER = 0b0000_0100

STATUS_MASK = 0b11
STATUS_HUMIDITY = 0b10

RESET_TIME = 0.015
# Seconds, typical and maximum
TEMPERATURE_TIME = (0.044, 0.050)
HUMIDITY_TIME = (0.014, 0.016)


def crc8(data: bytes) -> int:
    """Return the checksum of a measurement: polynomial x⁸ + x⁵ + x⁴ + 1, initial value 0."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc << 1 ^ (0x131 if crc & 0x80 else 0)
    return crc


def temperature(signal: int) -> float:
    """Return the temperature in °C from a 16-bit signal, ignoring its two status bits."""
    return -46.85 + 175.72 * (signal & ~STATUS_MASK) / 65536


def humidity(signal: int) -> float:
    """Return the humidity in % from a 16-bit signal, limited to 0 to 100 because condensation and tolerances exceed it (page 15)."""
    return min(max(-6 + 125 * (signal & ~STATUS_MASK) / 65536, 0.0), 100.0)


def convert(bus: Bus, address: int, command: int, status: int, times: tuple[float, float]) -> Steps[int]:
    """Return the 16-bit signal of a conversion.

    Raises:
        NotFinishedError: if the conversion takes too long.
        ChecksumError: if the answer does not match its checksum.
        ImplausibleError: if the signal has another status than expected, or is that of a broken sensor.
    """
    bus.write(address, bytes((command,)))
    data = yield from until(partial(bus.read_when_ready, address, 3), *times)
    signal = int.from_bytes(data[:2])
    if crc8(data[:2]) != data[2]:
        raise ChecksumError(f"0x{address:02x}: {data.hex()} has a wrong checksum")
    if signal & STATUS_HUMIDITY != status:
        raise ImplausibleError(f"0x{address:02x}: {data.hex()} answers another command")
    if signal & ~STATUS_MASK in (0x0000, 0xFFFC):
        raise ImplausibleError(f"0x{address:02x}: {data.hex()} comes from a broken or shorted sensor")
    return signal


@driver
class HTU21D(Chip):
    """Driver of an HTU21D. A cycle converts the temperature and then the humidity."""

    kind = "HTU21D"
    addresses = (0x40,)
    accuracy: ClassVar[Mapping[Quantity, Accuracy]] = {
        Quantity.TEMPERATURE: Accuracy(0.3, 0.01),
        Quantity.HUMIDITY: Accuracy(2.0, 0.04),
    }
    conversion_time = TEMPERATURE_TIME[1] + HUMIDITY_TIME[1]

    @classmethod
    @override
    def _recognize(cls, bus: Bus, address: int) -> Steps[bool]:
        """Return whether the user register and a temperature are those of an HTU21D after a reset, because it has no id."""

        def user_register() -> int | None:
            try:
                return bus.read_register(address, COMMAND_READ_USER_REGISTER)[0]
            except NoAnswerError:
                return None  # still resetting

        # Reading comes first because it does no harm to other chips that may have the address.
        if bus.read_register(address, COMMAND_READ_USER_REGISTER)[0] in (0x00, 0xFF):
            return False
        bus.write(address, bytes((COMMAND_SOFT_RESET,)))
        register = yield from until(user_register, RESET_TIME, RESET_TIME)
        if register & USER_REGISTER_MASK != USER_REGISTER_DEFAULT:
            return False
        yield from convert(bus, address, COMMAND_TEMPERATURE, 0, TEMPERATURE_TIME)
        return True

    @override
    def _set_up(self) -> Steps[None]:
        """Turn the heater off, which a reset does not do."""
        yield from ()
        register = self._bus.read_agreed(self._address, 1, COMMAND_READ_USER_REGISTER)[0]
        if register & HEATER:
            self._bus.write(self._address, bytes((COMMAND_WRITE_USER_REGISTER, register & ~HEATER)))

    @override
    def measure(self) -> Steps[Measurement]:
        temperature_signal = yield from convert(self._bus, self._address, COMMAND_TEMPERATURE, 0, TEMPERATURE_TIME)
        humidity_signal = yield from convert(self._bus, self._address, COMMAND_HUMIDITY, STATUS_HUMIDITY, HUMIDITY_TIME)
        return Measurement(
            {
                Quantity.TEMPERATURE: temperature(temperature_signal),
                Quantity.HUMIDITY: humidity(humidity_signal),
            }
        )
