"""Ledger: counts, logs and stores what became of the states."""

from collections.abc import Sequence
import logging

from .checkpoint import Checkpoint
from .checkpoint_store import CheckpointStore
from .errors import ElasticsearchError
from .ranges import pending_count
from .recorder_log import Position
from .settle import RefusedState, Settlement
from .status import Status

LOGGER = logging.getLogger(__name__)


class Ledger:
    """Counts of one forwarder: its checkpoint, which is stored, and its status."""

    def __init__(self, name: str, store: CheckpointStore, checkpoint: Checkpoint) -> None:
        """Initialize the ledger.

        Args:
            name: The user station's name, for the log.
            store: The storage of the checkpoint.
            checkpoint: Where to continue.
        """
        self._name = name
        self._store = store
        self.checkpoint = checkpoint
        self.status = Status(aside_count=pending_count(checkpoint.aside))

    async def async_save(self) -> None:
        """Store the checkpoint."""
        await self._store.async_save(self.checkpoint)

    def start_over(self) -> None:
        """Send all states of the recorder's database, because it was replaced."""
        LOGGER.warning("%s: the recorder's database was replaced; sending all of its states", self._name)
        self.checkpoint.start_over()

    def record_settlement(self, settlement: Settlement, position: Position) -> None:
        """Count the settled states of a batch, and move the checkpoint past them."""
        if stored_count := settlement.stored_count + settlement.stored_before_count:
            self.checkpoint.record_stored(stored_count, settlement.last_stored_ts)
        self.checkpoint.record_dropped(settlement.dropped_count)
        if settlement.foreign_count:
            self._record_foreign(settlement.foreign_count)
        self.record_refused(settlement.refused)
        self.checkpoint.record_rejected(settlement.rejected_ranges)
        self.checkpoint.set_aside(settlement.aside)
        self.checkpoint.advance(position)
        self.checkpoint.record_passed(settlement.settled_count + pending_count(tuple(settlement.aside)))
        if settlement.error:
            self.status.record_progress()

    def record_refused(self, states: Sequence[RefusedState]) -> None:
        """Count states that can never be stored, and log the first of them."""
        for state in states:
            self.checkpoint.record_refused(state.entity_id, state.reason)
            if self.status.record_refused(state):
                LOGGER.error(
                    "%s: %s of %s can never be stored: %s",
                    self._name,
                    state.entity_id,
                    state.last_updated_ts,
                    state.reason,
                )

    def _record_foreign(self, count: int) -> None:
        """Count states in whose place another sender stored a document, and log the first."""
        if not self.checkpoint.foreign_count:
            LOGGER.error("%s: another sender sends as this station: %s states were stored before", self._name, count)
        self.checkpoint.record_foreign(count)
        self.status.async_notify_listeners()

    def record_purged(self, count: int) -> None:
        """Count states that vanished from the recorder before they were sent."""
        LOGGER.error("%s: about %s states were lost from the recorder before they were sent", self._name, count)
        self.checkpoint.record_purged(count)

    def record_maybe_purged(self, count: int) -> None:
        """Count states that the recorder purged, perhaps before they were sent."""
        LOGGER.error("%s: the recorder purged about %s states, perhaps before they were sent", self._name, count)
        self.checkpoint.record_maybe_purged(count)

    def record_rejections(self, settlement: Settlement) -> bool:
        """Record for the breaker what the server rejected and accepted; return whether that opens or closes it."""
        breaker = self.checkpoint.breaker
        if settlement.accepts:
            breaker.record_accepted()
        else:
            breaker.record_rejected(settlement.rejected)
        if settlement.held:
            if has_opened := breaker.record_held(settlement.held):
                (held, *_) = settlement.held.values()
                LOGGER.warning("%s: rejected states wait, like one of %s: %s", self._name, held.entity_id, held.reason)
                self.status.async_notify_listeners()
            return has_opened
        if settlement.stored_again and not self.checkpoint.aside:
            breaker.record_stored_again(settlement.stored_again, settlement.rejected)
        if settlement.accepts and not self.checkpoint.aside and breaker.close():
            LOGGER.info("%s: no more rejected states wait", self._name)
            # The first of them were refused, before it was known that the server is at fault
            self.checkpoint.send_rejected_again()
            self.status.async_notify_listeners()
            return True
        return False

    def record_aside(self, error: ElasticsearchError | None) -> None:
        """Record how many states are set aside, and log the first and the last of them."""
        count = pending_count(self.checkpoint.aside)
        if self.status.async_record_aside(count, error):
            if error:
                LOGGER.warning("%s: %s states are set aside: %s: %s", self._name, count, type(error).__name__, error)
            else:
                LOGGER.info("%s: no more states are set aside", self._name)
