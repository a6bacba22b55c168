"""History of station pressures, for the pressure tendency."""

from collections import deque

from . import meteorology

HISTORY_PERIOD = meteorology.TENDENCY_PERIOD + meteorology.MAX_GAP  # seconds
HISTORY_SPACING = (
    60.0  # seconds between pressures: enough for the tendency over three hours, however short the interval
)


class PressureHistory:
    """A bounded history of pressures. Times are seconds since the epoch, pressures hPa at the station."""

    def __init__(self) -> None:
        """Initialize an empty history."""
        self._samples: deque[tuple[float, float]] = deque()
        self._newest: tuple[float, float] | None = None

    def __len__(self) -> int:
        """Return the number of pressures, at most HISTORY_PERIOD / HISTORY_SPACING + 1."""
        return len(self._samples)

    def add(self, timestamp: float, pressure: float) -> None:
        """Add the newest pressure. If the clock was set back, pressures with a later time are dropped."""
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
