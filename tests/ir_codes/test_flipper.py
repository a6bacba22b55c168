"""Tests of Flipper's files."""

from typing import Any

from hypothesis import given, strategies as st
from infrared_protocols.commands import Command
import pytest

from custom_components.anavi_weather.ir_codes import CodeError, RawCommand, flipper, to_text
from custom_components.anavi_weather.ir_codes.flipper import FLIPPER_PROTOCOLS, parse_flipper

from .helpers import strict

HEADER = "Filetype: IR signals file\nVersion: 1\n"


def read(text: str) -> dict[str, tuple[Any, ...]]:
    """Return the commands of a file."""
    return strict(parse_flipper(text))


def _parsed(protocol: str, address: str, command: str, name: str = "Key") -> str:
    return f"#\nname: {name}\ntype: parsed\nprotocol: {protocol}\naddress: {address}\ncommand: {command}\n"


def _raw(frequency: str = "38000", duty_cycle: str = "0.330000", data: str = "504 3432 502 483 500") -> str:
    return f"# \nname: Raw\ntype: raw\nfrequency: {frequency}\nduty_cycle: {duty_cycle}\ndata: {data}\n"


@pytest.mark.parametrize(
    ("protocol", "address", "command", "texts"),
    [
        ("NEC", "04 00 00 00", "08 00 00 00", ["nec:0x04,0x08"]),
        ("NECext", "EE 87 00 00", "5D A0 00 00", ["necext:0x87ee,0xa05d"]),
        ("NEC42", "48 1C 00 00", "08 00 00 00", ["nec42:0x1c48,0x08"]),
        ("NEC42ext", "EF CD AB 02", "34 12 00 00", ["nec42ext:0x2abcdef,0x1234"]),
        ("Samsung32", "07 00 00 00", "02 00 00 00", ["samsung32:0x07,0x02"]),
        ("RC5", "1E 00 00 00", "01 00 00 00", ["rc5:0x1e,0x01", "rc5:0x1e,0x01,0x01"]),
        # Many files have a command of seven bits, as other programs write it
        ("RC5", "10 00 00 00", "68 00 00 00", ["rc5:0x10,0x68", "rc5:0x10,0x68,0x01"]),
        # Flipper's RC5X has its second start bit unset, which stands for 0x40
        ("RC5X", "1E 00 00 00", "01 00 00 00", ["rc5:0x1e,0x41", "rc5:0x1e,0x41,0x01"]),
        ("RC5X", "1E 00 00 00", "41 00 00 00", ["rc5:0x1e,0x41", "rc5:0x1e,0x41,0x01"]),
        ("RC6", "80 00 00 00", "15 00 00 00", ["rc6:0x80,0x15", "rc6:0x80,0x15,0x01"]),
        ("SIRC", "01 00 00 00", "15 00 00 00", ["sony:0x01,0x15"]),
        ("SIRC15", "54 00 00 00", "15 00 00 00", ["sony15:0x54,0x15"]),
        ("SIRC20", "5F 03 00 00", "15 00 00 00", ["sony20:0x35f,0x15"]),
        ("Kaseikyo", "B0 02 20 01", "3D 00 00 00", ["kaseikyo:0x12002b0,0x3d"]),
        ("RCA", "0F 00 00 00", "54 00 00 00", ["rca:0x0f,0x54"]),
        ("Pioneer", "A5 00 00 00", "1C 00 00 00", ["pioneer:0xa5,0x1c,repeat_count=1"]),
    ],
)
def test_parsed(protocol: str, address: str, command: str, texts: list[str]) -> None:
    commands = read(HEADER + _parsed(protocol, address, command))
    assert list(map(to_text, commands["Key"])) == texts


def test_longest_raw_signal() -> None:
    ((command,),) = read(HEADER + _raw(data="100 " * 1024)).values()
    assert len(command.get_raw_timings()) == 1023  # without the pause at its end


def test_raw() -> None:
    commands = read("\ufeff" + HEADER.replace("signals", "library").replace("\n", "\r\n") + _raw())
    (command,) = commands["Raw"]
    assert isinstance(command, RawCommand)
    assert (command.once, command.repeat) == ((504, -3432, 502, -483, 500, -40000), ())
    assert (command.modulation, command.duty_cycle) == (38000, 33)
    for duty_cycle, percent in (("1", 99), ("0.001", 1), ("0.5", 50)):
        ((command,),) = read(HEADER + _raw(duty_cycle=duty_cycle)).values()
        assert isinstance(command, RawCommand)
        assert command.duty_cycle == percent


def test_repeated_names() -> None:
    names = ["Power", "Power", "Power 2", "Power"]
    text = HEADER + "".join(_parsed("NEC", "04 00 00 00", f"0{key} 00 00 00", name) for key, name in enumerate(names))
    commands: dict[str, tuple[Command, ...]] = read(text)
    assert {name: to_text(command[0])[-1] for name, command in commands.items()} == {
        "Power": "0",
        "Power 2": "1",
        "Power 2 2": "2",
        "Power 3": "3",
    }
    text = HEADER + "".join(_parsed("NEC", "04 00 00 00", "00 00 00 00", name) for name in ("A 2", "A", "A"))
    assert list(read(text)) == ["A 2", "A", "A 3"]


def test_names_that_nothing_can_have() -> None:
    names = ("", "a\x07b", "a" * 101, "\t")
    text = HEADER.replace("IR signals file", "Bruce IR File")
    text += "".join(_parsed("NEC", "04 00 00 00", "00 00 00 00", name) for name in names)
    assert list(read(text)) == ["button 1", "a b", "a" * 100, "button 4"]


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ("", "flipper_header", 1),
        ("Filetype: IR tests file\nVersion: 1\n", "flipper_header", 1),
        ("Filetype: IR signals file\nVersion: 2\n", "flipper_header", 1),
        (HEADER, "file_empty", None),
        (HEADER + "nonsense", "flipper_line", 3),
        (HEADER + "name: A\ntype: raw\ntype: raw", "flipper_line", 5),
        (HEADER + "name: A\n", "flipper_type", 3),
        (HEADER + "name: A\ntype: other\n", "flipper_type", 4),
        (HEADER + "name: A\ntype: parsed\nprotocol: NEC\n", "flipper_field_missing", 3),
        (HEADER + _parsed("Unknown", "04 00 00 00", "08 00 00 00"), "flipper_protocol", 6),
        (HEADER + _parsed("NEC", "04 00 00", "08 00 00 00"), "flipper_bytes", 7),
        (HEADER + _parsed("NEC", "04 00 00 00", "08 00 00 0G"), "flipper_bytes", 8),
        (HEADER + _parsed("NEC", "04 01 00 00", "08 00 00 00"), "flipper_value", 7),
        (HEADER + _parsed("RC5", "04 00 00 00", "80 00 00 00"), "flipper_value", 8),
        (HEADER + _raw(frequency="9999"), "flipper_frequency", 6),
        (HEADER + _raw(frequency="56001"), "flipper_frequency", 6),
        (HEADER + _raw(frequency="x"), "flipper_frequency", 6),
        (HEADER + _raw(duty_cycle="0.0"), "flipper_duty_cycle", 7),
        (HEADER + _raw(duty_cycle="1.01"), "flipper_duty_cycle", 7),
        (HEADER + _raw(duty_cycle="nan"), "flipper_duty_cycle", 7),
        (HEADER + _raw(data=""), "flipper_timings", 8),
        (HEADER + _raw(data="1 " * 1025), "flipper_timings", 8),
        (HEADER + _raw(data="1 -2 3"), "flipper_data", 8),
        (HEADER + _raw(data="1 0 3"), "zero_duration", 8),
        (HEADER + _raw(data="600000 1"), "pulse_too_long", 8),
    ],
)
def test_refused(text: str, key: str, line: int | None) -> None:
    with pytest.raises(CodeError) as error:
        read(text)
    assert (error.value.key, error.value.line) == (key, line)


def test_an_unreadable_command_is_named() -> None:
    """Case 16."""
    remote = parse_flipper(HEADER + _raw() + _parsed("NEC", "04 01 00 00", "08 00 00 00", name="Raw") + _raw())
    assert list(remote.commands) == ["Raw", "Raw 3"]
    assert [(name, error.key, error.line) for name, error in remote.unreadable.items()] == [
        ("Raw 2", "flipper_value", 13)
    ]


@pytest.mark.parametrize("line", ["nonsense", "type: raw", "frequency; 38000", "data: 5 6", "1 2 3"])
def test_a_malformed_line_spoils_its_signal_only(line: str) -> None:
    """Case 16."""
    damaged = _raw().replace("name: Raw", "name: Bad") + line + "\n"
    remote = parse_flipper(HEADER + _raw() + damaged + _raw().replace("name: Raw", "name: Last"))
    assert list(remote.commands) == ["Raw", "Last"]
    assert {name: (error.key, error.line) for name, error in remote.unreadable.items()} == {
        "Bad": ("flipper_line", 2 + 2 * _raw().count("\n") + 1)
    }


@pytest.mark.parametrize(
    ("line", "key", "number"),
    [
        ("nme: A\n", "flipper_field_missing", 5),
        ("", "flipper_field_missing", 4),
        ("name A\n", "flipper_line", 4),
    ],
)
def test_a_first_signal_without_a_name_is_named(line: str, key: str, number: int) -> None:
    remote = parse_flipper(HEADER + _raw().replace("name: Raw\n", line) + _raw())
    assert list(remote.commands) == ["Raw"]
    assert [(name, error.key, error.line) for name, error in remote.unreadable.items()] == [("button 1", key, number)]


def test_unknown_lines_of_the_header_do_no_harm() -> None:
    assert list(read(HEADER + "Brand: LG\n" + _raw())) == ["Raw"]


def test_a_malformed_name_spoils_the_signal_before() -> None:
    remote = parse_flipper(HEADER + _raw() + _raw().replace("name: Raw", "nmae: Bad") + _raw().replace("Raw", "Last"))
    assert list(remote.commands) == ["Last"]
    assert [(name, error.key) for name, error in remote.unreadable.items()] == [("Raw", "flipper_line")]


def test_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flipper, "MAX_COMMANDS", 2)
    with pytest.raises(CodeError) as error:
        read(HEADER + _raw() * 3)
    assert (error.value.key, error.value.line) == ("too_many_commands", 16)


_LINES = st.one_of(
    st.sampled_from(
        [HEADER, "name: A", "type: raw", "type: parsed", "frequency: 38000", "duty_cycle: 0.33", "data: 1 2 3"]
    ),
    st.sampled_from([f"protocol: {name}" for name in FLIPPER_PROTOCOLS]),
    st.lists(st.integers(0, 255), min_size=4, max_size=4).map(lambda four: "address: " + bytes(four).hex(" ")),
    st.lists(st.integers(0, 255), min_size=4, max_size=4).map(lambda four: "command: " + bytes(four).hex(" ")),
    st.text(),
)


@given(st.lists(_LINES, max_size=20))
def test_any_text(lines: list[str]) -> None:
    try:
        commands = read(HEADER + "\n".join(lines))
    except CodeError:
        return
    assert commands
