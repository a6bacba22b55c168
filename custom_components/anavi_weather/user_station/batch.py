"""Reads the next states, and makes a request of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from .documents import Encoder, Sent, Station
from .entities import Entities
from .recorder_log import Backlog, Page, Position, RecorderLog

MAX_SIZE = 1_000_000  # bytes of attributes in a request: two requests are in memory at a time


@dataclass(frozen=True, slots=True)
class Batch:
    """What is sent in one request."""

    begun_again: bool
    purged: int
    position: Position
    """After it."""
    end: bool
    sent: Sequence[Sent]
    count: int
    """Of documents in the body."""
    body: bytes
    """Compressed."""


class BatchReader:
    """Reads and encodes, in the recorder's executor."""

    def __init__(self, log: RecorderLog, entities: Entities, station: Station) -> None:
        """Read what was selected, and speak for a station."""
        self._log = log
        self._entities = entities
        self._station = station
        self._encoder = Encoder(station, {})

    async def async_read(
        self,
        position: Position | None,
        entity_ids: frozenset[str] | None,
        since: Position | None,
        count: int,
        waiting: Backlog | None,
    ) -> Batch:
        """Return what is to be sent after a position, at most so many states.

        `waiting` is what was known to wait: if it is not there any more, it is told as purged. Raises what
        `RecorderLog.async_run` raises.
        """
        if self._encoder.origins is not (origins := self._entities.async_origins()):
            self._encoder = Encoder(self._station, origins)
        encoder = self._encoder

        def read() -> Batch:
            page = self._log.read(position, entity_ids, since, count, MAX_SIZE)
            purged = page.purged
            if waiting and not self._log.holds(waiting.newest):
                purged = max(purged, waiting.count)
            return _batch(page, purged, encoder)

        return await self._log.async_run(read)


def _batch(page: Page, purged: int, encoder: Encoder) -> Batch:
    sent, count, body = encoder.encode_compressed(page.rows)
    return Batch(page.begun_again, purged, page.position, page.end, sent, count, body)
