"""Sender: requests of a size that the server accepts."""

from collections.abc import Sequence
from http import HTTPStatus
import time

from .answers import FOREIGN, TOO_LATE, Item
from .batch import Batch
from .batch_size import MIN_COUNT, BatchSize
from .content import CREATED
from .elasticsearch import Elasticsearch
from .errors import (
    BusyError,
    CannotConnectError,
    ElasticsearchError,
    LimitTooLowError,
    NotElasticsearchError,
    TooLargeError,
)
from .isolation import REJECTIONS, async_isolate
from .settle import Answer

# Errors that a smaller batch may avoid: the link is slow or breaks, or the answer is too long. No other does
SIZE_ERRORS = (CannotConnectError, ElasticsearchError, NotElasticsearchError)
# In a row, until documents are looked for that cause them; a proxy that starts may reject requests for a moment
REJECTION_COUNT = 3


class Sender:
    """Sender of batches, which adapts the size of the next to the answers."""

    def __init__(self, elasticsearch: Elasticsearch) -> None:
        """Initialize the sender with the server."""
        self._elasticsearch = elasticsearch
        self._size = BatchSize()
        self._known_id: int | None = None
        self._rejection_count = 0
        self._has_isolated = False

    @property
    def count(self) -> int:
        """Return the number of states in the next batch."""
        return self._size.count

    def record_known(self, state_id: int) -> None:
        """Expect that states up to an id may be stored already."""
        self._known_id = state_id

    async def async_send(self, batch: Batch, *, is_again: bool = False) -> Sequence[Answer]:
        """Send a batch, and adapt the size of the next.

        Args:
            batch: The states.
            is_again: Whether the server did not store these before, although it stores others.

        Raises:
            TooLargeError: if the batch has to be smaller.
            ElasticsearchError: if the result of each document is unknown.
        """
        if not batch.count:
            return ()
        started = time.monotonic()
        known_id = None if batch.started_over else self._known_id
        repeated_count = self._elasticsearch.repeated_count
        if known_id is not None:
            # Even if no answer arrives. The newest state is the first or the last
            self._known_id = max(known_id, batch.sent[0].state_id, batch.sent[-1].state_id)
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
            if await self._async_may_be_of_document(err, is_again=is_again):
                return await self._async_isolate(batch)
            if type(err) in SIZE_ERRORS:
                self._size.record_failure(batch.count)
            raise
        self._rejection_count = 0
        others = [item for item in items if item != CREATED]
        is_busy = any(item.status == HTTPStatus.TOO_MANY_REQUESTS for item in others)
        self._size.record_answer(batch.count, time.monotonic() - started, is_busy=is_busy)
        if not others:
            return items
        if known_id is not None and repeated_count == self._elasticsearch.repeated_count:
            items = _mark_foreign(batch, items, known_id)
        return await self._async_mark_lasting(items)

    async def _async_may_be_of_document(self, error: ElasticsearchError, *, is_again: bool) -> bool:
        """Return whether a request may be rejected because of a few of its documents."""
        if type(error) not in REJECTIONS:
            return False
        self._rejection_count += 1
        is_patient = self._rejection_count <= REJECTION_COUNT and not (is_again or self._has_isolated)
        return not is_patient and await self._elasticsearch.async_accepts_tiny()

    async def _async_isolate(self, batch: Batch) -> Sequence[Answer]:
        """Send the documents of a rejected batch apart, until the server accepts all that it ever does.

        The rejected request may have stored some, so those that are stored already are not of another station.
        """
        try:
            answers = await async_isolate(self._elasticsearch, batch.body)
        except ElasticsearchError:
            self._has_isolated = False
            self._size.record_busy(batch.count)  # all documents of a small batch can be isolated
            raise
        items = [answer for answer in answers if isinstance(answer, Item)]
        self._has_isolated = self._has_isolated or bool(items)
        if len(items) == len(answers):
            self._size.record_busy(batch.count)  # smaller requests are not rejected
        marked = iter(await self._async_mark_lasting(items))
        return [next(marked) if isinstance(answer, Item) else answer for answer in answers]

    async def _async_mark_lasting(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return the results, of which those say so whose index has its write block for good.

        Raises:
            ElasticsearchError: if this clock is wrong, because of which the server may reject states permanently.
        """
        if any(item.is_out_of_range for item in items):
            await self._elasticsearch.async_check_clock()
        if not any(item.blocked_index for item in items):
            return items
        closed = await self._elasticsearch.async_closed_for_good()
        return [
            Item(HTTPStatus.BAD_REQUEST, TOO_LATE, f"the index {index} accepts no more states of its time")
            if (index := item.blocked_index) in closed
            else item
            for item in items
        ]


def _mark_foreign(batch: Batch, items: Sequence[Item], known_id: int) -> Sequence[Item]:
    """Return the results, of which those say so whose documents are stored although they were never sent before."""
    if not any(item.status == HTTPStatus.CONFLICT for item in items):
        return items
    states = (sent for sent in batch.sent if sent.encoding_error is None)
    return [
        item._replace(kind=FOREIGN) if item.status == HTTPStatus.CONFLICT and sent.state_id > known_id else item
        for sent, item in zip(states, items, strict=True)
    ]
