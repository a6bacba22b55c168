"""Tests of the checkpoint of statistics."""

from pathlib import Path
from typing import Any

import pytest

from custom_components.anavi_weather.user_station.recorder_statistics import (
    Anchor,
    Fingerprint,
    Overview,
    StatisticsRow,
    fingerprint,
)
from custom_components.anavi_weather.user_station.statistics_checkpoint import (
    ACTIVE,
    About,
    Known,
    Statistic,
    StatisticsCheckpoint,
    StatisticsStore,
)
from homeassistant.core import HomeAssistant

KEY = "anavi_weather.01USER.statistics"
ABOUT = About("sensor.t", "°C", None, "test", None)
# Home Assistant reads the disk, because its storage is not replaced as in other tests
on_disk = pytest.mark.parametrize("hass_storage", [{}])
TEMPERATURE = Statistic("e", 1, ABOUT)


def row(row_id: int, start_ts: float = 0.0, created_ts: float | None = 5.0) -> StatisticsRow:
    """Return a row of the recorder."""
    return StatisticsRow(row_id, 1, start_ts, created_ts, 20.0, 19.0, 21.0, None, None)


def overview(newest_id: int = 9, *, recorder: str = "sqlite", has_anchor: bool = True) -> Overview:
    """Return the state of a database."""
    return Overview(recorder, newest_id, [], has_anchor)


@pytest.fixture
def checkpoint() -> StatisticsCheckpoint:
    """Return a checkpoint with two hours of a statistic."""
    checkpoint = StatisticsCheckpoint()
    checkpoint.begin("target")
    checkpoint.use_database(overview(0))
    assert not checkpoint.describe(TEMPERATURE), "there are no rows to compare yet"
    checkpoint.record_new([("e", row(3), True), ("e", row(4, 3600.0), True)])
    return checkpoint


def test_new_rows(checkpoint: StatisticsCheckpoint) -> None:
    assert checkpoint.position == 4
    assert checkpoint.stored_count == 2
    assert checkpoint.known == {
        "e": Known(1, ABOUT, {0: fingerprint([row(3), row(4, 3600.0)])}, Anchor(4, 5.0)),
    }
    # A row that was rejected is passed, but its part differs from the recorder's
    checkpoint.record_new([("e", row(5, 7200.0), False)])
    assert checkpoint.position == 5
    assert checkpoint.known["e"].parts[0].hours == 2


def test_what_has_to_be_compared(checkpoint: StatisticsCheckpoint) -> None:
    assert not checkpoint.describe(TEMPERATURE)
    assert checkpoint.describe(Statistic("new", 2, ABOUT))
    assert checkpoint.describe(TEMPERATURE._replace(metadata_id=7)), "it was deleted and created again"
    assert checkpoint.known["e"].parts[0].hours == 2
    renamed = TEMPERATURE._replace(metadata_id=7, about=ABOUT._replace(unit="K"))
    assert checkpoint.describe(renamed)
    assert checkpoint.known["e"].about == renamed.about
    assert not checkpoint.known["e"].parts[0].matches(fingerprint([row(3), row(4, 3600.0)])), "all are sent again"


def test_a_part_that_was_sent_again(checkpoint: StatisticsCheckpoint) -> None:
    found = Fingerprint(0.0, 0.0, 1, 7.0)
    checkpoint.record_part("e", 0, found)
    assert checkpoint.known["e"].parts == {0: found}
    checkpoint.record_part("e", 0, found._replace(hours=0))
    assert checkpoint.known["e"].parts == {}
    checkpoint.forget("e")
    assert checkpoint.known == {}


@pytest.mark.parametrize("other", [overview(recorder="mysql"), overview(has_anchor=False)])
def test_another_database_starts_over(checkpoint: StatisticsCheckpoint, other: Overview) -> None:
    assert not checkpoint.use_database(overview())
    assert checkpoint.use_database(other)
    assert (checkpoint.position, checkpoint.known) == (0, {})
    assert not checkpoint.use_database(other)


def test_ids_of_deleted_rows_are_used_again(checkpoint: StatisticsCheckpoint) -> None:
    assert not checkpoint.use_database(overview(3))
    assert checkpoint.position == 3


def test_another_target_starts_over(checkpoint: StatisticsCheckpoint) -> None:
    checkpoint.begin("target")
    assert checkpoint.position == 4
    checkpoint.begin("another")
    assert (checkpoint.position, checkpoint.known) == (0, {})


def test_anchors_are_of_active_statistics() -> None:
    checkpoint = StatisticsCheckpoint()
    assert checkpoint.anchors == []
    times = {"ended": 10.0, "unknown": None, "active": ACTIVE + 11.0, "newest": 2 * ACTIVE}
    for number, (key, created_ts) in enumerate(times.items()):
        checkpoint.describe(Statistic(key, number, ABOUT))
        checkpoint.record_new([(key, row(number, created_ts=created_ts), True)])
    assert [anchor.row_id for anchor in checkpoint.anchors] == [2, 3]


async def test_a_checkpoint_is_stored(
    hass: HomeAssistant, hass_storage: dict[str, Any], checkpoint: StatisticsCheckpoint
) -> None:
    store = StatisticsStore(hass, KEY)
    assert await store.async_load() == StatisticsCheckpoint()
    checkpoint.describe(Statistic("without rows", 2, ABOUT))
    await store.async_save(checkpoint)
    assert await StatisticsStore(hass, KEY).async_load() == checkpoint
    await store.async_remove()
    assert KEY not in hass_storage


@pytest.mark.parametrize(
    "content",
    [
        "5",
        '{"version": 1}',
        '{"version": 2, "minor_version": 1, "key": "k", "data": {}}',
        '{"version": 1, "minor_version": 1, "key": "k", "data": [1]}',
        '{"version": 1, "minor_version": 1, "key": "k", "data": {"target": "", "recorder": "", "position": "x"}}',
    ],
)
@on_disk
async def test_a_damaged_checkpoint_is_replaced(hass: HomeAssistant, tmp_path: Path, content: str) -> None:
    """All statistics are sent again, and overwrite the same documents."""
    hass.config.config_dir = str(tmp_path)
    path = tmp_path / ".storage" / KEY
    await hass.async_add_executor_job(path.parent.mkdir)
    await hass.async_add_executor_job(path.write_text, content)
    assert await StatisticsStore(hass, KEY).async_load() == StatisticsCheckpoint()


@on_disk
async def test_a_checkpoint_that_cannot_be_read_is_replaced(hass: HomeAssistant, tmp_path: Path) -> None:
    hass.config.config_dir = str(tmp_path)
    await hass.async_add_executor_job(lambda: (tmp_path / ".storage" / KEY).mkdir(parents=True))
    assert await StatisticsStore(hass, KEY).async_load() == StatisticsCheckpoint()
