"""What the checks of a fleet cost: its summaries, comparisons and readers at the user station, and the flags at a station."""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import batched, islice
import json
import statistics
import time
from typing import Any, NamedTuple

from _server import STATISTICS, STREAM, Server, bulk
from _station import ORIGINS, rows
import aiohttp

from custom_components.anavi_weather.phat import ChipId, Measurement, Quantity
from custom_components.anavi_weather.phat.simulator import Weather
from custom_components.anavi_weather.quality import QualityControl
from custom_components.anavi_weather.user_station.documents import Encoder, Identities, Station
from custom_components.anavi_weather.user_station.fleet import parse_stations
from custom_components.anavi_weather.user_station.recorder_rows import Row
from homeassistant.const import __version__

HOUR, DAY = 3600, 86_400
COMPARISON_DAYS = 28
COMPARED = ("temperature", "sea_level_pressure", "atmospheric_pressure")
MAX_STATISTICS = 100_000  # documents to compare; the cost of more is in proportion
REQUESTS = 10
READINGS = 20_000
FLAGGED = 100  # one of so many readings of the temperature
LOCATION = {"lat": -23.5488, "lon": -46.6285}
CHIPS = {
    Quantity.TEMPERATURE: ChipId("HTU21D", 0x40),
    Quantity.HUMIDITY: ChipId("HTU21D", 0x40),
    Quantity.PRESSURE: ChipId("BMP180", 0x77),
    Quantity.ILLUMINANCE: ChipId("BH1750", 0x23),
}


class Checks(NamedTuple):
    """Seconds that the checks of a fleet take, each time."""

    summaries: float
    """Each minute: of the states that were stored."""
    states: float
    """Number of states of each station in the summaries."""
    comparison: float
    """Each hour: of 28 days of statistics, in proportion to those that were measured."""
    poll: float
    """Each minute and reader."""
    poll_bytes: float
    parse: float
    """Of the reader's processor."""
    frost: float
    """Each five minutes: the search of an alert rule."""
    neighbors: float
    """Each hour: the search of the rule that compares stations."""


class Costs(NamedTuple):
    """What location and flags add, as ratios of the same states without them."""

    encoding: float
    compressed: float
    disk: float
    check: float
    """Seconds of the station's processor for the quality control of a reading."""


def located(number: int) -> Station:
    """Return a station that sends its location."""
    return Station(f"{number:032x}", f"Station {number}", "0.1.0", __version__, "", LOCATION, 760.0)


def flagged(seed: int, start: float) -> Iterator[Row]:
    """Yield the rows of a station, some of which are flagged."""
    for number, row in enumerate(rows(seed, start)):
        if number % FLAGGED or not row.attributes:
            yield row
        else:
            yield row._replace(attributes=row.attributes[:-1] + ',"quality_flags":["step"]}')


async def measure_checks(server: Server, namespace: str, stations: int, documents: int) -> Checks:
    """Measure the checks of a fleet whose states are there."""
    await _store_statistics(server, namespace, stations)
    compared = min(stations * COMPARISON_DAYS * 24 * len(COMPARED), MAX_STATISTICS)
    api_key = server.add_reader(namespace)
    summaries = await _transform_seconds(server, f"anavi_weather-fleet-{namespace}")
    comparison = await _transform_seconds(server, f"anavi_weather-fleet_comparison-{namespace}")
    polls = [await _poll(server, namespace, api_key) for _ in range(REQUESTS)]
    answer = polls[-1][1]
    begin = time.process_time()
    parse_stations(answer)
    parse = time.process_time() - begin
    return Checks(
        summaries,
        documents / stations,
        comparison * stations * COMPARISON_DAYS * 24 * len(COMPARED) / compared,
        statistics.median(took for took, _ in polls),
        len(json.dumps(answer, separators=(",", ":"))),
        parse,
        await _search_seconds(server, namespace, "now-1h", {"lowest": {"min": {"field": "state.number"}}}),
        await _search_seconds(
            server,
            namespace,
            "now-24h",
            {
                "hour": {
                    "date_histogram": {"field": "@timestamp", "fixed_interval": "1h"},
                    "aggs": {"mean": {"avg": {"field": "state.number"}}},
                }
            },
        ),
    )


async def _store_statistics(server: Server, namespace: str, stations: int) -> None:
    """Store hourly statistics of all stations, the newest first, up to the limit."""
    this_hour = int(time.time()) // HOUR * HOUR
    hours = min(COMPARISON_DAYS * 24, max(MAX_STATISTICS // (stations * len(COMPARED)), 1))
    lines = (
        '{"create":{}}\n'
        + json.dumps(
            {
                "@timestamp": datetime.fromtimestamp(this_hour - (age + 1) * HOUR, UTC).isoformat(),
                "station": {"id": f"{number:032x}", "name": f"Station {number}"},
                "entity": {"id": f"sensor.{key}", "platform": "anavi_weather", "key": key, "unit": unit},
                "statistics": {"mean": 20 + number % 7 / 10 if unit == "°C" else 1013 - number % 5},
            }
        )
        + "\n"
        for age in range(hours)
        for number in range(stations)
        for key, unit in zip(COMPARED, ("°C", "hPa", "hPa"), strict=True)
    )
    for batch in batched(lines, 5000, strict=False):
        await server.bulk_as_administrator(f"{STATISTICS}{namespace}", "".join(batch).encode())
    await server.request("POST", f"{STATISTICS}{namespace}/_refresh")


async def _transform_seconds(server: Server, transform: str) -> float:
    """Return how long a transform searched and wrote in its first checkpoint."""
    while True:
        (found,) = (await server.request("GET", f"_transform/{transform}/_stats"))["transforms"]
        if found["checkpointing"].get("last", {}).get("checkpoint"):
            stats = found["stats"]
            parts = ("search_time_in_ms", "processing_time_in_ms", "index_time_in_ms")
            return float(sum(stats[part] for part in parts)) / 1000
        await asyncio.sleep(0.5)


async def _poll(server: Server, namespace: str, api_key: str) -> tuple[float, Any]:
    """Read the summaries like a reader; return the seconds and the answer."""
    body = {
        "size": 1001,
        "sort": {"station.id": {"missing": "_first"}},
        "aggs": {"now": {"date_range": {"field": "last_seen", "ranges": [{"from": "now"}]}}},
    }
    begin = time.perf_counter()
    async with (
        aiohttp.ClientSession() as http,
        http.post(
            f"{server.url}/fleet-anavi_weather-{namespace}/_search?filter_path=hits.hits._source,aggregations.now.buckets.from",
            json=body,
            headers={"Authorization": f"ApiKey {api_key}"},
        ) as response,
    ):
        answer = await response.json()
    return time.perf_counter() - begin, answer


async def _search_seconds(server: Server, namespace: str, since: str, aggregations: Mapping[str, Any]) -> float:
    """Return the median duration of a rule's search, as an aggregation."""
    conditions = [{"range": {"@timestamp": {"gte": since}}}, {"term": {"entity.key": "temperature"}}]
    body = {
        "size": 0,
        "query": {"bool": {"filter": conditions}},
        "aggs": {"station": {"terms": {"field": "station.id", "size": 10_000}, "aggs": aggregations}},
    }
    took = []
    for _ in range(REQUESTS):
        begin = time.perf_counter()
        await server.request("POST", f"{STREAM}{namespace}/_search?request_cache=false", body)
        took.append(time.perf_counter() - begin)
    return statistics.median(took)


async def measure_costs(server: Server) -> Costs:
    """Measure what location and flags add to the same states, and what the quality control costs a station."""
    now = time.time()
    plain, full = list(islice(rows(0, now - DAY), READINGS)), list(islice(flagged(0, now - DAY), READINGS))
    encoders = [
        Encoder(Station("0" * 32, "Station 0", "0.1.0", __version__), Identities(ORIGINS)),
        Encoder(located(0), Identities(ORIGINS)),
    ]
    seconds: list[list[float]] = [[], []]
    bodies: list[list[bytes]] = [[], []]
    for _ in range(3):  # in turns, because other programs take their share
        for place, (encoder, states) in enumerate(zip(encoders, (plain, full), strict=True)):
            begin = time.process_time()
            bodies[place] = [encoder.encode_compressed(batch)[2] for batch in batched(states, 2000, strict=False)]
            seconds[place].append(time.process_time() - begin)
    sizes = [await _stored(server, f"bench_fleet_{now:.0f}_{name}", bodies[place]) for place, name in enumerate("ab")]
    return Costs(
        statistics.median(seconds[1]) / statistics.median(seconds[0]),
        sum(map(len, bodies[1])) / sum(map(len, bodies[0])),
        sizes[1] / sizes[0],
        _check_seconds(),
    )


async def _stored(server: Server, namespace: str, bodies: list[bytes]) -> int:
    """Store states, and return their size on disk."""
    api_key = server.make(namespace, "0" * 32)
    async with aiohttp.ClientSession() as http:
        for body in bodies:
            while 201 not in await bulk(http, server.url, namespace, api_key, body):
                await asyncio.sleep(1)
    return await server.bytes_merged(namespace)


def _check_seconds() -> float:
    """Return the time of the processor for the quality control of a reading of three chips."""
    now = 0.0
    weather = Weather(0, 760.0, lambda: now)
    quality = QualityControl()
    took = 0.0
    for number in range(READINGS):
        now = number * 30.0
        air = weather()
        measurements = {
            CHIPS[Quantity.TEMPERATURE]: Measurement(
                {Quantity.TEMPERATURE: air.temperature, Quantity.HUMIDITY: air.humidity}
            ),
            CHIPS[Quantity.PRESSURE]: Measurement({Quantity.PRESSURE: air.pressure}),
            CHIPS[Quantity.ILLUMINANCE]: Measurement({Quantity.ILLUMINANCE: air.illuminance}),
        }
        begin = time.process_time()
        quality.check(now, measurements, CHIPS)
        took += time.process_time() - begin
    return took / READINGS
