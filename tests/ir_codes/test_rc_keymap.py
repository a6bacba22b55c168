"""Tests of the kernel's keymaps."""

import json
from pathlib import Path
from typing import Any

import pytest

from custom_components.anavi_weather.ir_codes import to_text
from custom_components.anavi_weather.ir_codes.decode import decode
from custom_components.anavi_weather.ir_codes.rc_keymap import MAX_LENGTH, is_rc_keymap, parse_rc_keymap

from .helpers import refused, strict_all

KERNEL: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("kernel_vectors.json").read_text())


def keymap(variant: str, scancode: str, key: str = "KEY_OK") -> str:
    """Return a keymap with one key."""
    return f'[[protocols]]\nname = "TV"\nprotocol = "{variant}"\n[protocols.scancodes]\n{scancode} = "{key}"\n'


@pytest.mark.parametrize("scancode", KERNEL)
def test_scancodes_are_those_of_the_kernel(scancode: str) -> None:
    command, *others = strict_all(parse_rc_keymap(keymap(*scancode.split(":"))))["TV"]["KEY_OK"]
    vector = KERNEL[scancode]
    decoded = decode(command.get_raw_timings())
    assert decoded == decode(vector["timings"])
    assert decoded
    assert decoded.text == vector["text"]
    assert len(others) == hasattr(command, "toggle")


@pytest.mark.parametrize(
    ("variant", "scancode", "text"),
    [
        ("RC-5", "0x1e3b", "rc5:0x1e,0x3b"),
        ("rc-5-sz", "0x28c0", "rc5_sz:0x23,0x00"),
        ("nec", "264", "nec:0x01,0x08"),
        ("rcmm12", "0x63c", "rcmm12:0x06,0x3c"),
        ("rcmm24", "0x123456", "rcmm24:0x1234,0x56"),
        # As in rc_keymap(5)
        ("nec-x", "0x123408", "nec:0x3412,0x08"),
        ("nec-32", "0x12345678", "necext:0x1234,0x5678"),
        ("sony-12", "0x10015", "sony:0x01,0x15"),
        ("sony-15", "0x540015", "sony15:0x54,0x15"),
        ("sony-20", "0x1f1a15", "sony20:0x35f,0x15"),
        ("rc-5x-20", "0x1e3b01", "marantz_extended:0x1e,0x3b,0x01"),
        ("rc-6-0", "0x040c", "rc6:0x04,0x0c"),
        ("rc-6-6a-20", "0x1230c", "rc6_6a_20:0x123,0x0c"),
        ("rc-6-6a-24", "0x12340c", "rc6_6a_24:0x1234,0x0c"),
        ("rc-6-6a-32", "0x1234560c", "rc6_6a_32:0x123456,0x0c"),
        ("rc-6-mce", "0x800f040c", "rc6_mce:0x800f04,0x0c"),
        ("rc-mm-12", "0x63c", "rcmm12:0x06,0x3c"),
        ("rc-mm-24", "0x123456", "rcmm24:0x1234,0x56"),
        ("rc-mm-32", "0x26403456", "rcmm32:0x264034,0x56"),
        ("rcmm32", "0x2640b456", "rcmm32:0x264034,0x56,0x01"),
    ],
)
def test_spellings(variant: str, scancode: str, text: str) -> None:
    commands = strict_all(parse_rc_keymap(keymap(variant, scancode)))["TV"]["KEY_OK"]
    assert to_text(commands[0]) == text


def test_protocols_are_remote_controls() -> None:
    text = (
        keymap("nec", "0x0408").replace('"nec"', '"rc6"\nvariant = "rc6_mce"').replace("0x0408", "0x800f040c")
        + keymap("nec", "0x0408\t", "KEY OK\\n")
        + '0x0409 = "KEY OK"\n'
        + '[[protocols]]\nprotocol = "raw"\n[[protocols.raw]]\nkeycode = "KEY_UP"\nraw = "+100 -200 +300"\n'
        + '[[protocols]]\nname = "none"\nprotocol = "nec"\n'
    )
    remotes = strict_all(parse_rc_keymap(text))
    texts = {name: {key: to_text(codes[0]) for key, codes in commands.items()} for name, commands in remotes.items()}
    assert texts == {
        "TV": {"KEY_OK": "rc6_mce:0x800f04,0x0c"},
        "TV 2": {"KEY OK": "nec:0x04,0x08", "KEY OK 2": "nec:0x04,0x09"},
        "keymap": {"KEY_UP": "raw:38000:100,-200,300,-40000"},
    }


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (keymap("unknown", "0x1"), "protocol_unknown"),
        (keymap("nec", "key"), "value_invalid"),
        (keymap("nec", "0x100000000"), "value_invalid"),
        (keymap("rc5", "0x2000"), "value_refused"),
        ('[[protocols]]\n[[protocols.raw]]\nkeycode = "A"\n', "number_invalid"),
        ("[[protocols]]\n[[protocols.raw]]\n", "number_invalid"),
    ],
)
def test_keys_that_cannot_be_read(text: str, key: str) -> None:
    ((error,),) = (remote.unreadable.values() for remote in parse_rc_keymap(text).values())
    assert error.key == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "rc_keymap"),
        ("protocols = 1", "rc_keymap"),
        ("protocols = [1]", "rc_keymap"),
        ("[[protocols]]", "file_empty"),
        ("[[protocols]]\nscancodes = 1", "rc_keymap"),
        ("[[protocols]]\nraw = 1", "rc_keymap"),
        ("[[protocols]]\nraw = [1]", "rc_keymap"),
        ("[[protocols]]\nname = ", "toml_invalid"),
        ("[[protocols]]\nx = " + "[" * 100_000, "rc_keymap"),
        ("[[protocols]]\n" + "#" * MAX_LENGTH, "rc_keymap_too_large"),
    ],
    ids=range(10),
)
def test_refused(text: str, key: str) -> None:
    assert refused(parse_rc_keymap, text) == key


@pytest.mark.parametrize(
    ("text", "found"),
    [("# TV\n[[protocols]]\n", True), ("[[ protocols ]]", True), ("[protocols]", False), (" [[protocols.raw]]", False)],
)
def test_recognized(text: str, found: bool) -> None:
    assert bool(is_rc_keymap(text)) is found
