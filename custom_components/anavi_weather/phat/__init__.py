"""The ANAVI Infrared pHAT, or any other board with the same chips. Does not depend on Home Assistant."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
import heapq
from itertools import count
from typing import Self

# Importing a driver registers it, so a new chip needs its name here.
from . import aht20, bh1750, bmp3xx, bmp180, bmx280, htu21d, sht3x, sht4x  # noqa: F401 # pylint: disable=unused-import
from .chip import (
    ATTEMPTS,
    CHIPS,
    POLL_INTERVAL,
    RETRY_PAUSE,
    Accuracy,
    ChecksumError,
    Chip,
    ChipId,
    DriverMissingError,
    ImplausibleError,
    Measurement,
    NotFinishedError,
    Quantity,
    Steps,
    WrongChipError,
)
from .credibility import measure
from .i2c import (
    MESSAGE_ATTEMPTS,
    AddressClaimedError,
    Bus,
    BusError,
    BusNotFoundError,
    BusPermissionError,
    BusStuckError,
    ChipError,
    NoAnswerError,
    PhatError,
    TransferError,
    open_adapter,
)
from .kernel import KernelChip, find
from .kernel_kinds import accuracy, quantities
from .responders import ADDRESSES as ALL_ADDRESSES, COMMON_CHIPS, responders

__all__ = [
    "CHIPS",
    "Accuracy",
    "AddressClaimedError",
    "Bus",
    "BusError",
    "BusNotFoundError",
    "BusPermissionError",
    "BusStuckError",
    "ChipError",
    "ChipId",
    "Detection",
    "DriverMissingError",
    "Measurement",
    "NoAnswerError",
    "Phat",
    "PhatError",
    "Quantity",
    "Reading",
    "WrongChipError",
    "accuracy",
    "likely_chips",
    "quantities",
]

ADDRESSES = tuple(sorted({address for chip in CHIPS.values() for address in chip.addresses}))


class Occupant(Enum):
    """The occupant of an address without one of the board's chips."""

    NOTHING = auto()
    FOREIGN = auto()
    UNKNOWN = auto()
    """Something that acknowledges its address, but failed while it was probed. It is probed again in each cycle."""


@dataclass(frozen=True, slots=True)
class Detection:
    """Result of a scan of the bus."""

    chips: tuple[ChipId, ...]
    foreign: tuple[int, ...]
    """Addresses at which other chips respond, which have no driver here."""
    claimed: tuple[int, ...]
    """Addresses that are claimed by a kernel driver that offers no readings."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Result of a cycle: each chip's measurement, or None and its error."""

    measurements: Mapping[ChipId, Measurement | None]
    errors: Mapping[ChipId, ChipError]
    duration: float = field(compare=False)
    """Duration of the cycle in seconds."""

    @property
    def failures(self) -> Mapping[ChipId, ChipError]:
        """The error of each chip that failed, or that could not measure one of its quantities."""
        partial_errors = {
            chip: next(iter(measurement.errors.values()))
            for chip, measurement in self.measurements.items()
            if measurement and measurement.errors
        }
        return {**partial_errors, **self.errors}


def likely_chips(address: int) -> tuple[str, ...]:
    """Return the kinds of chips that commonly have an address, without those that are recognized."""
    return tuple(kind for kind in COMMON_CHIPS.get(address, ()) if kind not in CHIPS)


class Phat:
    """The chips of one bus. All methods block, and `close` closes the bus."""

    def __init__(self, bus: Bus, expected: Iterable[ChipId] = ()) -> None:
        """Initialize the board. A reading has a measurement or an error for each expected chip, even if it is missing."""
        self._bus = bus
        self._chips: dict[ChipId, Chip | KernelChip] = {chip: self._reader(chip) for chip in expected}
        self._in_kernel: dict[ChipId, KernelChip] = {}
        self._foreign: set[int] = set()
        self._unknown: set[int] = set()
        self._claimed: set[int] = set()
        self._replaced: set[int] = set()
        self._in_use: set[int] = set()

    @classmethod
    def open(cls, path: str, expected: Iterable[ChipId] = ()) -> Self:
        """Open a Linux I2C bus by its path.

        Raises:
            BusNotFoundError: if the path is no I2C bus.
            BusPermissionError: if this user may not open it.
        """
        return cls(Bus(open_adapter(path), path, reopen=partial(open_adapter, path)), expected)

    def release(self) -> None:
        """Leave the chips that respond so that they are recognized when they are read again."""
        with suppress(BusError), self._bus.use():
            for chip in self._chips.values():
                if isinstance(chip, Chip) and chip.prepared:
                    with suppress(ChipError):
                        chip.release()

    def close(self) -> None:
        """Close the bus."""
        with self._bus.lock:
            self._bus.close()

    def detect(self) -> Detection:
        """Find the chips that have a driver, and everything else that responds.

        Raises:
            BusError: if the bus cannot be reached.
        """
        with self._bus.use():
            self._foreign.clear()
            self._discover_new()
            others = [address for address in ALL_ADDRESSES if address not in ADDRESSES]
            claimed = {address for address in others if self._is_claimed(address)}
            foreign = (
                self._foreign
                | self._unknown
                | set(responders(self._bus, [one for one in others if one not in claimed]))
            )
            claimed = (claimed | self._claimed) - {chip.address for chip in self._in_kernel}
            return Detection(tuple(sorted(self._chips)), tuple(sorted(foreign)), tuple(sorted(claimed)))

    def responding(self) -> list[int]:
        """Return all addresses at which something responds, without writing any data.

        Raises:
            BusError: if the bus cannot be reached.
        """
        with self._bus.use():
            self._bus.check_free()
            return responders(self._bus, [address for address in ALL_ADDRESSES if not self._is_claimed(address)])

    def expect(self, chips: Iterable[ChipId]) -> None:
        """Expect these chips, and forget all others. A forgotten chip that still responds is detected again."""
        with self._bus.lock:
            self._chips = {chip: self._chips.get(chip) or self._reader(chip) for chip in chips}

    def read(self) -> Reading:
        """Measure with all chips, whose conversions run at the same time.

        Chips that were plugged in since the last cycle are detected first and included. A chip that has replaced
        another at its address is noticed when the other one is measured, and included in the same cycle.

        Raises:
            BusError: if the bus cannot be reached.
        """
        with self._bus.use():
            begin = self._bus.clock.monotonic()
            self._discover_new(attempts=1)  # a chip whose acknowledgment is lost is found in the next cycle
            self._in_use.clear()
            results = self._measure_all(self._chips.values())
            if newly_replaced := _replaced(results) - self._replaced:
                before = set(self._chips)
                self._discover(newly_replaced)
                results |= self._measure_all(chip for chip in self._chips.values() if chip.id not in before)
            self._replaced = _replaced(results)
            self._foreign -= {chip.address for chip in results} - self._replaced
            errors = {chip: result for chip, result in results.items() if isinstance(result, ChipError)}
            self._bus.check_free()
            return Reading(
                {chip: None if isinstance(result, ChipError) else result for chip, result in results.items()},
                errors,
                self._bus.clock.monotonic() - begin,
            )

    def _is_claimed(self, address: int) -> bool:
        try:
            self._bus.check_unclaimed(address)
        except AddressClaimedError:
            return True
        return False

    def _discover_new(self, attempts: int = MESSAGE_ATTEMPTS) -> None:
        """Add the chips at addresses without a known chip, and those that have replaced a known chip.

        Args:
            attempts: How often an address is tried at which nothing has responded.
        """
        self._follow_kernel()
        known = {chip.address for chip in self._chips} - self._replaced
        self._claimed.clear()
        self._unknown.clear()
        self._discover((address for address in ADDRESSES if address not in known), attempts)

    def _discover(self, addresses: Iterable[int], attempts: int = MESSAGE_ATTEMPTS) -> None:
        """Add the chips at these addresses."""
        self._bus.check_free()
        jobs = {address: self._identify(address, attempts) for address in addresses}
        for address, found in self._run(jobs).items():
            match found:
                case Chip():
                    self._chips[found.id] = found
                case Occupant.FOREIGN:
                    self._foreign.add(address)
                case Occupant.UNKNOWN:
                    self._unknown.add(address)
                case Occupant.NOTHING:
                    self._foreign.discard(address)
                case AddressClaimedError():
                    self._claimed.add(address)

    def _follow_kernel(self) -> None:
        """Let the kernel read the chips that its drivers have claimed, and read those again that they have released."""
        released = [chip for chip in self._in_kernel if chip in self._chips]
        self._in_kernel = find(self._bus.name)
        self._chips |= {chip: self._reader(chip) for chip in released} | self._in_kernel

    def _reader(self, chip: ChipId) -> Chip | KernelChip:
        return CHIPS[chip.kind](self._bus, chip.address) if chip.kind in CHIPS else KernelChip(chip)

    def _identify(self, address: int, attempts: int) -> Steps[Chip | Occupant]:
        """Return the chip at an address, or its occupant if that is none of the board's chips."""
        self._bus.check_unclaimed(address)
        has_acknowledged = False
        with suppress(TransferError):
            has_acknowledged = self._bus.answers(address, MESSAGE_ATTEMPTS if address in self._foreign else attempts)
            if not has_acknowledged:
                return Occupant.NOTHING
        try:
            return (yield from self._probe(address))
        except ChipError:
            if has_acknowledged:
                return Occupant.UNKNOWN
            raise

    def _probe(self, address: int) -> Steps[Chip | Occupant]:
        """Return the chip at an address by its behavior.

        Raises:
            ChipError: if the chip fails while it is probed, or is absent.
        """
        if address in self._foreign and address in self._bus.written:
            return Occupant.FOREIGN  # probed once, because a write could change its settings
        self._bus.written.discard(address)
        for kind in CHIPS.values():
            if address not in kind.addresses or ChipId(kind.kind, address) in self._chips:
                continue
            try:
                if (yield from _retry(partial(kind.recognize, self._bus, address))):
                    return kind(self._bus, address)
            except ChecksumError, ImplausibleError, NotFinishedError:
                continue
        return Occupant.FOREIGN

    def _measure_all(self, chips: Iterable[Chip | KernelChip]) -> dict[ChipId, Measurement | ChipError]:
        slowest_first = sorted(chips, key=lambda chip: -chip.conversion_time)
        return self._run({chip.id: self._measurement(chip) for chip in slowest_first})

    def _measurement(self, chip: Chip | KernelChip) -> Steps[Measurement]:
        return chip.measure() if isinstance(chip, KernelChip) else _retry(partial(self._measure, chip))

    def _measure(self, chip: Chip) -> Steps[Measurement]:
        # A chip and an expected chip that it has replaced have the same address, and must not get each other's answers.
        while chip.id.address in self._in_use:
            yield POLL_INTERVAL
        self._in_use.add(chip.id.address)
        try:
            if any(other.address == chip.id.address for other in self._in_kernel):
                raise WrongChipError(f"{chip.id}: a kernel driver reads another chip")
            self._bus.check_unclaimed(chip.id.address)
            if not chip.prepared:
                yield from chip.prepare()
            return (yield from measure(chip))
        except ChipError:
            chip.prepared = False
            raise
        finally:
            self._in_use.discard(chip.id.address)

    def _run[K, T](self, jobs: Mapping[K, Steps[T]]) -> dict[K, T | ChipError]:
        """Run jobs concurrently, resuming each one after the wait that it yields, until all have returned or failed."""
        results: dict[K, T | ChipError] = {}
        order = count()
        waiting = [(0.0, next(order), key, job) for key, job in jobs.items()]
        while waiting:
            due, _, key, job = heapq.heappop(waiting)
            if (pause := due - self._bus.clock.monotonic()) > 0:
                self._bus.clock.sleep(pause)
            try:
                wait = next(job)
            except StopIteration as stop:
                results[key] = stop.value
            except ChipError as err:
                results[key] = err
            else:
                heapq.heappush(waiting, (self._bus.clock.monotonic() + wait, next(order), key, job))
        return results


def _replaced(results: Mapping[ChipId, Measurement | ChipError]) -> set[int]:
    """Return the addresses where no known chip, but another one, responds."""
    right = {chip.address for chip, result in results.items() if not isinstance(result, WrongChipError)}
    return {chip.address for chip in results} - right


def _retry[T](steps: Callable[[], Steps[T]]) -> Steps[T]:
    """Repeat the steps from the beginning after an error that may be transient."""
    errors: list[ChipError] = []
    while len(errors) < ATTEMPTS:
        try:
            return (yield from steps())
        except AddressClaimedError, WrongChipError:
            raise
        except ChipError as err:
            errors.append(err)
            yield RETRY_PAUSE
    raise errors[0]  # later errors may only be its consequences: a chip that is still busy does not answer
