"""Client of the summaries of a fleet. The server may be slow, wrong or malicious."""

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime
from http import HTTPStatus
import ssl
from typing import Any

import orjson

from homeassistant.util.ssl import get_default_context

from .content import parse_object
from .elasticsearch import Elasticsearch
from .errors import ElasticsearchError, FleetMissingError, PrivilegeMissingError
from .fleet import Fleet, disk_usage, parse_stations

INDEX = "fleet-anavi_weather-"
MAX_STATIONS = 1000

ALL: dict[str, Any] = {"match_all": {}}
COMPARISON = {"bool": {"must_not": {"exists": {"field": "station.id"}}}}
SORT = {"station.id": {"missing": "_first"}}  # so that any number of stations leaves room for their comparison
FOUND = "hits.hits._source,aggregations.now.buckets.from"
DISKS = "_nodes/stats/fs?filter_path=nodes.*.fs.total"
CONNECT_TIMEOUT = 10  # seconds


class FleetIndex(Elasticsearch):
    """Client of the summaries of a fleet."""

    async def async_fleet(self, stations: Collection[str] = ()) -> Fleet:
        """Return the summaries of some stations, or of all.

        Raises:
            FleetMissingError: if nobody has set the summaries up.
            ElasticsearchError: if they cannot be read.
        """
        index = INDEX + self._destination.namespace
        query = {"bool": {"should": [{"terms": {"station.id": list(stations)}}, COMPARISON]}} if stations else ALL
        # A range that begins now shows the server's time: the clock of this machine may be wrong
        now = {"date_range": {"field": "last_seen", "ranges": [{"from": "now"}]}}
        body = {"size": MAX_STATIONS + 1, "query": query, "sort": SORT, "aggs": {"now": now}}
        status, content = await self._async_request(
            "POST", f"{index}/_search?filter_path={FOUND}", orjson.dumps(body), "application/json"
        )
        if status == HTTPStatus.NOT_FOUND:
            raise FleetMissingError(index)
        if status != HTTPStatus.OK:
            raise ElasticsearchError(f"{status} to _search")
        stations = parse_stations(parse_object(content))
        return Fleet(stations, await self._async_disk_usage(), await self._async_certificate_expires())

    async def _async_disk_usage(self) -> float | None:
        """Return how full the fullest disk of the server is, in %, or None if the key may not know."""
        try:
            _, content = await self._async_request("GET", DISKS, b"", "")
        except PrivilegeMissingError:
            return None
        return disk_usage(parse_object(content))

    async def _async_certificate_expires(self) -> datetime | None:
        """Return when the certificate of the server expires, or None if that is unknown."""
        url = self._destination.url
        if url.scheme != "https" or self._trusted is None:
            return None
        context = self._trusted if isinstance(self._trusted, ssl.SSLContext) else get_default_context()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                _, writer = await asyncio.open_connection(url.host, url.port, ssl=context)
        except OSError:  # includes timeouts and certificates that are not valid
            return None
        certificate = writer.get_extra_info("peercert")
        writer.close()
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
