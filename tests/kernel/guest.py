"""Runs in a guest with a real kernel, started by scripts/test-kernel.

The simulated chips are attached to a real /dev/i2c-N; our drivers read them through LinuxAdapter, and the kernel's own
drivers, bound to the same chips, give an independent opinion. Everything is some 15 times slower there than at home.
"""

# ruff: noqa: T201

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import errno
import os
from pathlib import Path
import sys
import time
import traceback
from typing import Any, override

sys.path.insert(0, str(Path(__file__).parents[2] / "custom_components/anavi_weather"))
sys.path.insert(0, os.environ["TINY_I2C"])

from phat import AddressClaimedError, ChipError, ChipId, NoAnswerError, Phat, Quantity, Reading  # type: ignore[import-not-found]
from phat.simulated_chips import Air, Nack  # type: ignore[import-not-found]
from phat.simulator import SIMULATED_CHIPS  # type: ignore[import-not-found]
import tiny_i2c  # type: ignore[import-not-found]

BMP180, BMP280 = ChipId("BMP180", 0x77), ChipId("BMP280", 0x77)
BME280, HTU21D, BH1750 = ChipId("BME280", 0x76), ChipId("HTU21D", 0x40), ChipId("BH1750", 0x23)
CHIPS = (BMP180, BME280, HTU21D, BH1750)
NO_CHIP = ChipId("BH1750", 0x5C)

AIR = Air(temperature=23.45, humidity=47.3, pressure=987.65, illuminance=1234.0)
BH1750_PACE = 0.6  # the kernel's driver waits for as long as a conversion typically takes, not for the longest

# How far from the air a reading may be, and from the kernel's: a step of the coarser of the two
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
}


class Plugged:
    """A simulated chip as tiny_i2c takes it."""

    def __init__(self, chip: ChipId) -> None:
        """Plug in a chip."""
        self.chip = SIMULATED_CHIPS[chip.kind](lambda: AIR, time)
        if chip == BH1750:
            self.chip.pace = BH1750_PACE

    def write(self, data: bytes) -> None:
        """Take one message."""
        try:
            self.chip.write(data)
        except Nack:
            raise tiny_i2c.Nak from None

    def read(self, length: int) -> bytes:
        """Answer one message."""
        try:
            return bytes(self.chip.read(length))
        except Nack:
            raise tiny_i2c.Nak from None


class PluggedHTU21D(Plugged):
    """An HTU21D that knows conversions with hold of the clock too: the kernel's driver wants them."""

    HOLDING = {b"\xe3": b"\xf3", b"\xe5": b"\xf5"}  # noqa: RUF012

    @override
    def write(self, data: bytes) -> None:
        """Take one message; with hold of the clock, the next comes when the conversion is finished."""
        super().write(self.HOLDING.get(data, data))
        if data in self.HOLDING:
            time.sleep(0.05)


def plug(chip: ChipId) -> None:
    """Put a chip in, powered on afresh."""
    adapter.chips[chip.address] = (PluggedHTU21D if chip == HTU21D else Plugged)(chip)


def read() -> Reading:
    """Read a cycle, when the light has been measured."""
    time.sleep(0.7)
    return phat.read()


def check_right(reading: Reading, *chips: ChipId) -> None:
    """See that what chips measured is the air."""
    for chip in chips:
        measurement = reading.measurements[chip]
        assert measurement is not None, reading.errors[chip]
        for quantity, value in measurement.values.items():
            assert abs(value - getattr(AIR, quantity)) <= RESOLUTION[chip, quantity], f"{chip}: {quantity} {value}"


@contextmanager
def kernel_driver(chip: ChipId, name: str) -> Iterator[Path]:
    """Bind the kernel's driver to a chip, and return the folder of its values."""
    bus = Path(f"/sys/bus/i2c/devices/i2c-{number}")
    (bus / "new_device").write_text(f"{name} 0x{chip.address:02x}")
    try:
        device = bus / f"{number}-{chip.address:04x}"
        yield next(path for pattern in ("iio:device*", "hwmon/hwmon*") for path in device.glob(pattern))
    finally:
        (bus / "delete_device").write_text(f"0x{chip.address:02x}")


def number_in(folder: Path, name: str) -> float:
    """Return the number in a file of sysfs."""
    return float((folder / name).read_text())


def kernel_humidity(folder: Path) -> float:
    """Return the humidity in %; newer kernels have it in thousandths."""
    value = number_in(folder, "in_humidityrelative_input")
    return value / 1000 if value > 100 else value


IIO: dict[Quantity, Callable[[Path], float]] = {
    Quantity.TEMPERATURE: lambda folder: number_in(folder, "in_temp_input") / 1000,
    Quantity.PRESSURE: lambda folder: number_in(folder, "in_pressure_input") * 10,
    Quantity.HUMIDITY: kernel_humidity,
    Quantity.ILLUMINANCE: lambda folder: (
        number_in(folder, "in_illuminance_raw") * number_in(folder, "in_illuminance_scale")
    ),
}
HWMON: dict[Quantity, Callable[[Path], float]] = {
    Quantity.TEMPERATURE: lambda folder: number_in(folder, "temp1_input") / 1000,
    Quantity.HUMIDITY: lambda folder: number_in(folder, "humidity1_input") / 1000,
}


def test_chips_are_found() -> None:
    """The official chips and a BME280."""
    detection = phat.detect()
    assert detection.chips == tuple(sorted(CHIPS)), detection
    assert detection.foreign == detection.claimed == ()


def test_chips_are_read() -> None:
    """Twice: the first time, they are set up."""
    check_right(read(), *CHIPS)
    reading = read()
    check_right(reading, *CHIPS)
    print(f"  a cycle takes {reading.duration * 1000:.0f} ms here, of {len(adapter.log)} messages so far")


def test_an_absent_address_is_told() -> None:
    """The adapter's error number is not the Pi's."""
    absent = Phat.open(adapter.path, [NO_CHIP])
    error = absent.read().errors[NO_CHIP]
    absent.close()
    assert isinstance(error, NoAnswerError)
    assert isinstance(error.__cause__, OSError)
    assert error.__cause__.errno == errno.ENXIO


def test_the_kernels_drivers_agree() -> None:
    """Each is bound to a chip for a while, which is then claimed; the others are read meanwhile."""
    rows, apart = [], []
    for chip, driver, values in (
        (BMP180, "bmp180", IIO),
        (BME280, "bme280", IIO),
        (HTU21D, "sht21", HWMON),
        (BH1750, "bh1750", IIO),
    ):
        ours = read().measurements[chip]
        assert ours is not None
        with kernel_driver(chip, driver) as folder:
            reading = read()
            assert isinstance(reading.errors[chip], AddressClaimedError)
            check_right(reading, *set(CHIPS) - {chip})
            rows += compare(chip, driver, ours.values, folder, values)
        check_right(read(), *CHIPS)
    adapter.chips.pop(BMP180.address)
    plug(BMP280)
    read()
    ours = read().measurements[BMP280]
    assert ours is not None
    with kernel_driver(BMP280, "bmp280") as folder:
        rows += compare(BMP280, "bmp280", ours.values, folder, IIO)
    print(
        f"  {'chip':<12}{'quantity':<13}{'ours':>10}{'kernel':>11}{'difference':>13}{'at most':>10}   kernel's driver"
    )
    for chip, quantity, mine, kernels, driver in rows:
        most = RESOLUTION[chip, quantity]
        print(f"  {chip!s:<12}{quantity:<13}{mine:10.3f}{kernels:11.3f}{mine - kernels:13.4f}{most:10.3f}   {driver}")
        if abs(mine - kernels) > most:
            apart.append((chip, quantity))
    assert not apart, apart


def compare(
    chip: ChipId,
    driver: str,
    ours: dict[Quantity, float],
    folder: Path,
    values: dict[Quantity, Callable[[Path], float]],
) -> list[tuple[ChipId, Quantity, float, float, str]]:
    """Return a row for every quantity."""
    time.sleep(0.3)  # until the first conversion is finished
    return [(chip, quantity, value, values[quantity](folder), driver) for quantity, value in ours.items()]


def test_claimed_addresses_are_told() -> None:
    """By a look at the bus that knows of no chips."""
    with kernel_driver(BME280, "bme280"):
        other = Phat.open(adapter.path)
        detection = other.detect()
        other.close()
    assert detection.claimed == (BME280.address,)
    assert BME280 not in detection.chips


def test_a_chip_that_is_pulled_heals_when_it_is_put_back() -> None:
    """One after another."""
    for chip in (BME280, HTU21D, BH1750):
        del adapter.chips[chip.address]
        assert isinstance(read().errors[chip], NoAnswerError)
        plug(chip)
        check_right(read(), BME280, HTU21D, BH1750)


def descriptors() -> int:
    """Return how many descriptors this process has open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_descriptors_are_closed() -> None:
    """However often."""
    before = descriptors()
    for _ in range(50):
        Phat.open(adapter.path).close()
    assert descriptors() == before


def main() -> int:
    """Run every test, and return the number of those that failed."""
    failed = 0
    for name, test in [(name, value) for name, value in globals().items() if name.startswith("test_")]:
        begin = time.monotonic()
        try:
            test()
        except AssertionError, ChipError, OSError, StopIteration, KeyError:
            traceback.print_exc(file=sys.stdout)
            failed += 1
            verdict = "FAILED"
        else:
            verdict = "ok"
        print(
            f"{verdict}: {name.removeprefix('test_').replace('_', ' ')} ({time.monotonic() - begin:.1f} s)", flush=True
        )
    return failed


if __name__ == "__main__":
    adapter: Any = tiny_i2c.attach({})
    number = adapter.path.removeprefix("/dev/i2c-")
    for chip_id in CHIPS:
        plug(chip_id)
    phat = Phat.open(adapter.path)
    sys.exit(main())
