"""Linux's infrared devices, /dev/lirc*. Kernel: Documentation/userspace-api/media/rc/lirc-dev-intro.rst and following."""

from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from enum import IntEnum, IntFlag
import errno
from fcntl import ioctl
from functools import partial
from itertools import accumulate
import os
from pathlib import Path
import struct
from threading import Lock
import time
from typing import ClassVar, NamedTuple, Protocol

from .framer import RECEIVER_SILENCE_US, VALUE_MASK, Framer, IsWhole
from .i2c import Clock, PhatError

DEVICES = Path("/dev")

MAX_WRITE_ITEMS = 1023  # of a write: 1024, but the count is odd
MAX_WRITE_DURATION = 500_000  # µs, of a write
MAX_TRANSMISSION_DURATION = 30_000_000  # µs
MIN_SPLIT_SPACE = 5_000  # µs: a shorter space is part of a frame, which the jitter of a second write would spoil
FIXED_CARRIERS = range(37_500, 38_501)  # Hz, of a device that cannot set it: what codes call 38 kHz, as Pronto's 38029

READ_ITEMS = 1024  # all that the kernel keeps: whoever stops being deaf has then read what was heard until then
HEARD_AFTER_SENDING = 0.05  # seconds that a receiver goes on telling of what was sent


class Request(IntEnum):
    """The ioctl requests of lirc.h."""

    GET_FEATURES = 0x80046900
    SET_SEND_CARRIER = 0x40046913
    SET_SEND_DUTY_CYCLE = 0x40046915
    SET_REC_TIMEOUT = 0x40046918
    SET_REC_TIMEOUT_REPORTS = 0x40046919


class Feature(IntFlag):
    """What GET_FEATURES tells of a device."""

    CAN_SEND_PULSE = 0x00000002
    CAN_SET_SEND_CARRIER = 0x00000100
    CAN_SET_SEND_DUTY_CYCLE = 0x00000200
    CAN_REC_MODE2 = 0x00040000
    CAN_SET_REC_TIMEOUT = 0x10000000


class LircError(PhatError):
    """Something about sending or receiving failed; `key` names it for a translation."""

    key: ClassVar[str]


class DeviceGoneError(LircError):
    """There is no device to use: its overlay or driver is not loaded, or was unloaded, or see below."""

    key = "infrared_gone"


class DevicePermissionError(DeviceGoneError):
    """A device that may be the one cannot be opened by this user, or is not passed on to this container."""

    key = "infrared_no_permission"


class DeviceBusyError(DeviceGoneError):
    """A device that may be the one is open elsewhere, and the kernel lets only one program open it, as old ones do."""

    key = "infrared_busy"


class InvalidTimingsError(LircError):
    """No transmitter could send this."""

    key = "infrared_invalid"


class SendError(LircError):
    """The kernel refused to send."""

    key = "infrared_send_failed"


SEND_ERRORS: dict[int, type[LircError]] = {
    errno.ENODEV: DeviceGoneError,
    errno.EIO: DeviceGoneError,
    errno.ENXIO: DeviceGoneError,
}
"""What an error number of an open transmitter means; all others are a SendError."""


class Port(Protocol):
    """An open device: the kernel's, or the simulator's. Each call raises OSError as the system call has it."""

    def fileno(self) -> int:
        """Return a descriptor to wait for data on."""

    def ioctl(self, request: Request, value: int = 0) -> int:
        """Set or get a value."""

    def read(self, length: int) -> bytes:
        """Read without waiting."""

    def write(self, data: bytes) -> int:
        """Send, wait until that is done, and return how many bytes were sent."""

    def close(self) -> None:
        """Close the device."""


class LinuxPort:
    """A device of the kernel's."""

    def __init__(self, path: str) -> None:
        """Open it."""
        self._descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._descriptor

    def ioctl(self, request: Request, value: int = 0) -> int:
        """Set or get a value."""
        return int(struct.unpack("I", ioctl(self._descriptor, request, struct.pack("I", value)))[0])

    def read(self, length: int) -> bytes:
        """Read without waiting."""
        return os.read(self._descriptor, length)

    def write(self, data: bytes) -> int:
        """Send, wait until that is done, and return how many bytes were sent."""
        return os.write(self._descriptor, data)

    def close(self) -> None:
        """Close the device."""
        os.close(self._descriptor)


type Ports = Callable[[], Iterable[Callable[[], Port]]]


def linux_ports() -> Iterable[Callable[[], Port]]:
    """Return the devices that there are, each to be opened; /dev/lircd is none, but a daemon's socket."""
    return [partial(LinuxPort, str(path)) for path in sorted(DEVICES.glob("lirc[0-9]*"))]


def find(ports: Ports, feature: Feature) -> Port:
    """Open the first device with a feature; what a device is called says nothing of what it can do.

    Raises DeviceGoneError where there is none; one that could not be opened may have been it, so that is told.
    """
    name = "transmitter" if feature is Feature.CAN_SEND_PULSE else "receiver"
    error = DeviceGoneError(f"there is no infrared {name}")
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
    """What is sent by one write, and how long nothing is sent after it began."""

    items: tuple[int, ...]  # µs, pulse first, an odd count
    period: int  # µs, from its beginning to that of the next


def split(timings: Sequence[int]) -> list[Burst]:
    """Cut signed timings into what the kernel takes at once, at the longest spaces; raises InvalidTimingsError."""
    items = tuple(timings[:-1] if timings and timings[-1] < 0 else timings)
    if len(items) % 2 == 0 or any((item > 0) is bool(place % 2) or not item for place, item in enumerate(items)):
        raise InvalidTimingsError("pulses and spaces have to alternate, a pulse first, and none may be 0")
    items = tuple(map(abs, items))
    if sum(items) > MAX_TRANSMISSION_DURATION:
        raise InvalidTimingsError(f"it would take more than {MAX_TRANSMISSION_DURATION // 1_000_000} s")
    bursts: list[Burst] = []
    while True:
        fitting = sum(duration <= MAX_WRITE_DURATION for duration in accumulate(items[:MAX_WRITE_ITEMS]))
        if fitting == len(items):
            return [*bursts, Burst(items, sum(items))]
        # Of equal spaces the last, so that there are few bursts
        place = max(range(1, fitting + 1, 2), key=lambda at: (items[at], at), default=0)
        if not place or items[place] < MIN_SPLIT_SPACE:
            raise InvalidTimingsError("it is too long to be sent at once, and has no pause to be cut at")
        bursts.append(Burst(items[:place], sum(items[: place + 1])))
        items = items[place + 1 :]


class Transmitter:
    """Sends by whatever transmitter there is; synchronous, one at a time."""

    def __init__(self, ports: Ports = linux_ports, clock: Clock = time) -> None:
        """Look for the device with the first transmission."""
        self._ports = ports
        self._clock = clock
        self._lock = Lock()
        self._port: Port | None = None

    def open(self) -> None:
        """Find the device; raises DeviceGoneError."""
        with self._lock:
            self._open()

    def close(self) -> None:
        """Close the device."""
        with self._lock:
            self._close()

    def send(self, timings: Sequence[int], carrier: int, duty_cycle: int) -> None:
        """Send signed timings in µs with a carrier in Hz (0: none) and a duty cycle in %; raises LircError.

        A device whose carrier cannot be set sends 38 kHz, and is trusted with nothing else; one whose duty cycle cannot
        be set sends with its own, which every receiver understands.
        """
        bursts = split(timings)
        if not 0 <= carrier <= VALUE_MASK or not 0 < duty_cycle < 100:
            raise InvalidTimingsError(f"no carrier has {carrier} Hz and a duty cycle of {duty_cycle} %")
        with self._lock:
            try:
                port = self._prepared(carrier, duty_cycle)
            except DeviceGoneError:
                # It may have come back since it was opened; nothing has been sent yet
                port = self._prepared(carrier, duty_cycle)
            for burst in bursts:
                self._send(port, burst)

    def _prepared(self, carrier: int, duty_cycle: int) -> Port:
        """Return the device with carrier and duty cycle set: another program may have changed them."""
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
        # Also after the last, as a driver may return early, and what is heard until the end is our own
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


class FrameReceiver:
    """Receives on the event loop by whatever receiver there is."""

    def __init__(
        self,
        loop: AbstractEventLoop,
        on_frame: Callable[[list[int]], None],
        on_gone: Callable[[], None],
        ports: Ports = linux_ports,
        is_whole: IsWhole = lambda _: False,
    ) -> None:
        """Call `on_frame` with each frame, and `on_gone` once when the device has disappeared.

        A frame that `is_whole` knows ends sooner than others: protocols whose frames follow each other that closely would be
        told as one.
        """
        self._loop = loop
        self._on_frame = on_frame
        self._on_gone = on_gone
        self._ports = ports
        self._port: Port | None = None
        self._is_whole = is_whole
        self._framer = Framer(is_whole)
        self.deaf = False  # while true, what is heard is not delivered

    def open(self) -> None:
        """Find the device, where it is not open yet; synchronous. Raises DeviceGoneError."""
        if self._port is not None:
            return
        self._port = port = find(self._ports, Feature.CAN_REC_MODE2)
        self._framer = Framer(self._is_whole)
        # Not every device has these: without them a frame ends later
        for request, value in ((Request.SET_REC_TIMEOUT, RECEIVER_SILENCE_US), (Request.SET_REC_TIMEOUT_REPORTS, 1)):
            with suppress(OSError):
                port.ioctl(request, value)

    def start(self) -> None:
        """Begin to listen, on the event loop."""
        if self._port is not None:
            self._loop.add_reader(self._port.fileno(), self._read, self._port)

    def close(self) -> None:
        """Stop listening, on the event loop."""
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
        frames = self._framer.feed(data)
        if self.deaf:
            self._framer.discard()
        else:
            for frame in frames:
                self._on_frame(frame)
