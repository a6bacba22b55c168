"""The user stations of a remote station. Each is a subentry with its own forwarder and checkpoint."""

from collections.abc import Mapping
from hashlib import sha256
import json
import logging
from pathlib import Path
import re
from socket import gethostname
import ssl
import time
from typing import Any

from ulid_transform import ulid_to_timestamp

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_URL, EVENT_CORE_CONFIG_UPDATE, __version__
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er, instance_id
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.loader import async_get_integration

from .connection import async_trust, destination
from .const import (
    CONF_ALTITUDE,
    CONF_CA_CERTIFICATE,
    CONF_CHOSEN_ENTITIES,
    CONF_ENTITIES,
    CONF_EXCLUDE,
    CONF_INCLUDE,
    CONF_LOCATION,
    CONF_NAMESPACE,
    CONF_SEND_HISTORY,
    CONF_STATION_NAME,
    DOMAIN,
    SUBENTRY_USER_STATION,
)
from .coordinator import AnaviWeatherConfigEntry
from .user_station.checkpoint import Checkpoint
from .user_station.checkpoint_store import CheckpointDamagedError, CheckpointStore
from .user_station.documents import Station
from .user_station.elasticsearch import Elasticsearch
from .user_station.entities import Entities, Selection
from .user_station.errors import CertificateInvalidError
from .user_station.filters import Rules
from .user_station.forwarder import Forwarder
from .user_station.location import Location, Precision, round_location
from .user_station.statistics_checkpoint import StatisticsStore
from .user_station.statistics_forwarder import StatisticsForwarder
from .user_station.statistics_index import StatisticsIndex
from .user_station.tls import extract_certificates, has_private_key

LOGGER = logging.getLogger(__name__)
NETWORK = Path("/sys/class/net")
CPU_INFO = Path("/proc/cpuinfo")
SERIAL_NUMBER = re.compile(r"^Serial\s*: (\w+)$", re.MULTILINE)
CONTAINER_ID = re.compile(r"[0-9a-f]{12}")

KINDS = (CHECKPOINT, STATISTICS) = ("checkpoint", "statistics")  # of stored files


def user_stations(entry: ConfigEntry) -> list[ConfigSubentry]:
    """Return an entry's user stations."""
    return entry.get_subentries_of_type(SUBENTRY_USER_STATION)


def loaded_user_stations(entry: AnaviWeatherConfigEntry) -> list[tuple[ConfigSubentry, Forwarder]]:
    """Return the user stations that the entry was loaded with, and their forwarders."""
    forwarders = entry.runtime_data.forwarders
    return [
        (subentry, forwarders[subentry.subentry_id])
        for subentry in user_stations(entry)
        if subentry.subentry_id in forwarders
    ]


async def async_create_elasticsearch(hass: HomeAssistant, data: Mapping[str, Any]) -> Elasticsearch:
    """Create a client for the server in a user station's data.

    Raises:
        CertificateInvalidError: if the CA certificate is damaged.
    """
    return _elasticsearch(hass, data, await async_trust(hass, data))


def _elasticsearch(
    hass: HomeAssistant, data: Mapping[str, Any], trusted: ssl.SSLContext | bool | None
) -> Elasticsearch:
    return Elasticsearch(async_get_clientsession(hass), destination(data), trusted)


def _rules(data: Mapping[str, Any]) -> tuple[Rules, Rules]:
    """Return the rules by which entities are included and excluded."""
    return Rules.from_data(data.get(CONF_INCLUDE, {})), Rules.from_data(data.get(CONF_EXCLUDE, {}))


def _task(data: Mapping[str, Any]) -> str:
    """Return which entities are sent where."""
    rules = _rules(data)
    filters = [json.dumps(some) for some in rules] if any(map(any, rules)) else []
    chosen = data.get(CONF_CHOSEN_ENTITIES, [])
    return " ".join([data[CONF_URL], data[CONF_NAMESPACE], data[CONF_ENTITIES], *chosen, *filters])


def _precision(data: Mapping[str, Any]) -> Precision:
    """Return how precisely a user station's location is sent. User stations of 1.0 do not have the setting."""
    return Precision(data.get(CONF_LOCATION, Precision.NONE))


def _location(hass: HomeAssistant, entry: ConfigEntry, data: Mapping[str, Any]) -> Location | None:
    """Return the location that a user station's documents have, if any."""
    config = hass.config
    if not config.latitude and not config.longitude:
        return None  # nobody has told Home Assistant where it is
    elevation = float(entry.options.get(CONF_ALTITUDE, config.elevation))
    return round_location(Location(config.latitude, config.longitude, elevation), _precision(data))


@callback
def async_follow_location(hass: HomeAssistant, entry: ConfigEntry) -> CALLBACK_TYPE:
    """Reload an entry when a location that it sends changes. Return a function that stops that."""

    def locations() -> list[Location | None]:
        return [_location(hass, entry, subentry.data) for subentry in user_stations(entry)]

    sent = locations()

    @callback
    def follow(_: Event) -> None:
        if locations() != sent:
            hass.config_entries.async_schedule_reload(entry.entry_id)

    return hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, follow)


async def _async_station(hass: HomeAssistant, entry: ConfigEntry, data: Mapping[str, Any]) -> Station:
    integration = await async_get_integration(hass, DOMAIN)
    own_id = await instance_id.async_get(hass)
    location = _location(hass, entry, data)
    return Station(
        id=own_id,
        name=data[CONF_STATION_NAME],
        version=str(integration.version),
        home_assistant=__version__,
        instance=await hass.async_add_executor_job(_instance, hass, own_id),
        location=location.point if location else None,
        elevation=location.elevation if location else None,
        sends_coordinates=_precision(data) is Precision.EXACT,
    )


async def async_create_statistics_forwarder(
    hass: HomeAssistant, entry: ConfigEntry, subentry: ConfigSubentry, entities: Entities
) -> StatisticsForwarder:
    """Create a user station's forwarder of statistics, which continues from its checkpoint."""
    data = subentry.data
    store = _statistics_store(hass, subentry.subentry_id)
    try:
        trusted = await async_trust(hass, data)
    except CertificateInvalidError:
        trusted = None
    return StatisticsForwarder(
        hass,
        name=subentry.title,
        station=await _async_station(hass, entry, data),
        entities=entities,
        index=StatisticsIndex(async_get_clientsession(hass), destination(data), trusted),
        store=store,
        checkpoint=await store.async_load(),
        task=_task(data),
    )


async def async_create_forwarder(hass: HomeAssistant, entry: ConfigEntry, subentry: ConfigSubentry) -> Forwarder:
    """Create a user station's forwarder, which continues from its checkpoint."""
    data = subentry.data
    chosen = data.get(CONF_CHOSEN_ENTITIES, [])
    include, exclude = _rules(data)
    store = _store(hass, subentry.subentry_id)
    checkpoint, damage = await _async_load_checkpoint(hass, subentry, store)
    try:
        elasticsearch = await async_create_elasticsearch(hass, data)
    except CertificateInvalidError:
        # Only forwarding needs the certificate, so the rest of the station is set up
        elasticsearch = _elasticsearch(hass, data, None)
    forwarder = Forwarder(
        hass,
        name=subentry.title,
        station=await _async_station(hass, entry, data),
        entities=Entities(
            hass,
            entry.entry_id,
            Selection(data[CONF_ENTITIES]),
            chosen,
            checkpoint.names,
            include=include,
            exclude=exclude,
        ),
        elasticsearch=elasticsearch,
        store=store,
        checkpoint=checkpoint,
        send_history=data[CONF_SEND_HISTORY],
        begin_ts=_added_at(subentry.subentry_id),
    )
    forwarder.status.record_damage(damage)
    return forwarder


async def _async_load_checkpoint(
    hass: HomeAssistant, subentry: ConfigSubentry, store: CheckpointStore
) -> tuple[Checkpoint, str | None]:
    """Return the checkpoint, which begins a new task if the settings need one, and how the stored one is damaged."""
    data = subentry.data
    task = _task(data)
    try:
        checkpoint = await store.async_load()
    except CheckpointDamagedError as err:
        # Only forwarding needs it, and the user station recognizes what is sent again
        LOGGER.error("%s: the checkpoint cannot be read, so states are sent again: %s", subentry.title, err)
        return Checkpoint(task), str(err)
    if checkpoint is None:
        return Checkpoint(task), None
    begins_history = data[CONF_SEND_HISTORY] and checkpoint.since is not None
    if checkpoint.task != task or begins_history:
        _forget_unchosen(hass, checkpoint, Selection(data[CONF_ENTITIES]))
        checkpoint.begin_task(task, keeps_since=not begins_history)
    return checkpoint, None


@callback
def async_remove_private_keys(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Remove the private keys that a user pasted with a CA certificate, which version 1.0 stored."""
    for subentry in user_stations(entry):
        if has_private_key(text := subentry.data.get(CONF_CA_CERTIFICATE, "")):
            try:
                certificate = extract_certificates(text)
            except CertificateInvalidError:
                certificate = ""  # the user is asked for it
            hass.config_entries.async_update_subentry(
                entry, subentry, data={**subentry.data, CONF_CA_CERTIFICATE: certificate}
            )


def _instance(hass: HomeAssistant, uuid: str) -> str:
    """Return an id of this Home Assistant on this machine. A copy of its files on another machine has another."""
    # The addresses of network devices that are not hardware change
    hardware = (path for path in NETWORK.glob("*/address") if (path.parent / "device").exists())
    addresses = sorted(path.read_text(encoding="ascii").strip() for path in hardware)
    # A container without the host's network sees no address, but the serial number of a Raspberry Pi
    machine = addresses + SERIAL_NUMBER.findall(CPU_INFO.read_text(encoding="utf-8"))
    name = gethostname()
    if machine and CONTAINER_ID.fullmatch(name):
        name = ""  # another one after each update
    return sha256("\n".join([uuid, name, hass.config.config_dir, *machine]).encode()).hexdigest()[:16]


async def async_remove_checkpoint(hass: HomeAssistant, subentry_id: str) -> None:
    """Delete a user station's checkpoint."""
    await _store(hass, subentry_id).async_remove()
    await _statistics_store(hass, subentry_id).async_remove()


async def async_remove_orphans(hass: HomeAssistant) -> None:
    """Delete the checkpoints of user stations that were removed while their entry was not loaded."""
    entries = hass.config_entries.async_entries(DOMAIN)
    known = {_key(subentry_id, kind) for entry in entries for subentry_id in entry.subentries for kind in KINDS}

    def find() -> list[str]:
        folder = Path(hass.config.path(STORAGE_DIR))
        return [file.name for kind in KINDS for file in folder.glob(_key("*", kind))]

    for key in await hass.async_add_executor_job(find):
        if key not in known:
            await CheckpointStore(hass, key).async_remove()


def _forget_unchosen(hass: HomeAssistant, checkpoint: Checkpoint, selection: Selection) -> None:
    """Forget entities that were removed and never chosen: they were sent only because all were."""
    if selection is not Selection.ALL and Selection.ALL in checkpoint.task.split()[2:3]:
        known = er.async_get(hass).entities
        checkpoint.names.forget({key for key in checkpoint.names.keys if not known.get_entry(key)})


def _added_at(subentry_id: str) -> float:
    """Return when a user station was added. Unlike the checkpoint, its id cannot be damaged alone."""
    try:
        return ulid_to_timestamp(subentry_id) / 1000
    except ValueError:
        return time.time()


def _store(hass: HomeAssistant, subentry_id: str) -> CheckpointStore:
    return CheckpointStore(hass, _key(subentry_id, CHECKPOINT))


def _statistics_store(hass: HomeAssistant, subentry_id: str) -> StatisticsStore:
    return StatisticsStore(hass, _key(subentry_id, STATISTICS))


def _key(subentry_id: str, kind: str) -> str:
    return f"{DOMAIN}.{subentry_id}.{kind}"
