"""TE HTU21D(F), Sensirion SHT21, Silicon Labs Si7021: humidity and temperature, with the same commands.

Data sheets HPC199, SHT21 version 4 (May 2014) and Si7021-A20 revision 1.2. The chips differ in the times of their conversions.
They do not acknowledge their address while they convert, so the driver waits as long as the slowest one may take.
"""

from collections.abc import Mapping
from functools import partial
from typing import ClassVar, NamedTuple, override

from .checksum import crc8
from .chip import (
    Accuracy,
    ChecksumError,
    Chip,
    ImplausibleError,
    Measurement,
    Quantity,
    Steps,
    driver,
    limited_humidity,
    until,
)
from .i2c import Bus, ChipError, NoAnswerError

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


class Conversion(NamedTuple):
    """A command, and the times of its conversion in seconds.

    The commands are those that do not hold the clock, because the Raspberry Pi's adapter does not handle that correctly.
    """

    command: int
    fastest: float
    """Typical time of the fastest chip."""
    slowest: float
    """Maximum time of the slowest chip."""


TEMPERATURE = Conversion(0xF3, 0.007, 0.085)  # Si7021, SHT21
HUMIDITY = Conversion(0xF5, 0.014, 0.029)  # HTU21D, SHT21
POLL_EARLIER = 0.93  # × the time of the last conversion
MAX_TIME_HTU21D = 0.050 + 0.016


def temperature(signal: int) -> float:
    """Return the temperature in °C from a 16-bit signal, ignoring its two status bits."""
    return -46.85 + 175.72 * (signal & ~STATUS_MASK) / 65536


def humidity(signal: int) -> float:
    """Return the humidity in % from a 16-bit signal, limited to 0 to 100 if condensation or tolerances exceed it (page 15)."""
    return limited_humidity(-6 + 125 * (signal & ~STATUS_MASK) / 65536)


def convert(bus: Bus, address: int, conversion: Conversion, first_poll: float) -> Steps[int]:
    """Return the 16-bit signal of a conversion, polling after `first_poll` seconds.

    Raises:
        NotFinishedError: if the conversion takes too long.
        ChecksumError: if the answer does not match its checksum.
    """
    bus.write(address, bytes((conversion.command,)))
    data = yield from until(partial(bus.read_when_ready, address, 3), first_poll, conversion.slowest)
    if crc8(data[:2], initial=0) != data[2]:
        raise ChecksumError(f"0x{address:02x}: {data.hex()} has a wrong checksum")
    return int.from_bytes(data[:2])


def is_dead(signal: int) -> bool:
    """Return whether a signal comes from a broken or shorted sensor."""
    return signal & ~STATUS_MASK in (0x0000, 0xFFFC)


@driver
class HTU21D(Chip):
    """Driver of an HTU21D, SHT21 or Si7021. A cycle converts the temperature and then the humidity."""

    kind = "HTU21D"
    addresses = (0x40,)
    accuracy: ClassVar[Mapping[Quantity, Accuracy]] = {
        Quantity.TEMPERATURE: Accuracy(0.3, 0.01),
        Quantity.HUMIDITY: Accuracy(2.0, 0.04),
    }
    conversion_time = MAX_TIME_HTU21D
    compensates = False
    _marks_humidity = False
    """Whether the chip distinguishes the two signals by their status, which some boards do not."""
    _first_polls: dict[Conversion, float]

    @classmethod
    @override
    def _recognize(cls, bus: Bus, address: int) -> Steps[bool]:
        """Return whether the user register and a signal are those of an HTU21D after a reset, because it has no id."""

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
        temperature_signal = yield from convert(bus, address, TEMPERATURE, TEMPERATURE.fastest)
        if temperature_signal & STATUS_HUMIDITY:
            return False
        # Either sensor may be broken, but the checksum of zeros is what memory may contain too.
        return not is_dead(temperature_signal) or not is_dead(
            (yield from convert(bus, address, HUMIDITY, HUMIDITY.fastest))
        )

    @override
    def _set_up(self) -> Steps[None]:
        yield from ()
        self._marks_humidity = False
        self._first_polls = {TEMPERATURE: TEMPERATURE.fastest, HUMIDITY: HUMIDITY.fastest}

    def _turn_heater_off(self) -> None:
        """Turn the heater off, which a reset does not do. Another program may have turned it on."""
        if self._bus.read_register(self._address, COMMAND_READ_USER_REGISTER)[0] & HEATER:
            register = self._bus.read_agreed(self._address, 1, COMMAND_READ_USER_REGISTER)[0]
            self._bus.write(self._address, bytes((COMMAND_WRITE_USER_REGISTER, register & ~HEATER)))

    @override
    def measure(self) -> Steps[Measurement]:
        self._turn_heater_off()
        temperature_signal = yield from self._convert(TEMPERATURE)
        humidity_signal = yield from self._convert(HUMIDITY)
        is_marked = bool(humidity_signal & STATUS_HUMIDITY)
        if temperature_signal & STATUS_HUMIDITY or (self._marks_humidity and not is_marked):
            raise ImplausibleError(f"{self.id}: a signal answers the other command")
        self._marks_humidity = is_marked
        signals = {Quantity.TEMPERATURE: temperature_signal, Quantity.HUMIDITY: humidity_signal}
        values = {Quantity.TEMPERATURE: temperature(temperature_signal), Quantity.HUMIDITY: humidity(humidity_signal)}
        errors: dict[Quantity, ChipError] = {
            quantity: ImplausibleError(f"{self.id}: {quantity} {signal:04x} comes from a broken or shorted sensor")
            for quantity, signal in signals.items()
            if is_dead(signal)
        }
        return Measurement({q: value for q, value in values.items() if q not in errors}, errors=errors)

    def _convert(self, conversion: Conversion) -> Steps[int]:
        """Return the signal of a conversion, polling shortly before the last one was finished."""
        begin = self._bus.clock.monotonic()
        signal = yield from convert(self._bus, self._address, conversion, self._first_polls[conversion])
        taken = self._bus.clock.monotonic() - begin
        self._first_polls[conversion] = min(max(POLL_EARLIER * taken, conversion.fastest), conversion.slowest)
        return signal
