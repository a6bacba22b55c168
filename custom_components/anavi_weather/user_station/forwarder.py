"""Forwarder: reads, sends, advances the checkpoint, waits for commits, and backs off."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
import logging
import random
import time

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval

from .backlog import BacklogCounter
from .batch import Batch, BatchReader
from .breaker import PROBE_COUNT
from .checkpoint import Checkpoint, Loss
from .checkpoint_store import CheckpointStore
from .delays import delay_after
from .documents import Station
from .elasticsearch import Elasticsearch
from .entities import Entities
from .errors import DefectError, ElasticsearchError, TooLargeError
from .ledger import Ledger
from .ranges import Range
from .recorder_commits import Commits
from .recorder_log import (
    Position,
    RecorderBusyError,
    RecorderError,
    RecorderLog,
    RecorderUnavailableError,
    RecorderUnexpectedError,
    Waiting,
)
from .resender import Resender
from .retrier import Retrier
from .sender import Sender
from .settle import Settlement, settle
from .stream_watch import StreamWatch

LOGGER = logging.getLogger(__name__)

RECORDER_DELAY = 5.0  # seconds
STATUS_INTERVAL = timedelta(minutes=1)  # each change of the status is recorded, and sent too


class Forwarder:
    """Forwarder of a recorder's states to one user station."""

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
        begin_ts: float,
    ) -> None:
        """Initialize the forwarder.

        Args:
            hass: Home Assistant.
            name: The user station's name, for the log.
            station: This station, for the documents.
            entities: The entities to send.
            elasticsearch: The server.
            store: The storage of the checkpoint.
            checkpoint: Where to continue.
            send_history: Whether a new checkpoint begins with the oldest state.
            begin_ts: Where it begins otherwise: after the newest state from no later than this time.
        """
        self._hass = hass
        self._name = name
        self._send_history = send_history
        self._begin_ts = begin_ts
        self.entities = entities
        self._elasticsearch = elasticsearch
        self._ledger = Ledger(name, store, checkpoint)
        self._commits = Commits(hass)
        self._log = RecorderLog(hass)
        self._batches = BatchReader(self._log, entities, station)
        self._sender = Sender(elasticsearch)
        self._watch = StreamWatch(name, self._ledger, elasticsearch)
        self._retrier = Retrier(self._ledger, self._batches, self._sender)
        self._resender = Resender(self._ledger, self._batches, self._sender)
        self._has_recorded_known = False
        self._backlog = BacklogCounter(self._ledger, self._batches, self._log)
        self.checkpoint = checkpoint
        self.status = self._ledger.status
        self.send_again_from: datetime | None = None
        """A user's choice for the button that sends states again."""

    @property
    def station_id(self) -> str:
        """Return the id of the station that the documents name."""
        return self._batches.station_id

    @callback
    def async_subscribe(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call when the status changes, and return a function that unsubscribes.

        Counts change with each batch. They alone are reported only once a minute.
        """
        return self.status.async_subscribe(listener)

    async def async_acknowledge_losses(self, *losses: Loss) -> None:
        """Remember that a user knows of all states that were lost until now in these ways."""
        self.checkpoint.acknowledge_losses(*losses)
        if Loss.CHECKPOINT in losses:
            self.status.record_damage(None)
        await self._ledger.async_save()
        self.status.async_notify_listeners()

    async def async_send_rejected_again(self) -> bool:
        """Send states again that were refused or dropped; return whether there are any."""
        return await self._async_send_again(self.checkpoint.send_rejected_again())

    async def async_send_again(self, start_ts: float) -> bool:
        """Send states again that were updated since a time; return whether there are any.

        Raises:
            RecorderBusyError: if the recorder starts, or migrates its database.
            RecorderUnavailableError: if the database cannot be read.
            RecorderUnexpectedError: if its tables are not the expected ones.
        """
        last_id = self.checkpoint.position.state_id if self.checkpoint.position else 0
        first = await self._batches.async_first(Range(1, last_id, 0), self.checkpoint.since, start_ts)
        if first:
            self.checkpoint.send_again(Range(first.state_id, last_id, 0))
        return await self._async_send_again(first is not None)

    async def _async_send_again(self, has_any: bool) -> bool:
        if has_any:
            await self._ledger.async_save()
            self._resender.async_send_soon()
        return has_any

    async def async_restore_stream(self) -> None:
        """Send all states again that the recorder has, because the stream was deleted, see `async_send_again`."""
        await self.async_send_again(0.0)
        self.checkpoint.record_restored()
        await self._ledger.async_save()
        self.status.async_notify_listeners()

    async def async_skip_held(self) -> None:
        """Let states be refused that wait because the server rejects them."""
        self.checkpoint.breaker.skip()
        await self._ledger.async_save()
        self._retrier.async_retry_soon()
        self.status.async_notify_listeners()

    @callback
    def async_is_twin_of(self, other: Forwarder) -> bool:
        """Return whether another forwarder sends the same as the same station to the same stream, whatever its server is called."""
        return (
            self.station_id == other.station_id
            and self.checkpoint.shares_stream(other.checkpoint)
            and self.entities.async_overlaps(other.entities)
        )

    async def async_run(self) -> None:
        """Forward until canceled."""

        @callback
        def notify(_: datetime) -> None:
            self.status.async_notify_listeners()

        @callback
        def save_names() -> None:
            # Not with the next batch, because nothing may be sent for days
            self._hass.async_create_task(self._ledger.async_save(), f"{self._name}: save names")

        async def count_at_last(_: Event) -> None:
            # The database may be another one, or damaged, after the restart
            if self.status.connected is False:
                with suppress(RecorderError):
                    await self._backlog.async_count_now()

        stops = [
            self._hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, count_at_last),
            self._commits.async_start(),
            self.entities.async_start(save_names),
            async_track_time_interval(self._hass, notify, STATUS_INTERVAL),
        ]
        try:
            while True:
                try:
                    await self._async_run_once()
                # If the task ended, forwarding would stop silently
                except Exception as err:  # noqa: BLE001 # pylint: disable=broad-exception-caught
                    self._record_failure(DefectError(f"{type(err).__name__}: {err}"), err)
                    await self._async_back_off()
        finally:
            for stop in stops:
                stop()

    async def _async_run_once(self) -> None:
        """Forward until an error occurs, then wait before the next attempt."""
        # The server may not answer for long
        with suppress(RecorderError):
            await self._backlog.async_count_first(now=time.monotonic())
        try:
            await self._watch.async_check_first(now=time.monotonic())
            self._batches.use_station_id(await self._elasticsearch.async_station_id())
            await self._async_forward()
        except ElasticsearchError as err:
            self._record_failure(err)
            await self._watch.async_record_failure(err)
        except RecorderBusyError:
            await asyncio.sleep(RECORDER_DELAY)
            return
        except (RecorderUnavailableError, RecorderUnexpectedError) as err:
            if self.status.async_record_recorder_failure(err, time.monotonic()):
                LOGGER.error("%s: the recorder's database cannot be read: %s", self._name, err)
            await asyncio.sleep(RECORDER_DELAY)
            return
        with suppress(RecorderError):
            await self._backlog.async_count(now=time.monotonic(), saves=True)
        await self._async_back_off()

    def _record_failure(self, error: ElasticsearchError, defect: Exception | None = None) -> None:
        """Record that nothing can be stored now, and log it once."""
        if not self.status.async_record_failure(error, time.monotonic()):
            return
        if defect:
            LOGGER.error("%s: states wait in the recorder: %s", self._name, error, exc_info=defect)
        else:
            LOGGER.warning("%s: states wait in the recorder: %s: %s", self._name, type(error).__name__, error)

    async def _async_back_off(self) -> None:
        """Wait longer after each failure, with jitter so that stations do not come back at the same time."""
        await asyncio.sleep(delay_after(self.status.failures) * random.uniform(0.5, 1))

    async def _async_forward(self) -> None:
        """Send the history, then each commit. Never returns.

        Raises:
            ElasticsearchError: if states cannot be stored now.
            RecorderBusyError: if the recorder starts, or migrates its database.
            RecorderUnavailableError: if the database cannot be read.
            RecorderUnexpectedError: if its tables are not the expected ones.
        """
        checkpoint = self.checkpoint
        if not self._send_history and checkpoint.position is None and checkpoint.since is None:
            checkpoint.skip_history(await self._log.async_run(self._log.newest_until, self._begin_ts))
            await self._ledger.async_save()
        if not self._has_recorded_known or checkpoint.position is None:
            await self._async_record_known()
        batch = await self._async_read(checkpoint.position, checkpoint.waiting)
        while True:
            try:
                batch = await self._async_send_and_read(batch)
            except TooLargeError:
                batch = await self._async_read(checkpoint.position)

    async def _async_send_and_read(self, batch: Batch) -> Batch:
        """Send a batch, and return the next. If more states follow, it is read at the same time.

        Raises:
            ElasticsearchError: if states of the batch wait.
        """
        read_ahead: asyncio.Task[Batch] | None = None
        if not batch.reached_end:
            read_ahead = self._hass.async_create_background_task(
                self._async_read(batch.position), f"{self._name}: read"
            )
            read_ahead.add_done_callback(_retrieve_exception)
        try:
            await self._async_send(batch)
            if self.status.async_record_success(all_sent=batch.reached_end):
                LOGGER.info("%s: connected again", self._name)
            await self._watch.async_check(now=time.monotonic())
            if await self._retrier.async_retry():
                await self._backlog.async_examine_aside()
            if read_ahead:
                await self._backlog.async_count(now=time.monotonic(), saves=False)
                return await read_ahead
            if not await self._resender.async_send():
                await self._commits.async_wait()
            return await self._async_read(self.checkpoint.position)
        finally:
            if read_ahead:
                read_ahead.cancel()

    async def _async_read(self, position: Position | None, waiting: Waiting | None = None) -> Batch:
        """Return the batch after a position."""
        count = self._sender.count
        if self.checkpoint.breaker.held and not self.status.connected:
            count = min(count, PROBE_COUNT)  # enough to see whether the server accepts states again
        batch = await self._batches.async_read(position, self.checkpoint.since, count, waiting)
        if self.status.async_record_recorder_read():
            LOGGER.info("%s: the recorder's database can be read again", self._name)
        return batch

    async def _async_send(self, batch: Batch) -> None:
        """Send a batch, and move the checkpoint past its settled states.

        Raises:
            ElasticsearchError: if states of the batch wait.
        """
        answers = await self._sender.async_send(batch)
        breaker = self.checkpoint.breaker
        settlement = settle(batch, answers, breaker)
        is_alone = settlement.error in answers
        if settlement.may_set_aside and await self._async_accepts_newest(batch, settlement, is_alone=is_alone):
            settlement = settle(batch, answers, breaker, accepts_others=True)
        if batch.started_over:
            await self._backlog.async_start_over()
            await self._async_record_known()
        if settlement.position is not None:
            self._ledger.record_settlement(settlement, settlement.position)
            if batch.reached_end and settlement.error is None:
                self.checkpoint.record_waiting(None)
            if batch.purged:
                self._ledger.record_purged(batch.purged)
            if batch.maybe_purged:
                self._ledger.record_maybe_purged(batch.maybe_purged)
        has_changed = self._ledger.record_rejections(settlement)
        if settlement.position is not None:
            has_lost = batch.purged or batch.maybe_purged
            if batch.sent or has_lost or batch.started_over:
                await self._ledger.async_save()
            if settlement.aside:
                self._ledger.record_aside(settlement.aside_error)
            if has_lost or settlement.refused or settlement.dropped_count:
                self.status.async_notify_listeners()
        elif has_changed:
            await self._ledger.async_save()
        if settlement.error:
            raise settlement.error

    async def _async_record_known(self) -> None:
        """Expect that states of before now may be stored already: by an earlier run, or from an earlier database."""
        newest = await self._log.async_run(self._log.newest)
        self._sender.record_known(newest.state_id)
        self._has_recorded_known = True

    async def _async_accepts_newest(self, batch: Batch, settlement: Settlement, *, is_alone: bool) -> bool:
        """Return whether the server accepts the newest states, although it accepts none of a batch.

        Args:
            batch: The states that are not accepted.
            settlement: Their settlement.
            is_alone: Whether a request with a state alone is rejected, also if it is the newest.
        """
        if batch.reached_end and not is_alone:
            return False
        # Rejections may be the fault of a few entities, so try the newest state of another one too
        is_of_entities = bool(settlement.held) or is_alone
        others_than = frozenset(sent.entity_id for sent in batch.sent) if is_of_entities else frozenset[str]()
        newest = await self._batches.async_read_newest(self.checkpoint.since, others_than)
        settlement = settle(newest, await self._sender.async_send(newest, is_again=is_alone))
        return settlement.settled_count > len(settlement.refused)


def _retrieve_exception(task: asyncio.Task[Batch]) -> None:
    """Retrieve the exception of a read whose result is no longer needed. The next read raises it again."""
    if not task.cancelled():
        task.exception()
