"""Tests of the card of a remote control, without Home Assistant."""

from collections.abc import Sequence
from typing import Any

import pytest

from custom_components.anavi_weather.common_keys import COMMON_KEYS, DIGITS

from .browser_process import Browser
from .conftest import needs_browser

pytestmark = [pytest.mark.end_to_end, needs_browser]

ARROWS = ("up", "down", "left", "right", "ok")
COLORS = ("red", "green", "yellow", "blue")
ROCKERS = ("volume_up", "volume_down", "channel_up", "channel_down")
TELEVISION = (
    "Netflix",
    *ARROWS,
    *DIGITS,
    *COLORS,
    *ROCKERS,
    "star",
    "hash",
    "mute",
    "power",
    "menu",
    "play",
    "HDMI 10",
    "HDMI 9",
)
EMITTER = "infrared.emitter"
AVAILABLE = {EMITTER: {"state": "unknown"}, "button.tv_power": {"state": "unknown"}}
HOLD = "anavi_weather/hold_key"

type Button = dict[str, Any]


def config(*keys: str, **more: Any) -> dict[str, Any]:
    """Return the configuration of a television's card."""
    commands = [
        {"name": f"KEY_{key}", "key": key, "label": key, **({"icon": f"mdi:{key}"} if key in COMMON_KEYS else {})}
        for key in keys
    ]
    return {
        "type": "custom:anavi-weather-remote",
        "device": "TV",
        "remote": "remote.phat",
        "emitter": EMITTER,
        "commands": commands,
        **more,
    }


def use(browser: Browser, config: dict[str, Any], *steps: tuple[str, Any], **more: Any) -> Any:
    """Show a card, use it, and return what became of it."""
    home = {"language": "en", "states": AVAILABLE, "width": 390, **more}
    return browser.ask("remote", config=config, steps=steps, **home)


def buttons(browser: Browser, *keys: str, **more: Any) -> dict[str, Button]:
    """Return the buttons of a card by label."""
    found = use(browser, config(*keys), **more)["buttons"]
    return {button["name"].removeprefix("TV: "): button for button in found}


def middle(button: Button) -> tuple[float, float]:
    """Return the middle of a button."""
    return button["x"] + button["width"] / 2, button["y"] + button["height"] / 2


def rows(found: dict[str, Button], keys: Sequence[str]) -> list[list[str]]:
    """Return keys in the rows in which they are shown, each from left to right."""
    by_row: dict[int, list[tuple[float, str]]] = {}
    for key in keys:
        x, y = middle(found[key])
        by_row.setdefault(round(y), []).append((x, key))
    return [[key for _, key in sorted(by_row[y])] for y in sorted(by_row)]


@pytest.mark.parametrize("width", [320, 390, 768])
def test_the_keys_are_where_a_remote_control_has_them(browser: Browser, width: int) -> None:
    found = buttons(browser, *TELEVISION, width=width)
    assert len(found) == len(TELEVISION)

    assert rows(found, ARROWS) == [["up"], ["left", "ok", "right"], ["down"]]
    assert middle(found["up"])[0] == middle(found["ok"])[0] == middle(found["down"])[0]
    assert rows(found, [*DIGITS, "star", "hash"]) == [[*"123"], [*"456"], [*"789"], ["star", "0", "hash"]]
    assert rows(found, COLORS) == [list(COLORS)]
    assert rows(found, ROCKERS) == [["volume_up", "channel_up"], ["volume_down", "channel_down"]]
    x, y = middle(found["mute"])
    assert middle(found["volume_up"])[0] < x < middle(found["channel_up"])[0]
    assert middle(found["volume_up"])[1] < y < middle(found["volume_down"])[1]

    for button in found.values():
        assert button["x"] >= 0
        assert button["x"] + button["width"] <= width
        assert min(button["width"], button["height"]) >= 44, button["name"]


def test_what_is_on_the_keys(browser: Browser) -> None:
    found = buttons(browser, *TELEVISION)
    texts = {key: button["text"] for key, button in found.items()}
    assert [texts[key] for key in ("ok", "1", "0", "star", "hash", "Netflix", "menu")] == [
        *("OK", "1", "0", "*", "#", "Netflix", "menu")
    ]
    icons = {key: button["icon"] for key, button in found.items()}
    assert (icons["up"], icons["mute"], icons["power"]) == ("mdi:up", "mdi:mute", "mdi:power")
    assert (icons["volume_up"], icons["volume_down"], icons["channel_up"]) == (
        "mdi:plus",
        "mdi:minus",
        "mdi:channel_up",
    )
    assert not any(texts[color] or icons[color] for color in COLORS)
    assert [found[color]["background"] for color in COLORS] == [f"rgb({place}, 0, 0)" for place in range(4)]


def test_the_focus_follows_the_visual_order(browser: Browser) -> None:
    focused = use(browser, config(*TELEVISION), *[("key", "Tab")] * (len(TELEVISION) + 1))["focused"]
    assert focused == [
        f"TV: {key}" if key else ""
        for key in (
            *("power", "up", "left", "ok", "right", "down", "menu"),
            *("volume_up", "volume_down", "mute", "channel_up", "channel_down"),
            *(*"123456789", "star", "0", "hash"),
            *(*COLORS, "play", "HDMI 9", "HDMI 10", "Netflix", ""),
        )
    ]


def test_three_color_keys_have_no_gap(browser: Browser) -> None:
    """A lamp with colored light has no yellow key."""
    found = buttons(browser, "red", "green", "blue")
    red, green, blue = (found[color]["x"] for color in ("red", "green", "blue"))
    assert green - red == pytest.approx(blue - green, abs=1)


def test_each_common_key_has_a_place(browser: Browser) -> None:
    """Other commands follow, in alphabetical order."""
    names = [button["name"] for button in use(browser, config("aaa", *COMMON_KEYS))["buttons"]]
    assert len(names) == len(COMMON_KEYS) + 1
    assert names[-1] == "TV: aaa"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (("up", "down"), [["down", "up"]]),
        (("1", "2"), [["1", "2"]]),
        (("1", "2", "3"), [["1", "2", "3"]]),
        (("1", "2", "3", "0"), [["1", "2", "3"], ["0"]]),
        (("red", "Netflix"), [["Netflix", "red"]]),
        (("volume_up", "mute"), [["mute", "volume_up"]]),
        (("volume_up", "volume_down", "mute"), [["volume_up"], ["mute"], ["volume_down"]]),
    ],
)
def test_a_few_keys_make_no_pad(browser: Browser, keys: Sequence[str], expected: list[list[str]]) -> None:
    assert rows(buttons(browser, *keys), keys) == expected


def test_two_commands_of_one_key_are_both_shown(browser: Browser) -> None:
    commands = [{"name": name, "key": "1", "label": "1"} for name in ("1", "KEY_1")]
    assert len(use(browser, config() | {"commands": commands})["buttons"]) == 2


def test_names_are_shown_verbatim(browser: Browser) -> None:
    names = ["<img src=x onerror=document.title=1>", "{{ 1+1 }}", "__proto__", "**bold**"]
    found = buttons(browser, *names)
    assert {button["text"] for button in found.values()} == set(names)


SENT = ["remote.send_command", {"device": "TV", "command": "KEY_power"}, {"entity_id": "remote.phat"}]
HELD = [
    [HOLD, {"entity_id": "remote.phat", "device": "TV", "command": "KEY_power"}, {"resubscribe": False}],
    ["release", "KEY_power"],
]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([("tap", "TV: power")], [SENT]),
        ([("click", "TV: power")], [SENT]),
        ([("key", "Tab"), ("key", "Enter")], [SENT]),
        ([("key", "Tab"), ("key", " ")], [SENT]),
        ([("key", "Tab"), ("key", "a")], []),
        ([("hold", "TV: power")], HELD),
        ([("slide", "TV: power")], HELD),
        ([("slide", "TV: power"), ("click", "TV: power")], [*HELD, SENT]),
        ([("remove", "TV: power")], HELD),
        ([("key", "Tab"), ("hold key", "Enter")], HELD),
        ([("key", "Tab"), ("hold key", " ")], HELD),
    ],
)
def test_a_key_is_tapped_or_held(browser: Browser, steps: list[tuple[str, str]], expected: list[Any]) -> None:
    assert use(browser, config("power"), *steps)["calls"] == expected


def test_why_a_key_cannot_be_held(browser: Browser) -> None:
    command = {"name": "broken", "label": "Power"}
    calls = use(browser, config() | {"commands": [command]}, ("hold", "TV: Power"))["calls"]
    assert calls == [["notification", "No transmitter"]]


@pytest.mark.parametrize("step", ["tap", "hold"])
def test_buttons_are_pressed_by_users_who_may_not_use_the_remote(browser: Browser, step: str) -> None:
    commands = [{"label": "Power", "key": "power", "icon": "mdi:power", "entity": "button.tv_power"}]
    calls = use(browser, config(remote=None, emitter=None) | {"commands": commands}, (step, "TV: Power"))["calls"]
    assert calls == [["button.press", {}, {"entity_id": "button.tv_power"}]]


def test_nothing_can_be_sent_without_a_transmitter(browser: Browser) -> None:
    unavailable = {EMITTER: {"state": "unavailable"}}
    for change in (unavailable, {EMITTER: None}):
        assert [button["disabled"] for button in use(browser, config("power"), ("show", change))["buttons"]] == [True]
    back = use(browser, config("power"), ("show", AVAILABLE), states=unavailable)
    assert [button["disabled"] for button in back["buttons"]] == [False]
