"""Tests of the events of each remote control's keys, and of automations that use them."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.anavi_weather.code_store import CodeStore
from custom_components.anavi_weather.const import DOMAIN
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component

from .conftest import PassTime, entity_of, let_read, press, store_codes, value
from .infrared_device_steps import device_of

PRESSED = "event.television_key_pressed"
HELD = "event.television_key_held"
POWER, MUTE = "nec:0x04,0x08", "nec:0x04,0x09"
FRAME = 0.108  # seconds


@pytest.fixture(autouse=True)
async def television(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, station: MockConfigEntry, codes: CodeStore
) -> None:
    """Store a television and a fan."""
    await store_codes(codes, {"Television": {"power": [POWER], "mute": [MUTE]}, "Fan": {"power": ["nec:0x07,0x01"]}})
    await hass.async_block_till_done()


def attributes(hass: HomeAssistant, entity_id: str) -> Any:
    """Return the attributes of an entity."""
    state = hass.states.get(entity_id)
    assert state
    return state.attributes


async def hold(pair: SimulatedLirc, freezer: FrozenDateTimeFactory, code: str) -> None:
    """Press a key until its remote control has repeated it twice."""
    for _ in range(3):
        await press(pair, code)
        freezer.tick(FRAME)
    await let_read()


async def test_a_key_is_pressed_and_held(
    hass: HomeAssistant, pair: SimulatedLirc, freezer: FrozenDateTimeFactory
) -> None:
    assert attributes(hass, PRESSED)["event_types"] == attributes(hass, HELD)["event_types"] == ["power", "mute"]

    await press(pair, POWER)
    assert attributes(hass, PRESSED)["event_type"] == "power"
    assert value(hass, HELD) == STATE_UNKNOWN
    assert value(hass, "event.fan_key_pressed") == STATE_UNKNOWN

    freezer.tick(1)
    await hold(pair, freezer, MUTE)
    assert attributes(hass, PRESSED)["event_type"] == "mute"
    assert (attributes(hass, HELD)["event_type"], attributes(hass, HELD)["repeats"]) == ("mute", 2)


async def test_an_unknown_key_is_no_event_of_a_device(hass: HomeAssistant, pair: SimulatedLirc) -> None:
    await press(pair, "nec:0x33,0x08")
    assert value(hass, PRESSED) == STATE_UNKNOWN


async def test_a_key_of_two_devices_is_an_event_of_both(
    hass: HomeAssistant, codes: CodeStore, pair: SimulatedLirc, freezer: FrozenDateTimeFactory
) -> None:
    """A key that a device has under two names has the first of them."""
    await store_codes(codes, {"Fan": {"speed": [MUTE], "mode": [MUTE]}})
    await hass.async_block_till_done()

    await hold(pair, freezer, MUTE)

    assert attributes(hass, PRESSED)["event_type"] == attributes(hass, HELD)["event_type"] == "mute"
    assert attributes(hass, "event.fan_key_pressed")["event_type"] == "speed"


async def test_a_key_that_is_pressed_to_be_learned_is_no_event(
    hass: HomeAssistant, station: MockConfigEntry, pair: SimulatedLirc, freezer: FrozenDateTimeFactory
) -> None:
    key = entity_of(hass, "event", "key")
    async with station.runtime_data.transceiver.learn_lock:
        await hold(pair, freezer, POWER)
    await press(pair, POWER)  # it is held while the last press is saved
    assert value(hass, PRESSED) == value(hass, HELD) == value(hass, key) == STATE_UNKNOWN

    freezer.tick(1)
    await press(pair, POWER)
    assert attributes(hass, PRESSED)["event_type"] == "power"
    assert attributes(hass, key)["name"] == "power"


@pytest.mark.parametrize(("target", "expected"), [(PRESSED, 1), (HELD, 2), ("device", 1)])
async def test_an_automation_picks_the_key_from_a_list(
    hass: HomeAssistant, pair: SimulatedLirc, freezer: FrozenDateTimeFactory, target: str, expected: int
) -> None:
    """A trigger for the whole device fires once for each press, however long it is held."""
    registered = er.async_get(hass).async_get(PRESSED)
    assert registered
    fired = async_capture_events(hass, "fired")
    trigger = {
        "trigger": "event.received",
        "target": {"device_id": registered.device_id} if target == "device" else {"entity_id": target},
        "options": {"event_type": ["power"]},
    }
    assert await async_setup_component(
        hass, "automation", {"automation": {"triggers": trigger, "actions": {"event": "fired"}, "mode": "parallel"}}
    )

    await press(pair, MUTE)
    freezer.tick(1)
    await hold(pair, freezer, POWER)
    await hass.async_block_till_done()

    assert len(fired) == expected


async def test_a_receiver_that_comes_back_replays_no_key(
    hass: HomeAssistant, pair: SimulatedLirc, pass_time: PassTime
) -> None:
    """An event that becomes available again still shows its last key (home-assistant/core#131932)."""
    fired = async_capture_events(hass, "fired")
    trigger = {
        "trigger": "event.received",
        "target": {"entity_id": PRESSED},
        "options": {"event_type": ["power"]},
    }
    assert await async_setup_component(
        hass, "automation", {"automation": {"triggers": trigger, "actions": {"event": "fired"}}}
    )
    await press(pair, POWER)
    await hass.async_block_till_done()
    assert len(fired) == 1

    pair.unplug()
    await let_read()
    assert value(hass, PRESSED) == STATE_UNAVAILABLE
    pair.plug()
    await pass_time(11)

    assert attributes(hass, PRESSED)["event_type"] == "power"
    assert len(fired) == 1


async def test_the_list_follows_the_commands(hass: HomeAssistant, codes: CodeStore, pair: SimulatedLirc) -> None:
    await store_codes(codes, {"Television": {"up": ["nec:0x04,0x10"]}})
    await codes.async_delete("Television", ["mute"])
    await hass.async_block_till_done()

    assert attributes(hass, PRESSED)["event_types"] == ["power", "up"]
    await press(pair, "nec:0x04,0x10")
    assert attributes(hass, PRESSED)["event_type"] == "up"


async def test_the_events_follow_a_new_name_of_their_device(
    hass: HomeAssistant, station: MockConfigEntry, pair: SimulatedLirc
) -> None:
    hass.config_entries.async_update_subentry(station, device_of(station, "Television"), title="TV")
    await hass.async_block_till_done()

    await press(pair, POWER)

    assert attributes(hass, PRESSED)["event_type"] == "power"


async def test_a_device_that_becomes_an_air_conditioner_has_no_key_events(
    hass: HomeAssistant, station: MockConfigEntry
) -> None:
    television = device_of(station, "Television")
    for kind, count in (("air_conditioner", 0), ("remote_control", 2)):
        hass.config_entries.async_update_subentry(station, television, data={"kind": kind})
        await hass.async_block_till_done()
        registered = er.async_entries_for_config_entry(er.async_get(hass), station.entry_id)
        events = [entry for entry in registered if entry.domain == "event" and "television" in entry.entity_id]
        assert len(events) == count


async def test_the_events_are_unavailable_without_a_receiver(hass: HomeAssistant, pair: SimulatedLirc) -> None:
    pair.unplug()
    await let_read()
    assert value(hass, PRESSED) == value(hass, HELD) == STATE_UNAVAILABLE


async def test_a_deleted_device_leaves_no_events(hass: HomeAssistant, station: MockConfigEntry) -> None:
    television = device_of(station, "Television")
    hass.config_entries.async_remove_subentry(station, television.subentry_id)
    await hass.async_block_till_done()
    assert not hass.states.get(PRESSED)
    assert not er.async_get(hass).async_get_entity_id("event", DOMAIN, f"{television.subentry_id}_key_pressed")
