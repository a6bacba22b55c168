"""Tests of forwarding from a recorder whose database is replaced, purged, migrating or unreachable."""

import asyncio
from copy import deepcopy
import logging
from unittest.mock import patch

from aiohttp import web
import pytest
from sqlalchemy import Connection, exc

from custom_components.anavi_weather.user_station import batch_size, forwarder, status
from custom_components.anavi_weather.user_station.checkpoint import Loss
from custom_components.anavi_weather.user_station.recorder_log import RecorderLog
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.util import dt as dt_util

from .harness import KEY, Clock, Harness, Logged, recorder_problem, until
from .server import bad, item, once, refusing


async def test_a_replaced_database_is_sent_again(harness: Harness, logged: Logged) -> None:
    await harness.record("1", "2")
    await harness.start()
    await harness.stored("1", "2")
    await harness.stop()
    harness.storage[KEY]["data"]["position"] = ["sqlite before", 2, 1.5]
    harness.storage[KEY]["data"]["refused"] = 5

    await harness.start()
    await until(lambda: harness.checkpoint["stored"] == 2 and harness.checkpoint["position"][0] != "sqlite before")

    assert logged() == [("WARNING", "Farol: the recorder's database was replaced; sending all of its states")]
    assert (harness.checkpoint["stored"], harness.checkpoint["refused"]) == (2, 0)
    assert harness.server.values() == ["1", "2"]


async def test_purged_states_are_counted_even_if_their_ids_are_reused(harness: Harness, clock: Clock) -> None:
    await harness.record("1", "2")
    await harness.start()
    await harness.stored("1", "2")
    await harness.server.stop()
    await harness.record("3", "4", "5")
    clock.now += 60  # the backlog is not counted too often
    await clock.wake()
    await clock.asleep()
    assert harness.forwarder.status.backlog == 3
    await harness.run_sql("UPDATE states SET old_state_id = NULL")
    await harness.run_sql("DELETE FROM states")
    await harness.record("6", entity_id="sensor.u")
    clock.now += 60  # the new backlog is counted, and does not hide the vanished one
    await clock.wake()
    await clock.asleep()
    await harness.server.start()
    await clock.wake()
    await until(lambda: harness.server.values() == ["1", "2", "6"])
    await until(lambda: harness.checkpoint["purged"] == 3)


async def test_purged_states_are_counted_once(harness: Harness, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_size, "FIRST_COUNT", 1)
    monkeypatch.setattr(batch_size, "MAX_COUNT", 1)
    await harness.record("1")
    await harness.start()
    await harness.stored("1")
    await harness.server.stop()
    await harness.record("2", "3", "4")
    clock.now += 60  # the backlog is not counted too often
    await clock.wake()
    await clock.asleep()
    await harness.run_sql("UPDATE states SET old_state_id = NULL")
    await harness.run_sql("DELETE FROM states WHERE state_id > 1")
    await harness.record("5", "6", entity_id="sensor.u")
    harness.server.items = once("6", item(429))
    await harness.server.start()
    await clock.wake()
    await until(lambda: harness.checkpoint["purged"] == 3)

    await clock.wake()
    await until(lambda: harness.server.values() == ["1", "5", "6"])
    await until(lambda: harness.forwarder.status.waiting is None)
    assert harness.checkpoint["purged"] == 3


async def test_waiting_states_are_not_counted_as_purged_while_they_exist(harness: Harness, clock: Clock) -> None:
    await harness.record("1", "2")
    await harness.start()
    await harness.stored("1", "2")
    await harness.server.stop()
    await harness.record("3")
    await clock.wake()
    await clock.asleep()
    await harness.run_sql("UPDATE states SET old_state_id = NULL")
    await harness.run_sql("DELETE FROM states WHERE state = '2'")
    await harness.server.start()
    await clock.wake()
    await until(lambda: harness.server.values() == ["1", "2", "3"])
    await until(lambda: harness.forwarder.status.connected is True)
    assert harness.checkpoint["purged"] == 0


async def test_a_user_acknowledges_losses(harness: Harness) -> None:
    harness.server.items = lambda document: bad("no") if document["state"].get("value") == "2" else None
    await harness.record("1", "2", "3")
    await harness.start()
    await until(lambda: KEY in harness.storage and harness.checkpoint["refused"] == 1)
    assert harness.checkpoint["refused_noted"] == 0
    assert list(harness.checkpoint["last_refused"]) == ["sensor.t", "document_parsing_exception: no"]
    notified_count = harness.notified_count
    await harness.forwarder.async_acknowledge_losses(*Loss)
    assert harness.checkpoint["refused_noted"] == 1
    assert harness.notified_count == notified_count + 1


async def test_a_database_is_replaced_while_the_server_is_busy(harness: Harness, clock: Clock) -> None:
    await harness.record("1", "2")
    await harness.start()
    await harness.stored("1", "2")
    await harness.stop()
    harness.storage[KEY]["data"]["position"] = ["sqlite before", 2, 1.5]
    harness.server.items = once("1", item(429))

    await harness.start()
    await clock.wake()
    await until(lambda: harness.checkpoint["stored"] == 2)
    assert harness.checkpoint["position"][0] != "sqlite before"

    assert harness.checkpoint["stored"] == 2


async def test_states_that_may_have_been_purged_before_they_were_sent_are_counted(
    harness: Harness, clock: Clock, logged: Logged
) -> None:
    """Case 33: with a restored checkpoint, they may have been sent long ago."""
    await harness.record("1")
    await harness.start()
    await harness.stored("1")
    await harness.stop()
    await harness.record("2", "3", "4")
    await harness.run_sql("UPDATE states SET old_state_id = NULL")
    await harness.run_sql("DELETE FROM states WHERE state_id < 4")
    harness.server.answers.append(refusing(503))

    await harness.start()
    await clock.wake()
    await harness.stored("1", "4")

    assert (harness.checkpoint["maybe_purged"], harness.checkpoint["purged"]) == (2, 0)
    assert ("ERROR", "Farol: the recorder purged about 2 states, perhaps before they were sent") in logged()
    await harness.record("5")
    await harness.stored("1", "4", "5")
    assert harness.checkpoint["maybe_purged"] == 2
    await harness.forwarder.async_acknowledge_losses(*Loss)
    assert harness.checkpoint["maybe_purged_noted"] == 2


async def test_states_may_have_been_purged_before_they_are_counted(harness: Harness, clock: Clock) -> None:
    await harness.record("1")
    await harness.start()
    await harness.stored("1")
    await harness.stop()
    await harness.record("2", "3", "4")
    await harness.run_sql("UPDATE states SET old_state_id = NULL")
    await harness.run_sql("DELETE FROM states WHERE state_id < 4")
    with patch.object(RecorderLog, "backlog", side_effect=RuntimeError("odd")):
        await harness.start()
        await clock.asleep()
    await clock.wake()
    await harness.stored("1", "4")
    assert (harness.checkpoint["maybe_purged"], harness.checkpoint["purged"]) == (2, 0)


async def test_forwarding_waits_for_a_migration(harness: Harness, clock: Clock, logged: Logged) -> None:
    await harness.record("1")
    harness.instance.migration_in_progress = True
    await harness.start()
    await clock.wake()
    await clock.asleep()
    assert clock.slept == [forwarder.RECORDER_DELAY] * 2
    assert logged() == []
    assert harness.forwarder.status.connected is None
    assert harness.forwarder.status.backlog is None
    harness.instance.migration_in_progress = False
    await clock.wake()
    await harness.stored("1")


async def test_a_database_that_is_unreachable_for_a_moment_is_not_reported(
    harness: Harness, clock: Clock, logged: Logged, caplog: pytest.LogCaptureFixture
) -> None:
    """Case 17: neither by the forwarder, nor by Home Assistant because of the forwarder's reads."""
    await harness.record("1")
    away = patch.object(Connection, "execute", side_effect=exc.OperationalError("", [], Exception("gone")))
    with away:
        await harness.start()
        for _ in range(5):
            await clock.wake()
        await clock.asleep()
    assert recorder_problem(harness) is None
    await clock.wake()
    await harness.stored("1")
    assert logged() == []
    assert [record.name for record in caplog.records if record.levelno >= logging.WARNING] == []
    await harness.stop()

    clock.now += 1000
    with away:
        await harness.start()
        await clock.asleep()
    assert recorder_problem(harness) is None, "an earlier moment does not count"


async def test_a_database_that_stays_unreachable_is_reported_once(
    harness: Harness, clock: Clock, logged: Logged
) -> None:
    await harness.record("1")
    with patch.object(Connection, "execute", side_effect=exc.OperationalError("", [], Exception("gone"))):
        await harness.start()
        while clock.now < 1000 + 2 * status.RECORDER_PATIENCE:
            await clock.wake()
        await clock.asleep()
        assert recorder_problem(harness) == "OperationalError"
        assert set(clock.slept) == {forwarder.RECORDER_DELAY}
        assert logged() == [("ERROR", "Farol: the recorder's database cannot be read: OperationalError")]
    await clock.wake()
    await harness.stored("1")
    assert recorder_problem(harness) is None
    assert logged()[1:] == [("INFO", "Farol: the recorder's database can be read again")]


async def test_a_database_comes_back_during_an_outage(harness: Harness, clock: Clock) -> None:
    await harness.record("1")
    harness.server.always = refusing(401)
    with patch.object(Connection, "execute", side_effect=exc.OperationalError("", [], Exception("gone"))):
        await harness.start()
        while clock.now < 1000 + 2 * status.RECORDER_PATIENCE:
            await clock.wake()
        await clock.asleep()
    assert recorder_problem(harness)
    await clock.wake()
    await until(lambda: harness.forwarder.status.failures)
    assert recorder_problem(harness) is None
    assert harness.forwarder.status.connected is False


async def test_an_unexpected_table_is_reported_at_once(harness: Harness, clock: Clock, logged: Logged) -> None:
    await harness.record("1")
    await harness.run_sql("ALTER TABLE states RENAME COLUMN last_changed_ts TO other")
    await harness.start()
    await clock.wake()
    await clock.asleep()
    assert recorder_problem(harness) == "states has no last_changed_ts"
    assert len(logged()) == 1
    await harness.run_sql("ALTER TABLE states RENAME COLUMN other TO last_changed_ts")
    await clock.wake()
    await harness.stored("1")
    assert recorder_problem(harness) is None


# What waits is remembered across restarts


async def wait_for_server(harness: Harness, clock: Clock, *states: str) -> None:
    """Record states while the server is away, and stop when they are counted."""
    await harness.server.stop()
    await harness.record(*states)
    clock.now += 60
    await clock.wake()
    await clock.asleep()
    assert harness.forwarder.status.backlog == len(states)
    await harness.stop()


async def empty(harness: Harness) -> None:
    """Delete all states."""
    await harness.run_sql("UPDATE states SET old_state_id = NULL")
    await harness.run_sql("DELETE FROM states")


async def connected(harness: Harness, clock: Clock) -> None:
    """Forward until nothing waits, then let it fail once."""
    await harness.record("1", "2")
    await harness.start()
    await harness.stored("1", "2")


@pytest.mark.parametrize("counted_before", [0, 9000])
async def test_states_that_vanish_with_their_database_are_counted(
    harness: Harness, clock: Clock, logged: Logged, counted_before: int
) -> None:
    """Cases 11 and 34: the database is damaged, or an empty one takes its place, while Home Assistant is stopped.

    Home Assistant may use the new one for hours before the user station is set up again.
    """
    await connected(harness, clock)
    await wait_for_server(harness, clock, "3", "4", "5")
    count, *counted = harness.checkpoint["waiting"]
    assert count == 3
    harness.checkpoint["waiting"] = [count, *([*row[:2], row[2] - counted_before] for row in counted)]
    await empty(harness)
    await harness.run_sql("UPDATE schema_changes SET changed = '2001-01-01 00:00:00'")
    await harness.record("6", entity_id="sensor.u")
    await harness.run_sql("UPDATE states SET last_updated_ts = last_updated_ts - :seconds", seconds=counted_before / 5)
    await harness.server.start()

    await harness.start()

    await until(lambda: harness.server.values() == ["1", "2", "6"])
    await until(lambda: harness.checkpoint["purged"] == 3)
    assert ("ERROR", "Farol: about 3 states were lost from the recorder before they were sent") in logged()
    await until(lambda: harness.checkpoint["waiting"] is None)


async def test_states_that_vanish_during_an_outage_are_counted_at_once(harness: Harness, clock: Clock) -> None:
    await connected(harness, clock)
    await wait_for_server(harness, clock, "3", "4", "5")
    await harness.run_sql("UPDATE states SET old_state_id = NULL")
    await harness.run_sql("DELETE FROM states WHERE state_id < 5")
    await harness.start()
    await clock.asleep()
    assert (harness.checkpoint["purged"], harness.forwarder.status.backlog) == (2, 1)
    await harness.server.start()
    await clock.wake()
    await harness.stored("1", "2", "5")
    assert (harness.checkpoint["purged"], harness.checkpoint["maybe_purged"]) == (2, 0)


@pytest.mark.parametrize(("recorded_after", "purged", "maybe_purged"), [(7200, 0, 3), (1800, 3, 0)])
async def test_states_that_waited_at_a_backup_may_have_been_sent_before_they_were_purged(
    harness: Harness, clock: Clock, recorded_after: int, purged: int, maybe_purged: int
) -> None:
    """Case 33, if the backup was made in an outage. Otherwise, Home Assistant was stopped soon after the last count."""
    await connected(harness, clock)
    await wait_for_server(harness, clock, "3", "4", "5")
    backup = deepcopy(harness.storage[KEY])
    await harness.server.start()
    await harness.start()
    await harness.stored("1", "2", "3", "4", "5")
    await harness.record("6")
    await harness.stored("1", "2", "3", "4", "5", "6")
    await harness.stop()
    for state_id, seconds in ((5, 9000), (6, 9000 - recorded_after)):
        await harness.run_sql(
            "UPDATE states SET last_updated_ts = last_updated_ts - :seconds WHERE state_id = :id",
            seconds=seconds,
            id=state_id,
        )
    backup["data"]["waiting"][1] = [*backup["data"]["waiting"][1][:2], backup["data"]["waiting"][1][2] - 9000]
    await harness.run_sql("UPDATE states SET old_state_id = NULL")
    await harness.run_sql("DELETE FROM states WHERE state_id < 6")
    harness.storage[KEY] = backup

    await harness.start()

    await until(lambda: harness.checkpoint["position"][1] == 6)
    assert (harness.checkpoint["purged"], harness.checkpoint["maybe_purged"]) == (purged, maybe_purged)


async def test_states_are_continued_in_a_copied_database(harness: Harness, clock: Clock) -> None:
    """Case 32."""
    await harness.record("old")
    await harness.start(send_history=False)
    await until(lambda: KEY in harness.storage)
    await harness.record("1")
    await harness.stored("1")
    await wait_for_server(harness, clock, "2")
    await harness.run_sql("UPDATE schema_changes SET changed = '2001-01-01 00:00:00'")
    await harness.server.start()

    await harness.start(send_history=False)

    await harness.stored("1", "2")
    assert (harness.checkpoint["stored"], harness.checkpoint["purged"]) == (2, 0)
    assert len(harness.server.bulks) == 2, "nothing is sent again"


@pytest.mark.parametrize(("is_restored", "purged"), [(True, 0), (False, 2)])
async def test_states_that_were_set_aside_vanish_with_their_database(
    harness: Harness, *, is_restored: bool, purged: int
) -> None:
    await harness.record("1", "2")
    await harness.start()
    await harness.stored("1", "2")
    await harness.stop()
    data = harness.storage[KEY]["data"]
    data["aside"] = [[1, 2, 2]]
    data["position"] = ["sqlite before", 9, data["position"][2] if is_restored else 1.5]
    await harness.record("3")
    await harness.start()
    await harness.stored("1", "2", "3")
    await until(lambda: harness.checkpoint["position"][0] != "sqlite before")
    assert (harness.checkpoint["aside"], harness.checkpoint["purged"]) == ([], purged)


async def test_the_backlog_is_known_before_the_server_answers(harness: Harness) -> None:
    """Case 37: a restart in an outage."""
    answered = asyncio.Event()

    async def answer(_: web.Request) -> None:
        await answered.wait()

    harness.server.check = answer
    await harness.record("1", "2")
    await harness.start()
    await until(lambda: harness.forwarder.status.backlog == 2)
    assert harness.forwarder.status.connected is None
    assert KEY not in harness.storage
    answered.set()
    await harness.stored("1", "2")


async def test_what_waits_is_counted_when_home_assistant_stops(harness: Harness, clock: Clock) -> None:
    await harness.server.stop()
    await harness.record("1")
    await harness.start()
    await clock.asleep()
    assert harness.checkpoint["waiting"][0] == 1
    await harness.record("2")
    harness.hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await until(lambda: harness.checkpoint["waiting"][0] == 2)


async def test_nothing_is_counted_at_the_end_if_nothing_waits(harness: Harness) -> None:
    await harness.record("1")
    await harness.start()
    await harness.stored("1")
    with patch.object(RecorderLog, "backlog") as count:
        harness.hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
        await harness.hass.async_block_till_done()
    assert not count.called


async def test_without_history_forwarding_begins_when_the_user_station_was_added(harness: Harness) -> None:
    """Case 12: the checkpoint is lost."""
    await harness.record("old")
    added = dt_util.utcnow().timestamp()
    await harness.record("1", "2")
    await harness.start(send_history=False, begin_ts=added)
    await harness.stored("1", "2")
    assert harness.checkpoint["since"][1] == 1
