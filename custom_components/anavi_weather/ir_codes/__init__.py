"""Text and file forms of infrared commands. Imports nothing from Home Assistant."""

import re

from infrared_protocols.commands import Command

from .broadlink import from_base64, parse_broadlink
from .command import CodeError, RawCommand
from .named import named_text, parse_named
from .pronto import parse_pronto, to_pronto
from .raw import MAX_TEXT_LENGTH, as_raw, in_turn, parse_raw, raw_text
from .tasmota import parse_tasmota
from .unmarked import parse_unmarked, pronto_words, unbraced, unquoted

_RAW = re.compile(r"[\[+-]?\s*[+-]?[0-9]|(?:pulse|space)\s", re.IGNORECASE)


def parse(text: str) -> Command:
    """Return the command of a text in any form.

    The forms are Pronto hex, signed raw timings in µs (also `raw:38000:…`), Broadlink's `b64:…` or hex, base64 of Broadlink
    or Tuya, Tasmota's codes, and named protocols (`nec:0x04,0x08`). They may be in quotes, or an array of C.

    Raises:
        CodeError: if the text has none of these forms, or is malformed.
    """
    if len(text) > MAX_TEXT_LENGTH:
        raise CodeError("text_too_long", maximum=str(MAX_TEXT_LENGTH))
    text = unbraced(unquoted(text))
    if not text:
        raise CodeError("empty")
    lower = text[:7].lower()
    if lower.startswith("b64:"):
        return parse_broadlink(from_base64(text[4:]))
    if lower.startswith("raw:"):
        return parse_raw(text)
    if lower == "pronto:":
        return parse_pronto(pronto_words(text[7:].strip()) or text[7:])
    for parse_form in (parse_unmarked, parse_tasmota):
        if (command := parse_form(text)) is not None:
            return command
    if (words := pronto_words(text)) is not None:
        return parse_pronto(words)
    if _RAW.match(text):
        return parse_raw(text)
    return parse_named(text)


def to_text(command: Command) -> str:
    """Return the portable text of a command, which `parse` turns into the same command again.

    The text is the command's protocol and fields if it has them, and its timings otherwise.
    """
    if (text := named_text(command)) is not None:
        return text
    return raw_text(as_raw(command))


__all__ = ["CodeError", "Command", "RawCommand", "as_raw", "in_turn", "parse", "to_pronto", "to_text"]
