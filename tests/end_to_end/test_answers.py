"""Tests that no row is lost, doubled, changed or invented while the server rejects good documents.

One Home Assistant meets one mistake of an administrator after another.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
import os
from pathlib import Path
import shutil
import time
from typing import Any
from urllib.error import HTTPError
from uuid import uuid4

import pytest

from tests.docker.user_station.files import rules, without_names

from .conftest import needs_elasticsearch, wait_for
from .server import REQUIRED_NODE, Server
from .station import Station, settle

NAMESPACE = f"answers_{uuid4().hex}"  # several runs may use one server
STREAM = f"metrics-anavi_weather.state-{NAMESPACE}"
PIPELINE = NAMESPACE
OLD_INDEX = f".ds-{STREAM}-old"
OTHER_TEMPLATE = f"_index_template/{NAMESPACE}"
DOWNSAMPLED_INDEX = f".ds-{STREAM}-downsampled"
SPOIL = {"field": "state.number", "value": "not a number"}
DAY = 86_400

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.usefixtures("socket_enabled"),
    needs_elasticsearch,
]

type Spoil = Callable[..., None]


@pytest.fixture(scope="module")
def station(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """Return a station that sends to the server."""
    station = Station(tmp_path_factory.mktemp("station"))
    try:
        station.start()
        station.produce(100)
        station.send_to(server.url, server.add_station(NAMESPACE, "answers"), NAMESPACE)
        compare(station, server, "before the mistakes of an administrator")
        yield station
    finally:
        station.kill()


@pytest.fixture
def spoil(server: Server) -> Iterator[Spoil]:
    """Return a function that sends all documents through an ingest pipeline, without processors through none."""

    def spoil(*processors: dict[str, Any]) -> None:
        server.request("PUT", f"{STREAM}/_settings", {"index.default_pipeline": None})
        with suppress(HTTPError):
            server.request("DELETE", f"_ingest/pipeline/{PIPELINE}")
        if processors:
            server.request("PUT", f"_ingest/pipeline/{PIPELINE}", {"processors": processors})
            server.request("PUT", f"{STREAM}/_settings", {"index.default_pipeline": PIPELINE})

    yield spoil
    spoil()


def compare(station: Station, server: Server, name: str) -> None:
    """Compare all rows with the documents when all has been sent."""
    comparison = settle(station, server, NAMESPACE, name)
    assert comparison.good, f"{comparison}\n{station.log[-5000:]}"


def reported(station: Station) -> dict[str, Any]:
    """Return what the diagnostics report. The sensors follow once a minute."""
    entry_id, _ = station.user_stations()
    reported: dict[str, Any] = station.get(f"/api/diagnostics/config_entry/{entry_id}")["data"]["user_stations"][0]
    return reported


def test_a_pipeline_that_spoils_every_document(station: Station, server: Server, spoil: Spoil) -> None:
    before = reported(station)["refused"]
    spoil({"set": SPOIL})
    station.produce(1000)
    wait_for(lambda: "user_station_states_held" in station.issues())
    station.produce(200)
    wait_for(lambda: station.status("connected") == "off")
    assert reported(station)["refused"] - before <= 10, "no more than a handful of live states, before it was clear"

    spoil()
    compare(station, server, "pipeline that spoils every document")
    wait_for(lambda: "user_station_states_held" not in station.issues())
    wait_for(lambda: reported(station)["rejected"] == reported(station)["sent_again"] == [])


def test_two_bad_documents_among_many(station: Station, server: Server, spoil: Spoil) -> None:
    """Case 22."""
    before = reported(station)["refused"]
    spoil({"set": {**SPOIL, "if": "ctx.entity.id.startsWith('sensor.guilty')"}})
    station.act("state_source.produce", count=250)
    station.act("state_source.produce", count=2, prefix="guilty")
    station.produce(250)
    wait_for(lambda: reported(station)["refused"] == before + 2)
    wait_for(lambda: "user_station_states_refused" in station.issues())
    wait_for(lambda: "user_station_states_held" not in station.issues())
    rejected = {(row.entity_id, row.timestamp) for row in station.rows() if row.entity_id.startswith("sensor.guilty")}
    station.excused |= rejected
    compare(station, server, "two bad documents among 500")

    spoil()
    station.excused -= rejected
    (device_id,) = {entry["device_id"] for entry in station.entities()}
    station.act("anavi_weather.send_again", device_id=device_id)
    compare(station, server, "two bad documents that are sent again")
    assert reported(station)["refused"] == before + 2, "nothing is counted twice"
    wait_for(lambda: "user_station_states_refused" not in station.issues())


def test_a_pipeline_that_drops_documents(station: Station, server: Server, spoil: Spoil) -> None:
    """Case 8."""
    spoil({"drop": {"if": "ctx.entity.id == 'sensor.dropped_0'"}})
    station.produce(60, prefix="dropped")
    wait_for(lambda: reported(station)["dropped"] == 3)
    wait_for(lambda: "user_station_states_dropped" in station.issues())
    dropped = {(row.entity_id, row.timestamp) for row in station.rows() if row.entity_id == "sensor.dropped_0"}
    station.excused |= dropped
    compare(station, server, "pipeline that drops documents")

    spoil()
    station.excused -= dropped
    station.act("button.press", entity_id=station.entity("send_rejected_again"))
    compare(station, server, "dropped documents that are sent again")


def test_the_newest_index_is_closed_and_rolls_over(station: Station, server: Server) -> None:
    """Case 1."""
    newest = server.indices(NAMESPACE)[-1]
    station.produce(50)
    server.request("POST", f"{newest}/_close")
    station.produce(300)
    wait_for(lambda: newest in station.issue("user_station_index_closed"))
    wait_for(lambda: station.status("connected") == "off")
    wait_for(lambda: (reported(station)["backlog"] or 0) >= 300)
    server.request("POST", f"{newest}/_open")
    compare(station, server, "newest index closed")
    wait_for(lambda: not station.issue("user_station_index_closed"))

    station.act("state_source.produce", count=500)
    assert server.request("POST", f"{STREAM}/_rollover")["rolled_over"]
    station.produce(100)
    compare(station, server, "rollover while states are sent")


def test_an_older_index_has_no_shard_then_a_write_block_and_is_closed(station: Station, server: Server) -> None:
    """Cases 5 and 6: newer states are stored at once, the older ones follow when the block is lifted."""
    assert server.add_old_index(NAMESPACE, node="nobody") == OLD_INDEX
    refused = reported(station)["refused"]
    for fault, repair, key in (
        ((), ("PUT", "_settings", {REQUIRED_NODE: None}), "index_unavailable"),
        (("PUT", "_block/write"), ("PUT", "_settings", {"index.blocks.write": False}), "index_blocked"),
        (("POST", "_close"), ("POST", "_open"), "index_closed"),
    ):
        if fault:
            server.request(fault[0], f"{OLD_INDEX}/{fault[1]}")
        station.produce(20, prefix="older", ago=9 * DAY)
        station.produce(100)
        wait_for(lambda key=key: OLD_INDEX in station.issue(f"user_station_{key}"))  # type: ignore[misc]
        wait_for(lambda: station.status("connected") == "on")
        if fault:  # else the server cannot search the stream either
            older = {
                (row.entity_id, row.timestamp) for row in station.rows() if row.entity_id.startswith("sensor.older")
            }
            station.excused |= older
            compare(station, server, f"older index with {key}: newer states")
            station.excused -= older
        else:
            wait_for(lambda: reported(station)["aside"])
        server.request(repair[0], f"{OLD_INDEX}/{repair[1]}", *repair[2:])
    station.reload()
    compare(station, server, "older index without a shard, then with a write block, then closed")
    wait_for(
        lambda: not any(station.issue(f"user_station_index_{key}") for key in ("closed", "blocked", "unavailable"))
    )
    assert reported(station)["refused"] == refused


def test_an_older_index_is_downsampled(station: Station, server: Server) -> None:
    """Cases 7 and 30: as late states, and as the history of a new station."""
    before = reported(station)["refused"]
    downsample_old_index(server)

    station.produce(30, prefix="older", ago=9 * DAY)
    station.produce(100)

    wait_for(lambda: reported(station)["refused"] == before + 30)
    wait_for(lambda: reported(station)["aside"] == [])
    wait_for(lambda: "user_station_index_blocked" not in station.issues())
    older = {(row.entity_id, row.timestamp) for row in station.rows() if row.entity_id.startswith("sensor.older")}
    station.excused |= older
    # Documents of an hour are one now, which is no row
    remove = {"remove_backing_index": {"data_stream": STREAM, "index": DOWNSAMPLED_INDEX}}
    server.request("POST", "_data_stream/_modify", {"actions": [remove]})
    server.request("DELETE", DOWNSAMPLED_INDEX)
    compare(station, server, "older index downsampled in place")


def downsample_old_index(server: Server) -> None:
    """Replace the index by one with a document for each hour, as a lifecycle does."""
    server.request("PUT", f"{OLD_INDEX}/_settings", {"index.blocks.write": True})
    server.request("POST", f"{OLD_INDEX}/_downsample/{DOWNSAMPLED_INDEX}", {"fixed_interval": "1h"})
    actions = [
        {"remove_backing_index": {"data_stream": STREAM, "index": OLD_INDEX}},
        {"add_backing_index": {"data_stream": STREAM, "index": DOWNSAMPLED_INDEX}},
    ]
    server.request("POST", "_data_stream/_modify", {"actions": actions})
    server.request("DELETE", OLD_INDEX)


def test_another_station_sends_as_this_one(station: Station, server: Server) -> None:
    """Cases 21 and 35."""
    (hit,) = server.request("GET", f"{STREAM}/_search?size=1&_source=station.id")["hits"]["hits"]
    at = round(time.time())
    foreign = [
        {
            "@timestamp": datetime.fromtimestamp(at, UTC).isoformat(),
            "station": {"id": hit["_source"]["station"]["id"]},
            "entity": {"id": f"sensor.foreign_{number}"},
            "state": {"value": "of another station"},
        }
        for number in range(5)
    ]
    intruder = server.add_station(NAMESPACE, "intruder")
    answers = server.bulk(NAMESPACE, foreign, intruder)
    assert {answer["status"] for answer in answers} == {500}
    assert "this API key belongs to the station" in answers[0]["error"]["reason"]

    answers = server.bulk(NAMESPACE, foreign)  # by an account that may write as any station, like a key of 1.0.0
    assert {answer["status"] for answer in answers} == {201}
    station.produce(10, prefix="foreign", at=at)
    wait_for(lambda: reported(station)["foreign"] == len(foreign))
    wait_for(lambda: "user_station_states_foreign" in station.issues())
    server.request("POST", f"{STREAM}/_refresh")
    server.request("POST", f"{STREAM}/_delete_by_query", {"query": {"term": {"state.value": "of another station"}}})
    station.excused |= {
        (row.entity_id, row.timestamp)
        for row in station.rows()
        if row.entity_id in {document["entity"]["id"] for document in foreign}  # type: ignore[index]
    }
    compare(station, server, "another station sends as this one")


@pytest.mark.skipif("ELASTICSEARCH_PATH_REPO" not in os.environ, reason="ELASTICSEARCH_PATH_REPO is not set")
def test_the_stream_is_restored_from_a_snapshot(station: Station, server: Server) -> None:
    """What was stored since the snapshot is missing, until an administrator has it sent again."""
    repository = f"_snapshot/{NAMESPACE}"
    folder = Path(os.environ["ELASTICSEARCH_PATH_REPO"]) / NAMESPACE
    server.request("PUT", repository, {"type": "fs", "settings": {"location": str(folder)}})
    try:
        only_stream = {"indices": STREAM, "include_global_state": False}
        server.request("PUT", f"{repository}/one?wait_for_completion=true", only_stream)
        station.produce(200)
        compare(station, server, "after the snapshot")
        server.request("DELETE", f"_data_stream/{STREAM}")
        server.request("POST", f"{repository}/one/_restore?wait_for_completion=true", only_stream)
    finally:
        server.request("DELETE", repository)
    station.produce(50)
    station.reload()
    wait_for(lambda: station.issue("user_station_stream_recreated"))
    wait_for(lambda: station.status("connected") == "on")
    station.submit_repair("user_station_stream_recreated")
    compare(station, server, "stream restored from a snapshot, and sent again")
    wait_for(lambda: not station.issue("user_station_stream_recreated"))


def test_the_stream_is_deleted(station: Station, server: Server) -> None:
    """Case 10."""
    server.delete(NAMESPACE)
    server.setup(NAMESPACE)
    station.excused.clear()
    start = datetime.fromtimestamp(time.time() - 5 * DAY, UTC).isoformat()
    station.act("datetime.set_value", entity_id=station.entity("send_again_from"), datetime=start)
    station.act("button.press", entity_id=station.entity("send_again"))
    station.excused |= {
        (row.entity_id, row.timestamp) for row in station.rows() if row.entity_id.startswith("sensor.older")
    }
    station.produce(50)
    compare(station, server, "stream deleted, and sent again")


@pytest.fixture
def use_other_template(server: Server) -> Iterator[Callable[[], None]]:
    """Return a function that lets a template without time series win over that of `setup`."""

    def create() -> None:
        template = {"index_patterns": [STREAM], "priority": 9999, "data_stream": {}}
        server.request("PUT", OTHER_TEMPLATE, template)

    yield create
    with suppress(HTTPError):
        server.request("DELETE", OTHER_TEMPLATE)


@pytest.mark.parametrize("change", [("DELETE", f"_data_stream/{STREAM}"), ("POST", f"{STREAM}/_rollover")])
def test_another_template_makes_an_ordinary_stream(
    station: Station, server: Server, use_other_template: Callable[[], None], change: tuple[str, str]
) -> None:
    """Case 9: the server stores what is sent next, perhaps twice."""
    use_other_template()
    server.request(*change)
    stored = len(server.documents(NAMESPACE)) if change[0] == "POST" else 0
    station.produce(60)
    wait_for(lambda: len(server.documents(NAMESPACE)) >= stored + 60)
    wait_for(lambda: station.status("connected") == "on")
    station.reload()
    wait_for(lambda: STREAM in station.issue("user_station_not_time_series"))
    station.produce(40)
    wait_for(lambda: station.status("connected") == "off")
    assert len(server.documents(NAMESPACE)) < stored + 100

    server.request("DELETE", OTHER_TEMPLATE)
    server.request("DELETE", f"_data_stream/{STREAM}")
    server.setup(NAMESPACE)
    wait_for(lambda: station.issue("user_station_stream_recreated"))
    station.submit_repair("user_station_stream_recreated")
    compare(station, server, f"ordinary stream by another template and {change}, and sent again")
    wait_for(lambda: not station.issue("user_station_not_time_series"))


def test_two_stations_are_restored_from_one_backup(
    station: Station, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Case 35: no state of one has the time of a state of the other, but the rule finds both."""
    query = without_names(rules()["double"]["params"]["esqlQuery"]["esql"]).replace("state-*", f"state-{NAMESPACE}")
    # A server before 9.5 knows no nanoseconds in ES|QL. The time serves only to find the newest name
    query = query.replace("MAX(@timestamp)", "COUNT(*)")

    def found() -> list[Any]:
        since = {"range": {"@timestamp": {"gte": "now-15m"}}}
        values: list[Any] = server.request("POST", "_query", {"query": query, "filter": since})["values"]
        return values

    assert found() == []
    station.stop()
    folder = tmp_path_factory.mktemp("copy") / "station"
    shutil.copytree(station.folder, folder, symlinks=True)
    copy = Station(folder)
    try:
        station.launch()
        copy.start()
        station.wait_until_ready()
        for one in (station, copy):
            one.produce(20)
        wait_for(found)
        ((_, count),) = found()
        assert count == len({station, copy})
    finally:
        copy.kill()
