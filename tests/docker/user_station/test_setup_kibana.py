"""Tests of what the set-up asks of Kibana. None can be run here: a server stands in for it that knows what it was asked."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
import json
import os
from pathlib import Path
import re
import shutil
from threading import Thread
from typing import Any, NamedTuple, override

import pytest

from .conftest import Run
from .files import FOLDER, KIBANA, LANGUAGES, all_rules, dashboards, messages
from .server import Server, document
from .web import WebServer

SETUP = KIBANA / "setup"
PASSWORD = 'pass"word\\'
ONCE = re.compile(r"/api/(actions/connector|alerting/rule)/[0-9a-f-]{36}")


class Asked(NamedTuple):
    """A request."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


class Kibana(WebServer):
    """Answers as Kibana's documentation says."""

    def __init__(self) -> None:
        """Initialize without objects."""
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[Asked] = []
        self.made: dict[str, Any] = {}
        self.changed: dict[str, int] = {}
        """When each dashboard and map was changed last."""
        self.records: dict[str, Any] = {}
        self.answer = ""
        self.refuse = ""
        self.names: dict[str, str] = {}
        """Newest name of each station by its id, as the Elasticsearch knows them whose part it plays."""

    def edit(self, path: str, body: Any) -> None:
        """Change an object."""
        self.made[path] = body
        self.changed[path] = len(self.asked)

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """Answers a request."""

    server: Kibana

    def _do(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(data) if data and "_import" not in self.path else _uploaded(data)
        self.server.asked.append(Asked(self.command, self.path, dict(self.headers), body))
        status, answer = self._answer(body)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer, separators=(",", ":")).encode())

    do_GET = do_POST = do_PUT = _do  # noqa: N815

    def _answer(self, body: Any) -> tuple[int, Any]:
        made = self.server.made
        if not (self.headers.get("Authorization") or "").startswith("Basic "):
            return 401, {"message": "Unauthorized"}
        if self.server.refuse and self.server.refuse in self.path:
            return 400, {"message": "[request body]: refused"}
        if self.path.startswith("/_security/api_key?"):
            return 200, {"api_keys": []}
        if self.path.startswith("/metrics-anavi_weather.state-*/_search?"):
            newest = [
                {"key": key, "newest": {"top": [{"metrics": {"station.name": name}}]}}
                for key, name in self.server.names.items()
            ]
            return 200, {"aggregations": {"ids": {"buckets": newest}}} if newest else {}
        if self.path == "/api/status":
            return 200, {"status": {"overall": {"level": self.server.answer or "available"}}}
        if self.path.startswith("/setup-anavi_weather"):
            return self._answer_record(body)
        if self.command != "GET" and "kbn-xsrf" not in {name.lower() for name in self.headers}:
            return 400, {"message": "Request must contain a kbn-xsrf header."}
        if self.path == "/api/saved_objects/_export":
            return self._export(body["objects"][0])
        if self.command == "GET":
            return (200, made[self.path]) if self.path in made else (404, {"message": "Not found"})
        if self.command == "POST" and self.path in made:
            return 409, {"message": "conflict"}
        if self.path == "/api/saved_objects/_import?overwrite=true":
            self.server.edit(f"/api/saved_objects/{body['type']}/{body['id']}", body)
            return 200, {"success": True, "successCount": 1}
        if self.path.endswith("/fields"):
            view = made[self.path.removesuffix("/fields")]["data_view"]
            for field, metadata in body["fields"].items():
                view.setdefault("fieldFormats", {})[field] = metadata["format"]
            return 200, {"acknowledged": True}
        key = self.path if body is None or "data_view" not in body else f"{self.path}/{body['data_view']['id']}"
        if self.path == "/api/data_views/data_view" and key in made:
            return 400, {"message": "Duplicate data view"}
        self.server.edit(key, body)
        return 200, body

    def _export(self, wanted: dict[str, str]) -> tuple[int, Any]:
        """Export an object as Kibana does: attributes first, the time of the last change last."""
        folder = "dashboards" if wanted["type"] == "dashboard" else f"saved_objects/{wanted['type']}"
        if (path := f"/api/{folder}/{wanted['id']}") not in self.server.made:
            missing = wanted | {"error": {"statusCode": 404, "error": "Not Found"}}
            message = {"statusCode": 400, "message": "Error fetching objects to export"}
            return 400, message | {"attributes": {"objects": [missing]}}
        attributes = {"text": json.dumps({"updated_at": "never"}), "content": self.server.made[path]}
        time = f"2026-11-29T10:00:{self.server.changed[path]:06.3f}Z"
        return 200, {
            "attributes": attributes,
            "created_at": "2026",
            **wanted,
            "updated_at": time,
            "version": "WzEsMV0=",
        }

    def _answer_record(self, body: Any) -> tuple[int, Any]:
        records, (_, index, *rest) = self.server.records, self.path.split("/")
        if not rest:
            exists = index in records
            records[index] = body
            return (400, {"error": {"type": "resource_already_exists_exception"}}) if exists else (200, {})
        if self.command == "PUT":
            records[rest[1]] = body
            return 201, {}
        return (200, records[rest[1]]) if rest[1] in records else (404, {"error": {}})

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def _uploaded(data: bytes) -> Any:
    """Return the one object in an uploaded file."""
    if not data:
        return None
    head, content, end = data.split(b"\r\n\r\n", 1)[0], data.split(b"\r\n\r\n", 1)[1], b"\r\n--map--\r\n"
    assert head.startswith(b'--map\r\nContent-Disposition: form-data; name="file"; filename="map.ndjson"')
    assert content.rstrip(b"\n").endswith(end.rstrip(b"\n"))
    (line,) = content[: content.index(end)].splitlines()
    return json.loads(line)


@pytest.fixture
def kibana(socket_enabled: None) -> Iterator[Kibana]:
    """Return a stand-in for Kibana."""
    with Kibana() as kibana:
        thread = Thread(target=kibana.serve_forever, args=(0.05,))
        thread.start()
        yield kibana
        kibana.shutdown()
        thread.join()


def known(kibana: Kibana, **more: str) -> dict[str, str]:
    """Return the environment of the script."""
    return {"KIBANA_URL": kibana.url, "ELASTICSEARCH_URL": kibana.url, "ELASTICSEARCH_PASSWORD": PASSWORD} | more


def shown(kibana: Kibana, view: str = "anavi_weather", field: str = "station.id") -> dict[str, str]:
    """Return what Kibana shows instead of the stations' ids."""
    formats = kibana.made[f"/api/data_views/data_view/{view}"]["data_view"]["fieldFormats"]
    assert formats[field]["id"] == "static_lookup"
    return {entry["key"]: entry["value"] for entry in formats[field]["params"]["lookupEntries"]}


def test_everything_is_made_in_both_languages(kibana: Kibana, run: Run) -> None:
    done = run(SETUP, **known(kibana))
    assert done.returncode == 0, done.stderr
    made = kibana.made
    for language in LANGUAGES:
        for name, dashboard in dashboards().items():
            put = made[f"/api/dashboards/anavi_weather-{name}-{language.lower()}"]
            assert put["title"] == messages(language)[f"{name}.title"]
            assert len(put["panels"]) == len(dashboard["panels"])
        saved = made[f"/api/saved_objects/map/anavi_weather-map-{language.lower()}"]["attributes"]
        assert saved["title"] == messages(language)["map.title"]
        layers = json.loads(saved["layerListJSON"])
        assert [layer["label"] for layer in layers[1:]] == [
            messages(language)[f"map.{layer}"] for layer in ("silent", "temperature", "storm")
        ]
    views = {path for path in made if path.startswith("/api/data_views/")}
    assert views == {
        f"/api/data_views/data_view/{name}"
        for name in ("anavi_weather", "anavi_weather-logs", "anavi_weather-statistics", "anavi_weather-alerts")
    }
    assert len([path for path in made if "/connector/" in path]) == 2
    assert {body["name"] for path, body in made.items() if "/rule/" in path} == {
        messages("en")[f"rule.{name}"] for name in all_rules()
    }
    assert not re.search(r"@[a-z_]+\.[a-z_.]+@|@[A-Z_]+@", json.dumps(made))
    assert all(asked.method == "GET" or asked.headers["kbn-xsrf"] == "true" for asked in kibana.asked)
    # A rule's requirements are created before the rule
    paths = [asked.path for asked in kibana.asked if asked.method == "POST"]
    assert [("connector" in path) for path in paths if ONCE.match(path)] == [True] * 2 + [False] * len(all_rules())


def test_a_map_that_kibana_does_not_take_stops_nothing_else(kibana: Kibana, run: Run) -> None:
    kibana.refuse = "saved_objects/_import"
    done = run(SETUP, **known(kibana))
    assert done.returncode == 0, done.stderr
    assert "the map stations (pt-BR) is not imported, all else continues: 400" in done.stderr
    assert len([path for path in kibana.made if "/rule/" in path]) == len(all_rules())


WEATHER = "/api/dashboards/anavi_weather-weather-en"
MAP = "/api/saved_objects/map/anavi_weather-map-en"
VIEW = "/api/data_views/data_view/anavi_weather"


def written(kibana: Kibana) -> set[str]:
    """Return the paths in Kibana that were written to since the requests were forgotten."""
    paths = {asked.path for asked in kibana.asked if asked.method != "GET" and asked.path.startswith("/api/")}
    return paths - {"/api/saved_objects/_export"}


def test_again_it_changes_nothing(kibana: Kibana, run: Run) -> None:
    run(SETUP, **known(kibana))
    before = dict(kibana.made)
    kibana.asked.clear()
    done = run(SETUP, **known(kibana))
    assert done.returncode == 0, done.stderr
    assert kibana.made == before
    assert all(path.endswith("/fields") for path in written(kibana))
    assert "changed in Kibana" not in done.stderr


def test_what_a_user_has_changed_is_kept(kibana: Kibana, run: Run) -> None:
    """A rule, a connector, a dashboard, a map and a data view, of which only the names of stations are brought up to date."""
    run(SETUP, **known(kibana))
    once = [path for path in kibana.made if ONCE.match(path)]
    for path in (*once, WEATHER, MAP):
        kibana.edit(path, {"edited": True})
    kibana.made[VIEW]["data_view"] |= {"name": "Mine", "runtimeFieldMap": {"mine": {"type": "long"}}}
    kibana.made[VIEW]["data_view"]["fieldFormats"]["state.number"] = {"id": "number"}
    before = json.loads(json.dumps(kibana.made))
    kibana.names = {"1": "Casa"}
    done = run(SETUP, **known(kibana, ALERT_FROST="2"))
    assert done.returncode == 0, done.stderr
    assert shown(kibana) == {"1": "Casa"}
    view = before[VIEW]["data_view"]
    view["fieldFormats"]["station.id"] = kibana.made[VIEW]["data_view"]["fieldFormats"]["station.id"]
    assert {path: kibana.made[path] for path in (*once, WEATHER, MAP, VIEW)} == {
        path: before[path] for path in (*once, WEATHER, MAP, VIEW)
    }
    assert "dashboard weather (en): kept, because it was changed in Kibana" in done.stderr
    assert "map stations (en): kept, because it was changed in Kibana" in done.stderr
    assert kibana.made[MAP.replace("-en", "-pt-br")] != before[MAP.replace("-en", "-pt-br")], "nobody changed this one"
    assert "to get the newest form of what was kept: delete it" in done.stderr, "the map has another threshold"


def test_a_change_is_kept_quietly_while_there_is_nothing_newer(kibana: Kibana, run: Run) -> None:
    run(SETUP, **known(kibana))
    kibana.edit(WEATHER, {"edited": True})
    assert "delete it" not in run(SETUP, **known(kibana)).stderr


def test_a_dashboard_that_the_set_up_did_not_record_is_kept(kibana: Kibana, run: Run) -> None:
    """An earlier version has made it: perhaps a user has changed it since."""
    run(SETUP, **known(kibana))
    kibana.records.clear()
    kibana.made[WEATHER] = before = {"title": "Earlier"}
    done = run(SETUP, **known(kibana))
    assert kibana.made[WEATHER] is before
    assert "was changed in Kibana or an earlier version created it" in done.stderr
    assert "replace all with: setup dashboards" in done.stderr

    kibana.edit(MAP, {"edited": True})
    assert run(SETUP, "dashboards", **known(kibana)).returncode == 0
    assert kibana.made[WEATHER]["title"] == messages("en")["weather.title"]
    assert "edited" not in kibana.made[MAP]
    assert "kept" not in run(SETUP, **known(kibana)).stderr


def test_what_a_user_has_deleted_is_made_again(kibana: Kibana, run: Run) -> None:
    run(SETUP, **known(kibana))
    before = dict(kibana.made)
    for path in (WEATHER, MAP, VIEW):
        del kibana.made[path]
    assert run(SETUP, **known(kibana)).returncode == 0
    assert kibana.made == before


def test_the_names_of_stations_are_shown(kibana: Kibana, run: Run) -> None:
    kibana.names = {
        "1111111122222222": "Casa",
        "3333333344444444": "Casa",
        "5": 'Sítio "São João" \\ {"}]: & $(id) @fleet.title@',
        "6": "@",
        "7": "",
    }
    done = run(SETUP, "names", **known(kibana))
    assert done.returncode == 0, done.stderr
    expected = kibana.names | {"1111111122222222": "Casa (11111111)", "3333333344444444": "Casa (33333333)"}
    assert shown(kibana) == shown(kibana, "anavi_weather-statistics") == expected
    assert shown(kibana, "anavi_weather-alerts", "station") == expected
    assert all(path.startswith("/api/data_views/") for path in kibana.made), "nothing else is changed"
    assert run(SETUP, "name", **known(kibana)).returncode == 1


def test_rules_of_1_0_0_are_reported(kibana: Kibana, run: Run) -> None:
    run(SETUP, **known(kibana))
    rule = next(path for path in kibana.made if "/rule/" in path)
    query = "FROM x\n| STATS temperature = MIN(value) BY station.id, station.name\n| WHERE temperature < 3"
    assert "version 1.0" not in run(SETUP, **known(kibana)).stderr
    kibana.made[rule] = {"params": {"esqlQuery": {"esql": query}}}
    assert run(SETUP, **known(kibana)).stderr.count("the rule is of version 1.0") == 1


@pytest.fixture
def closed_index(server: Server, setup: Run) -> Iterator[None]:
    """Close an index of another stream, as an administrator could."""
    assert setup().returncode == 0
    other = f"{server.stream}_other"
    server.good("POST", f"{other}/_doc?refresh=true", document("other", "Closed"))
    index = server.good("POST", f"{other}/_rollover")["old_index"]
    server.good("POST", f"{index}/_close")
    yield
    server.good("DELETE", f"_data_stream/{other}")


@pytest.mark.usefixtures("closed_index")
def test_the_newest_names_are_those_of_the_server(kibana: Kibana, server: Server, setup: Run, run: Run) -> None:
    """Case 36: two stations have one name, and one was renamed."""
    ids = [f"{number}{server.namespace}" for number in range(4)]
    new, casa, country = (
        f"{name} {server.namespace}" for name in ("New", "Casa", "Sítio")
    )  # others use the server too
    added = setup("add-station", new, "--id", ids[3])
    assert added.returncode == 0, added.stderr
    names = [(ids[0], "Before"), (ids[0], casa), (ids[1], casa), (ids[2], country)]
    for station, name in names:
        server.good("POST", f"{server.stream}/_doc?refresh=true", document(station, name))
    environment = {"ELASTICSEARCH_URL": server.url, "ELASTICSEARCH_USERNAME": server.username}
    environment |= {"ELASTICSEARCH_PASSWORD": server.password, "KIBANA_URL": kibana.url}
    done = run(SETUP, "names", **environment)
    assert done.returncode == 0, done.stderr
    found = {key: value for key, value in shown(kibana).items() if key in ids}
    assert found == {
        ids[0]: f"{casa} ({ids[0][:8]})",
        ids[1]: f"{casa} ({ids[1][:8]})",
        ids[2]: country,
        ids[3]: new,
    }


def test_thresholds_and_language_can_be_chosen(kibana: Kibana, run: Run) -> None:
    done = run(SETUP, **known(kibana, LANGUAGES="pt-BR", ALERT_FROST="-2.5", ALERT_DRIFT="0.5", ALERT_SILENT="90"))
    assert done.returncode == 0, done.stderr
    queries = {
        body["name"]: body["params"]["esqlQuery"]["esql"] for path, body in kibana.made.items() if "/rule/" in path
    }
    texts = messages("pt-BR")
    assert "temperature < -2.5\n" in queries[texts["rule.frost"]]
    assert "> 0.5\n" in queries[texts["rule.drift"]]
    assert "NOW() - 90 minutes" in queries[texts["rule.silent"]]
    assert not [path for path in kibana.made if path.endswith("-en")]


def test_the_password_is_not_among_arguments(kibana: Kibana, run: Run, tmp_path: Path) -> None:
    curl = shutil.which("curl")
    assert curl
    seen = tmp_path / "seen"
    stand_in = tmp_path / "curl"
    stand_in.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> "{seen}"\nexec "{curl}" "$@"\n', encoding="utf-8")
    stand_in.chmod(0o755)
    done = run(SETUP, **known(kibana, PATH=f"{tmp_path}:{os.environ['PATH']}"))
    assert done.returncode == 0, done.stderr
    arguments = seen.read_text(encoding="utf-8")
    assert "--config" in arguments
    assert "pass" not in arguments
    assert PASSWORD not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"ELASTICSEARCH_PASSWORD": ""}, "not set"),
        ({"KIBANA_URL": "http://127.0.0.1:1"}, "no answer"),
        ({"LANGUAGES": "en fr"}, "fr not found"),
        ({"LANGUAGES": " "}, "LANGUAGES"),
        ({"ALERT_HEAT": "hot"}, "ALERT_HEAT"),
        ({"ALERT_STORM": "-3 OR true"}, "ALERT_STORM"),
        ({"ALERT_NEIGHBORS": "-3"}, "ALERT_NEIGHBORS"),
        ({"ALERT_DRIFT": "1 K"}, "ALERT_DRIFT"),
        ({"ALERT_SILENT": "0"}, "ALERT_SILENT"),
        ({"ALERT_DISK": "100"}, "ALERT_DISK"),
        ({"ALERT_CERTIFICATE": "soon"}, "ALERT_CERTIFICATE"),
        ({"ELASTICSEARCH_CA": "/nowhere.pem"}, "certificate /nowhere.pem not found"),
    ],
)
def test_an_error_is_reported_and_changes_nothing(
    kibana: Kibana, run: Run, environment: dict[str, str], message: str
) -> None:
    done = run(SETUP, **(known(kibana) | environment))
    assert done.returncode == 1
    assert message in done.stderr
    assert not kibana.made


def test_a_kibana_that_is_not_ready_or_refuses_is_reported(kibana: Kibana, run: Run) -> None:
    kibana.answer = "critical"
    done = run(SETUP, **known(kibana))
    assert done.returncode == 1
    assert "Kibana is not available" in done.stderr
    kibana.answer = ""
    kibana.refuse = "/dashboards/"
    done = run(SETUP, **known(kibana))
    assert done.returncode == 1
    assert "the dashboard climate (en): 400" in done.stderr


def test_the_container_sets_everything_up(kibana: Kibana, server: Server, run: Run, tmp_path: Path) -> None:
    own = tmp_path / "own"
    (tmp_path / "logstash").mkdir()
    own.mkdir()
    (own / "elastic_password").write_text(server.password, encoding="utf-8")
    (own / "kibana_password").write_text("kibana-system-password", encoding="utf-8")
    (own / "ca.crt").write_text("not a real one", encoding="utf-8")
    environment = {
        "SECRETS": str(tmp_path),
        "OWNER": f"{os.getuid()}:{os.getgid()}",
        "ELASTICSEARCH_URL": server.url,
        "ELASTICSEARCH_USERNAME": server.username,
        "KIBANA_URL": kibana.url,
        "NAMESPACE": server.namespace,
        "SNAPSHOTS": "",
        "HOSTS": "192.168.1.10 station.example.org",
    }
    for _ in range(2):
        done = run(FOLDER / "setup", **environment)
        assert done.returncode == 0, done.stderr
    server.good("DELETE", "setup-anavi_weather")
    first = (own / "logs_api_key").read_text(encoding="utf-8")
    added = run(FOLDER / "setup", "add-station", "Casa", **environment)
    assert added.returncode == 0, added.stderr
    assert "Address:    https://192.168.1.10:9200" in added.stdout
    assert "CA certificate:\nnot a real one" in added.stdout
    (station,) = re.findall(
        rf"^Casa\t{server.namespace}\t(\w+)$", run(FOLDER / "setup", "stations", **environment).stdout, re.MULTILINE
    )
    assert shown(kibana)[station].startswith("Casa"), "before it has sent anything"
    kibana.refuse = "/data_views/"
    again = run(FOLDER / "setup", "add-station", "Casa", **environment)
    assert again.returncode == 0, again.stderr
    assert "until: setup names" in again.stderr
    kibana.refuse = ""
    assert run(FOLDER / "setup", "names", **environment).returncode == 0
    assert run(FOLDER / "setup", "stations", **environment).stdout.count(f"Casa\t{server.namespace}\t") == 2
    assert run(FOLDER / "setup", "remove-station", "Casa", **environment).returncode == 0
    login = run(FOLDER / "setup", "login", **environment)
    assert f"Password:  {server.password}" in login.stdout
    assert run(FOLDER / "setup", "nonsense", **environment).returncode == 2

    # Logstash's key can add logs, and nothing else; it is made again only when it is good no more
    key = first.strip()
    id_and_key = (tmp_path / "logstash" / "logstash_api_key").read_text(encoding="utf-8")
    assert re.fullmatch(r"[\w-]+:[\w-]+", id_and_key)
    stream = f"logs-anavi_weather-{server.namespace}"
    log = {"@timestamp": "2026-01-01T00:00:00Z", "message": "started"}
    try:
        assert server.call("POST", f"{stream}/_doc", log, api_key=key)[0] == 201
        assert server.call("GET", f"{stream}/_search", api_key=key)[0] == 403
        assert server.call("POST", f"{server.stream}/_doc", document(), api_key=key)[0] == 403
    finally:
        server.call("DELETE", f"_data_stream/{stream}")
    assert run(FOLDER / "setup", "accounts", **environment).returncode == 0
    assert (own / "logs_api_key").read_text(encoding="utf-8") == first
    server.good("DELETE", "_security/api_key", {"ids": [id_and_key.partition(":")[0]]})
    assert run(FOLDER / "setup", "accounts", **environment).returncode == 0
    renewed = (own / "logs_api_key").read_text(encoding="utf-8")
    assert renewed != first
    ids = [(tmp_path / "logstash" / "logstash_api_key").read_text(encoding="utf-8").partition(":")[0]]
    server.good("DELETE", "_security/api_key", {"ids": ids})
