"""Unit of the pressure tendency, which is the unit of the station's pressure."""

from collections.abc import Mapping
from math import ceil, floor, log10
from typing import Any

from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN, SensorDeviceClass
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfPressure
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.util.unit_conversion import PressureConverter

from .const import DOMAIN

SUGGESTIONS = f"{SENSOR_DOMAIN}.private"
SUGGESTED_UNIT = "suggested_unit_of_measurement"


@callback
def async_pressure_unit(hass: HomeAssistant, pressure_unique_id: str) -> str | None:
    """Return the unit that the user or the unit system chose for a pressure, or None for hPa by default."""
    registry = er.async_get(hass)
    entity_id = registry.async_get_entity_id(SENSOR_DOMAIN, DOMAIN, pressure_unique_id)
    entry = registry.async_get(entity_id) if entity_id else None
    if entry and (chosen := _option(entry.options, SENSOR_DOMAIN, ATTR_UNIT_OF_MEASUREMENT)):
        return chosen
    return hass.config.units.get_converted_unit(SensorDeviceClass.ATMOSPHERIC_PRESSURE, UnitOfPressure.HPA)


def precision_in(unit: str | None, decimals: int) -> int:
    """Return the decimals in a unit that are as precise as some decimals in hPa, by Home Assistant's own rule."""
    magnitude = log10(PressureConverter.get_unit_ratio(UnitOfPressure.HPA, unit or UnitOfPressure.HPA))
    return max(0, decimals + (floor(magnitude) if magnitude > 0 else ceil(magnitude)))


@callback
def async_replace_default_unit(hass: HomeAssistant, tendency_unique_id: str, pressure_unique_id: str) -> None:
    """Replace the unit that the device class suggested to a tendency. Version 1.0 left it at psi in US units."""
    registry = er.async_get(hass)
    entity_id = registry.async_get_entity_id(SENSOR_DOMAIN, DOMAIN, tendency_unique_id)
    if not entity_id or not (entry := registry.async_get(entity_id)):
        return
    default = hass.config.units.get_converted_unit(SensorDeviceClass.PRESSURE, UnitOfPressure.HPA)
    if default is not None and _option(entry.options, SUGGESTIONS, SUGGESTED_UNIT) == default:
        _async_suggest(registry, entity_id, async_pressure_unit(hass, pressure_unique_id))


@callback
def async_follow_pressure_unit(hass: HomeAssistant, tendency_entity_id: str, pressure_unique_id: str) -> CALLBACK_TYPE:
    """Change a tendency's unit whenever the user changes the pressure's. A unit chosen for the tendency has priority.

    Returns:
        A function that stops following.
    """
    registry = er.async_get(hass)

    @callback
    def is_change_of_unit(data: er.EventEntityRegistryUpdatedData) -> bool:
        if data["action"] != "update" or "options" not in data["changes"]:
            return False
        entity_id = registry.async_get_entity_id(SENSOR_DOMAIN, DOMAIN, pressure_unique_id)
        if data["entity_id"] != entity_id or not (entry := registry.async_get(entity_id)):
            return False
        before, after = (
            _option(options, SENSOR_DOMAIN, ATTR_UNIT_OF_MEASUREMENT)
            for options in (data["changes"]["options"], entry.options)
        )
        return before != after

    @callback
    def follow(event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        _async_suggest(registry, tendency_entity_id, async_pressure_unit(hass, pressure_unique_id))

    return hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, follow, event_filter=is_change_of_unit)


def _option(options: Mapping[str, Mapping[str, Any]], domain: str, key: str) -> str | None:
    value: str | None = options.get(domain, {}).get(key)
    return value


@callback
def _async_suggest(registry: er.EntityRegistry, entity_id: str, unit: str | None) -> None:
    registry.async_update_entity_options(entity_id, SUGGESTIONS, {SUGGESTED_UNIT: unit} if unit else None)
