"""Tests of the I2C drivers in a guest with a real kernel, started by scripts/test-kernel.

The simulated chips are attached to a real /dev/i2c-N. Our drivers read them through LinuxAdapter, and the kernel's own drivers
for the same chips are the reference. Everything is about 15 times slower than on the host.
"""

# ruff: noqa: T201

from collections.abc import Iterator
from contextlib import contextmanager
import errno
import os
from pathlib import Path
import sys
import time
from typing import Any, override

# At the end, because a platform of Home Assistant and a module of Python are both named datetime
sys.path.append(str(Path(__file__).parents[2] / "custom_components/anavi_weather"))
sys.path.insert(0, os.environ["TINY_I2C"])

from phat import AddressClaimedError, BusNotFoundError, ChipId, NoAnswerError, Phat, Quantity, Reading  # type: ignore[import-not-found]
from phat.simulated_chips import Air, Nack  # type: ignore[import-not-found]
from phat.simulator import SIMULATED_CHIPS  # type: ignore[import-not-found]
import tiny_i2c  # type: ignore[import-not-found]

from .runner import run

BMP180, BMP280 = ChipId("BMP180", 0x77), ChipId("BMP280", 0x77)
BME280, HTU21D, BH1750 = ChipId("BME280", 0x76), ChipId("HTU21D", 0x40), ChipId("BH1750", 0x23)
DETACH = Path("/sys/devices/platform/vhci_hcd.0/detach")
BMP388, AHT20 = ChipId("BMP388", 0x77), ChipId("AHT20", 0x38)
SHT3X, SHT4X = ChipId("SHT3x", 0x44), ChipId("SHT4x", 0x45)
STAYING = (BME280, HTU21D, BH1750, AHT20, SHT3X, SHT4X)  # the BMP180 is replaced by others in one of the tests
CHIPS = (BMP180, *STAYING)
NO_CHIP = ChipId("BH1750", 0x5C)

AIR = Air(temperature=23.45, humidity=47.3, pressure=987.65, illuminance=1234.0)

# The kernel's drivers of these chips wait for less than the maximum conversion time
PACES = {BH1750: 0.6, SHT3X: 0.8, SHT4X: 0.8}

# Maximum deviation from the air and from the kernel's value: a step of the coarser of the two
RESOLUTION = {
    (BMP180, Quantity.TEMPERATURE): 0.1,
    (BMP180, Quantity.PRESSURE): 0.05,
    (BMP280, Quantity.TEMPERATURE): 0.01,
    (BMP280, Quantity.PRESSURE): 0.01,
    (BME280, Quantity.TEMPERATURE): 0.01,
    (BME280, Quantity.PRESSURE): 0.01,
    (BME280, Quantity.HUMIDITY): 0.02,
    (HTU21D, Quantity.TEMPERATURE): 0.011,
    (HTU21D, Quantity.HUMIDITY): 0.008,
    (BH1750, Quantity.ILLUMINANCE): 0.84,
    (BMP388, Quantity.TEMPERATURE): 0.011,
    (BMP388, Quantity.PRESSURE): 0.01,
    (AHT20, Quantity.TEMPERATURE): 0.001,
    (AHT20, Quantity.HUMIDITY): 0.001,
    (SHT3X, Quantity.TEMPERATURE): 0.003,
    (SHT3X, Quantity.HUMIDITY): 0.003,
    (SHT4X, Quantity.TEMPERATURE): 0.003,
    (SHT4X, Quantity.HUMIDITY): 0.003,
}


class Plugged:
    """Simulated chip with the interface of tiny_i2c."""

    def __init__(self, chip: ChipId) -> None:
        """Initialize the simulated chip."""
        self.chip = SIMULATED_CHIPS[chip.kind](lambda: AIR, time)
        self.chip.pace = PACES.get(chip, 1.0)

    def write(self, data: bytes) -> None:
        """Process one write message."""
        try:
            self.chip.write(data)
        except Nack:
            raise tiny_i2c.Nak from None

    def read(self, length: int) -> bytes:
        """Return the answer to one read message."""
        try:
            return bytes(self.chip.read(length))
        except Nack:
            raise tiny_i2c.Nak from None


class PluggedHTU21D(Plugged):
    """HTU21D with the commands that hold the clock, which the kernel's driver uses."""

    HOLDING = {b"\xe3": b"\xf3", b"\xe5": b"\xf5"}  # noqa: RUF012

    @override
    def write(self, data: bytes) -> None:
        """Process one write message. A command that holds the clock delays the next message until the conversion is finished."""
        super().write(self.HOLDING.get(data, data))
        if data in self.HOLDING:
            time.sleep(0.05)


def plug(chip: ChipId) -> None:
    """Plug a chip in, which resets it."""
    adapter.chips[chip.address] = (PluggedHTU21D if chip == HTU21D else Plugged)(chip)


def read() -> Reading:
    """Read a cycle after the light was measured."""
    time.sleep(0.7)
    return phat.read()


def check_values(reading: Reading, *chips: ChipId) -> None:
    """Check that the values of chips match the air."""
    for chip in chips:
        measurement = reading.measurements[chip]
        assert measurement is not None, reading.errors[chip]
        for quantity, value in measurement.values.items():
            assert abs(value - getattr(AIR, quantity)) <= RESOLUTION[chip, quantity], f"{chip}: {quantity} {value}"


@contextmanager
def kernel_driver(chip: ChipId, name: str) -> Iterator[None]:
    """Bind the kernel's driver to a chip."""
    bus = Path(f"/sys/bus/i2c/devices/i2c-{number}")
    (bus / "new_device").write_text(f"{name} 0x{chip.address:02x}")
    try:
        yield
    finally:
        (bus / "delete_device").write_text(f"0x{chip.address:02x}")


def test_chips_are_found() -> None:
    """The official chips and a BME280 are detected."""
    detection = phat.detect()
    assert detection.chips == tuple(sorted(CHIPS)), detection
    assert detection.foreign == detection.claimed == ()


def test_chips_are_read() -> None:
    """Chips are read twice, because the first cycle sets them up."""
    check_values(read(), *CHIPS)
    reading = read()
    check_values(reading, *CHIPS)
    print(f"  a cycle takes {reading.duration * 1000:.0f} ms here, of {len(adapter.log)} messages so far")


def test_a_missing_chip_is_an_error() -> None:
    """The error number of this adapter differs from that of a Raspberry Pi."""
    absent = Phat.open(adapter.path, [NO_CHIP])
    error = absent.read().errors[NO_CHIP]
    absent.close()
    assert isinstance(error, NoAnswerError)
    assert isinstance(error.__cause__, OSError)
    assert error.__cause__.errno == errno.ENXIO


def test_the_kernels_drivers_agree() -> None:
    """Each driver is bound to a chip for a while, which is then read through the kernel, with the same result."""
    rows: list[tuple[ChipId, Quantity, float, float, str]] = []
    for chip, driver in (
        (BMP180, "bmp180"),
        (BME280, "bme280"),
        (HTU21D, "sht21"),
        (BH1750, "bh1750"),
        (SHT3X, "sht3x"),
        (SHT4X, "sht4x"),
    ):
        rows += compare(chip, driver)
        check_values(read(), *CHIPS)
    for chip, driver in ((BMP280, "bmp280"), (BMP388, "bmp380")):
        plug(chip)
        read()
        rows += compare(chip, driver)
    print(
        f"  {'chip':<12}{'quantity':<13}{'ours':>10}{'kernel':>11}{'difference':>13}{'at most':>10}   kernel's driver"
    )
    for chip, quantity, mine, kernels, driver in rows:
        most = RESOLUTION[chip, quantity]
        print(f"  {chip!s:<12}{quantity:<13}{mine:10.3f}{kernels:11.3f}{mine - kernels:13.4f}{most:10.3f}   {driver}")
    deviating = [row for row in rows if abs(row[2] - row[3]) > RESOLUTION[row[0], row[1]]]
    assert not deviating, deviating


def compare(chip: ChipId, driver: str) -> list[tuple[ChipId, Quantity, float, float, str]]:
    """Return a row for each quantity, with the value of our driver and that of the kernel's."""
    ours = read().measurements[chip]
    assert ours is not None
    with kernel_driver(chip, driver):
        time.sleep(0.3)  # for the first conversion
        reading = read()
        check_values(reading, *(other for other in reading.measurements if other.address != chip.address))
    kernels = reading.measurements[chip]
    assert kernels is not None, reading.errors[chip]
    assert kernels.values.keys() == ours.values.keys()
    return [(chip, quantity, value, kernels.values[quantity], driver) for quantity, value in ours.values.items()]


def test_claimed_addresses_are_detected() -> None:
    """A driver without readings has claimed one chip, and a driver with readings another one."""
    with kernel_driver(BME280, "bme280"), kernel_driver(HTU21D, "dummy"):
        other = Phat.open(adapter.path)
        detection = other.detect()
        other.close()
        error = phat.read().errors[HTU21D]
    assert detection.claimed == (HTU21D.address,)
    assert BME280 in detection.chips
    assert HTU21D not in detection.chips
    assert isinstance(error, AddressClaimedError)


def test_a_chip_is_an_error_while_it_is_unplugged() -> None:
    """Each chip recovers after it is plugged in again."""
    for chip in STAYING:
        del adapter.chips[chip.address]
        assert isinstance(read().errors[chip], NoAnswerError)
        plug(chip)
        check_values(read(), *STAYING)


def descriptors() -> int:
    """Return how many descriptors this process has open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_descriptors_are_closed() -> None:
    """Opening and closing a bus repeatedly leaves no descriptor open."""
    before = descriptors()
    for _ in range(50):
        Phat.open(adapter.path).close()
    assert descriptors() == before


def unplug_adapter() -> None:
    """Unplug the USB adapter, and wait until the kernel has noticed."""
    DETACH.write_text("0")
    while Path(adapter.path).exists():
        time.sleep(0.05)


def plug_adapter() -> None:
    """Plug the USB adapter in again, with the same chips."""
    global adapter
    path, adapter = adapter.path, tiny_i2c.attach(adapter.chips)
    assert adapter.path == path


def test_a_bus_returns_after_its_adapter_was_unplugged() -> None:
    """Nothing keeps the bus open between two cycles, which would keep the kernel from detecting the adapter again."""
    check_values(read(), *STAYING)
    unplug_adapter()
    try:
        phat.read()
    except BusNotFoundError as err:
        print(f"  {err}")
    else:
        raise AssertionError("a bus without an adapter was read")
    plug_adapter()
    check_values(read(), *STAYING)


class PullingChip(Plugged):
    """A chip that unplugs the adapter in its first conversation."""

    @override
    def write(self, data: bytes) -> None:
        """Start unplugging."""
        DETACH.write_text("0")
        super().write(data)


def test_a_bus_returns_after_its_adapter_was_unplugged_in_a_cycle() -> None:
    """All further transfers of the cycle fail, and the bus is closed after it."""
    check_values(read(), *STAYING)
    adapter.chips[BME280.address] = PullingChip(BME280)
    reading = phat.read()
    print(f"  {reading.errors[BME280]}")
    while Path(adapter.path).exists():
        time.sleep(0.05)
    adapter.chips[BME280.address] = Plugged(BME280)
    plug_adapter()
    for _ in range(2):
        reading = read()
    check_values(reading, *STAYING)


if __name__ == "__main__":
    adapter: Any = tiny_i2c.attach({})
    number = adapter.path.removeprefix("/dev/i2c-")
    for chip_id in CHIPS:
        plug(chip_id)
    phat = Phat.open(adapter.path)
    sys.exit(run(globals()))
