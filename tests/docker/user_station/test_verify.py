"""Tests of scripts/verify-user-station: on a real Elasticsearch, and on a Kibana and a Logstash that are stand-ins."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
import gzip
import json
import os
from pathlib import Path
import re
import shutil
import socket
import ssl
import subprocess
import sys
from threading import Thread
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import trustme

from homeassistant.util import dt as dt_util

from .conftest import Run
from .files import FOLDER, LANGUAGES, dashboards, panels, rules
from .server import Server, document
from .simulated_kibana import CONNECTOR, DASHBOARD, RULE, SimulatedKibana
from .test_setup_kibana import PASSWORD, SETUP, known

SCRIPTS = Path(__file__).parents[3] / "scripts"
LIBRARY = SCRIPTS / "lib"
LOGS = "logs-anavi_weather-default"
VIEW = "/api/data_views/data_view/anavi_weather"
FLEET = f"{DASHBOARD}anavi_weather-fleet-en"
needs_browser = pytest.mark.skipif(
    not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), reason="Chromium not found"
)


@contextmanager
def serving(kibana: SimulatedKibana) -> Iterator[SimulatedKibana]:
    """Run a stand-in for Kibana."""
    with kibana:
        thread = Thread(target=kibana.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield kibana
        finally:
            kibana.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def template(tools: Path) -> SimulatedKibana:
    """Return a Kibana that the set-up has filled."""
    pytest_socket = pytest.importorskip("pytest_socket")
    pytest_socket.enable_socket()
    with serving(SimulatedKibana()) as kibana:
        done = subprocess.run(
            [SETUP], env={"PATH": str(tools), **known(kibana)}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    return kibana


@pytest.fixture
def kibana(socket_enabled: None, template: SimulatedKibana) -> Iterator[SimulatedKibana]:
    """Return a Kibana of its own, filled by the set-up."""
    with serving(SimulatedKibana(template)) as kibana:
        yield kibana


@pytest.fixture
def authority() -> trustme.CA:
    """Return an authority for certificates."""
    return trustme.CA()


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the package of the checks."""
    monkeypatch.syspath_prepend(LIBRARY)
    import user_station_checks.elasticsearch
    import user_station_checks.kibana
    import user_station_checks.logs
    import user_station_checks.station

    return user_station_checks


def station(checks: ModuleType, kibana: SimulatedKibana, elasticsearch: str = "", **more: str) -> Any:
    """Return the station that some variables name."""
    variables = known(kibana, **({"ELASTICSEARCH_URL": elasticsearch} if elasticsearch else {}), **more)
    return checks.station.from_environment(variables)


def check_kibana(checks: ModuleType, kibana: SimulatedKibana, patience: float = 0) -> tuple[Any, list[Any]]:
    """Return the checks of Kibana, and what they find."""
    checked = checks.kibana.Kibana(station(checks, kibana))
    return checked, list(checked.check(patience))


def failures(findings: Any) -> list[str]:
    """Return what has failed."""
    return [finding.shown.removeprefix("FAILED").strip() for finding in findings if finding.level.name == "FAILED"]


class Logstash:
    """A stand-in that stores lines as the pipeline does."""

    def __init__(self, server: Server) -> None:
        """Listen."""
        self._server = server
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = Thread(target=self._store)

    def __enter__(self) -> str:
        """Return the address."""
        self._thread.start()
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        """Stop, also if nothing has come."""
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()
        self._server.call("DELETE", f"_data_stream/{LOGS}")

    def _store(self) -> None:
        while data := self._socket.recv(65536):
            line = json.loads(gzip.decompress(data))
            names = {"station": {"name": line["_tag"]}, "container": {"name": line["_container_name"]}}
            content = {"@timestamp": int(line["timestamp"] * 1000), "message": line["short_message"], **names}
            self._server.good("POST", f"{LOGS}/_doc", content)


@needs_browser
def test_a_station_that_works(kibana: SimulatedKibana, server: Server, setup: Run) -> None:
    """All that works is listed. Of Elasticsearch before 9, only what it does not know fails."""
    assert setup().returncode == 0
    server.good("POST", f"{server.stream}/_doc?refresh=true", document())
    variables = {
        "ELASTICSEARCH_URL": server.url, "ELASTICSEARCH_USERNAME": server.username, "NAMESPACE": server.namespace,
        "ELASTICSEARCH_PASSWORD": server.password, "KIBANA_URL": kibana.url,
    }  # fmt: skip
    with Logstash(server) as address:
        done = subprocess.run(
            [SCRIPTS / "verify-user-station", "--wait", "30"], env=os.environ | variables | {"LOGS_ADDRESS": address},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert "## verify-user-station" in done.stdout, done.stderr
    failed = set(re.findall(r"^FAILED +(.*?): ", done.stdout, re.MULTILINE))
    esql = {f"ES|QL of anavi_weather-{name.replace('/', f'-{language.lower()}/')}" for name, panel in panels()
            if "query" in panel.get("data_source", {}) for language in LANGUAGES}  # fmt: skip
    old = server.good("GET", "")["version"]["number"].startswith("8.")
    # All tests share the stream of reports, and nobody sends any between them.
    assert failed - {"reports of the health"} == (esql if old else set()), done.stdout
    assert done.returncode == int(bool(failed))
    works = set(re.findall(r"^ok +(.*?)(?:: .*)?$", done.stdout, re.MULTILINE))
    assert {"Elasticsearch", "stream of states", "states", "Kibana", "data view logs", "log line by GELF"} <= works
    assert {f"rule {name}" for name in rules()} <= works
    for language in LANGUAGES:
        for name, dashboard in dashboards().items():
            drawn = (
                f"panels of anavi_weather-{name}-{language.lower()}: {len(dashboard['panels'])} drawn without an error"
            )
            assert drawn in done.stdout
    assert server.password not in done.stdout + done.stderr
    assert all(asked.method in ("GET", "POST") for asked in kibana.asked), "nothing is changed"
    assert not [asked for asked in kibana.asked if "elsewhere" in asked.path], "the browser left the station"


@needs_browser
def test_errors_of_panels_are_found(kibana: SimulatedKibana, authority: trustme.CA, tmp_path: Path) -> None:
    """The browser shows them, and what is never drawn, also of a Kibana whose authority it does not know."""
    kibana.made[FLEET]["panels"][0]["config"]["drawn"] = "No field [broken] found"
    climate, infrared = (
        kibana.made[f"{DASHBOARD}anavi_weather-{name}-en"]["panels"] for name in ("climate", "infrared")
    )
    climate[1]["config"]["drawn"] = "never"
    infrared.clear()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    kibana.socket = context.wrap_socket(kibana.socket, server_side=True)
    authority.cert_pem.write_to_path(tmp_path / "ca.crt")
    url = f"https://localhost:{kibana.server_address[1]}"
    variables = {"KIBANA_URL": url, "ELASTICSEARCH_URL": url, "ELASTICSEARCH_CA": str(tmp_path / "ca.crt")}
    done = subprocess.run(
        [SCRIPTS / "verify-user-station", "--wait", "2"], env=os.environ | known(kibana, LANGUAGES="en") | variables,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "FAILED       panels of anavi_weather-fleet-en: No field [broken] found" in done.stdout
    assert f"FAILED       panels of anavi_weather-climate-en: {len(climate) - 1} of {len(climate)} drawn" in done.stdout
    assert "ok           panels of anavi_weather-weather-en" in done.stdout
    assert PASSWORD not in done.stdout + done.stderr


def breaking(path: str, **change: Any) -> Callable[[SimulatedKibana], None]:
    """Return a function that changes an object, or deletes it."""

    def change_it(kibana: SimulatedKibana) -> None:
        if change:
            kibana.made[path] = kibana.made[path] | change
        else:
            del kibana.made[path]

    return change_it


def path_of(kibana_object: str) -> Callable[[SimulatedKibana], None]:
    """Return a function that deletes the first object below a path."""
    return lambda kibana: kibana.made.pop(next(path for path in kibana.made if path.startswith(kibana_object)))


def lacking_secrets(kibana: SimulatedKibana) -> None:
    path = next(path for path in kibana.made if path.startswith(CONNECTOR))
    kibana.made[path]["differs"] = {"is_missing_secrets": True}


def unknown_field(kibana: SimulatedKibana) -> None:
    kibana.unknown_fields = {"quality.flags"}


def broken_query(kibana: SimulatedKibana) -> None:
    gaps = next(panel for panel in kibana.made[FLEET]["panels"] if "query" in panel["config"].get("data_source", {}))
    gaps["config"]["data_source"]["query"] = "FROM broken"


def degraded(kibana: SimulatedKibana) -> None:
    kibana.levels["alerting"] = "degraded"


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (degraded, "Kibana: degraded: alerting is degraded"),
        (breaking(VIEW), "data view states: 404 Not found. Run: docker compose run --rm setup"),
        (breaking(VIEW, data_view={"title": "logs-*"}), "data view states: it shows logs-*"),
        (breaking(FLEET), "dashboard fleet (en): 404 Not found. Run"),
        (breaking("/api/saved_objects/map/anavi_weather-map-en"), "map of the stations (en): 400 Error fetching"),
        (path_of(CONNECTOR), "connector "),
        (lacking_secrets, "connector "),
        (path_of(RULE), "rule "),
        (unknown_field, "fields of the panels of metrics-anavi_weather.state-*: quality.flags not found"),
        (broken_query, "ES|QL of anavi_weather-fleet-en/"),
    ],
)
def test_each_fault_is_found(
    checks: ModuleType, kibana: SimulatedKibana, fault: Callable[[SimulatedKibana], None], message: str
) -> None:
    assert failures(check_kibana(checks, kibana)[1]) == []
    fault(kibana)
    (failure,) = failures(check_kibana(checks, kibana)[1])
    assert failure.startswith(message)


# Compose reads the files, and the set-up shows the login. The rest is what a running station answers.
DOCKER = """#!/bin/sh
case "$*" in
  *" config --format json") exec {docker} "$@" ;;
  *" ps --all --format json") cat {folder}/containers ;;
  *" run --rm --no-deps --no-TTY setup login") cat {folder}/login ;;
  "inspect "*) cat {folder}/inspected ;;
  *version*) echo 2.40 ;;
  *) exit 3 ;;
esac
"""
CONTAINERS = [
    {"ID": "1", "Service": "elasticsearch", "State": "running", "Health": "healthy", "ExitCode": 0},
    {"ID": "2", "Service": "prepare", "State": "exited", "Health": "", "ExitCode": 0},
    {"ID": "3", "Service": "kibana", "State": "running", "Health": "unhealthy", "ExitCode": 0},
    {"ID": "4", "Service": "setup", "State": "exited", "Health": "", "ExitCode": 1},
]


@pytest.fixture
def running(
    checks: ModuleType, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, authority: trustme.CA
) -> Path:
    """Return the folder of what a stand-in for Docker answers."""
    docker = shutil.which("docker")
    if not docker or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("docker compose not found: the compose files are not read")
    (tmp_path / "docker").write_text(DOCKER.format(docker=docker, folder=tmp_path))
    (tmp_path / "docker").chmod(0o755)
    (tmp_path / "containers").write_text("\n".join(map(json.dumps, CONTAINERS)))
    (tmp_path / "own").mkdir()
    (tmp_path / "own/elastic_password").write_text(PASSWORD)
    authority.cert_pem.write_to_path(str(tmp_path / "own/ca.crt"))
    (tmp_path / "login").write_text(run(FOLDER / "setup", "login", SECRETS=str(tmp_path)).stdout)
    (tmp_path / "inspected").write_text("[]")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("HOSTS", "station.example.org 192.168.1.10")
    monkeypatch.setenv("KIBANA_BIND", "10.8.0.1")
    monkeypatch.setenv("LANGUAGES", "pt-BR")
    return tmp_path


def test_the_configuration_is_that_of_compose(
    checks: ModuleType, running: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names, ports, languages and the profile come from .env and compose.yaml, the password from the set-up."""
    monkeypatch.setenv("COMPOSE_PROFILES", "logs")
    here = checks.station.from_compose(FOLDER)
    assert (here.elasticsearch.url, here.kibana.url) == (
        "https://station.example.org:9200", "https://station.example.org:5601",
    )  # fmt: skip
    assert (here.elasticsearch._address, here.kibana._address) == ("localhost", "10.8.0.1")
    assert (here.namespace, here.languages, here.logs) == ("default", ("pt-BR",), ("localhost", 12201))
    assert here.secrets == {PASSWORD, "station.example.org", "192.168.1.10"}
    assert [finding.shown for finding in here.services] == [
        "ok           container elasticsearch: healthy",
        "FAILED       container kibana: running unhealthy, exit code 0. See: docker compose logs kibana",
        "ok           container prepare: has finished",
        "FAILED       container setup: exited, exit code 1. See: docker compose logs setup",
    ]
    monkeypatch.delenv("COMPOSE_PROFILES")
    assert checks.station.from_compose(FOLDER).logs is None


def test_a_password_that_docker_shows_is_found(checks: ModuleType, running: Path) -> None:
    (running / "inspected").write_text(json.dumps([{"Args": [f"--password={PASSWORD}"]}]))
    shown = [finding.shown for finding in checks.station.from_compose(FOLDER).services]
    assert "FAILED       container kibana: docker inspect shows the password" in shown


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("containers", "", "is not running: docker compose up --detach"),
        ("login", "", "neither a password nor a certificate"),
        ("docker", "#!/bin/sh\necho no daemon >&2; exit 1", "no daemon"),
    ],
)
def test_without_a_station_it_says_what_to_do(running: Path, file: str, content: str, message: str) -> None:
    (running / file).write_text(content)
    environment = {name: value for name, value in os.environ.items() if name != "ELASTICSEARCH_PASSWORD"}
    program = LIBRARY / "verify_user_station.py"
    done = subprocess.run([sys.executable, program], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr


OLD = "2026-01-01T00:00:00.000Z"
ERROR = {"status": "error", "error": {"reason": "execute", "message": "Unknown column [broken]"}}
WARNING = {"status": "warning", "warning": {"reason": "maxAlerts", "message": "too many"}, "last_execution_date": OLD}


@pytest.mark.parametrize(
    ("differs", "line"),
    [
        ({"execution_status": ERROR}, r"FAILED +rule frost: execute: Unknown column \[broken\]"),
        ({"execution_status": {"status": "pending"}}, r"FAILED +rule frost: it has not run yet.*"),
        (
            {"execution_status": {"status": "ok", "last_execution_date": OLD}},
            r"FAILED +rule frost: it last ran at 2026-01-01 00:00 UTC, and should run every 5m",
        ),
        ({"enabled": False, "execution_status": {"status": "pending"}}, r"- +rule frost: it is disabled"),
        ({"schedule": {"interval": "1000d"}, "execution_status": WARNING}, r"- +rule frost: too many"),
    ],
)
def test_rules_are_judged_by_their_last_run(
    checks: ModuleType, kibana: SimulatedKibana, differs: dict[str, Any], line: str
) -> None:
    kibana.rule = differs
    (shown,) = (finding.shown for finding in check_kibana(checks, kibana)[1]
                if finding.what == "rule frost")  # fmt: skip
    assert re.fullmatch(line, shown)


def test_a_new_rule_gets_time_to_run(
    checks: ModuleType, kibana: SimulatedKibana, monkeypatch: pytest.MonkeyPatch
) -> None:
    kibana.rule = {"execution_status": {"status": "pending"}}
    monkeypatch.setattr(checks.kibana.time, "sleep", lambda _: kibana.rule.clear())
    assert failures(check_kibana(checks, kibana, 60)[1]) == []


def test_an_unexpected_answer_is_a_finding(checks: ModuleType, kibana: SimulatedKibana) -> None:
    """The other checks go on, and a Kibana that does not answer ends only its own."""
    kibana.made[FLEET] = {"renamed": []}
    (failure,) = failures(check_kibana(checks, kibana)[1])
    assert failure == "dashboards: unexpected answer (KeyError: 'panels')"
    here = station(checks, kibana, KIBANA_URL="http://127.0.0.1:9")
    first, second = checks.kibana.Kibana(here).check(0)
    assert first.shown.startswith("FAILED       Kibana: does not answer: ")
    assert second.shown == "NOT CHECKED  the rest of Kibana: see the error above"


def test_a_changed_dashboard_is_no_error(checks: ModuleType, kibana: SimulatedKibana) -> None:
    kibana.made[FLEET]["panels"].pop()
    found, findings = check_kibana(checks, kibana)
    assert failures(findings) == []
    assert any(finding.what == "dashboard fleet (en)" and "was changed" in finding.detail for finding in findings)
    assert len(found.dashboards) == len(LANGUAGES) * len(dashboards())


def test_the_servers_state_is_found(
    checks: ModuleType, kibana: SimulatedKibana, server: Server, setup: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the set-up, it says to run it; then it says that no state has come, and then how many stations send."""
    # Another test may have written the newest report of the health, any time ago
    monkeypatch.setattr(checks.elasticsearch, "LATEST_REPORT_MINUTES", 100_000)

    def check() -> str:
        variables = {"ELASTICSEARCH_USERNAME": server.username, "ELASTICSEARCH_PASSWORD": server.password}
        here = station(checks, kibana, server.url, NAMESPACE=server.namespace, **variables)
        return "\n".join(finding.shown for finding in checks.elasticsearch.check(here))

    before = check()
    assert re.search(r"^FAILED +stream of states: 404 .* Run: docker compose run --rm setup$", before, re.MULTILINE)
    assert "NOT CHECKED  states: 404" in before
    assert setup().returncode == 0
    assert "states: none has arrived" in check()
    server.good("POST", f"{server.stream}/_doc?refresh=true", document())
    assert setup("add-reader", "Casa").returncode == 0
    after = check()
    assert re.search(r"^ok +states: of 1 station, newest 20", after, re.MULTILINE)
    for name in ("fleet", "fleet_comparison"):
        assert re.search(rf"^ok +transform {name}: (started|indexing)$", after, re.MULTILINE)
    assert "FAILED" not in after
    server.good("POST", f"_transform/{server.transform}/_stop?wait_for_completion=true&force=true")
    assert re.search(r"^FAILED +transform fleet: stopped", check(), re.MULTILINE)
    server.good("DELETE", f"_transform/{server.transform}?force=true")
    assert re.search(r"^FAILED +transform fleet: not found", check(), re.MULTILINE)


def test_a_failed_snapshot_is_found(checks: ModuleType) -> None:
    class Client:
        """Elasticsearch, as far as snapshots go."""

        policy: Any

        def ask(self, method: str, path: str) -> Any:
            return checks.client.Answer(200, {}, b"{}")

        def get(self, path: str) -> Any:
            return {"anavi_weather": self.policy}

    client = Client()
    here = SimpleNamespace(elasticsearch=client)
    success, failure = {"time": 2, "snapshot_name": "anavi_weather-2026"}, {"time": 3, "details": "disk full"}
    for policy, last in (
        ({}, "-            last snapshot: none was made yet; they are made at night"),
        ({"last_success": success}, "ok           last snapshot: anavi_weather-2026"),
        ({"last_success": success, "last_failure": failure}, "FAILED       last snapshot: disk full"),
        (
            {"last_success": success | {"time": 4}, "last_failure": failure},
            "ok           last snapshot: anavi_weather-2026",
        ),
    ):
        client.policy = policy
        assert [finding.shown for finding in checks.elasticsearch._snapshots(here)][-1] == last


@pytest.mark.parametrize(
    ("reports", "line"),
    [
        ([], "NOT CHECKED  reports of the health: there is none. The service maintenance sends them"),
        ([30], "FAILED       reports of the health: none for 20 minutes. See: docker compose logs maintenance"),
        ([30, 5], "ok           reports of the health"),
    ],
)
def test_a_station_that_nobody_watches_is_found(
    checks: ModuleType, kibana: SimulatedKibana, server: Server, mirror: str, monkeypatch: pytest.MonkeyPatch,
    reports: list[int], line: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(checks.elasticsearch, "HEALTH", mirror)
    for minutes in reports:
        at = (dt_util.utcnow() - timedelta(minutes=minutes)).isoformat()
        server.good("POST", f"{mirror}/_doc?refresh=true", {"@timestamp": at})
    variables = {"ELASTICSEARCH_USERNAME": server.username, "ELASTICSEARCH_PASSWORD": server.password}
    (finding,) = checks.elasticsearch._maintenance(station(checks, kibana, server.url, **variables))
    assert finding.shown == line


def test_a_line_that_does_not_arrive_is_found(
    checks: ModuleType, kibana: SimulatedKibana, server: Server, socket_enabled: None
) -> None:
    variables = {"ELASTICSEARCH_USERNAME": server.username, "ELASTICSEARCH_PASSWORD": server.password}
    here = station(checks, kibana, server.url, LOGS_ADDRESS="127.0.0.1:9", **variables)
    (failure,) = failures(checks.logs.check(here, 0))
    assert failure.startswith("log line by GELF: it did not arrive within 0 s")
    (finding,) = checks.logs.check(station(checks, kibana, server.url, **variables), 0)
    assert finding.shown == "NOT CHECKED  log line by GELF: the profile logs is off"


def test_the_stations_own_authority_is_trusted(
    checks: ModuleType, template: SimulatedKibana, authority: trustme.CA, socket_enabled: None
) -> None:
    """The certificate has the name that stations use, and this machine connects to where it listens."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("station.example.org").configure_cert(context)
    kibana = SimulatedKibana(template)
    kibana.socket = context.wrap_socket(kibana.socket, server_side=True)
    with serving(kibana):
        url, pem = f"https://station.example.org:{kibana.server_address[1]}", authority.cert_pem.bytes().decode()
        client = checks.client.Client(url, "elastic", "secret", pem, "127.0.0.1")
        assert client.get("/api/status")["version"]["number"] == "9.5.4"
        for name, trusted in (
            ("other.example.org", pem),
            ("station.example.org", trustme.CA().cert_pem.bytes().decode()),
        ):
            stranger = checks.client.Client(
                url.replace("station.example.org", name), "elastic", "secret", trusted, "127.0.0.1"
            )
            with pytest.raises(checks.client.ServiceError, match="certificate is not trusted"):
                stranger.get("/api/status")
        assert len(kibana.asked) == 1, "a password was sent to a stranger"


def test_without_elasticsearch_the_rest_is_not_checked(socket_enabled: None) -> None:
    program = LIBRARY / "verify_user_station.py"
    variables = {"ELASTICSEARCH_URL": "http://127.0.0.1:9", "ELASTICSEARCH_PASSWORD": PASSWORD}
    done = subprocess.run([sys.executable, program], env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "FAILED       Elasticsearch: does not answer" in done.stdout
    assert "NOT CHECKED  everything else: it needs Elasticsearch" in done.stdout


def test_a_report_hides_secrets(checks: ModuleType) -> None:
    report = checks.findings.Report({"hunter22", "hunter", "10.0.0.1", "es", PASSWORD})
    report.add([checks.findings.failed("x", "hunter22 at 10.0.0.1 ``` guesses\nhunter"), checks.findings.ok("y")])
    report.add([checks.findings.ok("z", json.dumps({"password": PASSWORD}))])
    text = "\n".join(report.lines())
    assert "FAILED       x: [hidden] at [hidden] ''' guesses [hidden]" in text
    assert 'z: {"password": "[hidden]"}' in text
    assert text.count("```") == 2
    assert report.has_failed
