"""Tests of the commands of deleted devices."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.deleted_codes import KEY, DeletedCodes
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .repair_forms import choose_repair

TV = ({"kind": "remote_control"}, {"power": ["nec:0x04,0x08"]})


@pytest.fixture
async def deleted(hass: HomeAssistant, station: MockConfigEntry) -> str:
    """Keep the commands of a deleted device, and return its id."""
    await DeletedCodes(hass).async_keep(station, {"TV": TV})
    (issue_id,) = (issue_id for _, issue_id in ir.async_get(hass).issues)
    return issue_id.removeprefix("deleted_")


async def test_a_restart_keeps_the_offer(hass: HomeAssistant, deleted: str) -> None:
    ir.async_delete_issue(hass, "anavi_weather", f"deleted_{deleted}")
    again = DeletedCodes(hass)

    await again.async_load()

    assert [issue_id for _, issue_id in ir.async_get(hass).issues] == [f"deleted_{deleted}"]
    device = await again.async_get(deleted)
    assert device
    assert (device["device"], device["station"], device["entry_id"]) == ("TV", "Simulated pHAT", "01STATION")
    assert (device["data"], device["commands"]) == TV


async def test_deleting_for_good_leaves_nothing(
    hass: HomeAssistant, deleted: str, hass_storage: dict[str, Any]
) -> None:
    await choose_repair(hass, f"deleted_{deleted}", "delete")

    assert hass_storage[KEY]["data"] == {"devices": []}
    assert not ir.async_get(hass).issues


async def test_a_damaged_file_is_set_aside(
    hass: HomeAssistant, hass_storage: dict[str, Any], station: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    hass_storage[KEY] = {"version": 1, "key": KEY, "data": {"devices": [{"id": 5}]}}
    deleted = DeletedCodes(hass)

    await deleted.async_load()
    assert await deleted.async_get("5") is None
    assert f"{KEY}.corrupt." in caplog.text

    await deleted.async_keep(station, {"TV": TV})
    assert len(hass_storage[KEY]["data"]["devices"]) == 1
