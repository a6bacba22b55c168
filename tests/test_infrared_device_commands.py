"""Tests of trying, changing and exporting commands in the flow of an infrared device."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
import json
import re
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.anavi_weather import code_store
from custom_components.anavi_weather.code_store import CodeStore
from custom_components.anavi_weather.const import DOMAIN
from custom_components.anavi_weather.exceptions import StorageError
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component

from .conftest import let_read, store_codes
from .infrared_device_steps import answer, button_of, choose, device_of, start
from .remote_actions import NEC, decoded, sent
from .repair_forms import open_repair_menu

CODES = {"power": [NEC], "mute": ["nec:0x04,0x09"], "old": ["brand_of_2030:1,2"]}


@pytest.fixture
async def http(hass: HomeAssistant) -> None:
    """Start the web server, before the station registers its view."""
    assert await async_setup_component(hass, "http", {})


@pytest.fixture
async def menu(hass: HomeAssistant, http: None, station: MockConfigEntry, codes: CodeStore) -> SubentryFlowResult:
    """Return the menu of a television."""
    await codes.async_restore("TV [new]", CODES)
    await hass.async_block_till_done()
    return await start(hass, device_of(station, "TV [new]"))


async def test_a_command_is_tried(hass: HomeAssistant, menu: SubentryFlowResult, pair: SimulatedLirc) -> None:
    form = await choose(hass, menu, "try")
    result = await answer(hass, form, command="power")
    assert result["step_id"] == "sent"
    assert result["description_placeholders"] == {"command": "Power"}
    result = await answer(hass, await choose(hass, result, "try"), command="mute")
    assert sent(pair) == decoded(NEC, "nec:0x04,0x09")
    assert (await choose(hass, result, "menu"))["step_id"] == "menu"


async def test_commands_have_the_names_of_common_keys(
    hass: HomeAssistant, menu: SubentryFlowResult, codes: CodeStore
) -> None:
    """The stored name follows, because it may be renamed here."""
    await store_codes(codes, {"TV [new]": {"KEY_VOLUMEUP": ["nec:0x04,0x0a"], "HDMI_1": ["nec:0x04,0x0b"]}})
    form = await choose(hass, menu, "try")
    assert form["data_schema"]
    (selector,) = form["data_schema"].schema.values()
    assert {option["value"]: option["label"] for option in selector.config["options"]} == {
        "power": "Power",
        "mute": "Mute",
        "old": "old",
        "KEY_VOLUMEUP": "Volume up (KEY_VOLUMEUP)",
        "HDMI_1": "HDMI_1",
    }


def unplug(pair: SimulatedLirc, codes: CodeStore) -> None:
    """Unplug the transmitter."""
    pair.unplug()


def disown(pair: SimulatedLirc, codes: CodeStore) -> None:
    """Give the infrared pair to another entry."""
    entry = codes._hass.config_entries.async_get_known_entry("01STATION")
    entry.runtime_data = replace(entry.runtime_data, sender=None)


def nothing(pair: SimulatedLirc, codes: CodeStore) -> None:
    """Do nothing."""


@pytest.mark.parametrize(
    ("command", "prepare", "error"),
    [
        ("old", nothing, "protocol"),
        ("power", unplug, "transmitter"),
        ("power", disown, "transmitter"),
    ],
)
async def test_a_command_that_cannot_be_sent_is_explained(
    hass: HomeAssistant,
    menu: SubentryFlowResult,
    pair: SimulatedLirc,
    codes: CodeStore,
    command: str,
    prepare: Callable[[SimulatedLirc, CodeStore], None],
    error: str,
) -> None:
    form = await choose(hass, menu, "try")
    prepare(pair, codes)
    await let_read()
    form = await answer(hass, form, command=command)
    assert form["errors"] == {"base": "failed"}
    assert form["description_placeholders"]
    assert error in form["description_placeholders"]["detail"]


async def test_a_command_that_is_deleted_meanwhile_is_explained(
    hass: HomeAssistant, menu: SubentryFlowResult, codes: CodeStore
) -> None:
    for step_id, more in (("try", {}), ("rename_command", {"name": "x"}), ("delete_commands", None)):
        form = await choose(hass, menu, step_id)
        await codes.async_delete("TV [new]", ["power"])
        inputs = {"commands": ["power"]} if more is None else {"command": "power", **more}
        result = await answer(hass, form, **inputs)
        if more is None:
            assert list(codes.codes["TV [new]"]) == ["mute", "old"]
            break
        assert result["errors"] == {"base": "failed"}
        await codes.async_set_texts("TV [new]", "power", [NEC])
        menu = await start(hass, device_of(hass.config_entries.async_get_known_entry("01STATION"), "TV [new]"))


async def test_a_renamed_command_keeps_its_button(
    hass: HomeAssistant, menu: SubentryFlowResult, codes: CodeStore, station: MockConfigEntry, pair: SimulatedLirc
) -> None:
    television = device_of(station, "TV [new]")
    assert button_of(hass, television, "power") == "button.tv_new_power"

    menu = await answer(hass, await choose(hass, menu, "rename_command"), command="power", name=" Wake ")

    assert menu["step_id"] == "menu"
    assert list(codes.codes["TV [new]"]) == ["Wake", "mute", "old"]
    assert button_of(hass, television, "Wake") == "button.tv_new_power"
    assert not button_of(hass, television, "power")
    state = hass.states.get("button.tv_new_power")
    assert state
    assert state.name == "TV [new] Wake"
    await hass.services.async_call("button", "press", {"entity_id": "button.tv_new_power"}, blocking=True)
    assert sent(pair) == decoded(NEC)


@pytest.mark.parametrize("name", ["mute", " ", "x" * 101])
async def test_a_name_of_a_command_is_checked(
    hass: HomeAssistant, menu: SubentryFlowResult, codes: CodeStore, station: MockConfigEntry, name: str
) -> None:
    form = await answer(hass, await choose(hass, menu, "rename_command"), command="power", name=name)
    assert form["errors"] == {"base": "failed"}
    assert codes.codes == {"TV [new]": CODES}
    assert button_of(hass, device_of(station, "TV [new]"), "power") == "button.tv_new_power"


async def test_a_name_that_cannot_be_saved_changes_nothing(
    hass: HomeAssistant, menu: SubentryFlowResult, codes: CodeStore, station: MockConfigEntry
) -> None:
    form = await choose(hass, menu, "rename_command")
    with patch.object(code_store, "async_save", side_effect=StorageError("codes_not_saved")):
        form = await answer(hass, form, command="power", name="Standby")
    assert form["errors"] == {"base": "failed"}
    assert button_of(hass, device_of(station, "TV [new]"), "power") == "button.tv_new_power"


async def test_a_command_without_a_button_is_renamed(
    hass: HomeAssistant, menu: SubentryFlowResult, codes: CodeStore, station: MockConfigEntry
) -> None:
    hass.config_entries.async_update_subentry(station, device_of(station, "TV [new]"), data={"kind": "air_conditioner"})
    await hass.async_block_till_done()
    await answer(hass, await choose(hass, menu, "rename_command"), command="power", name="off")
    assert list(codes.codes["TV [new]"]) == ["off", "mute", "old"]


async def test_commands_are_deleted(
    hass: HomeAssistant, menu: SubentryFlowResult, codes: CodeStore, station: MockConfigEntry
) -> None:
    menu = await answer(hass, await choose(hass, menu, "delete_commands"), commands=["power", "old"])
    assert codes.codes == {"TV [new]": {"mute": ["nec:0x04,0x09"]}}

    menu = await answer(hass, await choose(hass, menu, "delete_commands"), commands=["mute"])

    assert not codes.codes
    assert device_of(station, "TV [new]")  # stays, so that other keys can be learned
    assert "try" not in menu["menu_options"]
    assert "learn" in menu["menu_options"]


def link(step: Any) -> str:
    """Return the address of the link in a step."""
    found = re.fullmatch(
        r'<a href="(/api/[^"]+)" target="_blank">([^<]+)</a>', step["description_placeholders"]["file"]
    )
    assert found
    assert found[2] == "TV _new_.json"
    return found[1]


async def test_the_exported_file_can_be_imported(
    hass: HomeAssistant,
    menu: SubentryFlowResult,
    hass_client: ClientSessionGenerator,
    hass_client_no_auth: ClientSessionGenerator,
    codes: CodeStore,
) -> None:
    """The browser that shows the link has to be logged in only while it loads the dialog."""
    assert await async_setup_component(hass, "config", {})
    dialog = await (await hass_client()).post(
        f"/api/config/config_entries/subentries/flow/{menu['flow_id']}", json={"next_step_id": "export"}
    )
    step = await dialog.json()
    client = await hass_client_no_auth()

    response = await client.get(link(step))

    assert response.status == 200
    assert response.headers["Content-Disposition"] == "attachment; filename*=UTF-8''TV%20%5Bnew%5D.json"
    text = await response.text()
    assert json.loads(text)["data"] == {"TV [new]": CODES}
    await codes.async_delete("TV [new]", list(CODES))
    await hass.services.async_call(
        DOMAIN,
        "import_codes",
        {"config_entry_id": "01STATION", "text": text, "skip_unreadable": True},
        blocking=True,
        return_response=True,
    )
    assert codes.codes == {"TV [new]": {"power": [NEC], "mute": ["nec:0x04,0x09"]}}


async def test_a_file_is_for_administrators(
    hass: HomeAssistant,
    menu: SubentryFlowResult,
    hass_client: ClientSessionGenerator,
    hass_read_only_access_token: str,
    station: MockConfigEntry,
) -> None:
    url = f"/api/anavi_weather/codes/{device_of(station, 'TV [new]').subentry_id}"
    assert (await (await hass_client()).get(url)).status == 200
    assert (await (await hass_client(hass_read_only_access_token)).get(url)).status == 401
    assert (await (await hass_client()).get("/api/anavi_weather/codes/unknown")).status == 404


async def test_a_deleted_device_can_be_downloaded(
    hass: HomeAssistant, menu: SubentryFlowResult, hass_client: ClientSessionGenerator, station: MockConfigEntry
) -> None:
    hass.config_entries.async_remove_subentry(station, device_of(station, "TV [new]").subentry_id)
    await hass.async_block_till_done()
    (issue,) = ir.async_get(hass).issues.values()
    flow = await open_repair_menu(hass, issue.issue_id)
    url = link(flow).partition("?")[0]
    response = await (await hass_client()).get(url)
    assert (await response.json())["data"] == {"TV [new]": CODES}


@pytest.mark.parametrize("change", ["delete_commands", "rename_command"])
async def test_a_command_that_another_user_deletes_at_the_same_time(
    hass: HomeAssistant, station: MockConfigEntry, codes: CodeStore, change: str
) -> None:
    await store_codes(codes, {"TV": {"power": [NEC], "mute": ["nec:4,9"]}})
    await hass.async_block_till_done()
    answers: dict[str, dict[str, Any]] = {
        "delete_commands": {"commands": ["mute"]},
        "rename_command": {"command": "mute", "name": "quiet"},
    }
    steps = ("delete_commands", change)
    forms = [await choose(hass, await start(hass, device_of(station, "TV")), step) for step in steps]

    results = await asyncio.gather(
        *(answer(hass, form, **answers[step]) for form, step in zip(forms, steps, strict=True))
    )

    # Either may be the first
    _, form = sorted(results, key=lambda result: result["type"] is FlowResultType.FORM)
    assert [result["type"] for result in results].count(FlowResultType.MENU) == 1
    assert form["errors"] == {"base": "failed"}
    assert form["description_placeholders"]
    assert "“mute” is neither a command" in form["description_placeholders"]["detail"]
    is_renamed = change == "rename_command" and results[0] is form
    assert list(codes.codes["TV"]) == (["power", "quiet"] if is_renamed else ["power"])
