"""Tests that no row is lost, doubled, changed or invented while the server is killed, frozen or busy.

They need a server that a program can start and stop: `ELASTICSEARCH_FAULTS_URL` and
`ELASTICSEARCH_RUNNER`, and `indexing_pressure.memory.limit: 20kb` in its settings.
"""

from collections.abc import Callable, Iterator
from functools import partial
import os
import re

import pytest
import pytest_socket

from .conftest import wait_for
from .server import Runner, Server
from .station import Station, settle

URL = os.environ.get("ELASTICSEARCH_FAULTS_URL", "")
RUNNER = os.environ.get("ELASTICSEARCH_RUNNER", "")
SMALL_PRESSURE = "20kb"
DAY = 86_400
STATIONS = ("running", "stopped", "killed")  # what becomes of each meanwhile
OBSERVED = "outage.stopped"  # the namespace whose fleet the running station shows, like that of a neighbor
CONNECTED = "binary_sensor.fleet_127_0_0_1_outage_stopped_connectivity"
QUESTIONABLE = "binary_sensor.fleet_stopped_questionable_readings"
FROST = "binary_sensor.fleet_stopped_frost"

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.usefixtures("socket_enabled"),
    pytest.mark.skipif(not (URL and RUNNER), reason="ELASTICSEARCH_FAULTS_URL and ELASTICSEARCH_RUNNER are not set"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Return the server."""
    pytest_socket.enable_socket()
    server = Server(URL)
    yield server
    server.clean()


@pytest.fixture(scope="module")
def stations(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Station]]:
    """Return stations that forward, each to its own stream."""
    stations = {name: Station(tmp_path_factory.mktemp(name)) for name in STATIONS}

    try:
        for station in stations.values():
            station.launch()
        for name, station in stations.items():
            namespace = f"outage.{name}"
            server.recreate_stream(namespace)
            station.wait_until_ready()
            key = server.add_station(namespace, name)
            station.send_to(server.url, key, namespace, station_name=f"Fleet {name}")
        observe_fleet(stations["running"], server)
        yield stations
    finally:
        for station in stations.values():
            station.kill()


def observe_fleet(station: Station, server: Server) -> None:
    """Show the fleet of a namespace in the Home Assistant of another, which sends its alerts to a phone."""
    wait_for(lambda: server.request("GET", f"metrics-anavi_weather.state-{OBSERVED}/_count")["count"])
    station.show_fleet(server.url, server.add_reader(OBSERVED, "phone"), OBSERVED)
    wait_for_alert(station, FROST, "off")
    station.automate(
        "fleet_alert",
        alerts=[QUESTIONABLE, FROST],
        actions=[{"action": "notify.phone", "data": {"message": "{{ alert }}"}}],
    )


def wait_for_alert(station: Station, alert: str, state: str) -> None:
    """Wait until Home Assistant shows an alert of the fleet in this state."""

    def is_shown() -> bool:
        station.act("homeassistant.update_entity", entity_id=CONNECTED)
        return any(one["entity_id"] == alert and one["state"] == state for one in station.get("/api/states"))

    wait_for(is_shown)


def messages(station: Station) -> list[str]:
    """Return the messages on the phone."""
    shown = station.get("/api/states")
    return [message for one in shown if one["entity_id"] == "sensor.phone" for message in one["attributes"]["messages"]]


def shift_temperature(station: Station, degrees: float) -> None:
    """Let a station measure a temperature that is wrong."""
    station.act("state_source.shift_temperature", degrees=degrees)


def go_through(
    stations: dict[str, Station], fault: Callable[[], None], repair: Callable[[], None], meanwhile: Callable[[], None]
) -> None:
    """Cause an outage until every station has noticed it. Meanwhile one is restarted, and one is killed."""
    for station in stations.values():
        station.produce(200)
    fault()
    meanwhile()
    for station in stations.values():
        station.produce(200)
    stations["stopped"].stop()
    stations["killed"].kill()
    for name in ("stopped", "killed"):
        stations[name].launch()
    for name in ("stopped", "killed"):
        stations[name].wait_until_ready()
    for station in stations.values():
        station.produce(200)
    for station in stations.values():  # a hanging server is noticed after half a minute
        wait_for(lambda station=station: station.status("connected") == "off")  # type: ignore[misc]
    repair()


def compare(stations: dict[str, Station], server: Server, fault: str) -> None:
    """Compare each station's rows with the documents of its stream."""

    for name, station in stations.items():
        comparison = settle(station, server, f"outage.{name}", f"{fault}, Home Assistant {name}")
        assert comparison.good, f"{name}: {comparison}\n{station.log[-5000:]}"
        assert comparison.rows > 300


def test_server_killed(stations: dict[str, Station], server: Server) -> None:
    """Meanwhile a station's temperature becomes wrong. Later the other Home Assistant shows that it is flagged."""
    runner = Runner(RUNNER)
    bias = partial(shift_temperature, stations["stopped"], -8)
    go_through(stations, lambda: runner.run("kill"), lambda: runner.run("start"), bias)
    compare(stations, server, "Elasticsearch killed")
    wait_for_alert(stations["running"], QUESTIONABLE, "on")


def test_server_frozen(stations: dict[str, Station], server: Server) -> None:
    """Meanwhile a station has frost. Later the other Home Assistant sends it to a phone, once."""
    runner = Runner(RUNNER)
    frost = partial(shift_temperature, stations["stopped"], -25)
    go_through(stations, lambda: runner.run("pause"), lambda: runner.run("resume"), frost)
    compare(stations, server, "Elasticsearch frozen")
    wait_for_alert(stations["running"], FROST, "on")
    wait_for(lambda: len(messages(stations["running"])) > 1)
    assert messages(stations["running"]) == ["Fleet stopped Questionable readings", "Fleet stopped Frost"]


def test_retention_deletes_an_older_index(stations: dict[str, Station], server: Server) -> None:
    """What is stored and goes by retention is not missed. Late states of its time are counted as too old."""
    station, namespace = stations["running"], "outage.running"
    stream = f"metrics-anavi_weather.state-{namespace}"
    old_index = server.add_old_index(namespace)
    station.produce(40, prefix="older", ago=9 * DAY)
    compare({"running": station}, server, "older index")
    older = {(row.entity_id, row.timestamp) for row in station.rows() if row.entity_id.startswith("sensor.older")}
    station.excused |= older
    refused = int(station.status("refused"))
    settings = "data_streams.lifecycle.poll_interval"
    lifecycle = server.request("GET", f"_data_stream/{stream}/_lifecycle")["data_streams"][0]["lifecycle"]
    server.request("PUT", "_cluster/settings", {"persistent": {settings: "1s"}})
    server.request("PUT", f"_data_stream/{stream}/_lifecycle", {"data_retention": "1d"})
    try:
        station.produce(100)
        server.request("PUT", f"_data_stream/{stream}/_lifecycle", {"data_retention": "1s"})
        wait_for(lambda: old_index not in server.indices(namespace))
    finally:
        server.request("PUT", f"_data_stream/{stream}/_lifecycle", {"data_retention": lifecycle["data_retention"]})
        server.request("PUT", "_cluster/settings", {"persistent": {settings: None}})
    station.produce(20, prefix="older", ago=9 * DAY)
    station.produce(100)
    wait_for(lambda: int(station.status("refused")) == refused + 20)
    assert "outside of ranges" in station.issue("user_station_states_refused")
    station.excused |= {
        (row.entity_id, row.timestamp) for row in station.rows() if row.entity_id.startswith("sensor.older")
    }
    compare({"running": station}, server, "retention deletes an older index")


def test_shard_limit(stations: dict[str, Station], server: Server) -> None:
    """Case 3: the stream cannot be created again."""
    station, namespace = stations["running"], "outage.running"
    stream = f"metrics-anavi_weather.state-{namespace}"
    setting = "cluster.max_shards_per_node"
    server.request("PUT", "_cluster/settings", {"persistent": {setting: 1}})
    try:
        server.request("DELETE", f"_data_stream/{stream}")
        station.produce(300)
        # The server tells the limit to a request with states, and that the stream is missing to a check
        wait_for(
            lambda: (
                "maximum normal shards open" in station.issue("user_station_shard_limit")
                or stream in station.issue("user_station_not_time_series")
            )
        )
        is_limit_known = bool(station.issue("user_station_shard_limit"))
        wait_for(lambda: station.status("connected") == "off")
    finally:
        server.request("PUT", "_cluster/settings", {"persistent": {setting: None}})
    if not is_limit_known:
        server.setup(namespace)
    wait_for(lambda: station.issue("user_station_stream_recreated"))
    station.submit_repair("user_station_stream_recreated")
    compare({"running": station}, server, "stream deleted at the shard limit, and sent again")
    wait_for(lambda: not station.issue("user_station_shard_limit"))


def test_down_and_up_again_are_one_line_each(stations: dict[str, Station]) -> None:
    """The running station logs the start and the end of each outage once."""
    log = stations["running"].log
    logged = re.findall(r"states wait in the recorder|connected again", log)
    lines = [line for line in log.splitlines() if "user_station.forwarder" in line]
    assert logged == ["states wait in the recorder", "connected again"] * 3, "\n".join(lines)


def test_server_that_takes_little_at_a_time(stations: dict[str, Station], server: Server) -> None:
    """With an indexing pressure of 20 kB it answers most requests of usual size by 429."""
    (node,) = server.request("GET", "_nodes/settings")["nodes"].values()
    limit = node["settings"].get("indexing_pressure", {}).get("memory", {}).get("limit")
    if limit != SMALL_PRESSURE:
        pytest.skip(f"the server's indexing_pressure.memory.limit is {limit}, not {SMALL_PRESSURE}")

    def rejections() -> int:
        (node,) = server.request("GET", "_nodes/stats/indexing_pressure")["nodes"].values()
        return int(node["indexing_pressure"]["memory"]["total"]["coordinating_rejections"])

    before = rejections()
    for station in stations.values():
        station.produce(2000)
    compare(stations, server, "429 by an indexing pressure of 20 kB")
    assert rejections() > before
