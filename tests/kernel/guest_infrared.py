"""Tests of the infrared driver in a guest with a real kernel, started by scripts/test-kernel.

One LIRC device sends, and another receives its signal. The kernel's own encoders and decoders are the reference for our driver
and our codes. Everything is about 15 times slower than on the host.
"""

# ruff: noqa: T201

import asyncio
from collections.abc import Callable, Sequence
import errno
import os
from pathlib import Path
import re
import struct
import subprocess
import sys
import time

# At the end, because a platform of Home Assistant and a module of Python are both named datetime
sys.path.append(str(Path(__file__).parents[2] / "custom_components/anavi_weather"))

from ir_codes import parse  # type: ignore[import-not-found]
from ir_codes.decode import decode, whole_message  # type: ignore[import-not-found]
from phat.framer import RECEIVER_SILENCE_US  # type: ignore[import-not-found]
from phat.lirc import (  # type: ignore[import-not-found]
    DeviceGoneError,
    DevicePermissionError,
    Feature,
    InvalidTimingsError,
    LircError,
    MessageReceiver,
    Port,
    Request,
    SendError,
    Transmitter,
    find,
    linux_ports,
    split,
)
from phat.simulated_lirc import SimulatedLirc  # type: ignore[import-not-found]

from .runner import run

KERNELS_DECODERS = "nec,rc-5,rc-5-sz,rc-6,sony,jvc,sharp,sanyo"
SCANCODE = re.compile(r"lirc protocol\((\w+)\): scancode = (0x[0-9a-f]+)")

# The kernel's name and ours. ir-ctl has no name for Samsung's frame, which the kernel decodes
CODES = (
    ("nec:0x408", "nec:0x04,0x08"),
    ("necx:0x80412", "nec:0x408,0x12"),
    ("nec32:0x12345678", "necext:0x1234,0x5678"),
    ("rc5:0x1e01", "rc5:0x1e,0x01"),
    ("rc5:0x535", "rc5:0x05,0x35"),
    ("rc5x_20:0x1e0100", "marantz_extended:0x1e,0x01,0x00"),
    ("rc5_sz:0x28c0", "rc5_sz:0x23,0x00"),
    ("rc6_0:0x8015", "rc6:0x80,0x15"),
    ("rc6_6a_20:0x12345", "rc6_6a_20:0x123,0x45"),
    ("rc6_6a_24:0xabcdef", "rc6_6a_24:0xabcd,0xef"),
    ("rc6_6a_32:0x12345678", "rc6_6a_32:0x123456,0x78"),
    ("rc6_mce:0x800f040c", "rc6_mce:0x800f04,0x0c"),
    ("sony12:0x10015", "sony:0x01,0x15"),
    ("sony15:0x540015", "sony15:0x54,0x15"),
    ("sony20:0x1f1a15", "sony20:0x35f,0x15"),
    ("necx:0x70702", "samsung32:0x07,0x02"),
    ("jvc:0x703", "jvc:0x07,0x03"),
    ("sharp:0x1f45", "sharp:0x1f,0x45,0x01"),
    ("sanyo:0x1c4808", "nec42:0x1c48,0x08"),
)
NOT_SENT = "rc5_sz:0x2fff"  # which the kernel also decodes from the end of some of Sony's frames
NOT_BY_IR_CTL = ("samsung32:0x07,0x02",)


class Guest:
    """The kernel's pair, opened by our driver and by the kernel's own tool."""

    def __init__(self) -> None:
        """Open the pair."""
        self.frames: list[list[int]] = []
        self.gone = 0
        self.transmitter = Transmitter()
        self.receiver = MessageReceiver(
            asyncio.get_running_loop(), self.frames.append, self._on_gone, find_whole=whole_message
        )
        self.receiver.open()
        self.receiver.start()
        self._log = Path("/tmp/scancodes")  # noqa: S108
        remote = next(Path("/sys/class/rc").glob("rc*/protocols")).parent.name
        with self._log.open("w", encoding="utf-8") as log:
            self._keytable = subprocess.Popen(
                ["stdbuf", "-oL", "ir-keytable", "-p", KERNELS_DECODERS, "-s", remote, "-t"], stdout=log
            )

    def _on_gone(self) -> None:
        self.gone += 1

    async def ready(self) -> None:
        """Wait for the kernel's tool."""
        async with asyncio.timeout(30):
            while "Testing events" not in self.log():
                await asyncio.sleep(0.2)

    def log(self) -> str:
        """Return the output of the kernel's tool."""
        return self._log.read_text(encoding="utf-8")

    def close(self) -> None:
        """Close everything."""
        self._keytable.kill()
        self._keytable.wait()
        self.receiver.close()
        self.transmitter.close()

    async def receive(self, send: Callable[[], object], frames: int = 1) -> tuple[list[list[int]], list[str]]:
        """Call a function that sends; return the frames that we receive, and the scancodes that the kernel decodes."""
        self.frames.clear()
        begin = len(self.log())
        await asyncio.to_thread(send)
        deadline = time.monotonic() + 5
        scancodes: list[str] = []
        while time.monotonic() < deadline and (len(self.frames) < frames or not scancodes):
            await asyncio.sleep(0.05)
            scancodes = [":".join(found) for found in SCANCODE.findall(self.log()[begin:])]
        return list(self.frames), scancodes

    def send(self, text: str) -> None:
        """Send a command with our driver."""
        command = parse(text)
        self.transmitter.send(command.get_raw_timings(), command.modulation, 50)


def ir_ctl(scancode: str) -> None:
    """Send a scancode with the kernel's encoder."""
    subprocess.run(["ir-ctl", "-d", sender(), "-S", scancode], check=True)


def sender() -> str:
    """Return the path of the transmitter's device."""
    port = find(linux_ports, Feature.CAN_SEND_PULSE)
    path = str(Path(f"/proc/self/fd/{descriptor(port)}").readlink())
    port.close()
    return path


def descriptor(port: Port) -> int:
    """Return the file descriptor of an open device."""
    return int(port.fileno())


def descriptors() -> int:
    """Return how many descriptors this process has open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def parameter(name: str) -> int:
    """Return a parameter of the transmitter's driver."""
    return int(Path("/sys/module/rc_pi/parameters", name).read_text())


def decoded(frames: Sequence[Sequence[int]]) -> str:
    """Return the text of the first received frame."""
    found = decode(frames[0]) if frames else None
    return "-" if found is None else str(found.text)


async def test_we_and_the_kernel_decode_each_other(guest: Guest) -> None:
    """Each code is sent by our driver and by the kernel's encoder, and decoded by both."""
    print(f"  {'sent by us':<33}{'kernel decoded':<23}{'we decoded':<33}{'sent by ir-ctl':<23}we decoded")
    wrong = []
    for scancode, text in CODES:
        frames, scancodes = await guest.receive(lambda text=text: guest.send(text))  # type: ignore[misc]
        ours, kernels, theirs = (
            decoded(frames),
            ", ".join(dict.fromkeys(found for found in scancodes if found != NOT_SENT)) or "-",
            "-",
        )
        if text not in NOT_BY_IR_CTL:
            frames, _ = await guest.receive(lambda scancode=scancode: ir_ctl(scancode))  # type: ignore[misc]
            theirs = decoded(frames)
        by = "-" if text in NOT_BY_IR_CTL else scancode
        print(f"  {text:<33}{kernels:<23}{ours:<33}{by:<23}{theirs}")
        if kernels != scancode or ours != text or theirs != ("-" if by == "-" else text):
            wrong.append(text)
    assert not wrong, wrong


async def test_long_frames_are_sent_in_bursts(guest: Guest) -> None:
    """A key that is held for a second, and the frames of an air conditioner, are sent in bursts."""
    command = parse("nec:0x04,0x08,repeat_count=9")
    timings = command.get_raw_timings()
    air_time = sum(map(abs, timings)) / 1_000_000
    begin = time.monotonic()
    frames, scancodes = await guest.receive(lambda: guest.transmitter.send(timings, 38_000, 50), 10)
    duration = time.monotonic() - begin
    assert len(frames) == 10, frames
    assert [abs(timing) for timing in frames[0]] == [abs(timing) for timing in timings[:67]]
    assert all(found is not None and found.repeat for found in map(decode, frames[1:]))
    assert scancodes == ["nec:0x408"] * 10, scancodes
    assert duration >= air_time
    print(f"  {air_time:.3f} s on the air in {len(split(timings))} writes, sent and heard within {duration:.3f} s")
    frame = (8000, -4000, *(500, -3000) * 60, 500, -30_000) * 2 + (8000, -4000, *(500, -500) * 60, 500)
    frames, _ = await guest.receive(lambda: guest.transmitter.send(frame, 38_000, 50))
    # This driver delivers a whole write to the receiver when it starts, so the pause until the next one seems longer than it
    # is. The split ends a frame here, which it would not do on a board
    heard = [timing for frame in frames for timing in frame]
    assert [timing for timing in heard if timing > 0] == list(frame[::2]), frames
    assert len(frames) <= 2, frames
    print(f"  {sum(map(abs, frame)) / 1_000_000:.3f} s with pauses of 30 ms in {len(split(frame))} writes")


async def test_our_limits_are_the_kernels(guest: Guest) -> None:
    """We refuse timings that the kernel refuses, and send what it accepts."""
    for timings in ([], [0], [500, 500], [-500, 500], [500_001], [600, -600] * 600 + [600]):
        try:
            guest.transmitter.send(timings, 38_000, 50)
        except InvalidTimingsError:
            continue
        raise AssertionError(f"sent: {timings[:9]}")
    guest.transmitter.send([500], 38_000, 50)
    for carrier, error in ((500_001, SendError), (0, None), (30_000, None), (500_000, None)):
        try:
            guest.transmitter.send([500, -500, 500], carrier, 33)
        except LircError as err:
            refusal: type[LircError] | None = type(err)
            print(f"  {carrier} Hz: {err}")
        else:
            refusal = None
            assert parameter("carrier") == carrier
            assert parameter("duty") == (33 if carrier else 50)
        assert refusal is error
    guest.transmitter.send([500_000], 38_000, 50)
    # Not 1023, because this driver delivers a write at once to the receiver, which buffers 512, and more can hang the guest
    guest.transmitter.send([100, *(-100, 100) * 250], 38_000, 50)


def outcome(call: Callable[[Port], object], port: Port) -> object:
    """Return the result of a call on a device, or the name of its error number."""
    try:
        return call(port)
    except OSError as err:
        return errno.errorcode[err.errno or 0]


def numbers(*items: int) -> bytes:
    """Return numbers in the kernel's format."""
    return struct.pack(f"{len(items)}I", *items)


async def test_the_simulator_answers_as_the_kernel_does(guest: Guest) -> None:
    """Each request and each kind of write has the same result or error number."""
    pair, differences = SimulatedLirc(), []
    for feature in (Feature.CAN_SEND_PULSE, Feature.CAN_REC_MODE2):
        kernels, simulated = find(linux_ports, feature), find(pair.ports, feature)
        calls: list[tuple[str, Callable[[Port], object]]] = [
            (f"{request.name} {value}", lambda port, r=request, v=value: port.ioctl(r, v))  # type: ignore[misc]
            for request in Request
            for value in (0, 1, 50, 99, 100, 36_000, 500_000, 500_001, 1_250_000, 1_250_001)
            # Kernels differ in whether reports can be switched, and in the result
            if request != Request.SET_REC_TIMEOUT_REPORTS
            # No driver of a board allows turning the time-out off, and newer kernels accept 0 as a duty cycle
            if (request, value) not in ((Request.SET_REC_TIMEOUT, 0), (Request.SET_SEND_DUTY_CYCLE, 0))
            and (request, value) != (Request.SET_REC_TIMEOUT, 1)
        ]
        writes = {
            "nothing": b"",
            "half an item": b"\x01\x00",
            "an item and a half": numbers(9) + b"\x01\x00",
            "two items": numbers(9, 9),
            "a zero": numbers(9, 0, 9),
            "one item": numbers(900),
            "501 items": numbers(*[9] * 501),
            "1025 items": numbers(*[9] * 1025),
            "500 ms": numbers(500_000),
            "too long": numbers(500_001),
        }
        calls += [(name, lambda port, data=data: port.write(data)) for name, data in writes.items()]  # type: ignore[misc]
        calls += [(f"read {length}", lambda port, n=length: port.read(n)) for length in (2, 6)]  # type: ignore[misc]
        for name, call in calls:
            theirs, ours = outcome(call, kernels), outcome(call, simulated)
            if theirs != ours and not (theirs == 0 and isinstance(ours, int)):
                differences.append((feature.name, name, theirs, ours))
        if feature is Feature.CAN_REC_MODE2:
            kernels.ioctl(Request.SET_REC_TIMEOUT, RECEIVER_SILENCE_US)
        kernels.close()
        simulated.close()
    for row in differences:
        print("  device, call, kernel, simulator:", *row)
    assert not differences


async def test_missing_permission_is_an_error(guest: Guest) -> None:
    """A user without permission gets its own error."""
    os.seteuid(65534)
    try:
        Transmitter().open()
    except DevicePermissionError as err:
        print(f"  {err}")
    else:
        raise AssertionError("it could be opened")
    finally:
        os.seteuid(0)


async def test_descriptors_are_closed(guest: Guest) -> None:
    """Opening and closing the pair repeatedly leaves no descriptor open."""
    before = descriptors()
    for _ in range(20):
        transmitter, receiver = Transmitter(), MessageReceiver(asyncio.get_running_loop(), print, print)
        transmitter.open()
        receiver.open()
        receiver.start()
        transmitter.close()
        receiver.close()
    assert descriptors() == before


async def test_a_driver_that_is_loaded_again_is_used(guest: Guest) -> None:
    """Both devices are open while the driver is unloaded. The kernel's tool has lost its device, and is not used."""
    guest.send("nec:0x04,0x08")
    await asyncio.sleep(1)
    await modprobe("-r", "rc-pi")
    async with asyncio.timeout(10):
        while not guest.gone:
            await asyncio.sleep(0.05)
    for attempt in (lambda: guest.send("nec:0x04,0x08"), guest.receiver.open):
        try:
            attempt()
        except DeviceGoneError as err:
            print(f"  {err}")
        else:
            raise AssertionError("there is a device")
    await modprobe("rc-pi")
    guest.receiver.open()
    guest.receiver.start()
    guest.frames.clear()
    await asyncio.to_thread(guest.send, "nec:0x04,0x08")
    async with asyncio.timeout(10):
        while not guest.frames:
            await asyncio.sleep(0.05)
    assert decoded(guest.frames) == "nec:0x04,0x08"
    # The transmitter's old device is still open when the new one appears, which the first command finds
    await modprobe("-r", "rc-pi")
    await modprobe("rc-pi")
    await asyncio.to_thread(guest.send, "nec:0x04,0x08")
    assert guest.gone == 2, guest.gone


async def modprobe(*arguments: str) -> None:
    """Load or remove a driver."""
    process = await asyncio.create_subprocess_exec("modprobe", *arguments)
    assert await process.wait() == 0, arguments


def main() -> int:
    """Run every test on one event loop, and return the number of those that failed."""
    with asyncio.Runner() as loop:
        guest = loop.run(open_guest())
        failed = run(globals(), lambda test: loop.run(test(guest)))
        guest.close()
    return failed


async def open_guest() -> Guest:
    """Open the kernel's pair, and wait for its tool."""
    guest = Guest()
    await guest.ready()
    return guest


if __name__ == "__main__":
    Path("/proc/sys/kernel/printk").write_text("1")  # the frames that fill the kernel's buffer are told on the console
    sys.exit(main())
