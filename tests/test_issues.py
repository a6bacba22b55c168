"""Tests that a repair that a user ignores stays ignored until its problem is solved."""

from collections.abc import Awaitable, Callable
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, flush_store

from custom_components.anavi_weather.chip_issues import FAILURE_LASTS, ChipIssues
from custom_components.anavi_weather.const import CONF_BUS, CONF_SEND_STATISTICS, DOMAIN
from custom_components.anavi_weather.fleet_coordinator import FleetCoordinator
from custom_components.anavi_weather.phat import (
    AddressClaimedError,
    ChipError,
    ChipId,
    DriverMissingError,
    NoAnswerError,
)
from custom_components.anavi_weather.phat.simulator import Simulator
from custom_components.anavi_weather.user_station.errors import (
    CannotConnectError,
    DiskFullError,
    IndexBlockedError,
    KeyRefusedError,
)
from custom_components.anavi_weather.user_station.forwarder import Forwarder
from custom_components.anavi_weather.user_station.ranges import Range
from custom_components.anavi_weather.user_station.recorder_log import RecorderUnexpectedError
from custom_components.anavi_weather.user_station.statistics_forwarder import StatisticsForwarder
from custom_components.anavi_weather.user_station.status import WaitingStates
from homeassistant.config_entries import ConfigEntryState, ConfigSubentry, ConfigSubentryDataWithId
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .conftest import Machine, PassTime, fail
from .user_station.server import Server, elastic

DAY = 86400.0
HTU21D = ChipId("HTU21D", 0x40)

type Again = Callable[[MockConfigEntry], Awaitable[None]]


class Issue:
    """A repair issue in the registry."""

    def __init__(self, hass: HomeAssistant, issue_id: str) -> None:
        """Initialize the issue, which may not exist."""
        self._hass = hass
        self._id = issue_id

    @property
    def is_ignored(self) -> bool | None:
        """Return whether a user ignores the issue, or None if it does not exist or is not shown."""
        issue = ir.async_get(self._hass).async_get_issue(DOMAIN, self._id)
        return issue.dismissed_version is not None if issue and issue.active else None

    @property
    def is_known(self) -> bool:
        """Return whether the registry has the issue, shown or not."""
        return ir.async_get(self._hass).async_get_issue(DOMAIN, self._id) is not None

    def ignore(self) -> None:
        """Ignore the issue, as a user does."""
        assert self.is_ignored is False, f"{self._id} is not shown"
        ir.async_ignore_issue(self._hass, DOMAIN, self._id, ignore=True)


@pytest.fixture(params=["reload", "restart"])
def again(request: pytest.FixtureRequest, hass: HomeAssistant, hass_storage: dict[str, Any]) -> Again:
    """Return a function that loads an entry again, without the forwarders' tasks."""

    async def load_again(entry: MockConfigEntry) -> None:
        registry = ir.async_get(hass)
        with patch.object(Forwarder, "async_run"), patch.object(StatisticsForwarder, "async_run"):
            if request.param == "reload":
                await hass.config_entries.async_reload(entry.entry_id)
            else:
                # Home Assistant does not unload entries when it stops
                await flush_store(registry._store)
                await hass.config_entries.async_unload(entry.entry_id)
                await registry._async_load()
                await hass.config_entries.async_setup(entry.entry_id)
            await hass.async_block_till_done()

    return load_again


def forwarder_of(entry: MockConfigEntry) -> Forwarder:
    """Return the forwarder of the station as it is loaded now."""
    forwarder: Forwarder = entry.runtime_data.forwarders["01USER"]
    return forwarder


async def test_destination(hass: HomeAssistant, entry: MockConfigEntry, forwarder: Forwarder, again: Again) -> None:
    issue = Issue(hass, "destination_01USER")
    fail(forwarder, KeyRefusedError("401"))
    issue.ignore()
    await again(entry)
    fail(forwarder_of(entry), CannotConnectError("no answer"))
    fail(forwarder_of(entry), KeyRefusedError("401"))
    assert issue.is_ignored

    forwarder_of(entry).status.async_record_success(all_sent=True)
    assert not issue.is_known
    fail(forwarder_of(entry), KeyRefusedError("401"))
    assert issue.is_ignored is False, "the problem is another one"


async def test_aside(hass: HomeAssistant, entry: MockConfigEntry, forwarder: Forwarder, again: Again) -> None:
    issue = Issue(hass, "aside_01USER")
    forwarder.checkpoint.set_aside([Range(1, 3, 3)])
    await forwarder._ledger.async_save()
    forwarder.status.async_record_aside(3, IndexBlockedError("write"))
    issue.ignore()
    await again(entry)
    status = forwarder_of(entry).status
    status.async_record_success(all_sent=True)
    status.async_record_aside(3, IndexBlockedError("write"))
    assert issue.is_ignored

    status.async_record_aside(0, None)
    assert not issue.is_known


async def test_backlog(hass: HomeAssistant, entry: MockConfigEntry, forwarder: Forwarder, again: Again) -> None:
    issue = Issue(hass, "backlog_01USER")
    near = WaitingStates(3, 10 * DAY, 1 * DAY)
    forwarder.checkpoint.set_aside([Range(1, 3, 3)])
    await forwarder._ledger.async_save()
    forwarder.status.async_record_aside(3, IndexBlockedError("write"))
    forwarder.status.async_record_aside_waiting(near)
    issue.ignore()
    await again(entry)
    status = forwarder_of(entry).status
    status.async_record_success(all_sent=True)
    status.async_record_aside_waiting(near)
    assert issue.is_ignored

    status.async_record_aside(0, None)
    assert not issue.is_known


async def test_recorder(hass: HomeAssistant, entry: MockConfigEntry, forwarder: Forwarder, again: Again) -> None:
    issue = Issue(hass, "recorder_01USER")
    forwarder.status.async_record_recorder_failure(RecorderUnexpectedError("odd"), now=0)
    issue.ignore()
    await again(entry)
    status = forwarder_of(entry).status
    status.async_record_recorder_failure(RecorderUnexpectedError("odd"), now=0)
    assert issue.is_ignored

    status.async_record_recorder_read()
    status.async_record_success(all_sent=True)
    assert not issue.is_known


async def test_statistics(hass: HomeAssistant, entry: MockConfigEntry, forwarder: Forwarder, again: Again) -> None:
    issue = Issue(hass, "statistics_01USER")

    def fail_statistics() -> None:
        for _ in range(3):
            entry.runtime_data.statistics_forwarders["01USER"].status.async_record_failure(DiskFullError("full"))

    fail_statistics()
    issue.ignore()
    await again(entry)
    fail_statistics()
    assert issue.is_ignored

    entry.runtime_data.statistics_forwarders["01USER"].status.async_record_success()
    assert not issue.is_known


async def test_fleet(
    hass: HomeAssistant, entry: MockConfigEntry, coordinator: FleetCoordinator, server: Server, again: Again
) -> None:
    issue = Issue(hass, "fleet_key_01FLEET")

    async def reject(_: object) -> Any:
        return elastic({}, 401)

    async def read() -> None:
        for _ in range(3):
            await entry.runtime_data.fleets["01FLEET"].async_refresh()

    server.check = reject
    await read()
    issue.ignore()
    await again(entry)
    await read()
    assert issue.is_ignored

    server.check = None
    await read()
    assert not issue.is_known


async def test_chip(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: Simulator,
    chip_issue: str,
    again: Again,
    pass_time: PassTime,
) -> None:
    issue = Issue(hass, chip_issue)
    issue.ignore()
    await again(entry)
    await pass_time()
    await pass_time(FAILURE_LASTS.total_seconds() + 1)
    assert issue.is_ignored

    await again(entry)
    simulator.plug(0x40)
    await pass_time()
    assert not issue.is_known, "although it did not fail since the start"


async def test_bus(hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry, again: Again) -> None:
    issue = Issue(hass, "bus_unavailable_01BOARD")
    machine.pair.plug()
    await hass.config_entries.async_setup(board_entry.entry_id)
    issue.ignore()
    await again(board_entry)
    assert issue.is_ignored

    machine.plug()
    await again(board_entry)
    assert not issue.is_known


async def test_infrared(
    hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry, again: Again, pass_time: PassTime
) -> None:
    issue = Issue(hass, "infrared_unavailable_01BOARD")
    machine.plug()
    machine.pair.plug()
    await hass.config_entries.async_setup(board_entry.entry_id)
    machine.pair.unplug()
    for _ in range(3):
        await pass_time(61)
    issue.ignore()
    await again(board_entry)
    for _ in range(3):
        await pass_time(61)
    assert issue.is_ignored

    machine.pair.plug()
    for _ in range(2):
        await pass_time(61)
    assert not issue.is_known


# Another cause


async def test_another_problem_of_a_server_is_shown(
    hass: HomeAssistant, entry: MockConfigEntry, forwarder: Forwarder
) -> None:
    issue = Issue(hass, "destination_01USER")
    fail(forwarder, DiskFullError("full"))
    issue.ignore()
    fail(forwarder, CannotConnectError("no answer"))
    fail(forwarder, DiskFullError("fuller"))
    assert issue.is_ignored
    fail(forwarder, KeyRefusedError("401"))
    assert issue.is_ignored is False


async def test_another_cause_why_states_are_set_aside_is_shown(
    hass: HomeAssistant, entry: MockConfigEntry, forwarder: Forwarder
) -> None:
    issue = Issue(hass, "aside_01USER")
    forwarder.status.async_record_success(all_sent=True)
    forwarder.status.async_record_aside(3, IndexBlockedError("write"))
    issue.ignore()
    forwarder.status.async_record_aside(300, DiskFullError("full"))
    assert issue.is_ignored is False


async def test_more_states_that_were_lost_are_shown(
    hass: HomeAssistant, entry: MockConfigEntry, forwarder: Forwarder, again: Again
) -> None:
    issue = Issue(hass, "purged_01USER")
    forwarder.checkpoint.record_purged(3)
    await forwarder._ledger.async_save()
    forwarder.status.async_notify_listeners()
    issue.ignore()
    await again(entry)
    assert issue.is_ignored
    forwarder_of(entry).checkpoint.record_purged(3000)
    forwarder_of(entry).status.async_notify_listeners()
    assert issue.is_ignored is False


async def test_more_states_that_the_server_drops_stay_ignored(
    hass: HomeAssistant, entry: MockConfigEntry, forwarder: Forwarder
) -> None:
    issue = Issue(hass, "dropped_01USER")
    forwarder.checkpoint.record_dropped(3)
    forwarder.status.async_notify_listeners()
    issue.ignore()
    forwarder.checkpoint.record_dropped(3)
    forwarder.status.async_notify_listeners()
    assert issue.is_ignored, "a pipeline may drop them on purpose"


async def test_another_problem_with_statistics_is_shown(
    hass: HomeAssistant, entry: MockConfigEntry, forwarder: Forwarder
) -> None:
    issue = Issue(hass, "statistics_01USER")
    status = entry.runtime_data.statistics_forwarders["01USER"].status
    for _ in range(3):
        status.async_record_failure(DiskFullError("full"))
    issue.ignore()
    status.async_record_failure(DiskFullError("fuller"))
    assert issue.is_ignored
    status.async_record_failure(IndexBlockedError("write"))
    assert issue.is_ignored is False


@pytest.mark.parametrize(
    ("first", "then", "is_ignored"),
    [
        (NoAnswerError("none"), ChipError("odd"), True),
        (ChipError("odd"), NoAnswerError("none"), True),
        (NoAnswerError("none"), AddressClaimedError("claimed"), False),
        (DriverMissingError("missing"), ChipError("odd"), False),
    ],
)
async def test_another_failure_of_a_chip_is_shown(
    hass: HomeAssistant, entry: MockConfigEntry, first: ChipError, then: ChipError, *, is_ignored: bool
) -> None:
    """Failures of the same kind may alternate."""
    issues = ChipIssues(hass, entry)
    issue = Issue(hass, "chip_01STATION_htu21d_40")
    issues._create(HTU21D, first, is_partial=False)
    issue.ignore()
    issues._create(HTU21D, then, is_partial=False)
    assert issue.is_ignored is is_ignored


@pytest.mark.parametrize("removed", ["user_station", "fleet", "entry"])
async def test_ignored_issues_are_deleted_with_their_owner(
    hass: HomeAssistant,
    issue_registry: ir.IssueRegistry,
    entry: MockConfigEntry,
    user_station: ConfigSubentry,
    coordinator: FleetCoordinator,
    removed: str,
) -> None:
    ids = {"user_station": "destination_01USER", "fleet": "fleet_key_01FLEET", "entry": "chip_01STATION_htu21d_41"}
    others = {"destination_01USER2", "fleet_key_01FLEET2", "chip_01STATION2_htu21d_41"}
    subentries = [
        ConfigSubentryDataWithId(
            data={}, subentry_id=f"01{kind.upper()}2", subentry_type=kind, title="", unique_id=None
        )
        for kind in ("user", "fleet")
    ]
    MockConfigEntry(domain=DOMAIN, entry_id="01STATION2", subentries_data=subentries).add_to_hass(hass)
    for issue_id in (*ids.values(), *others):
        ir.async_create_issue(
            hass, DOMAIN, issue_id, is_fixable=False, severity=ir.IssueSeverity.ERROR, translation_key="chip_failing"
        )
        Issue(hass, issue_id).ignore()
    if removed == "entry":
        await hass.config_entries.async_remove(entry.entry_id)
        deleted = set(ids.values())
    else:
        owner = {"user_station": user_station.subentry_id, "fleet": "01FLEET"}[removed]
        hass.config_entries.async_remove_subentry(entry, owner)
        deleted = {ids[removed]}
    await hass.async_block_till_done()
    assert {issue_id for _, issue_id in issue_registry.issues} == {*ids.values(), *others} - deleted


async def test_ignored_issues_are_deleted_if_their_owner_was_removed_while_it_was_not_loaded(
    hass: HomeAssistant, entry: MockConfigEntry, forwarder: Forwarder
) -> None:
    issue = Issue(hass, "destination_01USER")
    fail(forwarder, KeyRefusedError("401"))
    issue.ignore()
    await hass.config_entries.async_unload(entry.entry_id)
    hass.config_entries.async_remove_subentry(entry, "01USER")
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert not issue.is_known


async def test_ignored_issues_without_an_owner_are_deleted_if_a_station_cannot_be_set_up(
    hass: HomeAssistant, issue_registry: ir.IssueRegistry, board_entry: MockConfigEntry
) -> None:
    for issue_id in ("destination_01USER", "chip_01BOARD_htu21d_41", "deleted_01DEVICE"):
        ir.async_create_issue(
            hass, DOMAIN, issue_id, is_fixable=False, severity=ir.IssueSeverity.ERROR, translation_key="chip_failing"
        )
        Issue(hass, issue_id).ignore()
    await hass.config_entries.async_setup(board_entry.entry_id)
    assert board_entry.state is ConfigEntryState.SETUP_RETRY
    # A device that was deleted can be restored
    assert {issue_id for _, issue_id in issue_registry.issues} == {"chip_01BOARD_htu21d_41", "deleted_01DEVICE"}


async def test_the_ignored_issue_of_infrared_is_deleted_if_the_pair_belongs_to_another_station(
    hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry
) -> None:
    machine.plug(2)
    other = MockConfigEntry(
        domain=DOMAIN,
        unique_id=machine.path(2),
        data={**board_entry.data, CONF_BUS: machine.path(2)},
        version=2,
        entry_id="01OTHER",
    )
    other.add_to_hass(hass)
    ir.async_create_issue(
        hass,
        DOMAIN,
        "infrared_unavailable_01OTHER",
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key="infrared_unavailable",
    )
    issue = Issue(hass, "infrared_unavailable_01OTHER")
    issue.ignore()
    assert await hass.config_entries.async_setup(other.entry_id)
    assert not issue.is_known


async def test_the_ignored_issue_of_statistics_is_deleted_with_their_setting(
    hass: HomeAssistant, entry: MockConfigEntry, forwarder: Forwarder
) -> None:
    issue = Issue(hass, "statistics_01USER")
    for _ in range(3):
        entry.runtime_data.statistics_forwarders["01USER"].status.async_record_failure(DiskFullError("full"))
    issue.ignore()
    subentry = entry.subentries["01USER"]
    with patch.object(Forwarder, "async_run"):
        hass.config_entries.async_update_subentry(entry, subentry, data={**subentry.data, CONF_SEND_STATISTICS: False})
        await hass.async_block_till_done()
    assert not issue.is_known
