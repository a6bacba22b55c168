"""ROHM BH1750FVI: illuminance. Data sheet 11046EDT01.

It measures continuously, so a cycle takes the last result and waits for none, but for three cases: the light has risen
above the range, the chip was set up anew, or it says 0, which is what a chip says that has lost its power and its settings.
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
RESET = 0x07  # clears the result; taken only while powered on
CONTINUOUS_HIGH = 0x10
CONTINUOUS_HIGH_2 = 0x11
ONE_TIME_LOW = 0x23
MODES = (CONTINUOUS_HIGH, CONTINUOUS_HIGH_2, 0x13, 0x20, 0x21, ONE_TIME_LOW)
MEASUREMENT_TIME_HIGH = 0x40
MEASUREMENT_TIME_LOW = 0x60

MEASUREMENT_TIME_DEFAULT = 69
HIGH_RESOLUTION_TIME = 0.180  # seconds, maximum, with the default measurement time register
LOW_RESOLUTION_TIME = 0.024
SATURATED = 0xFFFF
COUNTS_PER_LUX = 1.2

# A range is left when the light is this part of its end, and come back to at that part: in steady light, it stays.
LEAVE_AT = 0.9
DESCEND_AT = 0.8


class Range(NamedTuple):
    """A mode and a measurement time register, 31 to 254."""

    mode: int
    measurement_time: int

    @property
    def resolution(self) -> float:
        """Return the lux of one count (page 11)."""
        lux = MEASUREMENT_TIME_DEFAULT / self.measurement_time / COUNTS_PER_LUX
        return lux / 2 if self.mode == CONTINUOUS_HIGH_2 else lux

    @property
    def end(self) -> float:
        """Return the lux from which the range is saturated."""
        return SATURATED * self.resolution

    @property
    def conversion_time(self) -> float:
        """Return the longest time in seconds that a conversion takes."""
        return HIGH_RESOLUTION_TIME * self.measurement_time / MEASUREMENT_TIME_DEFAULT


# From starlight to full sun: 7 klx in steps of 0.1 lx, 55 klx in steps of 0.8 lx, 122 klx in steps of 1.9 lx.
RANGES = (Range(CONTINUOUS_HIGH_2, 254), Range(CONTINUOUS_HIGH, 69), Range(CONTINUOUS_HIGH, 31))


@driver
class BH1750(Chip):
    """A BH1750 that chooses its range by itself."""

    kind = "BH1750"
    addresses = (0x23, 0x5C)
    accuracy: ClassVar[Mapping[Quantity, Accuracy]] = {Quantity.ILLUMINANCE: Accuracy(20.0, 0.1)}
    conversion_time = 0.0
    _range: Range
    _set_at: float
    _last_begin: float

    @classmethod
    @override
    def _recognise(cls, bus: Bus, address: int) -> Steps[bool]:
        """See that its result is cleared and measured anew, as a port expander's or a register file's is not."""

        def result_after(command: int) -> int:
            bus.write(address, bytes((command,)))
            return int.from_bytes(bus.read(address, 2))

        # A port expander would now show the command itself: nothing more is written to it than this.
        if result_after(POWER_ON) == POWER_ON << 8 | POWER_ON:
            return False
        if any(result_after(command) for command in (RESET, POWER_DOWN, POWER_ON)):
            return False
        begin = bus.clock.monotonic()
        early = [result_after(mode) for mode in MODES]
        if any(early) and bus.clock.monotonic() - begin < LOW_RESOLUTION_TIME / 3:
            return False  # sooner than this chip can have measured: these are registers, as a barometer at 0x5c has
        yield LOW_RESOLUTION_TIME
        # Whoever else reads the chip must not take this result for one of its own settings: 0 makes it set them again.
        bus.write(address, bytes((POWER_ON,)))
        return result_after(RESET) == 0

    @override
    def _set_up(self) -> Steps[None]:
        """Begin with the middle range."""
        yield from ()
        self._use(RANGES[1])
        self._last_begin = self._set_at

    @override
    def measure(self) -> Steps[Measurement]:
        begin = self._bus.clock.monotonic()
        count = yield from self._result()
        if count == 0:
            yield from self._check()  # so does many another chip, put in this one's place
            self._use(RANGES[0])
            count = yield from self._result()
        if count == SATURATED and self._range != RANGES[-1]:
            self._use(RANGES[-1])
            if not (count := (yield from self._result())):
                raise NotFinishedError(f"{self.id}: no result, and it cannot have become dark")
        lux = count * self._range.resolution
        best = next((range_ for range_ in RANGES if lux < self._part(range_) * range_.end), RANGES[-1])
        # Another program may have changed the settings, or another chip be in its place: they are sent every time, but
        # not where cycles follow each other so quickly that the next one would have to wait for them.
        if best != self._range or begin - self._last_begin > CLOCK_TOLERANCE * best.conversion_time:
            self._use(best)
        self._last_begin = begin
        if count == SATURATED:
            return Measurement({}, above_range=frozenset({Quantity.ILLUMINANCE}))
        return Measurement({Quantity.ILLUMINANCE: lux})

    def _part(self, range_: Range) -> float:
        return LEAVE_AT if range_ == self._range else DESCEND_AT

    def _use(self, range_: Range) -> None:
        """Send the settings; the result is 0 until there is one of theirs."""
        for command in (POWER_ON, RESET):
            self._bus.write(self._address, bytes((command,)))
        if any(self._bus.read_agreed(self._address, 2)):
            raise ImplausibleError(f"{self.id}: does not clear its result")
        for command in (
            MEASUREMENT_TIME_HIGH | range_.measurement_time >> 5,
            MEASUREMENT_TIME_LOW | range_.measurement_time & 0x1F,
            range_.mode,
        ):
            self._bus.write(self._address, bytes((command,)))
        self._range = range_
        self._set_at = self._bus.clock.monotonic()

    def _result(self) -> Steps[int]:
        """Return the last result; 0 where it is dark, or where the chip has lost its power since the settings."""
        for tolerance in (1.0, CLOCK_TOLERANCE):
            due = self._set_at + self._range.conversion_time * tolerance
            yield max(0.0, due - self._bus.clock.monotonic())
            if count := int.from_bytes(self._bus.read_agreed(self._address, 2)):
                return count
        return 0
