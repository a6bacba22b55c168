"""Tests of what a user can attach to a bug report."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from syrupy.assertion import SnapshotAssertion
from syrupy.filters import paths

from custom_components.anavi_weather.const import CONF_ALTITUDE, CONF_BUS
from custom_components.anavi_weather.phat.board import PRODUCT
from custom_components.anavi_weather.phat.simulated_chips import Air
from homeassistant.core import HomeAssistant

from .conftest import Machine, PassTime


@pytest.mark.parametrize("air", [Air(illuminance=200_000)])
@pytest.mark.parametrize("options", [{CONF_ALTITUDE: 1234}])
async def test_diagnostics(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    machine: Machine,
    board_entry: MockConfigEntry,
    snapshot: SnapshotAssertion,
) -> None:
    machine.hat.mkdir()
    (machine.hat / "product").write_text(f"{PRODUCT}\0", encoding="utf-8")
    machine.plug(name="bcm2835 (i2c@7e804000)").unplug(0x40)
    hass.config_entries.async_update_entry(board_entry, title="Rua das Flores 12")
    await hass.config_entries.async_setup(board_entry.entry_id)

    diagnostics = await get_diagnostics_for_config_entry(hass, hass_client, board_entry)

    assert "Flores" not in str(diagnostics)
    assert diagnostics["board"]["buses"] == {machine.path(): "bcm2835 (i2c@7e804000)"}
    assert diagnostics["entry"]["data"][CONF_BUS] == machine.path()
    assert diagnostics == snapshot(exclude=paths("board.buses", "entry.data.bus", "reading.duration"))


async def test_diagnostics_of_a_bus_that_failed(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    machine: Machine,
    board_entry: MockConfigEntry,
    pass_time: PassTime,
) -> None:
    machine.plug()
    await hass.config_entries.async_setup(board_entry.entry_id)
    machine.unplug()
    await pass_time()

    diagnostics = await get_diagnostics_for_config_entry(hass, hass_client, board_entry)

    assert diagnostics["board"] == {"product": "", "buses": {}}
    assert diagnostics["reading"]["succeeded"] is False
