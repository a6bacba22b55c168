"""Measure the disk of a station's year as states, as downsampled states, and as long-term statistics.

    ELASTICSEARCH_URL=… ELASTICSEARCH_USERNAME=… ELASTICSEARCH_PASSWORD=… \
        .cache/benchmark/bin/python benchmarks/storage.py [--days 5]

The server, its template and the documents are real, and the weather is simulated. States of some days are stored, merged and
downsampled to hours. The statistics are those of a year, of all quantities of a station.
"""

import argparse
import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import batched, islice
import json
import os
from pathlib import Path
import sys
import time

sys.path.insert(0, str(Path(__file__).parents[1]))

from _server import STATISTICS, STREAM, Server, bulk
from _station import ENTITIES, ORIGINS, Moment, rows, states_per_day
import aiohttp

from custom_components.anavi_weather.phat.simulator import Weather
from custom_components.anavi_weather.user_station.batch_size import MAX_COUNT
from custom_components.anavi_weather.user_station.documents import Encoder, Identities, Station
from homeassistant.const import __version__

STATION = "0" * 32
HOUR, DAY, YEAR = 3600, 86_400, 365
MEASUREMENTS = ENTITIES[:7]  # with long-term statistics of their mean
SAMPLES = 12  # of an hour
MB = 1_000_000


async def measure(days: float) -> None:
    """Measure and print each form."""
    server = Server()
    namespace = f"bench_storage_{time.time():.0f}"
    print(f"Elasticsearch {await server.version()}, load {os.getloadavg()[0]:.1f}")
    api_key = server.make(namespace, STATION)
    try:
        await _store_states(server, namespace, api_key, days)
        stored, size = await server.count(namespace), await server.bytes_merged(namespace)
        report("states", stored, size, YEAR / days)
        report("states, downsampled to an hour", *await _downsample(server, namespace), YEAR / days)
        await _store_statistics(server, namespace)
        report("long-term statistics", *await _size(server, f"{STATISTICS}{namespace}"), 1)
    finally:
        await server.delete()


def report(form: str, documents: int, size: int, years: float) -> None:
    """Print a form's documents and disk of a year."""
    print(
        f"{form:32}{documents * years:12,.0f} documents{size / documents:8.1f} bytes each{size * years / MB:9.1f} MB a year"
    )


async def _store_states(server: Server, namespace: str, api_key: str, days: float) -> None:
    """Store the states until now."""
    encoder = Encoder(Station(STATION, "Station", "0.1.0", __version__), Identities(ORIGINS))
    states = islice(rows(0, time.time() - days * DAY), int(states_per_day() * days))
    async with aiohttp.ClientSession() as http:
        for batch in batched(states, MAX_COUNT, strict=False):
            body = encoder.encode_compressed(batch)[2]
            while 201 not in await bulk(http, server.url, namespace, api_key, body):
                await asyncio.sleep(1)


async def _downsample(server: Server, namespace: str) -> tuple[int, int]:
    """Downsample the states, and return the number of documents and their size."""
    stream = f"{STREAM}{namespace}"
    rolled = await server.request("POST", f"{stream}/_rollover")
    index, target = rolled["old_index"], f"hours-{namespace}"
    await server.request("PUT", f"{index}/_block/write")
    await server.request("POST", f"{index}/_downsample/{target}", {"fixed_interval": "1h"})
    while True:
        settings = await server.request("GET", f"{target}/_settings/index.downsample.status?flat_settings=true")
        if settings[target]["settings"].get("index.downsample.status") == "success":
            break
        await asyncio.sleep(1)
    found = await _size(server, target)
    await server.request("DELETE", target)
    return found


async def _size(server: Server, index: str) -> tuple[int, int]:
    """Return the number of documents of an index, and their size when merged."""
    await server.request("POST", f"{index}/_forcemerge?max_num_segments=1")
    await server.request("POST", f"{index}/_flush?force=true&wait_if_ongoing=true")
    await server.request("POST", f"{index}/_refresh")
    stats = (await server.request("GET", f"{index}/_stats/store,docs"))["_all"]["primaries"]
    return int(stats["docs"]["count"]), int(stats["store"]["size_in_bytes"])


async def _store_statistics(server: Server, namespace: str) -> None:
    """Store a year of statistics of each measurement."""
    for batch in batched(_statistics(), 20_000, strict=False):
        await server.bulk_as_administrator(f"{STATISTICS}{namespace}", "".join(batch).encode())


def _statistics() -> Iterator[str]:
    """Yield the lines of a year of statistics."""
    now = 0.0
    weather = Weather(0, 760.0, lambda: now)
    end = int(time.time()) // HOUR * HOUR
    for hour in range(end - YEAR * DAY, end, HOUR):
        moments = []
        for sample in range(SAMPLES):
            now = hour + sample * HOUR / SAMPLES
            moments.append(Moment(now, weather(), 0.1 * sample, 0))
        for entity in MEASUREMENTS:
            values = [float(entity.value(moment)) for moment in moments]
            numbers = {"mean": sum(values) / SAMPLES, "min": min(values), "max": max(values)}
            action = {"index": {"_id": f"{STATION}:{entity.entity_id}:{hour}"}}
            yield f"{json.dumps(action)}\n{json.dumps(_document(entity.entity_id, hour, numbers))}\n"


def _document(entity_id: str, hour: int, numbers: dict[str, float]) -> dict[str, object]:
    origin = ORIGINS[entity_id]
    return {
        "@timestamp": datetime.fromtimestamp(hour, UTC).isoformat(),
        "station": {"id": STATION, "name": "Station"},
        "entity": {"id": entity_id, "domain": "sensor", "platform": origin.platform, "key": origin.key},
        "statistics": numbers,
    }


def main() -> None:
    """Measure a number of days."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--days", type=float, default=5.0, help="at most 6.9: older states are rejected")
    asyncio.run(measure(parser.parse_args().days))


if __name__ == "__main__":
    main()
