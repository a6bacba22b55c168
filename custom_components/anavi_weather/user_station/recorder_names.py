"""Names in the recorder. When an entity is renamed, its rows move to the new name, unless that has rows already."""

from collections.abc import Mapping

from sqlalchemy import select

from homeassistant.core import callback

from .recorder_log import RecorderLog
from .recorder_tables import NAMED_STATES, STATES, STATES_META


class RecorderNames:
    """Names of the rows, and how these move."""

    def __init__(self, log: RecorderLog) -> None:
        """Initialize without names."""
        self._log = log
        self._ids: dict[str, int] = {}
        """Ids of the rows' names, before any of them changes."""

    def find_new_names(self) -> Mapping[str, int]:
        """Return the ids of names that are not known yet."""
        return self._read_names(max(self._ids.values(), default=0))

    @callback
    def async_learn_names(self, names: Mapping[str, int]) -> None:
        """Remember which rows have a name, so that it is known whether these move when an entity is renamed."""
        self._ids.update(names)

    async def async_has_moved(self, before: str, until: float, *, is_taken: bool) -> bool:
        """Return whether the recorder moved the rows of an entity that was renamed to its new name.

        Args:
            before: The name before.
            until: The time at which the entity was renamed.
            is_taken: Whether another entity has the name now. It may have brought older rows.

        Raises:
            RecorderBusyError: if the recorder is not that far yet.
        """
        await self._log.async_sync()
        names = await self._log.async_run(self._read_names, 0)
        known_id = self._ids.get(before)
        self._ids = names
        if known_id is not None:
            return known_id in names.values() and names.get(before) != known_id
        # The recorder moves all of them or none
        return is_taken or not await self._log.async_run(self._has_rows_before, before, until)

    def _read_names(self, last_id: int) -> dict[str, int]:
        with self._log.session() as session:
            statement = select(STATES_META.c.entity_id, STATES_META.c.metadata_id)
            found = session.execute(statement.where(STATES_META.c.metadata_id > last_id))
            return {row.entity_id: row.metadata_id for row in found}

    def _has_rows_before(self, entity_id: str, timestamp: float) -> bool:
        with self._log.session() as session:
            statement = (
                select(STATES.c.state_id)
                .select_from(NAMED_STATES)
                .where(STATES_META.c.entity_id == entity_id, STATES.c.last_updated_ts < timestamp)
            )
            return session.execute(statement.limit(1)).first() is not None
