"""Tests of protocols described by the bits of their frame."""

from typing import Literal

import pytest

from custom_components.anavi_weather.ir_codes.layout import Bit, LayoutProtocol


@pytest.mark.parametrize(
    ("layout", "first_bit", "bits"),
    [
        ("=10", "high", [Bit("", 0, 1, 1), Bit("", 0, 0, 1)]),
        ("address:2", "high", [Bit("address", 1, 0, 1), Bit("address", 0, 0, 1)]),
        ("address:2", "low", [Bit("address", 0, 0, 1), Bit("address", 1, 0, 1)]),
        ("~command@6:1", "high", [Bit("command", 6, 1, 1)]),
        ("toggle:1*2 =1*2", "high", [Bit("toggle", 0, 0, 2), Bit("", 0, 1, 2)]),
        ("____ command:1", "high", [Bit("", 0, 0, 4, silent=True), Bit("command", 0, 0, 1)]),
    ],
)
def test_bits_in_the_order_they_are_sent(layout: str, first_bit: Literal["low", "high"], bits: list[Bit]) -> None:
    assert list(LayoutProtocol(name="any", layout=layout, first_bit=first_bit).bits) == bits


def test_masks_begin_with_address_and_command() -> None:
    protocol = LayoutProtocol(
        name="any", layout="toggle:1 command@1:3 sum:4 ~command:1", computed={"sum": lambda values: values["command"]}
    )
    assert list(protocol.masks.items()) == [("address", 0), ("command", 0b1111), ("toggle", 1)]


def test_inverted_and_computed_bits_are_checked() -> None:
    protocol = LayoutProtocol(
        name="any",
        layout="address:2 ~address:2 command:2 sum:2",
        computed={"sum": lambda values: values["address"] + values["command"]},
    )
    bits = protocol.pack({"address": 0b10, "command": 0b01})
    assert bits == [1, 0, 0, 1, 0, 1, 1, 1]
    assert protocol.unpack(bits) == {"address": 0b10, "command": 0b01}
    for place in range(8):
        assert protocol.unpack([bit ^ (place == index) for index, bit in enumerate(bits)]) is None
