"""Status of forwarding statistics, for repairs and diagnostics."""

from dataclasses import dataclass, field

from homeassistant.core import CALLBACK_TYPE, callback

from .errors import (
    DefectError,
    DiskFullError,
    ElasticsearchError,
    IndexBlockedError,
    IndexClosedError,
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

# Errors of statistics alone. The forwarder of states reports the others, such as a server that does not answer
REPORTED = (
    DiskFullError,
    ElasticsearchError,
    IndexBlockedError,
    IndexClosedError,
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
class StatisticsStatus:
    """Status of one forwarder of statistics. Only its own methods change it, and notify its listeners."""

    problem: ElasticsearchError | None = None
    """Why no statistics can be stored now."""
    failures: int = 0
    """Number of failures in a row."""
    rejected: str | None = None
    """Why the server rejected some of the statistics."""
    _is_logged: bool = field(default=False, repr=False)
    _listeners: list[CALLBACK_TYPE] = field(default_factory=list, repr=False)

    @callback
    def async_subscribe(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call when the status changes; return a function that unsubscribes."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def async_record_success(self) -> bool:
        """Record that everything is stored; return whether to log it."""
        was_logged = self._is_logged
        self._is_logged = False
        self.problem = None
        self.failures = 0
        self._notify()
        return was_logged

    @callback
    def async_record_failure(self, error: ElasticsearchError) -> bool:
        """Record that nothing can be stored now; return whether to log it."""
        is_own = type(error) in (*REPORTED, DefectError, RejectedError)
        is_news = is_own and type(error) is not type(self.problem)
        self._is_logged |= is_news
        self.problem = error
        self.failures += 1
        self._notify()
        return is_news

    def _notify(self) -> None:
        for listener in tuple(self._listeners):
            listener()
