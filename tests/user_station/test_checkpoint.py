"""Tests of checkpoints and their storage."""

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from custom_components.anavi_weather.user_station.breaker import Breaker, Held
from custom_components.anavi_weather.user_station.checkpoint import Checkpoint, CheckpointStore
from custom_components.anavi_weather.user_station.names import UNKNOWN, Name, Names
from custom_components.anavi_weather.user_station.ranges import Range
from custom_components.anavi_weather.user_station.recorder_log import Position
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import CoreState, HomeAssistant

KEY = "anavi_weather.01STATION.checkpoint"
NAMES = Names([Name("e", "a.b")])
POSITION = Position("sqlite 2026-11-25 00:00:00", 5, 1_790_000_000.123456)


@pytest.fixture
def hass_config_dir(tmp_path: Path) -> str:
    """Return a config folder for this test."""
    return str(tmp_path)


@pytest.fixture
def hass_storage() -> dict[str, Any]:
    """Let Home Assistant write to the disk, unlike in other tests, by not replacing its storage."""
    return {}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of the stored checkpoint."""
    return tmp_path / ".storage" / KEY


# Written by 1.0.0
STORED_BY_1_0_0 = """{
  "version": 1,
  "minor_version": 1,
  "key": "anavi_weather.01STATION.checkpoint",
  "data": {
    "task": "https://elasticsearch.example.org:9200 default chosen 0123456789abcdef0123456789abcdef",
    "position": ["sqlite 2026-11-25 00:00:00", 5, 1790000000.123456],
    "since": ["sqlite 2026-11-25 00:00:00", 2, null],
    "stored": 41,
    "refused": 3,
    "purged": 2,
    "refused_noted": 1,
    "purged_noted": 2,
    "last_refused": ["sensor.b", "mapper_exception: odd"],
    "last_stored_ts": 1789999999.5,
    "entity_ids": ["sensor.a", "sensor.b"]
  }
}"""
LOADED_FROM_1_0_0 = Checkpoint(
    task="https://elasticsearch.example.org:9200 default chosen 0123456789abcdef0123456789abcdef",
    position=POSITION,
    since=Position("sqlite 2026-11-25 00:00:00", 2, None),
    stored_count=41,
    refused_count=3,
    purged_count=2,
    refused_acknowledged=1,
    purged_acknowledged=2,
    last_refused=("sensor.b", "mapper_exception: odd"),
    last_stored_ts=1_789_999_999.5,
    names=Names([Name(UNKNOWN, "sensor.a"), Name(UNKNOWN, "sensor.b")]),
)


def file_content(path: Path) -> dict[str, Any]:
    """Return the content of the file."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def stored(path: Path) -> dict[str, Any]:
    """Return the stored checkpoint."""
    data: dict[str, Any] = file_content(path)["data"]
    return data


def files(path: Path) -> list[str]:
    """Return the names of the files in the folder."""
    return [file.name for file in path.parent.iterdir()]


async def test_a_checkpoint_survives_saving_and_loading(hass: HomeAssistant, path: Path) -> None:
    checkpoint = Checkpoint(
        "task",
        POSITION,
        POSITION._replace(state_id=1),
        3,
        2,
        1,
        1.5,
        Names([Name("e", "b.c", until=3.5), Name("e", "a.b", 3.5, before="b.c", moved=True)]),
        5,
        6,
        ("a.b", "too old"),
        8,
        7,
        (Range(1, 3, 2),),
        Breaker({"odd": 3}, {"odder": Held("a.b", "too odd")}, ["oddest"]),
    )
    await CheckpointStore(hass, KEY).async_save(checkpoint)
    assert stored(path)["entity_ids"] == ["a.b", "b.c"]

    loaded = await CheckpointStore(hass, KEY).async_load()

    assert loaded == checkpoint
    assert loaded
    assert isinstance(loaded.position, Position)
    assert isinstance(loaded.since, Position)
    assert isinstance(loaded.breaker.held["odder"], Held)


async def test_a_checkpoint_of_1_0_0_is_loaded(hass: HomeAssistant, path: Path) -> None:
    await hass.async_add_executor_job(path.parent.mkdir)
    await hass.async_add_executor_job(path.write_text, STORED_BY_1_0_0)
    assert await CheckpointStore(hass, KEY).async_load() == LOADED_FROM_1_0_0


async def test_1_0_0_can_load_a_checkpoint(hass: HomeAssistant, path: Path) -> None:
    await CheckpointStore(hass, KEY).async_save(LOADED_FROM_1_0_0)
    expected = json.loads(STORED_BY_1_0_0)
    content = file_content(path)
    assert content["data"].items() >= expected.pop("data").items()
    assert content.items() >= expected.items()


async def test_a_new_checkpoint_survives_saving_and_loading(hass: HomeAssistant, path: Path) -> None:
    assert await CheckpointStore(hass, KEY).async_load() is None
    await CheckpointStore(hass, KEY).async_save(Checkpoint("task"))
    assert await CheckpointStore(hass, KEY).async_load() == Checkpoint("task")


async def test_a_checkpoint_is_deleted(hass: HomeAssistant, path: Path) -> None:
    store = CheckpointStore(hass, KEY)
    await store.async_save(Checkpoint("task"))
    await store.async_remove()
    assert not files(path)
    assert await CheckpointStore(hass, KEY).async_load() is None
    await store.async_remove()  # there is none


def test_beginning_again_still_skips_unwanted_history() -> None:
    checkpoint = Checkpoint(
        "task", POSITION, POSITION, 3, 2, 1, 1.5, NAMES, 2, 1, ("a.b", "too old"), 4, 3, (Range(1, 3, 2),)
    )
    checkpoint.breaker.record_held({"odd": Held("a.b", "too odd")})
    checkpoint.start_over()
    assert checkpoint == Checkpoint("task", None, POSITION, 0, 0, 1, 1.5, NAMES, 0, 1, ("a.b", "too old"))


@pytest.mark.parametrize("keeps_since", [True, False])
def test_another_task_sends_everything_again(keeps_since: bool) -> None:
    checkpoint = Checkpoint("task", POSITION, POSITION, 3, 2, 1, 1.5, NAMES, 2, 1, dropped_count=4)
    checkpoint.begin_task("other", keeps_since=keeps_since)
    expected = Checkpoint("other", None, POSITION if keeps_since else None, purged_count=1, purged_acknowledged=1)
    expected.names = NAMES
    assert checkpoint == expected, "what was purged, and whose the names were, is still known"


def test_history_is_skipped() -> None:
    checkpoint = Checkpoint("task")
    checkpoint.skip_history(POSITION)
    assert checkpoint == Checkpoint("task", position=POSITION, since=POSITION)


def test_states_are_recorded() -> None:
    checkpoint = Checkpoint("task")
    checkpoint.record_stored(3, 1.5)
    checkpoint.record_stored(2, None)
    checkpoint.record_refused("a.b", "odd")
    checkpoint.record_refused("c.d", "odder")
    checkpoint.record_dropped(6)
    checkpoint.record_purged(4)
    checkpoint.record_purged(5)
    checkpoint.advance(POSITION)
    assert checkpoint == Checkpoint(
        "task",
        position=POSITION,
        stored_count=5,
        refused_count=2,
        purged_count=9,
        last_stored_ts=None,
        last_refused=("c.d", "odder"),
        dropped_count=6,
    )


def test_losses_are_acknowledged() -> None:
    checkpoint = Checkpoint("task", refused_count=2, purged_count=3, dropped_count=4)
    checkpoint.acknowledge_losses()
    assert (checkpoint.refused_acknowledged, checkpoint.purged_acknowledged) == (2, 3)
    assert checkpoint.dropped_acknowledged == 4
    checkpoint.record_refused("a.b", "odd")
    assert (checkpoint.refused_count, checkpoint.refused_acknowledged) == (3, 2)


async def test_saving_returns_when_the_checkpoint_is_on_the_disk(hass: HomeAssistant, path: Path) -> None:
    await CheckpointStore(hass, KEY).async_save(Checkpoint("task", POSITION))
    assert stored(path)["position"] == list(POSITION)
    assert files(path) == [KEY]


async def test_a_power_cut_leaves_the_old_checkpoint(
    hass: HomeAssistant, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await CheckpointStore(hass, KEY).async_save(Checkpoint("old", POSITION))

    with patch("atomicwrites._replace_atomic", side_effect=OSError("no power")):
        await CheckpointStore(hass, KEY).async_save(Checkpoint("new"))

    assert "no power" in caplog.text
    assert await CheckpointStore(hass, KEY).async_load() == Checkpoint("old", POSITION)


async def test_a_corrupt_checkpoint_is_ignored(hass: HomeAssistant, path: Path) -> None:
    await CheckpointStore(hass, KEY).async_save(Checkpoint("old", POSITION))
    await hass.async_add_executor_job(path.write_text, "{")
    assert await CheckpointStore(hass, KEY).async_load() is None


async def test_a_checkpoint_is_written_last_when_home_assistant_stops(hass: HomeAssistant, path: Path) -> None:
    store = CheckpointStore(hass, KEY)
    await store.async_save(Checkpoint("old"))
    hass.set_state(CoreState.stopping)

    await store.async_save(Checkpoint("new"))

    assert stored(path)["task"] == "old", "an older one only sends again"
    hass.set_state(CoreState.final_write)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    assert stored(path)["task"] == "new"
