"""Simulated infrared pair with the kernel's interface (gpio-ir-tx and gpio-ir) and the distortion of a real receiver.

>>> pair = SimulatedLirc()
>>> transmitter = Transmitter(pair.ports)
>>> pair.press([9000, -4500, ...])
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
import errno
from itertools import islice
import random
import socket
import struct
from threading import Lock
import time
from typing import NamedTuple

from .framer import VALUE_MASK, ItemType
from .i2c import Clock
from .lirc import Feature, Port, Request
from .simulated_errors import os_error

TRANSMITTER_FEATURES = Feature.CAN_SEND_PULSE | Feature.CAN_SET_SEND_CARRIER | Feature.CAN_SET_SEND_DUTY_CYCLE
RECEIVER_FEATURES = Feature.CAN_REC_MODE2 | Feature.CAN_SET_REC_TIMEOUT

BUFFER = 1024  # items, both of a write and of the receiver
MAX_WRITE_DURATION = 500_000  # µs, of a write
DEFAULT_CARRIER = 38_000
MAX_CARRIER = 500_000
HEARD_CARRIERS = range(30_000, 57_000)  # Hz, for a receiver for 38 kHz at a short distance
DEFAULT_TIMEOUT = 125_000  # µs
MAX_TIMEOUT = 10 * DEFAULT_TIMEOUT
LEADING_SPACE = 1_000_000  # µs

STRETCH = (50.0, 150.0)  # µs by which a receiver lengthens pulses and shortens spaces
JITTER = 15.0  # µs, standard deviation
SHORTEST = 50  # µs


class Transmission(NamedTuple):
    """Data of one write to the transmitter."""

    timings: tuple[int, ...]  # signed µs
    carrier: int
    duty_cycle: int


class SimulatedLirc:
    """A transmitter, and a receiver that receives its signal and that of simulated remote controls."""

    def __init__(self, clock: Clock = time, seed: int = 0) -> None:
        """Initialize the pair, plugged in."""
        self.sent: list[Transmission] = []
        self.plugged = True
        self.refusal: int | None = None
        """Error number with which opening a device fails."""
        self.lacking: set[Request] = set()
        """Unsupported requests, which fail with ENOTTY like those of other drivers."""
        self.overflow = False
        """Whether the receiver's buffer overflows in the middle of the next frame."""
        self.carrier = DEFAULT_CARRIER
        self.duty_cycle = 50
        self.timeout = DEFAULT_TIMEOUT
        self.clock = clock
        self._random = random.Random(seed)
        self._stretch = self._random.uniform(*STRETCH)
        self._readers: list[SimulatedReceiver] = []

    def ports(self) -> list[Callable[[], Port]]:
        """Return the functions to open the devices. The receiver comes first, like its overlay."""
        return [lambda: SimulatedReceiver(self), lambda: SimulatedTransmitter(self)] if self.plugged else []

    def unplug(self) -> None:
        """Remove both devices, like unloading their overlays."""
        self.plugged = False
        for reader in self._readers:
            reader.hang_up()
        self._readers.clear()

    def plug(self) -> None:
        """Add both devices."""
        self.plugged = True

    def check_openable(self) -> None:
        """Check that a device can be opened.

        Raises:
            OSError: if it cannot.
        """
        if self.refusal is not None:
            raise os_error(self.refusal)
        if not self.plugged:
            raise os_error(errno.ENOENT)

    def check_ioctl(self, request: Request) -> None:
        """Check that a device exists and supports a request.

        Raises:
            OSError: if it does not.
        """
        if not self.plugged:
            raise os_error(errno.ENODEV)
        if request in self.lacking:
            raise os_error(errno.ENOTTY)

    def listen(self, reader: SimulatedReceiver) -> None:
        """Deliver received items to another reader."""
        self._readers.append(reader)

    def leave(self, reader: SimulatedReceiver) -> None:
        """Stop delivering to a reader."""
        if reader in self._readers:
            self._readers.remove(reader)

    def press(self, timings: Sequence[int], carrier: int = DEFAULT_CARRIER) -> None:
        """Send timings to the receiver, like a key of a remote control: signed µs, starting with a pulse."""
        if carrier in HEARD_CARRIERS:
            self.deliver([*self.received(timings), item(ItemType.TIMEOUT, self.timeout)])

    def received(self, timings: Sequence[int]) -> list[int]:
        """Return the receiver's items for timings, without the time-out after them."""
        items = [item(ItemType.SPACE, LEADING_SPACE)]
        for timing in timings:
            duration = abs(timing) + (self._stretch if timing > 0 else -self._stretch) + self._random.gauss(0, JITTER)
            if timing < -self.timeout:
                items.append(item(ItemType.TIMEOUT, self.timeout))
            items.append(item(ItemType.PULSE if timing > 0 else ItemType.SPACE, max(SHORTEST, round(duration))))
        if self.overflow:
            items.insert(len(items) // 2, item(ItemType.OVERFLOW, 0))
            self.overflow = False
        return items

    def deliver(self, items: Iterable[int]) -> None:
        """Deliver items to all readers."""
        items = tuple(items)
        for reader in tuple(self._readers):
            reader.receive(items)


class SimulatedTransmitter:
    """Device of the transmitter."""

    def __init__(self, pair: SimulatedLirc) -> None:
        """Open the device."""
        pair.check_openable()
        self._pair = pair

    def fileno(self) -> int:
        """Return no descriptor, because there is nothing to wait for."""
        return -1

    def ioctl(self, request: Request, value: int = 0) -> int:
        """Set or get a value. Carrier and duty cycle belong to the device, not to the program that sets them."""
        self._pair.check_ioctl(request)
        match request:
            case Request.GET_FEATURES:
                return TRANSMITTER_FEATURES
            case Request.SET_SEND_CARRIER if value <= MAX_CARRIER:
                self._pair.carrier = value
            case Request.SET_SEND_DUTY_CYCLE if 0 < value < 100:
                self._pair.duty_cycle = value
            case Request.SET_SEND_CARRIER | Request.SET_SEND_DUTY_CYCLE:
                raise os_error(errno.EINVAL)
            case _:
                raise os_error(errno.ENOTTY)
        return value

    def read(self, length: int) -> bytes:
        """Fail, because the device only sends."""
        raise os_error(errno.EINVAL)

    def write(self, data: bytes) -> int:
        """Send, wait for the duration of the signal, and return the number of bytes."""
        if not self._pair.plugged:
            raise os_error(errno.ENODEV)
        if len(data) % 4:
            raise os_error(errno.EINVAL)
        durations = [duration for (duration,) in struct.iter_unpack("I", data)]
        if len(durations) % 2 == 0 or len(durations) > BUFFER or 0 in durations or sum(durations) > MAX_WRITE_DURATION:
            raise os_error(errno.EINVAL)
        timings = tuple(-duration if place % 2 else duration for place, duration in enumerate(durations))
        carrier = self._pair.carrier
        self._pair.sent.append(Transmission(timings, carrier, self._pair.duty_cycle))
        self._pair.clock.sleep(sum(durations) / 1_000_000)
        self._pair.press(timings, carrier)
        return len(data)

    def close(self) -> None:
        """Do nothing: there is nothing to close."""


class SimulatedReceiver:
    """Device of the receiver. Items may be delivered from any thread."""

    def __init__(self, pair: SimulatedLirc) -> None:
        """Open the device."""
        pair.check_openable()
        self._pair = pair
        self._lock = Lock()
        self._items = deque[int]()
        self._connected = True
        # Readable while there are items, and after the device has disappeared
        self._readable, self._signal = socket.socketpair()
        pair.listen(self)

    def receive(self, items: Sequence[int]) -> None:
        """Buffer items until they are read. Items that exceed the buffer are lost."""
        with self._lock:
            if self._connected and items:
                if not self._items:
                    self._signal.send(b"!")
                self._items.extend(islice(items, BUFFER - len(self._items)))

    def hang_up(self) -> None:
        """Disconnect the device."""
        with self._lock:
            self._connected = False
            self._signal.close()

    def fileno(self) -> int:
        """Return a descriptor that is readable while there are items."""
        return self._readable.fileno()

    def ioctl(self, request: Request, value: int = 0) -> int:
        """Set or get a value."""
        self._pair.check_ioctl(request)
        match request:
            case Request.GET_FEATURES:
                return RECEIVER_FEATURES
            case Request.SET_REC_TIMEOUT if not 0 < value <= MAX_TIMEOUT:
                raise os_error(errno.EINVAL)
            case Request.SET_REC_TIMEOUT:
                self._pair.timeout = value
            case Request.SET_REC_TIMEOUT_REPORTS:
                pass
            case _:
                raise os_error(errno.ENOTTY)
        return value

    def read(self, length: int) -> bytes:
        """Read items."""
        if length < 4 or length % 4:
            raise os_error(errno.EINVAL)
        with self._lock:
            if not self._connected:
                raise os_error(errno.ENODEV)
            if not self._items:
                raise os_error(errno.EAGAIN)
            items = [self._items.popleft() for _ in range(min(length // 4, len(self._items)))]
            if not self._items:
                self._readable.recv(1)
        return struct.pack(f"{len(items)}I", *items)

    def write(self, data: bytes) -> int:
        """Fail, because the device only receives."""
        raise os_error(errno.EINVAL)

    def close(self) -> None:
        """Close the device."""
        self._pair.leave(self)
        self.hang_up()
        self._readable.close()


def item(type_: ItemType, value: int) -> int:
    """Return a received item."""
    return type_ << 24 | min(value, VALUE_MASK)
