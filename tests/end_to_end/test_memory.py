"""Tests that nothing is lost, doubled or passed over in silence when what Home Assistant remembers changes or is damaged.

One Home Assistant, which does not send its history, suffers one damage after another.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
import time

import pytest

from .conftest import needs_elasticsearch, wait_for
from .proxy import Mode, Proxy
from .server import Document, Server
from .station import COMMIT_SECONDS, DATABASE, Station, settle

NAMESPACE = "end_to_end.memory"
TEMPERATURE = "sensor.simulated_phat_temperature"
RENAMED = "sensor.renamed"

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
    """Return a station whose history is unwanted."""
    station = Station(tmp_path_factory.mktemp("memory"))
    try:
        station.start()
        station.produce(200, prefix="history")
        time.sleep(COMMIT_SECONDS)
        key = server.add_station(NAMESPACE, "memory")
        station.send_to(f"http://127.0.0.1:{proxy.port}", key, NAMESPACE, send_history=False)
        yield station
    finally:
        station.kill()


def counts(documents: list[Document]) -> Counter[str]:
    """Return the number of documents for each prefix of an entity id."""
    return Counter(document.entity_id.rpartition("_")[0].removeprefix("sensor.") for document in documents)


def sent(server: Server, prefix: str) -> int:
    """Return how many documents entities with a prefix have."""
    return counts(server.documents(NAMESPACE))[prefix]


def described(station: Station, key: str) -> object:
    """Return a value of the diagnostics."""
    entry_id, _ = station.subentries()
    return station.get(f"/api/diagnostics/config_entry/{entry_id}")["data"]["user_stations"][0][key]


def wait_in_outage(station: Station, proxy: Proxy, count: int, prefix: str) -> None:
    """Produce states that wait, and stop Home Assistant when they are counted."""
    proxy.mode = Mode.REFUSE
    station.produce(count, prefix=prefix)
    wait_for(lambda: (backlog := station.status("backlog")).isdigit() and int(backlog) >= count)
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


def test_a_renamed_entity_is_stored_once(station: Station, server: Server) -> None:
    """Case 31."""
    wait_for(lambda: any(document.entity_id == TEMPERATURE for document in server.documents(NAMESPACE)))
    renamed_at = time.time_ns()
    station.call("config/entity_registry/update", entity_id=TEMPERATURE, new_entity_id=RENAMED)
    wait_for(lambda: any(document.entity_id == RENAMED for document in server.documents(NAMESPACE)))
    before = {(document.entity_id, document.timestamp) for document in server.documents(NAMESPACE)}
    (device_id,) = {
        entry["device_id"] for entry in station.call("config/entity_registry/list") if entry["config_subentry_id"]
    }

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
    server.recreate_stream(NAMESPACE)
    proxy.mode = Mode.PASS

    station.start()
    station.produce(100, prefix="after")

    wait_for(lambda: sent(server, "after") == 100)
    wait_for(lambda: {"user_station_states_purged", "user_station_stream_recreated"} <= station.issues())
    purged = described(station, "purged")
    assert isinstance(purged, int)
    assert 500 <= purged < 600, "those of the station's own entities are among them"


def test_a_recreated_stream_gets_what_is_missing(station: Station, server: Server) -> None:
    """Case 10."""
    wait_for(lambda: described(station, "backlog") == 0)
    server.recreate_stream(NAMESPACE)
    station.stop()
    station.start()
    wait_for(lambda: "user_station_stream_recreated" in station.issues())
    (issue,) = (
        issue["issue_id"]
        for issue in station.call("repairs/list_issues")["issues"]
        if issue["translation_key"] == "user_station_stream_recreated"
    )

    flow = station.post("/api/repairs/issues/fix", handler="anavi_weather", issue_id=issue)
    station.post(f"/api/repairs/issues/fix/{flow['flow_id']}")

    comparison = settle(station, server, NAMESPACE, "stream deleted and created again")
    assert comparison.good, comparison
    wait_for(lambda: "user_station_stream_recreated" not in station.issues())
