"""Tests of the infrared pair on the event loop."""

import asyncio
from collections.abc import Iterator
import errno
from pathlib import Path
import threading
import time
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.ir_codes import parse
from custom_components.anavi_weather.phat.lirc import HEARD_AFTER_SENDING, FrameReceiver, Transmitter
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc, SimulatedTransmitter
from custom_components.anavi_weather.transceiver import LOOK_INTERVAL, Transceiver
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .conftest import Machine, PassTime, let_read, press

LOOK = LOOK_INTERVAL.total_seconds() + 1


class SlowWrite:
    """Lets a transmission last until it may end."""

    def __init__(self) -> None:
        """Begin with a transmitter that waits."""
        self.begun = threading.Event()
        self.may_end = threading.Event()

    def write(self, transmitter: SimulatedTransmitter, data: bytes) -> int:
        """Send when it is time."""
        self.begun.set()
        assert self.may_end.wait(10)
        return WRITE(transmitter, data)


WRITE = SimulatedTransmitter.write


@pytest.fixture
def slow() -> Iterator[SlowWrite]:
    """Return what lets a transmission last."""
    slow = SlowWrite()
    # A bound method would not be told the transmitter
    with patch.object(SimulatedTransmitter, "write", lambda *args: slow.write(*args)):  # noqa: PLW0108
        yield slow
        slow.may_end.set()


@pytest.fixture
async def transceiver(hass: HomeAssistant, station: MockConfigEntry) -> Transceiver:
    """Return the transceiver of the simulated pHAT."""
    transceiver: Transceiver = station.runtime_data.transceiver
    return transceiver


async def test_commands_are_sent_one_after_another(transceiver: Transceiver, pair: SimulatedLirc) -> None:
    codes = [f"nec:1,{number}" for number in range(8)]

    await asyncio.gather(*(transceiver.async_send(parse(code)) for code in codes))

    sent = [list(transmission.timings) for transmission in pair.sent]
    assert sent == [parse(code).get_raw_timings() for code in codes]


async def test_the_event_loop_does_not_wait_for_a_transmission(
    hass: HomeAssistant, transceiver: Transceiver, slow: SlowWrite
) -> None:
    sending = hass.async_create_task(transceiver.async_send(parse("nec:1,2")))
    await hass.async_add_executor_job(slow.begun.wait)
    assert not sending.done()
    slow.may_end.set()
    await sending


async def test_who_is_cancelled_does_not_make_the_receiver_hear_what_is_still_sent(
    hass: HomeAssistant,
    transceiver: Transceiver,
    pair: SimulatedLirc,
    slow: SlowWrite,
    freezer: FrozenDateTimeFactory,
) -> None:
    frames: list[list[int]] = []
    transceiver.async_subscribe_frames(frames.append)
    sending = hass.async_create_task(transceiver.async_send(parse("nec:1,2")))
    await hass.async_add_executor_job(slow.begun.wait)

    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    freezer.tick(HEARD_AFTER_SENDING + 0.01)
    await let_read()
    await press(pair, "nec:1,3")
    assert not frames

    slow.may_end.set()
    await hass.async_block_till_done()
    await let_read()
    assert len(pair.sent) == 1
    assert not frames
    freezer.tick(HEARD_AFTER_SENDING + 0.01)
    await let_read()
    await press(pair, "nec:1,3")
    assert len(frames) == 1


async def test_a_listener_that_has_left_is_not_told(
    transceiver: Transceiver, pair: SimulatedLirc, pass_time: PassTime
) -> None:
    frames: list[list[int]] = []
    states: list[bool] = []
    stop_frames = transceiver.async_subscribe_frames(frames.append)
    stop_states = transceiver.async_subscribe_state(lambda: states.append(transceiver.can_receive))
    await press(pair, "nec:1,2")
    pair.unplug()
    await let_read()
    assert (len(frames), states) == (1, [False])

    stop_frames()
    stop_states()
    pair.plug()
    await pass_time(LOOK)
    await press(pair, "nec:1,2")
    assert transceiver.can_receive
    assert (len(frames), states) == (1, [False])


async def let_stop(hass: HomeAssistant, transceiver: Transceiver) -> None:
    """Wait, in real time, until the transceiver is being stopped and has done all that it does not wait for."""
    while not transceiver._stopped:
        await hass.async_add_executor_job(time.sleep, 0.001)
    await let_read()


async def test_unloading_waits_for_what_is_sent_and_refuses_what_waits(
    hass: HomeAssistant, station: MockConfigEntry, transceiver: Transceiver, pair: SimulatedLirc, slow: SlowWrite
) -> None:
    sending = hass.async_create_task(transceiver.async_send(parse("nec:1,2")))
    waiting = hass.async_create_task(transceiver.async_send(parse("nec:1,3")))
    await hass.async_add_executor_job(slow.begun.wait)
    unloading = hass.async_create_task(hass.config_entries.async_unload(station.entry_id))
    await let_stop(hass, transceiver)
    assert not unloading.done()

    slow.may_end.set()

    await sending
    with pytest.raises(HomeAssistantError) as raised:
        await waiting
    assert raised.value.translation_key == "infrared_gone"
    assert await unloading
    assert len(pair.sent) == 1


async def test_a_look_that_was_begun_before_unloading_leaves_nothing_open(
    hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry
) -> None:
    machine.plug()
    await hass.config_entries.async_setup(board_entry.entry_id)
    await hass.async_block_till_done()
    machine.pair.plug()
    opening, may_open = threading.Event(), threading.Event()
    transceiver = board_entry.runtime_data.transceiver
    open_transmitter, close_transmitter = Transmitter.open, Transmitter.close
    calls = []

    def open_slowly(transmitter: Transmitter) -> None:
        opening.set()
        assert may_open.wait(10)
        open_transmitter(transmitter)
        calls.append("open")

    def close(transmitter: Transmitter) -> None:
        close_transmitter(transmitter)
        calls.append("close")

    with (
        patch.multiple(Transmitter, open=open_slowly, close=close),
        patch.object(FrameReceiver, "open") as open_receiver,
    ):
        looking = hass.async_create_task(transceiver._async_look())
        await hass.async_add_executor_job(opening.wait)
        unloading = hass.async_create_task(hass.config_entries.async_unload(board_entry.entry_id))
        await let_stop(hass, transceiver)
        may_open.set()
        await looking
        assert await unloading

    open_receiver.assert_not_called()
    assert calls == ["open", "close"]


async def test_unloading_closes_everything(
    hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry, pass_time: PassTime
) -> None:
    machine.plug()
    machine.pair.plug()

    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    counts = []
    for _ in range(4):
        await hass.config_entries.async_setup(board_entry.entry_id)
        await hass.async_block_till_done()
        transceiver = board_entry.runtime_data.transceiver
        await transceiver.async_send(parse("nec:1,2"))
        loaded = descriptors()
        assert await hass.config_entries.async_unload(board_entry.entry_id)
        await hass.async_block_till_done()
        assert not transceiver._frame_listeners
        assert not transceiver._state_listeners
        assert transceiver._listen_again.cancelled()
        counts.append(descriptors())
        assert counts[-1] < loaded

    assert len(set(counts[1:])) == 1  # the first may have opened what others use as well
    await pass_time(LOOK)
    assert descriptors() == counts[-1]


@pytest.mark.usefixtures("station")
async def test_nothing_is_told_again_and_again(
    hass: HomeAssistant, pair: SimulatedLirc, pass_time: PassTime, caplog: pytest.LogCaptureFixture
) -> None:
    pair.unplug()
    await let_read()
    for _ in range(3):
        await pass_time(LOOK)
    assert caplog.text.count("The infrared receiver is gone") == 1


@pytest.mark.parametrize("refusal", [errno.EACCES, errno.EBUSY])
async def test_who_is_refused_is_told_once(
    hass: HomeAssistant, pair: SimulatedLirc, refusal: int, pass_time: PassTime, caplog: pytest.LogCaptureFixture
) -> None:
    pair.refusal = refusal
    transceiver = Transceiver(hass, pair.ports)
    await transceiver.async_start()
    for _ in range(3):
        await pass_time(LOOK)
    warnings = [record.message for record in caplog.records if "Infrared cannot be used" in record.message]
    assert warnings and len(warnings) == len(set(warnings))
    assert (transceiver.can_send, transceiver.can_receive) == (False, False)
    pair.refusal = None
    await pass_time(LOOK)
    assert (transceiver.can_send, transceiver.can_receive) == (True, True)
    await transceiver.async_stop()


async def test_what_is_there_is_not_looked_for(
    transceiver: Transceiver, pair: SimulatedLirc, pass_time: PassTime
) -> None:
    with patch.object(pair, "check_openable") as open_device:
        await pass_time(LOOK)
    assert transceiver.can_send
    assert transceiver.can_receive
    open_device.assert_not_called()


async def test_it_may_be_stopped_before_it_was_started(hass: HomeAssistant, pair: SimulatedLirc) -> None:
    transceiver = Transceiver(hass, pair.ports)
    await transceiver.async_stop()
    await transceiver._async_look()
    assert (transceiver.can_send, transceiver.can_receive) == (False, False)
