"""Tests of forwarding from a recorder whose database is replaced, purged, migrating or unreachable."""

import logging
from unittest.mock import patch

import pytest
from sqlalchemy import Connection, exc

from custom_components.anavi_weather.user_station import batch_size, forwarder, status

from .harness import KEY, Clock, Harness, Logged, recorder_problem, until
from .server import bad, item, once, refusing


async def test_a_replaced_database_is_sent_again(harness: Harness, logged: Logged) -> None:
    await harness.record("1", "2")
    await harness.start()
    await harness.stored("1", "2")
    await harness.stop()
    harness.storage[KEY]["data"]["position"][0] = "sqlite before"
    harness.storage[KEY]["data"]["refused"] = 5

    await harness.start()
    await until(lambda: harness.checkpoint["position"][0] != "sqlite before")

    assert logged() == [("WARNING", "Farol: the recorder's database has started over; sending all of its states")]
    assert (harness.checkpoint["stored"], harness.checkpoint["refused"]) == (2, 0)
    assert harness.server.values() == ["1", "2"]


async def test_purged_states_are_counted_even_if_their_ids_are_reused(harness: Harness, clock: Clock) -> None:
    await harness.record("1", "2")
    await harness.start()
    await harness.stored("1", "2")
    await harness.server.stop()
    await harness.record("3", "4", "5")
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
    await harness.forwarder.async_acknowledge_losses()
    assert harness.checkpoint["refused_noted"] == 1
    assert harness.notified_count == notified_count + 1


async def test_a_database_is_replaced_while_the_server_is_busy(harness: Harness, clock: Clock) -> None:
    await harness.record("1", "2")
    await harness.start()
    await harness.stored("1", "2")
    await harness.stop()
    harness.storage[KEY]["data"]["position"][0] = "sqlite before"
    harness.server.items = once("1", item(429))

    await harness.start()
    await clock.wake()
    await until(lambda: harness.checkpoint["position"][0] != "sqlite before")
    await until(lambda: harness.checkpoint["position"][1] == 2)

    assert harness.checkpoint["stored"] == 2


async def test_states_that_were_purged_before_they_were_sent_are_counted(
    harness: Harness, clock: Clock, logged: Logged
) -> None:
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

    assert harness.checkpoint["purged"] == 2
    assert ("ERROR", "Farol: the recorder purged about 2 states before they were sent") in logged()
    await harness.record("5")
    await harness.stored("1", "4", "5")
    assert harness.checkpoint["purged"] == 2


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
