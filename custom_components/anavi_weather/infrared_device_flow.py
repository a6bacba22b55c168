"""Subentry flow of an infrared device. Each group of steps is a base class in a module of its own."""

from typing import Any, override

import voluptuous as vol

from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.helpers.selector import SelectSelector, SelectSelectorConfig, SelectSelectorMode, TextSelector

from .const import CONF_KIND
from .exceptions import TranslatedError
from .infrared_devices import Kind, kind
from .infrared_search_flow import InfraredSearchFlow

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
MENUS = {
    Kind.REMOTE_CONTROL: ["upload", "search", "rename", "finish"],
    Kind.AIR_CONDITIONER: ["upload", "search", "rename", "finish"],
}
"""Steps that the menu offers for each kind."""


class InfraredDeviceFlow(InfraredSearchFlow):
    """Subentry flow that adds or changes an infrared device. Each change is saved at once."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Handle the name and the kind of a new device."""
        errors: dict[str, str] = {}
        detail = {"detail": ""}
        devices = self.station.devices
        if user_input is not None:
            try:
                subentry = await devices.async_add(user_input[CONF_NAME].strip(), {CONF_KIND: user_input[CONF_KIND]})
            except TranslatedError as err:
                errors, detail = {CONF_NAME: "failed"}, await self.async_detail(err)
            else:
                self._added_id = subentry.subentry_id
                return await self.async_step_menu()
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(NEW_SCHEMA, user_input),
            errors=errors,
            description_placeholders=detail,
        )

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Start to change a device."""
        return await self.async_step_menu()

    @override
    async def async_step_menu(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Offer what can be done with the device."""
        return self.async_show_menu(
            step_id="menu",
            menu_options=MENUS[kind(self.subentry)],
            description_placeholders={
                "device": self.device,
                "count": str(len(self.station.devices.commands(self.subentry))),
            },
        )

    async def async_step_rename(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Handle another name of the device."""
        errors: dict[str, str] = {}
        detail = {"detail": ""}
        if user_input is not None:
            try:
                await self.station.devices.async_rename(self.subentry, user_input[CONF_NAME].strip())
            except TranslatedError as err:
                errors, detail = {CONF_NAME: "failed"}, await self.async_detail(err)
            else:
                return await self.async_step_menu()
        return self.async_show_form(
            step_id="rename",
            data_schema=self.add_suggested_values_to_schema(NAME_SCHEMA, user_input or {CONF_NAME: self.device}),
            errors=errors,
            description_placeholders=detail,
        )
