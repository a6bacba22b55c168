"""Tests that any text yields commands or a CodeError, quickly and with little memory."""

import contextlib
from pathlib import Path
import time
import tracemalloc

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.anavi_weather.ir_codes.command import CodeError
from custom_components.anavi_weather.ir_codes.lircd import parse_lircd
from custom_components.anavi_weather.ir_codes.lircd_parser import MAX_LIRCD_LENGTH
from tests.quick import examples

from .helpers import strict_all
from .test_lircd_encode import MEASURED
from .test_lircd_parser import PLAIN, RAW

REMOTES = sorted((Path(__file__).parent / "remotes").iterdir())
SEEDS = [path.read_text() for path in REMOTES] + [case["conf"] for case in MEASURED]
WORDS = (
    "begin", "end", "remote", "codes", "raw_codes", "name", "bits", "flags", "gap", "header", "one", "zero",
    "include", "#", ";", "|", "-1", "0", "08", "0x", "1e5", "64", "65", "0xFFFFFFFFFFFFFFFF", "10000000",
    "99999999999999999999", "600", "RC5", "RC6", "RCMM", "XMP", "SPACE_FIRST", "RAW_CODES|CONST_LENGTH",
    "REVERSE", "toggle_bit", "toggle_bit_mask", "toggle_mask", "rc6_mask", "repeat_mask", "min_repeat",
    "repeat", "plead", "pre_data_bits", "frequency", "é", "\x00", "\ud800",
)  # fmt: skip

SETTINGS = settings(max_examples=examples(300), deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """Draw a file with some lines and words deleted, duplicated, moved or replaced."""
    lines = draw(st.sampled_from(SEEDS)).split("\n")
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(lines) - 1))
        words = lines[place].split() or [""]
        word = draw(st.integers(0, len(words) - 1))
        change = draw(st.integers(0, 6))
        if change == 0 and len(lines) > 1:
            del lines[place]
        elif change == 1:
            lines.insert(place, lines[draw(st.integers(0, len(lines) - 1))])
        elif change == 2:
            words[word] = draw(st.sampled_from(WORDS))
        elif change == 3:
            words.insert(word, draw(st.sampled_from(WORDS)))
        elif change == 4:
            del words[word]
        elif change == 5:
            words[word] += draw(st.text(max_size=3))
        else:
            words = [*words, *words]
        if change in {2, 3, 4, 5, 6}:
            lines[place] = " ".join(words)
    return "\n".join(lines)


def check(text: str) -> None:
    """Parse a text and check that its commands are complete."""
    try:
        remotes = strict_all(parse_lircd(text))
    except CodeError:
        return
    assert remotes
    for commands in remotes.values():
        assert commands
        for presses in commands.values():
            assert len(presses) in {1, 2}
            for command in presses:
                for part in (command.once, command.repeat):
                    assert part and len(part) % 2 == 0
                    assert all((duration > 0) == (place % 2 == 0) for place, duration in enumerate(part))


@SETTINGS
@given(mutated())
def test_damaged_files(text: str) -> None:
    check(text)


@SETTINGS
@given(st.text())
def test_any_text(text: str) -> None:
    check(text)
    check(PLAIN.replace("bits 4", text))
    check(RAW.replace("700", text))


def filled(text: str, old: str, new: str) -> str:
    """Return a text filled up to the limit with numbered copies of a portion."""
    count = (MAX_LIRCD_LENGTH - len(text)) // (len(new) + 4)
    return text.replace(old, "".join(new.replace("%", f"{number % 5000}") for number in range(count)))[
        :MAX_LIRCD_LENGTH
    ]


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "text",
    [
        "\n" * MAX_LIRCD_LENGTH,
        "begin remote\n" * (MAX_LIRCD_LENGTH // 13),
        "x " * (MAX_LIRCD_LENGTH // 2),
        "#" * MAX_LIRCD_LENGTH,
        "flags " + "|" * (MAX_LIRCD_LENGTH - 6),
        "begin remote\nflags " + "RC5|" * ((MAX_LIRCD_LENGTH - 20) // 4),
        "begin remote\nbits " + "9" * (MAX_LIRCD_LENGTH - 20),
        PLAIN.replace("K 0x5", "K" + " 5" * (MAX_LIRCD_LENGTH // 2 - 200)),
        RAW.replace("700", "700 " * (MAX_LIRCD_LENGTH // 4 - 100)),
        filled(RAW, "    name K\n      900 800\n      700\n", "name K%\n1\n"),
        filled(PLAIN, "    K 0x5\n", "K% 5\n"),
        filled(PLAIN, "    K 0x5\n", "K% 5 6\n").replace("40000", "5000"),
        # The most timings that 5,000 commands can have
        PLAIN.replace("    K 0x5\n", "".join(f"K{number} {number}\n" for number in range(5000))).replace(
            "bits 4",
            "bits 64\npre_data_bits 64\npost_data_bits 64\ntoggle_bit_mask 0x3\ntoggle_mask 0x55\nmin_repeat 20",
        ),
        PLAIN.replace("    K 0x5\n", "".join(f"K{number} {number}\n" for number in range(5000))).replace(
            "bits 4", "bits 12\nmin_repeat 4\ntoggle_bit 1"
        ),
        RAW.replace("    name K\n", "".join(f"name K{number}\n{'1 ' * 199}\n" for number in range(1000)) + "name K\n"),
    ],
    ids=range(15),
)
def test_worst_files_are_quick_and_small(text: str) -> None:
    tracemalloc.start(1)
    try:
        began = time.process_time()
        with contextlib.suppress(CodeError):
            parse_lircd(text[:MAX_LIRCD_LENGTH])
        assert time.process_time() - began < 10  # usually a tenth, but tracing is slow
        assert tracemalloc.get_traced_memory()[1] < 150 << 20
    finally:
        tracemalloc.stop()
