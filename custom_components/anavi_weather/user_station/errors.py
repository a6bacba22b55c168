"""Errors that keep states from being stored now. Each has a key in the translations."""

from collections.abc import Mapping
from http import HTTPStatus

from .text import one_line


class ElasticsearchError(Exception):
    """An unexpected answer of Elasticsearch, and the base class of all errors."""

    key = "unexpected_answer"

    def __init__(self, text: str = "") -> None:
        """Initialize the error with a text, which may be a server's."""
        super().__init__(one_line(text))


class CannotConnectError(ElasticsearchError):
    """No answer, or none in time."""

    key = "cannot_connect"


class TlsNotTrustedError(ElasticsearchError):
    """The server's certificate is not trusted, or is for another address."""

    key = "tls_not_trusted"


class CertificateExpiredError(ElasticsearchError):
    """The server's certificate, or its authority's, has expired."""

    key = "certificate_expired"


class CertificateNotYetValidError(ElasticsearchError):
    """The server's certificate begins in the future: one of the clocks is wrong."""

    key = "certificate_not_yet_valid"


class CertificateInvalidError(ElasticsearchError):
    """The pasted or stored text is not a certificate of an authority."""

    key = "ca_certificate_invalid"


class NoTlsError(ElasticsearchError):
    """The server speaks no TLS, or not correctly."""

    key = "no_tls"


class NotElasticsearchError(ElasticsearchError):
    """Another service answers at this address."""

    key = "not_elasticsearch"


class OpenSearchError(ElasticsearchError):
    """OpenSearch answers. It has no time series, which keep states from being stored twice."""

    key = "opensearch"


class KeyRefusedError(ElasticsearchError):
    """The API key is wrong, expired or revoked."""

    key = "key_refused"


class PrivilegeMissingError(ElasticsearchError):
    """The API key lacks a privilege."""

    key = "privilege_missing"


class StatisticsPrivilegeError(PrivilegeMissingError):
    """The API key may not store statistics. It may store states."""

    key = "statistics_privilege_missing"


class StatisticsIndexMissingError(ElasticsearchError):
    """The index of statistics does not exist."""

    key = "statistics_index_missing"


class FleetMissingError(ElasticsearchError):
    """The index of the fleet's summaries does not exist."""

    key = "fleet_missing"


class OtherStationError(ElasticsearchError):
    """The API key belongs to another station, as which this one may not write."""

    key = "other_station"


class NotTimeSeriesError(ElasticsearchError):
    """The stream does not exist, or would store states twice."""

    key = "not_time_series"


class BusyError(ElasticsearchError):
    """The server answers, but cannot store anything now."""

    key = "busy"


class TooLargeError(ElasticsearchError):
    """The request is larger than the server accepts."""

    key = "too_large"


class ClockBehindError(ElasticsearchError):
    """Home Assistant's clock is behind the server's, so that the times of new states are wrong."""

    key = "clock_behind"


class ServerBehindError(ElasticsearchError):
    """The stream does not accept the current time yet.

    It moves on every few minutes, or the server's clock is behind.
    """

    key = "server_behind"


class DefectError(ElasticsearchError):
    """A defect of this integration. Nothing is lost, and it is tried again."""

    key = "defect"


class StorageError(ElasticsearchError):
    """The server is fine, but something on it keeps states from being stored."""


class IndexClosedError(StorageError):
    """The index for the time of a state is closed."""

    key = "index_closed"


class IndexBlockedError(StorageError):
    """The index for the time of a state, or the cluster, is blocked for writing."""

    key = "index_blocked"


class IndexUnavailableError(StorageError):
    """The index for the time of a state has no active shard, because a node or its disk is missing or damaged."""

    key = "index_unavailable"


class DiskFullError(StorageError):
    """The server's disk is nearly full, so Elasticsearch blocked the index."""

    key = "disk_full"


class ShardLimitError(StorageError):
    """The stream needs an index, but the cluster has as many shards as it may have."""

    key = "shard_limit"


class PipelineMissingError(StorageError):
    """The index names an ingest pipeline that does not exist."""

    key = "pipeline_missing"


class PipelineFailedError(StorageError):
    """An ingest pipeline failed."""

    key = "pipeline_failed"


class LimitTooLowError(StorageError):
    """The server, or a proxy, rejects even the smallest request as too large."""

    key = "limit_too_low"


class RejectedError(ElasticsearchError):
    """The server rejects one state after another for the same reason, so that it is probably at fault."""

    key = "states_held"


STATUS_ERRORS: Mapping[int, type[ElasticsearchError]] = {
    HTTPStatus.UNAUTHORIZED: KeyRefusedError,
    HTTPStatus.FORBIDDEN: PrivilegeMissingError,
    HTTPStatus.REQUEST_TIMEOUT: CannotConnectError,  # the link is too slow for the size of the request
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: TooLargeError,
    HTTPStatus.TOO_MANY_REQUESTS: BusyError,
}


def error_for_status(status: int) -> type[ElasticsearchError]:
    """Return the error that an HTTP status stands for if nothing else is known."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return BusyError
    return STATUS_ERRORS.get(status, ElasticsearchError)
