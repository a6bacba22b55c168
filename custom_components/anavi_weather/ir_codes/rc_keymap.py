"""Remote controls from the Linux kernel's keymaps for `ir-keytable`: TOML with scancodes or raw timings.

    [[protocols]]
    name = "hauppauge"
    protocol = "rc5"
    variant = "rc5"
    [protocols.scancodes]
    0x1e3b = "KEY_SELECT"

Source: the kernel's decoders and its documentation of scancodes.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
import re
import tomllib
from typing import Any

from infrared_protocols.commands import Command

from .command import CodeError, RawCommand
from .irp import MCE_VENDOR, nec
from .named import build
from .raw import complete, in_turn, numbers
from .remote_file import FileRemote, Names, clean_name
from .text import c_integer, excerpt

MAX_LENGTH = 256 << 10  # characters; the largest keymap of the kernel has 7,000
MAX_SCANCODE_BITS = 32

is_rc_keymap = re.compile(r"^\[\[\s{0,9}protocols\s{0,9}\]\]", re.MULTILINE).search


def parse_rc_keymap(text: str) -> dict[str, FileRemote]:
    """Return the remote controls of a keymap by name, one for each protocol.

    Raises:
        CodeError: if the file is malformed other than in single commands.
    """
    remotes: dict[str, FileRemote] = {}
    names = Names()
    for table in _load(text):
        remote = _remote(table)
        if remote.commands or remote.unreadable:
            remotes[names.distinct(clean_name(str(table.get("name", ""))) or "keymap")] = remote
    if not remotes:
        raise CodeError("file_empty")
    return remotes


def _load(text: str) -> list[dict[str, Any]]:
    if len(text) > MAX_LENGTH:
        raise CodeError("rc_keymap_too_large", maximum=str(MAX_LENGTH >> 10))
    try:
        tables = tomllib.loads(text).get("protocols")
    except tomllib.TOMLDecodeError as err:
        raise CodeError("toml_invalid", line=err.lineno, reason=excerpt(err.msg)) from err
    except RecursionError as err:
        raise CodeError("rc_keymap") from err
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise CodeError("rc_keymap")
    return tables


def _remote(table: Mapping[str, Any]) -> FileRemote:
    remote = FileRemote()
    names = Names()
    for key, read in _codes(table):
        name = names.distinct(clean_name(key) or "key")
        try:
            remote.commands[name] = read()
        except CodeError as err:
            remote.add_unreadable(name, err)
    return remote


def _codes(table: Mapping[str, Any]) -> Iterator[tuple[str, Callable[[], tuple[Command, ...]]]]:
    """Yield the names of the keys, and functions that read their codes."""
    variant = str(table.get("variant") or table.get("protocol"))
    scancodes, raws = table.get("scancodes", {}), table.get("raw", [])
    if not isinstance(scancodes, dict) or not isinstance(raws, list) or not all(isinstance(raw, dict) for raw in raws):
        raise CodeError("rc_keymap")
    for scancode, key in scancodes.items():
        yield str(key), partial(_scancode_commands, variant, scancode)
    for raw in raws:
        yield str(raw.get("keycode", "")), partial(_raw_commands, str(raw.get("raw", "")))


def _raw_commands(text: str) -> tuple[Command, ...]:
    return (RawCommand(complete(numbers(text))),)


def _scancode_commands(variant: str, text: str) -> tuple[Command, ...]:
    encode = _ENCODERS.get(_spelling(variant))
    if encode is None:
        raise CodeError("protocol_unknown", name=excerpt(variant))
    scancode = c_integer(text)
    if scancode is None or scancode >> MAX_SCANCODE_BITS:
        raise CodeError("value_invalid", protocol=excerpt(variant), field="scancode", value=excerpt(text))
    return in_turn(encode(scancode))


def _spelling(variant: str) -> str:
    """Return a variant as the kernel, its documentation and older keymaps all spell it."""
    return variant.lower().replace("-", "").replace("_", "")


def _nec(scancode: int) -> Command:
    """Return the command of NEC's scancode, which has the fewest bytes that suffice."""
    command = scancode & 0xFF
    if scancode >> 24:
        first, second, third, fourth = scancode.to_bytes(4)
        return nec(second, first, fourth, third)
    if scancode >> 16:
        return nec(scancode >> 16, scancode >> 8 & 0xFF, command, 0xFF - command)
    address = scancode >> 8
    return nec(address, 0xFF - address, command, 0xFF - command)


def _rc5_sz(scancode: int) -> Command:
    second_start_bit = scancode >> 13 & 1
    return build("rc5_sz", address=scancode >> 6 & 0x3F, command=scancode & 0x3F | (1 - second_start_bit) << 6)


def _rc5x(scancode: int) -> Command:
    return build("marantz_extended", address=scancode >> 16, command=scancode >> 8 & 0xFF, extension=scancode & 0xFF)


def _rc6_32(scancode: int) -> Command:
    name = "rc6_mce" if scancode >> 24 == MCE_VENDOR else "rc6_6a_32"
    return build(name, address=scancode >> 8, command=scancode & 0xFF)


def _rcmm32(scancode: int) -> Command:
    return build("rcmm32", address=scancode >> 8, command=scancode & 0xFF, toggle=scancode >> 15 & 1)


def _sony20(scancode: int) -> Command:
    address = scancode >> 16 & 0x1F | (scancode >> 8 & 0xFF) << 5
    return build("sony20", address=address, command=scancode & 0xFF)


def _with_address(name: str, shift: int = 8) -> Callable[[int], Command]:
    return lambda scancode: build(name, address=scancode >> shift, command=scancode & 0xFF)


VARIANTS: Mapping[str, Callable[[int], Command]] = {
    **dict.fromkeys(("nec", "necx", "nec32"), _nec),
    "jvc": _with_address("jvc"),
    "rc5": _with_address("rc5"),
    "rc5_sz": _rc5_sz,
    "rc5x_20": _rc5x,
    "rc6_0": _with_address("rc6"),
    "rc6_6a_20": _with_address("rc6_6a_20"),
    "rc6_6a_24": _with_address("rc6_6a_24"),
    **dict.fromkeys(("rc6_6a_32", "rc6_mce"), _rc6_32),
    "rcmm12": _with_address("rcmm12"),
    "rcmm24": _with_address("rcmm24"),
    "rcmm32": _rcmm32,
    "sanyo": _with_address("nec42"),
    "sharp": _with_address("sharp"),
    "sony12": _with_address("sony", 16),
    "sony15": _with_address("sony15", 16),
    "sony20": _sony20,
}
_ENCODERS = {_spelling(variant): encode for variant, encode in VARIANTS.items()}
