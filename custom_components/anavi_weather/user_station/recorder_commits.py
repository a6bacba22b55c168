"""Commits of the recorder, after which new states can be read."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
import time

from sqlalchemy import event
from sqlalchemy.orm import Session

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.recorder import get_instance

MIN_INTERVAL = 1.0  # seconds between two reads, on average; with `commit_interval: 0`, each state has a commit
SAVED = 2  # reads that need not wait after a pause


class Notifier:
    """Notifier of the commits of all sessions, in the thread that commits.

    SQLAlchemy's own list of listeners must not change while the recorder's thread iterates over it. That would break its
    session, and nothing more would be recorded. So one listener is added on import, and never removed.
    """

    subscribers: tuple[Callable[[], object], ...] = ()

    @classmethod
    def subscribe(cls, subscriber: Callable[[], object]) -> Callable[[], None]:
        """Call after each commit, and return a function that unsubscribes. Must run in the event loop."""
        cls.subscribers = (*cls.subscribers, subscriber)

        def stop() -> None:
            cls.subscribers = tuple(one for one in cls.subscribers if one is not subscriber)

        return stop

    @classmethod
    def notify(cls, _: Session) -> None:
        """Notify subscribers of a commit. Never raises: an exception would abort the recorder's commit."""
        for subscriber in cls.subscribers:
            with suppress(RuntimeError):  # the event loop is closed
                subscriber()


event.listen(Session, "after_commit", Notifier.notify)


class Commits:
    """Commits that one forwarder waits for."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Initialize the wait."""
        self._hass = hass
        self._committed = asyncio.Event()
        self._due = 0.0

    @callback
    def async_start(self) -> Callable[[], None]:
        """Listen for commits; return a function that stops it."""
        return Notifier.subscribe(lambda: self._hass.loop.call_soon_threadsafe(self._committed.set))

    async def async_wait(self) -> None:
        """Wait for the next commit, at most for the recorder's commit interval. Collect the commits of a second."""
        try:
            async with asyncio.timeout(max(get_instance(self._hass).commit_interval, 1)):
                await self._committed.wait()
        except TimeoutError:
            pass
        await asyncio.sleep(self._due - time.monotonic())
        self._committed.clear()
        self._due = max(self._due, time.monotonic() - SAVED * MIN_INTERVAL) + MIN_INTERVAL
