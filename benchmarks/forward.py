r"""Measure the cost of forwarding: speed compared with a bare `_bulk`, CPU time, stalls, memory, latency and disk.

    scripts/setup develop
    ELASTICSEARCH_URL=… ELASTICSEARCH_USERNAME=… ELASTICSEARCH_PASSWORD=… \
        .cache/develop/bin/python benchmarks/forward.py [--rows 100000] [--rounds 3]

A real Home Assistant in its own folder has a recorder with a history, and forwards it to a user station over HTTP. In turns
with that, the same documents are sent to the same server over one connection, in batches of the forwarder's maximum size,
encoded and compressed beforehand. All written data is deleted at the end.
"""

import argparse
import asyncio
from collections.abc import Sequence
from contextlib import suppress
import gc
from itertools import batched, islice
import json
import os
from pathlib import Path
from statistics import median
import sys
import tempfile
import time
from typing import Any
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "scripts" / "lib"))

from _history import fill
from _server import STREAM, Server, bulk
from _station import rows
import aiohttp
import aiohttp_fast_zlib
from api import HomeAssistant, Login, connect
from instance import DOMAIN, Instance, bind, prepare
from station_setup import set_up_station

from custom_components.anavi_weather.const import SUBENTRY_USER_STATION
from custom_components.anavi_weather.user_station.batch_size import MAX_COUNT
from custom_components.anavi_weather.user_station.documents import Encoder, Identities, Origin, Station
from custom_components.anavi_weather.user_station.recorder_rows import Row
from homeassistant.const import __version__

ROWS = 100_000
ROUNDS = 3
DAYS = 5.5
IDLE = 30.0  # seconds
SETTLE = 15.0  # seconds
LIVE = 40  # states
# Seconds between the probe's looks. Waking often shows stalls, but takes a third as much CPU time as forwarding itself
OFTEN = 0.002
SELDOM = 0.05
RATIO_BOUND = 0.7
CPU_BOUND = 12.0  # ms
STALL_BOUND = 20.0  # ms
MEMORY_BOUND = 30.0  # MB
MB = 1_000_000
SAMPLE = 200  # documents to compare
PROBE = "benchmark_probe"
HOST = "127.0.0.1"
STATION_NAME = "Benchmark"

type Report = dict[str, float]


class Bench:
    """Benchmark with a Home Assistant that has a history, and a server."""

    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        """Initialize the benchmark."""
        self.folder = folder
        self.options = options
        self.server = Server()
        self.port = bind(HOST, 0)
        self.uuid = uuid4().hex
        self.rows: list[Row] = []
        self.bare: list[float] = []
        self.bare_reports: list[Report] = []
        self.forward: list[Report] = []
        self.idle: dict[float, Report] = {}
        """By the probe's tick."""
        self.undisturbed: list[Report] = []
        """Rounds in which the probe looks seldom, for the CPU time."""

    def instance(self) -> Instance:
        """Create a Home Assistant in the folder, with the probe."""
        prepare(self.folder, HOST, self.port, "en", reset=False)
        with (self.folder / "configuration.yaml").open("a", encoding="utf-8") as configuration:
            configuration.write(f"{PROBE}:\n")
        link = self.folder / "custom_components" / PROBE
        if not link.exists():
            link.symlink_to(Path(__file__).parent / "probe", target_is_directory=True)
        return Instance(self.folder, f"http://{HOST}:{self.port}", None)

    def login(self) -> Login:
        """Return the login of the folder's account."""
        return Login.load(self.folder, f"http://{HOST}:{self.port}")

    async def make_history(self) -> None:
        """Let Home Assistant create its database, and fill it with a history."""
        say("Home Assistant creates its database")
        instance = self.instance()
        # Otherwise Home Assistant creates an id only when the first user station is added
        (self.folder / ".storage/core.uuid").write_text(
            json.dumps({"version": 1, "minor_version": 1, "key": "core.uuid", "data": {"uuid": self.uuid}}), "utf-8"
        )
        await instance.start()
        login = self.login()
        try:
            async with connect(login) as home_assistant:
                await home_assistant.wait_until_running()
                login.save(self.folder)
                await set_up_station(home_assistant, self.folder, "simulated", past_days=0)
                await asyncio.sleep(SETTLE)
        finally:
            await instance.stop()
        self.rows = list(islice(rows(1, time.time() - DAYS * 86400, large=True), self.options.rows))
        entities = fill(self.folder / "home-assistant_v2.db", self.rows)
        span = ((self.rows[-1].last_updated_ts or 0) - (self.rows[0].last_updated_ts or 0)) / 86400
        say(f"{len(self.rows):,} states of {entities} entities over {span:.1f} days")

    def registry(self, name: str) -> Any:
        """Return a registry of the folder's Home Assistant."""
        return json.loads((self.folder / f".storage/core.{name}_registry").read_text(encoding="utf-8"))["data"]

    def bodies(self) -> list[tuple[int, bytes]]:
        """Return the bodies of the history's documents, like the forwarder's."""
        names = {device["id"]: device["name"] for device in self.registry("device")["devices"]}
        origins = {
            entry["entity_id"]: Origin(
                entry["platform"],
                entry["translation_key"] or entry["original_device_class"],
                device=names.get(entry["device_id"]),
            )
            for entry in self.registry("entity")["entities"]
        }
        manifest = json.loads((self.folder / "custom_components" / DOMAIN / "manifest.json").read_text("utf-8"))
        station = Station(self.uuid, STATION_NAME, manifest["version"], __version__, instance="0" * 16)
        encoder = Encoder(station, Identities(origins))
        return [encoder.encode_compressed(batch)[1:] for batch in batched(self.rows, MAX_COUNT, strict=False)]

    async def send_bare(
        self, namespace: str, home_assistant: HomeAssistant, bodies: Sequence[tuple[int, bytes]]
    ) -> None:
        """Send the documents as fast as one connection can, while Home Assistant is idle."""
        api_key = self.server.make(namespace, self.uuid)
        await home_assistant.call(f"{PROBE}/begin", target=0, tick=OFTEN)
        async with aiohttp.ClientSession() as http:
            gc.disable()
            begin = time.perf_counter()
            for count, body in bodies:
                statuses = await bulk(http, self.server.url, namespace, api_key, body)
                if len(statuses) != count or any(status != 201 for status in statuses):
                    sys.exit(f"the bare _bulk was not stored: {set(statuses)}")
            took = time.perf_counter() - begin
            gc.enable()
        self.bare.append(len(self.rows) / took)
        self.bare_reports.append(await home_assistant.call(f"{PROBE}/report"))
        say(f"bare _bulk: {self.bare[-1]:,.0f} documents per second")

    async def forward_to(self, namespace: str, home_assistant: HomeAssistant, entry_id: str, tick: float) -> Report:
        """Add a user station, and wait until the history is stored."""
        api_key = self.server.make(namespace, self.uuid)
        await home_assistant.call(f"{PROBE}/begin", target=len(self.rows), tick=tick)
        await home_assistant.add_subentry(
            entry_id,
            SUBENTRY_USER_STATION,
            {
                "user": {"url": self.server.url, "api_key": api_key, "namespace": namespace},
                "states": {
                    "station_name": STATION_NAME,
                    "entities": self.options.entities,
                    "send_history": True,
                    "send_statistics": False,
                },
            },
        )
        while (done := await home_assistant.call(f"{PROBE}/done")) is None:
            await asyncio.sleep(1)
        if done["refused"]:
            sys.exit(f"{done['refused']} states were refused")
        say(f"forwarder: {done['stored'] / done['seconds']:,.0f} documents per second")
        report: Report = done
        return report

    async def remove(self, home_assistant: HomeAssistant, entry_id: str) -> None:
        """Remove the user station."""
        for subentry in await home_assistant.call("config_entries/subentries/list", entry_id=entry_id):
            if subentry["subentry_type"] == SUBENTRY_USER_STATION:
                await home_assistant.call(
                    "config_entries/subentries/delete", entry_id=entry_id, subentry_id=subentry["subentry_id"]
                )
        await asyncio.sleep(SETTLE)

    async def compare(self, one: str, other: str) -> None:
        """Check that both ways wrote the same documents."""
        query = {
            "size": SAMPLE,
            "sort": ["@timestamp", "entity.id"],
            "query": {"range": {"@timestamp": {"lt": "now-1d"}}},
        }
        found = []
        for namespace in (one, other):
            if (there := await self.server.count(namespace)) < len(self.rows):
                sys.exit(f"{namespace} has only {there} documents")
            answer = await self.server.request("POST", f"{STREAM}{namespace}/_search", query)
            documents = [hit["_source"] for hit in answer["hits"]["hits"]]
            for document in documents:
                document["station"].pop("instance", None)  # changes with each machine
            found.append(documents)
        different = next((pair for pair in zip(*found, strict=True) if pair[0] != pair[1]), None)
        if different or len(found[0]) != SAMPLE:
            sys.exit(f"the forwarder and the bare _bulk did not write the same documents: {different}")

    async def run(self) -> None:
        """Measure, and print the table."""
        await self.make_history()
        aiohttp_fast_zlib.enable()  # like Home Assistant, so that the bodies are the forwarder's
        bodies = self.bodies()
        instance = self.instance()
        await instance.start()
        try:
            async with connect(self.login()) as home_assistant:
                await home_assistant.wait_until_running()
                await self.measure(home_assistant, bodies)
        finally:
            await instance.stop()
            await self.server.delete()

    async def measure(self, home_assistant: HomeAssistant, bodies: Sequence[tuple[int, bytes]]) -> None:
        """Measure Home Assistant idle, then in rounds, then with live states."""
        entries = await home_assistant.call("config_entries/get", domain=DOMAIN)
        entry_id = entries[0]["entry_id"]
        await asyncio.sleep(SETTLE)
        for tick in (OFTEN, SELDOM):
            await self.measure_idle(home_assistant, tick)
        prefix = f"bench_forward_{time.time():.0f}"
        for number in range(self.options.rounds):
            self.undisturbed.append(await self.forward_to(f"{prefix}_cpu{number}", home_assistant, entry_id, SELDOM))
            await self.remove(home_assistant, entry_id)
            await self.send_bare(f"{prefix}_bare{number}", home_assistant, bodies)
            await asyncio.sleep(SETTLE / 3)
            self.forward.append(await self.forward_to(f"{prefix}_{number}", home_assistant, entry_id, OFTEN))
            if number < self.options.rounds - 1:
                await self.remove(home_assistant, entry_id)
        await self.compare(f"{prefix}_{number}", f"{prefix}_bare{number}")
        say("live states")
        live: list[float] = []
        if self.options.entities == "all":
            live = await home_assistant.call(f"{PROBE}/latency", count=LIVE)
        namespace = f"{prefix}_{number}"
        size = await self.server.bytes_merged(namespace) / await self.server.count(namespace)
        self.report(
            sorted(live),
            size,
            sum(len(body) for _, body in bodies) / len(self.rows),
            await self.server.version(),
        )

    async def measure_idle(self, home_assistant: HomeAssistant, tick: float) -> None:
        """Measure Home Assistant while it does nothing."""
        say(f"idle for {IDLE:.0f} s")
        await home_assistant.call(f"{PROBE}/begin", target=0, tick=tick)
        await asyncio.sleep(IDLE)
        self.idle[tick] = await home_assistant.call(f"{PROBE}/report")

    def report(self, live: list[float], size: float, sent: float, version: str) -> None:
        """Print the table."""
        print(
            f"\nHome Assistant {__version__}, Elasticsearch {version}, {len(self.rows):,} states, load {os.getloadavg()[0]:.1f}"
        )
        self.report_rates()
        self.report_cpu(self.idle[SELDOM])
        self.report_stalls(self.idle[OFTEN])
        self.report_memory(self.idle[OFTEN])
        if live:
            row(
                "a live state, commit to acknowledgement, median",
                f"{median(live) * 1000:.0f} ms",
                f"95 %: {live[len(live) * 95 // 100] * 1000:.0f} ms; at most {live[-1] * 1000:.0f} ms; {len(live)} states",
            )
        row("a document on disk, merged", f"{size:.0f} bytes")
        row("a document on the wire, in a full batch", f"{sent:.0f} bytes", "gzip; without HTTP's headers and TLS")

    def report_rates(self) -> None:
        """Print how fast documents were stored."""
        rates = [done["stored"] / done["seconds"] for done in self.forward]
        ratios = [one / other for one, other in zip(rates, self.bare, strict=True)]
        row("forwarder, documents per second", f"{median(rates):,.0f}", each(rates, ",.0f"))
        row("bare _bulk, documents per second", f"{median(self.bare):,.0f}", each(self.bare, ",.0f"))
        met = verdict(median(ratios) >= RATIO_BOUND)
        row("ratio", f"{min(ratios):.2f} to {max(ratios):.2f}", f"at least {RATIO_BOUND}; {each(ratios, '.2f')}{met}")

    def report_cpu(self, idle: Report) -> None:
        """Print the CPU time that forwarding adds."""
        idle_cpu = idle["cpu"] / idle["seconds"]
        cpu = [(r["cpu"] - idle_cpu * r["seconds"]) / r["stored"] * 1_000_000 for r in self.undisturbed]
        met = verdict(median(cpu) <= CPU_BOUND)
        row(
            "CPU of Home Assistant per 1,000 states",
            f"{median(cpu):.1f} ms",
            f"at most {CPU_BOUND:.0f}; {each(cpu, '.1f')}{met}",
        )

    def report_stalls(self, idle: Report) -> None:
        """Print for how long the event loop could not run."""

        def milliseconds(reports: Sequence[Report], key: str) -> list[float]:
            return [report[key] * 1000 for report in reports]

        stall = milliseconds(self.forward, "stall")
        row(
            "longest stall of the event loop",
            f"{max(stall):.1f} ms",
            f"under {STALL_BOUND:.0f}; {each(stall, '.1f')}{verdict(max(stall) < STALL_BOUND)}",
        )
        row("  99 % of wakings late by less than", f"{max(milliseconds(self.forward, 'stall_p99')):.1f} ms")
        own = milliseconds(self.forward, "stall_own")
        row(
            "  of it Home Assistant computing, at most",
            f"{max(own):.1f} ms",
            each(own, ".1f") + "; the rest is other programs on the machine",
        )
        collections = milliseconds(self.forward, "collection")
        row("  of it Python's garbage collector, at most", f"{max(collections):.1f} ms", each(collections, ".1f"))
        row(
            "  idle",
            f"{idle['stall'] * 1000:.1f} ms",
            f"computing at most {idle['stall_own'] * 1000:.1f} ms; 99 %: {idle['stall_p99'] * 1000:.1f} ms",
        )
        bare = milliseconds(self.bare_reports, "stall")
        row("  idle while the bare _bulk runs", f"{max(bare):.1f} ms", each(bare, ".1f"))

    def report_memory(self, idle: Report) -> None:
        """Print the memory that forwarding adds."""
        added = [(r["peak"] - r["before"]) / MB for r in self.forward]
        stays = [(r["after"] - r["before"]) / MB for r in self.forward]
        row(
            "memory added at its peak (resident)",
            f"{max(added):.1f} MB",
            f"under {MEMORY_BOUND:.0f}; {each(added, '.1f')}{verdict(max(added) < MEMORY_BOUND)}",
        )
        row("  after the history", f"{max(stays):.1f} MB", each(stays, ".1f"))
        row("  idle, in as long", f"{(idle['peak'] - idle['before']) / MB:.1f} MB", f"of {idle['before'] / MB:.0f} MB")


def row(label: str, value: str, remark: str = "") -> None:
    """Print a row of the table."""
    print(f"  {label:<52}{value:>16}   {remark}".rstrip())


def each(values: Sequence[float], form: str) -> str:
    """Return the values of all rounds."""
    return "rounds: " + ", ".join(format(value, form) for value in values)


def verdict(met: bool) -> str:
    """Return a remark if a bound is not met."""
    return "" if met else "  NOT MET"


def say(what: str) -> None:
    """Print the progress."""
    print(f"forward: {what}", file=sys.stderr, flush=True)


def main() -> None:
    """Measure in a temporary folder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--entities", choices=["all", "station"], default="all", help="entities to send")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="anavi_weather-") as folder, suppress(KeyboardInterrupt):
        asyncio.run(Bench(Path(folder), options).run())


if __name__ == "__main__":
    main()
