"""Texts of servers, made harmless for the checkpoint, the log and the repairs."""

import re

MAX_LENGTH = 300
MAX_SHOWN = 4 * MAX_LENGTH  # of which characters that cannot be seen are removed
MARKDOWN = re.compile(r"([!-/:-@\[-`{-~])")  # ASCII punctuation, each of which a backslash escapes


def one_line(text: str) -> str:
    """Return a server's text as one line of at most 300 characters, without those that cannot be seen."""
    visible = "".join(character if character.isprintable() else " " for character in text[:MAX_SHOWN])
    line = " ".join(visible.split())
    if len(line) <= MAX_LENGTH and len(text) <= MAX_SHOWN:
        return line
    return line[: MAX_LENGTH - 1] + "…"


def escape_markdown(text: str) -> str:
    """Return a text that a Markdown renderer shows as it is, without links, pictures or HTML."""
    return MARKDOWN.sub(r"\\\1", text)
