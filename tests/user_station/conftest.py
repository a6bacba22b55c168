"""What the tests of the feed have in common."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from .server import Server


async def until(condition: Callable[[], object]) -> None:
    """Wait for what comes by itself."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.002)


@pytest.fixture
async def server(socket_enabled: None) -> AsyncIterator[Server]:
    """Return a user station that listens."""
    server = await Server().start()
    yield server
    await server.stop()
