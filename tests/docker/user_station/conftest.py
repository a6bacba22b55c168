"""Fixtures for the tests of the user station."""

from collections.abc import Callable, Iterator
import json
from pathlib import Path
import re
import shutil
import subprocess

import pytest

from .files import ELASTICSEARCH_SETUP, FOLDER, load
from .region import Stations
from .server import Server
from .summaries import states

# The programs in Elasticsearch's image: Red Hat's UBI 9 minimal, with findutils and unzip. There are no diffutils: no `cmp`.
TOOLS = (
    *("bash", "curl", "env", "find", "gawk", "awk", "grep", "sed", "sh", "unzip", "xargs"),
    *(
        "base64",
        "basename",
        "cat",
        "chmod",
        "chown",
        "comm",
        "cp",
        "cut",
        "date",
        "dirname",
        "head",
        "id",
        "ln",
        "ls",
        "mkdir",
    ),
    *(
        "mktemp",
        "mv",
        "od",
        "rmdir",
        "readlink",
        "rm",
        "sha256sum",
        "sleep",
        "sort",
        "stat",
        "tail",
        "touch",
        "tr",
        "uname",
        "wc",
    ),
)

KEY = re.compile(r"^API key: +(\S+)$", re.MULTILINE)

type Run = Callable[..., subprocess.CompletedProcess[str]]


def key_of(added: subprocess.CompletedProcess[str]) -> str:
    """Return the API key that `add-station` shows."""
    match = KEY.search(added.stdout)
    assert match, added.stderr
    return match[1]


@pytest.fixture
def server(socket_enabled: None) -> Iterator[Server]:
    """Return the Elasticsearch, with a namespace of the test's own."""
    server = Server()
    yield server
    server.clean()


@pytest.fixture
def mirror(server: Server) -> Iterator[str]:
    """Return an index with the fields of the stream, and milliseconds."""
    name = f"anavi_weather-{server.namespace}"
    mappings = load(FOLDER / "elasticsearch" / "index_template.json")["template"]["mappings"]
    text = json.dumps(mappings).replace('"date_nanos"', '"date"')
    text = text.replace(', "time_series_dimension": true', "").replace(', "time_series_metric": "gauge"', "")
    server.good("PUT", name, {"mappings": json.loads(text), "settings": {"number_of_replicas": 0}})
    yield name
    server.good("DELETE", name)


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the programs that the scripts find in their container."""
    folder = tmp_path_factory.mktemp("tools")
    for name in TOOLS:
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    return folder


@pytest.fixture
def run(tools: Path) -> Run:
    """Return a function that runs a script in a separate environment."""

    def run(script: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [script, *arguments],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            env={"PATH": str(tools), **environment},
        )

    return run


@pytest.fixture
def setup(server: Server, run: Run) -> Run:
    """Return a function that sets up Elasticsearch in the test's namespace."""

    def setup(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        known = {
            "ELASTICSEARCH_URL": server.url,
            "ELASTICSEARCH_USERNAME": server.username,
            "ELASTICSEARCH_PASSWORD": server.password,
            "NAMESPACE": server.namespace,
        }
        return run(ELASTICSEARCH_SETUP, *arguments, **(known | environment))

    return setup


@pytest.fixture
def stations() -> Stations:
    """Return six healthy stations."""
    return Stations()


@pytest.fixture
def fleet(server: Server, setup: Run) -> Server:
    """Return the server with states of three stations."""
    assert setup().returncode == 0
    body = b"".join(b'{"create":{}}\n' + json.dumps(one).encode() + b"\n" for one in states())
    assert not server.good("POST", f"{server.stream}/_bulk?refresh=true", body)["errors"]
    return server
