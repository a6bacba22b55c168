"""Steps of the infrared device's flow for air conditioners: its kind, its protocol, and the climate of its room."""

from typing import Any

import voluptuous as vol

from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN, SensorDeviceClass
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import CONF_PROTOCOL
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from .const import CONF_HUMIDITY_ENTITY, CONF_KIND, CONF_TEMPERATURE_ENTITY
from .exceptions import TranslatedError
from .infrared_device_flow_base import InfraredDeviceFlowBase
from .infrared_devices import Kind
from .ir_codes.climate_protocols import CLIMATE_PROTOCOLS

PROTOCOL_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_PROTOCOL): SelectSelector(
            SelectSelectorConfig(
                options=[
                    SelectOptionDict(value=name, label=protocol.brand) for name, protocol in CLIMATE_PROTOCOLS.items()
                ],
                mode=SelectSelectorMode.DROPDOWN,
            )
        )
    }
)


def _sensor(device_class: SensorDeviceClass) -> EntitySelector:
    return EntitySelector(EntitySelectorConfig(filter=[{"domain": SENSOR_DOMAIN, "device_class": device_class.value}]))


ROOM_SCHEMA = vol.Schema(
    {
        vol.Optional(CONF_TEMPERATURE_ENTITY): _sensor(SensorDeviceClass.TEMPERATURE),
        vol.Optional(CONF_HUMIDITY_ENTITY): _sensor(SensorDeviceClass.HUMIDITY),
    }
)


class AirConditionerFlow(InfraredDeviceFlowBase):
    """The steps that change the kind, *protocol* and *room*."""

    async def async_step_to_air_conditioner(self, user_input: None = None) -> SubentryFlowResult:
        """Change a remote control whose commands are states into an air conditioner."""
        return await self._async_change_kind(Kind.AIR_CONDITIONER)

    async def async_step_to_remote_control(self, user_input: None = None) -> SubentryFlowResult:
        """Change an air conditioner into a remote control, which has a button for each command."""
        return await self._async_change_kind(Kind.REMOTE_CONTROL)

    async def _async_change_kind(self, kind: Kind) -> SubentryFlowResult:
        self.update_data({CONF_KIND: kind.value})
        return await self.async_step_menu()

    async def async_step_protocol(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Handle the choice of a protocol, whose states are stored as commands."""
        errors: dict[str, str] = {}
        detail = {"detail": ""}
        if user_input is not None:
            protocol = CLIMATE_PROTOCOLS[user_input[CONF_PROTOCOL]]
            commands = await self.hass.async_add_executor_job(protocol.commands)
            try:
                await self.station.devices.async_add_commands(
                    self.subentry, {name: (command,) for name, command in commands.items()}
                )
            except TranslatedError as err:
                errors, detail = {"base": "failed"}, await self.async_detail(err)
            else:
                return await self.async_step_menu()
        return self.async_show_form(
            step_id="protocol", data_schema=PROTOCOL_SCHEMA, errors=errors, description_placeholders=detail
        )

    async def async_step_room(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Handle the sensors of the room. Without any, the station measures."""
        registry = er.async_get(self.hass)
        if user_input is not None:
            # Their registry ids remain when they are renamed
            registered = {field: registry.async_get(entity_id) for field, entity_id in user_input.items()}
            chosen = {field: found.id if found else user_input[field] for field, found in registered.items()}
            self.update_data(chosen, removed=map(str, ROOM_SCHEMA.schema))
            return await self.async_step_menu()
        known = {
            field: self.subentry.data[field] for field in map(str, ROOM_SCHEMA.schema) if field in self.subentry.data
        }
        named = {field: er.async_resolve_entity_id(registry, chosen) for field, chosen in known.items()}
        return self.async_show_form(step_id="room", data_schema=self.add_suggested_values_to_schema(ROOM_SCHEMA, named))
