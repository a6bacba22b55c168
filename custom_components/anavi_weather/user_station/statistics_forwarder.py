"""Forwarder of statistics: sends new hours, finds and sends corrected ones, and backs off."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from http import HTTPStatus
import logging
import random
import time

from homeassistant.core import HomeAssistant, callback

from .batch_size import MIN_COUNT, BatchSize
from .breaker import HANDFUL
from .delays import delay_after
from .documents import Station
from .entities import Entities
from .errors import BusyError, DefectError, ElasticsearchError, LimitTooLowError, RejectedError, TooLargeError
from .recorder_log import RecorderBusyError, RecorderUnavailableError, RecorderUnexpectedError
from .recorder_statistics import (
    HOUR,
    CorrectionNotifier,
    Fingerprint,
    Overview,
    StatisticsReader,
    StatisticsRow,
    fingerprint,
)
from .sender import SIZE_ERRORS
from .statistics_checkpoint import Statistic, StatisticsCheckpoint, StatisticsStore
from .statistics_documents import StatisticsEncoder, compress
from .statistics_index import StatisticsIndex
from .statistics_selection import async_select, find_deleted
from .statistics_status import StatisticsStatus

LOGGER = logging.getLogger(__name__)

START_DELAY = 2.0  # seconds in which the forwarder of states connects
POLL_INTERVAL = 60.0  # seconds
CHECK_INTERVAL = 600.0  # seconds until the index is checked again
CORRECTION_INTERVAL = 600.0  # seconds between two comparisons of all statistics, which read the whole table
COMPARE_INTERVAL = 86_400.0  # seconds; finds what other programs changed
REJECTED_INTERVAL = 3600.0  # seconds until statistics that the server rejected are sent again
DROPPED = "an ingest pipeline dropped it"
SAVE_INTERVAL = 10.0  # seconds between two writes of the checkpoint while much is sent


class StatisticsForwarder:
    """Forwarder of a recorder's statistics to one user station."""

    def __init__(
        self,
        hass: HomeAssistant,
        *,
        name: str,
        station: Station,
        entities: Entities,
        index: StatisticsIndex,
        store: StatisticsStore,
        checkpoint: StatisticsCheckpoint,
        task: str,
    ) -> None:
        """Initialize the forwarder.

        Args:
            hass: Home Assistant.
            name: The user station's name, for the log.
            station: This station, for the documents.
            entities: The entities whose statistics are sent. The forwarder of states keeps them up to date.
            index: The index on the server.
            store: The storage of the checkpoint.
            checkpoint: Where to continue.
            task: Which statistics are sent where. Another task sends all of them again.
        """
        self._hass = hass
        self._name = name
        self._station = station
        self._entities = entities
        self._index = index
        self._store = store
        self._task = task
        self._reader = StatisticsReader(hass)
        self._encoder = StatisticsEncoder(station)
        self._size = BatchSize()
        self._is_corrected = False
        self._compared_at: float | None = None
        self._saved_at = 0.0
        self.checkpoint = checkpoint
        self.status = StatisticsStatus()

    async def async_run(self) -> None:
        """Forward until canceled."""
        stop = CorrectionNotifier.subscribe(lambda: self._hass.loop.call_soon_threadsafe(self._record_corrected))
        try:
            await asyncio.sleep(START_DELAY)
            while True:
                try:
                    await self._async_run_once()
                # If the task ended, forwarding would stop silently
                except Exception as err:  # noqa: BLE001 # pylint: disable=broad-exception-caught
                    self._record_problem(DefectError(f"{type(err).__name__}: {err}"), err)
                    await self._async_back_off()
        finally:
            stop()

    @callback
    def _record_corrected(self) -> None:
        self._is_corrected = True

    async def _async_run_once(self) -> None:
        """Forward until the index has to be checked again, or an error occurs."""
        try:
            index_id = await self._index.async_check_index()
            station_id = await self._index.async_station_id() or self._station.id
            self._encoder = StatisticsEncoder(self._station._replace(id=station_id))
            self.checkpoint.begin(f"{self._task} {station_id} {index_id}")
            check_at = time.monotonic() + CHECK_INTERVAL
            while time.monotonic() < check_at:
                await self._async_forward()
                if self.status.async_record_success():
                    LOGGER.info("%s: statistics are stored again", self._name)
                await asyncio.sleep(POLL_INTERVAL * random.uniform(0.5, 1))
        except ElasticsearchError as err:
            self._record_problem(err)
        except RecorderUnexpectedError as err:
            self._record_problem(DefectError(str(err)))
        except RecorderBusyError, RecorderUnavailableError:
            pass  # the forwarder of states reports it
        else:
            return
        await self._async_back_off()

    def _record_problem(self, error: ElasticsearchError, defect: Exception | None = None) -> None:
        """Record that no statistics can be stored now, and log it once."""
        if self.status.async_record_failure(error):
            LOGGER.warning(
                "%s: statistics wait in the recorder: %s: %s", self._name, type(error).__name__, error, exc_info=defect
            )

    async def _async_back_off(self) -> None:
        await asyncio.sleep(delay_after(self.status.failures) * random.uniform(0.5, 1))

    async def _async_forward(self) -> None:
        """Send everything that the user station does not have yet.

        Raises:
            ElasticsearchError: if statistics cannot be stored now.
            RecorderBusyError: if the recorder starts, or migrates its database.
            RecorderUnavailableError: if the database cannot be read.
            RecorderUnexpectedError: if its tables are not the expected ones.
        """
        checkpoint = self.checkpoint
        before = (checkpoint.position, checkpoint.stored_count, len(checkpoint.known))
        try:
            overview = await self._reader.async_run(self._reader.overview, checkpoint.anchors)
            if checkpoint.use_database(overview):
                LOGGER.warning("%s: the recorder's database was replaced; sending all statistics", self._name)
            statistics = async_select(self._hass, overview.metas, self._entities.async_wanted(), checkpoint.known)
            await self._async_send_deleted(overview, statistics)
            if is_due := self._is_comparison_due():
                self._is_corrected = False
                self._compared_at = self.status.rejected = None
            changed = [statistic for statistic in statistics if checkpoint.describe(statistic)]
            await self._async_send_new(overview, statistics)
            await self._async_compare(statistics if is_due else changed)
            if is_due:
                self._compared_at = time.monotonic()
        except BaseException:
            # Compare everything that was not compared
            self._compared_at = None
            raise
        finally:
            if (checkpoint.position, checkpoint.stored_count, len(checkpoint.known)) != before:
                await self._async_save()

    def _is_comparison_due(self) -> bool:
        """Return whether all statistics have to be compared."""
        if self._compared_at is None:
            return True
        interval = REJECTED_INTERVAL if self.status.rejected else COMPARE_INTERVAL
        if self._is_corrected:
            interval = CORRECTION_INTERVAL
        return time.monotonic() - self._compared_at >= interval

    async def _async_send_deleted(self, overview: Overview, statistics: Sequence[Statistic]) -> None:
        """Overwrite the documents of statistics that were deleted."""
        for key in find_deleted(overview, statistics, self.checkpoint.known):
            for found in self.checkpoint.known[key].parts.values():
                await self._async_delete(key, found, ())
            self.checkpoint.forget(key)

    async def _async_send_new(self, overview: Overview, statistics: Sequence[Statistic]) -> None:
        """Send rows that are newer than the position."""
        by_id = {statistic.metadata_id: statistic for statistic in statistics}
        while rows := await self._reader.async_run(
            self._reader.read_new, self.checkpoint.position, overview.newest_id, by_id, self._size.count
        ):
            stored = await self._async_store_rows(rows, by_id)
            keys = (by_id[row.metadata_id].key for row in rows)
            self.checkpoint.record_new(list(zip(keys, rows, stored, strict=True)))
            await self._async_save_sometimes()

    async def _async_compare(self, statistics: Collection[Statistic]) -> None:
        """Send the parts of statistics that differ from what the user station has."""
        if not statistics:
            return
        by_id = {statistic.metadata_id: statistic for statistic in statistics}
        found = await self._reader.async_run(self._reader.fingerprints, self.checkpoint.position, by_id)
        parts: dict[str, dict[int, Fingerprint]] = {statistic.key: {} for statistic in statistics}
        for (metadata_id, part), current in found.items():
            parts[by_id[metadata_id].key][part] = current
        for statistic in statistics:
            known = self.checkpoint.known[statistic.key].parts
            current_parts = parts[statistic.key]
            for part in sorted(known.keys() | current_parts):
                if part not in current_parts or not current_parts[part].matches(known.get(part)):
                    await self._async_send_part(statistic, part)
                    await self._async_save_sometimes()

    async def _async_send_part(self, statistic: Statistic, part: int) -> None:
        """Send the rows of a part, and overwrite the documents of hours that the recorder no longer has."""
        rows = await self._reader.async_run(
            self._reader.read_part, self.checkpoint.position, statistic.metadata_id, part
        )
        stored = await self._async_store_rows(rows, {statistic.metadata_id: statistic})
        if known := self.checkpoint.known[statistic.key].parts.get(part):
            await self._async_delete(statistic.key, known, rows)
        complete = fingerprint(row for row, is_stored in zip(rows, stored, strict=True) if is_stored)
        self.checkpoint.record_part(statistic.key, part, complete)

    async def _async_delete(self, key: str, known: Fingerprint, rows: Sequence[StatisticsRow]) -> None:
        """Overwrite the documents of all hours of a part, except those of some rows."""
        hours = {int(row.start_ts) // HOUR for row in rows}
        first, last = int(known.first_ts) // HOUR, int(known.last_ts) // HOUR
        await self._async_store(
            [self._encoder.encode_deleted(key, hour) for hour in range(first, last + 1) if hour not in hours]
        )

    async def _async_store_rows(self, rows: Sequence[StatisticsRow], by_id: Mapping[int, Statistic]) -> Sequence[bool]:
        def encode() -> list[bytes]:
            return [self._encoder.encode(by_id[row.metadata_id], row) for row in rows]

        return await self._async_store(await self._hass.async_add_executor_job(encode))

    async def _async_store(self, lines: Sequence[bytes]) -> Sequence[bool]:
        """Store documents, and return for each whether it is stored. The others are sent again with the next comparison.

        Raises:
            ElasticsearchError: if a document has to wait.
        """
        stored: list[bool] = []
        while len(stored) < len(lines):
            count = self._size.count
            part = lines[len(stored) : len(stored) + count]
            try:
                stored += await self._async_store_part(part)
            except TooLargeError as err:
                if len(part) <= MIN_COUNT:
                    raise LimitTooLowError(str(err)) from err
        return stored

    async def _async_store_part(self, lines: Sequence[bytes]) -> list[bool]:
        count = len(lines)
        body = await self._hass.async_add_executor_job(compress, lines)
        started = time.monotonic()
        try:
            items = await self._index.async_bulk_statistics(body, count)
        except TooLargeError:
            self._size.record_too_large(count)
            raise
        except BusyError:
            self._size.record_busy(count)
            raise
        except ElasticsearchError as err:
            if type(err) in SIZE_ERRORS:
                self._size.record_failure(count)
            raise
        unstored = [item for item in items if item.status != HTTPStatus.CREATED]
        waiting = [item.error for item in unstored if not (item.is_dropped or item.is_fault_of_document)]
        self._size.record_answer(
            count, time.monotonic() - started, is_busy=any(isinstance(e, BusyError) for e in waiting)
        )
        if waiting:
            # A smaller request does not help against such an answer to one document
            raise ElasticsearchError(str(waiting[0])) if isinstance(waiting[0], TooLargeError) else waiting[0]
        if unstored:
            self.status.rejected = unstored[0].text or DROPPED
        if len(unstored) == count > HANDFUL:
            # Rather the fault of the index than of each document
            raise RejectedError(self.status.rejected or "")
        return [item.status == HTTPStatus.CREATED for item in items]

    async def _async_save_sometimes(self) -> None:
        if time.monotonic() - self._saved_at >= SAVE_INTERVAL:
            await self._async_save()

    async def _async_save(self) -> None:
        self._saved_at = time.monotonic()
        await self._store.async_save(self.checkpoint)
