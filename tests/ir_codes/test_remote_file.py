"""Tests of what files say about a remote control."""

import pytest

from custom_components.anavi_weather.ir_codes.remote_file import Names, clean_name


def test_repeated_names_get_numbers() -> None:
    names = Names()
    given = ["Up", "Up", "Up 3", "Up", "Up", "Down"]
    assert [names.distinct(name) for name in given] == ["Up", "Up 2", "Up 3", "Up 4", "Up 5", "Down"]
    assert names.count == 6


@pytest.mark.parametrize(
    ("text", "name"),
    [(" Vol \t +\n", "Vol +"), ("\x00\u202eA\u200b", "A"), ("A" * 99 + " B", "A" * 99), ("\x00", "")],
)
def test_clean_names(text: str, name: str) -> None:
    assert clean_name(text) == name
