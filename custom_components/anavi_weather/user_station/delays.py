"""Delays after failures, which become longer."""

FIRST_DELAY = 1.0  # seconds
MAX_DELAY = 60.0  # seconds

FIRST_RETRY_DELAY = 30.0  # seconds until states that could not be stored are tried again, while others are
MAX_RETRY_DELAY = 600.0  # seconds


def delay_after(failures: int) -> float:
    """Return the seconds to wait after failures in a row, without jitter."""
    return min(FIRST_DELAY * 2.0 ** min(max(failures - 1, 0), 10), MAX_DELAY)
