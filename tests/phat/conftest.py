"""Fixtures shared by the tests of the board."""

import pytest

from custom_components.anavi_weather.phat import ChipId
from custom_components.anavi_weather.phat.lirc import Transmitter
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc
from custom_components.anavi_weather.phat.simulator import VirtualClock

from .bench import EVERY_KIND, Bench


@pytest.fixture
def chips() -> tuple[ChipId, ...]:
    """Return the chips that are plugged in. Tests override it with a parameter, modules with a fixture."""
    return tuple({chip.address: chip for chip in reversed(EVERY_KIND) if chip.kind != "BMP280"}.values())


@pytest.fixture
def bench(chips: tuple[ChipId, ...]) -> Bench:
    """Return a bench before its first cycle."""
    return Bench(*chips)


@pytest.fixture
def running(bench: Bench) -> Bench:
    """Return a bench after its first cycle, in which the chips were detected and set up."""
    bench.read()
    bench.wire.log.clear()
    return bench


@pytest.fixture
def clock() -> VirtualClock:
    """Return a virtual clock."""
    return VirtualClock()


@pytest.fixture
def pair(clock: VirtualClock) -> SimulatedLirc:
    """Return a simulated infrared pair."""
    return SimulatedLirc(clock)


@pytest.fixture
def transmitter(pair: SimulatedLirc, clock: VirtualClock) -> Transmitter:
    """Return the pair's transmitter."""
    return Transmitter(pair.ports, clock)
