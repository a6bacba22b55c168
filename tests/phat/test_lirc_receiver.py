"""Tests of receiving through LIRC devices."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
import errno
from typing import Any, override

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.anavi_weather.phat.framer import MESSAGE_SILENCE_US, RECEIVER_SILENCE_US
from custom_components.anavi_weather.phat.lirc import READ_DELAY, DeviceGoneError, MessageReceiver, Request, Transmitter
from custom_components.anavi_weather.phat.simulated_errors import os_error
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc, SimulatedReceiver

from .descriptors import open_descriptors
from .lirc_devices import NEC, TIMEOUT, items

PART = [900, -450, 560]


class Listener:
    """Listener that collects the messages of a receiver."""

    def __init__(self, pair: SimulatedLirc) -> None:
        self.messages: list[list[int]] = []
        self.gone = 0
        loop = asyncio.get_running_loop()
        self.receiver = MessageReceiver(loop, self.messages.append, self._on_gone, pair.ports, self.find_whole)

    @staticmethod
    def find_whole(timings: Sequence[int]) -> Sequence[int] | None:
        """Return the message unless it is a part of one."""
        return None if timings[0] < 2_000 else timings

    def _on_gone(self) -> None:
        self.gone += 1

    async def settle(self) -> None:
        for _ in range(4):
            await asyncio.sleep(0)

    async def take(self) -> list[list[int]]:
        await self.settle()
        taken = self.messages[:]
        self.messages.clear()
        return taken


@pytest.fixture
async def listener(pair: SimulatedLirc) -> AsyncGenerator[Listener]:
    """Return a listener for the receiver of the pair."""
    listener = Listener(pair)
    await asyncio.to_thread(listener.receiver.open)
    listener.receiver.start()
    yield listener
    listener.receiver.close()


def alike(frame: Sequence[int], timings: Sequence[int]) -> bool:
    """Return whether a received frame has the timings that were sent, within the receiver's tolerance."""
    return len(frame) == len(timings) and all(abs(a - b) < 250 for a, b in zip(frame, timings, strict=True))


async def test_received_messages_are_delivered(pair: SimulatedLirc, listener: Listener) -> None:
    assert pair.timeout == RECEIVER_SILENCE_US
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


async def test_messages_received_while_sending_are_not_delivered(
    pair: SimulatedLirc, listener: Listener, transmitter: Transmitter
) -> None:
    receiver = listener.receiver
    receiver.deaf = True
    await asyncio.to_thread(transmitter.send, NEC, 38_000, 50)
    assert not await listener.take()
    pair.deliver([int.from_bytes(items(900), "little")])
    await listener.settle()
    receiver.deaf = False
    pair.deliver(
        [int.from_bytes(items(-450), "little"), int.from_bytes(TIMEOUT, "little")]
    )  # the rest of the signal that was sent
    pair.press(NEC)
    (frame,) = await listener.take()
    assert alike(frame, NEC)


async def test_everything_received_while_deaf_is_read_before_listening_again(
    pair: SimulatedLirc, listener: Listener
) -> None:
    listener.receiver.deaf = True
    for _ in range(17):  # 969 items, almost the whole buffer
        pair.press([500, *(-500, 500) * 27])
    for _ in range(2):  # iterations of the loop, one of which reads
        await asyncio.sleep(0)
    listener.receiver.deaf = False
    assert not await listener.take()


async def test_a_receiver_that_disappears_is_reported_once_and_can_be_opened_again(
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
    (frame,) = await listener.take()  # without the pulse before the interruption
    assert alike(frame, NEC)
    assert listener.gone == 1


@pytest.mark.parametrize("result", [b"", os_error(errno.EIO), os_error(errno.ENODEV)])
async def test_any_failed_read_means_that_the_receiver_disappeared(
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


async def test_nothing_to_read_is_not_a_failure(
    pair: SimulatedLirc, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = SimulatedReceiver.read
    waits = [2]

    def read(self: SimulatedReceiver, length: int) -> bytes:
        if waits[0]:
            waits[0] -= 1
            raise os_error(errno.EAGAIN)
        return original(self, length)

    monkeypatch.setattr(SimulatedReceiver, "read", read)
    pair.press(NEC)
    assert len(await listener.take()) == 1
    assert listener.gone == 0


async def test_the_time_out_of_the_receiver_is_set(pair: SimulatedLirc, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Request, int]] = []
    original = SimulatedReceiver.ioctl

    def ioctl(self: SimulatedReceiver, request: Request, value: int = 0) -> int:
        asked.append((request, value))
        return original(self, request, value)

    monkeypatch.setattr(SimulatedReceiver, "ioctl", ioctl)
    receiver = Listener(pair).receiver
    receiver.open()
    receiver.close()
    assert asked[1:] == [(Request.SET_REC_TIMEOUT, RECEIVER_SILENCE_US), (Request.SET_REC_TIMEOUT_REPORTS, 1)]


async def test_a_receiver_without_time_outs_works(pair: SimulatedLirc) -> None:
    pair.lacking = {Request.SET_REC_TIMEOUT, Request.SET_REC_TIMEOUT_REPORTS}
    listener = Listener(pair)
    listener.receiver.open()
    listener.receiver.start()
    pair.press(NEC)
    assert len(await listener.take()) == 1
    listener.receiver.close()


async def test_silence_ends_a_message_that_may_continue(
    pair: SimulatedLirc, listener: Listener, freezer: FrozenDateTimeFactory
) -> None:
    pair.press(PART)
    assert not await listener.take()
    freezer.tick((MESSAGE_SILENCE_US - RECEIVER_SILENCE_US) / 1_000_000)
    assert not await listener.take(), "the kernel delivers items late"
    freezer.tick(READ_DELAY + 0.001)
    (message,) = await listener.take()
    assert alike(message, PART)
    freezer.tick(1)
    assert not await listener.take()


async def test_what_follows_continues_a_message(
    pair: SimulatedLirc, listener: Listener, freezer: FrozenDateTimeFactory
) -> None:
    pair.deliver(pair.received(PART))
    await listener.settle()
    freezer.tick(0.18)
    pair.deliver([int.from_bytes(items(-150_000), "little"), *pair.received(PART)[1:]])
    assert not await listener.take()
    freezer.tick(0.18)
    assert not await listener.take()
    freezer.tick(0.02)
    (message,) = await listener.take()
    assert alike(message, [*PART, -150_000, *PART])


@pytest.mark.parametrize("becomes", ["deaf", "closed"])
async def test_no_message_ends_while_the_receiver_is_deaf_or_closed(
    pair: SimulatedLirc, listener: Listener, freezer: FrozenDateTimeFactory, becomes: str
) -> None:
    pair.press(PART)
    await listener.settle()
    if becomes == "deaf":
        listener.receiver.deaf = True
    else:
        listener.receiver.close()
    freezer.tick(1)
    assert not await listener.take()
    listener.receiver.deaf = False
    freezer.tick(1)
    assert not await listener.take()


async def test_opening_and_closing_twice_leaves_nothing_open(pair: SimulatedLirc) -> None:
    before = open_descriptors()
    for _ in range(3):
        listener = Listener(pair)
        listener.receiver.start()
        listener.receiver.open()
        listener.receiver.open()
        listener.receiver.start()
        listener.receiver.close()
        listener.receiver.close()
    assert open_descriptors() == before


class Broken(SimulatedLirc):
    """Pair whose time-out cannot be set because its receiver is disappearing."""

    @override
    def check_ioctl(self, request: Request) -> None:
        if request != Request.GET_FEATURES:
            raise os_error(errno.ENODEV)


async def test_a_receiver_that_disappears_while_it_is_opened_is_reported_later() -> None:
    pair: Any = Broken()
    listener = Listener(pair)
    listener.receiver.open()
    listener.receiver.start()
    pair.unplug()
    await listener.settle()
    assert listener.gone == 1
