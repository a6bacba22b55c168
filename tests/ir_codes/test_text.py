"""Tests of the helpers for untrusted text."""

import pytest

from custom_components.anavi_weather.ir_codes.text import c_integer, excerpt


def test_excerpt() -> None:
    assert excerpt("a\nb") == "a b"
    assert excerpt("x" * 40) == "x" * 40
    assert excerpt("x" * 41) == "x" * 40 + "…"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("31", 31),
        ("0x1F", 31),
        ("0X1f", 31),
        ("037", 31),
        ("00", 0),
        ("9" * 32, int("9" * 32)),
        ("0x" + "f" * 32, (1 << 128) - 1),
        ("0" * 33, 0),
    ],
)
def test_integer_as_in_c(text: str, number: int) -> None:
    assert c_integer(text) == number


@pytest.mark.parametrize(
    "text",
    ["", " 1", "1 ", "+1", "-1", "08", "0x", "0xg", "1_0", "1e5", "٤", "ſ", "9" * 33, "0x" + "f" * 33, "0" * 34],
)
def test_text_that_is_not_an_integer(text: str) -> None:
    assert c_integer(text) is None
