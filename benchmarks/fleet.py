r"""Measure how many remote stations one user station can serve, while a dashboard's queries run.

    scripts/setup benchmark
    ELASTICSEARCH_URL=… ELASTICSEARCH_USERNAME=… ELASTICSEARCH_PASSWORD=… \
        .cache/benchmark/bin/python benchmarks/fleet.py [--stations 1 100 1000] [--seconds 62] [--capacity 8000] [--plot FILE]

Real: the server, its template and a station's privileges; the documents, by the package's own encoder; HTTP with keep-alive,
one connection per station, gzip. Simulated: the stations, which are tasks of one process on the same machine and share one
API key, and their weather. After a 429 they wait like the forwarder, but send the same batch again. Each number of stations
has two phases:

catch-up   All stations come back from an outage at once. Each sends its states, oldest first, as fast as they are stored, in
           batches of the forwarder's maximum size. The stations share the number of documents that the server might store
           in a minute, at most a day of each station. The bodies are encoded beforehand.
live       All stations send at their real pace: a bulk of the changed states after each reading, while a transform summarizes
           them for readers.

All stations send their location, and one of a hundred states is flagged. Between the phases, the checks are measured: the
transforms, a reader's request, and the searches of two rules. Those of 10,000 stations are calculated.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from itertools import batched, groupby, islice
import os
from pathlib import Path
import random
import sys
import time

sys.path.insert(0, str(Path(__file__).parents[1]))

from _fleet_checks import Checks, Costs, flagged, located, measure_checks, measure_costs
from _fleet_plot import draw
from _fleet_result import Load, Result, calculate, quantiles
from _server import STREAM, Server, bulk
from _station import ORIGINS, states_per_day
import aiohttp

from custom_components.anavi_weather.const import DEFAULT_INTERVAL
from custom_components.anavi_weather.user_station.batch_size import MAX_COUNT
from custom_components.anavi_weather.user_station.documents import Encoder, Identities
from custom_components.anavi_weather.user_station.recorder_rows import Row

STATIONS = (1, 100, 1000)
CALCULATED = 10_000  # stations that this machine cannot simulate
SECONDS = 62.0
CAPACITY = 8_000  # documents per second to encode beforehand
QUERY_INTERVAL = 0.5  # seconds between the starts of two queries
STORED = {201, 409}
FACTORS = {"states": 1, "poll_bytes": 0.001}  # others are seconds, and printed in ms
DAY = 86_400.0
PLOT = Path(__file__).parents[1] / "docs/images/fleet.png"

LAST_DAY = {"range": {"@timestamp": {"gte": "now-24h"}}}
TEMPERATURE = {"term": {"entity.key": "temperature"}}
BY_STATION = {"field": "station.id", "size": 1000}
AVERAGE = {"avg": {"field": "state.number"}}
QUERIES = {
    "latest value of each station": {
        "size": 0,
        "query": {"bool": {"filter": [LAST_DAY, TEMPERATURE]}},
        "aggs": {
            "station": {
                "terms": BY_STATION,
                "aggs": {
                    "latest": {"top_metrics": {"metrics": {"field": "state.number"}, "sort": {"@timestamp": "desc"}}}
                },
            }
        },
    },
    "averages over 24 h": {
        "size": 0,
        "query": {"bool": {"filter": [LAST_DAY, TEMPERATURE]}},
        "aggs": {
            "time": {"date_histogram": {"field": "@timestamp", "fixed_interval": "10m"}, "aggs": {"average": AVERAGE}}
        },
    },
    "minimum and maximum by day": {
        "size": 0,
        "query": {"bool": {"filter": [TEMPERATURE]}},
        "aggs": {
            "day": {
                "date_histogram": {"field": "@timestamp", "calendar_interval": "day"},
                "aggs": {"least": {"min": {"field": "state.number"}}, "most": {"max": {"field": "state.number"}}},
            }
        },
    },
    "when each station was last seen": {
        "size": 0,
        "query": LAST_DAY,
        "aggs": {"station": {"terms": BY_STATION, "aggs": {"seen": {"max": {"field": "@timestamp"}}}}},
    },
    "states by hour": {
        "size": 0,
        "query": LAST_DAY,
        "aggs": {"hour": {"date_histogram": {"field": "@timestamp", "fixed_interval": "1h"}}},
    },
}

type Send = Callable[[bytes, int], Awaitable[None]]


class Fleet:
    """Simulated stations that write to a namespace of a server."""

    def __init__(self, server: Server, stations: int, seconds: float, capacity: int) -> None:
        """Initialize the fleet, and create its namespace."""
        self._server = server
        self._stations = stations
        self._seconds = seconds
        self._backlog = int(capacity * seconds / stations)
        self._namespace = f"bench_fleet_{time.time():.0f}_{stations}"
        self._api_key = server.make(self._namespace, "0" * 32)
        self._encoders = [Encoder(located(number), Identities(ORIGINS)) for number in range(stations)]
        self._bulks: list[float] = []
        self._busy = 0
        self._sent = 0

    async def measure(self) -> Result:
        """Measure both phases, and the disk."""
        await self._server.unbind(self._api_key)  # all stations share it
        now = time.time()
        each = min(self._backlog, states_per_day())
        histories = [list(self._history(number, now, each)) for number in range(self._stations)]
        catch_up = await self._phase(self._catch_up, histories)
        histories.clear()
        documents = await self._server.count(self._namespace)
        if documents != catch_up.documents:
            sys.exit(f"{catch_up.documents} documents were acknowledged, {documents} exist")
        document = await self._server.bytes_merged(self._namespace) / documents
        checks = await measure_checks(self._server, self._namespace, self._stations, documents)
        readings = [list(self._readings(number)) for number in range(self._stations)]
        live = await self._phase(self._live, readings)
        return Result(self._stations, catch_up, live, document, document * states_per_day(), checks)

    def _history(self, number: int, now: float, each: int) -> Iterator[tuple[int, bytes]]:
        """Yield bulks of the states that a station recorded until now."""
        start = now - each / states_per_day() * DAY
        for batch in batched(islice(flagged(number, start), each), MAX_COUNT, strict=False):
            yield self._body(number, batch)

    def _readings(self, number: int) -> Iterator[tuple[int, bytes]]:
        """Yield a bulk for each future reading."""
        start = time.time() + random.uniform(0, DEFAULT_INTERVAL)
        end = start + self._seconds
        # The first reading, in which everything has changed, was sent before
        changed = (row for row in flagged(number, start - DEFAULT_INTERVAL) if (row.last_updated_ts or 0.0) >= start)
        for _, group in groupby(
            changed, key=lambda row: int(((row.last_updated_ts or 0.0) - start) / DEFAULT_INTERVAL)
        ):
            reading = list(group)
            if (reading[0].last_updated_ts or 0.0) > end:
                return
            yield self._body(number, reading)

    def _body(self, number: int, batch: Sequence[Row]) -> tuple[int, bytes]:
        return self._encoders[number].encode_compressed(batch)[1:]

    async def _phase(
        self,
        station: Callable[[Send, Sequence[tuple[int, bytes]], float], Awaitable[None]],
        bodies: Sequence[Sequence[tuple[int, bytes]]],
    ) -> Load:
        """Run all stations and the dashboard's queries."""
        self._bulks, self._busy, self._sent = [], 0, 0
        queried: list[float] = []
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as http:

            async def send(body: bytes, count: int) -> None:
                await self._send(http, body, count)

            begin = time.perf_counter()
            looking = asyncio.create_task(self._query(queried))
            end = time.time() + self._seconds
            await asyncio.gather(*(station(send, own, end) for own in bodies))
            took = time.perf_counter() - begin
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking
        return Load(
            self._sent,
            self._sent / took,
            quantiles(self._bulks),
            len(self._bulks),
            self._busy,
            quantiles(queried),
            len(queried),
        )

    async def _catch_up(self, send: Send, bodies: Sequence[tuple[int, bytes]], end: float) -> None:
        """Run a station that sends a backlog."""
        for count, body in bodies:
            if time.time() >= end:
                return
            await send(body, count)

    async def _live(self, send: Send, bodies: Sequence[tuple[int, bytes]], end: float) -> None:
        """Run a station that sends its readings."""
        offset = random.uniform(0, DEFAULT_INTERVAL)
        begin = end - self._seconds
        for number, (count, body) in enumerate(bodies):
            due = begin + offset + number * DEFAULT_INTERVAL
            if due >= end:
                return
            await asyncio.sleep(max(due - time.time(), 0))
            await send(body, count)
        await asyncio.sleep(max(end - time.time(), 0))

    async def _send(self, http: aiohttp.ClientSession, body: bytes, count: int) -> None:
        delay = 1.0
        while True:
            begin = time.perf_counter()
            statuses = await bulk(http, self._server.url, self._namespace, self._api_key, body)
            self._bulks.append(time.perf_counter() - begin)
            if statuses and not (set(statuses) - STORED):
                self._sent += count
                return
            if unexpected := set(statuses) - STORED - {429}:
                sys.exit(f"documents were refused: {unexpected}")
            self._busy += 1
            await asyncio.sleep(delay * random.uniform(0.5, 1))
            delay = min(delay * 2, 60)

    async def _query(self, took: list[float]) -> None:
        """Run the dashboard's queries, one after another."""
        path = f"{STREAM}{self._namespace}/_search?request_cache=false"
        while True:
            for query in QUERIES.values():
                begin = time.perf_counter()
                await self._server.request("POST", path, query)
                took.append(time.perf_counter() - begin)
                await asyncio.sleep(max(QUERY_INTERVAL - took[-1], 0))


def report(results: Sequence[Result]) -> None:
    """Print the tables."""
    for phase in ("catch_up", "live"):
        print(f"\n{phase.replace('_', '-')}, latencies in ms")
        print(
            f"  {'stations':>8}{'documents':>11}{'per second':>12}{'bulks':>8}{'p50':>8}{'p95':>8}{'p99':>8}{'429':>6}"
            f"{'queries':>10}{'p50':>8}{'p95':>8}"
        )
        for result in results:
            load: Load = getattr(result, phase)
            bulks = "".join(f"{value * 1000:8.0f}" for value in load.bulk.values())
            print(
                f"  {result.stations:8,}{load.documents:11,}{load.rate:12,.1f}{load.bulks:8,}{bulks}{load.busy:6}"
                f"{load.queries:10}{load.query[0.5] * 1000:8.0f}{load.query[0.95] * 1000:8.0f}"
            )
    print(f"\ndisk, merged; a station's day has {states_per_day():,} states")
    for result in results:
        print(
            f"  {result.stations:8,}{result.document:11.1f} bytes per document"
            f"{result.station_day / 1_000_000:10.2f} MB per station-day"
        )


def report_checks(results: Sequence[Result], costs: Costs) -> None:
    """Print the cost of the checks."""
    names = ("summaries", "states", "comparison", "poll", "kB", "parse", "frost", "neighbors")
    print("\nchecks, each time, in ms, of so many states of each station; the comparison is of 28 days")
    print(f"  {'stations':>8}" + "".join(f"{name:>12}" for name in names))
    measured: list[tuple[str, Checks]] = [(f"{result.stations:,}", result.checks) for result in results]
    if len(results) > 1 and results[-1].stations < CALCULATED:
        measured.append((f"{CALCULATED:,}*", calculate(results, CALCULATED)))
    for stations, checks in measured:
        values = (value * FACTORS.get(name, 1000) for name, value in checks._asdict().items())
        print(f"  {stations:>8}" + "".join(f"{value:12,.1f}" for value in values))
    print("  * calculated from the slope between the two largest fleets")
    print(
        f"\nlocation and flags, as a ratio of the same states without them: encoding {costs.encoding:.2f}, compressed"
        f" {costs.compressed:.2f}, disk {costs.disk:.2f}\nquality control at the station: {costs.check * 1e6:.0f} µs a reading"
    )


async def run(options: argparse.Namespace) -> None:
    """Measure each number of stations."""
    server = Server()
    results = []
    version = await server.version()
    print(f"Elasticsearch {version}, {os.cpu_count()} cores for it and the fleet, load {os.getloadavg()[0]:.1f}")
    try:
        for stations in options.stations:
            print(f"fleet: {stations:,} stations", file=sys.stderr, flush=True)
            results.append(await Fleet(server, stations, options.seconds, options.capacity).measure())
        costs = await measure_costs(server)
    finally:
        await server.delete()
    report(results)
    report_checks(results, costs)
    print(f"load {os.getloadavg()[0]:.1f}")
    draw(
        results,
        options.plot,
        f"Elasticsearch {version}, one node, on {os.cpu_count()} cores that it shares with the simulated stations and other"
        f" programs. A dashboard's query every {QUERY_INTERVAL} s.\n"
        "Catch-up: all stations send a backlog, as fast as they are answered. Live: each sends what has changed after a"
        f" reading, every {DEFAULT_INTERVAL} s.",
    )


def main() -> None:
    """Measure, and draw the plot."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--stations", type=int, nargs="+", default=STATIONS)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="duration of each of the two phases")
    parser.add_argument("--capacity", type=int, default=CAPACITY, help="documents per second of a backlog")
    parser.add_argument("--plot", type=Path, default=PLOT)
    options = parser.parse_args()
    if options.seconds <= DEFAULT_INTERVAL:
        parser.error(f"--seconds must be more than the {DEFAULT_INTERVAL} between two readings")
    asyncio.run(run(options))


if __name__ == "__main__":
    main()
