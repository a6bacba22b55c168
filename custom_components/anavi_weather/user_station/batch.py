"""Batches: the recorder's next states, encoded as one request."""

from collections.abc import Sequence
from dataclasses import dataclass

from .documents import Encoder, Sent, Station
from .entities import Entities
from .ranges import Range
from .recorder_log import Backlog, Page, Position, RecorderLog

MAX_SIZE = 1_000_000  # bytes of attributes in a request; two requests are in memory at a time


@dataclass(frozen=True, slots=True)
class Batch:
    """States that are sent in one request."""

    started_over: bool
    """Whether the recorder's database was replaced, so that this is its first batch."""
    purged: int
    """Number of states that the recorder purged before they were read."""
    position: Position
    """Position after the last state."""
    reached_end: bool
    """Whether no more states follow now."""
    sent: Sequence[Sent]
    count: int
    """Number of documents in the body."""
    body: bytes
    """Compressed with gzip."""


class BatchReader:
    """Reader and encoder of batches, in the recorder's executor."""

    def __init__(self, log: RecorderLog, entities: Entities, station: Station) -> None:
        """Initialize the reader with the station that its documents name, unless the API key belongs to another."""
        self._log = log
        self._entities = entities
        self._home = station
        self._station = station
        self._encoder = Encoder(station, {})

    def use_station_id(self, station_id: str | None) -> None:
        """Name the station that the API key belongs to; None: this Home Assistant."""
        station = self._home if station_id is None else self._home._replace(id=station_id)
        if station != self._station:
            self._station = station
            self._encoder = Encoder(station, self._encoder.origins)

    async def async_read(
        self,
        position: Position | None,
        entity_ids: frozenset[str] | None,
        since: Position | None,
        count: int,
        known_backlog: Backlog | None,
    ) -> Batch:
        """Return the batch after a position.

        Args:
            position: The position after the last state of the batch before; None: before the first row.
            entity_ids: The entities to read; None: all.
            since: Skip states from before this position.
            count: The maximum number of states.
            known_backlog: States that were waiting when they were last counted. If they have vanished, they count as purged.

        Raises:
            RecorderBusyError: if the recorder starts, or migrates its database.
            RecorderUnavailableError: if the database cannot be read.
            RecorderUnexpectedError: if its tables are not the expected ones.
        """
        encoder = self._current_encoder()

        def read() -> Batch:
            page = self._log.read(position, entity_ids, since, count, MAX_SIZE)
            purged = page.purged
            if known_backlog and not self._log.has_row(known_backlog.newest):
                purged = max(purged, known_backlog.count)
            return _batch(page, purged, encoder)

        return await self._log.async_run(read)

    async def async_read_range(
        self, part: Range, entity_ids: frozenset[str] | None, since: Position | None, count: int
    ) -> Batch:
        """Return the first batch of a range of state ids, see `async_read`."""
        encoder = self._current_encoder()

        def read() -> Batch:
            return _batch(self._log.read_range(part, entity_ids, since, count, MAX_SIZE), 0, encoder)

        return await self._log.async_run(read)

    async def async_read_newest(
        self, entity_ids: frozenset[str] | None, since: Position | None, others_than: frozenset[str]
    ) -> Batch:
        """Return a batch of the newest state, and of the newest of an entity that is not among some."""
        encoder = self._current_encoder()
        return await self._log.async_run(
            lambda: _batch(self._log.read_newest(entity_ids, since, others_than), 0, encoder)
        )

    def _current_encoder(self) -> Encoder:
        if self._encoder.origins is not (origins := self._entities.async_origins()):
            self._encoder = Encoder(self._station, origins)
        return self._encoder


def _batch(page: Page, purged: int, encoder: Encoder) -> Batch:
    sent, count, body = encoder.encode_compressed(page.rows)
    return Batch(page.started_over, purged, page.position, page.reached_end, sent, count, body)
