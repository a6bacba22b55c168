"""Faulty LIRC devices and the data of a receiver, for the tests of infrared."""

from collections.abc import Callable, Iterable
import struct

from custom_components.anavi_weather.phat.framer import RECEIVER_SILENCE_US, ItemType
from custom_components.anavi_weather.phat.lirc import Port, Request

NEC = (9000, -4500, *(560, -560, 560, -1690) * 16, 560)


class Device:
    """Device with chosen features and errors."""

    def __init__(self, features: int | OSError = 0, **errors: OSError) -> None:
        self.features = features
        self.errors = errors
        self.is_open = False

    def open(self) -> Port:
        if "open" in self.errors:
            raise self.errors["open"]
        self.is_open = True
        return self

    def fileno(self) -> int:
        return -1

    def ioctl(self, request: Request, value: int = 0) -> int:
        if isinstance(self.features, OSError):
            raise self.features
        return self.features if request == Request.GET_FEATURES else value

    def read(self, length: int) -> bytes:
        return b""

    def write(self, data: bytes) -> int:
        if "write" in self.errors:
            raise self.errors["write"]
        return len(data)

    def close(self) -> None:
        self.is_open = False
        if "close" in self.errors:
            raise self.errors["close"]


def ports(*devices: Device) -> Callable[[], Iterable[Callable[[], Port]]]:
    return lambda: [device.open for device in devices]


def item(type_: ItemType, value: int = 0) -> bytes:
    return struct.pack("I", type_ << 24 | value)


def items(*timings: int) -> bytes:
    return b"".join(item(ItemType.PULSE if timing > 0 else ItemType.SPACE, abs(timing)) for timing in timings)


TIMEOUT = item(ItemType.TIMEOUT, RECEIVER_SILENCE_US)
OVERFLOW = item(ItemType.OVERFLOW)
