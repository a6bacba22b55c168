"""Tests of the index of statistics on a real Elasticsearch: what a station's key can store in it, and what it cannot."""

from http import HTTPStatus
import json
from typing import Any

from aiohttp import ClientSession
import pytest
from yarl import URL

from custom_components.anavi_weather.user_station.answers import Item
from custom_components.anavi_weather.user_station.documents import Station
from custom_components.anavi_weather.user_station.elasticsearch import Destination
from custom_components.anavi_weather.user_station.errors import (
    IndexBlockedError,
    IndexClosedError,
    OtherStationError,
    PipelineMissingError,
    PrivilegeMissingError,
    StatisticsIndexMissingError,
    StatisticsPrivilegeError,
)
from custom_components.anavi_weather.user_station.recorder_statistics import StatisticsRow
from custom_components.anavi_weather.user_station.statistics_checkpoint import About, Statistic
from custom_components.anavi_weather.user_station.statistics_documents import StatisticsEncoder, compress
from custom_components.anavi_weather.user_station.statistics_index import StatisticsIndex

from .conftest import Run, key_of
from .server import Server
from .test_setup_stations import OTHER_STATION, station_of, unbound_key

HOUR = "2023-01-01T00:00:00Z"


def statistics(station: str, mean: float = 1.0, **more: Any) -> dict[str, Any]:
    """Return a document as a station sends it."""
    return {
        "@timestamp": HOUR,
        "station": {"id": station, "name": "Casa"},
        "entity": {"id": "sensor.one"},
        "statistics": {"mean": mean},
        **more,
    }


def bulk(server: Server, key: str, *lines: dict[str, Any]) -> list[tuple[int, str | None]]:
    """Return each action's status, and its result or type of error."""
    body = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    status, answer = server.call("POST", f"{server.statistics}/_bulk?refresh=true", body, api_key=key)
    assert status == HTTPStatus.OK
    items = [next(iter(item.values())) for item in answer["items"]]
    return [(item["status"], item.get("error", {}).get("type") or item["result"]) for item in items]


def store(server: Server, key: str, document_id: str | None, document: dict[str, Any]) -> tuple[int, str | None]:
    """Return the status and result of one document."""
    (result,) = bulk(server, key, {"index": {"_id": document_id} if document_id else {}}, document)
    return result


def stored(server: Server) -> dict[str, float]:
    """Return the means by id."""
    server.good("POST", f"{server.statistics}/_refresh")
    hits = server.good("GET", f"{server.statistics}/_search?size=100")["hits"]["hits"]
    return {hit["_id"]: hit["_source"]["statistics"]["mean"] for hit in hits}


def test_the_index_is_created_once(server: Server, setup: Run) -> None:
    assert f"the index {server.statistics} is created" in setup().stderr
    server.good("PUT", f"{server.statistics}/_doc/1:a:1?refresh=true", statistics("1"))
    server.good("PUT", f"{server.statistics}/_settings", {"index.final_pipeline": None})

    again = setup()

    assert again.returncode == 0, again.stderr
    assert f"the index {server.statistics} already exists" in again.stderr
    assert stored(server) == {"1:a:1": 1.0}
    key = key_of(setup("add-station", "One"))
    assert store(server, key, "1:a:1", statistics("1", 2.0)) == (500, OTHER_STATION)


def test_a_blocked_index_is_reported(server: Server, setup: Run) -> None:
    setup()
    server.good("PUT", f"{server.statistics}/_settings", {"index.final_pipeline": None})
    server.good("PUT", f"{server.statistics}/_settings", {"index.blocks.read_only": True})
    again = setup()
    assert again.returncode == 0, again.stderr
    assert f"{server.statistics} is read-only: run this again when it is not" in again.stderr
    server.good("PUT", f"{server.statistics}/_settings", {"index.blocks.read_only": None})


def test_old_statistics_are_stored_and_overwritten(server: Server, setup: Run) -> None:
    setup()
    key = key_of(setup("add-station", "One"))
    one = str(station_of(server, key))
    assert store(server, key, f"{one}:a:1", statistics(one)) == (201, "created")
    assert store(server, key, f"{one}:a:1", statistics(one)) == (200, "updated")
    assert store(server, key, f"{one}:a:1", statistics(one, 3.0)) == (200, "updated")
    # Larger than the field's type: the document has it, only its field is not searchable
    assert store(server, key, f"{one}:a:2", statistics(one, 1e300)) == (201, "created")
    assert stored(server) == {f"{one}:a:1": 3.0, f"{one}:a:2": 1e300}


def test_no_station_changes_the_statistics_of_another(server: Server, setup: Run) -> None:
    setup()
    keys = [key_of(setup("add-station", name)) for name in ("One", "Two")]
    one, two = (str(station_of(server, key)) for key in keys)
    mine, other = f"{one}:a:1", f"{two}:a:1"
    store(server, keys[0], mine, statistics(one))
    for document_id, document in (
        (mine, statistics(one, 7.0)),
        (mine, statistics(two, 7.0)),
        (mine, statistics(one, 7.0) | {"station": {"id": one, "version": "1.0.0"}}),
        (other, statistics(one, 7.0)),
        (None, statistics(two, 7.0)),
        (f"{two}", statistics(two, 7.0)),
        (f"{two}0:a:1", statistics(two, 7.0)),
        (mine, statistics(two, 7.0, **{"station.id": one})),
    ):
        assert store(server, keys[1], document_id, document) == (500, OTHER_STATION), document_id
    denied = (403, "security_exception")
    assert bulk(server, keys[1], {"delete": {"_id": mine}}) == [denied]
    assert bulk(server, keys[1], {"update": {"_id": mine}}, {"doc": {"statistics": {"mean": 7.0}}}) == [denied]
    skipped = {"index": {"_id": mine, "pipeline": "_none"}}
    assert bulk(server, keys[1], skipped, statistics(one, 7.0)) == [(500, OTHER_STATION)]
    assert stored(server) == {mine: 1.0}


def test_a_key_stores_statistics_and_can_do_nothing_else(server: Server, setup: Run) -> None:
    setup()
    key = key_of(setup("add-station", "One"))
    one = str(station_of(server, key))
    index = server.statistics
    store(server, key, f"{one}:a:1", statistics(one))
    shadow = {"runtime": {"station.id": {"type": "keyword", "script": "emit('2')"}}}
    for method, path, body in (
        ("PUT", f"{index}/_mapping", shadow),
        ("PUT", f"{index}/_mapping", {"dynamic": "strict"}),
        ("PUT", f"{index}/_settings", {"index.final_pipeline": "_none"}),
        ("GET", f"{index}/_search", None),
        ("GET", f"{index}/_doc/{one}:a:1", None),
        ("DELETE", f"{index}/_doc/{one}:a:1", None),
        ("POST", f"{index}/_update/{one}:a:1", {"doc": {}}),
        ("POST", f"{index}/_delete_by_query", {"query": {"match_all": {}}}),
        ("DELETE", index, None),
        ("PUT", f"{index}_other", None),
        ("PUT", f"{index}_other/_doc/{one}:a:1", statistics(one)),
    ):
        assert server.call(method, path, body, api_key=key)[0] == HTTPStatus.FORBIDDEN, f"{method} {path}"


def test_keys_of_1_0_store_no_statistics(server: Server, setup: Run) -> None:
    setup()
    key = unbound_key(server, "Casa")
    assert store(server, key, "1:a:1", statistics("1")) == (403, "security_exception")


@pytest.mark.parametrize("namespace", ["other", "a.b"])
def test_each_namespace_has_its_own_index(server: Server, setup: Run, namespace: str) -> None:
    server.namespace += namespace
    server.stream += namespace
    server.statistics += namespace
    assert f"the index {server.statistics} is created" in setup().stderr


async def test_the_integration_knows_what_it_may_store(server: Server, setup: Run) -> None:
    setup()
    keys = [key_of(setup("add-station", "One")), unbound_key(server, "Casa")]
    async with ClientSession() as session:
        index, old = [
            StatisticsIndex(session, Destination(URL(server.url), key, server.namespace), trusted=True) for key in keys
        ]
        with pytest.raises(StatisticsPrivilegeError, match=r"^indices:data/write/index"):
            await old.async_check_index()
        first = await index.async_check_index()
        assert first == await index.async_check_index()
        server.good("DELETE", server.statistics)
        with pytest.raises(StatisticsIndexMissingError, match=server.statistics):
            await index.async_check_index()
        setup()
        assert await index.async_check_index() != first, "an index that was created again is another one"


async def test_the_integration_knows_why_statistics_are_not_stored(server: Server, setup: Run) -> None:
    setup()
    key = key_of(setup("add-station", "One"))
    one = str(station_of(server, key))
    encoder = StatisticsEncoder(Station(one, "One", "1", "2"))
    statistic = Statistic("a", 1, About("sensor.a", None, None, None, None))
    body = compress([encoder.encode(statistic, StatisticsRow(1, 1, 0.0, None, 1.0, 0.0, 2.0, None, None))])
    other = compress([StatisticsEncoder(Station("2", "Two", "1", "2")).encode_deleted("a", 0)])
    settings = f"{server.statistics}/_settings"

    async with ClientSession() as session:
        index = StatisticsIndex(session, Destination(URL(server.url), key, server.namespace), trusted=True)

        async def store_one(lines: bytes = body) -> Item:
            (item,) = await index.async_bulk_statistics(lines, 1)
            return item

        assert [await store_one() for _ in range(2)] == [Item(201), Item(201)]
        assert isinstance((await store_one(other)).error, OtherStationError)
        server.good("POST", f"{server.statistics}/_close")
        assert isinstance((await store_one()).error, IndexClosedError)
        server.good("POST", f"{server.statistics}/_open")
        server.good("PUT", settings, {"index.blocks.write": True})
        assert isinstance((await store_one()).error, IndexBlockedError)
        server.good("PUT", settings, {"index.blocks.write": None, "index.default_pipeline": "missing"})
        assert isinstance((await store_one()).error, PipelineMissingError)
        pipeline = f"_ingest/pipeline/{server.namespace}"
        server.good("PUT", pipeline, {"processors": [{"drop": {}}]})
        server.good("PUT", settings, {"index.default_pipeline": server.namespace})
        assert (await store_one()).is_dropped
        server.good("PUT", settings, {"index.default_pipeline": None})
        server.good("DELETE", pipeline)
        server.good("DELETE", server.statistics)
        assert isinstance((await store_one()).error, PrivilegeMissingError)
