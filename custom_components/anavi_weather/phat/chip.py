"""Base class and registry of the chips' drivers."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, NamedTuple, Self, override

from .i2c import Bus, ChipError

# A driver's work as a generator that yields the seconds it has to wait, so that other chips can be served meanwhile.
type Steps[_T] = Generator[float, None, _T]


class Quantity(StrEnum):
    """A quantity that chips measure."""

    TEMPERATURE = "temperature"  # °C
    HUMIDITY = "humidity"  # %, relative
    PRESSURE = "pressure"  # hPa, at the station's altitude
    ILLUMINANCE = "illuminance"  # lx


ATTEMPTS = 3
RETRY_PAUSE = 0.005  # seconds
POLL_INTERVAL = 0.001
CLOCK_TOLERANCE = 1.25  # × the data sheet's maximum time, after which a conversion has failed

# No barometer or light sensor of the board operates outside of these ranges, according to its data sheet, except by the
# tolerance of its limits: a BMP180 at -40.0 °C may show -40.1. Hygrometers do, but no weather station.
PLAUSIBLE: dict[Quantity, tuple[float, float]] = {
    Quantity.TEMPERATURE: (-40.5, 85.5),
    Quantity.HUMIDITY: (0.0, 100.0),
    Quantity.PRESSURE: (299.5, 1100.5),
    Quantity.ILLUMINANCE: (0.0, 130_000.0),
}
# %, within which a humidity is limited to 0 to 100: tolerance in dry air, and condensation. Less is no dry air: the result of
# a wet Si7021 starts again at -6 % after 119 %.
NEARLY_HUMIDITY = (-3.0, 120.0)


class ChecksumError(ChipError):
    """The answer does not match its checksum."""


class NotFinishedError(ChipError):
    """The conversion took much longer than the data sheet allows."""


class ImplausibleError(ChipError):
    """The answer cannot be a measurement."""


class WrongChipError(ChipError):
    """Another chip answers at the address."""


class DriverMissingError(WrongChipError):
    """No kernel driver reads the chip any longer, and there is no driver of ours."""


class Accuracy(NamedTuple):
    """Accuracy of a chip for a quantity, in the quantity's unit. Smaller is better."""

    error: float  # typical, in the range of everyday weather
    noise: float  # RMS, or the resolution if no noise is specified


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
        """Return the chip from its `str`.

        Raises:
            ValueError: if the text is malformed.
        """
        kind, address = text.split(" ")
        return cls(kind, int(address, 16))


@dataclass(frozen=True, slots=True)
class Measurement:
    """Values that a chip measured. A quantity above the chip's range has no value."""

    values: Mapping[Quantity, float]
    above_range: frozenset[Quantity] = field(default_factory=frozenset)
    errors: Mapping[Quantity, ChipError] = field(default_factory=dict)
    """Errors of quantities that have no value although the chip works, such as that of a broken thermometer."""


class Chip(ABC):
    """Driver of a chip on the bus."""

    kind: ClassVar[str]
    addresses: ClassVar[tuple[int, ...]]
    accuracy: ClassVar[Mapping[Quantity, Accuracy]]
    conversion_time: ClassVar[float]
    """Maximum seconds of an everyday cycle. The slowest chip is started first."""
    compensates: ClassVar[bool] = True
    """Whether the other quantities are calculated with the temperature, so that they are wrong if it is."""

    def __init__(self, bus: Bus, address: int) -> None:
        """Initialize the driver of a chip that was recognized or is expected at an address."""
        self.id = ChipId(self.kind, address)
        self.prepared = False
        self.last: Measurement | None = None
        self._bus = bus
        self._address = address

    @classmethod
    def recognize(cls, bus: Bus, address: int) -> Steps[bool]:
        """Return whether the chip at an address is of this kind.

        A negative result is checked a second time, because one flipped bit must not turn a chip into another.

        Raises:
            ChipError: if the chip fails while it is probed.
        """
        return (yield from cls._recognize(bus, address)) or (yield from cls._recognize(bus, address))

    @classmethod
    @abstractmethod
    def _recognize(cls, bus: Bus, address: int) -> Steps[bool]:
        """Return whether the chip at an address is of this kind, writing no more than necessary."""

    def prepare(self) -> Steps[None]:
        """Check that the chip is of this kind, and set it up.

        Raises:
            WrongChipError: if another chip answers.
            ChipError: if the chip fails.
        """
        yield from self._check()
        yield from self._set_up()
        self.prepared = True

    def _check(self) -> Steps[None]:
        is_right_chip = yield from self.recognize(self._bus, self._address)
        if not is_right_chip:
            raise WrongChipError(f"{self.id}: another chip answers")

    @abstractmethod
    def _set_up(self) -> Steps[None]:
        """Set up the chip after it was recognized."""

    def release(self) -> None:
        """Leave the chip so that it is recognized when it is read again, which may be much later.

        Raises:
            ChipError: if the chip fails.
        """
        self.prepared = False

    @abstractmethod
    def measure(self) -> Steps[Measurement]:
        """Measure once.

        Raises:
            ChipError: if the chip fails or its answer is not credible.
        """


CHIPS: dict[str, type[Chip]] = {}
"""The drivers by kind."""


def driver[C: Chip](chip: type[C]) -> type[C]:
    """Register a driver, so that its chip is detected and read."""
    CHIPS[chip.kind] = chip
    return chip


def limited_humidity(percent: float) -> float:
    """Return a relative humidity limited to 0 to 100 %, or unchanged if it is too far from this range to be that of air."""
    low, high = NEARLY_HUMIDITY
    return min(max(percent, 0.0), 100.0) if low <= percent <= high else percent


def until[T](answer: Callable[[], T | None], typical: float, maximum: float) -> Steps[T]:
    """Poll for an answer, starting after the typical conversion time.

    Raises:
        NotFinishedError: if there is no answer by CLOCK_TOLERANCE times the maximum.
    """
    waited, pause = 0.0, typical
    while True:
        yield pause
        waited += pause
        if (result := answer()) is not None:
            return result
        if waited > maximum * CLOCK_TOLERANCE:
            raise NotFinishedError(f"no result after {waited * 1000:.0f} ms")
        pause = POLL_INTERVAL
