"""Tests of checkpoints and their storage."""

from dataclasses import replace
import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from custom_components.anavi_weather.user_station.breaker import Breaker, Held
from custom_components.anavi_weather.user_station.checkpoint import Checkpoint, Loss, Retried
from custom_components.anavi_weather.user_station.checkpoint_store import CheckpointDamagedError, CheckpointStore
from custom_components.anavi_weather.user_station.names import UNKNOWN, Name, Names
from custom_components.anavi_weather.user_station.ranges import Range
from custom_components.anavi_weather.user_station.recorder_log import Position, Waiting
from custom_components.anavi_weather.user_station.settle import RefusedState, Settlement
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import issue_registry as ir

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


async def load(hass: HomeAssistant, path: Path, content: str) -> Checkpoint | None:
    """Return the checkpoint that another version stored."""
    await hass.async_add_executor_job(path.parent.mkdir)
    await hass.async_add_executor_job(path.write_text, content)
    return await CheckpointStore(hass, KEY).async_load()


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
        10,
        9,
        (Range(1, 3, 2),),
        Breaker({"odd": 3}, {"odder": Held("a.b", "too odd")}, {"oddest": "b.c"}),
        (Range(4, 5, 1),),
        (Range(7, 9, 0), Range(11, 12, 2, 4)),
    )
    await CheckpointStore(hass, KEY).async_save(checkpoint)
    assert stored(path)["entity_ids"] == ["a.b", "b.c"]

    loaded = await CheckpointStore(hass, KEY).async_load()

    assert loaded == checkpoint
    assert loaded
    assert isinstance(loaded.position, Position)
    assert isinstance(loaded.since, Position)
    assert isinstance(loaded.breaker.held["odder"], Held)
    assert isinstance(loaded.again[0], Range)


async def test_skipped_mistakes_may_be_stored_without_an_entity(hass: HomeAssistant, path: Path) -> None:
    await CheckpointStore(hass, KEY).async_save(Checkpoint("task", breaker=Breaker(skipped={"odd": "a.b"})))
    data = json.loads(await hass.async_add_executor_job(path.read_text))
    del data["data"]["breaker"]["affected"]
    await hass.async_add_executor_job(path.write_text, json.dumps(data))
    assert await CheckpointStore(hass, KEY).async_load() == Checkpoint("task", breaker=Breaker(skipped={"odd": ""}))


async def test_a_checkpoint_of_1_0_0_is_loaded(hass: HomeAssistant, path: Path) -> None:
    assert await load(hass, path, STORED_BY_1_0_0) == LOADED_FROM_1_0_0


async def test_1_0_0_can_load_a_checkpoint(hass: HomeAssistant, path: Path) -> None:
    await CheckpointStore(hass, KEY).async_save(LOADED_FROM_1_0_0)
    expected = json.loads(STORED_BY_1_0_0)
    content = file_content(path)
    assert content["data"].items() >= expected.pop("data").items()
    assert content.items() >= expected.items()


@pytest.mark.parametrize("first", [POSITION._replace(state_id=2), None])
async def test_what_waits_survives_saving_and_loading(hass: HomeAssistant, path: Path, first: Position | None) -> None:
    checkpoint = Checkpoint("task", waiting=Waiting(3, POSITION, first))
    await CheckpointStore(hass, KEY).async_save(checkpoint)
    assert await CheckpointStore(hass, KEY).async_load() == checkpoint


async def test_what_waits_is_loaded_without_its_first_row(hass: HomeAssistant, path: Path) -> None:
    content = STORED_BY_1_0_0.replace('"purged": 2,', '"purged": 2, "waiting": [3, ["sqlite", 9, 1.5]],')

    loaded = await load(hass, path, content)

    assert loaded
    assert loaded.waiting == Waiting(3, Position("sqlite", 9, 1.5))


async def test_ranges_are_loaded_without_their_doubtful_states(hass: HomeAssistant, path: Path) -> None:
    content = STORED_BY_1_0_0.replace('"purged": 2,', '"purged": 2, "aside": [[3, 9, 2]],')

    loaded = await load(hass, path, content)

    assert loaded
    assert loaded.aside == (Range(3, 9, 2),)


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
        "task", POSITION, POSITION, 3, 2, 1, 1.5, NAMES, 2, 1, ("a.b", "too old"), 4, 3, 2, 1, (Range(1, 3, 2),)
    )
    checkpoint.breaker.record_held({"odd": Held("a.b", "too odd")})
    checkpoint.record_rejected([Range(4, 4, 1)])
    checkpoint.send_again(Range(4, 5, 0))
    checkpoint.record_rejected([Range(6, 6, 1)])
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
    checkpoint.record_foreign(1)
    checkpoint.record_foreign(1)
    checkpoint.record_purged(4)
    checkpoint.record_purged(5)
    checkpoint.record_maybe_purged(7)
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
        foreign_count=2,
        maybe_purged_count=7,
    )


def test_another_stream_has_none_of_the_indices() -> None:
    checkpoint = Checkpoint("task")
    assert not checkpoint.record_stream({"a": "1"})
    assert not checkpoint.record_stream({"a": "1", "b": "2"})
    assert not checkpoint.record_stream({}), "the server does not say"
    assert not checkpoint.record_stream({"b": "2"})
    assert checkpoint == Checkpoint("task", stream={"b": "2"})
    assert checkpoint.record_stream({"c": "3"})
    assert not checkpoint.record_stream({"c": "3"})
    assert checkpoint == Checkpoint("task", stream={"c": "3"}, is_recreated=True)
    checkpoint.record_restored()
    assert checkpoint == Checkpoint("task", stream={"c": "3"})
    checkpoint.record_stream({"d": "4"})
    checkpoint.begin_task("other", keeps_since=True)
    assert checkpoint == Checkpoint("other"), "another place has another stream"


def test_a_stream_that_was_no_time_series_lacks_states() -> None:
    checkpoint = Checkpoint("task")
    assert not checkpoint.record_not_time_series(), "nothing was stored in a stream that was never good"
    checkpoint.record_stream({"a": "1"})
    assert checkpoint.record_not_time_series()
    assert not checkpoint.record_not_time_series()
    assert checkpoint.record_stream({"a": "1", "c": "3"})
    assert checkpoint == Checkpoint("task", stream={"a": "1", "c": "3"}, is_recreated=True)


def test_an_index_that_was_restored_is_another_one() -> None:
    checkpoint = Checkpoint("task", stream={"a": "1", "b": "2"})
    assert not checkpoint.record_stream({"b": "2", "downsample-1h-a": "3"})
    assert checkpoint.record_stream({"b": "4", "downsample-1h-a": "3"})


def test_waiting_states_are_remembered() -> None:
    checkpoint = Checkpoint("task")
    checkpoint.record_passed(1)
    assert checkpoint == Checkpoint("task")
    checkpoint.record_waiting(Waiting(5, POSITION))
    checkpoint.record_passed(2)
    assert checkpoint.waiting == Waiting(3, POSITION)
    checkpoint.record_passed(4)
    assert checkpoint.waiting == Waiting(0, POSITION)
    checkpoint.record_purged(1)
    assert checkpoint == Checkpoint("task", purged_count=1), "those that vanished are counted once"


def test_losses_are_acknowledged() -> None:
    checkpoint = Checkpoint(
        "task", refused_count=2, purged_count=3, dropped_count=4, foreign_count=5, maybe_purged_count=6
    )
    checkpoint.acknowledge_losses(*Loss)
    assert (checkpoint.refused_acknowledged, checkpoint.purged_acknowledged) == (2, 3)
    assert (checkpoint.dropped_acknowledged, checkpoint.foreign_acknowledged) == (4, 5)
    assert checkpoint.maybe_purged_acknowledged == 6
    checkpoint.record_refused("a.b", "odd")
    assert (checkpoint.refused_count, checkpoint.refused_acknowledged) == (3, 2)


@pytest.mark.parametrize("loss", Loss)
def test_losses_of_one_kind_are_acknowledged(loss: Loss) -> None:
    checkpoint = Checkpoint(
        "task", refused_count=2, purged_count=2, dropped_count=2, foreign_count=2, maybe_purged_count=2
    )
    expected = replace(checkpoint)
    if loss is not Loss.CHECKPOINT:
        setattr(expected, f"{loss}_acknowledged", 2)
    checkpoint.acknowledge_losses(loss)
    assert checkpoint == expected


# States that are set aside


def test_refused_states_among_many_others_are_not_counted_as_stored() -> None:
    """More ranges than are remembered were joined."""
    part = Range(1, 9, 3)
    checkpoint = Checkpoint("task", stored_count=6, aside=(part,))
    retried = checkpoint.record_retried(part, settlement(5, stored_count=1, stored_before_count=4))
    assert retried == Retried(0, 0, Range(6, 9, 2, 4))
    assert checkpoint.record_retried(Range(6, 9, 2, 4), settlement(9, stored_before_count=2, **refused(7, 8))) == (
        Retried(2, 0, None)
    )
    assert (checkpoint.stored_count, checkpoint.aside) == (7, ())


def test_states_that_an_earlier_attempt_stored_are_counted() -> None:
    """Its answer was lost."""
    part = Range(1, 9, 9)
    checkpoint = Checkpoint("task", aside=(part,))
    checkpoint.record_retried(part, settlement(4, stored_count=1, stored_before_count=3))
    assert (checkpoint.stored_count, checkpoint.aside) == (1, (Range(5, 9, 8, 3),))
    assert checkpoint.record_retried(Range(5, 9, 8, 3), settlement(9, stored_count=3)) == Retried(0, 2, None)
    assert checkpoint.stored_count == 7


# States that are sent again


def settlement(last: int, **outcome: Any) -> Settlement:
    """Return the outcome of sending states up to an id."""
    return Settlement(position=POSITION._replace(state_id=last), **outcome)


def refused(*state_ids: int) -> dict[str, Any]:
    """Return the outcome of refused states."""
    return {
        "refused": [RefusedState(state_id, "a.b", 1.5, "odd") for state_id in state_ids],
        "rejected_ranges": [Range(state_id, state_id, 1) for state_id in state_ids],
    }


def test_rejected_states_are_sent_again() -> None:
    checkpoint = Checkpoint("task", refused_count=3, rejected=(Range(1, 2, 2), Range(5, 5, 1)))
    assert checkpoint.send_rejected_again()
    assert (checkpoint.rejected, checkpoint.again) == ((), (Range(1, 2, 2), Range(5, 5, 1)))
    assert not checkpoint.send_rejected_again()

    assert checkpoint.record_sent_again(Range(1, 2, 2), settlement(2, stored_count=2)) == (0, 0)
    assert (checkpoint.stored_count, checkpoint.refused_count, checkpoint.again) == (2, 3, (Range(5, 5, 1),))


def test_rejected_states_that_are_stored_at_last_are_no_loss_any_more() -> None:
    part = Range(1, 9, 9)
    checkpoint = Checkpoint("task", refused_count=5, refused_acknowledged=1, dropped_count=3, again=(part,))
    checkpoint.record_sent_again(part, settlement(3, stored_count=3))
    assert (checkpoint.refused_acknowledged, checkpoint.dropped_acknowledged) == (4, 0)
    (rest,) = checkpoint.again
    checkpoint.record_sent_again(rest, settlement(9, stored_count=6))
    assert (checkpoint.refused_acknowledged, checkpoint.dropped_acknowledged) == (5, 3)


def test_rejected_states_are_still_a_loss_if_others_are_stored() -> None:
    part = Range(1, 9, 0)
    checkpoint = Checkpoint("task", refused_count=1, again=(part,))
    checkpoint.record_sent_again(part, settlement(9, stored_count=9))
    assert checkpoint.refused_acknowledged == 0


def test_states_that_are_rejected_again_are_not_counted_again() -> None:
    part = Range(1, 4, 3)
    checkpoint = Checkpoint("task", again=(part,))
    outcome = settlement(4, dropped_count=1, **refused(1, 2))
    assert checkpoint.record_sent_again(part, outcome) == (0, 0)
    assert checkpoint.dropped_count == 0
    assert (checkpoint.again, checkpoint.rejected) == ((), (Range(1, 1, 1), Range(2, 2, 1)))


def test_states_that_were_stored_and_are_rejected_now_are_counted() -> None:
    """The stream was deleted, and made again by a wrong template."""
    part = Range(1, 9, 1)
    checkpoint = Checkpoint("task", again=(part,))
    outcome = settlement(9, dropped_count=2, **refused(1, 2, 3))
    assert checkpoint.record_sent_again(part, outcome) == (2, 0)
    assert checkpoint.dropped_count == 2


def test_states_that_are_stored_already_are_not_counted() -> None:
    part = Range(1, 9, 2)
    checkpoint = Checkpoint("task", stored_count=7, again=(part,))
    assert checkpoint.record_sent_again(part, settlement(9, stored_count=2, stored_before_count=7)) == (0, 0)
    assert checkpoint.stored_count == 9


def test_rejected_states_that_an_earlier_attempt_stored_are_counted() -> None:
    """Its answer was lost."""
    part = Range(1, 9, 3)
    checkpoint = Checkpoint("task", stored_count=7, refused_count=2, dropped_count=1, again=(part,))
    assert checkpoint.record_sent_again(part, settlement(6, stored_count=1, stored_before_count=1)) == (0, 0)
    assert (checkpoint.stored_count, checkpoint.refused_acknowledged, checkpoint.dropped_acknowledged) == (8, 1, 0)
    (rest,) = checkpoint.again
    assert checkpoint.record_sent_again(rest, settlement(9, stored_before_count=1)) == (0, 0)
    assert (checkpoint.stored_count, checkpoint.refused_acknowledged, checkpoint.dropped_acknowledged) == (10, 2, 1)


def test_rejected_states_among_many_others_are_counted_once() -> None:
    """More ranges than are remembered were joined."""
    part = Range(1, 9, 4)
    checkpoint = Checkpoint("task", stored_count=5, refused_count=4, again=(part,))
    assert checkpoint.record_sent_again(part, settlement(4, stored_before_count=3, **refused(2))) == (0, 0)
    (rest,) = checkpoint.again
    assert rest == Range(5, 9, 3, 3)
    outcome = settlement(9, stored_count=1, stored_before_count=2, **refused(6, 8))
    assert checkpoint.record_sent_again(rest, outcome) == (0, 0)
    assert (checkpoint.stored_count, checkpoint.refused_acknowledged) == (6, 1)


def test_states_that_are_stored_already_may_be_others_than_the_rejected_ones() -> None:
    part = Range(1, 9, 2)
    checkpoint = Checkpoint("task", stored_count=7, refused_count=2, again=(part,))
    checkpoint.record_sent_again(part, settlement(5, stored_before_count=3))
    assert (checkpoint.stored_count, checkpoint.refused_acknowledged) == (7, 0)


def test_rejected_states_that_the_recorder_purged_are_counted() -> None:
    part = Range(1, 9, 5)
    checkpoint = Checkpoint("task", again=(part,))
    assert checkpoint.record_sent_again(part, settlement(4, stored_count=2)) == (0, 0)
    (rest,) = checkpoint.again
    assert rest == Range(5, 9, 3)
    assert checkpoint.record_sent_again(rest, settlement(9, stored_before_count=1)) == (0, 2)
    assert not checkpoint.again


def test_states_that_cannot_be_stored_now_are_sent_again_later() -> None:
    part = Range(1, 9, 3)
    checkpoint = Checkpoint("task", again=(part,))
    outcome = settlement(5, stored_count=1, aside=[Range(2, 3, 2), Range(5, 5, 1)])
    assert checkpoint.record_sent_again(part, outcome) == (0, 0)
    assert checkpoint.again == (Range(2, 3, 2), Range(5, 5, 0), Range(6, 9, 0))


def test_all_states_of_a_range_are_sent_again_with_the_rejected_ones_in_it() -> None:
    """Those that are set aside are sent anyway."""
    checkpoint = Checkpoint(
        "task", aside=(Range(10, 12, 3),), rejected=(Range(1, 2, 2), Range(4, 6, 2), Range(8, 8, 1), Range(40, 41, 1))
    )
    checkpoint.send_again(Range(5, 30, 0))
    assert checkpoint.again == (Range(4, 9, 3), Range(13, 30, 0))
    assert checkpoint.rejected == (Range(1, 2, 2), Range(40, 41, 1))
    checkpoint.send_again(Range(7, 50, 0))
    assert checkpoint.again == (Range(4, 9, 3), Range(13, 50, 1))


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


@pytest.mark.parametrize(
    "content",
    [
        "null",
        "[]",
        "5",
        '{"version": 1}',
        '{"version": 1, "minor_version": 1, "key": "k", "data": []}',
        '{"version": 2, "minor_version": 1, "key": "k", "data": {}}',
        STORED_BY_1_0_0.replace('"stored": 41', '"stored": "many"'),
        STORED_BY_1_0_0.replace('"purged": 2,', ""),
        STORED_BY_1_0_0.replace('["sqlite 2026-11-25 00:00:00", 5, 1790000000.123456]', "[5]"),
        STORED_BY_1_0_0.replace('"purged": 2,', '"purged": 2, "waiting": [1, 2],'),
        STORED_BY_1_0_0.replace('"purged": 2,', '"purged": 2, "foreign": "many",'),
        STORED_BY_1_0_0.replace('"purged": 2,', '"purged": 2, "aside": [[1, 2]],'),
        STORED_BY_1_0_0.replace('"purged": 2,', '"purged": 2, "rejected": [1, 2],'),
        STORED_BY_1_0_0.replace('"purged": 2,', '"purged": 2, "again": [["1", "2", "3"]],'),
    ],
)
async def test_a_checkpoint_of_another_shape_is_damaged(hass: HomeAssistant, path: Path, content: str) -> None:
    """Case 12."""
    await hass.async_add_executor_job(path.parent.mkdir)
    await hass.async_add_executor_job(path.write_text, content)
    store = CheckpointStore(hass, KEY)
    with pytest.raises(CheckpointDamagedError):
        await store.async_load()
    await store.async_save(Checkpoint("new"))
    assert await CheckpointStore(hass, KEY).async_load() == Checkpoint("new")


async def test_a_checkpoint_that_cannot_be_read_is_damaged(hass: HomeAssistant, path: Path) -> None:
    """Case 12."""
    await hass.async_add_executor_job(lambda: path.mkdir(parents=True))
    with pytest.raises(CheckpointDamagedError, match="Is a directory"):
        await CheckpointStore(hass, KEY).async_load()


@pytest.mark.parametrize("content", [STORED_BY_1_0_0[:100].encode(), b"", b"\x80garbage", b"{", bytes(500)])
async def test_a_corrupt_checkpoint_is_ignored(hass: HomeAssistant, path: Path, content: bytes) -> None:
    """Case 12. Home Assistant reports it."""
    await CheckpointStore(hass, KEY).async_save(Checkpoint("old", POSITION))
    await hass.async_add_executor_job(path.write_bytes, content)
    assert await CheckpointStore(hass, KEY).async_load() is None
    assert [issue.translation_key for issue in ir.async_get(hass).issues.values()] == ["storage_corruption"]


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
