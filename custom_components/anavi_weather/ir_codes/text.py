"""Helpers for untrusted text."""

import re

# Enough digits for leading zeros, but few enough to parse a hostile number quickly
_C_INTEGER = re.compile(r"(0x[0-9a-f]{1,32})|(0[0-7]{0,32})|[1-9][0-9]{0,31}", re.ASCII | re.IGNORECASE)


def c_integer(text: str) -> int | None:
    """Return an unsigned number written as in C (`0x1F`, `31`, `037`), or None if the text is not one."""
    found = _C_INTEGER.fullmatch(text)
    return int(text, 16 if found[1] else 8 if found[2] else 10) if found else None


def excerpt(text: str, length: int = 40) -> str:
    """Return the beginning of an untrusted text for an error message, without unprintable characters."""
    shown = "".join(character if character.isprintable() else " " for character in text[: length + 1])
    return shown if len(text) <= length else shown[:length] + "…"
