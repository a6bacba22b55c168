"""Diagnostics that users can attach to a bug report."""

from typing import Any

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_API_KEY, CONF_URL
from homeassistant.core import HomeAssistant

from .const import CONF_ALTITUDE, CONF_BUS, CONF_CA_CERTIFICATE, CONF_STATION_NAME, CONF_STATIONS
from .coordinator import AnaviWeatherConfigEntry, RemoteStation
from .fleet_coordinator import FleetCoordinator, fleets
from .forwarding import user_stations
from .phat import BusError, Phat, board, kernel
from .phat.simulator import is_simulated
from .reading_failures import async_failures
from .user_station.forwarder import Forwarder
from .user_station.statistics_forwarder import StatisticsForwarder

# Secrets, and values that may reveal the station's location
TO_REDACT = {CONF_ALTITUDE, CONF_API_KEY, CONF_CA_CERTIFICATE, CONF_STATION_NAME, CONF_STATIONS, CONF_URL, "title"}


async def async_get_config_entry_diagnostics(hass: HomeAssistant, entry: AnaviWeatherConfigEntry) -> dict[str, Any]:
    """Return the diagnostics of a station, which may not be loaded."""
    station = entry.runtime_data if entry.state is ConfigEntryState.LOADED else None
    return {
        "entry": async_redact_data(
            {
                "title": entry.title,
                "data": dict(entry.data),
                "options": dict(entry.options),
                "state": entry.state.value,
                "reason": entry.reason,
            },
            TO_REDACT,
        ),
        "board": {
            "product": await hass.async_add_executor_job(board.product),
            "buses": {bus.path: bus.name for bus in await hass.async_add_executor_job(board.buses)},
            "kernel_drivers": await hass.async_add_executor_job(_kernel_drivers, entry.data[CONF_BUS]),
            "responding": await hass.async_add_executor_job(_responding, entry.data[CONF_BUS]),
        },
        "failed_readings": [
            {"time": failure.time, "error": failure.key, "details": failure.details}
            for failure in async_failures(hass, entry)
        ],
        **(_readings(station) if station else {}),
        "user_stations": [
            {
                "data": async_redact_data(dict(subentry.data), TO_REDACT),
                **(_user_station(station, subentry.subentry_id) if station else {}),
            }
            for subentry in user_stations(entry)
        ],
        "fleets": [
            {
                "data": async_redact_data(dict(subentry.data), TO_REDACT),
                **(_fleet(station.fleets.get(subentry.subentry_id)) if station else {}),
            }
            for subentry in fleets(entry)
        ],
    }


def _responding(bus: str) -> list[str] | str | None:
    """Return the addresses at which something responds, or an error, or None if the bus is simulated."""
    if is_simulated(bus):
        return None
    try:
        phat = Phat.open(bus)
        try:
            return [f"0x{address:02x}" for address in phat.responding()]
        finally:
            phat.close()
    except BusError as err:
        return str(err)


def _kernel_drivers(bus: str) -> dict[str, str]:
    return {f"0x{address:02x}": name for address, name in kernel.client_names(bus).items()}


def _readings(station: RemoteStation) -> dict[str, Any]:
    data = station.coordinator.data
    return {
        "reading": {
            "succeeded": station.coordinator.last_update_success,
            "duration": data.reading.duration,
            "errors": data.errors,
            "chips": {
                str(chip): {
                    "measured": dict(measurement.values) if measurement else None,
                    "above_range": sorted(measurement.above_range) if measurement else [],
                    "error": str(error) if (error := data.reading.failures.get(chip)) else None,
                }
                for chip, measurement in data.reading.measurements.items()
            },
        },
        "quality_flags": {quantity: list(checks) for quantity, checks in data.flags.items()},
        "pressure_tendency": data.pressure_tendency,
        "forecast": data.forecast,
    }


def _user_station(station: RemoteStation, subentry_id: str) -> dict[str, Any]:
    if (forwarder := station.forwarders.get(subentry_id)) is None:
        return {}  # added since the entry was loaded
    return {**_forwarding(forwarder), "statistics": _statistics(station.statistics_forwarders.get(subentry_id))}


def _fleet(coordinator: FleetCoordinator | None) -> dict[str, Any]:
    if coordinator is None:
        return {}  # added since the entry was loaded
    return {
        "connected": coordinator.last_update_success,
        "stations": len(coordinator.data.stations),
        "disk_usage": coordinator.data.disk_usage,
    }


def _statistics(forwarder: StatisticsForwarder | None) -> dict[str, Any] | None:
    if forwarder is None:
        return None
    status, checkpoint = forwarder.status, forwarder.checkpoint
    return {
        "problem": status.problem.key if status.problem else None,
        "failures": status.failures,
        "rejected": status.rejected,
        "position": checkpoint.position,
        "stored": checkpoint.stored_count,
        "known": len(checkpoint.known),
    }


def _forwarding(forwarder: Forwarder) -> dict[str, Any]:
    status, checkpoint = forwarder.status, forwarder.checkpoint
    return {
        "connected": status.connected,
        "problem": status.problem.key if status.problem else None,  # the message may contain the URL
        "failures": status.failures,
        "recorder_problem": status.recorder_problem,
        "backlog": status.backlog,
        "position": checkpoint.position._asdict() if checkpoint.position else None,
        "stored": checkpoint.stored_count,
        "refused": checkpoint.refused_count,
        "dropped": checkpoint.dropped_count,
        "foreign": checkpoint.foreign_count,
        "purged": checkpoint.purged_count,
        "aside": checkpoint.aside,
        "rejected": checkpoint.rejected,
        "sent_again": checkpoint.again,
        "held": [held._asdict() for held in checkpoint.breaker.held.values()],
        "maybe_purged": checkpoint.maybe_purged_count,
        "checkpoint_damage": status.damage,
        "stream_recreated": checkpoint.is_recreated,
        "refused_newest": [
            {
                "state_id": state.state_id,
                "entity_id": state.entity_id,
                "last_updated_ts": state.last_updated_ts,
                "refused": state.reason,
            }
            for state in status.refused
        ],
    }
