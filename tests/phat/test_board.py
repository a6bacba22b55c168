"""Tests of the information that Linux has about the board."""

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from custom_components.anavi_weather.phat import board, nodes
from custom_components.anavi_weather.phat.board import BusInfo


@pytest.fixture
def linux(tmp_path: Path) -> Iterator[Path]:
    """Return a folder that replaces the root folder."""
    with (
        patch.multiple(nodes, DEVICES=tmp_path / "dev", MACHINE_DEVICES=tmp_path / "run/devices"),
        patch.multiple(board, ADAPTERS=tmp_path / "sys/class/i2c-dev", HAT=tmp_path / "device-tree/hat"),
    ):
        yield tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_buses_have_their_adapters_names(linux: Path) -> None:
    for number, name in ((20, "fef04500.i2c\n"), (1, "bcm2835 (i2c@7e804000)\n")):
        write(linux / f"dev/i2c-{number}", "")
        write(linux / f"sys/class/i2c-dev/i2c-{number}/name", name)
    assert board.buses() == [
        BusInfo(f"{linux}/dev/i2c-1", "bcm2835 (i2c@7e804000)"),
        BusInfo(f"{linux}/dev/i2c-20", "fef04500.i2c"),
    ]


def test_the_boards_bus_is_first_and_the_others_are_sorted_by_number(linux: Path) -> None:
    for number in (20, 10, 1, 0, 2):
        write(linux / f"dev/i2c-{number}", "")
    assert [bus.path for bus in board.buses()] == [f"{linux}/dev/i2c-{number}" for number in (1, 0, 2, 10, 20)]


def test_a_bus_may_have_no_name(linux: Path) -> None:
    write(linux / "dev/i2c-1", "")
    assert board.buses() == [BusInfo(f"{linux}/dev/i2c-1", "")]


def test_invalid_bytes_in_a_name_are_replaced(linux: Path) -> None:
    write(linux / "dev/i2c-1", "")
    write(linux / "sys/class/i2c-dev/i2c-1/name", "")
    (linux / "sys/class/i2c-dev/i2c-1/name").write_bytes(b"odd\xff\n")
    assert board.buses() == [BusInfo(f"{linux}/dev/i2c-1", "odd\ufffd")]


def test_a_container_sees_the_buses_of_its_machine(linux: Path) -> None:
    """They are known by the paths of the machine, so that an entry survives a move into a container."""
    write(linux / "dev/i2c-0", "")
    for number in (0, 1):
        write(linux / f"run/devices/i2c-{number}", "")
    assert [bus.path for bus in board.buses()] == [f"{linux}/dev/i2c-1", f"{linux}/dev/i2c-0"]


def test_devices_without_a_number_are_ignored(linux: Path) -> None:
    write(linux / "dev/i2c-stub", "")
    assert board.buses() == []


def test_no_buses_without_devices(linux: Path) -> None:
    assert board.buses() == []


def test_the_product_is_read_from_the_eeprom(linux: Path) -> None:
    write(linux / "device-tree/hat/product", board.PRODUCT + "\0")
    assert board.product() == board.PRODUCT


def test_the_product_is_empty_without_an_eeprom(linux: Path) -> None:
    assert board.product() == ""
