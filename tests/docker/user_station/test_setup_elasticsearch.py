"""Tests of the set-up of a real Elasticsearch."""

from copy import deepcopy
from http.server import BaseHTTPRequestHandler
import json
import os
from threading import Thread
import time
from typing import Any

import pytest

from .conftest import Run
from .files import ELASTICSEARCH_SETUP
from .server import Server, document
from .web import WebServer

DOWNSAMPLING = [{"after": "1d", "fixed_interval": "10m"}, {"after": "30d", "fixed_interval": "1h"}]


def wait_for_snapshot(server: Server, path: str) -> str:
    """Return the state that a snapshot ends in."""
    state = ""
    for _ in range(600):
        status, answer = server.call("GET", path)
        state = answer["snapshots"][0]["state"] if status == 200 else ""
        if state not in {"", "IN_PROGRESS"}:
            break
        time.sleep(0.5)
    return state


def test_it_can_be_run_again_at_any_time(server: Server, setup: Run) -> None:
    first = setup()
    assert first.returncode == 0, first.stderr
    assert f"the stream {server.stream} is created" in first.stderr
    before = server.good("GET", f"_data_stream/{server.stream}")["data_streams"][0]
    assert "time_series" in before
    server.good("POST", f"{server.stream}/_doc?refresh=true", document())

    second = setup(RETENTION="90d")
    assert second.returncode == 0, second.stderr
    assert f"the stream {server.stream} already exists" in second.stderr
    after = server.good("GET", f"_data_stream/{server.stream}")["data_streams"][0]
    assert after["indices"] == before["indices"]
    assert server.good("GET", f"{server.stream}/_count")["count"] == 1
    lifecycle = server.good("GET", f"_data_stream/{server.stream}/_lifecycle")
    assert lifecycle["data_streams"][0]["lifecycle"]["data_retention"] == "90d"


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        ((), {"ELASTICSEARCH_PASSWORD": 'wr"ong\\'}, "is refused"),
        ((), {"ELASTICSEARCH_PASSWORD": ""}, "not set"),
        ((), {"ELASTICSEARCH_URL": "http://127.0.0.1:1"}, "no answer"),
        ((), {"ELASTICSEARCH_CA": "/nowhere.pem"}, "certificate /nowhere.pem not found"),
        ((), {"NAMESPACE": "Upper-Case"}, "NAMESPACE"),
        ((), {"RETENTION": "a year"}, "RETENTION"),
        ((), {"LOGS_RETENTION": "0d"}, "LOGS_RETENTION"),
        ((), {"SNAPSHOTS_RETENTION": "30"}, "SNAPSHOTS_RETENTION"),
        ((), {"SNAPSHOTS": '/x"y'}, "without quotes"),
        (("add-station", ""), {}, "name"),
        (("add-station", 'a"b'), {}, "name"),
        (("add-station", "a*"), {}, "name"),
        (("add-station", "a\nb"), {}, "name"),
        (("add-station", "a" * 65), {}, "name"),
        (("add-station", "early"), {}, "Run setup without arguments first"),
        (("add-station", "a", "--id", "a b"), {}, "id: use"),
        (("add-station", "a", "--id", "unbound"), {}, "id: use"),
        (("remove-station", "*"), {}, "name"),
        (("add-reader", "a*"), {}, "name"),
        (("add-reader", "early"), {}, "Run setup without arguments first"),
        (("remove-reader", "nobody"), {}, 'no key found for the reader "nobody"'),
        ((), {"ALERT_FROST": "cold"}, "ALERT_FROST: not a number"),
        ((), {"ALERT_SILENT": "0"}, "ALERT_SILENT: not a number of minutes"),
    ],
)
def test_an_error_is_reported_and_changes_nothing(
    server: Server, setup: Run, arguments: tuple[str, ...], environment: dict[str, str], message: str
) -> None:
    done = setup(*arguments, **environment)
    assert done.returncode == 1
    assert message in done.stderr
    assert not done.stdout
    assert server.call("GET", f"_data_stream/{server.stream}")[0] == 404


class Greeting(BaseHTTPRequestHandler):
    """Answers every request like a server's first page."""

    greeting: dict[str, object]

    def do_GET(self) -> None:
        """Answer a request."""
        body = json.dumps(self.greeting).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize(
    ("version", "tagline", "message"),
    [
        ({"number": "8.11.4"}, "You Know, for Search", "Elasticsearch 8.11.4 is too old. Use 8.12 or later"),
        ({"number": "7.17.29"}, "You Know, for Search", "Elasticsearch 7.17.29 is too old"),
        ({"number": "8.11.0", "build_flavor": "serverless"}, "You Know, for Search", "Serverless"),
        (
            {"number": "3.7.0", "distribution": "opensearch"},
            "The OpenSearch Project: https://opensearch.org/",
            "is OpenSearch, which has no time series",
        ),
        ({"number": "1"}, "Welcome", "is not Elasticsearch"),
    ],
)
def test_servers_that_are_not_supported(run: Run, version: dict[str, str], tagline: str, message: str) -> None:
    handler = type("Handler", (Greeting,), {"greeting": {"version": version, "tagline": tagline}})
    with WebServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        done = run(ELASTICSEARCH_SETUP, ELASTICSEARCH_URL=url, ELASTICSEARCH_PASSWORD="secret", NAMESPACE="test")
        server.shutdown()
        thread.join()
    assert done.returncode == 1
    assert message in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("add-station",),
        ("nonsense",),
        ("stations", "x"),
        ("add-station", "a", "--id"),
        ("remove-station", "a", "--new"),
    ],
)
def test_usage_is_printed(run: Run, arguments: tuple[str, ...]) -> None:
    done = run(ELASTICSEARCH_SETUP, *arguments)
    assert done.returncode == 2
    assert "setup add-station NAME" in done.stderr


def test_a_stream_that_would_store_twice_is_refused(server: Server, setup: Run) -> None:
    template = f"test-{server.namespace}"
    pattern = {"index_patterns": [server.stream], "priority": 900, "data_stream": {}}
    server.good("PUT", f"_index_template/{template}", pattern)
    try:
        server.good("PUT", f"_data_stream/{server.stream}")
        done = setup()
    finally:
        server.clean()
        server.good("DELETE", f"_index_template/{template}")
    assert done.returncode == 1
    assert "is not a time series" in done.stderr


def test_logs_are_kept_for_a_month(server: Server, setup: Run) -> None:
    setup()
    stream = f"logs-anavi_weather-{server.namespace}"
    log = {
        "@timestamp": "2026-01-01T00:00:00Z",
        "message": "started",
        "container": {"name": "homeassistant"},
        "source": {"ip": "192.168.1.7"},
        "something": {"else": 1},
    }
    try:
        server.good("POST", f"{stream}/_doc?refresh=true", log)
        (found,) = server.good("GET", f"_data_stream/{stream}")["data_streams"]
        assert found["template"] == "logs-anavi_weather"
        assert found["lifecycle"]["data_retention"] == "30d"
        query = {"query": {"term": {"container.name": "homeassistant"}}}
        assert server.good("POST", f"{stream}/_search", query)["hits"]["total"]["value"] == 1
    finally:
        server.call("DELETE", f"_data_stream/{stream}")


def test_snapshots_are_made_on_a_schedule_and_restored(server: Server, setup: Run) -> None:
    folder = os.environ.get("ELASTICSEARCH_PATH_REPO")
    if not folder:
        pytest.skip("ELASTICSEARCH_PATH_REPO names no folder of the server's path.repo: no snapshot is made")
    for _ in range(2):
        done = setup(SNAPSHOTS=folder)
        assert done.returncode == 0, done.stderr
    server.good("POST", f"{server.stream}/_doc?refresh=true", document())
    try:
        policy = server.good("GET", "_slm/policy/anavi_weather")["anavi_weather"]["policy"]
        assert policy["schedule"] == "0 30 2 * * ?"
        assert policy["retention"]["expire_after"] == "30d"
        snapshot = server.good("POST", "_slm/policy/anavi_weather/_execute")["snapshot_name"]
        path = f"_snapshot/anavi_weather/{snapshot}"
        assert wait_for_snapshot(server, path) == "SUCCESS"
        # As in README.md
        server.good("DELETE", f"_data_stream/{server.stream}")
        body = {"indices": server.stream, "include_global_state": False}
        server.good("POST", f"{path}/_restore?wait_for_completion=true", body)
        assert server.good("GET", f"{server.stream}/_count")["count"] == 1
        assert "time_series" in server.good("GET", f"_data_stream/{server.stream}")["data_streams"][0]
        server.good("DELETE", path)
    finally:
        server.call("DELETE", "_slm/policy/anavi_weather")
        server.call("DELETE", "_snapshot/anavi_weather")


def test_a_folder_that_the_server_may_not_use_is_reported(server: Server, setup: Run) -> None:
    done = setup(SNAPSHOTS="/nowhere/at/all")
    assert done.returncode == 1
    assert "is not among the server's path.repo" in done.stderr


def lifecycle(server: Server) -> Any:
    """Return the stream's lifecycle."""
    return server.good("GET", f"_data_stream/{server.stream}/_lifecycle")["data_streams"][0].get("lifecycle")


@pytest.mark.parametrize("enabled", [True, False])
def test_only_the_retention_of_a_lifecycle_changes(server: Server, setup: Run, enabled: bool) -> None:
    """Case 29."""
    setup()
    body = {"data_retention": "700d", "downsampling": DOWNSAMPLING, "enabled": enabled}
    server.good("PUT", f"_data_stream/{server.stream}/_lifecycle", body)
    for retention in ("90d", "90d", "400d"):
        done = setup(RETENTION=retention)
        assert done.returncode == 0, done.stderr
        assert f"states are kept for {retention}" in done.stderr
        assert lifecycle(server) == body | {"data_retention": retention}


def test_a_lifecycle_without_a_retention_gets_one(server: Server, setup: Run) -> None:
    setup()
    server.good("PUT", f"_data_stream/{server.stream}/_lifecycle", {"downsampling": DOWNSAMPLING})
    setup(RETENTION="90d")
    assert lifecycle(server) == {"enabled": True, "data_retention": "90d", "downsampling": DOWNSAMPLING}


def test_a_stream_without_a_lifecycle_stays_without(server: Server, setup: Run) -> None:
    setup()
    server.good("DELETE", f"_data_stream/{server.stream}/_lifecycle")
    done = setup()
    assert done.returncode == 0, done.stderr
    assert "states are kept until you delete them" in done.stderr
    assert lifecycle(server) is None


def test_the_lifecycle_of_the_template_stays(server: Server, setup: Run) -> None:
    path = "_index_template/metrics-anavi_weather.state"
    # All streams of the server share the template: what this test sets in it takes no effect in a stream of another test
    downsampling = [{"after": "3650d", "fixed_interval": "10m"}]
    policy = {"name": "their-policy", "prefer_ilm": "false"}
    setup()
    template = server.good("GET", path)["index_templates"][0]["index_template"]
    before = template["template"] | {"settings": {}, "lifecycle": {}}
    shipped = deepcopy(template)
    shipped["template"]["lifecycle"] = {"data_retention": "1825d"}
    shipped["template"]["settings"]["index"].pop("lifecycle", None)
    template["template"]["lifecycle"]["downsampling"] = downsampling
    template["template"]["settings"]["index"]["lifecycle"] = policy
    lifecycle = {"enabled": True, "data_retention": "90d", "downsampling": downsampling}
    try:
        for _ in range(10):
            server.good("PUT", path, template)
            done = setup(RETENTION="90d")
            assert done.returncode == 0, done.stderr
            after = server.good("GET", path)["index_templates"][0]["index_template"]["template"]
            if after["lifecycle"] == lifecycle:
                break  # otherwise a test in another process ran setup at the same time
        assert after["lifecycle"] == lifecycle
        assert after["settings"]["index"]["lifecycle"] == policy
        assert after["settings"]["index"]["final_pipeline"] == "anavi_weather.station"
        assert after | {"settings": {}, "lifecycle": {}} == before
    finally:
        server.good("PUT", path, shipped)


@pytest.mark.parametrize("is_read_only", [False, True])
def test_a_stream_that_is_older_than_a_field_gets_it(server: Server, setup: Run, is_read_only: bool) -> None:
    template = json.loads((ELASTICSEARCH_SETUP.parent / "index_template.json").read_text())
    del template["template"]["lifecycle"]
    del template["template"]["mappings"]["properties"]["entity"]["properties"]["area"]
    del template["template"]["settings"]["index.final_pipeline"]  # this server may have none yet
    older = f"_index_template/test-{server.namespace}"
    server.good("PUT", older, template | {"index_patterns": [server.stream], "priority": 900})
    try:
        server.good("PUT", f"_data_stream/{server.stream}")
        if is_read_only:
            server.good("PUT", f"{server.stream}/_settings", {"index.blocks.read_only": True})
        done = setup()
        assert done.returncode == 0, done.stderr
        assert ("the stream is read-only: run this again" in done.stderr) == is_read_only
        (index,) = server.good("GET", f"{server.stream}/_mapping").values()
        assert ("area" in index["mappings"]["properties"]["entity"]["properties"]) != is_read_only
    finally:
        server.clean()
        server.good("DELETE", older)


def test_a_stream_that_is_older_than_locations_stores_them(server: Server, setup: Run) -> None:
    """A location is no dimension, so that a state from before is still recognized."""
    template = json.loads((ELASTICSEARCH_SETUP.parent / "index_template.json").read_text())
    del template["template"]["lifecycle"]
    for field in ("location", "elevation"):
        del template["template"]["mappings"]["properties"]["station"]["properties"][field]
    older = f"_index_template/test-{server.namespace}"
    server.good("PUT", older, template | {"index_patterns": [server.stream], "priority": 900})
    located = document()
    located["station"] |= {"location": {"lat": -23.5488, "lon": -46.6285}, "elevation": 760.0}
    before = document()
    try:
        server.good("PUT", f"_data_stream/{server.stream}")
        server.good("POST", f"{server.stream}/_doc", before)
        (was,) = server.good("GET", f"{server.stream}/_settings/index.routing_path").values()
        assert setup().returncode == 0
        (settings,) = server.good("GET", f"{server.stream}/_settings/index.routing_path").values()
        assert settings == was
        server.good("POST", f"{server.stream}/_doc?refresh=true", located)
        for sent in (before, located):
            moved = deepcopy(sent)
            moved["station"] |= {"location": {"lat": 1.0, "lon": 2.0}, "elevation": 3.0}
            assert server.call("POST", f"{server.stream}/_doc", moved)[0] == 409
        aggregations = {
            "center": {"geo_centroid": {"field": "station.location"}},
            "highest": {"max": {"field": "station.elevation"}},
        }
        found = server.good("POST", f"{server.stream}/_search", {"size": 0, "aggs": aggregations})["aggregations"]
        assert found["center"]["count"] == 1
        assert found["center"]["location"] == pytest.approx({"lat": -23.5488, "lon": -46.6285}, abs=1e-6)
        assert found["highest"]["value"] == 760
    finally:
        server.clean()
        server.good("DELETE", older)


def test_settings_of_a_component_template_of_theirs_apply(server: Server, setup: Run) -> None:
    path = "_component_template/metrics-anavi_weather.state@custom"
    server.good("PUT", path, {"template": {"settings": {"index.refresh_interval": "17s"}}})
    try:
        assert setup().returncode == 0
        (settings,) = server.good("GET", f"{server.stream}/_settings").values()
        assert settings["settings"]["index"]["refresh_interval"] == "17s"
    finally:
        server.clean()
        setup()
        server.clean()
        server.call("DELETE", path)
