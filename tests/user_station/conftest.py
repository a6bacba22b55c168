"""Fixtures of the tests of forwarding."""

from collections.abc import AsyncIterator, Iterator, Sequence
import logging
import os
from pathlib import Path
import ssl
import time
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from aiohttp import ClientSession
import pytest
import trustme
from yarl import URL

from custom_components.anavi_weather.user_station import forwarder, recorder_commits, resender, retrier, sender
from custom_components.anavi_weather.user_station.elasticsearch import Destination, Elasticsearch
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from tests.databases import SERVERS, temporary_database

from .harness import LOGGER, Clock, Harness, Logged
from .log import Log
from .server import API_KEY, Connect, Server


@pytest.fixture
def recorded_entities() -> Sequence[str]:
    """Have the recorder store states, which are what is forwarded."""
    return ("*",)


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Return the forwarder's clock. Jitter is always the longest delay."""
    clock = Clock()
    with (
        patch.object(recorder_commits, "MIN_INTERVAL", 0.0),
        patch.object(forwarder, "asyncio", SimpleNamespace(sleep=clock.sleep)),
        patch.object(forwarder, "random", SimpleNamespace(uniform=lambda _, longest: longest)),
        patch.object(forwarder, "time", SimpleNamespace(monotonic=lambda: clock.now, time=time.time)),
        patch.object(resender, "time", SimpleNamespace(monotonic=lambda: clock.now)),
        patch.object(retrier, "time", SimpleNamespace(monotonic=lambda: clock.now)),
        patch.object(sender, "time", SimpleNamespace(monotonic=lambda: clock.now)),
    ):
        yield clock


@pytest.fixture
async def harness(
    hass: HomeAssistant, recorder_mock: Recorder, server: Server, hass_storage: dict[str, Any], clock: Clock
) -> AsyncIterator[Harness]:
    """Return a harness, and stop its forwarder after the test."""
    harness = Harness(hass, recorder_mock, server, hass_storage)
    yield harness
    await harness.stop()


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Logged:
    """Return a function that returns the forwarder's log."""
    caplog.set_level(logging.INFO, LOGGER)

    def logged() -> list[tuple[str, str]]:
        return [(record.levelname, record.getMessage()) for record in caplog.records if record.name.startswith(LOGGER)]

    return logged


@pytest.fixture(params=["sqlite", *SERVERS])
def database(request: pytest.FixtureRequest) -> str:
    """Return the kind of the recorder's database."""
    kind: str = request.param
    if kind in SERVERS and not os.environ.get(SERVERS[kind]):
        pytest.skip(f"{SERVERS[kind]} names no server")
    return kind


@pytest.fixture
def database_url(database: str, tmp_path: Path, socket_enabled: None) -> Iterator[str]:
    """Return a database for this test, and drop it afterwards."""
    if database == "sqlite":
        yield f"sqlite:///{tmp_path}/recorder.db"
        return
    with temporary_database(database) as url:
        yield url


@pytest.fixture
async def log(hass: HomeAssistant, recorder_mock: Recorder) -> Log:
    """Return a reader of an empty recorder."""
    return Log(hass, recorder_mock)


@pytest.fixture
async def connect(server: Server) -> AsyncIterator[Connect]:
    """Return a function that connects to the server, or to another address."""
    async with ClientSession() as session:

        def connect(
            url: str | None = None, *, api_key: str = API_KEY, trusted: ssl.SSLContext | bool | None = True
        ) -> Elasticsearch:
            return Elasticsearch(session, Destination(URL(url or server.url), api_key, "default"), trusted)

        yield connect


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Return a private certificate authority."""
    return trustme.CA()
