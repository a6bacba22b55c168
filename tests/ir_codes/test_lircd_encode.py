"""Tests of the timings of a key, compared with those that lircd sent."""

from copy import copy
import json
from pathlib import Path
from typing import Any

import pytest

from custom_components.anavi_weather.ir_codes import parse, to_text
from custom_components.anavi_weather.ir_codes.lircd import parse_lircd

from .helpers import strict_all
from .test_lircd_parser import PLAIN, RAW, K, only, refusal

# Measured on lircd 0.10.1
MEASURED = json.loads((Path(__file__).parent / "lircd_measured.json").read_text())["cases"]


@pytest.mark.parametrize("case", MEASURED, ids=[case["name"] for case in MEASURED])
def test_same_as_lircd(case: dict[str, Any]) -> None:
    ((_, commands),) = strict_all(parse_lircd(case["conf"])).items()
    by_name = {name.lower(): command for name, command in commands.items()}
    for press, measured in enumerate(case["presses"]):
        presses = by_name[measured["key"].lower()]
        command = copy(presses[press % len(presses)])
        timings = [int(duration) for duration in measured["timings"].split()]
        command.repeat_count = measured["repeats"]
        assert command.get_raw_timings() == timings[:-1]
        if not measured["repeats"]:
            assert command.once == tuple(timings)


def test_every_part_ends_with_a_pause() -> None:
    for case in MEASURED:
        for presses in only(case["conf"]).values():
            for command in presses:
                for part in (command.once, command.repeat):
                    assert len(part) % 2 == 0
                    assert all((duration > 0) == (place % 2 == 0) for place, duration in enumerate(part))


def test_toggle_mask_inverts_every_second_frame() -> None:
    (command,) = only(PLAIN.replace("bits 4", "toggle_mask 0x3\n bits 4"))["K"]
    assert command.once == command.other != command.repeat
    command.repeat_count = 3
    expected = [*command.once, *command.repeat, *command.once, *command.repeat]
    assert command.get_raw_timings() == expected[:-1]
    assert parse(to_text(command)).get_raw_timings() == expected[:-1]


def test_toggle_bit_without_effect() -> None:
    assert len(only(PLAIN.replace("bits 4", "toggle_bit_mask 0x10\n bits 4"))["K"]) == 1
    assert len(only(PLAIN.replace("bits 4", "toggle_bit_mask 0x10\n bits 5"))["K"]) == 2
    assert len(only(PLAIN.replace("bits 4", "toggle_mask 0x10\n bits 4"))["K"]) == 1
    assert len(only(RAW.replace("gap", "toggle_bit_mask 0x1\ntoggle_mask 1\n gap"))["K"]) == 1


def test_more_bits_than_a_mask_of_lircd() -> None:
    parts = "pre_data_bits 64\npre_data 0xFFFFFFFFFFFFFFFF\npost_data_bits 64\ntoggle_bit 1\nbits 64"
    first, second = only(PLAIN.replace("bits 4", parts))["K"]
    assert first.once[:4] == (500, -1500, 500, -1500)
    assert second.once[:4] == (500, -500, 500, -1500)
    assert first.once[4:] == second.once[4:]


# Unusual frames, as lircd 0.10.1 sends them


def test_space_before_a_frame_lengthens_the_pause() -> None:
    text = PLAIN.replace("bits 4", "flags SPACE_FIRST\nmin_repeat 1\nbits 4").replace("40000", "5000")
    (command,) = only(text.replace("ptrail 510", "").replace("bits 4", "bits 1"))["K"]
    assert command.once == (500, -6500, 500, -5000)


def test_bits_without_a_space_or_a_pulse() -> None:
    (command,) = only(PLAIN.replace("one 500 1500", "one 0 400").replace("zero 500 500", "zero 400 0"))["K"]
    assert command.once == (400, -400, 400, -400, 510, -40000)


@pytest.mark.parametrize("pair", ["0 4500", "9000 0"])
@pytest.mark.parametrize("name", ["header", "foot"])
def test_incomplete_pair_is_ignored(name: str, pair: str) -> None:
    assert only(PLAIN.replace("bits 4", f"{name} {pair}\nbits 4"))["K"][0].once == K


def test_incomplete_pair_within_a_frame_is_ignored() -> None:
    data = "pre_data_bits 4\npre_data 0\npost_data_bits 4\npost_data 0"
    for pairs in ("pre 0 4500", "pre 4500 0", "post 0 4500", "post 4500 0"):
        (command,) = only(PLAIN.replace("bits 4", f"{data}\n{pairs}\nbits 4"))["K"]
        assert command.once == (*(500, -500) * 4, *K[:8], *(500, -500) * 4, *K[8:])


def test_repeat_mask_changes_only_bits_of_the_code() -> None:
    text = PLAIN.replace("bits 4", "pre_data_bits 4\npre_data 0\nrepeat_mask 0x11\nbits 4")
    (command,) = only(text)["K"]
    assert command.once == (*(500, -500) * 4, *K)
    assert command.repeat == (*(500, -500) * 4, *K[:7], -500, *K[8:])


def test_space_at_the_end_of_a_frame_joins_the_pause() -> None:
    (command,) = only(PLAIN.replace("ptrail 510", ""))["K"]
    assert command.once == command.repeat == (*K[:7], -40000)


def test_excess_bits_of_a_code_are_not_sent() -> None:
    (command,) = only(PLAIN.replace("bits 4", "pre_data_bits 4\npre_data 0\nbits 4").replace("0x5", "0x15"))["K"]
    assert command.once == (*(500, -500) * 4, *K)


def test_repeat_of_several_joined_codes() -> None:
    text = PLAIN.replace("bits 4", "min_repeat 1\nbits 4").replace("40000", "5000").replace("0x5", "0x5 0x6")
    (command,) = only(text)["K"]
    # One repeat is due, and lircd sends one more of several codes in any case
    assert command.once == command.repeat * 3


def test_ditto_of_raw_codes() -> None:
    (command,) = only(RAW.replace("gap", "repeat 9000 2250\nptrail 500\ngap"))["K"]
    assert (command.once, command.repeat) == ((900, -800, 700, -40000), (9000, -2250, 500, -40000))


def test_endlessly_joined_xmp_codes_are_refused() -> None:
    text = PLAIN.replace("gap 40000", "flags XMP\ngap 4000")
    assert refusal(text.replace("0x5", "0x5 0x6")) == ("lircd_command_too_long", 10)
    assert len(only(text)["K"][0].once) == 4
