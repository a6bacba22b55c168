"""What the answer to one document means for its state."""

from datetime import datetime
from http import HTTPStatus
import time

from .documents import Sent
from .elasticsearch import Item
from .errors import ElasticsearchError, ServerBehindError, TooLargeError, error_for_status

CLOCKS_DIFFER = 60.0  # seconds


def error_of(sent: Sent, item: Item) -> ElasticsearchError | None:
    """Return why a document is neither stored nor refused for ever."""
    if item.stored:
        return None
    if item.status == HTTPStatus.BAD_REQUEST:
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
    error = error_for_status(item.status)
    # Unlike a whole request, one document is never reported as too large with a status of its own
    if error in (ElasticsearchError, TooLargeError):
        return ElasticsearchError(f"{item.status}: {item.reason}")
    return error(item.reason)
