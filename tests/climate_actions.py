"""Helpers for the tests of air conditioners."""

from collections.abc import Iterable
from typing import Any

from freezegun.api import FrozenDateTimeFactory

from custom_components.anavi_weather.ir_codes.decode import decode_message
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant, State

from .conftest import let_read, press

CLIMATE = "climate.bedroom"
SILENCE = 0.4  # seconds, after which any message is complete, and a key is no longer held

COOL = [f"cool_{fan}_{degrees}" for fan in ("low", "high", "auto") for degrees in range(20, 31)]
NAMES = ("off", *COOL, "heat_auto_20", "heat_auto_25", "dry_auto_24", "fan_only_low", "fan_only_high")


def codes_of(names: Iterable[str]) -> dict[str, list[str]]:
    """Return commands with a code of its own for each."""
    return {name: [f"nec:0x40,{number:#04x}"] for number, name in enumerate(names)}


def sent_names(pair: SimulatedLirc, commands: dict[str, list[str]]) -> list[str]:
    """Return the names of the commands that were sent since the last call."""
    names = {text: name for name, (text,) in commands.items()}
    found = [decode_message(transmission.timings) for transmission in pair.sent]
    pair.sent.clear()
    return [names[str(message and message.text)] for message in found]


def climate(hass: HomeAssistant, entity_id: str = CLIMATE) -> State:
    """Return the state of an air conditioner."""
    state = hass.states.get(entity_id)
    assert state, f"There is no {entity_id}"
    return state


def shown(hass: HomeAssistant, *attributes: str, entity_id: str = CLIMATE) -> tuple[Any, ...]:
    """Return the state of an air conditioner and some of its attributes."""
    state = climate(hass, entity_id)
    return (state.state, *(state.attributes.get(attribute) for attribute in attributes))


async def set_climate(hass: HomeAssistant, action: str, **data: Any) -> None:
    """Call an action of the air conditioner."""
    await hass.services.async_call("climate", action, {ATTR_ENTITY_ID: CLIMATE, **data}, blocking=True)
    await hass.async_block_till_done()


async def press_handset(freezer: FrozenDateTimeFactory, pair: SimulatedLirc, *codes: str) -> None:
    """Press keys of a handset, each followed by silence."""
    for code in codes:
        await press(pair, code)
        freezer.tick(SILENCE)
        await let_read()
