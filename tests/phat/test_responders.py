"""Tests of the scan of all addresses of a bus."""

import errno

import pytest

from custom_components.anavi_weather.phat import CHIPS, BusStuckError, ChipId, likely_chips
from custom_components.anavi_weather.phat.i2c import Bus
from custom_components.anavi_weather.phat.responders import ADDRESSES, COMMON_CHIPS, READ_ONLY, responders
from custom_components.anavi_weather.phat.simulated_errors import os_error

from .bench import BH1750, BMP180, HTU21D, Bench
from .foreign_chips import LPS25H, MCP23017, PCF8574


@pytest.fixture
def chips() -> tuple[ChipId, ...]:
    """Return the chips that are plugged in."""
    return (BMP180, BH1750)


@pytest.fixture
def foreign(bench: Bench) -> Bench:
    """Return a bench with the board's chips and foreign ones at addresses where the board has none."""
    for address in (0x10, 0x27, 0x39, 0x50, 0x68):
        bench.replace(address, PCF8574)
    return bench


def test_everything_that_responds_is_found(foreign: Bench) -> None:
    assert responders(foreign.bus) == [0x10, BH1750.address, 0x27, 0x39, 0x50, 0x68, BMP180.address]
    assert foreign.phat.responding() == responders(foreign.bus)


def test_no_data_is_written(foreign: Bench) -> None:
    foreign.phat.responding()
    assert {transfer.address for transfer in foreign.wire.log} == set(responders(foreign.bus))
    assert not any(transfer.written for transfer in foreign.wire.log)


def test_chips_that_an_empty_message_could_change_are_read(foreign: Bench) -> None:
    responders(foreign.bus)
    assert {transfer.address for transfer in foreign.wire.log if transfer.answer is not None} == {0x50}
    assert 0x50 in READ_ONLY


def test_adapters_without_empty_messages_read_a_byte(foreign: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(bus: Bus, address: int) -> bool:
        raise bus._error(os_error(errno.EOPNOTSUPP), address)

    monkeypatch.setattr(Bus, "answers", refuse)
    assert responders(foreign.bus) == [0x10, BH1750.address, 0x27, 0x39, 0x50, 0x68, BMP180.address]


def test_a_stuck_bus_is_an_error(foreign: Bench) -> None:
    foreign.simulator.stuck = True
    with pytest.raises(BusStuckError):
        responders(foreign.bus)


def test_a_detection_lists_all_foreign_chips(foreign: Bench) -> None:
    foreign.replace(0x5C, LPS25H)
    foreign.replace(HTU21D.address, MCP23017)

    detection = foreign.phat.detect()

    assert detection.chips == (BH1750, BMP180)
    assert detection.foreign == (0x10, 0x27, 0x39, 0x40, 0x50, 0x5C, 0x68)


def test_claimed_addresses_are_left_alone(foreign: Bench) -> None:
    foreign.simulator.claimed |= {0x27, 0x68, BMP180.address}

    detection = foreign.phat.detect()

    assert detection.chips == (BH1750,)
    assert detection.foreign == (0x10, 0x39, 0x50)
    assert detection.claimed == (0x27, 0x68, BMP180.address)
    assert foreign.phat.responding() == [0x10, BH1750.address, 0x39, 0x50]
    assert not {0x27, 0x68, BMP180.address} & {transfer.address for transfer in foreign.wire.log}


def test_foreign_chips_elsewhere_are_not_written_to(foreign: Bench) -> None:
    foreign.phat.detect()
    for address in (0x10, 0x27, 0x39, 0x50, 0x68):
        assert foreign.wire.written_to(address) == []


def test_readings_do_not_scan_all_addresses(foreign: Bench) -> None:
    foreign.read()
    assert 0x10 not in {transfer.address for transfer in foreign.wire.log}


@pytest.mark.parametrize(
    ("address", "kind"), [(0x10, "VEML7700"), (0x29, "TSL2591"), (0x61, "SCD30"), (0x76, "BME680"), (0x68, "DS3231")]
)
def test_likely_chips_are_named(address: int, kind: str) -> None:
    assert kind in likely_chips(address)


def test_chips_that_are_recognized_are_not_likely_at_their_addresses() -> None:
    for chip in CHIPS.values():
        for address in chip.addresses:
            assert chip.kind in COMMON_CHIPS[address]
            assert chip.kind not in likely_chips(address)


def test_unusual_addresses_have_no_likely_chip() -> None:
    assert likely_chips(0x08) == ()


def test_all_addresses_of_common_chips_are_scanned() -> None:
    assert COMMON_CHIPS.keys() <= set(ADDRESSES)
