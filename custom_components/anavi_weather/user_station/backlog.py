"""Counter of the states that wait, and of those that vanish while they do."""

import time

from .batch import BatchReader
from .ledger import Ledger
from .ranges import pending_count
from .recorder_log import Position, RecorderError, RecorderLog, Waiting
from .status import WaitingStates

INTERVAL = 30.0  # seconds; counting rows is expensive
OUTDATED = 3600.0  # seconds in which states were recorded after a count that was the last one before a restart


class BacklogCounter:
    """Counter of one forwarder."""

    def __init__(self, ledger: Ledger, batches: BatchReader, log: RecorderLog) -> None:
        """Initialize the counter with the parts of its forwarder."""
        self._ledger = ledger
        self._batches = batches
        self._log = log
        self._first_counted_at: float | None = None
        self._counted_at: float | None = None
        self._saved = ledger.checkpoint.waiting

    async def async_count(self, *, now: float, saves: bool) -> None:
        """Count the states that wait, but not too often.

        The checkpoint keeps the count, so that states are missed that vanish with the recorder's database.

        Args:
            now: Seconds of a monotonic clock.
            saves: Whether to store the count, because no batch follows that does.

        Raises:
            RecorderBusyError: if the recorder starts, or migrates its database.
            RecorderUnavailableError: if the database cannot be read.
            RecorderUnexpectedError: if its tables are not the expected ones.
        """
        counted_at = self._counted_at
        if counted_at is None and not saves:
            # While states are sent, the first count need not be repeated at once
            counted_at = self._first_counted_at
        if counted_at is not None and now - counted_at < INTERVAL:
            return
        await self._async_count()
        self._counted_at = now
        if saves and self._ledger.checkpoint.waiting != self._saved:
            await self._async_save()

    async def async_count_first(self, *, now: float) -> None:
        """Count the states that wait if they were not counted since the start, see `async_count`."""
        if self._first_counted_at is not None:
            return
        # Not again after a defect, which must not keep states from being sent
        self._first_counted_at = now
        try:
            await self._async_forget_outdated()
            await self._async_count()
        except RecorderError:
            self._first_counted_at = None
            raise

    async def async_count_now(self) -> None:
        """Count the states that wait, with all that the recorder has not committed yet, see `async_count`."""
        await self._log.async_sync()
        self._counted_at = None
        await self.async_count(now=time.monotonic(), saves=True)

    async def async_start_over(self) -> None:
        """Send all states of a database that was replaced. Those that were set aside are lost if it is a new one."""
        checkpoint = self._ledger.checkpoint
        aside_count = pending_count(checkpoint.aside)
        if aside_count and checkpoint.position and checkpoint.position.last_updated_ts is not None:
            before = await self._log.async_run(self._log.newest_until, checkpoint.position.last_updated_ts)
            if before.state_id == 0:
                self._ledger.record_purged(aside_count)
        self._ledger.start_over()

    async def async_examine_aside(self) -> None:
        """Find out how long the states that are set aside can wait, see `async_count`."""
        if aside := self._ledger.checkpoint.aside:
            first = await self._log.async_run(self._log.first, aside[0])
            waiting = self._waiting(pending_count(aside), first)
            self._ledger.status.async_record_aside_waiting(waiting)

    async def _async_forget_outdated(self) -> None:
        """Forget a count if states were recorded long after it, because it comes from a backup.

        The states that waited then may have been sent before the recorder purged them. If the database was replaced, nothing
        else shows that they are lost.
        """
        waiting = self._ledger.checkpoint.waiting
        start = self._log.recording_start()
        counted_ts = waiting.newest.last_updated_ts if waiting else None
        if waiting is None or counted_ts is None or counted_ts >= start:
            return
        newest = await self._log.async_run(self._log.newest_until, start)
        is_same = newest.recorder == waiting.newest.recorder
        if is_same and newest.last_updated_ts is not None and newest.last_updated_ts - counted_ts > OUTDATED:
            self._ledger.checkpoint.record_waiting(None)

    async def _async_count(self) -> None:
        checkpoint = self._ledger.checkpoint
        backlog, vanished = await self._batches.async_count(checkpoint.position, checkpoint.since, checkpoint.waiting)
        maybe_purged = 0 if checkpoint.waiting else backlog.purged
        if backlog.started_over:
            await self.async_start_over()
        if vanished:
            self._ledger.record_purged(vanished)
        if maybe_purged:
            self._ledger.record_maybe_purged(maybe_purged)
        checkpoint.record_waiting(Waiting(backlog.count, backlog.newest, backlog.first))
        if vanished or maybe_purged or backlog.started_over:
            await self._async_save()
        self._ledger.status.async_record_waiting(self._waiting(backlog.count, backlog.first))
        await self.async_examine_aside()

    async def _async_save(self) -> None:
        self._saved = self._ledger.checkpoint.waiting
        await self._ledger.async_save()

    def _waiting(self, count: int, first: Position | None) -> WaitingStates:
        horizon = self._log.horizon()
        age = time.time() - first.last_updated_ts if first and first.last_updated_ts is not None else 0.0
        return WaitingStates(count, horizon, horizon - age)
