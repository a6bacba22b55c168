"""The I2C bus: open, lock, transfer, and what can go wrong, in words."""

from contextlib import suppress
import errno
from fcntl import ioctl
from threading import RLock
import time
from typing import TYPE_CHECKING, ClassVar, Protocol

from smbus2 import SMBus, i2c_msg
from smbus2.smbus2 import I2C_SLAVE

AGREEING_READS = 4
MAX_CONSECUTIVE_TIMEOUTS = 3
RESERVED_ADDRESS = 0x7F  # by the I2C specification: no chip may have it

_locks: dict[str, RLock] = {}


class PhatError(Exception):
    """Something about the board failed."""


class BusError(PhatError):
    """Nothing on the bus can be reached; `key` names the reason for a translation."""

    key: ClassVar[str]


class BusNotFoundError(BusError):
    """There is no such bus: I2C is off, or the container was not given it."""

    key = "no_bus"


class BusPermissionError(BusError):
    """The bus may not be opened by this user."""

    key = "no_permission"


class BusStuckError(BusError):
    """A wire is held low: every transfer times out, or every address seems to answer."""

    key = "bus_stuck"


class ChipError(PhatError):
    """One chip failed."""


class NoAnswerError(ChipError):
    """The address is not acknowledged: nothing is plugged in, or a wire is loose."""


class TransferError(ChipError):
    """The adapter gave up on a transfer."""


class TransferTimeoutError(TransferError):
    """A transfer timed out."""


class AddressClaimedError(ChipError):
    """A kernel driver has claimed the address."""


ERRORS: dict[int, type[PhatError]] = {
    errno.EREMOTEIO: NoAnswerError,  # from a Raspberry Pi's adapter
    errno.ENXIO: NoAnswerError,  # from most others
    errno.ETIMEDOUT: TransferTimeoutError,
    errno.EAGAIN: TransferTimeoutError,
    errno.ENODEV: BusNotFoundError,  # from a USB adapter that was pulled
    errno.ENOENT: BusNotFoundError,
    errno.EBADF: BusNotFoundError,
}
"""What an error number of a transfer means; all others are a TransferError."""


class Adapter(Protocol):
    """What carries I2C messages: the kernel's adapter, or the simulator."""

    def i2c_rdwr(self, *messages: i2c_msg) -> None:
        """Transfer messages with repeated starts between them; OSError as ioctl(I2C_RDWR) has it."""

    def claim(self, address: int) -> None:
        """Ask for an address; OSError EBUSY where a kernel driver has it."""

    def close(self) -> None:
        """Let go of the bus."""


class Clock(Protocol):
    """The time that conversions take; the module `time` is one."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary moment."""

    def sleep(self, seconds: float, /) -> None:
        """Wait."""


class LinuxAdapter(SMBus):
    """A bus of the kernel's, /dev/i2c-N."""

    def __init__(self, path: str) -> None:
        """Open the bus; OSError as open() and ioctl() have it."""
        super().__init__()
        try:
            self.open(path)
        except OSError:
            self.close()  # smbus2 leaves the descriptor open where the path is no I2C bus
            raise

    def claim(self, address: int) -> None:
        """Ask the kernel for an address, which I2C_RDWR itself would not."""
        if TYPE_CHECKING:
            assert self.fd is not None
        ioctl(self.fd, I2C_SLAVE, address)


def open_adapter(path: str) -> LinuxAdapter:
    """Open a bus of the kernel's; raises BusNotFoundError or BusPermissionError."""
    try:
        return LinuxAdapter(path)
    except PermissionError as err:
        raise BusPermissionError(f"{path}: {err.strerror}") from err
    except OSError as err:
        raise BusNotFoundError(f"{path}: {err.strerror}") from err


class Bus:
    """An I2C bus by whole messages, each an I2C_RDWR transfer of its own.

    Transfers raise NoAnswerError, TransferError, and BusStuckError once so many in a row have timed out that no wire
    can be working: each costs a second, and a dead bus must not cost one for every chip and retry.
    """

    def __init__(self, adapter: Adapter, name: str, clock: Clock = time) -> None:
        """Use an adapter; buses of one name, in one process, share a lock."""
        self._adapter = adapter
        self._timeouts = 0
        self.name = name
        self.clock = clock
        self.lock = _locks.setdefault(name, RLock())

    def close(self) -> None:
        """Close the adapter."""
        self._adapter.close()

    def write(self, address: int, data: bytes) -> None:
        """Write one message."""
        self._transfer(address, i2c_msg.write(address, data))

    def read(self, address: int, length: int) -> bytes:
        """Read one message."""
        message = i2c_msg.read(address, length)
        self._transfer(address, message)
        return bytes(message)

    def read_register(self, address: int, register: int, length: int = 1) -> bytes:
        """Write a register's number, and read from there on after a repeated start."""
        message = i2c_msg.read(address, length)
        self._transfer(address, i2c_msg.write(address, [register]), message)
        return bytes(message)

    def read_agreed(self, address: int, length: int, register: int | None = None) -> bytes:
        """Read a chip that has no checksum until two answers in a row agree; TransferError if none do."""

        def read() -> bytes:
            return self.read(address, length) if register is None else self.read_register(address, register, length)

        answer = read()
        for _ in range(AGREEING_READS - 1):
            previous, answer = answer, read()
            if answer == previous:
                return answer
        raise TransferError(f"0x{address:02x}: no two answers agree")

    def answers(self, address: int) -> bool:
        """Return whether anything acknowledges an address, by a message without a byte in it.

        Raises TransferError, also where the adapter cannot send one: a Raspberry Pi 5's, under a kernel not its own.
        """
        try:
            self.write(address, b"")
        except NoAnswerError:
            return False
        return True

    def check_free(self) -> None:
        """Raise BusStuckError where the data wire is held low: the Pi's adapter takes that for answers, all zeros."""
        with suppress(TransferError):
            if self.answers(RESERVED_ADDRESS):
                raise BusStuckError(f"{self.name}: every address answers")

    def check_unclaimed(self, address: int) -> None:
        """Raise AddressClaimedError where a kernel driver has claimed the address."""
        try:
            self._adapter.claim(address)
        except OSError as err:
            if err.errno == errno.EBUSY:
                raise AddressClaimedError(f"0x{address:02x} is claimed by a kernel driver") from err
            raise self._error(err, address) from err

    def _transfer(self, address: int, *messages: i2c_msg) -> None:
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
        error = ERRORS.get(err.errno or 0, TransferError)
        failed = self.name if issubclass(error, BusError) else f"0x{address:02x}"
        return error(f"{failed}: {err.strerror or err}")
