"""What the steps of an infrared device's subentry flow have in common."""

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, override

import voluptuous as vol

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntryState,
    ConfigSubentry,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.core import callback
from homeassistant.data_entry_flow import AbortFlow

from .coordinator import AnaviWeatherConfigEntry, RemoteStation
from .exceptions import TranslatedError, async_message
from .infrared_devices import stored_name


class InfraredDeviceFlowBase(ConfigSubentryFlow):
    """Subentry flow whose device exists as soon as it has a name, so that nothing is lost if the flow is left."""

    _added_id: str | None = None  # subentry that this flow has added
    _keeps_empty = False

    @property
    def entry(self) -> AnaviWeatherConfigEntry:
        """The station's entry, which is loaded.

        Raises:
            AbortFlow: if it is not.
        """
        entry: AnaviWeatherConfigEntry | None = self.hass.config_entries.async_get_entry(self._entry_id)
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            raise AbortFlow("station_not_loaded")
        return entry

    @property
    def station(self) -> RemoteStation:
        """The loaded station.

        Raises:
            AbortFlow: if it is not loaded.
        """
        return self.entry.runtime_data

    @property
    def subentry(self) -> ConfigSubentry:
        """The device's subentry.

        Raises:
            AbortFlow: if the device was deleted meanwhile.
        """
        subentry_id = self._reconfigure_subentry_id if self.source == SOURCE_RECONFIGURE else self._added_id
        if subentry_id is None or (subentry := self.entry.subentries.get(subentry_id)) is None:
            raise AbortFlow("device_deleted")
        return subentry

    @property
    def device(self) -> str:
        """The device's name in the code store."""
        return stored_name(self.subentry)

    @abstractmethod
    async def async_step_menu(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Offer what can be done with the device."""

    async def async_detail(self, error: TranslatedError) -> dict[str, str]:
        """Return the placeholders of the error `failed`, with the reason in the language of Home Assistant."""
        return {"detail": await async_message(self.hass, error)}

    async def async_handle_form(
        self,
        step_id: str,
        schema: vol.Schema,
        user_input: dict[str, Any] | None,
        async_apply: Callable[[dict[str, Any]], Awaitable[SubentryFlowResult]],
        *,
        suggested: Mapping[str, Any] | None = None,
        placeholders: Mapping[str, str] | None = None,
    ) -> SubentryFlowResult:
        """Show a form until its input can be applied.

        Args:
            step_id: The step.
            schema: The form's fields.
            user_input: The input; None before the form is shown.
            async_apply: Applies the input, and returns the next step. Its errors are shown in the form.
            suggested: Values of the fields before the first input.
            placeholders: Placeholders of the form's description.
        """
        errors: dict[str, str] = {}
        detail = {"detail": ""}
        if user_input is not None:
            try:
                return await async_apply(user_input)
            except TranslatedError as err:
                errors = {"base": "failed"}
                detail = await self.async_detail(err)
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, user_input or suggested),
            errors=errors,
            description_placeholders={**(placeholders or {}), **detail},
        )

    @callback
    def update_data(self, changes: Mapping[str, Any], removed: Iterable[str] = ()) -> None:
        """Save changes of the subentry's data, without the keys that are removed."""
        kept = dict(self.subentry.data)
        for key in removed:
            kept.pop(key, None)
        self.hass.config_entries.async_update_subentry(self.entry, self.subentry, data=kept | dict(changes))

    async def async_step_finish(self, user_input: None = None) -> SubentryFlowResult:
        """End the flow. Everything is saved already."""
        self._keeps_empty = True
        return self.async_abort(
            reason="saved",
            description_placeholders={
                "device": self.device,
                "count": str(len(self.station.devices.commands(self.subentry))),
            },
        )

    @callback
    @override
    def async_remove(self) -> None:
        """Remove the device if the flow that added it was left before the device had a command."""
        entry: AnaviWeatherConfigEntry | None = self.hass.config_entries.async_get_entry(self._entry_id)
        if self._keeps_empty or entry is None or entry.state is not ConfigEntryState.LOADED:
            return
        subentry = entry.subentries.get(self._added_id or "")
        if subentry is not None and not entry.runtime_data.devices.commands(subentry):
            self.hass.config_entries.async_remove_subentry(entry, subentry.subentry_id)
