"""What every chip's driver has in common."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, NamedTuple, Self, override

from .i2c import Bus, ChipError

# A driver's work: it yields the seconds that it has to wait, so that other chips are served meanwhile.
type Steps[_T] = Generator[float, None, _T]


class Quantity(StrEnum):
    """What a chip measures."""

    TEMPERATURE = "temperature"  # °C
    HUMIDITY = "humidity"  # %, relative
    PRESSURE = "pressure"  # hPa, at the station
    ILLUMINANCE = "illuminance"  # lx


POLL_INTERVAL = 0.001
CLOCK_TOLERANCE = 1.25  # over the data sheet's maximum, before a chip is believed to have stopped

# Outside of these no chip of the board can be right: what it works in, or what its data sheet says it can measure.
PLAUSIBLE: dict[Quantity, tuple[float, float]] = {
    Quantity.TEMPERATURE: (-40.0, 85.0),
    Quantity.HUMIDITY: (0.0, 100.0),
    Quantity.PRESSURE: (300.0, 1100.0),
    Quantity.ILLUMINANCE: (0.0, 130_000.0),
}


class ChecksumError(ChipError):
    """The answer does not match its checksum."""


class NotFinishedError(ChipError):
    """The conversion took longer than the data sheet allows."""


class ImplausibleError(ChipError):
    """The answer cannot be a measurement."""


class WrongChipError(ChipError):
    """Another chip answers at the address."""


class Accuracy(NamedTuple):
    """How good a chip is at a quantity, in its unit: the smaller is the better."""

    error: float  # typical, over the range of everyday weather
    noise: float  # RMS, or resolution where no noise is specified


@dataclass(frozen=True, slots=True, order=True)
class ChipId:
    """A chip's kind and its address."""

    kind: str
    address: int

    @override
    def __str__(self) -> str:
        return f"{self.kind} 0x{self.address:02x}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the chip that `str` gave; ValueError if it is not such a text."""
        kind, address = text.split(" ")
        return cls(kind, int(address, 16))


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a chip measured; a quantity above its range is named, and has no value."""

    values: Mapping[Quantity, float]
    above_range: frozenset[Quantity] = field(default_factory=frozenset)


class Chip(ABC):
    """A chip on the bus."""

    kind: ClassVar[str]
    addresses: ClassVar[tuple[int, ...]]
    accuracy: ClassVar[Mapping[Quantity, Accuracy]]
    conversion_time: ClassVar[float]
    """Seconds, the longest of an everyday cycle: the slowest chip is started first."""

    def __init__(self, bus: Bus, address: int) -> None:
        """Stand for a chip that has been recognised, or is expected, at an address."""
        self.id = ChipId(self.kind, address)
        self.prepared = False
        self._bus = bus
        self._address = address

    @classmethod
    def recognise(cls, bus: Bus, address: int) -> Steps[bool]:
        """Find out whether what answers at an address is such a chip; raises ChipError.

        A no is asked for twice: for a bit that came over wrong, a chip must not be taken for another.
        """
        return (yield from cls._recognise(bus, address)) or (yield from cls._recognise(bus, address))

    @classmethod
    @abstractmethod
    def _recognise(cls, bus: Bus, address: int) -> Steps[bool]:
        """Find it out once, writing no more than that takes."""

    def prepare(self) -> Steps[None]:
        """Make sure that it is the right chip, and set it up; raises ChipError."""
        yield from self._check()
        yield from self._set_up()
        self.prepared = True

    def _check(self) -> Steps[None]:
        recognised = yield from self.recognise(self._bus, self._address)
        if not recognised:
            raise WrongChipError(f"{self.id}: another chip answers")

    @abstractmethod
    def _set_up(self) -> Steps[None]:
        """Set up a chip that has been recognised."""

    @abstractmethod
    def measure(self) -> Steps[Measurement]:
        """Measure once; raises ChipError."""


CHIPS: dict[str, type[Chip]] = {}
"""The driver of each kind."""


def driver[C: Chip](chip: type[C]) -> type[C]:
    """Have a chip looked for, and read where it is found."""
    CHIPS[chip.kind] = chip
    return chip


def until[T](answer: Callable[[], T | None], typical: float, maximum: float) -> Steps[T]:
    """Wait for an answer, from the typical conversion time on; raises NotFinishedError well past the maximum."""
    waited, pause = 0.0, typical
    while True:
        yield pause
        waited += pause
        if (result := answer()) is not None:
            return result
        if waited > maximum * CLOCK_TOLERANCE:
            raise NotFinishedError(f"no result after {waited * 1000:.0f} ms")
        pause = POLL_INTERVAL
