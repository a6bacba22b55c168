"""Tests of the base class and registry of the drivers."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
import pkgutil
import textwrap

import pytest

from custom_components.anavi_weather import phat
from custom_components.anavi_weather.phat import CHIPS, ChipId, Quantity, accuracy, quantities
from custom_components.anavi_weather.phat.bmp180 import BMP180 as BMP180Driver
from custom_components.anavi_weather.phat.chip import PLAUSIBLE, Chip, NotFinishedError, Steps, WrongChipError, until
from custom_components.anavi_weather.phat.simulated_chips import RegisterChip

from .bench import BH1750, BMP180, EVERY_KIND, HTU21D, Bench


def finish[T](steps: Steps[T], waits: list[float] | None = None) -> T:
    """Run steps to their end without waiting, and record the waits."""
    while True:
        try:
            wait = next(steps)
        except StopIteration as stop:
            result: T = stop.value
            return result
        if waits is not None:
            waits.append(wait)


def after(count: int) -> Callable[[], str | None]:
    """Return a function that has an answer only at the call with this number."""
    asked = 0

    def answer() -> str | None:
        nonlocal asked
        asked += 1
        return "answer" if asked == count else None

    return answer


@pytest.mark.parametrize("chip", EVERY_KIND, ids=str)
def test_the_text_of_a_chip_can_be_parsed(chip: ChipId) -> None:
    assert ChipId.parse(str(chip)) == chip


def test_the_text_of_a_chip_is_its_kind_and_address() -> None:
    assert str(BH1750) == "BH1750 0x23"


@pytest.mark.parametrize("text", ["", "BH1750", "BH1750 0x", "BH1750 0x23 ", "BH1750 light"])
def test_a_malformed_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        ChipId.parse(text)


def test_polling_starts_after_the_typical_time() -> None:
    waits: list[float] = []
    assert finish(until(after(3), 0.040, 0.050), waits) == "answer"
    assert waits == [0.040, 0.001, 0.001]


def test_a_conversion_may_take_slightly_longer_than_the_maximum() -> None:
    waits: list[float] = []
    assert finish(until(after(20), 0.040, 0.050), waits) == "answer"
    assert sum(waits) > 0.050


def test_polling_stops_well_after_the_maximum() -> None:
    waits: list[float] = []
    with pytest.raises(NotFinishedError, match="no result after 63 ms"):
        finish(until(after(1000), 0.040, 0.050), waits)
    assert sum(waits) == pytest.approx(0.063, abs=0.0011)


@pytest.mark.parametrize("chip", EVERY_KIND, ids=str)
def test_every_quantity_of_a_chip_has_an_accuracy_and_a_plausible_range(chip: ChipId) -> None:
    for quantity in quantities(chip):
        assert accuracy(chip, quantity).error > 0
        assert accuracy(chip, quantity).noise > 0
        assert quantity in PLAUSIBLE


@pytest.mark.parametrize(
    ("quantity", "best"),
    [(Quantity.TEMPERATURE, "SHT3x"), (Quantity.HUMIDITY, "SHT4x"), (Quantity.ILLUMINANCE, "BH1750")],
)
def test_the_most_accurate_chip(quantity: Quantity, best: str) -> None:
    candidates = (chip for chip in EVERY_KIND if quantity in quantities(chip))
    assert min(candidates, key=lambda chip: accuracy(chip, quantity)).kind == best


def test_no_accuracy_for_a_quantity_that_a_chip_does_not_measure() -> None:
    with pytest.raises(KeyError):
        accuracy(HTU21D, Quantity.PRESSURE)


def test_every_driver_is_registered() -> None:
    """A forgotten import in `phat/__init__.py`, a forgotten decorator, or a duplicate kind is noticed."""
    modules = [import_module(f"{phat.__name__}.{module.name}") for module in pkgutil.iter_modules(phat.__path__)]
    drivers = {
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Chip) and value is not Chip
    }
    assert set(CHIPS.values()) == drivers


def test_the_documentations_example_chip_works(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver's file and its registration suffice for the chip to be found and read."""
    page = Path("docs/architecture.md").read_text(encoding="utf-8").split("## Add a chip")[1]
    code = textwrap.dedent(page.split("```python\n")[1].split("```")[0])
    monkeypatch.setattr(phat, "CHIPS", CHIPS.copy())
    for module in ("chip", "kernel_kinds"):
        monkeypatch.setattr(f"custom_components.anavi_weather.phat.{module}.CHIPS", phat.CHIPS)
    names: dict[str, object] = {
        "EXAMPLE_ID": 0x5E,
        "REGISTER_ID": 0x0F,
        "REGISTER_RESULT": 0x10,
        "START": bytes((0x20, 0x01)),
    }
    header = (
        "from collections.abc import Mapping\nfrom typing import ClassVar, override\n"
        "from custom_components.anavi_weather.phat.chip import Accuracy, Chip, Measurement, Quantity, Steps, driver\n"
        "from custom_components.anavi_weather.phat.i2c import Bus\n"
    )
    exec(header + code, names)  # noqa: S102

    example = ChipId("EXAMPLE1", 0x48)
    monkeypatch.setattr(phat, "ADDRESSES", (*phat.ADDRESSES, example.address))
    chip = bench.replace(example.address, RegisterChip)
    assert isinstance(chip, RegisterChip)
    chip.registers[0x0F:0x12] = bytes((0x5E, *(-1234).to_bytes(2, signed=True)))
    assert example in bench.phat.detect().chips
    measurement = bench.read().measurements[example]
    assert measurement
    assert measurement.values == {Quantity.TEMPERATURE: -12.34}
    assert chip.registers[0x20] == 0x01
    assert accuracy(example, Quantity.TEMPERATURE).error == 0.5


@pytest.mark.parametrize("corrupted", [0, 1, 2])
def test_a_single_wrong_id_does_not_make_a_chip_another_kind(bench: Bench, corrupted: int) -> None:
    def corrupt(answer: bytearray) -> None:
        if len(bench.wire.log) < corrupted:
            answer[0] ^= 0x02

    bench.wire.corrupt = corrupt
    assert finish(BMP180Driver.recognize(bench.bus, BMP180.address)) is (corrupted < 2)


def test_preparing_a_chip_of_another_kind_is_an_error(bench: Bench) -> None:
    bench.replace(BMP180.address, "BMP280")
    driver = BMP180Driver(bench.bus, BMP180.address)
    with pytest.raises(WrongChipError, match="BMP180 0x77"):
        finish(driver.prepare())
    assert not driver.prepared
