"""Tests of the blueprint that runs actions for the keys of a remote control."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc
from homeassistant.core import Event, HomeAssistant
from tests.conftest import entity_of, press, store_codes

from .conftest import Automate

POWER = "samsung32:0x07,0x02"
MUTE = "samsung32:0x07,0x0f"


@pytest.fixture
async def key(hass: HomeAssistant, freezer: FrozenDateTimeFactory, station: MockConfigEntry) -> str:
    """Return the key entity of a station with a television's commands."""
    await store_codes(station.runtime_data.codes, {"television": {"power": [POWER]}, "radio": {"mute": [MUTE]}})
    return entity_of(hass, "event", "key")


@pytest.fixture
def done(hass: HomeAssistant) -> list[Event]:
    """Return the events fired by the actions."""
    events: list[Event] = async_capture_events(hass, "done")
    return events


ACTIONS = [{"event": "done"}]


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"device": "television", "name": "power"}, 1),
        ({"name": "power"}, 1),
        ({"code": POWER}, 1),
        ({"device": "radio", "name": "power"}, 0),
        ({"name": "mute"}, 0),
        ({"code": MUTE}, 0),
        ({"device": "television"}, 0),
        ({"name": "power", "when": ["held"]}, 0),
        ({}, 0),
    ],
)
async def test_a_key_runs_its_actions(
    hass: HomeAssistant,
    automate: Automate,
    pair: SimulatedLirc,
    key: str,
    done: list[Event],
    inputs: dict[str, Any],
    expected: int,
) -> None:
    await automate("remote_key", key=key, actions=ACTIONS, **inputs)

    await press(pair, POWER)
    await hass.async_block_till_done()

    assert len(done) == expected


async def test_an_unknown_key_does_nothing(
    hass: HomeAssistant, automate: Automate, pair: SimulatedLirc, key: str, done: list[Event]
) -> None:
    await automate("remote_key", key=key, code="nec:0x04,0x08", actions=ACTIONS)

    await press(pair, "nec:0x04,0x09")
    await hass.async_block_till_done()
    assert not done

    await press(pair, "nec:0x04,0x08")
    await hass.async_block_till_done()
    assert len(done) == 1


async def test_a_held_key_runs_the_actions_of_holding(
    hass: HomeAssistant,
    automate: Automate,
    pair: SimulatedLirc,
    freezer: FrozenDateTimeFactory,
    key: str,
    done: list[Event],
) -> None:
    await automate("remote_key", key=key, name="power", when=["pressed", "held"], actions=ACTIONS)

    for _ in range(3):
        await press(pair, POWER)
        freezer.tick(0.108)
        await hass.async_block_till_done()

    assert len(done) == 3


async def test_a_restart_runs_no_actions(
    hass: HomeAssistant,
    automate: Automate,
    pair: SimulatedLirc,
    freezer: FrozenDateTimeFactory,
    key: str,
    station: MockConfigEntry,
    done: list[Event],
) -> None:
    await automate("remote_key", key=key, name="power", actions=ACTIONS)
    await press(pair, POWER)
    await hass.async_block_till_done()

    assert await hass.config_entries.async_reload(station.entry_id)
    await hass.async_block_till_done()
    assert len(done) == 1

    freezer.tick(1)
    await press(pair, POWER)
    await hass.async_block_till_done()
    assert len(done) == 2
