"""Tests of forwarding to a stream that is deleted, created again, or replaced while everything looks healthy."""

from custom_components.anavi_weather.user_station import stream_watch
from custom_components.anavi_weather.user_station.errors import NotTimeSeriesError, ShardLimitError

from .harness import KEY, Clock, Harness, Logged, problem, until
from .server import item, stream


async def pass_time(harness: Harness, clock: Clock, *states: str) -> None:
    """Let so much time pass that the stream is checked after some more states."""
    clock.now += stream_watch.INTERVAL
    await harness.record(*states)


def checks(harness: Harness) -> int:
    """Return how often the stream was checked."""
    return sum("/_data_stream/" in request for request in harness.server.requests)


def recreate(harness: Harness, *indices: str) -> None:
    """Delete the stream, and create an empty one."""
    harness.server.streams = [stream(*indices)]
    harness.server.documents.clear()
    harness.server._known.clear()


async def test_the_stream_is_checked_every_two_minutes(harness: Harness, clock: Clock) -> None:
    await harness.record("1")
    await harness.start()
    await harness.stored("1")
    assert checks(harness) == 1
    await harness.record("2")
    await harness.stored("1", "2")
    assert checks(harness) == 1
    await pass_time(harness, clock, "3")
    await until(lambda: checks(harness) == 2)
    await harness.stored("1", "2", "3")


async def test_a_stream_that_was_created_again_is_noticed(harness: Harness, clock: Clock, logged: Logged) -> None:
    """Case 10."""
    await harness.record("1", "2")
    await harness.start()
    await harness.stored("1", "2")
    assert harness.forwarder.checkpoint.stream == {"1": "1"}
    recreate(harness, "2")
    await pass_time(harness, clock, "3")
    await until(lambda: harness.forwarder.checkpoint.is_recreated)
    await until(lambda: harness.checkpoint["is_recreated"])
    assert harness.forwarder.status.connected
    assert harness.server.values() == ["3"]
    assert logged() == [("ERROR", "Farol: the stream was created again or restored, so states are missing in it")]

    await harness.forwarder.async_restore_stream()
    await harness.record("4")
    await until(lambda: len(harness.server.documents) == 4)

    assert sorted(harness.server.values(), key=str) == ["1", "2", "3", "4"]
    await until(lambda: not harness.checkpoint["is_recreated"])
    assert harness.checkpoint["stream"] == {"2": "2"}


async def test_a_stream_that_was_created_again_while_nothing_was_sent_is_noticed(harness: Harness) -> None:
    await harness.record("1")
    await harness.start()
    await harness.stored("1")
    await harness.stop()
    recreate(harness, "2")
    await harness.start()
    await until(lambda: harness.forwarder.checkpoint.is_recreated)


async def test_a_stream_that_the_shard_limit_kept_away_comes_back_after_it(harness: Harness, clock: Clock) -> None:
    """Case 3."""
    await harness.record("1")
    await harness.start()
    await harness.stored("1")
    harness.server.streams = None
    reason = "this action would add [1] shards, but this cluster currently has [1]/[1] maximum normal shards open"
    harness.server.items = lambda _: item(400, reason, "validation_exception")
    await harness.record("2")
    for _ in range(3):
        await clock.asleep()
        assert isinstance(problem(harness), ShardLimitError)
        await clock.wake()
    await clock.asleep()

    harness.server.items = lambda _: None
    await clock.wake()
    await harness.stored("1", "2")
    assert harness.forwarder.checkpoint.is_recreated


async def test_an_ordinary_stream_in_its_place_is_noticed(harness: Harness, clock: Clock) -> None:
    """Case 9: the template was deleted with the stream, so the next state creates an ordinary one."""
    await harness.record("1")
    await harness.start()
    await harness.stored("1")
    harness.server.streams = []
    await pass_time(harness, clock, "2")
    await clock.asleep()
    assert isinstance(problem(harness), NotTimeSeriesError)
    await harness.record("3")
    assert "3" not in harness.server.values()

    recreate(harness, "2")
    await clock.wake()
    await until(lambda: harness.forwarder.checkpoint.is_recreated)
    await harness.forwarder.async_restore_stream()
    await harness.record("4")
    await until(lambda: len(harness.server.documents) == 4)


async def test_an_ordinary_index_after_a_rollover_is_noticed(harness: Harness, clock: Clock) -> None:
    """Another template made it. It is deleted after the next rollover, so what was stored in it is missing."""
    await harness.record("1")
    await harness.start()
    await harness.stored("1")
    ordinary = stream("1", "2")
    del ordinary["time_series"]
    harness.server.streams = [ordinary]
    await pass_time(harness, clock, "2")
    await clock.asleep()
    assert isinstance(problem(harness), NotTimeSeriesError)
    await harness.stop()

    harness.server.streams = [stream("1", "3")]
    await harness.start()
    await until(lambda: harness.forwarder.checkpoint.is_recreated)
    await until(lambda: harness.checkpoint["stream"] == {"1": "1", "3": "3"})


async def test_a_rollover_is_not_another_stream(harness: Harness, clock: Clock) -> None:
    await harness.record("1")
    await harness.start()
    await harness.stored("1")
    harness.server.streams = [stream("1", "2")]
    await pass_time(harness, clock, "2")
    await until(lambda: harness.forwarder.checkpoint.stream == {"1": "1", "2": "2"})
    harness.server.streams = [stream("2", "3")]
    await pass_time(harness, clock, "3")
    await until(lambda: harness.forwarder.checkpoint.stream == {"2": "2", "3": "3"})
    assert not harness.forwarder.checkpoint.is_recreated
    assert KEY in harness.storage
