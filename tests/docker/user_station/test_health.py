"""Tests of what the user station reports about itself, and of the rules and the panel that judge it."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
import ssl
import subprocess
from threading import Thread
from typing import Any

import pytest

from .conftest import Run
from .files import FOLDER, HEALTH_STREAM, MESSAGE, VARIABLE, Json, all_rules, dashboards, load, messages
from .server import Server

THRESHOLDS = {"ALERT_DISK": "80", "ALERT_CERTIFICATE": "20"}
UNITS = {"m": "minutes", "d": "days"}
GOOD = (
    ("certificate", "kibana", 200),
    ("disk", "elasticsearch", 79.9),
    ("memory", "elasticsearch", 89),
    ("snapshot", "snapshots", 49),
    ("status", "cluster", 0),
)


def _sign(folder: Path, name: str, days: int) -> None:
    request = f"openssl req -x509 -newkey rsa:2048 -nodes -days {days} -subj /CN={name}"
    subprocess.run(
        [*request.split(), "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt"],
        capture_output=True,
        check=True,
    )


@pytest.fixture
def kibana(socket_enabled: None, tmp_path: Path) -> Iterator[str]:
    """Return the address of a server with TLS, whose certificate ends in ten days."""
    _sign(tmp_path, "kibana", 10)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "kibana.crt", tmp_path / "kibana.key")
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as web:
        web.socket = context.wrap_socket(web.socket, server_side=True)
        thread = Thread(target=web.serve_forever, args=(0.05,))
        thread.start()
        yield f"https://127.0.0.1:{web.server_address[1]}"
        web.shutdown()
        thread.join()


@pytest.fixture
def environment(server: Server, tmp_path: Path) -> dict[str, str]:
    """Return the environment of the container's script."""
    own = tmp_path / "own"
    own.mkdir()
    (own / "elastic_password").write_text(server.password, encoding="utf-8")
    _sign(own, "ca", 7300)
    return {
        "SECRETS": str(tmp_path),
        "ELASTICSEARCH_URL": server.url,
        "ELASTICSEARCH_USERNAME": server.username,
        "SNAPSHOTS": "",
    }


def reports(server: Server, since: datetime) -> dict[tuple[str, str], float]:
    """Return the values that were reported since a time."""
    server.good("POST", f"{HEALTH_STREAM}/_refresh")
    wanted = {"query": {"range": {"@timestamp": {"gte": since.isoformat()}}}, "size": 100}
    hits = server.good("POST", f"{HEALTH_STREAM}/_search", wanted)["hits"]["hits"]
    sources = [hit["_source"] for hit in hits]
    assert all(datetime.fromisoformat(source["@timestamp"]).tzinfo for source in sources)
    return {(source["check"], source["part"]): source["value"] for source in sources}


def test_the_health_is_reported(server: Server, setup: Run, run: Run, environment: dict[str, str], kibana: str) -> None:
    assert setup().returncode == 0
    since = datetime.now(UTC) - timedelta(seconds=1)

    done = run(FOLDER / "setup", "health", **environment, KIBANA_URL=kibana)

    assert done.returncode == 0, done.stderr
    found = reports(server, since)
    assert found["certificate", "kibana"] in (9, 10)
    assert found["certificate", "authority"] in (7299, 7300)
    nodes = server.good("GET", "_nodes/stats/fs,jvm")["nodes"].values()
    for node in nodes:
        disk = node["fs"]["total"]
        used = 100 * (1 - disk["available_in_bytes"] / disk["total_in_bytes"])
        assert found["disk", node["name"]] == pytest.approx(used, abs=5)
        assert 0 < found["memory", node["name"]] <= 100
    assert (
        found["status", "cluster"]
        == {"green": 0, "yellow": 0, "red": 2}[server.good("GET", "_cluster/health")["status"]]
    )
    assert ("certificate", "elasticsearch") not in found, "it has none here"


def test_a_server_that_is_down_does_not_hide_the_others(
    server: Server, setup: Run, run: Run, environment: dict[str, str]
) -> None:
    assert setup().returncode == 0
    since = datetime.now(UTC) - timedelta(seconds=1)
    done = run(FOLDER / "setup", "health", **environment, KIBANA_URL="https://127.0.0.1:1")
    assert done.returncode == 0, done.stderr
    assert {check for check, _ in reports(server, since)} >= {"certificate", "disk", "memory", "status"}
    refused = run(FOLDER / "setup", "health", **(environment | {"ELASTICSEARCH_USERNAME": "nobody"}))
    assert refused.returncode == 1
    assert "is refused" in refused.stderr


@pytest.mark.parametrize(
    ("check", "status", "answer", "value"),
    [
        ("check_status", 200, "green 3", "0"),
        ("check_status", 200, "yellow 1", "0"),
        ("check_status", 200, "yellow 3", "1"),
        ("check_status", 200, "red 1", "2"),
        ("check_snapshots", 404, "{}", ""),
        (
            "check_snapshots",
            200,
            '{"anavi_weather":{"modified_date_millis":1000,"last_success":{"time":7200000}}}',
            "48",
        ),
        ("check_snapshots", 200, '{"anavi_weather":{"modified_date_millis":3600000}}', "49"),
        ("check_nodes", 200, " 91.5 40 a node", "91.540"),
        ("check_nodes", 200, "null 40 one", "40"),
    ],
)
def test_answers_that_this_server_does_not_give(tools: Path, check: str, status: int, answer: str, value: str) -> None:
    """Of several nodes, a schedule of snapshots, and a node without a disk, in the form of the real server's."""
    script = f"""
      . {FOLDER}/elasticsearch/http; . {FOLDER}/health
      get() {{ STATUS={status} ANSWER=$1; ANSWER=$TEXT; }}
      NOW={50 * 3600} AT=now
      {check}
      sed -n 's/.*"value":\\(.*\\)}}/\\1/p' <<< "$DOCUMENTS"
    """
    command = ["bash", "-euc", script]
    environment = {"PATH": str(tools), "TEXT": answer}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.replace("\n", "") == value


@pytest.fixture
def health(server: Server) -> Iterator[str]:
    """Return an index with the fields of the stream."""
    name = f"anavi_weather-health-{server.namespace}"
    template = load(FOLDER / "elasticsearch" / "health_template.json")["template"]
    server.good("PUT", name, {"mappings": template["mappings"]})
    yield name
    server.good("DELETE", name)


def store(server: Server, index: str, minutes: float, *found: tuple[str, str, float]) -> None:
    """Store a report of some minutes ago."""
    time = (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()
    for check, part, value in found:
        document = {"@timestamp": time, "check": check, "part": part, "value": value}
        server.good("POST", f"{index}/_doc?refresh=true", document)


def filled(text: str, index: str) -> str:
    """Return a query as the set-up script makes it, for another index."""
    assert f"FROM {HEALTH_STREAM}\n" in text
    text = VARIABLE.sub(lambda found: THRESHOLDS[found[1]], text.replace(HEALTH_STREAM, index))
    return MESSAGE.sub(lambda found: messages("en")[found[1]], text)


def ask(server: Server, query: str, window: timedelta) -> list[Json]:
    """Return the rows of an ES|QL query in a time range that ends now."""
    since = (datetime.now(UTC) - window).isoformat()
    body = {"query": query, "filter": {"range": {"@timestamp": {"gte": since}}}}
    answer = server.good("POST", "_query?format=json", body)
    names = [column["name"] for column in answer["columns"]]
    return [dict(zip(names, row, strict=True)) for row in answer.get("values", [])]


def alerts(server: Server, index: str) -> dict[str, list[Json]]:
    """Return the rows that each rule finds, if any."""
    found = {}
    for name, rule in all_rules().items():
        parameters = rule["params"]
        query = parameters["esqlQuery"]["esql"]
        if HEALTH_STREAM in query:
            window = timedelta(**{UNITS[parameters["timeWindowUnit"]]: parameters["timeWindowSize"]})
            if rows := ask(server, filled(query, index), window):
                found[name] = rows
    return found


def panel(server: Server, index: str) -> dict[tuple[str, str], Any]:
    """Return the verdicts of the panel by what is checked."""
    (config,) = (panel["config"] for panel in dashboards()["fleet"]["panels"] if panel["id"] == "health")
    end = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    rows = ask(server, filled(config["data_source"]["query"], index).replace("?_tend", f'"{end}"'), timedelta(days=7))
    columns = {part["column"] for part in (*config["rows"], *config["metrics"])}
    assert all(set(row) == columns for row in rows)
    return {(row["about"], row["part"]): row["verdict"] for row in rows}


def text(key: str) -> str:
    """Return an English message."""
    return messages("en")[f"health.{key}"]


def test_a_user_station_that_is_well_alerts_nobody(server: Server, health: str) -> None:
    store(server, health, 10, *GOOD)
    assert alerts(server, health) == {}
    assert panel(server, health) == {(text(check), part): text("good") for check, part, _ in GOOD}


BAD: Mapping[str, tuple[tuple[str, str, float], str, dict[str, Any]]] = {
    "disk": (("disk", "elasticsearch2", 80.5), "disk", {"part": "elasticsearch2", "used": 80.5}),
    "certificate": (("certificate", "kibana", 19), "certificate", {"part": "kibana", "days": 19}),
    "expired": (("certificate", "kibana", -3), "certificate", {"part": "kibana", "days": -3}),
    "memory": (("memory", "elasticsearch", 91), "health", {"check": "memory", "about": text("memory_full")}),
    "snapshot": (("snapshot", "snapshots", 51), "health", {"check": "snapshot", "about": text("snapshot_late")}),
    "yellow": (("status", "cluster", 1), "health", {"check": "status", "about": text("status_yellow")}),
    "red": (("status", "cluster", 2), "health", {"check": "status", "about": text("status_red")}),
}


@pytest.mark.parametrize("name", BAD)
def test_each_fault_alerts_until_it_is_fixed(server: Server, health: str, name: str) -> None:
    fault, rule, expected = BAD[name]
    others = [good for good in GOOD if good[:2] != fault[:2]]
    store(server, health, 15, *others, fault)
    store(server, health, 10, *others, fault)
    found = alerts(server, health)
    assert found.keys() == {rule}
    (row,) = found[rule]
    assert row.items() >= expected.items()
    assert panel(server, health)[text(fault[0]), fault[1]] == text("bad")

    # A moment is no alert, and the end of a fault ends it
    store(server, health, 5, (*fault[:2], next((good[2] for good in GOOD if good[0] == fault[0]), 0)))
    if fault[0] != "certificate":
        assert alerts(server, health) == {}


def test_a_user_station_that_reports_nothing_alerts(server: Server, health: str) -> None:
    store(server, health, 31, *GOOD)
    found = alerts(server, health)
    assert found.keys() == {"unwatched"}
    assert [row["part"] for row in found["unwatched"]] == ["maintenance"]
    store(server, health, 1, *GOOD)
    assert alerts(server, health) == {}
