"""What the answer to one document means for its state."""

from datetime import datetime
from http import HTTPStatus
import time

from .documents import Sent
from .elasticsearch import (
    BusyError,
    ElasticsearchError,
    Item,
    KeyRefusedError,
    NotTimeSeriesError,
    PrivilegeMissingError,
)

CLOCKS_DIFFER = 60.0  # seconds


class ServerBehindError(ElasticsearchError):
    """The stream does not take states of now yet: it moves on every few minutes, or the server's clock is behind."""

    key = "server_behind"


def error_of(sent: Sent, item: Item) -> ElasticsearchError | None:
    """Return why a document is neither stored nor refused for ever."""
    if item.stored:
        return None
    match item.status:
        case HTTPStatus.BAD_REQUEST:
            behind = (
                item.range_end is not None
                and sent.last_updated_ts is not None
                and (
                    datetime.fromisoformat(item.range_end).timestamp()
                    <= sent.last_updated_ts
                    <= time.time() + CLOCKS_DIFFER
                )
            )
            return ServerBehindError(item.range_end) if behind else None
        case HTTPStatus.UNAUTHORIZED:
            return KeyRefusedError(item.reason)
        case HTTPStatus.FORBIDDEN:
            return PrivilegeMissingError(item.reason)
        case HTTPStatus.NOT_FOUND:
            return NotTimeSeriesError(item.reason)
        case HTTPStatus.TOO_MANY_REQUESTS:
            return BusyError(item.reason)
        case status if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return BusyError(item.reason)
    return ElasticsearchError(f"{item.status}: {item.reason}")
