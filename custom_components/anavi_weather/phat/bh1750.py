"""ROHM BH1750FVI: illuminance. Data sheet 11046EDT01.

The chip measures continuously, so a cycle reads the last result without waiting. There are three exceptions: the light
has risen above the range, the chip has just been set up, or the result is 0, which is also what a chip returns after it
lost its power and its settings.
"""

from collections.abc import Mapping
from typing import ClassVar, NamedTuple, override

from .chip import (
    CLOCK_TOLERANCE,
    Accuracy,
    Chip,
    ImplausibleError,
    Measurement,
    NotFinishedError,
    Quantity,
    Steps,
    driver,
)
from .i2c import Bus

POWER_DOWN = 0x00
POWER_ON = 0x01
RESET = 0x07  # clears the result; ignored while powered down
CONTINUOUS_HIGH = 0x10
CONTINUOUS_HIGH_2 = 0x11
ONE_TIME_LOW = 0x23
MODES = (CONTINUOUS_HIGH, CONTINUOUS_HIGH_2, 0x13, 0x20, 0x21, ONE_TIME_LOW)
MEASUREMENT_TIME_HIGH = 0x40
MEASUREMENT_TIME_LOW = 0x60

MEASUREMENT_TIME_DEFAULT = 69
HIGH_RESOLUTION_TIME = 0.180  # seconds, maximum with the default measurement time register
LOW_RESOLUTION_TIME = 0.024
SATURATED = 0xFFFF
PORT_BYTES = 4  # more than a result, to distinguish the answer of a port expander
COUNTS_PER_LUX = 1.2

# Fractions of a range's end above which it is left and below which it is selected. The difference prevents flapping.
LEAVE_AT = 0.9
DESCEND_AT = 0.8


class Range(NamedTuple):
    """A measurement range: a mode and a measurement time register (31 to 254)."""

    mode: int
    measurement_time: int

    @property
    def resolution(self) -> float:
        """Return the resolution in lux per count (page 11)."""
        lux = MEASUREMENT_TIME_DEFAULT / self.measurement_time / COUNTS_PER_LUX
        return lux / 2 if self.mode == CONTINUOUS_HIGH_2 else lux

    @property
    def end(self) -> float:
        """Return the illuminance in lux at which the range saturates."""
        return SATURATED * self.resolution

    @property
    def conversion_time(self) -> float:
        """Return the maximum conversion time in seconds."""
        return HIGH_RESOLUTION_TIME * self.measurement_time / MEASUREMENT_TIME_DEFAULT


# From starlight to full sun: up to 7 klx in steps of 0.1 lx, 55 klx in steps of 0.8 lx, 122 klx in steps of 1.9 lx
RANGES = (Range(CONTINUOUS_HIGH_2, 254), Range(CONTINUOUS_HIGH, 69), Range(CONTINUOUS_HIGH, 31))


def _is_port(answer: bytes) -> bool:
    """Return whether an answer is that of an 8-bit port expander, which repeats the state of its pins in each byte.

    After its two bytes, a BH1750 leaves the data wire high. Zeros may be those of either chip.
    """
    return len(set(answer)) == 1 and any(answer)


@driver
class BH1750(Chip):
    """Driver of a BH1750 with automatic range selection."""

    kind = "BH1750"
    addresses = (0x23, 0x5C)
    accuracy: ClassVar[Mapping[Quantity, Accuracy]] = {Quantity.ILLUMINANCE: Accuracy(20.0, 0.1)}
    conversion_time = 0.0
    _range: Range
    _settings_sent_at: float
    _last_cycle_at: float

    @classmethod
    @override
    def _recognize(cls, bus: Bus, address: int) -> Steps[bool]:
        """Return whether a reset clears the result and a measurement takes its time, unlike in port expanders and registers."""

        def answer_after(command: int, length: int = 2) -> bytes:
            bus.write(address, bytes((command,)))
            return bus.read(address, length)

        # A port expander may drive relays, so nothing is written to it. Two answers are read because its inputs may change.
        if any(_is_port(bus.read(address, PORT_BYTES)) for _ in range(2)):
            return False
        if answer_after(POWER_ON, PORT_BYTES) == bytes((POWER_ON,)) * PORT_BYTES:
            bus.write(address, bytes((POWER_DOWN,)))  # a port expander after all, whose pins were all low
            return False
        if any(any(answer_after(command)) for command in (RESET, POWER_DOWN, POWER_ON)):
            return False
        begin = bus.clock.monotonic()
        early = [any(answer_after(mode)) for mode in MODES]
        if any(early) and bus.clock.monotonic() - begin < LOW_RESOLUTION_TIME / 3:
            return False  # faster than a BH1750 can measure, so these are registers, like those of a barometer at 0x5c
        yield LOW_RESOLUTION_TIME
        # Another program must not mistake this result for one with its own settings. A result of 0 makes it send them again.
        bus.write(address, bytes((POWER_ON,)))
        return not any(answer_after(RESET))

    @override
    def _set_up(self) -> Steps[None]:
        """Start with the middle range."""
        yield from ()
        self._use(RANGES[1])
        self._last_cycle_at = self._settings_sent_at

    @override
    def measure(self) -> Steps[Measurement]:
        begin = self._bus.clock.monotonic()
        count = yield from self._result()
        if count == 0:
            yield from self._check()  # another chip in this one's place may also return 0
            self._use(RANGES[0])
            count = yield from self._result()
        if count == SATURATED and self._range != RANGES[-1]:
            self._use(RANGES[-1])
            if not (count := (yield from self._result())):
                raise NotFinishedError(f"{self.id}: no result in full light")
        lux = count * self._range.resolution
        best = next((range_ for range_ in RANGES if lux < self._fraction(range_) * range_.end), RANGES[-1])
        # Another program may have changed the settings, or the chip may have been swapped, so they are sent in every cycle,
        # except if cycles follow each other so quickly that the next one would have to wait for the first result.
        if best != self._range or begin - self._last_cycle_at > CLOCK_TOLERANCE * best.conversion_time:
            self._use(best)
        self._last_cycle_at = begin
        if count == SATURATED:
            return Measurement({}, above_range=frozenset({Quantity.ILLUMINANCE}))
        return Measurement({Quantity.ILLUMINANCE: lux})

    def _fraction(self, range_: Range) -> float:
        return LEAVE_AT if range_ == self._range else DESCEND_AT

    def _use(self, range_: Range) -> None:
        """Send the settings of a range. The result is 0 until the first measurement with them is finished."""
        for command in (POWER_ON, RESET):
            self._bus.write(self._address, bytes((command,)))
        if any(self._bus.read_agreed(self._address, 2)):
            raise ImplausibleError(f"{self.id}: a reset does not clear the result")
        for command in (
            MEASUREMENT_TIME_HIGH | range_.measurement_time >> 5,
            MEASUREMENT_TIME_LOW | range_.measurement_time & 0x1F,
            range_.mode,
        ):
            self._bus.write(self._address, bytes((command,)))
        self._range = range_
        self._settings_sent_at = self._bus.clock.monotonic()

    def _result(self) -> Steps[int]:
        """Return the last result, which is 0 in darkness and after the chip lost its power."""
        for tolerance in (1.0, CLOCK_TOLERANCE):
            due = self._settings_sent_at + self._range.conversion_time * tolerance
            yield max(0.0, due - self._bus.clock.monotonic())
            if count := int.from_bytes(self._bus.read_agreed(self._address, 2)):
                return count
        return 0
