"""Status of forwarding, for entities, repairs and diagnostics."""

from dataclasses import dataclass, field

from homeassistant.core import callback

from .errors import BusyError, CannotConnectError, DefectError, ElasticsearchError
from .listeners import Listeners
from .recorder_log import RecorderUnavailableError, RecorderUnexpectedError
from .settle import RefusedState

BUSY_PATIENCE = (
    60.0  # seconds that a server may store nothing, of ever smaller batches, before it counts as disconnected
)
RECORDER_PATIENCE = 60.0  # seconds that a database may be unreachable before it counts as a problem
SAMPLES = 5  # refused states that are logged and kept


@dataclass(frozen=True, slots=True)
class WaitingStates:
    """Recorded states that are not stored yet."""

    count: int
    horizon: float
    """The age at which the recorder purges a state, in seconds; infinite if it does not."""
    purge_in: float
    """Seconds until the oldest state has that age."""


@dataclass(slots=True)
class Status(Listeners):
    """Status of one forwarder. Only its own methods change it, and notify its listeners."""

    connected: bool | None = None
    """None: not tried yet."""
    problem: ElasticsearchError | None = None
    failures: int = 0
    """Number of failures in a row."""
    recorder_problem: str | None = None
    damage: str | None = None
    """Why the stored checkpoint could not be read at the start, until a user has acknowledged that."""
    waiting: WaitingStates | None = None
    """None: none, or not counted yet."""
    aside_count: int = 0
    """Number of states that are set aside."""
    aside_problem: ElasticsearchError | None = None
    """Why they are set aside; None: there are none, or it is not known yet."""
    aside_waiting: WaitingStates | None = None
    """The same states; None: there are none, or they were not examined yet."""
    refused: list[RefusedState] = field(default_factory=list)
    """The newest states that were refused since the start."""
    _failing_since: float | None = field(default=None, repr=False)
    _recorder_failing_since: float | None = field(default=None, repr=False)

    @property
    def backlog(self) -> int | None:
        """Return how many states wait, None until that is known."""
        if self.waiting:
            return self.waiting.count + self.aside_count
        return self.aside_count if self.connected else None

    @callback
    def async_record_success(self, *, all_sent: bool) -> bool:
        """Record that a batch is settled; return whether that ends an outage.

        Args:
            all_sent: Whether no more states wait.
        """
        was_disconnected = self.connected is False
        has_changed = self.connected is not True or self.failures > 0
        self.connected = True
        self.problem = None
        self.record_progress()
        if all_sent:
            has_changed |= self.waiting is not None
            self.waiting = None
        if has_changed:
            self.async_notify_listeners()
        return was_disconnected

    def record_damage(self, damage: str | None) -> None:
        """Record why the stored checkpoint could not be read; None: it could, or a user knows."""
        self.damage = damage

    def record_progress(self) -> None:
        """Record that at least one state is settled: the server is not failing."""
        self.failures = 0
        self._failing_since = None

    @callback
    def async_record_failure(self, error: ElasticsearchError, now: float) -> bool:
        """Record that nothing can be stored now; return whether to log it.

        A server that is busy counts as disconnected only if it stays busy.

        Args:
            error: The reason.
            now: Seconds of a monotonic clock.
        """
        known, self.problem = self.problem, error
        if isinstance(known, CannotConnectError) and not isinstance(error, CannotConnectError):
            # Retry a server that answers again sooner than an unreachable one
            self.failures = 0
        self.failures += 1
        if self._failing_since is None:
            self._failing_since = now
        if isinstance(error, BusyError) and now - self._failing_since < BUSY_PATIENCE:
            return False
        is_new_defect = isinstance(error, DefectError) and not isinstance(known, DefectError)
        is_news = self.connected is not False or is_new_defect
        self.connected = False
        self.async_notify_listeners()
        return is_news

    @callback
    def async_record_recorder_read(self) -> bool:
        """Record that the recorder was read; return whether that ends a problem."""
        self._recorder_failing_since = None
        if self.recorder_problem is None:
            return False
        self.recorder_problem = None
        self.async_notify_listeners()
        return True

    @callback
    def async_record_recorder_failure(
        self, error: RecorderUnavailableError | RecorderUnexpectedError, now: float
    ) -> bool:
        """Record that the recorder cannot be read; return whether to log it.

        A database may be unreachable for a moment.

        Args:
            error: The reason.
            now: Seconds of a monotonic clock.
        """
        if self._recorder_failing_since is None:
            self._recorder_failing_since = now
        if isinstance(error, RecorderUnavailableError) and now - self._recorder_failing_since < RECORDER_PATIENCE:
            return False
        is_news = self.recorder_problem is None
        self.recorder_problem = str(error)
        self.async_notify_listeners()
        return is_news

    @callback
    def async_record_aside(self, count: int, error: ElasticsearchError | None) -> bool:
        """Record how many states are set aside, and why the newest are; return whether to log it."""
        is_news = bool(self.aside_count) is not bool(count)
        self.aside_count = count
        self.aside_problem = (error or self.aside_problem) if count else None
        self.aside_waiting = self.aside_waiting if count else None
        self.async_notify_listeners()
        return is_news

    def record_refused(self, state: RefusedState) -> bool:
        """Keep a refused state as one of the newest; return whether to log it."""
        is_first = len(self.refused) < SAMPLES
        if not is_first:
            del self.refused[0]
        self.refused.append(state)
        return is_first

    @callback
    def async_record_waiting(self, waiting: WaitingStates) -> None:
        """Record how many states wait."""
        self.waiting = waiting
        self.async_notify_listeners()

    @callback
    def async_record_aside_waiting(self, waiting: WaitingStates) -> None:
        """Record how long the states that are set aside can wait."""
        self.aside_waiting = waiting
        self.async_notify_listeners()
