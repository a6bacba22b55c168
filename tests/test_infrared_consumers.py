"""Tests with a consumer that uses the pair like HAIR (github.com/DAB-LABS/HAIR), without knowing this integration.

HAIR takes every state of the domain that is no receiver for an emitter, subscribes to receivers while they are available,
compares whole messages, and wraps what it sends in commands of its own, which end with a pause.
"""

from collections.abc import AsyncIterator
from typing import override

from freezegun.api import FrozenDateTimeFactory
from infrared_protocols.commands import Command
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.ir_codes import parse
from custom_components.anavi_weather.ir_codes.decode import decode
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc
from homeassistant.components.infrared import (
    DOMAIN as INFRARED_DOMAIN,
    InfraredReceivedSignal,
    async_get_receivers,
    async_send_command,
    async_subscribe_receiver,
)
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import CALLBACK_TYPE, Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event

from .conftest import PassTime, let_read, press

PAUSE = 50_000  # µs, with which HAIR ends what it sends
LOOK = 11  # seconds, within which missing devices are looked for
CARRIER = 38_000
# Marks and spaces of an air conditioner's state
STATE = [4400, -4400, *(560, -1600, 560, -560) * 24, 560]


class WrappedCommand(Command):
    """A command that only passes on what it wraps, and a pause at its end."""

    def __init__(self, inner: Command) -> None:
        """Initialize the command without what its base class needs."""
        self._inner = inner

    @override
    def get_raw_timings(self) -> list[int]:
        """Return the timings with the pause."""
        timings = list(self._inner.get_raw_timings())
        return [*(timings[:-1] if timings[-1] < 0 else timings), -PAUSE]

    def __getattr__(self, name: str) -> object:
        """Return an attribute of the wrapped command."""
        return getattr(self._inner, name)


class Consumer:
    """A consumer of core's infrared domain."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Look for the entities, and listen to receivers while they are available."""
        self.signals: list[InfraredReceivedSignal] = []
        self._hass = hass
        self._subscriptions: dict[str, CALLBACK_TYPE] = {}
        receivers = async_get_receivers(hass)
        self.emitters = [id_ for id_ in hass.states.async_entity_ids(INFRARED_DOMAIN) if id_ not in receivers]
        self._stop_tracking = async_track_state_change_event(hass, receivers, self._on_change)
        for receiver in receivers:
            self._subscribe(receiver)

    @property
    def receivers(self) -> list[str]:
        """The receivers that it listens to."""
        return list(self._subscriptions)

    def stop(self) -> None:
        """Stop listening."""
        self._stop_tracking()
        for unsubscribe in self._subscriptions.values():
            unsubscribe()

    async def async_send(self, command: Command, times: int = 1) -> None:
        """Send a command to all emitters."""
        for emitter in self.emitters:
            for _ in range(times):
                await async_send_command(self._hass, emitter, WrappedCommand(command))

    def _subscribe(self, receiver: str) -> None:
        state = self._hass.states.get(receiver)
        if state and state.state != STATE_UNAVAILABLE:
            self._subscriptions[receiver] = async_subscribe_receiver(self._hass, receiver, self.signals.append)

    @callback
    def _on_change(self, event: Event[EventStateChangedData]) -> None:
        receiver, state = event.data["entity_id"], event.data["new_state"]
        if state is None or state.state == STATE_UNAVAILABLE:
            if unsubscribe := self._subscriptions.pop(receiver, None):
                unsubscribe()
        elif receiver not in self._subscriptions:
            self._subscribe(receiver)


@pytest.fixture(name="consumer")
async def _consumer(hass: HomeAssistant, station: MockConfigEntry) -> AsyncIterator[Consumer]:
    """Return a consumer that is set up after the station."""
    consumer = Consumer(hass)
    yield consumer
    consumer.stop()


def raw(timings: list[int]) -> str:
    """Return timings as a code."""
    return "raw:" + ",".join(map(str, timings))


def test_the_pair_is_found(consumer: Consumer) -> None:
    assert consumer.emitters == ["infrared.simulated_phat_infrared_emitter"]
    assert consumer.receivers == ["infrared.simulated_phat_infrared_receiver"]


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(parse("nec:0x04,0x08").get_raw_timings(), id="key"),
        pytest.param(parse("rc5:0x1e,0x01").get_raw_timings(), id="biphase key"),
        pytest.param([*STATE, -5200, *STATE], id="frame and its copy"),
        pytest.param([*STATE, -38_000, *STATE[:40], 560], id="two frames"),
        pytest.param([*STATE, -75_000, *STATE, -42_000, *STATE[:20], 560], id="three frames"),
        pytest.param([*STATE, -150_000, *STATE], id="longest pause"),
        pytest.param([2000, -27_830, 400, -1580, 400, -3580, 400], id="camera"),
    ],
)
async def test_each_message_is_one_whole_signal(
    pair: SimulatedLirc, consumer: Consumer, freezer: FrozenDateTimeFactory, message: list[int]
) -> None:
    for number in range(1, 3):
        await press(pair, raw(message))
        freezer.tick(0.2)
        await let_read()
        assert len(consumer.signals) == number

    for signal in consumer.signals:
        assert signal.timings == pytest.approx(message, abs=250)


async def test_states_that_differ_at_the_end_are_different_signals(
    pair: SimulatedLirc, consumer: Consumer, freezer: FrozenDateTimeFactory
) -> None:
    for end in ([560, -1600, 560], [560, -560, 560]):
        await press(pair, raw([*STATE, -36_000, *STATE[:-1], *end]))
        freezer.tick(0.2)
        await let_read()

    one, other = (signal.timings for signal in consumer.signals)
    assert len(one) == len(other)
    assert one[-2] == pytest.approx(-1600, abs=250)
    assert other[-2] == pytest.approx(-560, abs=250)


@pytest.mark.parametrize(
    "code", ["nec:0x04,0x08", "rc5:0x1e,0x01", "samsung32:0x07,0x02", raw([*STATE, -75_000, *STATE])]
)
async def test_a_command_that_ends_with_a_pause_is_sent(pair: SimulatedLirc, consumer: Consumer, code: str) -> None:
    command = parse(code)
    timings = command.get_raw_timings()

    await consumer.async_send(command, times=2)

    first, second = pair.sent
    assert first == second
    assert list(first.timings) == timings
    assert first.carrier == command.modulation
    assert decode(first.timings) == decode(timings)


async def test_what_a_consumer_sends_is_no_signal(pair: SimulatedLirc, consumer: Consumer) -> None:
    await consumer.async_send(parse("nec:0x04,0x08"))
    await let_read()
    assert not consumer.signals


@pytest.mark.parametrize("reload", [True, False])
async def test_a_consumer_hears_again_after_the_receiver_returns(
    hass: HomeAssistant,
    pair: SimulatedLirc,
    station: MockConfigEntry,
    consumer: Consumer,
    pass_time: PassTime,
    reload: bool,
) -> None:
    if reload:
        await hass.config_entries.async_reload(station.entry_id)
    else:
        pair.unplug()
        await let_read()
        assert not consumer.receivers
        pair.plug()
        await pass_time(LOOK)
    await hass.async_block_till_done()

    await press(pair, "nec:0x04,0x09")
    await consumer.async_send(parse("nec:0x04,0x08"))

    (signal,) = consumer.signals
    decoded = decode(signal.timings)
    assert decoded
    assert decoded.command == 9
    assert len(pair.sent) == 1
