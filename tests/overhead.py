"""Replacements of what the test plugin does for each test, which takes longer than most tests."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from functools import cache
import importlib
import importlib.util
import inspect
from pkgutil import resolve_name
import sqlite3
import sys
import threading
from types import ModuleType
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component import common, patch_json, plugins
from sqlalchemy import Connection, Engine

from homeassistant.components.http.server import HomeAssistantHTTP
from homeassistant.helpers import script
from homeassistant.runner import configure_event_loop as configure_loop

# The plugin tries to import this before each test. To search for a missing package takes longer than such a test.
if importlib.util.find_spec("MySQLdb") is None:
    sys.modules["MySQLdb"] = None  # type: ignore[assignment]


def module_fingerprint(module: ModuleType) -> str:
    """Return a text that changes when a module gets another attribute.

    Each time that a test freezes the time, the plugin hashes the names in thousands of modules. Counting them takes half the
    time of all that.
    """
    return f"{id(module)}-{len(vars(module))}"


plugins.patch_time.ha_get_module_attributes_hash = module_fingerprint


# The plugin replaces these for each timer that is due when a test advances the time.
TIME_OF_TIMERS = ("time_tracker_utcnow", "time_tracker_timestamp")


def do_nothing(*_: Any, **__: Any) -> bool:
    """Replace a function whose result is ignored, or means that the work is done."""
    return True


def stand_in(side_effect: Any) -> Callable[..., Any]:
    """Return the function that does what a mock with this side effect would do."""
    if side_effect is None:
        return do_nothing
    if callable(side_effect):
        function: Callable[..., Any] = side_effect
        return function
    return lambda *_: next(side_effect)


class PlainPatch:
    """Replacement of `patch` for the plugin, which replaces a function by a function instead of by a mock with its signature.

    For each Home Assistant, the plugin replaces a dozen functions of the recorder and of the storage. To copy their signatures
    takes a third of the time of a Home Assistant, and nothing reads how the mocks were called.
    """

    def __call__(self, target: str, *args: Any, **kwargs: Any) -> Any:
        """Return a patch of the attribute with this name."""
        owner, _, attribute = target.rpartition(".")
        if attribute in TIME_OF_TIMERS:
            return patch.object(resolve(owner), attribute, lambda: kwargs["return_value"])
        if not kwargs.get("autospec"):
            return patch(target, *args, **kwargs)
        return patch.object(resolve(owner), attribute, stand_in(kwargs["side_effect"]))

    def object(self, target: Any, attribute: str, *args: Any, **kwargs: Any) -> Any:
        """Return a patch of an attribute of an object."""
        if not kwargs.get("autospec"):
            return patch.object(target, attribute, *args, **kwargs)
        return patch.object(target, attribute, stand_in(kwargs["side_effect"]))

    def __getattr__(self, name: str) -> Any:
        """Return another function of `patch`."""
        return getattr(patch, name)


# To find a class by its name, Python first tries to import it as a module.
resolve = cache(resolve_name)
plugins.patch = common.patch = PlainPatch()


def has_event_loop(request: pytest.FixtureRequest) -> bool:
    """Return whether a test uses an event loop. Most do not, and creating one takes longer than they do."""
    return "hass" in request.fixturenames or inspect.iscoroutinefunction(request.function)


@pytest.fixture
async def event_loop_checks() -> AsyncIterator[None]:
    """Configure the event loop like Home Assistant, and check it.

    The traceback of where each future was created is left out: it takes as long as the tests.
    """
    loop = asyncio.get_running_loop()
    configure_loop(loop)
    loop.set_debug(True)
    with patch.object(loop, "get_debug", new=lambda: False):
        yield
    loop.set_debug(False)


@pytest.fixture(autouse=True)
def configure_event_loop(request: pytest.FixtureRequest) -> None:
    """Configure the event loop, if the test has one."""
    if has_event_loop(request):
        request.getfixturevalue("event_loop_checks")


@pytest.fixture(autouse=True, scope="session")
def enable_event_loop_debug() -> None:
    """Leave this to `event_loop_checks`."""


@pytest.fixture(autouse=True)
def verify_cleanup(request: pytest.FixtureRequest) -> Iterator[None]:
    """Verify that no thread remains, nor a task or timer if the test has an event loop."""
    if has_event_loop(request):
        request.getfixturevalue("verify_cleanup")
        yield
        return
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


@pytest.fixture(autouse=True, scope="session")
def expected_lingering_tasks() -> bool:
    """Return that no task may remain after a test."""
    return False


@pytest.fixture(autouse=True, scope="session")
def expected_lingering_timers() -> bool:
    """Return that no timer may remain after a test."""
    return False


@pytest.fixture(autouse=True, scope="session")
def skip_stop_scripts() -> Iterator[None]:
    """Leave out the timer that ends scripts after Home Assistant's end, for all tests at once."""
    with patch.object(script, "_schedule_stop_scripts_after_shutdown", do_nothing):
        yield


@pytest.fixture(autouse=True, scope="session")
def disable_http_server() -> Iterator[None]:
    """Leave out the start of the web server, for all tests at once."""

    async def do_not_start(_: HomeAssistantHTTP) -> None:
        pass

    with patch.multiple(HomeAssistantHTTP, async_bind=do_not_start, start=do_not_start):
        yield


@pytest.fixture(autouse=True, scope="session")
def fail_on_log_exception() -> Iterator[None]:
    """Raise an exception of a callback instead of logging it, for all tests at once."""

    def raise_exception(*_: Any) -> None:
        raise  # noqa: PLE0704

    with patch("homeassistant.util.logging.log_exception", raise_exception):
        yield


@pytest.fixture(autouse=True)
def reset_globals(request: pytest.FixtureRequest) -> Iterator[None]:
    """Reset the globals of Home Assistant, if the test has an event loop, and verify that no mock became JSON."""
    if has_event_loop(request):
        request.getfixturevalue("reset_globals")
    yield
    mocks = [*patch_json.mock_objects]
    patch_json.mock_objects.clear()
    assert not mocks


class RecorderTables:
    """Replacement of `create_all` that creates the recorder's tables once, and copies them into other databases in memory.

    To create each table and index again takes longer than most tests.
    """

    def __init__(self, create: Callable[[Engine | Connection], None]) -> None:
        """Initialize the replacement with the original."""
        self._create = create
        self._tables: bytes | None = None

    def __call__(self, engine: Engine | Connection) -> None:
        """Create the tables."""
        if not isinstance(engine, Engine) or engine.dialect.name != "sqlite" or engine.url.database:
            self._create(engine)
            return
        if self._tables is None:
            self._create(engine)
        with engine.connect() as connection:
            database: sqlite3.Connection | None = connection.connection.driver_connection
            assert database
            if self._tables is None:
                self._tables = database.serialize()
            else:
                database.deserialize(self._tables)


@pytest.fixture(scope="session")
def recorder_tables() -> Iterator[None]:
    """Create the recorder's tables once. The recorder is imported late, because the plugin replaces parts of it before."""
    metadata = importlib.import_module("homeassistant.components.recorder.db_schema").Base.metadata
    with patch.object(metadata, "create_all", RecorderTables(metadata.create_all)):
        yield
