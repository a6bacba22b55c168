"""Tests of the texts of servers."""

import pytest

from custom_components.anavi_weather.user_station.text import MAX_LENGTH, escape_markdown, one_line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        ("as it is", "as it is"),
        (" two\r\n\tlines ", "two lines"),
        ("hidden\u202e\x1b[31m\0", "hidden [31m"),
        ("x" * MAX_LENGTH, "x" * MAX_LENGTH),
        ("x" * (MAX_LENGTH + 1), "x" * (MAX_LENGTH - 1) + "…"),
        ("x" + " " * 3_800_000 + "y", "x…"),
    ],
)
def test_a_text_becomes_one_line(text: str, line: str) -> None:
    assert one_line(text) == line


def test_markdown_is_escaped() -> None:
    assert escape_markdown("![a](b) <i>c_d</i>") == r"\!\[a\]\(b\) \<i\>c\_d\<\/i\>"
    assert escape_markdown("https://e.org") == r"https\:\/\/e\.org"
    assert escape_markdown("palavras não mudam 12") == "palavras não mudam 12"
