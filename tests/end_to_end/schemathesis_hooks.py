"""Schemathesis hooks that limit durations and accept Home Assistant's own wrong answers.

Loaded by schemathesis, not by pytest.
"""

from http import HTTPStatus
from typing import Any

import schemathesis
from schemathesis import Case, HookContext, Response

# Valid values that would take minutes are reduced to these: seconds, repetitions
CAPS = {"num_repeats": 2, "delay_secs": 0.1, "hold_secs": 0.1}
LEARN_SECONDS = 1
TEXTS = ("config_entry_id", "device", "text", "path")


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Limit how long a request can take."""
    if not isinstance(case.body, dict):
        return
    for key, cap in CAPS.items():
        if isinstance(value := case.body.get(key), int | float) and value > cap:
            case.body[key] = cap
    if case.path.endswith("/learn_command") and isinstance(case.body.get("timeout", 0), int | float):
        case.body["timeout"] = LEARN_SECONDS


@schemathesis.hook
def filter_failure(context: HookContext, failure: Exception, case: Case[Any], response: Response) -> bool:
    """Drop failures that Home Assistant itself causes."""
    if response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR:
        return not (_is_no_text(case.body) or _is_no_template(case))
    return not (response.status_code == HTTPStatus.OK and _is_taken_for_text(case))


def _is_no_text(body: object) -> bool:
    """Return whether a body is not UTF-8, which Home Assistant answers with 500 for every action."""
    if not isinstance(body, bytes):
        return False
    try:
        body.decode()
    except UnicodeDecodeError:
        return True
    return False


def _is_no_template(case: Case[Any]) -> bool:
    """Return whether the template or its variables have a wrong type, which Home Assistant answers with 500."""
    if case.path != "/api/template" or not isinstance(case.body, dict):
        return False
    is_right = isinstance(case.body.get("template"), str) and isinstance(case.body.get("variables", {}), dict)
    return not is_right


def _is_taken_for_text(case: Case[Any]) -> bool:
    """Return whether a text is given as a number or a boolean, which Home Assistant accepts from YAML."""
    if not case.path.startswith("/api/services/anavi_weather/") or not isinstance(case.body, dict):
        return False
    return any(isinstance(case.body.get(key), bool | int | float) for key in TEXTS)
