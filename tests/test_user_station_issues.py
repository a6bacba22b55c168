"""Tests of the repair issues of a user station."""

import math
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.const import CONF_CHOSEN_ENTITIES, CONF_ENTITIES, DOMAIN
from custom_components.anavi_weather.exceptions import InvalidActionError
from custom_components.anavi_weather.user_station.breaker import Held
from custom_components.anavi_weather.user_station.checkpoint import NO_INDICES, Loss
from custom_components.anavi_weather.user_station.checkpoint_store import CheckpointStore
from custom_components.anavi_weather.user_station.errors import (
    BusyError,
    CannotConnectError,
    CertificateExpiredError,
    CertificateInvalidError,
    CertificateNotYetValidError,
    ClockBehindError,
    ElasticsearchError,
    IndexBlockedError,
    KeyRefusedError,
    NotElasticsearchError,
    NoTlsError,
    NotTimeSeriesError,
    OpenSearchError,
    OtherStationError,
    PrivilegeMissingError,
    RejectedError,
    ServerBehindError,
    StorageError,
    TlsNotTrustedError,
)
from custom_components.anavi_weather.user_station.forwarder import Forwarder
from custom_components.anavi_weather.user_station.recorder_log import RecorderBusyError, RecorderUnexpectedError
from custom_components.anavi_weather.user_station.statistics_forwarder import StatisticsForwarder
from custom_components.anavi_weather.user_station.status import WaitingStates
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .conftest import fail, refuse
from .repair_forms import open_repair, submit_repair

DAY = 86400.0


def active_issues(registry: ir.IssueRegistry) -> dict[str, tuple[str | None, dict[str, str] | None]]:
    """Return the active issues."""
    return {
        issue_id: (issue.translation_key, issue.translation_placeholders)
        for (domain, issue_id), issue in registry.issues.items()
        if domain == DOMAIN and issue.active
    }


# The server


# Errors that retrying cannot fix
LASTING_ERRORS: tuple[type[ElasticsearchError], ...] = (
    CertificateExpiredError,
    CertificateInvalidError,
    CertificateNotYetValidError,
    ClockBehindError,
    ElasticsearchError,
    KeyRefusedError,
    NotElasticsearchError,
    NotTimeSeriesError,
    OpenSearchError,
    OtherStationError,
    PrivilegeMissingError,
    ServerBehindError,
    NoTlsError,
    TlsNotTrustedError,
    *StorageError.__subclasses__(),
)


async def test_errors_that_retrying_cannot_fix_are_reported_after_three_failures(
    issue_registry: ir.IssueRegistry, forwarder: Forwarder
) -> None:
    for error in LASTING_ERRORS:
        fail(forwarder, error("why"), 2)
        assert active_issues(issue_registry) == {}
        fail(forwarder, error("why"), 1)
        assert active_issues(issue_registry) == {
            "destination_01USER": (f"user_station_{error.key}", {"user_station": "Casa", "detail": "why"})
        }
        (issue,) = issue_registry.issues.values()
        assert (issue.is_fixable, issue.is_persistent, issue.severity) == (False, False, ir.IssueSeverity.ERROR)

        forwarder.status.async_record_success(all_sent=True)
        assert active_issues(issue_registry) == {}


@pytest.mark.parametrize("error", [BusyError, CannotConnectError])
async def test_errors_that_retrying_can_fix_are_not_reported(
    issue_registry: ir.IssueRegistry, forwarder: Forwarder, error: type[ElasticsearchError]
) -> None:
    fail(forwarder, error("why"), 10)
    assert active_issues(issue_registry) == {}


async def test_markdown_of_a_server_is_shown_as_text(issue_registry: ir.IssueRegistry, forwarder: Forwarder) -> None:
    """Case 19."""
    fail(forwarder, ElasticsearchError("![](https://example.org/spy.png)"))
    ((_, placeholders),) = active_issues(issue_registry).values()
    assert placeholders
    assert placeholders["detail"] == r"\!\[\]\(https\:\/\/example\.org\/spy\.png\)"


async def test_states_that_are_set_aside_are_reported(issue_registry: ir.IssueRegistry, forwarder: Forwarder) -> None:
    """Case 5: the true cause."""
    forwarder.status.async_record_success(all_sent=True)
    forwarder.status.async_record_aside(3, IndexBlockedError("write"))
    placeholders = {"user_station": "Casa", "detail": "write"}
    assert active_issues(issue_registry) == {"aside_01USER": ("user_station_index_blocked", placeholders)}
    fail(forwarder, KeyRefusedError("401"))
    assert active_issues(issue_registry).keys() == {"aside_01USER", "destination_01USER"}
    fail(forwarder, IndexBlockedError("write"), 1)
    assert active_issues(issue_registry).keys() == {"destination_01USER"}, "the same cause is reported once"
    forwarder.status.async_record_success(all_sent=True)
    forwarder.status.async_record_aside(0, None)
    assert active_issues(issue_registry) == {}


async def test_states_that_are_held_are_reported_until_the_server_accepts_them(
    issue_registry: ir.IssueRegistry, forwarder: Forwarder
) -> None:
    held = {"a": Held("sensor.t", "failed to parse [state.number]"), "b": Held("sensor.u", "odd")}
    forwarder.checkpoint.breaker.record_held(held)
    fail(forwarder, RejectedError("odd"), 3)
    reasons = "- sensor\\.t\\: failed to parse \\[state\\.number\\]\n- sensor\\.u\\: odd"
    expected = ("user_station_states_held", {"user_station": "Casa", "detail": reasons})
    assert active_issues(issue_registry) == {"held_01USER": expected}
    (issue,) = issue_registry.issues.values()
    assert (issue.is_fixable, issue.severity) == (True, ir.IssueSeverity.ERROR)

    forwarder.status.async_record_success(all_sent=False)
    forwarder.status.async_record_aside(3, RejectedError("odd"))
    assert active_issues(issue_registry) == {"held_01USER": expected}, "it is reported once"
    forwarder.checkpoint.breaker.close()
    forwarder.status.async_notify_listeners()
    assert active_issues(issue_registry) == {}


async def test_states_that_are_held_are_skipped_when_an_administrator_confirms(
    hass: HomeAssistant, issue_registry: ir.IssueRegistry, forwarder: Forwarder
) -> None:
    forwarder.checkpoint.breaker.record_held({"a": Held("sensor.t", "odd")})
    forwarder.status.async_notify_listeners()
    form = await open_repair(hass, "held_01USER")
    await form.submit()
    assert active_issues(issue_registry) == {}
    assert list(forwarder.checkpoint.breaker.skipped) == ["a"]


async def test_another_error_replaces_the_first(issue_registry: ir.IssueRegistry, forwarder: Forwarder) -> None:
    fail(forwarder, KeyRefusedError("401"))
    fail(forwarder, TlsNotTrustedError("expired"), 1)
    assert [key for key, _ in active_issues(issue_registry).values()] == ["user_station_tls_not_trusted"]
    fail(forwarder, CannotConnectError("away"), 1)
    assert active_issues(issue_registry) == {}


# The recorder


async def test_a_recorder_that_cannot_be_read_is_reported(
    issue_registry: ir.IssueRegistry, forwarder: Forwarder
) -> None:
    forwarder.status.async_record_recorder_failure(RecorderUnexpectedError("states has no state"), now=0)
    assert active_issues(issue_registry) == {
        "recorder_01USER": (
            "user_station_recorder_unexpected",
            {"user_station": "Casa", "detail": "states has no state"},
        )
    }
    forwarder.status.async_record_recorder_read()
    assert active_issues(issue_registry) == {}


@pytest.mark.parametrize(
    ("waiting", "hours"),
    [
        (WaitingStates(7, 10 * DAY, 2.5 * DAY), None),
        (WaitingStates(7, 10 * DAY, 2.5 * DAY - 1), "59"),
        (WaitingStates(7, 10 * DAY, 1800), "0"),
        (WaitingStates(7, 10 * DAY, -DAY), "0"),
        (WaitingStates(7, math.inf, math.inf), None),
        (WaitingStates(0, 10 * DAY, 10 * DAY), None),
        (None, None),
    ],
)
async def test_a_backlog_near_the_recorders_horizon_is_reported(
    issue_registry: ir.IssueRegistry, forwarder: Forwarder, waiting: WaitingStates | None, hours: str | None
) -> None:
    if waiting:
        forwarder.status.async_record_waiting(waiting)
    fail(forwarder, CannotConnectError("away"))
    placeholders = {"user_station": "Casa", "backlog": "7", "hours": hours}
    expected = {} if hours is None else {"backlog_01USER": ("user_station_purge_near", placeholders)}
    assert active_issues(issue_registry) == expected
    if expected:
        (issue,) = issue_registry.issues.values()
        assert issue.severity is ir.IssueSeverity.WARNING

    forwarder.status.async_record_success(all_sent=False)
    assert active_issues(issue_registry) == {}, "what waits is being sent"


async def test_states_that_are_set_aside_are_counted_and_reported_near_the_horizon(
    issue_registry: ir.IssueRegistry, forwarder: Forwarder
) -> None:
    """While newer states are stored, and the oldest of all decides."""
    forwarder.status.async_record_success(all_sent=True)
    forwarder.status.async_record_aside(3, IndexBlockedError("write"))
    forwarder.status.async_record_aside_waiting(WaitingStates(3, 10 * DAY, 3 * DAY))
    assert "backlog_01USER" not in active_issues(issue_registry)
    forwarder.status.async_record_aside_waiting(WaitingStates(3, 10 * DAY, 2 * DAY))
    placeholders = {"user_station": "Casa", "backlog": "3", "hours": "48"}
    assert active_issues(issue_registry)["backlog_01USER"] == ("user_station_purge_near", placeholders)

    forwarder.status.async_record_waiting(WaitingStates(7, 10 * DAY, DAY))
    fail(forwarder, CannotConnectError("away"))
    placeholders = {"user_station": "Casa", "backlog": "10", "hours": "24"}
    assert active_issues(issue_registry)["backlog_01USER"] == ("user_station_purge_near", placeholders)
    forwarder.status.async_record_success(all_sent=True)
    forwarder.status.async_record_aside(0, None)
    assert active_issues(issue_registry) == {}


# Losses


async def test_dropped_states_are_reported_until_a_user_acknowledges_them(
    issue_registry: ir.IssueRegistry, forwarder: Forwarder
) -> None:
    """Case 8."""
    forwarder.checkpoint.record_dropped(3)
    forwarder.status.async_notify_listeners()
    placeholders = {"user_station": "Casa", "count": "3"}
    assert active_issues(issue_registry) == {"dropped_01USER": ("user_station_states_dropped", placeholders)}
    await forwarder.async_acknowledge_losses(*Loss)
    assert active_issues(issue_registry) == {}


async def test_another_station_that_sends_as_this_one_is_reported(
    hass: HomeAssistant, issue_registry: ir.IssueRegistry, forwarder: Forwarder
) -> None:
    """Cases 21 and 35."""
    forwarder.checkpoint.record_foreign(3)
    forwarder.status.async_notify_listeners()
    placeholders = {"user_station": "Casa", "count": "3"}
    assert active_issues(issue_registry) == {"foreign_01USER": ("user_station_states_foreign", placeholders)}
    form = await open_repair(hass, "foreign_01USER")
    await form.submit()
    assert active_issues(issue_registry) == {}


async def add_user_station(
    hass: HomeAssistant, entry: MockConfigEntry, **settings: object
) -> tuple[Forwarder, Forwarder]:
    """Add another user station, and return the forwarders of both. Their addresses are two of the same server."""
    with patch.object(Forwarder, "async_run"), patch.object(StatisticsForwarder, "async_run"):
        hass.config_entries.async_add_subentry(
            entry,
            ConfigSubentry(
                data=MappingProxyType({**entry.subentries["01USER"].data, **settings}),
                subentry_id="01OTHER",
                subentry_type="user_station",
                title="Sítio",
                unique_id="x",
            ),
        )
        await hass.async_block_till_done()
    forwarder, other = (entry.runtime_data.forwarders[subentry_id] for subentry_id in ("01USER", "01OTHER"))
    for one in (forwarder, other):
        one.entities.async_start(lambda: None)
        one.checkpoint.record_stream({"a": "1"})
    return forwarder, other


async def test_another_user_station_that_sends_the_same_is_named(
    hass: HomeAssistant, entry: MockConfigEntry, issue_registry: ir.IssueRegistry, forwarder: Forwarder
) -> None:
    forwarder, other = await add_user_station(hass, entry)

    def report() -> list[tuple[str | None, dict[str, str] | None]]:
        forwarder.checkpoint.record_foreign(3)
        forwarder.status.async_notify_listeners()
        reported = list(active_issues(issue_registry).values())
        forwarder.checkpoint.acknowledge_losses(*Loss)
        return reported

    def foreign(count: str) -> list[tuple[str, dict[str, str]]]:
        return [("user_station_states_foreign", {"user_station": "Casa", "count": count})]

    forwarder.status.async_record_success(all_sent=True)
    other.checkpoint.record_stream({"a": "2"})
    assert report() == foreign("3"), "it is another server"
    other.checkpoint.record_stream({"a": "1", "b": "4"})
    placeholders = {"user_station": "Casa", "other": "Sítio", "count": "6"}
    assert report() == [("user_station_states_sent_twice", placeholders)]
    other._batches.use_station_id("another")
    assert report() == foreign("9"), "its key is that of another station"
    other._batches.use_station_id(None)
    for one in (forwarder, other):
        one.checkpoint.stream = NO_INDICES
    assert report() == foreign("12"), "nobody knows where they send"


async def test_another_user_station_is_not_blamed_for_entities_that_it_does_not_send(
    hass: HomeAssistant, entry: MockConfigEntry, issue_registry: ir.IssueRegistry, forwarder: Forwarder
) -> None:
    hass.states.async_set("sensor.kitchen", "1")
    chosen = {CONF_ENTITIES: "chosen", CONF_CHOSEN_ENTITIES: ["sensor.kitchen"]}
    forwarder, _ = await add_user_station(hass, entry, **chosen)
    forwarder.checkpoint.record_foreign(3)
    forwarder.status.async_notify_listeners()
    assert active_issues(issue_registry).keys() == {"foreign_01USER"}


async def test_no_other_station_is_blamed_after_one_of_two_user_stations_is_deleted(
    hass: HomeAssistant, entry: MockConfigEntry, issue_registry: ir.IssueRegistry, forwarder: Forwarder
) -> None:
    """As the repair recommends."""
    forwarder, _ = await add_user_station(hass, entry)
    forwarder.checkpoint.record_foreign(3)
    forwarder.status.async_notify_listeners()
    assert active_issues(issue_registry).keys() == {"twin_01USER"}
    await forwarder._ledger.async_save()
    with patch.object(Forwarder, "async_run"), patch.object(StatisticsForwarder, "async_run"):
        hass.config_entries.async_remove_subentry(entry, "01OTHER")
        await hass.async_block_till_done()
    assert active_issues(issue_registry) == {}


async def test_another_user_station_is_named_after_a_reload(
    hass: HomeAssistant, entry: MockConfigEntry, issue_registry: ir.IssueRegistry, forwarder: Forwarder
) -> None:
    forwarder, other = await add_user_station(hass, entry)
    forwarder.checkpoint.record_foreign(3)
    for one in (forwarder, other):
        await one._ledger.async_save()
    with patch.object(Forwarder, "async_run"), patch.object(StatisticsForwarder, "async_run"):
        await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done()
    assert active_issues(issue_registry).keys() == {"twin_01USER"}
    form = await open_repair(hass, "twin_01USER")
    assert form.placeholders == {"user_station": "Casa", "other": "Sítio", "count": "3"}
    await form.submit()
    assert active_issues(issue_registry) == {}


async def test_a_user_acknowledges_one_kind_of_loss(
    hass: HomeAssistant, issue_registry: ir.IssueRegistry, forwarder: Forwarder
) -> None:
    checkpoint = forwarder.checkpoint
    refuse(forwarder)
    checkpoint.record_dropped(1)
    checkpoint.record_foreign(1)
    checkpoint.record_purged(1)
    checkpoint.record_maybe_purged(1)
    forwarder.status.record_damage("no JSON")
    forwarder.status.async_notify_listeners()
    issues = {f"{loss}_01USER" for loss in Loss}
    assert active_issues(issue_registry).keys() == issues
    for loss in Loss:
        issues.remove(issue_id := f"{loss}_01USER")
        await submit_repair(hass, issue_id)
        assert active_issues(issue_registry).keys() == issues


async def test_refused_states_are_reported_until_a_user_acknowledges_them(
    hass: HomeAssistant, issue_registry: ir.IssueRegistry, forwarder: Forwarder
) -> None:
    refuse(forwarder, 2)
    expected = {"user_station": "Casa", "count": "2", "entity": "sensor.t1", "detail": "odd"}
    assert active_issues(issue_registry) == {"refused_01USER": ("user_station_states_refused", expected)}
    (issue,) = issue_registry.issues.values()
    assert (issue.is_fixable, issue.is_persistent) == (True, False)

    form = await open_repair(hass, "refused_01USER")
    assert form.placeholders == expected
    await form.submit()
    assert active_issues(issue_registry) == {}

    forwarder.status.async_notify_listeners()
    assert active_issues(issue_registry) == {}, "it comes back only if more are refused"
    refuse(forwarder)
    assert [names and names["count"] for _, names in active_issues(issue_registry).values()] == ["3"]


async def test_purged_states_are_reported(issue_registry: ir.IssueRegistry, forwarder: Forwarder) -> None:
    forwarder.checkpoint.record_purged(5)
    forwarder.status.async_notify_listeners()
    assert active_issues(issue_registry) == {
        "purged_01USER": ("user_station_states_purged", {"user_station": "Casa", "count": "5"})
    }


async def test_states_that_may_have_been_purged_are_reported(
    issue_registry: ir.IssueRegistry, forwarder: Forwarder
) -> None:
    """Case 33."""
    forwarder.checkpoint.record_maybe_purged(673)
    forwarder.status.async_notify_listeners()
    assert active_issues(issue_registry) == {
        "maybe_purged_01USER": ("user_station_states_maybe_purged", {"user_station": "Casa", "count": "673"})
    }
    await forwarder.async_acknowledge_losses(*Loss)
    assert active_issues(issue_registry) == {}


async def test_a_stream_that_was_created_again_is_reported(
    hass: HomeAssistant, issue_registry: ir.IssueRegistry, forwarder: Forwarder
) -> None:
    """Case 10. The repair sends what is missing."""
    for index in ("1", "2"):
        forwarder.checkpoint.record_stream({index: index})
    forwarder.status.async_notify_listeners()
    expected = {"stream_01USER": ("user_station_stream_recreated", {"user_station": "Casa"})}
    assert active_issues(issue_registry) == expected
    with (
        patch.object(forwarder, "async_send_again", side_effect=RecorderBusyError),
        pytest.raises(InvalidActionError, match="Try again when"),
    ):
        await submit_repair(hass, "stream_01USER")
    assert active_issues(issue_registry) == expected
    with patch.object(forwarder, "async_send_again") as send_again:
        await submit_repair(hass, "stream_01USER")
    send_again.assert_awaited_once_with(0.0)
    assert active_issues(issue_registry) == {}


async def test_a_damaged_checkpoint_is_reported(issue_registry: ir.IssueRegistry, forwarder: Forwarder) -> None:
    """Case 12."""
    forwarder.status.record_damage("KeyError: 'task'")
    forwarder.status.async_notify_listeners()
    assert active_issues(issue_registry) == {
        "checkpoint_01USER": (
            "user_station_checkpoint_damaged",
            {"user_station": "Casa", "detail": r"KeyError\: \'task\'"},
        )
    }
    await forwarder.async_acknowledge_losses(*Loss)
    assert active_issues(issue_registry) == {}


@pytest.mark.parametrize("noted", [False, True])
async def test_unacknowledged_losses_are_reported_again_after_a_restart(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    hass_storage: dict[str, Any],
    issue_registry: ir.IssueRegistry,
    forwarder: Forwarder,
    noted: bool,
) -> None:
    forwarder.checkpoint.record_purged(5)
    refuse(forwarder)
    before = active_issues(issue_registry)
    assert len(before) == 2
    if noted:
        await forwarder.async_acknowledge_losses(*Loss)
    else:
        await CheckpointStore(hass, f"{DOMAIN}.01USER.checkpoint").async_save(forwarder.checkpoint)

    with patch.object(Forwarder, "async_run"):
        await hass.config_entries.async_unload(entry.entry_id)
        assert active_issues(issue_registry) == {}, "nobody watches any more"
        forwarder.status.async_notify_listeners()
        assert active_issues(issue_registry) == {}
        await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()

    again: Forwarder = entry.runtime_data.forwarders["01USER"]
    assert (again.checkpoint.purged_count, again.checkpoint.refused_count) == (5, 1)
    assert active_issues(issue_registry) == ({} if noted else before)


async def test_acknowledging_losses_of_an_unloaded_station_changes_nothing(
    hass: HomeAssistant, entry: MockConfigEntry, issue_registry: ir.IssueRegistry, forwarder: Forwarder
) -> None:
    refuse(forwarder)
    form = await open_repair(hass, "refused_01USER")
    await hass.config_entries.async_unload(entry.entry_id)
    await form.submit()
    assert forwarder.checkpoint.refused_acknowledged == 0


async def test_acknowledging_losses_of_a_user_station_that_is_gone_changes_nothing(
    hass: HomeAssistant, entry: MockConfigEntry, issue_registry: ir.IssueRegistry, forwarder: Forwarder
) -> None:
    refuse(forwarder)
    form = await open_repair(hass, "refused_01USER")
    hass.config_entries.async_remove_subentry(entry, "01USER")
    await hass.async_block_till_done()
    await form.submit()
    assert forwarder.checkpoint.refused_acknowledged == 0


async def test_an_unloaded_station_has_no_issues(
    hass: HomeAssistant, entry: MockConfigEntry, issue_registry: ir.IssueRegistry, forwarder: Forwarder
) -> None:
    forwarder.status.async_record_recorder_failure(RecorderUnexpectedError("away"), now=0)
    forwarder.status.async_record_waiting(WaitingStates(7, 10 * DAY, DAY))
    forwarder.checkpoint.record_purged(5)
    refuse(forwarder)
    fail(forwarder, KeyRefusedError("401"))
    kinds = {issue_id.partition("_")[0] for issue_id in active_issues(issue_registry)}
    assert kinds == {"destination", "recorder", "backlog", "refused", "purged"}

    await hass.config_entries.async_unload(entry.entry_id)

    assert not issue_registry.issues
