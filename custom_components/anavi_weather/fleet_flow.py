"""Subentry flow of a fleet: the server, and the stations to show."""

from typing import Any, override

import voluptuous as vol

from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import UnitOfTime
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from .const import CONF_INTERVAL, CONF_STATIONS
from .fleet_coordinator import MAX_STATIONS, async_create_fleet_index
from .server_flow import ServerFlow
from .user_station.fleet import Fleet

DEFAULT_INTERVAL = 60  # seconds: the server writes no summary more often
MAX_INTERVAL = 3600  # seconds


def stations_schema(names: dict[str, str]) -> vol.Schema:
    """Return the schema of the choice among stations, whose names are by their ids."""
    options = [SelectOptionDict(value=station, label=name) for station, name in names.items()]
    return vol.Schema(
        {
            vol.Optional(CONF_STATIONS, default=list): SelectSelector(
                SelectSelectorConfig(options=options, multiple=True, mode=SelectSelectorMode.DROPDOWN, sort=True)
            ),
            vol.Required(CONF_INTERVAL, default=DEFAULT_INTERVAL): NumberSelector(
                NumberSelectorConfig(
                    min=DEFAULT_INTERVAL,
                    max=MAX_INTERVAL,
                    step=1,
                    unit_of_measurement=UnitOfTime.SECONDS,
                    mode=NumberSelectorMode.BOX,
                )
            ),
        }
    )


class FleetFlow(ServerFlow):
    """Subentry flow that adds or reconfigures a fleet."""

    unique_prefix = "fleet "

    def __init__(self) -> None:
        """Initialize the flow."""
        super().__init__()
        self._fleet = Fleet({})

    @override
    async def _async_check(self) -> None:
        self._fleet = await (await async_create_fleet_index(self.hass, self._server)).async_fleet()

    @override
    async def _async_step_next(self) -> SubentryFlowResult:
        return await self.async_step_stations()

    async def async_step_stations(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Handle the choice of the stations to show."""
        errors: dict[str, str] = {}
        if user_input is not None:
            if user_input[CONF_STATIONS] or len(self._fleet.stations) <= MAX_STATIONS:
                return self._finish(self._server | {**user_input, CONF_INTERVAL: int(user_input[CONF_INTERVAL])})
            errors[CONF_STATIONS] = "too_many_stations"
        return self.async_show_form(
            step_id="stations",
            data_schema=self.add_suggested_values_to_schema(
                stations_schema(self._names()), user_input or dict(self._known())
            ),
            errors=errors,
            description_placeholders={"count": str(len(self._fleet.stations)), "maximum": str(MAX_STATIONS)},
            last_step=True,
        )

    def _names(self) -> dict[str, str]:
        """Return the names of the stations by their ids. One of several with the same name has a part of its id."""
        names = {station: summary.name for station, summary in self._fleet.stations.items()}
        found = list(names.values())
        # Those that the server has no summary of now stay chosen
        gone = {station: station for station in self._known().get(CONF_STATIONS, ()) if station not in names}
        return gone | {
            station: name if found.count(name) == 1 else f"{name} ({station[:8]})" for station, name in names.items()
        }
