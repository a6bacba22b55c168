"""Whole remote controls from a file of any kind that is known. Files are untrusted: all of one is read, or nothing."""

from collections.abc import Mapping
import re

from infrared_protocols.commands import Command

from .command import CodeError
from .flipper import parse_flipper
from .lircd import parse_lircd
from .smartir import parse_smartir

MAX_FILE_LENGTH = 4 << 20  # characters; the largest of SmartIR's files has 2.2 million

_LIRCD = re.compile(r"^[ \t]*(?:begin[ \t]+remote|include)\b", re.IGNORECASE | re.MULTILINE)
_FLIPPER = re.compile(r"\s*Filetype\s*:")


def parse_file(text: str, name: str = "Flipper") -> Mapping[str, Mapping[str, tuple[Command, ...]]]:
    """Return the commands of a file: remote → command → what successive presses send in turn.

    `lircd.conf`, Flipper's `.ir` (which does not tell the remote's name) and SmartIR's JSON. CodeError with the line.
    """
    if len(text) > MAX_FILE_LENGTH:
        raise CodeError("file_too_large", maximum=str(MAX_FILE_LENGTH >> 20))
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise CodeError("file_empty")
    if text.lstrip().startswith("{"):
        return parse_smartir(text)
    if _FLIPPER.match(text):
        return {name: parse_flipper(text)}
    if _LIRCD.search(text):
        return parse_lircd(text)
    raise CodeError("file_unknown")
