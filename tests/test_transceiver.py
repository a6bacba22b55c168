"""Tests of the infrared pair on the event loop."""

import asyncio
from collections.abc import Iterator
import errno
import gc
import os
from pathlib import Path
import threading
import time
from typing import Any
from unittest.mock import patch
import weakref

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.ir_codes import parse
from custom_components.anavi_weather.phat.lirc import HEARD_AFTER_SENDING, MessageReceiver, Transmitter
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc, SimulatedTransmitter
from custom_components.anavi_weather.transceiver import Transceiver
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .conftest import Machine, PassTime, let_read, press
from .user_station.harness import WAIT_SECONDS

LOOK = 11  # seconds, within which missing devices are looked for


class SlowWrite:
    """A transmission that continues until it may end."""

    def __init__(self) -> None:
        """Initialize a transmission that has not started."""
        self.started = threading.Event()
        self.may_end = threading.Event()

    def write(self, transmitter: SimulatedTransmitter, data: bytes) -> int:
        """Send once the transmission may end."""
        self.started.set()
        assert self.may_end.wait(WAIT_SECONDS)
        return WRITE(transmitter, data)


WRITE = SimulatedTransmitter.write


@pytest.fixture
def slow() -> Iterator[SlowWrite]:
    """Make transmissions wait until they may end."""
    slow = SlowWrite()
    # A bound method would not receive the transmitter
    with patch.object(SimulatedTransmitter, "write", lambda *args: slow.write(*args)):  # noqa: PLW0108
        yield slow
        slow.may_end.set()


@pytest.fixture
async def transceiver(hass: HomeAssistant, station: MockConfigEntry) -> Transceiver:
    """Return the transceiver of the simulated pHAT."""
    transceiver: Transceiver = station.runtime_data.transceiver
    return transceiver


async def test_commands_are_sent_in_order(transceiver: Transceiver, pair: SimulatedLirc) -> None:
    codes = [f"nec:1,{number}" for number in range(8)]

    await asyncio.gather(*(transceiver.async_send(parse(code)) for code in codes))

    sent = [list(transmission.timings) for transmission in pair.sent]
    assert sent == [parse(code).get_raw_timings() for code in codes]


async def test_the_event_loop_does_not_wait_for_a_transmission(
    hass: HomeAssistant, transceiver: Transceiver, slow: SlowWrite
) -> None:
    sending = hass.async_create_task(transceiver.async_send(parse("nec:1,2")))
    await hass.async_add_executor_job(slow.started.wait)
    assert not sending.done()
    slow.may_end.set()
    await sending


async def test_the_receiver_ignores_the_rest_of_a_canceled_transmission(
    hass: HomeAssistant,
    transceiver: Transceiver,
    pair: SimulatedLirc,
    slow: SlowWrite,
    freezer: FrozenDateTimeFactory,
) -> None:
    frames: list[list[int]] = []
    transceiver.async_subscribe_messages(frames.append)
    sending = hass.async_create_task(transceiver.async_send(parse("nec:1,2")))
    await hass.async_add_executor_job(slow.started.wait)

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


async def test_a_listener_is_not_called_after_it_unsubscribed(
    transceiver: Transceiver, pair: SimulatedLirc, pass_time: PassTime
) -> None:
    frames: list[list[int]] = []
    states: list[bool] = []
    stop_frames = transceiver.async_subscribe_messages(frames.append)
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


async def test_a_listener_may_unsubscribe_while_it_is_called(transceiver: Transceiver, pair: SimulatedLirc) -> None:
    calls: list[str] = []

    def stop_frames(_: list[int]) -> None:
        calls.append("frame")
        unsubscribe_frames()

    def stop_states() -> None:
        calls.append("state")
        unsubscribe_states()

    unsubscribe_frames = transceiver.async_subscribe_messages(stop_frames)
    unsubscribe_states = transceiver.async_subscribe_state(stop_states)
    frames: list[list[int]] = []
    transceiver.async_subscribe_messages(frames.append)

    await press(pair, "nec:1,2", "nec:1,3")
    pair.unplug()
    await let_read()

    assert calls == ["frame", "state"]
    assert len(frames) == 2
    assert not transceiver.can_receive


async def let_stop(hass: HomeAssistant, transceiver: Transceiver) -> None:
    """Wait in real time until the transceiver is being stopped, and run what does not wait for a thread."""
    while not transceiver.is_stopped:
        await hass.async_add_executor_job(time.sleep, 0.001)
    await let_read()


async def test_unloading_finishes_the_current_transmission_but_no_waiting_one(
    hass: HomeAssistant, station: MockConfigEntry, transceiver: Transceiver, pair: SimulatedLirc, slow: SlowWrite
) -> None:
    sending = hass.async_create_task(transceiver.async_send(parse("nec:1,2")))
    waiting = hass.async_create_task(transceiver.async_send(parse("nec:1,3")))
    await hass.async_add_executor_job(slow.started.wait)
    unloading = hass.async_create_task(hass.config_entries.async_unload(station.entry_id))
    await let_stop(hass, transceiver)
    assert not unloading.done()

    slow.may_end.set()

    await sending
    with pytest.raises(HomeAssistantError) as raised:
        await waiting
    assert raised.value.translation_key == "station_not_loaded"
    assert await unloading
    assert len(pair.sent) == 1


async def test_devices_that_open_during_unloading_are_closed(
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
        assert may_open.wait(WAIT_SECONDS)
        open_transmitter(transmitter)
        calls.append("open")

    def close(transmitter: Transmitter) -> None:
        close_transmitter(transmitter)
        calls.append("close")

    with (
        patch.multiple(Transmitter, open=open_slowly, close=close),
        patch.object(MessageReceiver, "open") as open_receiver,
    ):
        looking = hass.async_create_task(transceiver._async_open_missing())
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
        assert not transceiver._message_listeners
        assert not transceiver._state_listeners
        assert transceiver._listen_timer.cancelled()
        counts.append(descriptors())
        assert counts[-1] < loaded

    assert len(set(counts[1:])) == 1  # the first setup may open shared resources
    await pass_time(LOOK)
    assert descriptors() == counts[-1]


async def test_missing_devices_are_looked_for_every_ten_seconds(
    transceiver: Transceiver, pair: SimulatedLirc, pass_time: PassTime
) -> None:
    pair.unplug()
    await let_read()
    pair.plug()

    await pass_time(9)
    assert not transceiver.can_receive
    await pass_time(1)
    assert transceiver.can_receive


async def test_a_transmitter_is_looked_for_while_the_receiver_works(
    transceiver: Transceiver, pair: SimulatedLirc, pass_time: PassTime
) -> None:
    gone = OSError(errno.ENODEV, os.strerror(errno.ENODEV))
    with patch.object(SimulatedTransmitter, "write", side_effect=gone), pytest.raises(HomeAssistantError):
        await transceiver.async_send(parse("nec:1,2"))
    assert (transceiver.can_send, transceiver.can_receive) == (False, True)

    await pass_time(LOOK)

    assert transceiver.can_send
    await transceiver.async_send(parse("nec:1,2"))
    assert len(pair.sent) == 1


@pytest.mark.usefixtures("station")
async def test_a_disconnection_is_logged_once(
    hass: HomeAssistant, pair: SimulatedLirc, pass_time: PassTime, caplog: pytest.LogCaptureFixture
) -> None:
    pair.unplug()
    await let_read()
    for _ in range(3):
        await pass_time(LOOK)
    assert caplog.text.count("Infrared receiver disconnected") == 1


@pytest.mark.parametrize("refusal", [errno.EACCES, errno.EBUSY])
async def test_a_refusal_is_logged_once(
    hass: HomeAssistant, pair: SimulatedLirc, refusal: int, pass_time: PassTime, caplog: pytest.LogCaptureFixture
) -> None:
    pair.refusal = refusal
    transceiver = Transceiver(hass, pair.ports)
    await transceiver.async_start()
    for _ in range(3):
        await pass_time(LOOK)
    warnings = [record.message for record in caplog.records if "Cannot use infrared" in record.message]
    assert warnings and len(warnings) == len(set(warnings))
    assert (transceiver.can_send, transceiver.can_receive) == (False, False)
    pair.refusal = None
    await pass_time(LOOK)
    assert (transceiver.can_send, transceiver.can_receive) == (True, True)
    await transceiver.async_stop()


async def test_connected_devices_are_not_opened_again(
    transceiver: Transceiver, pair: SimulatedLirc, pass_time: PassTime
) -> None:
    with patch.object(pair, "check_openable") as open_device:
        await pass_time(LOOK)
    assert transceiver.can_send
    assert transceiver.can_receive
    open_device.assert_not_called()


async def test_a_stopped_transceiver_is_not_kept(hass: HomeAssistant, pair: SimulatedLirc) -> None:
    """A timer that still looked for devices would keep one transceiver more with each reload."""
    transceiver = Transceiver(hass, pair.ports)
    await transceiver.async_start()
    await transceiver.async_stop()
    kept = weakref.ref(transceiver)

    del transceiver
    gc.collect()

    assert kept() is None


async def test_nothing_is_looked_for_once_home_assistant_stops(hass: HomeAssistant, pair: SimulatedLirc) -> None:
    pair.unplug()
    transceiver = Transceiver(hass, pair.ports)
    await transceiver.async_start()

    await hass.async_stop(force=True)

    loop: Any = hass.loop
    assert not [timer for timer in loop._scheduled if "Interval" in repr(timer) and not timer.cancelled()]


async def test_a_transceiver_can_be_stopped_before_it_was_started(hass: HomeAssistant, pair: SimulatedLirc) -> None:
    transceiver = Transceiver(hass, pair.ports)
    await transceiver.async_stop()
    await transceiver._async_open_missing()
    assert (transceiver.can_send, transceiver.can_receive) == (False, False)
