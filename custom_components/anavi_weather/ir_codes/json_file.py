"""JSON files, which are untrusted."""

import json
from typing import Any

from .command import CodeError
from .text import excerpt

MAX_DEPTH = 8


def load_json(text: str) -> Any:
    """Return the content of a file.

    Raises:
        CodeError: if the file is not JSON.
    """
    try:
        return json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as err:
        raise CodeError("json_invalid", line=err.lineno, reason=excerpt(err.msg)) from err
    except ValueError as err:  # a number with too many digits
        raise CodeError("json_invalid", reason=excerpt(str(err))) from err
    except RecursionError as err:
        raise CodeError("json_too_deep", maximum=str(MAX_DEPTH)) from err
