"""Patience with a server: how long to wait for its answers."""

MAX_FACTOR = 4


class Patience:
    """Patience with one kind of request. It is doubled after each answer that did not arrive, because all may take longer."""

    def __init__(self, usual: float) -> None:
        """Initialize the patience with that for most servers, in seconds."""
        self._usual = usual
        self.seconds = usual
        """Timeout of the next request."""

    def record_error(self, error: Exception) -> None:
        """Wait longer if an answer did not arrive in time."""
        if isinstance(error, TimeoutError):
            self.seconds = min(2 * self.seconds, MAX_FACTOR * self._usual)

    def record_answer(self, duration: float) -> None:
        """Wait no longer than usual once an answer takes no longer."""
        if duration < self._usual:
            self.seconds = self._usual
