"""Tests of the repair issue of a user station that does not receive all statistics."""

import pytest

from custom_components.anavi_weather.const import DOMAIN
from custom_components.anavi_weather.coordinator import AnaviWeatherConfigEntry
from custom_components.anavi_weather.user_station import Forwarder
from custom_components.anavi_weather.user_station.errors import (
    BusyError,
    CannotConnectError,
    DefectError,
    DiskFullError,
    ElasticsearchError,
    KeyRefusedError,
    RejectedError,
)
from custom_components.anavi_weather.user_station.statistics_status import REPORTED, StatisticsStatus
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .conftest import fail


@pytest.fixture
def status(entry: AnaviWeatherConfigEntry, user_station: ConfigSubentry, forwarder: Forwarder) -> StatisticsStatus:
    """Return the status of the statistics of a loaded station."""
    return entry.runtime_data.statistics_forwarders[user_station.subentry_id].status


def issue(issue_registry: ir.IssueRegistry, user_station: ConfigSubentry) -> tuple[str | None, str] | None:
    """Return the issue, as its translation key and its detail."""
    found = issue_registry.async_get_issue(DOMAIN, f"statistics_{user_station.subentry_id}")
    if found is None:
        return None
    placeholders = found.translation_placeholders
    assert placeholders
    assert placeholders["user_station"] == user_station.title
    assert (found.is_fixable, found.severity) == (False, ir.IssueSeverity.WARNING)
    return found.translation_key, placeholders["detail"]


async def test_a_problem_is_reported_when_it_lasts(
    issue_registry: ir.IssueRegistry, user_station: ConfigSubentry, status: StatisticsStatus
) -> None:
    assert REPORTED
    for error in REPORTED:
        for _ in range(2):
            status.async_record_failure(error("in [i]"))
        assert issue(issue_registry, user_station) is None
        status.async_record_failure(error("in [i]"))
        assert issue(issue_registry, user_station) == (f"user_station_{error.key}", r"in \[i\]")
        status.async_record_success()
        assert issue(issue_registry, user_station) is None


@pytest.mark.parametrize("error", [BusyError, CannotConnectError, DefectError, KeyRefusedError])
async def test_what_the_forwarder_of_states_reports_is_not_reported_twice(
    issue_registry: ir.IssueRegistry,
    user_station: ConfigSubentry,
    status: StatisticsStatus,
    error: type[ElasticsearchError],
) -> None:
    for _ in range(5):
        status.async_record_failure(error())
    assert issue(issue_registry, user_station) is None


async def test_a_cause_that_states_have_too_is_reported_once(
    issue_registry: ir.IssueRegistry, user_station: ConfigSubentry, status: StatisticsStatus, forwarder: Forwarder
) -> None:
    for _ in range(3):
        status.async_record_failure(DiskFullError())
    assert issue(issue_registry, user_station)
    fail(forwarder, DiskFullError())
    assert issue(issue_registry, user_station) is None


async def test_rejected_statistics_are_reported(
    issue_registry: ir.IssueRegistry, user_station: ConfigSubentry, status: StatisticsStatus
) -> None:
    status.rejected = "a wrong field"
    status.async_record_success()
    assert issue(issue_registry, user_station) == ("user_station_statistics_rejected", "a wrong field")
    for _ in range(3):
        status.async_record_failure(RejectedError("a wrong field"))
    assert issue(issue_registry, user_station) == ("user_station_statistics_rejected", "a wrong field")
    status.rejected = None
    status.async_record_success()
    assert issue(issue_registry, user_station) is None


async def test_the_issue_goes_with_its_station(
    hass: HomeAssistant,
    entry: AnaviWeatherConfigEntry,
    issue_registry: ir.IssueRegistry,
    user_station: ConfigSubentry,
    status: StatisticsStatus,
) -> None:
    for _ in range(3):
        status.async_record_failure(DiskFullError())
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert issue(issue_registry, user_station) is None
    status.async_record_failure(DiskFullError())
    assert issue(issue_registry, user_station) is None
