"""Tests of all text forms together."""

from pathlib import Path
import subprocess
import sys

from hypothesis import HealthCheck, given, settings, strategies as st
from infrared_protocols.commands.nec import NECCommand
from infrared_protocols.commands.rc5 import RC5Command
from infrared_protocols.commands.samsung import Samsung32Command
from infrared_protocols.commands.sony import SonyCommand
import pytest

from custom_components.anavi_weather.ir_codes import CodeError, RawCommand, as_raw, in_turn, parse, to_pronto, to_text
from tests.quick import examples

from .helpers import NAMED, NOT_DECODED, PARTS, TEXTS, refused, same

NEC_FRAME = NECCommand(address=4, command=8).get_raw_timings()


@pytest.mark.parametrize(
    "text",
    [
        "nec:0x04,0x08",
        "NEC: 4, 010",
        "nec:address=4,command=8",
        "nec:4,command=0x8",
        " nec:0x4,0x8 ",
        "nec:0x4,8,none",
        "900A 006D 0000 0001 04FB 08F7",
    ],
)
def test_one_command_in_many_forms(text: str) -> None:
    command = parse(text)
    assert isinstance(command, NECCommand)
    assert command.get_raw_timings() == NEC_FRAME
    assert to_text(command) == "nec:0x04,0x08"


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("+9000 -4500 +560", "raw:38000:9000,-4500,560,-40000"),
        ("9000,-4500,560", "raw:38000:9000,-4500,560,-40000"),
        ("[9000, -4500, 560]", "raw:38000:9000,-4500,560,-40000"),
        ("[9000, 4500, 560, 1000]", "raw:38000:9000,-4500,560,-1000"),
        ("-100000 9000 -4500 560", "raw:38000:9000,-4500,560,-40000"),
        ("pulse 9000\nspace 4500 # header\npulse 560\ntimeout 65000\n", "raw:38000:9000,-4500,560,-65000"),
        ("raw:36000:9000,-4500,560", "raw:36000:9000,-4500,560,-40000"),
        ("raw:0,duty_cycle=33,repeat_count=2:/100,-200", "raw:0,duty_cycle=33,repeat_count=2:/100,-200"),
        ("RAW: 40000 , repeat_count = 1 : 100,-200/300", "raw:40000,repeat_count=1:100,-200/300,-40000"),
        ("raw:100,-200", "raw:38000:100,-200"),
        ("raw:carrier=36000:100,-200", "raw:36000:100,-200"),
        ("raw:duty_cycle=33:100,-200", "raw:38000,duty_cycle=33:100,-200"),
        ("0000 006D 0001 0001 0156 00AC 0016 0E6C", "raw:38029:8993,-4523/579,-97084"),
        ("b64:JgAIAAABIZIUAA0F", "raw:38000:9490,-4794,657,-109445"),
    ],
)
def test_forms_of_timings(text: str, raw: str) -> None:
    assert to_text(parse(text)) == raw


@pytest.mark.parametrize(
    "text",
    [
        "raw:10000:1,-1",
        "raw:500000:1,-1",
        "raw:38000,duty_cycle=1:1,-1",
        "raw:38000,duty_cycle=99:1,-1",
        "raw:38000,repeat_count=100:1,-1",
        "raw:38000:500000,-5000000",
        "raw:38000:1,-4999999,1,-4999999",
        "raw:38000,repeat_count=100:/1000,-99000",
        "raw:38000:" + "1,-1," * 2047 + "1,-1",
    ],
    ids=lambda text: text[:40],
)
def test_limits_are_accepted(text: str) -> None:
    assert to_text(parse(text)) == text


@pytest.mark.end_to_end
def test_home_assistant_is_not_imported() -> None:
    package = Path(__file__).parents[2] / "custom_components" / "anavi_weather"
    check = "import ir_codes, ir_codes.files, ir_codes.capture, sys; assert 'homeassistant' not in sys.modules"
    subprocess.run([sys.executable, "-c", f"import sys; sys.path.append({str(package)!r}); {check}"], check=True)


@pytest.mark.parametrize("text", [*NAMED, *NOT_DECODED])
def test_named_round_trip(text: str) -> None:
    command = parse(text)
    assert to_text(command) == text
    assert same(parse(to_text(command)), command)


@given(TEXTS, st.integers(0, 5))
def test_any_named_round_trip(text: str, repeat_count: int) -> None:
    held = [] if text.startswith(("proton", "geac")) else [f"{text},repeat_count={repeat_count}"]
    for full in (text, *held):
        command = parse(full)
        assert same(parse(to_text(command)), command)
        sent = command.get_raw_timings()
        assert as_raw(command).get_raw_timings() == (sent if sent[-1] > 0 else sent[:-1])


@given(
    st.one_of(st.just(()), PARTS), PARTS, st.sampled_from([0, 30_000, 36_000, 38_000, 455_000]), st.integers(1, 99),
    st.integers(0, 2), st.booleans(),
)  # fmt: skip
@settings(deadline=None)
def test_raw_round_trip(
    once: tuple[int, ...], repeat: tuple[int, ...], carrier: int, duty_cycle: int, repeat_count: int, swapped: bool
) -> None:
    if swapped:
        once, repeat = repeat, once
    command = RawCommand(once, repeat, modulation=carrier, duty_cycle=duty_cycle, repeat_count=repeat_count)
    assert same(parse(to_text(command)), command)


def test_command_of_an_unknown_class_becomes_raw() -> None:
    command = SonyCommand(address=1, address_bits=5, command=21)
    again = parse(to_text(command))
    assert isinstance(again, RawCommand)
    assert again.get_raw_timings() == command.get_raw_timings()[:-1]
    assert again.modulation == command.modulation


def test_frames_of_a_held_key_become_the_repeat_part() -> None:
    nec = as_raw(NECCommand(address=4, command=8, repeat_count=2))
    assert (len(nec.once), nec.repeat, nec.repeat_count) == (68, (9000, -2250, 562, -96000), 2)
    assert nec.get_raw_timings() == NECCommand(address=4, command=8, repeat_count=2).get_raw_timings()
    samsung = as_raw(Samsung32Command(address=7, command=2))
    assert (samsung.once, len(samsung.repeat), sum(map(abs, samsung.repeat))) == ((), 68, 108_000)
    assert len(as_raw(parse("geac:2,3")).repeat) == 0
    copied = as_raw(RawCommand((1, -2), (3, -4)))
    assert (copied.once, copied.repeat) == ((1, -2), (3, -4))


def test_toggle_in_turn() -> None:
    one, other = in_turn(RC5Command(address=1, command=2))
    assert (to_text(one), to_text(other)) == ("rc5:0x01,0x02", "rc5:0x01,0x02,0x01")
    assert in_turn(one := parse("nec:1,2")) == (one,)


def test_conversion_to_pronto() -> None:
    assert to_pronto(parse("raw:38000:9000,-4500,560,-40000/9000,-2250,560,-96000")) == (
        "0000 006D 0002 0002 0156 00AB 0015 05F1 0156 0056 0015 0E43"
    )
    assert to_pronto(parse("nec:4,8"))[:24] == "0000 006D 0022 0002 0156"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("x" * 70_000, "text_too_long"),
        ("hello", "form_unknown"),
        ("9000 4500 x", "number_invalid"),
        ("9000 -4500 0", "zero_duration"),
        ("9000 4500 -560", "not_alternating"),
        ("-9000", "empty"),
        ("raw:", "number_invalid"),
        ("raw:38000:/", "number_invalid"),
        ("raw:600000:1,-1", "carrier_out_of_range"),
        ("raw:9999:1,-1", "carrier_out_of_range"),
        ("raw:38000,duty_cycle=0:1,-1", "duty_cycle_out_of_range"),
        ("raw:38000,duty_cycle=100:1,-1", "duty_cycle_out_of_range"),
        ("raw:38000,repeat_count=101:1,-1", "repeat_count_out_of_range"),
        ("raw:38000,x=1:1,-1", "option_invalid"),
        ("raw:38000,duty_cycle=1,duty_cycle=1:1,-1", "option_invalid"),
        ("raw:x:1,-1", "option_invalid"),
        ("500001", "pulse_too_long"),
        ("1 -5000001", "pause_too_long"),
        ("raw:" + ",".join(["1,-4000000"] * 3), "too_long"),
        ("raw:38000,repeat_count=100:/1000,-200000", "too_long"),
        ("1 1 " * 2049, "too_many_timings"),
        ("b64:", "broadlink_length"),
        ("b64:*", "base64_invalid"),
        ("pronto:00", "pronto_word"),
        ("nec:1", "field_missing"),
    ],
)
def test_refused(text: str, key: str) -> None:
    assert refused(parse, text) == key


@given(
    st.one_of(
        st.text(),
        st.text("0123456789abcdefABCDEFx:,;=/+- \n[]#rwnetioshpul"),
        st.builds(str.__add__, st.sampled_from(["raw:", "b64:", "pronto:", "nec:", "gree_ac:", "0000 "]), st.text()),
        st.lists(st.sampled_from(["0000", "0100", "006D", "0001", "FFFF", "5001"]), max_size=30).map(" ".join),
        st.lists(st.integers(-600_000, 600_000), max_size=50).map(lambda values: " ".join(map(str, values))),
    )
)
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=examples(400))
def test_any_text_is_a_command_or_refused(text: str) -> None:
    try:
        command = parse(text)
    except CodeError as error:
        shown = error.placeholders
    else:
        shown = {}
        assert same(parse(to_text(command)), command)
        assert all(command.get_raw_timings())
    assert all(isinstance(value, str) and len(value) < 250 for value in shown.values())
