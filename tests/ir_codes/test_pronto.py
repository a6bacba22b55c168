"""Tests of Pronto hex."""

from hypothesis import given, settings, strategies as st
from infrared_protocols.commands.marantz_extended import MarantzExtendedCommand
from infrared_protocols.commands.nec import NECCommand
from infrared_protocols.commands.pronto import ProntoCommand
from infrared_protocols.commands.rc5 import RC5Command
from infrared_protocols.commands.rc6 import RC6Command
import pytest

from custom_components.anavi_weather.ir_codes import CodeError, RawCommand, parse, to_pronto
from custom_components.anavi_weather.ir_codes.pronto import parse_pronto

from .helpers import PARTS, refused, same

# NEC, address 4, command 8 (LG), with its ditto, as IrScrutinizer writes it
NEC = (
    "0000 006D 0022 0002 0157 00AC 0016 0016 0016 0016 0016 0041 0016 0016 0016 0016 0016 0016 0016 0016 0016 0016 "
    "0016 0041 0016 0041 0016 0016 0016 0041 0016 0041 0016 0041 0016 0041 0016 0041 0016 0016 0016 0016 0016 0016 "
    "0016 0041 0016 0016 0016 0016 0016 0016 0016 0016 0016 0041 0016 0041 0016 0041 0016 0016 0016 0041 0016 0041 "
    "0016 0041 0016 0041 0016 05F7 0157 0056 0016 0E6C"
)


def test_learned() -> None:
    command = parse_pronto(NEC)
    assert isinstance(command, RawCommand)
    assert (command.modulation, len(command.once), command.repeat) == (38029, 68, (9019, -2261, 579, -97084))
    assert command.get_raw_timings()[-1] == 579
    assert same(parse_pronto(NEC.replace(" ", "").lower()), command)
    assert same(parse_pronto(NEC.replace(" ", "\n", 3)), command)
    assert same(parse("pronto: " + NEC), command)
    assert to_pronto(command) == NEC
    # infrared_protocols cuts pauses off at 65 ms
    theirs = ProntoCommand.from_pronto_hex(NEC, repeat_count=1).get_raw_timings()
    ours = [*command.once, *command.repeat]
    assert all(abs(one - other) <= 1 or other == -65535 for one, other in zip(ours, theirs, strict=True))


def test_the_gap_that_esphome_adds() -> None:
    """ESPHome's issue 6147: its dumps had a word too many."""
    once = NEC[:-20].replace("0022 0002", "0022 0000")
    expected = parse_pronto(once)
    assert same(parse_pronto(f"{once} 06C3"), expected)
    assert same(parse(f"{once} 06C3 "), expected)
    for wrong in (f"{once} 06C4", f"{once} 06C3 06C3", f"{once} 06C3 0016", once[:-5]):
        assert refused(parse_pronto, wrong) == "pronto_length"


def test_only_a_repeat_part() -> None:
    command = parse_pronto("0000 0068 0000 0002 0060 0018 0030 0400")
    assert isinstance(command, RawCommand)
    assert command.once == ()
    assert command.get_raw_timings() == list(command.repeat[:-1])
    assert to_pronto(command) == "0000 0068 0000 0002 0060 0018 0030 0400"


def test_unmodulated() -> None:
    command = parse_pronto("0100 006D 0001 0000 0010 0100")
    assert isinstance(command, RawCommand)
    assert (command.modulation, command.once) == (0, (421, -6732))
    assert to_pronto(RawCommand((100, -200), modulation=0)) == "0100 000A 0001 0000 0029 0053"
    # A coarser unit if a duration exceeds the finest one's words
    long = to_pronto(RawCommand((400_000, -1_000_000, 100, -100), modulation=0))
    assert long.startswith("0100 0040 0002 0000")
    again = parse_pronto(long)
    assert isinstance(again, RawCommand)
    assert all(abs(one - other) <= 8 for one, other in zip(again.once, (400_000, -1_000_000, 100, -100), strict=True))


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("5000 0073 0000 0001 0000 000C", RC5Command(address=0, command=12)),
        ("5000 0000 0001 0000 001F 007F", RC5Command(address=31, command=127)),
        ("5001 0073 0000 0002 0010 0001 0002 0000", MarantzExtendedCommand(address=16, command=1, extension=2)),
        ("6000 0073 0000 0001 0004 000C", RC6Command(address=4, command=12)),
        ("900A 006C 0000 0001 04FB 08F7", NECCommand(address=4, command=8)),
        ("900A 006C 0000 0001 0408 12ED", NECCommand(address=0x0804, command=0x12)),
        ("900A 006C 0000 0001 0400 12ED", NECCommand(address=0x0004, command=0x12, subfunction=0xED)),
    ],
)
def test_predefined(text: str, command: NECCommand) -> None:
    assert same(parse(text), command)
    assert same(parse(text.replace(" ", "")), command)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("0000 006D 0001", "pronto_length"),
        ("0000 006D 0000 0000", "empty"),
        ("0000 006D 0002 0000 0156 00AC", "pronto_length"),
        ("0000 006D 0001 0000 0156 00AC 0016", "pronto_length"),
        ("0000 0000 0001 0000 0156 00AC", "pronto_frequency"),
        ("0100 0000 0001 0000 0156 00AC", "pronto_frequency"),
        ("0000 0001 0001 0000 0156 00AC", "carrier_out_of_range"),
        ("0000 006D 0001 0000 0000 00AC", "zero_duration"),
        ("0000 006D 0001 0000 FFFF 00AC", "pulse_too_long"),
        ("0000 006D 0001 0000 0156 0AC", "pronto_word"),
        ("0000 006D 0001 0000 0156 00AG", "pronto_word"),
        ("7000 0073 0000 0001 0000 000C", "pronto_type"),
        ("0200 006D 0001 0000 0156 00AC", "pronto_type"),
        ("5000 0073 0000 0002 0000 000C 0000 0000", "pronto_length"),
        ("5001 0073 0000 0001 0000 000C", "pronto_length"),
        ("5000 0073 0000 0001 0020 000C", "value_refused"),
        ("6000 0073 0000 0001 0100 000C", "value_refused"),
        ("900A 006C 0000 0001 04FB 08F8", "pronto_checksum"),
    ],
)
def test_refused(text: str, key: str) -> None:
    assert refused(parse_pronto, text) == key


def test_commands_that_pronto_cannot_express() -> None:
    assert refused(to_pronto, RawCommand((100, -2_000_000, 100, -100))) == "pause_too_long"
    # The length of the pause at the end does not matter
    assert to_pronto(RawCommand((100, -5_000_000))).endswith(" FFFF")


@given(st.one_of(st.just(()), PARTS), PARTS, st.sampled_from([0, 30_000, 36_000, 38_000, 56_000]))
@settings(deadline=None)
def test_round_trip(once: tuple[int, ...], repeat: tuple[int, ...], carrier: int) -> None:
    command = RawCommand(once, repeat, modulation=carrier)
    try:
        text = to_pronto(command)
    except CodeError:
        assert max(map(abs, (*once[:-1], *repeat[:-1]))) * carrier > 0xFFFF
        return
    again = parse_pronto(text)
    assert isinstance(again, RawCommand)
    period = 1e6 / carrier if carrier else int(text[5:9], 16) * 0.241246
    for one, other in zip((*once, *repeat), (*again.once, *again.repeat), strict=True):
        # Precise to half a period of the carrier, whose frequency is rounded too
        assert abs(one - other) <= period * 0.51 + abs(one) * 0.005 or abs(other) == round(period)
    assert to_pronto(again) == text
