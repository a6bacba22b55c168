"""Replacements of what the test plugin does for each test, which takes longer than most tests."""

import asyncio
from collections.abc import AsyncIterator, Iterator
import inspect
import threading
from types import ModuleType
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component import plugins

from homeassistant.runner import configure_event_loop as configure_loop


def module_fingerprint(module: ModuleType) -> str:
    """Return a text that changes when a module gets another attribute.

    Each time that a test freezes the time, the plugin hashes the names in thousands of modules. Counting them takes half the
    time of all that.
    """
    return f"{id(module)}-{len(vars(module))}"


plugins.patch_time.ha_get_module_attributes_hash = module_fingerprint


class PlainPatch:
    """Replacement of `patch` for the plugin, without specifications of functions that do nothing.

    For each Home Assistant, the plugin replaces ten functions of the recorder, most of them by nothing. To copy all of their
    signatures takes longer than most tests.
    """

    def __call__(self, *args: Any, autospec: bool | None = None, side_effect: Any = None, **kwargs: Any) -> Any:
        """Return a patch."""
        if side_effect is None:
            return patch(*args, **kwargs)
        return patch(*args, autospec=autospec, side_effect=side_effect, **kwargs)

    object = staticmethod(patch.object)


plugins.patch = PlainPatch()


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


@pytest.fixture(autouse=True)
def configure_event_loop(request: pytest.FixtureRequest) -> None:
    """Configure the event loop, if the test has one."""
    if has_event_loop(request):
        request.getfixturevalue("event_loop_checks")


@pytest.fixture(autouse=True)
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
