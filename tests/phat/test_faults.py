"""Tests of every chip with every fault on the wire: a reading is right, or it is an error."""

from collections.abc import Callable
import errno
from itertools import count

import pytest

from custom_components.anavi_weather.phat import BusStuckError, ChipId, NoAnswerError, Reading
from custom_components.anavi_weather.phat.chip import NotFinishedError
from custom_components.anavi_weather.phat.i2c import MAX_CONSECUTIVE_TIMEOUTS, MESSAGE_ATTEMPTS, TransferError
from custom_components.anavi_weather.phat.simulated_chips import Air
from custom_components.anavi_weather.phat.simulated_errors import os_error
from custom_components.anavi_weather.phat.simulator import NackFault, TimeoutFault

from .bench import EVERY_KIND, Bench, deviations

# Two kinds of air with very different values, so that a result of the previous cycle is detected
AIRS = (Air(), Air(temperature=-12.3, humidity=81.0, pressure=871.0, illuminance=4_321.0))

pytestmark = pytest.mark.parametrize("chips", [(chip,) for chip in EVERY_KIND], ids=lambda chips: chips[0].kind)


@pytest.fixture
def chip(chips: tuple[ChipId, ...]) -> ChipId:
    """Return the one chip."""
    return chips[0]


class ActionAtCall:
    """Callback that performs an action at a single call."""

    def __init__(self, number: int, action: Callable[[], None]) -> None:
        """Initialize the callback with the number of the call."""
        self._action = action
        self.left = number

    def __call__(self, *_: object) -> None:
        """Count the call, and perform the action if it is due."""
        self.left -= 1
        if self.left == -1:
            self._action()


def change_air(bench: Bench) -> None:
    bench.air = AIRS[bench.air == AIRS[0]]


def settle(bench: Bench) -> None:
    """Read until the light is measured in its range."""
    for _ in range(2):
        bench.read()
    bench.wire.log.clear()


def in_every_cycle(bench: Bench, chip: ChipId, arm: Callable[[int], ActionAtCall]) -> list[str]:
    """Read cycles with a fault at the first place, then at the second, and so on, until a cycle has no such place."""
    found: list[str] = []
    for number in count():
        change_air(bench)
        fault = arm(number)
        reading = bench.read()
        if fault.left >= 0:
            break
        found += [f"{number}: {deviation}" for deviation in deviations(reading, bench.air, [chip])]
    return found


def flip(bench: Bench, number: int, bit: int) -> None:
    """Flip a bit of the answer with this number, counted from now on."""
    answers = count()

    def corrupt(answer: bytearray) -> None:
        if next(answers) == number:
            answer[bit // 8] ^= 0x80 >> bit % 8

    bench.wire.corrupt = corrupt


def bits(bench: Bench) -> list[tuple[int, int]]:
    """Return every bit of every answer in the log."""
    answers = [transfer.answer for transfer in bench.wire.log if transfer.answer is not None]
    return [(number, bit) for number, answer in enumerate(answers) for bit in range(8 * len(answer))]


@pytest.mark.exhaustive
def test_a_flipped_bit_in_any_answer_does_not_affect_the_reading(running: Bench, chip: ChipId) -> None:
    settle(running)
    running.read()
    places = bits(running)
    assert len(places) > 30
    found = []
    for number, bit in places:
        change_air(running)
        flip(running, number, bit)
        reading = running.read()
        found += [f"answer {number}, bit {bit}: {deviation}" for deviation in deviations(reading, running.air, [chip])]
    assert found == []


@pytest.mark.exhaustive
def test_a_flipped_bit_during_detection_and_setup_does_not_affect_the_reading(bench: Bench, chip: ChipId) -> None:
    bench.read()
    found = []
    for number, bit in bits(bench):
        again = Bench(chip)
        flip(again, number, bit)
        found += [f"answer {number}, bit {bit}: {wrong}" for wrong in deviations(again.read(), again.air, [chip])]
    assert found == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("number", [errno.EREMOTEIO, errno.EIO, errno.ETIMEDOUT], ids=errno.errorcode.get)
def test_any_transfer_may_fail_once(running: Bench, chip: ChipId, number: int) -> None:
    settle(running)

    def fail() -> None:
        raise os_error(number)

    def arm(place: int) -> ActionAtCall:
        fault = running.wire.before = ActionAtCall(place, fail)
        return fault

    assert in_every_cycle(running, chip, arm) == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("number", [errno.EREMOTEIO, errno.EIO], ids=errno.errorcode.get)
def test_any_transfer_may_fail_once_during_detection_and_setup(bench: Bench, chip: ChipId, number: int) -> None:
    bench.read()

    def fail() -> None:
        raise os_error(number)

    for place in range(len(bench.wire.log) + 5):
        again = Bench(chip)
        again.wire.before = ActionAtCall(place, fail)
        again.read()  # may not find the chip if its detection failed
        assert deviations(again.read(), again.air, [chip]) == [], place


def test_a_power_loss_in_any_wait_does_not_affect_the_reading(running: Bench, chip: ChipId) -> None:
    """Power is lost only in waits, because there is no time to unplug a chip between two consecutive messages."""
    settle(running)
    simulated = running.simulator.chips[chip.address]

    def arm(place: int) -> ActionAtCall:
        fault = ActionAtCall(place, simulated.power_on)

        def during() -> None:
            if running.clock.slept >= 0.001 and running.clock.slept < 60:
                fault()

        running.clock.during = during
        return fault

    assert in_every_cycle(running, chip, arm) == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("missed", [1, 2])
def test_a_short_disconnection_at_any_transfer_does_not_affect_the_reading(
    running: Bench, chip: ChipId, missed: int
) -> None:
    settle(running)

    def arm(place: int) -> ActionAtCall:
        running.simulator.plug(chip.address)  # in case it was unplugged after the last transfer of the cycle
        fault = ActionAtCall(place, lambda: running.simulator.unplug(chip.address))
        absent = 0

        def before(address: int) -> None:
            nonlocal absent
            fault()
            if address == chip.address and address not in running.simulator.plugged:
                absent += 1
                if absent > missed:
                    running.simulator.plug(address)

        running.wire.before = before
        return fault

    assert in_every_cycle(running, chip, arm) == []


def test_a_chip_unplugged_at_any_transfer_is_an_error_until_it_is_plugged_in(running: Bench, chip: ChipId) -> None:
    settle(running)
    for place in count():
        change_air(running)
        fault = running.wire.before = ActionAtCall(place, lambda: running.simulator.unplug(chip.address))
        reading = running.read()
        if fault.left >= 0:
            break
        # The reading is right if the chip was unplugged after the last answer that is used
        assert chip in reading.errors or deviations(reading, running.air, [chip]) == []
        assert isinstance(running.read().errors[chip], NoAnswerError)
        running.simulator.plug(chip.address)
        assert deviations(running.read(), running.air, [chip]) == []


def test_a_missing_chip_is_tried_three_times(running: Bench, chip: ChipId) -> None:
    transfers = 0

    def count_transfer(address: int) -> None:
        nonlocal transfers
        transfers += address == chip.address

    running.simulator.unplug(chip.address)
    running.wire.before = count_transfer
    assert isinstance(running.read().errors[chip], NoAnswerError)
    assert transfers == 3 * MESSAGE_ATTEMPTS


@pytest.mark.exhaustive
@pytest.mark.parametrize(("loss", "most"), [(0.02, 0.002), (0.05, 0.01)])
def test_lost_messages_rarely_make_a_cycle_miss_a_chip(running: Bench, chip: ChipId, loss: float, most: float) -> None:
    settle(running)
    running.simulator.loss = loss
    missed, found, cycles = 0, [], 1000
    for _ in range(cycles):
        reading = running.read()
        missed += chip in reading.errors
        found += wrong(reading, running, chip)
    assert missed <= most * cycles
    assert found == []


def test_a_chip_is_found_in_spite_of_lost_messages(bench: Bench, chip: ChipId) -> None:
    bench.simulator.loss = 0.05
    assert bench.phat.detect().chips == (chip,)


def test_a_chip_that_never_answers_takes_a_limited_time(running: Bench, chip: ChipId) -> None:
    running.simulator.inject(NackFault(times=10_000, address=chip.address))
    assert running.read().duration < 0.5


def test_a_bus_that_hangs_takes_three_timeouts(running: Bench, chip: ChipId) -> None:
    running.simulator.stuck = True
    begin = running.clock.now + 60
    with pytest.raises(BusStuckError):
        running.read()
    assert running.clock.now - begin < MAX_CONSECUTIVE_TIMEOUTS + 0.1
    running.simulator.stuck = False
    assert deviations(running.read(), running.air, [chip]) == []


def test_a_bus_that_hangs_during_a_cycle_recovers(running: Bench, chip: ChipId) -> None:
    running.read()
    transfers = len(running.wire.log)
    for place in range(3, transfers):
        running.wire.before = ActionAtCall(place, lambda: setattr(running.simulator, "stuck", True))
        with pytest.raises(BusStuckError):
            running.read()
        running.simulator.stuck = False
        assert deviations(running.read(), running.air, [chip]) == [], place


def test_a_chip_that_stretches_the_clock_forever_does_not_block_the_bus(running: Bench, chip: ChipId) -> None:
    """Other chips answer, so the bus is not stuck."""
    running.simulator.inject(TimeoutFault(times=2, address=chip.address))
    reading = running.read()
    assert deviations(reading, running.air, [chip]) == [] or isinstance(reading.errors[chip], TransferError)


@pytest.mark.parametrize("pace", [0.6, 1.2])
def test_a_chip_may_be_faster_or_slightly_slower_than_its_data_sheet(bench: Bench, chip: ChipId, pace: float) -> None:
    bench.simulator.chips[chip.address].pace = pace
    for _ in range(3):
        assert deviations(bench.read(), bench.air, [chip]) == []
        change_air(bench)
        bench.read()  # selects the range for the new light


def test_a_chip_that_is_much_too_slow_is_an_error(running: Bench, chip: ChipId) -> None:
    settle(running)
    # An SHT21, which has the same driver, takes 1.7 times as long as the HTU21D
    running.simulator.chips[chip.address].pace = 3.0 if chip.kind == "HTU21D" else 2.0
    for _ in range(3):
        reading = running.read()
        assert reading.duration < 0.6
        if chip.kind == "BH1750":  # measures continuously, with enough time between two cycles
            assert deviations(reading, running.air, [chip]) == []
        else:
            assert isinstance(reading.errors[chip], NotFinishedError)


def wrong(reading: Reading, bench: Bench, chip: ChipId) -> list[str]:
    """Return the deviations of a reading. An error is not a deviation."""
    return [] if chip in reading.errors else deviations(reading, bench.air, [chip])


@pytest.mark.exhaustive
@pytest.mark.parametrize("times", [2, 3, 5, 8])
def test_a_reading_with_repeated_failures_is_right_or_an_error(running: Bench, chip: ChipId, times: int) -> None:
    settle(running)
    found = []
    for place in range(40):
        change_air(running)
        running.wire.before = ActionAtCall(
            place, lambda: running.simulator.inject(NackFault(times=times, address=chip.address))
        )
        found += wrong(running.read(), running, chip)
    assert found == []
