"""Status of forwarding statistics, for repairs and diagnostics."""

from dataclasses import dataclass, field

from homeassistant.core import callback

from .errors import (
    DefectError,
    DiskFullError,
    ElasticsearchError,
    IndexBlockedError,
    IndexClosedError,
    IndexUnavailableError,
    LimitTooLowError,
    OtherStationError,
    PipelineFailedError,
    PipelineMissingError,
    PrivilegeMissingError,
    RejectedError,
    ShardLimitError,
    StatisticsIndexMissingError,
    StatisticsPrivilegeError,
)
from .listeners import Listeners

# Errors of statistics alone. The forwarder of states reports the others, such as a server that does not answer
REPORTED = (
    DiskFullError,
    ElasticsearchError,
    IndexBlockedError,
    IndexClosedError,
    IndexUnavailableError,
    LimitTooLowError,
    OtherStationError,
    PipelineFailedError,
    PipelineMissingError,
    PrivilegeMissingError,
    ShardLimitError,
    StatisticsIndexMissingError,
    StatisticsPrivilegeError,
)


@dataclass(slots=True)
class StatisticsStatus(Listeners):
    """Status of one forwarder of statistics. Only its own methods change it, and notify its listeners."""

    problem: ElasticsearchError | None = None
    """Why no statistics can be stored now."""
    failures: int = 0
    """Number of failures in a row."""
    rejected: str | None = None
    """Why the server rejected some of the statistics."""
    has_succeeded: bool = False
    """Whether everything was stored at some time since the start."""
    _is_logged: bool = field(default=False, repr=False)

    @callback
    def async_record_success(self) -> bool:
        """Record that everything is stored; return whether to log it."""
        was_logged = self._is_logged
        self._is_logged = False
        self.has_succeeded = True
        self.problem = None
        self.failures = 0
        self.async_notify_listeners()
        return was_logged

    @callback
    def async_record_failure(self, error: ElasticsearchError) -> bool:
        """Record that nothing can be stored now; return whether to log it."""
        is_own = type(error) in (*REPORTED, DefectError, RejectedError)
        is_news = is_own and type(error) is not type(self.problem)
        self._is_logged |= is_news
        self.problem = error
        self.failures += 1
        self.async_notify_listeners()
        return is_news
