"""Tests that nothing is lost, doubled or passed over in silence when what Home Assistant remembers changes or is damaged.

One Home Assistant, which does not send its history, suffers one damage after another.
"""

from collections import Counter
from collections.abc import Iterator
import os
from pathlib import Path
import time

import pytest
from sqlalchemy import create_engine, func, select

from homeassistant.components.recorder.db_schema import Base
from tests.databases import temporary_database

from .conftest import needs_elasticsearch, wait_for
from .proxy import Mode, Proxy
from .server import Document, Server
from .station import COMMIT_SECONDS, DATABASE, Station, settle

NAMESPACE = "end_to_end.memory"
TEMPERATURE = "sensor.simulated_phat_temperature"
RENAMED = "sensor.renamed"
# The first one does not come back when the station is set up again
CHOSEN = ["sensor.backup_backup_manager_state", *(f"sensor.simulated_phat_{key}" for key in ("humidity", "dew_point"))]
WITH_HISTORY = "sensor.used"
OTHER_REQUESTS = 10  # checks of the stream, statistics, and what was begun before

needs_postgresql = pytest.mark.skipif(
    "RECORDER_POSTGRESQL_URL" not in os.environ, reason="RECORDER_POSTGRESQL_URL is not set"
)

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.usefixtures("socket_enabled"),
    needs_elasticsearch,
]


@pytest.fixture(scope="module")
def proxy(server: Server) -> Iterator[Proxy]:
    """Return the proxy to the server."""
    with Proxy(*server.address) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def station(server: Server, proxy: Proxy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """Return a station whose history is unwanted, and whose recorder commits each state."""
    station = Station(tmp_path_factory.mktemp("memory"))
    station.recorder["commit_interval"] = 0
    try:
        station.start()
        station.produce(200, prefix="history")
        time.sleep(COMMIT_SECONDS)
        key = server.add_station(NAMESPACE, "memory")
        station.send_to(f"http://127.0.0.1:{proxy.port}", key, NAMESPACE, send_history=False)
        yield station
    finally:
        station.kill()


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    """Return an empty database, which the station may use until the end."""
    with temporary_database("postgresql") as url:
        yield url


@pytest.fixture(scope="module")
def empty_postgresql() -> Iterator[str]:
    """Return another empty database."""
    with temporary_database("postgresql") as url:
        yield url


def copy_database(source: str, target: str) -> None:
    """Copy all rows of a recorder's database into an empty PostgreSQL, like pgloader."""
    engines = create_engine(source), create_engine(target)
    with engines[0].connect() as reader, engines[1].begin() as writer:
        Base.metadata.create_all(writer)
        for table in Base.metadata.sorted_tables:
            if rows := [row._asdict() for row in reader.execute(table.select())]:
                writer.execute(table.insert(), rows)
            (key,) = table.primary_key
            if key.identity is not None:
                writer.execute(select(func.setval(func.pg_get_serial_sequence(table.name, key.name), func.max(key))))
    for engine in engines:
        engine.dispose()


def counts(documents: list[Document]) -> Counter[str]:
    """Return the number of documents for each prefix of an entity id."""
    return Counter(document.entity_id.rpartition("_")[0].removeprefix("sensor.") for document in documents)


def sent(server: Server, prefix: str) -> int:
    """Return how many documents entities with a prefix have."""
    return counts(server.documents(NAMESPACE))[prefix]


def described(station: Station, key: str) -> object:
    """Return a value of the diagnostics."""
    entry_id, _ = station.user_stations()
    return station.get(f"/api/diagnostics/config_entry/{entry_id}")["data"]["user_stations"][0][key]


def wait_in_outage(station: Station, proxy: Proxy, count: int, prefix: str) -> None:
    """Produce states that wait, and stop Home Assistant, which counts them."""
    proxy.mode = Mode.REFUSE
    station.produce(count, prefix=prefix)
    wait_for(lambda: station.status("connected") == "off")
    station.stop()


def test_a_truncated_checkpoint_loses_nothing_and_sends_no_history(
    station: Station, server: Server, proxy: Proxy
) -> None:
    """Case 12."""
    station.produce(100, prefix="wanted")
    wait_for(lambda: sent(server, "wanted") == 100)
    wait_in_outage(station, proxy, 500, "waiting")
    (checkpoint,) = Path(station.folder / ".storage").glob("anavi_weather.*.checkpoint")
    checkpoint.write_bytes(checkpoint.read_bytes()[:100])
    proxy.mode = Mode.PASS

    station.start()

    wait_for(lambda: sent(server, "waiting") == 500)
    found = counts(server.documents(NAMESPACE))
    assert (found["history"], found["wanted"], found["waiting"]) == (0, 100, 500)


def test_commits_of_single_states_are_collected(station: Station, server: Server, proxy: Proxy) -> None:
    """Case 18."""
    started, before = time.monotonic(), proxy.answers
    for _ in range(30):
        station.act("state_source.produce", count=4, prefix="quick")
        time.sleep(0.2)
    wait_for(lambda: sent(server, "quick") == 120)
    elapsed = time.monotonic() - started
    assert proxy.answers - before <= 1.2 * elapsed + OTHER_REQUESTS


def test_states_of_removed_and_renamed_entities_wait_for_another_address(
    station: Station, server: Server, proxy: Proxy
) -> None:
    """Case 23: one is renamed onto a name that has a history."""

    def send_to(url: str, *chosen: str) -> None:
        station.send_to(url, "", NAMESPACE, entities="chosen", chosen_entities=chosen, send_history=False)

    send_to(f"http://127.0.0.1:{proxy.port}", *CHOSEN)
    station.reload()  # ends when the new choice is used
    removed, renamed, *others = CHOSEN
    station.post(f"/api/states/{WITH_HISTORY}", state="on")
    station.delete(f"/api/states/{WITH_HISTORY}")
    proxy.mode = Mode.REFUSE
    for number in range(10):
        for entity_id in CHOSEN:
            station.post(f"/api/states/{entity_id}", state=f"waited {number}")
    station.call("config/entity_registry/remove", entity_id=removed)
    station.call("config/entity_registry/update", entity_id=renamed, new_entity_id=WITH_HISTORY)
    send_to(server.url, WITH_HISTORY, *others)
    proxy.mode = Mode.PASS

    def waited() -> Counter[str]:
        documents = server.documents(NAMESPACE)
        return Counter(document.entity_id for document in documents if (document.value or "").startswith("waited"))

    wait_for(lambda: waited() == dict.fromkeys(CHOSEN, 10))
    assert sent(server, "history") == 0
    station.send_to(f"http://127.0.0.1:{proxy.port}", "", NAMESPACE, send_history=False)
    station.reload()


@needs_postgresql
def test_a_copy_in_postgresql_is_continued(station: Station, server: Server, postgresql: str) -> None:
    """Case 32."""
    station.produce(10, prefix="moved")
    wait_for(lambda: described(station, "backlog") == 0)
    station.stop()
    copy_database(station.database_url, postgresql)
    station.recorder["db_url"] = postgresql
    station.start()
    station.produce(100, prefix="moved")
    wait_for(lambda: sent(server, "moved") == 110)
    documents = server.documents(NAMESPACE)
    assert sent(server, "history") == 0
    assert len({(document.entity_id, document.timestamp) for document in documents}) == len(documents)


def test_a_renamed_entity_is_stored_once(station: Station, server: Server) -> None:
    """Case 31."""
    wait_for(lambda: any(document.entity_id == TEMPERATURE for document in server.documents(NAMESPACE)))
    renamed_at = time.time_ns()
    station.call("config/entity_registry/update", entity_id=TEMPERATURE, new_entity_id=RENAMED)
    wait_for(lambda: any(document.entity_id == RENAMED for document in server.documents(NAMESPACE)))
    before = {(document.entity_id, document.timestamp) for document in server.documents(NAMESPACE)}
    (device_id,) = {entry["device_id"] for entry in station.entities()}

    station.act("anavi_weather.send_again", device_id=device_id, start="2026-01-01 00:00:00")
    wait_for(lambda: described(station, "sent_again") == [])

    after = server.documents(NAMESPACE)
    keys = {(document.entity_id, document.timestamp) for document in after}
    assert before <= keys
    assert len(keys) == len(after)
    assert not [key for key in keys if key[0] == RENAMED and key[1] < renamed_at]
    assert counts(after)["history"] == 0


def test_a_damaged_database_and_a_recreated_stream_are_reported(station: Station, server: Server, proxy: Proxy) -> None:
    """Cases 10 and 11."""
    wait_in_outage(station, proxy, 500, "lost")
    station.rows()
    for file in station.folder.glob(f"{DATABASE}*"):
        file.unlink() if file.name != DATABASE else file.write_bytes(b"no database" * 100)
    station.recorder.pop("db_url", None)
    server.recreate_stream(NAMESPACE)
    proxy.mode = Mode.PASS

    station.start()
    station.produce(100, prefix="after")

    wait_for(lambda: sent(server, "after") == 100)
    wait_for(lambda: {"user_station_states_purged", "user_station_stream_recreated"} <= station.issues())
    purged = described(station, "purged")
    assert isinstance(purged, int)
    assert 500 <= purged < 600, "those of the station's own entities are among them"
    # The next test waits for an issue of its own
    station.submit_repair("user_station_stream_recreated")
    wait_for(lambda: "user_station_stream_recreated" not in station.issues())


def test_a_recreated_stream_gets_what_is_missing(station: Station, server: Server) -> None:
    """Case 10."""
    wait_for(lambda: described(station, "backlog") == 0)
    server.recreate_stream(NAMESPACE)
    station.reload()
    wait_for(lambda: "user_station_stream_recreated" in station.issues())
    station.submit_repair("user_station_stream_recreated")

    comparison = settle(station, server, NAMESPACE, "stream deleted and created again")
    assert comparison.good, comparison
    wait_for(lambda: "user_station_stream_recreated" not in station.issues())


@needs_postgresql
def test_states_that_wait_are_missing_in_an_empty_postgresql(
    station: Station, server: Server, proxy: Proxy, empty_postgresql: str
) -> None:
    """Case 34."""
    before = described(station, "purged")
    wait_in_outage(station, proxy, 400, "missing")
    station.recorder["db_url"] = empty_postgresql
    proxy.mode = Mode.PASS
    station.start()
    station.produce(100, prefix="empty")
    wait_for(lambda: sent(server, "empty") == 100)
    purged = described(station, "purged")
    assert isinstance(before, int)
    assert isinstance(purged, int)
    assert 400 <= purged - before < 500, "those of the station's own entities are among them"
    assert sent(server, "missing") == 0
    wait_for(lambda: "user_station_states_purged" in station.issues())
