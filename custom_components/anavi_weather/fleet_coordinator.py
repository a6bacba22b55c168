"""Coordinator of a fleet: reads the summaries of its stations at an interval.

Whatever the server answers, or if it does not answer, only the entities of the fleet are affected.
"""

from collections.abc import Mapping
from datetime import timedelta
from itertools import islice
from typing import Any, override

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from .connection import async_trust, destination
from .const import CONF_INTERVAL, CONF_STATIONS, DOMAIN, LOGGER, SUBENTRY_FLEET
from .exceptions import FleetError
from .fleet_issue import FleetKeyIssue
from .unique_ids import fleet_unique_id
from .user_station.errors import ElasticsearchError
from .user_station.fleet import Fleet
from .user_station.fleet_index import FleetIndex

MAX_STATIONS = 100  # of a fleet whose stations nobody chose


def fleets(entry: ConfigEntry) -> list[ConfigSubentry]:
    """Return an entry's fleets."""
    return entry.get_subentries_of_type(SUBENTRY_FLEET)


async def async_create_fleet_index(hass: HomeAssistant, data: Mapping[str, Any]) -> FleetIndex:
    """Create a client for the summaries on the server in a fleet's data.

    Raises:
        CertificateInvalidError: if the CA certificate is damaged.
    """
    return FleetIndex(async_get_clientsession(hass), destination(data), await async_trust(hass, data))


class FleetCoordinator(DataUpdateCoordinator[Fleet]):
    """Coordinator of one fleet."""

    config_entry: ConfigEntry

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, subentry: ConfigSubentry) -> None:
        """Initialize the coordinator without a request, because a server must not delay the setup of the station."""
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=subentry.title,
            update_interval=timedelta(seconds=subentry.data[CONF_INTERVAL]),
        )
        self.subentry = subentry
        self.data = Fleet({})
        self.last_update_success = False
        self._chosen: list[str] = subentry.data[CONF_STATIONS]
        self._index: FleetIndex | None = None
        self.key_issue = FleetKeyIssue(hass, entry, subentry)

    @override
    async def _async_update_data(self) -> Fleet:
        try:
            if self._index is None:
                self._index = await async_create_fleet_index(self.hass, self.subentry.data)
            fleet = await self._index.async_fleet(self._chosen)
        except ElasticsearchError as err:
            self.key_issue.async_update(err)
            raise FleetError("fleet_unavailable", fleet=self.name, detail=f"{type(err).__name__}: {err}") from err
        self.key_issue.async_update(None)
        wanted = self._chosen or list(islice(fleet.stations, MAX_STATIONS))
        stations = {station: fleet.stations[station] for station in wanted if station in fleet.stations}
        fleet = Fleet(stations, fleet.disk_usage, fleet.certificate_expires)
        self._async_rename_devices(fleet)
        return fleet

    def has_lost(self, device: dr.DeviceEntry) -> bool:
        """Return whether a device is that of a station which the fleet no longer has."""
        if device.config_subentry_id != self.subentry.subentry_id or not self.last_update_success:
            return False
        present = {self.subentry.subentry_id, *(fleet_unique_id(self.subentry, one) for one in self.data.stations)}
        return present.isdisjoint(identifier for _, identifier in device.identifiers)

    @callback
    def _async_rename_devices(self, fleet: Fleet) -> None:
        """Give the devices the names that the stations have now."""
        names = {
            (DOMAIN, fleet_unique_id(self.subentry, station)): summary.name
            for station, summary in fleet.stations.items()
        }
        registry = dr.async_get(self.hass)
        for device in dr.async_entries_for_config_entry(registry, self.config_entry.entry_id):
            for name in filter(None, map(names.get, device.identifiers)):
                registry.async_update_device(device.id, name=name)


@callback
def async_remove_unchosen(hass: HomeAssistant, entry: ConfigEntry, subentry: ConfigSubentry) -> None:
    """Remove the devices of stations that the user does not choose any more."""
    if not (chosen := subentry.data[CONF_STATIONS]):
        return
    wanted = {subentry.subentry_id, *(fleet_unique_id(subentry, station) for station in chosen)}
    registry = dr.async_get(hass)
    for device in dr.async_entries_for_config_entry(registry, entry.entry_id):
        own = {identifier for domain, identifier in device.identifiers if domain == DOMAIN}
        if any(identifier.startswith(subentry.subentry_id) for identifier in own) and not own & wanted:
            registry.async_remove_device(device.id)
