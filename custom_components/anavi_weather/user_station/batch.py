"""Batches: the recorder's next states, encoded as one request."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
import time

from .documents import Encoder, Identities, Sent, Station
from .entities import Entities
from .ranges import Range
from .recorder_log import Backlog, Page, Position, RecorderLog, Waiting
from .recorder_names import RecorderNames
from .recorder_tables import Selected

MAX_SIZE = 1_000_000  # bytes of attributes in a request; two requests are in memory at a time


@dataclass(frozen=True, slots=True)
class Batch:
    """States that are sent in one request."""

    started_over: bool
    """Whether the recorder's database was replaced, so that this is its first batch."""
    purged: int
    """Number of states that vanished while they waited."""
    position: Position
    """Position after the last state."""
    reached_end: bool
    """Whether no more states follow now."""
    sent: Sequence[Sent]
    count: int
    """Number of documents in the body."""
    body: bytes
    """Compressed with gzip."""
    maybe_purged: int = 0
    """Number of states that the recorder purged, of which it is not known whether they waited."""


class BatchReader:
    """Reader and encoder of batches, in the recorder's executor."""

    def __init__(self, log: RecorderLog, entities: Entities, station: Station) -> None:
        """Initialize the reader with the station that its documents name, unless the API key belongs to another."""
        self._log = log
        self._names = RecorderNames(log)
        self._entities = entities
        self._home = station
        self._station = station
        self._encoder = Encoder(station, Identities({}))

    @property
    def station_id(self) -> str:
        """Return the id of the station that the documents name."""
        return self._station.id

    def use_station_id(self, station_id: str | None) -> None:
        """Name the station that the API key belongs to; None: this Home Assistant."""
        station = self._home if station_id is None else self._home._replace(id=station_id)
        if station != self._station:
            self._station = station
            self._encoder = Encoder(station, self._encoder.identities)

    async def async_read(
        self, position: Position | None, since: Position | None, count: int, waiting: Waiting | None
    ) -> Batch:
        """Return the batch after a position.

        Args:
            position: The position after the last state of the batch before; None: before the first row.
            since: Skip states from before this position.
            count: The maximum number of states.
            waiting: States that waited when they were last counted. Those that have vanished count as purged.

        Raises:
            RecorderBusyError: if the recorder starts, or migrates its database.
            RecorderUnavailableError: if the database cannot be read.
            RecorderUnexpectedError: if its tables are not the expected ones.
        """

        def read(selected: Selected, encoder: Encoder) -> Batch:
            page = self._log.read(position, selected, since, count, MAX_SIZE)
            if waiting is None:
                return _batch(page, encoder, maybe_purged=page.purged)
            return _batch(page, encoder, purged=self._log.vanished(waiting, position, selected, since))

        return await self._async_read(read)

    async def async_read_range(self, part: Range, since: Position | None, count: int) -> Batch:
        """Return the first batch of a range of state ids, see `async_read`."""
        return await self._async_read(
            lambda selected, encoder: _batch(self._log.read_range(part, selected, since, count, MAX_SIZE), encoder)
        )

    async def async_first(self, part: Range, since: Position | None, since_ts: float) -> Position | None:
        """Return the position after the first state of a range that was updated since a time, see `async_read`."""
        return await self._async_read(lambda selected, _: self._log.first_selected(part, selected, since, since_ts))

    async def async_read_newest(self, since: Position | None, others_than: frozenset[str]) -> Batch:
        """Return a batch of the newest state, and of the newest of an entity that is not among some."""
        return await self._async_read(
            lambda selected, encoder: _batch(self._log.read_newest(selected, since, others_than), encoder)
        )

    async def async_count(
        self, position: Position | None, since: Position | None, waiting: Waiting | None
    ) -> tuple[Backlog, int]:
        """Return the states after a position, and how many of those that waited have vanished, see `async_read`."""

        def count(selected: Selected, _: Encoder) -> tuple[Backlog, int]:
            vanished = self._log.vanished(waiting, position, selected, since) if waiting else 0
            return self._log.backlog(position, selected, since), vanished

        return await self._async_read(count)

    async def _async_read[Result](self, read: Callable[[Selected, Encoder], Result]) -> Result:
        """Read states, and again if a name changed meanwhile."""
        names = self._entities.names
        while True:
            names.record_clock(time.time())
            if (name := names.unsettled()) and name.before and name.since is not None:
                moved = await self._names.async_has_moved(
                    name.before, name.since, is_taken=self._entities.async_is_taken(name.before)
                )
                if names.unsettled() == name:  # the next batch is read at the same time
                    names.record_moved(name, moved=moved)
                continue
            version = names.version
            wanted = self._entities.async_wanted()
            if self._encoder.identities is not wanted.identities:
                self._encoder = Encoder(self._station, wanted.identities)
            learned, result = await self._log.async_run(self._read_with_names, read, wanted.selected, self._encoder)
            if names.version == version:
                self._names.async_learn_names(learned)
                return result

    def _read_with_names[Result](
        self, read: Callable[[Selected, Encoder], Result], selected: Selected, encoder: Encoder
    ) -> tuple[Mapping[str, int], Result]:
        return self._names.find_new_names(), read(selected, encoder)


def _batch(page: Page, encoder: Encoder, *, purged: int = 0, maybe_purged: int = 0) -> Batch:
    sent, count, body = encoder.encode_compressed(page.rows)
    return Batch(page.started_over, purged, page.position, page.reached_end, sent, count, body, maybe_purged)
