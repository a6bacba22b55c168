"""History of station pressures, for the pressure tendency."""

from collections import deque
from collections.abc import Mapping

from . import meteorology

HISTORY_PERIOD = meteorology.TENDENCY_PERIOD + meteorology.MAX_GAP  # seconds
HISTORY_SPACING = (
    60.0  # seconds between pressures: enough for the tendency over three hours, however short the interval
)
# Gust fronts change the pressure by up to 6 hPa within minutes, and the strongest typhoons by about 15 hPa in an hour.
# A larger step means that the station was moved or its settings were changed.
MAX_STEP = 6.0  # hPa between two readings
MAX_STEP_RATE = 15.0 / 3600  # hPa/s, in addition


class PressureHistory:
    """A bounded history of pressures. Times are seconds since the epoch, pressures hPa at the station.

    Barometers differ by 1 hPa or more, which is not a tendency of the air. So all pressures are kept on one scale. If
    a source responds together with a former one, its offset from that scale is measured. If it follows a former one
    without a common reading, the pressure is assumed to have changed in between like in the hours before.
    """

    def __init__(self) -> None:
        """Initialize an empty history."""
        self._samples: deque[tuple[float, float]] = deque()
        self._newest: tuple[float, float] | None = None
        self._offsets: dict[str, float] = {}  # of the sources of the newest reading, from the scale

    def __len__(self) -> int:
        """Return the number of pressures, at most HISTORY_PERIOD / HISTORY_SPACING + 1."""
        return len(self._samples)

    def add(self, timestamp: float, source: str, pressures: Mapping[str, float]) -> None:
        """Add the newest pressures. If the clock was set back, pressures with a later time are dropped.

        Args:
            timestamp: The time of the reading.
            source: The source whose pressure counts, usually the most accurate one.
            pressures: The pressures of this source and of all others that responded.
        """
        pressure = self._on_scale(timestamp, source, pressures)
        self._offsets = {other: measured - pressure for other, measured in pressures.items()}
        self._newest = timestamp, pressure
        while self._samples and self._samples[-1][0] > timestamp:
            self._samples.pop()
        if not self._samples or timestamp - self._samples[-1][0] >= HISTORY_SPACING:
            self._samples.append(self._newest)
        while self._samples[0][0] < timestamp - HISTORY_PERIOD:
            self._samples.popleft()

    def tendency(self) -> float | None:
        """Return the change over the three hours before the newest pressure, in hPa, or None while it is unknown."""
        if self._newest is None:
            return None
        return meteorology.pressure_tendency((*self._samples, self._newest), self._newest[0])

    def _on_scale(self, timestamp: float, source: str, pressures: Mapping[str, float]) -> float:
        """Return the pressure on the scale of the samples."""
        if self._newest is None:
            return pressures[source]
        newest_at, newest = self._newest
        gap = max(timestamp - newest_at, 0.0)
        expected = newest + (self.tendency() or 0.0) / meteorology.TENDENCY_PERIOD * gap
        if common := next((other for other in (source, *pressures) if other in self._offsets), None):
            pressure = pressures[common] - self._offsets[common]
            return pressure if abs(pressure - newest) <= MAX_STEP + MAX_STEP_RATE * gap else expected
        if gap <= meteorology.MAX_GAP:
            return expected
        self._samples.clear()  # too long ago to tell the weather from the offset
        return pressures[source]
