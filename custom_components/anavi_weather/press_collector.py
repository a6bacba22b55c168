"""Collector of key presses to learn a command from."""

import asyncio
from collections.abc import Callable

from .phat.framer import RECEIVER_SILENCE_US

PRESS_ENDS = 0.3  # seconds without a message, after which the key was released


class PressCollector:
    """Collector of a number of presses of one key, each made of one or more messages."""

    def __init__(self, wanted: int, on_press: Callable[[], None]) -> None:
        """Initialize the collector. `on_press` is called at the start of each press."""
        self.presses: list[list[int]] = []
        """Each press in signed µs, including the pauses between its messages."""
        self.is_aborted = False
        self._wanted = wanted
        self._on_press = on_press
        self._loop = asyncio.get_running_loop()
        self._complete = asyncio.Event()
        self._last_message_at = 0.0
        self._press_end: asyncio.TimerHandle | None = None  # set while a press may continue

    @property
    def missing(self) -> int:
        """The number of presses that have not started yet."""
        return self._wanted - len(self.presses)

    def add_message(self, timings: list[int]) -> None:
        """Add a message, in signed µs, that continues the current press or starts the next."""
        if self._complete.is_set():
            return
        now = self._loop.time()
        if self._press_end is None:
            self.presses.append(list(timings))
            self._on_press()
        else:
            self._press_end.cancel()
            pause = max(RECEIVER_SILENCE_US, round((now - self._last_message_at) * 1_000_000) - sum(map(abs, timings)))
            self.presses[-1] += [-pause, *timings]
        self._last_message_at = now
        self._press_end = self._loop.call_later(PRESS_ENDS, self._end_press)

    async def wait_until_complete(self) -> None:
        """Wait until the last press has ended, or there will be no more."""
        await self._complete.wait()

    def abort(self) -> None:
        """End the wait, because no more messages can come."""
        self.is_aborted = not self._complete.is_set()
        self._complete.set()

    def stop(self) -> None:
        """Stop waiting for the end of a press."""
        if self._press_end:
            self._press_end.cancel()

    def _end_press(self) -> None:
        self._press_end = None
        if not self.missing:
            self._complete.set()
