"""Linux infrared devices (/dev/lirc*). Kernel: Documentation/userspace-api/media/rc/lirc-dev-intro.rst and following."""

from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from enum import IntEnum, IntFlag
import errno
from fcntl import ioctl
from functools import partial
from itertools import accumulate
import os
import struct
from threading import Lock
import time
from typing import ClassVar, NamedTuple, Protocol

from . import nodes
from .framer import RECEIVER_SILENCE_US, VALUE_MASK, FindWhole, Framer
from .i2c import Clock, PhatError

MAX_WRITE_ITEMS = 1023  # the kernel allows 1024, but the number must be odd
MAX_WRITE_DURATION = 500_000  # µs
MAX_TRANSMISSION_DURATION = 30_000_000  # µs
MIN_SPLIT_SPACE = 5_000  # µs; in a shorter space, which is within a frame, the delay of the next write would be noticed
FIXED_CARRIERS = range(37_000, 38_501)  # Hz, which 38 kHz are near enough, for devices with a fixed carrier

READ_ITEMS = 1024  # the kernel's whole buffer, so that nothing that was received while deaf is left in it
READ_DELAY = 0.02  # seconds; the kernel delivers items each 15 ms
HEARD_AFTER_SENDING = 0.05  # seconds in which a receiver still reports what was sent


class Request(IntEnum):
    """The ioctl requests of lirc.h."""

    GET_FEATURES = 0x80046900
    SET_SEND_CARRIER = 0x40046913
    SET_SEND_DUTY_CYCLE = 0x40046915
    SET_REC_TIMEOUT = 0x40046918
    SET_REC_TIMEOUT_REPORTS = 0x40046919


class Feature(IntFlag):
    """Capabilities of a device, from GET_FEATURES."""

    CAN_SEND_PULSE = 0x00000002
    CAN_SET_SEND_CARRIER = 0x00000100
    CAN_SET_SEND_DUTY_CYCLE = 0x00000200
    CAN_REC_MODE2 = 0x00040000
    CAN_SET_REC_TIMEOUT = 0x10000000


class LircError(PhatError):
    """Base class of errors of sending and receiving. `key` is the translation key."""

    key: ClassVar[str]


class DeviceGoneError(LircError):
    """No device can be used: its overlay or driver is not loaded, or for one of the reasons below."""

    key = "infrared_gone"


class DevicePermissionError(DeviceGoneError):
    """A candidate device cannot be opened by this user, or is not passed on to this container."""

    key = "infrared_no_permission"


class DeviceBusyError(DeviceGoneError):
    """A candidate device is in use by another program, and this kernel lets only one program open it."""

    key = "infrared_busy"


class InvalidTimingsError(LircError):
    """The timings cannot be sent by any transmitter."""

    key = "infrared_invalid"


class SendError(LircError):
    """The kernel refused to send."""

    key = "infrared_send_failed"


SEND_ERRORS: dict[int, type[LircError]] = {
    errno.ENODEV: DeviceGoneError,
    errno.EIO: DeviceGoneError,
    errno.ENXIO: DeviceGoneError,
}
"""Errors by the number with which a call on an open transmitter failed. Other numbers are a SendError."""


class Port(Protocol):
    """An open device: the kernel's or the simulator's. Each method raises OSError like its system call."""

    def fileno(self) -> int:
        """Return the file descriptor to wait on for data."""

    def ioctl(self, request: Request, value: int = 0) -> int:
        """Set or get a value."""

    def read(self, length: int) -> bytes:
        """Read without waiting."""

    def write(self, data: bytes) -> int:
        """Send, wait until everything was sent, and return the number of bytes."""

    def close(self) -> None:
        """Close the device."""


class LinuxPort:
    """A Linux device (/dev/lircN)."""

    def __init__(self, path: str) -> None:
        """Open the device."""
        self._descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def fileno(self) -> int:
        """Return the file descriptor."""
        return self._descriptor

    def ioctl(self, request: Request, value: int = 0) -> int:
        """Set or get a value."""
        return int(struct.unpack("I", ioctl(self._descriptor, request, struct.pack("I", value)))[0])

    def read(self, length: int) -> bytes:
        """Read without waiting."""
        return os.read(self._descriptor, length)

    def write(self, data: bytes) -> int:
        """Send, wait until everything was sent, and return the number of bytes."""
        return os.write(self._descriptor, data)

    def close(self) -> None:
        """Close the device."""
        os.close(self._descriptor)


type Ports = Callable[[], Iterable[Callable[[], Port]]]


def linux_ports() -> Iterable[Callable[[], Port]]:
    """Return a function to open each existing device. /dev/lircd is not a device but a daemon's socket."""
    return [partial(LinuxPort, nodes.locate(nodes.path_of("lirc", number))) for number in nodes.numbers("lirc")]


def find(ports: Ports, feature: Feature) -> Port:
    """Open the first device with a feature. The name of a device says nothing about its features.

    Raises:
        DevicePermissionError: if no device has the feature, but a candidate may not be opened.
        DeviceBusyError: if no device has the feature, but a candidate is in use by another program.
        DeviceGoneError: if no device has the feature.
    """
    name = "transmitter" if feature is Feature.CAN_SEND_PULSE else "receiver"
    error = DeviceGoneError(f"no infrared {name} was found")
    for open_port in ports():
        try:
            port = open_port()
        except PermissionError as err:
            error = DevicePermissionError(f"the infrared {name} may not be opened: {err}")
            continue
        except OSError as err:
            if err.errno == errno.EBUSY and not isinstance(error, DevicePermissionError):
                error = DeviceBusyError(f"the infrared {name} is in use by another program: {err}")
            continue
        with suppress(OSError):
            if port.ioctl(Request.GET_FEATURES) & feature:
                return port
        _close(port)
    raise error


def _close(port: Port) -> None:
    with suppress(OSError):
        port.close()


class Burst(NamedTuple):
    """Pulses and spaces that are sent by one write."""

    items: tuple[int, ...]  # µs, an odd number, starting with a pulse
    period: int  # µs from the start of this burst to that of the next


def split(timings: Sequence[int]) -> list[Burst]:
    """Split signed timings at their longest spaces into bursts that the kernel accepts.

    Raises:
        InvalidTimingsError: if no transmitter could send the timings.
    """
    items = tuple(timings[:-1] if timings and timings[-1] < 0 else timings)
    if len(items) % 2 == 0 or any((item > 0) is bool(place % 2) or not item for place, item in enumerate(items)):
        raise InvalidTimingsError("pulses and spaces must alternate, start with a pulse, and not be 0")
    items = tuple(map(abs, items))
    if sum(items) > MAX_TRANSMISSION_DURATION:
        raise InvalidTimingsError(f"it would take more than {MAX_TRANSMISSION_DURATION // 1_000_000} s")
    bursts: list[Burst] = []
    while True:
        fitting = sum(duration <= MAX_WRITE_DURATION for duration in accumulate(items[:MAX_WRITE_ITEMS]))
        if fitting == len(items):
            return [*bursts, Burst(items, sum(items))]
        # Among equal spaces the last one, to get the fewest bursts
        place = max(range(1, fitting + 1, 2), key=lambda at: (items[at], at), default=0)
        if not place or items[place] < MIN_SPLIT_SPACE:
            raise InvalidTimingsError("it is too long to be sent at once, and has no pause to split it at")
        bursts.append(Burst(items[:place], sum(items[: place + 1])))
        items = items[place + 1 :]


class Transmitter:
    """Sender through the first transmitter found. All methods block, and one transmission is sent at a time."""

    def __init__(self, ports: Ports = linux_ports, clock: Clock = time) -> None:
        """Initialize the transmitter. The device is opened by the first transmission."""
        self._ports = ports
        self._clock = clock
        self._lock = Lock()
        self._port: Port | None = None

    def open(self) -> None:
        """Find and open the device.

        Raises:
            DeviceGoneError: if no device can be used.
        """
        with self._lock:
            self._open()

    def close(self) -> None:
        """Close the device."""
        with self._lock:
            self._close()

    def send(self, timings: Sequence[int], carrier: int, duty_cycle: int) -> None:
        """Send a command.

        A device with a fixed carrier sends 38 kHz, so other carriers are refused. A device with a fixed duty cycle uses
        its own, because every receiver understands any duty cycle.

        Args:
            timings: Signed µs, starting with a pulse.
            carrier: Hz, or 0 to send without a carrier.
            duty_cycle: %.

        Raises:
            InvalidTimingsError: if no transmitter could send the command.
            DeviceGoneError: if no device can be used.
            SendError: if the kernel refuses to send.
        """
        bursts = split(timings)
        if not 0 <= carrier <= VALUE_MASK or not 0 < duty_cycle < 100:
            raise InvalidTimingsError(f"{carrier} Hz with a duty cycle of {duty_cycle} % is not a valid carrier")
        with self._lock:
            try:
                port = self._prepare(carrier, duty_cycle)
            except DeviceGoneError:
                # The driver may have been loaded again since the device was opened. Nothing has been sent yet
                port = self._prepare(carrier, duty_cycle)
            for burst in bursts:
                self._send(port, burst)

    def _prepare(self, carrier: int, duty_cycle: int) -> Port:
        """Return the device after setting carrier and duty cycle, which another program may have changed."""
        port = self._open()
        try:
            port.ioctl(Request.SET_SEND_CARRIER, carrier)
        except OSError as err:
            if err.errno != errno.ENOTTY or carrier not in FIXED_CARRIERS:
                self._close()
                raise _send_error(err, f"a carrier of {carrier} Hz") from err
        if carrier:
            try:
                port.ioctl(Request.SET_SEND_DUTY_CYCLE, duty_cycle)
            except OSError as err:
                if err.errno != errno.ENOTTY:
                    self._close()
                    raise _send_error(err, f"a duty cycle of {duty_cycle} %") from err
        return port

    def _send(self, port: Port, burst: Burst) -> None:
        data = struct.pack(f"{len(burst.items)}I", *burst.items)
        end = self._clock.monotonic() + burst.period / 1_000_000
        try:
            sent = port.write(data)
        except OSError as err:
            self._close()
            raise _send_error(err, "to send") from err
        if sent != len(data):
            raise SendError(f"only {sent // 4} of {len(burst.items)} pulses and spaces were sent")
        # Wait after the last burst too: a driver may return early, and until the end only our own signal is received
        if (pause := end - self._clock.monotonic()) > 0:
            self._clock.sleep(pause)

    def _open(self) -> Port:
        if self._port is None:
            self._port = find(self._ports, Feature.CAN_SEND_PULSE)
        return self._port

    def _close(self) -> None:
        if self._port is not None:
            _close(self._port)
            self._port = None


def _send_error(err: OSError, refused: str) -> LircError:
    error = SEND_ERRORS.get(err.errno or 0, SendError)
    text = f"the kernel refused {refused}" if error is SendError else "the transmitter has disappeared"
    return error(f"{text}: {err.strerror}")


class MessageReceiver:
    """Receiver of messages on the event loop, from the first receiving device found."""

    def __init__(
        self,
        loop: AbstractEventLoop,
        on_message: Callable[[list[int]], None],
        on_gone: Callable[[], None],
        ports: Ports = linux_ports,
        find_whole: FindWhole = lambda _: None,
    ) -> None:
        """Initialize the receiver. The device is opened by `open`.

        `on_message` is called with each message, in signed µs, and `on_gone` once when the device disappears. `find_whole`
        returns the message in what was received if it is complete, so that it ends after a shorter silence.
        """
        self._loop = loop
        self._on_message = on_message
        self._on_gone = on_gone
        self._ports = ports
        self._port: Port | None = None
        self._find_whole = find_whole
        self._framer = Framer(find_whole)
        self._silence_timer: TimerHandle | None = None
        self.deaf = False  # while true, received messages are not delivered

    def open(self) -> None:
        """Find and open the device unless it is already open. Blocks.

        Raises:
            DeviceGoneError: if no device can be used.
        """
        if self._port is not None:
            return
        self._port = port = find(self._ports, Feature.CAN_REC_MODE2)
        self._framer = Framer(self._find_whole)
        # Not every device supports these requests. Without them a message ends later
        for request, value in ((Request.SET_REC_TIMEOUT, RECEIVER_SILENCE_US), (Request.SET_REC_TIMEOUT_REPORTS, 1)):
            with suppress(OSError):
                port.ioctl(request, value)

    def start(self) -> None:
        """Start listening. Must be called on the event loop."""
        if self._port is not None:
            self._loop.add_reader(self._port.fileno(), self._read, self._port)

    def close(self) -> None:
        """Stop listening, and close the device. Must be called on the event loop."""
        self._stop_timer()
        if self._port is not None:
            self._loop.remove_reader(self._port.fileno())
            _close(self._port)
            self._port = None

    def _read(self, port: Port) -> None:
        try:
            data = port.read(READ_ITEMS * 4)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            self._on_gone()
            return
        self._stop_timer()
        self._deliver(self._framer.feed(data))
        if missing := self._framer.missing_silence:  # which no kernel reports
            self._silence_timer = self._loop.call_later(missing / 1_000_000 + READ_DELAY, self._end_message)

    def _end_message(self) -> None:
        self._deliver(self._framer.flush())

    def _deliver(self, messages: Iterable[list[int]]) -> None:
        if self.deaf:
            self._framer.discard()
            return
        for message in messages:
            self._on_message(message)

    def _stop_timer(self) -> None:
        if self._silence_timer:
            self._silence_timer.cancel()
