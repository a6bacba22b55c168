"""Loading of a station's commands, with an issue if their file is damaged or cannot be opened."""

from datetime import datetime, timedelta
from functools import partial

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.storage import STORAGE_DIR

from .code_store import CodeStore, async_get_code_store
from .const import CODES_ISSUE_PREFIX, DOMAIN
from .exceptions import StorageError
from .issues import async_withdraw_issue

RETRY_INTERVAL = timedelta(minutes=1)
UNREADABLE_ISSUE_PREFIX = "codes_unreadable_"


async def async_load_codes(hass: HomeAssistant, entry: ConfigEntry) -> CodeStore:
    """Load the stored commands. If their file cannot be opened, reload the station once it can."""
    codes = async_get_code_store(hass, entry.entry_id)
    if kept := await codes.async_load():
        _create_damaged_issue(hass, entry, kept)
    if codes.error is not None:
        _create_unreadable_issue(hass, entry, codes.error)
        entry.async_on_unload(partial(async_withdraw_issue, hass, UNREADABLE_ISSUE_PREFIX + entry.entry_id))

        async def async_retry(now: datetime) -> None:
            if await codes.async_can_open():
                hass.config_entries.async_schedule_reload(entry.entry_id)

        entry.async_on_unload(async_track_time_interval(hass, async_retry, RETRY_INTERVAL, cancel_on_shutdown=True))
    else:
        ir.async_delete_issue(hass, DOMAIN, UNREADABLE_ISSUE_PREFIX + entry.entry_id)
    return codes


def _create_damaged_issue(hass: HomeAssistant, entry: ConfigEntry, kept: str) -> None:
    ir.async_create_issue(
        hass,
        DOMAIN,
        CODES_ISSUE_PREFIX + entry.entry_id,
        is_fixable=True,
        is_persistent=True,
        severity=ir.IssueSeverity.ERROR,
        translation_key="codes_damaged",
        translation_placeholders={"station": entry.title, "file": f"{STORAGE_DIR}/{kept}"},
    )


def _create_unreadable_issue(hass: HomeAssistant, entry: ConfigEntry, error: StorageError) -> None:
    ir.async_create_issue(
        hass,
        DOMAIN,
        UNREADABLE_ISSUE_PREFIX + entry.entry_id,
        is_fixable=False,
        severity=ir.IssueSeverity.ERROR,
        translation_key="codes_unreadable",
        translation_placeholders={"station": entry.title, **(error.translation_placeholders or {})},
    )
