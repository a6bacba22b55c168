"""Sending and receiving through LIRC devices."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
import errno
from itertools import pairwise
import os
from pathlib import Path
import struct
from typing import Any, override

from hypothesis import example, given, settings, strategies as st
import pytest

from custom_components.anavi_weather.phat import lirc
from custom_components.anavi_weather.phat.framer import FRAME_GAP, MAXIMUM_FRAME, Framer, ItemType
from custom_components.anavi_weather.phat.lirc import (
    MAXIMUM_DURATION,
    MAXIMUM_ITEMS,
    MINIMUM_SPLIT,
    DeviceBusyError,
    DeviceGoneError,
    DevicePermissionError,
    Feature,
    InvalidTimingsError,
    LinuxPort,
    LircError,
    Port,
    Receiver,
    Request,
    SendError,
    Transmitter,
    find,
    linux_ports,
    split,
)
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc, SimulatedReceiver, SimulatedTransmitter
from custom_components.anavi_weather.phat.simulator import VirtualClock

NEC = (9000, -4500, *(560, -560, 560, -1690) * 16, 560)
FIONREAD = 0x541B


@pytest.fixture
def transmitter(pair: SimulatedLirc, clock: VirtualClock) -> Transmitter:
    """Return the pair's transmitter."""
    return Transmitter(pair.ports, clock)


class Device:
    """A device that misbehaves as told."""

    def __init__(self, features: int | OSError = 0, **errors: OSError) -> None:
        self.features = features
        self.errors = errors
        self.is_open = False

    def open(self) -> Port:
        if "open" in self.errors:
            raise self.errors["open"]
        self.is_open = True
        return self

    def fileno(self) -> int:
        return -1

    def ioctl(self, request: Request, value: int = 0) -> int:
        if isinstance(self.features, OSError):
            raise self.features
        return self.features if request == Request.GET_FEATURES else value

    def read(self, length: int) -> bytes:
        return b""

    def write(self, data: bytes) -> int:
        if "write" in self.errors:
            raise self.errors["write"]
        return len(data)

    def close(self) -> None:
        self.is_open = False
        if "close" in self.errors:
            raise self.errors["close"]


def error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def ports(*devices: Device) -> Callable[[], Iterable[Callable[[], Port]]]:
    return lambda: [device.open for device in devices]


def item(type_: ItemType, value: int = 0) -> bytes:
    return struct.pack("I", type_ << 24 | value)


def items(*timings: int) -> bytes:
    return b"".join(item(ItemType.PULSE if timing > 0 else ItemType.SPACE, abs(timing)) for timing in timings)


TIMEOUT = item(ItemType.TIMEOUT, FRAME_GAP)
OVERFLOW = item(ItemType.OVERFLOW)
CEC = 0x80000  # the features of the television's remote control, which reports scancodes only


def test_devices_are_told_apart_by_their_features(pair: SimulatedLirc) -> None:
    for opened in (pair.ports(), pair.ports()[::-1]):
        every = [Device(CEC).open, *opened]
        transmitter, receiver = (
            find(lambda every=every: every, feature)  # type: ignore[misc]
            for feature in (Feature.CAN_SEND_PULSE, Feature.CAN_REC_MODE2)
        )
        assert isinstance(transmitter, SimulatedTransmitter)
        assert isinstance(receiver, SimulatedReceiver)
        receiver.close()


def test_a_device_that_misbehaves_does_not_hide_another() -> None:
    wrong = (
        Device(error(errno.ENOTTY)),
        Device(error(errno.EIO), close=error(errno.EIO)),
        Device(Feature.CAN_REC_MODE2, close=error(errno.EIO)),
        *(Device(open=error(number)) for number in (errno.EACCES, errno.EBUSY, errno.ENXIO, errno.EPERM)),
    )
    right, unused = Device(0x302), Device(0x302)
    assert find(ports(*wrong, right, unused), Feature.CAN_SEND_PULSE) is right
    assert right.is_open
    assert not any(device.is_open for device in (*wrong, unused))


@pytest.mark.parametrize(
    ("numbers", "kind", "key", "text"),
    [
        ((), DeviceGoneError, "infrared_gone", "there is no infrared receiver$"),
        ((errno.ENOENT, errno.ENXIO), DeviceGoneError, "infrared_gone", "there is no infrared receiver$"),
        ((errno.EBUSY, errno.ENODEV), DeviceBusyError, "infrared_busy", "in use by another program"),
        ((errno.EACCES,), DevicePermissionError, "infrared_no_permission", "may not be opened"),
        ((errno.EPERM, errno.EBUSY), DevicePermissionError, "infrared_no_permission", "may not be opened"),
        ((errno.EBUSY, errno.EACCES), DevicePermissionError, "infrared_no_permission", "may not be opened"),
    ],
)
def test_what_keeps_a_device_from_being_opened_is_told(
    numbers: Sequence[int], kind: type[LircError], key: str, text: str
) -> None:
    devices = (Device(0x302), *(Device(open=error(number)) for number in numbers))
    with pytest.raises(DeviceGoneError, match=text) as caught:
        find(ports(*devices), Feature.CAN_REC_MODE2)
    assert type(caught.value) is kind
    assert caught.value.key == key
    assert not devices[0].is_open


def test_the_kernels_devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("lirc0", "lirc1", "lircd", "null"):
        os.mkfifo(tmp_path / name)
    monkeypatch.setattr(lirc, "DEVICES", tmp_path)
    opened = [open_port() for open_port in linux_ports()]
    assert [Path(f"/proc/self/fd/{port.fileno()}").readlink().name for port in opened] == ["lirc0", "lirc1"]
    port = opened[0]
    with pytest.raises(BlockingIOError):
        port.read(4)
    assert port.write(b"12345678") == 8
    assert port.ioctl(FIONREAD) == 8  # type: ignore[arg-type]
    assert port.read(1024) == b"12345678"
    descriptors = [port.fileno() for port in opened]
    for port in opened:
        port.close()
    for descriptor in descriptors:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)
    with pytest.raises(DeviceGoneError):  # a FIFO has no features
        Transmitter().open()
    with pytest.raises(FileNotFoundError):
        LinuxPort(str(tmp_path / "lirc2"))


PULSES = st.integers(1, 20_000)
SPACES = st.one_of(st.integers(1, 2_000), st.integers(1, 120_000), st.just(40_000)).map(lambda space: -space)
CELLS = st.lists(st.tuples(PULSES, SPACES), max_size=60)
# As often as a key repeats that is held
TIMINGS = st.builds(
    lambda cells, count, last: [*(timing for cell in cells * count for timing in cell), last],
    CELLS,
    st.sampled_from((1, 1, 2, 30)),
    PULSES,
)


@settings(max_examples=300, deadline=None)
@given(TIMINGS)
@example([100, *(-100, 100) * 511])
@example([*(100, -5000) * 5000, 100])
@example([500_000, -5_000, 500_000])
@example([*(timing for space in range(9000, 6000, -1) for timing in (1, -space)), 1])
def test_bursts_are_what_was_given_and_what_the_kernel_takes(timings: list[int]) -> None:
    try:
        bursts = split(timings)
    except InvalidTimingsError:
        # There is a piece without a pause that is too long, or it is too long altogether
        pieces, piece = [], [timings[0]]
        for space, pulse in zip(timings[1::2], timings[2::2], strict=True):
            if -space >= MINIMUM_SPLIT:
                pieces.append(piece)
                piece = [pulse]
            else:
                piece += [space, pulse]
        longest = [sum(map(abs, piece)) for piece in [*pieces, piece]]
        counts = [len(piece) for piece in [*pieces, piece]]
        total = sum(map(abs, timings))
        assert max(longest) > MAXIMUM_DURATION or max(counts) > MAXIMUM_ITEMS or total > lirc.MAXIMUM_TRANSMISSION
        return
    together: list[int] = []
    for burst in bursts:
        assert len(burst.items) % 2 == 1
        assert len(burst.items) <= MAXIMUM_ITEMS
        assert sum(burst.items) <= MAXIMUM_DURATION
        assert min(burst.items) > 0
        together += [*burst.items, burst.period - sum(burst.items)]
    assert together.pop() == 0
    assert together == [abs(timing) for timing in timings]
    for burst in bursts[:-1]:
        assert burst.period - sum(burst.items) >= max((MINIMUM_SPLIT, *burst.items[1::2]))


@pytest.mark.parametrize(
    "timings",
    [
        (),
        (-100,),
        (0,),
        (100, 0),
        (100, 0, 100),
        (100, 100),
        (-100, 100),
        (100, -100, -100),
        (500_001,),
        (500, *(-500, 500) * 512),
        (100_000, -4_999, 400_000),
        (100, -40_000, 500_001),
        (100, -30_000_000, 100),
        (100_000, -200_001, *(100_000, -100_000) * 148, 100_000),
    ],
)
def test_what_no_transmitter_could_send_is_refused(
    pair: SimulatedLirc, transmitter: Transmitter, timings: Sequence[int]
) -> None:
    with pytest.raises(InvalidTimingsError) as caught:
        transmitter.send(timings, 38_000, 50)
    assert caught.value.key == "infrared_invalid"
    assert not pair.sent


def test_the_longest_transmission() -> None:
    longest = (100_000, -200_000, *(100_000, -100_000) * 148, 100_000)
    assert sum(burst.period for burst in split(longest)) == 30_000_000


def test_a_space_at_the_end_is_not_sent() -> None:
    assert split((100, -1)) == split((100, -40_000)) == split((100,))


def test_frames_are_cut_between_them_and_seldom() -> None:
    frame = (4000, -2000, *(500, -1500) * 74, 500)  # 154.5 ms
    bursts = split([*frame, -20_000, *frame, -30_000, *frame, -20_000, *frame])
    assert [len(burst.items) for burst in bursts] == [2 * len(frame) + 1] * 2
    repeats = split([*(*NEC, -40_000) * 9, 560, -40_000])
    assert [(len(burst.items) + 1) // (len(NEC) + 1) for burst in repeats] == [5, 4]
    assert repeats[-1].period == sum(repeats[-1].items)


@pytest.mark.parametrize(("carrier", "duty_cycle"), [(38_000, 50), (36_000, 33), (500_000, 1), (56_000, 99)])
def test_carrier_and_duty_cycle_are_set_before_every_transmission(
    pair: SimulatedLirc, transmitter: Transmitter, carrier: int, duty_cycle: int
) -> None:
    for _ in range(2):
        pair.carrier, pair.duty_cycle = 40_000, 10  # by another program
        transmitter.send(NEC, carrier, duty_cycle)
        assert pair.sent.pop() == (NEC, carrier, duty_cycle)


def test_without_a_carrier_there_is_no_duty_cycle(pair: SimulatedLirc, transmitter: Transmitter) -> None:
    pair.duty_cycle = 10
    transmitter.send(NEC, 0, 50)
    assert pair.sent == [(NEC, 0, 10)]


@pytest.mark.parametrize(("carrier", "duty_cycle"), [(-1, 50), (1 << 32, 50), (38_000, 0), (38_000, 100), (0, -1)])
def test_what_is_no_carrier_is_refused(
    pair: SimulatedLirc, transmitter: Transmitter, carrier: int, duty_cycle: int
) -> None:
    with pytest.raises(InvalidTimingsError, match="no carrier has"):
        transmitter.send(NEC, carrier, duty_cycle)
    assert not pair.sent


def test_a_carrier_that_the_kernel_refuses_is_told(pair: SimulatedLirc, transmitter: Transmitter) -> None:
    with pytest.raises(SendError, match="refused a carrier of 500001 Hz: Invalid argument") as caught:
        transmitter.send(NEC, 500_001, 50)
    assert caught.value.key == "infrared_send_failed"
    transmitter.send(NEC, 38_000, 50)
    assert len(pair.sent) == 1


@pytest.mark.parametrize(
    ("carrier", "is_sent"),
    [(38_000, True), (38_029, True), (38_400, True), (37_900, True), (36_000, False), (40_000, False), (0, False)],
)
def test_a_fixed_carrier_is_38_kHz(pair: SimulatedLirc, transmitter: Transmitter, carrier: int, is_sent: bool) -> None:
    pair.lacking = {Request.SET_SEND_CARRIER, Request.SET_SEND_DUTY_CYCLE}
    if is_sent:
        transmitter.send(NEC, carrier, 33)
        assert pair.sent == [(NEC, 38_000, 50)]
    else:
        with pytest.raises(SendError, match=f"a carrier of {carrier} Hz"):
            transmitter.send(NEC, carrier, 33)
        assert not pair.sent


@pytest.mark.parametrize(
    ("refused", "text"),
    [
        (Request.SET_SEND_CARRIER, "a carrier of 38000 Hz: Invalid argument"),
        (Request.SET_SEND_DUTY_CYCLE, "a duty cycle of 33 %: Invalid argument"),
    ],
)
def test_what_the_driver_refuses_is_told(
    pair: SimulatedLirc, transmitter: Transmitter, monkeypatch: pytest.MonkeyPatch, refused: Request, text: str
) -> None:
    original = SimulatedTransmitter.ioctl

    def ioctl(self: SimulatedTransmitter, request: Request, value: int = 0) -> int:
        if request == refused:
            raise error(errno.EINVAL)
        return original(self, request, value)

    monkeypatch.setattr(SimulatedTransmitter, "ioctl", ioctl)
    with pytest.raises(SendError, match=text):
        transmitter.send(NEC, 38_000, 33)
    assert not pair.sent


def test_bursts_begin_when_they_are_due(
    pair: SimulatedLirc, transmitter: Transmitter, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    begins = []
    original = SimulatedTransmitter.write

    def write(self: SimulatedTransmitter, data: bytes) -> int:
        begins.append(clock.now)
        clock.sleep(0.001)  # the driver takes its time
        return original(self, data)

    monkeypatch.setattr(SimulatedTransmitter, "write", write)
    begin = clock.now
    transmitter.send([400_000, -50_000, 400_000, -10_000, 300_000], 38_000, 50)
    assert [now - begin for now in begins] == pytest.approx([0, 0.45, 0.86])
    assert clock.now - begin == pytest.approx(1.161)
    assert [sum(map(abs, transmission.timings)) for transmission in pair.sent] == [400_000, 400_000, 300_000]


def test_one_transmission_does_not_disturb_another() -> None:
    pair = SimulatedLirc()
    transmitter = Transmitter(pair.ports)
    timings = [10, *(-10, 10) * 400, -5_000, 10, *(-10, 10) * 400]  # two writes
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda carrier: transmitter.send(timings, carrier, 50), (36_000, 38_000, 40_000)))
    carriers = [transmission.carrier for transmission in pair.sent]
    assert len(carriers) == 6
    assert carriers[::2] == carriers[1::2]


def test_it_returns_when_all_is_sent_although_the_driver_returns_at_once(clock: VirtualClock) -> None:
    begin = clock.now
    Transmitter(ports(Device(0x302)), clock).send([400_000, -50_000, 400_000], 38_000, 50)
    assert clock.now - begin == pytest.approx(0.85)


def test_a_write_that_is_cut_short_is_an_error(transmitter: Transmitter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SimulatedTransmitter, "write", lambda self, data: 8)
    with pytest.raises(SendError, match="only 2 of 3 pulses and spaces"):
        transmitter.send([100, -100, 100], 38_000, 50)


def test_what_the_kernel_refuses_to_send_is_told(transmitter: Transmitter, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(self: SimulatedTransmitter, data: bytes) -> int:
        raise error(errno.EINVAL)

    monkeypatch.setattr(SimulatedTransmitter, "write", write)
    with pytest.raises(SendError, match="refused to send: Invalid argument"):
        transmitter.send([100, -100, 100], 38_000, 50)


@pytest.mark.parametrize("number", [errno.ENODEV, errno.EIO, errno.ENXIO])
def test_a_transmitter_that_disappears_meanwhile_is_told(number: int, clock: VirtualClock) -> None:
    device = Device(0x302, write=error(number))
    transmitter = Transmitter(ports(device), clock)
    with pytest.raises(DeviceGoneError, match="the transmitter has disappeared"):
        transmitter.send(NEC, 38_000, 50)
    assert not device.is_open


def test_a_transmitter_that_has_gone_and_come_back_is_used(pair: SimulatedLirc, clock: VirtualClock) -> None:
    stale = Device(0x302)
    found: list[Callable[[], Port]] = [stale.open]
    transmitter = Transmitter(lambda: found, clock)
    transmitter.send(NEC, 38_000, 50)
    stale.features = error(errno.ENODEV)
    found[:] = [stale.open, *pair.ports()]
    transmitter.send(NEC, 38_000, 50)
    assert len(pair.sent) == 1
    assert not stale.is_open


def test_a_transmitter_that_has_gone_is_told(pair: SimulatedLirc, transmitter: Transmitter) -> None:
    transmitter.open()
    pair.unplug()
    for _ in range(2):
        with pytest.raises(DeviceGoneError) as caught:
            transmitter.send(NEC, 38_000, 50)
        assert caught.value.key == "infrared_gone"
    with pytest.raises(DeviceGoneError):
        transmitter.open()
    pair.plug()
    transmitter.open()
    transmitter.open()
    transmitter.send(NEC, 38_000, 50)
    transmitter.close()
    transmitter.close()
    assert len(pair.sent) == 1


ITEMS = st.one_of(
    st.builds(item, st.sampled_from(ItemType), st.integers(0, 60_000)),
    st.builds(item, st.sampled_from((ItemType.PULSE, ItemType.SPACE)), st.sampled_from((0, 560, 1_690, FRAME_GAP))),
    st.just(TIMEOUT),
)
STREAMS = st.one_of(st.lists(ITEMS, max_size=80).map(b"".join), st.binary(max_size=300))


@settings(max_examples=300, deadline=None)
@given(STREAMS, st.lists(st.integers(0, 400), max_size=12))
def test_frames_do_not_depend_on_how_they_are_read(data: bytes, cuts: list[int]) -> None:
    whole = Framer().feed(data)
    framer, frames = Framer(), list[list[int]]()
    for begin, end in pairwise([0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]):
        frames += framer.feed(data[begin:end])
    assert frames == whole
    for frame in whole:
        assert len(frame) % 2 == 1
        assert all((timing > 0) is (place % 2 == 0) and timing != 0 for place, timing in enumerate(frame))
        assert min(frame) > -FRAME_GAP


@pytest.mark.parametrize(
    ("data", "frames"),
    [
        (items(-1_000_000, 900, -450, 560) + TIMEOUT, [[900, -450, 560]]),
        (items(-20_000, 900, -450, 560) + TIMEOUT, [[900, -450, 560]]),
        (items(900, -450, 560, -FRAME_GAP, 560) + TIMEOUT, [[900, -450, 560], [560]]),
        (items(900, -450, 560, 1 - FRAME_GAP, 560) + TIMEOUT, [[900, -450, 560, 1 - FRAME_GAP, 560]]),
        (items(900, -450, 560), []),
        (items(900, -450, 560, -30_000, -6_000, 560), [[900, -450, 560]]),
        (items(900, -450) + item(ItemType.FREQUENCY, 38_000) + items(560) + TIMEOUT, [[900, -450, 560]]),
        (items(900, -450) + item(ItemType(0), 0) + items(-50, 560, 60) + TIMEOUT, [[900, -500, 620]]),
        (items(900) + item(ItemType.PULSE) + items(-450) + item(ItemType.PULSE) + items(560) + TIMEOUT, [[900, -450, 560]]),
        (items(900, -450) + struct.pack("I", 9 << 24 | 5) + items(560) + TIMEOUT, [[900, -450, 560]]),
        (items(900, -450) + OVERFLOW + items(560) + TIMEOUT + items(560) + TIMEOUT, [[560]]),
        (items(900, -450) + OVERFLOW + items(560, -50_000, 560) + TIMEOUT, [[560]]),
        (OVERFLOW + items(900, -450, 560) + TIMEOUT, []),
        (OVERFLOW + items(-50_000, 900, -450, 560) + TIMEOUT, [[900, -450, 560]]),
        (TIMEOUT + TIMEOUT + items(-50_000), []),
    ],
)  # fmt: skip
def test_what_a_device_tells_becomes_frames(data: bytes, frames: list[list[int]]) -> None:
    assert Framer().feed(data) == frames


def test_a_frame_that_is_known_to_be_whole_ends_sooner() -> None:
    framer = Framer(lambda frame: list(frame) == [900, -450, 560])
    assert framer.feed(items(900, -450, 560, -10_000)) == [[900, -450, 560]]
    assert framer.feed(items(900, -450, 560, -9_999, 560) + TIMEOUT) == [[900, -450, 560, -9_999, 560]]
    assert framer.feed(items(900, -450, 570, -20_000, 560) + TIMEOUT) == [[900, -450, 570, -20_000, 560]]
    # What was begun before an overflow is no frame
    assert framer.feed(items(900) + OVERFLOW + items(-450, 560, -20_000, 900, -450, 560) + TIMEOUT) == [
        [900, -450, 560]
    ]


def test_light_that_flickers_does_not_fill_the_memory() -> None:
    framer = Framer()
    for _ in range(MAXIMUM_FRAME):
        assert not framer.feed(items(100, -100, 100, -100))
        assert len(framer._timings) <= MAXIMUM_FRAME
    assert not framer.feed(items(100) + TIMEOUT)
    longest = [100, *(-100, 100) * (MAXIMUM_FRAME // 2 - 1)]
    assert framer.feed(items(*longest) + TIMEOUT) == [longest]


def test_a_frame_is_spoilt_only_when_one_has_begun() -> None:
    framer = Framer()
    framer.spoil()
    assert framer.feed(items(560) + TIMEOUT + items(900)) == [[560]]
    framer.spoil()
    assert framer.feed(items(-450, 560) + TIMEOUT + items(560) + TIMEOUT) == [[560]]
    assert not framer.feed(OVERFLOW)
    framer.spoil()
    assert not framer.feed(items(560) + TIMEOUT)


class Listener:
    """Keeps what a receiver delivers."""

    def __init__(self, pair: SimulatedLirc) -> None:
        self.frames: list[list[int]] = []
        self.gone = 0
        self.receiver = Receiver(asyncio.get_running_loop(), self.frames.append, self._on_gone, pair.ports)

    def _on_gone(self) -> None:
        self.gone += 1

    async def settle(self) -> None:
        for _ in range(4):
            await asyncio.sleep(0)

    async def take(self) -> list[list[int]]:
        await self.settle()
        taken = self.frames[:]
        self.frames.clear()
        return taken


@pytest.fixture
async def listener(pair: SimulatedLirc) -> AsyncGenerator[Listener]:
    """Return a listener to the pair's receiver."""
    listener = Listener(pair)
    await asyncio.to_thread(listener.receiver.open)
    listener.receiver.start()
    yield listener
    listener.receiver.close()


def alike(frame: Sequence[int], timings: Sequence[int]) -> bool:
    """Return whether a frame is what was sent, as a receiver tells it."""
    return len(frame) == len(timings) and all(abs(a - b) < 250 for a, b in zip(frame, timings, strict=True))


async def test_what_is_heard_is_delivered(pair: SimulatedLirc, listener: Listener) -> None:
    assert pair.timeout == FRAME_GAP
    pair.press(NEC)
    pair.press([*NEC, -40_000, 9000, -2250, 560])
    first, second, ditto = await listener.take()
    assert alike(first, NEC)
    assert alike(second, NEC)
    assert alike(ditto, [9000, -2250, 560])
    pair.overflow = True
    pair.press(NEC)
    pair.press(NEC)
    (frame,) = await listener.take()
    assert alike(frame, NEC)
    assert listener.gone == 0


async def test_what_is_heard_while_sending_is_not_delivered(
    pair: SimulatedLirc, listener: Listener, transmitter: Transmitter
) -> None:
    receiver = listener.receiver
    receiver.deaf = True
    await asyncio.to_thread(transmitter.send, NEC, 38_000, 50)
    assert not await listener.take()
    pair.deliver([int.from_bytes(items(900), "little")])
    await listener.settle()
    receiver.deaf = False
    pair.deliver([int.from_bytes(items(-450), "little"), int.from_bytes(TIMEOUT, "little")])  # its end is its own too
    pair.press(NEC)
    (frame,) = await listener.take()
    assert alike(frame, NEC)


async def test_all_that_was_heard_until_then_is_read_before_it_listens_again(
    pair: SimulatedLirc, listener: Listener
) -> None:
    listener.receiver.deaf = True
    for _ in range(2):
        pair.press([500, *(-500, 500) * 250])
    for _ in range(2):  # turns of the loop, of which one reads
        await asyncio.sleep(0)
    listener.receiver.deaf = False
    assert not await listener.take()


async def test_a_receiver_that_disappears_is_told_once_and_opened_again(
    pair: SimulatedLirc, listener: Listener
) -> None:
    pair.deliver([int.from_bytes(items(900), "little")])
    await listener.settle()
    pair.unplug()
    await listener.settle()
    assert listener.gone == 1
    with pytest.raises(DeviceGoneError, match="no infrared receiver"):
        listener.receiver.open()
    listener.receiver.start()
    pair.plug()
    await asyncio.to_thread(listener.receiver.open)
    listener.receiver.start()
    pair.press(NEC)
    (frame,) = await listener.take()  # without the pulse from before
    assert alike(frame, NEC)
    assert listener.gone == 1


@pytest.mark.parametrize("result", [b"", error(errno.EIO), error(errno.ENODEV)])
async def test_any_end_is_one(
    pair: SimulatedLirc, listener: Listener, monkeypatch: pytest.MonkeyPatch, result: bytes | OSError
) -> None:
    def read(self: SimulatedReceiver, length: int) -> bytes:
        if isinstance(result, OSError):
            raise result
        return result

    monkeypatch.setattr(SimulatedReceiver, "read", read)
    pair.press(NEC)
    await listener.settle()
    await listener.settle()
    assert listener.gone == 1


async def test_nothing_to_read_is_no_end(
    pair: SimulatedLirc, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = SimulatedReceiver.read
    waits = [2]

    def read(self: SimulatedReceiver, length: int) -> bytes:
        if waits[0]:
            waits[0] -= 1
            raise error(errno.EAGAIN)
        return original(self, length)

    monkeypatch.setattr(SimulatedReceiver, "read", read)
    pair.press(NEC)
    assert len(await listener.take()) == 1
    assert listener.gone == 0


async def test_the_end_of_a_frame_is_asked_for(pair: SimulatedLirc, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Request, int]] = []
    original = SimulatedReceiver.ioctl

    def ioctl(self: SimulatedReceiver, request: Request, value: int = 0) -> int:
        asked.append((request, value))
        return original(self, request, value)

    monkeypatch.setattr(SimulatedReceiver, "ioctl", ioctl)
    receiver = Listener(pair).receiver
    receiver.open()
    receiver.close()
    assert asked[1:] == [(Request.SET_REC_TIMEOUT, FRAME_GAP), (Request.SET_REC_TIMEOUT_REPORTS, 1)]


async def test_a_receiver_without_time_outs_is_used(pair: SimulatedLirc) -> None:
    pair.lacking = {Request.SET_REC_TIMEOUT, Request.SET_REC_TIMEOUT_REPORTS}
    listener = Listener(pair)
    listener.receiver.open()
    listener.receiver.start()
    pair.press(NEC)
    assert len(await listener.take()) == 1
    listener.receiver.close()


async def test_opening_and_closing_twice_leaves_nothing_open(pair: SimulatedLirc) -> None:
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = descriptors()
    for _ in range(3):
        listener = Listener(pair)
        listener.receiver.start()
        listener.receiver.open()
        listener.receiver.open()
        listener.receiver.start()
        listener.receiver.close()
        listener.receiver.close()
    assert descriptors() == before


class Broken(SimulatedLirc):
    """A pair whose time-out cannot be set, as its receiver is just disappearing."""

    @override
    def check_ioctl(self, request: Request) -> None:
        if request != Request.GET_FEATURES:
            raise error(errno.ENODEV)


async def test_a_receiver_that_disappears_while_it_is_opened_is_told_later() -> None:
    pair: Any = Broken()
    listener = Listener(pair)
    listener.receiver.open()
    listener.receiver.start()
    pair.unplug()
    await listener.settle()
    assert listener.gone == 1
