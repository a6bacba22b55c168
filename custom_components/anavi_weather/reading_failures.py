"""The latest failed readings of each station, which outlive the coordinator that a failed setup discards."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .exceptions import ReadingError

MAX_FAILURES = 5  # for each station


@dataclass(frozen=True, slots=True)
class ReadingFailure:
    """A reading that failed as a whole."""

    time: datetime
    key: str
    """Translation key of the error."""
    details: tuple[str, ...]
    """The errors of the bus or the chips, as text."""


FAILURES: HassKey[dict[str, deque[ReadingFailure]]] = HassKey(f"{DOMAIN}_reading_failures")


@callback
def async_record_failure(hass: HomeAssistant, entry: ConfigEntry, error: ReadingError) -> None:
    """Record a failed reading, whose cause is an error or a group of errors."""
    cause = error.__cause__
    causes = cause.exceptions if isinstance(cause, ExceptionGroup) else (cause,)
    failures = hass.data.setdefault(FAILURES, {}).setdefault(entry.entry_id, deque(maxlen=MAX_FAILURES))
    failures.append(ReadingFailure(dt_util.utcnow(), error.translation_key or "", tuple(map(str, causes))))


@callback
def async_failures(hass: HomeAssistant, entry: ConfigEntry) -> Iterable[ReadingFailure]:
    """Return the latest failed readings of a station, the oldest first."""
    return hass.data.setdefault(FAILURES, {}).get(entry.entry_id, ())
