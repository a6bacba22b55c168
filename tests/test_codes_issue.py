"""Tests of a file of commands that exists and cannot be opened."""

from collections.abc import Awaitable, Callable, Iterator
import errno
from http import HTTPStatus
import json
import os
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.anavi_weather.codes_download import URL, CodesView
from custom_components.anavi_weather.codes_issue import RETRY_INTERVAL
from custom_components.anavi_weather.const import DOMAIN
from custom_components.anavi_weather.deleted_codes import DELETED_CODES, KEY as DELETED_KEY, async_get_deleted_codes
from custom_components.anavi_weather.exceptions import StorageError
from custom_components.anavi_weather.infrared_devices import infrared_devices
from custom_components.anavi_weather.phat.simulator import Simulator
from custom_components.anavi_weather.storage import can_open
from homeassistant.const import ATTR_ENTITY_ID, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.helpers.storage import Store
from homeassistant.setup import async_setup_component

from .conftest import PassTime, entity_of, is_loaded, value
from .repair_forms import choose_repair

KEY = f"{DOMAIN}.01STATION.codes"
CODES = {"TV": {"Power": ["nec:0x04,0x08"]}, "Fan": {"On": ["nec:0x01,0x01"]}}
CONTENT = json.dumps({"version": 1, "minor_version": 2, "key": KEY, "data": CODES})
LOAD_FILE = Store._async_load
WRITE_FILE = Store._async_write_data
OPEN = open
ERRORS = (errno.EMFILE, errno.EACCES, errno.EIO)
BUTTON = "button.tv_power"


class Storage:
    """The folder of Home Assistant's storage, in which files can be locked."""

    def __init__(self, folder: Path) -> None:
        """Initialize the folder."""
        self.folder = folder
        self.locked: dict[str, int] = {}
        """Errors of opening files, by their names."""

    def open(self, file: Any, *arguments: Any, **options: Any) -> Any:
        """Open a file, or fail like the operating system."""
        if number := self.locked.get(Path(file).name):
            raise OSError(number, os.strerror(number), str(file))
        return OPEN(file, *arguments, **options)


@pytest.fixture
def storage(hass: HomeAssistant, tmp_path: Path) -> Iterator[Storage]:
    """Let Home Assistant's storage use files, as outside of tests, with stored commands."""
    storage = Storage(tmp_path / ".storage")
    storage.folder.mkdir()
    (storage.folder / KEY).write_text(CONTENT, encoding="utf-8")

    def open_path(file: Path, *arguments: Any, **options: Any) -> Any:
        return storage.open(file, *arguments, **options)

    with (
        patch.object(hass.config, "config_dir", str(tmp_path)),
        patch.object(Store, "_async_load", LOAD_FILE),
        patch.object(Store, "_async_write_data", WRITE_FILE),
        patch("homeassistant.util.json.open", storage.open, create=True),
        patch.object(Path, "open", open_path),
    ):
        yield storage


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set up the station."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


async def reload(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Reload the station."""
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()


def issues(hass: HomeAssistant) -> list[ir.IssueEntry]:
    """Return the issues of the file."""
    found = ir.async_get(hass).issues.values()
    return [issue for issue in found if issue.active and issue.translation_key == "codes_unreadable"]


@pytest.mark.parametrize("number", ERRORS, ids=errno.errorcode.get)
async def test_the_file_is_left_alone_until_it_can_be_opened(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: Simulator,
    storage: Storage,
    pass_time: PassTime,
    number: int,
) -> None:
    await set_up(hass, entry)
    power = er.async_get(hass).async_update_entity(BUTTON, name="My power key")
    devices = {subentry.subentry_id: subentry.title for subentry in infrared_devices(entry)}

    storage.locked[KEY] = number
    await reload(hass, entry)

    assert is_loaded(entry)
    assert value(hass, "sensor.simulated_phat_temperature") == "21.0"
    assert value(hass, BUTTON) == STATE_UNAVAILABLE
    (issue,) = issues(hass)
    assert issue.translation_placeholders == {
        "station": "Simulated pHAT",
        "file": f".storage/{KEY}",
        "error": os.strerror(number),
    }
    await pass_time(RETRY_INTERVAL.total_seconds() + 1)
    assert len(issues(hass)) == 1
    assert [file.name for file in storage.folder.glob(f"{KEY}*")] == [KEY]
    storage.locked.clear()
    assert (storage.folder / KEY).read_text(encoding="utf-8") == CONTENT
    assert er.async_get(hass).async_get(BUTTON) == power

    await pass_time(RETRY_INTERVAL.total_seconds() + 1)

    assert not issues(hass)
    assert entry.runtime_data.codes.codes == CODES
    assert er.async_get(hass).async_get(BUTTON) == power
    assert value(hass, BUTTON) != STATE_UNAVAILABLE
    assert {subentry.subentry_id: subentry.title for subentry in infrared_devices(entry)} == devices


def test_a_file_that_is_opened_but_not_read() -> None:
    """As on a damaged disk."""
    assert not can_open(Path("/proc/self/mem"))


@pytest.fixture
async def locked(hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, storage: Storage) -> Storage:
    """Set the station up, and then again while the file cannot be opened."""
    await set_up(hass, entry)
    storage.locked[KEY] = errno.EIO
    await reload(hass, entry)
    return storage


async def test_an_ignored_issue_is_deleted_when_the_file_can_be_opened(
    hass: HomeAssistant, entry: MockConfigEntry, locked: Storage
) -> None:
    (issue,) = issues(hass)
    ir.async_ignore_issue(hass, DOMAIN, issue.issue_id, ignore=True)
    await reload(hass, entry)
    (issue,) = issues(hass)
    assert issue.dismissed_version
    locked.locked.clear()
    await reload(hass, entry)
    assert not issues(hass)


async def send(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    data = {ATTR_ENTITY_ID: entity_of(hass, "remote", "remote"), "device": "TV", "command": "Power"}
    await hass.services.async_call("remote", "send_command", data, blocking=True)


async def learn(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    data = {ATTR_ENTITY_ID: entity_of(hass, "remote", "remote"), "device": "TV", "command": "Mute"}
    await hass.services.async_call("remote", "learn_command", data, blocking=True)


async def delete(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    data = {ATTR_ENTITY_ID: entity_of(hass, "remote", "remote"), "device": "TV", "command": "Power"}
    await hass.services.async_call("remote", "delete_command", data, blocking=True)


async def list_commands(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    data = {"config_entry_id": entry.entry_id}
    await hass.services.async_call(DOMAIN, "list_commands", data, blocking=True, return_response=True)


async def add(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await entry.runtime_data.devices.async_add("Radio", {"kind": "remote_control"})


async def rename(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await entry.runtime_data.devices.async_rename(infrared_devices(entry)[0], "Television")


async def set_texts(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await entry.runtime_data.codes.async_set_texts("TV", "Power", ["nec:9,9"])


async def import_codes(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await entry.runtime_data.codes.async_add({})


@pytest.mark.parametrize("action", [send, learn, delete, list_commands, add, rename, set_texts, import_codes])
async def test_what_needs_the_commands_says_why_they_are_missing(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    locked: Storage,
    action: Callable[[HomeAssistant, MockConfigEntry], Awaitable[None]],
) -> None:
    subentries = dict(entry.subentries)

    with pytest.raises(StorageError) as raised:
        await action(hass, entry)

    assert raised.value.translation_key == "codes_unreadable"
    assert raised.value.translation_placeholders == {"file": f".storage/{KEY}", "error": "Input/output error"}
    assert entry.subentries == subentries
    locked.locked.clear()
    assert (locked.folder / KEY).read_text(encoding="utf-8") == CONTENT


async def test_codes_are_sent_without_the_file(hass: HomeAssistant, entry: MockConfigEntry, locked: Storage) -> None:
    data = {ATTR_ENTITY_ID: entity_of(hass, "remote", "remote"), "command": "nec:4,8"}
    await hass.services.async_call("remote", "send_command", data, blocking=True)


async def test_a_removed_station_leaves_commands_that_nobody_could_read(
    hass: HomeAssistant, entry: MockConfigEntry, locked: Storage, caplog: pytest.LogCaptureFixture
) -> None:
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()

    assert "Cannot delete the commands of Simulated pHAT: Home Assistant can't open the file" in caplog.text
    assert not issues(hass)
    locked.locked.clear()
    assert (locked.folder / KEY).read_text(encoding="utf-8") == CONTENT


async def test_the_commands_of_deleted_devices_are_left_alone_too(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: Simulator,
    storage: Storage,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A device whose commands cannot be kept is added again, and the offer of a deleted one remains."""
    await set_up(hass, entry)
    television, fan = infrared_devices(entry)
    hass.config_entries.async_remove_subentry(entry, television.subentry_id)
    await hass.async_block_till_done()
    content = (storage.folder / DELETED_KEY).read_text(encoding="utf-8")
    (deleted,) = json.loads(content)["data"]["devices"]

    storage.locked[DELETED_KEY] = errno.EACCES
    del hass.data[DELETED_CODES]  # as after a restart
    await reload(hass, entry)
    assert f".storage/{DELETED_KEY}" in caplog.text
    form = await choose_repair(hass, f"deleted_{deleted['id']}", "restore")
    assert form["reason"] == "failed"
    hass.config_entries.async_remove_subentry(entry, fan.subentry_id)
    await hass.async_block_till_done()

    assert list(entry.runtime_data.codes.codes) == ["Fan"]
    assert [subentry.title for subentry in infrared_devices(entry)] == ["Fan"]
    storage.locked.clear()
    assert (storage.folder / DELETED_KEY).read_text(encoding="utf-8") == content
    assert await async_get_deleted_codes(hass).async_get(deleted["id"]) == deleted


async def test_a_file_that_is_deleted_meanwhile_is_no_error(
    hass: HomeAssistant, entry: MockConfigEntry, locked: Storage, pass_time: PassTime
) -> None:
    locked.locked.clear()
    (locked.folder / KEY).unlink()

    await pass_time(RETRY_INTERVAL.total_seconds() + 1)

    assert not issues(hass)
    assert not entry.runtime_data.codes.codes


async def test_no_empty_file_is_downloaded(
    hass: HomeAssistant, entry: MockConfigEntry, locked: Storage, hass_client: ClientSessionGenerator
) -> None:
    locked.locked[DELETED_KEY] = errno.EIO
    del hass.data[DELETED_CODES]  # as after a restart
    assert await async_setup_component(hass, "http", {})
    hass.http.register_view(CodesView)
    client = await hass_client()
    for subentry in infrared_devices(entry):
        response = await client.get(URL.format(device_id=subentry.subentry_id))
        assert response.status == HTTPStatus.NOT_FOUND
