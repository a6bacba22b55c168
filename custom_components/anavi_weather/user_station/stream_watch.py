"""Watch over the stream, which may be deleted, created again or restored while everything looks healthy."""

from collections.abc import Mapping
import logging

from .elasticsearch import Elasticsearch
from .errors import ElasticsearchError, LimitTooLowError, NotTimeSeriesError, ShardLimitError, TooLargeError
from .ledger import Ledger

LOGGER = logging.getLogger(__name__)

INTERVAL = 120.0  # seconds


class StreamWatch:
    """Watch of one forwarder."""

    def __init__(self, name: str, ledger: Ledger, elasticsearch: Elasticsearch) -> None:
        """Initialize the watch.

        Args:
            name: The user station's name, for the log.
            ledger: The checkpoint, which knows the stream.
            elasticsearch: The server.
        """
        self._name = name
        self._ledger = ledger
        self._elasticsearch = elasticsearch
        self._checked_at = 0.0

    async def async_check_first(self, *, now: float) -> None:
        """Check the stream and the key before anything is sent, see `async_check`.

        A deleted stream comes back with the next states. If the cluster had too many shards for it, they were not sent, and the
        server is asked again.

        Raises:
            ElasticsearchError: if states cannot be stored.
        """
        await self._async_record(await self._async_first_indices(), now=now)

    async def _async_first_indices(self) -> Mapping[str, str]:
        try:
            return await self._elasticsearch.async_check()
        except TooLargeError as err:
            raise LimitTooLowError(str(err)) from err  # no request is smaller
        except NotTimeSeriesError:
            if not isinstance(self._ledger.status.problem, ShardLimitError):
                raise
        await self._elasticsearch.async_create_stream()
        return await self._elasticsearch.async_check()

    async def _async_record(self, indices: Mapping[str, str], *, now: float) -> None:
        """Record the unique ids of the stream's indices, and whether one was created again or restored.

        Args:
            indices: The ids by the names.
            now: Seconds of a monotonic clock.
        """
        self._checked_at = now
        if self._ledger.checkpoint.record_stream(indices):
            LOGGER.error("%s: the stream was created again or restored, so states are missing in it", self._name)
            await self._ledger.async_save()
            self._ledger.status.async_notify_listeners()

    async def async_record_failure(self, error: ElasticsearchError) -> None:
        """Record that the stream is not there or is an ordinary one, if that is the error."""
        if isinstance(error, NotTimeSeriesError) and self._ledger.checkpoint.record_not_time_series():
            await self._ledger.async_save()

    async def async_check(self, *, now: float) -> None:
        """Check the stream, but not too often.

        Raises:
            NotTimeSeriesError: if it does not exist, or does not store each state once.
            ElasticsearchError: if it cannot be checked.
        """
        if now - self._checked_at >= INTERVAL:
            await self._async_record(await self._elasticsearch.async_indices(), now=now)
