"""Size of batches, adapted to what the server stores quickly."""

MAX_COUNT = 2000  # documents in a request
FIRST_COUNT = 500
MIN_COUNT = 50  # smaller requests do not help a bad link or a slow server
QUICK = 2.0  # seconds; after a faster answer, the next request is larger
SLOW = 8.0  # seconds; after a slower answer, the next request is smaller


class BatchSize:
    """The number of states in the next batch."""

    def __init__(self) -> None:
        """Initialize the size with one that most servers store quickly."""
        self.count = FIRST_COUNT
        self._limit = MAX_COUNT

    def record_answer(self, count: int, duration: float, *, is_busy: bool) -> None:
        """Adapt the size to an answer.

        Args:
            count: The number of documents in the request.
            duration: The seconds until the answer.
            is_busy: Whether the server was too busy for some of the documents.
        """
        if is_busy:
            self.record_busy(count)
        elif duration >= SLOW:
            self.record_failure(count)
        elif duration <= QUICK and count >= self.count // 2:
            # The limit rises too, because the server may accept more by now
            self._limit = min(self._limit + self._limit // 8 + 1, MAX_COUNT)
            self.count = min(self.count * 2, self._limit)

    def record_failure(self, count: int) -> None:
        """Halve the size after a batch that was not stored, but not below the minimum. Never raise it."""
        self.count = min(max(count // 2, MIN_COUNT), self.count)

    def record_busy(self, count: int) -> None:
        """Halve the size, down to single documents, because a server without memory may accept a smaller request."""
        self.count = max(count // 2, 1)

    def record_too_large(self, count: int) -> None:
        """Halve the size, down to single documents, and remember that the server does not accept so much."""
        self.count = self._limit = max(count // 2, 1)
