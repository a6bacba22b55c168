"""Resender: sends settled states again, because they were rejected or a user wants it."""

import time

from homeassistant.core import callback

from .batch import BatchReader
from .delays import FIRST_RETRY_DELAY, MAX_RETRY_DELAY
from .ledger import Ledger
from .ranges import Range
from .recorder_log import WINDOW
from .sender import Sender
from .settle import settle


class Resender:
    """Resender of one forwarder."""

    def __init__(self, ledger: Ledger, batches: BatchReader, sender: Sender) -> None:
        """Initialize the resender with the parts of its forwarder.

        Args:
            ledger: The checkpoint, which has the ranges of these states.
            batches: The reader of the states.
            sender: The sender of the batches.
        """
        self._ledger = ledger
        self._batches = batches
        self._sender = sender
        self._next_id = 0
        self._next_at = 0.0
        self._delay = FIRST_RETRY_DELAY

    @callback
    def async_send_soon(self) -> None:
        """Begin again with the first states, whenever they were sent last."""
        self._next_id = 0
        self._next_at = 0.0
        self._delay = FIRST_RETRY_DELAY

    async def async_send(self) -> bool:
        """Send the next states again; return whether others follow now.

        States that cannot be stored now are sent later, after the others.

        Raises:
            ElasticsearchError: if the server stores nothing now.
        """
        checkpoint = self._ledger.checkpoint
        if not checkpoint.again or time.monotonic() < self._next_at:
            return False
        part = next((part for part in checkpoint.again if part.first >= self._next_id), None)
        if part is None:
            self._next_id = 0
            self._next_at = time.monotonic() + self._delay
            self._delay = min(2 * self._delay, MAX_RETRY_DELAY)
            return False
        await self._async_send(part)
        return bool(checkpoint.again)

    async def _async_send(self, part: Range) -> None:
        """Send the first states of a range."""
        checkpoint = self._ledger.checkpoint
        window = part._replace(last=min(part.last, part.first + WINDOW - 1))
        batch = await self._batches.async_read_range(window, checkpoint.since, self._sender.count)
        # The breaker has no part in it: all these states remain remembered
        settlement = settle(batch, await self._sender.async_send(batch, is_again=True), accepts_others=True)
        if settlement.position is not None:
            refused, purged = checkpoint.record_sent_again(part, settlement)
            self._ledger.record_refused(settlement.refused[:refused])
            if purged:
                self._ledger.record_purged(purged)
            await self._ledger.async_save()
            self._next_id = settlement.position.state_id + 1
            if refused or purged or not checkpoint.again:
                self._ledger.status.async_notify_listeners()
        if settlement.error:
            raise settlement.error
