"""Isolation of documents for which the server, or a firewall in front of it, rejects each request that contains them."""

import asyncio
from collections import deque
from collections.abc import Sequence
import gzip
from itertools import batched

from .elasticsearch import Elasticsearch
from .errors import ElasticsearchError, NotElasticsearchError, TooLargeError
from .settle import Answer

REJECTIONS = (ElasticsearchError, NotElasticsearchError)
"""Errors that a single document may cause. Errors of other types have another cause."""
MAX_REJECTIONS = 128  # in a row, until the cause cannot be a few documents


async def async_isolate(elasticsearch: Elasticsearch, body: bytes) -> Sequence[Answer]:
    """Send the documents of a rejected request in smaller requests, down to those documents that are rejected alone.

    Args:
        elasticsearch: The server.
        body: The body of the rejected request, compressed with gzip.

    Returns:
        The answer to each document.

    Raises:
        ElasticsearchError: if the server rejects many requests in a row, or no documents can be stored now.
    """
    documents = await asyncio.get_running_loop().run_in_executor(None, _documents, body)
    answers: dict[int, Answer] = {}
    rejection_count = 0
    # A rejected part goes on with its first half; the largest other one follows, because a neighbor is often rejected too
    parts = deque([range(len(documents))])
    while parts:
        part = parts.popleft()
        try:
            content = b"".join(documents[part.start : part.stop])
            items = await elasticsearch.async_bulk(content, len(part), compressed=False)
        except ElasticsearchError as err:
            rejection_count += 1
            if type(err) not in (*REJECTIONS, TooLargeError) or rejection_count > MAX_REJECTIONS:
                raise
            middle = (part.start + part.stop) // 2
            if middle == part.start:
                answers[middle] = ElasticsearchError(f"a request with this state alone is rejected: {err}")
            else:
                parts.appendleft(range(part.start, middle))
                parts.append(range(middle, part.stop))
        else:
            rejection_count = 0
            answers.update(zip(part, items, strict=True))
    return [answers[place] for place in range(len(documents))]


def _documents(body: bytes) -> Sequence[bytes]:
    """Return the two lines of each document."""
    lines = gzip.decompress(body).splitlines(keepends=True)
    return [b"".join(pair) for pair in batched(lines, 2, strict=True)]
