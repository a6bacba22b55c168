"""Tests of the I2C bus."""

from collections.abc import Callable
import errno
import os
from threading import Thread
from unittest.mock import Mock, patch

import pytest
from smbus2 import SMBus

from custom_components.anavi_weather.phat import (
    AddressClaimedError,
    Bus,
    BusNotFoundError,
    BusPermissionError,
    BusStuckError,
    ChipId,
    NoAnswerError,
    Phat,
    PhatError,
)
from custom_components.anavi_weather.phat.i2c import (
    AGREEING_READS,
    MESSAGE_ATTEMPTS,
    RESERVED_ADDRESS,
    LinuxAdapter,
    TransferError,
    open_adapter,
)
from custom_components.anavi_weather.phat.simulated_errors import os_error
from custom_components.anavi_weather.phat.simulator import NackFault, TimeoutFault

from .bench import BMP180, Bench
from .descriptors import open_descriptors

ID_REGISTER = 0xD0
BMP180_ID = b"\x55"


@pytest.fixture
def chips() -> tuple[ChipId, ...]:
    return (BMP180,)


@pytest.mark.parametrize("path", ["/dev/i2c-99", "/dev/null", "/"])
def test_a_path_that_is_no_bus_is_an_error_and_leaves_no_descriptor_open(path: str) -> None:
    before = open_descriptors()
    for _ in range(20):
        with pytest.raises(BusNotFoundError, match=path):
            open_adapter(path)
    assert open_descriptors() == before


def test_missing_permission_is_distinguished_from_a_missing_bus() -> None:
    with (
        patch("smbus2.smbus2.os.open", side_effect=os_error(errno.EACCES)),
        pytest.raises(BusPermissionError, match="/dev/i2c-1: Permission denied"),
    ):
        open_adapter("/dev/i2c-1")


@pytest.fixture
def linux_adapter() -> LinuxAdapter:
    """Return an adapter on a file that can be opened, but does not support any I2C request."""
    with patch.object(SMBus, "_get_funcs", return_value=0):
        return LinuxAdapter("/dev/null")


def test_opening_and_closing_leaves_no_descriptor_open() -> None:
    before = open_descriptors()
    with patch.object(SMBus, "_get_funcs", return_value=0):
        for _ in range(20):
            Phat.open("/dev/null").close()
    assert open_descriptors() == before


def test_a_bus_is_open_only_while_it_is_used() -> None:
    closed = open_descriptors()
    with patch.object(SMBus, "_get_funcs", return_value=0):
        phat = Phat.open("/dev/null")
        for _ in range(3):
            assert phat.read().measurements == {}
            assert open_descriptors() == closed
        phat.close()
        assert open_descriptors() == closed


def test_a_bus_that_cannot_be_opened_again_is_an_error(bench: Bench) -> None:
    reopen = Mock(side_effect=[BusNotFoundError("unplugged"), bench.wire])
    bus = Bus(bench.wire, "/dev/i2c-9", bench.clock, reopen)
    with bus.use():
        assert bus.answers(BMP180.address)
    assert bench.wire.closed
    with pytest.raises(BusNotFoundError, match="unplugged"), bus.use():
        pass
    with bus.use():
        assert bus.answers(BMP180.address)
    assert reopen.call_count == 2


def test_an_address_is_requested_from_the_kernel(linux_adapter: LinuxAdapter) -> None:
    with pytest.raises(OSError, match="Inappropriate ioctl"):
        linux_adapter.claim(0x23)
    linux_adapter.close()


def test_a_register_is_read_after_a_repeated_start(bench: Bench) -> None:
    assert bench.bus.read_register(BMP180.address, ID_REGISTER) == BMP180_ID
    (transfer,) = bench.wire.log
    assert (transfer.written, transfer.answer) == (bytes((ID_REGISTER,)), BMP180_ID)


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (errno.EREMOTEIO, NoAnswerError),  # adapters of the Raspberry Pi
        (errno.ENXIO, NoAnswerError),  # most other adapters
        (errno.EIO, TransferError),
        (errno.EOPNOTSUPP, TransferError),
        (errno.ETIMEDOUT, TransferError),
        (errno.EAGAIN, TransferError),
        (errno.ENODEV, BusNotFoundError),  # a USB adapter that was unplugged
        (errno.ENOENT, BusNotFoundError),
        (errno.EBADF, BusNotFoundError),
    ],
)
def test_errors_of_transfers_are_distinguished(bench: Bench, number: int, error: type[PhatError]) -> None:
    bench.wire.before = lambda address: fail(number)
    with pytest.raises(error, match=os.strerror(number)):
        bench.bus.read(BMP180.address, 1)


def fail(number: int) -> None:
    raise os_error(number)


def test_an_error_without_a_number_keeps_its_text(bench: Bench) -> None:
    def odd(address: int) -> None:
        raise OSError("odd")

    bench.wire.before = odd
    with pytest.raises(TransferError, match="0x77: odd"):
        bench.bus.read(BMP180.address, 1)


def test_three_timeouts_in_a_row_are_a_stuck_bus(bench: Bench) -> None:
    bench.simulator.stuck = True
    for error in (TransferError, TransferError, BusStuckError) * 2:
        with pytest.raises(error):
            bench.bus.read(BMP180.address, 1)


@pytest.mark.parametrize("address", [BMP180.address, 0x42])
def test_an_answer_or_a_missing_acknowledgment_resets_the_timeouts(bench: Bench, address: int) -> None:
    for _ in range(5):
        bench.simulator.inject(TimeoutFault(times=2, address=BMP180.address))
        for _ in range(2):
            with pytest.raises(TransferError):
                bench.bus.read(BMP180.address, 1)
        bench.bus.answers(address)
    bench.simulator.stuck = True
    for error in (TransferError, TransferError, BusStuckError):
        with pytest.raises(error):
            bench.bus.read(BMP180.address, 1)


def test_presence_is_checked_with_an_empty_message(bench: Bench) -> None:
    assert bench.bus.answers(BMP180.address)
    assert not bench.bus.answers(0x42)
    assert bench.wire.written_to(BMP180.address) == []


def test_the_data_wire_held_low_is_a_stuck_bus(bench: Bench) -> None:
    bench.bus.check_free()
    bench.simulator.chips[RESERVED_ADDRESS] = bench.simulator.chips[BMP180.address]
    bench.simulator.plugged.add(RESERVED_ADDRESS)
    with pytest.raises(BusStuckError):
        bench.bus.check_free()


def test_an_adapter_without_empty_messages_is_not_a_stuck_bus(bench: Bench) -> None:
    bench.wire.before = lambda address: fail(errno.EOPNOTSUPP)
    bench.bus.check_free()


def test_a_claimed_address_is_an_error(bench: Bench) -> None:
    bench.bus.check_unclaimed(BMP180.address)
    bench.simulator.claimed.add(BMP180.address)
    with pytest.raises(AddressClaimedError, match="0x77"):
        bench.bus.check_unclaimed(BMP180.address)


def test_requesting_an_address_on_a_path_that_is_no_bus_is_an_error(linux_adapter: LinuxAdapter) -> None:
    bus = Bus(linux_adapter, "/dev/null")
    with pytest.raises(TransferError, match="Inappropriate ioctl"):
        bus.check_unclaimed(0x23)
    bus.close()


@pytest.mark.parametrize("corrupted", range(AGREEING_READS - 1))
def test_one_corrupted_answer_of_several_is_outvoted(bench: Bench, corrupted: int) -> None:
    answers = 0

    def corrupt(answer: bytearray) -> None:
        nonlocal answers
        if answers == corrupted:
            answer[0] ^= 0x10
        answers += 1

    bench.wire.corrupt = corrupt
    assert bench.bus.read_agreed(BMP180.address, 1, ID_REGISTER) == BMP180_ID


def test_answers_that_never_agree_are_an_error(bench: Bench) -> None:
    def corrupt(answer: bytearray) -> None:
        answer[0] = len(bench.wire.log)

    bench.wire.corrupt = corrupt
    with pytest.raises(TransferError, match="no two answers agree"):
        bench.bus.read_agreed(BMP180.address, 1, ID_REGISTER)
    assert len(bench.wire.log) == AGREEING_READS


def test_a_missing_acknowledgment_is_not_outvoted(bench: Bench) -> None:
    bench.simulator.inject(NackFault(times=MESSAGE_ATTEMPTS, address=BMP180.address))
    with pytest.raises(NoAnswerError):
        bench.bus.read_agreed(BMP180.address, 1, ID_REGISTER)


class TestRepeating:
    """Messages that are not acknowledged are repeated, except where that is a chip's normal answer."""

    @pytest.mark.parametrize(
        "transfer",
        [
            lambda bus: bus.write(BMP180.address, b"\xf4\x2e"),
            lambda bus: bus.read(BMP180.address, 1),
            lambda bus: bus.read_register(BMP180.address, ID_REGISTER),
            lambda bus: bus.answers(BMP180.address),
        ],
        ids=["write", "read", "read_register", "answers"],
    )
    def test_a_lost_message_is_repeated(self, bench: Bench, transfer: Callable[[Bus], object]) -> None:
        bench.simulator.inject(NackFault(times=MESSAGE_ATTEMPTS - 1, address=BMP180.address))
        assert transfer(bench.bus) is not False
        assert len(bench.wire.log) == 1

    def test_a_message_is_repeated_a_limited_number_of_times(self, bench: Bench) -> None:
        bench.simulator.inject(NackFault(times=MESSAGE_ATTEMPTS, address=BMP180.address))
        with pytest.raises(NoAnswerError):
            bench.bus.read(BMP180.address, 1)
        bench.bus.read(BMP180.address, 1)

    @pytest.mark.parametrize("number", [errno.EIO, errno.ETIMEDOUT], ids=errno.errorcode.get)
    def test_other_errors_are_not_repeated(self, bench: Bench, number: int) -> None:
        transfers = 0

        def before(address: int) -> None:
            nonlocal transfers
            transfers += 1
            fail(number)

        bench.wire.before = before
        with pytest.raises(TransferError):
            bench.bus.read(BMP180.address, 1)
        assert transfers == 1

    def test_a_chip_that_is_not_ready_is_asked_once(self, bench: Bench) -> None:
        bench.simulator.inject(NackFault(address=BMP180.address))
        assert bench.bus.read_when_ready(BMP180.address, 2) is None
        assert bench.bus.read_when_ready(BMP180.address, 2) == bytes(2)

    def test_a_timeout_is_no_chip_that_is_not_ready(self, bench: Bench) -> None:
        bench.wire.before = lambda address: fail(errno.ETIMEDOUT)
        with pytest.raises(TransferError):
            bench.bus.read_when_ready(BMP180.address, 2)

    def test_the_check_for_a_held_wire_is_one_message(self, bench: Bench) -> None:
        transfers: list[int] = []
        bench.wire.before = transfers.append
        bench.bus.check_free()
        assert transfers == [RESERVED_ADDRESS]


def test_buses_with_the_same_name_share_a_lock(bench: Bench) -> None:
    other = bench.simulator.bus("bench")
    elsewhere = bench.simulator.bus("elsewhere")
    assert other.lock is bench.bus.lock
    assert elsewhere.lock is not bench.bus.lock


def test_other_readers_wait_during_a_cycle(bench: Bench) -> None:
    reader = Thread(target=Phat(bench.simulator.bus("bench")).detect)
    with bench.bus.lock:
        reader.start()
        reader.join(0.05)
        assert reader.is_alive()
        assert bench.simulator.busy_time == 0
    reader.join()
    assert bench.simulator.busy_time > 0
