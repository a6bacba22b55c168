"""Retrier: sends the states again that were set aside."""

import time

from homeassistant.core import callback

from .batch import BatchReader
from .breaker import PROBE_COUNT
from .delays import FIRST_RETRY_DELAY, MAX_RETRY_DELAY
from .ledger import Ledger
from .ranges import Range
from .sender import Sender
from .settle import settle


class Retrier:
    """Retrier of one forwarder."""

    def __init__(self, ledger: Ledger, batches: BatchReader, sender: Sender) -> None:
        """Initialize the retrier with the parts of its forwarder.

        Args:
            ledger: The checkpoint, which has the ranges of these states.
            batches: The reader of the states.
            sender: The sender of the batches.
        """
        self._ledger = ledger
        self._batches = batches
        self._sender = sender
        self._retry_at = 0.0
        self._delay = FIRST_RETRY_DELAY

    async def async_retry(self) -> bool:
        """Send the states again that were set aside, if it is time, and return whether it was.

        Raises:
            ElasticsearchError: if the server stores nothing now.
        """
        checkpoint = self._ledger.checkpoint
        now = time.monotonic()
        if not checkpoint.aside or now < self._retry_at:
            return False
        self._delay = min(2 * self._delay, MAX_RETRY_DELAY)
        self._retry_at = now + self._delay
        for part in checkpoint.aside:
            # If the breaker is open, a few states show whether the server accepts the others
            count = PROBE_COUNT if checkpoint.breaker.held else self._sender.count
            rest: Range | None = part
            # A range that was joined with another is sent with it the next time
            while rest and rest in checkpoint.aside:
                rest = await self._async_retry(rest, min(count, self._sender.count))
                count = self._sender.count
        return True

    @callback
    def async_retry_soon(self) -> None:
        """Let the next call of `async_retry` send the states, whenever they were sent last."""
        self._retry_at = 0.0

    async def _async_retry(self, part: Range, count: int) -> Range | None:
        """Send the first states of a range again, and return the others if that made progress."""
        checkpoint = self._ledger.checkpoint
        before = checkpoint.aside
        batch = await self._batches.async_read_range(part, checkpoint.since, count)
        answers = await self._sender.async_send(batch, is_again=True)
        settlement = settle(batch, answers, checkpoint.breaker, accepts_others=True)
        rest: Range | None = None
        if settlement.position is not None:
            refused, purged, rest = checkpoint.record_retried(part, settlement)
            self._ledger.record_refused(settlement.refused[:refused])
            checkpoint.record_rejected(settlement.rejected_ranges)
            if purged:
                self._ledger.record_purged(purged)
        has_changed = self._ledger.record_rejections(settlement) or checkpoint.aside != before
        if has_changed:
            await self._ledger.async_save()
        self._ledger.record_aside(settlement.aside_error)
        if settlement.error:
            raise settlement.error
        if batch.sent and not settlement.settled_count:
            return None
        self._delay = FIRST_RETRY_DELAY
        self._retry_at = time.monotonic() + self._delay
        return rest
