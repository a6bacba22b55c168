"""Steps of the infrared device's flow that take commands from a file."""

from collections.abc import Mapping
from typing import Any

import voluptuous as vol

from homeassistant.components.file_upload import process_uploaded_file
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    FileSelector,
    FileSelectorConfig,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from .code_files import read_code_file
from .exceptions import InvalidActionError, InvalidCodeError, TranslatedError
from .infrared_device_flow_base import InfraredDeviceFlowBase
from .ir_codes import CodeError
from .ir_codes.files import parse_file
from .ir_codes.remote_file import FileRemote
from .unreadable_commands import async_reasons, listed

CONF_FILE = "file"
CONF_REMOTE = "remote"

NOTHING = "–"

UPLOAD_SCHEMA = vol.Schema({vol.Required(CONF_FILE): FileSelector(FileSelectorConfig(accept="*/*"))})


class InfraredFileFlow(InfraredDeviceFlowBase):
    """The step *upload*, and those that follow when a file is chosen."""

    _remotes: Mapping[str, FileRemote]
    _remote: FileRemote

    async def async_step_upload(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Handle a file that the user uploads."""
        errors: dict[str, str] = {}
        detail = {"detail": ""}
        if user_input is not None:
            try:
                text = await self.hass.async_add_executor_job(_uploaded_text, self.hass, user_input[CONF_FILE])
                return await self.async_take_file(text)
            except TranslatedError as err:
                errors, detail = {CONF_FILE: "failed"}, await self.async_detail(err)
        return self.async_show_form(
            step_id="upload", data_schema=UPLOAD_SCHEMA, errors=errors, description_placeholders=detail
        )

    async def async_take_file(self, text: str) -> SubentryFlowResult:
        """Continue with the commands of a file.

        Raises:
            TranslatedError: if none of them can be read or stored.
        """
        try:
            self._remotes = await self.hass.async_add_executor_job(parse_file, text, self.device)
        except CodeError as err:
            raise InvalidCodeError(err) from err
        if len(self._remotes) > 1:
            return await self.async_step_remote()
        (remote,) = self._remotes.values()
        return await self._async_take_remote(remote)

    async def async_step_remote(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Choose one of the remote controls in a file."""
        errors: dict[str, str] = {}
        detail = {"detail": ""}
        if user_input is not None:
            try:
                return await self._async_take_remote(self._remotes[user_input[CONF_REMOTE]])
            except TranslatedError as err:
                errors, detail = {CONF_REMOTE: "failed"}, await self.async_detail(err)
        selector = SelectSelector(SelectSelectorConfig(options=list(self._remotes), mode=SelectSelectorMode.DROPDOWN))
        return self.async_show_form(
            step_id="remote",
            data_schema=self.add_suggested_values_to_schema(
                vol.Schema({vol.Required(CONF_REMOTE): selector}), user_input
            ),
            errors=errors,
            description_placeholders=detail,
        )

    async def _async_take_remote(self, remote: FileRemote) -> SubentryFlowResult:
        """Import the commands of a remote control, after a question if some are unreadable or replace others.

        Raises:
            TranslatedError: if none can be read or stored.
        """
        self._remote = remote
        if not remote.commands:
            raise InvalidActionError("no_command_readable", commands=await self._async_unreadable())
        if remote.unreadable or self._replaced():
            return await self.async_step_confirm_import()
        await self._async_store()
        return await self.async_step_menu()

    async def async_step_confirm_import(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """List what is unreadable and what is replaced, and ask whether to import the commands."""
        return await self._async_confirm()

    async def async_step_import_commands(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Import the commands of the chosen remote control."""
        try:
            await self._async_store()
        except TranslatedError as err:
            return await self._async_confirm((await self.async_detail(err))["detail"])
        return await self.async_step_menu()

    async def _async_confirm(self, failure: str = "") -> SubentryFlowResult:
        return self.async_show_menu(
            step_id="confirm_import",
            menu_options=["import_commands", "menu"],
            description_placeholders={
                "device": self.device,
                "count": str(len(self._remote.commands)),
                "unreadable": await self._async_unreadable() or NOTHING,
                "replaced": listed(self._replaced()) or NOTHING,
                "failure": failure,
            },
        )

    async def _async_store(self) -> None:
        await self.station.devices.async_add_commands(self.subentry, self._remote.commands)

    async def _async_unreadable(self) -> str:
        """Return the commands that cannot be read, with the reasons."""
        reasons = await async_reasons(self.hass, self._remote.unreadable)
        return listed(f"{name}: {reason}" for name, reason in reasons.items())

    def _replaced(self) -> list[str]:
        """Return the commands of the device that would be replaced."""
        stored = self.station.devices.commands(self.subentry)
        return [name for name in self._remote.commands if name in stored]


def _uploaded_text(hass: HomeAssistant, file_id: str) -> str:
    """Return the text of an uploaded file, which is removed.

    Raises:
        InvalidActionError: if it does not exist any more, or cannot be read.
    """
    try:
        with process_uploaded_file(hass, file_id) as file:
            return read_code_file(file)
    except ValueError as err:
        raise InvalidActionError("upload_missing") from err
    except OSError as err:
        raise InvalidActionError("upload_not_readable", error=err.strerror or str(err)) from err
