"""Check docs/api.md and docs/openapi.yaml against a real Home Assistant."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
import json
import os
from pathlib import Path
import re
import shutil
import subprocess
import sys
import time

from openapi_spec_validator import OpenAPIV31SpecValidator
import pytest
import pytest_socket

from .api_page import DOCUMENT, Answer, Document, Example, blocks, compare, examples
from .api_station import READING, REMOTE, ApiStation
from .conftest import SCRIPTS, Develop

pytestmark = [pytest.mark.end_to_end, pytest.mark.usefixtures("socket_enabled")]

HERE = Path(__file__).parent
ENTRY_ID = "01JX5A8Z3W7Q2V9T4N6B1C0D8E"
NAMES = {"anavi_infrared_phat": "simulated_phat", "ANAVI Infrared pHAT": "Simulated pHAT"}
EXAMPLE_SECONDS = 60
PRESS_SECONDS = 0.8
SCHEMATHESIS_SECONDS = 120


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiStation]:
    """Return a station that all examples share."""
    pytest_socket.enable_socket()
    folder = tmp_path_factory.mktemp("api") / "config"
    folder.mkdir()
    with Develop(folder) as develop:
        yield ApiStation(develop, folder)


@pytest.fixture(scope="module")
def client(station: ApiStation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that the client's commands are run in."""
    folder = tmp_path_factory.mktemp("client")
    (folder / ".curlrc").write_text("silent\nshow-error\ndump-header = head\n")
    (folder / "administrator").write_text(f"Authorization: Bearer {station.administrator}")
    return folder


@pytest.fixture(scope="module")
def document() -> Document:
    """Return the OpenAPI document."""
    return Document()


def stand_in(station: ApiStation, text: str) -> str:
    """Replace a page's names, addresses and times by this station's."""
    start = datetime.now(UTC) - timedelta(hours=1)
    names = NAMES | {
        "http://homeassistant.local:8123": station.url,
        "eyJhbGciOi…": station.user,
        ENTRY_ID: station.entry_id,
        "2026-11-25T03:00:00Z": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "2026-11-26T03:00:00Z": f"{start + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}",
    }
    for name, here in names.items():
        text = text.replace(name, here)
    return text


def run(station: ApiStation, client: Path, example: Example) -> str:
    """Run a command of the page unchanged, pressing a key if it learns, and return its output."""
    command = ["bash", "-euc", stand_in(station, example.command)]
    environment = os.environ | {"CURL_HOME": str(client)}
    process = subprocess.Popen(command, cwd=client, env=environment, stdout=subprocess.PIPE, text=True)
    is_to_learn = "learn_command" in example.command and "-i" not in example.command
    end = time.monotonic() + EXAMPLE_SECONDS
    while process.poll() is None and is_to_learn and time.monotonic() < end:
        time.sleep(PRESS_SECONDS)
        station.press_key()
    output, _ = process.communicate(timeout=EXAMPLE_SECONDS)
    assert process.returncode == 0, output
    return output


@pytest.mark.skipif(not shutil.which("curl"), reason="curl not found: install it")
@pytest.mark.parametrize("example", examples(), ids=lambda example: example.heading)
def test_example(station: ApiStation, client: Path, document: Document, example: Example) -> None:
    """The command of the page works, its answer is the one shown, and the document knows both."""
    output = run(station, client, example)
    if example.shown is None:
        assert (client / "token").stat().st_mode & 0o777 == 0o600
        return
    has_head = "curl -i" in example.command
    head = (client / "head").read_text()
    answer = Answer.parse(output if has_head else f"{head.strip()}\n\n{output}")
    assert answer.status == example.shown.status, answer
    if has_head:
        assert answer.content_type == example.shown.content_type
    compare(Answer(0, "", stand_in(station, example.shown.text)).content, answer.content)
    document.check(document.find(*example.operation), answer)


@pytest.mark.parametrize(
    ("shown", "real"),
    [
        ({"unit": "°C"}, {"unit": "°F"}),
        ({"unit": "°C"}, {"unit": "°C", "more": 1}),
        ({"unit": "°C", "more": 1, "…": "…"}, {"unit": "°C"}),
        ({"state": "21.47"}, {"state": "unavailable"}),
        ({"state": "21.47"}, {"state": 21.47}),
        ({"temperature": 21.47}, {"temperature": None}),
        ([{"id": "a"}, "…"], [{"id": "b"}]),
        ([], [{"id": "b"}]),
        ("400: Bad Request", "401: Unauthorized"),
    ],
)
def test_another_answer_is_found_out(shown: object, real: object) -> None:
    """An answer unlike the one shown fails the comparison."""
    compare(shown, shown)
    with pytest.raises(AssertionError):
        compare(shown, real)


def test_live_updates(station: ApiStation) -> None:
    """The message of the page subscribes to the entities that it names."""
    [message] = [
        json.loads(stand_in(station, content)) for heading, _, content in blocks() if heading == "Live updates"
    ]
    event = station.first_event(message)["event"]
    assert event["a"].keys() == set(message["entity_ids"])


def test_rights(station: ApiStation) -> None:
    """Each kind of user may do what the page says, and no more."""
    command = {"entity_id": REMOTE, "command": "nec:0x04,0x08"}
    entry = {"config_entry_id": station.entry_id}
    asked: list[tuple[str, object, tuple[int, int, int]]] = [
        (f"/api/states/{READING}", None, (200, 200, 200)),
        (f"/api/history/period?filter_entity_id={READING}", None, (200, 200, 200)),
        ("/api/config/config_entries/entry?domain=anavi_weather", None, (200, 200, 200)),
        ("/api/services/anavi_weather/list_commands?return_response", entry, (200, 200, 401)),
        ("/api/services/anavi_weather/export_codes?return_response", entry, (200, 200, 401)),
        ("/api/services/anavi_weather/import_codes", entry | {"text": "no file"}, (400, 400, 401)),
        ("/api/services/anavi_weather/import_codes", entry | {"path": "/no/file"}, (400, 401, 401)),
        ("/api/services/remote/send_command", command, (200, 200, 401)),
        ("/api/services/light/turn_on", {"entity_id": "light.led_strip"}, (200, 200, 401)),
        ("/api/template", {"template": "{{ areas() }}"}, (200, 401, 401)),
    ]
    users = (station.administrator, station.user, station.reader)
    for path, data, wanted in asked:
        assert tuple(station.request(path, data, token)[0] for token in users) == wanted, path
    assert station.request("/api/states", token="no-token")[0] == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize("text", ["no file", "begin remote\n  name a\n"])
def test_what_is_refused_changes_nothing(station: ApiStation, text: str) -> None:
    """A file that is wrong is refused with a message, and no command is added."""
    entry = {"config_entry_id": station.entry_id}
    listing = "/api/services/anavi_weather/list_commands?return_response"
    before = station.request(listing, entry, station.user)
    status, answer = station.request("/api/services/anavi_weather/import_codes", entry | {"text": text}, station.user)
    assert status == HTTPStatus.BAD_REQUEST
    assert json.loads(answer)["message"]
    assert station.request(listing, entry, station.user) == before


def test_document_is_openapi(document: Document) -> None:
    """The document is valid OpenAPI, and every operation has an example on the page."""
    assert document.content["openapi"].startswith("3.1.")
    assert not list(OpenAPIV31SpecValidator(document.content).iter_errors())
    shown = {document.find(*example.operation) for example in examples() if example.shown}
    assert document.operations - shown == {("get", "/api/config"), ("post", "/api/services/light/turn_off")}


def schemathesis(station: ApiStation, folder: Path, document: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Compare a document with the station."""
    file = folder / "openapi.yaml"
    file.write_text(stand_in(station, document))
    return subprocess.run(
        [Path(sys.executable).with_name("schemathesis"), "--config-file", HERE / "schemathesis.toml",
         "run", file, "--url", station.url, "--no-color", *arguments],
        cwd=folder,
        env=os.environ
        | {
            "TOKEN": station.user,
            "ADMINISTRATOR_TOKEN": station.administrator,
            "SCHEMATHESIS_HOOKS": str(HERE / "schemathesis_hooks.py"),
        },
        capture_output=True,
        text=True,
        timeout=SCHEMATHESIS_SECONDS,
        check=False,
    )  # fmt: skip


def test_document_is_true(station: ApiStation, document: Document, tmp_path: Path) -> None:
    """Home Assistant answers valid and invalid requests as documented, and keeps working."""
    result = schemathesis(station, tmp_path, DOCUMENT.read_text())
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(rf"^ +Tested: {len(document.operations)}$", result.stdout, re.MULTILINE), result.stdout
    assert not station.problems()


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("enum: [°C, °F, K]", "enum: [K]", "Response violates schema"),
        ('        "404":', '        "418":', "Undocumented status code"),
    ],
)
def test_document_that_is_not_true(station: ApiStation, tmp_path: Path, right: str, wrong: str, complaint: str) -> None:
    """A wrong document is detected."""
    content = DOCUMENT.read_text()
    assert content.count(right) == 1
    result = schemathesis(station, tmp_path, content.replace(right, wrong), "--include-operation-id", "getState")
    assert result.returncode == 1, result.stdout + result.stderr
    assert complaint in result.stdout


def test_versions_agree(document: Document) -> None:
    """The document has the integration's version."""
    manifest = json.loads((SCRIPTS.parent / "custom_components/anavi_weather/manifest.json").read_text())
    assert document.content["info"]["version"] == manifest["version"]
