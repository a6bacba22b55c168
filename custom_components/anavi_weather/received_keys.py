"""Keys of remote controls as a station receives them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from .code_index import Match
from .code_store import CodeStore
from .ir_codes.fingerprint import fingerprint
from .key_tracker import KeyTracker, PressedKey
from .transceiver import Transceiver


@dataclass(frozen=True, slots=True)
class ReceivedKey:
    """A key that was pressed or is held."""

    key: PressedKey
    matches: Sequence[Match]
    """The stored command that it matches in each device."""
    fingerprint: str
    received_at: datetime
    is_for_learning: bool
    """Whether it was pressed to be learned, which is no reason for an automation to run."""

    @property
    def match(self) -> Match | None:
        """The first stored command that it matches."""
        return self.matches[0] if self.matches else None


class KeyReceiver:
    """Receiver of keys. Decodes and matches each message once, for all who want to know."""

    def __init__(self, hass: HomeAssistant, transceiver: Transceiver, codes: CodeStore) -> None:
        """Initialize the receiver before the first key."""
        self.transceiver = transceiver
        self.last: ReceivedKey | None = None
        self._hass = hass
        self._codes = codes
        self._tracker = KeyTracker()
        self._listeners: set[Callable[[ReceivedKey], None]] = set()

    @callback
    def async_start(self) -> CALLBACK_TYPE:
        """Listen to the transceiver. Return a function to stop."""
        return self.transceiver.async_subscribe_messages(self._on_message)

    @callback
    def async_subscribe(self, listener: Callable[[ReceivedKey], None]) -> CALLBACK_TYPE:
        """Call a listener with each key that is pressed, and repeatedly while it is held. Return a function to stop."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    @callback
    def _on_message(self, timings: list[int]) -> None:
        key = self._tracker.add_message(timings, self._hass.loop.time())
        if key is None:
            return
        if key.repeats and self.last:
            self.last = replace(self.last, key=key)
        else:
            self.last = ReceivedKey(
                key,
                self._codes.matches(key.decoded, key.timings),
                fingerprint(key.decoded, key.timings),
                dt_util.utcnow(),
                self.transceiver.learn_lock.locked(),
            )
        for listener in tuple(self._listeners):
            listener(self.last)
