"""Size of batches, adapted to what the server stores quickly."""

MAX_COUNT = 2000  # documents in a request
FIRST_COUNT = 500
MIN_COUNT = 50  # smaller requests do not help a bad link or a slow server
QUICK = 2.0  # seconds; after a faster answer, the next request is larger
SLOW = 8.0  # seconds; after a slower answer, the next request is smaller
HELPS = 0.75  # if half as many states take more than this part of the time, smaller requests do not help


class BatchSize:
    """The number of states in the next batch."""

    def __init__(self) -> None:
        """Initialize the size with one that most servers store quickly."""
        self.count = FIRST_COUNT
        self._limit = MAX_COUNT
        self._latency = 0.0  # seconds that any answer takes, whatever the size
        self._slow: tuple[int, float] | None = None  # the batch that was slow, and its seconds

    def record_answer(self, count: int, duration: float, *, is_busy: bool) -> None:
        """Adapt the size to an answer.

        Args:
            count: The number of documents in the request.
            duration: The seconds until the answer.
            is_busy: Whether the server was too busy for some of the documents.
        """
        self._latency = min(self._latency, duration)
        if is_busy:
            self.record_busy(count)
        elif duration - self._latency >= SLOW:
            self._record_slow(count, duration)
        else:
            self._slow = None
            if duration - self._latency <= QUICK and count >= self.count // 2:
                # The limit rises too, because the server may accept more by now
                self._limit = min(self._limit + self._limit // 8 + 1, MAX_COUNT)
                self.count = min(self.count * 2, self._limit)

    def _record_slow(self, count: int, duration: float) -> None:
        """Halve the size after a slow answer, or restore it if half as many states took as long."""
        slow_count, slow_duration = self._slow or (count, duration)
        if count <= MIN_COUNT:
            self._latency = duration
        elif count <= slow_count // 2 and duration > HELPS * slow_duration:
            self._latency = duration
            self.count = min(slow_count, self._limit)
        else:
            self._slow = count, duration
            self.record_failure(count)

    def record_failure(self, count: int) -> None:
        """Halve the size after a batch that was not stored, but not below the minimum. Never raise it."""
        self.count = min(max(count // 2, MIN_COUNT), self.count)

    def record_busy(self, count: int) -> None:
        """Halve the size, down to single documents, because a server without memory may accept a smaller request."""
        self.count = max(count // 2, 1)

    def record_too_large(self, count: int) -> None:
        """Halve the size, down to single documents, and remember that the server does not accept so much."""
        self.count = self._limit = max(count // 2, 1)
