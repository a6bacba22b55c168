"""Tests of forwarding from a recorder that is begun again, purged, migrated or away."""

from unittest.mock import patch

import pytest
from sqlalchemy import Connection, exc

from custom_components.anavi_weather.user_station import batch_size, forwarder, status

from .feed import KEY, Clock, Feed, Logged, recorder_problem, until
from .server import item, once, refusing


async def test_a_recorder_that_begins_again_is_sent_again(feed: Feed, logged: Logged) -> None:
    await feed.record("1", "2")
    await feed.start()
    await feed.stored("1", "2")
    await feed.stop()
    feed.storage[KEY]["data"]["position"][0] = "sqlite before"
    feed.storage[KEY]["data"]["refused"] = 5

    await feed.start()
    await until(lambda: feed.checkpoint["position"][0] != "sqlite before")

    assert logged() == [("WARNING", "Farol: the recorder's database has begun again; all of its states are sent")]
    assert (feed.checkpoint["stored"], feed.checkpoint["refused"]) == (2, 0)
    assert feed.server.values() == ["1", "2"]


async def test_what_was_purged_unsent_is_counted_even_if_ids_are_used_again(feed: Feed, clock: Clock) -> None:
    await feed.record("1", "2")
    await feed.start()
    await feed.stored("1", "2")
    await feed.server.stop()
    await feed.record("3", "4", "5")
    await clock.wake()
    await clock.asleep()
    assert feed.forwarder.status.backlog == 3
    await feed.run_sql("UPDATE states SET old_state_id = NULL")
    await feed.run_sql("DELETE FROM states")
    await feed.record("6", entity_id="sensor.u")
    clock.now += 60  # what waits now is counted, and does not make what waited forgotten
    await clock.wake()
    await clock.asleep()
    await feed.server.start()
    await clock.wake()
    await until(lambda: feed.server.values() == ["1", "2", "6"])
    await until(lambda: feed.checkpoint["purged"] == 3)


async def test_what_was_purged_unsent_is_counted_once(
    feed: Feed, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_size, "FIRST_COUNT", 1)
    monkeypatch.setattr(batch_size, "MAX_COUNT", 1)
    await feed.record("1")
    await feed.start()
    await feed.stored("1")
    await feed.server.stop()
    await feed.record("2", "3", "4")
    clock.now += 60  # what waits is not counted too often
    await clock.wake()
    await clock.asleep()
    await feed.run_sql("UPDATE states SET old_state_id = NULL")
    await feed.run_sql("DELETE FROM states WHERE state_id > 1")
    await feed.record("5", "6", entity_id="sensor.u")
    feed.server.items = once("6", item(429))
    await feed.server.start()
    await clock.wake()
    await until(lambda: feed.checkpoint["purged"] == 3)

    await clock.wake()
    await until(lambda: feed.server.values() == ["1", "5", "6"])
    await until(lambda: feed.forwarder.status.waiting is None)
    assert feed.checkpoint["purged"] == 3


async def test_what_waits_is_not_counted_as_purged_while_it_is_there(feed: Feed, clock: Clock) -> None:
    await feed.record("1", "2")
    await feed.start()
    await feed.stored("1", "2")
    await feed.server.stop()
    await feed.record("3")
    await clock.wake()
    await clock.asleep()
    await feed.run_sql("UPDATE states SET old_state_id = NULL")
    await feed.run_sql("DELETE FROM states WHERE state = '2'")
    await feed.server.start()
    await clock.wake()
    await until(lambda: feed.server.values() == ["1", "2", "3"])
    await until(lambda: feed.forwarder.status.connected is True)
    assert feed.checkpoint["purged"] == 0


async def test_a_user_takes_note_of_what_is_missing(feed: Feed) -> None:
    feed.server.items = lambda document: item(400, "no") if document["state"].get("value") == "2" else None
    await feed.record("1", "2", "3")
    await feed.start()
    await until(lambda: KEY in feed.storage and feed.checkpoint["refused"] == 1)
    assert feed.checkpoint["refused_noted"] == 0
    assert list(feed.checkpoint["last_refused"]) == ["sensor.t", "some_exception: no"]
    told = feed.told
    await feed.forwarder.async_acknowledge_losses()
    assert feed.checkpoint["refused_noted"] == 1
    assert feed.told == told + 1


async def test_a_recorder_that_begins_again_while_the_server_is_busy(feed: Feed, clock: Clock) -> None:
    await feed.record("1", "2")
    await feed.start()
    await feed.stored("1", "2")
    await feed.stop()
    feed.storage[KEY]["data"]["position"][0] = "sqlite before"
    feed.server.items = once("1", item(429))

    await feed.start()
    await clock.wake()
    await until(lambda: feed.checkpoint["position"][0] != "sqlite before")
    await until(lambda: feed.checkpoint["position"][1] == 2)

    assert feed.checkpoint["stored"] == 2


async def test_states_that_were_purged_before_they_were_sent_are_counted(
    feed: Feed, clock: Clock, logged: Logged
) -> None:
    await feed.record("1")
    await feed.start()
    await feed.stored("1")
    await feed.stop()
    await feed.record("2", "3", "4")
    await feed.run_sql("UPDATE states SET old_state_id = NULL")
    await feed.run_sql("DELETE FROM states WHERE state_id < 4")
    feed.server.answers.append(refusing(503))

    await feed.start()
    await clock.wake()
    await feed.stored("1", "4")

    assert feed.checkpoint["purged"] == 2
    assert ("ERROR", "Farol: the recorder purged about 2 states before they were sent") in logged()
    await feed.record("5")
    await feed.stored("1", "4", "5")
    assert feed.checkpoint["purged"] == 2


async def test_a_recorder_that_migrates_is_waited_for(feed: Feed, clock: Clock, logged: Logged) -> None:
    await feed.record("1")
    feed.instance.migration_in_progress = True
    await feed.start()
    await clock.wake()
    await clock.asleep()
    assert clock.slept == [forwarder.RECORDER_DELAY] * 2
    assert logged() == []
    assert feed.forwarder.status.connected is None
    assert feed.forwarder.status.backlog is None
    feed.instance.migration_in_progress = False
    await clock.wake()
    await feed.stored("1")


async def test_a_database_that_is_away_for_a_moment_is_not_told(feed: Feed, clock: Clock, logged: Logged) -> None:
    await feed.record("1")
    away = patch.object(Connection, "execute", side_effect=exc.OperationalError("", [], Exception("gone")))
    with away:
        await feed.start()
        for _ in range(5):
            await clock.wake()
        await clock.asleep()
    assert recorder_problem(feed) is None
    await clock.wake()
    await feed.stored("1")
    assert logged() == []
    await feed.stop()

    clock.now += 1000
    with away:
        await feed.start()
        await clock.asleep()
    assert recorder_problem(feed) is None, "an earlier moment does not count"


async def test_a_database_that_stays_away_is_told_once(feed: Feed, clock: Clock, logged: Logged) -> None:
    await feed.record("1")
    with patch.object(Connection, "execute", side_effect=exc.OperationalError("", [], Exception("gone"))):
        await feed.start()
        while clock.now < 1000 + 2 * status.RECORDER_PATIENCE:
            await clock.wake()
        await clock.asleep()
        assert recorder_problem(feed) == "OperationalError"
        assert set(clock.slept) == {forwarder.RECORDER_DELAY}
        assert logged() == [("ERROR", "Farol: the recorder's database cannot be read: OperationalError")]
    await clock.wake()
    await feed.stored("1")
    assert recorder_problem(feed) is None
    assert logged()[1:] == [("INFO", "Farol: the recorder's database can be read again")]


async def test_a_database_that_is_back_while_the_server_is_away(feed: Feed, clock: Clock) -> None:
    await feed.record("1")
    feed.server.always = refusing(401)
    with patch.object(Connection, "execute", side_effect=exc.OperationalError("", [], Exception("gone"))):
        await feed.start()
        while clock.now < 1000 + 2 * status.RECORDER_PATIENCE:
            await clock.wake()
        await clock.asleep()
    assert recorder_problem(feed)
    await clock.wake()
    await until(lambda: feed.forwarder.status.failures)
    assert recorder_problem(feed) is None
    assert feed.forwarder.status.connected is False


async def test_a_table_that_is_not_as_expected_is_told_at_once(feed: Feed, clock: Clock, logged: Logged) -> None:
    await feed.record("1")
    await feed.run_sql("ALTER TABLE states RENAME COLUMN last_changed_ts TO other")
    await feed.start()
    await clock.wake()
    await clock.asleep()
    assert recorder_problem(feed) == "states has no last_changed_ts"
    assert len(logged()) == 1
    await feed.run_sql("ALTER TABLE states RENAME COLUMN other TO last_changed_ts")
    await clock.wake()
    await feed.stored("1")
    assert recorder_problem(feed) is None
