"""Repair issue of an infrared pair that worked before and does not any more."""

from datetime import datetime, timedelta

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.helpers.event import async_track_time_interval

from .const import DOMAIN
from .exceptions import InfraredError, async_message
from .installation import NO_RECEIVER, async_error_key
from .issues import async_withdraw_issue
from .phat.lirc import DeviceGoneError
from .transceiver import Transceiver
from .unique_ids import EMITTER, RECEIVER

INTERVAL = timedelta(minutes=1)
ISSUE_PREFIX = "infrared_unavailable_"


class InfraredIssue:
    """The issue of one station's infrared pair. A station that never had infrared has none."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, transceiver: Transceiver) -> None:
        """Initialize the issue."""
        self._hass = hass
        self._entry = entry
        self._transceiver = transceiver
        self._was_missing = False

    @callback
    def async_start(self) -> CALLBACK_TYPE:
        """Check the pair each minute, and return a function to stop that."""
        stop_checks = async_track_time_interval(self._hass, self._async_check, INTERVAL, cancel_on_shutdown=True)

        @callback
        def stop() -> None:
            stop_checks()
            async_withdraw_issue(self._hass, ISSUE_PREFIX + self._entry.entry_id)

        return stop

    async def _async_check(self, now: datetime) -> None:
        sends = self._transceiver.can_send or not self._has_entity(EMITTER)
        receives = self._transceiver.can_receive or not self._has_entity(RECEIVER)
        is_missing = not (sends and receives)
        if not is_missing:
            async_delete_infrared_issue(self._hass, self._entry)
        elif self._was_missing:  # a device may come a moment later
            await self._async_create(only_receiver=sends)
        self._was_missing = is_missing

    def _has_entity(self, key: str) -> bool:
        registry = er.async_get(self._hass)
        entity_id = registry.async_get_entity_id(Platform.INFRARED, DOMAIN, f"{self._entry.entry_id}-{key}")
        entity = registry.async_get(entity_id) if entity_id else None
        return entity is not None and not entity.disabled

    async def _async_create(self, *, only_receiver: bool) -> None:
        error = self._transceiver.open_error
        key = error.key if error else DeviceGoneError.key
        if only_receiver and key == DeviceGoneError.key:
            key = NO_RECEIVER
        reason = InfraredError(await async_error_key(self._hass, key), error=str(error))
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            ISSUE_PREFIX + self._entry.entry_id,
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key="infrared_unavailable",
            translation_placeholders={
                "station": self._entry.title,
                "reason": await async_message(self._hass, reason),
            },
        )


@callback
def async_delete_infrared_issue(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Delete the issue of a station whose infrared pair works, or that has none."""
    ir.async_delete_issue(hass, DOMAIN, ISSUE_PREFIX + entry.entry_id)
