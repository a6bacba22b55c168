"""Tests that errors of access to the board say what to do on each kind of installation."""

from collections.abc import Iterator
import errno
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.const import CONF_BUS
from custom_components.anavi_weather.exceptions import InfraredError, ReadingError, async_message
from custom_components.anavi_weather.installation import ACCESS_ERRORS, async_error_key
from custom_components.anavi_weather.texts import async_error_text
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from .config_flow_steps import choose, confirm, start
from .conftest import Machine

INSTALLATIONS = {"own system": "", "container": "_container", "Home Assistant OS": "_home_assistant_os"}


@pytest.fixture(params=INSTALLATIONS)
def suffix(hass: HomeAssistant, request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the suffix of the keys on an installation. Home Assistant OS runs core in a container, too."""
    if request.param == "Home Assistant OS":
        hass.config.components.add("hassio")
    in_container = request.param != "own system"
    with patch("custom_components.anavi_weather.installation.is_docker_env", return_value=in_container):
        yield INSTALLATIONS[request.param]


async def test_the_form_says_what_to_do(hass: HomeAssistant, machine: Machine, suffix: str) -> None:
    form = await start(hass)
    assert form["errors"] == {}
    assert form["description_placeholders"]
    assert form["description_placeholders"]["hint"] == await async_error_text(hass, f"no_bus{suffix}")
    machine.plug()
    form = await start(hass)
    with patch("custom_components.anavi_weather.phat.i2c.LinuxAdapter", side_effect=OSError(errno.EACCES, "No")):
        form = await choose(hass, form, machine.path())
    assert form["errors"] == {"base": f"no_permission{suffix}"}


async def test_a_station_without_its_bus_says_what_to_do(
    hass: HomeAssistant, board_entry: MockConfigEntry, suffix: str
) -> None:
    board_entry.add_to_hass(hass)
    await hass.config_entries.async_setup(board_entry.entry_id)
    await hass.async_block_till_done()
    assert board_entry.error_reason_translation_key == f"no_bus{suffix}"
    assert "raspi-config" not in (board_entry.reason or "") or suffix != "_home_assistant_os"


async def test_a_station_whose_bus_has_another_number_says_so(
    hass: HomeAssistant, board_entry: MockConfigEntry, machine: Machine, suffix: str
) -> None:
    machine.plug(20, name="i2c-20-bus")
    await hass.config_entries.async_setup(board_entry.entry_id)
    await hass.async_block_till_done()

    assert board_entry.error_reason_translation_key == "other_buses"
    missing = await async_message(hass, ReadingError(f"no_bus{suffix}", bus=machine.path()))
    assert (board_entry.reason or "").startswith(missing)
    assert f"{machine.path(20)} (i2c-20-bus)" in (board_entry.reason or "")

    form = await board_entry.start_reconfigure_flow(hass)
    await confirm(hass, await choose(hass, form, machine.path(20)))
    await hass.async_block_till_done()

    assert board_entry.state is ConfigEntryState.LOADED
    assert board_entry.data[CONF_BUS] == machine.path(20)


@pytest.mark.parametrize("key", sorted(ACCESS_ERRORS))
async def test_each_error_has_a_text(hass: HomeAssistant, suffix: str, key: str) -> None:
    """Nobody is told to use a program that the installation does not have."""
    known = await async_error_key(hass, key)
    assert known == f"{key}{suffix}"
    kind = InfraredError if key.startswith(("infrared", "no_receiver")) else ReadingError
    text = await async_message(hass, kind(known, bus="/dev/i2c-1", error="Not today"))
    foreign = {
        "": ("container", "hassos-boot", "--device"),
        "_container": ("hassos-boot", "usermod"),
        "_home_assistant_os": ("raspi-config", "sudo", "/boot/firmware", "container"),
    }[suffix]
    assert not [word for word in foreign if word in text]


async def test_other_errors_are_the_same_everywhere(hass: HomeAssistant, suffix: str) -> None:
    assert await async_error_key(hass, "bus_stuck") == "bus_stuck"
