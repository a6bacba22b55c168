"""Client of the index of statistics on a server."""

from collections.abc import Sequence
from http import HTTPStatus

from .answers import Item
from .elasticsearch import SHARD_TIMEOUT, Elasticsearch
from .errors import ElasticsearchError, StatisticsIndexMissingError, StatisticsPrivilegeError

INDEX = "statistics-anavi_weather-"

# `setup` grants the bare action, because the privilege named `index` also permits to change the mapping
PRIVILEGES = ("indices:data/write/index", "view_index_metadata")
ID = "*.settings.index.uuid"
ANSWER = "errors,items.*.status,items.*.result,items.*.error"


class StatisticsIndex(Elasticsearch):
    """Client of the index of statistics on a server."""

    async def async_check_index(self) -> str:
        """Check that the key may write statistics; return an id of the index, which changes when it is created again.

        Raises:
            ElasticsearchError: if the key may not, or the index does not exist.
        """
        index = INDEX + self._destination.namespace
        if missing := await self._async_missing(index, PRIVILEGES):
            raise StatisticsPrivilegeError(", ".join(missing))
        status, content = await self._async_request("GET", f"{index}/_settings?filter_path={ID}", b"", "")
        if status == HTTPStatus.NOT_FOUND:
            raise StatisticsIndexMissingError(index)
        if status != HTTPStatus.OK:
            raise ElasticsearchError(f"{status} to _settings")
        return content.decode(errors="replace")

    async def async_bulk_statistics(self, body: bytes, count: int) -> Sequence[Item]:
        """Store compressed documents, and return the result of each.

        Raises:
            ElasticsearchError: if the results are unknown, or the request was rejected as a whole.
        """
        path = f"{INDEX}{self._destination.namespace}/_bulk?timeout={SHARD_TIMEOUT}&filter_path={ANSWER}"
        return await self._async_bulk(path, body, count, compressed=True)
