"""JSON files, which are untrusted."""

import json
import re
from typing import Any

from .command import CodeError
from .text import excerpt

MAX_DEPTH = 8

_STRING_OR_TRAILING_COMMA = re.compile(r'("(?:[^"\\]|\\.)*+"?)|,(?=\s*[}\]])', re.DOTALL)


def load_json(text: str) -> Any:
    """Return the content of a file, which may have a comma after the last element, as people write it.

    Raises:
        CodeError: if the file is not JSON.
    """
    text = text.removeprefix("\ufeff")
    try:
        return _load(text)
    except CodeError:
        return _load(_STRING_OR_TRAILING_COMMA.sub(r"\1", text))


def _load(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as err:
        raise CodeError("json_invalid", line=err.lineno, reason=excerpt(err.msg)) from err
    except ValueError as err:  # a number with too many digits
        raise CodeError("json_invalid", reason=excerpt(str(err))) from err
    except RecursionError as err:
        raise CodeError("json_too_deep", maximum=str(MAX_DEPTH)) from err
