"""Tests of the remote: sending and deleting commands."""

import asyncio
import base64
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, mock_restore_cache

from custom_components.anavi_weather.code_store import CodeStore
from custom_components.anavi_weather.const import DOMAIN
from custom_components.anavi_weather.ir_codes import parse, to_pronto
from custom_components.anavi_weather.ir_codes.decode import decode
from custom_components.anavi_weather.ir_codes.message import frames
from custom_components.anavi_weather.ir_codes.protocols import NEC_DITTO
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc
from homeassistant.const import ATTR_ENTITY_ID, STATE_OFF, STATE_ON, STATE_UNKNOWN
from homeassistant.core import Context, HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er

from .conftest import PassTime, entity_of, store_codes, value
from .remote_actions import NEC, UNKNOWN, Call, decoded, sent


async def test_the_remote_sends_and_learns_only_while_it_is_on(
    hass: HomeAssistant, call: Call, remote: str, pair: SimulatedLirc
) -> None:
    assert value(hass, remote) == STATE_ON

    await call("turn_off")

    assert value(hass, remote) == STATE_OFF
    for service, data in (
        ("send_command", {"command": [NEC]}),
        ("learn_command", {"device": "TV", "command": ["Power"]}),
    ):
        with pytest.raises(ServiceValidationError) as raised:
            await call(service, **data)
        assert raised.value.translation_key == "remote_off"
    assert not pair.sent

    await call("turn_on")
    assert value(hass, remote) == STATE_ON
    await call("send_command", command=[NEC])
    assert len(pair.sent) == 1


@pytest.mark.parametrize("state", [STATE_ON, STATE_OFF])
async def test_the_state_is_restored(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: object, entity_registry: er.EntityRegistry, state: str
) -> None:
    entity = entity_registry.async_get_or_create("remote", DOMAIN, "01STATION-remote", config_entry=entry)
    mock_restore_cache(hass, [State(entity.entity_id, state)])

    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()

    assert value(hass, entity.entity_id) == state


@pytest.mark.parametrize(
    "code",
    [
        NEC,
        to_pronto(parse(NEC)),
        "b64:" + base64.b64encode(bytes.fromhex("26000800127d133c1300 0d05".replace(" ", ""))).decode(),
        "raw:38000:9000,-4500,560,-560,560",
        "9000 -4500 560 -560 560",
    ],
)
async def test_codes_of_every_form_are_sent(call: Call, pair: SimulatedLirc, code: str) -> None:
    await call("send_command", command=[code])

    timings = parse(code).get_raw_timings()
    assert list(pair.sent[0].timings) == timings[: len(timings) - (timings[-1] < 0)]


async def test_several_commands_are_sent_in_order(call: Call, codes: CodeStore, pair: SimulatedLirc) -> None:
    await store_codes(codes, {"TV": {"Power": ["nec:1,1"], "Up": ["nec:1,2"]}})

    with patch("custom_components.anavi_weather.remote.asyncio.timeout", side_effect=TimeoutError) as timeout:
        await call("send_command", device="TV", command=["Up", "Power", "nec:1,3"], num_repeats=2, delay_secs=0.7)

    assert sent(pair) == decoded("nec:1,2", "nec:1,1", "nec:1,3") * 2
    assert [waited.args for waited in timeout.call_args_list] == [(0.7,)] * 5


async def test_turning_on_again_at_once_does_not_continue_a_repetition(call: Call, pair: SimulatedLirc) -> None:
    sending = asyncio.create_task(call("send_command", command=["nec:1,1"], num_repeats=200, delay_secs=0))
    while not pair.sent:
        await asyncio.sleep(0)
    await call("turn_off")
    await call("turn_on")
    count = len(pair.sent)
    await sending
    assert len(pair.sent) <= count + 1


@pytest.mark.parametrize("delay", [0, 1000])
async def test_turning_off_ends_a_repetition(call: Call, pair: SimulatedLirc, delay: float) -> None:
    """Case 24."""
    sending = asyncio.create_task(call("send_command", command=["nec:1,1"], num_repeats=100_000, delay_secs=delay))
    while not pair.sent:
        await asyncio.sleep(0)
    await call("turn_off")
    count = len(pair.sent)
    await sending
    assert len(pair.sent) <= count + 1

    await call("turn_on")
    await call("send_command", command=["nec:1,1", "nec:1,2"], delay_secs=0)
    assert sent(pair)[-2:] == decoded("nec:1,1", "nec:1,2")


@pytest.mark.parametrize(
    ("code", "seconds"),
    [(NEC, 1), (NEC, 0.2), ("samsung32:7,2", 0.5), ("rc5:5,12,0", 0.9), (UNKNOWN, 0.6), (NEC, 10)],
)
async def test_a_key_is_held(call: Call, pair: SimulatedLirc, code: str, seconds: float) -> None:
    clock = pair.clock
    start = clock.monotonic()

    def wait(pause: float) -> None:
        clock.sleep(pause)
        raise TimeoutError

    with patch("custom_components.anavi_weather.remote.asyncio.timeout", side_effect=wait):
        await call("send_command", command=[code], hold_secs=seconds)

    assert seconds - 0.11 <= clock.monotonic() - start <= seconds + 0.22
    timings = [frame for transmission in pair.sent for frame in frames(transmission.timings)]
    assert decode(timings[0]) == decode(parse(code).get_raw_timings())
    assert all(frame == timings[1] for frame in timings[1:])
    if code == NEC:
        assert timings[1] == pytest.approx(list(NEC_DITTO), abs=2)


@pytest.mark.parametrize("code", [NEC, UNKNOWN])
async def test_turning_off_releases_a_held_key(call: Call, pair: SimulatedLirc, code: str) -> None:
    sending = asyncio.create_task(call("send_command", command=[code, code], hold_secs=10, delay_secs=0))
    while not pair.sent:
        await asyncio.sleep(0)
    await call("turn_off")
    await sending
    assert len([frame for transmission in pair.sent for frame in frames(transmission.timings)]) <= 4


@pytest.mark.parametrize("seconds", [10.1, 1e300, float("inf"), float("nan"), -1])
async def test_a_key_cannot_be_held_too_long(call: Call, pair: SimulatedLirc, seconds: float) -> None:
    with pytest.raises(ServiceValidationError) as raised:
        await call("send_command", command=[NEC], hold_secs=seconds)
    assert raised.value.translation_key == "code_too_long"
    assert not pair.sent


async def test_alternatives_are_sent_in_turn(call: Call, codes: CodeStore, pair: SimulatedLirc) -> None:
    await store_codes(codes, {"Lamp": {"Light": ["nec:1,1", "nec:1,2"], "Other": ["nec:1,3"]}})

    for command in ("Light", "Other", "Light", "Light"):
        await call("send_command", device="Lamp", command=[command])

    assert sent(pair) == decoded("nec:1,1", "nec:1,3", "nec:1,2", "nec:1,1")


async def test_an_alternative_that_failed_is_sent_next(
    call: Call, codes: CodeStore, pair: SimulatedLirc, pass_time: PassTime
) -> None:
    await store_codes(codes, {"Lamp": {"Light": ["nec:1,1", "nec:1,2"]}})
    pair.unplug()
    with pytest.raises(HomeAssistantError):
        await call("send_command", device="Lamp", command=["Light"])

    pair.plug()
    await pass_time(11)
    await call("send_command", device="Lamp", command=["Light"])

    assert sent(pair) == decoded("nec:1,1")


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"device": "Radio", "command": ["Power"]}, "device_unknown"),
        ({"device": "TV", "command": ["Power", "Down"]}, "command_unknown"),
        ({"device": "TV", "command": ["Power", "nec:999999,1"]}, "command_unknown"),
        ({"command": ["Power"]}, "command_unknown"),
        ({"command": [NEC, "nec:0x04"]}, "code_"),
        ({"command": [NEC, "b64:!!!"]}, "code_"),
        ({"command": [NEC, "raw:38000:1,2,-3"]}, "code_"),
        ({"device": "TV", "command": ["Power", "Broken"]}, "code_"),
    ],
)
async def test_an_invalid_command_raises_an_error_before_anything_is_sent(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    station: MockConfigEntry,
    call: Call,
    pair: SimulatedLirc,
    data: dict[str, Any],
    key: str,
) -> None:
    storage_key = f"{DOMAIN}.01STATION.codes"
    stored = {"TV": {"Power": [NEC], "Broken": ["brand_of_2030:1"]}}
    hass_storage[storage_key] = {"version": 1, "key": storage_key, "data": stored}
    await hass.config_entries.async_reload(station.entry_id)
    await hass.async_block_till_done()

    with pytest.raises(ServiceValidationError) as raised:
        await call("send_command", **data)

    assert raised.value.translation_domain == DOMAIN
    assert raised.value.translation_key
    assert raised.value.translation_key.startswith(key)
    assert not pair.sent


async def test_commands_are_deleted(call: Call, codes: CodeStore) -> None:
    await store_codes(codes, {"TV": {"Power": [NEC], "Up": [NEC]}, "Fan": {"On": [NEC]}})
    for device, command, key in (
        ("Radio", "Power", "device_unknown"),
        ("TV", "Down", "command_unknown"),
        (None, "Power", "device_unknown"),
    ):
        with pytest.raises(ServiceValidationError) as raised:
            await call("delete_command", command=["Power", command], **({"device": device} if device else {}))
        assert raised.value.translation_key == key

    await call("delete_command", device="TV", command=["Up", "Up"])
    assert codes.codes == {"TV": {"Power": [NEC]}, "Fan": {"On": [NEC]}}
    await call("delete_command", device="TV", command=["Power"])
    assert codes.codes == {"Fan": {"On": [NEC]}}


async def test_sending_updates_the_state_of_the_emitter(
    hass: HomeAssistant, call: Call, freezer: FrozenDateTimeFactory
) -> None:
    emitter = entity_of(hass, "infrared", "emitter")
    assert value(hass, emitter) == STATE_UNKNOWN
    await call("send_command", command=NEC)
    first = value(hass, emitter)
    assert first != STATE_UNKNOWN
    freezer.tick(1)
    await call("send_command", command=NEC)
    assert value(hass, emitter) > first


async def test_the_emitter_shows_who_has_sent(hass: HomeAssistant, remote: str) -> None:
    context = Context()
    data = {ATTR_ENTITY_ID: remote, "command": NEC}

    await hass.services.async_call("remote", "send_command", data, blocking=True, context=context)

    state = hass.states.get(entity_of(hass, "infrared", "emitter"))
    assert state
    assert state.context is context


async def test_a_remote_sends_without_its_emitter(
    hass: HomeAssistant, station: MockConfigEntry, call: Call, pair: SimulatedLirc
) -> None:
    emitter = entity_of(hass, "infrared", "emitter")
    er.async_get(hass).async_update_entity(emitter, disabled_by=er.RegistryEntryDisabler.USER)
    await hass.async_block_till_done()
    assert hass.states.get(emitter) is None
    before = len(pair.sent)
    await call("send_command", command=NEC)
    assert len(pair.sent) == before + 1
