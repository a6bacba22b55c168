"""Notifier of the recorder's commits."""

from collections.abc import Callable
from contextlib import suppress

from sqlalchemy import event
from sqlalchemy.orm import Session


class Commits:
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


event.listen(Session, "after_commit", Commits.notify)
