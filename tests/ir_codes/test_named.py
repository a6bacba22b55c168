"""Tests of commands by the name of their protocol."""

from collections.abc import Callable
from typing import Any, override

from infrared_protocols.commands import Command, nec
import pytest

from custom_components.anavi_weather.ir_codes import named, parse, to_text
from custom_components.anavi_weather.ir_codes.named import ALIASES, LIBRARY, NAMES, build, named_text, protocol_name
from custom_components.anavi_weather.ir_codes.protocol_command import ProtocolCommand
from custom_components.anavi_weather.ir_codes.protocols import PROTOCOLS

from .helpers import refused


def test_names() -> None:
    assert {"nec", "necext", "rc5", "rc6", "sony15", "jvc", "kaseikyo", "gree_ac", "samsung_ac0292"} <= set(NAMES)
    assert "pronto" not in LIBRARY
    assert "kaseikyo" not in LIBRARY  # the table's version takes numbers
    assert all(name in LIBRARY or PROTOCOLS[name].encode for name in ALIASES.values())


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("sirc:1,21", "sony:0x01,0x15"),
        ("SIRC20:0x35f,21", "sony20:0x35f,0x15"),
        ("rc5x:1,0x41", "rc5:0x01,0x41"),
        (
            "gree_ac:temperature=20,mode=COOL,power=off,turbo=1",
            "gree_ac:power=false,mode=cool,temperature=20,turbo=true",
        ),
        (
            "gree_ac:temperature=20,mode=cool,power=yes,turbo=on",
            "gree_ac:mode=cool,temperature=20,turbo=true",
        ),
        ("lg_ac:mode=off", "lg_ac:mode=off"),
        ("fujitsu_ac:temperature=22.5,protocol=extended", None),
        ("aeha:data=0x1463", "aeha:data=1463"),
        ("sharp:1,22", "sharp:0x01,0x16,0x01"),
        ("sharp:1,22,0", "sharp:0x01,0x16,0x00"),
        ("sharp:1,22,modulation=40000", "sharp:0x01,0x16,0x01,modulation=40000"),
        ("nec:1,2,modulation=40000", "nec:0x01,0x02,modulation=40000"),
        ("nec:1,2,3,modulation=40000,repeat_count=1", "nec:0x01,0x02,0x03,modulation=40000,repeat_count=1"),
        ("pioneer:1,2,preamble_address=3,preamble_command=4", "pioneer:0x01,0x02,0x03,0x04"),
    ],
)
def test_values(text: str, canonical: str | None) -> None:
    command = parse(text)
    if canonical:
        assert to_text(command) == canonical
    assert to_text(parse(to_text(command))) == to_text(command)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("nec", "form_unknown"),
        ("nosuch:1,2", "protocol_unknown"),
        ("nec:1,2,3,4", "field_unknown"),
        ("nec:1,2,x=3", "field_unknown"),
        ("nec:1,address=2", "field_unknown"),
        ("nec:command=1,2", "field_unknown"),
        ("nec:", "field_missing"),
        ("nec:x,1", "value_invalid"),
        ("nec:-1,1", "value_invalid"),
        ("nec:1,0x1ffffffff", "value_invalid"),
        ("nec:09,1", "value_invalid"),
        ("nec:1,256", "value_refused"),
        ("nec:1,2,256", "value_out_of_range"),
        ("nec:1,2,repeat_count=101", "repeat_count_out_of_range"),
        ("nec:1,2,repeat_count=100", "too_long"),
        ("nec:1,2,modulation=1", "carrier_out_of_range"),
        ("samsung32:1,256", "value_out_of_range"),
        ("samsung32:65536,1", "value_out_of_range"),
        ("rc5:1,2,2", "value_out_of_range"),
        ("sony:32,1", "value_out_of_range"),
        ("gree_ac:mode=nosuch,temperature=20", "value_invalid"),
        ("gree_ac:mode=cool,temperature=99", "value_refused"),
        ("gree_ac:mode=cool,temperature=20,power=maybe", "value_invalid"),
        ("fujitsu_ac:temperature=x", "value_invalid"),
        ("aeha:data=123", "value_invalid"),
        ("aeha:data=" + "00" * 257, "value_invalid"),
    ],
)
def test_refused(text: str, key: str) -> None:
    assert refused(parse, text) == key


def test_sharp_is_sent_with_its_makers_check_bits() -> None:
    """Bits 13 and 14 are 1 and 0, then inverted. Those of Denon, whose frames are otherwise the same, are equal."""

    def last_bits(text: str) -> list[list[int]]:
        timings = parse(text).get_raw_timings()
        return [[int(space < -1_000) for space in timings[start + 27 : start + 31 : 2]] for start in (0, 32)]

    assert last_bits("sharp:0x01,0x16") == [[1, 0], [0, 1]]
    assert last_bits("sharp:0x01,0x16,0") == [[0, 0], [1, 1]]


def test_protocol_of_the_table_is_built_here() -> None:
    assert isinstance(build("necext", address=1, command=2), ProtocolCommand)


class _Unreadable(Command):
    """A command with a parameter that has no text."""

    def __init__(self, thing: object) -> None:
        """Initialize the command with any object."""
        super().__init__(modulation=38000)

    @override
    def get_raw_timings(self) -> list[int]:
        return [1, -1, 1]


class _Partly(_Unreadable):
    """A command with an optional parameter that has no text."""

    def __init__(self, *, number: int, check: Callable[[], int] | None = None) -> None:
        """Initialize the command with a number and an optional function."""
        super().__init__(number)


class _Renamed(nec.NECCommand):
    """A command registered with another class."""


def test_classes_without_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    assert named._fields(_Unreadable) is None
    assert [field.name for field in named._fields(_Partly) or ()] == ["number"]
    monkeypatch.setattr(_Unreadable.__init__, "__annotations__", {"thing": "Nowhere"})
    assert named._fields(_Unreadable) is None
    assert named_text(_Unreadable(1)) is None
    renamed = _Renamed(address=1, command=2)
    assert protocol_name(_Renamed) == "_renamed"
    monkeypatch.setitem(LIBRARY, "_renamed", (nec.NECCommand, ()))
    assert named_text(renamed) is None
    # A class with the name of its parent may send something else
    namesake = type("NECCommand", (nec.NECCommand,), {})(address=1, command=2)
    assert named_text(namesake) is None


def test_changed_commands_have_no_named_text(monkeypatch: pytest.MonkeyPatch) -> None:
    panasonic = parse("panasonic_ac:mode=cool,temperature=25")
    assert named_text(panasonic) is None
    assert to_text(panasonic).startswith("raw:38000:")
    # A changed command whose text is invalid, or is parsed as another command
    command: Any = parse("nec:1,2")
    command.command = 256
    assert named_text(command) is None
    command = parse("nec:1,2")
    command.other = 1
    assert named_text(command) is None


def test_repeat_count_in_the_text() -> None:
    command = parse("sony:1,2,repeat_count=0")
    assert repr(command) == "ProtocolCommand(sony:0x1,0x2)"
    assert to_text(command) == "sony:0x01,0x02,repeat_count=0"
