"""Repair issue of a fleet whose server rejects the API key."""

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN
from .issues import FAILURES, async_withdraw_issue
from .user_station.errors import ElasticsearchError, KeyRefusedError, PrivilegeMissingError

FLEET_KEY_ISSUE_PREFIX = "fleet_key_"


class FleetKeyIssue:
    """Repair issue of one fleet."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, subentry: ConfigSubentry) -> None:
        """Initialize the issue without creating it."""
        self._hass = hass
        self._entry = entry
        self._subentry = subentry
        self._rejections = 0
        self._id = FLEET_KEY_ISSUE_PREFIX + subentry.subentry_id

    @callback
    def async_update(self, problem: ElasticsearchError | None) -> None:
        """Create the issue after several rejections. Delete it when the summaries can be read.

        A server that does not answer does not know whether the key works.
        """
        if problem is None:
            self._rejections = 0
            ir.async_delete_issue(self._hass, DOMAIN, self._id)
        elif isinstance(problem, KeyRefusedError | PrivilegeMissingError):
            self._rejections += 1
            if self._rejections >= FAILURES:
                self._create()

    @callback
    def async_withdraw(self) -> None:
        """Delete the issue when the fleet is unloaded, if it exists and a user does not ignore it."""
        async_withdraw_issue(self._hass, self._id)

    def _create(self) -> None:
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            self._id,
            data={"entry_id": self._entry.entry_id, "subentry_id": self._subentry.subentry_id},
            is_fixable=True,
            severity=ir.IssueSeverity.ERROR,
            translation_key="fleet_key_rejected",
            translation_placeholders={"fleet": self._subentry.title},
        )
