"""Tests that the simulated pair behaves like the kernel's. tests/kernel/guest_infrared.py compares the two."""

from collections.abc import Callable
import errno
import selectors
import struct

import pytest

from custom_components.anavi_weather.phat.framer import ItemType
from custom_components.anavi_weather.phat.lirc import Feature, Port, Request, find
from custom_components.anavi_weather.phat.simulated_lirc import (
    BUFFER,
    DEFAULT_TIMEOUT,
    LEADING_SPACE,
    STRETCH,
    SimulatedLirc,
    SimulatedReceiver,
    item,
)
from custom_components.anavi_weather.phat.simulator import VirtualClock


@pytest.fixture
def transmitter(pair: SimulatedLirc) -> Port:
    """Return the device of the transmitter."""
    return find(pair.ports, Feature.CAN_SEND_PULSE)


@pytest.fixture
def receiver(pair: SimulatedLirc) -> Port:
    """Return the device of the receiver."""
    return find(pair.ports, Feature.CAN_REC_MODE2)


def error_of(call: Callable[..., object], *arguments: object) -> str:
    """Return the name of the error number with which a call fails."""
    with pytest.raises(OSError) as caught:
        call(*arguments)
    return errno.errorcode[caught.value.errno or 0]


def read(port: Port) -> list[tuple[ItemType, int]]:
    """Return the received items."""
    return [(ItemType(value >> 24), value & 0xFFFFFF) for (value,) in struct.iter_unpack("I", port.read(4 * BUFFER))]


def readable(port: Port) -> bool:
    """Return whether a read would return items."""
    with selectors.DefaultSelector() as selector:
        selector.register(port.fileno(), selectors.EVENT_READ)
        return bool(selector.select(0))


def test_features_match_the_boards_drivers(transmitter: Port, receiver: Port) -> None:
    assert transmitter.ioctl(Request.GET_FEATURES) == 0x302
    assert receiver.ioctl(Request.GET_FEATURES) == 0x10040000


def test_each_device_refuses_what_the_other_does(transmitter: Port, receiver: Port) -> None:
    assert error_of(transmitter.read, 4) == "EINVAL"
    assert error_of(receiver.write, b"\1\0\0\0") == "EINVAL"
    assert error_of(transmitter.ioctl, Request.SET_REC_TIMEOUT, 1000) == "ENOTTY"
    assert error_of(receiver.ioctl, Request.SET_SEND_CARRIER, 38_000) == "ENOTTY"
    assert transmitter.fileno() == -1


@pytest.mark.parametrize(
    ("request_", "right", "wrong"),
    [
        (Request.SET_SEND_CARRIER, (0, 500_000), (500_001,)),
        (Request.SET_SEND_DUTY_CYCLE, (1, 99), (0, 100)),
    ],
)
def test_the_transmitter_has_the_kernels_limits(
    transmitter: Port, request_: Request, right: tuple[int, ...], wrong: tuple[int, ...]
) -> None:
    assert [transmitter.ioctl(request_, value) for value in right] == list(right)
    assert {error_of(transmitter.ioctl, request_, value) for value in wrong} == {"EINVAL"}


def test_the_receiver_has_the_kernels_limits(pair: SimulatedLirc, receiver: Port) -> None:
    for value in (1, 1_250_000):
        receiver.ioctl(Request.SET_REC_TIMEOUT, value)
        assert pair.timeout == value
    for value in (0, 1_250_001):
        assert error_of(receiver.ioctl, Request.SET_REC_TIMEOUT, value) == "EINVAL"
    assert receiver.ioctl(Request.SET_REC_TIMEOUT_REPORTS, 1) == 1
    for length in (0, 3, 6):
        assert error_of(receiver.read, length) == "EINVAL"


@pytest.mark.parametrize("items", [(), (1, 1), (5, 0, 5), (1,) * 1025, (500_001,), (400_000, 100_000, 1)])
def test_invalid_writes_are_refused(pair: SimulatedLirc, transmitter: Port, items: tuple[int, ...]) -> None:
    assert error_of(transmitter.write, struct.pack(f"{len(items)}I", *items)) == "EINVAL"
    assert error_of(transmitter.write, b"\1\0\0\0\0") == "EINVAL"
    assert not pair.sent


@pytest.mark.parametrize("items", [(1,), (500_000,), (400_000, 99_999, 1), (1,) * 1023])
def test_writes_within_the_limits_are_accepted(transmitter: Port, items: tuple[int, ...]) -> None:
    assert transmitter.write(struct.pack(f"{len(items)}I", *items)) == 4 * len(items)


def test_sending_takes_as_long_as_the_signal(pair: SimulatedLirc, transmitter: Port, clock: VirtualClock) -> None:
    begin = clock.now
    transmitter.ioctl(Request.SET_SEND_CARRIER, 40_000)
    transmitter.ioctl(Request.SET_SEND_DUTY_CYCLE, 33)
    assert transmitter.write(struct.pack("3I", 9000, 4500, 560)) == 12
    assert clock.now - begin == pytest.approx(0.014_06)
    assert pair.sent == [((9000, -4500, 560), 40_000, 33)]
    transmitter.close()


def test_a_sent_signal_is_received_with_the_receivers_distortion(
    pair: SimulatedLirc, transmitter: Port, receiver: Port
) -> None:
    assert not readable(receiver)
    assert error_of(receiver.read, 4) == "EAGAIN"
    transmitter.write(struct.pack("3I", 9000, 20, 560))
    assert readable(receiver)
    (leading, pulse, space, last, timeout) = read(receiver)
    assert leading == (ItemType.SPACE, LEADING_SPACE)
    assert pulse[0] == last[0] == ItemType.PULSE
    assert STRETCH[0] - 60 < pulse[1] - 9000 < STRETCH[1] + 60
    assert space == (ItemType.SPACE, 50)
    assert timeout == (ItemType.TIMEOUT, DEFAULT_TIMEOUT)
    assert not readable(receiver)
    for carrier in (0, 455_000):
        pair.press([560], carrier)
    assert not readable(receiver)


def test_a_pause_within_a_signal_causes_a_time_out(pair: SimulatedLirc, receiver: Port) -> None:
    receiver.ioctl(Request.SET_REC_TIMEOUT, 36_000)
    pair.press([560, -40_000, 560])
    assert [type_.name for type_, _ in read(receiver)] == ["SPACE", "PULSE", "TIMEOUT", "SPACE", "PULSE", "TIMEOUT"]


def test_an_overflow_is_reported_once(pair: SimulatedLirc, receiver: Port) -> None:
    pair.overflow = True
    pair.press([560, -560, 560])
    pair.press([560])
    assert [type_.name for type_, _ in read(receiver)] == [
        "SPACE", "PULSE", "OVERFLOW", "SPACE", "PULSE", "TIMEOUT", "SPACE", "PULSE", "TIMEOUT",
    ]  # fmt: skip


def test_every_reader_receives_everything_until_its_buffer_is_full(pair: SimulatedLirc, receiver: Port) -> None:
    other = find(pair.ports, Feature.CAN_REC_MODE2)
    pair.deliver([])
    pair.deliver([item(ItemType.PULSE, 1)] * (BUFFER - 1))
    assert len(read(other)) == BUFFER - 1
    pair.deliver([item(ItemType.PULSE, 2)] * 3)
    assert len(read(receiver)) == BUFFER
    assert len(other.read(8)) == 8
    assert readable(other)
    other.close()
    pair.deliver([item(ItemType.PULSE, 1 << 25)])
    assert read(receiver) == [(ItemType.PULSE, 0xFFFFFF)]


def test_devices_can_be_unplugged_and_plugged_in(pair: SimulatedLirc, transmitter: Port, receiver: Port) -> None:
    openers = pair.ports()
    pair.unplug()
    assert pair.ports() == []
    assert {error_of(opener) for opener in openers} == {"ENOENT"}
    assert readable(receiver)
    assert error_of(receiver.read, 4) == "ENODEV"
    assert error_of(receiver.ioctl, Request.GET_FEATURES) == "ENODEV"
    assert error_of(transmitter.ioctl, Request.GET_FEATURES) == "ENODEV"
    assert error_of(transmitter.write, b"\1\0\0\0") == "ENODEV"
    receiver.close()
    pair.plug()
    again = find(pair.ports, Feature.CAN_REC_MODE2)
    pair.press([560])
    assert len(read(again)) == 3
    again.close()


def test_opening_can_be_refused(pair: SimulatedLirc) -> None:
    pair.refusal = errno.EBUSY
    assert {error_of(opener) for opener in pair.ports()} == {"EBUSY"}


def test_a_disconnected_reader_receives_nothing(pair: SimulatedLirc, receiver: Port) -> None:
    assert isinstance(receiver, SimulatedReceiver)
    receiver.hang_up()
    pair.press([560])
    assert error_of(receiver.read, 4) == "ENODEV"


def test_the_same_seed_makes_the_same_receiver() -> None:
    assert SimulatedLirc(seed=3).received([560, -560]) == SimulatedLirc(seed=3).received([560, -560])
