"""Tests of waiting for the recorder's commits."""

import asyncio
from collections.abc import Iterator
import threading
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done

from custom_components.anavi_weather.user_station import recorder_commits
from custom_components.anavi_weather.user_station.recorder_commits import Commits
from homeassistant.core import HomeAssistant

from .harness import WAIT_SECONDS
from .log import Log, databases, values


@pytest.fixture
def recorder_db_url(database_url: str) -> str:
    """Return a database for this test's recorder."""
    return database_url


@pytest.fixture
def waiting_for(hass: HomeAssistant) -> Commits:
    """Return the commits to wait for."""
    return Commits(hass)


@pytest.fixture
def rare_commits() -> Iterator[None]:
    """Make the commit interval so long that waiting for it would fail the test."""
    with patch.object(recorder_commits, "get_instance", return_value=SimpleNamespace(commit_interval=3600)):
        yield


@pytest.fixture
def no_pause() -> Iterator[None]:
    """Do not collect commits."""
    with patch.object(recorder_commits, "MIN_INTERVAL", 0.0):
        yield


@pytest.mark.usefixtures("no_pause", "rare_commits")
async def test_a_commit_is_noticed(log: Log, waiting_for: Commits) -> None:
    stop = waiting_for.async_start()
    waiting = asyncio.create_task(waiting_for.async_wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    await log.record("1")
    async with asyncio.timeout(WAIT_SECONDS):
        await waiting

    await log.record("2")  # while nobody waits
    async with asyncio.timeout(WAIT_SECONDS):
        await waiting_for.async_wait()

    stop()
    await log.record("3")
    waiting = asyncio.create_task(waiting_for.async_wait())
    await async_wait_recording_done(log.hass)
    assert not waiting.done()
    waiting.cancel()


@databases("sqlite")
async def test_starting_or_stopping_during_a_commit_does_not_break_it(log: Log, waiting_for: Commits) -> None:
    """The recorder's thread iterates over SQLAlchemy's listeners, which must not change meanwhile."""
    committing, changed = threading.Event(), threading.Event()

    def hold_up(_: object) -> None:
        committing.set()
        changed.wait(WAIT_SECONDS)

    slow = SimpleNamespace(loop=SimpleNamespace(call_soon_threadsafe=hold_up))
    stops = [Commits(slow).async_start(), waiting_for.async_start()]  # type: ignore[arg-type]
    log.hass.states.async_set("sensor.t", "1")
    await log.hass.async_add_executor_job(committing.wait)
    stops.pop()()
    stops.append(Commits(log.hass).async_start())
    changed.set()
    await log.record("2")
    for stop in stops:
        stop()

    assert values(await log.read()) == ["1", "2"]


@databases("sqlite")
async def test_a_commit_after_the_end_of_the_event_loop_does_not_fail(log: Log) -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    stop = Commits(SimpleNamespace(loop=loop)).async_start()  # type: ignore[arg-type]
    await log.record("1")
    await log.record("2")
    stop()
    assert values(await log.read()) == ["1", "2"]


@databases("sqlite")
@pytest.mark.usefixtures("no_pause")
async def test_waiting_ends_after_the_commit_interval(log: Log, waiting_for: Commits) -> None:
    timeouts: list[float] = []

    class Timeout:
        def __init__(self, seconds: float) -> None:
            timeouts.append(seconds)

        async def __aenter__(self) -> None:
            raise TimeoutError

        async def __aexit__(self, *_: object) -> None:
            """Do nothing."""

    with patch.object(asyncio, "timeout", Timeout):
        for interval in (0, 5):
            log.instance.commit_interval = interval
            await waiting_for.async_wait()
    assert timeouts == [1, 5]


@databases("sqlite")
@pytest.mark.usefixtures("log")
async def test_the_commits_of_a_second_are_collected(waiting_for: Commits) -> None:
    """Case 18: with `commit_interval: 0`, each state has a commit."""
    now = 1000.0
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += max(seconds, 0)
        pauses.append(seconds)

    with (
        patch.object(recorder_commits, "time", SimpleNamespace(monotonic=lambda: now)),
        patch.object(asyncio, "sleep", sleep),
    ):
        for passed in (5, 0.05, 0.05, 0.05, 0.75, 9, 0.05, 0.05):
            now += passed
            waiting_for._committed.set()
            await waiting_for.async_wait()
    waited = [pytest.approx(max(pause, 0)) for pause in pauses]
    assert waited == [0, 0, 0, 0.85, 0.25, 0, 0, 0], "the first after a pause are not delayed"
