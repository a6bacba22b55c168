"""Tests of the key events."""

from collections.abc import Awaitable, Callable
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.code_store import CodeStore
from custom_components.anavi_weather.ir_codes import parse
from custom_components.anavi_weather.ir_codes.message import frames
from custom_components.anavi_weather.ir_codes.protocols import NEC_DITTO
from custom_components.anavi_weather.key_tracker import HELD_WITHIN
from custom_components.anavi_weather.phat.framer import ItemType
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc, item
from homeassistant.components.infrared import async_send_command
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event

from .conftest import PassTime, entity_of, let_read, press, store_codes, value

DITTO = "raw:38000:" + ",".join(map(str, NEC_DITTO))
UNKNOWN = "raw:38000:4000,-2000,500,-1500,500,-700,500,-1500,900,-700,500,-40000"
OTHER = "raw:38000:4000,-2000,500,-700,500,-700,500,-1500,900,-1500,500,-40000"
SAMSUNG = "samsung32:0x07,0x02"
STATE = "gree_ac:mode=cool,temperature=21"
OTHER_STATE = "gree_ac:mode=heat,temperature=21"
FRAME = 0.108  # seconds
SILENCE = 0.2  # seconds, after which any message is complete

type Release = Callable[[], Awaitable[None]]


@pytest.fixture
def events(hass: HomeAssistant, freezer: FrozenDateTimeFactory, station: MockConfigEntry) -> list[dict[str, Any]]:
    """Return the attributes of each event, as they come."""
    events: list[dict[str, Any]] = []

    @callback
    def add(event: Event[EventStateChangedData]) -> None:
        assert event.data["new_state"]
        events.append(dict(event.data["new_state"].attributes))

    async_track_state_change_event(hass, entity_of(hass, "event", "key"), add)
    return events


@pytest.fixture
def release(freezer: FrozenDateTimeFactory) -> Release:
    """Return a function that lets silence follow, as long as a message may pause."""

    async def release() -> None:
        freezer.tick(SILENCE)
        await let_read()

    return release


def kinds(events: list[dict[str, Any]]) -> list[str]:
    """Return the kinds of events."""
    return [event["event_type"] for event in events]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("nec:0x04,0x08", {"protocol": "nec", "address": 4, "command": 8, "code": "nec:0x04,0x08"}),
        (SAMSUNG, {"protocol": "samsung32", "address": 7, "command": 2, "code": SAMSUNG}),
        ("rc5:0x05,0x0c,0", {"protocol": "rc5", "address": 5, "command": 12}),
        ("rc6_mce:0x800f04,0x0c,1", {"protocol": "rc6_mce", "address": 0x800F04, "command": 12}),
        ("rcmm24:0x1234,0x56", {"protocol": "rcmm24", "address": 0x1234, "command": 0x56}),
        (UNKNOWN, {"protocol": None, "address": None, "command": None, "code": None}),
    ],
)
async def test_a_press_of_any_protocol(
    hass: HomeAssistant,
    pair: SimulatedLirc,
    events: list[dict[str, Any]],
    release: Release,
    code: str,
    expected: dict[str, Any],
) -> None:
    assert value(hass, entity_of(hass, "event", "key")) == STATE_UNKNOWN

    await press(pair, code)
    await release()

    (event,) = events
    assert event["event_type"] == "pressed"
    assert {key: event[key] for key in expected} == expected
    assert (event["device"], event["name"]) == (None, None)


@pytest.mark.parametrize(("code", "held"), [("nec:0x04,0x08", DITTO), (SAMSUNG, SAMSUNG), ("rc5:5,12,0", "rc5:5,12,0")])
async def test_a_held_key(
    pair: SimulatedLirc, freezer: FrozenDateTimeFactory, events: list[dict[str, Any]], code: str, held: str
) -> None:
    for frame in (code, held, held, held):
        await press(pair, frame)
        freezer.tick(FRAME)

    assert kinds(events) == ["pressed", "held", "held", "held"]
    assert [event.get("repeats") for event in events] == [None, 1, 2, 3]
    pressed, *_, last = events
    for key in ("protocol", "address", "command", "code", "device", "name"):
        assert pressed[key] == last[key]

    freezer.tick(HELD_WITHIN)
    await press(pair, code)
    freezer.tick(FRAME)
    await press(pair, held)
    assert kinds(events)[4:] == ["pressed", "held"]
    assert events[-1]["repeats"] == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("nec:4,8", "nec:4,9"),
        ("rc5:5,12,0", "rc5:5,12,1"),
        ("rc6_mce:0x800f04,12,0", "rc6_mce:0x800f04,12,1"),
        (UNKNOWN, OTHER),
        (UNKNOWN, "nec:4,8"),
    ],
)
async def test_a_press_of_another_key(
    pair: SimulatedLirc, events: list[dict[str, Any]], release: Release, one: str, other: str
) -> None:
    for code in (one, other, one):
        await press(pair, code)
        await release()

    assert kinds(events) == ["pressed"] * 3


@pytest.mark.parametrize("code", ["nec:0x04,0x08", SAMSUNG, "rc5:5,12,0", "sony:0x01,0x15", "jvc:3,17", "rca:15,84"])
async def test_a_known_key_is_reported_within_10_ms(
    pair: SimulatedLirc, events: list[dict[str, Any]], code: str
) -> None:
    pair.deliver(pair.received(frames(parse(code).get_raw_timings())[0]))
    await let_read()
    assert not events

    assert pair.timeout < 10_000
    pair.deliver([item(ItemType.TIMEOUT, pair.timeout)])
    await let_read()
    assert kinds(events) == ["pressed"]


@pytest.mark.parametrize("pause", [6_500, 20_000, 38_000, 42_000, 54_000, 75_000, 150_000])
async def test_a_message_with_pauses_is_one_press(
    pair: SimulatedLirc, events: list[dict[str, Any]], codes: CodeStore, release: Release, pause: int
) -> None:
    first, second = (code.rpartition(",")[0] for code in (UNKNOWN, OTHER))
    message, other = f"{first},-{pause},{second[10:]}", f"{first},-{pause},{first[10:]}"
    await store_codes(codes, {"AC": {"Cool": [message], "Heat": [other], "Part": [UNKNOWN]}})

    await press(pair, message)
    await release()

    assert [(event["event_type"], event["name"]) for event in events] == [("pressed", "Cool")]


async def test_a_stored_message_of_several_keys_is_one_press(
    pair: SimulatedLirc, events: list[dict[str, Any]], codes: CodeStore, release: Release
) -> None:
    first, second = (parse(f"nec:0xa3,{command}").get_raw_timings() for command in (0x99, 0x42))
    both = "raw:40000:" + ",".join(map(str, [*first, -26_000, *second]))
    await store_codes(codes, {"DVD": {"Play": [both], "Pair": ["nec:0xa3,0x99"]}})

    for code in (both, "nec:0xa3,0x99", "nec:0xa3,0x42"):
        await press(pair, code)
        await release()

    assert [(event["event_type"], event["name"]) for event in events] == [
        ("pressed", "Play"),
        ("pressed", "Pair"),
        ("pressed", None),
    ]


async def test_a_held_key_of_an_unknown_protocol(
    pair: SimulatedLirc, events: list[dict[str, Any]], codes: CodeStore, release: Release
) -> None:
    """It is reported once six frames are equal, so that a light can be dimmed while the key is held."""
    await store_codes(codes, {"TV": {"Up": [UNKNOWN]}})
    frame = UNKNOWN[10:].rpartition(",")[0]

    await press(pair, "raw:38000:" + ",-60000,".join([frame] * 14))
    assert kinds(events) == ["pressed", "held"]
    await release()

    assert kinds(events) == ["pressed", "held", "held"]
    assert {event["name"] for event in events} == {"Up"}


async def test_lone_pulses_are_no_key(pair: SimulatedLirc, events: list[dict[str, Any]], release: Release) -> None:
    for pulse in range(60, 333, 7):
        await press(pair, f"raw:38000:{pulse}")
    await press(pair, f"raw:38000:{','.join(['333,-40000'] * 40)}")
    await release()
    assert not events

    await press(pair, "raw:38000:60,-20000," + ",".join(map(str, parse("nec:4,8").get_raw_timings())))
    assert [event["code"] for event in events] == ["nec:0x04,0x08"]


async def test_the_two_frames_of_sharp_are_one_press(
    pair: SimulatedLirc, freezer: FrozenDateTimeFactory, events: list[dict[str, Any]]
) -> None:
    """The second frame, which is inverted, does not hold the key. The first frame of the next pair does."""
    sharp = parse("sharp:0x01,0x45,0x01").get_raw_timings()
    first, second = (f"raw:38000:{','.join(map(str, half))}" for half in (sharp[:32], sharp[32:]))
    for frame in (first, second, first, second):
        await press(pair, frame)
        freezer.tick(0.06)
    assert kinds(events) == ["pressed", "held"]
    assert {event["code"] for event in events} == {"sharp:0x01,0x45,0x01"}

    # If the first frame was not received, the second is the press
    freezer.tick(HELD_WITHIN)
    await press(pair, second)
    freezer.tick(0.06)
    await press(pair, first)
    assert kinds(events)[2:] == ["pressed", "held"]


async def test_each_frame_of_sony_is_an_event(pair: SimulatedLirc, events: list[dict[str, Any]]) -> None:
    """Sony's pauses between frames are shorter than the pauses within some air conditioners' frames."""
    await press(pair, "sony:0x01,0x15,repeat_count=4")
    assert kinds(events) == ["pressed", *["held"] * 4]
    assert [event.get("repeats") for event in events] == [None, 1, 2, 3, 4]
    assert {event["code"] for event in events} == {"sony:0x01,0x15"}


async def test_a_lone_ditto_is_ignored(
    pair: SimulatedLirc, freezer: FrozenDateTimeFactory, events: list[dict[str, Any]]
) -> None:
    await press(pair, DITTO)
    assert not events

    await press(pair, "nec:4,8")
    freezer.tick(HELD_WITHIN + 0.01)
    await press(pair, DITTO, DITTO)
    assert kinds(events) == ["pressed"]


@pytest.mark.parametrize("code", ["nec:0x04,0x08", "rc5:5,12,0", "rc6:5,12", SAMSUNG, UNKNOWN, STATE])
async def test_a_stored_command_is_recognized(
    pair: SimulatedLirc, events: list[dict[str, Any]], codes: CodeStore, release: Release, code: str
) -> None:
    await store_codes(codes, {"TV": {"Power": [code], "Other": ["nec:200,3", OTHER, OTHER_STATE]}})

    await press(pair, code)
    await release()

    assert [(event["device"], event["name"], event["key"]) for event in events] == [("TV", "Power", "power")]


async def test_a_key_of_two_devices_names_both(
    pair: SimulatedLirc, events: list[dict[str, Any]], codes: CodeStore
) -> None:
    await store_codes(codes, {"TV": {"Power": [SAMSUNG]}, "Monitor": {"On": [SAMSUNG]}, "DVD": {"Play": ["nec:4,8"]}})

    await press(pair, SAMSUNG)
    await press(pair, "nec:200,3")

    assert [(event["device"], event["name"], event["devices"]) for event in events] == [
        ("TV", "Power", ["TV", "Monitor"]),
        (None, None, []),
    ]


@pytest.mark.parametrize(("name", "key"), [("KEY_VOLUMEUP", "volume_up"), ("HDMI_1", "HDMI 1"), (None, "unknown")])
async def test_a_key_is_shown_by_its_name(
    pair: SimulatedLirc, events: list[dict[str, Any]], codes: CodeStore, release: Release, name: str | None, key: str
) -> None:
    if name is not None:
        await store_codes(codes, {"TV": {name: [SAMSUNG]}})
    await press(pair, SAMSUNG)
    await release()
    assert [event["key"] for event in events] == [key]


async def test_commands_that_the_board_sends_are_no_events(
    hass: HomeAssistant, pair: SimulatedLirc, events: list[dict[str, Any]], pass_time: PassTime
) -> None:
    await async_send_command(hass, entity_of(hass, "infrared", "emitter"), parse("nec:4,8"))
    await let_read()
    assert not events

    await pass_time(1)
    await press(pair, "nec:4,8")
    assert kinds(events)[-1] == "pressed"


async def test_without_a_receiver_it_is_unavailable(
    hass: HomeAssistant, pair: SimulatedLirc, events: list[dict[str, Any]]
) -> None:
    pair.unplug()
    await let_read()
    assert value(hass, entity_of(hass, "event", "key")) == STATE_UNAVAILABLE


async def test_an_unknown_key_has_a_fingerprint(
    hass: HomeAssistant, events: list[dict[str, Any]], pair: SimulatedLirc, release: Release
) -> None:
    """An automation can use a key that nobody has learned."""
    for code in (UNKNOWN, OTHER, UNKNOWN):
        await press(pair, code)
        await release()

    fingerprints = [event["fingerprint"] for event in events if event["event_type"] == "pressed"]
    assert fingerprints[0] == fingerprints[2] != fingerprints[1]
    assert all(len(fingerprint) == 16 for fingerprint in fingerprints)
