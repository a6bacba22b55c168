"""Repair issues of user stations that do not receive all statistics."""

from collections.abc import Callable

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN
from .issues import FAILURES, async_stop_ignoring, async_withdraw_issue
from .user_station.forwarder import Forwarder
from .user_station.statistics_forwarder import StatisticsForwarder
from .user_station.statistics_status import REPORTED
from .user_station.text import escape_markdown

ISSUE_PREFIX = "statistics_"


class StatisticsIssues:
    """Repair issue of the statistics of one user station."""

    def __init__(
        self, hass: HomeAssistant, subentry: ConfigSubentry, forwarder: Forwarder, statistics: StatisticsForwarder
    ) -> None:
        """Initialize the issue of a user station and its forwarders."""
        self._hass = hass
        self._subentry = subentry
        self._forwarder = forwarder
        self._statistics = statistics
        self._id = ISSUE_PREFIX + subentry.subentry_id

    @callback
    def async_start(self) -> Callable[[], None]:
        """Create the issue and keep it up to date; return a function that stops it and withdraws it."""
        unsubscribe = [
            self._statistics.status.async_subscribe(self._update),
            self._forwarder.async_subscribe(self._update),
        ]
        self._update()

        @callback
        def stop() -> None:
            for one in unsubscribe:
                one()
            async_withdraw_issue(self._hass, self._id)

        return stop

    @callback
    def _update(self) -> None:
        status = self._statistics.status
        problem = status.problem
        states = (self._forwarder.status.problem, self._forwarder.status.aside_problem)
        # The same cause is reported once
        if (
            problem
            and type(problem) in REPORTED
            and status.failures >= FAILURES
            and type(problem) not in map(type, states)
        ):
            self._create(problem.key, str(problem))
        elif status.rejected:
            self._create("statistics_rejected", status.rejected)
        elif status.has_succeeded and not status.failures:
            ir.async_delete_issue(self._hass, DOMAIN, self._id)
        else:
            async_withdraw_issue(self._hass, self._id)

    def _create(self, key: str, detail: str) -> None:
        translation_key = f"user_station_{key}"
        async_stop_ignoring(self._hass, self._id, lambda issue: issue.translation_key != translation_key)
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            self._id,
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=translation_key,
            translation_placeholders={"user_station": self._subentry.title, "detail": escape_markdown(detail)},
        )


@callback
def async_delete_statistics_issue(hass: HomeAssistant, subentry: ConfigSubentry) -> None:
    """Delete the issue of a user station that gets no statistics."""
    ir.async_delete_issue(hass, DOMAIN, ISSUE_PREFIX + subentry.subentry_id)
