"""Tests of sending through LIRC devices."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
import errno

from hypothesis import example, given, settings, strategies as st
import pytest

from custom_components.anavi_weather.phat import lirc
from custom_components.anavi_weather.phat.lirc import (
    MAX_WRITE_DURATION,
    MAX_WRITE_ITEMS,
    MIN_SPLIT_SPACE,
    DeviceGoneError,
    InvalidTimingsError,
    Port,
    Request,
    SendError,
    Transmitter,
    split,
)
from custom_components.anavi_weather.phat.simulated_errors import os_error
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc, SimulatedTransmitter
from custom_components.anavi_weather.phat.simulator import VirtualClock
from tests.quick import examples

from .lirc_devices import NEC, Device, ports

PULSES = st.integers(1, 20_000)
SPACES = st.one_of(st.integers(1, 2_000), st.integers(1, 120_000), st.just(40_000)).map(lambda space: -space)
CELLS = st.lists(st.tuples(PULSES, SPACES), max_size=60)
# Repeated up to 30 times, like the frame of a key that is held
TIMINGS = st.builds(
    lambda cells, count, last: [*(timing for cell in cells * count for timing in cell), last],
    CELLS,
    st.sampled_from((1, 1, 2, 30)),
    PULSES,
)


@settings(max_examples=examples(300), deadline=None)
@given(TIMINGS)
@example([100, *(-100, 100) * 511])
@example([*(100, -5000) * 5000, 100])
@example([500_000, -5_000, 500_000])
@example([*(timing for space in range(9000, 6000, -1) for timing in (1, -space)), 1])
def test_bursts_contain_all_timings_and_respect_the_kernels_limits(timings: list[int]) -> None:
    try:
        bursts = split(timings)
    except InvalidTimingsError:
        # A piece without a pause, or all timings together, must be too long
        pieces, piece = [], [timings[0]]
        for space, pulse in zip(timings[1::2], timings[2::2], strict=True):
            if -space >= MIN_SPLIT_SPACE:
                pieces.append(piece)
                piece = [pulse]
            else:
                piece += [space, pulse]
        longest = [sum(map(abs, piece)) for piece in [*pieces, piece]]
        counts = [len(piece) for piece in [*pieces, piece]]
        total = sum(map(abs, timings))
        assert (
            max(longest) > MAX_WRITE_DURATION or max(counts) > MAX_WRITE_ITEMS or total > lirc.MAX_TRANSMISSION_DURATION
        )
        return
    together: list[int] = []
    for burst in bursts:
        assert len(burst.items) % 2 == 1
        assert len(burst.items) <= MAX_WRITE_ITEMS
        assert sum(burst.items) <= MAX_WRITE_DURATION
        assert min(burst.items) > 0
        together += [*burst.items, burst.period - sum(burst.items)]
    assert together.pop() == 0
    assert together == [abs(timing) for timing in timings]
    for burst in bursts[:-1]:
        assert burst.period - sum(burst.items) >= max((MIN_SPLIT_SPACE, *burst.items[1::2]))


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
        (100, 100, 100),
        (100, -100, 100, 100, 100),
        (-100, 100, 100),
        (500_001,),
        (500, *(-500, 500) * 512),
        (100_000, -4_999, 400_000),
        (100, -40_000, 500_001),
        (100, -30_000_000, 100),
        (100_000, -200_001, *(100_000, -100_000) * 148, 100_000),
    ],
)
def test_invalid_timings_are_refused(pair: SimulatedLirc, transmitter: Transmitter, timings: Sequence[int]) -> None:
    with pytest.raises(InvalidTimingsError) as caught:
        transmitter.send(timings, 38_000, 50)
    assert caught.value.key == "infrared_invalid"
    assert not pair.sent


def test_the_longest_transmission() -> None:
    longest = (100_000, -200_000, *(100_000, -100_000) * 148, 100_000)
    assert sum(burst.period for burst in split(longest)) == 30_000_000


def test_a_space_at_the_end_is_not_sent() -> None:
    assert split((100, -1)) == split((100, -40_000)) == split((100,))


def test_timings_are_split_between_frames_into_few_bursts() -> None:
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
def test_an_invalid_carrier_is_refused(
    pair: SimulatedLirc, transmitter: Transmitter, carrier: int, duty_cycle: int
) -> None:
    with pytest.raises(InvalidTimingsError, match="is not a valid carrier"):
        transmitter.send(NEC, carrier, duty_cycle)
    assert not pair.sent


def test_a_carrier_that_the_kernel_refuses_is_an_error(pair: SimulatedLirc, transmitter: Transmitter) -> None:
    with pytest.raises(SendError, match="refused a carrier of 500001 Hz: Invalid argument") as caught:
        transmitter.send(NEC, 500_001, 50)
    assert caught.value.key == "infrared_send_failed"
    transmitter.send(NEC, 38_000, 50)
    assert len(pair.sent) == 1


@pytest.mark.parametrize(
    ("carrier", "is_sent"),
    [(38_000, True), (38_029, True), (38_500, True), (37_000, True), (36_999, False), (40_000, False), (0, False)],
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
def test_a_setting_that_the_driver_refuses_is_an_error(
    pair: SimulatedLirc, transmitter: Transmitter, monkeypatch: pytest.MonkeyPatch, refused: Request, text: str
) -> None:
    original = SimulatedTransmitter.ioctl

    def ioctl(self: SimulatedTransmitter, request: Request, value: int = 0) -> int:
        if request == refused:
            raise os_error(errno.EINVAL)
        return original(self, request, value)

    monkeypatch.setattr(SimulatedTransmitter, "ioctl", ioctl)
    with pytest.raises(SendError, match=text):
        transmitter.send(NEC, 38_000, 33)
    assert not pair.sent


def test_bursts_start_when_they_are_due(
    pair: SimulatedLirc, transmitter: Transmitter, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    begins = []
    original = SimulatedTransmitter.write

    def write(self: SimulatedTransmitter, data: bytes) -> int:
        begins.append(clock.now)
        clock.sleep(0.001)  # delay of the driver
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


def test_sending_takes_its_time_even_if_the_driver_returns_at_once(clock: VirtualClock) -> None:
    begin = clock.now
    Transmitter(ports(Device(0x302)), clock).send([400_000, -50_000, 400_000], 38_000, 50)
    assert clock.now - begin == pytest.approx(0.85)


def test_a_write_that_is_cut_short_is_an_error(transmitter: Transmitter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SimulatedTransmitter, "write", lambda self, data: 8)
    with pytest.raises(SendError, match="only 2 of 3 pulses and spaces"):
        transmitter.send([100, -100, 100], 38_000, 50)


def test_timings_that_the_kernel_refuses_are_an_error(
    transmitter: Transmitter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(self: SimulatedTransmitter, data: bytes) -> int:
        raise os_error(errno.EINVAL)

    monkeypatch.setattr(SimulatedTransmitter, "write", write)
    with pytest.raises(SendError, match="refused to send: Invalid argument"):
        transmitter.send([100, -100, 100], 38_000, 50)


@pytest.mark.parametrize("number", [errno.ENODEV, errno.EIO, errno.ENXIO])
def test_a_transmitter_that_disappears_while_sending_is_an_error(number: int, clock: VirtualClock) -> None:
    device = Device(0x302, write=os_error(number))
    transmitter = Transmitter(ports(device), clock)
    with pytest.raises(DeviceGoneError, match="the transmitter has disappeared"):
        transmitter.send(NEC, 38_000, 50)
    assert not device.is_open


def test_a_transmitter_that_was_replaced_is_opened_again(pair: SimulatedLirc, clock: VirtualClock) -> None:
    stale = Device(0x302)
    found: list[Callable[[], Port]] = [stale.open]
    transmitter = Transmitter(lambda: found, clock)
    transmitter.send(NEC, 38_000, 50)
    stale.features = os_error(errno.ENODEV)
    found[:] = [stale.open, *pair.ports()]
    transmitter.send(NEC, 38_000, 50)
    assert len(pair.sent) == 1
    assert not stale.is_open


def test_a_missing_transmitter_is_an_error(pair: SimulatedLirc, transmitter: Transmitter) -> None:
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
