"""Contents of answers: JSON of a server, in which any field may be missing or of another type."""

from collections.abc import Mapping
from http import HTTPStatus

import orjson

from homeassistant.util.json import JsonObjectType, JsonValueType

from .answers import FAILURE_STORE, Item
from .errors import ElasticsearchError

CREATED = Item(HTTPStatus.CREATED)


def parse_object(content: bytes) -> JsonObjectType:
    """Return the object in an answer, an empty one if it is not an object.

    Raises:
        ElasticsearchError: if it is not JSON.
    """
    try:
        return as_object(orjson.loads(content))
    except orjson.JSONDecodeError as err:
        raise ElasticsearchError("an answer that is not JSON") from err


def all_created(count: int) -> bytes:
    """Return the answer to a `_bulk` whose documents are all stored now."""
    return b'{"errors":false,"items":[' + b",".join([b'{"create":{"status":201}}'] * count) + b"]}"


def as_object(value: JsonValueType | None) -> JsonObjectType:
    """Return a value if it is an object, or else an empty one."""
    return value if isinstance(value, dict) else {}


def is_closed_for_good(index: JsonObjectType) -> bool:
    """Return whether the settings of an index show that it never accepts documents again."""
    settings = as_object(as_object(index.get("settings")).get("index"))
    return "downsample" in settings or as_object(settings.get("store")).get("type") == "snapshot"


def parse_item(value: JsonValueType) -> Item:
    """Return the result of one document in the answer to a `_bulk`."""
    result = as_object(next(iter(as_object(value).values()), None))
    status = result.get("status")
    if result.get("result") == "updated":
        return CREATED
    if result.get("failure_store") == "used":
        return Item(HTTPStatus.BAD_REQUEST, FAILURE_STORE, "it went to the failure store")
    return parse_result(status if isinstance(status, int) else 0, result)


def parse_result(status: int, answer: Mapping[str, JsonValueType]) -> Item:
    """Return a result, with the type of its error, the reasons of the error and of its cause, and the index."""
    error = answer.get("error")
    if not isinstance(error, dict):
        return Item(status, reason=str(error or ""))
    reason = ": ".join(
        str(text) for text in (error.get("reason"), as_object(error.get("caused_by")).get("reason")) if text
    )
    if (index := error.get("index")) and str(index) not in reason:
        reason += f" [{index}]"
    return Item(status, str(error.get("type") or ""), reason)
