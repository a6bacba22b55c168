"""TE HTU21D(F): humidity and temperature. Data sheet HPC199; the SHT21 and Si7021 answer alike."""

from collections.abc import Mapping
from typing import ClassVar, override

from .chip import Accuracy, ChecksumError, Chip, ImplausibleError, Measurement, Quantity, Steps, driver, until
from .i2c import Bus, NoAnswerError

# Without hold of the clock: the Raspberry Pi's adapter mishandles a stretched one.
COMMAND_TEMPERATURE = 0xF3
COMMAND_HUMIDITY = 0xF5
COMMAND_WRITE_USER_REGISTER = 0xE6
COMMAND_READ_USER_REGISTER = 0xE7
COMMAND_SOFT_RESET = 0xFE

# The user register after a reset: full resolution, no reload before each measurement. The heater stays as it was, and
# bits 3-6 are reserved or tell of the supply.
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
    """Return °C of a 16-bit signal, whose two status bits do not count."""
    return -46.85 + 175.72 * (signal & ~STATUS_MASK) / 65536


def humidity(signal: int) -> float:
    """Return % of a 16-bit signal; what the formula has beyond 0 to 100 is condensation and tolerance (page 15)."""
    return min(max(-6 + 125 * (signal & ~STATUS_MASK) / 65536, 0.0), 100.0)


def convert(bus: Bus, address: int, command: int, status: int, times: tuple[float, float]) -> Steps[int]:
    """Return the 16-bit signal of a conversion, which must be of the kind that its status says; raises ChipError."""

    def answer() -> bytes | None:
        try:
            return bus.read(address, 3)
        except NoAnswerError:
            return None  # the conversion is still going on

    bus.write(address, bytes((command,)))
    data = yield from until(answer, *times)
    signal = int.from_bytes(data[:2])
    if crc8(data[:2]) != data[2]:
        raise ChecksumError(f"0x{address:02x}: {data.hex()} fails its checksum")
    if signal & STATUS_HUMIDITY != status:
        raise ImplausibleError(f"0x{address:02x}: {data.hex()} answers another command")
    if signal & ~STATUS_MASK in (0x0000, 0xFFFC):
        raise ImplausibleError(f"0x{address:02x}: {data.hex()} is of a broken or shorted sensor")
    return signal


@driver
class HTU21D(Chip):
    """An HTU21D; one cycle converts temperature and then humidity."""

    kind = "HTU21D"
    addresses = (0x40,)
    accuracy: ClassVar[Mapping[Quantity, Accuracy]] = {
        Quantity.TEMPERATURE: Accuracy(0.3, 0.01),
        Quantity.HUMIDITY: Accuracy(2.0, 0.04),
    }
    conversion_time = TEMPERATURE_TIME[1] + HUMIDITY_TIME[1]

    @classmethod
    @override
    def _recognise(cls, bus: Bus, address: int) -> Steps[bool]:
        """Reset it, and see that the register and a temperature come out as only this chip's do: it has no id."""

        def user_register() -> int | None:
            try:
                return bus.read_register(address, COMMAND_READ_USER_REGISTER)[0]
            except NoAnswerError:
                return None  # the reset is still going on

        # Reading comes first: that is harmless to whatever else may have the address.
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
        """Turn the heater off, which a reset leaves as it was."""
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
