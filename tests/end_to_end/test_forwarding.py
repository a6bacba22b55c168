"""Tests that no row is lost, doubled, changed or invented while the network and the recorder fail.

One Home Assistant suffers one fault after another, over TLS with a private authority.
"""

from collections.abc import Iterator
from pathlib import Path
import time

import pytest
import trustme

from tests.user_station.certificates import pem, server_context

from .conftest import needs_elasticsearch, wait_for
from .proxy import Mode, Proxy
from .server import Server
from .station import COMMIT_SECONDS, DATABASE, Comparison, Station, settle

NAMESPACE = "end_to_end"
DAY = 86_400

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.usefixtures("socket_enabled"),
    needs_elasticsearch,
]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Return the authority that signs the proxy's certificates."""
    return trustme.CA()


@pytest.fixture(scope="module")
def certificate_and_proxy(server: Server, authority: trustme.CA) -> Iterator[tuple[str, Proxy]]:
    """Return the proxy to the server, and its authority's certificate."""
    with Proxy(*server.address, server_context(authority, "127.0.0.1")) as proxy:
        yield pem(authority), proxy


@pytest.fixture
def proxy(certificate_and_proxy: tuple[str, Proxy]) -> Iterator[Proxy]:
    """Return the proxy to the server, which passes everything again at the end."""
    _, proxy = certificate_and_proxy
    proxy.cuts = proxy.answers = 0
    yield proxy
    proxy.mode = Mode.PASS


@pytest.fixture(scope="module")
def station(
    server: Server, certificate_and_proxy: tuple[str, Proxy], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Station]:
    """Return a station that has some history, and has just got a user station."""
    certificate, proxy = certificate_and_proxy
    station = Station(tmp_path_factory.mktemp("station"))
    try:
        station.start()
        station.produce(2500, ago=3 * DAY, prefix="history")
        station.act("state_source.produce_odd")
        time.sleep(COMMIT_SECONDS)
        key = server.add_station(NAMESPACE, "end to end")
        station.send_to(f"https://127.0.0.1:{proxy.port}", key, NAMESPACE, certificate)
        yield station
    finally:
        station.kill()


def compare(station: Station, server: Server, name: str) -> Comparison:
    """Return the comparison when all has been sent."""
    comparison = settle(station, server, NAMESPACE, name)
    assert comparison.good, f"{comparison}\n{station.log[-5000:]}"
    return comparison


def test_history_is_sent_first_then_what_is_new(station: Station, server: Server) -> None:
    comparison = compare(station, server, "history")
    assert comparison.rows > 2500

    for _ in range(5):
        station.produce(20)
        time.sleep(0.5)

    assert compare(station, server, "live").rows > comparison.rows + 99
    wait_for(lambda: station.status("connected") == "on")


def test_connection_cut_in_the_middle_of_a_request(station: Station, server: Server, proxy: Proxy) -> None:
    proxy.mode = Mode.CUT_REQUEST
    station.produce(1000)
    wait_for(lambda: proxy.cuts >= 2)
    proxy.mode = Mode.PASS

    compare(station, server, "connection cut in mid-bulk")


def test_answers_are_lost_and_the_stream_rolls_over_before_they_are_repeated(
    station: Station, server: Server, proxy: Proxy
) -> None:
    proxy.mode = Mode.CUT_ANSWER
    station.produce(1000)
    wait_for(lambda: proxy.cuts >= 1)
    rolled = server.request("POST", f"metrics-anavi_weather.state-{NAMESPACE}/_rollover")
    wait_for(lambda: proxy.cuts >= 3)
    proxy.mode = Mode.PASS

    assert rolled["rolled_over"]
    compare(station, server, "answers lost, and a rollover in between")


@pytest.mark.parametrize("mode", [Mode.CUT_SECOND_ANSWER, Mode.RESET_HALF])
def test_bad_link(station: Station, server: Server, proxy: Proxy, mode: Mode) -> None:
    """Cases 13 and 14: all states arrive while the link is bad."""
    proxy.mode = mode
    while proxy.cuts < 4:
        station.produce(500)

    compare(station, server, f"bad link: {mode}")


def test_certificate_expires(station: Station, server: Server, proxy: Proxy, authority: trustme.CA) -> None:
    """Case 38."""
    compare(station, server, "before the certificate expires")
    proxy.mode = Mode.REFUSE  # open connections, too
    station.produce(200)
    wait_for(lambda: station.status("connected") == "off")
    proxy.context = server_context(authority, "127.0.0.1", valid_days=(-9, -1))
    proxy.mode = Mode.PASS
    wait_for(lambda: "user_station_certificate_expired" in station.issues())
    proxy.context = server_context(authority, "127.0.0.1")

    compare(station, server, "certificate expired")
    wait_for(lambda: "user_station_certificate_expired" not in station.issues())


def test_clock_set_back(station: Station, server: Server) -> None:
    station.produce(400, ago=3600)
    station.produce(400, ago=3600)  # the same hour a second time
    station.produce(200)

    compare(station, server, "clock set back")


def test_a_refused_document_among_good_ones_is_counted_and_reported(station: Station, server: Server) -> None:
    station.produce(50)
    station.produce(20, ago=100 * DAY, prefix="ancient")
    station.produce(50)
    station.excused |= {
        (row.entity_id, row.timestamp) for row in station.rows() if row.entity_id.startswith("sensor.ancient")
    }

    compare(station, server, "20 refused documents among good ones")
    assert len(station.excused) == 20
    wait_for(lambda: "user_station_states_refused" in station.issues() and station.status("refused") == "20")


def test_clock_behind(station: Station, server: Server) -> None:
    """Case 15: a Raspberry Pi without a real-time clock and without a time server."""
    station.produce(50)
    refused = int(station.status("refused"))
    station.act("state_source.set_clock", seconds=-18 * DAY)
    station.produce(20, prefix="behind")
    wait_for(lambda: "user_station_clock_behind" in station.issues())
    assert station.status("refused") == str(refused)
    station.act("state_source.set_clock", seconds=0)
    station.produce(50)
    station.excused |= {
        (row.entity_id, row.timestamp) for row in station.rows() if row.timestamp < (time.time() - 17 * DAY) * 1e9
    }

    compare(station, server, "clock 18 days behind")
    assert len(station.excused) >= 20
    wait_for(lambda: "user_station_clock_behind" not in station.issues())


def test_key_revoked_and_replaced(station: Station, server: Server, certificate_and_proxy: tuple[str, Proxy]) -> None:
    certificate, proxy = certificate_and_proxy
    server.setup(NAMESPACE, "remove-station", "end to end")
    station.produce(200)
    wait_for(lambda: "user_station_key_refused" in station.issues())
    wait_for(lambda: station.status("connected") == "off")
    station.produce(200)

    key = server.add_station(NAMESPACE, "end to end")
    station.send_to(f"https://127.0.0.1:{proxy.port}", key, NAMESPACE, certificate)

    compare(station, server, "key revoked and replaced")
    wait_for(lambda: "user_station_key_refused" not in station.issues())
    secret = key[:12]
    assert secret not in station.log
    entry_id, _ = station.user_stations()
    assert secret not in str(station.get(f"/api/diagnostics/config_entry/{entry_id}"))


def test_killed_again_and_again_in_the_midst_of_sending(station: Station, server: Server) -> None:
    for pause in (0.2, 0.5, 1.0):
        station.act("state_source.produce", count=3000)
        time.sleep(1 + pause)
        station.kill()
        station.rows()
        station.start()

    compare(station, server, "Home Assistant killed three times while it sends")


def test_purge_during_an_outage(station: Station, server: Server, proxy: Proxy) -> None:
    proxy.mode = Mode.REFUSE
    station.produce(300)
    station.rows()
    station.act("recorder.purge", keep_days=1, repack=False)
    wait_for(lambda: not any(row.entity_id.startswith("sensor.history") for row in station.rows()))
    proxy.mode = Mode.PASS

    compare(station, server, "purge of what was sent, during an outage")


def test_purge_of_what_was_not_sent_is_counted_and_reported(station: Station, server: Server, proxy: Proxy) -> None:
    proxy.mode = Mode.REFUSE
    station.produce(300)
    wait_for(lambda: (backlog := station.status("backlog")).isdigit() and int(backlog) >= 300)  # counted now and then
    before = {(row.entity_id, row.timestamp) for row in station.rows()}
    station.act("recorder.purge", keep_days=0, repack=False)
    wait_for(lambda: len(station.rows()) < 300)
    proxy.mode = Mode.PASS
    wait_for(lambda: station.status("connected") == "on")
    station.produce(100)

    compare(station, server, "purge of what was not sent, during an outage")
    sent = {(document.entity_id, document.timestamp) for document in server.documents(NAMESPACE)}
    purged = len(before - sent - station.excused)
    entry_id, _ = station.user_stations()
    reported = station.get(f"/api/diagnostics/config_entry/{entry_id}")["data"]["user_stations"][0]["purged"]
    assert purged >= 300
    assert reported == pytest.approx(purged, abs=20)  # ids are counted, and a few that were never sent are among them
    wait_for(lambda: "user_station_states_purged" in station.issues())


def test_ten_thousand_states_at_once(station: Station, server: Server) -> None:
    station.produce(10_000)

    assert compare(station, server, "10,000 states at once").rows > 10_000


def test_database_deleted_and_recreated(station: Station, server: Server) -> None:
    compare(station, server, "before the database is deleted")
    station.stop()
    station.rows()
    for file in station.folder.glob(f"{DATABASE}*"):
        file.unlink()
    station.start()
    station.produce(500)

    comparison = compare(station, server, "recorder's database deleted and recreated")
    assert comparison.documents > comparison.rows + 10_000
    assert "database was replaced" in station.log


def test_user_station_is_removed(station: Station, server: Server) -> None:
    """Its checkpoint, device and repair issues are deleted."""
    entry_id, (subentry,) = station.user_stations()
    (checkpoint,) = Path(station.folder / ".storage").glob("anavi_weather.*.checkpoint")
    assert subentry["subentry_id"] in checkpoint.name
    assert station.issues()

    station.call("config_entries/subentries/delete", entry_id=entry_id, subentry_id=subentry["subentry_id"])

    def has_device() -> bool:
        devices = station.call("config/device_registry/list")
        return any(entry_id in device["config_entries"] and "User station" in device["name"] for device in devices)

    wait_for(lambda: not checkpoint.exists())
    wait_for(lambda: not station.issues())
    wait_for(lambda: not has_device())
