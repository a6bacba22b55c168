"""Patience with a server: how long to wait for its answers."""

MAX_FACTOR = 4


class Patience:
    """Patience with one kind of request. It is doubled after each answer that did not arrive, because all may take longer."""

    def __init__(self) -> None:
        """Initialize the patience with that for most servers."""
        self._factor = 1

    def seconds(self, usual: float | None) -> float | None:
        """Return the timeout of the next request, of which the usual one is known; None: there is none."""
        return usual and self._factor * usual

    def record_error(self, error: Exception) -> None:
        """Wait longer if an answer did not arrive in time."""
        if isinstance(error, TimeoutError):
            self._factor = min(2 * self._factor, MAX_FACTOR)

    def record_answer(self, usual: float | None, duration: float) -> None:
        """Wait no longer than usual once an answer takes no longer."""
        if usual is None or duration < usual:
            self._factor = 1
