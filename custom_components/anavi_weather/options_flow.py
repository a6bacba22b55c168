"""Options flow of a remote station."""

from typing import Any

import voluptuous as vol

from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.const import UnitOfTime
from homeassistant.helpers.selector import NumberSelector, NumberSelectorConfig, NumberSelectorMode

from .const import CONF_ALTITUDE, CONF_INTERVAL, CONF_TEMPERATURE_OFFSET, DEFAULT_INTERVAL
from .user_units import UserUnit, altitude_unit, temperature_offset_unit

MIN_ALTITUDE, MAX_ALTITUDE = -430, 8848  # m
MAX_TEMPERATURE_OFFSET = 15  # °C


class AnaviWeatherOptionsFlow(OptionsFlow):
    """Options flow for the interval, the offset and the altitude, in the user's units."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Set the options."""
        units = {
            CONF_TEMPERATURE_OFFSET: temperature_offset_unit(self.hass),
            CONF_ALTITUDE: altitude_unit(self.hass),
        }
        stored = self.config_entry.options
        if user_input is not None:
            data = {
                key: units[key].store(value, stored.get(key)) if key in units else value
                for key, value in user_input.items()
            }
            return self.async_create_entry(data=data)
        shown = {key: units[key].show(value) if key in units else value for key, value in stored.items()}
        altitude = units[CONF_ALTITUDE]
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(options_schema(**units), shown),
            description_placeholders={"altitude": f"{altitude.show(self.hass.config.elevation):.0f} {altitude.shown}"},
        )


def options_schema(temperature_offset: UserUnit, altitude: UserUnit) -> vol.Schema:
    """Return the form's schema in these units."""
    return vol.Schema(
        {
            vol.Required(CONF_INTERVAL, default=DEFAULT_INTERVAL): NumberSelector(
                NumberSelectorConfig(
                    min=5, max=3600, step=1, mode=NumberSelectorMode.BOX, unit_of_measurement=UnitOfTime.SECONDS
                )
            ),
            vol.Required(CONF_TEMPERATURE_OFFSET, default=0.0): _number(
                temperature_offset, -MAX_TEMPERATURE_OFFSET, MAX_TEMPERATURE_OFFSET, 0.1
            ),
            vol.Optional(CONF_ALTITUDE): _number(altitude, MIN_ALTITUDE, MAX_ALTITUDE, 1),
        }
    )


def _number(unit: UserUnit, minimum: float, maximum: float, step: float) -> NumberSelector:
    """Return a selector in the user's unit. The limits are in the unit in which the number is stored."""
    return NumberSelector(
        NumberSelectorConfig(
            min=unit.show(minimum),
            max=unit.show(maximum),
            step=step,
            mode=NumberSelectorMode.BOX,
            unit_of_measurement=unit.shown,
        )
    )
