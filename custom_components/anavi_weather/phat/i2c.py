"""The I2C bus: opening, locking, transfers, and errors."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
import errno
from fcntl import ioctl
from threading import RLock
import time
from typing import TYPE_CHECKING, ClassVar, Protocol

from smbus2 import SMBus, i2c_msg
from smbus2.smbus2 import I2C_SLAVE

from .nodes import locate

AGREEING_READS = 4
MESSAGE_ATTEMPTS = 3
MAX_CONSECUTIVE_TIMEOUTS = 3
RESERVED_ADDRESS = 0x7F  # no chip may use it (I2C specification)

_locks: dict[str, RLock] = {}


class PhatError(Exception):
    """Base class of the board's errors."""


class BusError(PhatError):
    """The bus cannot be reached. `key` is the translation key of the reason."""

    key: ClassVar[str]


class BusNotFoundError(BusError):
    """The bus does not exist: I2C is disabled, or the container has no access to the device."""

    key = "no_bus"


class BusPermissionError(BusError):
    """The bus exists, but this user may not open it."""

    key = "no_permission"


class BusStuckError(BusError):
    """A wire is held low, so that every transfer times out or every address seems to answer."""

    key = "bus_stuck"


class ChipError(PhatError):
    """One chip failed."""


class NoAnswerError(ChipError):
    """The chip does not acknowledge its address: it is not plugged in, or a wire is loose."""


class TransferError(ChipError):
    """A transfer failed."""


class TransferTimeoutError(TransferError):
    """A transfer timed out."""


class UnexplainedTransferError(TransferError):
    """A transfer failed for an unknown reason. Some adapters report a missing acknowledgment like this."""


class AddressClaimedError(ChipError):
    """A kernel driver has claimed the address."""


ERRORS: dict[int, type[PhatError]] = {
    errno.EREMOTEIO: NoAnswerError,  # from a Raspberry Pi's adapter
    errno.ENXIO: NoAnswerError,  # from most others
    errno.ETIMEDOUT: TransferTimeoutError,
    errno.EAGAIN: TransferTimeoutError,
    errno.ENODEV: BusNotFoundError,  # from a USB adapter that was unplugged
    errno.ENOENT: BusNotFoundError,
    errno.EBADF: BusNotFoundError,
}
"""Errors by the number with which a transfer failed. Other numbers are an UnexplainedTransferError."""


class Adapter(Protocol):
    """An I2C adapter: the kernel's or the simulator."""

    def i2c_rdwr(self, *messages: i2c_msg) -> None:
        """Transfer messages with repeated starts between them.

        Raises:
            OSError: like ioctl(I2C_RDWR).
        """

    def claim(self, address: int) -> None:
        """Request an address.

        Raises:
            OSError: EBUSY if a kernel driver uses the address.
        """

    def close(self) -> None:
        """Close the bus."""


class Clock(Protocol):
    """A clock to wait for conversions with, like the module `time`."""

    def monotonic(self) -> float:
        """Return the seconds since an arbitrary moment."""

    def sleep(self, seconds: float, /) -> None:
        """Wait for some seconds."""


class LinuxAdapter(SMBus):
    """A Linux I2C bus (/dev/i2c-N)."""

    def __init__(self, path: str) -> None:
        """Open the bus.

        Raises:
            OSError: like open() and ioctl().
        """
        super().__init__()
        try:
            self.open(path)
        except OSError:
            self.close()  # smbus2 leaves the descriptor open if the path is no I2C bus
            raise

    def claim(self, address: int) -> None:
        """Request an address from the kernel, which I2C_RDWR does not do."""
        if TYPE_CHECKING:
            assert self.fd is not None
        ioctl(self.fd, I2C_SLAVE, address)


def open_adapter(path: str) -> LinuxAdapter:
    """Open a Linux I2C bus by its path.

    Raises:
        BusNotFoundError: if the path is no I2C bus.
        BusPermissionError: if this user may not open it.
    """
    try:
        return LinuxAdapter(locate(path))
    except PermissionError as err:
        raise BusPermissionError(f"{path}: {err.strerror}") from err
    except OSError as err:
        raise BusNotFoundError(f"{path}: {err.strerror}") from err


class Bus:
    """An I2C bus on which each method makes one I2C_RDWR transfer.

    A transfer that is not acknowledged is repeated at once, because on a long wire single messages are lost. Drivers would
    otherwise start over and lose another message.

    Each timeout takes a second, so a dead bus must not cause one for every chip and retry: after
    MAX_CONSECUTIVE_TIMEOUTS the bus is stuck.

    Raises:
        NoAnswerError: if nothing acknowledges the address.
        TransferError: if the transfer fails.
        BusStuckError: if too many transfers in a row time out.
        BusNotFoundError: if the bus has disappeared.
    """

    def __init__(
        self, adapter: Adapter, name: str, clock: Clock = time, reopen: Callable[[], Adapter] | None = None
    ) -> None:
        """Initialize the bus. Buses with the same name share a lock.

        Args:
            adapter: The open adapter.
            name: The name of the bus.
            clock: The clock to wait with.
            reopen: A function that opens the adapter again, if it is to be closed after each use.
        """
        self._adapter = adapter
        self._reopen = reopen
        self._is_closed = False
        self._timeouts = 0
        self.written: set[int] = set()
        """Addresses to which data was written, including numbers of registers to read."""
        self.port_expanders: set[int] = set()
        """Addresses of port expanders, which output what is written to them."""
        self.name = name
        self.clock = clock
        self.lock = _locks.setdefault(name, RLock())

    def close(self) -> None:
        """Close the adapter."""
        if not self._is_closed:
            self._is_closed = True
            self._adapter.close()

    @contextmanager
    def use(self) -> Iterator[None]:
        """Hold the lock, and have the adapter open.

        A USB adapter that is unplugged while it is open fails forever, also after it is plugged in again. And the kernel
        detects no other adapter on that hub until it is closed. So it is closed between two uses.

        Raises:
            BusError: if the adapter cannot be opened.
        """
        with self.lock:
            if self._is_closed and self._reopen:
                self._adapter = self._reopen()
                self._is_closed = False
            try:
                yield
            finally:
                if self._reopen:
                    self.close()

    def write(self, address: int, data: bytes) -> None:
        """Write one message."""
        self.written.add(address)
        self._transfer(address, i2c_msg.write(address, data))

    def read(self, address: int, length: int) -> bytes:
        """Read one message."""
        message = i2c_msg.read(address, length)
        self._transfer(address, message)
        return bytes(message)

    def read_when_ready(self, address: int, length: int) -> bytes | None:
        """Read one message, or return None if a chip does not acknowledge its address because it is still converting."""
        message = i2c_msg.read(address, length)
        try:
            self._transfer(address, message, attempts=1)
        except NoAnswerError, UnexplainedTransferError:
            return None
        return bytes(message)

    def read_register(self, address: int, register: int, length: int = 1) -> bytes:
        """Write a register number, and read from that register after a repeated start."""
        message = i2c_msg.read(address, length)
        self.written.add(address)
        self._transfer(address, i2c_msg.write(address, [register]), message)
        return bytes(message)

    def read_agreed(self, address: int, length: int, register: int | None = None) -> bytes:
        """Read until two answers in a row agree, for chips without a checksum.

        Raises:
            TransferError: if no two answers agree.
        """

        def read() -> bytes:
            return self.read(address, length) if register is None else self.read_register(address, register, length)

        answer = read()
        for _ in range(AGREEING_READS - 1):
            previous, answer = answer, read()
            if answer == previous:
                return answer
        raise TransferError(f"0x{address:02x}: no two answers agree")

    def answers(self, address: int, attempts: int = MESSAGE_ATTEMPTS) -> bool:
        """Return whether a chip acknowledges an empty message to an address.

        Args:
            address: The address.
            attempts: How often the message is sent if it is not acknowledged.

        Raises:
            TransferError: if the transfer fails, or if the adapter cannot send an empty message, like that of a
                Raspberry Pi 5 with a mainline kernel.
        """
        try:
            self._transfer(address, i2c_msg.write(address, b""), attempts=attempts)
        except NoAnswerError:
            return False
        return True

    def check_free(self) -> None:
        """Check that the data wire is not held low, which a Raspberry Pi's adapter mistakes for answers of zeros.

        Raises:
            BusStuckError: if the data wire is held low.
        """
        with suppress(NoAnswerError, TransferError):
            self._transfer(RESERVED_ADDRESS, i2c_msg.write(RESERVED_ADDRESS, b""), attempts=1)
            raise BusStuckError(f"{self.name}: every address answers")

    def check_unclaimed(self, address: int) -> None:
        """Check that no kernel driver uses an address.

        Raises:
            AddressClaimedError: if a kernel driver uses the address.
        """
        try:
            self._adapter.claim(address)
        except OSError as err:
            if err.errno == errno.EBUSY:
                raise AddressClaimedError(f"0x{address:02x} is claimed by a kernel driver") from err
            raise self._error(err, address) from err

    def _transfer(self, address: int, *messages: i2c_msg, attempts: int = MESSAGE_ATTEMPTS) -> None:
        for _ in range(attempts - 1):
            with suppress(NoAnswerError):
                self._transfer_once(address, *messages)
                return
        self._transfer_once(address, *messages)

    def _transfer_once(self, address: int, *messages: i2c_msg) -> None:
        try:
            self._adapter.i2c_rdwr(*messages)
        except OSError as err:
            error = self._error(err, address)
            if isinstance(error, NoAnswerError):
                self._timeouts = 0  # the bus works
            elif isinstance(error, TransferTimeoutError):
                self._timeouts += 1
                if self._timeouts == MAX_CONSECUTIVE_TIMEOUTS:
                    self._timeouts = 0
                    raise BusStuckError(
                        f"{self.name}: {MAX_CONSECUTIVE_TIMEOUTS} transfers in a row timed out"
                    ) from err
            raise error from err
        self._timeouts = 0

    def _error(self, err: OSError, address: int) -> PhatError:
        error = ERRORS.get(err.errno or 0, UnexplainedTransferError)
        failed = self.name if issubclass(error, BusError) else f"0x{address:02x}"
        return error(f"{failed}: {err.strerror or err}")
