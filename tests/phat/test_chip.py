"""Tests of what the drivers have in common."""

from collections.abc import Callable

import pytest

from custom_components.anavi_weather.phat import CHIPS, BusStuckError, ChipError, ChipId, Quantity, accuracy, quantities
from custom_components.anavi_weather.phat.bmp180 import BMP180 as BMP180Driver
from custom_components.anavi_weather.phat.chip import PLAUSIBLE, NotFinishedError, Steps, WrongChipError, until

from .bench import BH1750, BMP180, EVERY_KIND, HTU21D, Bench


def finish[T](steps: Steps[T], waits: list[float] | None = None) -> T:
    """Take steps to their end, without waiting."""
    while True:
        try:
            wait = next(steps)
        except StopIteration as stop:
            result: T = stop.value
            return result
        if waits is not None:
            waits.append(wait)


def after(count: int) -> Callable[[], str | None]:
    """Return a question that is answered when it is asked for so many times."""
    asked = 0

    def answer() -> str | None:
        nonlocal asked
        asked += 1
        return "answer" if asked == count else None

    return answer


@pytest.mark.parametrize("chip", EVERY_KIND, ids=str)
def test_the_text_of_a_chip_can_be_read_back(chip: ChipId) -> None:
    assert ChipId.parse(str(chip)) == chip


def test_the_text_of_a_chip_is_its_kind_and_address() -> None:
    assert str(BH1750) == "BH1750 0x23"


@pytest.mark.parametrize("text", ["", "BH1750", "BH1750 0x", "BH1750 0x23 ", "BH1750 light"])
def test_another_text_is_no_chip(text: str) -> None:
    with pytest.raises(ValueError):
        ChipId.parse(text)


def test_the_first_question_comes_after_the_typical_time() -> None:
    waits: list[float] = []
    assert finish(until(after(3), 0.040, 0.050), waits) == "answer"
    assert waits == [0.040, 0.001, 0.001]


def test_a_conversion_may_take_somewhat_longer_than_the_data_sheet_says() -> None:
    waits: list[float] = []
    assert finish(until(after(20), 0.040, 0.050), waits) == "answer"
    assert sum(waits) > 0.050


def test_a_conversion_that_does_not_end_is_given_up() -> None:
    waits: list[float] = []
    with pytest.raises(NotFinishedError, match="no result after 63 ms"):
        finish(until(after(1000), 0.040, 0.050), waits)
    assert sum(waits) == pytest.approx(0.063, abs=0.0011)


@pytest.mark.parametrize("chip", EVERY_KIND, ids=str)
def test_what_a_chip_measures_has_an_accuracy_and_a_plausible_range(chip: ChipId) -> None:
    for quantity in quantities(chip):
        assert accuracy(chip, quantity).error > 0
        assert accuracy(chip, quantity).noise > 0
        assert quantity in PLAUSIBLE


@pytest.mark.parametrize(
    ("quantity", "best"),
    [(Quantity.TEMPERATURE, "HTU21D"), (Quantity.HUMIDITY, "HTU21D"), (Quantity.ILLUMINANCE, "BH1750")],
)
def test_the_more_accurate_chip_is_known(quantity: Quantity, best: str) -> None:
    candidates = (chip for chip in EVERY_KIND if quantity in quantities(chip))
    assert min(candidates, key=lambda chip: accuracy(chip, quantity)).kind == best


def test_a_chip_does_not_measure_everything() -> None:
    with pytest.raises(KeyError):
        accuracy(HTU21D, Quantity.PRESSURE)


def test_the_kinds_of_chips_have_names_of_their_own() -> None:
    assert len({kind.kind for kind in CHIPS}) == len(CHIPS)


@pytest.mark.parametrize("spoilt", [0, 1, 2])
def test_a_chip_is_taken_for_another_only_when_two_answers_say_so(bench: Bench, spoilt: int) -> None:
    def spoil(answer: bytearray) -> None:
        if len(bench.wire.log) < spoilt:
            answer[0] ^= 0x02

    bench.wire.spoil = spoil
    assert finish(BMP180Driver.recognise(bench.bus, BMP180.address)) is (spoilt < 2)


def test_preparing_another_chip_says_so(bench: Bench) -> None:
    bench.replace(BMP180.address, "BMP280")
    driver = BMP180Driver(bench.bus, BMP180.address)
    with pytest.raises(WrongChipError, match="BMP180 0x77"):
        finish(driver.prepare())
    assert not driver.prepared


def all_errors(error: type[Exception]) -> set[type[Exception]]:
    return {error}.union(*map(all_errors, error.__subclasses__()))


def test_every_error_has_a_key_of_its_own_for_its_translation() -> None:
    errors = all_errors(ChipError) - {ChipError} | {BusStuckError}
    keys = [error.__dict__["key"] for error in errors]
    assert len(set(keys)) == len(keys) >= 8
