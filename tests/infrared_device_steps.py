"""Steps of the infrared device's flow, for the tests."""

from http import HTTPStatus
import time
from typing import Any

from aiohttp import FormData
from aiohttp.test_utils import TestClient
from freezegun.api import FrozenDateTimeFactory
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.const import CONF_KIND, DOMAIN, SUBENTRY_INFRARED_DEVICE
from custom_components.anavi_weather.infrared_devices import Kind, infrared_devices
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc
from custom_components.anavi_weather.press_collector import PRESS_ENDS
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, ConfigSubentry, SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er

from .conftest import let_read, press


async def start(hass: HomeAssistant, subentry: ConfigSubentry | None = None) -> SubentryFlowResult:
    """Start adding or changing a device."""
    context: dict[str, Any] = {"source": SOURCE_USER}
    if subentry:
        context = {"source": SOURCE_RECONFIGURE, "subentry_id": subentry.subentry_id}
    return await hass.config_entries.subentries.async_init(
        ("01STATION", SUBENTRY_INFRARED_DEVICE),
        context=context,  # type: ignore[arg-type]
    )


async def answer(hass: HomeAssistant, step: SubentryFlowResult, **answers: Any) -> SubentryFlowResult:
    """Submit a form."""
    result = await hass.config_entries.subentries.async_configure(step["flow_id"], answers)
    await hass.async_block_till_done()
    return result


async def choose(hass: HomeAssistant, menu: SubentryFlowResult, step_id: str) -> SubentryFlowResult:
    """Choose an option of a menu."""
    assert menu["type"] is FlowResultType.MENU
    assert step_id in menu["menu_options"]
    return await answer(hass, menu, next_step_id=step_id)


async def press_key(hass: HomeAssistant, pair: SimulatedLirc, freezer: FrozenDateTimeFactory, code: str) -> None:
    """Press a key briefly, and wait until its press has ended."""
    await press(pair, code)
    freezer.tick(0.2)
    await let_read()
    freezer.tick(PRESS_ENDS + 0.01)
    await let_read()


async def progress(hass: HomeAssistant, step: SubentryFlowResult) -> SubentryFlowResult:
    """Return the step that follows when the progress is done."""
    assert step["type"] is FlowResultType.SHOW_PROGRESS
    flow = hass.config_entries.subentries._progress[step["flow_id"]]
    for _ in range(300):
        await let_read()
        if flow.cur_step and flow.cur_step["type"] is not FlowResultType.SHOW_PROGRESS:
            break
        await hass.async_add_executor_job(time.sleep, 0.01)
    result = await hass.config_entries.subentries.async_configure(step["flow_id"])
    await hass.async_block_till_done()
    return result


async def start_new(hass: HomeAssistant, name: str, kind: Kind = Kind.REMOTE_CONTROL) -> SubentryFlowResult:
    """Start adding a device, give its name and kind, and return the menu."""
    menu = await answer(hass, await start(hass), **{CONF_NAME: name, CONF_KIND: kind})
    assert (menu["type"], menu["step_id"]) == (FlowResultType.MENU, "menu")
    return menu


def device_of(entry: MockConfigEntry, title: str) -> ConfigSubentry:
    """Return the subentry of a device."""
    (subentry,) = (subentry for subentry in infrared_devices(entry) if subentry.title == title)
    return subentry


def button_of(hass: HomeAssistant, subentry: ConfigSubentry, command: str) -> str | None:
    """Return the button of a command, or None."""
    return er.async_get(hass).async_get_entity_id("button", DOMAIN, f"{subentry.subentry_id}_command_{command}")


async def upload(
    hass: HomeAssistant, client: TestClient[Any, Any], form: SubentryFlowResult, content: str | bytes
) -> SubentryFlowResult:
    """Upload a file, and submit the form that asks for it."""
    data = FormData()
    data.add_field("file", content.encode() if isinstance(content, str) else content, filename="tv.txt")
    response = await client.post("/api/file_upload", data=data)
    assert response.status == HTTPStatus.OK
    return await answer(hass, form, file=(await response.json())["file_id"])
