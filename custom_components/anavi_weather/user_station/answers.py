"""Causes of the answers to documents.

A status says too little: Elasticsearch answers 400 to a bad document, but also to a good one whose index is closed. What
lasts is only a fault of the document. All other causes can be fixed on the server, so that the state waits. Types and
reasons are those of Elasticsearch 8.12.2, which `tests/user_station/test_answers.py` has word for word.
"""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
import re
from typing import NamedTuple

from .errors import (
    DiskFullError,
    ElasticsearchError,
    IndexBlockedError,
    IndexClosedError,
    IndexUnavailableError,
    NotTimeSeriesError,
    OtherStationError,
    PipelineFailedError,
    PipelineMissingError,
    PrivilegeMissingError,
    ShardLimitError,
    error_for_status,
)
from .text import MAX_LENGTH, one_line

FAILURE_STORE = "failure_store"
"""Our own type for a document that was stored with failed ones, where no dashboard reads."""

TOO_LATE = "too_late"
"""Our own type for a document whose index never accepts documents again."""

FOREIGN = "foreign_document"
"""Our own type for a document that another station stored, although this one never sent it before."""

# Types of error that are the document's fault, each with a part of the reason if the type alone says too little
DOCUMENT_FAULTS: Mapping[str, tuple[str, ...]] = {
    "document_parsing_exception": ("",),
    "mapper_parsing_exception": ("",),  # its name before 8.9
    "strict_dynamic_mapping_exception": ("",),
    "illegal_argument_exception": (
        "Error extracting routing",  # it has no dimension
        "Error extracting data stream timestamp field",
    ),
    "timestamp_error": ("",),
    FAILURE_STORE: ("",),
    TOO_LATE: ("",),
}
OUT_OF_RANGE = "outside of ranges of currently writable indices"  # illegal_argument_exception, later timestamp_error
# What differs between documents that are rejected for the same reason: their values, ids, times, and places in the request
PREVIEW = " Preview of field's value"
PARTICULARS = re.compile(r"'[^']*'|[+-]?\d[\d:.TZ+-]*")
BLOCKED_INDEX = re.compile(r"index \[([^\]]+)\] blocked by: .*\[FORBIDDEN/8/")
RANGE_END = re.compile(r", ?(\d{4}-\d\d-\d\dT[0-9:.]+Z)\]")


class Cause(NamedTuple):
    """An error type, with a part of its reason, and the error of ours that it stands for."""

    kind: str
    reason: str
    error: type[ElasticsearchError]


CAUSES = (
    Cause("cluster_block_exception", "disk usage exceeded", DiskFullError),
    Cause("cluster_block_exception", "[FORBIDDEN/", IndexBlockedError),  # others are those of a cluster that starts
    Cause("unavailable_shards_exception", "", IndexUnavailableError),
    Cause("index_closed_exception", "", IndexClosedError),
    Cause("validation_exception", "shards open", ShardLimitError),
    Cause("illegal_argument_exception", "pipeline with id [", PipelineMissingError),
    # The stream's pipeline, in docker/user_station/elasticsearch, says this to the key of another station
    Cause("fail_processor_exception", "this API key belongs to the station", OtherStationError),
    Cause("fail_processor_exception", "", PipelineFailedError),
    Cause("script_exception", "", PipelineFailedError),
    Cause("index_not_found_exception", "", NotTimeSeriesError),
)


class Item(NamedTuple):
    """Result of one document in the answer to a `_bulk`, or of a whole request."""

    status: int
    kind: str = ""
    """Type of the error."""
    reason: str = ""

    @property
    def text(self) -> str:
        """Return the type and the reason as one line."""
        return one_line(": ".join(part for part in (self.kind, self.reason) if part))

    @property
    def is_dropped(self) -> bool:
        """Return whether an ingest pipeline dropped the document. A document that is stored answers 201."""
        return self == (HTTPStatus.OK, "", "")

    @property
    def blocked_index(self) -> str | None:
        """Return the name of the index if it has a write block, which may be permanent."""
        match = BLOCKED_INDEX.search(self.reason) if self.kind == "cluster_block_exception" else None
        return match[1] if match else None

    @property
    def is_out_of_range(self) -> bool:
        """Return whether no index of the stream has the document's time."""
        return OUT_OF_RANGE in self.reason

    @property
    def is_fault_of_document(self) -> bool:
        """Return whether the same document can never be stored, whatever changes on the server."""
        return self.is_out_of_range or any(part in self.reason for part in DOCUMENT_FAULTS.get(self.kind, ()))

    @property
    def mistake(self) -> str:
        """Return what rejections for the same reason have in common.

        Returns:
            Nothing if the time is the reason, because the server's mappings and pipelines have no part in it.
        """
        if self.is_out_of_range or self.kind == TOO_LATE:
            return ""
        return PARTICULARS.sub("", f"{self.kind}: {self.reason.partition(PREVIEW)[0]}"[:MAX_LENGTH])

    @property
    def range_end(self) -> float | None:
        """Return the end of the stream's time range if the document is outside of it. The end moves with time."""
        ends = map(_timestamp, RANGE_END.findall(self.reason)) if self.is_out_of_range else ()
        return max((end for end in ends if end is not None), default=None)

    @property
    def error(self) -> ElasticsearchError:
        """Return why a document that is not at fault was not stored."""
        for cause in CAUSES:
            if cause.kind == self.kind and cause.reason in self.reason:
                return cause.error(self.text)
        error = error_for_status(self.status)
        if error is PrivilegeMissingError and self.kind not in ("", "security_exception"):
            error = ElasticsearchError
        return error(f"{self.status}: {self.text}" if error is ElasticsearchError else self.text or str(self.status))


def _timestamp(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:  # an impossible date
        return None
