"""Helpers for the tests of infrared codes."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from hypothesis import strategies as st
from infrared_protocols.commands import Command
import pytest

from custom_components.anavi_weather.ir_codes import CodeError
from custom_components.anavi_weather.ir_codes.named import OWN
from custom_components.anavi_weather.ir_codes.remote_file import FileRemote

# One command of each protocol in infrared_protocols or in our tables
NAMED = (
    "nec:0x04,0x08",
    "nec:0xd26d,0x47",
    "nec:0x04,0x08,repeat_count=2",
    "necext:0x87ee,0xa05d",
    "nec42:0x1c48,0x08",
    "nec42ext:0x2abcdef,0x1234",
    "samsung32:0x07,0x02",
    "samsung32:0x1207,0x02",
    "rc5:0x1e,0x01",
    "rc5:0x1e,0x41,0x01",
    "rc6:0x80,0x15",
    "rc5_sz:0x23,0x00",
    "rc5_sz:0x2b,0x45,0x01",
    "rc6_6a_20:0x123,0x45",
    "rc6_6a_24:0xabcd,0xef,0x01",
    "rc6_6a_32:0x123456,0x78",
    "rc6_mce:0x800f04,0x0c",
    "rc6_mce:0x804604,0x15,0x01",
    "rcmm12:0x06,0x3c",
    "rcmm24:0x1234,0x56",
    "rcmm32:0x123456,0x78,0x01",
    "marantz_extended:0x10,0x41,0x02",
    "sony:0x01,0x15",
    "sony15:0x54,0x15",
    "sony20:0x35f,0x15",
    "jvc:0x07,0x03",
    "kaseikyo:0x12002b0,0x3d",
    "rca:0x0f,0x54",
    "sharp:0x01,0x45,0x01",
    "sharp:0x01,0x45,0x00",  # Denon
    "proton:0x02,0x03",
    "geac:0x02,0x03",
    "lg_ac:mode=cool,temperature=24",
    "lg_ac_fixed:0xc00a",
    "gree_ac:mode=heat,temperature=21,fan=low,swing_v=true",
)
NOT_DECODED = (
    "nec2:0xfb04,0xf708",
    "pioneer:0x01,0x02",
    "panasonic:0x4004,0x100bcbd",
    "dyson_cool:0x03",
    "aeha:data=14630010",
)


def same(one: Command, other: Command) -> bool:
    """Return whether two commands have the same class and attributes."""
    return type(one) is type(other) and vars(one) == vars(other)


def refused(call: Any, *arguments: Any) -> str:
    """Return the key of the CodeError that a call raises."""
    with pytest.raises(CodeError) as error:
        call(*arguments)
    return error.value.key


def strict(remote: FileRemote) -> dict[str, tuple[Any, ...]]:
    """Return the commands of a remote.

    Raises:
        CodeError: if one of them cannot be read.
    """
    for error in remote.unreadable.values():
        raise error
    return remote.commands


def strict_all(remotes: Mapping[str, FileRemote]) -> dict[str, dict[str, tuple[Any, ...]]]:
    """Return the commands of all remotes of a file.

    Raises:
        CodeError: if one of them cannot be read.
    """
    return {name: strict(remote) for name, remote in remotes.items()}


def received(timings: Sequence[int], stretch: int, random: Random, clock: float = 1.0) -> list[int]:
    """Return timings as a TSOP receiver reports them: longer pulses, shorter spaces, jitter."""
    heard = [round(duration * clock + stretch + random.gauss(0, 15)) for duration in timings]
    return heard if heard[-1] > 0 else heard[:-1]


def _text(name: str, *widths: int) -> st.SearchStrategy[str]:
    values = st.tuples(*(st.integers(0, (1 << width) - 1) for width in widths))
    return values.map(lambda numbers: f"{name}:{','.join(map(hex, numbers))}")


# Texts of named protocols
TEXTS = st.one_of(
    *(
        _text(name, *(mask.bit_length() for mask in own.masks.values()))
        for name, own in OWN.items()
        if name != "rc6_mce"
    ),
    # Addresses of makers whose remotes have the toggle bit of MCE
    st.tuples(st.sampled_from([0x8000, 0x800F, 0x80FF]), *(st.integers(0, top) for top in (0x7F, 0xFF, 1))).map(
        lambda values: f"rc6_mce:{values[0] << 8 | values[1]:#x},{values[2]:#x},{values[3]}"
    ),
    *(_text(name, 8, 8) for name in ("nec", "samsung32", "rc6", "pioneer", "proton", "geac")),
    _text("rc5", 5, 7, 1),
)
PARTS = st.lists(st.tuples(st.integers(1, 20_000), st.integers(1, 100_000)), min_size=1, max_size=40).map(
    lambda pairs: tuple(duration for pulse, space in pairs for duration in (pulse, -space))
)
