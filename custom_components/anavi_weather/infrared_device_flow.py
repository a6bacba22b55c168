"""Subentry flow of an infrared device. Each group of steps is a base class in a module of its own."""

from typing import Any, override

import voluptuous as vol

from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.helpers.selector import SelectSelector, SelectSelectorConfig, SelectSelectorMode, TextSelector

from .air_conditioner_flow import AirConditionerFlow
from .const import CONF_KIND
from .infrared_device_commands import CommandSteps
from .infrared_device_learn import LearnSteps
from .infrared_devices import Kind, kind
from .infrared_search_flow import InfraredSearchFlow
from .state_learning_flow import StateLearningFlow

NAME_SCHEMA = vol.Schema({vol.Required(CONF_NAME): TextSelector()})
NEW_SCHEMA = NAME_SCHEMA.extend(
    {
        vol.Required(CONF_KIND, default=Kind.REMOTE_CONTROL): SelectSelector(
            SelectSelectorConfig(
                options=list(Kind), mode=SelectSelectorMode.LIST, translation_key="infrared_device_kind"
            )
        ),
    }
)
COMMAND_STEPS = ("try", "rename_command", "delete_commands", "export")
MENUS = {
    Kind.REMOTE_CONTROL: (
        "learn",
        "last_key",
        "upload",
        "search",
        *COMMAND_STEPS,
        "to_air_conditioner",
        "rename",
        "finish",
    ),
    Kind.AIR_CONDITIONER: (
        "protocol",
        "upload",
        "search",
        "learn_states",
        "learn",
        "last_key",
        "room",
        *COMMAND_STEPS,
        "to_remote_control",
        "rename",
        "finish",
    ),
}
"""Steps that the menu offers for each kind, if they are possible."""


class InfraredDeviceFlow(AirConditionerFlow, StateLearningFlow, LearnSteps, InfraredSearchFlow, CommandSteps):
    """Subentry flow that adds or changes an infrared device. Each change is saved at once."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Handle the name and the kind of a new device."""
        return await self.async_handle_form("user", NEW_SCHEMA, user_input, self._async_add)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Start to change a device."""
        return await self.async_step_menu()

    @override
    async def async_step_menu(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Offer what can be done with the device."""
        return self.async_show_menu(
            step_id="menu",
            menu_options=[step for step in MENUS[kind(self.subentry)] if self._is_possible(step)],
            description_placeholders={
                "device": self.device,
                "count": str(len(self.station.devices.commands(self.subentry))),
            },
        )

    def _is_possible(self, step_id: str) -> bool:
        if step_id == "last_key":
            return self._last_key is not None
        return step_id not in COMMAND_STEPS or bool(self.station.devices.commands(self.subentry))

    async def async_step_rename(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Handle another name of the device."""
        return await self.async_handle_form(
            "rename",
            NAME_SCHEMA,
            user_input,
            self._async_rename,
            suggested={CONF_NAME: self.device},
            placeholders={"device": self.device},
        )

    async def _async_add(self, user_input: dict[str, Any]) -> SubentryFlowResult:
        subentry = await self.station.devices.async_add(
            user_input[CONF_NAME].strip(), {CONF_KIND: user_input[CONF_KIND]}
        )
        self._added_id = subentry.subentry_id
        return await self.async_step_menu()

    async def _async_rename(self, user_input: dict[str, Any]) -> SubentryFlowResult:
        await self.station.devices.async_rename(self.subentry, user_input[CONF_NAME].strip())
        return await self.async_step_menu()
