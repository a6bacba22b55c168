"""What keeps a user station from having all states, told as repairs."""

from collections.abc import Callable

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN
from .user_station.errors import (
    KeyRefusedError,
    NotElasticsearchError,
    NoTlsError,
    NotTimeSeriesError,
    PrivilegeMissingError,
    ServerBehindError,
    TlsNotTrustedError,
)
from .user_station.forwarder import Forwarder

# What waiting alone does not mend
DESTINATION_ERRORS = (
    KeyRefusedError,
    NotElasticsearchError,
    NotTimeSeriesError,
    NoTlsError,
    PrivilegeMissingError,
    ServerBehindError,
    TlsNotTrustedError,
)
FAILURES = 3  # in a row: a server that starts refuses for a moment what it takes later
PURGE_NEAR = 0.25  # of the time that the recorder keeps states

KINDS = ("destination", "recorder", "backlog", "refused", "purged")
NOTED = ("refused", "purged")  # they last until somebody has taken note of them


class UserStationIssues:
    """The issues of one user station."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, subentry: ConfigSubentry, forwarder: Forwarder) -> None:
        """Watch a forwarder."""
        self._hass = hass
        self._entry = entry
        self._subentry = subentry
        self._forwarder = forwarder

    @callback
    def async_start(self) -> Callable[[], None]:
        """Tell what is wrong; return how to stop, which takes it back."""
        unsubscribe = self._forwarder.async_subscribe(self._update)
        self._update()

        @callback
        def stop() -> None:
            unsubscribe()
            for kind in KINDS:
                self._take_back(kind)

        return stop

    @callback
    def _update(self) -> None:
        status, checkpoint = self._forwarder.status, self._forwarder.checkpoint
        failing = status.failures >= FAILURES
        if failing and isinstance(status.problem, DESTINATION_ERRORS):
            self._tell("destination", status.problem.key, detail=str(status.problem))
        else:
            self._take_back("destination")
        if status.recorder_problem is not None:
            self._tell("recorder", "recorder_unexpected", detail=status.recorder_problem)
        else:
            self._take_back("recorder")
        waiting = status.waiting
        if failing and waiting and waiting.purge_in < PURGE_NEAR * waiting.horizon:
            hours = max(int(waiting.purge_in // 3600), 0)
            self._tell("backlog", "purge_near", backlog=str(waiting.count), hours=str(hours))
        else:
            self._take_back("backlog")
        if checkpoint.refused_count > checkpoint.refused_acknowledged and checkpoint.last_refused:
            entity_id, reason = checkpoint.last_refused
            self._tell(
                "refused", "states_refused", count=str(checkpoint.refused_count), entity=entity_id, detail=reason
            )
        else:
            self._take_back("refused")
        if checkpoint.purged_count > checkpoint.purged_acknowledged:
            self._tell("purged", "states_purged", count=str(checkpoint.purged_count))
        else:
            self._take_back("purged")

    def _tell(self, kind: str, key: str, **placeholders: str) -> None:
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            f"{kind}_{self._subentry.subentry_id}",
            data={"entry_id": self._entry.entry_id, "subentry_id": self._subentry.subentry_id},
            is_fixable=kind in NOTED,
            severity=ir.IssueSeverity.ERROR if kind != "backlog" else ir.IssueSeverity.WARNING,
            translation_key=f"user_station_{key}",
            translation_placeholders={"user_station": self._subentry.title, **placeholders},
        )

    def _take_back(self, kind: str) -> None:
        ir.async_delete_issue(self._hass, DOMAIN, f"{kind}_{self._subentry.subentry_id}")
