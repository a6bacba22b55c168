"""Tests of the remote: learning commands."""

from collections.abc import Callable, Coroutine, Iterator, Sequence
from functools import partial
import time
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.code_store import CodeStore
from custom_components.anavi_weather.const import CONF_CHIPS, DOMAIN
from custom_components.anavi_weather.ir_codes import parse
from custom_components.anavi_weather.ir_codes.capture import alike
from custom_components.anavi_weather.ir_codes.decode import decode
from custom_components.anavi_weather.ir_codes.message import frames
from custom_components.anavi_weather.ir_codes.protocols import NEC_DITTO
from custom_components.anavi_weather.phat.lirc import DeviceGoneError, Transmitter
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc
from custom_components.anavi_weather.phat.simulator import Simulator
from custom_components.anavi_weather.press_collector import PRESS_ENDS
from homeassistant.components.persistent_notification import Notification, UpdateType, async_register_callback
from homeassistant.const import STATE_ON, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .conftest import let_read, press, value
from .remote_actions import NEC, UNKNOWN, Call, decoded, sent

FRAME = 0.108
SILENCE = 0.1  # seconds, together with the frame's; after it, any message is complete

type Learn = Callable[..., Coroutine[Any, Any, None]]


class Notifications(dict[str, str]):
    """The texts of the visible notifications by their ids."""

    @property
    def text(self) -> str | None:
        """The text of the only notification."""
        return next(iter(self.values()), None)

    @callback
    def update_from(self, change: UpdateType, changed: dict[str, Notification]) -> None:
        """Apply a change."""
        for notification_id, notification in changed.items():
            if change is UpdateType.REMOVED:
                del self[notification_id]
            else:
                self[notification_id] = f"{notification['title']}: {notification['message']}"


async def wait_until(hass: HomeAssistant, condition: Callable[[], bool]) -> None:
    """Wait in real time for what the remote does in the executor, at most a minute."""
    for _ in range(6_000):
        await let_read()
        if condition():
            break
        await hass.async_add_executor_job(time.sleep, 0.01)


@pytest.fixture
def shown(hass: HomeAssistant) -> Iterator[Notifications]:
    """Return the visible notifications."""
    shown = Notifications()
    unregister = async_register_callback(hass, shown.update_from)
    yield shown
    unregister()


@pytest.fixture
def learn(
    hass: HomeAssistant, call: Call, freezer: FrozenDateTimeFactory, pair: SimulatedLirc, shown: Notifications
) -> Learn:
    """Return a function that learns from presses, each made of one or more frames."""

    async def learn(presses: Sequence[Sequence[str]], **data: Any) -> None:
        learning = hass.async_create_task(call("learn_command", **data))

        async def let_listen(text: str | None) -> None:
            """Wait until the remote shows another text or is done."""
            await wait_until(hass, lambda: learning.done() or shown.text != text)

        text: str | None = None
        for frames_of_press in presses:
            await let_listen(text)
            text = shown.text
            for frame in frames_of_press:
                await press(pair, frame)
                freezer.tick(FRAME)
            freezer.tick(SILENCE)
            await let_read()
            freezer.tick(PRESS_ENDS + 0.01)
        await let_listen(text)
        if not learning.done():
            freezer.tick(float(data.get("timeout", 30)) + 0.1)
        await learning

    return learn


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
async def test_a_command_of_a_known_protocol_is_stored_by_its_name(
    call: Call,
    learn: Learn,
    codes: CodeStore,
    pair: SimulatedLirc,
    shown: Notifications,
    code: str,
    stored: list[str],
) -> None:
    await learn([[code]] * 3, device="TV", command=["Power"])

    assert list(codes.codes) == ["TV"]
    learned = codes.codes["TV"]["Power"]
    assert [parse(text).get_raw_timings() for text in learned] == [parse(text).get_raw_timings() for text in stored]
    assert all(text.startswith(code.partition(":")[0]) for text in learned)
    assert not shown
    for _ in range(2):
        await call("send_command", device="TV", command=["Power"])
    assert sent(pair) == decoded(*(stored * 2)[:2])


async def test_a_notification_shows_the_presses_that_remain(
    hass: HomeAssistant, call: Call, freezer: FrozenDateTimeFactory, pair: SimulatedLirc, shown: Notifications
) -> None:
    learning = hass.async_create_task(call("learn_command", device="TV", command=["Power"]))
    await let_read()
    texts: list[str] = []
    for _ in range(3):
        texts += shown.values()
        await press(pair, NEC)
        freezer.tick(PRESS_ENDS + 0.1)
        await let_read()
    await learning

    assert len(texts) == 3
    assert len(set(texts)) == 3
    assert all("Power" in text for text in texts)
    assert [str(presses) in text for presses, text in zip((3, 2, 1), texts, strict=True)] == [True] * 3
    assert not shown


async def test_a_notification_stays_until_all_commands_are_learned(
    hass: HomeAssistant, learn: Learn, codes: CodeStore
) -> None:
    """Case 25."""
    texts: list[str] = []

    @callback
    def note(change: UpdateType, changed: dict[str, Notification]) -> None:
        texts.extend(f"{change}: {one['title']}: {one['message']}" for one in changed.values())

    unregister = async_register_callback(hass, note)
    await learn([[f"nec:1,{number}"] for number in (1, 2) for _ in range(3)], device="TV", command=["Up", "Down"])
    unregister()

    assert list(codes.codes["TV"]) == ["Up", "Down"]
    changes = [text.partition(":")[0] for text in texts]
    assert changes.count(UpdateType.REMOVED) == 1
    assert changes[-1] == UpdateType.REMOVED
    assert ["1 of 2" in text for text in texts[:-1]] == [True] * 3 + [False] * 3
    assert ["2 of 2" in text for text in texts[:-1]] == [False] * 3 + [True] * 3


async def test_commands_before_one_that_fails_are_kept(learn: Learn, codes: CodeStore, shown: Notifications) -> None:
    """Case 26."""
    with pytest.raises(HomeAssistantError) as raised:
        await learn([["nec:1,1"]] * 3, device="TV", command=["Up", "Down", "Power"], timeout=5)

    assert raised.value.translation_key == "learn_incomplete"
    placeholders = raised.value.translation_placeholders
    assert placeholders
    assert (placeholders["learned"], placeholders["missing"]) == ("Up", "Down, Power")
    assert placeholders["reason"].startswith("The receiver got nothing for “Down” within 5 s.")
    assert list(codes.codes["TV"]) == ["Up"]
    assert not shown


@pytest.mark.parametrize("end", ["reload", "unplug"])
async def test_learning_ends_with_the_receiver(
    hass: HomeAssistant, call: Call, station: MockConfigEntry, pair: SimulatedLirc, shown: Notifications, end: str
) -> None:
    learning = hass.async_create_task(call("learn_command", device="TV", command=["Power"]))
    await wait_until(hass, lambda: bool(shown))
    if end == "reload":
        await hass.config_entries.async_reload(station.entry_id)
    else:
        pair.unplug()
        await let_read()
    with pytest.raises(HomeAssistantError) as raised:
        await learning
    assert raised.value.translation_key == "learn_interrupted"
    assert not shown


async def test_learning_goes_on_without_the_transmitter(
    hass: HomeAssistant, call: Call, codes: CodeStore, freezer: FrozenDateTimeFactory, pair: SimulatedLirc
) -> None:
    learning = hass.async_create_task(call("learn_command", device="TV", command=["Power"]))
    await let_read()
    with patch.object(Transmitter, "send", side_effect=DeviceGoneError("gone")):
        sending = hass.async_create_task(call("send_command", command=[NEC]))
        await wait_until(hass, sending.done)
    with pytest.raises(HomeAssistantError):
        await sending
    freezer.tick(1)
    for _ in range(3):
        await let_read()
        await press(pair, NEC)
        freezer.tick(FRAME + PRESS_ENDS)
        await let_read()
    await wait_until(hass, learning.done)
    assert learning.done()
    assert codes.codes == {"TV": {"Power": [NEC]}}


async def test_one_command_is_learned_at_a_time(
    hass: HomeAssistant,
    call: Call,
    codes: CodeStore,
    freezer: FrozenDateTimeFactory,
    pair: SimulatedLirc,
    shown: Notifications,
) -> None:
    def is_asked_for(name: str) -> bool:
        return any(name in text for text in shown.values())

    numbers = {"Up": 1, "Down": 2}
    learning = [hass.async_create_task(call("learn_command", device="TV", command=[name])) for name in numbers]
    for (name, number), learned in zip(numbers.items(), learning, strict=True):
        await wait_until(hass, partial(is_asked_for, name))
        for _ in range(3):
            await press(pair, f"nec:1,{number}")
            freezer.tick(PRESS_ENDS + 0.1)
            await let_read()
        await learned

    assert {name: list(map(parse_key, texts)) for name, texts in codes.codes["TV"].items()} == {"Up": [1], "Down": [2]}


async def test_commands_are_sent_while_one_is_learned(
    hass: HomeAssistant, call: Call, freezer: FrozenDateTimeFactory, pair: SimulatedLirc
) -> None:
    learning = hass.async_create_task(call("learn_command", device="TV", command=["Power"]))
    await let_read()

    sending = hass.async_create_task(call("send_command", command=[NEC]))
    await wait_until(hass, sending.done)

    assert sent(pair) == decoded(NEC)
    freezer.tick(30.1)
    await wait_until(hass, learning.done)
    assert learning.done()
    with pytest.raises(HomeAssistantError) as raised:
        await learning
    assert raised.value.translation_placeholders == {"command": "Power", "seconds": "30", "presses": "0"}


async def test_frames_of_a_held_key_are_one_press(learn: Learn, codes: CodeStore) -> None:
    ditto = "raw:38000:" + ",".join(map(str, NEC_DITTO))
    await learn([[NEC, ditto, ditto], [NEC], [NEC, ditto]], device="TV", command=["Power"])
    assert codes.codes["TV"]["Power"] == [NEC]


async def test_frames_of_a_held_key_read_at_once_are_one_press(learn: Learn, codes: CodeStore) -> None:
    """Sony's frames are separate despite their short pauses, and here Home Assistant was busy while receiving them."""
    await learn(
        [["sony:0x01,0x15,repeat_count=6"], ["sony:0x01,0x15"], ["sony:0x01,0x15"]], device="TV", command=["Power"]
    )
    assert codes.codes["TV"] == {"Power": ["sony:0x01,0x15"]}


async def test_a_command_of_an_unknown_protocol_is_stored_by_its_timings(
    call: Call, learn: Learn, codes: CodeStore, pair: SimulatedLirc
) -> None:
    await learn([[UNKNOWN]] * 3, device="TV", command=["Power"])

    (text,) = codes.codes["TV"]["Power"]
    assert text.startswith("raw:38000:")
    await call("send_command", device="TV", command=["Power"])
    original = frames(parse(UNKNOWN).get_raw_timings())[0]
    assert list(pair.sent[0].timings) == pytest.approx(original, abs=60)
    assert alike(list(pair.sent[0].timings), original)


@pytest.mark.parametrize(
    "message",
    [
        [2000, -27_830, 400, -1580, 400, -3580, 400],  # a camera's key
        [*parse(UNKNOWN).get_raw_timings(), -7900, 560],
        [*parse(UNKNOWN).get_raw_timings(), -150_000, *(4000, -2000) * 4, 500],
    ],
)
async def test_all_of_a_message_is_stored(
    learn: Learn, call: Call, codes: CodeStore, pair: SimulatedLirc, message: list[int]
) -> None:
    await learn([[f"raw:38000:{','.join(map(str, message))}"]] * 3, device="TV", command=["Power"])
    await call("send_command", device="TV", command=["Power"])
    assert list(pair.sent[0].timings) == pytest.approx(message, abs=210)


async def test_one_bad_press_of_three_does_no_harm(learn: Learn, codes: CodeStore) -> None:
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
    assert sent(pair) == decoded("nec:1,1", "nec:1,2", "nec:1,1")


@pytest.mark.parametrize(
    ("presses", "key", "count"),
    [([], "learn_timeout", "0"), ([[NEC]], "learn_too_few", "1"), ([[NEC], [NEC]], "learn_too_few", "2")],
)
async def test_too_few_presses_raise_an_error(
    learn: Learn, codes: CodeStore, shown: Notifications, presses: list[list[str]], key: str, count: str
) -> None:
    with pytest.raises(HomeAssistantError) as raised:
        await learn(presses, device="TV", command=["Power"], timeout=5)

    assert (raised.value.translation_domain, raised.value.translation_key) == (DOMAIN, key)
    assert raised.value.translation_placeholders == {"command": "Power", "seconds": "5", "presses": count}
    assert not codes.codes
    assert not shown


async def test_a_press_after_the_timeout_shows_no_notification(
    learn: Learn, pair: SimulatedLirc, shown: Notifications
) -> None:
    with pytest.raises(HomeAssistantError):
        await learn([], device="TV", command=["Power"], timeout=5)

    await press(pair, NEC)

    assert not shown


async def test_the_third_press_may_last_until_the_timeout(
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


@pytest.mark.parametrize(
    "presses",
    [
        ["nec:1,1", "nec:1,2", "nec:1,3"],
        [f"gree_ac:mode=cool,temperature={temperature}" for temperature in (20, 21, 22)],
        [f"fujitsu_ac:temperature={temperature}.0" for temperature in (20, 21, 22)],
        [f"{UNKNOWN[:-7]},-38000,{UNKNOWN[10:-7]},-{space},500" for space in (500, 1500, 3000)],
    ],
)
async def test_presses_that_differ_raise_an_error(
    learn: Learn, codes: CodeStore, shown: Notifications, presses: list[str]
) -> None:
    with pytest.raises(HomeAssistantError) as raised:
        await learn([[press] for press in presses], device="TV", command=["Power"])

    assert raised.value.translation_key == "learn_no_consensus"
    assert not codes.codes
    assert not shown


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"command": ["Power"]}, "learn_what"),
        ({"device": "TV"}, "learn_what"),
        ({"device": "TV", "command": ["Power"], "command_type": "rf"}, "learn_infrared_only"),
    ],
)
async def test_an_invalid_request_to_learn_raises_an_error(call: Call, data: dict[str, Any], key: str) -> None:
    with pytest.raises(ServiceValidationError) as raised:
        await call("learn_command", **data)
    assert raised.value.translation_key == key


async def test_learning_without_a_receiver_raises_an_error(
    hass: HomeAssistant, call: Call, remote: str, pair: SimulatedLirc
) -> None:
    pair.unplug()
    await let_read()
    assert value(hass, remote) == STATE_ON  # the transmitter may still be connected
    with pytest.raises(HomeAssistantError) as raised:
        await call("learn_command", device="TV", command=["Power"])
    assert raised.value.translation_key == "no_receiver"
    with pytest.raises(HomeAssistantError):
        await call("send_command", command=[NEC])
    assert value(hass, remote) == STATE_UNAVAILABLE


async def test_learned_commands_survive_a_reload(
    hass: HomeAssistant, call: Call, learn: Learn, station: MockConfigEntry, pair: SimulatedLirc
) -> None:
    await learn([[NEC]] * 3, device="TV", command=["Power"])

    await hass.config_entries.async_reload(station.entry_id)
    await hass.async_block_till_done()
    await call("send_command", device="TV", command=["Power"])

    assert sent(pair) == decoded(NEC)


async def test_a_chip_that_is_plugged_in_does_not_disturb_the_learning(
    hass: HomeAssistant,
    call: Call,
    freezer: FrozenDateTimeFactory,
    pair: SimulatedLirc,
    shown: Notifications,
    codes: CodeStore,
    station: MockConfigEntry,
    simulator: Simulator,
) -> None:
    coordinator = station.runtime_data.coordinator
    simulator.unplug(0x23)
    hass.config_entries.async_update_entry(station, data={**station.data, CONF_CHIPS: ["BMP180 0x77", "HTU21D 0x40"]})
    await let_read()
    learning = hass.async_create_task(call("learn_command", device="tv", command=["power"]))

    for number in range(3):
        await wait_until(hass, lambda: learning.done() or bool(shown))
        if number == 1:
            simulator.plug(0x23)
            await coordinator.async_refresh()
            assert "BH1750 0x23" in station.data[CONF_CHIPS]
        await press(pair, NEC)
        freezer.tick(FRAME + PRESS_ENDS)
    await learning

    assert codes.codes["tv"] == {"power": [NEC]}


@pytest.mark.parametrize(("device", "command"), [("TV ", "power"), ("TV", "po\nwer"), ("TV", "x" * 101)])
async def test_impossible_names_are_refused_before_a_press(
    codes: CodeStore, call: Call, device: str, command: str
) -> None:
    with pytest.raises(ServiceValidationError, match="Choose another name"):
        await call("learn_command", device=device, command=["mute", command])


async def test_names_that_1_0_0_stored_are_learned_again(codes: CodeStore, learn: Learn) -> None:
    await codes.async_restore("TV ", {"power ": [UNKNOWN]})
    await learn([[NEC]] * 3, device="TV ", command=["power "])
    assert codes.codes == {"TV ": {"power ": [NEC]}}
