"""What the tests of the feed have in common."""

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], object]) -> None:
    """Wait for what comes by itself."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.002)
