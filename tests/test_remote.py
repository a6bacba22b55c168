"""Tests of the remote control that learns, sends and deletes."""

import base64
from collections.abc import Callable, Coroutine, Sequence
import time
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, mock_restore_cache

from custom_components.anavi_weather.code_store import CodeStore
from custom_components.anavi_weather.const import DOMAIN
from custom_components.anavi_weather.ir_codes import parse, to_pronto
from custom_components.anavi_weather.ir_codes.capture import alike
from custom_components.anavi_weather.ir_codes.decode import Decoded, decode, frames
from custom_components.anavi_weather.ir_codes.protocols import NEC_DITTO
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc
from custom_components.anavi_weather.remote import PRESS_ENDS
from homeassistant.components import persistent_notification
from homeassistant.const import ATTR_ENTITY_ID, STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er

from .conftest import PassTime, entity_of, let_read, press, value

NEC = "nec:0x04,0x08"
UNKNOWN = "raw:38000:4000,-2000,500,-1500,500,-500,500,-1500,1000,-500,500,-40000"
FRAME = 0.108

type Call = Callable[..., Coroutine[Any, Any, None]]
type Learn = Callable[..., Coroutine[Any, Any, None]]


@pytest.fixture
def remote(hass: HomeAssistant, station: MockConfigEntry) -> str:
    """Return the remote control of the simulated pHAT."""
    return entity_of(hass, "remote", "remote")


@pytest.fixture
def codes(station: MockConfigEntry) -> CodeStore:
    """Return the station's commands."""
    codes: CodeStore = station.runtime_data.codes
    return codes


@pytest.fixture
def call(hass: HomeAssistant, remote: str) -> Call:
    """Return what calls an action of the remote control."""

    async def call(service: str, **data: Any) -> None:
        await hass.services.async_call("remote", service, {ATTR_ENTITY_ID: remote, **data}, blocking=True)

    return call


@pytest.fixture
def learn(
    hass: HomeAssistant, call: Call, freezer: FrozenDateTimeFactory, pair: SimulatedLirc, station: MockConfigEntry
) -> Learn:
    """Return what learns from presses, each of one or more frames."""

    async def learn(presses: Sequence[Sequence[str]], **data: Any) -> None:
        listeners = station.runtime_data.transceiver._frame_listeners
        before = len(listeners)
        learning = hass.async_create_task(call("learn_command", **data))

        async def let_listen() -> None:
            """Wait, in real time, until it listens or is done: it thinks in the executor."""
            for _ in range(300):
                await let_read()
                if learning.done() or len(listeners) > before:
                    break
                await hass.async_add_executor_job(time.sleep, 0.01)

        for frames_of_press in presses:
            await let_listen()
            for frame in frames_of_press:
                await press(pair, frame)
                freezer.tick(FRAME)
            freezer.tick(PRESS_ENDS)
        await let_listen()
        if not learning.done():
            freezer.tick(float(data.get("timeout", 30)) + 0.1)
        await learning

    return learn


def notifications(hass: HomeAssistant) -> list[str]:
    """Return the texts of what is shown."""
    return [shown["message"] for shown in persistent_notification._async_get_or_create_notifications(hass).values()]


def sent(pair: SimulatedLirc) -> list[Decoded | None]:
    """Return what was sent."""
    return [decode(transmission.timings) for transmission in pair.sent]


def says(*codes: str) -> list[Decoded | None]:
    """Return what codes say."""
    return [decode(parse(code).get_raw_timings()) for code in codes]


async def test_it_is_on_or_off(hass: HomeAssistant, call: Call, remote: str, pair: SimulatedLirc) -> None:
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
async def test_its_state_is_restored(
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
    await codes.async_add({"TV": {"Power": ["nec:1,1"], "Up": ["nec:1,2"]}})

    with patch("custom_components.anavi_weather.remote.asyncio.sleep") as sleep:
        await call("send_command", device="TV", command=["Up", "Power", "nec:1,3"], num_repeats=2, delay_secs=0.7)

    assert sent(pair) == says("nec:1,2", "nec:1,1", "nec:1,3") * 2
    assert [slept.args for slept in sleep.await_args_list] == [(0.7,)] * 5


@pytest.mark.parametrize(
    ("code", "seconds"),
    [(NEC, 1), (NEC, 0.05), ("samsung32:7,2", 0.5), ("rc5:5,12,0", 0.9), (UNKNOWN, 0.6), (NEC, 10)],
)
async def test_a_key_is_held(call: Call, pair: SimulatedLirc, code: str, seconds: float) -> None:
    clock = pair.clock
    begun = clock.monotonic()

    await call("send_command", command=[code], hold_secs=seconds)

    assert seconds * 0.9 <= clock.monotonic() - begun <= seconds + 0.22
    timings = [frame for transmission in pair.sent for frame in frames(transmission.timings)]
    assert decode(timings[0]) == decode(parse(code).get_raw_timings())
    assert all(frame == timings[1] for frame in timings[1:])
    if code == NEC:
        assert timings[1] == pytest.approx(list(NEC_DITTO), abs=2)


@pytest.mark.parametrize("seconds", [10.1, 1e300, float("inf"), float("nan"), -1])
async def test_a_key_is_not_held_for_ever(call: Call, pair: SimulatedLirc, seconds: float) -> None:
    with pytest.raises(ServiceValidationError) as raised:
        await call("send_command", command=[NEC], hold_secs=seconds)
    assert raised.value.translation_key == "code_too_long"
    assert not pair.sent


async def test_alternatives_are_sent_in_turn(call: Call, codes: CodeStore, pair: SimulatedLirc) -> None:
    await codes.async_add({"Lamp": {"Light": ["nec:1,1", "nec:1,2"], "Other": ["nec:1,3"]}})

    for command in ("Light", "Other", "Light", "Light"):
        await call("send_command", device="Lamp", command=[command])

    assert sent(pair) == says("nec:1,1", "nec:1,3", "nec:1,2", "nec:1,1")


async def test_an_alternative_that_was_not_sent_is_sent_next(
    call: Call, codes: CodeStore, pair: SimulatedLirc, pass_time: PassTime
) -> None:
    await codes.async_add({"Lamp": {"Light": ["nec:1,1", "nec:1,2"]}})
    pair.unplug()
    with pytest.raises(HomeAssistantError):
        await call("send_command", device="Lamp", command=["Light"])

    pair.plug()
    await pass_time(11)
    await call("send_command", device="Lamp", command=["Light"])

    assert sent(pair) == says("nec:1,1")


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
async def test_what_cannot_be_sent_is_told_before_anything_is_sent(
    call: Call, codes: CodeStore, pair: SimulatedLirc, data: dict[str, Any], key: str
) -> None:
    await codes.async_add({"TV": {"Power": [NEC], "Broken": ["brand_of_2030:1"]}})

    with pytest.raises(ServiceValidationError) as raised:
        await call("send_command", **data)

    assert raised.value.translation_domain == DOMAIN
    assert raised.value.translation_key
    assert raised.value.translation_key.startswith(key)
    assert not pair.sent


@pytest.mark.parametrize(
    ("code", "stored"),
    [
        (NEC, [NEC]),
        ("samsung32:0x07,0x02", ["samsung32:0x07,0x02"]),
        ("rc5:0x05,0x0c,0", ["rc5:0x05,0x0c,0", "rc5:0x05,0x0c,1"]),
        ("rc6_mce:0x800f04,0x0c", ["rc6_mce:0x800f04,0x0c", "rc6_mce:0x800f04,0x0c,1"]),
        ("sharp:0x01,0x45,0x01", ["sharp:0x01,0x45,0x01"]),
    ],
)
async def test_a_command_is_learned_by_its_name(
    hass: HomeAssistant, call: Call, learn: Learn, codes: CodeStore, pair: SimulatedLirc, code: str, stored: list[str]
) -> None:
    await learn([[code]] * 3, device="TV", command=["Power"])

    assert list(codes.codes) == ["TV"]
    learned = codes.codes["TV"]["Power"]
    assert [parse(text).get_raw_timings() for text in learned] == [parse(text).get_raw_timings() for text in stored]
    assert all(text.startswith(code.partition(":")[0]) for text in learned)
    assert not notifications(hass)
    for _ in range(2):
        await call("send_command", device="TV", command=["Power"])
    assert sent(pair) == says(*(stored * 2)[:2])


async def test_what_to_do_is_shown(
    hass: HomeAssistant, call: Call, freezer: FrozenDateTimeFactory, pair: SimulatedLirc, codes: CodeStore
) -> None:
    learning = hass.async_create_task(call("learn_command", device="TV", command=["Power"]))
    await let_read()
    shown = []
    for _ in range(3):
        shown += notifications(hass)
        await press(pair, NEC)
        freezer.tick(PRESS_ENDS + 0.1)
        await let_read()
    await learning

    assert len(shown) == 3
    assert len(set(shown)) == 3
    assert all("Power" in text for text in shown)
    assert [str(presses) in text for presses, text in zip((3, 2, 1), shown, strict=True)] == [True] * 3
    assert not notifications(hass)


async def test_frames_of_a_held_key_are_one_press(learn: Learn, codes: CodeStore) -> None:
    ditto = "raw:38000:" + ",".join(map(str, NEC_DITTO))
    await learn([[NEC, ditto, ditto], [NEC], [NEC, ditto]], device="TV", command=["Power"])
    assert codes.codes["TV"]["Power"] == [NEC]


async def test_frames_of_a_held_key_that_are_read_at_once_are_one_press(learn: Learn, codes: CodeStore) -> None:
    """As Sony's are told one by one, although its pauses are short, and Home Assistant was busy meanwhile."""
    await learn(
        [["sony:0x01,0x15,repeat_count=6"], ["sony:0x01,0x15"], ["sony:0x01,0x15"]], device="TV", command=["Power"]
    )
    assert codes.codes["TV"] == {"Power": ["sony:0x01,0x15"]}


async def test_an_unknown_protocol_is_learned_as_it_is(
    call: Call, learn: Learn, codes: CodeStore, pair: SimulatedLirc
) -> None:
    await learn([[UNKNOWN]] * 3, device="TV", command=["Power"])

    (text,) = codes.codes["TV"]["Power"]
    assert text.startswith("raw:38000:")
    await call("send_command", device="TV", command=["Power"])
    original = frames(parse(UNKNOWN).get_raw_timings())[0]
    assert list(pair.sent[0].timings) == pytest.approx(original, abs=60)
    assert alike(list(pair.sent[0].timings), original)


async def test_one_press_of_three_may_be_disturbed(learn: Learn, codes: CodeStore) -> None:
    await learn([[NEC], ["raw:38000:300,-4000,300,-700,9000"], [NEC]], device="TV", command=["Power"])
    assert codes.codes["TV"]["Power"] == [NEC]


async def test_several_commands_are_learned(learn: Learn, codes: CodeStore) -> None:
    await learn([["nec:1,1"]] * 3 + [["nec:1,2"]] * 3, device="TV", command=["Up", "Down"])
    assert [list(map(parse_key, texts)) for texts in codes.codes["TV"].values()] == [[1], [2]]
    assert list(codes.codes["TV"]) == ["Up", "Down"]


def parse_key(text: str) -> int | None:
    """Return the command's number."""
    decoded = decode(parse(text).get_raw_timings())
    assert decoded
    return decoded.command


async def test_two_keys_are_learned_as_alternatives(
    call: Call, learn: Learn, codes: CodeStore, pair: SimulatedLirc
) -> None:
    await learn([["nec:1,1"]] * 3 + [["nec:1,2"]] * 3, device="TV", command=["Power"], alternative=True)

    assert list(map(parse_key, codes.codes["TV"]["Power"])) == [1, 2]
    for _ in range(3):
        await call("send_command", device="TV", command=["Power"])
    assert sent(pair) == says("nec:1,1", "nec:1,2", "nec:1,1")


@pytest.mark.parametrize(
    ("presses", "key", "told"),
    [([], "learn_timeout", "0"), ([[NEC]], "learn_too_few", "1"), ([[NEC], [NEC]], "learn_too_few", "2")],
)
async def test_too_few_presses_are_told(
    hass: HomeAssistant, learn: Learn, codes: CodeStore, presses: list[list[str]], key: str, told: str
) -> None:
    with pytest.raises(HomeAssistantError) as raised:
        await learn(presses, device="TV", command=["Power"], timeout=5)

    assert (raised.value.translation_domain, raised.value.translation_key) == (DOMAIN, key)
    assert raised.value.translation_placeholders == {"command": "Power", "seconds": "5", "presses": told}
    assert not codes.codes
    assert not notifications(hass)


async def test_the_third_press_may_last_until_the_end(
    hass: HomeAssistant, call: Call, freezer: FrozenDateTimeFactory, pair: SimulatedLirc, codes: CodeStore
) -> None:
    learning = hass.async_create_task(call("learn_command", device="TV", command=["Power"], timeout=2))
    await let_read()
    for _ in range(2):
        await press(pair, NEC)
        freezer.tick(PRESS_ENDS + 0.1)
        await let_read()
    for _ in range(12):
        await press(pair, NEC)
        freezer.tick(FRAME)
        await let_read()
    await learning
    assert codes.codes == {"TV": {"Power": [NEC]}}


async def test_presses_that_disagree_are_told(hass: HomeAssistant, learn: Learn, codes: CodeStore) -> None:
    with pytest.raises(HomeAssistantError) as raised:
        await learn([["nec:1,1"], ["nec:1,2"], ["nec:1,3"]], device="TV", command=["Power"])

    assert raised.value.translation_key == "learn_no_consensus"
    assert not codes.codes
    assert not notifications(hass)


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"command": ["Power"]}, "learn_what"),
        ({"device": "TV"}, "learn_what"),
        ({"device": "TV", "command": ["Power"], "command_type": "rf"}, "learn_infrared_only"),
    ],
)
async def test_what_cannot_be_learned_is_told(call: Call, data: dict[str, Any], key: str) -> None:
    with pytest.raises(ServiceValidationError) as raised:
        await call("learn_command", **data)
    assert raised.value.translation_key == key


async def test_nothing_is_learned_without_a_receiver(
    hass: HomeAssistant, call: Call, remote: str, pair: SimulatedLirc
) -> None:
    pair.unplug()
    await let_read()
    assert value(hass, remote) == STATE_ON  # the transmitter may still be there
    with pytest.raises(HomeAssistantError) as raised:
        await call("learn_command", device="TV", command=["Power"])
    assert raised.value.translation_key == "no_receiver"
    with pytest.raises(HomeAssistantError):
        await call("send_command", command=[NEC])
    assert value(hass, remote) == STATE_UNAVAILABLE


async def test_what_was_learned_survives_a_reload(
    hass: HomeAssistant, call: Call, learn: Learn, station: MockConfigEntry, pair: SimulatedLirc
) -> None:
    await learn([[NEC]] * 3, device="TV", command=["Power"])

    await hass.config_entries.async_reload(station.entry_id)
    await hass.async_block_till_done()
    await call("send_command", device="TV", command=["Power"])

    assert sent(pair) == says(NEC)


async def test_commands_are_deleted(call: Call, codes: CodeStore) -> None:
    await codes.async_add({"TV": {"Power": [NEC], "Up": [NEC]}, "Fan": {"On": [NEC]}})
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


async def test_the_emitter_says_when_the_remote_has_sent(
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
