"""Listeners of a status."""

from dataclasses import dataclass, field

from homeassistant.core import CALLBACK_TYPE, callback


@dataclass(slots=True, kw_only=True)
class Listeners:
    """Base class of a status, whose listeners are called when it changes."""

    _listeners: list[CALLBACK_TYPE] = field(default_factory=list, repr=False)

    @callback
    def async_subscribe(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call when the status changes; return a function that unsubscribes."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def async_notify_listeners(self) -> None:
        """Call all listeners."""
        for listener in tuple(self._listeners):
            listener()
