"""Tests of foreign chips at the board's addresses, which are detected and then left alone."""

import pytest

from custom_components.anavi_weather.phat import ChipId
from custom_components.anavi_weather.phat.chip import WrongChipError
from custom_components.anavi_weather.phat.simulated_bh1750 import SimulatedBH1750
from custom_components.anavi_weather.phat.simulated_chips import SimulatedChip
from custom_components.anavi_weather.phat.simulator import NackFault

from .bench import AHT20, BH1750, BME280, BMP180, HTU21D, SHT3X, SHT4X, Bench, deviations
from .foreign_chips import (
    AHT10,
    BME680,
    FT6206,
    HTU31D,
    INA219,
    LPS25H,
    MCP23017,
    MS5611,
    OPT3001,
    PCA9685,
    PCF8574,
    PCF8575,
    TCA9548A,
    VEML6070,
    NewBMP,
    Silent,
    STS4x,
)

ID, NEWER_ID = b"\xd0", b"\x00"
IDS_76 = [*[NEWER_ID] * 4, *[ID] * 4]
IDS_77 = [*IDS_76, *[ID] * 2]
BH1750_LIGHT_5C = ChipId("BH1750", 0x5C)

# What may be written to each chip by the probes: numbers of registers to read, and nothing to a chip without registers
FOREIGN = [
    (PCF8574, 0x23, []),
    (MCP23017, 0x23, [b"\x01", b"\x07", b"\x00"] * 2),
    (PCF8574, 0x5C, []),
    (LPS25H, 0x5C, [b"\x01", b"\x07", b"\x00", b"\x01", b"\x10", b"\x11", b"\x13", b"\x20", b"\x21", b"\x23"] * 2),
    (PCA9685, 0x40, [b"\xe7"] * 2),
    (INA219, 0x40, [b"\xe7", b"\xfe", b"\xe7"] * 2),
    (BME680, 0x76, IDS_76),
    (BME680, 0x77, IDS_77),
    (MS5611, 0x76, IDS_76),
    (MS5611, 0x77, IDS_77),
    (TCA9548A, 0x77, IDS_77),
    (NewBMP, 0x77, IDS_77),
    (PCF8574, 0x38, []),
    (FT6206, 0x38, []),
    (VEML6070, 0x38, []),
    (INA219, 0x44, []),
    (PCA9685, 0x45, []),
    (OPT3001, 0x46, []),
    (STS4x, 0x44, [*[b"\x89"] * 2, *[b"\x89", b"\xfd"] * 3]),
    (Silent, 0x44, [*[b"\x89", b"\xf3\x2d", b"\x30\x93", b"\xf3\x2d"] * 3, *[b"\x89", b"\xf3\x2d"] * 3]),
    (AHT10, 0x38, [b"\xac\x33\x00"] * 3),
]

pytestmark = pytest.mark.parametrize("chips", [()], ids=[""])
each = pytest.mark.parametrize(
    ("kind", "address", "written"), FOREIGN, ids=[f"{kind.__name__} 0x{address:02x}" for kind, address, _ in FOREIGN]
)


@each
def test_a_foreign_chip_is_detected(
    bench: Bench, kind: type[SimulatedChip], address: int, written: list[bytes]
) -> None:
    bench.replace(address, kind)
    detection = bench.phat.detect()
    assert detection.foreign == (address,)
    assert detection.chips == ()
    assert bench.wire.written_to(address) == written


@pytest.mark.parametrize(
    ("kind", "address"),
    [(HTU31D, 0x40), *((Silent, address) for address in (0x23, 0x38, 0x40, 0x44, 0x46, 0x5C, 0x76, 0x77))],
    ids=lambda value: value.__name__ if isinstance(value, type) else f"0x{value:02x}",
)
def test_a_chip_that_refuses_every_probe_is_detected(bench: Bench, kind: type[SimulatedChip], address: int) -> None:
    """The form must not say that nothing responds."""
    bench.replace(address, kind)
    detection = bench.phat.detect()
    assert detection.foreign == (address,)
    assert detection.chips == ()


@pytest.mark.parametrize("port", [0xFF, 0xFE, 0x7F, 0x42, 0x01])
@pytest.mark.parametrize("address", [0x23, 0x5C])
def test_nothing_is_written_to_a_port_expander(bench: Bench, address: int, port: int) -> None:
    """Its pins may drive relays."""
    expander = bench.replace(address, PCF8574)
    assert isinstance(expander, PCF8574)
    expander.port = port
    assert bench.phat.detect().foreign == (address,)
    bench.read()
    assert bench.wire.written_to(address) == []


def test_nothing_is_written_to_a_port_expander_whose_inputs_change(bench: Bench) -> None:
    bench.replace(BH1750.address, PCF8574)
    answers = 0

    def corrupt(answer: bytearray) -> None:
        nonlocal answers
        answers += 1
        if answers % 2:
            answer[-1] ^= 0x10

    bench.wire.corrupt = corrupt
    assert bench.phat.detect().foreign == (BH1750.address,)
    assert bench.wire.written_to(BH1750.address) == []


def test_the_pins_of_a_port_expander_that_are_all_low_are_low_afterwards(bench: Bench) -> None:
    """Zeros may also be those of a BH1750 that has not measured yet."""
    expander = bench.replace(BH1750.address, PCF8574)
    assert isinstance(expander, PCF8574)
    expander.port = 0x00
    assert bench.phat.detect().foreign == (BH1750.address,)
    assert expander.port == 0x00
    bench.read()
    assert bench.wire.written_to(BH1750.address) == [b"\x01", b"\x00"]


def test_an_expected_chip_is_not_looked_for_again_in_a_port_expander_whose_pins_are_all_low(bench: Bench) -> None:
    bench.expect(BH1750)
    expander = bench.replace(BH1750.address, PCF8574)
    assert isinstance(expander, PCF8574)
    expander.port = 0x00
    bench.read()
    bench.wire.log.clear()
    bench.read()
    assert bench.wire.written_to(BH1750.address) == []
    bench.replace(BH1750.address, SimulatedBH1750)
    assert deviations(bench.read(), bench.air, [BH1750]) == []


@pytest.mark.parametrize("ports", [(0x12, 0x34), (0x00, 0x01), (0xFF, 0x00), (0xFF, 0xFF), (0x00, 0x00)])
def test_the_pins_of_a_port_expander_with_two_ports_stay_as_they_are(bench: Bench, ports: tuple[int, int]) -> None:
    expander = bench.replace(BH1750.address, PCF8575)
    assert isinstance(expander, PCF8575)
    expander.ports = bytearray(ports)
    assert bench.phat.detect().foreign == (BH1750.address,)
    assert tuple(expander.ports) == ports
    assert not any(ports) or bench.wire.written_to(BH1750.address) == []


@each
def test_a_foreign_chip_is_probed_only_once(
    bench: Bench, kind: type[SimulatedChip], address: int, written: list[bytes]
) -> None:
    bench.replace(address, kind)
    for _ in range(4):
        assert bench.read().measurements == {}
    assert bench.wire.written_to(address) == written


def test_a_foreign_chip_whose_acknowledgment_is_lost_is_not_probed_again(bench: Bench) -> None:
    bench.replace(HTU21D.address, INA219)
    bench.read()
    bench.wire.log.clear()
    for _ in range(3):
        bench.simulator.inject(NackFault(times=2, address=HTU21D.address))
        bench.read()
    assert bench.wire.written_to(HTU21D.address) == []


@each
def test_a_foreign_chip_does_not_disturb_the_others(
    bench: Bench, kind: type[SimulatedChip], address: int, written: list[bytes]
) -> None:
    chips = [chip for chip in (BMP180, BME280, HTU21D, BH1750) if chip.address != address]
    for chip in chips:
        bench.replace(chip.address, chip.kind)
    bench.replace(address, kind)
    for _ in range(2):
        assert deviations(bench.read(), bench.air, chips) == []
    assert bench.wire.written_to(address) == written


def test_detection_probes_foreign_chips_again(bench: Bench) -> None:
    bench.replace(BH1750.address, PCF8574)
    bench.phat.detect()
    bench.replace(BH1750.address, "BH1750")
    assert bench.phat.detect().chips == (BH1750,)
    assert bench.phat.detect().foreign == ()


def test_a_chip_that_replaces_a_foreign_chip_is_found(bench: Bench) -> None:
    bench.replace(BMP180.address, MS5611)
    bench.read()
    bench.simulator.unplug(BMP180.address)
    bench.read()
    bench.replace(BMP180.address, "BMP180")
    assert deviations(bench.read(), bench.air, [BMP180]) == []
    assert bench.phat.detect().foreign == ()


def test_an_address_is_not_foreign_after_its_chip_returned(bench: Bench) -> None:
    for kind in ("BMP180", TCA9548A, "BMP180", "BME280"):
        bench.replace(BMP180.address, kind)
        bench.read()
        bench.read()
    assert deviations(bench.read(), bench.air, [ChipId("BME280", BMP180.address)]) == []


def test_an_address_is_not_foreign_after_its_foreign_chip_was_unplugged(bench: Bench) -> None:
    bench.replace(BMP180.address, MS5611)
    bench.read()
    bench.simulator.unplug(BMP180.address)
    assert bench.phat.detect().foreign == ()


@pytest.mark.parametrize(
    ("chip", "kind"),
    [
        (BH1750, PCF8574),
        (BH1750, MCP23017),
        (BH1750_LIGHT_5C, LPS25H),
        (HTU21D, PCA9685),
        (HTU21D, INA219),
        (BMP180, MS5611),
        (BMP180, TCA9548A),
        (BME280, BME680),
        (AHT20, PCF8574),
        (SHT3X, INA219),
        (SHT4X, PCA9685),
    ],
    ids=lambda value: str(value) if isinstance(value, ChipId) else value.__name__,
)
def test_a_foreign_chip_that_replaces_a_known_chip_is_never_read(
    bench: Bench, chip: ChipId, kind: type[SimulatedChip]
) -> None:
    bench.replace(chip.address, chip.kind)
    bench.read()
    bench.replace(chip.address, kind)
    for _ in range(3):
        assert isinstance(bench.read().errors[chip], WrongChipError)
    bench.replace(chip.address, chip.kind)
    assert deviations(bench.read(), bench.air, [chip]) == []
