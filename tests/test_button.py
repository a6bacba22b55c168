"""Tests of the simulated remote control."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant

from .conftest import Machine, entity_of, let_read


@pytest.mark.parametrize(("key", "command"), [("power", 2), ("volume_up", 7), ("volume_down", 11)])
@pytest.mark.usefixtures("station")
async def test_a_key_is_received(hass: HomeAssistant, key: str, command: int) -> None:
    button = entity_of(hass, "button", f"simulated_{key}")

    await hass.services.async_call("button", "press", {ATTR_ENTITY_ID: button}, blocking=True)
    await let_read()

    state = hass.states.get(entity_of(hass, "event", "key"))
    assert state
    assert state.attributes["event_type"] == "pressed"
    assert (state.attributes["protocol"], state.attributes["address"]) == ("samsung32", 7)
    assert state.attributes["command"] == command


async def test_a_real_board_has_no_simulated_keys(
    hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry
) -> None:
    machine.plug()
    machine.pair.plug()
    await hass.config_entries.async_setup(board_entry.entry_id)
    await hass.async_block_till_done()

    assert hass.states.async_all("remote")
    assert not hass.states.async_all("button")
