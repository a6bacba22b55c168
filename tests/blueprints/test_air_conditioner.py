"""Tests of the blueprint that switches an air conditioner by temperature."""

import asyncio
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from infrared_protocols.commands import Command
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.ir_codes.decode import decode
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from tests.climate_actions import CLIMATE, press_handset, set_climate
from tests.conftest import entity_of, let_read, store_codes, value

from .conftest import Automate, Wait, measure, minutes

ROOM = "sensor.room"
MEMORY = "input_boolean.air_conditioner"
COOL = "nec:0x04,0x08"
STOP = "nec:0x04,0x09"


@pytest.fixture
async def cool(
    hass: HomeAssistant, automate: Automate, freezer: FrozenDateTimeFactory, station: MockConfigEntry
) -> Automate:
    """Return a function that creates the automation of an air conditioner that is off."""
    await store_codes(station.runtime_data.codes, {"air conditioner": {"cool_24": [COOL], "off": [STOP]}})
    assert await async_setup_component(hass, "input_boolean", {"input_boolean": {"air_conditioner": None}})
    freezer.tick(minutes(6))

    async def cool(**inputs: Any) -> None:
        await measure(hass, ROOM, 25)
        await automate(
            "air_conditioner",
            temperature=ROOM,
            remote=entity_of(hass, "remote", "remote"),
            device="air conditioner",
            on_command="cool_24",
            memory=MEMORY,
            **inputs,
        )

    return cool


def sent(pair: SimulatedLirc) -> list[str | None]:
    """Return the codes that were sent since the last call."""
    found = [decode(transmission.timings) for transmission in pair.sent]
    codes = [decoded.text if decoded else None for decoded in found]
    pair.sent.clear()
    return codes


async def test_an_air_conditioner_is_switched_with_hysteresis(
    hass: HomeAssistant, cool: Automate, wait: Wait, pair: SimulatedLirc
) -> None:
    await cool()
    for temperature in (26, 27, STATE_UNAVAILABLE, STATE_UNKNOWN, 23):
        await measure(hass, ROOM, temperature)
        assert sent(pair) == []

    await measure(hass, ROOM, 27.5)
    assert sent(pair) == [COOL]
    assert value(hass, MEMORY) == STATE_ON

    await measure(hass, ROOM, 20)
    assert sent(pair) == []  # the compressor needs a pause
    await measure(hass, ROOM, 28)
    await wait(minutes(5))
    for temperature in (26, 28, STATE_UNAVAILABLE, 24):
        await measure(hass, ROOM, temperature)
        assert sent(pair) == []

    await measure(hass, ROOM, 23.5)
    assert sent(pair) == [STOP]
    assert value(hass, MEMORY) == STATE_OFF


async def test_an_air_conditioner_is_switched_once_even_if_sending_takes_time(
    hass: HomeAssistant, cool: Automate, station: MockConfigEntry, pair: SimulatedLirc
) -> None:
    await cool()
    transceiver = station.runtime_data.transceiver
    send = transceiver.async_send
    done = asyncio.Event()

    async def send_slowly(command: Command) -> None:
        await done.wait()
        await send(command)

    with patch.object(transceiver, "async_send", send_slowly):
        for temperature in (28, 29, 30):
            hass.states.async_set(ROOM, str(temperature))
            await let_read()
        done.set()
        await hass.async_block_till_done()

    assert sent(pair) == [COOL]


async def test_an_air_conditioner_is_switched_even_if_the_temperature_is_constant(
    hass: HomeAssistant, cool: Automate, wait: Wait, pair: SimulatedLirc
) -> None:
    await cool()
    await measure(hass, ROOM, 30)
    await measure(hass, ROOM, 20)
    assert sent(pair) == [COOL]

    await wait(minutes(6))
    await wait(minutes(1))

    assert sent(pair) == [STOP]


async def test_an_air_conditioner_is_off_while_nobody_is_home(
    hass: HomeAssistant, cool: Automate, wait: Wait, pair: SimulatedLirc
) -> None:
    hass.states.async_set("person.ana", "not_home")
    await cool(presence=["person.ana", "binary_sensor.room"])
    await measure(hass, ROOM, 30)
    assert sent(pair) == []

    hass.states.async_set("binary_sensor.room", STATE_ON)
    await measure(hass, ROOM, 31)
    assert sent(pair) == [COOL]

    hass.states.async_set("binary_sensor.room", STATE_OFF)
    await wait(minutes(6))
    await wait(minutes(1))
    assert sent(pair) == [STOP]


@pytest.mark.parametrize(
    ("after", "before", "expected"),
    [
        ("08:00:00", "18:00:00", [COOL]),
        ("13:00:00", "18:00:00", []),
        ("22:00:00", "06:00:00", []),
        ("22:00:00", "13:00:00", [COOL]),
    ],
)
async def test_an_air_conditioner_is_on_only_at_the_set_times(
    hass: HomeAssistant,
    cool: Automate,
    freezer: FrozenDateTimeFactory,
    pair: SimulatedLirc,
    after: str,
    before: str,
    expected: list[str],
) -> None:
    freezer.move_to(dt_util.now().replace(hour=12, minute=0) + timedelta(days=1))
    await cool(after=after, before=before)

    await measure(hass, ROOM, 30)

    assert sent(pair) == expected


async def test_an_air_conditioner_that_could_not_be_switched_on_counts_as_off(
    hass: HomeAssistant, cool: Automate, pair: SimulatedLirc
) -> None:
    await cool()
    remote = {"entity_id": entity_of(hass, "remote", "remote")}
    await hass.services.async_call("remote", "turn_off", remote, blocking=True)
    await measure(hass, ROOM, 30)
    assert (sent(pair), value(hass, MEMORY)) == ([], STATE_OFF)

    await hass.services.async_call("remote", "turn_on", remote, blocking=True)
    await measure(hass, ROOM, 31)
    assert (sent(pair), value(hass, MEMORY)) == ([COOL], STATE_ON)


@pytest.fixture
async def thermostat(
    hass: HomeAssistant, automate: Automate, freezer: FrozenDateTimeFactory, station: MockConfigEntry
) -> Automate:
    """Return a function that creates the automation of an air conditioner with a thermostat, which is off."""
    states = {
        "cool_auto_24": [COOL],
        "dry_auto_24": ["nec:0x04,0x0a"],
        "heat_auto_24": ["nec:0x04,0x0b"],
        "off": [STOP],
    }
    await store_codes(station.runtime_data.codes, {"Bedroom": states})
    await hass.async_block_till_done()
    freezer.tick(minutes(6))

    async def thermostat(**inputs: Any) -> None:
        await measure(hass, ROOM, 25)
        await automate("air_conditioner", temperature=ROOM, climate=CLIMATE, **inputs)

    return thermostat


async def test_a_thermostat_is_switched_with_hysteresis(
    hass: HomeAssistant, thermostat: Automate, wait: Wait, pair: SimulatedLirc
) -> None:
    await thermostat()
    for temperature in (26, 27, STATE_UNAVAILABLE, 23):
        await measure(hass, ROOM, temperature)
        assert sent(pair) == []

    await measure(hass, ROOM, 27.5)
    assert (sent(pair), value(hass, CLIMATE)) == ([COOL], "cool")
    await measure(hass, ROOM, 20)
    assert sent(pair) == []  # the compressor needs a pause
    await measure(hass, ROOM, 24)
    await wait(minutes(6))
    assert sent(pair) == []
    await measure(hass, ROOM, 23.5)
    assert (sent(pair), value(hass, CLIMATE)) == ([STOP], STATE_OFF)


async def test_a_thermostat_in_another_mode(hass: HomeAssistant, thermostat: Automate, pair: SimulatedLirc) -> None:
    await thermostat(mode="dry")
    await measure(hass, ROOM, 30)
    assert (sent(pair), value(hass, CLIMATE)) == (["nec:0x04,0x0a"], "dry")


async def test_an_air_conditioner_that_the_handset_switched_on_is_switched_off(
    hass: HomeAssistant, thermostat: Automate, freezer: FrozenDateTimeFactory, wait: Wait, pair: SimulatedLirc
) -> None:
    await thermostat()
    await press_handset(freezer, pair, COOL)
    await measure(hass, ROOM, 28)
    await wait(minutes(6))
    assert sent(pair) == []
    await measure(hass, ROOM, 23)
    assert sent(pair) == [STOP]


async def test_heating_is_left_alone(
    hass: HomeAssistant, thermostat: Automate, wait: Wait, pair: SimulatedLirc
) -> None:
    await thermostat()
    await set_climate(hass, "set_hvac_mode", hvac_mode="heat")
    await wait(minutes(6))
    sent(pair)
    for temperature in (18, 30):
        await measure(hass, ROOM, temperature)
        assert sent(pair) == []


async def test_a_thermostat_without_an_emitter_is_not_switched(
    hass: HomeAssistant, thermostat: Automate, station: MockConfigEntry, pair: SimulatedLirc
) -> None:
    await thermostat()
    station.runtime_data.transceiver._update_state(can_send=False)
    await measure(hass, ROOM, 30)
    assert sent(pair) == []
