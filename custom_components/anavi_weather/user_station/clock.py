"""Comparison of this machine's clock with the server's. Elasticsearch shows its time only as the age of an index."""

from datetime import UTC, datetime
import re

from homeassistant.util.json import JsonValueType

from .errors import ClockBehindError

TOLERANCE = 900.0  # seconds; ages of many days have two decimals
AGE = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


def compare_clock(now: float, created: JsonValueType, age: JsonValueType) -> None:
    """Compare a clock that shows `now`, in seconds since 1970, with a server's.

    Args:
        now: The time of this machine.
        created: When an index was created by the server's clock, in ms since 1970.
        age: The index's age, such as `18.25d`.

    Raises:
        ClockBehindError: if the clock is behind.
    """
    match = AGE.fullmatch(age) if isinstance(age, str) else None
    if match and isinstance(created, int):
        server = created / 1000 + float(match[1]) * UNITS[match[2]]
        if now < server - TOLERANCE:
            raise ClockBehindError(f"{_iso(now)} < {_iso(server)}")


def _iso(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d %H:%M UTC")
