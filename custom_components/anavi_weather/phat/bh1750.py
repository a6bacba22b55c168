"""ROHM BH1750FVI: illuminance. Data sheet 11046EDT01.

The chip measures continuously, so a cycle reads the last result without waiting. No register shows the chip's settings, and
another program may have changed them since the last cycle. So a result is used only if it agrees with the last cycle's.
Otherwise the light has changed, or the settings have: they are sent again, and a second result decides.

A result of 0 may be darkness, but also that of a chip that lost its power and its settings.
"""

from collections.abc import Mapping
import math
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
CONTINUOUS_LOW = 0x13
ONE_TIME_LOW = 0x23
MODES = (CONTINUOUS_HIGH, CONTINUOUS_HIGH_2, CONTINUOUS_LOW, 0x20, 0x21, ONE_TIME_LOW)
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

# Ratio of two results that agree. Other modes and common measurement times change a result by at least 11 %.
AGREEING_RATIO = 1.1
FLICKER_RATIO = 1.6  # of two results in unsteady light
CONFIRMATIONS = 3


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
        default = LOW_RESOLUTION_TIME if self.mode == CONTINUOUS_LOW else HIGH_RESOLUTION_TIME
        return default * self.measurement_time / MEASUREMENT_TIME_DEFAULT


# From starlight to full sun: up to 7 klx in steps of 0.1 lx, 55 klx in steps of 0.8 lx, 122 klx in steps of 1.9 lx
RANGES = (Range(CONTINUOUS_HIGH_2, 254), Range(CONTINUOUS_HIGH, 69), Range(CONTINUOUS_HIGH, 31))
QUICK_RANGE = Range(CONTINUOUS_LOW, 31)  # distinguishes darkness from light in 11 ms
# Ranges to confirm a result with. They differ from its range in the mode and in the measurement time, so that settings of
# another program change both results differently.
CONFIRMING_DIM, CONFIRMING_RANGE, CONFIRMING_HIGH_2 = (
    Range(CONTINUOUS_HIGH, 127),
    RANGES[1],
    Range(CONTINUOUS_HIGH_2, 50),
)
DIM, BRIGHT = 20.0, 30_000.0  # lx


class Light(NamedTuple):
    """A result, and the resolution of its range, both in lux. Above all ranges it is infinite."""

    lux: float
    resolution: float

    def agrees(self, other: Light, ratio: float = AGREEING_RATIO) -> bool:
        """Return whether another result is the same except for a ratio and the resolution."""
        low, high = sorted((self.lux, other.lux))
        return low == high or high - low <= high * (1 - 1 / ratio) + self.resolution + other.resolution < math.inf


def _is_port(answer: bytes) -> bool:
    """Return whether an answer is that of a port expander, which repeats the state of its 8 or 16 pins.

    After its two bytes, a BH1750 leaves the data wire high. Zeros may be those of either chip.
    """
    return _repeats(answer) and any(answer)


def _repeats(answer: bytes) -> bool:
    return answer[:2] == answer[2:]


@driver
class BH1750(Chip):
    """Driver of a BH1750 with automatic range selection."""

    kind = "BH1750"
    addresses = (0x23, 0x5C)
    accuracy: ClassVar[Mapping[Quantity, Accuracy]] = {Quantity.ILLUMINANCE: Accuracy(20.0, 0.1)}
    conversion_time = 0.0
    _range: Range
    _range_of_last_cycle: Range
    _settings_sent_at: float
    _last_cycle_at: float
    _last: Light | None = None

    @classmethod
    @override
    def _recognize(cls, bus: Bus, address: int) -> Steps[bool]:
        """Return whether a reset clears the result and a measurement takes its time, unlike in port expanders and registers."""

        def answer_after(command: int, length: int = 2) -> bytes:
            bus.write(address, bytes((command,)))
            return bus.read(address, length)

        # A port expander may drive relays, so nothing is written to it. Two answers are read because its inputs may change.
        answers = [bus.read(address, PORT_BYTES) for _ in range(2)]
        if any(map(_is_port, answers)) or (address in bus.port_expanders and any(map(_repeats, answers))):
            return False
        answer = answer_after(POWER_ON, PORT_BYTES)
        if _repeats(answer) and answer[0] == POWER_ON:
            bus.write(address, bytes((POWER_DOWN,)))  # a port expander after all, whose pins were all low
            bus.port_expanders.add(address)
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
    def _check(self) -> Steps[None]:
        """Clear a saturated result before the check, because it looks like that of a port expander whose pins are all high.

        This is done only if the chip has been read since it was recognized.
        """
        if self._last is not None and self._bus.read(self._address, 2) == SATURATED.to_bytes(2):
            self._last = None
            self._reset()
        yield from super()._check()

    @override
    def _set_up(self) -> Steps[None]:
        """Start with the middle range."""
        yield from ()
        self._use(RANGES[1])
        self._range_of_last_cycle = RANGES[1]
        self._last_cycle_at = self._settings_sent_at

    @override
    def measure(self) -> Steps[Measurement]:
        begin = self._bus.clock.monotonic()
        light = yield from self._light()
        agrees = light.lux == 0 or (self._last is not None and light.agrees(self._last))
        was_on = agrees and self._renew(begin, self._best_range(light))
        if not was_on:
            light = yield from self._confirm([] if agrees else [(self._range, light)], light)
            self._renew(begin, self._best_range(light))
        self._last, self._range_of_last_cycle, self._last_cycle_at = light, self._range, begin
        if light.lux == math.inf:
            return Measurement({}, above_range=frozenset({Quantity.ILLUMINANCE}))
        return Measurement({Quantity.ILLUMINANCE: light.lux})

    @override
    def release(self) -> None:
        """Leave the chip in the range that does not end below sunlight, because a saturated result is no recognizable one."""
        super().release()
        self._use(RANGES[-1])

    def _light(self) -> Steps[Light]:
        """Return the light by the last result, or by others if it is 0 or above its range."""
        count = yield from self._result()
        if count == 0:
            count = yield from self._measure_darkness()
        if count == SATURATED and self._range != RANGES[-1]:
            count = yield from self._measure_with(RANGES[-1])
        resolution = self._range.resolution
        return Light(math.inf if count == SATURATED else count * resolution, resolution)

    def _measure_darkness(self) -> Steps[int]:
        """Return the result after a result of 0, which is also 0 only if two measurements say so."""
        yield from self._check()  # another chip in this one's place may also return 0
        self._use(QUICK_RANGE)
        if count := (yield from self._result()):
            light = Light(count * QUICK_RANGE.resolution, QUICK_RANGE.resolution)
            return (yield from self._measure_with(self._confirming_range(light)))
        self._use(RANGES[0])
        return (yield from self._result())

    def _measure_with(self, range_: Range) -> Steps[int]:
        """Return the result with the settings of a range for light that was detected.

        Raises:
            NotFinishedError: if the result is 0.
        """
        self._use(range_)
        if count := (yield from self._result()):
            return count
        raise NotFinishedError(f"{self.id}: no result in light")

    def _confirm(self, results: list[tuple[Range, Light]], light: Light) -> Steps[Light]:
        """Measure again until a result agrees with the last cycle's, or with one that was measured in another range.

        Args:
            results: The results of this cycle.
            light: An estimate of the light.

        Raises:
            ImplausibleError: if no two results agree.
        """
        for _ in range(CONFIRMATIONS):
            if not self._use(self._confirming_range(light)):
                results.clear()  # another program has measured them
            light = yield from self._light()
            if light.lux == 0 or (self._last is not None and light.agrees(self._last)):
                return light
            for range_, other in results:
                if (range_ != self._range or range_ == RANGES[-1]) and light.agrees(other):
                    return min(light, other, key=lambda one: one.resolution)
            results.append((self._range, light))
        if any(light.agrees(other, FLICKER_RATIO) for _, other in results[:-1]):
            return light
        raise ImplausibleError(f"{self.id}: no two results agree")

    def _best_range(self, light: Light) -> Range:
        """Return the finest range that does not end soon above a light."""

        def fraction(range_: Range) -> float:
            return LEAVE_AT if range_ == self._range_of_last_cycle else DESCEND_AT

        return next((range_ for range_ in RANGES if light.lux < fraction(range_) * range_.end), RANGES[-1])

    def _confirming_range(self, light: Light) -> Range:
        """Return a range to confirm a result of the current range with."""
        if light.lux > BRIGHT:
            return RANGES[-1]
        if self._range.mode == CONTINUOUS_HIGH_2:
            return CONFIRMING_RANGE if light.lux > DIM else CONFIRMING_DIM
        return CONFIRMING_HIGH_2 if light.lux > DIM else RANGES[0]

    def _renew(self, begin: float, range_: Range) -> bool:
        """Send settings if they are new or may have been changed, and return whether the chip was still measuring.

        Another program may have changed the settings, or the chip may have been swapped, so they are sent in every cycle,
        except if cycles follow each other so quickly that the next one would have to wait for the first result.

        Args:
            begin: The start of the cycle.
            range_: The range to measure in until the next cycle.
        """
        is_recent = begin - self._last_cycle_at <= CLOCK_TOLERANCE * range_.conversion_time
        if range_ == self._range and (is_recent or self._settings_sent_at >= begin):
            return True
        return self._use(range_)

    def _use(self, range_: Range) -> bool:
        """Send the settings of a range. The result is 0 until the first measurement with them is finished.

        Returns:
            Whether the chip was powered on. If it was not, another program has measured with its own settings.
        """
        was_on = self._reset()
        self._command(POWER_ON)
        if not was_on and not self._reset():
            raise ImplausibleError(f"{self.id}: a reset does not clear the result")
        self._command(MEASUREMENT_TIME_HIGH | range_.measurement_time >> 5)
        self._command(MEASUREMENT_TIME_LOW | range_.measurement_time & 0x1F)
        self._command(range_.mode)
        self._range = range_
        self._settings_sent_at = self._bus.clock.monotonic()
        return was_on

    def _reset(self) -> bool:
        """Clear the result, and return whether the chip did so, because it ignores this command while it is powered down."""
        self._command(RESET)
        return not any(self._bus.read_agreed(self._address, 2))

    def _command(self, command: int) -> None:
        self._bus.write(self._address, bytes((command,)))

    def _result(self) -> Steps[int]:
        """Return the last result, which is 0 in darkness and after the chip lost its power."""
        is_still_dark = self._range == RANGES[0] and self._last is not None and self._last.lux == 0
        for tolerance in (1.0,) if is_still_dark else (1.0, CLOCK_TOLERANCE):
            due = self._settings_sent_at + self._range.conversion_time * tolerance
            yield max(0.0, due - self._bus.clock.monotonic())
            if count := int.from_bytes(self._bus.read_agreed(self._address, 2)):
                return count
        return 0
