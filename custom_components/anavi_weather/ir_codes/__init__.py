"""Text and file forms of infrared commands. Imports nothing from Home Assistant."""

import re

from infrared_protocols.commands import Command

from .broadlink import from_base64, parse_broadlink
from .command import CodeError, RawCommand
from .named import named_text, parse_named
from .pronto import TYPES, parse_pronto, to_pronto
from .raw import MAX_TEXT_LENGTH, as_raw, in_turn, parse_raw, raw_text

_PRONTO = re.compile(r"(?:pronto:)?\s*([0-9a-f]{4}(?:\s+[0-9a-f]{4}){3,}|(?:[0-9a-f]{4}){4,})", re.IGNORECASE)
_RAW = re.compile(r"[\[+-]?\s*[+-]?[0-9]|(?:pulse|space)\s", re.IGNORECASE)
_PRONTO_TYPES = tuple(f"{kind:04X}" for kind in TYPES)


def parse(text: str) -> Command:
    """Return the command of a text in any form.

    The forms are Pronto hex, signed raw timings in µs (also `raw:38000:…`), Broadlink's `b64:…`, and named protocols
    (`nec:0x04,0x08`).

    Raises:
        CodeError: if the text has none of these forms, or is malformed.
    """
    if len(text) > MAX_TEXT_LENGTH:
        raise CodeError("text_too_long", maximum=str(MAX_TEXT_LENGTH))
    text = text.strip()
    if not text:
        raise CodeError("empty")
    lower = text[:7].lower()
    if lower.startswith("b64:"):
        return parse_broadlink(from_base64(text[4:]))
    if lower.startswith("raw:"):
        return parse_raw(text)
    if lower == "pronto:":
        return parse_pronto(text[7:])
    if _is_pronto(text):
        return parse_pronto(text)
    if _RAW.match(text):
        return parse_raw(text)
    return parse_named(text)


def _is_pronto(text: str) -> bool:
    """Return whether the text is Pronto hex rather than four-digit decimals, by its type or by a digit that only hex has."""
    return bool(_PRONTO.fullmatch(text)) and (
        text[:4].upper() in _PRONTO_TYPES or bool(re.search("[A-Fa-f]", text)) or text.isdigit()
    )


def to_text(command: Command) -> str:
    """Return the portable text of a command, which `parse` turns into the same command again.

    The text is the command's protocol and fields if it has them, and its timings otherwise.
    """
    if (text := named_text(command)) is not None:
        return text
    return raw_text(as_raw(command))


__all__ = ["CodeError", "Command", "RawCommand", "as_raw", "in_turn", "parse", "to_pronto", "to_text"]
