"""Tests of forwarding statistics: what the user station has after each change in the recorder or fault of the server."""

from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from yarl import URL

from custom_components.anavi_weather.user_station import statistics_forwarder
from custom_components.anavi_weather.user_station.documents import Station
from custom_components.anavi_weather.user_station.elasticsearch import Destination
from custom_components.anavi_weather.user_station.entities import Entities, Selection
from custom_components.anavi_weather.user_station.errors import (
    DefectError,
    ElasticsearchError,
    IndexBlockedError,
    IndexClosedError,
    KeyRefusedError,
    LimitTooLowError,
    RejectedError,
    StatisticsIndexMissingError,
    StatisticsPrivilegeError,
)
from custom_components.anavi_weather.user_station.names import Names
from custom_components.anavi_weather.user_station.recorder_log import (
    RecorderBusyError,
    RecorderUnavailableError,
    RecorderUnexpectedError,
)
from custom_components.anavi_weather.user_station.statistics_checkpoint import StatisticsStore
from custom_components.anavi_weather.user_station.statistics_forwarder import (
    COMPARE_INTERVAL,
    CORRECTION_INTERVAL,
    POLL_INTERVAL,
    REJECTED_INTERVAL,
    StatisticsForwarder,
)
from custom_components.anavi_weather.user_station.statistics_index import StatisticsIndex
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from .harness import Clock, Logged
from .log import databases
from .server import API_KEY, Server, bad, elastic, item, refusing
from .statistics import START, Statistics

KEY = "anavi_weather.01USER.statistics"
HOUR = int(START.timestamp()) // 3600
MANY = 15  # more than may be rejected one by one


@pytest.fixture
def recorder_db_url(database_url: str) -> str:
    """Return a database for this test's recorder."""
    return database_url


@pytest.fixture(autouse=True)
def clock() -> Iterator[Clock]:
    """Return the forwarder's clock."""
    clock = Clock()
    with (
        patch.object(statistics_forwarder, "asyncio", SimpleNamespace(sleep=clock.sleep)),
        patch.object(statistics_forwarder, "random", SimpleNamespace(uniform=lambda _, longest: longest)),
        patch.object(statistics_forwarder, "time", SimpleNamespace(monotonic=lambda: clock.now)),
    ):
        yield clock


class Harness:
    """A recorder with statistics, a forwarder and a user station."""

    def __init__(self, hass: HomeAssistant, instance: Recorder, server: Server, clock: Clock) -> None:
        """Initialize the harness."""
        self.hass = hass
        self.server = server
        self.statistics = Statistics(hass, instance)
        self.forwarder: StatisticsForwarder
        self._clock = clock
        self._task: Any = None

    async def start(self, selection: Selection = Selection.ALL, chosen: tuple[str, ...] = (), task: str = "t") -> None:
        """Start a forwarder from the stored checkpoint, and let it send everything."""
        entities = Entities(self.hass, "01STATION", selection, chosen, Names())
        self._stop_entities = entities.async_start(lambda: None)
        session = async_get_clientsession(self.hass)
        store = StatisticsStore(self.hass, KEY)
        self.forwarder = StatisticsForwarder(
            self.hass,
            name="Farol",
            station=Station("0123", "Farol", "1", "2"),
            entities=entities,
            index=StatisticsIndex(session, Destination(URL(self.server.url), API_KEY, "default"), trusted=True),
            store=store,
            checkpoint=await store.async_load(),
            task=task,
        )
        self._task = self.hass.async_create_background_task(self.forwarder.async_run(), "forwarder")
        await self._clock.wake()
        await self._clock.asleep()

    async def stop(self) -> None:
        """Cancel the forwarder."""
        if self._task:
            self._task.cancel()
            self._stop_entities()
            await self.hass.async_block_till_done()
        self._task = None

    async def go_on(self, seconds: float = POLL_INTERVAL) -> None:
        """Let time pass, and the forwarder send everything."""
        self._clock.now += max(seconds - self._clock.slept[-1], 0)
        await self._clock.wake()
        await self._clock.asleep()

    def means(self, key: str = "sensor.t") -> dict[int, float | None]:
        """Return the user station's means of a statistic by hour; None: deleted."""
        found: dict[int, float | None] = {}
        for document_id, document in self.server.statistics.items():
            station, _, rest = document_id.partition(":")
            statistic, _, hour = rest.rpartition(":")
            assert station == document["station"]["id"]
            if statistic == key:
                found[int(hour) - HOUR] = document["statistics"].get("mean")
                assert ("@timestamp" in document) is not document["statistics"].get("deleted", False)
        return found

    @property
    def problem(self) -> ElasticsearchError | None:
        """Return the server's problem."""
        return self.forwarder.status.problem

    def sent_count(self) -> int:
        """Return how many documents were sent until now, and forget them."""
        count = sum(map(len, self.server.statistics_bulks))
        self.server.statistics_bulks.clear()
        return count


@pytest.fixture
async def harness(
    hass: HomeAssistant, recorder_mock: Recorder, server: Server, hass_storage: dict[str, Any], clock: Clock
) -> AsyncIterator[Harness]:
    """Return a harness, and stop its forwarder after the test."""
    harness = Harness(hass, recorder_mock, server, clock)
    yield harness
    await harness.stop()


sqlite = databases("sqlite")


async def test_all_statistics_are_sent_once_and_then_every_hour(harness: Harness) -> None:
    await harness.statistics.add(20.1, 20.2, 20.3)
    await harness.statistics.add_sums(0.5, 0.75)
    await harness.statistics.add(7.0, statistic_id="imported:one", unit="mm")

    await harness.start()

    assert harness.means() == {0: 20.1, 1: 20.2, 2: 20.3}
    station = {"id": "0123", "name": "Farol"}
    assert harness.server.statistics[f"0123:sensor.t:{HOUR}"] == {
        "@timestamp": "2023-01-01T00:00:00Z",
        "station": station,
        "entity": {"id": "sensor.t", "domain": "sensor", "unit": "°C"},
        "statistics": {"mean": 20.1, "min": 19.1, "max": 21.1},
    }
    energy = harness.server.statistics[f"0123:sensor.energy:{HOUR + 1}"]
    assert energy["statistics"] == {"state": 100.75, "sum": 0.75}
    imported = harness.server.statistics[f"0123:imported:one:{HOUR}"]
    assert imported["entity"] == {"id": "imported:one", "domain": "imported", "name": "Imported", "unit": "mm"}
    assert harness.sent_count() == 6

    await harness.go_on()
    await harness.statistics.add(20.4, first=3)
    await harness.go_on()
    assert harness.means() == {0: 20.1, 1: 20.2, 2: 20.3, 3: 20.4}
    assert harness.sent_count() == 1
    assert harness.forwarder.checkpoint.stored_count == 7


async def test_corrections_imports_and_deletions_are_followed(harness: Harness) -> None:
    await harness.statistics.add(*map(float, range(5)))
    await harness.statistics.add(*map(float, range(3)), statistic_id="sensor.u")
    await harness.statistics.add_sums(1.0, 2.0, 3.0)
    await harness.start()
    harness.sent_count()

    await harness.statistics.add(10.5, first=1)
    await harness.go_on(CORRECTION_INTERVAL)
    assert harness.means() == {0: 0.0, 1: 10.5, 2: 2.0, 3: 3.0, 4: 4.0}
    assert harness.sent_count() == 5, "only the part of the statistic"

    await harness.statistics.adjust("sensor.energy", 1, 100.0)
    await harness.go_on(CORRECTION_INTERVAL)
    sums = [harness.server.statistics[f"0123:sensor.energy:{HOUR + number}"] for number in range(3)]
    assert [document["statistics"]["sum"] for document in sums] == [1.0, 102.0, 103.0]

    await harness.statistics.add(-1.0, first=-1)
    await harness.go_on()
    assert harness.means()[-1] == -1.0

    await harness.statistics.convert("sensor.t", "°C", "°F")
    await harness.go_on()
    document = harness.server.statistics[f"0123:sensor.t:{HOUR}"]
    assert document["statistics"]["mean"] == 32.0
    assert document["entity"]["unit"] == "°F"

    await harness.statistics.clear("sensor.t")
    await harness.go_on()
    assert set(harness.means().values()) == {None}
    assert harness.server.statistics[f"0123:sensor.t:{HOUR}"] == {
        "station": {"id": "0123", "name": "Farol"},
        "statistics": {"deleted": True},
    }
    assert harness.means("sensor.u") == {0: 0.0, 1: 1.0, 2: 2.0}
    assert set(harness.forwarder.checkpoint.known) == {"sensor.u", "sensor.energy"}

    await harness.statistics.add(50.0)
    await harness.go_on()
    assert harness.means()[0] == 50.0


async def test_rows_that_another_program_changed_are_found_daily(harness: Harness) -> None:
    await harness.statistics.add(1.0, 2.0, 3.0, 4.0)
    await harness.start()
    await harness.statistics.run("DELETE FROM statistics WHERE mean = 2")
    await harness.statistics.run("UPDATE statistics SET mean = 7 WHERE mean = 3")
    await harness.go_on(CORRECTION_INTERVAL)
    assert harness.means() == {0: 1.0, 1: 2.0, 2: 3.0, 3: 4.0}
    await harness.go_on(COMPARE_INTERVAL)
    assert harness.means() == {0: 1.0, 1: None, 2: 7.0, 3: 4.0}


@sqlite
async def test_what_changed_while_nothing_ran_is_found_at_the_start(harness: Harness) -> None:
    await harness.statistics.add(1.0, 2.0, 3.0)
    await harness.statistics.add(1.0, statistic_id="sensor.u")
    await harness.start()
    await harness.stop()
    await harness.statistics.add(9.0, 4.0, first=2)
    await harness.statistics.clear("sensor.u")
    harness.sent_count()
    await harness.start()
    assert harness.means() == {0: 1.0, 1: 2.0, 2: 9.0, 3: 4.0}
    assert harness.means("sensor.u") == {0: None}
    await harness.stop()
    harness.sent_count()
    await harness.start()
    assert harness.sent_count() == 0


@sqlite
@pytest.mark.exhaustive
async def test_a_statistic_of_many_parts(harness: Harness) -> None:
    await harness.statistics.add(*(number % 50 * 1.5 for number in range(5000)))
    await harness.start()
    assert len(harness.means()) == 5000
    assert {int(found.hours) for found in harness.forwarder.checkpoint.known["sensor.t"].parts.values()} == {
        1008,
        2400,
        1592,
    }
    harness.sent_count()
    await harness.statistics.add(-5.0, first=4000)
    await harness.go_on(CORRECTION_INTERVAL)
    assert harness.means()[4000] == -5.0
    assert harness.sent_count() == 1592
    await harness.statistics.run(
        "DELETE FROM statistics WHERE start_ts >= :first AND start_ts < :last",
        first=(HOUR + 3408) * 3600,
        last=(HOUR + 4900) * 3600,
    )
    await harness.go_on(COMPARE_INTERVAL)
    assert [number for number, mean in harness.means().items() if mean is None] == list(range(3408, 4900))


@sqlite
@pytest.mark.parametrize("content", [{}, {"target": 1, "known": []}, []])
async def test_a_lost_checkpoint_sends_all_again_to_the_same_documents(
    harness: Harness, hass_storage: dict[str, Any], content: Any
) -> None:
    await harness.statistics.add(1.0, 2.0)
    await harness.start()
    await harness.stop()
    if content == {}:
        del hass_storage[KEY]
    else:
        hass_storage[KEY]["data"] = content
    harness.sent_count()
    await harness.start()
    assert harness.means() == {0: 1.0, 1: 2.0}
    assert harness.sent_count() == 2


@sqlite
async def test_a_replaced_database_deletes_nothing(harness: Harness) -> None:
    await harness.statistics.add(1.0, 2.0)
    await harness.statistics.add(5.0, statistic_id="sensor.u")
    await harness.start()
    for statement in (
        "DELETE FROM statistics_meta WHERE statistic_id = 'sensor.u'",
        "DELETE FROM statistics WHERE mean = 5",
        "UPDATE statistics SET created_ts = created_ts - 1000",
    ):
        await harness.statistics.run(statement)
    harness.sent_count()
    await harness.go_on()
    assert harness.means("sensor.u") == {0: 5.0}
    assert harness.sent_count() == 2, "everything is sent again"
    await harness.statistics.run("UPDATE schema_changes SET changed = '2020-01-01'")
    await harness.go_on()
    assert harness.sent_count() == 2


@sqlite
async def test_an_import_that_is_deleted_again(harness: Harness) -> None:
    """Its rows are the newest of the database."""
    await harness.statistics.add(1.0, 2.0)
    await harness.statistics.add(*map(float, range(50)), statistic_id="imported:one")
    await harness.start()
    await harness.statistics.clear("imported:one")
    harness.sent_count()
    await harness.go_on()
    assert set(harness.means("imported:one").values()) == {None}
    assert harness.sent_count() == 50


@sqlite
async def test_a_restored_database_deletes_nothing(harness: Harness) -> None:
    """It still has the rows of statistics that ended before the backup."""
    await harness.statistics.add(1.0, statistic_id="sensor.ended")
    await harness.statistics.run("UPDATE statistics SET created_ts = created_ts - 100000")
    await harness.statistics.add(1.0, 2.0)
    await harness.statistics.add(5.0, statistic_id="sensor.new")
    await harness.start()
    await harness.statistics.run("DELETE FROM statistics WHERE mean = 2 OR mean = 5")
    await harness.statistics.run("DELETE FROM statistics_meta WHERE statistic_id = 'sensor.new'")
    await harness.go_on(COMPARE_INTERVAL)
    assert harness.means() == {0: 1.0, 1: 2.0}
    assert harness.means("sensor.new") == {0: 5.0}


@sqlite
async def test_another_target_gets_everything(harness: Harness) -> None:
    await harness.statistics.add(1.0, 2.0)
    await harness.start()
    await harness.stop()
    await harness.start(task="another")
    assert harness.sent_count() == 4
    # An index that was deleted and created again is empty
    harness.server.statistics.clear()
    harness.server.statistics_index = "2"
    await harness.go_on(statistics_forwarder.CHECK_INTERVAL)
    await harness.go_on()
    assert harness.means() == {0: 1.0, 1: 2.0}


@sqlite
async def test_statistics_follow_their_entity(harness: Harness, hass: HomeAssistant) -> None:
    registry = er.async_get(hass)
    entity = registry.async_get_or_create("sensor", "test", "1", suggested_object_id="t", translation_key="outside")
    await harness.statistics.add(1.0, 2.0)
    await harness.start()
    assert harness.means(entity.id) == {0: 1.0, 1: 2.0}
    document = harness.server.statistics[f"0123:{entity.id}:{HOUR}"]
    assert document["entity"]["platform"] == "test"
    assert document["entity"]["key"] == "outside"

    registry.async_update_entity("sensor.t", new_entity_id="sensor.new")
    await harness.statistics.add(3.0, first=2, statistic_id="sensor.new")
    await harness.go_on()
    assert harness.means(entity.id) == {0: 1.0, 1: 2.0, 2: 3.0}
    assert len(harness.server.statistics) == 3
    assert {document["entity"]["id"] for document in harness.server.statistics.values()} == {"sensor.new"}

    registry.async_remove("sensor.new")
    await harness.statistics.add(4.0, first=3, statistic_id="sensor.new")
    harness.sent_count()
    await harness.go_on()
    assert harness.means(entity.id)[3] == 4.0
    assert harness.sent_count() == 1, "it keeps its id and origin"


@sqlite
async def test_only_statistics_of_selected_entities_are_sent(harness: Harness, hass: HomeAssistant) -> None:
    registry = er.async_get(hass)
    entity = registry.async_get_or_create("sensor", "test", "1", suggested_object_id="t")
    await harness.statistics.add(1.0, 2.0)
    await harness.statistics.add(5.0, statistic_id="sensor.u")
    await harness.statistics.add(6.0, statistic_id="imported:one")
    await harness.start(Selection.CHOSEN, (entity.id,))
    assert harness.sent_count() == 2
    # Another entity takes the name over: its statistics are not sent, and those of the entity stay
    registry.async_update_entity("sensor.t", new_entity_id="sensor.u")
    registry.async_get_or_create("sensor", "test", "2", suggested_object_id="t")
    await harness.statistics.add(8.0, first=7, statistic_id="sensor.t")
    await harness.go_on()
    assert 7 not in harness.means(entity.id)
    assert harness.means(entity.id)[0] == 5.0


@sqlite
async def test_a_key_without_the_privilege_waits(harness: Harness, logged: Logged) -> None:
    await harness.statistics.add(1.0)
    harness.server.statistics_privileges["indices:data/write/index"] = False
    await harness.start()
    await harness.go_on()
    assert isinstance(harness.problem, StatisticsPrivilegeError)
    assert str(harness.problem) == "indices:data/write/index"
    assert not harness.sent_count()
    harness.server.statistics_privileges["indices:data/write/index"] = True
    await harness.go_on()
    assert harness.means() == {0: 1.0}
    assert harness.forwarder.status.failures == 0
    assert [level for level, _ in logged()] == ["WARNING", "INFO"]


@sqlite
async def test_a_missing_index_waits(harness: Harness) -> None:
    await harness.statistics.add(1.0)
    await harness.start()
    harness.server.statistics_index = None
    await harness.statistics.add(2.0, first=1)
    await harness.go_on()
    await harness.go_on()
    assert isinstance(harness.problem, StatisticsIndexMissingError)
    harness.server.statistics_index = "2"
    harness.server.statistics.clear()
    await harness.go_on()
    assert harness.means() == {0: 1.0, 1: 2.0}


@sqlite
@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (item(400, "closed", "index_closed_exception"), IndexClosedError),
        (item(403, "blocked by: [FORBIDDEN/8/index write (api)];", "cluster_block_exception"), IndexBlockedError),
        (item(413, "too large", "unknown_exception"), ElasticsearchError),
    ],
)
async def test_a_fault_of_the_server_loses_nothing(
    harness: Harness, failure: dict[str, Any], error: type[ElasticsearchError]
) -> None:
    await harness.statistics.add(1.0, 2.0)
    await harness.start()
    await harness.statistics.add(3.0, 4.0, first=1)
    harness.server.statistics_items = lambda _: {"index": failure["create"]}
    await harness.go_on(CORRECTION_INTERVAL)
    assert type(harness.problem) is error
    harness.server.statistics_items = lambda _: None
    await harness.go_on()
    assert harness.means() == {0: 1.0, 1: 3.0, 2: 4.0}
    assert harness.problem is None


@sqlite
async def test_a_busy_server_gets_smaller_requests(harness: Harness, logged: Logged) -> None:
    await harness.statistics.add(*map(float, range(300)))
    harness.server.statistics_answers.extend([refusing(429), None])
    busy = iter([{"index": item(429, "full", "es_rejected_execution_exception")["create"]}])
    harness.server.statistics_items = lambda _: next(busy, None)
    await harness.start()
    await harness.go_on()
    await harness.go_on()
    await harness.go_on()
    assert len(harness.means()) == 300
    assert [len(bulk) for bulk in harness.server.statistics_bulks][:3] == [300, 150, 75]
    assert not logged(), "the forwarder of states reports a server that is busy"


@sqlite
async def test_requests_that_are_too_large_become_smaller(harness: Harness) -> None:
    await harness.statistics.add(*map(float, range(120)))
    harness.server.statistics_answers.append(refusing(413))
    await harness.start()
    assert [len(bulk) for bulk in harness.server.statistics_bulks] == [120, 60, 60]
    assert len(harness.means()) == 120
    await harness.statistics.add(1.0, first=500)
    harness.server.statistics_answers.append(refusing(413))
    await harness.go_on()
    assert isinstance(harness.problem, LimitTooLowError)


@sqlite
async def test_a_server_that_is_away(harness: Harness, logged: Logged) -> None:
    await harness.statistics.add(1.0)
    await harness.server.stop()
    await harness.start()
    assert harness.problem
    assert not logged()
    await harness.server.start()
    await harness.go_on()
    assert harness.means() == {0: 1.0}


@sqlite
async def test_a_key_that_is_revoked(harness: Harness, logged: Logged) -> None:
    await harness.statistics.add(1.0)
    harness.server.statistics_answers.append(refusing(401))
    await harness.start()
    assert isinstance(harness.problem, KeyRefusedError)
    assert not logged()
    await harness.go_on()
    assert harness.means() == {0: 1.0}


@sqlite
async def test_an_unknown_answer(harness: Harness) -> None:
    async def answer(*_: Any) -> Any:
        return elastic({"items": []})

    await harness.statistics.add(*map(float, range(200)))
    harness.server.statistics_answers.append(answer)
    await harness.start()
    assert type(harness.problem) is ElasticsearchError
    await harness.go_on()
    assert len(harness.means()) == 200
    assert [len(bulk) for bulk in harness.server.statistics_bulks] == [200, 100, 100]

    async def unavailable(request: Any) -> Any:
        return elastic({}, HTTPStatus.BAD_REQUEST) if request.path.endswith("_settings") else None

    harness.server.check = unavailable
    await harness.go_on(statistics_forwarder.CHECK_INTERVAL)
    await harness.go_on()
    assert str(harness.problem) == "400 to _settings"


@sqlite
async def test_rejected_statistics_are_sent_again_every_hour(harness: Harness) -> None:
    await harness.statistics.add(1.0, 2.0, 3.0)
    await harness.start()
    rejects = f"0123:sensor.t:{HOUR + 3}"
    failure = {"index": bad("a wrong field")["create"]}
    harness.server.statistics_items = lambda document_id: failure if document_id == rejects else None
    await harness.statistics.add(4.0, 5.0, first=3)
    await harness.go_on()
    assert harness.means() == {0: 1.0, 1: 2.0, 2: 3.0, 4: 5.0}
    assert harness.problem is None
    assert harness.forwarder.status.rejected == "document_parsing_exception: a wrong field"
    harness.server.statistics_items = lambda _: None
    await harness.go_on(REJECTED_INTERVAL)
    assert harness.means()[3] == 4.0
    assert harness.forwarder.status.rejected is None


@sqlite
async def test_a_pipeline_that_drops_statistics(harness: Harness) -> None:
    await harness.statistics.add(1.0)
    harness.server.statistics_items = lambda _: {"index": {"result": "noop", "status": 200}}
    await harness.start()
    assert harness.forwarder.status.rejected == "an ingest pipeline dropped it"
    assert not harness.means()


@sqlite
async def test_if_all_are_rejected_they_wait(harness: Harness) -> None:
    await harness.statistics.add(*map(float, range(MANY)))
    failure = {"index": bad("a wrong field")["create"]}
    harness.server.statistics_items = lambda _: failure
    await harness.start()
    assert isinstance(harness.problem, RejectedError)
    assert harness.forwarder.checkpoint.position == 0
    harness.server.statistics_items = lambda _: None
    await harness.go_on()
    assert len(harness.means()) == MANY


@sqlite
async def test_the_station_of_the_key_is_named(harness: Harness) -> None:
    await harness.statistics.add(1.0)
    harness.server.station_id = "bound"
    await harness.start()
    assert list(harness.server.statistics) == [f"bound:sensor.t:{HOUR}"]


@sqlite
@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (RecorderBusyError(), None),
        (RecorderUnavailableError(), None),
        (RecorderUnexpectedError("no table"), "no table"),
        (ZeroDivisionError("x"), "ZeroDivisionError: x"),
    ],
)
async def test_a_recorder_that_cannot_be_read(harness: Harness, error: Exception, problem: str | None) -> None:
    await harness.statistics.add(1.0)
    with patch.object(statistics_forwarder, "async_select", side_effect=error):
        await harness.start()
        assert repr(harness.problem) == (repr(DefectError(problem)) if problem else "None")
    await harness.go_on()
    assert harness.means() == {0: 1.0}


@sqlite
@pytest.mark.exhaustive
async def test_the_checkpoint_is_saved_while_much_is_sent(
    harness: Harness, clock: Clock, hass_storage: dict[str, Any]
) -> None:
    await harness.statistics.add(*map(float, range(1200)))
    saved: list[int] = []

    def pass_time(_: str) -> None:
        clock.now += 0.05
        if KEY in hass_storage:
            saved.append(hass_storage[KEY]["data"]["position"])

    harness.server.statistics_items = pass_time
    await harness.start()
    assert 500 in saved
    assert hass_storage[KEY]["data"]["position"] == 1200
