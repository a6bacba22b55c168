"""Tests of air conditioners from files of each shape: every state is sent, received, and recognized as the same state."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
import json
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.const import DOMAIN
from custom_components.anavi_weather.ir_codes import to_text
from custom_components.anavi_weather.ir_codes.climate import AirConditioner, ClimateState
from custom_components.anavi_weather.ir_codes.smartir import parse_smartir
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import HomeAssistant

from .climate_actions import press_handset, set_climate, shown

FANS = ("low", "auto")
SWINGS = ("off", "swing")

NUMBERS = count()


def code() -> list[int]:
    """Return the next code: a leader that all have in common, then a number with its check."""
    number = next(NUMBERS)
    bits = [1, 0, 1, 1] * 4
    state = [number >> place & 1 for place in range(12)]
    timings: list[int] = []
    for part in (bits, [*state, *(1 - bit for bit in state)]):
        timings += (3400, -1700)
        for bit in part:
            timings += (430, -1290 if bit else -430)
        timings += (430, -20_000)
    return timings


def temperatures(first: float, last: float, step: float = 1) -> dict[str, list[int]]:
    """Return a code for each temperature, with these as keys."""
    return {f"{first + number * step:g}": code() for number in range(int((last - first) / step) + 1)}


FILES: Mapping[str, Mapping[str, Any]] = {
    "fans": {
        "off": code(),
        "cool": {fan: temperatures(18, 22) for fan in FANS},
        "heat": {"auto": temperatures(20, 24)},
    },
    "swings": {
        "off": code(),
        "cool": {fan: {swing: temperatures(18, 20) for swing in SWINGS} for fan in FANS},
        "fan_only": {fan: {swing: code() for swing in SWINGS} for fan in FANS},
    },
    "presets": {"off": code(), "cool": {"auto": temperatures(18, 20)}, "ai": {"auto": temperatures(18, 20)}},
    "halves": {"off": code(), "cool": {"auto": temperatures(18, 20, 0.5)}},
    "fahrenheit": {"off": code(), "cool": {"auto": temperatures(60, 70)}},
    "toggle": {"power": code(), "dry": {"auto": temperatures(18, 20)}},
    "no off": {"cool": {"auto": temperatures(18, 20)}},
    "list of codes": {"off": code(), "cool": {"auto": {str(degrees): [code()] for degrees in (18, 19, 20)}}},
    "holes": {
        "off": code(),
        "cool": {"low": temperatures(18, 19), "auto": temperatures(24, 26)},
        "dry": {"low": code()},
    },
}


def states_of(text: str) -> Iterator[tuple[ClimateState, str]]:
    """Yield the states of a file with their codes."""
    (remote,) = parse_smartir(text).values()
    codes = {name: [to_text(command) for command in commands] for name, commands in remote.commands.items()}
    for state, name in AirConditioner(codes).commands.items():
        yield state, codes[name][0]


@pytest.mark.parametrize("name", FILES)
async def test_every_state_is_sent_and_recognized(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, station: MockConfigEntry, pair: SimulatedLirc, name: str
) -> None:
    text = json.dumps({"commandsEncoding": "Raw", "supportedController": "ESPHome", "commands": FILES[name]})
    data = {ATTR_CONFIG_ENTRY_ID: station.entry_id, "text": text, "device": "Bedroom"}
    await hass.services.async_call(DOMAIN, "import_codes", data, blocking=True)
    await hass.async_block_till_done()

    def present() -> tuple[Any, ...]:
        return shown(hass, "preset_mode", "fan_mode", "swing_mode", "temperature")

    for state, sent in states_of(text):
        await press_handset(freezer, pair, sent)
        heard = present()
        assert heard[0] == state.mode
        assert (heard[1] or "none", *heard[2:4]) == (state.preset or "none", state.fan, state.swing)
        pair.sent.clear()

        # The same state from the thermostat is the same message, which another receiver takes for the same state
        await set_climate(hass, "set_hvac_mode", hvac_mode=state.mode)
        await press_handset(freezer, pair, *(_raw(transmission.timings) for transmission in pair.sent[-1:]))
        assert present() == heard


def _raw(timings: Sequence[int]) -> str:
    return "raw:38000:" + ",".join(map(str, timings))
