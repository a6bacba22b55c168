"""What the tests of the user station have in common."""

from collections.abc import Callable, Iterator
import os
from pathlib import Path
import subprocess

import pytest

from .files import ELASTICSEARCH_SETUP
from .server import Server

type Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def server(socket_enabled: None) -> Iterator[Server]:
    """Return the Elasticsearch, with a namespace of the test's own."""
    server = Server()
    yield server
    server.clean()


@pytest.fixture
def run() -> Run:
    """Return what runs a script in an environment of its own."""

    def run(script: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [script, *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={"PATH": os.environ["PATH"], **environment},
        )

    return run


@pytest.fixture
def setup(server: Server, run: Run) -> Run:
    """Return what runs the set-up of Elasticsearch in the test's namespace."""

    def setup(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        known = {
            "ELASTICSEARCH_URL": server.url,
            "ELASTICSEARCH_USERNAME": server.username,
            "ELASTICSEARCH_PASSWORD": server.password,
            "NAMESPACE": server.namespace,
        }
        return run(ELASTICSEARCH_SETUP, *arguments, **(known | environment))

    return setup
