"""Tests of the repair of infrared that worked before."""

import errno

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir

from .conftest import Machine, PassTime, entity_of

MINUTE = 61  # seconds
ISSUE = "infrared_unavailable_01BOARD"


@pytest.fixture
async def board(
    hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry, pass_time: PassTime
) -> MockConfigEntry:
    """Return a station whose infrared works."""
    machine.plug()
    machine.pair.plug()
    await hass.config_entries.async_setup(board_entry.entry_id)
    await pass_time(MINUTE)
    return board_entry


def reason(hass: HomeAssistant) -> str | None:
    """Return the reason that the issue gives, or None if there is no issue."""
    issue = ir.async_get(hass).async_get_issue(DOMAIN, ISSUE)
    if issue is None:
        return None
    assert issue.translation_placeholders
    return issue.translation_placeholders["reason"]


async def test_missing_pair(hass: HomeAssistant, machine: Machine, board: MockConfigEntry, pass_time: PassTime) -> None:
    """It is reported after more than a minute, and resolved when the pair is back."""
    assert reason(hass) is None
    machine.pair.unplug()
    await hass.config_entries.async_reload(board.entry_id)
    await pass_time(MINUTE)
    assert reason(hass) is None
    await pass_time(MINUTE)
    assert (reason(hass) or "").startswith("No infrared transmitter was found. Add the lines")
    machine.pair.plug()
    for _ in range(2):
        await pass_time(MINUTE)
    assert reason(hass) is None


async def test_pair_that_may_not_be_opened(
    hass: HomeAssistant, machine: Machine, board: MockConfigEntry, pass_time: PassTime
) -> None:
    """Such as after Linux chose another number for LIRC, which no rule of the container allows."""
    machine.pair.unplug()
    await pass_time(MINUTE)
    machine.pair.plug()
    machine.pair.refusal = errno.EPERM
    await pass_time(MINUTE)
    await pass_time(MINUTE)
    assert "isn't allowed to open the infrared device" in (reason(hass) or "")

    machine.pair.unplug()
    machine.pair.refusal = None
    for _ in range(2):
        await pass_time(MINUTE)
    assert (reason(hass) or "").startswith("No infrared")


async def test_missing_receiver(
    hass: HomeAssistant, machine: Machine, board: MockConfigEntry, pass_time: PassTime
) -> None:
    """Only the line of the receiver is named, and only if its entity is in use."""
    machine.pair.unplug()  # nobody notices that the transmitter is missing until something is sent
    for _ in range(3):
        await pass_time(MINUTE)
    assert (reason(hass) or "").startswith("No infrared receiver was found. Add the line “dtoverlay=gpio-ir,")
    registry = er.async_get(hass)
    receiver = entity_of(hass, "infrared", "receiver", "01BOARD")
    registry.async_update_entity(receiver, disabled_by=er.RegistryEntryDisabler.USER)
    await pass_time(MINUTE)
    assert reason(hass) is None


async def test_station_without_infrared(
    hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry, pass_time: PassTime
) -> None:
    """Whoever never had infrared is not bothered."""
    machine.plug()
    await hass.config_entries.async_setup(board_entry.entry_id)
    for _ in range(3):
        await pass_time(MINUTE)
    assert reason(hass) is None


async def test_unloaded_station(
    hass: HomeAssistant, machine: Machine, board: MockConfigEntry, pass_time: PassTime
) -> None:
    machine.pair.unplug()
    for _ in range(3):
        await pass_time(MINUTE)
    assert reason(hass)
    await hass.config_entries.async_unload(board.entry_id)
    assert reason(hass) is None
