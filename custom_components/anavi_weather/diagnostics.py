"""What a user can attach to a bug report."""

from typing import Any

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.core import HomeAssistant

from .const import CONF_ALTITUDE
from .coordinator import AnaviWeatherConfigEntry
from .phat import board

TO_REDACT = {CONF_ALTITUDE, "title"}  # they may tell where the station is


async def async_get_config_entry_diagnostics(hass: HomeAssistant, entry: AnaviWeatherConfigEntry) -> dict[str, Any]:
    """Return what is known of a station."""
    coordinator = entry.runtime_data.coordinator
    data = coordinator.data
    return {
        "entry": async_redact_data(
            {"title": entry.title, "data": dict(entry.data), "options": dict(entry.options)}, TO_REDACT
        ),
        "board": {
            "product": await hass.async_add_executor_job(board.product),
            "buses": {bus.path: bus.name for bus in await hass.async_add_executor_job(board.buses)},
        },
        "reading": {
            "succeeded": coordinator.last_update_success,
            "duration": data.reading.duration,
            "errors": data.errors,
            "chips": {
                str(chip): {
                    "measured": dict(measurement.values) if measurement else None,
                    "above_range": sorted(measurement.above_range) if measurement else [],
                    "error": str(error) if (error := data.reading.errors.get(chip)) else None,
                }
                for chip, measurement in data.reading.measurements.items()
            },
        },
        "pressure_tendency": data.pressure_tendency,
        "forecast": data.forecast,
    }
