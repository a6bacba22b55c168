"""Opens and submits the forms of repair issues."""

from dataclasses import dataclass
from typing import Any

from custom_components.anavi_weather.const import DOMAIN
from homeassistant.components.repairs import DOMAIN as REPAIRS_DOMAIN, RepairsFlowManager, repairs_flow_manager
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component


@dataclass(frozen=True)
class RepairForm:
    """The form of an issue that a user has opened."""

    hass: HomeAssistant
    manager: RepairsFlowManager
    flow_id: str
    placeholders: Any

    async def submit(self) -> None:
        """Submit the form, which resolves the issue."""
        result = await self.manager.async_configure(self.flow_id, {})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        await self.hass.async_block_till_done()


async def open_repair(hass: HomeAssistant, issue_id: str) -> RepairForm:
    """Open the form of an issue."""
    assert await async_setup_component(hass, REPAIRS_DOMAIN, {})
    manager = repairs_flow_manager(hass)
    assert manager
    form = await manager.async_init(DOMAIN, data={"issue_id": issue_id})
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "confirm")
    return RepairForm(hass, manager, form["flow_id"], form["description_placeholders"])


async def open_repair_menu(hass: HomeAssistant, issue_id: str) -> Any:
    """Open the menu of an issue."""
    # The menu may have a link to a file
    for component in ("http", REPAIRS_DOMAIN):
        assert await async_setup_component(hass, component, {})
    manager = repairs_flow_manager(hass)
    assert manager
    menu = await manager.async_init(DOMAIN, data={"issue_id": issue_id})
    assert menu["type"] is FlowResultType.MENU
    return menu


async def choose_repair(hass: HomeAssistant, issue_id: str, step_id: str) -> Any:
    """Open the menu of an issue, choose a step, and return its result."""
    menu = await open_repair_menu(hass, issue_id)
    assert step_id in menu["menu_options"]
    manager = repairs_flow_manager(hass)
    assert manager
    result = await manager.async_configure(menu["flow_id"], {"next_step_id": step_id})
    await hass.async_block_till_done()
    return result


async def submit_repair(hass: HomeAssistant, issue_id: str) -> None:
    """Open the form of an issue and submit it."""
    form = await open_repair(hass, issue_id)
    await form.submit()
