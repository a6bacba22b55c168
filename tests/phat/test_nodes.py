"""Tests of device nodes in /dev, and where a container has those of its machine."""

from pathlib import Path
from unittest.mock import patch

import pytest
from smbus2 import SMBus

from custom_components.anavi_weather.phat import nodes
from custom_components.anavi_weather.phat.i2c import open_adapter
from custom_components.anavi_weather.phat.kernel import adapter_folder
from custom_components.anavi_weather.phat.lirc import linux_ports


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Return empty folders that replace the container's own and the machine's."""
    own, machine = tmp_path / "dev", tmp_path / "run"
    own.mkdir()
    monkeypatch.setattr(nodes, "DEVICES", own)
    monkeypatch.setattr(nodes, "MACHINE_DEVICES", machine)
    return own, machine


def test_numbers_of_a_kind_in_both_folders(folders: tuple[Path, Path]) -> None:
    own, machine = folders
    assert nodes.numbers("lirc") == []
    machine.mkdir()
    for folder, name in (
        (own, "lirc0"), (own, "lircd"), (own, "lirc1x"), (own, "i2c-7"), (machine, "lirc0"), (machine, "lirc10"), (machine, "lirc2"),
    ):  # fmt: skip
        (folder / name).touch()
    assert nodes.numbers("lirc") == [0, 2, 10]


def test_own_node_comes_first(folders: tuple[Path, Path]) -> None:
    """A node of the container's own, the machine's, and none: each time a device comes or goes, that is looked up again."""
    own, machine = folders
    path = nodes.path_of("i2c-", 1)
    assert nodes.locate(path) == path == f"{own}/i2c-1"
    machine.mkdir()
    (machine / "i2c-1").touch()
    assert nodes.locate(path) == f"{machine}/i2c-1"
    (own / "i2c-1").touch()
    assert nodes.locate(path) == path


def test_devices_are_opened_where_they_are(folders: tuple[Path, Path]) -> None:
    _, machine = folders
    machine.mkdir()
    (machine / "i2c-1").symlink_to("/dev/null")
    (machine / "lirc3").symlink_to("/dev/null")
    path = nodes.path_of("i2c-", 1)
    with patch.object(SMBus, "_get_funcs", return_value=0):
        adapter = open_adapter(path)
    assert Path(f"/proc/self/fd/{adapter.fd}").readlink() == Path("/dev/null")
    adapter.close()
    assert adapter_folder(path) == Path("/sys/dev/char/1:3/device")
    [open_port] = linux_ports()
    port = open_port()
    assert Path(f"/proc/self/fd/{port.fileno()}").readlink() == Path("/dev/null")
    port.close()
