"""Tests of states that the server does not store because of its other documents."""

import asyncio
from unittest.mock import patch

import pytest

from custom_components.anavi_weather.user_station import batch_size
from custom_components.anavi_weather.user_station.recorder_commits import Commits

from .harness import KEY, Clock, Harness, Logged, until
from .server import Document, Item, item

CONFLICT = item(409, "version conflict", "version_conflict_engine_exception")
BLOCKED = item(403, "index [.ds-old] blocked by: [FORBIDDEN/8/index write (api)];", "cluster_block_exception")


def foreign(document: Document) -> Item | None:
    """Answer as if another station had stored some documents."""
    return CONFLICT if document["state"]["value"].startswith("foreign") else None


def old(document: Document) -> Item | None:
    """Answer as if the index of some documents was downsampled."""
    return BLOCKED if document["state"]["value"].startswith("old") else None


async def position(harness: Harness, state_id: int) -> None:
    """Wait until the checkpoint is at a position."""
    await until(lambda: KEY in harness.storage and harness.checkpoint["position"])
    await until(lambda: (harness.checkpoint["position"] or [0, 0])[1] == state_id)


async def test_states_in_whose_place_another_station_stored_a_document_are_counted(
    harness: Harness, logged: Logged
) -> None:
    """Cases 21 and 35."""
    await harness.record("before")
    harness.server.items = foreign
    await harness.start()
    await harness.stored("before")
    await harness.record("foreign 1", "foreign 2", "mine")
    await position(harness, 4)
    assert (harness.checkpoint["stored"], harness.checkpoint["foreign"]) == (2, 2)
    await harness.record("foreign 3")
    await position(harness, 5)
    assert harness.checkpoint["foreign"] == 3
    ((level, message),) = logged()
    assert level == "ERROR"
    assert message.startswith("Farol: another sender sends as this station: ")


async def test_states_of_before_the_start_may_be_stored(harness: Harness, logged: Logged) -> None:
    """An earlier run may have sent them, and been killed before it saved that."""
    harness.server.items = foreign
    await harness.record("foreign 1", "mine")
    await harness.start()
    await position(harness, 2)
    assert (harness.checkpoint["stored"], harness.checkpoint["foreign"]) == (2, 0)
    assert logged() == []


async def test_states_of_a_replaced_database_may_be_stored(harness: Harness, clock: Clock) -> None:
    harness.server.items = foreign
    await harness.record("1")
    await harness.start()
    await harness.stored("1")
    await harness.stop()
    harness.storage[KEY]["data"]["position"] = ["another database", 1, 1.5]
    await harness.record("foreign 1")
    await harness.start()
    await position(harness, 2)
    assert harness.checkpoint["foreign"] == 0
    await harness.record("foreign 2")
    await position(harness, 3)
    assert harness.checkpoint["foreign"] == 1


async def test_later_batches_of_a_replaced_database_may_be_stored_too(
    harness: Harness, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be a copy that another user station, or an earlier version, had sent further."""
    monkeypatch.setattr(batch_size, "FIRST_COUNT", 2)
    monkeypatch.setattr(batch_size, "MAX_COUNT", 2)
    harness.server.items = foreign
    replaced = asyncio.Event()
    with patch.object(Commits, "async_wait", side_effect=replaced.wait):
        await harness.record("1", "2")
        await harness.start()
        await harness.stored("1", "2")
        await harness.run_sql("UPDATE schema_changes SET changed = '2020-01-01 00:00:00'")
        await harness.run_sql("UPDATE states SET last_updated_ts = last_updated_ts - 1")
        await harness.record("foreign 1", "foreign 2")
        replaced.set()
        await position(harness, 4)
    assert harness.checkpoint["foreign"] == 0


async def test_states_of_a_downsampled_index_are_counted_and_do_not_hold_up_others(harness: Harness) -> None:
    """Case 7."""
    harness.server.downsampled = {".ds-old"}
    harness.server.items = old
    await harness.record("old 1", "old 2", "new 1")
    await harness.start()
    await position(harness, 3)
    assert (harness.checkpoint["stored"], harness.checkpoint["refused"]) == (1, 2)
    assert harness.checkpoint["aside"] == []
    assert harness.forwarder.status.refused[0].reason.endswith("the index .ds-old accepts no more states of its time")


async def test_a_history_that_is_all_in_downsampled_indices_is_no_reason_to_wait(harness: Harness) -> None:
    """Case 30."""
    harness.server.downsampled = {".ds-old"}
    harness.server.items = old
    await harness.record(*(f"old {number}" for number in range(30)))
    await harness.start()
    await position(harness, 30)
    assert harness.checkpoint["refused"] == 30
    await harness.record("new")
    await harness.stored("new")


async def test_states_that_were_set_aside_are_too_late_once_their_index_is_downsampled(harness: Harness) -> None:
    """The lifecycle blocks an index before it downsamples it."""
    harness.server.items = old
    await harness.record("old", "new")
    await harness.start()
    await position(harness, 2)
    await until(lambda: harness.forwarder.status.aside_count == 1)
    harness.server.downsampled = {".ds-old"}
    await harness.stop()
    await harness.start()
    await harness.record("newer")
    await until(lambda: harness.checkpoint["refused"] == 1)
    assert harness.checkpoint["aside"] == []
