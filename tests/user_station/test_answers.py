"""Tests of the causes of answers. The answers are those of Elasticsearch 8.12.2, word for word."""

from typing import Any

import pytest

from custom_components.anavi_weather.user_station.answers import TOO_LATE, Item
from custom_components.anavi_weather.user_station.content import parse_item
from custom_components.anavi_weather.user_station.errors import (
    BusyError,
    DiskFullError,
    ElasticsearchError,
    IndexBlockedError,
    IndexClosedError,
    IndexUnavailableError,
    KeyRefusedError,
    NotTimeSeriesError,
    OtherStationError,
    PipelineFailedError,
    PipelineMissingError,
    PrivilegeMissingError,
    ShardLimitError,
)

INDEX = ".ds-metrics-anavi_weather.state-default-2026.11.28-000001"
EARLIER_RANGE = "[2020-01-01T00:00:00.000Z,2020-01-02T00:00:00.000Z]"
IMPOSSIBLE_RANGE = "[2026-01-01T00:00:00.000Z,2026-02-31T25:00:00.000Z]"
RANGE = "[2026-11-21T20:15:48.000Z,2026-11-28T22:15:48.000Z]"


def answer(status: int, kind: str, reason: str, **more: Any) -> Item:
    """Return the parsed answer to a document."""
    return parse_item({"create": {"status": status, "error": {"type": kind, "reason": reason, **more}}})


# Faults of the document

FAULTS = {
    "a number that is none": answer(
        400,
        "document_parsing_exception",
        "[1:127] failed to parse field [state.number] of type [double] in a time series document at "
        "[+56911678-10-28T06:22:50.000Z]. Preview of field's value: 'abc'",
        caused_by={"type": "number_format_exception", "reason": 'For input string: "abc"'},
    ),
    "a dimension that is too long": answer(
        400,
        "document_parsing_exception",
        "[1:94] failed to parse field [entity.id] of type [keyword] in a time series document at "
        "[+56911678-10-27T04:15:28.000Z]. Preview of field's value: 'sensor.xxx'",
        caused_by={
            "type": "illegal_argument_exception",
            "reason": "Dimension fields must be less than [1024] bytes but was [1107].",
        },
    ),
    "an object that is none": answer(
        400,
        "document_parsing_exception",
        "[1:116] object mapping for [state] tried to parse field [state] as object, but found a concrete value",
    ),
    "a field that no mapping has": answer(
        400,
        "strict_dynamic_mapping_exception",
        "[1:63] mapping set to strict, dynamic introduction of [station] within [_doc] is not allowed",
    ),
    "no dimension": answer(
        400,
        "illegal_argument_exception",
        "Error extracting routing: source didn't contain any routing fields",
    ),
    "no time": answer(
        400,
        "illegal_argument_exception",
        "Error extracting data stream timestamp field: Failed to parse object: expecting token of type "
        "[START_OBJECT] but found [null]",
    ),
    "too old": answer(
        400,
        "illegal_argument_exception",
        "the document timestamp [2026-10-29T20:15:49.000Z] is outside of ranges of currently writable indices "
        f"[{RANGE}]",
    ),
    # Not of 8.12.2: earlier and later versions, and ours
    "the name of a parsing error before 8.9": answer(400, "mapper_parsing_exception", "failed to parse"),
    "the name of a time that is too old since 8.15": answer(400, "timestamp_error", f"is outside of [{RANGE}]"),
    "failure store": parse_item({"create": {"status": 201, "failure_store": "used"}}),
}


@pytest.mark.parametrize("item", FAULTS.values(), ids=FAULTS)
def test_a_fault_of_the_document_lasts(item: Item) -> None:
    assert item.is_fault_of_document


def test_a_time_that_no_index_takes_is_no_mistake_of_the_mapping() -> None:
    assert Item(400, TOO_LATE, "the index x accepts no more states of its time").mistake == ""


# Faults of the server

BLOCK = f"index [{INDEX}] blocked by: "
CAUSES: list[tuple[Item, type[ElasticsearchError]]] = [
    (answer(400, "index_closed_exception", "closed", index_uuid="cdkt", index=INDEX), IndexClosedError),
    (answer(403, "cluster_block_exception", f"{BLOCK}[FORBIDDEN/8/index write (api)];"), IndexBlockedError),
    (answer(403, "cluster_block_exception", f"{BLOCK}[FORBIDDEN/5/index read-only (api)];"), IndexBlockedError),
    (answer(503, "cluster_block_exception", "blocked by: [SERVICE_UNAVAILABLE/2/no master];"), BusyError),
    (
        answer(
            503,
            "unavailable_shards_exception",
            f"[{INDEX}][0] primary shard is not active Timeout: [10s], request: [BulkShardRequest [[{INDEX}][0]] containing [1] "
            "requests]",
        ),
        IndexUnavailableError,
    ),
    (
        answer(
            429,
            "cluster_block_exception",
            f"{BLOCK}[TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, "
            "index has read-only-allow-delete block];",
        ),
        DiskFullError,
    ),
    (
        answer(
            400,
            "validation_exception",
            "Validation Failed: 1: this action would add [2] shards, but this cluster currently has [4]/[1] maximum "
            "normal shards open;",
        ),
        ShardLimitError,
    ),
    (answer(400, "illegal_argument_exception", "pipeline with id [nowhere] does not exist"), PipelineMissingError),
    (
        answer(400, "illegal_argument_exception", "field [zzz] not present as part of path [zzz]"),
        ElasticsearchError,
    ),
    (
        answer(
            400,
            "script_exception",
            "runtime error",
            script="ctx.a.b.c=1",
            caused_by={
                "type": "null_pointer_exception",
                "reason": "cannot access method/field [b] from a null def reference",
            },
        ),
        PipelineFailedError,
    ),
    (answer(500, "fail_processor_exception", "not on Sundays"), PipelineFailedError),
    (
        answer(
            500,
            "fail_processor_exception",
            "this API key belongs to the station 0123, not to the station of the document",
        ),
        OtherStationError,
    ),
    (
        answer(
            403,
            "security_exception",
            "action [indices:data/write/bulk[s]] is unauthorized for API key id [iQ7N] of user [station-admin] on "
            "indices [metrics-anavi_weather.state-default], this action is granted by the index privileges "
            "[create_doc,create,delete,index,write,all]",
        ),
        PrivilegeMissingError,
    ),
    (
        answer(404, "index_not_found_exception", "no such index [metrics-anavi_weather.state-default]"),
        NotTimeSeriesError,
    ),
    # Not provoked on 8.12.2
    (answer(401, "security_exception", "api key has been invalidated"), KeyRefusedError),
    (answer(429, "es_rejected_execution_exception", "rejected execution"), BusyError),
]


@pytest.mark.parametrize(("item", "error"), CAUSES)
def test_a_fault_of_the_server_passes(item: Item, error: type[ElasticsearchError]) -> None:
    assert not item.is_fault_of_document
    assert not item.is_dropped
    assert type(item.error) is error


def test_a_closed_index_is_named() -> None:
    assert str(CAUSES[0][0].error) == f"index_closed_exception: closed [{INDEX}]"


@pytest.mark.parametrize("code", ["5/index read-only (api)", "12/disk usage exceeded flood-stage watermark"])
def test_an_index_with_a_write_block_is_named(code: str) -> None:
    """Only a write block may be that of an index that was downsampled."""
    assert answer(403, "cluster_block_exception", f"{BLOCK}[FORBIDDEN/8/index write (api)];").blocked_index == INDEX
    assert answer(403, "cluster_block_exception", f"{BLOCK}[FORBIDDEN/{code}];").blocked_index is None
    assert answer(403, "odd_exception", f"{BLOCK}[FORBIDDEN/8/index write (api)];").blocked_index is None


@pytest.mark.parametrize("status", [0, 200, 202, 400, 403, 404, 405, 499])
def test_an_answer_that_nobody_has_seen_yet_waits(status: int) -> None:
    """A new version, or a plugin, may have errors of its own."""
    item = answer(status, "brand_new_exception", "what is this")
    assert not item.is_fault_of_document
    assert not item.is_dropped
    assert type(item.error) is ElasticsearchError
    assert str(item.error) == f"{status}: brand_new_exception: what is this"


def test_a_document_that_a_pipeline_dropped() -> None:
    """With `result`, which is not asked for, its answer is {"result": "noop", "status": 200}."""
    assert parse_item({"create": {"status": 200}}).is_dropped
    assert not parse_item({"create": {"status": 201}}).is_dropped


# Texts of the server


def test_a_long_reason_is_cut() -> None:
    """Case 19: a reason of 3.8 MB."""
    text = str(answer(400, "odd_exception", "![](https://example.org/spy.png)\n" * 120_000).error)
    assert len(text) == 300
    assert "\n" not in text


@pytest.mark.parametrize(
    ("reason", "end"),
    [
        ("", None),
        (f"the date is odd {RANGE}", None),
        ("timestamp [x] is outside of ranges of currently writable indices []", None),
        (f"timestamp [x] is outside of ranges of currently writable indices [{RANGE}]", 1795904148.0),
        (
            f"timestamp [x] is outside of ranges of currently writable indices [{EARLIER_RANGE}; {RANGE}]",
            1795904148.0,
        ),
        # Case 20: an impossible date
        (f"timestamp [x] is outside of ranges of currently writable indices [{IMPOSSIBLE_RANGE}]", None),
        (
            f"timestamp [x] is outside of ranges of currently writable indices [{IMPOSSIBLE_RANGE}; {RANGE}]",
            1795904148.0,
        ),
    ],
)
def test_the_end_of_a_streams_time_range(reason: str, end: float | None) -> None:
    assert Item(400, "timestamp_error", reason).range_end == end
