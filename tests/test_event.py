"""Tests of the key events."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.code_store import CodeStore
from custom_components.anavi_weather.ir_codes import parse
from custom_components.anavi_weather.ir_codes.protocols import NEC_DITTO
from custom_components.anavi_weather.key_tracker import HELD_WITHIN
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc
from homeassistant.components.infrared import async_send_command
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event

from .conftest import PassTime, entity_of, let_read, press, store_codes, value

DITTO = "raw:38000:" + ",".join(map(str, NEC_DITTO))
UNKNOWN = "raw:38000:4000,-2000,500,-1500,500,-700,500,-1500,900,-700,500,-40000"
OTHER = "raw:38000:4000,-2000,500,-700,500,-700,500,-1500,900,-1500,500,-40000"
SAMSUNG = "samsung32:0x07,0x02"
FRAME = 0.108  # seconds


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
    code: str,
    expected: dict[str, Any],
) -> None:
    assert value(hass, entity_of(hass, "event", "key")) == STATE_UNKNOWN

    await press(pair, code)

    (event,) = events
    assert event["event_type"] == "pressed"
    assert {key: event[key] for key in expected} == expected
    assert (event["device"], event["name"]) == (None, None)


@pytest.mark.parametrize(
    ("code", "held"), [("nec:0x04,0x08", DITTO), (SAMSUNG, SAMSUNG), ("rc5:5,12,0", "rc5:5,12,0"), (UNKNOWN, UNKNOWN)]
)
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
    pair: SimulatedLirc, freezer: FrozenDateTimeFactory, events: list[dict[str, Any]], one: str, other: str
) -> None:
    for code in (one, other, one):
        await press(pair, code)
        freezer.tick(FRAME)

    assert kinds(events) == ["pressed"] * 3


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


@pytest.mark.parametrize("code", ["nec:0x04,0x08", "rc5:5,12,0", "rc6:5,12", SAMSUNG, UNKNOWN])
async def test_a_stored_command_is_recognized(
    pair: SimulatedLirc, events: list[dict[str, Any]], codes: CodeStore, code: str
) -> None:
    await store_codes(codes, {"TV": {"Power": [code], "Other": ["nec:200,3", OTHER]}})

    await press(pair, code)

    assert [(event["device"], event["name"]) for event in events] == [("TV", "Power")]


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
