"""Repair issues of user stations that do not receive all states."""

from collections.abc import Callable

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN
from .forwarding import loaded_user_stations
from .issues import FAILURES, async_stop_ignoring, async_withdraw_issue
from .user_station.checkpoint import Loss
from .user_station.errors import (
    CertificateExpiredError,
    CertificateInvalidError,
    CertificateNotYetValidError,
    ClockBehindError,
    DiskFullError,
    ElasticsearchError,
    IndexBlockedError,
    IndexClosedError,
    IndexUnavailableError,
    KeyRefusedError,
    LimitTooLowError,
    NotElasticsearchError,
    NoTlsError,
    NotTimeSeriesError,
    OpenSearchError,
    OtherStationError,
    PipelineFailedError,
    PipelineMissingError,
    PrivilegeMissingError,
    RejectedError,
    ServerBehindError,
    ShardLimitError,
    TlsNotTrustedError,
)
from .user_station.forwarder import Forwarder
from .user_station.text import escape_markdown

# Errors that retrying alone cannot fix. The base class stands for answers that are not known
DESTINATION_ERRORS = (
    CertificateExpiredError,
    CertificateInvalidError,
    CertificateNotYetValidError,
    ClockBehindError,
    DiskFullError,
    ElasticsearchError,
    IndexBlockedError,
    IndexClosedError,
    IndexUnavailableError,
    KeyRefusedError,
    LimitTooLowError,
    NotElasticsearchError,
    NotTimeSeriesError,
    NoTlsError,
    OpenSearchError,
    OtherStationError,
    PipelineFailedError,
    PipelineMissingError,
    PrivilegeMissingError,
    ServerBehindError,
    ShardLimitError,
    TlsNotTrustedError,
)
PURGE_NEAR = 0.25  # fraction of the time that the recorder keeps states

KINDS = (
    "destination",
    "aside",
    "held",
    "recorder",
    "backlog",
    *Loss,  # their issues last until a user acknowledges them
    "stream",
    "twin",
)
HELD_ISSUE_PREFIX = "held_"
STREAM_ISSUE_PREFIX = "stream_"
TWIN_ISSUE_PREFIX = "twin_"
RECORDER_LOSSES = (Loss.PURGED, Loss.MAYBE_PURGED)  # each time for another reason
FIXABLE = ("held", "stream", "twin", *Loss)


class UserStationIssues:
    """Repair issues of one user station."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, subentry: ConfigSubentry, forwarder: Forwarder) -> None:
        """Initialize the issues of a user station and its forwarder."""
        self._hass = hass
        self._entry = entry
        self._subentry = subentry
        self._forwarder = forwarder

    @callback
    def async_start(self) -> Callable[[], None]:
        """Create issues and keep them up to date; return a function that stops it and withdraws them."""
        unsubscribe = self._forwarder.async_subscribe(self._update)
        self._update()

        @callback
        def stop() -> None:
            unsubscribe()
            for kind in KINDS:
                self._delete(kind, is_solved=False)

        return stop

    @callback
    def _update(self) -> None:
        self._update_server()
        self._update_recorder()
        self._update_twin()
        self._update_losses()
        self._update_stores()

    def _update_server(self) -> None:
        status = self._forwarder.status
        problem = status.problem
        is_failing = status.failures >= FAILURES
        if is_failing and problem and type(problem) in DESTINATION_ERRORS:
            self._create("destination", problem.key, detail=escape_markdown(str(problem)))
        else:
            self._delete("destination", is_solved=status.connected is True)
        aside = status.aside_problem
        # The same cause is reported once
        if aside and not isinstance(aside, RejectedError) and not (is_failing and isinstance(problem, type(aside))):
            self._create("aside", aside.key, detail=escape_markdown(str(aside)))
        else:
            self._delete("aside", is_solved=not status.aside_count)
        if held := self._forwarder.checkpoint.breaker.held:
            reasons = "\n".join(f"- {escape_markdown(f'{entity_id}: {reason}')}" for entity_id, reason in held.values())
            self._create("held", "states_held", detail=reasons)
        else:
            self._delete("held")
        waiting = [status.aside_waiting, status.waiting if is_failing else None]
        near = [some.purge_in for some in waiting if some and some.purge_in < PURGE_NEAR * some.horizon]
        if near:
            hours = max(int(min(near) // 3600), 0)
            self._create("backlog", "purge_near", backlog=str(status.backlog), hours=str(hours))
        else:
            is_known = status.aside_waiting is not None or not status.aside_count
            self._delete("backlog", is_solved=status.connected is True and is_known)

    def _update_recorder(self) -> None:
        status = self._forwarder.status
        if (problem := status.recorder_problem) is not None:
            self._create("recorder", "recorder_unexpected", detail=problem)
        else:
            self._delete("recorder", is_solved=status.connected is True)

    def _update_twin(self) -> None:
        """Report another user station that sends the same, and acknowledge what it explains, because nothing is missing."""
        checkpoint = self._forwarder.checkpoint
        if (other := self._twin()) is None:
            self._delete("twin", is_solved=self._forwarder.status.connected is True)
        elif checkpoint.foreign_count > checkpoint.foreign_acknowledged:
            checkpoint.acknowledge_losses(Loss.FOREIGN)
            self._create("twin", "states_sent_twice", count=str(checkpoint.foreign_count), other=other)

    def _update_losses(self) -> None:
        checkpoint = self._forwarder.checkpoint
        if checkpoint.refused_count > checkpoint.refused_acknowledged and checkpoint.last_refused:
            entity_id, reason = checkpoint.last_refused
            count = str(checkpoint.refused_count)
            self._create("refused", "states_refused", count=count, entity=entity_id, detail=escape_markdown(reason))
        else:
            self._delete("refused")
        if checkpoint.dropped_count > checkpoint.dropped_acknowledged:
            self._create("dropped", "states_dropped", count=str(checkpoint.dropped_count))
        else:
            self._delete("dropped")
        if checkpoint.foreign_count > checkpoint.foreign_acknowledged:
            self._create("foreign", "states_foreign", count=str(checkpoint.foreign_count))
        else:
            self._delete("foreign")
        if checkpoint.purged_count > checkpoint.purged_acknowledged:
            self._create("purged", "states_purged", count=str(checkpoint.purged_count))
        else:
            self._delete("purged")
        if checkpoint.maybe_purged_count > checkpoint.maybe_purged_acknowledged:
            self._create("maybe_purged", "states_maybe_purged", count=str(checkpoint.maybe_purged_count))
        else:
            self._delete("maybe_purged")

    def _twin(self) -> str | None:
        """Return the name of another user station of this Home Assistant that sends the same to the same stream."""
        # Its own entry is not loaded yet when the issues are created again
        for entry in (self._entry, *self._hass.config_entries.async_loaded_entries(DOMAIN)):
            for subentry, other in loaded_user_stations(entry):
                if other is not self._forwarder and other.async_is_twin_of(self._forwarder):
                    return subentry.title
        return None

    def _update_stores(self) -> None:
        """Report that the stream or the checkpoint is not what it was."""
        if self._forwarder.checkpoint.is_recreated:
            self._create("stream", "stream_recreated")
        else:
            self._delete("stream")
        if (damage := self._forwarder.status.damage) is not None:
            self._create("checkpoint", "checkpoint_damaged", detail=escape_markdown(damage))
        else:
            self._delete("checkpoint")

    def _create(self, kind: str, key: str, **placeholders: str) -> None:
        issue_id = f"{kind}_{self._subentry.subentry_id}"

        def has_changed(issue: ir.IssueEntry) -> bool:
            known = issue.translation_placeholders or {}
            has_more = kind in RECORDER_LOSSES and known.get("count") != placeholders["count"]
            return has_more or issue.translation_key != f"user_station_{key}"

        async_stop_ignoring(self._hass, issue_id, has_changed)
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue_id,
            data={"entry_id": self._entry.entry_id, "subentry_id": self._subentry.subentry_id},
            is_fixable=kind in FIXABLE,
            severity=ir.IssueSeverity.ERROR if kind != "backlog" else ir.IssueSeverity.WARNING,
            translation_key=f"user_station_{key}",
            translation_placeholders={"user_station": self._subentry.title, **placeholders},
        )

    def _delete(self, kind: str, *, is_solved: bool = True) -> None:
        """Delete an issue, but keep one that a user ignores unless its problem is known to be solved."""
        issue_id = f"{kind}_{self._subentry.subentry_id}"
        if is_solved:
            ir.async_delete_issue(self._hass, DOMAIN, issue_id)
        else:
            async_withdraw_issue(self._hass, issue_id)
