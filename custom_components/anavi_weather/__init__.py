"""ANAVI Weather: a Raspberry Pi with an ANAVI Infrared pHAT as a remote weather station and infrared remote control."""

from functools import partial

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.typing import ConfigType

from .bus_watch import async_watch_for_bus
from .codes_download import async_setup_download
from .codes_issue import async_load_codes
from .command_sender import CommandSender
from .const import CONF_BUS, CONF_SEND_STATISTICS, DOMAIN
from .coordinator import AnaviWeatherConfigEntry, AnaviWeatherCoordinator, RemoteStation
from .dashboard import async_setup_dashboard
from .deleted_codes import async_get_deleted_codes
from .entity import device_info
from .fleet_coordinator import FleetCoordinator, async_remove_unchosen, fleets
from .forwarding import (
    async_create_forwarder,
    async_create_statistics_forwarder,
    async_follow_location,
    async_remove_checkpoint,
    async_remove_orphans,
    async_remove_private_keys,
    loaded_user_stations,
    user_stations,
)
from .infrared_devices import InfraredDevices, async_delete_all
from .infrared_issue import InfraredIssue, async_delete_infrared_issue
from .issues import async_delete_issues, async_delete_orphaned_issues
from .migration import async_give_main_entities_to_station
from .missing_bus import async_continue_without_reading, async_delete_bus_issue
from .panel_commands import async_setup_panel_commands
from .phat.lirc import linux_ports
from .phat.simulated_lirc import SimulatedLirc
from .phat.simulator import is_simulated
from .rain_forecast import async_remove_rain_forecast
from .received_keys import KeyReceiver
from .send_again import async_setup_send_again
from .services import async_setup_services
from .statistics_issues import StatisticsIssues, async_delete_statistics_issue
from .transceiver import Transceiver, infrared_pair_owner
from .user_station.renames import async_setup_renames
from .user_station_issues import UserStationIssues

PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.CLIMATE,
    Platform.DATETIME,
    Platform.EVENT,
    Platform.INFRARED,
    Platform.REMOTE,
    Platform.SENSOR,
    Platform.SWITCH,
    Platform.WEATHER,
]

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up what does not depend on an entry, such as the actions and the weather panel."""
    async_setup_services(hass)
    async_setup_panel_commands(hass)
    async_setup_send_again(hass)
    await async_setup_dashboard(hass)
    async_setup_download(hass)
    async_setup_renames(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: AnaviWeatherConfigEntry) -> bool:
    """Set up a remote station."""
    async_remove_private_keys(hass, entry)
    settings = _settings(entry)
    await async_remove_orphans(hass)
    async_delete_orphaned_issues(hass)
    coordinator = AnaviWeatherCoordinator(hass, entry)
    try:
        await coordinator.async_config_entry_first_refresh()
    except ConfigEntryNotReady:
        if not await async_continue_without_reading(hass, entry, coordinator):
            await async_watch_for_bus(hass, entry)
            raise
    else:
        async_delete_bus_issue(hass, entry)
    entry.runtime_data = station = await _async_load(hass, entry, coordinator)
    await _async_start_parts(hass, entry, station)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    _start_fleets(hass, entry, station)
    _start_forwarders(hass, entry, station)
    entry.async_on_unload(hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, coordinator.async_release_chips))
    entry.async_on_unload(async_follow_location(hass, entry))
    entry.async_on_unload(entry.add_update_listener(partial(_async_updated, settings=settings)))
    if _settings(entry) != settings:  # changed during the setup, when nothing listened
        hass.config_entries.async_schedule_reload(entry.entry_id)
    return True


async def _async_load(
    hass: HomeAssistant, entry: AnaviWeatherConfigEntry, coordinator: AnaviWeatherCoordinator
) -> RemoteStation:
    """Return the parts of a remote station, none of which has started."""
    codes = await async_load_codes(hass, entry)
    pair = SimulatedLirc() if is_simulated(entry.data[CONF_BUS]) else None
    transceiver: Transceiver | None = None
    if pair is not None:
        transceiver = Transceiver(hass, pair.ports, codes.may_continue)
    elif infrared_pair_owner(hass) is entry:
        transceiver = Transceiver(hass, linux_ports, codes.may_continue)
    forwarders = {
        subentry.subentry_id: await async_create_forwarder(hass, entry, subentry) for subentry in user_stations(entry)
    }
    statistics_forwarders = {
        subentry.subentry_id: await async_create_statistics_forwarder(
            hass, entry, subentry, forwarders[subentry.subentry_id].entities
        )
        for subentry in user_stations(entry)
        if subentry.data.get(CONF_SEND_STATISTICS, True)
    }
    coordinators = {subentry.subentry_id: FleetCoordinator(hass, entry, subentry) for subentry in fleets(entry)}
    device = dr.async_get(hass).async_get_or_create(config_entry_id=entry.entry_id, **device_info(entry))
    devices = InfraredDevices(hass, entry, codes, device.id)
    sender = CommandSender(hass, entry, transceiver) if transceiver else None
    keys = KeyReceiver(hass, transceiver, codes) if transceiver else None
    return RemoteStation(
        coordinator, codes, devices, transceiver, sender, keys, pair, forwarders, statistics_forwarders, coordinators
    )


async def _async_start_parts(hass: HomeAssistant, entry: AnaviWeatherConfigEntry, station: RemoteStation) -> None:
    """Start what entities need when they are added."""
    entry.async_on_unload(await station.devices.async_start())
    entry.async_on_unload(station.coordinator.rain.async_start())
    await async_get_deleted_codes(hass).async_load()
    if station.keys:
        entry.async_on_unload(station.keys.async_start())
    if transceiver := station.transceiver:
        entry.async_on_unload(InfraredIssue(hass, entry, transceiver).async_start())
        entry.async_on_unload(transceiver.async_stop)
        await transceiver.async_start()
    else:
        async_delete_infrared_issue(hass, entry)


def _start_fleets(hass: HomeAssistant, entry: AnaviWeatherConfigEntry, station: RemoteStation) -> None:
    """Start to read the stations of each fleet."""
    for fleet in station.fleets.values():
        async_remove_unchosen(hass, entry, fleet.subentry)
        entry.async_on_unload(fleet.key_issue.async_withdraw)
        entry.async_create_background_task(hass, fleet.async_refresh(), f"{DOMAIN} {fleet.name} fleet")


def _start_forwarders(hass: HomeAssistant, entry: AnaviWeatherConfigEntry, station: RemoteStation) -> None:
    """Start to send states and statistics to each user station."""
    for subentry, forwarder in loaded_user_stations(entry):
        entry.async_on_unload(UserStationIssues(hass, entry, subentry, forwarder).async_start())
        entry.async_create_background_task(hass, forwarder.async_run(), f"{DOMAIN} {subentry.title}")
        if statistics := station.statistics_forwarders.get(subentry.subentry_id):
            entry.async_on_unload(StatisticsIssues(hass, subentry, forwarder, statistics).async_start())
            entry.async_create_background_task(hass, statistics.async_run(), f"{DOMAIN} {subentry.title} statistics")
        else:
            async_delete_statistics_issue(hass, subentry)


async def async_migrate_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Migrate an entry of an older version. An entry of a newer version is not loaded."""
    if entry.version == 1:
        async_give_main_entities_to_station(hass, entry)
        hass.config_entries.async_update_entry(entry, version=2)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: AnaviWeatherConfigEntry) -> bool:
    """Unload a remote station."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: AnaviWeatherConfigEntry, device: dr.DeviceEntry
) -> bool:
    """Let users delete the device of a station that a fleet no longer has."""
    if entry.state is not ConfigEntryState.LOADED:
        return False
    return any(fleet.has_lost(device) for fleet in entry.runtime_data.fleets.values())


async def async_remove_entry(hass: HomeAssistant, entry: AnaviWeatherConfigEntry) -> None:
    """Delete all that a remote station has stored, and its issues. A repair can restore its codes."""
    for owner_id in (entry.entry_id, *entry.subentries):
        async_delete_issues(hass, owner_id)
    await async_delete_all(hass, entry)
    await async_remove_rain_forecast(hass, entry.entry_id)
    for subentry in user_stations(entry):
        await async_remove_checkpoint(hass, subentry.subentry_id)


def _settings(entry: ConfigEntry) -> tuple[object, ...]:
    """Return what requires a reload if it changes. Chips and infrared devices come and go without one."""
    # Home Assistant changes a subentry in place
    subentries = {
        subentry.subentry_id: (subentry.title, subentry.data) for subentry in (*user_stations(entry), *fleets(entry))
    }
    return entry.title, entry.data[CONF_BUS], entry.options, subentries


async def _async_updated(hass: HomeAssistant, entry: AnaviWeatherConfigEntry, *, settings: tuple[object, ...]) -> None:
    """Follow a change of the entry or its subentries, and delete the checkpoints of user stations that were removed."""
    await entry.runtime_data.devices.async_follow()
    if _settings(entry) == settings:
        await entry.runtime_data.coordinator.async_follow_entry()
        return
    removed_fleets = entry.runtime_data.fleets.keys() - entry.subentries.keys()
    removed_user_stations = entry.runtime_data.forwarders.keys() - entry.subentries.keys()
    await hass.config_entries.async_reload(entry.entry_id)
    for subentry_id in removed_fleets | removed_user_stations:
        async_delete_issues(hass, subentry_id)
    for subentry_id in removed_user_stations:
        await async_remove_checkpoint(hass, subentry_id)
