"""Tests of the names by which collections of codes call common keys."""

import pytest

from custom_components.anavi_weather.common_keys import COMMON_KEYS, common_keys, readable, shown_key, shown_keys

LINUX = {
    "KEY_POWER": "power",
    "KEY_VOLUMEUP": "volume_up",
    "KEY_CHANNELDOWN": "channel_down",
    "KEY_OK": "ok",
    "KEY_EPG": "guide",
    "KEY_FASTFORWARD": "fast_forward",
    "KEY_PLAYPAUSE": "play_pause",
    "KEY_NUMERIC_7": "7",
    "KEY_NUMERIC_POUND": "hash",
    "KEY_0": "0",
    "BTN_1": "1",
}
FLIPPER = {
    "Vol_up": "volume_up",
    "Vol_dn": "volume_down",
    "Ch_next": "channel_up",
    "Ch_prev": "channel_down",
    "Speed_up": "speed_up",
    "Fast_ba": "rewind",
    "Rotate": "swing",
}
SMARTIR = {"volumeUp": "volume_up", "previousChannel": "channel_down", "off": "power_off", "brighten": "brightness_up"}
IRDB = {
    "POWER ON/OFF": "power",
    "VOLUME +": "volume_up",
    "VOLUME V": "volume_down",
    "CURSOR LEFT": "left",
    "SKIP >>": "next",
    "REW <<": "rewind",
    "TV/AV": "source",
    "DISPLAY": "info",
}
OTHERS = {"vol-up": "volume_up", "Vol-": "volume_down", "Canal +": "channel_up", "mudo": "mute", "*": "star"}
NONE = ("Netflix", "cool_24", "10", "+10", "TV", "_", "KEY_", "", "Volume", "upper")


@pytest.mark.parametrize(("name", "key"), {**LINUX, **FLIPPER, **SMARTIR, **IRDB, **OTHERS}.items())
def test_a_name_of_a_common_key(name: str, key: str) -> None:
    assert common_keys([name]) == {name: key}


@pytest.mark.parametrize("name", NONE)
def test_a_name_of_no_common_key(name: str) -> None:
    assert common_keys([name]) == {}


def test_each_common_key_has_its_own_name() -> None:
    assert common_keys(COMMON_KEYS) == {key: key for key in COMMON_KEYS}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["KEY_ENTER", "KEY_OK"], {"KEY_OK": "ok", "KEY_ENTER": "Enter"}),
        (["POWER", "power"], {"POWER": "Power", "power": "power"}),
        (["KEY_1", "1"], {"KEY_1": "1", "1": "1"}),
        (["Netflix", "vol+"], {"Netflix": "Netflix", "vol+": "volume_up"}),
    ],
)
def test_one_command_of_a_device_is_a_key(names: list[str], expected: dict[str, str]) -> None:
    """The others are shown by their names, so that two buttons are never called the same."""
    assert shown_keys(names) == {name: shown_key(name, names) for name in names} == expected


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("power", "Power"),
        ("KEY_CYCLEWINDOWS", "Cyclewindows"),
        ("volume_up", "Volume up"),
        ("Vol +", "Vol +"),
        ("HDMI_1", "HDMI 1"),
        ("tv", "TV"),
        ("dvd_menu", "DVD menu"),
        ("Netflix", "Netflix"),
        ("1", "1"),
        ("_", "_"),
        ("KEY_", "Key_"),
    ],
)
def test_a_name_is_readable(command: str, name: str) -> None:
    assert readable(command) == name
