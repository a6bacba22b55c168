"""Tests of creating and removing the forwarders of user stations."""

from collections.abc import Sequence
from pathlib import Path
import time
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
import trustme

from custom_components.anavi_weather.const import (
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
from custom_components.anavi_weather.forwarding import (
    async_create_elasticsearch,
    async_create_forwarder,
    async_remove_checkpoint,
    loaded_user_stations,
    user_stations,
)
from custom_components.anavi_weather.phat.simulator import Simulator
from custom_components.anavi_weather.user_station import Forwarder
from custom_components.anavi_weather.user_station.checkpoint import Checkpoint
from custom_components.anavi_weather.user_station.errors import CertificateInvalidError
from custom_components.anavi_weather.user_station.names import Name, Names
from custom_components.anavi_weather.user_station.recorder_log import Position
from homeassistant.config_entries import ConfigEntryDisabler, ConfigSubentry, ConfigSubentryDataWithId
from homeassistant.const import CONF_URL, __version__
from homeassistant.core import HomeAssistant
from homeassistant.helpers import instance_id
from homeassistant.setup import async_setup_component
from homeassistant.util.ulid import ulid_at_time

from .conftest import number
from .user_station.certificates import pem
from .user_station.harness import until
from .user_station.server import Server

KEY = f"{DOMAIN}.01USER.checkpoint"
STATISTICS_KEY = f"{DOMAIN}.01USER.statistics"
POSITION = Position("sqlite", 5, 1.5)
AUTHORITY = trustme.CA()
SINCE = Position("sqlite", 1, 0.5)
NAMES = Names([Name("e", "sensor.a")])


@pytest.fixture
def recorded_entities() -> Sequence[str]:
    """Have the recorder store states, which these tests read."""
    return ("*",)


async def create(hass: HomeAssistant, entry: MockConfigEntry, subentry: ConfigSubentry, **changes: Any) -> Checkpoint:
    """Return a new forwarder's checkpoint, after a change of the user station."""
    changed = MappingProxyType({**subentry.data, **changes})
    data = ConfigSubentry(data=changed, subentry_type="user_station", title="Casa", unique_id="", subentry_id="01USER")
    return (await async_create_forwarder(hass, entry, data)).checkpoint


def known(task: str, **more: Any) -> Checkpoint:
    """Return what is known of entities and losses when everything is sent again."""
    return Checkpoint(
        task, purged_count=2, names=NAMES, purged_acknowledged=1, last_refused=("sensor.a", "odd"), **more
    )


@pytest.fixture
async def task(hass: HomeAssistant, entry: MockConfigEntry, user_station: ConfigSubentry) -> str:
    """Return the user station's task."""
    checkpoint = await create(hass, entry, user_station)
    assert checkpoint == Checkpoint(checkpoint.task)
    return checkpoint.task


@pytest.fixture
def stored(hass_storage: dict[str, Any], task: str) -> dict[str, Any]:
    """Return a stored checkpoint."""
    data = {
        "task": task,
        "position": list(POSITION),
        "since": None,
        "stored": 4,
        "refused": 3,
        "purged": 2,
        "last_stored_ts": 1.5,
        "entity_ids": ["sensor.a"],
        "names": [["e", "sensor.a", None, None, None, None, True]],
        "refused_noted": 1,
        "purged_noted": 1,
        "last_refused": ["sensor.a", "odd"],
    }
    hass_storage[KEY] = {"version": 1, "minor_version": 1, "key": KEY, "data": data}
    return data


def test_the_user_stations_of_an_entry(entry: MockConfigEntry, user_station: ConfigSubentry) -> None:
    assert user_stations(entry) == [user_station]


@pytest.mark.usefixtures("stored")
async def test_a_forwarder_continues_from_its_checkpoint(
    hass: HomeAssistant, entry: MockConfigEntry, user_station: ConfigSubentry, task: str
) -> None:
    expected = Checkpoint(task, POSITION, None, 4, 3, 2, 1.5, NAMES, 1, 1, ("sensor.a", "odd"))
    assert await create(hass, entry, user_station) == expected
    # Changes that do not concern the task
    same = {CONF_STATION_NAME: "Torre", "api_key": "other", CONF_SEND_HISTORY: False}
    assert await create(hass, entry, user_station, **same) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {CONF_URL: "https://other.example.org"},
        {CONF_NAMESPACE: "other"},
        {CONF_ENTITIES: "all"},
        {CONF_CHOSEN_ENTITIES: ["sensor.b"]},
        {CONF_INCLUDE: {"domains": ["light"]}},
        {CONF_EXCLUDE: {"domains": ["light"]}},
    ],
)
@pytest.mark.usefixtures("stored")
async def test_another_task_starts_over(
    hass: HomeAssistant, entry: MockConfigEntry, user_station: ConfigSubentry, task: str, changes: dict[str, Any]
) -> None:
    """Case 23: what is known of entities and losses remains."""
    checkpoint = await create(hass, entry, user_station, **changes)
    assert checkpoint == known(checkpoint.task)
    assert checkpoint.task != task


@pytest.mark.parametrize(("selection", "remembered"), [("station", []), ("all", ["sensor.a"])])
async def test_removed_entities_that_were_never_chosen_are_forgotten(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    user_station: ConfigSubentry,
    stored: dict[str, Any],
    task: str,
    selection: str,
    remembered: list[str],
) -> None:
    """They were sent only because all entities were."""
    stored["task"] = " ".join([*task.split()[:2], "all"])
    changes = {CONF_ENTITIES: selection, CONF_NAMESPACE: "other"}
    checkpoint = await create(hass, entry, user_station, **changes)
    assert [name.entity_id for name in checkpoint.names] == remembered


async def test_another_task_without_history_starts_where_the_first_started(
    hass: HomeAssistant, entry: MockConfigEntry, user_station: ConfigSubentry, stored: dict[str, Any]
) -> None:
    stored["since"] = list(SINCE)
    changes = {CONF_ENTITIES: "all", CONF_SEND_HISTORY: False}
    checkpoint = await create(hass, entry, user_station, **changes)
    assert checkpoint == known(checkpoint.task, since=SINCE)


async def test_history_can_be_sent_later(
    hass: HomeAssistant, entry: MockConfigEntry, user_station: ConfigSubentry, stored: dict[str, Any], task: str
) -> None:
    stored["since"] = list(SINCE)
    kept = await create(hass, entry, user_station, **{CONF_SEND_HISTORY: False})
    assert (kept.position, kept.since) == (POSITION, SINCE)
    assert await create(hass, entry, user_station) == known(task)


async def test_a_user_station_that_was_added_since_is_not_loaded(
    entry: MockConfigEntry, user_station: ConfigSubentry, forwarder: Forwarder
) -> None:
    assert loaded_user_stations(entry) == [(user_station, forwarder)]
    entry.runtime_data.forwarders.clear()
    assert loaded_user_stations(entry) == []


async def test_forwarding_goes_on_without_a_damaged_checkpoint(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    user_station: ConfigSubentry,
    stored: dict[str, Any],
    task: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Case 12."""
    del stored["stored"]
    forwarder = await async_create_forwarder(hass, entry, user_station)
    assert forwarder.checkpoint == Checkpoint(task)
    damage = forwarder.status.damage
    assert damage
    assert f"Casa: the checkpoint cannot be read, so states are sent again: {damage}" in caplog.messages


async def test_without_a_checkpoint_forwarding_begins_when_the_user_station_was_added(
    hass: HomeAssistant, entry: MockConfigEntry, user_station: ConfigSubentry
) -> None:
    """Case 12: its id has that time."""
    subentry = ConfigSubentry(
        data=user_station.data, subentry_type="", title="", unique_id="", subentry_id=ulid_at_time(1_790_000_000.5)
    )
    with patch("custom_components.anavi_weather.forwarding.Forwarder", wraps=Forwarder) as created:
        await async_create_forwarder(hass, entry, subentry)
        assert created.call_args.kwargs["begin_ts"] == 1_790_000_000.5
        await async_create_forwarder(hass, entry, user_station)
        assert created.call_args.kwargs["begin_ts"] == pytest.approx(time.time(), abs=5), "it is no real id"


@pytest.mark.usefixtures("stored")
async def test_a_checkpoint_is_deleted(hass: HomeAssistant, hass_storage: dict[str, Any]) -> None:
    hass_storage[STATISTICS_KEY] = {"version": 1, "minor_version": 1, "key": STATISTICS_KEY, "data": {}}
    await async_remove_checkpoint(hass, "01USER")
    assert not {KEY, STATISTICS_KEY} & hass_storage.keys()


async def test_orphaned_checkpoints_are_deleted(
    hass: HomeAssistant, station: MockConfigEntry, hass_storage: dict[str, Any], tmp_path: Path
) -> None:
    """A user station may be removed while its entry is not loaded. Those of a disabled entry are kept."""
    disabled = MockConfigEntry(
        domain=DOMAIN,
        disabled_by=ConfigEntryDisabler.USER,
        subentries_data=[
            ConfigSubentryDataWithId(
                data={}, subentry_id="01IDLE", subentry_type=SUBENTRY_USER_STATION, title="", unique_id=None
            )
        ],
    )
    disabled.add_to_hass(hass)
    gone = {f"{DOMAIN}.01GONE.checkpoint", f"{DOMAIN}.01GONE.statistics"}
    others = {f"{DOMAIN}.01STATION", f"{DOMAIN}.checkpoint", "other.01GONE.checkpoint", f"{DOMAIN}.01IDLE.checkpoint"}
    folder = tmp_path / ".storage"
    folder.mkdir()
    for key in gone | others:
        (folder / key).touch()
        hass_storage[key] = {"version": 1, "minor_version": 1, "key": key, "data": {}}
    with patch.object(hass.config, "config_dir", str(tmp_path)):
        await hass.config_entries.async_reload(station.entry_id)
    assert not gone & hass_storage.keys()
    assert others <= hass_storage.keys()


# Statistics


@pytest.mark.parametrize(
    ("setting", "expected"), [({}, True), ({"send_statistics": True}, True), ({"send_statistics": False}, False)]
)
async def test_statistics_are_sent_unless_they_are_switched_off(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    user_station: ConfigSubentry,
    simulator: Simulator,
    server: Server,
    setting: dict[str, bool],
    expected: bool,
) -> None:
    """User stations of 1.0 do not have the setting."""
    entry.add_to_hass(hass)
    hass.config_entries.async_update_subentry(entry, user_station, data={**user_station.data, **setting})
    assert await hass.config_entries.async_setup(entry.entry_id)
    forwarders = entry.runtime_data.statistics_forwarders
    assert (user_station.subentry_id in forwarders) is expected
    await until(lambda: entry.runtime_data.forwarders[user_station.subentry_id].status.connected)
    if expected:
        await until(lambda: any("statistics-anavi_weather-default/_settings" in request for request in server.requests))
        assert forwarders[user_station.subentry_id].status.problem is None


# Certificates


async def test_a_damaged_certificate_is_an_error(hass: HomeAssistant, user_station: ConfigSubentry) -> None:
    with pytest.raises(CertificateInvalidError):
        await async_create_elasticsearch(hass, {**user_station.data, CONF_CA_CERTIFICATE: "none"})


async def test_a_damaged_certificate_stops_only_forwarding(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    user_station: ConfigSubentry,
    simulator: Simulator,
    server: Server,
    caplog: pytest.LogCaptureFixture,
) -> None:
    entry.add_to_hass(hass)
    damaged = {**user_station.data, CONF_CA_CERTIFICATE: "-----BEGIN CERTIFICATE-----"}
    hass.config_entries.async_update_subentry(entry, user_station, data=damaged)
    assert await hass.config_entries.async_setup(entry.entry_id)
    status = entry.runtime_data.forwarders[user_station.subentry_id].status
    await until(lambda: status.failures)

    assert number(hass, "sensor.simulated_phat_temperature") == pytest.approx(21, abs=0.1)
    assert isinstance(status.problem, CertificateInvalidError)
    assert "Casa: states wait in the recorder: CertificateInvalidError" in caplog.text
    statistics = entry.runtime_data.statistics_forwarders[user_station.subentry_id].status
    await until(lambda: statistics.failures)
    assert isinstance(statistics.problem, CertificateInvalidError)
    assert "statistics wait" not in caplog.text, "one line is enough"
    assert server.requests == []


@pytest.mark.parametrize(
    ("certificate", "expected"),
    [(pem(AUTHORITY), pem(AUTHORITY)), ("-----BEGIN CERTIFICATE-----", "")],
    ids=["whole certificate", "damaged certificate"],
)
async def test_a_private_key_that_version_1_0_stored_is_removed(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    user_station: ConfigSubentry,
    simulator: Simulator,
    certificate: str,
    expected: str,
) -> None:
    entry.add_to_hass(hass)
    stored = {**user_station.data, CONF_CA_CERTIFICATE: AUTHORITY.private_key_pem.bytes().decode() + certificate}
    hass.config_entries.async_update_subentry(entry, user_station, data=stored)
    assert await hass.config_entries.async_setup(entry.entry_id)
    (subentry,) = entry.subentries.values()
    assert subentry.data == {**stored, CONF_CA_CERTIFICATE: expected}


async def test_a_copy_of_a_home_assistant_is_another_instance(
    hass: HomeAssistant, entry: MockConfigEntry, user_station: ConfigSubentry, tmp_path: Path
) -> None:
    """Case 35: on a machine of another name, with another network card, or in another folder of the same machine."""
    network = tmp_path / "net"
    for name, address in (("eth0", "b8:27:eb:00:00:01"), ("veth1", "02:42:ac:00:00:01")):
        (network / name).mkdir(parents=True)
        (network / name / "address").write_text(f"{address}\n")
    (network / "eth0" / "device").mkdir()

    async def instance() -> str:
        return await instance_of(hass, entry, user_station, network, cpu_info)

    cpu_info = tmp_path / "cpuinfo"
    cpu_info.write_text("processor\t: 0\n")
    first = await instance()
    (network / "veth1" / "address").write_text("02:42:ac:00:00:02\n")
    assert await instance() == first, "virtual devices come and go"
    with patch("custom_components.anavi_weather.forwarding.gethostname", return_value="another"):
        assert await instance() != first
    with patch.object(hass.config, "config_dir", "/another"):
        assert await instance() != first
    (network / "eth0" / "address").write_text("b8:27:eb:00:00:02\n")
    assert await instance() != first


async def test_a_container_that_was_created_again_is_the_same_instance(
    hass: HomeAssistant, entry: MockConfigEntry, user_station: ConfigSubentry, tmp_path: Path
) -> None:
    """Case 35: it has another name, and sees no hardware but the serial number of its Raspberry Pi."""
    cpu_info = tmp_path / "cpuinfo"

    async def instance(serial: str, name: str) -> str:
        cpu_info.write_text(f"processor\t: 0\n\nHardware\t: BCM2835\n{serial}Model\t\t: Raspberry Pi 3 Model B\n")
        with patch("custom_components.anavi_weather.forwarding.gethostname", return_value=name):
            return await instance_of(hass, entry, user_station, tmp_path / "net", cpu_info)

    serial, other = "Serial\t\t: 00000000c0ffee01\n", "Serial\t\t: 00000000c0ffee02\n"
    first = await instance(serial, "0123456789ab")
    assert await instance(serial, "fedcba987654") == first
    assert await instance(other, "0123456789ab") != first
    assert await instance("", "0123456789ab") != await instance("", "fedcba987654"), "nothing else is known"


async def instance_of(
    hass: HomeAssistant, entry: MockConfigEntry, user_station: ConfigSubentry, network: Path, cpu_info: Path
) -> str:
    """Return the instance that the documents name on a machine with these files."""
    with (
        patch("custom_components.anavi_weather.forwarding.NETWORK", network),
        patch("custom_components.anavi_weather.forwarding.CPU_INFO", cpu_info),
        patch("custom_components.anavi_weather.forwarding.Forwarder") as forwarder,
    ):
        await async_create_forwarder(hass, entry, user_station)
    return str(forwarder.call_args.kwargs["station"].instance)


@pytest.mark.usefixtures("user_station", "station")
async def test_the_stations_states_reach_the_user_station(hass: HomeAssistant, server: Server) -> None:
    def found() -> list[dict[str, Any]]:
        return [one for one in server.documents if one["entity"]["id"] == "sensor.simulated_phat_temperature"]

    await until(found)
    document = found()[0]
    assert len(document["station"].pop("instance")) == 16
    assert document["station"] == {
        "id": await instance_id.async_get(hass),
        "name": "Farol",
        "version": "1.0.0",
        "home_assistant": __version__,
    }
    assert document["entity"] == {
        "id": "sensor.simulated_phat_temperature",
        "domain": "sensor",
        "name": "Simulated pHAT Temperature",
        "device_class": "temperature",
        "state_class": "measurement",
        "unit": "°C",
        "platform": DOMAIN,
        "key": "temperature",
        "device": "Simulated pHAT",
    }
    assert document["state"]["number"] == pytest.approx(21, abs=0.1)


# Locations

HOME = {"latitude": -23.5505199, "longitude": -46.6333094, "elevation": 763}


async def send(hass: HomeAssistant, entry: MockConfigEntry, user_station: ConfigSubentry, **changes: Any) -> None:
    """Set the entry up with a changed user station, and send the states of all entities."""
    await hass.config.async_update(**HOME)
    entry.add_to_hass(hass)
    assert await async_setup_component(hass, "zone", {})  # zone.home has the coordinates too
    data = {**user_station.data, CONF_ENTITIES: "all", **changes}
    hass.config_entries.async_update_subentry(entry, user_station, data=data)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


def station_of(server: Server, name: str = "sensor.simulated_phat_temperature") -> dict[str, Any]:
    """Return the station in an entity's newest document."""
    found: list[dict[str, Any]] = [one["station"] for one in server.documents if one["entity"]["id"] == name]
    return found[-1] if found else {}


@pytest.mark.parametrize("changes", [{}, {CONF_LOCATION: "none"}], ids=["user station of 1.0", "not chosen"])
async def test_nothing_about_the_location_is_sent_without_consent(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    hass_storage: dict[str, Any],
    entry: MockConfigEntry,
    user_station: ConfigSubentry,
    simulator: Simulator,
    server: Server,
    changes: dict[str, str],
) -> None:
    await send(hass, entry, user_station, **changes)
    await until(lambda: station_of(server, "zone.home") and station_of(server))
    await until(lambda: entry.runtime_data.forwarders[user_station.subentry_id].checkpoint.stored_count)
    diagnostics = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    own = {key: stored for key, stored in hass_storage.items() if key.startswith(DOMAIN)}
    assert station_of(server).keys() == {"id", "name", "version", "home_assistant", "instance"}
    for sent in (server.documents, server.statistics, server.headers, server.requests, own, diagnostics):
        for secret in ("23.55", "46.63", "elevation"):
            assert secret not in str(sent)


@pytest.mark.parametrize(
    ("precision", "options", "location", "elevation"),
    [
        ("exact", {}, {"lat": -23.5505199, "lon": -46.6333094}, 763),
        ("one_kilometer", {"altitude": 12}, {"lat": -23.5488, "lon": -46.6285}, 10),
        ("ten_kilometers", {}, {"lat": -23.5564, "lon": -46.6558}, 800),
    ],
)
async def test_a_location_is_sent_as_precisely_as_chosen(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    user_station: ConfigSubentry,
    simulator: Simulator,
    server: Server,
    precision: str,
    options: dict[str, float],
    location: dict[str, float],
    elevation: float,
) -> None:
    """The elevation is the station's, if its options have one."""
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, options={**entry.options, **options})
    await send(hass, entry, user_station, **{CONF_LOCATION: precision})
    await until(lambda: station_of(server))
    station = station_of(server)
    assert station["location"] == location
    assert station["elevation"] == elevation


async def test_an_unknown_location_is_not_sent(
    hass: HomeAssistant, entry: MockConfigEntry, user_station: ConfigSubentry, simulator: Simulator, server: Server
) -> None:
    """Home Assistant is at 0, 0 until somebody tells it where it is."""
    hass.config.latitude = hass.config.longitude = 0
    entry.add_to_hass(hass)
    hass.config_entries.async_update_subentry(entry, user_station, data={**user_station.data, CONF_LOCATION: "exact"})
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: station_of(server))
    assert "location" not in station_of(server)


@pytest.mark.parametrize(("precision", "moves"), [("exact", True), ("none", False), ("ten_kilometers", False)])
async def test_a_station_that_moves_sends_its_new_location(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    user_station: ConfigSubentry,
    simulator: Simulator,
    server: Server,
    precision: str,
    moves: bool,
) -> None:
    """A move within a cell changes nothing."""
    await send(hass, entry, user_station, **{CONF_LOCATION: precision})
    await until(lambda: station_of(server))
    before = entry.runtime_data
    await hass.config.async_update(latitude=-23.55)
    await hass.async_block_till_done()
    assert (entry.runtime_data is not before) is moves
    if moves:
        await until(lambda: station_of(server)["location"]["lat"] == -23.55)
