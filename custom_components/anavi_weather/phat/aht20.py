"""Aosong AHT20 and AHT21: humidity and temperature. Data sheets AHT20 (2020 and 2021) and AHT21.

The chip has no registers to select: a read returns the status and, after a measurement, its result with a checksum.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import ClassVar, override

from .checksum import crc8
from .chip import (
    Accuracy,
    ChecksumError,
    Chip,
    ImplausibleError,
    Measurement,
    NotFinishedError,
    Quantity,
    Steps,
    driver,
    until,
)
from .i2c import Bus, NoAnswerError, UnexplainedTransferError

INITIALIZE = b"\xbe\x08\x00"
MEASURE = b"\xac\x33\x00"
SOFT_RESET = b"\xba"
CALIBRATION_REGISTERS = (0x1B, 0x1C, 0x1E)
WRITE_REGISTER = 0xB0  # combined with the number of the register

BUSY = 0x80  # in the status
CALIBRATED = 0x08
LOADED = 0x18  # all bits that a chip has after it loaded its calibration, according to the newer data sheets
NEVER_SET = 0x63  # bits of the status that are 0 in normal mode

NOTHING_SENT = b"\xff"
ANSWER_LENGTH = 7  # status, 20 bits each of humidity and temperature, checksum
STEPS = 1 << 20  # of both signals
BROKEN_HUMIDITY = 0  # a signal that air does not have, however dry

START_TIME = 0.100  # seconds, maximum, after power-on
RESET_TIME = 0.020
INITIALIZE_TIME = 0.010
REGISTER_READ_TIME, REGISTER_WRITE_TIME = 0.005, 0.010
MEASUREMENT_TIME = (0.075, 0.080)  # typical and maximum


def humidity(signal: int) -> float:
    """Return the relative humidity in % from a 20-bit signal."""
    return 100 * signal / STEPS


def temperature(signal: int) -> float:
    """Return the temperature in °C from a 20-bit signal."""
    return 200 * signal / STEPS - 50


def may_be_aht20(answer: bytes) -> bool:
    """Return whether an answer may come from an AHT20.

    A port expander repeats the state of its pins. A VEML6070, whose settings are at the address, sends one byte and leaves the
    data wire high.
    """
    is_one_byte = answer[1:] == NOTHING_SENT * (len(answer) - 1) and not answer[0] & LOADED
    return len(set(answer)) > 1 and not is_one_byte and not answer[0] & NEVER_SET


def wait_until_idle(bus: Bus, address: int) -> Steps[None]:
    """Wait until a chip that has just been powered on, or that measures for another program, has finished.

    A chip can remain busy forever after a disturbance on the bus, so it is reset then.

    Raises:
        NotFinishedError: if the chip is busy even after the reset.
    """

    def idle() -> bool | None:
        return None if bus.read_agreed(address, 1)[0] & BUSY else True

    try:
        yield from until(idle, 0.0, START_TIME)
    except NotFinishedError:
        bus.write(address, SOFT_RESET)
        yield from until(idle, RESET_TIME, RESET_TIME)


def load_calibration(bus: Bus, address: int) -> Steps[None]:
    """Make a chip load its calibration, which it did not do at power-on.

    The older data sheet has a command for that. The newer ones, and that of the AHT21, refer to a sample program that writes
    three registers with their own values instead.

    Raises:
        ImplausibleError: if the chip remains without a calibration.
    """

    def has(bits: int) -> bool:
        return bus.read_agreed(address, 1)[0] & bits == bits

    with suppress(NoAnswerError, UnexplainedTransferError):  # newer chips need not know the command
        bus.write(address, INITIALIZE)
    yield INITIALIZE_TIME
    if has(LOADED):
        return
    for register in CALIBRATION_REGISTERS:
        bus.write(address, bytes((register, 0x00, 0x00)))
        yield REGISTER_READ_TIME
        value = bus.read_agreed(address, 3)[1:]  # the status comes first
        bus.write(address, bytes((WRITE_REGISTER | register, *value)))
        yield REGISTER_WRITE_TIME
    if not has(CALIBRATED):
        raise ImplausibleError(f"0x{address:02x}: the chip has no calibration")


def convert(bus: Bus, address: int) -> Steps[bytes]:
    """Return the answer after a measurement.

    Raises:
        ImplausibleError: if the chip does not begin to measure, or lost its calibration.
        NotFinishedError: if the measurement takes too long.
        ChecksumError: if the answer does not match its checksum, like that of an AHT10, which has none.
    """

    def answer() -> bytes | None:
        data = bus.read(address, ANSWER_LENGTH)
        return None if data[0] & BUSY else data

    bus.write(address, MEASURE)
    if not bus.read(address, 1)[0] & BUSY:
        raise ImplausibleError(f"0x{address:02x}: the chip does not measure")  # the result would be the previous one
    data = yield from until(answer, *MEASUREMENT_TIME)
    if crc8(data[:-1]) != data[-1]:
        raise ChecksumError(f"0x{address:02x}: {data.hex()} has a wrong checksum")
    if not data[0] & CALIBRATED:
        raise ImplausibleError(f"0x{address:02x}: the chip has no calibration")
    return data


@driver
class AHT20(Chip):
    """Driver of an AHT20 or AHT21."""

    kind = "AHT20"
    addresses = (0x38,)
    accuracy: ClassVar[Mapping[Quantity, Accuracy]] = {
        Quantity.TEMPERATURE: Accuracy(0.3, 0.01),
        Quantity.HUMIDITY: Accuracy(2.0, 0.024),
    }
    conversion_time = MEASUREMENT_TIME[1]

    @classmethod
    @override
    def _recognize(cls, bus: Bus, address: int) -> Steps[bool]:
        """Return whether the chip measures like an AHT20, because it has no id.

        Reading comes first because a write would change the pins of a port expander, which may drive relays.
        """
        if not may_be_aht20(bus.read_agreed(address, ANSWER_LENGTH)):
            return False
        yield from wait_until_idle(bus, address)
        try:
            status = (yield from convert(bus, address))[0]
        except ImplausibleError:
            status = 0x00
        if status & LOADED != LOADED:
            yield from load_calibration(bus, address)
            yield from convert(bus, address)
        return True

    @override
    def _set_up(self) -> Steps[None]:
        """Do nothing: the chip was recognized by measuring with it, and has no settings."""
        yield from ()

    @override
    def measure(self) -> Steps[Measurement]:
        # A port expander in this chip's place must not be written to.
        if not may_be_aht20(self._bus.read_agreed(self._address, ANSWER_LENGTH)):
            raise ImplausibleError(f"{self.id}: another chip may have replaced it")
        yield from wait_until_idle(self._bus, self._address)
        data = yield from convert(self._bus, self._address)
        humidity_signal, temperature_signal = divmod(int.from_bytes(data[1:6]), STEPS)
        values = {Quantity.TEMPERATURE: temperature(temperature_signal)}
        if humidity_signal == BROKEN_HUMIDITY:
            error = ImplausibleError(f"{self.id}: no working hygrometer")
            return Measurement(values, errors={Quantity.HUMIDITY: error})
        return Measurement({**values, Quantity.HUMIDITY: humidity(humidity_signal)})
