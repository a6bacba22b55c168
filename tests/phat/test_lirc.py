"""Tests of finding and opening LIRC devices."""

from collections.abc import Sequence
import errno
import os
from pathlib import Path

import pytest

from custom_components.anavi_weather.phat import nodes
from custom_components.anavi_weather.phat.lirc import (
    DeviceBusyError,
    DeviceGoneError,
    DevicePermissionError,
    Feature,
    LinuxPort,
    LircError,
    Transmitter,
    find,
    linux_ports,
)
from custom_components.anavi_weather.phat.simulated_errors import os_error
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc, SimulatedReceiver, SimulatedTransmitter

from .bench import always
from .lirc_devices import Device, ports

FIONREAD = 0x541B
CEC = 0x80000  # features of the television's remote control by HDMI, which has scancodes only


def test_devices_are_found_by_their_features(pair: SimulatedLirc) -> None:
    for opened in (pair.ports(), pair.ports()[::-1]):
        every = [Device(CEC).open, *opened]
        transmitter, receiver = (
            find(always(every), feature) for feature in (Feature.CAN_SEND_PULSE, Feature.CAN_REC_MODE2)
        )
        assert isinstance(transmitter, SimulatedTransmitter)
        assert isinstance(receiver, SimulatedReceiver)
        receiver.close()


def test_a_faulty_device_does_not_hide_another() -> None:
    wrong = (
        Device(os_error(errno.ENOTTY)),
        Device(os_error(errno.EIO), close=os_error(errno.EIO)),
        Device(Feature.CAN_REC_MODE2, close=os_error(errno.EIO)),
        *(Device(open=os_error(number)) for number in (errno.EACCES, errno.EBUSY, errno.ENXIO, errno.EPERM)),
    )
    right, unused = Device(0x302), Device(0x302)
    assert find(ports(*wrong, right, unused), Feature.CAN_SEND_PULSE) is right
    assert right.is_open
    assert not any(device.is_open for device in (*wrong, unused))


@pytest.mark.parametrize(
    ("numbers", "kind", "key", "text"),
    [
        ((), DeviceGoneError, "infrared_gone", "no infrared receiver was found$"),
        ((errno.ENOENT, errno.ENXIO), DeviceGoneError, "infrared_gone", "no infrared receiver was found$"),
        ((errno.EBUSY, errno.ENODEV), DeviceBusyError, "infrared_busy", "in use by another program"),
        ((errno.EACCES,), DevicePermissionError, "infrared_no_permission", "may not be opened"),
        ((errno.EPERM, errno.EBUSY), DevicePermissionError, "infrared_no_permission", "may not be opened"),
        ((errno.EBUSY, errno.EACCES), DevicePermissionError, "infrared_no_permission", "may not be opened"),
    ],
)
def test_the_reason_why_no_device_can_be_opened(
    numbers: Sequence[int], kind: type[LircError], key: str, text: str
) -> None:
    devices = (Device(0x302), *(Device(open=os_error(number)) for number in numbers))
    with pytest.raises(DeviceGoneError, match=text) as caught:
        find(ports(*devices), Feature.CAN_REC_MODE2)
    assert type(caught.value) is kind
    assert caught.value.key == key
    assert not devices[0].is_open


def test_the_kernels_devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("lirc0", "lirc1", "lircd", "null"):
        os.mkfifo(tmp_path / name)
    monkeypatch.setattr(nodes, "DEVICES", tmp_path)
    opened = [open_port() for open_port in linux_ports()]
    assert [Path(f"/proc/self/fd/{port.fileno()}").readlink().name for port in opened] == ["lirc0", "lirc1"]
    port = opened[0]
    with pytest.raises(BlockingIOError):
        port.read(4)
    assert port.write(b"12345678") == 8
    assert port.ioctl(FIONREAD) == 8  # type: ignore[arg-type]
    assert port.read(1024) == b"12345678"
    descriptors = [port.fileno() for port in opened]
    for port in opened:
        port.close()
    for descriptor in descriptors:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)
    with pytest.raises(DeviceGoneError):  # a FIFO has no features
        Transmitter().open()
    with pytest.raises(FileNotFoundError):
        LinuxPort(str(tmp_path / "lirc2"))
