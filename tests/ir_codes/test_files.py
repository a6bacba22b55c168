"""Tests of recognizing the form of a file."""

from contextlib import suppress
import json
from time import thread_time

from hypothesis import given, strategies as st
import pytest

from custom_components.anavi_weather.ir_codes import CodeError, files, parse, to_text
from custom_components.anavi_weather.ir_codes.files import parse_file

from .helpers import refused

LIRCD = """
begin remote
  name TV
  flags RAW_CODES
  gap 40000
  begin raw_codes
    name POWER
      9000 4500 560
  end raw_codes
end remote
"""
FLIPPER = """Filetype: IR signals file
Version: 1
#
name: Power
type: parsed
protocol: NEC
address: 04 00 00 00
command: 08 00 00 00
"""
SMARTIR = json.dumps(
    {
        "manufacturer": "Sony",
        "commandsEncoding": "Pronto",
        "supportedController": "Broadlink",
        "commands": {"on": "900A 006C 0000 0001 04FB 08F7"},
    }
)
BROADLINK = json.dumps({"key": "broadlink_remote_1_codes", "data": {"TV": {"on": "JgAEAAQEBAQ="}}})
IRDB = "functionname,protocol,device,subdevice,function\nPOWER,NEC1,4,-1,8\n"
GIRR = '<?xml version="1.0"?><remotes><remote name="TV"><command name="on" protocol="nec1" D="4" F="8"/></remote></remotes>'
KEYMAP = '[[protocols]]\nname = "TV"\nprotocol = "nec"\n[protocols.scancodes]\n0x0408 = "KEY_POWER"\n'
ESPHOME = """
button:
  - name: Power
    on_press:
      - remote_transmitter.transmit_nec: {address: 0xFB04, command: 0xF708}
"""


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (LIRCD, {"TV": ["POWER"]}),
        ("\ufeff" + LIRCD.upper().replace("40000", "40000"), {"TV": ["POWER"]}),
        (FLIPPER, {"Den": ["Power"]}),
        ("\ufeff\n" + FLIPPER, {"Den": ["Power"]}),
        ("# Air conditioner\n#\n" + FLIPPER, {"Den": ["Power"]}),
        ("\n " + SMARTIR, {"Sony": ["on"]}),
        (BROADLINK, {"TV": ["on"]}),
        ("\ufeff" + IRDB, {"Den": ["POWER"]}),
        ("\n" + GIRR, {"TV": ["on"]}),
        (ESPHOME, {"Den": ["Power"]}),
        ("# keymap\n" + KEYMAP, {"TV": ["KEY_POWER"]}),
    ],
)
def test_forms(text: str, names: dict[str, list[str]]) -> None:
    assert {name: list(remote.commands) for name, remote in parse_file(text, "Den").items()} == names


def test_name_for_a_file_without_one() -> None:
    commands = parse_file(FLIPPER, "Television")["Television"].commands
    assert to_text(commands["Power"][0]) == "nec:0x04,0x08"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "file_empty"),
        (" \n\ufeff"[:2], "file_empty"),
        ("hello", "file_unknown"),
        ('include "other.conf"', "lircd_only_includes"),
        ("{", "json_invalid"),
        ("Filetype: nonsense", "flipper_header"),
        (FLIPPER, "file_without_name"),
        (IRDB, "file_without_name"),
        (ESPHOME, "file_without_name"),
        ("<html>", "file_unknown"),
    ],
)
def test_refused(text: str, key: str) -> None:
    assert refused(parse_file, text) == key


def test_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_FILE_LENGTH", 10)
    assert refused(parse_file, FLIPPER) == "file_too_large"


@given(
    st.one_of(st.text(), st.binary().map(lambda data: data.decode("latin-1"))),
    st.sampled_from([LIRCD, FLIPPER, SMARTIR, BROADLINK, IRDB, GIRR, ESPHOME, KEYMAP]),
    st.data(),
)
def test_any_text(junk: str, whole: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(whole)))
    for text in (junk, whole[:at] + junk + whole[at:], whole[:at]):
        try:
            parse_file(text, "Den")
        except CodeError:
            continue


@pytest.mark.parametrize(
    "text",
    [
        LIRCD + " " * 500_000 + "x",
        FLIPPER + "data:" + " " * 500_000 + "x",
        FLIPPER + "a" * 500_000 + ":",
        FLIPPER + "data: " + "1 " * 500_000,
        "{" * 500_000,
        '{"commands":' * 50_000,
        '{"commands": {"a": ' + "[" * 500_000,
        '{"commands": {"a": "' + "A" * 1_000_000 + '"}, "commandsEncoding": "Base64"}',
        '{"commands": {"a": "' + "1 " * 500_000 + '"}, "commandsEncoding": "Raw", "supportedController": "LOOKin"}',
        '{"commands": {"a": "' + "4P//" * 250_000 + '"}, "commandsEncoding": "Raw", "supportedController": "MQTT"}',
        '{"key": "broadlink_remote_", "data": {"a": {"b": "' + "JgAA" * 500_000 + '"}}}',
        IRDB + "A,NEC1,4,-1,8\n" * 200_000,
        IRDB + '"' + "\n" * 500_000,
        IRDB + "," * 500_000,
        KEYMAP + "a." * 100_000 + "a = 1",
        KEYMAP + "x = " + "[" * 200_000,
        KEYMAP + "x = " + "{a=" * 60_000,
        "<remotes>" + "<a>" * 500_000,
        "<remotes>" + "<a/>" * 200_000,
        "<remotes " + "a" * 1_000_000,
        ESPHOME + "x: " + "[" * 500_000,
        ESPHOME + "x: [" + "1, " * 30_000 + "1]",
        ESPHOME + "x: &a [a]\n" + "y: *a\n" * 10_000,
        ESPHOME + "? " * 100_000,
        ESPHOME + "  - remote_transmitter.transmit_nec: {address: 1, command: 1}\n" * 4000,
    ],
    ids=lambda text: text[-20:] + text[:9],
)
def test_worst_files_are_quick(text: str) -> None:
    started = thread_time()
    with suppress(CodeError):
        parse_file(text, "Den")
    assert thread_time() - started < 1


@pytest.mark.parametrize(
    "text",
    [
        "nec:" + " " * 65_000 + "x",
        "nec:" + " =" * 32_000,
        "nec:" + "," * 65_000,
        "1" + " " * 65_000 + "x",
        "[" * 65_000,
        "a" * 65_000 + ":",
        "0000 " * 13_000 + "x",
        "raw:" + "a=1," * 16_000 + ":1",
        "+ " * 32_000,
        "b64:" + "J" * 65_000,
    ],
    ids=lambda text: text[:9] + text[-9:],
)
def test_worst_texts_are_quick(text: str) -> None:
    started = thread_time()
    with pytest.raises(CodeError):
        parse(text)
    assert thread_time() - started < 1
