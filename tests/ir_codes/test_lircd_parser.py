"""Tests of parsing a lircd.conf."""

from pathlib import Path
from typing import Any

from infrared_protocols.codes.generic.led import Generic24KeyCode, Generic44KeyCode
from infrared_protocols.codes.samsung.tv import SamsungTVCode
import pytest

from custom_components.anavi_weather.ir_codes import as_raw, lircd
from custom_components.anavi_weather.ir_codes.command import CodeError, RawCommand
from custom_components.anavi_weather.ir_codes.lircd import parse_lircd

from .helpers import strict_all

REMOTES = Path(__file__).parent / "remotes"

PLAIN = """begin remote
  name R
  bits 4
  one 500 1500
  zero 500 500
  ptrail 510
  gap 40000
  begin codes
    K 0x5
  end codes
end remote
"""
RAW = """begin remote
  name R
  flags RAW_CODES
  gap 40000
  begin raw_codes
    name K
      900 800
      700
  end raw_codes
end remote
"""
K = (500, -500, 500, -1500, 500, -500, 500, -1500, 510, -40000)  # 0x5


def read(text: str) -> dict[str, dict[str, tuple[Any, ...]]]:
    """Return the commands of a file."""
    return strict_all(parse_lircd(text))


def only(text: str) -> dict[str, tuple[RawCommand, ...]]:
    """Return the commands of the only remote."""
    (commands,) = read(text).values()
    return commands


def once(text: str, command: str = "K") -> tuple[int, ...]:
    """Return what the first press of a command sends."""
    return only(text)[command][0].once


def refusal(text: str) -> tuple[str, int | None]:
    """Return the reason and the line of an error."""
    with pytest.raises(CodeError) as error:
        read(text)
    assert all(isinstance(value, str) for value in error.value.placeholders.values())
    return error.value.key, error.value.line


def bits(timings: Any) -> str:
    """Return the 32 bits after a header."""
    return "".join("1" if -space > 1000 else "0" for space in timings[3:66:2])


@pytest.mark.parametrize(
    ("file", "remote", "table", "names"),
    [
        (
            "lirc24",
            "LED_24_KEY",
            Generic24KeyCode,
            {
                "BRIGHT_UP": "BRIGHTNESS_UP",
                "OFF": "OFF",
                "ON": "ON",
                "RED": "RED",
                "WHITE": "WHITE",
                "3_JUMP": "SMOOTH",
            },
        ),
        (
            "lirc44",
            "LED_44_KEY",
            Generic44KeyCode,
            {
                "POWER": "ON",
                "SKIP": "OFF",
                "GREEN": "GREEN",
                "DIY_6": "DIY6",
                "JUMP_3": "JUMP3",
                "RED_DOWN": "RED_DOWN",
            },
        ),
        (
            "Samsung_BN59-00678A",
            "Samsung_BN59-00678A",
            SamsungTVCode,
            {"KEY_POWER": "POWER", "KEY_MUTE": "MUTE", "KEY_0": "NUM_0", "Enter/OK": "OK", "KEY_VOLUMEUP": "VOLUME_UP"},
        ),
    ],
)
def test_published_remotes(file: str, remote: str, table: Any, names: dict[str, str]) -> None:
    ((name, commands),) = read((REMOTES / f"{file}.lircd.conf").read_text()).items()
    assert name == remote
    assert len(commands) == {"lirc24": 24, "lirc44": 44}.get(file, 39)
    known = {bits(code.to_command().get_raw_timings()): code.name for code in table}
    assert {key: known[bits(commands[key][0].once)] for key in names} == names
    for (command,) in commands.values():
        assert len(bits(command.once)) == 32
        assert (command.modulation, command.duty_cycle) == (38000, 50)
    if table is not SamsungTVCode:  # the table lacks some Samsung keys
        assert all(bits(command.once) in known for (command,) in commands.values())


def test_carrier_and_duty_cycle() -> None:
    def command(lines: str) -> tuple[int, int]:
        (command,) = only(PLAIN.replace("  bits", f"{lines}\n  bits"))["K"]
        return command.modulation, command.duty_cycle

    assert command("") == (38000, 50)
    assert command("frequency 36000\nduty_cycle 33") == (36000, 33)
    assert command("frequency 0\nduty_cycle 0") == (0, 50)
    assert command("duty_cycle 100") == (38000, 99)  # the kernel's limit


def test_several_remotes() -> None:
    assert list(parse_lircd(PLAIN + RAW.replace("name R", "name Q"))) == ["R", "Q"]


@pytest.mark.parametrize(
    ("manual_sort", "frame"),
    [("", (500, -500, 510, -40000)), ("manual_sort 1\n", K)],
)
def test_lircd_finds_the_shorter_of_two_remotes_with_one_name(manual_sort: str, frame: tuple[int, ...]) -> None:
    shorter = PLAIN.replace("bits 4", "bits 1").replace("0x5", "0").replace("name R", "name r")
    for last in (RAW, RAW + RAW):
        (commands,) = read(PLAIN.replace("  bits", f"{manual_sort}  bits") + shorter + last).values()
        assert commands["K"][0].once == frame


def test_the_first_of_two_commands_with_one_name_is_used() -> None:
    commands = only(PLAIN.replace("K 0x5", "K 0x5\n k 0x6\n K 0x7\n L 1"))
    assert list(commands) == ["K", "L"]
    assert commands["K"][0].once == K


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("begin remote", "# comment\n   # another\n\n\nbegin remote # here too"),
        ("begin remote", "\ufeffbegin remote"),
        ("begin remote", "what is between remotes\n; is\nskipped\nbegin remote"),
        ("\n", "\r\n"),
        ("  ", "\t\t"),
        ("name R", "NAME R # the name"),
        ("bits 4", "Bits 0x4"),
        ("bits 4", "bits 04"),
        ("bits 4", "bits +4"),
        ("bits 4", "bits 4 and more"),
        ("bits 4", "    # indented\nbits 4"),
        ("bits 4", "bits 4\n#bits 5"),
        ("gap 40000", "gap 40000 # lircd refuses this comment"),
        ("gap 40000", "gap 40000 0"),
        ("gap 40000", "gap 50000 40000"),
        ("ptrail 510", "ptrail 0776"),
        ("one 500 1500", "one 500 1500 # one"),
        ("K 0x5", "K 5"),
        ("K 0x5", "K 005"),
        ("K 0x5", "K 0X5"),
        ("K 0x5", "K 0xFF5 # masked"),
        ("K 0x5", "K 0x5 # 1 2"),
        ("K 0x5", "#A 1\n   #B 2\n   # note\n   # 1 is a note\n   #\nK 0x5"),
        ("  bits 4", "eps 30\naeps 100\ndriver default\nmin_code_repeat 1\nsuppress_repeat 0\nignore_mask 0\n  bits 4"),
        ("  bits 4", "flags SPACE_ENC\n  bits 4"),
        ("  bits 4", "flags space_enc | CONST_LENGTH\n  bits 4"),
        ("  bits 4", "flags SPACE_ENC\nflags NO_HEAD_REP|SPACE_ENC\n  bits 4"),
        ("  bits 4", "pre_data 0xFF\npost_data 0xFF\n  bits 4"),
        ("  bits 4", 'include "/etc/passwd"\n  bits 4'),
        ("begin remote", "include <other.conf>\nbegin remote"),
    ],
)
def test_equivalent_files(old: str, new: str) -> None:
    text = PLAIN.replace(old, new)
    assert text != PLAIN
    commands = only(text)
    assert list(commands) == ["K"]
    assert commands["K"][0].once == K


def test_equivalent_raw_codes() -> None:
    plain = only(RAW)["K"][0]
    assert plain.once == plain.repeat == (900, -800, 700, -40000)
    for old, new in (
        ("900 800\n", "900 0x320 # header\n   # comment\n"),
        ("name K\n", "name K and more\n"),
        ("flags RAW_CODES", ""),
        ("flags RAW_CODES", "flags SPACE_ENC"),
        ("flags RAW_CODES", "flags GRUNDIG"),
    ):
        assert once(RAW.replace(old, new)) == plain.once


def test_key_named_with_a_comment_sign() -> None:
    assert list(only(PLAIN.replace("K 0x5", "  # 0x5\n  * 0x6\n  begin 0x7"))) == ["#", "*", "begin"]
    assert list(only(PLAIN.replace("K 0x5", "  #/search 0x5\n  #_bass 0x6 # more\n  #bass 0x7"))) == [
        "#/search",
        "#_bass",
    ]
    assert list(only(RAW.replace("name K", "name #"))) == ["#"]
    assert list(parse_lircd(PLAIN.replace("name R", "name #R"))) == ["#R"]


def test_remote_without_codes_beside_others_is_skipped() -> None:
    """Published files contain mice and templates, and the scancodes of a mouse cannot be sent."""
    empty = PLAIN.replace("    K 0x5\n", "").replace("name R", "name Q").replace("one 500 1500", "one 0 0")
    for text in (PLAIN + empty, empty + PLAIN, empty + empty + PLAIN):
        assert list(parse_lircd(text)) == ["R"]
    assert refusal("\n" + empty + PLAIN.replace("    K 0x5\n", "")) == ("lircd_no_codes", 2)
    assert refusal("include x\n" + empty) == ("lircd_no_codes", 2)


@pytest.mark.parametrize("gap", ["16777215", "0xFFFFFFFF", "16777215 16777215"])
def test_endless_gap_is_as_long_as_can_be(gap: str) -> None:
    """Case 17."""
    assert once(PLAIN.replace("gap 40000", f"gap {gap}"))[-1] == -5_000_000


def test_missing_gap_gets_a_default() -> None:
    assert once(PLAIN.replace("gap 40000", ""))[-1] == -40000


@pytest.mark.parametrize(
    ("old", "new", "key", "line"),
    [
        (PLAIN, "", "lircd_no_remote", None),
        (PLAIN, "Filetype: IR signals file\nVersion: 1\n", "lircd_no_remote", None),
        (PLAIN, '\ninclude "lircd.conf.d/*.conf"\n', "lircd_only_includes", 2),
        (PLAIN, PLAIN + "begin remote\n name Q\n", "lircd_no_end", 12),
        ("  end codes\n", "", "lircd_misplaced", 10),
        ("begin codes", "begin raw_codes", "lircd_no_key", 9),
        ("end codes", "end raw_codes", "lircd_misplaced", 10),
        ("end codes", "end codes\nbegin codes", "lircd_misplaced", 11),
        ("begin remote", "begin remote\nbegin remote", "lircd_misplaced", 2),
        ("end remote", "end remote\nend remote", "lircd_misplaced", 12),
        ("bits 4", "begin something", "lircd_unknown_keyword", 3),
        ("bits 4", "bit 4", "lircd_unknown_keyword", 3),
        ("bits 4", "; comment", "lircd_unknown_keyword", 3),
        ("bits 4", "bits", "lircd_no_value", 3),
        ("bits 4", "bits # 4", "lircd_no_value", 3),
        ("bits 4", "bits four", "lircd_no_number", 3),
        ("bits 4", "bits -4", "lircd_no_number", 3),
        ("bits 4", "bits 08", "lircd_no_number", 3),
        ("bits 4", "bits ٤", "lircd_no_number", 3),
        ("bits 4", "bits 1_6", "lircd_no_number", 3),
        ("bits 4", "bits " + "9" * 5000, "lircd_no_number", 3),
        ("bits 4", "bits 65", "lircd_out_of_range", 3),
        ("one 500 1500", "one 500", "lircd_no_value", 4),
        ("one 500 1500", "one 500 # 1500", "lircd_no_value", 4),
        ("one 500 1500", "one 500 5000001", "lircd_out_of_range", 4),
        ("gap 40000", "gap 40000 more", "lircd_no_number", 7),
        ("gap 40000", "frequency 38", "lircd_out_of_range", 7),
        ("gap 40000", "duty_cycle 101", "lircd_out_of_range", 7),
        ("gap 40000", "toggle_bit 5", "lircd_out_of_range", 7),
        ("gap 40000", "min_repeat 601", "lircd_out_of_range", 7),
        ("gap 40000", "flags SPACE_ENC|", "lircd_unknown_flag", 7),
        ("gap 40000", "flags SPACE", "lircd_unknown_flag", 7),
        ("gap 40000", "flags SPACE_ENC|RC5", "lircd_two_protocols", 7),
        ("gap 40000", "flags SPACE_ENC\nflags RC5", "lircd_two_protocols", 8),
        ("gap 40000", "flags RAW_CODES", "lircd_not_raw", 7),
        ("gap 40000", "flags GRUNDIG", "lircd_protocol", 7),
        ("gap 40000", "flags BO|REVERSE", "lircd_protocol", 7),
        ("gap 40000", "flags SERIAL\nbaud 4800\nserial_mode 8N1", "lircd_protocol", 7),
        ("gap 40000", "flags GOLDSTAR", "lircd_protocol", 7),
        ("gap 40000", "flags RCMM", "lircd_no_value", 1),
        ("gap 40000", "flags RCMM\ntwo 1 1", "lircd_no_value", 1),
        ("gap 40000", "flags RCMM\nthree 1 1", "lircd_no_value", 1),
        ("gap 40000", "flags RCMM\ntwo 1 1\nthree 1 1\npre_data_bits 3", "lircd_symbol_bits", 7),
        ("gap 40000", "flags XMP\npost_data_bits 2", "lircd_symbol_bits", 7),
        ("gap 40000", "flags CONST_LENGTH\ngap 5000", "lircd_gap_too_short", 10),
        ("gap 40000", "gap 4000\nmin_repeat 600\nheader 9000 4500\nbits 64", "lircd_command_too_long", 12),
        ("gap 40000", "gap 5000000\nmin_repeat 2", "lircd_command_too_long", 10),
        ("ptrail 510", "ptrail 500001", "lircd_command_too_long", 9),
        ("gap 40000", "flags XMP\nzero 500 5000000\none 0 1", "lircd_command_too_long", 11),
        ("one 500 1500", "one 0 0", "lircd_scancodes", 4),
        ("zero 500 500", "zero 0 0", "lircd_scancodes", 5),
        ("  zero 500 500\n", "", "lircd_scancodes", 1),
        ("  name R\n", "", "lircd_no_name", 1),
        ("name R", "name \x07", "lircd_bad_name", 2),
        ("name R", "name " + "R" * 101, "lircd_bad_name", 2),
        ("    K 0x5\n", "", "lircd_no_codes", 1),
        ("  begin codes\n    K 0x5\n  end codes\n", "", "lircd_no_codes", 1),
        ("K 0x5", "K", "lircd_no_value", 9),
        ("K 0x5", "K KEY_5", "lircd_no_number", 9),
        ("K 0x5", "K 0x5 five", "lircd_no_number", 9),
        ("K 0x5", "K 0x", "lircd_no_number", 9),
        ("K 0x5", "K 0x10000000000000000", "lircd_out_of_range", 9),
        (
            "bits 4\n  one 500 1500\n  zero 500 500\n  ptrail 510",
            "one 500 1500\n zero 500 500",
            "lircd_nothing_to_send",
            7,
        ),
    ],
)
def test_refused(old: str, new: str, key: str, line: int | None) -> None:
    assert old in PLAIN
    assert refusal(PLAIN.replace(old, new)) == (key, line)


@pytest.mark.parametrize(
    ("old", "new", "key", "line"),
    [
        ("      700\n", "", "lircd_even_count", 6),
        ("      700\n", "      700\n name L\n", "lircd_even_count", 9),
        ("      700\n", "      700\n name\n", "lircd_no_value", 9),
        ("    name K\n", "", "lircd_no_key", 6),
        ("700", "0", "lircd_out_of_range", 8),
        ("700", "7OO", "lircd_no_number", 8),
        ("700", "700 ;", "lircd_no_number", 8),
        ("    name K\n      900 800\n      700\n", "", "lircd_no_codes", 1),
        ("end raw_codes", "end raw_codes\nflags RC5", "lircd_two_protocols", 10),
        ("gap 40000", "flags CONST_LENGTH\ngap 2400", "lircd_gap_too_short", 7),
        ("700", " ".join(["700"] * 4097), "lircd_command_too_long", 6),
    ],
)
def test_refused_raw_codes(old: str, new: str, key: str, line: int) -> None:
    assert old in RAW
    assert refusal(RAW.replace(old, new)) == (key, line)


def test_raw_codes_are_a_protocol_without_a_flag() -> None:
    text = RAW.replace("  flags RAW_CODES\n", "").replace("end raw_codes", "end raw_codes\nflags RC5")
    assert refusal(text) == ("lircd_two_protocols", 9)


def unreadable(text: str) -> dict[str, dict[str, tuple[str, int | None]]]:
    """Return why commands of a file cannot be read."""
    return {
        name: {key: (error.key, error.line) for key, error in remote.unreadable.items()}
        for name, remote in parse_lircd(text).items()
    }


@pytest.mark.parametrize(
    ("line", "name", "key"),
    [
        ("L", "L", "lircd_no_value"),
        ("L five", "L", "lircd_no_number"),
        ("L 0x5 five", "L", "lircd_no_number"),
        ("L 0x10000000000000000", "L", "lircd_out_of_range"),
        ("L\x07\x07 ", "L", "lircd_no_value"),
        ("\x07 5", "–", "lircd_bad_name"),
        ("L" * 101 + " 5", "L" * 100 + "…", "lircd_bad_name"),
    ],
)
def test_a_damaged_key_is_named(line: str, name: str, key: str) -> None:
    """Cases 15 and 16 for a lircd.conf."""
    text = PLAIN.replace("K 0x5", f"K 0x5\n{line}\nM 0x6")
    (remote,) = parse_lircd(text).values()
    assert list(remote.commands) == ["K", "M"]
    assert as_raw(remote.commands["K"][0]).once == K
    assert unreadable(text) == {"R": {name: (key, 10)}}


@pytest.mark.parametrize("lines", ["L 0x\n5", "L 0x\nFF", "L 0\nx5", "L 0x5\n0x6", "L 0x1\n5", "L 0x1\nb"])
def test_a_line_of_digits_spoils_the_key_before(lines: str) -> None:
    text = PLAIN.replace("K 0x5", f"K 0x5\n{lines}\nM 0x6")
    assert list(parse_lircd(text)["R"].commands) == ["K", "M"]
    assert list(unreadable(text)["R"]) == ["L", lines.partition("\n")[2]]


def test_a_key_of_digits_spoils_no_other() -> None:
    text = PLAIN.replace("K 0x5", "5\nK 0x5\n1 0x6\nL")
    assert list(parse_lircd(text)["R"].commands) == ["K", "1"]
    assert list(unreadable(text)["R"]) == ["5", "L"]


@pytest.mark.parametrize(
    ("lines", "name", "key", "line"),
    [
        ("name L\n900 800", "L", "lircd_even_count", 9),
        ("name L\n900 8OO\n700 800 900", "L", "lircd_no_number", 10),
        ("name L 900 800\n700 800 900", "L", "lircd_joined", 9),
        ("name L 900\n800 700 800 900 700", "L", "lircd_joined", 9),
        ("name L\n900 0 700", "L", "lircd_out_of_range", 10),
        ("name\n900 800 700", "name", "lircd_no_value", 9),
        ("name \x07\n900 800 700", "–", "lircd_bad_name", 9),
        ("name L\n900 800 700\nmane X\n900 800 700 600", "L", "lircd_no_number", 11),
    ],
)
def test_a_damaged_raw_key_is_named(lines: str, name: str, key: str, line: int) -> None:
    text = RAW.replace("      700\n", f"      700\n{lines}\nname M\n500 600 700\n")
    (remote,) = parse_lircd(text).values()
    assert {name: as_raw(commands[0]).once for name, commands in remote.commands.items()} == {
        "K": (900, -800, 700, -40000),
        "M": (500, -600, 700, -40000),
    }
    assert unreadable(text) == {"R": {name: (key, line)}}


def test_the_first_of_two_keys_with_one_name_counts_even_if_it_is_damaged() -> None:
    text = PLAIN.replace("K 0x5", "L five\nK 0x5\nl 0x6")
    assert list(parse_lircd(text)["R"].commands) == ["K"]
    assert unreadable(text) == {"R": {"L": ("lircd_no_number", 9)}}


@pytest.mark.parametrize(
    ("old", "new", "key", "line"),
    [
        ("bits 4", "bits four", "lircd_no_number", 14),
        ("bits 4", "bit 4", "lircd_unknown_keyword", 14),
        ("bits 4", "bit 4\n one 5", "lircd_unknown_keyword", 14),
        ("bits 4", "flags SPACE", "lircd_unknown_flag", 14),
        ("bits 4\n", "bits 4 ", "lircd_joined", 14),
        ("ptrail 510\n", "ptrail 510 ", "lircd_joined", 17),
        ("zero 500 500\n", "zero 500 500 ", "lircd_joined", 16),
        ("bits 4", "eps 30 bits 4", "lircd_joined", 14),
        ("bits 4", "bits 4 flags SPACE_ENC|CONST_LENGTH", "lircd_joined", 14),
        ("bits 4", "bits 4\ntoggle_bit 5", "lircd_out_of_range", 15),
        ("bits 4", "flags XMP", "lircd_symbol_bits", 14),
    ],
)
def test_a_damaged_property_makes_its_remote_unreadable(old: str, new: str, key: str, line: int) -> None:
    if "XMP" in new:
        new += "\nbits 3"
    text = PLAIN + PLAIN.replace("name R", "name Q").replace("K 0x5", "K 0x5\nL five").replace(old, new)
    assert unreadable(text) == {"R": {}, "Q": {"K": (key, line), "L": (key, line)}}
    assert list(parse_lircd(text)["R"].commands) == ["K"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name R", "name R one of 4"),
        ("bits 4", "bits 4 # bits 5"),
        ("bits 4", "bits 4 #bits 5"),
        ("bits 4", "bits 4 header"),
        ("bits 4", "bits 4 or more"),
        ("bits 4", "bits 4 eps 30"),
        ("ptrail 510", "ptrail 510 500"),
    ],
)
def test_words_after_a_property_do_no_harm(old: str, new: str) -> None:
    assert once(PLAIN.replace(old, new)) == K


@pytest.mark.parametrize("words", ["1", "99", "of 4", "900 up", "# 900 800"])
def test_words_after_the_name_of_a_raw_key_do_no_harm(words: str) -> None:
    assert once(RAW.replace("name K", f"name K {words}")) == (900, -800, 700, -40000)


@pytest.mark.parametrize("boundary", ["begin remote", "begin codes", "end codes", "end remote"])
@pytest.mark.parametrize("words", ["now", "of remote 1", "# bits 5"])
def test_words_after_a_boundary_do_no_harm(boundary: str, words: str) -> None:
    assert once(PLAIN.replace(boundary, f"{boundary} {words}")) == K


def test_a_damaged_first_key_makes_a_remote_unreadable_whose_toggle_bits_depend_on_it() -> None:
    text = PLAIN.replace("bits 4", "bits 4\ntoggle_bit_mask 0xC").replace("K 0x5", "L five\nK 0x5")
    assert refusal(text) == ("lircd_no_number", 10)
    single = text.replace("0xC", "0x8")
    assert len(parse_lircd(single)["R"].commands["K"]) == 2
    assert unreadable(single) == {"R": {"L": ("lircd_no_number", 10)}}
    other = text.replace("L five\nK 0x5", "K 0x5\nL five")
    assert unreadable(other) == {"R": {"L": ("lircd_no_number", 11)}}


@pytest.mark.parametrize(
    ("old", "new", "key", "line"),
    [
        ("end codes", "end code", "lircd_misplaced", 22),
        ("begin codes", "begin code", "lircd_misplaced", 21),
        ("begin codes\n", "begin codes ", "lircd_joined", 19),
        ("end codes\n", "end codes ", "lircd_joined", 21),
        ("end codes", "end codes gap 50000", "lircd_joined", 21),
        ("begin remote\n  name R\n", "name R\nbegin remote ", "lircd_joined", 13),
    ],
)
def test_a_file_with_a_damaged_structure_is_refused(old: str, new: str, key: str, line: int) -> None:
    with pytest.raises(CodeError) as error:
        parse_lircd(PLAIN.replace("name R", "name Q") + PLAIN.replace(old, new))
    assert (error.value.key, error.value.line) == (key, line)


@pytest.mark.parametrize(
    ("old", "new", "key", "line"),
    [
        ("name R", "nam R", "lircd_unknown_keyword", 13),
        ("name R", "name", "lircd_no_value", 13),
        ("name R", "name \x07", "lircd_bad_name", 13),
        ("name R", "name " + "R" * 101, "lircd_bad_name", 13),
        ("name R\n", "\n", "lircd_no_name", 12),
    ],
)
def test_a_bad_name_spoils_its_remote_only(old: str, new: str, key: str, line: int) -> None:
    assert old in PLAIN
    good, bad = PLAIN.replace("name R", "name Q"), PLAIN.replace(old, new)
    text = good + bad + bad
    assert unreadable(text) == {"Q": {}, "remote 12": {"K": (key, line)}, "remote 23": {"K": (key, line + 11)}}
    assert list(parse_lircd(text)["Q"].commands) == ["K"]
    assert refusal(bad) == (key, line - 11)


def test_a_damaged_remote_without_keys_is_named() -> None:
    bad = PLAIN.replace("    K 0x5\n", "").replace("bits 4", "bit 4")
    # Another remote with its name is still read
    assert unreadable(PLAIN + bad) == {"R": {}, "R 12": {"–": ("lircd_unknown_keyword", 14)}}
    assert list(parse_lircd(PLAIN + bad)["R"].commands) == ["K"]
    assert refusal(bad) == ("lircd_unknown_keyword", 3)


def test_scancodes_are_refused_with_the_remote() -> None:
    with pytest.raises(CodeError) as error:
        parse_lircd(PLAIN.replace("one 500 1500", "one 0 0").replace("zero 500 500", "zero 0 0"))
    assert (error.value.key, error.value.line, error.value.placeholders) == ("lircd_scancodes", 4, {"remote": "R"})


def test_an_error_shows_little_of_the_file() -> None:
    with pytest.raises(CodeError) as error:
        parse_lircd(PLAIN.replace("bits 4", "\x1b[31m" + "x" * 1000))
    assert error.value.placeholders == {"word": " [31m" + "x" * 35 + "…"}


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal("#" * ((1 << 20) + 1)) == ("lircd_too_large", None)
    assert refusal(PLAIN * 201) == ("lircd_too_many_remotes", 2201)
    keys = "\n".join(f"K{number} 5" for number in range(5001))
    assert refusal(PLAIN.replace("K 0x5", keys)) == ("lircd_too_many_commands", 5009)
    monkeypatch.setattr(lircd, "MAX_FILE_TIMINGS", 79)
    assert refusal(PLAIN.replace("K 0x5", "A 1\nB 2\nC 3\nD 4")) == ("lircd_file_too_long", 12)


def test_unprintable_characters_in_names() -> None:
    text = "begin remote\nname R\x99\nbits 8\none 1 2\nzero 1 1\nbegin codes\nFFWD_\x99 1\nend codes\nend remote"
    assert {name: list(commands) for name, commands in strict_all(parse_lircd(text)).items()} == {"R": ["FFWD_"]}


def test_remotes_that_lircd_cannot_send_beside_others() -> None:
    remote = (
        "begin remote\nname {}\nbits 8\none 500 {}\nzero 500 500\nptrail 500\nbegin codes\nK 1\nend codes\nend remote\n"
    )
    bad = remote.format("Scancodes", 0).replace("one 500", "one 0")
    remotes = parse_lircd(bad + remote.format("TV", 1500))
    assert [(name, *found.commands) for name, found in remotes.items()] == [("Scancodes",), ("TV", "K")]
    error = remotes["Scancodes"].unreadable["K"]
    assert (error.key, error.line, error.placeholders) == ("lircd_scancodes", 4, {"remote": "Scancodes"})
    with pytest.raises(CodeError) as refused:
        parse_lircd(bad + bad)
    assert (refused.value.key, refused.value.line) == ("lircd_scancodes", 4)
