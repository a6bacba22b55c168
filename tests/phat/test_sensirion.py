"""Tests of the protocol of Sensirion's chips, and of how chips with the same address are distinguished."""

import errno

import pytest

from custom_components.anavi_weather.phat import ChipId, NoAnswerError
from custom_components.anavi_weather.phat.chip import ChecksumError, WrongChipError
from custom_components.anavi_weather.phat.sensirion import awaits_command, words
from custom_components.anavi_weather.phat.simulated_errors import os_error
from custom_components.anavi_weather.phat.simulated_sht3x import SimulatedSHT3x
from custom_components.anavi_weather.phat.simulated_sht4x import SimulatedSHT4x

from .bench import Bench, deviations
from .foreign_chips import INA219, PCA9685

ADDRESS = 0x44
SHT3X, SHT4X = ChipId("SHT3x", ADDRESS), ChipId("SHT4x", ADDRESS)
READ_STATUS = b"\xf3\x2d"

both = pytest.mark.parametrize("chips", [(SHT3X,), (SHT4X,)], ids=lambda chips: chips[0].kind)


def test_words_are_checked() -> None:
    """The example of the data sheets."""
    assert words(bytes.fromhex("beef92")) == [0xBEEF]
    assert words(bytes.fromhex("beef92000081")) == [0xBEEF, 0x0000]


@pytest.mark.parametrize("data", ["beef93", "beee92", "beef92000082"])
def test_a_wrong_checksum_is_an_error(data: str) -> None:
    with pytest.raises(ChecksumError, match=data):
        words(bytes.fromhex(data))


@both
def test_the_chip_is_found(bench: Bench, chips: tuple[ChipId, ...]) -> None:
    detection = bench.phat.detect()
    assert detection.chips == chips
    assert detection.foreign == ()


@both
def test_a_chip_awaits_a_command(bench: Bench) -> None:
    bench.clock.sleep(1)
    assert awaits_command(bench.bus, ADDRESS)


@both
@pytest.mark.parametrize("command", [READ_STATUS, b"\x24\x00", b"\x89", b"\xfd"])
def test_a_chip_whose_answer_was_not_read_is_found(bench: Bench, chips: tuple[ChipId, ...], command: bytes) -> None:
    """A message of ours or of another program was lost."""
    bench.clock.sleep(1)
    chip = bench.simulator.chips[ADDRESS]
    if isinstance(chip, SimulatedSHT3x) is (len(command) == 2):
        chip.write(command)
    bench.clock.sleep(1)
    assert bench.phat.detect().chips == chips


@both
def test_a_chip_that_answers_as_nothing_would_is_found(bench: Bench, chips: tuple[ChipId, ...]) -> None:
    """Some adapters report success although the chip did not acknowledge the read."""
    real = bench.simulator.i2c_rdwr

    def lenient(*messages: object) -> None:
        try:
            real(*messages)  # type: ignore[arg-type]
        except OSError:
            if len(messages) > 1 or not (message := messages[0]).flags & 1:  # type: ignore[attr-defined]
                raise
            for place in range(message.len):  # type: ignore[attr-defined]
                message.buf[place] = 0xFF  # type: ignore[attr-defined]

    bench.simulator.i2c_rdwr = lenient  # type: ignore[method-assign]
    bench.clock.sleep(1)
    assert awaits_command(bench.bus, ADDRESS)


@pytest.mark.parametrize("kind", [INA219, PCA9685])
def test_a_chip_with_registers_does_not_await_a_command(kind: type[INA219 | PCA9685]) -> None:
    bench = Bench()
    bench.replace(ADDRESS, kind)
    assert not awaits_command(bench.bus, ADDRESS)


def test_an_absent_chip_is_not_read() -> None:
    bench = Bench()
    with pytest.raises(NoAnswerError):
        awaits_command(bench.bus, ADDRESS)
    assert bench.wire.log == []


@both
def test_chips_are_found_by_an_adapter_without_empty_messages(bench: Bench, chips: tuple[ChipId, ...]) -> None:
    real = bench.simulator.i2c_rdwr

    def without_empty(*messages: object) -> None:
        if any(not message.len for message in messages):  # type: ignore[attr-defined]
            raise os_error(errno.EOPNOTSUPP)
        real(*messages)  # type: ignore[arg-type]

    bench.simulator.i2c_rdwr = without_empty  # type: ignore[method-assign]
    detection = bench.phat.detect()
    assert detection.chips == chips
    assert detection.foreign == ()
    assert deviations(bench.read(), bench.air, chips) == []


@pytest.mark.parametrize(("old", "new"), [(SHT3X, SHT4X), (SHT4X, SHT3X)], ids=str)
def test_one_that_replaces_the_other_is_found(old: ChipId, new: ChipId) -> None:
    bench = Bench(old)
    bench.read()
    bench.replace(ADDRESS, new.kind)
    assert isinstance(bench.read().errors[old], WrongChipError)
    for _ in range(2):
        assert deviations(bench.read(), bench.air, [new]) == []


def test_the_heater_of_an_sht4x_is_never_turned_on() -> None:
    """The first byte of most commands of an SHT3x would."""
    bench = Bench(SHT3X)
    bench.read()
    chip = bench.replace(ADDRESS, "SHT4x")
    assert isinstance(chip, SimulatedSHT4x)
    for _ in range(3):
        bench.read()
    bench.phat.detect()
    assert chip.heated == 0
    assert all(data in (b"\x89", b"\xfd", READ_STATUS) for data in bench.wire.written_to(ADDRESS)[-8:])


@pytest.mark.parametrize("chips", [(SHT3X, ChipId("SHT4x", 0x45), ChipId("SHT4x", 0x46))], ids=["three"])
def test_each_address_may_have_another_kind(bench: Bench, chips: tuple[ChipId, ...]) -> None:
    assert bench.phat.detect().chips == chips
    assert deviations(bench.read(), bench.air, chips) == []
