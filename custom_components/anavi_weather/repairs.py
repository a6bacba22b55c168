"""Issues that a user can do something about."""

from typing import TYPE_CHECKING, cast, override

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import CONF_CHIPS, DOMAIN
from .phat import AddressClaimedError, ChipError, ChipId, NoAnswerError

if TYPE_CHECKING:
    from .coordinator import AnaviWeatherConfigEntry


@callback
def async_create_chip_issue(hass: HomeAssistant, entry: ConfigEntry, chip: ChipId, error: ChipError) -> None:
    """Tell that a chip has been failing for a while, and what to do about it."""
    match error:
        case NoAnswerError():
            translation_key = "chip_no_answer"
        case AddressClaimedError():
            translation_key = "chip_claimed"
        case _:
            translation_key = "chip_failing"
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(entry, chip),
        data={"entry_id": entry.entry_id, "chip": str(chip)},
        is_fixable=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key=translation_key,
        translation_placeholders={
            "station": entry.title,
            "chip": chip.kind,
            "address": f"0x{chip.address:02x}",
            "error": str(error),
        },
    )


@callback
def async_delete_chip_issue(hass: HomeAssistant, entry: ConfigEntry, chip: ChipId) -> None:
    """Take an issue back, if there is one."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, chip))


def _issue_id(entry: ConfigEntry, chip: ChipId) -> str:
    return f"chip_{entry.entry_id}_{chip.kind.lower()}_{chip.address:02x}"


class ForgetChipFlow(ConfirmRepairFlow):
    """Forgets a chip that was removed for good."""

    @override
    async def async_step_confirm(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        if user_input is not None:
            if TYPE_CHECKING:
                assert self.data
            if (entry := self.hass.config_entries.async_get_entry(cast("str", self.data["entry_id"]))) is not None:
                chips = [chip for chip in entry.data[CONF_CHIPS] if chip != self.data["chip"]]
                self.hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_CHIPS: chips})
        return await super().async_step_confirm(user_input)


class TakeNoteFlow(ConfirmRepairFlow):
    """Takes note of states that a user station does not have."""

    @override
    async def async_step_confirm(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        if user_input is not None:
            if TYPE_CHECKING:
                assert self.data
            entry: AnaviWeatherConfigEntry | None = self.hass.config_entries.async_get_entry(
                cast("str", self.data["entry_id"])
            )
            if entry is not None and entry.state is ConfigEntryState.LOADED:
                await entry.runtime_data.forwarders[cast("str", self.data["subentry_id"])].async_take_note()
        return await super().async_step_confirm(user_input)


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow of an issue."""
    return ForgetChipFlow() if issue_id.startswith("chip_") else TakeNoteFlow()
