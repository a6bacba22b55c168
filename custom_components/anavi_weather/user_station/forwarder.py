"""Waits, reads, sends, advances, and backs off."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
import logging
import random
import time

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval

from .batch import Batch, BatchReader
from .checkpoint import Checkpoint, CheckpointStore
from .documents import Station
from .elasticsearch import Elasticsearch
from .entities import Entities
from .errors import BusyError, CannotConnectError, DefectError, ElasticsearchError, TooLargeError
from .recorder_log import (
    Backlog,
    Position,
    RecorderBusyError,
    RecorderLog,
    RecorderUnavailableError,
    RecorderUnexpectedError,
)
from .settle import Answer, RefusedState, Settlement, settle

LOGGER = logging.getLogger(__name__)

MAXIMUM_COUNT = 2000  # documents in a request
FIRST_COUNT = 500
QUICK = 2.0  # seconds that a request may take for the next to be larger
SLOW = 8.0  # … from which on the next is smaller

BUSY_PATIENCE = 60.0  # seconds for which a server may take nothing of what it gets, ever smaller, before it is told
FIRST_DELAY = 1.0
MAXIMUM_DELAY = 60.0
RECORDER_DELAY = 5.0
RECORDER_PATIENCE = 60.0  # seconds for which a database may be away before somebody is told
BACKLOG_INTERVAL = 30.0  # seconds: counting rows is work for the database
STATUS_INTERVAL = timedelta(minutes=1)  # the status is recorded and sent itself
SAMPLES = 5  # refused states that are logged and told


@dataclass(frozen=True, slots=True)
class Waits:
    """States that were recorded, and are not stored yet."""

    count: int
    horizon: float
    """The age at which the recorder purges a state, in seconds; infinite if it does not."""
    purge_in: float
    """Seconds until the oldest state has that age."""


@dataclass(slots=True)
class Status:
    """What a user may know of the forwarding."""

    connected: bool | None = None
    """None: not tried yet."""
    problem: ElasticsearchError | None = None
    failures: int = 0
    """In a row."""
    recorder_problem: str | None = None
    waits: Waits | None = None
    """None: all is sent."""
    refused: list[RefusedState] = field(default_factory=list)
    """The newest states that were refused since the start."""


class Forwarder:
    """Sends a recorder's states to one user station."""

    def __init__(
        self,
        hass: HomeAssistant,
        *,
        name: str,
        station: Station,
        entities: Entities,
        elasticsearch: Elasticsearch,
        store: CheckpointStore,
        checkpoint: Checkpoint,
        send_history: bool,
    ) -> None:
        """Go on from a checkpoint; a new one begins with the recorder's oldest state, or with the next."""
        self._hass = hass
        self._name = name
        self._send_history = send_history
        self._entities = entities
        self._elasticsearch = elasticsearch
        self._store = store
        self._log = RecorderLog(hass)
        self._batches = BatchReader(self._log, entities, station)
        self._count = FIRST_COUNT
        self._limit = MAXIMUM_COUNT
        self._backlog_counted = -BACKLOG_INTERVAL
        self._waiting: Backlog | None = None
        self._recorder_away_since: float | None = None
        self._busy_since: float | None = None
        self._listeners: list[CALLBACK_TYPE] = []
        self.checkpoint = checkpoint
        self.status = Status()

    @callback
    def async_subscribe(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call when the status has changed, at most every minute but for what matters; return how to stop."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def async_take_note(self) -> None:
        """Remember that somebody knows of what was refused or purged until now."""
        self.checkpoint.acknowledge_losses()
        await self._store.async_save(self.checkpoint)
        self._tell()

    @property
    def backlog(self) -> int | None:
        """Return how many states wait, None until that is known."""
        if self.status.waits:
            return self.status.waits.count
        return 0 if self.status.connected else None

    async def async_run(self) -> None:
        """Forward until cancelled."""
        stops = [
            self._log.async_start(),
            self._entities.async_start(),
            async_track_time_interval(self._hass, self._tell, STATUS_INTERVAL),
        ]
        try:
            while True:
                try:
                    await self._async_run_once()
                # A task that ends would stop forwarding in silence
                except Exception as err:  # noqa: BLE001 # pylint: disable=broad-exception-caught
                    self._fail(DefectError(f"{type(err).__name__}: {err}"), err)
                    await self._async_back_off()
        finally:
            for stop in stops:
                stop()

    async def _async_run_once(self) -> None:
        """Forward until something is wrong; then wait for as long as makes sense."""
        try:
            await self._elasticsearch.async_check()
            await self._async_forward()
        except ElasticsearchError as err:
            self._fail(err)
        except RecorderBusyError:
            await asyncio.sleep(RECORDER_DELAY)
            return
        except (RecorderUnavailableError, RecorderUnexpectedError) as err:
            self._fail_to_read(err)
            await asyncio.sleep(RECORDER_DELAY)
            return
        with suppress(RecorderBusyError, RecorderUnavailableError, RecorderUnexpectedError):
            await self._async_count_backlog()
        await self._async_back_off()

    async def _async_back_off(self) -> None:
        """Wait longer after each failure, and not as long as others do."""
        delay = min(FIRST_DELAY * 2 ** min(self.status.failures - 1, 10), MAXIMUM_DELAY)
        await asyncio.sleep(delay * random.uniform(0.5, 1))

    async def _async_forward(self) -> None:
        """Send what is there, then what is committed; never return."""
        checkpoint = self.checkpoint
        if not self._send_history and checkpoint.position is None and checkpoint.since is None:
            checkpoint.skip_history(await self._log.async_run(self._log.newest))
            await self._store.async_save(checkpoint)
        batch = await self._async_prepare(self.checkpoint.position, self._waiting)
        while True:
            following: asyncio.Task[Batch] | None = None
            if not batch.end:
                following = self._hass.async_create_background_task(
                    self._async_prepare(batch.position), f"{self._name}: read"
                )
                following.add_done_callback(_retrieve)
            try:
                await self._async_send(batch)
                self._succeed(batch.end)
                if following:
                    await self._async_count_backlog()
                else:
                    await self._log.async_wait()
                batch = await (following or self._async_prepare(self.checkpoint.position))
            except TooLargeError:
                batch = await self._async_prepare(self.checkpoint.position)
            finally:
                if following:
                    following.cancel()

    async def _async_prepare(self, position: Position | None, waiting: Backlog | None = None) -> Batch:
        batch = await self._batches.async_read(
            position, self._async_select(), self.checkpoint.since, self._count, waiting
        )
        self._recorder_away_since = None
        if self.status.recorder_problem is not None:
            LOGGER.info("%s: the recorder's database can be read again", self._name)
            self.status.recorder_problem = None
            self._tell()
        return batch

    @callback
    def _async_select(self) -> frozenset[str] | None:
        """Return the entities that are sent, None for all; the checkpoint remembers them."""
        selected = self._entities.async_select(self.checkpoint.entity_ids)
        self.checkpoint.record_entity_ids(selected.new_ids)
        return selected.entity_ids

    async def _async_send(self, batch: Batch) -> None:
        """Send a batch, and move the checkpoint past it, or as far as it was stored.

        Raises ElasticsearchError if it was not stored as a whole.
        """
        settlement = settle(batch, await self._async_bulk(batch) if batch.count else (), time.time())
        if batch.begun_again:
            LOGGER.warning("%s: the recorder's database has begun again; all of its states are sent", self._name)
            self.checkpoint.begin_again()
        if settlement.position is not None:
            self._record(settlement, settlement.position)
            if batch.purged:
                self._record_purged(batch.purged)
            if batch.sent or batch.purged or batch.begun_again:
                await self._store.async_save(self.checkpoint)
            if batch.purged or settlement.refused:
                self._tell()
        if settlement.error:
            raise settlement.error

    def _record(self, settlement: Settlement, position: Position) -> None:
        """Count the settled states of a batch, and move the checkpoint past them."""
        if stored_count := settlement.stored_count + settlement.stored_before_count:
            self.checkpoint.record_stored(stored_count, settlement.last_stored_ts)
        for refused in settlement.refused:
            self._refuse(refused)
        self.checkpoint.advance(position)
        if settlement.error:
            self._forget_failures()

    def _record_purged(self, count: int) -> None:
        LOGGER.error("%s: the recorder purged about %s states before they were sent", self._name, count)
        self.checkpoint.record_purged(count)
        self._waiting = None

    async def _async_bulk(self, batch: Batch) -> Sequence[Answer]:
        """Send a batch, and find out how large the next may be."""
        started = time.monotonic()
        try:
            items = await self._elasticsearch.async_bulk(batch.body, batch.count, compressed=True)
        except TooLargeError as err:
            if batch.count == 1:
                return [err]
            self._shrink(batch)
            self._limit = self._count
            raise
        except ElasticsearchError:
            self._shrink(batch)
            raise
        duration = time.monotonic() - started
        if duration >= SLOW or any(item.status == HTTPStatus.TOO_MANY_REQUESTS for item in items):
            self._shrink(batch)
        elif duration <= QUICK and batch.count >= self._count // 2:
            self._limit = min(self._limit + self._limit // 8 + 1, MAXIMUM_COUNT)
            self._count = min(self._count * 2, self._limit)
        return items

    def _shrink(self, batch: Batch) -> None:
        self._count = max(batch.count // 2, 1)

    def _refuse(self, state: RefusedState) -> None:
        """Set a state aside."""
        self.checkpoint.record_refused(state.entity_id, state.reason)
        refused = self.status.refused
        if len(refused) < SAMPLES:
            LOGGER.error(
                "%s: %s of %s can never be stored: %s",
                self._name,
                state.entity_id,
                state.last_updated_ts,
                state.reason,
            )
        else:
            del refused[0]
        refused.append(state)

    async def _async_count_backlog(self) -> None:
        """Count what waits, but not too often."""
        now = time.monotonic()
        if now - self._backlog_counted < BACKLOG_INTERVAL:
            return
        self._backlog_counted = now
        checkpoint = self.checkpoint
        backlog = await self._log.async_run(
            self._log.backlog,
            checkpoint.position,
            self._async_select(),
            checkpoint.since,
        )
        if self._waiting is None or await self._log.async_run(self._log.holds, self._waiting.newest):
            self._waiting = backlog  # else what waited has vanished, and is yet to be counted
        horizon = self._log.horizon()
        age = 0.0 if backlog.oldest_ts is None else time.time() - backlog.oldest_ts
        self.status.waits = Waits(backlog.count, horizon, horizon - age)
        self._tell()

    @callback
    def _succeed(self, end: bool) -> None:
        """Note that a batch was stored, and that there is no more."""
        status = self.status
        changed = status.connected is not True or status.failures > 0
        if status.connected is False:
            LOGGER.info("%s: connected again", self._name)
        status.connected = True
        status.problem = None
        self._forget_failures()
        if end:
            changed |= status.waits is not None
            status.waits = self._waiting = None
        if changed:
            self._tell()

    def _forget_failures(self) -> None:
        """Note that something was stored."""
        self.status.failures = 0
        self._busy_since = None

    @callback
    def _fail(self, error: ElasticsearchError, defect: Exception | None = None) -> None:
        """Note that nothing can be stored now; a server that is busy is told only if it stays so."""
        status = self.status
        if isinstance(status.problem, CannotConnectError) and not isinstance(error, CannotConnectError):
            status.failures = 0  # one that answers again is not waited for as long as one that is away
        status.failures += 1
        known, status.problem = status.problem, error
        now = time.monotonic()
        if self._busy_since is None:
            self._busy_since = now
        if defect and not isinstance(known, DefectError):
            LOGGER.error("%s: states wait in the recorder: %s", self._name, error, exc_info=defect)
        elif isinstance(error, BusyError) and now - self._busy_since < BUSY_PATIENCE:
            return
        elif status.connected is not False:
            LOGGER.warning("%s: states wait in the recorder: %s: %s", self._name, type(error).__name__, error)
        status.connected = False
        self._tell()

    @callback
    def _fail_to_read(self, error: RecorderUnavailableError | RecorderUnexpectedError) -> None:
        """Note that nothing can be read now; a database may be away for a moment."""
        now = time.monotonic()
        if self._recorder_away_since is None:
            self._recorder_away_since = now
        if isinstance(error, RecorderUnavailableError) and now - self._recorder_away_since < RECORDER_PATIENCE:
            return
        if self.status.recorder_problem is None:
            LOGGER.error("%s: the recorder's database cannot be read: %s", self._name, error)
        self.status.recorder_problem = str(error)
        self._tell()

    @callback
    def _tell(self, _: datetime | None = None) -> None:
        for listener in tuple(self._listeners):
            listener()


def _retrieve(task: asyncio.Task[Batch]) -> None:
    """Take note of what a read raised that nobody waits for any more; it is raised again by the next."""
    if not task.cancelled():
        task.exception()
