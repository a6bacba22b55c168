"""Tests of the subentries of infrared devices, which follow the stored commands."""

import asyncio
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather import code_store
from custom_components.anavi_weather.code_store import CodeStore
from custom_components.anavi_weather.const import DOMAIN, SUBENTRY_INFRARED_DEVICE
from custom_components.anavi_weather.exceptions import InvalidActionError, StorageError
from custom_components.anavi_weather.infrared_devices import infrared_devices, likely_kind, stored_name
from custom_components.anavi_weather.ir_codes import parse
from custom_components.anavi_weather.phat.simulator import Simulator
from custom_components.anavi_weather.storage import async_save
from homeassistant.components.repairs import repairs_flow_manager
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.setup import async_setup_component

from .config_flow_steps import choose, confirm
from .conftest import Machine, is_loaded, store_codes
from .infrared_device_steps import button_of, device_of
from .remote_actions import NEC, Call
from .repair_forms import choose_repair, open_repair_menu

KEY = f"{DOMAIN}.01STATION.codes"
CODES = {"TV": {"power": ["nec:0x04,0x08"]}, "Fan": {"on": ["nec:0x04,0x09"], "off": ["brand_of_2030:1,2"]}}


@pytest.fixture
def stored(hass_storage: dict[str, Any]) -> None:
    """Store commands that an earlier version learned, one of which cannot be read."""
    hass_storage[KEY] = {"version": 1, "minor_version": 2, "key": KEY, "data": CODES}


@pytest.fixture
def full_disk() -> Iterator[None]:
    """Let changes fail to be saved."""
    with (
        patch.object(code_store, "async_save", side_effect=StorageError("codes_not_saved")),
        patch("custom_components.anavi_weather.deleted_codes.async_save", side_effect=StorageError("codes_not_saved")),
    ):
        yield


def issues(hass: HomeAssistant, translation_key: str) -> list[ir.IssueEntry]:
    """Return the issues of a kind."""
    return [issue for issue in ir.async_get(hass).issues.values() if issue.translation_key == translation_key]


async def rename(hass: HomeAssistant, entry: MockConfigEntry, title: str, new: str) -> None:
    """Rename a device's subentry as Home Assistant's page of the integration does."""
    hass.config_entries.async_update_subentry(entry, device_of(entry, title), title=new)
    await hass.async_block_till_done()


async def delete(hass: HomeAssistant, entry: MockConfigEntry, title: str) -> None:
    """Delete a device's subentry as Home Assistant's page of the integration does."""
    hass.config_entries.async_remove_subentry(entry, device_of(entry, title).subentry_id)
    await hass.async_block_till_done()


async def test_commands_of_version_1_0_become_devices(
    hass: HomeAssistant, stored: None, station: MockConfigEntry, device_registry: dr.DeviceRegistry
) -> None:
    assert {subentry.title: dict(subentry.data) for subentry in infrared_devices(station)} == {
        "TV": {"kind": "remote_control"},
        "Fan": {"kind": "remote_control"},
    }
    assert station.runtime_data.codes.codes == CODES
    tv = device_of(station, "TV")
    device = device_registry.async_get_device_by_identifier((DOMAIN, tv.subentry_id), station.entry_id)
    assert device
    assert device.name == "TV"
    assert device.via_device_id
    parent = device_registry.async_get(device.via_device_id)
    assert parent
    assert parent.identifiers == {(DOMAIN, station.entry_id)}


async def test_a_reload_adds_no_second_subentry(hass: HomeAssistant, stored: None, station: MockConfigEntry) -> None:
    before = dict(station.subentries)

    await hass.config_entries.async_reload(station.entry_id)
    await hass.async_block_till_done()

    assert dict(station.subentries) == before
    assert len(before) == 2


@pytest.mark.parametrize(
    ("commands", "kind"),
    [
        (["off", "cool_low_18", "cool_high_18.5", "heat_20"], "air_conditioner"),
        (["off", "fan_only_auto_swing_24", "dry_24"], "air_conditioner"),
        (["power", "cool", "heat", "temperature_up"], "remote_control"),
        (["power", "input_1", "input_2"], "remote_control"),
        (["cool_low_18", "power", "mute"], "remote_control"),
    ],
)
def test_a_device_with_smartirs_states_is_an_air_conditioner(commands: list[str], kind: str) -> None:
    assert likely_kind(commands) == kind


async def test_actions_add_and_delete_devices_without_a_reload(
    hass: HomeAssistant, station: MockConfigEntry, call: Call, codes: CodeStore
) -> None:
    runtime_data = station.runtime_data
    await station.runtime_data.devices.async_add("Fan", {"kind": "remote_control"})
    await store_codes(codes, {"TV": {"power": [NEC], "mute": ["nec:4,9"]}})
    await hass.async_block_till_done()
    tv = device_of(station, "TV")

    await call("delete_command", device="TV", command=["power"])
    await hass.async_block_till_done()
    assert device_of(station, "TV") is tv

    await call("delete_command", device="TV", command=["mute"])
    await hass.async_block_till_done()

    assert [subentry.title for subentry in infrared_devices(station)] == ["Fan"]
    assert not issues(hass, "infrared_device_deleted")
    assert is_loaded(station)
    assert station.runtime_data is runtime_data


async def test_a_renamed_subentry_renames_the_stored_device(
    hass: HomeAssistant,
    stored: None,
    station: MockConfigEntry,
    codes: CodeStore,
    hass_storage: dict[str, Any],
    device_registry: dr.DeviceRegistry,
) -> None:
    await rename(hass, station, "TV", "Television")

    assert list(codes.codes) == ["Television", "Fan"]
    assert hass_storage[KEY]["data"] == codes.codes
    assert {subentry.title for subentry in infrared_devices(station)} == {"Television", "Fan"}
    tv = device_of(station, "Television")
    device = device_registry.async_get_device_by_identifier((DOMAIN, tv.subentry_id), station.entry_id)
    assert device
    assert device.name == "Television"


async def test_a_subentry_that_was_renamed_while_the_station_was_not_loaded_renames_the_stored_device(
    hass: HomeAssistant, stored: None, station: MockConfigEntry, codes: CodeStore
) -> None:
    await hass.config_entries.async_unload(station.entry_id)
    await rename(hass, station, "TV", "Television")

    await hass.config_entries.async_setup(station.entry_id)
    await hass.async_block_till_done()

    assert list(codes.codes) == ["Television", "Fan"]
    assert len(infrared_devices(station)) == 2


@pytest.mark.parametrize("name", ["Fan", "", " TV", "T\nV", "x" * 101])
async def test_a_subentry_with_an_impossible_name_gets_its_old_one(
    hass: HomeAssistant, stored: None, station: MockConfigEntry, codes: CodeStore, name: str
) -> None:
    await rename(hass, station, "TV", name)

    assert codes.codes == CODES
    tv = device_of(station, "TV")
    assert stored_name(tv) == "TV"
    (issue,) = issues(hass, "infrared_device_name")
    assert issue.translation_placeholders
    assert issue.translation_placeholders["name"] == name
    assert "Choose another name" in issue.translation_placeholders["reason"]

    await rename(hass, station, "TV", "Television")
    assert not issues(hass, "infrared_device_name")


async def test_a_removed_station_leaves_no_issue_about_a_name(
    hass: HomeAssistant, stored: None, station: MockConfigEntry
) -> None:
    await rename(hass, station, "TV", "Fan")
    assert issues(hass, "infrared_device_name")

    await hass.config_entries.async_remove(station.entry_id)

    assert not issues(hass, "infrared_device_name")


async def test_a_name_that_cannot_be_saved_is_not_used(
    hass: HomeAssistant, stored: None, station: MockConfigEntry, codes: CodeStore, full_disk: None
) -> None:
    await rename(hass, station, "TV", "Television")

    assert codes.codes == CODES
    assert stored_name(device_of(station, "TV")) == "TV"
    assert len(issues(hass, "infrared_device_name")) == 1

    await delete(hass, station, "Fan")
    await delete(hass, station, "TV")
    assert not issues(hass, "infrared_device_name")


async def test_a_deleted_device_can_be_restored(
    hass: HomeAssistant, stored: None, station: MockConfigEntry, codes: CodeStore
) -> None:
    await delete(hass, station, "Fan")
    assert list(codes.codes) == ["TV"]
    (issue,) = issues(hass, "infrared_device_deleted")
    assert issue.translation_placeholders == {"device": "Fan", "station": "Simulated pHAT", "count": "2"}

    await choose_repair(hass, issue.issue_id, "restore")

    assert codes.codes == CODES  # also the command that cannot be read
    assert device_of(station, "Fan").data == {"kind": "remote_control"}
    assert not issues(hass, "infrared_device_deleted")


async def test_a_device_that_is_deleted_while_its_station_is_not_loaded_stays_deleted(
    hass: HomeAssistant, stored: None, station: MockConfigEntry, codes: CodeStore
) -> None:
    """Case of a station that is disabled, or whose bus is missing, also after a restart."""
    fan = device_of(station, "Fan")
    hass.config_entries.async_update_subentry(station, fan, data={"kind": "air_conditioner", "entity": "sensor.room"})
    await hass.async_block_till_done()
    await hass.config_entries.async_unload(station.entry_id)
    hass.config_entries.async_remove_subentry(station, fan.subentry_id)

    assert await hass.config_entries.async_setup(station.entry_id)
    await hass.async_block_till_done()

    assert [subentry.title for subentry in infrared_devices(station)] == ["TV"]
    assert list(station.runtime_data.codes.codes) == ["TV"]
    (issue,) = issues(hass, "infrared_device_deleted")
    await choose_repair(hass, issue.issue_id, "restore")
    assert station.runtime_data.codes.codes == CODES
    assert device_of(station, "Fan").data == {"kind": "air_conditioner", "entity": "sensor.room"}


async def test_a_device_that_is_moved_to_another_bus_with_its_station_is_known(
    hass: HomeAssistant, stored: None, station: MockConfigEntry, machine: Machine
) -> None:
    machine.plug()
    known = station.data["infrared_devices"]
    assert [device["name"] for device in known.values()] == ["TV", "Fan"]

    await confirm(hass, await choose(hass, await station.start_reconfigure_flow(hass), machine.path()))

    assert station.data["infrared_devices"] == known


async def test_a_deleted_device_is_restored_under_a_free_name(
    hass: HomeAssistant, stored: None, station: MockConfigEntry, codes: CodeStore
) -> None:
    for _ in range(2):
        await delete(hass, station, "TV")
        await store_codes(codes, {"TV": {"mute": ["nec:4,1"]}})
        await hass.async_block_till_done()
    for issue in issues(hass, "infrared_device_deleted"):
        await choose_repair(hass, issue.issue_id, "restore")

    assert codes.codes["TV"] == {"mute": ["nec:0x04,0x01"]}
    assert codes.codes["TV 2"] == CODES["TV"]
    assert codes.codes["TV 3"] == {"mute": ["nec:0x04,0x01"]}
    assert {subentry.title for subentry in infrared_devices(station)} == {"TV", "TV 2", "TV 3", "Fan"}


async def test_a_device_that_cannot_be_restored_stays_deleted(
    hass: HomeAssistant, stored: None, station: MockConfigEntry, codes: CodeStore
) -> None:
    await delete(hass, station, "Fan")
    (issue,) = issues(hass, "infrared_device_deleted")

    with patch.object(code_store, "async_save", side_effect=StorageError("codes_not_saved")):
        result = await choose_repair(hass, issue.issue_id, "restore")

    assert result["reason"] == "failed"
    assert "disk" in result["description_placeholders"]["detail"]
    assert list(codes.codes) == ["TV"]
    assert issues(hass, "infrared_device_deleted") == [issue]


async def test_a_device_is_restored_once(
    hass: HomeAssistant, stored: None, station: MockConfigEntry, codes: CodeStore
) -> None:
    await delete(hass, station, "Fan")
    (issue,) = issues(hass, "infrared_device_deleted")
    menus = [await open_repair_menu(hass, issue.issue_id) for _ in range(2)]  # of two users
    manager = repairs_flow_manager(hass)
    assert manager

    for menu in menus:
        result = await manager.async_configure(menu["flow_id"], {"next_step_id": "restore"})
        await hass.async_block_till_done()
        assert result["type"] is FlowResultType.CREATE_ENTRY

    assert codes.codes == CODES


async def test_a_device_that_cannot_be_deleted_for_good_stays(
    hass: HomeAssistant, stored: None, station: MockConfigEntry
) -> None:
    await delete(hass, station, "Fan")
    (issue,) = issues(hass, "infrared_device_deleted")

    with patch("custom_components.anavi_weather.deleted_codes.async_save", side_effect=StorageError("codes_not_saved")):
        result = await choose_repair(hass, issue.issue_id, "delete")

    assert result["reason"] == "failed"
    assert "disk" in result["description_placeholders"]["detail"]
    assert issues(hass, "infrared_device_deleted") == [issue]


async def test_a_device_that_cannot_be_deleted_comes_back(
    hass: HomeAssistant,
    stored: None,
    station: MockConfigEntry,
    codes: CodeStore,
    full_disk: None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await delete(hass, station, "TV")

    assert codes.codes == CODES
    assert device_of(station, "TV")
    assert not issues(hass, "infrared_device_deleted")
    assert "Cannot delete TV" in caplog.text


async def test_the_commands_of_a_removed_station_can_be_restored_on_another(
    hass: HomeAssistant, stored: None, station: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    await hass.config_entries.async_remove(station.entry_id)
    await hass.async_block_till_done()
    assert KEY not in hass_storage
    assert len(issues(hass, "infrared_device_deleted")) == 2
    issue = next(issue for issue in issues(hass, "infrared_device_deleted") if "Fan" in str(issue))

    result = await choose_repair(hass, issue.issue_id, "restore")
    assert result["reason"] == "no_station"

    other = MockConfigEntry(
        domain=DOMAIN, title="Other", data=dict(station.data), version=2, entry_id="01OTHER", unique_id="simulated"
    )
    other.add_to_hass(hass)
    await hass.config_entries.async_setup(other.entry_id)
    await hass.async_block_till_done()
    await choose_repair(hass, issue.issue_id, "restore")

    assert other.runtime_data.codes.codes == {"Fan": CODES["Fan"]}
    assert len(issues(hass, "infrared_device_deleted")) == 1


async def test_the_commands_of_a_station_that_was_not_loaded_are_kept(
    hass: HomeAssistant, stored: None, entry: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    assert await async_setup_component(hass, "repairs", {})
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()

    assert KEY not in hass_storage
    assert len(issues(hass, "infrared_device_deleted")) == 2


async def test_the_commands_of_a_removed_station_stay_if_they_cannot_be_kept(
    hass: HomeAssistant,
    stored: None,
    station: MockConfigEntry,
    hass_storage: dict[str, Any],
    full_disk: None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await hass.config_entries.async_remove(station.entry_id)
    await hass.async_block_till_done()

    assert hass_storage[KEY]["data"] == CODES
    assert "Cannot delete the commands of Simulated pHAT" in caplog.text


async def test_a_device_that_is_replaced_during_another_change_keeps_its_commands(
    hass: HomeAssistant, stored: None, station: MockConfigEntry, codes: CodeStore
) -> None:
    television = device_of(station, "TV")
    again = ConfigSubentry(
        data=television.data,
        subentry_type=television.subentry_type,
        title=television.title,
        unique_id=television.unique_id,
    )
    async with station.runtime_data.devices._lock:
        hass.config_entries.async_remove_subentry(station, television.subentry_id)
        hass.config_entries.async_add_subentry(station, again)
    await hass.async_block_till_done()

    assert codes.codes == CODES
    assert len(infrared_devices(station)) == 2
    assert not issues(hass, "infrared_device_deleted")


async def test_a_new_device_needs_a_free_name(hass: HomeAssistant, stored: None, station: MockConfigEntry) -> None:
    with pytest.raises(InvalidActionError) as raised:
        await station.runtime_data.devices.async_add("TV", {"kind": "remote_control"})
    assert raised.value.translation_key == "device_exists"


async def test_a_device_is_unknown_to_the_action_of_user_stations(
    hass: HomeAssistant, stored: None, station: MockConfigEntry, device_registry: dr.DeviceRegistry
) -> None:
    device = device_registry.async_get_device_by_identifier(
        (DOMAIN, device_of(station, "TV").subentry_id), station.entry_id
    )
    assert device
    with pytest.raises(InvalidActionError) as raised:
        await hass.services.async_call(DOMAIN, "send_again", {"device_id": device.id}, blocking=True)
    assert raised.value.translation_key == "user_station_unknown"


@pytest.mark.parametrize("data", [{"kind": "projector_of_2030"}, {}])
async def test_a_device_of_an_unknown_kind_is_a_remote_control(
    hass: HomeAssistant, stored: None, entry: MockConfigEntry, simulator: Simulator, data: dict[str, Any]
) -> None:
    hass.config_entries.async_add_subentry(
        entry,
        ConfigSubentry(
            data=MappingProxyType(data),
            subentry_type=SUBENTRY_INFRARED_DEVICE,
            title="TV",
            unique_id=f"{SUBENTRY_INFRARED_DEVICE} TV",
        ),
    )
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()

    television = device_of(entry, "TV")
    assert button_of(hass, television, "power")
    assert button_of(hass, device_of(entry, "Fan"), "on")
    assert television.data == data


class Disk:
    """A disk that is busy until it is released."""

    def __init__(self) -> None:
        """Initialize the disk."""
        self.is_reached = asyncio.Event()
        self._is_free = asyncio.Event()

    async def async_wait(self) -> None:
        """Wait until the disk is free."""
        self.is_reached.set()
        await self._is_free.wait()

    def release(self) -> None:
        """Let what waits be written."""
        self._is_free.set()


@pytest.fixture
def slow_disk(stored: None, station: MockConfigEntry) -> Iterator[Disk]:
    """Let changes wait for the disk."""
    disk = Disk()

    async def async_save_slowly(*arguments: Any) -> None:
        await disk.async_wait()
        await async_save(*arguments)

    with patch.object(code_store, "async_save", async_save_slowly):
        yield disk


async def test_a_device_that_is_deleted_while_it_is_renamed_stays_deleted(
    hass: HomeAssistant, stored: None, station: MockConfigEntry, codes: CodeStore, slow_disk: Disk
) -> None:
    tv = device_of(station, "TV")
    renaming = asyncio.create_task(station.runtime_data.devices.async_rename(tv, "Television"))
    await slow_disk.is_reached.wait()
    hass.config_entries.async_remove_subentry(station, tv.subentry_id)
    slow_disk.release()
    await renaming
    await hass.async_block_till_done()

    assert list(codes.codes) == ["Fan"]
    assert [subentry.title for subentry in infrared_devices(station)] == ["Fan"]
    (issue,) = issues(hass, "infrared_device_deleted")
    assert issue.translation_placeholders
    assert issue.translation_placeholders["device"] == "Television"


async def test_a_device_that_is_deleted_while_another_is_renamed_stays_deleted(
    hass: HomeAssistant, stored: None, station: MockConfigEntry, codes: CodeStore, slow_disk: Disk
) -> None:
    hass.config_entries.async_update_subentry(station, device_of(station, "TV"), title="Television")
    await slow_disk.is_reached.wait()
    fan = device_of(station, "Fan")
    hass.config_entries.async_remove_subentry(station, fan.subentry_id)
    slow_disk.release()
    await hass.async_block_till_done()

    assert list(codes.codes) == ["Television"]
    assert [subentry.title for subentry in infrared_devices(station)] == ["Television"]
    (issue,) = issues(hass, "infrared_device_deleted")
    assert issue.translation_placeholders
    assert issue.translation_placeholders["device"] == "Fan"


async def test_a_device_that_is_deleted_while_its_name_cannot_be_saved(
    hass: HomeAssistant, stored: None, station: MockConfigEntry, codes: CodeStore, caplog: pytest.LogCaptureFixture
) -> None:
    tv = device_of(station, "TV")

    async def async_fail(*_: object) -> None:
        if tv.subentry_id in station.subentries:
            hass.config_entries.async_remove_subentry(station, tv.subentry_id)
            raise StorageError("codes_not_saved")

    with patch.object(code_store, "async_save", async_fail):
        hass.config_entries.async_update_subentry(station, tv, title="Television")
        await hass.async_block_till_done()

    assert list(codes.codes) == ["Fan"]
    assert not issues(hass, "infrared_device_name")
    assert len(issues(hass, "infrared_device_deleted")) == 1
    assert "Traceback" not in caplog.text


async def test_commands_that_are_learned_while_a_device_is_renamed_get_its_new_name(
    hass: HomeAssistant, stored: None, station: MockConfigEntry, codes: CodeStore, slow_disk: Disk
) -> None:
    tv = device_of(station, "TV")
    hass.config_entries.async_update_subentry(station, tv, title="Television")
    await slow_disk.is_reached.wait()
    adding = asyncio.create_task(station.runtime_data.devices.async_add_commands(tv, {"mute": (parse("nec:4,9"),)}))
    slow_disk.release()
    await adding
    await hass.async_block_till_done()

    assert {device: list(commands) for device, commands in codes.codes.items()} == {
        "Television": ["power", "mute"],
        "Fan": ["on", "off"],
    }


async def test_a_deleted_device_gets_no_commands(
    hass: HomeAssistant, stored: None, station: MockConfigEntry, codes: CodeStore, slow_disk: Disk
) -> None:
    tv = device_of(station, "TV")
    hass.config_entries.async_remove_subentry(station, tv.subentry_id)
    await slow_disk.is_reached.wait()
    adding = asyncio.create_task(station.runtime_data.devices.async_add_commands(tv, {"mute": (parse("nec:4,9"),)}))
    slow_disk.release()
    with pytest.raises(InvalidActionError, match="has no commands"):
        await adding
    await hass.async_block_till_done()

    assert list(codes.codes) == ["Fan"]
