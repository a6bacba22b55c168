"""Tests of following the handsets of air conditioners."""

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.code_store import CodeStore
from custom_components.anavi_weather.const import CONF_KIND
from custom_components.anavi_weather.infrared_devices import Kind
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc
from homeassistant.const import ATTR_ENTITY_ID, STATE_OFF
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .climate_actions import CLIMATE, NAMES, codes_of, press_handset, sent_names, set_climate, shown
from .conftest import let_read, press, store_codes
from .infrared_device_steps import device_of

COMMANDS = codes_of(NAMES)
GREE = {
    "cool_auto_off_24": ["gree_ac:mode=cool,temperature=24"],
    "cool_low_vertical_20": ["gree_ac:mode=cool,temperature=20,fan=low,swing_v=true"],
    "heat_auto_off_24": ["gree_ac:mode=heat,temperature=24"],
    "off": ["gree_ac:power=false,mode=cool,temperature=24"],
}


async def add(hass: HomeAssistant, codes: CodeStore, commands: dict[str, list[str]], device: str = "Bedroom") -> None:
    """Store an air conditioner."""
    await store_codes(codes, {device: commands})
    await hass.async_block_till_done()


async def test_the_handset_is_followed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, codes: CodeStore, pair: SimulatedLirc
) -> None:
    await add(hass, codes, COMMANDS)
    await press_handset(freezer, pair, *COMMANDS["cool_low_22"])
    assert shown(hass, "temperature", "fan_mode") == ("cool", 22, "low")
    await press_handset(freezer, pair, *COMMANDS["heat_auto_20"])
    assert shown(hass, "temperature", "fan_mode") == ("heat", 20, "auto")
    await press_handset(freezer, pair, *COMMANDS["off"])
    assert shown(hass) == (STATE_OFF,)
    await press_handset(freezer, pair, "nec:1,1")
    assert shown(hass) == (STATE_OFF,)
    assert pair.sent == []
    # Turned on again, it continues where the handset ended
    await set_climate(hass, "turn_on")
    assert sent_names(pair, COMMANDS) == ["heat_auto_20"]


async def test_states_with_one_code_keep_what_makes_no_difference(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, codes: CodeStore, pair: SimulatedLirc
) -> None:
    dry = {f"dry_{fan}_{degrees}": ["nec:5,1"] for fan in ("low", "high") for degrees in (20, 24)}
    await add(hass, codes, {"off": ["nec:5,3"], "cool_high_24": ["nec:5,2"], **dry})
    await press_handset(freezer, pair, "nec:5,2", "nec:5,1")
    assert shown(hass, "temperature", "fan_mode") == ("dry", 24, "high")


async def test_a_held_key_toggles_the_power_once(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, codes: CodeStore, pair: SimulatedLirc
) -> None:
    await add(hass, codes, codes_of(["power", "cool_24", "cool_25"]))
    for _ in range(4):
        await press(pair, "nec:0x40,0x00")
        freezer.tick(0.108)
        await let_read()
    assert shown(hass) == ("cool",)
    freezer.tick(1)
    await press_handset(freezer, pair, "nec:0x40,0x00")
    assert shown(hass) == (STATE_OFF,)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("gree_ac:mode=cool,temperature=24", ("cool", 24, "auto", "off")),
        ("gree_ac:mode=heat,temperature=24,display=false,turbo=true", ("heat", 24, "auto", "off")),
        ("gree_ac:mode=cool,temperature=20,fan=low,swing_v=true,blow=true", ("cool", 20, "low", "vertical")),
        ("gree_ac:mode=dry,temperature=20", (STATE_OFF, 24, "auto", "off")),
        ("lg_ac:mode=cool,temperature=20,fan=low", (STATE_OFF, 24, "auto", "off")),
    ],
)
async def test_a_known_protocol_is_followed_whatever_else_it_sets(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    codes: CodeStore,
    pair: SimulatedLirc,
    code: str,
    expected: tuple[object, ...],
) -> None:
    await add(hass, codes, GREE)
    await press_handset(freezer, pair, code)
    assert shown(hass, "temperature", "fan_mode", "swing_mode") == expected


async def test_off_in_a_mode_without_a_command(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, codes: CodeStore, pair: SimulatedLirc
) -> None:
    await add(hass, codes, GREE)
    await press_handset(freezer, pair, *GREE["heat_auto_off_24"])
    await press_handset(freezer, pair, "gree_ac:power=false,mode=heat,temperature=30")
    assert shown(hass, "temperature") == (STATE_OFF, 24)


async def test_what_the_remote_sends_is_followed(
    hass: HomeAssistant, remote: str, codes: CodeStore, pair: SimulatedLirc
) -> None:
    await add(hass, codes, COMMANDS)
    data = {ATTR_ENTITY_ID: remote, "device": "Bedroom", "command": ["cool_low_22"]}
    await hass.services.async_call("remote", "send_command", data, blocking=True)
    assert shown(hass, "temperature", "fan_mode") == ("cool", 22, "low")


async def test_what_is_sent_to_another_device_is_not_followed(
    hass: HomeAssistant, remote: str, codes: CodeStore
) -> None:
    await add(hass, codes, COMMANDS)
    await store_codes(codes, {"TV": {"cool_low_22": ["nec:4,8"]}})
    data = {ATTR_ENTITY_ID: remote, "device": "TV", "command": ["cool_low_22"]}
    await hass.services.async_call("remote", "send_command", data, blocking=True)
    assert shown(hass) == (STATE_OFF,)


async def test_own_commands_do_not_count_twice(hass: HomeAssistant, codes: CodeStore) -> None:
    await add(hass, codes, codes_of(["power", "cool_24", "cool_25"]))
    await set_climate(hass, "turn_on")
    assert shown(hass) == ("cool",)
    await set_climate(hass, "turn_off")
    assert shown(hass) == (STATE_OFF,)


async def test_each_air_conditioner_follows_its_own_handset(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, codes: CodeStore, pair: SimulatedLirc
) -> None:
    other = {name: [text.replace("0x40", "0x41")] for name, (text,) in COMMANDS.items()}
    await add(hass, codes, COMMANDS)
    await add(hass, codes, other, "Office")
    await press_handset(freezer, pair, *other["cool_low_22"])
    assert shown(hass) == (STATE_OFF,)
    assert shown(hass, "temperature", entity_id="climate.office") == ("cool", 22)


async def test_a_device_becomes_an_air_conditioner_and_back(
    hass: HomeAssistant, station: MockConfigEntry, codes: CodeStore, pair: SimulatedLirc
) -> None:
    await add(hass, codes, COMMANDS)
    subentry = device_of(station, "Bedroom")
    for kind, exists in ((Kind.REMOTE_CONTROL, False), (Kind.AIR_CONDITIONER, True)):
        hass.config_entries.async_update_subentry(station, subentry, data={CONF_KIND: kind.value})
        await hass.async_block_till_done()
        assert bool(er.async_get(hass).async_get(CLIMATE)) is exists
        assert bool(hass.states.get(CLIMATE)) is exists


async def test_a_device_that_was_deleted(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, station: MockConfigEntry, codes: CodeStore, pair: SimulatedLirc
) -> None:
    await add(hass, codes, COMMANDS)
    hass.config_entries.async_remove_subentry(station, device_of(station, "Bedroom").subentry_id)
    await hass.async_block_till_done()
    await press_handset(freezer, pair, *COMMANDS["cool_low_22"])
    assert not hass.states.get(CLIMATE)
    assert not er.async_get(hass).async_get(CLIMATE)
