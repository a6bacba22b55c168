"""Tests of forwarding through a firewall that rejects each request that contains some state."""

import asyncio
from collections.abc import Callable

from aiohttp import web
import pytest

from custom_components.anavi_weather.user_station import delays

from .harness import Clock, Harness, Logged, until
from .server import Answer, Document, elastic, item

BLOCKED = item(403, "index [old] blocked by: [FORBIDDEN/8/index write (api)];", "cluster_block_exception")
POISON = "sensor.poison"


def firewall(harness: Harness, most: int = 10_000) -> Answer:
    """Return an answer that rejects requests with some state, or with more than so many documents."""

    async def answer(_: web.Request, documents: list[Document]) -> web.StreamResponse:
        if len(documents) > most or any("poison" in document["state"]["value"] for document in documents):
            return web.Response(status=403, text="<html>Firewall</html>")
        return elastic({"errors": True, "items": harness.server.store(documents)})

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        lambda: web.Response(status=403, text="<html>Firewall</html>"),
        lambda: elastic({"error": {"type": "parse_exception", "reason": "odd"}}, 400),
    ],
)
async def test_a_state_for_which_a_whole_request_is_rejected_holds_up_no_others(
    harness: Harness, clock: Clock, answer: Callable[[], web.StreamResponse]
) -> None:
    """As by a firewall in front of the server."""
    poison = "bad"

    async def reject(_: web.Request, documents: list[Document]) -> web.StreamResponse:
        if any(document["state"]["value"].startswith(poison) for document in documents):
            return answer()
        return elastic({"errors": True, "items": harness.server.store(documents)})

    harness.server.always = reject
    await harness.record("1", "2", "bad 1", "3", "bad 2", "bad 3", "4")
    await harness.start()
    waking = asyncio.create_task(clock.keep_waking())
    await until(lambda: harness.forwarder.status.aside_count == 3)
    await harness.record("5")
    await until(lambda: harness.checkpoint["stored"] == 5)
    assert sorted(map(str, harness.server.values())) == ["1", "2", "3", "4", "5"]
    waking.cancel()
    assert harness.forwarder.status.connected
    assert str(harness.forwarder.status.aside_problem).startswith("a request with this state alone is rejected: 40")
    rejected = len(clock.slept)
    poison = "bad 1"
    clock.now += delays.MAX_RETRY_DELAY
    await harness.record("6")
    await until(lambda: harness.forwarder.status.aside_count == 1)
    assert len(clock.slept) == rejected, "the server counts as connected while these states are tried again"
    poison = "none"
    clock.now += delays.MAX_RETRY_DELAY
    await harness.record("7")
    await until(lambda: (harness.checkpoint["stored"], harness.checkpoint["refused"]) == (10, 0))
    assert len(harness.server.documents) == 10


async def test_states_that_were_set_aside_with_a_rejected_one_are_stored(harness: Harness, clock: Clock) -> None:
    harness.server.items = lambda document: BLOCKED if "old" in document["state"]["value"] else None
    await harness.record("old 1", "old poison", "old 2", "new")
    await harness.start()
    await until(lambda: harness.forwarder.status.aside_count == 3)
    harness.server.items = lambda _: None
    harness.server.always = firewall(harness)
    clock.now += delays.MAX_RETRY_DELAY
    await harness.record("next")
    await until(lambda: harness.forwarder.status.aside_count == 1 and harness.checkpoint["stored"] == 4)
    assert sorted(map(str, harness.server.values())) == ["new", "next", "old 1", "old 2"]
    assert harness.forwarder.status.connected
    assert str(harness.forwarder.status.aside_problem).startswith("a request with this state alone is rejected")


async def test_an_entity_whose_states_are_always_rejected_holds_up_no_others(
    harness: Harness, clock: Clock, logged: Logged
) -> None:
    """Its states may be the newest each time, like those of a template that changes right after its source."""
    harness.server.always = firewall(harness)
    await harness.start()
    waking = asyncio.create_task(clock.keep_waking())
    for number in range(10):
        await harness.record(f"before {number}")
        await harness.record(f"poison {number}", entity_id=POISON)
        await harness.record(f"after {number}")
        await harness.record(f"newest poison {number}", entity_id=POISON)
    await until(lambda: harness.forwarder.status.aside_count == 20)
    waking.cancel()
    assert len(harness.server.values()) == 20
    assert sum("states wait" in message for _, message in logged()) == 1
    assert len(clock.slept) == 3, "only until such a state is looked for the first time"


async def test_nothing_is_set_aside_if_the_states_of_all_entities_are_rejected(harness: Harness, clock: Clock) -> None:
    harness.server.always = firewall(harness, most=0)
    await harness.record("1")
    await harness.record("2", entity_id=POISON)
    await harness.start()
    for _ in range(8):
        await clock.wake()
    await clock.asleep()
    assert harness.forwarder.status.aside_count == 0
    assert harness.forwarder.status.connected is False
    harness.server.always = None
    await clock.wake()
    await harness.stored("1", "2")


async def test_a_firewall_that_limits_the_number_of_documents(harness: Harness, clock: Clock) -> None:
    harness.server.always = firewall(harness, most=3)
    await harness.record(*map(str, range(40)))
    await harness.start()
    waking = asyncio.create_task(clock.keep_waking())
    await until(lambda: harness.checkpoint and harness.checkpoint["stored"] == 40)
    waking.cancel()
    assert len(harness.server.documents) == 40
    assert (harness.checkpoint["foreign"], harness.forwarder.status.aside_count) == (0, 0)


async def test_hundreds_of_rejected_states_in_a_row(harness: Harness, clock: Clock) -> None:
    harness.server.always = firewall(harness)
    await harness.record("first")
    await harness.record(*(f"poison {number}" for number in range(300)), entity_id=POISON)
    await harness.record("last")
    await harness.start()
    waking = asyncio.create_task(clock.keep_waking())
    await until(lambda: harness.forwarder.status.aside_count == 300 and "last" in harness.server.values())
    waking.cancel()
    assert harness.server.values() == ["first", "last"]
