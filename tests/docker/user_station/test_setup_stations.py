"""Tests of stations' keys on a real Elasticsearch: whom a key belongs to, and that it can write as nobody else."""

from http import HTTPStatus
import json
from typing import Any

from aiohttp import ClientSession
import pytest
from yarl import URL

from custom_components.anavi_weather.user_station.documents import Sent
from custom_components.anavi_weather.user_station.elasticsearch import Destination, Elasticsearch
from custom_components.anavi_weather.user_station.errors import OtherStationError
from custom_components.anavi_weather.user_station.settle import judge

from .conftest import Run, key_of
from .server import Server, document

STATION = "São Paulo & 'Casa'"
OTHER_STATION = "fail_processor_exception"


def store(server: Server, key: str, *documents: dict[str, Any]) -> list[tuple[int, str | None]]:
    """Return each document's status and type of error, as a `_bulk` by a key tells them."""
    body = b"".join(b'{"create":{}}\n' + json.dumps(document).encode() + b"\n" for document in documents)
    status, answer = server.call("POST", f"{server.stream}/_bulk?refresh=true", body, api_key=key)
    assert status == HTTPStatus.OK
    items = [item["create"] for item in answer["items"]]
    return [(item["status"], item.get("error", {}).get("type")) for item in items]


def stored_ids(server: Server) -> list[str]:
    """Return the stations of all documents."""
    server.good("POST", f"{server.stream}/_refresh")
    hits = server.good("GET", f"{server.stream}/_search?size=100")["hits"]["hits"]
    assert all(hit["_source"].keys() == document().keys() for hit in hits)
    return sorted(hit["_source"]["station"]["id"] for hit in hits)


def station_of(server: Server, key: str) -> str | None:
    """Return the station that a key belongs to, as its holder sees it."""
    status, answer = server.call("GET", f"_security/api_key?id={key_id(server, key)}", api_key=key)
    assert status == HTTPStatus.OK
    station: str | None = answer["api_keys"][0]["metadata"].get("station_id")
    return station


def key_id(server: Server, key: str) -> str:
    """Return a key's id."""
    status, answer = server.call("GET", "_security/_authenticate", api_key=key)
    assert status == HTTPStatus.OK
    found: str = answer["api_key"]["id"]
    return found


def unbound_key(server: Server, name: str) -> str:
    """Return a key as `setup add-station` of 1.0.0 made it."""
    privileges = ["create_doc", "auto_configure", "view_index_metadata"]
    role = {"station": {"cluster": [], "indices": [{"names": [server.stream], "privileges": privileges}]}}
    metadata = {"application": "anavi_weather", "station": name, "namespace": server.namespace}
    body = {"name": f"anavi_weather {name}", "role_descriptors": role, "metadata": metadata}
    encoded: str = server.good("POST", "_security/api_key", body)["encoded"]
    return encoded


def test_a_station_may_add_to_its_stream_and_nothing_else(server: Server, setup: Run) -> None:
    setup()
    added = setup("add-station", STATION, STATION_URL="https://station.example.org:9200")
    assert added.returncode == 0, added.stderr
    assert f'"{STATION}"' in added.stdout
    assert "Address:    https://station.example.org:9200" in added.stdout
    assert f"Namespace:  {server.namespace}" in added.stdout
    key = key_of(added)
    station = station_of(server, key)
    assert station
    mine = document(station)

    def status(method: str, path: str, body: Any = None) -> int:
        return server.call(method, path, body, api_key=key)[0]

    assert status("POST", f"{server.stream}/_doc", mine) == 201
    assert status("GET", f"_data_stream/{server.stream}") == 200
    for method, path, body in (
        ("GET", "", None),
        ("GET", f"{server.stream}/_search", None),
        ("DELETE", f"_data_stream/{server.stream}", None),
        ("POST", f"metrics-anavi_weather.state-{server.namespace}_other/_doc", mine),
        ("POST", "logs-anavi_weather-default/_doc", mine),
        ("GET", "_security/api_key?name=*", None),
        ("PUT", f"_security/api_key/{key_id(server, key)}", {"metadata": {"station_id": "1"}}),
        ("PUT", f"_data_stream/{server.stream}/_lifecycle", {"data_retention": "1d"}),
        ("PUT", f"{server.stream}/_settings", {"index.final_pipeline": "_none"}),
        ("DELETE", "_ingest/pipeline/anavi_weather.station", None),
    ):
        assert status(method, path, body) == 403, f"{method} {path}"


def test_no_station_writes_as_another(server: Server, setup: Run) -> None:
    """Case 21."""
    setup()
    keys = [key_of(setup("add-station", name)) for name in ("One", "Two")]
    (one, two) = (str(station_of(server, key)) for key in keys)
    assert one != two
    states = [document(one), document(two), document(one, version="1.10.0")]
    assert store(server, keys[0], *states) == [(201, None), (500, OTHER_STATION), (201, None)]
    assert store(server, keys[1], *states) == [(500, OTHER_STATION), (201, None), (500, OTHER_STATION)]
    # A state that is sent again is recognized, by the same key
    conflict = (409, "version_conflict_engine_exception")
    assert store(server, keys[0], *states) == [conflict, (500, OTHER_STATION), conflict]
    assert stored_ids(server) == sorted([one, one, two])


async def test_the_integration_knows_its_station(server: Server, setup: Run) -> None:
    """It learns the station from the server, and recognizes what the pipeline says to the key of another one."""
    setup()
    keys = [key_of(setup("add-station", "One")), key_of(setup("add-station", "Two")), unbound_key(server, "Three")]
    async with ClientSession() as session:
        clients = [
            Elasticsearch(session, Destination(URL(server.url), key, server.namespace), trusted=True) for key in keys
        ]
        for client in clients:
            await client.async_check()
        one, two, three = [await client.async_station_id() for client in clients]
        assert one == station_of(server, keys[0])
        assert three is None

        body = b"".join(
            b'{"create":{}}\n' + json.dumps(document(str(station))).encode() + b"\n" for station in (one, two)
        )
        mine, other = await clients[0].async_bulk(body, 2, compressed=False)
    assert mine.status == 201
    verdict = judge(Sent(1, "sensor.one", 0.0), other)
    assert isinstance(verdict, OtherStationError)
    assert f"this API key belongs to the station {one}, not " in str(verdict)


def test_no_trick_writes_as_another(server: Server, setup: Run) -> None:
    setup()
    key = key_of(setup("add-station", "One"))
    one = str(station_of(server, key))
    mine = document(one)
    claim = {"api_key": {"metadata": {"station_id": "2"}}}
    without_station = {name: value for name, value in mine.items() if name != "station"}
    tricks = [
        mine | {"station.id": "2"},
        mine | {"station": {"id": ["2", one]}},
        mine | {"station": [{"id": "2"}]},
        mine | {"station": "2"},
        without_station | {"station.id": "2"},
        without_station | {"station": {"version": "1.0.0"}, "station.id": "2"},
        without_station,
        document("2") | {"anavi_weather_key": claim},
        document("2") | {"anavi_weather_key": "2"},
        document("2") | {"anavi_weather_key.api_key.metadata.station_id": "2"},
    ]
    assert store(server, key, *tricks) == [(500, OTHER_STATION)] * len(tricks)
    for pipeline in ("_none", "anavi_weather.station"):
        body = b'{"create":{}}\n' + json.dumps(document("2")).encode() + b"\n"
        _, answer = server.call("POST", f"{server.stream}/_bulk?pipeline={pipeline}", body, api_key=key)
        assert answer["items"][0]["create"]["error"]["type"] == OTHER_STATION
    index = server.good("GET", f"_data_stream/{server.stream}")["data_streams"][0]["indices"][-1]["index_name"]
    assert server.call("POST", f"{index}/_doc", document("2"), api_key=key)[0] in {403, 500}
    assert stored_ids(server) == []


def test_integration_1_0_writes_as_its_key(server: Server, setup: Run) -> None:
    """It sends its own id, whatever its key says."""
    setup()
    key = key_of(setup("add-station", "One"))
    state = document("id of the instance", version="1.0.0")
    assert store(server, key, state) == [(201, None)]
    assert store(server, key, state) == [(409, "version_conflict_engine_exception")]
    assert stored_ids(server) == [station_of(server, key)]


def test_keys_of_1_0_go_on_until_they_are_replaced(server: Server, setup: Run) -> None:
    setup()
    old = unbound_key(server, "Casa")
    assert store(server, old, document("a" * 32)) == [(201, None)]
    again = setup()
    assert again.returncode == 0, again.stderr
    assert 'unbound keys, which can write as any station: "Casa"' in again.stderr

    added = setup("add-station", "Casa")
    assert '"Casa" already exists' in added.stderr
    assert f"the key continues the station {'a' * 32}, newest state 20" in added.stderr
    new = key_of(added)
    assert station_of(server, new) == "a" * 32
    removed = setup("remove-station", "Casa", "--unbound")
    assert removed.returncode == 0, removed.stderr
    assert "1 revoked" in removed.stderr
    assert server.call("POST", f"{server.stream}/_doc", document("a" * 32), api_key=old)[0] == 401
    assert store(server, new, document("a" * 32), document("b" * 32)) == [(201, None), (500, OTHER_STATION)]
    assert "unbound" not in setup().stderr


def test_a_stream_of_1_0_is_guarded_without_a_rollover(server: Server, setup: Run) -> None:
    setup()
    server.good("PUT", f"{server.stream}/_settings", {"index.final_pipeline": None})
    server.good("POST", f"{server.stream}/_rollover")
    server.good("PUT", f"{server.stream}/_settings", {"index.final_pipeline": None})
    early = setup("add-station", "One")
    assert early.returncode == 1
    assert "Run setup without arguments first" in early.stderr
    before = server.good("GET", f"_data_stream/{server.stream}")["data_streams"][0]["indices"]

    # An index that nobody can write to keeps its settings
    server.good("PUT", f"{before[0]['index_name']}/_settings", {"index.blocks.read_only": True})
    done = setup()
    assert done.returncode == 0, done.stderr
    assert f"{before[0]['index_name']} is read-only" in done.stderr
    assert server.good("GET", f"_data_stream/{server.stream}")["data_streams"][0]["indices"] == before
    key = key_of(setup("add-station", "One"))
    assert store(server, key, document("2")) == [(500, OTHER_STATION)]
    server.good("PUT", f"{before[0]['index_name']}/_settings", {"index.blocks.read_only": None})


def test_a_new_key_continues_the_station(server: Server, setup: Run) -> None:
    """Case 36, where a key is made."""
    setup()
    first = setup("add-station", "Casa")
    assert "the key is for a new station" in first.stderr
    key = key_of(first)
    station = str(station_of(server, key))

    # Before it has sent anything, by its key; then by what it has sent, though it has no key
    second = setup("add-station", "Casa")
    assert f"continues the station {station}, newest state none" in second.stderr
    assert station_of(server, key_of(second)) == station
    assert store(server, key, document(station)) == [(201, None)]
    assert "2 revoked" in setup("remove-station", "Casa").stderr
    assert station_of(server, key_of(setup("add-station", "Casa"))) == station
    # A station that has another name now does not give its identity to one of its former name
    assert store(server, key_of(setup("add-station", "Casa")), document(station, "Casa velha")) == [(201, None)]
    setup("remove-station", "Casa")
    assert station_of(server, key_of(setup("add-station", "Casa"))) != station
    assert station_of(server, key_of(setup("add-station", "Casa velha"))) == station


def test_two_stations_of_one_name_stay_two(server: Server, setup: Run) -> None:
    setup()
    first, second = key_of(setup("add-station", "Casa")), key_of(setup("add-station", "Casa", "--new"))
    one, two = str(station_of(server, first)), str(station_of(server, second))
    assert one != two
    assert store(server, first, document(one)) == [(201, None)]
    assert store(server, second, document(two)) == [(201, None)]

    unclear = setup("add-station", "Casa")
    assert unclear.returncode == 1
    assert not unclear.stdout
    assert all(f'"Casa" already exists: {station}, newest state 20' in unclear.stderr for station in (one, two))
    third = setup("add-station", "Casa", "--id", two)
    assert f"continues the station {two}, newest state 20" in third.stderr
    assert station_of(server, key_of(third)) == two
    listed = [line for line in setup("stations").stdout.splitlines() if f"\t{server.namespace}\t" in line]
    assert sorted(listed) == sorted(f"Casa\t{server.namespace}\t{station}" for station in (one, two, two))

    assert "1 revoked" in setup("remove-station", "Casa", "--id", one).stderr
    assert server.call("POST", f"{server.stream}/_doc", document(one), api_key=first)[0] == 401
    assert store(server, second, document(two)) == [(201, None)]


NAMES = ("Casa", "Casa {1}", "}", "{", "[a], b:c", "Estação 🌦", "a,b", "invalidated false", "null")


def test_every_station_is_listed(server: Server, setup: Run) -> None:
    """Whatever its name has, a key can be listed and revoked; keys that others made are left out."""
    setup()
    keys = {name: key_of(setup("add-station", name)) for name in NAMES}
    foreign = {"name": 'anavi_weather "x\\" {', "metadata": {"note": 'a "quoted" {brace}', "nested": {"a": ["b"]}}}
    encoded = server.good("POST", "_security/api_key", foreign)["encoded"]
    mixed = {
        "name": "anavi_weather Mixed",
        "metadata": {"tags": [1, {"a": "}"}], "station": "Mixed", "namespace": server.namespace},
    }
    server.good("POST", "_security/api_key", mixed)
    lines = [line.split("\t") for line in setup("stations").stdout.splitlines()]
    mine = {name: station for name, namespace, station in lines if namespace == server.namespace}
    assert mine == {name: station_of(server, key) for name, key in keys.items()} | {"Mixed": "unbound"}
    for name, key in keys.items():
        assert "1 revoked" in setup("remove-station", name).stderr
        assert server.call("GET", "_security/_authenticate", api_key=key)[0] == 401
    assert server.call("GET", "_security/_authenticate", api_key=encoded)[0] == 200


@pytest.mark.parametrize("option", [(), ("--unbound",), ("--id", "nobody")])
def test_what_has_no_key_is_not_removed(server: Server, setup: Run, option: tuple[str, ...]) -> None:
    setup()
    if option:
        setup("add-station", STATION)
    done = setup("remove-station", STATION, *option)
    assert done.returncode == 1
    assert "no key found" in done.stderr


def test_the_same_name_in_another_namespace_keeps_its_key(server: Server, setup: Run) -> None:
    setup()
    key = key_of(setup("add-station", STATION))
    other = setup("remove-station", STATION, NAMESPACE=f"{server.namespace}_other")
    assert other.returncode == 1
    assert "no key found" in other.stderr
    assert server.call("GET", "_security/_authenticate", api_key=key)[0] == 200


def test_a_closed_index_keeps_no_station_from_a_key(server: Server, setup: Run) -> None:
    setup()
    key = key_of(setup("add-station", "Casa"))
    server.good("POST", f"{server.stream}/_rollover")
    index = server.good("GET", f"_data_stream/{server.stream}")["data_streams"][0]["indices"][0]["index_name"]
    server.good("POST", f"{index}/_close")
    done = setup()
    assert done.returncode == 0, done.stderr
    assert station_of(server, key_of(setup("add-station", "Casa"))) == station_of(server, key)
