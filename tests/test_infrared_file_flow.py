"""Tests of uploading a file with the commands of an infrared device."""

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

from aiohttp.test_utils import TestClient
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.anavi_weather import infrared_file_flow
from custom_components.anavi_weather.code_store import CodeStore
from custom_components.anavi_weather.exceptions import StorageError
from custom_components.anavi_weather.infrared_devices import infrared_devices
from homeassistant.components import file_upload
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component

from .conftest import store_codes
from .infrared_device_steps import answer, choose, device_of, start, start_new, upload

HEADER = "functionname,protocol,device,subdevice,function\n"
IRDB = HEADER + "POWER,NEC1,4,-1,8\nMUTE,NEC1,4,-1,9\n"
BROADLINK = json.dumps(
    {
        "key": "broadlink_remote_1_codes",
        "data": {"amplifier": {"power": "JgAEAAQEBAQ="}, "garage": {"open": "sgAEAAQEBAQ="}},
    }
)


@pytest.fixture(name="client")
async def _client(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    station: MockConfigEntry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> TestClient[Any, Any]:
    """Return a client of the user who uploads."""
    # Home Assistant deletes the folder at its start, which may be while another test uploads
    monkeypatch.setattr(file_upload, "TEMP_DIR_NAME", str(tmp_path / "uploads"))
    assert await async_setup_component(hass, file_upload.DOMAIN, {})  # as the frontend does
    client: TestClient[Any, Any] = await hass_client()
    return client


@pytest.fixture(name="form")
async def _form(hass: HomeAssistant, client: TestClient[Any, Any]) -> SubentryFlowResult:
    """Return the form that asks for a file for a new television."""
    return await choose(hass, await start_new(hass, "TV"), "upload")


def detail(form: SubentryFlowResult) -> str:
    """Return the error of a form."""
    assert form["type"] is FlowResultType.FORM
    assert list((form["errors"] or {}).values()) == ["failed"]
    assert form["description_placeholders"]
    return form["description_placeholders"]["detail"]


async def test_a_file_becomes_the_commands_of_the_device(
    hass: HomeAssistant, client: TestClient[Any, Any], form: SubentryFlowResult, codes: CodeStore
) -> None:
    menu = await upload(hass, client, form, IRDB)

    assert menu["step_id"] == "menu"
    assert menu["description_placeholders"] == {"device": "TV", "count": "2"}
    assert codes.codes == {"TV": {"POWER": ["nec:0x04,0x08"], "MUTE": ["nec:0x04,0x09"]}}


async def test_unreadable_commands_are_listed_before_the_others_are_imported(
    hass: HomeAssistant, client: TestClient[Any, Any], form: SubentryFlowResult, codes: CodeStore
) -> None:
    menu = await upload(hass, client, form, IRDB + "MENU,XMP-1,7,-1,1\n")

    assert menu["step_id"] == "confirm_import"
    assert menu["description_placeholders"] == {
        "device": "TV",
        "count": "2",
        "unreadable": "- MENU: The protocol “XMP-1” is unknown. Learn the key, or enter its code as Pronto hex or timings.",
        "replaced": "–",
        "failure": "",
    }
    assert not codes.codes

    menu = await choose(hass, menu, "import_commands")

    assert menu["step_id"] == "menu"
    assert list(codes.codes["TV"]) == ["POWER", "MUTE"]


async def test_replaced_commands_are_listed(
    hass: HomeAssistant, client: TestClient[Any, Any], station: MockConfigEntry, codes: CodeStore
) -> None:
    await store_codes(codes, {"TV": {"MUTE": ["nec:1,1"], "menu": ["nec:1,2"]}})
    await hass.async_block_till_done()
    form = await choose(hass, await start(hass, device_of(station, "TV")), "upload")

    menu = await upload(hass, client, form, IRDB)

    assert menu["description_placeholders"]
    assert menu["description_placeholders"]["replaced"] == "- MUTE"
    assert menu["description_placeholders"]["unreadable"] == "–"
    menu = await choose(hass, menu, "menu")
    assert codes.codes["TV"]["MUTE"] == ["nec:0x01,0x01"]
    menu = await choose(hass, await upload(hass, client, await choose(hass, menu, "upload"), IRDB), "import_commands")
    assert codes.codes["TV"] == {"MUTE": ["nec:0x04,0x09"], "menu": ["nec:0x01,0x02"], "POWER": ["nec:0x04,0x08"]}


async def test_one_of_several_remote_controls_is_chosen(
    hass: HomeAssistant, client: TestClient[Any, Any], form: SubentryFlowResult, codes: CodeStore
) -> None:
    form = await upload(hass, client, form, BROADLINK)

    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "remote")
    form = await answer(hass, form, remote="garage")
    assert "open: This is a radio code" in detail(form)
    menu = await answer(hass, form, remote="amplifier")
    assert menu["step_id"] == "menu"
    assert list(codes.codes["TV"]) == ["power"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("hello", "The kind of file is unknown."),
        ("", "The file has no commands."),
        (b"\x00\xff" * 3_000_000, "The file is larger than 4 MB."),
        (HEADER + "MENU,XMP-1,7,-1,1\n", "None of the commands in the file can be read:\n- MENU: The protocol"),
    ],
    ids=["unknown", "empty", "large", "unreadable"],
)
async def test_files_that_cannot_be_read(
    hass: HomeAssistant,
    client: TestClient[Any, Any],
    form: SubentryFlowResult,
    codes: CodeStore,
    content: str | bytes,
    message: str,
) -> None:
    form = await upload(hass, client, form, content)

    assert detail(form).startswith(message)
    assert not codes.codes
    assert (await upload(hass, client, form, IRDB))["step_id"] == "menu"


async def test_an_upload_that_is_gone(hass: HomeAssistant, form: SubentryFlowResult) -> None:
    form = await answer(hass, form, file="5b8e3a6a-92d5-4c6c-8f06-0e4f2dbdc9a1")
    assert detail(form) == "The upload is no longer available. Upload the file again."


async def test_an_upload_that_cannot_be_read(
    hass: HomeAssistant, client: TestClient[Any, Any], form: SubentryFlowResult
) -> None:
    with patch(f"{infrared_file_flow.__name__}.read_code_file", side_effect=PermissionError(13, "Permission denied")):
        form = await upload(hass, client, form, IRDB)
    assert "(Permission denied)" in detail(form)


async def test_commands_that_cannot_be_saved(
    hass: HomeAssistant, client: TestClient[Any, Any], form: SubentryFlowResult, codes: CodeStore
) -> None:
    with patch.object(CodeStore, "async_add", side_effect=StorageError("codes_not_saved")):
        form = await upload(hass, client, form, IRDB)
        assert detail(form)
        menu = await upload(hass, client, form, IRDB + "MENU,XMP-1,7,-1,1\n")
        menu = await choose(hass, menu, "import_commands")

    assert menu["step_id"] == "confirm_import"
    assert menu["description_placeholders"]
    assert menu["description_placeholders"]["failure"] == detail(form)
    assert not codes.codes
    assert (await choose(hass, menu, "import_commands"))["step_id"] == "menu"
    assert len(codes.codes["TV"]) == 2


async def test_a_flow_that_is_left_at_the_question_imports_nothing(
    hass: HomeAssistant, client: TestClient[Any, Any], form: SubentryFlowResult, station: MockConfigEntry
) -> None:
    menu = await upload(hass, client, form, IRDB + "MENU,XMP-1,7,-1,1\n")
    hass.config_entries.subentries.async_abort(menu["flow_id"])
    await hass.async_block_till_done()
    assert not infrared_devices(station)
