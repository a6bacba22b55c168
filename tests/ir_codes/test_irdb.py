"""Tests of IRDB's csv files."""

import time

import pytest

from custom_components.anavi_weather.ir_codes import irdb, to_text
from custom_components.anavi_weather.ir_codes.irdb import is_irdb, parse_irdb
from custom_components.anavi_weather.ir_codes.remote_file import FileRemote

from .helpers import refused, strict

HEADER = "functionname,protocol,device,subdevice,function\n"


def reasons(remote: FileRemote) -> dict[str, str]:
    """Return the keys of the errors by command."""
    return {name: error.key for name, error in remote.unreadable.items()}


@pytest.mark.parametrize(
    ("row", "texts"),
    [
        ("POWER,NEC1,4,-1,8", ["nec:0x04,0x08"]),
        ('"POWER","NEC2","4","5","8"', ["nec2:0x504,0xf708"]),
        ("POWER,RC5,30,-1,1", ["rc5:0x1e,0x01", "rc5:0x1e,0x01,0x01"]),
        ("POWER, Tivo unit=3 ,133,48,16", ["necext:0x3085,0xe310"]),
    ],
)
def test_rows(row: str, texts: list[str]) -> None:
    assert list(map(to_text, strict(parse_irdb(HEADER + row))["POWER"])) == texts


def test_header_with_a_tab_or_none() -> None:
    row = "VOL+,NEC,0,191,1\r\nVOL-,NEC,0,191,2\r\n"
    for text in (row, HEADER.replace("name,", "name\t") + row, "\n" + row):
        assert is_irdb(text)
        assert list(strict(parse_irdb(text))) == ["VOL+", "VOL-"]
    assert not is_irdb("VOL+,NEC,0,191\n")
    assert not is_irdb("1,2,0,191,1\n")


def test_names() -> None:
    rows = ('"  INPUT\tHDMI, 1 "', "MUTE", "MUTE", "", "X" * 120)
    text = HEADER.upper() + "\n" + "\n\n".join(f"{name},NEC1,4,-1,{index}" for index, name in enumerate(rows))
    assert list(strict(parse_irdb(text))) == ["INPUT HDMI, 1", "MUTE", "MUTE 2", "function 3", "X" * 100]


def test_rows_that_cannot_be_read() -> None:
    remote = parse_irdb(
        HEADER
        + "A,XMP-1,7,-1,1\n"
        + "B,Denon-K,4.1,945\n"
        + "C,NEC1,four,-1,1\n"
        + "D,Sony12,64,-1,1\n"
        + "E,Apple,238,135,4\n"
        + "F,NEC1,4,-1,1\n"
    )
    assert list(remote.commands) == ["F"]
    assert reasons(remote) == {
        "A": "protocol_unknown",
        "B": "irdb_columns",
        "C": "value_invalid",
        "D": "value_out_of_range",
        "E": "field_missing",
    }


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (HEADER, "file_empty"),
        (HEADER + " \n,,\n", "file_empty"),
        (HEADER + '"' + "A" * 200_000 + '",NEC1,4,-1,8', "csv_invalid"),
    ],
)
def test_refused(text: str, key: str) -> None:
    assert refused(parse_irdb, text) == key


def test_too_many_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(irdb, "MAX_COMMANDS", 2)
    rows = ["A,NEC1,4,-1,8\n"] * 3
    assert len(parse_irdb(HEADER + "".join(rows[:2])).commands) == 2
    assert refused(parse_irdb, HEADER + "".join(rows)) == "too_many_commands"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (HEADER, True),
        ('"function","protocol",', True),
        ("function\t protocol,", True),
        ("function ; protocol ,", True),
        (" \n power,NEC1, 4,-1,8 \n", True),
        (",NEC1,4,-1,8", True),
        ("functionname;protocol", False),
        ("name,protocol,", False),
    ],
)
def test_header(text: str, found: bool) -> None:
    assert bool(is_irdb(text)) is found


@pytest.mark.parametrize("text", ["", "function", "function\t", "function,protocol", ",NEC", ",NEC1,1", ",NEC1,1,1,1"])
@pytest.mark.parametrize("blank", [" ", "\t", "\n"])
def test_blanks_are_quick(text: str, blank: str) -> None:
    began = time.process_time()
    is_irdb(text + blank * (4 << 20) + "x")
    assert time.process_time() - began < 1
