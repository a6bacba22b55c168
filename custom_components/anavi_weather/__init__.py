"""ANAVI Weather: a Raspberry Pi with an ANAVI Infrared pHAT as a remote weather station."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant

from .coordinator import AnaviWeatherConfigEntry, AnaviWeatherCoordinator

PLATFORMS = [Platform.BINARY_SENSOR, Platform.SENSOR, Platform.SWITCH]


async def async_setup_entry(hass: HomeAssistant, entry: AnaviWeatherConfigEntry) -> bool:
    """Set up a remote station."""
    coordinator = AnaviWeatherCoordinator(hass, entry)
    await coordinator.async_config_entry_first_refresh()
    entry.runtime_data = coordinator
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: AnaviWeatherConfigEntry) -> bool:
    """Unload a remote station."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
