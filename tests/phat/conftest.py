"""What the tests of the board have in common."""

import pytest

from custom_components.anavi_weather.phat import ChipId

from .bench import EVERY_KIND, Bench


@pytest.fixture
def chips() -> tuple[ChipId, ...]:
    """Return the chips that are plugged in; a test overrides it by a parameter, a module by a fixture."""
    return tuple(chip for chip in EVERY_KIND if chip.kind != "BMP280")


@pytest.fixture
def bench(chips: tuple[ChipId, ...]) -> Bench:
    """Return a bench on which nothing has been read yet."""
    return Bench(*chips)


@pytest.fixture
def running(bench: Bench) -> Bench:
    """Return a bench on which a cycle has been read: the chips are known and set up."""
    bench.read()
    bench.wire.log.clear()
    return bench
