"""Repair issues of chips that keep failing."""

from collections.abc import Collection, Iterable
from datetime import timedelta
from time import monotonic

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN, LOGGER
from .issues import async_stop_ignoring, async_withdraw_issue
from .phat import AddressClaimedError, ChipError, ChipId, DriverMissingError, NoAnswerError, Reading

CHIP_ISSUE_PREFIX = "chip_"
FAILURE_LASTS = timedelta(minutes=2)  # until an issue is created
ALTERNATING = {"chip_failing", "chip_no_answer"}  # with each reading, like those of a chip with a bad contact


class ChipIssues:
    """The issues of one station's chips."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Initialize the issues of a station, with no failing chip."""
        self._hass = hass
        self._entry = entry
        self._failing_since: dict[ChipId, float] = {}

    @callback
    def async_update(self, reading: Reading, chips: Collection[ChipId]) -> None:
        """Log changes, and create or delete issues, after a reading of these chips."""
        now = monotonic()
        errors = {chip: error for chip, error in reading.failures.items() if chip in chips}
        for chip, error in errors.items():
            if chip not in self._failing_since:
                self._failing_since[chip] = now
                LOGGER.warning("%s: %s failed: %s", self._entry.title, chip, error)
            elif now - self._failing_since[chip] >= FAILURE_LASTS.total_seconds():
                self._create(chip, error, is_partial=chip not in reading.errors)
        for chip in self._failing_since.keys() - errors.keys():
            del self._failing_since[chip]
            LOGGER.info("%s: %s works again", self._entry.title, chip)
        for chip in set(chips) - errors.keys():
            self._delete(chip)  # it may be one from before the start, which a user ignored

    @callback
    def async_forget(self, chips: Iterable[ChipId]) -> None:
        """Delete the issues of removed chips."""
        for chip in chips:
            self._failing_since.pop(chip, None)
            self._delete(chip)

    @callback
    def async_clear(self) -> None:
        """Delete all issues that a user does not ignore."""
        for chip in self._failing_since:
            async_withdraw_issue(self._hass, self._issue_id(chip))

    def _create(self, chip: ChipId, error: ChipError, *, is_partial: bool) -> None:
        match error:
            case _ if is_partial:
                translation_key = "chip_quantity_failing"
            case NoAnswerError():
                translation_key = "chip_no_answer"
            case AddressClaimedError():
                translation_key = "chip_claimed"
            case DriverMissingError():
                translation_key = "chip_driver_missing"
            case _:
                translation_key = "chip_failing"
        same = ALTERNATING if translation_key in ALTERNATING else {translation_key}
        async_stop_ignoring(self._hass, self._issue_id(chip), lambda issue: issue.translation_key not in same)
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            self._issue_id(chip),
            data={"entry_id": self._entry.entry_id, "chip": str(chip)},
            is_fixable=True,
            severity=ir.IssueSeverity.WARNING,
            translation_key=translation_key,
            translation_placeholders={
                "station": self._entry.title,
                "chip": chip.kind,
                "address": f"0x{chip.address:02x}",
                "error": str(error),
            },
        )

    def _delete(self, chip: ChipId) -> None:
        ir.async_delete_issue(self._hass, DOMAIN, self._issue_id(chip))

    def _issue_id(self, chip: ChipId) -> str:
        return f"{CHIP_ISSUE_PREFIX}{self._entry.entry_id}_{chip.kind.lower()}_{chip.address:02x}"
