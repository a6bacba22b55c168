"""Tests of commands made of timings."""

import pytest

from custom_components.anavi_weather.ir_codes import CodeError, RawCommand, parse
from custom_components.anavi_weather.ir_codes.command import duty_cycle_of

SECOND = (500_000, -500_000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("raw:38000,duty_cycle=33:100,-200", 33), ("raw:100,-200", 50), ("sony:1,2", 50), ("nec:1,2", 50)],
)
def test_duty_cycle_of_every_kind_of_command(text: str, expected: int) -> None:
    assert duty_cycle_of(parse(text)) == expected


def test_repeats_in_turn() -> None:
    command = RawCommand((1, -2), (3, -4), (5, -6), repeat_count=3)
    assert command.get_raw_timings() == [1, -2, 3, -4, 5, -6, 3]
    assert RawCommand((), (3, -4), repeat_count=1).get_raw_timings() == [3, -4, 3]


def test_longest_command() -> None:
    assert RawCommand(SECOND, SECOND, repeat_count=9).repeat_count == 9
    assert RawCommand(SECOND * 10, SECOND).once == SECOND * 10


@pytest.mark.parametrize(
    ("parts", "carrier", "repeat_count", "key"),
    [
        ((SECOND, SECOND), 38_000, 10, "too_long"),
        ((SECOND, (1, -1), SECOND), 38_000, 10, "too_long"),
        ((SECOND * 11,), 38_000, 0, "too_long"),
        ((SECOND,), 9_999, 0, "carrier_out_of_range"),
        ((SECOND,), 500_001, 0, "carrier_out_of_range"),
        ((SECOND,), 38_000, 101, "repeat_count_out_of_range"),
        ((SECOND,), 38_000, -1, "repeat_count_out_of_range"),
    ],
)
def test_refused(parts: tuple[tuple[int, ...], ...], carrier: int, repeat_count: int, key: str) -> None:
    with pytest.raises(CodeError) as error:
        RawCommand(*parts, modulation=carrier, repeat_count=repeat_count)
    assert error.value.key == key
