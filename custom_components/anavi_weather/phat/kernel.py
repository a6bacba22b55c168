"""Chips that a kernel driver has claimed, which Linux offers in sysfs as IIO or hwmon devices.

See Documentation/ABI/testing/sysfs-bus-iio and Documentation/hwmon/sysfs-interface.rst of Linux. No transfer of ours reaches
these chips. Only the devices of the board's own bus are read, so the temperature of the processor is never taken for air.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
import errno
import os
from pathlib import Path
import re

from .chip import (
    ATTEMPTS,
    PLAUSIBLE,
    RETRY_PAUSE,
    ChipId,
    DriverMissingError,
    ImplausibleError,
    Measurement,
    Quantity,
    Steps,
    limited_humidity,
)
from .i2c import ChipError, NoAnswerError, TransferError
from .kernel_kinds import kind_of, remember
from .nodes import locate

CHARACTER_DEVICES = Path("/sys/dev/char")
CLIENTS = "[0-9]*-00[0-7][0-9a-f]"  # NUMBER-ADDRESS, for addresses of 7 bits
MAX_LENGTH = 4096  # bytes of a sysfs file
NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?")

# Beginnings of the names of an IIO device's files, in order of preference
IIO_CHANNELS = {
    Quantity.TEMPERATURE: ("in_temp_ambient", "in_temp", "in_temp0"),
    Quantity.HUMIDITY: ("in_humidityrelative", "in_humidityrelative0"),
    Quantity.PRESSURE: ("in_pressure", "in_pressure0"),
    Quantity.ILLUMINANCE: ("in_illuminance", "in_illuminance0"),
}
HWMON_FILES = {Quantity.TEMPERATURE: "temp1_input", Quantity.HUMIDITY: "humidity1_input"}

# Devices with such files, and real-time clocks, measure their own temperature and not that of the air.
NO_AIR_IIO = (
    "in_accel",
    "in_anglvel",
    "in_current",
    "in_intensity",
    "in_magn",
    "in_power",
    "in_voltage",
    "out_voltage",
)
NO_AIR_HWMON = re.compile(r"(curr|fan|in|power|pwm)[0-9]")

MILLI = 1000
HPA_PER_KPA = 10
SATURATED = 0xFFFF  # of the 16-bit converters in photometers

# Limits between two units: some drivers, or older versions, use the second one although IIO specifies the first
MAX_KPA_OR_PERCENT = 200  # hPa and thousandths of a percent are more, if the air is not from another planet

NOT_ANSWERED = (errno.EREMOTEIO, errno.ENXIO)


@dataclass(frozen=True, slots=True)
class Channel:
    """A quantity of a kernel device."""

    quantity: Quantity
    folder: Path
    name: str
    """Beginning of the names of its files."""
    has_input: bool = True
    has_raw: bool = False


class KernelChip:
    """A chip that a kernel driver reads, or has read before it was unloaded."""

    conversion_time = 0.0

    def __init__(self, chip: ChipId, channels: Iterable[Channel] = ()) -> None:
        """Initialize the chip with what its driver offers, or with nothing if there is no driver."""
        self.id = chip
        self._channels = tuple(channels)

    def measure(self) -> Steps[Measurement]:
        """Measure once, and again what failed. A quantity that fails does not take the others down.

        Raises:
            DriverMissingError: if there is no driver.
            ChipError: if every quantity fails.
        """
        if not self._channels:
            raise DriverMissingError(f"{self.id}: no kernel driver reads it")
        values: dict[Quantity, float | None] = {}
        errors: dict[Quantity, ChipError] = {}
        for _ in range(ATTEMPTS):
            for channel in self._channels:
                if channel.quantity not in values:
                    try:
                        values[channel.quantity] = _measure(self.id, channel)
                    except ChipError as err:
                        errors.setdefault(channel.quantity, err)
            if len(values) == len(self._channels):
                break
            yield RETRY_PAUSE
        if not values:
            raise errors[self._channels[0].quantity]
        return Measurement(
            {quantity: value for quantity, value in values.items() if value is not None},
            frozenset(quantity for quantity, value in values.items() if value is None),
            {quantity: err for quantity, err in errors.items() if quantity not in values},
        )


def find(path: str) -> dict[ChipId, KernelChip]:
    """Return the chips that kernel drivers read on the bus with a path. Those without any of our quantities are left out."""
    found: dict[ChipId, KernelChip] = {}
    for client in sorted(_clients(path)):
        kind = kind_of(_text(client / "name"))
        channels = tuple(_channels(client))
        if kind and channels:
            chip = ChipId(kind, int(client.name[-2:], 16))
            remember(chip, (channel.quantity for channel in channels))
            found[chip] = KernelChip(chip, channels)
    return found


def client_names(path: str) -> dict[int, str]:
    """Return the kernel's names of the chips that it knows on the bus with a path, whether it reads them or not."""
    return {int(client.name[-2:], 16): _text(client / "name") for client in sorted(_clients(path))}


def adapter_folder(path: str) -> Path:
    """Return the folder of the adapter behind a path, which may be a link, or have another number in a container.

    Raises:
        OSError: if the path does not exist.
    """
    device = Path(locate(path)).stat().st_rdev
    return CHARACTER_DEVICES / f"{os.major(device)}:{os.minor(device)}" / "device"


def _clients(path: str) -> Iterable[Path]:
    try:
        return list(adapter_folder(path).glob(CLIENTS))
    except OSError:
        return ()


def _channels(client: Path) -> Iterator[Channel]:
    """Yield a channel for each quantity, of an IIO device if possible."""
    found: set[Quantity] = set()
    for channel in (*_iio_channels(client), *_hwmon_channels(client)):
        if channel.quantity not in found:
            found.add(channel.quantity)
            yield channel


def _iio_channels(client: Path) -> Iterator[Channel]:
    for folder in sorted(client.glob("iio:device[0-9]*")):
        files = _files(folder)
        no_air = any(file.startswith(NO_AIR_IIO) for file in files)
        for quantity, names in IIO_CHANNELS.items():
            if quantity is Quantity.TEMPERATURE and no_air:
                continue
            for name in names:
                has_input, has_raw = (f"{name}_{kind}" in files for kind in ("input", "raw"))
                if has_input or has_raw:
                    yield Channel(quantity, folder, name, has_input, has_raw)


def _hwmon_channels(client: Path) -> Iterator[Channel]:
    for folder in sorted(client.glob("hwmon/hwmon[0-9]*")):
        files = _files(folder)
        if (client / "rtc").exists() or any(NO_AIR_HWMON.match(file) for file in files):
            continue
        for quantity, file in HWMON_FILES.items():
            if file in files:
                yield Channel(quantity, folder, file.removesuffix("_input"))


def _files(folder: Path) -> frozenset[str]:
    try:
        return frozenset(file.name for file in folder.iterdir())
    except OSError:
        return frozenset()  # the driver was unloaded meanwhile


def _measure(chip: ChipId, channel: Channel) -> float | None:
    """Return the value of a channel in our unit, or None if it is above the range.

    Raises:
        ChipError: if it cannot be read, or is implausible.
    """
    raw = 0.0
    if channel.has_raw and (channel.quantity is Quantity.ILLUMINANCE or not channel.has_input):
        raw = _number(chip, channel.folder / f"{channel.name}_raw")
        if channel.quantity is Quantity.ILLUMINANCE and raw == SATURATED:
            return None
    if channel.has_input:  # the scale of some drivers is only the gain of the chip
        native = _number(chip, channel.folder / f"{channel.name}_input")
    else:
        native = (raw + _factor(chip, channel, "offset", 0.0)) * _factor(chip, channel, "scale", 1.0)
    value = _in_our_unit(channel.quantity, native)
    low, high = PLAUSIBLE[channel.quantity]
    if not low <= value <= high:
        raise ImplausibleError(f"{chip}: {channel.quantity} {value:.2f} is out of range")
    return value


def _in_our_unit(quantity: Quantity, native: float) -> float:
    """Return a value in the unit of the quantity from one in the unit of IIO, or of a driver that deviates from it."""
    match quantity:
        case Quantity.TEMPERATURE:
            return native / MILLI
        case Quantity.PRESSURE:
            return native if native > MAX_KPA_OR_PERCENT else native * HPA_PER_KPA
        case Quantity.HUMIDITY:
            return limited_humidity(native / MILLI if abs(native) > MAX_KPA_OR_PERCENT else native)
        case _:
            return native


def _factor(chip: ChipId, channel: Channel, kind: str, default: float) -> float:
    """Return the scale or the offset of a channel, which it may share with others."""
    names = (channel.name, channel.name.rstrip("0"), "in")
    files = (channel.folder / f"{name}_{kind}" for name in names)
    return next((_number(chip, file) for file in files if file.exists()), default)


def _number(chip: ChipId, file: Path) -> float:
    try:
        text = _text(file, raises=True)
    except OSError as err:
        error = NoAnswerError if err.errno in NOT_ANSWERED else TransferError
        raise error(f"{chip}: {err.strerror}") from err
    if not NUMBER.fullmatch(text):
        raise ImplausibleError(f"{chip}: {file.name} is no number")
    return float(text)


def _text(file: Path, *, raises: bool = False) -> str:
    """Return the text of a file, or an empty text if it cannot be read and no error is requested."""
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_LENGTH).decode("ascii", "replace").strip("\0\n ")
    except OSError:
        if raises:
            raise
        return ""
