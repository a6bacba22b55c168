"""Files with infrared codes on the server."""

import codecs
import errno
import os
from pathlib import Path, PurePath
import re

from .ir_codes.files import MAX_FILE_LENGTH

_IRDB_NAME = re.compile(r"\d{1,9},-?\d{1,9}")


def read_code_file(file: Path) -> str:
    """Return the text of a file, or so much of it that it is recognized as too large. Blocks.

    Raises:
        OSError: if the file cannot be read.
    """
    if not file.is_file():  # reading a pipe would block
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    with file.open("rb") as stream:
        start = stream.read(2)
    if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):  # which Windows calls Unicode
        return _text(file, "utf-16", "replace")
    try:
        return _text(file, "utf-8")
    except UnicodeDecodeError:  # many old lircd.conf files are Latin-1
        return _text(file, "latin-1")


def _text(file: Path, encoding: str, errors: str = "strict") -> str:
    with file.open(encoding=encoding, errors=errors) as stream:
        return stream.read(MAX_FILE_LENGTH + 1)


def remote_name(file: PurePath) -> str:
    """Return the name of a file's remote control by its path: in IRDB the folders, which are the brand and the kind."""
    if _IRDB_NAME.fullmatch(file.stem) and len(file.parts) > 2:
        return " ".join(file.parts[-3:-1])
    return file.stem
