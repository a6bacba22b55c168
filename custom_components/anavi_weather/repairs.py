"""Fix flows of the repair issues."""

from abc import abstractmethod
from typing import TYPE_CHECKING, cast, override

import voluptuous as vol

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_API_KEY
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig, TextSelectorType

from .chip_issues import CHIP_ISSUE_PREFIX
from .codes_download import async_download_link
from .const import CODES_ISSUE_PREFIX, CONF_CHIPS, DELETED_ISSUE_PREFIX, DOMAIN
from .coordinator import AnaviWeatherConfigEntry
from .deleted_codes import async_get_deleted_codes
from .exceptions import TranslatedError, async_message
from .fleet_coordinator import async_create_fleet_index
from .fleet_issue import FLEET_KEY_ISSUE_PREFIX
from .send_again import async_restore_stream
from .server_flow import InvalidInputError, encode_api_key
from .user_station.checkpoint import Loss
from .user_station.errors import ElasticsearchError, FleetMissingError, KeyRefusedError, PrivilegeMissingError
from .user_station.forwarder import Forwarder
from .user_station_issues import HELD_ISSUE_PREFIX, STREAM_ISSUE_PREFIX, TWIN_ISSUE_PREFIX

API_KEY_SCHEMA = vol.Schema(
    {vol.Required(CONF_API_KEY): TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD))}
)
API_KEY_ERRORS = (FleetMissingError, KeyRefusedError, PrivilegeMissingError)


class LostChipFlow(RepairsFlow):
    """Fix flow for a chip that fails: scan the bus again, or remove the chip from its station."""

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Offer the choice."""
        issue = ir.async_get(self.hass).async_get_issue(self.handler, self.issue_id)
        return self.async_show_menu(
            step_id="init",
            menu_options=["scan", "remove"],
            description_placeholders=issue.translation_placeholders if issue else None,
        )

    async def async_step_scan(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Scan the bus again. The issue remains if the chip still fails."""
        entry, chip = self._entry_and_chip()
        if entry is not None and entry.state is ConfigEntryState.LOADED:
            coordinator = entry.runtime_data.coordinator
            await coordinator.async_scan()
            if coordinator.last_update_success and chip not in map(str, coordinator.data.reading.failures):
                return self.async_create_entry(data={})
        return self.async_abort(reason="chip_still_fails")

    async def async_step_remove(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Remove the chip. If it responds again, it is added again."""
        entry, chip = self._entry_and_chip()
        if entry is not None:
            chips = [other for other in entry.data[CONF_CHIPS] if other != chip]
            self.hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_CHIPS: chips})
        return self.async_create_entry(data={})

    def _entry_and_chip(self) -> tuple[AnaviWeatherConfigEntry | None, str]:
        if TYPE_CHECKING:
            assert self.data
        entry_id, chip = cast("str", self.data["entry_id"]), cast("str", self.data["chip"])
        return self.hass.config_entries.async_get_entry(entry_id), chip


class ForwarderFlow(ConfirmRepairFlow):
    """Fix flow that changes something in a user station's forwarder."""

    @override
    async def async_step_confirm(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        if user_input is not None:
            if TYPE_CHECKING:
                assert self.data
            entry: AnaviWeatherConfigEntry | None = self.hass.config_entries.async_get_entry(
                cast("str", self.data["entry_id"])
            )
            if entry is not None and entry.state is ConfigEntryState.LOADED:
                # The user station may have been removed meanwhile
                forwarder = entry.runtime_data.forwarders.get(cast("str", self.data["subentry_id"]))
                if forwarder:
                    await self._async_fix(forwarder)
        return await super().async_step_confirm(user_input)

    @abstractmethod
    async def _async_fix(self, forwarder: Forwarder) -> None:
        """Fix the issue."""


class AcknowledgeLossesFlow(ForwarderFlow):
    """Fix flow that acknowledges states that a user station will never receive, which were lost in one way."""

    @override
    async def _async_fix(self, forwarder: Forwarder) -> None:
        if TYPE_CHECKING:
            assert self.data
        await forwarder.async_acknowledge_losses(Loss(self.issue_id.removesuffix(f"_{self.data['subentry_id']}")))


class SkipHeldFlow(ForwarderFlow):
    """Fix flow that skips states that wait because the user station rejects them."""

    @override
    async def _async_fix(self, forwarder: Forwarder) -> None:
        await forwarder.async_skip_held()


class RestoreStreamFlow(ForwarderFlow):
    """Fix flow that sends the states again that are missing because the stream was deleted."""

    @override
    async def _async_fix(self, forwarder: Forwarder) -> None:
        await async_restore_stream(forwarder)


class FleetKeyFlow(RepairsFlow):
    """Fix flow that asks for a new API key of a fleet."""

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Show the form."""
        return await self.async_step_confirm()

    async def async_step_confirm(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Handle the new key, which is stored if it works."""
        errors: dict[str, str] = {}
        issue = ir.async_get(self.hass).async_get_issue(self.handler, self.issue_id)
        detail = ""
        if user_input is not None:
            try:
                await self._async_store(user_input[CONF_API_KEY].strip())
            except InvalidInputError as err:
                errors = err.errors
            except ElasticsearchError as err:
                errors["base"] = err.key if isinstance(err, API_KEY_ERRORS) else "failed"
                detail = str(err)
            else:
                return self.async_create_entry(data={})
        return self.async_show_form(
            step_id="confirm",
            data_schema=API_KEY_SCHEMA,
            errors=errors,
            description_placeholders={
                "fleet": issue.translation_placeholders["fleet"] if issue and issue.translation_placeholders else "–",
                "detail": detail,
            },
        )

    async def _async_store(self, api_key: str) -> None:
        """Store a key that works, which reloads the station. A fleet that was removed needs none.

        Raises:
            InvalidInputError: if the text is not a key.
            ElasticsearchError: if the summaries cannot be read with the key.
        """
        if TYPE_CHECKING:
            assert self.data
        encoded = encode_api_key(api_key)
        entry = self.hass.config_entries.async_get_entry(cast("str", self.data["entry_id"]))
        subentry = entry.subentries.get(cast("str", self.data["subentry_id"])) if entry else None
        if entry is not None and subentry is not None:
            data = {**subentry.data, CONF_API_KEY: encoded}
            await (await async_create_fleet_index(self.hass, data)).async_fleet()
            self.hass.config_entries.async_update_subentry(entry, subentry, data=data)


class DeletedDeviceFlow(RepairsFlow):
    """Fix flow for an infrared device that was deleted: restore it, or delete its commands for good."""

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Offer the choice, and the commands in a file."""
        issue = ir.async_get(self.hass).async_get_issue(self.handler, self.issue_id)
        placeholders = (issue.translation_placeholders if issue else None) or {"device": "–"}
        file = async_download_link(self.hass, self._deleted_id, placeholders["device"])
        return self.async_show_menu(
            step_id="init",
            menu_options=["restore", "delete"],
            description_placeholders={**placeholders, "file": file},
        )

    async def async_step_restore(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Restore the device on its station, or on another one if its own is gone."""
        try:
            deleted = await async_get_deleted_codes(self.hass).async_get(self._deleted_id)
        except TranslatedError as err:
            return await self._async_abort(err)
        if deleted is not None:
            entries: list[AnaviWeatherConfigEntry] = self.hass.config_entries.async_loaded_entries(DOMAIN)
            if not entries:
                return self.async_abort(reason="no_station")
            entry = next((entry for entry in entries if entry.entry_id == deleted["entry_id"]), entries[0])
            try:
                await entry.runtime_data.devices.async_restore(deleted)
            except TranslatedError as err:
                return await self._async_abort(err)
        return await self.async_step_delete()

    async def async_step_delete(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Delete the commands for good."""
        try:
            await async_get_deleted_codes(self.hass).async_forget(self._deleted_id)
        except TranslatedError as err:
            return await self._async_abort(err)
        return self.async_create_entry(data={})

    async def _async_abort(self, error: TranslatedError) -> RepairsFlowResult:
        detail = await async_message(self.hass, error)
        return self.async_abort(reason="failed", description_placeholders={"detail": detail})

    @property
    def _deleted_id(self) -> str:
        return self.issue_id.removeprefix(DELETED_ISSUE_PREFIX)


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the fix flow of an issue."""
    if issue_id.startswith((CODES_ISSUE_PREFIX, TWIN_ISSUE_PREFIX)):
        return ConfirmRepairFlow()
    if issue_id.startswith(DELETED_ISSUE_PREFIX):
        return DeletedDeviceFlow()
    if issue_id.startswith(FLEET_KEY_ISSUE_PREFIX):
        return FleetKeyFlow()
    if issue_id.startswith(CHIP_ISSUE_PREFIX):
        return LostChipFlow()
    if issue_id.startswith(STREAM_ISSUE_PREFIX):
        return RestoreStreamFlow()
    return SkipHeldFlow() if issue_id.startswith(HELD_ISSUE_PREFIX) else AcknowledgeLossesFlow()
