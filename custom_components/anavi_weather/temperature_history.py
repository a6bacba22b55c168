"""History of outdoor temperatures, for the reduction of the pressure to sea level."""

from collections import deque

HALF_DAY = 12 * 3600.0  # seconds
HISTORY_SPACING = 600.0  # seconds between temperatures
TOLERANCE = 1800.0  # seconds that a temperature may be away from the time that is asked for
HISTORY_PERIOD = HALF_DAY + TOLERANCE


class TemperatureHistory:
    """A bounded history of temperatures. Times are seconds since the epoch, temperatures °C."""

    def __init__(self) -> None:
        """Initialize an empty history."""
        self._samples: deque[tuple[float, float]] = deque()

    def __len__(self) -> int:
        """Return the number of temperatures, at most HISTORY_PERIOD / HISTORY_SPACING + 1."""
        return len(self._samples)

    def add(self, timestamp: float, temperature: float) -> None:
        """Add the newest temperature. If the clock was set back, temperatures with a later time are dropped."""
        while self._samples and self._samples[-1][0] > timestamp:
            self._samples.pop()
        if not self._samples or timestamp - self._samples[-1][0] >= HISTORY_SPACING:
            self._samples.append((timestamp, temperature))
        while self._samples[0][0] < timestamp - HISTORY_PERIOD:
            self._samples.popleft()

    def at(self, timestamp: float) -> float | None:
        """Return the temperature at a time, or None if none is near enough."""
        then, temperature = min(self._samples, key=lambda sample: abs(sample[0] - timestamp), default=(None, 0.0))
        return None if then is None or abs(then - timestamp) > TOLERANCE else temperature

    def mean(self, timestamp: float, temperature: float) -> float:
        """Return the mean of the temperature at a time and 12 hours before, or the former if the latter is unknown."""
        before = self.at(timestamp - HALF_DAY)
        return temperature if before is None else (temperature + before) / 2
