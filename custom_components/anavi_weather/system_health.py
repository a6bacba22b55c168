"""System health information about the remote stations."""

from typing import Any

from homeassistant.components import system_health
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN
from .coordinator import AnaviWeatherConfigEntry
from .phat import board


@callback
def async_register(hass: HomeAssistant, register: system_health.SystemHealthRegistration) -> None:
    """Register the information."""
    register.async_register_info(system_health_info)


async def system_health_info(hass: HomeAssistant) -> dict[str, Any]:
    """Return the available buses and how many stations, chips and user stations work."""
    buses = await hass.async_add_executor_job(board.buses)
    entries: list[AnaviWeatherConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    coordinators = [entry.runtime_data.coordinator for entry in entries]
    forwarders = [forwarder for entry in entries for forwarder in entry.runtime_data.forwarders.values()]
    return {
        "buses": ", ".join(bus.path for bus in buses) or "-",
        "stations": len(coordinators),
        "chips": sum(len(coordinator.chips) for coordinator in coordinators),
        "chips_working": sum(
            len(coordinator.data.measurements) for coordinator in coordinators if coordinator.last_update_success
        ),
        "user_stations": len(forwarders),
        "user_stations_connected": sum(forwarder.status.connected is True for forwarder in forwarders),
    }
