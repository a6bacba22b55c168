"""Tests of what is kept of how far states were sent."""

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from custom_components.anavi_weather.user_station.checkpoint import Checkpoint, CheckpointStore
from custom_components.anavi_weather.user_station.recorder_log import Position
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import CoreState, HomeAssistant

KEY = "anavi_weather.01STATION.checkpoint"
POSITION = Position("sqlite 2026-11-25 00:00:00", 5, 1_790_000_000.123456)


@pytest.fixture
def hass_config_dir(tmp_path: Path) -> str:
    """Let each test have a folder of its own."""
    return str(tmp_path)


@pytest.fixture
def hass_storage() -> dict[str, Any]:
    """Let Home Assistant write to the disk, unlike in other tests."""
    return {}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the file."""
    return tmp_path / ".storage" / KEY


def stored(path: Path) -> dict[str, Any]:
    """Return what is on the disk."""
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["data"]
    return data


def files(path: Path) -> list[str]:
    """Return what is in its folder."""
    return [file.name for file in path.parent.iterdir()]


async def test_a_checkpoint_is_what_it_was(hass: HomeAssistant, path: Path) -> None:
    checkpoint = Checkpoint(
        "task", POSITION, POSITION._replace(state_id=1), 3, 2, 1, 1.5, {"b.c", "a.b"}, 5, 6, ("a.b", "too old")
    )
    await CheckpointStore(hass, KEY).async_save(checkpoint)
    assert stored(path)["entity_ids"] == ["a.b", "b.c"]

    loaded = await CheckpointStore(hass, KEY).async_load()

    assert loaded == checkpoint
    assert loaded
    assert isinstance(loaded.position, Position)
    assert isinstance(loaded.since, Position)


async def test_a_new_checkpoint_is_what_it_was(hass: HomeAssistant, path: Path) -> None:
    assert await CheckpointStore(hass, KEY).async_load() is None
    await CheckpointStore(hass, KEY).async_save(Checkpoint("task"))
    assert await CheckpointStore(hass, KEY).async_load() == Checkpoint("task")


async def test_a_checkpoint_is_forgotten(hass: HomeAssistant, path: Path) -> None:
    store = CheckpointStore(hass, KEY)
    await store.async_save(Checkpoint("task"))
    await store.async_remove()
    assert not files(path)
    assert await CheckpointStore(hass, KEY).async_load() is None
    await store.async_remove()  # there is none


def test_what_begins_again_keeps_what_is_not_wanted() -> None:
    checkpoint = Checkpoint("task", POSITION, POSITION, 3, 2, 1, 1.5, {"a.b"}, 2, 1, ("a.b", "too old"))
    checkpoint.begin_again()
    assert checkpoint == Checkpoint("task", None, POSITION, 0, 0, 1, 1.5, {"a.b"}, 0, 1, ("a.b", "too old"))


async def test_a_checkpoint_is_on_the_disk_when_it_is_written(hass: HomeAssistant, path: Path) -> None:
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


async def test_a_broken_checkpoint_is_none(hass: HomeAssistant, path: Path) -> None:
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
