"""How many states one request has: as many as the server stores quickly."""

MAX_COUNT = 2000  # documents in a request
FIRST_COUNT = 500
QUICK = 2.0  # seconds that a request may take for the next to be larger
SLOW = 8.0  # seconds from which on the next request is smaller


class BatchSize:
    """The number of states in the next batch."""

    def __init__(self) -> None:
        """Initialize with a size that most servers store quickly."""
        self.count = FIRST_COUNT
        self._limit = MAX_COUNT

    def record_answer(self, count: int, duration: float, *, is_busy: bool) -> None:
        """Adapt to how long the server took for a batch, in seconds, and whether it had no room for some of it."""
        if duration >= SLOW or is_busy:
            self.record_failure(count)
        elif duration <= QUICK and count >= self.count // 2:
            # The server may accept more by now
            self._limit = min(self._limit + self._limit // 8 + 1, MAX_COUNT)
            self.count = min(self.count * 2, self._limit)

    def record_failure(self, count: int) -> None:
        """Halve the size, after a batch that was not stored."""
        self.count = max(count // 2, 1)

    def record_too_large(self, count: int) -> None:
        """Halve the size, and remember that the server does not accept so much."""
        self.record_failure(count)
        self._limit = self.count
