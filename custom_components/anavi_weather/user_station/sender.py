"""Sender: requests of a size that the server accepts."""

from collections.abc import Sequence
from http import HTTPStatus
import time

from .batch import Batch
from .batch_size import MIN_COUNT, BatchSize
from .elasticsearch import Elasticsearch
from .errors import BusyError, CannotConnectError, ElasticsearchError, LimitTooLowError, TooLargeError
from .settle import Answer

# Errors that a smaller batch may avoid: the link is slow or breaks, or the answer is too long. No other does
SIZE_ERRORS = (CannotConnectError, ElasticsearchError)


class Sender:
    """Sender of batches, which adapts the size of the next to the answers."""

    def __init__(self, elasticsearch: Elasticsearch) -> None:
        """Initialize the sender with the server."""
        self._elasticsearch = elasticsearch
        self._size = BatchSize()

    @property
    def count(self) -> int:
        """Return the number of states in the next batch."""
        return self._size.count

    async def async_send(self, batch: Batch) -> Sequence[Answer]:
        """Send a batch, and adapt the size of the next.

        Raises:
            TooLargeError: if the batch has to be smaller.
            ElasticsearchError: if the result of each document is unknown.
        """
        if not batch.count:
            return ()
        started = time.monotonic()
        try:
            items = await self._elasticsearch.async_bulk(batch.body, batch.count, compressed=True)
        except TooLargeError as err:
            # Below the minimum, only smaller documents help, if the server takes any
            if batch.count <= MIN_COUNT and not await self._elasticsearch.async_accepts_tiny():
                raise LimitTooLowError(str(err)) from err
            if batch.count == 1:
                return [err]
            self._size.record_too_large(batch.count)
            raise
        except BusyError:
            self._size.record_busy(batch.count)
            raise
        except ElasticsearchError as err:
            if type(err) in SIZE_ERRORS:
                self._size.record_failure(batch.count)
            raise
        is_busy = any(item.status == HTTPStatus.TOO_MANY_REQUESTS for item in items)
        self._size.record_answer(batch.count, time.monotonic() - started, is_busy=is_busy)
        return items
