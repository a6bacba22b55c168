"""What the tests of the feed have in common."""

from collections.abc import AsyncIterator, Iterator
import logging
import time
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from custom_components.anavi_weather.user_station import forwarder
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant

from .feed import LOGGER, Clock, Feed, Logged
from .server import Server


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Return the forwarder's time; of the jitter, the longest is drawn."""
    clock = Clock()
    with (
        patch.object(forwarder, "asyncio", SimpleNamespace(sleep=clock.sleep)),
        patch.object(forwarder, "random", SimpleNamespace(uniform=lambda _, longest: longest)),
        patch.object(forwarder, "time", SimpleNamespace(monotonic=lambda: clock.now, time=time.time)),
    ):
        yield clock


@pytest.fixture
async def feed(
    hass: HomeAssistant, recorder_mock: Recorder, server: Server, hass_storage: dict[str, Any], clock: Clock
) -> AsyncIterator[Feed]:
    """Return a feed that is stopped in the end."""
    feed = Feed(hass, recorder_mock, server, hass_storage)
    yield feed
    await feed.stop()


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Logged:
    """Return what the forwarder has logged."""
    caplog.set_level(logging.INFO, LOGGER)

    def logged() -> list[tuple[str, str]]:
        return [(record.levelname, record.getMessage()) for record in caplog.records if record.name == LOGGER]

    return logged
