"""Remote controls from IRDB: a csv file for each, with the columns functionname, protocol, device, subdevice, function."""

import csv
import re

from .command import CodeError
from .irp import irp_commands
from .remote_file import FileRemote, Names, clean_name
from .text import excerpt

MAX_COMMANDS = 5000
COLUMNS = 5
UNUSED = -1  # a subdevice that the protocol does not have

# Possessive, so that a file of millions of spaces is quickly refused
_has_header = re.compile(
    r'\s*+"?function(?:name)?"?(?:\s*+[,;]\s*+|[^\S\t]*+\t\s*+)"?protocol"?\s*+,', re.IGNORECASE
).match
_has_no_header = re.compile(r"\s*+[^,\n]{0,100},[A-Za-z][^,\n]{0,40}(?:,\s*+-?[0-9]{1,9}){3}\s*(?:\n|$)").match

_NUMBER = re.compile(r"\s*(-1|[0-9]{1,9})\s*")
_TIVO = re.compile(r"(tivo) unit=([0-9]{1,2})", re.IGNORECASE)


def is_irdb(text: str) -> bool:
    """Return whether a text is a file of IRDB, some of which lack the line with the names of the columns."""
    return bool(_has_header(text) or _has_no_header(text))


def parse_irdb(text: str) -> FileRemote:
    """Return the remote control of a file. A repeated name gets a number.

    Raises:
        CodeError: if the file is malformed other than in single commands.
    """
    remote = FileRemote()
    names = Names()
    rows = csv.reader(text.splitlines())
    try:
        for row in rows:
            if (rows.line_num == 1 and _has_header(text)) or not any(map(str.strip, row)):
                continue
            if names.count == MAX_COMMANDS:
                raise CodeError("too_many_commands", line=rows.line_num, maximum=str(MAX_COMMANDS))
            _add(remote, names, row)
    except csv.Error as err:
        raise CodeError("csv_invalid", line=rows.line_num, reason=excerpt(str(err))) from err
    if not names.count:
        raise CodeError("file_empty")
    return remote


def _add(remote: FileRemote, names: Names, row: list[str]) -> None:
    # Hundreds of IRDB's files have functions without a name
    name = names.distinct(clean_name(row[0]) or clean_name(f"function {row[-1]}"))
    try:
        remote.commands[name] = irp_commands(*_parameters(row))
    except CodeError as err:
        remote.add_unreadable(name, err)


def _parameters(row: list[str]) -> tuple[str, dict[str, int]]:
    """Return the protocol of a row, and its parameters."""
    if len(row) != COLUMNS:
        raise CodeError("irdb_columns", count=str(len(row)), expected=str(COLUMNS))
    protocol = row[1].strip()
    parameters: dict[str, int] = {}
    for parameter, cell in zip("DSF", row[2:], strict=True):
        if not (found := _NUMBER.fullmatch(cell)):
            raise CodeError("value_invalid", protocol=excerpt(protocol), field=parameter, value=excerpt(cell))
        if (value := int(found[1])) != UNUSED:
            parameters[parameter] = value
    if found := _TIVO.fullmatch(protocol):
        return found[1], parameters | {"U": int(found[2])}
    return protocol, parameters
