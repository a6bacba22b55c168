"""Tests of reading the recorder's statistics, on each kind of database."""

from collections.abc import Mapping, Sequence
import math

import pytest

from custom_components.anavi_weather.user_station.recorder_log import RecorderUnexpectedError
from custom_components.anavi_weather.user_station.recorder_statistics import (
    EMPTY,
    HOUR,
    PART,
    Anchor,
    CorrectionNotifier,
    Fingerprint,
    Meta,
    Overview,
    StatisticsReader,
    StatisticsRow,
    fingerprint,
)
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant

from .log import databases
from .statistics import START, Statistics, hour

FIRST = START.timestamp()
MANY = 1_000_000


@pytest.fixture
def recorder_db_url(database_url: str) -> str:
    """Return a database for this test's recorder."""
    return database_url


class Read(StatisticsReader):
    """Reader that reads everything."""

    async def look(self, *anchors: Anchor) -> Overview:
        """Return the overview."""
        return await self.async_run(self.overview, anchors)

    async def metas(self) -> dict[str, Meta]:
        """Return the statistics by their ids."""
        return {meta.statistic_id: meta for meta in (await self.look()).metas}

    async def rows(self, position: int = 0, limit: int = MANY) -> Sequence[StatisticsRow]:
        """Return all rows after a position."""
        overview = await self.look()
        ids = [meta.metadata_id for meta in overview.metas]
        return await self.async_run(self.read_new, position, overview.newest_id, ids, limit)

    async def prints(self) -> Mapping[tuple[int, int], Fingerprint]:
        """Return the database's fingerprints of all parts."""
        ids = [meta.metadata_id for meta in (await self.look()).metas]
        return await self.async_run(self.fingerprints, MANY, ids)


@pytest.fixture
async def statistics(hass: HomeAssistant, recorder_mock: Recorder) -> Statistics:
    """Return a writer of statistics."""
    return Statistics(hass, recorder_mock)


@pytest.fixture
async def reader(hass: HomeAssistant, recorder_mock: Recorder) -> Read:
    """Return a reader of statistics."""
    return Read(hass)


async def test_an_empty_recorder(reader: Read) -> None:
    overview = await reader.look()
    assert overview == Overview(overview.recorder, 0, [], has_anchor=False)
    assert await reader.rows() == []
    assert await reader.prints() == {}


async def test_statistics_are_read_in_the_order_of_their_ids(reader: Read, statistics: Statistics) -> None:
    await statistics.add(20.1, 20.7)
    await statistics.add_sums(0.5)
    await statistics.add(5.0, statistic_id="imported:one", unit="mm")

    metas = await reader.metas()
    assert [(meta.statistic_id, meta.unit, meta.name) for meta in metas.values()] == [
        ("sensor.t", "°C", None),
        ("sensor.energy", "kWh", None),
        ("imported:one", "mm", "Imported"),
    ]
    rows = await reader.rows()
    first, second, energy, imported = rows
    temperature = metas["sensor.t"].metadata_id
    assert first[1:3] == (temperature, FIRST)
    assert first[4:] == (20.1, 19.1, 21.1, None, None)
    assert second[1:3] == (temperature, FIRST + HOUR)
    assert energy[4:] == (None, None, None, 100.5, 0.5)
    assert imported.metadata_id == metas["imported:one"].metadata_id
    assert [row.row_id for row in rows] == sorted(row.row_id for row in rows)

    assert await reader.rows(first.row_id, limit=2) == [second, energy]
    some = await reader.async_run(reader.read_new, 0, energy.row_id, [temperature, imported.metadata_id], MANY)
    assert some == [first, second], "neither another statistic, nor a row after the newest"


async def test_a_part_is_read(reader: Read, statistics: Statistics) -> None:
    # A part ends 1008 hours after the first hour
    await statistics.add(*map(float, range(3)), first=1006)
    await statistics.add(9.0, first=1006, statistic_id="sensor.other")
    rows = (await reader.rows())[:3]
    assert [row.part for row in rows] == [FIRST // PART, FIRST // PART, FIRST // PART + 1]

    async def read(row: StatisticsRow, position: int = MANY) -> Sequence[StatisticsRow]:
        return await reader.async_run(reader.read_part, position, row.metadata_id, row.part)

    assert await read(rows[0]) == rows[:2]
    assert await read(rows[2]) == rows[2:]
    assert await read(rows[1], rows[0].row_id) == rows[:1]


async def test_rows_and_their_database_have_the_same_fingerprint(reader: Read, statistics: Statistics) -> None:
    await statistics.add(*(20 + math.sin(number) for number in range(100)), first=950)
    await statistics.add_sums(*(number * 0.1 for number in range(50)))
    rows = await reader.rows()
    expected = {
        key: fingerprint(row for row in rows if (row.metadata_id, row.part) == key)
        for key in {(row.metadata_id, row.part) for row in rows}
    }
    found = await reader.prints()
    assert len(found) == 3
    assert found.keys() == expected.keys()
    assert all(print_.matches(expected[key]) for key, print_ in found.items())
    position = rows[0].row_id
    (only,) = (await reader.async_run(reader.fingerprints, position, [rows[0].metadata_id])).values()
    assert only.hours == 1


async def test_each_change_changes_a_fingerprint(reader: Read, statistics: Statistics) -> None:
    await statistics.add(20.0, 21.0, 22.0, 23.0)
    await statistics.add_sums(1.0, 2.0, 3.0)
    ids = {name: meta.metadata_id for name, meta in (await reader.metas()).items()}

    known = dict(await reader.prints())

    async def changed() -> set[int]:
        before = dict(known)
        known.clear()
        known.update(await reader.prints())
        keys = before.keys() | known.keys()
        return {key[0] for key in keys if key not in known or not known[key].matches(before.get(key))}

    assert not await changed()
    await statistics.add(21.001, first=1)
    assert await changed() == {ids["sensor.t"]}
    await statistics.add(22.0, 21.001, first=1)  # exchanged
    assert await changed() == {ids["sensor.t"]}
    await statistics.adjust("sensor.energy", 2, 0.25)
    assert await changed() == {ids["sensor.energy"]}
    await statistics.convert("sensor.t", "°C", "°F")
    assert await changed() == {ids["sensor.t"]}
    await statistics.run("DELETE FROM statistics WHERE start_ts = :ts", ts=hour(1).timestamp())
    assert await changed() == set(ids.values())
    await statistics.clear("sensor.t")
    assert await changed() == {ids["sensor.t"]}


async def test_renamed_and_deleted_statistics(reader: Read, statistics: Statistics) -> None:
    await statistics.add(20.0)
    await statistics.add(20.0, statistic_id="sensor.u")
    before = await reader.metas()
    await statistics.rename("sensor.t", "sensor.new")
    after = await reader.metas()
    assert after["sensor.new"].metadata_id == before["sensor.t"].metadata_id
    await statistics.clear("sensor.u")
    assert list(await reader.metas()) == ["sensor.new"]
    assert len(await reader.rows()) == 1


async def test_a_database_is_recognized_by_its_rows(reader: Read, statistics: Statistics) -> None:
    await statistics.add(20.0, 21.0)
    anchors = [Anchor(row.row_id, row.created_ts) for row in await reader.rows()]
    overview = await reader.look(*anchors)
    assert overview.has_anchor
    assert overview.newest_id == anchors[-1].row_id
    await statistics.add(30.0)
    assert (await reader.look(*anchors)).has_anchor, "a corrected row is the same"
    await statistics.run("UPDATE statistics SET created_ts = created_ts + 7 WHERE id = :id", id=anchors[0].row_id)
    assert (await reader.look(*anchors)).has_anchor
    assert not (await reader.look(anchors[0])).has_anchor
    await statistics.run("DELETE FROM statistics")
    assert not (await reader.look(*anchors)).has_anchor


async def test_rows_without_a_time_are_not_read(reader: Read, statistics: Statistics) -> None:
    await statistics.add(20.0, 21.0, 22.0)
    times = {0: None, 1: 1e14}
    for number, timestamp in times.items():
        await statistics.run(
            "UPDATE statistics SET start_ts = :ts WHERE start_ts = :old", ts=timestamp, old=hour(number).timestamp()
        )
    assert [row.mean for row in await reader.rows()] == [22.0]
    assert [found.hours for found in (await reader.prints()).values()] == [1]


@databases("sqlite", "postgresql")
async def test_values_without_an_end(reader: Read, statistics: Statistics) -> None:
    """MariaDB does not store them."""
    await statistics.add(20.0)
    await statistics.run("UPDATE statistics SET mean = :mean", mean=math.inf)
    (row,) = await reader.rows()
    (found,) = (await reader.prints()).values()
    assert found.matches(fingerprint([row]))


async def test_commits_that_correct_rows_are_reported(statistics: Statistics) -> None:
    reports: list[None] = []
    stop = CorrectionNotifier.subscribe(lambda: reports.append(None))
    await statistics.add(20.0, 21.0)
    await statistics.rename("sensor.t", "sensor.new")
    assert not reports, "new rows and names are found without it"
    await statistics.add(30.0, statistic_id="sensor.new")
    assert len(reports) == 1
    await statistics.add_sums(1.0)
    await statistics.adjust("sensor.energy", 0, 1.0)
    assert len(reports) == 2
    await statistics.convert("sensor.new", "°C", "°F")
    assert len(reports) == 3
    stop()
    await statistics.add(40.0, statistic_id="sensor.new")
    assert len(reports) == 3


def test_an_update_that_is_not_understood_is_ignored() -> None:
    CorrectionNotifier.mark(None)


@databases("sqlite")
async def test_unexpected_tables(reader: Read, statistics: Statistics) -> None:
    await statistics.run("ALTER TABLE statistics RENAME COLUMN start_ts TO other")
    with pytest.raises(RecorderUnexpectedError, match="statistics has no start_ts"):
        await reader.look()


def test_fingerprints_differ_by_more_than_rounding() -> None:
    known = Fingerprint(0.0, 7.0, 2, 1e6)
    assert known.matches(known._replace(checksum=1e6 * (1 + 1e-13)))
    for other in (
        known._replace(checksum=1e6 * (1 + 1e-10)),
        known._replace(first_ts=1.0),
        known._replace(last_ts=8.0),
        known._replace(hours=3),
        None,
    ):
        assert not known.matches(other)
    assert EMPTY.hours == 0
