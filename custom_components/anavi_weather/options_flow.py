"""Options flow of a remote station."""

from collections.abc import Mapping
from typing import Any

import voluptuous as vol

from homeassistant.components.binary_sensor import DOMAIN as BINARY_SENSOR_DOMAIN
from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN, SensorDeviceClass
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import UnitOfTime
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    EntityWithDeviceFilterSelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
)

from .calibration import STATION_TEMPERATURE, Calibration
from .calibration_flow import LIMITS, CalibrationFlow
from .const import (
    CONF_ALTITUDE,
    CONF_CALIBRATED,
    CONF_CALIBRATED_BEFORE,
    CONF_CORRECTIONS,
    CONF_INTERVAL,
    CONF_OUTDOOR_TEMPERATURE,
    CONF_RAIN,
    CONF_TEMPERATURE_OFFSET,
    DEFAULT_INTERVAL,
)
from .phat import Quantity
from .user_units import UserUnit, altitude_unit, temperature_offset_unit

ENTITIES = (CONF_OUTDOOR_TEMPERATURE, CONF_RAIN)
RAIN_OBSERVERS = [
    EntityWithDeviceFilterSelectorConfig(domain=BINARY_SENSOR_DOMAIN),
    EntityWithDeviceFilterSelectorConfig(
        domain=SENSOR_DOMAIN,
        device_class=[SensorDeviceClass.PRECIPITATION, SensorDeviceClass.PRECIPITATION_INTENSITY],
    ),
]
MIN_ALTITUDE, MAX_ALTITUDE = -430, 8848  # m


class AnaviWeatherOptionsFlow(CalibrationFlow):
    """Options flow of a station, in the user's units."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Choose between the settings and a calibration."""
        return self.async_show_menu(step_id="init", menu_options=["settings", "calibrate"])

    async def async_step_settings(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Set the interval, the temperature offset and the altitude."""
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
            data |= {key: self._registry_id(str(data[key])) for key in ENTITIES if key in data}
            return self.async_create_entry(data=self._with_calibration(data))
        shown = {key: units[key].show(value) if key in units else value for key, value in stored.items()}
        registry = er.async_get(self.hass)
        shown |= {key: er.async_resolve_entity_id(registry, stored[key]) for key in ENTITIES if key in stored}
        altitude = units[CONF_ALTITUDE]
        return self.async_show_form(
            step_id="settings",
            data_schema=self.add_suggested_values_to_schema(options_schema(**units), shown),
            description_placeholders={"altitude": f"{altitude.show(self.hass.config.elevation):.0f} {altitude.shown}"},
        )

    def _registry_id(self, entity_id: str) -> str:
        """Return the id of an entity in the registry, which does not change if it is renamed, if it is registered."""
        registered = er.async_get(self.hass).async_get(entity_id)
        return registered.id if registered else entity_id

    def _with_calibration(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Return settings with the corrections, and with the date of the temperature offset if it changed."""
        calibration = Calibration(self.config_entry.options)
        offset = settings[CONF_TEMPERATURE_OFFSET]
        options: Mapping[str, Any] = self.config_entry.options
        if offset != calibration.correction(STATION_TEMPERATURE):
            options = calibration.changed(STATION_TEMPERATURE, offset)
        keys = (CONF_CORRECTIONS, CONF_CALIBRATED, CONF_CALIBRATED_BEFORE)
        return {**settings, **{key: options[key] for key in keys if key in options}}


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
                temperature_offset, *LIMITS[Quantity.TEMPERATURE], 0.1
            ),
            vol.Optional(CONF_ALTITUDE): _number(altitude, MIN_ALTITUDE, MAX_ALTITUDE, 1),
            vol.Optional(CONF_OUTDOOR_TEMPERATURE): EntitySelector(
                EntitySelectorConfig(domain=SENSOR_DOMAIN, device_class=SensorDeviceClass.TEMPERATURE)
            ),
            vol.Optional(CONF_RAIN): EntitySelector(EntitySelectorConfig(filter=RAIN_OBSERVERS)),
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
