"""Steps of an infrared device's flow that try, change and export its commands."""

from typing import Any

import voluptuous as vol

from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.helpers.selector import SelectOptionDict, SelectSelector, SelectSelectorConfig, SelectSelectorMode

from .codes_download import async_download_link
from .common_keys import common_keys
from .exceptions import InfraredError, InvalidActionError, InvalidCodeError
from .infrared_device_flow_base import InfraredDeviceFlowBase
from .infrared_device_learn import KEY_SELECTOR
from .ir_codes import CodeError, parse
from .texts import async_key_label

CONF_COMMAND = "command"
CONF_COMMANDS = "commands"


class CommandSteps(InfraredDeviceFlowBase):
    """Steps that try, change and export the commands of a device."""

    _sent = ""  # name of the command that was sent last

    async def async_step_try(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Choose a command, and send it."""
        schema = vol.Schema({vol.Required(CONF_COMMAND): await self._async_selector()})
        return await self.async_handle_form("try", schema, user_input, self._async_send)

    async def async_step_sent(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Offer to send another command."""
        return self.async_show_menu(
            step_id="sent",
            menu_options=["try", "menu"],
            description_placeholders={"command": await async_key_label(self.hass, self._sent)},
        )

    async def async_step_rename_command(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Handle another name of a command."""
        schema = vol.Schema(
            {
                vol.Required(CONF_COMMAND): await self._async_selector(),
                vol.Required(CONF_NAME): KEY_SELECTOR,
            }
        )
        return await self.async_handle_form("rename_command", schema, user_input, self._async_rename_command)

    async def async_step_delete_commands(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Handle the choice of commands to delete."""
        schema = vol.Schema({vol.Required(CONF_COMMANDS, default=list): await self._async_selector(multiple=True)})
        return await self.async_handle_form("delete_commands", schema, user_input, self._async_delete)

    async def async_step_export(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show a link to the device's commands in a file."""
        return self.async_show_menu(
            step_id="export",
            menu_options=["menu"],
            description_placeholders={
                "file": async_download_link(self.hass, self.subentry.subentry_id, self.device),
            },
        )

    async def _async_send(self, user_input: dict[str, Any]) -> SubentryFlowResult:
        self._sent = user_input[CONF_COMMAND]
        sender = self.station.sender
        if sender is None:
            raise InfraredError("infrared_gone")
        texts = self.station.devices.commands(self.subentry).get(self._sent)
        if texts is None:
            raise InvalidActionError("command_unknown", device=self.device, command=self._sent)
        try:
            alternatives = {text: parse(text) for text in texts}
        except CodeError as err:
            raise InvalidCodeError(err) from err
        await sender.async_send(alternatives, None)
        return await self.async_step_sent()

    async def _async_rename_command(self, user_input: dict[str, Any]) -> SubentryFlowResult:
        await self.station.devices.async_rename_command(
            self.subentry, user_input[CONF_COMMAND], user_input[CONF_NAME].strip()
        )
        return await self.async_step_menu()

    async def _async_delete(self, user_input: dict[str, Any]) -> SubentryFlowResult:
        stored = self.station.devices.commands(self.subentry)
        if names := [name for name in user_input[CONF_COMMANDS] if name in stored]:
            await self.station.codes.async_delete(self.device, names)
        return await self.async_step_menu()

    async def _async_selector(self, *, multiple: bool = False) -> SelectSelector:
        """Return a selector of the device's commands."""
        commands = self.station.devices.commands(self.subentry)
        keys = common_keys(commands)
        options = []
        for name in commands:
            key = keys.get(name, name)
            label = await async_key_label(self.hass, key)
            options.append(SelectOptionDict(value=name, label=label if key == name else f"{label} ({name})"))
        return SelectSelector(
            SelectSelectorConfig(options=options, multiple=multiple, mode=SelectSelectorMode.DROPDOWN)
        )
